"""Options and rows as a linear or mixed integer model."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from matcher.layers.linear import Floats, Model
from matcher.nights.cells import Cells, Rows
from matcher.nights.options import Options, spread
from matcher.pairs import NOBODY, Bools, Ints


class Built(Struct, frozen=True, eq=False):
    model: Model
    options: Ints
    """Of the first columns; then for each request that it is left out; then kinds in a place on a night."""
    requests: int
    flags: Ints
    """Of the last columns: place × nights + night, times kinds, + kind"""

    def chosen(self, of: Options, x: Floats) -> Ints:
        """(R,) the option of each request, or NOBODY."""
        taken = self.options[x[: len(self.options)] > 0.5]
        chosen = np.full(self.requests, NOBODY)
        chosen[of.request[taken]] = taken
        return chosen

    def start(self, of: Options, chosen: Ints) -> Floats:
        """The solution as columns."""
        x = np.zeros(len(self.model.cost))
        x[: len(self.options)] = chosen[of.request[self.options]] == self.options
        x[len(self.options) : len(self.options) + self.requests] = chosen == NOBODY
        placed = np.flatnonzero(chosen != NOBODY)
        own, night = spread(of.start[chosen[placed]], of.end[chosen[placed]])
        width = int(of.kind.max(initial=0)) + 1
        cell = of.place[chosen[placed]][own] * of.problem.nights + night
        x[len(self.options) + self.requests :] = np.isin(self.flags, cell * width + of.kind[placed][own])
        return x


def covered(of: Options, on: Cells, at: Ints) -> tuple[Ints, Ints]:
    """Each night of each of these options: the option's number in `at`, and the number in `on.key`."""
    own, night = spread(of.start[at], of.end[at])
    return own, np.searchsorted(on.key, on.pair[at][own] * on.nights + night)


def coefficients(of: Options, on: Cells, rows: Rows, at: Ints) -> tuple[Ints, Ints, Floats]:
    """Row, number in `at`, coefficient: in order of row, then number."""
    own, spot = covered(of, on, at)
    order = np.argsort(rows.at, kind="stable")
    by = rows.at[order]
    which, entry = spread(np.searchsorted(by, spot), np.searchsorted(by, spot, side="right"))
    entry = order[entry]
    # rows are about one night, so a stay is in each at most once
    row, number = rows.row[entry], own[which]
    sort = np.argsort(row * max(len(at), 1) + number)
    return row[sort], number[sort], rows.coefficient[entry][sort].astype(np.float64)


def build(
    of: Options,
    on: Cells,
    rows: Rows,
    at: Ints,
    may_out: Bools,
    *,
    whole: bool,
    missing: float = 0.0,
    free: bool = False,
) -> Built:
    """A model of the options `at`; `whole`: with kinds, as whole numbers.

    `missing`: a mandatory request may be left out at this cost. `free`: nothing costs anything.
    """
    requests, count = len(of.out), len(at)
    row_of, column_of, weight = coefficients(of, on, rows, at)
    row, column = [np.arange(requests), of.request[at]], [count + np.arange(requests), np.arange(count)]
    values = [np.ones(requests), np.ones(count)]
    row.append(requests + row_of)
    column.append(column_of)
    values.append(weight)
    lower = [np.ones(requests), np.full(len(rows.limit), -np.inf)]
    upper = [np.ones(requests), rows.limit.astype(np.float64)]
    total = requests + len(rows.limit)
    flags, flag_names = 0, np.zeros(0, np.int64)
    if whole:
        own, spot = covered(of, on, at)
        single = of.single[on.cell[spot] // on.nights]
        width = int(of.kind.max(initial=0)) + 1
        names = on.cell[spot] * width + of.kind[of.request[at]][own]
        known, number = np.unique(names[single], return_inverse=True)
        cell, back = np.unique(known // width, return_inverse=True)
        mixed = np.bincount(back, minlength=len(cell)) > 1
        wanted = mixed[back] if len(back) else np.zeros(0, np.bool_)
        flag = np.cumsum(wanted) - 1
        flags, flag_names = int(wanted.sum()), known[wanted]
        use = np.flatnonzero(wanted[number]) if len(number) else np.zeros(0, np.int64)
        # Σ beds of a kind ≤ free × kind is there
        row += [total + flag[number[use]], total + np.arange(flags)]
        column += [own[single][use], count + requests + np.arange(flags)]
        values += [
            of.beds[of.request[at]][own[single][use]].astype(np.float64),
            -of.room.reshape(-1)[known[wanted] // width].astype(np.float64),
        ]
        lower.append(np.full(flags, -np.inf))
        upper.append(np.zeros(flags))
        total += flags
        kind_row = np.cumsum(mixed) - 1
        row.append(total + kind_row[back[wanted]] if flags else np.zeros(0, np.int64))
        column.append(count + requests + np.arange(flags))
        values.append(np.ones(flags))
        lower.append(np.full(int(mixed.sum()), -np.inf))
        upper.append(np.ones(int(mixed.sum())))
        total += int(mixed.sum())
    out = np.where(of.out == NOBODY, missing, of.out).astype(np.float64)
    cost = np.concatenate((of.cost[at].astype(np.float64), out, np.zeros(flags)))
    if free:
        cost[:] = 0
    rows_of, columns_of, weights = np.concatenate(row), np.concatenate(column), np.concatenate(values)
    by = np.lexsort((columns_of, rows_of))
    leave = may_out & ((of.out != NOBODY) | (missing > 0))
    upper_of = np.concatenate((np.ones(count), leave.astype(np.float64), np.ones(flags)))
    if not whole:  # that a request is there once says the same, without prices of its own
        upper_of[upper_of > 0] = np.inf
    model = Model(
        cost=-cost,
        lower=np.zeros(len(cost)),
        upper=upper_of,
        integer=np.full(len(cost), whole),
        row_lower=np.concatenate(lower),
        row_upper=np.concatenate(upper),
        row=rows_of[by],
        column=columns_of[by],
        coefficient=weights[by],
    )
    return Built(model, at, requests, flag_names)
