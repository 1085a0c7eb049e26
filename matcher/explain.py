"""Why a place falls out, and the smallest changes that would open places. Codes and numbers, no sentences.

judged = judge(aanvraag, aanbod, Estimate())
fallen_out(judged), why_not(judged, plek), changes(judged)
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from matcher import rules
from matcher.aanbod import Aanbod, Bools, Ints, codes_of, hash_of, rows_of
from matcher.geo import Travel
from matcher.problem import FOREVER, GROEPSSOORTEN, Aanvraag, Anker, Limits, require
from matcher.rank import tie
from matcher.rules import ALL, BED_RULES, BIT, PROFILE_RULES, Question
from matcher.solution import RELAXABLE, Change, Changes, FallenOut, Out, Param, Reason, Rule, Step

Masks = NDArray[np.uint16]
Rows = NDArray[np.int64]

BEDDEN, PERIODE, GESTOPT = (BIT[rule] for rule in (Rule.BEDDEN, Rule.PERIODE, Rule.GESTOPT))
BED_BITS = sum(BIT[rule] for rule in BED_RULES)

FAR_DAYS = 3650
"""How much later than the latest start a common start is still looked for, to say whether beds are the problem."""

MAX_STEPS = 8


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
        bed |= _too_few_beds(q, bed)
    window = profile[v.voorziening] | bed
    key = (np.bitwise_count(window).astype(np.int64) << 32) | np.arange(len(window))
    first = np.flatnonzero(_changes(v.plek))
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


def changes(
    judged: Judged,
    *,
    allowed: frozenset[Rule] = RELAXABLE,
    limits: Limits = Limits(),
    few: int = 3,
    examples: int = 5,
    most: int = 8,
) -> Changes:
    """The smallest changes that open places: one rule, and two when one opens fewer than `few` voorzieningen.

    Only rules in `allowed` (for who may not see REVEALING: RELAXABLE - REVEALING), only as far as `limits`. For a
    samenplaatsing a place opens when enough beds of its voorziening do together. Per level at most `most` changes.
    """
    require(allowed <= RELAXABLE, "changes", f"{', '.join(sorted(allowed - RELAXABLE))} may never give way")
    search = _Search(judged, allowed, limits)
    usable = [rule for rule in Rule if rule in allowed and (rule is not Rule.BEDDEN or judged.q.n > 1)]
    one = [found for rule in usable if (found := search.change((rule,), examples))]
    two: list[Change] = []
    if sum(change.voorzieningen for change in one) < few:
        two = [found for pair in combinations(usable, 2) if (found := search.change(pair, examples))]
    return Changes(one=_largest(one, most), two=_largest(two, most))


def _largest(found: list[Change], most: int) -> tuple[Change, ...]:
    return tuple(sorted(found, key=lambda change: (-change.voorzieningen, -change.plekken))[:most])


class _Search:
    """Which places open when some rules give way; remembers the smaller sets, so that only smallest ones are told."""

    def __init__(self, judged: Judged, allowed: frozenset[Rule], limits: Limits) -> None:
        self.q, self.limits = judged.q, limits
        q, p, v = judged.q, judged.q.aanbod.profielen, judged.q.aanbod.vensters
        # Whether there are beds enough is looked at anew for each set of rules.
        masks = judged.window & np.uint16(~BEDDEN & 0xFFFF)
        fixed = np.uint16(~sum(BIT[rule] for rule in allowed) & 0xFFFF)
        near = np.flatnonzero(((masks & fixed) == 0) & (np.bitwise_count(masks) <= 2))
        self.rows, self.masks = near, masks[near]
        self.present = set(np.unique(self.masks).tolist())
        at = v.voorziening[near]
        young, old = p.leeftijd_van[at] - q.jongste, q.oudste - p.leeftijd_tot[at]
        self.maanden = np.maximum(0, np.maximum(young, old))
        limit = q.aanvraag.maximale_reistijd
        minutes = q.minutes(Anker.THUIS)[at] if limit is not None and allowed & {Rule.REISTIJD} else np.zeros(len(at))
        self.minuten = np.nan_to_num(np.ceil(np.maximum(0.0, minutes - (limit or 0)))).astype(np.int64)
        self.told: dict[tuple[Rule, ...], Bools] = {(): judged.plek == 0}

    def change(self, broken: tuple[Rule, ...], examples: int) -> Change | None:
        """What opens when exactly these rules give way; None when nothing does that a smaller set does not open."""
        if not self._can_matter(broken):
            return None
        pick, start, beds = self._open(broken)
        v = self.q.aanbod.vensters
        plek = v.plek[self.rows[pick]]
        smaller = [told for rules_, told in self.told.items() if set(rules_) < set(broken)]
        new = ~np.any([told[plek] for told in smaller], axis=0)
        mine = np.zeros(len(self.told[()]), np.bool_)
        mine[plek] = True
        self.told[broken] = mine
        pick, start, beds, plek = pick[new], start[new], beds[new], plek[new]
        if not len(pick):
            return None
        unit = v.voorziening[self.rows[pick]]
        amounts = self._amounts(broken, pick, start, beds, unit)
        return Change(
            rules=broken,
            plekken=len(np.unique(plek)),
            voorzieningen=len(np.unique(unit)),
            steps=self._steps(broken, pick, amounts, plek, unit) if len(broken) == 1 else {},
            places=self._places(broken, pick, start, beds, amounts, plek, unit, examples),
        )

    def _can_matter(self, broken: tuple[Rule, ...]) -> bool:
        bits = sum(BIT[rule] for rule in broken if rule is not Rule.BEDDEN)
        if self.q.n == 1:
            return bits in self.present
        # Of a group some beds may fail one rule and some the other, and a common start may be later than each could.
        return all(
            rule in (Rule.BEDDEN, Rule.PERIODE) or any(BIT[rule] & mask for mask in self.present) for rule in broken
        )

    def _open(self, broken: tuple[Rule, ...]) -> tuple[Rows, Ints, Rows]:
        """Windows (positions in self.rows) that can be used, their first day, and how many beds can start on it."""
        q = self.q
        bits = sum(BIT[rule] for rule in broken)
        usable = (self.masks & np.uint16(~bits & 0xFFFF)) == 0
        if Rule.LEEFTIJD in broken:
            usable &= self.maanden <= self.limits.maanden
        if Rule.REISTIJD in broken:
            usable &= self.minuten <= self.limits.minuten
        pick = np.flatnonzero(usable)
        rows = self.rows[pick]
        beds = np.full(len(pick), q.n)
        if q.n == 1:
            first, last = _starts(q, rows, bits, self.limits)
            start = np.where(first <= last, first, np.int32(-1))
        elif bits & BEDDEN:
            start, beds = _most_together(q, rows, bits, self.limits, q.n - 1)
        else:
            start = _together(q, rows, bits, self.limits, q.n)
        keep = np.flatnonzero(start >= 0)
        return pick[keep], start[keep], beds[keep]

    def _amounts(
        self, broken: tuple[Rule, ...], pick: Rows, start: Ints, beds: Rows, unit: Ints
    ) -> dict[str, NDArray[np.int64]]:
        """How much each window needs; for a group the most that any bed of the voorziening needs."""
        q, v, rows = self.q, self.q.aanbod.vensters, self.rows[pick]
        found: dict[str, NDArray[Any]] = {}
        if Rule.PERIODE in broken:
            tot = v.vrij_tot[rows] if Rule.GESTOPT in broken else v.tot[rows]
            found["dagen_later"] = np.maximum(0, start - q.latest)
            found["dagen_korter"] = np.maximum(0, start.astype(np.int64) + q.stay - tot)
        if Rule.REISTIJD in broken:
            found["minuten"] = self.minuten[pick]
        if Rule.LEEFTIJD in broken:
            found["maanden"] = self.maanden[pick]
        if Rule.BEDDEN in broken:
            found["bedden"] = q.n - beds
        amounts = {kind: amount.astype(np.int64) for kind, amount in found.items()}
        if q.n > 1:
            order, group = np.unique(unit, return_inverse=True)
            for kind, amount in amounts.items():
                most = np.zeros(len(order), np.int64)
                np.maximum.at(most, group, amount)
                amounts[kind] = most[group]
        return amounts

    def _steps(
        self, broken: tuple[Rule, ...], pick: Rows, amounts: dict[str, NDArray[np.int64]], plek: Ints, unit: Ints
    ) -> dict[str, tuple[Step, ...]]:
        aanbod, at = self.q.aanbod, unit
        if broken == (Rule.ZORGVORM,):
            return {"zorgvorm": _per_code(aanbod.profielen.zorgvorm[at], aanbod.codes.zorgvormen, plek, unit)}
        if broken == (Rule.GESLACHT,):
            groups = np.log2(aanbod.profielen.groepssoort[at].astype(np.float64)).astype(np.int64)
            return {"groepssoort": _per_code(groups, GROEPSSOORTEN, plek, unit)}
        if broken == (Rule.BEDDEN,):
            return {"bedden": _per_code(self.q.n - amounts["bedden"], range(self.q.n), plek, unit)}
        return {
            kind: _cumulative(amount[amount > 0], plek[amount > 0], unit[amount > 0])
            for kind, amount in amounts.items()
            if (amount > 0).any()
        }

    def _places(
        self,
        broken: tuple[Rule, ...],
        pick: Rows,
        start: Ints,
        beds: Rows,
        amounts: dict[str, NDArray[np.int64]],
        plek: Ints,
        unit: Ints,
        examples: int,
    ) -> tuple[Out, ...]:
        q, p, v = self.q, self.q.aanbod.profielen, self.q.aanbod.vensters
        scale = {
            "dagen_later": self.limits.dagen_later,
            "dagen_korter": self.limits.dagen_korter,
            "minuten": self.limits.minuten,
            "maanden": self.limits.maanden,
            "bedden": q.n,
        }
        effort = np.zeros(len(pick))
        for kind, amount in amounts.items():
            effort += amount / max(1, scale[kind])
        ties = (tie(q.aanvraag.id, v.hash[self.rows[pick]]), tie(q.aanvraag.id, p.hash[unit]))
        order = np.lexsort((*ties, effort))
        _, earliest = np.unique(unit[order], return_index=True)
        earliest.sort()
        places = []
        for best in order[earliest[:examples]].tolist():
            same = np.flatnonzero(unit == unit[best])
            reasons = []
            for rule in broken:
                failing = same[(self.masks[pick[same]] & BIT[rule]) != 0]
                # Of a group another bed than this one may be what the rule is about.
                at = best if rule is Rule.BEDDEN or not len(failing) or best in failing else int(failing[0])
                about = _reason(q, rule, int(self.rows[pick[at]]), int(beds[at]))
                if rule is Rule.PERIODE:
                    days = {kind: int(amounts[kind][at]) for kind in ("dagen_later", "dagen_korter")}
                    about = Reason(rule, {**about.params, **days})
                reasons.append(about)
            places.append(
                Out(
                    plek=v.id[self.rows[pick[best]]],
                    voorziening=p.id[unit[best]],
                    reasons=tuple(reasons),
                    plekken=len(np.unique(plek[same])),
                )
            )
        return tuple(places)


def _per_code(
    codes: NDArray[np.integer[Any]], names: tuple[str, ...] | range, plek: Ints, unit: Ints
) -> tuple[Step, ...]:
    found = [
        Step(names[code], len(np.unique(plek[codes == code])), len(np.unique(unit[codes == code])))
        for code in np.unique(codes).tolist()
    ]
    return tuple(sorted(found, key=lambda step: -step.voorzieningen))


def _cumulative(amount: NDArray[np.int64], plek: Ints, unit: Ints) -> tuple[Step, ...]:
    amounts = np.unique(amount)
    if len(amounts) > MAX_STEPS:
        amounts = amounts[np.linspace(0, len(amounts) - 1, MAX_STEPS).round().astype(int)]
    return tuple(
        Step(most, len(np.unique(plek[amount <= most])), len(np.unique(unit[amount <= most])))
        for most in amounts.tolist()
    )


# ── Starts, alone and together ───────────────────────────────────────────────────────────────────


def _starts(q: Question, rows: Rows, broken: int, limits: Limits | None) -> tuple[Ints, Ints]:
    """First and last day on which each window can start when the rules `broken` (bits) give way; empty: first > last.

    Periode gives way by starting later or by a shorter stay, each up to `limits`; without limits only by starting
    later.
    """
    v = q.aanbod.vensters
    van, tot = (v.vrij_van[rows], v.vrij_tot[rows]) if broken & GESTOPT else (v.van[rows], v.tot[rows])
    first = np.maximum(van, np.int32(q.start))
    whole = tot - np.int32(q.stay)
    if not broken & PERIODE:
        return first, np.minimum(whole, np.int32(q.latest))
    if limits is None:
        return first, np.minimum(whole, np.int32(q.latest + FAR_DAYS))
    later = np.minimum(whole, np.int32(q.latest + limits.dagen_later))
    korter = np.int32(min(limits.dagen_korter, q.stay // 2))
    return first, np.maximum(later, np.minimum(np.minimum(whole + korter, tot - np.int32(1)), np.int32(q.latest)))


def _together(q: Question, rows: Rows, broken: int, limits: Limits | None, n: int) -> Ints:
    """The first common day of each window with n-1 others of `rows` in its voorziening; -1: none."""
    v = q.aanbod.vensters
    first, last = _starts(q, rows, broken, limits)
    unit = v.voorziening[rows].astype(np.int64)
    if not broken & GESTOPT:
        return rules.together(n, unit, first, last)
    # Without its stop a bed is free from before it until after it: two windows are then one and the same.
    new = _changes(v.plek[rows]) | _changes(v.vrij_van[rows])
    start = rules.together(n, unit[new], first[new], last[new])
    return start[np.cumsum(new) - 1]


def _most_together(
    q: Question, rows: Rows, broken: int, limits: Limits | None, most: int
) -> tuple[Ints, NDArray[np.int64]]:
    """For each window the most beds, up to `most`, that can start on one day with it, and the first such day."""
    start, beds = np.full(len(rows), -1, np.int32), np.zeros(len(rows), np.int64)
    for count in range(most, 0, -1):
        common = _together(q, rows, broken, limits, count)
        better = (beds == 0) & (common >= 0)
        start[better], beds[better] = common[better], count
    return start, beds


def _too_few_beds(q: Question, bed: Masks) -> Masks:
    """Bit BEDDEN for each window that has not n-1 others with it, which fail no rule of the bed that it passes itself."""
    v = q.aanbod.vensters
    small = q.aanbod.profielen.plekken[v.voorziening] < q.n
    out = np.where(small, np.uint16(BEDDEN), np.uint16(0))
    large = np.flatnonzero(~small)
    for mask in np.unique(bed[large]).tolist():
        rows = large[(bed[large] & np.uint16(~mask & 0xFFFF)) == 0]
        lonely = _together(q, rows, mask, None, q.n) < 0
        out[rows[lonely & (bed[rows] == mask)]] = BEDDEN
    return out


# ── Reasons ──────────────────────────────────────────────────────────────────────────────────────


def _mask(predicates: dict[Rule, Any], q: Question, size: int) -> Masks:
    mask = np.zeros(size, np.uint16)
    for rule, fails in predicates.items():
        mask |= fails(q, ALL) * np.uint16(BIT[rule])
    return mask


def _changes(numbers: NDArray[np.integer[Any]]) -> Bools:
    """True at the first of each run of equal numbers."""
    first = np.ones(len(numbers), np.bool_)
    first[1:] = numbers[1:] != numbers[:-1]
    return first


def _page(judged: Judged, per_voorziening: bool, limit: int, offset: int) -> tuple[Out, ...]:
    p, v = judged.q.aanbod.profielen, judged.q.aanbod.vensters
    failing = np.bitwise_count(judged.plek)
    group = v.voorziening[judged.row] if per_voorziening else v.plek[judged.row]
    first = np.flatnonzero(_changes(group))
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
        beds = int(_most_together(q, rows, own, None, q.n)[1][rows == row][0])
    return Out(
        plek=v.id[row],
        voorziening=p.id[v.voorziening[row]],
        reasons=tuple(_reason(q, rule, row, beds) for rule, bit in BIT.items() if mask & bit),
        plekken=plekken,
    )


def _reason(q: Question, rule: Rule, row: int, beds: int) -> Reason:
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
