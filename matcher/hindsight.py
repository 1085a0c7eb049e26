"""The best that could have been done with a stream, had everything been known before: a time-indexed program.

A column is a child (or a samenplaatsing that is whole) in a voorziening from one day on; rows are one place per child
and the beds of a voorziening on a day. There are hundreds of thousands of columns, so the relaxation grows: columns by
their reduced cost, rows where a bed is taken twice, and rows that samenplaatsingen in halves break (rounding.py). For
any prices of these rows there is a bound over all columns (weak duality), whatever was left out; then integer programs
over the columns that lose least give stays. Same value as replay.figures, without the rules about who may be held back:
no policy can do better than the bound.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from matcher.layers.linear import Answer, Floats, Model, Solver, solve
from matcher.market import wholes
from matcher.pairs import Bools, Ints
from matcher.replay import POINT, Stays, Stream, Worth, gains, occupied, whole_gains
from matcher.rounding import PARTS, multipliers

BEGIN, MORE, ROWS = 15, 5, 8
"""Columns per child to begin with and added per round, rows added per voorziening."""

LP_GAP = 2e-5
"""The relaxation need not be sharper than this."""

CUT_GAP, CUTS, ROUNDS = 2e-4, 60, 25
"""Rounded rows are looked for from this gap on: so many at once, so many times."""

MIP_GAP = 1e-4
PROVE = 40_000
"""Columns that one integer program can take."""

LOSES = 15 * POINT
"""Columns that lose more in the relaxation do not make a first plan."""


class Hindsight(Struct, frozen=True, eq=False):
    stays: Stays
    value: float
    """In points, as replay.Figures.value. The best that was found …"""
    bound: float
    """… and what is proven that nobody can exceed."""


class _Columns(Struct, frozen=True, eq=False):
    """N columns; an entry is one child of a column, with its bed from day `begin` up to `end` (of the year)."""

    gain: Floats
    owner: Ints
    """(N,) the child, or R + the samenplaatsing: of one owner at most one column is used."""
    column: Ints
    """(E,)"""
    child: Ints
    unit: Ints
    begin: Ints
    end: Ints


class _Cut(Struct, frozen=True, eq=False):
    """A rounded row."""

    column: Ints
    coefficient: Ints
    limit: float


def hindsight(
    stream: Stream,
    worth: Worth,
    *,
    begin: int,
    end: int,
    before: Stays,
    known: tuple[Stays, ...] = (),
    seconds: float = 60.0,
) -> Hindsight:
    """The best for the days from `begin` up to `end` after what was decided before and `known` are stays that it must
    not be worse than.

    `seconds` is for each of the two integer programs; when neither ran out, same stream, same answer.
    """
    of = _columns(stream, worth, begin, end, before)
    room = np.maximum(stream.pairs.capaciteit[:, None] - occupied(stream, before, end)[:, begin:], 0)
    found = _Search(stream, of, room)
    found.relax()
    for stays in known:
        found.take(stays, begin)
    found.plan(found.use & (found.loss <= LOSES), seconds)
    near = found.loss <= found.bound - found.best
    if found.best < found.bound and np.count_nonzero(near) <= PROVE:
        # a better plan has only columns that lose less than the gap
        bound = found.plan(near, seconds)
        found.bound = max(found.best, min(found.bound, bound))
    stays = Stays(before.unit.copy(), before.day.copy())
    entry = found.chosen[of.column]
    stays.unit[of.child[entry]], stays.day[of.child[entry]] = of.unit[entry], of.begin[entry] + begin
    return Hindsight(stays, found.best / POINT, found.bound / POINT)


def _columns(stream: Stream, worth: Worth, begin: int, end: int, before: Stays) -> _Columns:
    every = stream.pairs
    first, last = np.maximum(stream.start, begin), np.minimum(stream.latest, end - 1)
    is_open = (before.unit < 0) & (first <= last)
    # without leave a samenplaatsing comes whole, unless the others had a place before
    broken = np.append(every.splitsbaar, True)
    broken[every.groep[(before.unit >= 0) & (every.groep >= 0)]] = True
    base = np.flatnonzero((is_open & broken[every.groep])[every.request])
    pair, day = _each_day(base, first[every.request[base]], last[every.request[base]])
    who = every.request[pair]
    gain, owner = [gains(stream, worth, pair, day, end)], [who]
    column, child, unit, start = [np.arange(len(pair))], [who], [every.slot[pair]], [day]
    count = len(pair)
    for mates, place, at in wholes(every):
        if is_open[mates].all():
            for one in range(int(first[mates].max()), int(last[mates].min()) + 1):
                days = np.full(len(mates), one)
                both = gains(stream, worth, at, days, end) + whole_gains(stream, worth, mates, days, end)
                gain.append(np.array([both.sum()]))
                owner.append(np.array([every.requests + every.groep[mates[0]]]))
                column.append(np.full(len(mates), count))
                child.append(mates)
                unit.append(np.full(len(mates), place))
                start.append(days)
                count += 1
    children, starts = np.concatenate(child), np.concatenate(start)
    return _Columns(
        gain=np.concatenate(gain).astype(np.float64),
        owner=np.concatenate(owner),
        column=np.concatenate(column),
        child=children,
        unit=np.concatenate(unit),
        begin=starts - begin,
        end=np.minimum(starts + stream.stay[children], end) - begin,
    )


def _each_day(what: Ints, first: Ints, last: Ints) -> tuple[Ints, Ints]:
    many = np.maximum(last - first + 1, 0)
    offset = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many)
    return np.repeat(what, many), np.repeat(first, many) + offset


class _Search:
    """Prices, the bound they prove, and the best stays so far."""

    def __init__(self, stream: Stream, of: _Columns, room: Ints) -> None:
        self.of, self.room, self.children = of, room, stream.pairs.requests
        self.owners = self.children + len(stream.pairs.splitsbaar)
        self.count = len(of.gain)
        # who stayed before only leaves, so where all fit on the first day they fit on every day
        size = np.bincount(of.column, minlength=self.count)
        self.never: Bools = np.zeros(self.count, np.bool_)
        self.never[of.column[room[of.unit, of.begin] < size[of.column]]] = True
        self.use: Bools = np.zeros(self.count, np.bool_)
        self.best, self.chosen = 0.0, np.zeros(self.count, np.bool_)
        self.bound, self.loss = np.inf, np.zeros(self.count)
        self.cuts: list[_Cut] = []

    def price(self, bed_day: Floats, child: Floats, cut: Floats) -> Floats:
        """Keeps the bound of these prices when it is the best; returns what each column gains after them."""
        of = self.of
        upto = np.concatenate((np.zeros((len(bed_day), 1)), np.cumsum(bed_day, axis=1)), axis=1)
        cost = child[of.child] + upto[of.unit, of.end] - upto[of.unit, of.begin]
        left = of.gain - np.bincount(of.column, weights=cost, minlength=self.count)
        for price, row in zip(cut.tolist(), self.cuts, strict=True):
            left[row.column] -= price * row.coefficient
        left[self.never] = -np.inf
        most = np.zeros(self.owners)
        np.maximum.at(most, of.owner, left)
        limits = float(cut @ np.array([row.limit for row in self.cuts], np.float64))
        bound = float((bed_day * self.room).sum() + child.sum() + most.sum()) + limits
        if bound < self.bound:
            # using a column gives up what is left below the best of its owner
            self.bound, self.loss = bound, most[of.owner] - left
        return left

    def take(self, stays: Stays, begin: int) -> None:
        """Begins with these stays when they are the best so far."""
        of = self.of
        there = (stays.unit[of.child] == of.unit) & (stays.day[of.child] == of.begin + begin)
        made = np.bincount(of.column, weights=~there, minlength=self.count) == 0
        # of who is whole the samenplaatsing counts, not the child alone
        whole = np.unique(of.child[(made & (of.owner >= self.children))[of.column]])
        made &= ~((of.owner < self.children) & np.isin(of.owner, whole))
        if float(of.gain[made].sum()) > self.best:
            self.best, self.chosen = float(of.gain[made].sum()), made

    def relax(self) -> None:
        """The linear relaxation, until columns and rows that it lacks hardly matter."""
        rows = np.zeros(self.room.shape, np.bool_)
        rows[:, ::14] = True
        left = self.price(np.zeros(rows.shape), np.zeros(self.children), np.zeros(0))
        self.use[_top(self.of.owner, left, ~self.never, BEGIN)] = True
        rounds = 0
        while True:
            model, columns = self._model(self.use, rows, integer=False)
            found = solve(model, Solver.GLOP, seconds=600.0)
            assert found.x is not None and found.dual is not None
            dual = np.maximum(0.0, found.dual)
            child, bed, cut = np.split(dual, [self.children, self.children + int(rows.sum())])
            bed_day = np.zeros(rows.shape)
            bed_day[rows] = bed
            left = self.price(bed_day, child, cut)
            fresh = _top(self.of.owner, left, (left > 1e-3) & ~self.use, MORE)
            missing = self._overfull(columns, found.x) & ~rows
            now = float(found.x @ model.cost)
            gap = (self.bound - now) / max(abs(now), 1.0)
            if not missing.any() and (not len(fresh) or gap <= (CUT_GAP if rounds < ROUNDS else LP_GAP)):
                new = [self._cut(parts, rows) for parts in multipliers(model, found, CUTS)] if rounds < ROUNDS else []
                if not new and (not len(fresh) or gap <= LP_GAP):
                    return
                rounds += 1
                self.cuts = [row for row, price in zip(self.cuts, cut.tolist(), strict=True) if price > 0] + new
            rows |= missing
            self.use[fresh] = True

    def _cut(self, parts: Ints, rows: Bools) -> _Cut:
        """The rounded row of these multipliers, over all columns."""
        of = self.of
        child, bed, cut = np.split(parts, [self.children, self.children + int(rows.sum())])
        bed_day = np.zeros(rows.shape, np.int64)
        bed_day[rows] = bed
        upto = np.concatenate((np.zeros((len(bed_day), 1), np.int64), np.cumsum(bed_day, axis=1)), axis=1)
        sums = child[of.child] + upto[of.unit, of.end] - upto[of.unit, of.begin]
        total = np.bincount(of.column, weights=sums, minlength=self.count).astype(np.int64)
        limit = int(child.sum() + (bed_day * self.room).sum())
        for part, row in zip(cut.tolist(), self.cuts, strict=True):
            total[row.column] += part * row.coefficient
            limit += part * int(row.limit)
        coefficient = np.where(self.never, 0, total // PARTS)
        column = np.flatnonzero(coefficient)
        return _Cut(column, coefficient[column], float(limit // PARTS))

    def _overfull(self, columns: Ints, x: Floats) -> Bools:
        """(V, days) where more beds are taken than there are, at most ROWS days per voorziening, the worst first."""
        of, value = self.of, np.zeros(self.count)
        value[columns] = x
        change = np.zeros((len(self.room), self.room.shape[1] + 1))
        np.add.at(change, (of.unit, of.begin), value[of.column])
        np.add.at(change, (of.unit, of.end), -value[of.column])
        over = np.cumsum(change, axis=1)[:, :-1] - self.room
        begins = np.diff(over, axis=1, prepend=-np.inf) > 1e-9
        rank = np.argsort(np.argsort(-np.where(begins, over, -np.inf), axis=1), axis=1)
        worst: Bools = (over > 1e-6) & begins & (rank < ROWS)
        return worst

    def _model(self, use: Bools, rows: Bools, *, integer: bool) -> tuple[Model, Ints]:
        of, columns = self.of, np.flatnonzero(use)
        # a whole plan keeps them by itself
        cuts, above = [] if integer else self.cuts, self.children + int(rows.sum())
        number = np.full(self.count, -1)
        number[columns] = np.arange(len(columns))
        entry = np.flatnonzero(use[of.column])
        column, unit = number[of.column[entry]], of.unit[entry]
        before = np.zeros((len(rows), rows.shape[1] + 1), np.int64)
        before[:, 1:] = np.cumsum(rows, axis=1)
        first = (np.cumsum(before[:, -1]) - before[:, -1])[unit] + before[unit, of.begin[entry]]
        many = before[unit, of.end[entry]] - before[unit, of.begin[entry]]
        at, day = _each_day(column, first, first + many - 1)
        key = np.concatenate((of.child[entry], self.children + day)) * len(columns) + np.concatenate((column, at))
        key, counts = np.unique(key, return_counts=True)
        of_cut = [np.flatnonzero(use[cut.column]) for cut in cuts]
        model = Model(
            cost=of.gain[columns],
            lower=np.zeros(len(columns)),
            upper=np.full(len(columns), 1.0 if integer else np.inf),
            integer=np.full(len(columns), integer),
            row_lower=np.full(above + len(cuts), -np.inf),
            row_upper=np.concatenate((np.ones(self.children), self.room[rows], [cut.limit for cut in cuts])),
            row=np.concatenate((key // len(columns), np.repeat(above + np.arange(len(cuts)), list(map(len, of_cut))))),
            column=np.concatenate(
                (key % len(columns), *(number[cut.column[at]] for cut, at in zip(cuts, of_cut, strict=True)))
            ),
            coefficient=np.concatenate(
                (counts, *(cut.coefficient[at] for cut, at in zip(cuts, of_cut, strict=True))), dtype=np.float64
            ),
        )
        return model, columns

    def plan(self, use: Bools, seconds: float) -> float:
        """The best over some columns; returns what bounds them."""
        use = (use & ~self.never) | self.chosen
        if not use.any():
            return 0.0
        rows = np.zeros(self.room.shape, np.bool_)
        entry = use[self.of.column]
        rows[self.of.unit[entry], self.of.begin[entry]] = True  # where a bed is taken twice, some stay begins
        model, columns = self._model(use, rows, integer=True)
        hint = self.chosen[columns].astype(np.float64)
        found: Answer = solve(model, Solver.SCIP, seconds=seconds, gap=MIP_GAP, hint=hint)
        if found.x is not None and float(np.rint(found.x) @ model.cost) > self.best:
            self.best = float(np.rint(found.x) @ model.cost)
            self.chosen[:] = False
            self.chosen[columns[found.x > 0.5]] = True
        return found.bound


def _top(owner: Ints, left: Floats, among: Bools, count: int) -> Ints:
    """Of each owner the columns with most left, at most `count`."""
    at = np.flatnonzero(among)
    at = at[np.lexsort((-left[at], owner[at]))]
    rank = np.arange(len(at)) - np.searchsorted(owner[at], owner[at])
    best: Ints = at[rank < count]
    return best
