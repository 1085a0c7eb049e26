"""The cheapest chain of moves: a shortest path over what a plan leaves open, by prices, from both ends at once.

Dijkstra from the begin and back from the end, as far as TOP: past TOP the two halves are apart from each other. With
what it costs at least from a node to the other end, nodes that cannot be on a better chain are not looked at (ALT).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heappop, heappush

import numpy as np
from msgspec import Struct

from matcher.layers.residual import FAR, GONE, TOP, TREE, Residual
from matcher.pairs import NOBODY, Ints

Least = tuple[Callable[[int], int], Callable[[int], int]]
"""What it costs at least from a node to the end, and from the begin to a node."""


class Step(Struct, frozen=True):
    """From a node to a node; `row` is who moves, or TREE."""

    begin: int
    end: int
    row: int


class Chain(Struct, frozen=True):
    cost: int
    """Above the fall in price from begin to end."""
    steps: tuple[Step, ...]
    near: int
    """So much of the cost was looked at from the begin, the rest from the end: distances below these are settled."""
    fore: dict[int, int]
    """Per node its distance from the begin …"""
    back: dict[int, int]
    """… and to the end."""


def cheapest(
    of: Residual,
    price: Ints,
    begin: list[tuple[int, int]],
    row: int,
    end: int,
    *,
    below: int = FAR,
    lower: Least | None = None,
) -> Chain | None:
    """The cheapest from any of `begin` (node, distance so far), where `row` comes, to `end`.

    None when there is no way that costs less than `below`.
    """
    return _Search(of, price, below, lower).chain(begin, row, end)


class _Side:
    """Distances from one end, and along what."""

    def __init__(self, lower: Callable[[int], int] | None) -> None:
        self.dist: dict[int, int] = {}
        self.via: dict[int, tuple[int, int]] = {}
        self.heap: list[tuple[int, int]] = []
        self.top = FAR
        """The distance of TOP."""
        self.lower = lower
        """What it costs at least from a node to the other end."""

    def radius(self) -> int:
        """Everything nearer is settled."""
        heap, dist = self.heap, self.dist
        while heap and heap[0][0] > dist[heap[0][1]]:
            heappop(heap)
        return min(self.top, heap[0][0]) if heap else self.top


class _Search:
    """Both sides, and the best chain that they make so far."""

    def __init__(self, of: Residual, price: Ints, below: int, lower: Least | None) -> None:
        to_end, from_begin = lower or (None, None)
        self.of, self.price, self.best, self.meet = of, price, below, NOBODY
        self.fore, self.back = _Side(to_end), _Side(from_begin)

    def chain(self, begin: list[tuple[int, int]], row: int, end: int) -> Chain | None:
        fore, back = self.fore, self.back
        self._reach(back, fore, ((end, 0, TREE),), NOBODY)
        self._reach(fore, back, [(node, dist, row) for node, dist in begin], NOBODY)
        while True:
            near, far = fore.radius(), back.radius()
            if near + far >= self.best:
                break
            if near < fore.top and (near <= far or far >= back.top):
                self._forward(heappop(fore.heap)[1], near)
            else:
                self._backward(heappop(back.heap)[1], far)
        if self.meet == NOBODY:
            return None
        return Chain(self.best, self._steps(), min(near, self.best), fore.dist, back.dist)

    def _forward(self, at: int, dist: int) -> None:
        of, fore, back, price = self.of, self.fore, self.back, self.price
        dist -= int(price[at])
        ways = [of.parent[at]] if of.load[at] < of.room[at] else []
        ways += [below for below in of.children[at] if of.load[below]]
        self._reach(fore, back, [(node, dist + int(price[node]), TREE) for node in ways], at)
        for row in of.occupants[at]:
            far = dist + int(of.has[row])
            self._reach(fore, back, ((TOP, far, row),), at)
            nodes = of.nodes_of[row]
            more = price[nodes] - of.worths_of[row]
            some = np.flatnonzero(more < self.best - far)
            if len(some):
                columns = zip(nodes[some].tolist(), (more[some] + far).tolist(), strict=True)
                self._reach(fore, back, [(node, one, row) for node, one in columns], at)

    def _backward(self, at: int, dist: int) -> None:
        of, fore, back, price = self.of, self.fore, self.back, self.price
        dist += int(price[at])
        ways = [of.parent[at]] if of.load[at] else []
        ways += [below for below in of.children[at] if of.load[below] < of.room[below]]
        self._reach(back, fore, [(node, dist - int(price[node]), TREE) for node in ways], at)
        rows = of.rows_at[at]
        nodes = of.here[rows]
        far = of.has[rows] - price[nodes] - of.brings_at[at]
        some = np.flatnonzero((far < self.best - dist) & (nodes != GONE))
        if len(some):
            columns = zip(nodes[some].tolist(), (far[some] + dist).tolist(), rows[some].tolist(), strict=True)
            self._reach(back, fore, columns, at)

    def _reach(self, side: _Side, other: _Side, found: Iterable[tuple[int, int, int]], via: int) -> None:
        """Nodes that can be at a smaller distance, by a row."""
        dist, lower, ahead = side.dist, side.lower, other.dist
        for node, far, row in found:
            if far >= self.best or far >= dist.get(node, FAR) or (lower and far + lower(node) >= self.best):
                continue
            dist[node], side.via[node] = far, (via, row)
            total = far + ahead.get(node, FAR)
            if total < self.best:
                self.best, self.meet = total, node
            if node == TOP:
                side.top = far
            elif far < side.top:  # past TOP nothing is looked at, but the other side may come from there
                heappush(side.heap, (far, node))

    def _steps(self) -> tuple[Step, ...]:
        steps, at = [], self.meet
        while at != NOBODY:
            via, row = self.fore.via[at]
            steps.append(Step(via, at, row))
            at = via
        steps.reverse()
        at = self.meet
        while (back := self.back.via[at])[0] != NOBODY:
            steps.append(Step(at, *back))
            at = back[0]
        return tuple(steps)
