"""The soft criteria: each gives a place a value from 0 to 1. Weighed and added they are the number to sort by.

Contribution of a criterium = 100 × weight ÷ (sum of the weights of the criteria that apply) × value, so a score lies
between 0 and 100 and is exactly the sum of its contributions, added in the order of Criterium. A criterium that does
not apply to the aanvraag (no support asked, no brothers or sisters elsewhere, nowhere to travel to) has no part in it.
What is not known counts for NEUTRAL, so that it neither wins nor loses by it, and is named in Fit.unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from matcher.aanbod import Floats, Ints, Rows
from matcher.problem import Anker, Criterium, Weging
from matcher.rules import Question

NEUTRAL = 0.5

Minutes: TypeAlias = dict[Anker, Floats]
"""Per anker of the child that is known: minutes to each voorziening at hand, NaN where not known."""


def shares(q: Question, weging: Weging) -> dict[Criterium, float]:
    """The points that each criterium that applies is worth at most; together 100 (or 0 when nothing weighs)."""
    weights = {c: weging.gewichten.get(c, 0.0) for c in Criterium if _applies(q, c)}
    whole = sum(weights.values())
    return {c: 100.0 * weight / whole if whole else 0.0 for c, weight in weights.items()}


def _applies(q: Question, criterium: Criterium) -> bool:
    if criterium is Criterium.ONDERSTEUNING:
        return bool(q.ondersteuning)
    if criterium is Criterium.AFSTAND:
        return bool(q.onderwijs) or any(q.point(anker) for anker in Anker)
    if criterium is Criterium.SAMEN:
        return bool(q.aanvraag.broers_zussen_bij)
    return True


def ondersteuning(q: Question, weging: Weging, at: Rows, minutes: Minutes) -> Floats:
    """Share of the support that the jeugdigen need together which the voorziening offers."""
    offered: Floats = np.bitwise_count(q.aanbod.profielen.ondersteuning[at] & q.ondersteuning).astype(np.float64)
    share: Floats = offered / int(q.ondersteuning).bit_count()
    return share


def huiselijkheid(q: Question, weging: Weging, at: Rows, minutes: Minutes) -> Floats:
    """How home-like the zorgvorm is, as the region values it ("zo thuis mogelijk")."""
    per_code = np.array([weging.huiselijkheid.get(code, NEUTRAL) for code in q.aanbod.codes.zorgvormen])
    values: Floats = per_code[q.aanbod.profielen.zorgvorm[at]]
    return values


def afstand(q: Question, weging: Weging, at: Rows, minutes: Minutes) -> Floats:
    """Travel time to home, school and network: 1 next door, 0 from the horizon on; weighed over what is known.

    A voorziening that gives the schooling of all jeugdigen itself (driemilieu) is next door to school.
    """
    weighed, weight = np.zeros(len(at)), np.zeros(len(at))
    for anker in Anker:
        near = np.full(len(at), np.nan)
        if anker in minutes:
            near = np.maximum(0.0, 1.0 - minutes[anker] / weging.reishorizon_min)
        if anker is Anker.SCHOOL and q.onderwijs:
            on_site = (~q.aanbod.profielen.onderwijs[at] & q.onderwijs) == 0
            near = np.where(on_site, 1.0, near)
        known = ~np.isnan(near)
        share = weging.ankers.get(anker, 0.0)
        weighed += np.where(known, share * near, 0.0)
        weight += np.where(known, share, 0.0)
    mean: Floats = np.divide(weighed, weight, out=np.full(len(at), NEUTRAL), where=weight > 0)
    return mean


def perspectief(q: Question, weging: Weging, at: Rows, minutes: Minutes) -> Floats:
    """A stay that need not move again: half for naming the perspectief, half for allowing the whole stay."""
    p = q.aanbod.profielen
    named = (p.perspectieven[at] & q.perspectief) != 0
    lasting = p.maximaal_verblijf[at] >= q.stay
    halves: Floats = 0.5 * named + 0.5 * lasting
    return halves


def samen(q: Question, weging: Weging, at: Rows, minutes: Minutes) -> Floats:
    """1 in a voorziening where a brother or sister lives, a half elsewhere on that locatie."""
    p, aanbod = q.aanbod.profielen, q.aanbod
    codes = [aanbod.voorzieningen[key] for key in q.aanvraag.broers_zussen_bij if key in aanbod.voorzieningen]
    lives = np.isin(p.code, np.array(codes, np.int32))
    near = np.isin(p.locatie[at], p.locatie[lives])
    return np.where(lives[at], 1.0, np.where(near, 0.5, 0.0))


def groepsmix(q: Question, weging: Weging, at: Rows, minutes: Minutes) -> Floats:
    """How close in age to the group: 1 among them, 0 from the horizon on; the mean over the jeugdigen."""
    p = q.aanbod.profielen
    youngest, oldest = p.jongste[at], p.oudste[at]
    total = np.zeros(len(at))
    for age in q.leeftijden:
        gap = np.maximum(0, np.maximum(youngest - age, age - oldest))
        total += np.maximum(0.0, 1.0 - gap / weging.leeftijdshorizon_maanden)
    return np.where(youngest <= oldest, total / q.n, NEUTRAL)


PROFILE_CRITERIA: dict[Criterium, Callable[[Question, Weging, Rows, Minutes], Floats]] = {
    Criterium.ONDERSTEUNING: ondersteuning,
    Criterium.HUISELIJKHEID: huiselijkheid,
    Criterium.AFSTAND: afstand,
    Criterium.PERSPECTIEF: perspectief,
    Criterium.SAMEN: samen,
    Criterium.GROEPSMIX: groepsmix,
}


def wachttijd(q: Question, start: Ints) -> Floats:
    """1 on the wished start, falling evenly up to the day after the latest start."""
    return 1.0 - (start - q.start) / (q.latest - q.start + 1)


def zekerheid(weging: Weging, age_hours: Floats) -> Floats:
    """How recently confirmed: 1 while fresh, falling evenly to NEUTRAL; never confirmed (NaN) is NEUTRAL.

    Not lower, so that large providers with feeds do not win by it.
    """
    stale = (age_hours - weging.vers_uur) / (weging.oud_uur - weging.vers_uur)
    return np.where(np.isnan(stale), NEUTRAL, 1.0 - (1.0 - NEUTRAL) * np.clip(stale, 0.0, 1.0))
