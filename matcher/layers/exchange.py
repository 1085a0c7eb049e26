"""The optimal flow that follows: prices of beds, and the cheapest chain of moves when something is taken or given.

The plan stays optimal because prices stay right: what is nearer than the end of a chain moves its price by what is left
(Ahuja, Magnanti and Orlin 1993, 9.7), whichever way a distance is divided over both ends (residual.py, chain.py).
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct, structs

from matcher.check import Breach, violations
from matcher.layers.chain import Chain, Least, cheapest
from matcher.layers.flow import flow, ranks
from matcher.layers.network import network
from matcher.layers.potentials import highest, lowest
from matcher.layers.residual import CLOSED, FAR, GONE, MOST, TOP, TREE, WEIGHT, Residual
from matcher.pairs import MAX_BEDS, NOBODY, Bools, Ints, Pairs
from matcher.problem import require

ROUNDS = 400
"""For the prices of the plan that is given: more, and it is made anew."""


class Mark(Struct, frozen=True, eq=False):
    """What an exchange was."""

    moves: int
    room: list[int]
    load: list[int]
    held: list[int]
    price: Ints


class Exchange(Residual):
    """The state: what a plan leaves open, with prices that are right for it."""

    def __init__(self, problem: Pairs, slots: Ints, held: Bools | None = None) -> None:
        """From a plan, as it is where that is optimal for who is not `held`, else from the optimum.

        Who is `held` keeps the bed; the others are followed, each alone. ValueError for more than MOST requests, and
        for what is no plan that is allowed.
        """
        wrong = [one for one in violations(problem, slots.tolist()) if one.rule is not Breach.VAST]
        require(not wrong, "plan", f"is not allowed: {wrong[:3]}")
        require(problem.requests <= MOST, "requests", f"{problem.requests:,}, at most {MOST:,} can be followed")
        held = np.zeros(problem.requests, np.bool_) if held is None else held
        super().__init__(problem, slots, held)
        self.journal: list[tuple[int, int, int]] = []
        self.marks = 0
        self.seat(slots)
        price = highest(self, ROUNDS)
        if price is None:
            net = network(problem)
            room = net.room - net.load(net.leaf[(slots[net.request] == net.slot) & held[net.request]])
            full = np.append(room <= 0, False)  # the last is NOBODY
            shut = np.any([full[node] for node in net.above(net.leaf)], axis=0)
            rest = structs.replace(net, room=room).keep(~held[net.request] & ~shut)
            choice = flow(rest, ranks(problem), rest.value).choice
            self.seat(np.where(choice >= 0, rest.slot[choice], NOBODY) if len(rest.slot) else choice)
            price = highest(self)
            assert price is not None  # the flow is optimal
        self.price = price

    def low(self) -> Ints:
        """The lowest right prices. `price` must hold the highest."""
        return lowest(self, self.price)

    def chain(
        self, begin: list[tuple[int, int]], row: int, end: int, *, below: int = FAR, lower: Least | None = None
    ) -> Chain | None:
        """See `chain.cheapest`."""
        return cheapest(self, self.price, begin, row, end, below=below, lower=lower)

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
        nodes = self.nodes(slot)
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
        far = chain.cost - chain.near
        for node, dist in chain.fore.items():
            if dist < chain.near:
                self.price[node] += chain.near - dist
        for node, dist in chain.back.items():
            if dist < far:
                self.price[node] -= far - dist

    def _put(self, row: int, begin: int, end: int, *, noted: bool = True) -> None:
        if begin > TOP:
            self.occupants[begin].discard(row)
        self.here[row], self.has[row] = end, 0
        if end > TOP:
            self.occupants[end].add(row)
            self.has[row] = self.worths_of[row][np.flatnonzero(self.nodes_of[row] == end)[0]]
        if noted and self.marks:
            self.journal.append((row, begin, end))
