"""When beds can start, alone and together: the days between which, and the earliest day that several share.

Rule bedden says that the beds of a samenplaatsing lie in one voorziening and start on one day. This is exact, not a
count of free beds: two beds that are free one after the other do not hold two children.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.aanbod import Ints, Rows, ranges, rows_of, run_starts
from matcher.problem import Limits
from matcher.rules import BIT, Question
from matcher.solution import Rule

Masks = NDArray[np.unsignedinteger[Any]]
"""Sets of rules, as bits (rules.BIT)."""

BEDDEN, PERIODE, GESTOPT = (BIT[rule] for rule in (Rule.BEDDEN, Rule.PERIODE, Rule.GESTOPT))

FAR_DAYS = 3650
"""How much later than the latest start a common start is still looked for, to say whether beds are the problem."""


def different(masks: Masks) -> list[int]:
    """The masks that there are."""
    in_order = np.sort(masks)
    found: list[int] = in_order[run_starts(in_order)].tolist()
    return found


def together(n: int, unit: Rows, first: Ints, last: Ints) -> Ints:
    """Rule bedden: the earliest day on which n beds of a unit can start together, for each bed that takes part.

    Bed i belongs to `unit[i]` (those of a unit stand together) and can start on the days first[i] … last[i]; one bed
    never has two intervals on one day. Returns per bed the first day within its own interval on which it and at least
    n-1 others of the unit can start; -1 where there is none.
    """
    start = np.full(len(first), -1, np.int32)
    some = np.flatnonzero(first <= last)
    runs = np.flatnonzero(run_starts(unit[some]))
    sizes = np.diff(runs, append=len(some))
    enough = np.flatnonzero(sizes >= n)
    if not len(enough):
        return start
    near, owner = ranges(runs[enough], sizes[enough])
    some, sizes = some[near], sizes[enough]
    unit, first, last = unit[some], first[some], last[some]
    # Usually all beds of a unit share a day. None closes before the last one opens, so from the n-th one on each can
    # start as soon as it opens itself.
    runs = np.cumsum(sizes) - sizes
    opening = np.sort((unit << 32) | first)
    nth, highest = ((opening[runs + at] & 0xFFFFFFFF).astype(np.int32) for at in (n - 1, sizes - 1))
    start[some] = np.maximum(first, nth[owner])
    shut = highest > np.minimum.reduceat(last, runs)
    if shut.any():
        apart = np.flatnonzero(shut[owner])
        start[some[apart]] = _sweep(n, unit[apart], first[apart], last[apart])
    return start


def _sweep(n: int, unit: Rows, first: Ints, last: Ints) -> Ints:
    """The same for units of which the beds share no day, and first ≤ last: over all of them at once.

    How many intervals are open changes only at their ends, and a first common day is always the first day of some
    interval. Sorting is all it costs.
    """
    start = np.full(len(first), -1, np.int32)
    opens = (unit << 33) | (first.astype(np.int64) << 1) | 1
    closes = (unit << 33) | ((last.astype(np.int64) + 1) << 1)
    events = np.sort(np.concatenate((opens, closes)))  # of one day the closing ends come first
    open_now = np.cumsum(((events & 1) << 1) - 1)
    good = events[np.flatnonzero((events & 1) & (open_now >= n))]
    if len(good):
        at = np.searchsorted(good, opens)
        day = good[np.minimum(at, len(good) - 1)]
        fits = np.flatnonzero((at < len(good)) & (day < closes))
        start[fits] = (day[fits] >> 1) & 0xFFFFFFFF
    return start


def starts(q: Question, rows: Rows, broken: int, limits: Limits | None) -> tuple[Ints, Ints]:
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


def with_others(q: Question, rows: Rows, broken: int, limits: Limits | None, n: int) -> Ints:
    """The first common day of each window with n-1 others of `rows` in its voorziening; -1: none."""
    v = q.aanbod.vensters
    first, last = starts(q, rows, broken, limits)
    if n == 1:
        return np.where(first <= last, first, np.int32(-1))
    unit = v.voorziening[rows]
    if not broken & GESTOPT:
        return together(n, unit, first, last)
    # Without its stop a bed is free from before it until after it: two windows are then one and the same.
    new = run_starts(v.plek[rows]) | run_starts(v.vrij_van[rows])
    start = together(n, unit[new], first[new], last[new])
    common: Ints = start[np.cumsum(new) - 1]
    return common


def most_together(q: Question, rows: Rows, broken: int, limits: Limits | None, most: int) -> tuple[Ints, Rows]:
    """For each window the most beds, up to `most`, that can start on one day with it, and the first such day."""
    start, beds = np.full(len(rows), -1, np.int32), np.zeros(len(rows), np.int64)
    for count in range(most, 0, -1):
        common = with_others(q, rows, broken, limits, count)
        better = (beds == 0) & (common >= 0)
        start[better], beds[better] = common[better], count
    return start, beds


def too_few_beds(q: Question, bed: Masks) -> Masks:
    """Bit BEDDEN for each window without n-1 others beside it; others that fail more rules of the bed do not count."""
    p, v = q.aanbod.profielen, q.aanbod.vensters
    small = p.plekken < q.n
    bits = bed.dtype.type
    out: Masks = small[v.voorziening] * bits(BEDDEN)
    for mask in different(bed):
        own = np.zeros(len(small), np.bool_)
        own[v.voorziening[np.flatnonzero(bed == mask)]] = True
        rows, _ = rows_of(p, np.flatnonzero(own & ~small))
        rows = rows[np.flatnonzero((bed[rows] & ~bits(mask)) == 0)]
        lonely = rows[np.flatnonzero(with_others(q, rows, mask, None, q.n) < 0)]
        out[lonely[bed[lonely] == mask]] = BEDDEN
    return out
