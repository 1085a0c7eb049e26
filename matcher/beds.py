"""When beds can start, alone and together: the days between which, and the earliest day that several share.

Rule bedden says that the beds of a samenplaatsing lie in one voorziening and start on one day. This is exact, not a
count of free beds: two beds that are free one after the other do not hold two children.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matcher.aanbod import Ints, run_starts
from matcher.problem import Limits
from matcher.rules import BIT, Question
from matcher.solution import Rule

Masks = NDArray[np.uint16]
Rows = NDArray[np.int64]

BEDDEN, PERIODE, GESTOPT = (BIT[rule] for rule in (Rule.BEDDEN, Rule.PERIODE, Rule.GESTOPT))

FAR_DAYS = 3650
"""How much later than the latest start a common start is still looked for, to say whether beds are the problem."""


def together(n: int, unit: NDArray[np.int64], first: Ints, last: Ints) -> Ints:
    """Rule bedden: the earliest day on which n beds of a unit can start together, for each bed that takes part.

    Bed i belongs to `unit[i]` and can start on the days first[i] … last[i]; one bed never has two intervals on one
    day. Returns per bed the first day within its own interval on which it and at least n-1 others of the unit can
    start; -1 where there is none.

    A sweep over all units at once: how many intervals are open changes only at their ends, and a first common day is
    always the first day of some interval. Sorting is all it costs.
    """
    start = np.full(len(first), -1, np.int32)
    some = np.flatnonzero(first <= last)
    if not len(some):
        return start
    zero = int(first[some].min())
    opens = (unit[some] << 32) | ((first[some].astype(np.int64) - zero) << 1) | 1
    closes = (unit[some] << 32) | ((last[some].astype(np.int64) - zero + 1) << 1)
    events = np.concatenate((opens, closes))
    events.sort()  # of one day the closing ends come first
    open_now = np.cumsum(((events & 1) << 1) - 1)
    good = events[((events & 1) == 1) & (open_now >= n)]
    if len(good):
        at = np.searchsorted(good, opens)
        day = good[np.minimum(at, len(good) - 1)]
        fits = (at < len(good)) & (day < closes)
        start[some[fits]] = ((day[fits] & 0xFFFFFFFF) >> 1) + zero
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
    unit = v.voorziening[rows].astype(np.int64)
    if not broken & GESTOPT:
        return together(n, unit, first, last)
    # Without its stop a bed is free from before it until after it: two windows are then one and the same.
    new = run_starts(v.plek[rows]) | run_starts(v.vrij_van[rows])
    start = together(n, unit[new], first[new], last[new])
    common: Ints = start[np.cumsum(new) - 1]
    return common


def most_together(
    q: Question, rows: Rows, broken: int, limits: Limits | None, most: int
) -> tuple[Ints, NDArray[np.int64]]:
    """For each window the most beds, up to `most`, that can start on one day with it, and the first such day."""
    start, beds = np.full(len(rows), -1, np.int32), np.zeros(len(rows), np.int64)
    for count in range(most, 0, -1):
        common = with_others(q, rows, broken, limits, count)
        better = (beds == 0) & (common >= 0)
        start[better], beds[better] = common[better], count
    return start, beds


def too_few_beds(q: Question, bed: Masks) -> Masks:
    """Bit BEDDEN for each window without n-1 others beside it; others that fail more rules of the bed do not count."""
    v = q.aanbod.vensters
    small = q.aanbod.profielen.plekken[v.voorziening] < q.n
    out = np.where(small, np.uint16(BEDDEN), np.uint16(0))
    large = np.flatnonzero(~small)
    for mask in np.unique(bed[large]).tolist():
        rows = large[(bed[large] & np.uint16(~mask & 0xFFFF)) == 0]
        out[rows[_lonely(q, rows, mask) & (bed[rows] == mask)]] = BEDDEN
    return out


def _lonely(q: Question, rows: Rows, mask: int) -> NDArray[np.bool_]:
    """Windows that have no common start with n-1 others; a sweep only where all beds of a unit do not share a day."""
    v = q.aanbod.vensters
    if mask & GESTOPT:
        return with_others(q, rows, mask, None, q.n) < 0
    first, last = starts(q, rows, mask, None)
    lonely = first > last
    some = np.flatnonzero(~lonely)
    if not len(some):
        return lonely
    runs = np.flatnonzero(run_starts(v.voorziening[rows[some]]))
    sizes = np.diff(runs, append=len(some))
    shared = np.maximum.reduceat(first[some], runs) <= np.minimum.reduceat(last[some], runs)
    lonely[some] = np.repeat(sizes < q.n, sizes)
    unsure = some[np.repeat(~shared & (sizes >= q.n), sizes)]
    lonely[unsure] = with_others(q, rows[unsure], mask, None, q.n) < 0
    return lonely
