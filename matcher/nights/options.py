"""Every way in which a request can stay, as arrays: request, place, start; costs as whole numbers from 0.

Left out are those that cannot be (no beds, another kind already there) and those that cost no less than leaving the
request out. Costs are counted above the cheapest of each request, in the largest unit that they are multiples of; what
does not fit in that is rounded down, so that a bound stays a bound.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from msgspec import Struct

from matcher.layers.linear import Floats
from matcher.nights.check import exact
from matcher.nights.problem import Nights, Stay
from matcher.pairs import NOBODY, Bools, Ints

LARGEST = 2**45
"""No cost, with its decimals as whole number, is more than this."""
MOST = 3 * 10**6
"""Options; of larger problems only the first starts of each pair are looked at."""


SEVERAL = -2
"""Kinds, or one that nobody who asks is of."""


class Options(Struct, frozen=True, eq=False):
    problem: Nights
    request: Ints
    """(O,) in order of request, place, start."""
    place: Ints
    start: Ints
    end: Ints
    cost: Ints
    out: Ints
    """(R,) of leaving it out; NOBODY: mandatory."""
    first: Ints
    """(R + 1,) options of request r are first[r] to first[r + 1]."""
    beds: Ints
    kind: Ints
    room: Ints
    """(P, N) beds that are free."""
    there: Ints
    """(P, N) kind that is in a place, NOBODY, or SEVERAL."""
    single: Bools
    """(P,) one kind per night."""
    base: Fraction
    unit: Fraction
    """What a solution costs is base + unit × its options, …"""
    error: Fraction
    """… and at most this more, where decimals had to be rounded."""
    complete: bool
    """False: there are more options than these; a bound on these is none."""
    floor: Fraction
    """Nothing is cheaper, whatever was left out."""

    @property
    def must(self) -> Bools:
        mandatory: Bools = self.out == NOBODY
        return mandatory

    def stays(self, chosen: Ints) -> list[Stay]:
        """Of the option of each request (NOBODY: left out)."""
        places, requests = self.problem.places, self.problem.requests
        at = chosen[chosen != NOBODY]
        rows = zip(self.request[at].tolist(), self.place[at].tolist(), self.start[at].tolist(), strict=True)
        return [Stay(requests[r].id, places[p].id, s) for r, p, s in rows]

    def total(self, chosen: Ints) -> int:
        return int(self.cost[chosen[chosen != NOBODY]].sum() + self.out[chosen == NOBODY].sum())


def part(of: Options, chosen: Ints, free: Bools, keep: Bools) -> tuple[Options, Ints, Ints]:
    """The problem of the requests `free` when all others stay where they are, with options of `keep` (O,) only.

    With it the numbers of its requests and of its options in `of`.
    """
    fixed = chosen[~free & (chosen != NOBODY)]
    own, night = spread(of.start[fixed], of.end[fixed])
    room, there = of.room.copy(), of.there.copy()
    place, who = of.place[fixed][own], of.request[fixed][own]
    np.subtract.at(room, (place, night), of.beds[who])
    there[place, night] = of.kind[who]  # in a place of one kind all that are there are of it
    requests = np.flatnonzero(free)
    at = spread(of.first[requests], of.first[requests + 1])[1]
    at = at[keep[at]]
    r, p = of.request[at], of.place[at]
    at = at[fits(room, there, of.single, of.beds[r], of.kind[r], p, of.start[at], of.end[at])]
    number = np.searchsorted(requests, of.request[at])
    sub = Options(
        problem=of.problem,
        request=number,
        place=of.place[at],
        start=of.start[at],
        end=of.end[at],
        cost=of.cost[at],
        out=of.out[requests],
        first=np.searchsorted(number, np.arange(len(requests) + 1)),
        beds=of.beds[requests],
        kind=of.kind[requests],
        room=room,
        there=there,
        single=of.single,
        base=of.base,
        unit=of.unit,
        error=of.error,
        complete=False,
        floor=of.floor,
    )
    return sub, requests, at


def spread(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Every number from low to high (not included), after of which it is."""
    length = high - low
    own = np.repeat(np.arange(len(length)), length)
    return own, np.arange(len(own)) - (np.cumsum(length) - length - low)[own]


