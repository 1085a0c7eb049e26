"""Prices for beds, from a linear program that starts with few options and gets those, and the rows, that matter."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from matcher.layers.linear import Floats, Growing, Interrupter
from matcher.nights.bound import Priced, priced
from matcher.nights.cells import Cells, Rows, kinds
from matcher.nights.model import build, coefficients, covered
from matcher.nights.options import Options
from matcher.pairs import Ints

FIRST, MORE = 12, 16
"""Options per request to begin with, and at most per round."""
LITTLE = 0.02
"""Rows about kinds go on while a round closes this part of the gap, or of what the first round closed."""


class Relaxation:
    """Grows by `run`; `best` is the highest bound so far, `x` how much of each option the last program took."""

    def __init__(self, of: Options, on: Cells, rows: Rows, extra: Ints) -> None:
        """`extra`: options to begin with, besides the cheapest of each request."""
        self.of, self.on, self.rows = of, on, rows
        rank = np.lexsort((of.cost, of.request))
        place = np.empty(len(rank), np.int64)
        place[rank] = np.arange(len(rank))
        self.active = place - of.first[of.request] < FIRST
        self.active[extra] = True
        self.at: Ints = np.flatnonzero(self.active)
        missing = 4.0 * max(int(of.cost.max(initial=1)), int(of.out.max(initial=1))) + 1
        may = np.ones(len(of.out), np.bool_)
        # columns: those of the first options, then being left out, then what is added
        built = build(of, on, rows, self.at, may, whole=False, missing=missing)
        self.column: Ints = np.arange(len(self.at))
        self.master = Growing(built.model)
        self.best: Priced | None = None
        self.x: Floats = np.zeros(len(self.at))
        self.value = 0.0

    def share(self) -> Floats:
        """(O,) how much of each option the last program took."""
        share = np.zeros(len(self.of.cost))
        share[self.at[: len(self.x)]] = self.x  # options may have come since
        return share

    def run(
        self,
        *,
        clock: Callable[[], float],
        end: float,
        heard: Callable[[Priced], int | None],
        solved: Callable[[], None] = lambda: None,
        interrupter: Interrupter | None = None,
    ) -> bool:
        """True: no more can be had from it. `heard` gets each better bound and says what is to be bettered.

        `solved`: the program is, before rows about kinds come.
        """
        first, before, dual = None, None, False
        while clock() < end:
            answer = self.master.solve(seconds=end - clock(), dual=dual, interrupter=interrupter)
            if answer.dual is None or answer.x is None or not answer.optimal:
                return False
            of, requests = self.of, len(self.of.out)
            self.x, self.value = answer.x[self.column], -answer.bound
            now = priced(of, self.on, self.rows, answer.dual[requests:])
            if self.best is None or now.exact > self.best.exact:
                self.best = now
            aim = heard(self.best)
            if aim is not None and self.best.bound >= aim:
                return True
            new = self._wanted(now)
            if len(new) and self.value - now.exact / now.scale > 1e-6 * max(1.0, abs(self.value)):
                self._columns(new)
                dual = False
                continue
            # the program is solved: rows about kinds, while they help
            if before is not None:
                gained = self.value - before
                first = gained if first is None else first
                left = np.inf if aim is None else aim - self.value
                if gained <= LITTLE * min(max(first, 1e-9), left):
                    return True
            else:
                solved()
            before = self.value
            if not self._rows():
                return True
            dual = True
        return False

    def _wanted(self, now: Priced) -> Ints:
        """Options that are cheaper than what the program has for their request."""
        least = np.full(len(self.of.out), np.iinfo(np.int64).max)
        np.minimum.at(least, self.of.request[self.at], now.loss[self.at])
        least = np.minimum(least, now.out)
        found = np.flatnonzero((now.loss < least[self.of.request]) & ~self.active)
        order = found[np.lexsort((now.loss[found], self.of.request[found]))]
        place = np.arange(len(order)) - np.searchsorted(self.of.request[order], self.of.request[order])
        return order[place < MORE]

    def _columns(self, new: Ints) -> None:
        of, requests, had = self.of, len(self.of.out), self.master.columns
        row, number, weight = coefficients(of, self.on, self.rows, new)
        by = np.argsort(of.request[new], kind="stable")
        self.master.add(
            -of.cost[new].astype(np.float64),
            np.zeros(0),
            np.concatenate((of.request[new][by], requests + row)),
            had + np.concatenate((by, number)),
            np.concatenate((np.ones(len(new)), weight)),
        )
        self.active[new] = True
        self.at = np.concatenate((self.at, new))
        self.column = np.concatenate((self.column, had + np.arange(len(new))))

    def _rows(self) -> bool:
        some = np.flatnonzero(self.x > 1e-9)
        own, spot = covered(self.of, self.on, self.at[some])
        there: Floats = np.zeros(len(self.on.key))
        np.add.at(there, spot, self.x[some][own])
        new = kinds(self.of, self.on, there)
        if not len(new.limit):
            return False
        row, number, weight = coefficients(self.of, self.on, new, self.at)
        column = self.column[number]
        by = np.lexsort((column, row))
        limit = new.limit.astype(np.float64)
        self.master.add(np.zeros(0), limit, self.master.rows + row[by], column[by], weight[by])
        self.rows = self.rows.plus(new)
        return True
