"""What can be in one place on one night, as rows that every solution keeps: Σ coefficient × request there ≤ limit.

Beds: Σ beds ≤ free. Sizes: a place of 4 beds takes one request of 3, so for each d: Σ ⌊beds / d⌋ ≤ ⌊free / d⌋.
Kinds, where only one may be there: what each kind shows of being there adds up to at most 1; that is its share of the
beds, its share of a row of sizes, or any one of its requests. All whole numbers, so that a bound from prices on these
rows is exact.
"""

from __future__ import annotations

from math import lcm

import numpy as np
from msgspec import Struct

from matcher.layers.linear import Floats
from matcher.nights.options import Options, spread
from matcher.pairs import Ints

SIZES = 8
"""Rows of sizes are made up to this d."""
CUT = 1e-3
"""A row about kinds is added when it is broken by this much."""


class Cells(Struct, frozen=True, eq=False):
    """Pairs (request, place) that have options, and where they can be: pair × night. A cell is place × night."""

    nights: int
    pair: Ints
    """(O,) of each option"""
    request: Ints
    """(Q,) of each pair"""
    place: Ints
    key: Ints
    """(K,) pair × nights + night that some option covers, in order …"""
    cell: Ints
    """… and its place × nights + night"""


class Rows(Struct, frozen=True, eq=False):
    row: Ints
    """(E,) entries: row, and number in `Cells.key`"""
    at: Ints
    coefficient: Ints
    limit: Ints
    """(M,)"""

    def plus(self, other: Rows) -> Rows:
        return Rows(
            np.concatenate((self.row, other.row + len(self.limit))),
            np.concatenate((self.at, other.at)),
            np.concatenate((self.coefficient, other.coefficient)),
            np.concatenate((self.limit, other.limit)),
        )


def cells(of: Options) -> Cells:
    nights, width = of.problem.nights, len(of.problem.places)
    names, pair = np.unique(of.request * width + of.place, return_inverse=True)
    request, place = names // width, names % width
    low, high = np.full(len(names), nights), np.zeros(len(names), np.int64)
    np.minimum.at(low, pair, of.start)
    np.maximum.at(high, pair, of.end)
    own, night = spread(low, high)
    return Cells(nights, pair, request, place, own * nights + night, place[own] * nights + night)


def base(of: Options, on: Cells) -> Rows:
    """The rows about beds and sizes; only those that can be broken."""
    own = on.request[on.key // on.nights]
    beds, room = of.beds[own], of.room.reshape(-1)
    rows = Rows(*(np.zeros(0, np.int64),) * 4)
    for d in range(1, min(int(of.beds.max(initial=1)), SIZES) + 1):
        share = beds // d
        wanted = np.bincount(on.cell, share, len(room)) > room // d
        if d > 1:  # where nothing is lost in rounding the row says what that of the beds says
            loses = room % d > 0
            loses[on.cell[(beds % d > 0) & (share > 0)]] = True
            wanted &= loses
        number = np.cumsum(wanted) - 1
        some = np.flatnonzero(wanted[on.cell] & (share > 0))
        rows = rows.plus(Rows(number[on.cell[some]], some, share[some], (room // d)[wanted]))
    return rows


def kinds(of: Options, on: Cells, there: Floats) -> Rows:
    """Rows about kinds that are broken by `there` (K,): how much of each pair is there on each night."""
    own = on.request[on.key // on.nights]
    at = np.flatnonzero(of.single[on.cell // on.nights] & (there > 1e-9))
    if not len(at):
        return Rows(*(np.zeros(0, np.int64),) * 4)
    width = int(of.kind.max()) + 1
    names, group = np.unique(on.cell[at] * width + of.kind[own[at]], return_inverse=True)
    room, beds = of.room.reshape(-1)[names // width], of.beds[own[at]]
    # what shows most that a kind is there: a size (number d), or one request (number −1 − at)
    shown, by = np.zeros(len(names)), np.zeros(len(names), np.int64)
    for d in range(1, min(int(of.beds.max(initial=1)), SIZES) + 1):
        able = room // d > 0
        share = np.bincount(group, (beds // d) * there[at], len(names))
        share[able] /= (room // d)[able]
        better = able & (share > shown + 1e-9)
        shown[better], by[better] = share[better], d
    order = np.lexsort((there[at], group))
    last = order[np.flatnonzero(np.diff(group[order], append=-1) != 0)]
    better = there[at][last] > shown + 1e-9
    shown[better], by[better] = there[at][last][better], -1 - last[better]
    cell = names // width
    total = np.bincount(cell, shown, of.room.size)
    broken = np.flatnonzero(total > 1 + CUT)
    # all that could be in those cells, by kind: kinds that nobody is of there now show by their beds
    member = np.flatnonzero(np.isin(on.cell, broken))
    sign = np.searchsorted(names, on.cell[member] * width + of.kind[own[member]])
    sign_known = (sign < len(names)) & (
        names[np.minimum(sign, len(names) - 1)] == on.cell[member] * width + of.kind[own[member]]
    )
    how = np.where(sign_known, by[np.minimum(sign, len(names) - 1)], 1)
    limit = np.ones(len(broken), np.int64)
    free = of.room.reshape(-1)[on.cell[member]]
    row = np.searchsorted(broken, on.cell[member])
    parts = np.where(how > 0, free // np.maximum(how, 1), 1)
    for number, part in set(zip(row.tolist(), parts.tolist(), strict=True)):
        limit[number] = lcm(int(limit[number]), part)
    whole = limit[row]
    one = np.zeros(len(member), np.bool_)
    one[how < 0] = member[how < 0] == at[-1 - how[how < 0]]
    coefficient = np.where(
        how > 0, of.beds[own[member]] // np.maximum(how, 1) * (whole // parts), np.where(one, whole, 0)
    )
    some = np.flatnonzero(coefficient)
    return Rows(row[some], member[some], coefficient[some], limit)
