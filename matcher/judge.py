"""All rules against all places, as bits, and each failing rule as codes and numbers for a sentence."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from matcher import rules
from matcher.aanbod import Aanbod, Rows, codes_of, ranges
from matcher.beds import BEDDEN, Masks, too_few_beds
from matcher.geo import Travel
from matcher.problem import FOREVER, GROEPSSOORTEN, Aanvraag, Anker
from matcher.rules import ALL, BED_RULES, BIT, WINDOWS, Question, profile_rules
from matcher.solution import Param, Reason, Rule


class Judged(Struct, frozen=True, eq=False):
    """Per window and per plek all the rules that fail, as bits (rules.BIT). Made by `judge`."""

    q: Question
    window: Masks
    """Per row of Vensters."""
    row: Rows
    """Per plek its window with the fewest failing rules, the earliest of those …"""
    plek: Masks
    """… and the rules that this one fails; 0: the plek fits."""


def judge(aanvraag: Aanvraag, aanbod: Aanbod, travel: Travel) -> Judged:
    """All rules against all places. ValueError for codes of the aanvraag that the aanbod does not know."""
    q = rules.ask(aanvraag, aanbod, travel)
    v = aanbod.vensters
    fail = profile_rules(q)
    # 16 bits where they do: only the last rule, which few aanvragen need, takes more, and twice as long to go through.
    bits = np.min_scalar_type(sum(BIT[rule] for rule in (*fail, *BED_RULES)) | BEDDEN).type
    profile: Masks = np.zeros(len(aanbod.profielen.code), bits)
    for rule, fails in fail.items():
        profile |= fails(q, ALL) * bits(BIT[rule])
    bed: Masks = np.zeros(len(v.plek), bits)
    for rule, fails in BED_RULES.items():
        rows = WINDOWS[rule](aanbod)
        bed[rows] |= fails(q, rows) * bits(BIT[rule])
    if q.n > 1:
        bed |= too_few_beds(q, bed)
    window: Masks = profile[v.voorziening] | bed
    row = _best_window(aanbod, window)
    return Judged(q=q, window=window, row=row, plek=window[row])


def _best_window(aanbod: Aanbod, window: Masks) -> Rows:
    """Per plek the row with the fewest failing rules, the first of those."""
    first, several = aanbod.eerste, aanbod.meer
    if not len(several):
        return first
    counts = np.append(first, len(window))[several + 1] - first[several]
    rows, _ = ranges(first[several], counts)
    key = (np.bitwise_count(window[rows]).astype(np.int64) << 32) | rows
    row = first.copy()
    row[several] = np.minimum.reduceat(key, np.cumsum(counts) - counts) & 0xFFFFFFFF
    return row


def reason(q: Question, rule: Rule, row: int, beds: int) -> Reason:
    """The codes and numbers of a sentence about this rule and this window."""
    p, v, codes = q.aanbod.profielen, q.aanbod.vensters, q.aanbod.codes
    at = int(v.voorziening[row])
    params: dict[str, Param]
    match rule:
        case Rule.ZORGVORM | Rule.REGIO | Rule.MACHTIGING:
            params = {"zorgvorm": codes.zorgvormen[p.zorgvorm[at]]}
            if rule is Rule.MACHTIGING:
                params["gesloten"] = bool(p.gesloten[at])
        case Rule.LEEFTIJD:
            params = {
                "van": int(p.leeftijd_van[at]),
                "tot": int(p.leeftijd_tot[at]),
                "maanden": max(0, int(p.leeftijd_van[at]) - q.jongste, q.oudste - int(p.leeftijd_tot[at])),
            }
        case Rule.GESLACHT:
            params = {"groepssoort": codes_of(int(p.groepssoort[at]), GROEPSSOORTEN)[0]}
        case Rule.MEDISCH:
            params = {"ontbreekt": codes_of(int(q.medisch & ~p.medisch[at]), codes.medisch)}
        case Rule.CONTRA_INDICATIE:
            params = {"kenmerken": codes_of(int(q.kenmerken & p.contra_indicaties[at]), codes.kenmerken)}
        case Rule.GROEPSMIX:
            params = _mix(q, at)
        case Rule.VEILIGHEID:
            params = {"soort": _unsafe(q, at)}
        case Rule.REISTIJD:
            minutes = float(q.minutes(Anker.THUIS, np.array([at]))[0])
            params = {"minuten": minutes, "maximum": q.aanvraag.maximale_reistijd}
        case Rule.PERIODE:
            params = _days(q, int(v.van[row]), int(v.tot[row]))
        case Rule.GESTOPT:
            tot = int(v.stop_tot[row])
            params = {"stop_van": int(v.stop_van[row]), "stop_tot": None if tot == FOREVER else tot}
        case Rule.BEDDEN:
            params = {"bedden": beds, "nodig": q.n}
        case Rule.BESLUIT:
            no = q.aanvraag.afgewezen_bij[p.id[at]]
            params = {"reden": no.reden, "vanaf": no.vanaf}
        case Rule.JURIDISCH_KADER | Rule.TOEGANKELIJKHEID | Rule.ONBEMENST:
            params = {}
    return Reason(rule, params)


def _days(q: Question, van: int, tot: int) -> dict[str, Param]:
    """When the bed is free, and how much later or shorter the stay would have to be; without both: never free."""
    if van >= tot:
        return {"vrij_van": None, "vrij_tot": None}
    first = max(van, q.start)
    params: dict[str, Param] = {"vrij_van": van, "vrij_tot": None if tot == FOREVER else tot}
    if first < tot:
        params |= {"dagen_later": max(0, first - q.latest), "dagen_korter": max(0, first + q.stay - tot)}
    return params


def _mix(q: Question, at: int) -> dict[str, Param]:
    """Kenmerken for which there is no room, and the spread of ages that there would be when that is too wide."""
    p = q.aanbod.profielen
    crowded = 0
    for many, need in enumerate(q.kenmerken_per):
        crowded |= int(p.vol[at, many] & need)
    params: dict[str, Param] = {"kenmerken": codes_of(crowded, q.aanbod.codes.kenmerken)}
    spread = max(int(p.oudste[at]), q.oudste) - min(int(p.jongste[at]), q.jongste)
    if spread > p.leeftijdsverschil_max[at]:
        params |= {"leeftijdsverschil": spread, "maximum": int(p.leeftijdsverschil_max[at])}
    return params


def _unsafe(q: Question, at: int) -> str:
    """What was excluded: the aanbieder, the voorziening, or the area (also when nobody knows where the place is)."""
    p = q.aanbod.profielen
    if p.aanbieder[at] in q.aanbieders:
        return "aanbieder"
    return "voorziening" if p.code[at] in q.voorzieningen else "gebied"
