"""The optimal flow that follows: prices of beds, and the cheapest chain of moves when something is taken or given.

Without groups a plan is a flow from requests through the tree of beds (network.py); not placed is a bed too, at TOP,
that holds everybody and is worth nothing. What a plan leaves open is a graph on the nodes of that tree:

  node → above     when there is room: one more here is one more above
  above → node     when somebody is there: one less above is one less here
  here → elsewhere for everybody who is at a node, for each pair: costs what that child loses by it

Prices (`price`) are such that no step costs less than the fall in price along it; then the plan is optimal, and a
cheapest chain is a shortest path with steps of 0 or more (Dijkstra). It is sought from both ends, as far as TOP: past
TOP the two halves are apart from each other. What is nearer than the end moves its price by what is left: prices stay
right (Ahuja, Magnanti and Orlin 1993, 9.7), whichever way a distance is divided over both ends.

A pair is worth its points + rank × WEIGHT. Ranks are a fixed formula of urgentie and days waited, so that a new class
of requests changes nothing for the others. By flow.py any ranks in the right order do, as long as WEIGHT is above
what two plans can differ in points. A chain is worth the rank of who leaves less that of who comes, not a sum over all
children: it fits in 64 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heappop, heappush

import numpy as np
from msgspec import Struct, structs

from matcher.check import Breach, violations
from matcher.layers.flow import flow, ranks
from matcher.layers.network import network
from matcher.pairs import CRISIS, MAX_BEDS, MAX_VALUE, MAX_WACHTDAGEN, NOBODY, Bools, Ints, Pairs
from matcher.problem import require

TOP = 0
WEIGHT = 2**45
MOST = WEIGHT // (2 * MAX_VALUE) - 1
"""Requests of which the points together stay below WEIGHT."""
CLOSED = (6 * (MAX_WACHTDAGEN + 1) + 2) * WEIGHT
"""More than any pair is worth: the price of a bed that is not there."""
FAR = 2**62
ROUNDS = 400

TREE = -1
"""A step that nobody takes: room above, or one less above."""
GONE = -1
"""Where somebody is who is not followed."""


class Step(Struct, frozen=True):
    """From a node to a node; `row` is who moves, or TREE."""

    begin: int
    end: int
    row: int


class Chain(Struct, frozen=True):
    cost: int
    """Above the fall in price from begin to end."""
    steps: tuple[Step, ...]


def rank_of(urgentie: Ints, wachtdagen: Ints, vast: Bools) -> Ints:
    """1 for the one that comes last."""
    rank: Ints = (vast * 3 + 2 - urgentie) * (MAX_WACHTDAGEN + 1) + wachtdagen + 1
    return rank


class Mark(Struct, frozen=True, eq=False):
    """What an exchange was."""

    moves: int
    room: list[int]
    load: list[int]
    held: list[int]
    price: Ints


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


class Exchange:
    """The state: who is where, what beds cost, and who could be where."""

    def __init__(self, problem: Pairs, slots: Ints, held: Bools | None = None) -> None:
        """From a plan, as it is where that is optimal for who is not `held`, else from the optimum.

        Who is `held` keeps the bed; the others are followed, each alone. ValueError for more than MOST requests, and
        for what is no plan that is allowed.
        """
        wrong = [one for one in violations(problem, slots.tolist()) if one.rule is not Breach.VAST]
        require(not wrong, "plan", f"is not allowed: {wrong[:3]}")
        require(problem.requests <= MOST, "requests", f"{problem.requests:,}, at most {MOST:,} can be followed")
        held = np.zeros(problem.requests, np.bool_) if held is None else held
        self.problem = problem
        self._tree(problem)
        self._rows(problem, slots, held)
        self.journal: list[tuple[int, int, int]] = []
        self.marks = 0
        self.as_given = self._start(slots)
        """The plan that was given is optimal."""
        if not self.as_given:
            net = network(problem)
            room = net.room - net.load(net.leaf[(slots[net.request] == net.slot) & held[net.request]])
            full = np.append(room <= 0, False)  # the last is NOBODY
            shut = np.any([full[node] for node in net.above(net.leaf)], axis=0)
            rest = structs.replace(net, room=room).keep(~held[net.request] & ~shut)
            choice = flow(rest, ranks(problem), rest.value).choice
            self._start(np.where(choice >= 0, rest.slot[choice], NOBODY) if len(rest.slot) else choice)

    # --- made once -------------------------------------------------------------------------------------------------

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

    def _start(self, slots: Ints) -> bool:
        """Takes a plan, with prices; False when it is not optimal."""
        self.load = [0] * len(self.parent)
        self.occupants = [set() for _ in self.parent]
        self.here[self.here != GONE], self.has[:] = TOP, 0
        at = np.flatnonzero(np.array(self.slot_of)[self.node] == slots[self.request])
        for row, node, worth in zip(*(one[at].tolist() for one in (self.request, self.node, self.worth)), strict=True):
            self.here[row], self.has[row] = node, worth
            self.occupants[node].add(row)
            for one in self.above(node):
                self.load[one] += 1
        return self._prices()

    def _prices(self) -> bool:
        """The price of a node is what it costs to take one bed there: shortest ways to TOP (Bellman–Ford).

        Less than nothing for TOP itself: there is a better plan.
        """
        parent, load, room = np.array(self.parent), np.array(self.load), np.array(self.room)
        free, used = np.flatnonzero(load < room), np.flatnonzero(load > 0)
        rows = np.flatnonzero((self.first[1:] > self.first[:-1]) & (self.here != GONE))
        starts, here, has = self.first[rows], self.here[rows], self.has[rows]
        price = np.full(len(parent), CLOSED)
        price[TOP] = 0
        for _ in range(ROUNDS):
            before = price.copy()
            for _ in range(4):
                np.minimum.at(price, parent[used], price[used])
                price[free] = np.minimum(price[free], price[parent[free]])
            if len(rows):
                best = np.maximum(np.maximum.reduceat(self.worth - price[self.node], starts), 0)
                np.minimum.at(price, here, has - best)
            if price[TOP] < 0:
                return False
            if np.array_equal(price, before):
                self.price = price
                return True
        return False

    def low(self) -> Ints:
        """The lowest prices that are right too: what one more bed brings. `price` must hold the highest."""
        parent, load, room = np.array(self.parent), np.array(self.load), np.array(self.room)
        free, used = np.flatnonzero(load < room), np.flatnonzero(load > 0)
        order = np.argsort(self.node, kind="stable")
        order = order[(self.here[self.request[order]] != GONE) & (self.price[self.node[order]] != 0)]
        rows, node = self.request[order], self.node[order]
        more, here = self.worth[order] - self.has[rows], self.here[rows]
        starts = np.flatnonzero(np.diff(node, prepend=NOBODY))
        low = np.full(len(parent), -CLOSED)
        low[TOP] = 0
        while True:
            before = low.copy()
            for _ in range(4):
                np.maximum.at(low, parent[free], low[free])
                low[used] = np.maximum(low[used], low[parent[used]])
            if len(starts):
                low[node[starts]] = np.maximum(low[node[starts]], np.maximum.reduceat(more + low[here], starts))
            if np.array_equal(low, before):
                break
        for _ in range(4):  # where nobody is and nobody would come
            low = np.where(low > -CLOSED, low, low[parent])
        return low

    # --- chains ----------------------------------------------------------------------------------------------------

    def chain(
        self,
        begin: list[tuple[int, int]],
        row: int,
        end: int,
        *,
        below: int = FAR,
        lower: tuple[Callable[[int], int], Callable[[int], int]] | None = None,
    ) -> Chain | None:
        """The cheapest from any of `begin` (node, distance so far), where `row` comes, to `end`.

        None when there is no way that costs less than `below`. `lower` is what it costs at least from a node to the
        end, and from the begin to a node.
        """
        to_end, from_begin = lower or (None, None)
        fore, back = self.fore, self.back = _Side(to_end), _Side(from_begin)
        self.best, self.meet = below, NOBODY
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
        self.near = min(near, self.best)
        return None if self.meet == NOBODY else Chain(self.best, self._steps())

    def _forward(self, at: int, dist: int) -> None:
        fore, back, price, above = self.fore, self.back, self.price, self.parent[at]
        dist -= int(price[at])
        ways = [above] if self.load[at] < self.room[at] else []
        ways += [below for below in self.children[at] if self.load[below]]
        self._reach(fore, back, [(node, dist + int(price[node]), TREE) for node in ways], at)
        for row in self.occupants[at]:
            far = dist + int(self.has[row])
            self._reach(fore, back, ((TOP, far, row),), at)
            nodes = self.nodes_of[row]
            more = price[nodes] - self.worths_of[row]
            some = np.flatnonzero(more < self.best - far)
            if len(some):
                columns = zip(nodes[some].tolist(), (more[some] + far).tolist(), strict=True)
                self._reach(fore, back, [(node, one, row) for node, one in columns], at)

    def _backward(self, at: int, dist: int) -> None:
        fore, back, price = self.fore, self.back, self.price
        dist += int(price[at])
        ways = [self.parent[at]] if self.load[at] else []
        ways += [below for below in self.children[at] if self.load[below] < self.room[below]]
        self._reach(back, fore, [(node, dist - int(price[node]), TREE) for node in ways], at)
        rows = self.rows_at[at]
        nodes = self.here[rows]
        far = self.has[rows] - price[nodes] - self.brings_at[at]
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

    # --- changes ---------------------------------------------------------------------------------------------------

    def new_row(self, rank: int, nodes: Ints, points: Ints, *, fixed: bool = False) -> int:
        """Somebody who can be at these nodes, one pair each, and is not there yet: `come` next."""
        row = len(self.nodes_of)
        if row == len(self.here):
            more = np.zeros(max(64, row // 4), np.int64)
            self.here, self.has = np.concatenate((self.here, more + GONE)), np.concatenate((self.has, more))
            self.rank, self.fixed = np.concatenate((self.rank, more)), np.concatenate((self.fixed, more > 0))
        require(row < MOST, "requests", f"{row + 1:,}, at most {MOST:,} can be followed")
        worth = points + rank * WEIGHT
        self.nodes_of.append(nodes)
        self.worths_of.append(worth)
        self.rank[row], self.fixed[row], self.here[row], self.has[row] = rank, fixed, GONE, 0
        for node, one in zip(nodes.tolist(), worth.tolist(), strict=True):
            rows = self.rows_at[node]
            there = (self.here[rows] != GONE) | (self.marks > 0)  # who went may come back
            self.rows_at[node] = np.append(rows[there], row)
            self.brings_at[node] = np.append(self.brings_at[node][there], one)
        return row

    def come(self, row: int) -> None:
        """Takes in a row that is not there, and places it where that is best for all."""
        nodes, worth = self.nodes_of[row], self.worths_of[row]
        self._put(row, GONE, TOP)
        paid = worth - self.price[nodes]
        gain = int(paid.max(initial=0))
        some = np.flatnonzero(paid > 0)
        if not len(some):
            return
        begin = [*zip(nodes[some].tolist(), (gain - paid[some]).tolist(), strict=True), (TOP, gain)]
        chain = self.chain(begin, row, TOP)
        self._apply(chain)

    def go(self, row: int) -> None:
        """Takes out a row; the bed goes to whom that is best for."""
        here = int(self.here[row])
        self._put(row, here, GONE)
        if here > TOP:
            self._apply(self.chain([(TOP, 0)], TREE, here))

    def grow(self, node: int) -> None:
        """One bed more at a node."""
        self._lift(node)
        above = self.parent[node]
        if self.load[node] < self.room[node] or self.price[node] == self.price[above]:
            self.room[node] += 1
            return
        self.room[node] += 1
        self.load[node] += 1
        self._apply(self.chain([(above, 0)], TREE, node))

    def shrink(self, node: int) -> None:
        """One bed less at a node that has one."""
        require(self.room[node] > 0, f"slot {self.slot_of[node]}", "has no bed that can go")
        self.room[node] -= 1
        if self.load[node] > self.room[node]:
            self.load[node] -= 1
            self._apply(self.chain([(node, 0)], TREE, self.parent[node]))

    def set_beds(self, slot: int, count: int) -> None:
        """So many beds in a slot, of which as many are held or kept for crisis as before."""
        more = count - self.beds[slot]
        self._limit(self.unit_of[slot], more)
        self._prices_for_new()
        nodes = dict.fromkeys(int(of[slot]) for of in (self.slot_node, self.open_node, self.calm_node))
        for _ in range(abs(more)):
            for node in nodes:
                if more > 0:
                    self.grow(node)
                else:
                    self.shrink(node)
        self.beds[slot] = count

    def release(self, slot: int) -> None:
        """One optie less in a slot: its bed is for everybody."""
        self.held[slot] -= 1
        for node in dict.fromkeys((int(self.open_node[slot]), int(self.calm_node[slot]))):
            self.grow(node)

    def new_slot(self, unit: int, rows: Ints, points: Ints) -> int:
        """A slot without beds, where these rows could be: `set_beds` next. The voorziening may be new."""
        slot = len(self.beds)
        if unit == len(self.ruimte):
            self.ruimte.append(MAX_BEDS)
        node = self._node(self.unit_node.get(unit, TOP), 0, slot)
        self._prices_for_new()
        self.slot_node, self.open_node, self.calm_node = (
            np.append(nodes, node) for nodes in (self.slot_node, self.open_node, self.calm_node)
        )
        self.unit_of.append(unit)
        self.unit_slots.setdefault(unit, []).append(slot)
        for column in (self.beds, self.kept, self.held):
            column.append(0)
        self.rows_at[node], self.brings_at[node] = rows, points + self.rank[rows] * WEIGHT
        for row, worth in zip(rows.tolist(), self.brings_at[node].tolist(), strict=True):
            self.nodes_of[row] = np.append(self.nodes_of[row], node)
            self.worths_of[row] = np.append(self.worths_of[row], worth)
        return slot

    def _prices_for_new(self) -> None:
        """A new voorziening has no price of its own; a slot without beds the highest."""
        new = [0 if self.slot_of[node] == NOBODY else CLOSED for node in range(len(self.price), len(self.parent))]
        self.price = np.append(self.price, np.array(new, np.int64))

    def take(self, node: int) -> None:
        """Takes a bed for good for somebody who is not followed and enters at this node."""
        nodes = self.above(node)
        for one in nodes:
            require(self.room[one] > 0, f"slot {self.slot_of[node]}", "has no bed that can go")
        self._apply(self.chain([(node, 0)], TREE, TOP))
        for one in nodes:
            self.room[one] -= 1
            self.load[one] -= 1

    def give(self, node: int) -> None:
        """Gives back a bed that was taken at this node."""
        nodes = self.above(node)
        for one in reversed(nodes):
            self._lift(one)
        for one in nodes:
            self.room[one] += 1
            self.load[one] += 1
        self._apply(self.chain([(TOP, 0)], TREE, node))

    def mark(self) -> Mark:
        """From here `undo` can come back, whoever comes and goes and whatever beds are taken and given."""
        self.marks += 1
        return Mark(len(self.journal), self.room.copy(), self.load.copy(), self.held.copy(), self.price.copy())

    def undo(self, mark: Mark) -> None:
        while len(self.journal) > mark.moves:
            row, begin, end = self.journal.pop()
            self._put(row, end, begin, noted=False)
        self.room, self.load, self.held, self.price = mark.room, mark.load, mark.held, mark.price
        self.marks -= 1

    def _lift(self, node: int) -> None:
        """Where nobody is the price may be below that above; not when somebody comes."""
        if not self.load[node]:
            self.price[node] = max(self.price[node], self.price[self.parent[node]])

    def _apply(self, chain: Chain | None) -> None:
        """Makes the moves, and sets prices by the distances."""
        if chain is None:
            raise RuntimeError("no chain ends")
        for step in chain.steps:
            if step.begin == NOBODY:  # where it begins, and who comes there
                if step.row != TREE and step.end != TOP:
                    self._put(step.row, TOP, step.end)
            elif step.row != TREE:
                self._put(step.row, step.begin, step.end)
            elif self.parent[step.begin] == step.end and step.begin != TOP:
                self.load[step.begin] += 1
            else:
                self.load[step.end] -= 1
        for node, dist in self.fore.dist.items():
            if dist < self.near:
                self.price[node] += self.near - dist
        for node, dist in self.back.dist.items():
            if dist < chain.cost - self.near:
                self.price[node] -= chain.cost - self.near - dist

    def _put(self, row: int, begin: int, end: int, *, noted: bool = True) -> None:
        if begin > TOP:
            self.occupants[begin].discard(row)
        self.here[row], self.has[row] = end, 0
        if end > TOP:
            self.occupants[end].add(row)
            self.has[row] = self.worths_of[row][np.flatnonzero(self.nodes_of[row] == end)[0]]
        if noted and self.marks:
            self.journal.append((row, begin, end))


def _cut(column: Ints, first: Ints) -> list[Ints]:
    return [column[begin:end] for begin, end in zip(first[:-1].tolist(), first[1:].tolist(), strict=True)]
