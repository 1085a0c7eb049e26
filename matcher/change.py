"""The smallest changes that would open places: one rule that gives way, then two, and by how much."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from matcher.aanbod import Bools, Ints, Rows, lowest, run_starts
from matcher.beds import BEDDEN, GESTOPT, PERIODE, different, most_together, with_others
from matcher.judge import Judged, reason
from matcher.problem import GROEPSSOORTEN, Anker, Limits, require
from matcher.rules import BIT, PROFILE_RULES
from matcher.solution import RELAXABLE, Change, Changes, Out, Reason, Rule, Step

MAX_STEPS = 8

LIMITS = Limits()

Broken = tuple[Rule, ...]

Amounts = dict[str, NDArray[np.int64]]


def changes(
    judged: Judged,
    *,
    allowed: frozenset[Rule] = RELAXABLE,
    limits: Limits = LIMITS,
    few: int = 3,
    examples: int = 3,
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
        search.look(2)
        two = [found for pair in combinations(usable, 2) if (found := search.change(pair, examples))]
    return Changes(one=_largest(one, most), two=_largest(two, most))


def _largest(found: list[Change], most: int) -> tuple[Change, ...]:
    return tuple(sorted(found, key=lambda change: (-change.voorzieningen, -change.plekken))[:most])


def _given_up(broken: Iterable[Rule]) -> int:
    """The rules as bits, and gestopt with periode: who starts later may start after the stop."""
    bits = sum(BIT[rule] for rule in broken)
    return bits | GESTOPT if bits & PERIODE else bits


PROFILE = sum(BIT[rule] for rule in PROFILE_RULES)


class _Opened(Struct, frozen=True, eq=False):
    """Windows that a change opens, in the order of Vensters: those of a plek and of a voorziening stand together."""

    near: Rows
    """Positions in _Search.rows."""
    start: Ints
    beds: Rows
    """That can start on that day, up to the number asked for."""
    plek: Rows
    plekken: Rows
    """Positions here of the first window of each plek …"""
    unit: Rows
    units: Rows
    """… and of each voorziening."""


class _Search:
    """Which places open when some rules give way; remembers the smaller sets, so that only smallest ones are told."""

    def __init__(self, judged: Judged, allowed: frozenset[Rule], limits: Limits) -> None:
        self.q, self.judged, self.limits = judged.q, judged, limits
        self.bits = judged.window.dtype.type
        self.fixed = ~self.bits(_given_up(allowed))
        self.scale = {name: max(1, most) for name, most in structs.asdict(limits).items()} | {"bedden": judged.q.n}
        self.open: dict[Broken, Bools] = {(): judged.plek == 0}
        self.look(1)

    def look(self, broken: int) -> None:
        """Takes into view the windows that so many rules, or fewer, keep shut."""
        q, p, v = self.q, self.q.aanbod.profielen, self.q.aanbod.vensters
        # Whether there are beds enough is looked at anew for each set of rules.
        masks = self.judged.window & ~self.bits(BEDDEN)
        more = masks
        for _ in range(broken):
            more = more & (more - self.bits(1))  # without its lowest bit
        near = (more | (masks & self.fixed)) == 0
        # What fits already cannot open; of a group it can be the company that opens another bed.
        fits = self.open[()]
        if q.n == 1:
            rows = np.flatnonzero(near & (masks != 0))
            self.rows = rows[np.flatnonzero(~fits[v.plek[rows]])]
        else:
            rows = np.flatnonzero(near)
            shut = np.zeros(len(p.id), np.bool_)
            shut[v.voorziening[self.judged.row[np.flatnonzero(~fits)]]] = True
            self.rows = rows[np.flatnonzero(shut[v.voorziening[rows]])]
        self.masks = masks[self.rows]
        self.present = set(different(self.masks))

    def _months(self, near: Rows) -> NDArray[np.int64]:
        """How far the ages of the jeugdigen lie outside those of the place."""
        q, p = self.q, self.q.aanbod.profielen
        at = q.aanbod.vensters.voorziening[self.rows[near]]
        young, old = p.leeftijd_van[at] - q.jongste, q.oudste - p.leeftijd_tot[at]
        return np.maximum(0, np.maximum(young, old)).astype(np.int64)

    def _minutes(self, near: Rows) -> NDArray[np.int64]:
        """How many minutes a place lies beyond the limit."""
        q, limit = self.q, self.q.aanvraag.maximale_reistijd
        away = q.minutes(Anker.THUIS, q.aanbod.vensters.voorziening[self.rows[near]])
        if limit is None:
            return np.zeros(len(away), np.int64)
        return np.ceil(np.maximum(0.0, np.nan_to_num(away) - limit)).astype(np.int64)

    def change(self, broken: Broken, examples: int) -> Change | None:
        """What opens when exactly these rules give way; None when nothing does that a smaller set does not open."""
        if not self._can_matter(broken):
            return None
        found = self._open(broken)
        if not len(found.near):
            return None
        self.open[broken] = np.zeros(len(self.open[()]), np.bool_)
        self.open[broken][found.plek] = True
        amounts = self._amounts(broken, found)
        return Change(
            rules=broken,
            plekken=len(found.plekken),
            voorzieningen=len(found.units),
            steps=self._steps(broken, found, amounts) if len(broken) == 1 else {},
            places=self._places(broken, found, amounts, examples),
        )

    def _can_matter(self, broken: Broken) -> bool:
        bits = sum(BIT[rule] for rule in broken if rule is not Rule.BEDDEN)
        if self.q.n == 1:
            # A later start can pass a stop, and with a later start as well a stop further on can be in the way.
            same = {bits, bits ^ PERIODE | GESTOPT, bits & ~GESTOPT} if bits & PERIODE else {bits}
            return not same.isdisjoint(self.present)
        # Of a group some beds may fail one rule and some the other. And beds that each could start in time may share
        # no day: then a later start, or no stop, can open what fails neither periode nor gestopt.
        always = {Rule.BEDDEN, Rule.PERIODE, Rule.GESTOPT}
        return all(rule in always or any(BIT[rule] & mask for mask in self.present) for rule in broken)

    def _open(self, broken: Broken) -> _Opened:
        """What opens and no smaller set opens: so each rule of the profile that gives way must be one that fails."""
        q, v = self.q, self.q.aanbod.vensters
        bits = sum(BIT[rule] for rule in broken)
        must = bits & PROFILE
        usable = (self.masks & (~self.bits(_given_up(broken)) | self.bits(must))) == must
        near = np.flatnonzero(usable)
        if Rule.LEEFTIJD in broken:
            near = near[self._months(near) <= self.limits.maanden]
        if Rule.REISTIJD in broken:
            near = near[self._minutes(near) <= self.limits.minuten]
        rows = self.rows[near]
        beds = np.full(len(near), q.n)
        if bits & BEDDEN:
            start, beds = most_together(q, rows, bits, self.limits, q.n - 1)
        elif q.n > 1 or bits & (PERIODE | GESTOPT):
            start = with_others(q, rows, bits, self.limits, q.n)
        else:  # the days of the bed are as they should be, or it would fail one of the two as well
            start = np.full(len(near), q.start)
        plek = v.plek[rows]
        new = start >= 0
        for fewer, opened in self.open.items():
            if (fewer or q.n > 1) and set(fewer) < set(broken):  # of one jeugdige `look` left out what fits
                new &= ~opened[plek]
        if not new.all():
            keep = np.flatnonzero(new)
            near, rows, start, beds, plek = near[keep], rows[keep], start[keep], beds[keep], plek[keep]
        unit = v.voorziening[rows]
        return _Opened(
            near=near,
            start=start,
            beds=beds,
            plek=plek,
            plekken=np.flatnonzero(run_starts(plek)),
            unit=unit,
            units=np.flatnonzero(run_starts(unit)),
        )

    def _amounts(self, broken: Broken, found: _Opened) -> Amounts:
        """How much each window needs; for a group the most that any bed of the voorziening needs."""
        q, v, rows = self.q, self.q.aanbod.vensters, self.rows[found.near]
        amounts: Amounts = {}
        start = found.start.astype(np.int64)
        if Rule.PERIODE in broken:
            tot = v.vrij_tot[rows] if Rule.GESTOPT in broken else v.tot[rows]
            amounts["dagen_later"] = np.maximum(0, start - q.latest)
            amounts["dagen_korter"] = np.maximum(0, start + q.stay - tot)
        if Rule.REISTIJD in broken:
            amounts["minuten"] = self._minutes(found.near)
        if Rule.LEEFTIJD in broken:
            amounts["maanden"] = self._months(found.near)
        if Rule.BEDDEN in broken:
            amounts["bedden"] = q.n - found.beds
        if q.n > 1:
            sizes = np.diff(found.units, append=len(rows))
            for kind, amount in amounts.items():
                amounts[kind] = np.repeat(np.maximum.reduceat(amount, found.units), sizes)
        return amounts

    def _steps(self, broken: Broken, found: _Opened, amounts: Amounts) -> dict[str, tuple[Step, ...]]:
        codes, p = self.q.aanbod.codes, self.q.aanbod.profielen
        if broken == (Rule.ZORGVORM,):
            return {"zorgvorm": _per_code(p.zorgvorm[found.unit], codes.zorgvormen, found)}
        if broken == (Rule.GESLACHT,):
            group = np.bitwise_count(p.groepssoort[found.unit] - np.uint64(1))
            return {"groepssoort": _per_code(group, GROEPSSOORTEN, found)}
        if broken == (Rule.BEDDEN,):
            return {"bedden": _per_code(self.q.n - amounts["bedden"], range(self.q.n), found)}
        return {kind: _cumulative(amount, found) for kind, amount in amounts.items() if (amount > 0).any()}

    def _places(self, broken: Broken, found: _Opened, amounts: Amounts, examples: int) -> tuple[Out, ...]:
        p, v = self.q.aanbod.profielen, self.q.aanbod.vensters
        rows = self.rows[found.near]
        effort = np.zeros(len(rows))
        for kind, amount in amounts.items():
            effort += amount / self.scale[kind]
        first, ends = found.units, np.append(found.units, len(rows))
        least = np.minimum.reduceat(effort, first) if amounts else None
        units = lowest(examples, least, self.q.seed, p.hash[found.unit[first]])
        places = []
        for at in units.tolist():
            same = range(first[at], ends[at + 1])
            best = sorted(same, key=lambda one: (effort[one], v.hash[rows[one]]))
            places.append(
                Out(
                    plek=v.id[rows[best[0]]],
                    voorziening=p.id[found.unit[best[0]]],
                    reasons=tuple(self._about(rule, found, amounts, best) for rule in broken),
                    plekken=len(set(found.plek[same.start : same.stop].tolist())),
                )
            )
        return tuple(places)

    def _about(self, rule: Rule, found: _Opened, amounts: Amounts, same: list[int]) -> Reason:
        """The reason of the first window that fails the rule: of a group that may be another bed than the best."""
        at = next((one for one in same if self.masks[found.near[one]] & BIT[rule]), same[0])
        about = reason(self.q, rule, int(self.rows[found.near[at]]), int(found.beds[at]))
        if rule is Rule.PERIODE:
            for kind in ("dagen_later", "dagen_korter"):
                about.params[kind] = int(amounts[kind][at])
        return about


def _per_code(codes: NDArray[np.integer[Any]], names: Sequence[str | int], found: _Opened) -> tuple[Step, ...]:
    """One step for each code that opens places; windows of one voorziening have one code."""
    plekken, units = (
        np.bincount(codes[first], minlength=len(names)).tolist() for first in (found.plekken, found.units)
    )
    steps = [Step(names[code], plekken[code], units[code]) for code in range(len(names)) if units[code]]
    return tuple(sorted(steps, key=lambda step: -step.voorzieningen))


def _cumulative(amount: NDArray[np.int64], found: _Opened) -> tuple[Step, ...]:
    """At most MAX_STEPS steps, the smallest and the largest among them."""
    each = np.flatnonzero(np.bincount(amount))
    each = each[each > 0]
    if len(each) > MAX_STEPS:
        each = each[np.linspace(0, len(each) - 1, MAX_STEPS).round().astype(int)]
    # What needs nothing of this kind counts in no step.
    needed = np.where(amount > 0, amount, each[-1] + 1)
    plekken, units = (
        np.cumsum(np.bincount(np.minimum.reduceat(needed, first), minlength=each[-1] + 1))[each].tolist()
        for first in (found.plekken, found.units)
    )
    return tuple(Step(*step) for step in zip(each.tolist(), plekken, units, strict=True))
