"""The best solution and the best bound so far, shared by those that search."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from threading import Event, Lock

import numpy as np

from matcher.layers.linear import Floats, Interrupter
from matcher.nights.bound import Priced
from matcher.nights.options import Options, spread
from matcher.pairs import NOBODY, Ints

NEAR = 20
"""Options of a request that most steps look at."""

SIZE = 40.0


class Best:
    """`chosen` (R,): the option of each request or NOBODY; None: none known. Totals and bound in units of `Options`."""

    def __init__(self, of: Options, clock: Callable[[], float], end: float, effort: float | None = None) -> None:
        self.of, self.clock, self.end, self.effort = of, clock, end, effort
        self.keep = np.ones(len(of.cost), np.bool_)
        """(O,) what a better solution can have."""
        self.near = self.keep
        """(O,) those of each request that lose least."""
        self.priced: Priced | None = None
        self.share: Floats | None = None
        """(O,) how much of each option a relaxation took"""
        self.chosen: Ints | None = None
        self.some = Event()
        """There is a solution."""
        self.total: int | None = None
        self.bound = 0 if of.complete else ceil((of.floor - of.base) / of.unit)  # costs are counted from 0
        self.size = SIZE
        """Requests that a solver's step frees"""
        self.infeasible = False
        self.stopped = False
        self.lock = Lock()
        self.running: list[Interrupter] = []

    def offer(self, chosen: Ints) -> bool:
        """Kept when it is allowed and better."""
        total = self.of.total(chosen)
        if self.total is not None and total >= self.total:
            return False
        if not allowed(self.of, chosen):
            return False
        with self.lock:
            if self.total is not None and total >= self.total:
                return False
            self.chosen, self.total = chosen, total
            self.some.set()
        return True

    def raise_to(self, bound: int) -> None:
        with self.lock:
            if self.of.complete and bound > self.bound:
                self.bound = bound

    def hear(self, now: Priced) -> int | None:
        """Of a new bound by prices; what is to be bettered."""
        self.raise_to(now.bound)
        if self.priced is None or now.exact * self.priced.scale > self.priced.exact * now.scale:
            self.priced = now
            self.near = now.rank(self.of) < NEAR
        if self.total is not None:
            best = self.priced
            self.keep = best.loss <= (self.total - 1) * best.scale - best.exact
        return self.total

    @property
    def proven(self) -> bool:
        return self.total is not None and self.bound >= self.total

    @property
    def done(self) -> bool:
        return self.stopped or self.infeasible or self.proven or self.clock() >= self.end

    def wall(self, seconds: float) -> float:
        """What a solver gets of the clock; with a limit on effort that decides, not the clock."""
        return self.left() if self.effort else min(seconds, self.left())

    def left(self) -> float:
        return 0.0 if self.stopped else max(0.0, self.end - self.clock())

    def interrupter(self) -> Interrupter:
        """Of one more solver that `stop` ends."""
        new = Interrupter()
        with self.lock:
            self.running.append(new)
            if self.stopped:
                new.interrupt()
        return new

    def stop(self) -> None:
        with self.lock:
            self.stopped = True
            for one in self.running:
                one.interrupt()


def allowed(of: Options, chosen: Ints) -> bool:
    """Beds, kinds and who must be placed; check.violations() has the last word."""
    if np.any((chosen == NOBODY) & of.must):
        return False
    at = chosen[chosen != NOBODY]
    own, night = spread(of.start[at], of.end[at])
    cell = of.place[at][own] * of.problem.nights + night
    if np.any(np.bincount(cell, of.beds[of.request[at]][own], of.room.size) > of.room.reshape(-1)):
        return False
    kind = of.kind[of.request[at]][own]
    shut = of.single[of.place[at]][own]
    low, high = np.full(of.room.size, len(of.kind)), np.full(of.room.size, -1)
    np.minimum.at(low, cell[shut], kind[shut])
    np.maximum.at(high, cell[shut], kind[shut])
    return not np.any(high > low)
