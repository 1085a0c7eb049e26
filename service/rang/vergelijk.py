"""What if, beside what is: which places move how many ranks, which come in or fall out, and why."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import numpy as np
from msgspec import Struct

from matcher.aanbod import Aanbod
from matcher.geo import Travel
from matcher.judge import Judged, judge
from matcher.problem import Aanvraag, Weging
from matcher.rank import rank
from matcher.reasons import why_not
from matcher.solution import Fit
from service.days import hour_of, today
from service.db import Connection, Rol, Wie
from service.rang import catalogue, rangschikking
from service.rang.anders import Anders, pas_toe
from service.rang.catalogue import Names
from service.rang.rangschikking import Voorkomen
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller
from service.rang.vraag import load_aanvraag
from service.rang.weging import load_weging
from service.taal import gettext

TOP = 12
"""Places from the head of each list that are shown …"""
MOVED = 8
"""… and of those further on that come in or fall out, so many of each."""

TOLD = 2
"""Criteria that are named where a place moved."""


class Verschuiving(Struct, frozen=True, kw_only=True):
    """One voorziening in both lists."""

    plek: Voorkomen
    was: int | None
    """Its rank as the aanvraag is; None: it falls out …"""
    wordt: int | None
    """… and as it would be."""
    waarom: list[str]


class Vergelijking(Struct, frozen=True, kw_only=True):
    """Counted in voorzieningen."""

    nu: int
    dan: int
    erbij: int
    eruit: int
    rijen: list[Verschuiving]
    """In the order as it would be, then what falls out."""


class _List(Struct, frozen=True, eq=False):
    """One of the two."""

    judged: Judged
    fits: dict[str, Fit]
    """Per voorziening, best first."""

    def rank(self) -> dict[str, int]:
        return {unit: at for at, unit in enumerate(self.fits, 1)}


async def vergelijk(
    conn: Connection,
    snapshots: Snapshots,
    travel: Traveller,
    *,
    wie: Wie,
    aanvraag_id: UUID,
    anders: Anders,
    now: datetime,
) -> Vergelijking:
    """Refuses as `matches.rank_aanvraag` does."""
    aanvraag, _ = await load_aanvraag(conn, aanvraag_id, now)
    view, _ = await snapshots.get(wie.regio, now)
    weging = await load_weging(conn, aanvraag.urgentie, view.huiselijkheid)
    minutes = (await travel.minutes(aanvraag, view.aanbod)).travel
    is_ = _ranked(aanvraag, view.aanbod, weging, minutes, now)
    other, weights = pas_toe(aanvraag, weging, anders, view.codes.zorgvormen)
    would = _ranked(other, view.aanbod, weights, minutes, now)
    was, becomes = is_.rank(), would.rank()
    new = [unit for unit in becomes if unit not in was]
    gone = [unit for unit in was if unit not in becomes]
    told = dict.fromkeys([*list(becomes)[:TOP], *list(was)[:TOP], *new[:MOVED], *gone[:MOVED]])
    last = len(becomes) + 1
    order = sorted(told, key=lambda unit: (becomes.get(unit, last), was.get(unit, 0)))
    plek = {unit: (would.fits.get(unit) or is_.fits[unit]).plek for unit in order}
    rows = await rangschikking.shown(conn, list(plek.values()))
    names = view.names

    def why(unit: str) -> list[str]:
        if unit not in was:
            return _reasons(is_.judged, plek[unit], names, wie.rol, now, exact=rows[plek[unit]].openbaar)
        if unit not in becomes:
            return _reasons(would.judged, plek[unit], names, wie.rol, now, exact=rows[plek[unit]].openbaar)
        up = was[unit] - becomes[unit]
        return _points(is_.fits[unit], would.fits[unit], up) if catalogue.sees_all(wie.rol) else []

    return Vergelijking(
        nu=len(was),
        dan=len(becomes),
        erbij=len(new),
        eruit=len(gone),
        rijen=[
            Verschuiving(plek=rows[plek[unit]].voorkomen, was=was.get(unit), wordt=becomes.get(unit), waarom=why(unit))
            for unit in order
            if plek[unit] in rows
        ],
    )


def _ranked(aanvraag: Aanvraag, aanbod: Aanbod, weging: Weging, travel: Travel, now: datetime) -> _List:
    judged = judge(aanvraag, aanbod, travel)
    some = int(np.count_nonzero(judged.plek == 0))
    found = rank(aanvraag, aanbod, weging, travel, hour_of(now), limit=some, judged=judged)
    return _List(judged, {fit.voorziening: fit for fit in found.places})


def _reasons(judged: Judged, plek: str, names: Names, rol: Rol, now: datetime, *, exact: bool) -> list[str]:
    found = catalogue.visible(why_not(judged, plek).reasons, rol)
    return [catalogue.reason(one, names, today(now), exact=exact) for one in found] or [f"{catalogue.UNAVAILABLE}."]


def _points(before: Fit, after: Fit, up: int) -> list[str]:
    """By which criteria its points changed most, of a place that went up those that brought it there; nothing when by
    less than a whole point."""
    criteria = dict.fromkeys([*before.contributions, *after.contributions])
    both = [(one, before.contributions.get(one, 0.0), after.contributions.get(one, 0.0)) for one in criteria]
    both.sort(key=lambda one: -up * (one[2] - one[1]) if up else -abs(one[2] - one[1]))
    return [
        gettext("%(naam)s: %(dan)s punten, was %(nu)s.", naam=catalogue.CRITERIA[one], dan=round(dan), nu=round(nu))
        for one, nu, dan in both[:TOLD]
        if abs(dan - nu) >= 1
    ]
