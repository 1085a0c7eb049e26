"""What a plan leaves open, as a graph on the tree of beds (network.py): where one more can come, and who can go where.

Without groups a plan is a flow from requests through that tree; not placed is a bed too, at TOP, that holds everybody
and is worth nothing. Steps, each of one bed:

  node → above     when there is room: one more here is one more above
  above → node     when somebody is there: one less above is one less here
  here → elsewhere for everybody who is at a node, for each pair: costs what that child loses by it

A pair is worth its points + rank × WEIGHT. Ranks are a fixed formula of urgentie and days waited, so that a new class
of requests changes nothing for the others. By flow.py any ranks in the right order do, as long as WEIGHT is above
what two plans can differ in points. A way is worth the rank of who leaves less that of who comes, not a sum over all
children: it fits in 64 bits.
"""

from __future__ import annotations

import numpy as np

from matcher.pairs import CRISIS, MAX_VALUE, MAX_WACHTDAGEN, NOBODY, Bools, Ints, Pairs

TOP = 0
WEIGHT = 2**45
MOST = WEIGHT // (2 * MAX_VALUE) - 1
"""Requests of which the points together stay below WEIGHT."""
CLOSED = (6 * (MAX_WACHTDAGEN + 1) + 2) * WEIGHT
"""More than any pair is worth: the price of a bed that is not there."""
FAR = 2**62

TREE = -1
"""A step that nobody takes: room above, or one less above."""
GONE = -1
"""Where somebody is who is not followed."""


def rank_of(urgentie: Ints, wachtdagen: Ints, vast: Bools) -> Ints:
    """1 for the one that comes last."""
    rank: Ints = (vast * 3 + 2 - urgentie) * (MAX_WACHTDAGEN + 1) + wachtdagen + 1
    return rank


