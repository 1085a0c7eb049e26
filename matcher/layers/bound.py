"""A bound over all pairs and all groups, for any prices: what each request or group would choose if beds had prices.

Lagrangian relaxation of the room of the nodes, of group mix and of the tiers before. A child alone takes what brings
most above its price; a group the best of: whole in a voorziening, whole at a locatie, split if it has leave, not
placed. The sum of these plus price × room is never less than the best plan (weak duality), whatever the prices; good
ones come from a linear program over few pairs. All in whole numbers, SCALE to the unit, so nothing is lost in
rounding. What a choice loses against the best choice is the least that any plan with it loses: that is how pairs are
left out without losing the proof.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from matcher.layers.columns import Columns, Cuts, Row
from matcher.layers.linear import Floats
from matcher.layers.network import Network, blocks
from matcher.layers.together import Built
from matcher.pairs import NOBODY, Bools, Ints, Pairs

SCALE = 2**16

NEVER = -(2**60)


class Prices(Struct, frozen=True, eq=False):
    """In SCALE-ths, or as `scale` says."""

    node: Ints
    """(N,) with all that is above it."""
    rent: int
    """Price × room, over all nodes and mixes."""
    mix: list[int]
    least: list[int]
    """Per tier before, what one more of it is worth."""
    cut: Ints | None = None
    """Per cut."""
    scale: int = SCALE


class Priced(Struct, frozen=True, eq=False):
    bound: int
    """In units, rounded down."""
    slack: int
    """The bound in SCALE-ths."""
    pair: Ints
    """(P,) what a plan with this pair loses at least, in SCALE-ths."""
    whole: Ints
    """The same for each whole of the columns."""
    group: Ints
    """(G,) the best that each group can do."""


class Index(Struct, frozen=True, eq=False):
    """All pairs of a problem, arranged once."""

    problem: Pairs
    net: Network
    of: Columns
    single: Bools
    """(R,) in no group."""
    member: Ints
    """The pairs of who is in one."""
    unit: _Areas
    place: _Areas


class _Areas(Struct, frozen=True, eq=False):
    """Pairs of members of groups by group, area, and member."""

    pairs: Ints
    starts: Ints
    """Where a new (group, area, member) begins in `pairs` …"""
    segment: Ints
    """… and which of these each pair belongs to."""
    whole: Ints
    """The whole that a segment is part of, or NOBODY."""
    by_slot: Ints
    """The same pairs by whole, slot; only those that are part of a whole …"""
    slot_starts: Ints
    slot_whole: Ints
    slot_beds: Ints
    """… per slot: how many of the group it can hold at most."""
    need: Ints
    """Per whole of all columns: the members."""


def index(problem: Pairs, of: Columns) -> Index:
    net = of.net
    group = problem.groep[net.request]
    at = np.flatnonzero(group >= 0)
    unit = problem.voorziening[net.slot[at]]
    place = problem.locatie[unit]
    alone = of.unit >= 0
    return Index(
        problem=problem,
        net=net,
        of=of,
        single=problem.groep < 0,
        member=at,
        unit=_areas(problem, net, at, unit, np.flatnonzero(alone), of.group[alone], of.unit[alone]),
        place=_areas(problem, net, at, place, np.flatnonzero(~alone), of.group[~alone], of.place[~alone]),
    )


def _areas(problem: Pairs, net: Network, at: Ints, area: Ints, numbers: Ints, group: Ints, where: Ints) -> _Areas:
    width = int(area.max(initial=0)) + 1
    spot = problem.groep[net.request[at]] * width + area
    key = spot * problem.requests + net.request[at]
    order = np.argsort(key, kind="stable")
    new = np.diff(key[order], prepend=-1) != 0
    starts = np.flatnonzero(new)
    known = group * width + where
    by = np.argsort(known, kind="stable")
    mine = spot[order][starts]
    found = np.searchsorted(known[by], mine)
    whole = np.full(len(starts), NOBODY)
    if len(by):
        found = np.minimum(found, len(by) - 1)
        hit = known[by][found] == mine
        whole[hit] = numbers[by][found[hit]]
    segment = np.cumsum(new) - 1
    pairs = at[order]
    inside = np.flatnonzero(whole[segment] >= 0)
    per = whole[segment[inside]] * problem.slots + net.slot[pairs[inside]]
    again = np.argsort(per, kind="stable")
    first = np.flatnonzero(np.diff(per[again], prepend=-1) != 0)
    slot = per[again][first]
    counts = np.diff(first, append=len(again))
    beds = np.minimum(problem.capaciteit[slot % problem.slots], counts) if len(slot) else slot
    sizes = np.bincount(problem.groep[problem.groep >= 0], minlength=len(problem.splitsbaar))
    need = np.zeros(int(numbers.max(initial=-1)) + 1, np.int64)
    need[numbers] = sizes[group]
    return _Areas(pairs, starts, segment, whole, pairs[inside][again], first, slot // max(problem.slots, 1), beds, need)


def prices(problem: Pairs, net: Network, built: Built, dual: Floats) -> Prices:
    """From the duals of a relaxation over some pairs of the same network."""
    has = built.node >= 0
    itself = np.zeros(len(net.room), np.int64)
    own = dual[built.node[has]]
    own = np.where(net.full[has], own, np.maximum(own, 0))  # a node that must be full may have a price below 0
    itself[has] = np.rint(own * SCALE).astype(np.int64)
    node = itself.copy()
    for above in net.above(np.arange(len(net.room)))[1:]:
        node[above >= 0] += itself[above[above >= 0]]
    mix = np.rint(np.maximum(dual[built.mix : built.mix + len(problem.mix)], 0) * SCALE).astype(np.int64).tolist()
    least = np.rint(np.maximum(-dual[built.least : built.cut], 0) * SCALE).astype(np.int64).tolist()
    cut = np.rint(np.maximum(dual[built.cut :], 0) * SCALE).astype(np.int64)
    rent = sum(a * b for a, b in zip(itself.tolist(), net.room.tolist(), strict=True))
    rent += sum(price * one.room for price, one in zip(mix, problem.mix, strict=True))
    return Prices(node, rent, mix, least, cut)


def priced(
    of: Index, goal: Floats | Ints, least: list[tuple[Row, float]], at: Prices, cuts: Cuts | None = None
) -> Priced:
    """The bound on `goal` (whole numbers over all columns) under `least`, and what each choice loses."""
    problem, net = of.problem, of.net
    begin, splits_at, apart_at = of.of.begins
    cost = _whole(goal[:apart_at])
    cost *= at.scale
    total = at.rent
    for (row, bound), price in zip(least, at.least, strict=True):
        if price:
            adds = _whole(row[:apart_at])
            adds *= price
            cost += adds
            del adds
            total -= round(bound) * price
    if cuts is not None and at.cut is not None and at.cut.any():
        # a pair apart is its pair here, and a cut counts both
        here = cuts.column < apart_at
        np.subtract.at(cost, cuts.column[here], at.cut[cuts.row[here]] * cuts.coefficient[here])
        total += sum(a * b for a, b in zip(at.cut.tolist(), cuts.most.tolist(), strict=True))
    pairs = begin
    paid = cost[:pairs]  # in the same place: at ten times a country each such column is 250 MB
    for rows in blocks(pairs):
        paid[rows] -= at.node[net.leaf[rows]]
    for one, price in zip(problem.mix, at.mix, strict=True):
        if price:
            among = np.isin(net.request, one.requests) & (problem.voorziening[net.slot] == one.voorziening)
            paid[among] -= price
    most = np.zeros(problem.requests, np.int64)
    some = np.flatnonzero(net.first[1:] > net.first[:-1])
    if pairs:
        most[some] = np.maximum.reduceat(paid, net.first[some])
        most = np.where(net.must, most, np.maximum(most, 0))
    # what each way to be whole brings, and the best that each group can do
    itself = cost[begin:splits_at]
    each, brings = itself.copy(), itself.copy()
    best_in = [_most_in(areas, paid, each) for areas in (of.unit, of.place)]
    for areas in (of.unit, of.place):
        _beds(areas, paid, brings)
    brings = np.minimum(brings, each)
    apart = np.full(len(problem.splitsbaar), NEVER)
    splits = of.of.splits
    apart[splits] = cost[splits_at:]
    members = np.flatnonzero(~of.single)
    np.add.at(apart, problem.groep[members], most[members])
    idle = np.zeros(len(apart), np.int64)
    idle[problem.groep[net.must & (problem.groep >= 0)]] = NEVER
    group = _best_of(of, np.maximum(apart, idle), brings, each, itself, paid)
    total += int(most[of.single].sum()) + int(group.sum())
    # losses
    member = of.member
    own = problem.groep[net.request[member]]
    with_it = np.empty(pairs, np.int64)  # only looked at for members
    with_it[member] = apart[own] - most[net.request[member]] + paid[member]
    for areas, best in zip((of.unit, of.place), best_in, strict=True):
        inside = areas.whole[areas.segment] >= 0
        pair, segment = areas.pairs[inside], areas.segment[inside]
        whole = areas.whole[segment]
        most_with = np.minimum(each[whole] - best[segment] + paid[pair], brings[whole])
        with_it[pair] = np.maximum(with_it[pair], most_with)
    loss = paid  # again in the same place
    for rows in blocks(pairs):
        np.subtract(most[net.request[rows]], paid[rows], out=loss[rows])
    loss[member] = group[own] - with_it[member]
    return Priced(total // at.scale, total, loss, group[of.of.group] - brings, group)


def _whole(column: Row | Ints) -> Ints:
    """A copy in whole numbers, with no other copy beside it."""
    whole = np.empty(len(column), np.int64)
    if column.dtype == np.int64:
        whole[:] = column
    else:
        np.rint(column, out=whole, casting="unsafe")
    return whole


def _most_in(areas: _Areas, paid: Ints, brings: Ints) -> Ints:
    """The most that a member gets in each area; added to what the wholes bring."""
    if not len(areas.starts):
        return np.zeros(0, np.int64)
    best: Ints = np.maximum.reduceat(paid[areas.pairs], areas.starts)
    inside = areas.whole >= 0
    np.add.at(brings, areas.whole[inside], best[inside])
    return best


def _best_of(of: Index, least: Ints, brings: Ints, each: Ints, itself: Ints, paid: Ints) -> Ints:
    """(G,) the best that each group can do, at least `least`; sharpens `brings` where that decides."""
    order = np.lexsort((-brings, of.of.group))
    group = least.copy()
    begin = np.searchsorted(of.of.group[order], np.arange(len(least) + 1))
    for number, (first, end) in enumerate(zip(begin[:-1].tolist(), begin[1:].tolist(), strict=True)):
        best = int(least[number])
        for whole in order[first:end].tolist():
            if brings[whole] <= best:
                break
            areas = of.unit if of.of.unit[whole] >= 0 else of.place
            brings[whole] = min(int(brings[whole]), int(itself[whole]) + _laid_out(of, areas, whole, paid))
            best = max(best, int(brings[whole]))
        group[number] = best
    return group


def _laid_out(of: Index, areas: _Areas, whole: int, paid: Ints) -> int:
    """The most that a group brings in one area, one child to a bed (assignment, by sets of members)."""
    low, high = np.searchsorted(areas.slot_whole, (whole, whole + 1)).tolist()
    end = areas.slot_starts[high] if high < len(areas.slot_starts) else len(areas.by_slot)
    pairs = areas.by_slot[areas.slot_starts[low] : end]
    members, who = np.unique(of.net.request[pairs], return_inverse=True)
    need = len(members)
    bits = (1 << who).tolist()
    brings = paid[pairs].tolist()
    starts = [*(areas.slot_starts[low:high] - areas.slot_starts[low]).tolist(), len(bits)]
    beds = areas.slot_beds[low:high].tolist()
    if need > 2:  # of each member only as many of the best slots as there are members can matter
        order = np.lexsort((-paid[pairs], who))
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        place -= np.searchsorted(who[order], who)
        useful = (place < need).tolist()
    else:
        useful = [True] * len(bits)
    best = {0: 0}
    for at, room in enumerate(beds):
        here = [(bits[k], brings[k]) for k in range(starts[at], starts[at + 1]) if useful[k]]
        for _ in range(min(room, len(here))):
            new = dict(best)
            for mask, sum_ in best.items():
                for bit, more in here:
                    if not mask & bit and sum_ + more > new.get(mask | bit, NEVER):
                        new[mask | bit] = sum_ + more
            best = new
    return best.get((1 << need) - 1, NEVER)


def _beds(areas: _Areas, paid: Ints, brings: Ints) -> None:
    """Adds the most that a group gets when each bed holds one child: the best beds, each at its best for anybody."""
    if not len(areas.slot_starts):
        return
    most: Ints = np.maximum.reduceat(paid[areas.by_slot], areas.slot_starts)
    order = np.lexsort((-most, areas.slot_whole))
    most, whole, beds = most[order], areas.slot_whole[order], areas.slot_beds[order]
    before = np.cumsum(beds) - beds
    new = np.flatnonzero(np.diff(whole, prepend=-1) != 0)
    inside = before - np.repeat(before[new], np.diff(new, append=len(whole)))
    taken = np.clip(areas.need[whole] - inside, 0, beds)
    np.add.at(brings, whole, taken * most)
