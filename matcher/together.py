"""Samenplaatsingen as columns on top of the flow: a mixed integer model in which a group is whole, split or at home.

Columns: x for a pair, y for a group that is whole in a voorziening or at a locatie, s for a group that is split.
Without leave a member has a pair at a locatie exactly as far as the group is whole there, so it is all or nothing;
with leave at least as far, and what goes beyond that is paid by s. As sharp as one column for every way in which a group
can lie over concrete slots, without having to list these.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from matcher.linear import Floats, Model
from matcher.network import Network, complete
from matcher.pairs import CRISIS, NOBODY, REGULIER, SPOED, Bools, Ints, Pairs
from matcher.plan_check import Tier


class Columns(Struct, frozen=True, eq=False):
    """What the columns of a model mean, in this order: pairs, wholes, splits."""

    net: Network
    group: Ints
    """Of each whole its group, …"""
    unit: Ints
    """… its voorziening, or NOBODY when it is over several of a locatie, …"""
    place: Ints
    """… and its locatie."""
    splits: Ints
    """Groups with leave."""

    @property
    def count(self) -> int:
        return len(self.net.request) + len(self.group) + len(self.splits)


def columns(problem: Pairs, net: Network) -> Columns:
    """Every way to be whole over these pairs; pairs that a group without leave cannot use must be out already."""
    at = np.flatnonzero(problem.groep[net.request] >= 0)
    group = problem.groep[net.request[at]]
    unit = problem.voorziening[net.slot[at]]
    place = problem.locatie[unit]
    in_unit, in_place = complete(problem, net, at, unit), complete(problem, net, at, place)
    width = len(problem.ruimte) + 1
    one = np.unique((group * width + unit)[in_unit])
    # at a locatie with one voorziening that is an option there is nothing to be over
    several = np.unique(np.stack((group, place, unit), 1)[in_place], axis=0)
    spots, counts = np.unique(several[:, :2], axis=0, return_counts=True)
    over = spots[counts > 1]
    return Columns(
        net=net,
        group=np.concatenate((one // width, over[:, 0])),
        unit=np.concatenate((one % width, np.full(len(over), NOBODY))),
        place=np.concatenate((problem.locatie[one % width], over[:, 1])),
        splits=np.flatnonzero(problem.splitsbaar),
    )


def costs(problem: Pairs, of: Columns, tier: Tier) -> Floats:
    """What each column adds to a tier."""
    net = of.net
    cost = np.zeros(of.count)
    x = cost[: len(net.request)]
    if tier is Tier.VAST:
        x[:] = np.isin(net.request, problem.vast[:, 0])  # of these only the fixed pair is left
    elif tier is Tier.WACHTDAGEN:
        x[:] = problem.wachtdagen[net.request]
    elif tier is Tier.GESPLITST:
        cost[len(net.request) + len(of.group) :] = -1
    elif tier is Tier.LOCATIE:
        cost[len(net.request) : len(net.request) + len(of.group)] = -(of.unit < 0).astype(float)
    elif tier is Tier.SCORE:
        x[:] = net.value
    elif tier is Tier.BEHOUDEN:
        x[:] = problem.vorige[net.request] == net.slot
    else:
        urgentie = {Tier.CRISIS: CRISIS, Tier.SPOED: SPOED, Tier.REGULIER: REGULIER}[tier]
        x[:] = problem.urgentie[net.request] == urgentie
    return cost


class _Rows:
    """Collects rows with their coefficients."""

    def __init__(self) -> None:
        self.count = 0
        self.parts: list[tuple[Ints, Ints, Floats]] = []
        self.lower: list[Floats] = []
        self.upper: list[Floats] = []

    def add(self, count: int, lower: float | Floats, upper: float | Floats) -> int:
        self.lower.append(np.broadcast_to(np.asarray(lower, np.float64), (count,)))
        self.upper.append(np.broadcast_to(np.asarray(upper, np.float64), (count,)))
        self.count += count
        return self.count - count

    def put(self, row: Ints, column: Ints, coefficient: float | Floats) -> None:
        self.parts.append((row, column, np.broadcast_to(np.asarray(coefficient, np.float64), row.shape)))

    def sorted(self) -> tuple[Ints, Ints, Floats, Floats, Floats]:
        row, column, coefficient = (np.concatenate([part[at] for part in self.parts]) for at in range(3))
        order = np.lexsort((column, row))
        return row[order], column[order], coefficient[order], np.concatenate(self.lower), np.concatenate(self.upper)


class Built(Struct, frozen=True, eq=False):
    """A model, and where its rows of general interest are."""

    model: Model
    node: Ints
    """(N,) the row of a node, or NOBODY where there is always room."""
    mix: int
    """The first of the rows for group mix …"""
    least: int
    """… and of those for what must at least be reached."""


def model(problem: Pairs, of: Columns, goal: Floats, least: list[tuple[Floats, float]], *, whole: bool = True) -> Built:
    """Maximise `goal` under the rules; each of `least` must be at least so much. Without `whole` the relaxation."""
    net, rows = of.net, _Rows()
    pairs = np.arange(len(net.request))
    wholes = len(pairs) + np.arange(len(of.group))
    split = np.full(len(problem.splitsbaar), NOBODY)
    split[of.splits] = len(pairs) + len(of.group) + np.arange(len(of.splits))
    group = problem.groep[net.request]
    unit = problem.voorziening[net.slot]
    place = problem.locatie[unit]

    # a child is placed once
    loose = (group < 0) | problem.splitsbaar[np.maximum(group, 0)] if len(problem.splitsbaar) else group < 0
    who, row = np.unique(net.request[loose], return_inverse=True)
    rows.put(rows.add(len(who), -np.inf, 1) + row, pairs[loose], 1)
    node = _room(net, rows)
    first_mix = rows.count
    for mix in problem.mix:
        among = np.isin(net.request, mix.requests) & (unit == mix.voorziening)
        rows.put(np.full(np.count_nonzero(among), rows.add(1, -np.inf, mix.room)), pairs[among], 1)
    if len(of.group) or len(of.splits):
        _groups(problem, of, rows, split=split, wholes=wholes, group=group, unit=unit, place=place)
    first_least = rows.count
    for cost, bound in least:
        some = np.flatnonzero(cost)
        rows.put(np.full(len(some), rows.add(1, bound, np.inf)), some, cost[some])
    row, column, coefficient, lower, upper = rows.sorted()
    made = Model(
        cost=goal,
        lower=np.zeros(of.count),
        upper=np.ones(of.count),
        integer=np.full(of.count, whole),
        row_lower=lower,
        row_upper=upper,
        row=row,
        column=column,
        coefficient=coefficient,
    )
    return Built(made, node, first_mix, first_least)


def _room(net: Network, rows: _Rows) -> Ints:
    """Beds, and room of the voorziening, where more could come than there is room for."""
    row_of = np.full(len(net.room), NOBODY)
    for node in net.above(net.leaf):
        some = np.flatnonzero(node >= 0)
        _, index = np.unique(node[some] * len(net.first) + net.request[some], return_index=True)
        could = np.bincount(node[some[index]], minlength=len(net.room))
        tight = np.flatnonzero(could > net.room)
        number = np.full(len(net.room), NOBODY)
        number[tight] = rows.add(len(tight), -np.inf, net.room[tight].astype(np.float64)) + np.arange(len(tight))
        some = some[number[node[some]] >= 0]
        rows.put(number[node[some]], some, 1)
        row_of[tight] = number[tight]
    return row_of


def _groups(
    problem: Pairs, of: Columns, rows: _Rows, *, split: Ints, wholes: Ints, group: Ints, unit: Ints, place: Ints
) -> None:
    net, leave = of.net, problem.splitsbaar
    # a group is whole once, or split
    used = np.unique(np.concatenate((of.group, of.splits)))
    number = np.full(len(leave), NOBODY)
    number[used] = rows.add(len(used), -np.inf, 1) + np.arange(len(used))
    rows.put(number[of.group], wholes, 1)
    rows.put(number[of.splits], split[of.splits], 1)

    # per member and locatie: there as far as the group is whole there
    member = np.flatnonzero(problem.groep >= 0)
    spots = int(problem.locatie.max(initial=0)) + 1
    wide = len(problem.ruimte)
    _same(problem, rows, member, net, group * spots + place, of.group * spots + of.place, wholes, exact=True)
    # where it may also be over several voorzieningen, whole in one of them means there
    over = np.unique((of.group * spots + of.place)[of.unit < 0])
    inside = (of.unit >= 0) & np.isin(of.group * spots + of.place, over)
    if inside.any():
        at = np.where(np.isin(group * spots + place, over), group * wide + unit, NOBODY)
        mine = of.group[inside] * wide + of.unit[inside]
        _same(problem, rows, member, net, at, mine, wholes[inside], exact=False)
    # with leave: placed beyond that is split
    mates = member[leave[problem.groep[member]]] if len(leave) else member[:0]
    number = np.full(problem.requests, NOBODY)
    number[mates] = rows.add(len(mates), -np.inf, 0) + np.arange(len(mates))
    own = np.flatnonzero(number[net.request] >= 0)
    rows.put(number[net.request[own]], own, 1)
    rows.put(number[mates], split[problem.groep[mates]], -1)
    for who, column in _members(problem, mates, of.group, wholes):
        rows.put(number[who], column, -1)


def _members(problem: Pairs, member: Ints, group: Ints, column: Ints) -> list[tuple[Ints, Ints]]:
    """Each column of a group with each of its members."""
    order = np.argsort(group, kind="stable")
    begin = np.searchsorted(group[order], problem.groep[member])
    counts = np.searchsorted(group[order], problem.groep[member], side="right") - begin
    who = np.repeat(member, counts)
    at = np.arange(len(who)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(begin, counts)
    return [(who, column[order[at]])]


def _same(
    problem: Pairs, rows: _Rows, member: Ints, net: Network, area: Ints, of_area: Ints, wholes: Ints, *, exact: bool
) -> None:
    """Σ of the pairs of a member in an area - Σ of the wholes there: ≥ 0, and = 0 for a group without leave."""
    keys, index = np.unique(of_area, return_inverse=True)
    pair = np.flatnonzero((problem.groep[net.request] >= 0) & np.isin(area, keys))
    rank = np.full(problem.requests, 0)
    sizes = np.bincount(problem.groep[member], minlength=len(problem.splitsbaar))
    order = member[np.argsort(problem.groep[member], kind="stable")]
    rank[order] = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    most = int(sizes.max(initial=1))
    row_of = np.searchsorted(keys, area[pair]) * most + rank[net.request[pair]]
    there, row = np.unique(row_of, return_inverse=True)
    upper = np.full(len(there), np.inf)
    if exact:
        first = np.full(len(there), 0)
        first[row] = problem.groep[net.request[pair]]
        upper[~problem.splitsbaar[first]] = 0.0
    begin = rows.add(len(there), 0.0, upper)
    rows.put(begin + row, pair, 1)
    for step in range(most):
        at = np.searchsorted(there, index * most + step)
        hit = (at < len(there)) & (there[np.minimum(at, len(there) - 1)] == index * most + step)
        rows.put(begin + at[hit], wholes[hit], -1)


def plan_of(problem: Pairs, of: Columns, x: Floats) -> Ints:
    """(R,) the slot of each request in a solution."""
    plan = np.full(problem.requests, NOBODY)
    chosen = np.flatnonzero(x[: len(of.net.request)] > 0.5)
    plan[of.net.request[chosen]] = of.net.slot[chosen]
    return plan


def usable(net: Network, keep: Bools, problem: Pairs) -> Network:
    """The pairs `keep`, without those that a group without leave can then no longer use."""
    thin = net.keep(keep)
    group = problem.groep[thin.request]
    at = np.flatnonzero((group >= 0) & ~problem.splitsbaar[np.maximum(group, 0)]) if len(problem.splitsbaar) else ()
    if not len(at):
        return thin
    ok = np.ones(len(thin.request), np.bool_)
    ok[at] = complete(problem, thin, at, problem.locatie[problem.voorziening[thin.slot[at]]])
    return thin if ok.all() else thin.keep(ok)