class Residual:
    """The state: nodes, who is where, and who could be where. Numbers of requests are rows."""

    def __init__(self, problem: Pairs, slots: Ints, held: Bools) -> None:
        """Who is `held` keeps the bed that `slots` says and is not followed; nobody else is anywhere yet."""
        self._tree(problem)
        self._rows(problem, slots, held)

    def _tree(self, problem: Pairs) -> None:
        """TOP, slots, and where they are of use nodes below (opties, crisis) and above (ruimte) them."""
        self.parent, self.room, self.load, self.slot_of = [TOP], [0], [0], [NOBODY]
        self.children: list[list[int]] = [[]]
        self.occupants: list[set[int]] = [set()]
        self.rows_at: list[Ints] = [np.zeros(0, np.int64)]
        self.brings_at: list[Ints] = [np.zeros(0, np.int64)]
        self.beds, self.kept = problem.capaciteit.tolist(), problem.voor_crisis.tolist()
        self.held = np.bincount(problem.opties[:, 1], minlength=problem.slots).tolist()
        self.slot_node = np.array([self._node(TOP, beds, at) for at, beds in enumerate(self.beds)], np.int64)
        self.open_node, self.calm_node = self.slot_node.copy(), self.slot_node.copy()
        for at, (held, kept) in enumerate(zip(self.held, self.kept, strict=True)):
            if held:
                self.open_node[at] = self._node(int(self.slot_node[at]), self.beds[at] - held, at)
            self.calm_node[at] = self.open_node[at]
            if kept:
                self.calm_node[at] = self._node(int(self.open_node[at]), self.beds[at] - held - kept, at)
        self.unit_of, self.ruimte = problem.voorziening.tolist(), problem.ruimte.tolist()
        self.unit_slots: dict[int, list[int]] = {}
        for at, unit in enumerate(self.unit_of):
            self.unit_slots.setdefault(unit, []).append(at)
        self.unit_node: dict[int, int] = {}
        for unit in self.unit_slots:
            self._limit(unit)

    def _node(self, parent: int, room: int, slot: int) -> int:
        self.parent.append(parent)
        self.room.append(room)
        self.load.append(0)
        self.slot_of.append(slot)
        self.children.append([])
        self.occupants.append(set())
        self.rows_at.append(np.zeros(0, np.int64))
        self.brings_at.append(np.zeros(0, np.int64))
        node = len(self.parent) - 1
        if parent != TOP:  # those below TOP are never looked at from above
            self.children[parent].append(node)
        return node

    def _limit(self, unit: int, more: int = 0) -> None:
        """Puts a node above the slots of a voorziening, from when there are more beds than it has room."""
        own, room = self.unit_slots[unit], self.ruimte[unit]
        if unit in self.unit_node or sum(self.beds[at] for at in own) + more <= room:
            return
        taken = sum(self.beds[at] - self.room[self.slot_node[at]] for at in own)
        node = self.unit_node[unit] = self._node(TOP, room - taken, NOBODY)
        for below in self.slot_node[own].tolist():
            self.parent[below] = node
            self.children[node].append(below)
            self.load[node] += self.load[below]

    def above(self, node: int) -> list[int]:
        """The node and all above it, but TOP."""
        chain = []
        while node != TOP:
            chain.append(node)
            node = self.parent[node]
        return chain

    def nodes(self, slot: int) -> list[int]:
        """Of a slot: all beds, those that no optie holds, and of these those that are not kept for crisis."""
        return list(dict.fromkeys(int(of[slot]) for of in (self.slot_node, self.open_node, self.calm_node)))

    def leaf(self, urgentie: Ints | int, slots: Ints, holder: Bools) -> Ints:
        """The node where who enters a slot comes in."""
        leaf = np.where(np.equal(urgentie, CRISIS), self.open_node[slots], self.calm_node[slots])
        return np.where(holder, self.slot_node[slots], leaf)

    def _rows(self, problem: Pairs, slots: Ints, held: Bools) -> None:
        """Everybody's pairs, by row and by node; only the fixed pair of who has one."""
        count, width = problem.requests, max(problem.slots, 1)
        fixed = np.full(count, NOBODY)
        fixed[problem.vast[:, 0]] = problem.vast[:, 1]
        self.fixed = fixed != NOBODY
        self.rank = rank_of(problem.urgentie, problem.wachtdagen, self.fixed)
        key = problem.request * width + problem.slot
        holder = np.isin(key, problem.opties[:, 0] * width + problem.opties[:, 1])
        node = self.leaf(problem.urgentie[problem.request], problem.slot, holder)
        for leaf in node[held[problem.request] & (slots[problem.request] == problem.slot)].tolist():
            for one in self.above(leaf):
                self.room[one] -= 1
        use = ~held[problem.request]
        use &= (fixed[problem.request] == NOBODY) | (fixed[problem.request] == problem.slot)
        self.request, self.node = problem.request[use], node[use]
        self.worth = problem.value[use] + self.rank[self.request] * WEIGHT
        self.first = np.searchsorted(self.request, np.arange(count + 1))
        self.nodes_of = _cut(self.node, self.first)
        self.worths_of = _cut(self.worth, self.first)
        order = np.argsort(self.node, kind="stable")
        first = np.searchsorted(self.node[order], np.arange(len(self.parent) + 1))
        self.rows_at = _cut(self.request[order], first)
        self.brings_at = _cut(self.worth[order], first)
        self.here = np.where(held, GONE, TOP)
        self.has = np.zeros(count, np.int64)

    def seat(self, slots: Ints) -> None:
        """Takes a plan."""
        self.load = [0] * len(self.parent)
        self.occupants = [set() for _ in self.parent]
        self.here[self.here != GONE], self.has[:] = TOP, 0
        at = np.flatnonzero(np.array(self.slot_of)[self.node] == slots[self.request])
        for row, node, worth in zip(*(one[at].tolist() for one in (self.request, self.node, self.worth)), strict=True):
            self.here[row], self.has[row] = node, worth
            self.occupants[node].add(row)
            for one in self.above(node):
                self.load[one] += 1


def _cut(column: Ints, first: Ints) -> list[Ints]:
    return [column[begin:end] for begin, end in zip(first[:-1].tolist(), first[1:].tolist(), strict=True)]
