"""Prices of beds (potentials): such that no step of what a plan leaves open costs less than the fall in price along it.

Then the plan is optimal, and the cheapest chain of moves is a shortest path with steps of 0 or more (chain.py). The
highest right prices say what a bed less costs, the lowest what a bed more brings; all between them are right too.
"""

from __future__ import annotations

from itertools import count

import numpy as np

from matcher.layers.residual import CLOSED, GONE, TOP, Residual
from matcher.pairs import NOBODY, Ints

LEVELS = 4
"""Of the tree: a price reaches its top or its leaves in so many steps."""


def highest(of: Residual, rounds: int | None = None) -> Ints | None:
    """The price of a node is what it costs to take one bed there: shortest ways to TOP (Bellman-Ford).

    Of a plan that is not optimal there are none: less than nothing for TOP itself, or no end. None for that, and for a
    plan that takes more than `rounds`. No limit is only for a plan that is optimal.
    """
    parent, load, room = np.array(of.parent), np.array(of.load), np.array(of.room)
    free, used = np.flatnonzero(load < room), np.flatnonzero(load > 0)
    rows = np.flatnonzero((of.first[1:] > of.first[:-1]) & (of.here != GONE))
    starts, here, has = of.first[rows], of.here[rows], of.has[rows]
    price = np.full(len(parent), CLOSED)
    price[TOP] = 0
    for _ in count() if rounds is None else range(rounds):
        before = price.copy()
        for _ in range(LEVELS):
            np.minimum.at(price, parent[used], price[used])
            price[free] = np.minimum(price[free], price[parent[free]])
        if len(rows):
            best = np.maximum(np.maximum.reduceat(of.worth - price[of.node], starts), 0)
            np.minimum.at(price, here, has - best)
        if price[TOP] < 0:
            return None
        if np.array_equal(price, before):
            return price
    return None


def lowest(of: Residual, high: Ints) -> Ints:
    """The lowest prices that are right too: what one more bed brings."""
    parent, load, room = np.array(of.parent), np.array(of.load), np.array(of.room)
    free, used = np.flatnonzero(load < room), np.flatnonzero(load > 0)
    order = np.argsort(of.node, kind="stable")
    order = order[(of.here[of.request[order]] != GONE) & (high[of.node[order]] != 0)]
    rows, node = of.request[order], of.node[order]
    more, here = of.worth[order] - of.has[rows], of.here[rows]
    starts = np.flatnonzero(np.diff(node, prepend=NOBODY))
    low = np.full(len(parent), -CLOSED)
    low[TOP] = 0
    while True:
        before = low.copy()
        for _ in range(LEVELS):
            np.maximum.at(low, parent[free], low[free])
            low[used] = np.maximum(low[used], low[parent[used]])
        if len(starts):
            low[node[starts]] = np.maximum(low[node[starts]], np.maximum.reduceat(more + low[here], starts))
        if np.array_equal(low, before):
            break
    for _ in range(LEVELS):  # where nobody is and nobody would come
        low = np.where(low > -CLOSED, low, low[parent])
    return low
