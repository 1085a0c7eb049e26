"""Samenplaatsingen as columns on top of the flow: the rows of a mixed integer model in which a group is whole, split or
at home.

A member has an x at a locatie exactly as far as the group is whole there, so it is all or nothing; a w as far as the
group is split. And a group takes no more of a slot than is there for each part of it. As sharp as a column for nearly
every way in which a group can lie over slots, without listing these. Columns (x, y, s, w): columns.py.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct, structs

from matcher.layers.columns import Columns, Cuts, Row
from matcher.layers.linear import Floats, Model
from matcher.layers.network import Network, distinct
from matcher.pairs import NOBODY, Ints, Pairs

KIND = 2**56
"""Rows have keys, by which one finds them again in a model over other pairs: kind × KIND + what it is about."""


class _Rows:
    """Collects rows with their coefficients."""

    def __init__(self) -> None:
        self.count = 0
        self.parts: list[tuple[Ints, Ints, Floats]] = []
        self.lower: list[Floats] = []
        self.upper: list[Floats] = []
        self.keys: list[Ints] = []

    def add(self, about: Ints, lower: float | Floats, upper: float | Floats) -> int:
        """One row for each of `about`; returns the first."""
        count = len(about)
        self.keys.append(len(self.keys) * KIND + about.astype(np.int64))
        self.lower.append(np.broadcast_to(np.asarray(lower, np.float64), (count,)))
        self.upper.append(np.broadcast_to(np.asarray(upper, np.float64), (count,)))
        self.count += count
        return self.count - count

    def put(self, row: Ints, column: Ints, coefficient: float | Row) -> None:
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
    """… of those for what must at least be reached …"""
    cut: int
    """… and of the cuts."""
    keys: Ints


def model(
    problem: Pairs,
    of: Columns,
    goal: Floats,
    least: list[tuple[Row, float]],
    cuts: Cuts | None = None,
    *,
    whole: bool = True,
) -> Built:
    """Maximise `goal` under the rules; each of `least` must be at least so much. Without `whole` the relaxation."""
    net, rows = of.net, _Rows()
    group = problem.groep[net.request]
    unit = problem.voorziening[net.slot]
    place = problem.locatie[unit]
    # a child alone is placed once
    loose = np.flatnonzero(group < 0)
    who, row = np.unique(net.request[loose], return_inverse=True)
    rows.put(rows.add(who, np.where(net.must[who], 1.0, -np.inf), 1) + row, loose, 1)
    node = _room(of, rows)
    first_mix = rows.add(np.arange(len(problem.mix)), -np.inf, np.array([float(mix.room) for mix in problem.mix]))
    for number, mix in enumerate(problem.mix):
        among = np.isin(net.request, mix.requests) & (unit == mix.voorziening)
        both = np.concatenate((np.flatnonzero(among), of.begins[2] + np.flatnonzero(among[of.apart])))
        rows.put(np.full(len(both), first_mix + number), both, 1)
    if len(problem.splitsbaar):
        _groups(problem, of, rows, group=group, unit=unit, place=place)
    first_least = rows.add(np.arange(len(least)), np.array([bound for _, bound in least]), np.inf)
    for number, (cost, _) in enumerate(least):
        some = np.flatnonzero(cost)
        rows.put(np.full(len(some), first_least + number), some, cost[some])
    cuts = Cuts.none() if cuts is None else cuts
    first_cut = rows.add(np.arange(len(cuts.most)), -np.inf, cuts.most.astype(np.float64))
    rows.put(first_cut + cuts.row, cuts.column, cuts.coefficient.astype(np.float64))
    row, column, coefficient, lower, upper = rows.sorted()
    integer = np.full(of.count, whole)
    loose_rows = [cost for cost, _ in least if cost[: of.begins[0]].any()]
    if not loose_rows and not problem.mix:  # then pairs follow: two nested families of rows are a flow
        integer[: of.begins[0]] = integer[of.begins[2] :] = False
    most = np.ones(of.count)
    most[of.useless] = 0
    made = Model(
        cost=goal,
        lower=np.zeros(of.count),
        upper=most,
        integer=integer,
        row_lower=lower,
        row_upper=upper,
        row=row,
        column=column,
        coefficient=coefficient,
    )
    return Built(made, node, first_mix, first_least, first_cut, np.concatenate(rows.keys))


def _room(of: Columns, rows: _Rows) -> Ints:
    """Beds, and room of the voorziening, where more could come than there is room for."""
    net, apart = of.net, of.begins[2]
    levels = net.above(net.leaf)
    key = distinct(
        np.concatenate([node[node >= 0].astype(np.int64) * len(net.first) + net.request[node >= 0] for node in levels])
    )
    could = np.bincount(key // len(net.first), minlength=len(net.room))
    tight = np.flatnonzero((could > net.room) | net.full)
    room = net.room[tight].astype(np.float64)
    row_of = np.full(len(net.room) + 1, NOBODY)  # the last is that of NOBODY
    row_of[tight] = rows.add(tight, np.where(net.full[tight], room, -np.inf), room) + np.arange(len(tight))
    for node in levels:
        row = row_of[node]
        rows.put(row[row >= 0], np.flatnonzero(row >= 0), 1)
        row = row[of.apart]
        rows.put(row[row >= 0], apart + np.flatnonzero(row >= 0), 1)
    return row_of[:-1]


def _groups(problem: Pairs, of: Columns, rows: _Rows, *, group: Ints, unit: Ints, place: Ints) -> None:
    net, wide, spots = of.net, len(problem.ruimte), int(problem.locatie.max(initial=0)) + 1
    begin, splits, apart = of.begins
    wholes = begin + np.arange(len(of.group))
    # a group is whole once, or split
    used, row = np.unique(np.concatenate((of.group, of.splits)), return_inverse=True)
    must = np.zeros(len(problem.splitsbaar), np.bool_)
    must[problem.groep[net.must & (problem.groep >= 0)]] = True
    rows.put(rows.add(used, np.where(must[used], 1.0, -np.inf), 1) + row, begin + np.arange(len(row)), 1)
    # per member and locatie: there as far as the group is whole there
    at, of_spot = group * spots + place, of.group * spots + of.place
    _same(problem, rows, net, at, of_spot, wholes, 0.0)
    # where it may also be over several voorzieningen, whole in one of them means there
    over = np.unique(of_spot[of.unit < 0])
    inside = (of.unit >= 0) & np.isin(of_spot, over)
    there = np.where(np.isin(at, over), group * wide + unit, NOBODY)
    _same(problem, rows, net, there, (of.group * wide + of.unit)[inside], wholes[inside], np.inf)
    _beds(problem, of, rows, group=group, unit=unit, place=place)
    # a member is placed apart as far as the group is split
    who, row = np.unique(net.request[of.apart], return_inverse=True)
    first = rows.add(who, np.where(net.must[who], 0.0, -np.inf), 0)
    rows.put(first + row, apart + np.arange(len(of.apart)), 1)
    rows.put(first + np.arange(len(who)), splits + np.searchsorted(of.splits, problem.groep[who]), -1)


def _same(problem: Pairs, rows: _Rows, net: Network, area: Ints, of_area: Ints, wholes: Ints, most: float) -> None:
    """Per member: Σ of its pairs in an area - Σ of the wholes there, from 0 up to `most`."""
    keys = np.unique(of_area)
    pair = np.flatnonzero((problem.groep[net.request] >= 0) & np.isin(area, keys))
    spot = np.searchsorted(keys, area[pair])
    there, row = np.unique(spot * problem.requests + net.request[pair], return_inverse=True)
    begin = rows.add(keys[there // problem.requests] * problem.requests + there % problem.requests, 0.0, most)
    rows.put(begin + row, pair, 1)
    _each(rows, begin, there // problem.requests, np.searchsorted(keys, of_area), wholes, np.full(len(there), -1.0))


def _beds(problem: Pairs, of: Columns, rows: _Rows, *, group: Ints, unit: Ints, place: Ints) -> None:
    """Σ over members of a slot ≤ beds × the wholes that reach it: implied for whole plans, sharper for relaxed ones."""
    net, slots = of.net, problem.slots
    pair = np.flatnonzero(group >= 0)
    there, row, counts = np.unique(group[pair] * slots + net.slot[pair], return_inverse=True, return_counts=True)
    beds = problem.capaciteit[there % slots]
    tight = np.flatnonzero(counts > beds)
    number = np.full(len(there), NOBODY)
    begin = rows.add(there[tight], -np.inf, 0.0)
    number[tight] = begin + np.arange(len(tight))
    hit = number[row] >= 0
    rows.put(number[row][hit], pair[hit], 1)
    own, slot = there[tight] // slots, there[tight] % slots
    minus = -beds[tight].astype(np.float64)
    wholes, inside = of.begins[0] + np.arange(len(of.group)), of.unit >= 0
    wide, spots = len(problem.ruimte), int(problem.locatie.max(initial=0)) + 1
    for key, of_key, column in (
        (own * wide + problem.voorziening[slot], (of.group * wide + of.unit)[inside], wholes[inside]),
        (
            own * spots + problem.locatie[problem.voorziening[slot]],
            (of.group * spots + of.place)[~inside],
            wholes[~inside],
        ),
    ):
        _each(rows, begin, key, of_key, column, minus)


def _each(rows: _Rows, begin: int, key: Ints, of_key: Ints, column: Ints, coefficient: Floats) -> None:
    """Puts in each row (begin + position in `key`) the columns with the same key."""
    order = np.argsort(of_key, kind="stable")
    first = np.searchsorted(of_key[order], key)
    counts = np.searchsorted(of_key[order], key, side="right") - first
    row = np.repeat(np.arange(len(key)), counts)
    at = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)
    rows.put(begin + row, column[order[at]], coefficient[row])


def settled(built: Built, of: Columns, x: Floats) -> Model:
    """The same model with what is whole or split as in x: its best corner is a plan, where x itself may not be."""
    lower, upper = built.model.lower.copy(), built.model.upper.copy()
    some = slice(of.begins[0], of.begins[2])
    lower[some] = upper[some] = np.rint(x[some])
    return structs.replace(built.model, lower=lower, upper=upper, integer=np.zeros(len(lower), np.bool_))
