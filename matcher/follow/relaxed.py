"""What no plan exceeds: the plan with everybody alone, and the bound there was, raised by what a change can bring.

Both hold: every group split and no group mix is the same problem with fewer rules; and without what came a plan is one
of the problem before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from msgspec import Struct

from matcher.follow.demand import Demand
from matcher.follow.worth import NOTHING, Worth, plus, total
from matcher.layers.exchange import Exchange, Mark
from matcher.layers.residual import GONE
from matcher.pairs import NOBODY


class Before(Struct, frozen=True, eq=False):
    """To come back to."""

    exchange: Mark
    row: list[int]
    most: Worth


class Relaxed:
    """The state: an exchange of its own, in which every request has a row."""

    def __init__(self, demand: Demand, exchange: Exchange, row: list[int], most: Worth) -> None:
        """`row` is that of each request in `exchange`, `most` what was proven before."""
        self.demand, self.exchange, self.row, self.most = demand, exchange, row, most
        self._owner = [NOBODY] * len(exchange.nodes_of)
        for who, own in enumerate(row):
            if own >= 0:
                self._owner[own] = who

    @property
    def bound(self) -> Worth:
        return min(self.most, self.split())

    def split(self) -> Worth:
        """What the best plan with everybody alone is worth."""
        return total(self.exchange)

    def enter(self, who: int) -> None:
        self.row[who] = self.demand.enter(who, self.exchange)
        self._owner.append(who)

    def leave(self, who: int) -> None:
        self.exchange.go(self.row[who])
        self.row[who] = NOBODY

    def raised(self, members: Iterable[int]) -> None:
        """By what these, who came or changed, can bring at most."""
        for who in members:
            self.most = plus(self.most, self.demand.child(who).most)

    def raised_by_beds(self, slot: int, count: int, mates: Callable[[int], list[int]]) -> None:
        """By more beds: without one child per bed, and its samenplaatsing, a plan is one of before."""
        exchange = self.exchange
        rows = np.concatenate([exchange.rows_at[node] for node in exchange.nodes(slot)])
        owners = {self._owner[row] for row in rows[exchange.here[rows] != GONE].tolist()}
        most = NOTHING
        for who in owners:
            own = NOTHING
            for mate in mates(who):
                own = plus(own, self.demand.child(mate).most)
            most = max(most, own)
        for _ in range(count):
            self.most = plus(self.most, most)

    def mark(self) -> Before:
        return Before(self.exchange.mark(), self.row.copy(), self.most)

    def undo(self, before: Before) -> None:
        """Rows that were made meanwhile keep their owners: they are gone, not taken away."""
        self.exchange.undo(before.exchange)
        self.row, self.most = before.row, before.most