def options(problem: Nights) -> Options:
    nights = problem.nights
    requests, places = problem.requests, problem.places
    beds = np.array([r.beds for r in requests], np.int64)
    kinds = {kind: at for at, kind in enumerate(dict.fromkeys(r.kind for r in requests))}
    kind = np.array([kinds[r.kind] for r in requests], np.int64)
    single = np.array([p.one_kind_per_night for p in places], np.bool_)
    room, there = _free(problem, kinds)

    request, place, fee = _pairs(problem)
    early = np.array([r.earliest for r in requests], np.int64)
    last = np.minimum([r.latest for r in requests], nights - 1) if requests else early
    starts = np.maximum(0, last - early + 1)[request]
    most = starts.max(initial=0)
    while np.minimum(starts, most).sum() > MOST and most > 1:
        most = most // 2
    complete = bool(most == starts.max(initial=0))
    starts = np.minimum(starts, most)
    pair = np.repeat(np.arange(len(request)), starts)
    offset = np.arange(len(pair)) - np.repeat(np.cumsum(starts) - starts, starts)
    r, p = request[pair], place[pair]
    start = early[r] + offset
    end = np.minimum(start + np.array([one.stay for one in requests], np.int64)[r], nights)
    able = fits(room, there, single, beds[r], kind[r], p, start, end)
    late, out = [q.cost_per_night_late for q in requests], [q.cost_unplaced for q in requests]
    must = np.array([q.mandatory for q in requests], np.bool_)
    (whole_fee, whole_late, whole_out), scale, rounded = _whole(fee, np.array(late), np.array(out))
    cost = whole_fee[pair] + whole_late[r] * offset
    able &= must[r] | (cost < whole_out[r])
    floor = _floor(problem, fee, request, must)
    keep = np.flatnonzero(able)
    r, p, start, end, cost = r[keep], p[keep], start[keep], end[keep], cost[keep]

    first = np.searchsorted(r, np.arange(len(requests) + 1))
    base = np.where(must, np.iinfo(np.int64).max, whole_out)
    np.minimum.at(base, r, cost)
    base[must & (first[1:] == first[:-1])] = 0  # cannot be placed at all
    cost -= base[r]
    left = np.where(must, NOBODY, whole_out - base)
    unit = max(1, int(np.gcd.reduce(np.concatenate((cost, left[~must], [0])))))
    slip = 2 * len(requests) + int((last - early + 1).clip(0).sum()) if rounded else 0
    return Options(
        problem=problem,
        request=r,
        place=p,
        start=start,
        end=end,
        cost=cost // unit,
        out=np.where(must, NOBODY, left // unit),
        first=first,
        beds=beds,
        kind=kind,
        room=room,
        there=there,
        single=single,
        base=Fraction(int(base.sum()), scale),
        unit=Fraction(unit, scale),
        error=Fraction(slip, scale),
        complete=complete,
        floor=floor,
    )


def fits(room: Ints, there: Ints, single: Bools, beds: Ints, kind: Ints, place: Ints, start: Ints, end: Ints) -> Bools:
    """(O,) whether each option finds its beds free, and nobody of another kind where that matters.

    `there` (P, N): the kind that is in a place, NOBODY, or SEVERAL.
    """

    def nights_with(what: Bools) -> Ints:
        sums = np.zeros((what.shape[0], what.shape[1] + 1), np.int64)
        np.cumsum(what, axis=1, out=sums[:, 1:])
        return sums[place[own], end[own]] - sums[place[own], start[own]]

    able = np.zeros(len(place), np.bool_)
    shut = single[:, None] & (there != NOBODY)
    present = np.unique(there[shut])
    known = np.where(np.isin(kind, present), kind, NOBODY)  # all kinds that are nowhere are alike
    for size, which in sorted(set(zip(beds.tolist(), known.tolist(), strict=True))):
        own = np.flatnonzero((beds == size) & (known == which))
        able[own] = nights_with((room < size) | (shut & (there != which))) == 0
    return able


def _free(problem: Nights, kinds: dict[str, int]) -> tuple[Ints, Ints]:
    """Beds that are free, and which kind is there (that nobody else is of: SEVERAL)."""
    at = {p.id: n for n, p in enumerate(problem.places)}
    room = np.repeat(np.array([p.beds for p in problem.places], np.int64)[:, None], problem.nights, axis=1)
    there = np.full(room.shape, NOBODY)
    for o in problem.occupied:
        span = np.s_[at[o.place], o.start : o.start + o.nights]
        room[span] -= o.beds
        kind = kinds.get(o.kind, SEVERAL)
        there[span] = np.where((there[span] == NOBODY) | (there[span] == kind), kind, SEVERAL)
    return np.maximum(room, 0), there


def _pairs(problem: Nights) -> tuple[Ints, Ints, Floats]:
    """In order of request and place."""
    r_at = {r.id: n for n, r in enumerate(problem.requests)}
    p_at = {p.id: n for n, p in enumerate(problem.places)}
    request = np.array([r_at[r] for r, _, _ in problem.pairs], np.int64)
    place = np.array([p_at[p] for _, p, _ in problem.pairs], np.int64)
    fee = np.array([cost for _, _, cost in problem.pairs], np.float64)
    order = np.lexsort((place, request))
    return request[order], place[order], fee[order]


def _whole(*costs: Floats) -> tuple[list[Ints], int, bool]:
    """As whole numbers, how many of them make 1, and whether something was rounded (down)."""
    largest = max((float(np.abs(c).max(initial=0)) for c in costs), default=0.0)
    scale = 1
    while True:
        whole = [np.rint(c * scale) for c in costs]
        if all(np.array_equal(w / scale, c) for w, c in zip(whole, costs, strict=True)):
            return [w.astype(np.int64) for w in whole], scale, False
        if largest * scale * 10 > LARGEST or scale >= 10**9:
            # a product is off by less than 2^-7 at this size
            return [np.floor(c * scale - 2**-7).astype(np.int64) for c in costs], scale, True
        scale *= 10


def _floor(problem: Nights, fee: Floats, request: Ints, must: Bools) -> Fraction:
    """Each request at its cheapest, as if there were beds for all."""
    total = Fraction(0)
    cheapest = np.full(len(must), np.inf)
    np.minimum.at(cheapest, request, fee)
    for r, least in zip(problem.requests, cheapest.tolist(), strict=True):
        most = min(r.latest, problem.nights - 1) - r.earliest
        ways = [] if r.mandatory else [exact(r.cost_unplaced)]
        if least < np.inf and most >= 0:
            late = exact(r.cost_per_night_late) * most
            ways.append(exact(least) + min(late, Fraction(0)))
        total += min(ways, default=Fraction(0))
    return total
