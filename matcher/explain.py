"""Why a place falls out: all the rules that fail, as codes and numbers, no sentences.

judged = judge(aanvraag, aanbod, Estimate())
fallen_out(judged), why_not(judged, plek), change.changes(judged)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct

from matcher import rules
from matcher.aanbod import Aanbod, codes_of, hash_of, rows_of, run_starts, tie
from matcher.beds import BEDDEN, Masks, Rows, most_together, too_few_beds
from matcher.geo import Travel
from matcher.problem import FOREVER, GROEPSSOORTEN, Aanvraag, Anker, require
from matcher.rules import ALL, BED_RULES, BIT, PROFILE_RULES, Question
from matcher.solution import FallenOut, Out, Param, Reason, Rule

BED_BITS = sum(BIT[rule] for rule in BED_RULES)


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
    profile = _mask(PROFILE_RULES, q, len(aanbod.profielen.code))
    bed = _mask(BED_RULES, q, len(v.plek))
    if q.n > 1:
        bed |= too_few_beds(q, bed)
    window = profile[v.voorziening] | bed
    key = (np.bitwise_count(window).astype(np.int64) << 32) | np.arange(len(window))
    first = np.flatnonzero(run_starts(v.plek))
    row = np.minimum.reduceat(key, first) & 0xFFFFFFFF if len(first) else key
    return Judged(q=q, window=window, row=row, plek=window[row])


def fallen_out(judged: Judged, *, per_voorziening: bool = True, limit: int = 20, offset: int = 0) -> FallenOut:
    """How many plekken fail which rules, and a page of them, nearest to fitting first.

    One plek per voorziening of which no plek fits, or every plek. Equal ones by a hash of aanvraag and voorziening.
    """
    require(limit >= 0 and offset >= 0, "fallen_out", f"limit {limit}, offset {offset}")
    counts = np.bincount(judged.plek)
    present = np.flatnonzero(counts)
    counts = counts[present]
    out = {rule: int(counts[(present & bit) != 0].sum()) for rule, bit in BIT.items()}
    alone = dict(zip(present.tolist(), counts.tolist(), strict=True))
    return FallenOut(
        plekken=int(counts[present != 0].sum()),
        per_rule={rule: count for rule, count in out.items() if count},
        alone={rule: alone[bit] for rule, bit in BIT.items() if bit in alone},
        places=_page(judged, per_voorziening, limit, offset),
    )


def why_not(judged: Judged, plek: str) -> Out:
    """All the rules that one plek fails (none when it fits); KeyError when the aanbod does not have it."""
    v = judged.q.aanbod.vensters
    found = np.flatnonzero(v.hash == hash_of(plek))
    if not len(found):
        raise KeyError(plek)
    return _out(judged, int(v.plek[found[0]]), 1)


def _mask(predicates: dict[Rule, Any], q: Question, size: int) -> Masks:
    mask = np.zeros(size, np.uint16)
    for rule, fails in predicates.items():
        mask |= fails(q, ALL) * np.uint16(BIT[rule])
    return mask


def _page(judged: Judged, per_voorziening: bool, limit: int, offset: int) -> tuple[Out, ...]:
    p, v = judged.q.aanbod.profielen, judged.q.aanbod.vensters
    failing = np.bitwise_count(judged.plek)
    group = v.voorziening[judged.row] if per_voorziening else v.plek[judged.row]
    first = np.flatnonzero(run_starts(group))
    if not len(first) or not limit:
        return ()
    fewest = np.minimum.reduceat(failing, first)
    # Only as many levels of "how many rules fail" as the page needs are sorted.
    reached = np.cumsum(np.bincount(fewest[fewest > 0]))
    level = int(np.searchsorted(reached, offset + limit))
    chosen = np.flatnonzero((fewest > 0) & (fewest <= level))
    hashes = p.hash if per_voorziening else v.hash[judged.row]
    order = chosen[np.lexsort((tie(judged.q.aanvraag.id, hashes[chosen]), fewest[chosen]))]
    sizes = np.diff(first, append=len(group))
    page = []
    for at in order[offset : offset + limit].tolist():
        plekken = np.arange(first[at], first[at] + sizes[at])
        near = plekken[failing[plekken] == fewest[at]]
        best = near[np.argmin(tie(judged.q.aanvraag.id, v.hash[judged.row[near]]))]
        page.append(_out(judged, int(best), int(sizes[at])))
    return tuple(page)


def _out(judged: Judged, plek: int, plekken: int) -> Out:
    q, row, mask = judged.q, int(judged.row[plek]), int(judged.plek[plek])
    p, v = q.aanbod.profielen, q.aanbod.vensters
    beds = 0
    if mask & BEDDEN:
        at = np.array([v.voorziening[row]])
        own = mask & BED_BITS
        rows, _ = rows_of(p, at)
        rows = rows[(judged.window[rows] & np.uint16(BED_BITS & ~own)) == 0]
        beds = int(most_together(q, rows, own, None, q.n)[1][rows == row][0])
    return Out(
        plek=v.id[row],
        voorziening=p.id[v.voorziening[row]],
        reasons=tuple(reason(q, rule, row, beds) for rule, bit in BIT.items() if mask & bit),
        plekken=plekken,
    )


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
