"""A first solution: one request after another takes what costs least of what is still free."""

from __future__ import annotations

import numpy as np

from matcher.layers.linear import Floats
from matcher.nights.options import Options
from matcher.pairs import NOBODY, Ints


class Free:
    """What is still free, kept as requests are placed."""

    def __init__(self, of: Options) -> None:
        self.of = of
        self.room = of.room.copy()
        self.there = np.full(of.room.shape, -1)  # kind; -1: nobody was placed

    def able(self, request: int) -> Ints:
        """Options of a request that are still free."""
        of = self.of
        at = np.arange(of.first[request], of.first[request + 1])
        bad = self.room < of.beds[request]
        bad |= of.single[:, None] & (self.there != -1) & (self.there != of.kind[request])
        sums = np.zeros((bad.shape[0], bad.shape[1] + 1), np.int64)
        np.cumsum(bad, axis=1, out=sums[:, 1:])
        able: Ints = at[sums[of.place[at], of.end[at]] == sums[of.place[at], of.start[at]]]
        return able

    def take(self, option: int) -> None:
        of = self.of
        p, span = int(of.place[option]), slice(int(of.start[option]), int(of.end[option]))
        self.room[p, span] -= of.beds[of.request[option]]
        self.there[p, span] = of.kind[of.request[option]]


def greedy(of: Options, paid: Floats, first: Floats) -> Ints:
    """By `paid` (O,), those with the least `first` (R,) first; who must be placed goes before all others."""
    free = Free(of)
    chosen = np.full(len(of.out), NOBODY)
    for request in np.lexsort((first, ~of.must)).tolist():
        at = free.able(request)
        if len(at):
            option = int(at[np.argmin(paid[at])])
            chosen[request] = option
            free.take(option)
    return chosen


def order(of: Options) -> Floats:
    """Those with few choices, and dear to leave out for the nights that they take, first."""
    count = np.diff(of.first)
    length = np.ones(len(count))
    some = np.flatnonzero(count)
    if len(some):
        length[some] = np.add.reduceat(of.end - of.start, of.first[some]) / count[some]
    dear = np.where(of.must, 1.0, of.out / (length * of.beds))
    out: Floats = np.where(of.must, count / (length * of.beds), -dear)
    return out
