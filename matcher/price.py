"""What a pair of the joint plan costs, who would lose the place, and what a bed is worth. Codes and numbers only.

prices = Prices(problem, plan.slots)
prices.pair(request, slot), prices.bed(slot), prices.bounds()

Without samenplaatsingen and group mix a price is exact: the cheapest chain of moves (layers/exchange.py) that makes the
pair, and the loss is that of the best plan with the pair fixed. With them it is exact as long as these stay where they
are; what a pair costs when they may move too lies between the two of `follow.Follower.price`.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from matcher.check import PLACED, Loss, Tier
from matcher.layers.chain import Chain
from matcher.layers.exchange import Exchange
from matcher.layers.network import network
from matcher.layers.residual import FAR, GONE, TOP, TREE, WEIGHT
from matcher.pairs import CRISIS, NOBODY, REGULIER, SPOED, Bools, Ints, Pairs
from matcher.problem import require

PRICED = (Tier.VAST, Tier.CRISIS, Tier.SPOED, Tier.REGULIER, Tier.WACHTDAGEN, Tier.SCORE)


class Move(Struct, frozen=True):
    """A request goes from a slot to another; NOBODY is not placed."""

    request: int
    begin: int
    end: int


class Price(Struct, frozen=True, kw_only=True):
    """What the plan loses when a pair is made, or when a bed is not there."""

    cost: int
    """As in Bounds; 0 when the plan has the pair, and never less."""
    loss: Loss
    """In PRICED, exact: the plan before less the best plan after."""
    moves: tuple[Move, ...]
    """Who moves where: each takes the bed that the next one leaves."""
    loser: int | None
    """Who would no longer be placed: for the schakelfunctionaris only."""
    winner: int | None
    """Who would be placed who was not, besides the request itself."""


class Bounds(Struct, frozen=True, eq=False):
    """For all pairs at once, in points + rank × WEIGHT: the price lies between, and is exact where these are equal."""

    least: Ints
    """(P,)"""
    most: Ints
    """(P,)"""

    def places(self) -> Ints:
        """(P,) more than 0: at least it costs a child its place, or a place to one who waited shorter …"""
        return (self.least + WEIGHT // 2) // WEIGHT

    def points(self) -> Ints:
        """(P,) … and at least so many points."""
        return self.least - self.places() * WEIGHT


class Free(Struct, frozen=True, kw_only=True):
    """Advice: one bed of this slot had better stay free."""

    slot: int
    kind: int
    """Of requests that have few other slots …"""
    others: int
    """… so many."""
    price: Price
    """What that costs the plan: points only, and who would be elsewhere by it."""


class Prices:
    """Prices of one plan: the state is its exchange, with the highest and the lowest right prices of all beds."""

    def __init__(self, problem: Pairs, slots: Ints) -> None:
        """Samenplaatsingen and children in a group mix stay where they are; prices are exact for who does not.

        A plan that is not optimal for the others is made so first (`slots` says where they are).
        """
        held = problem.groep != NOBODY
        for mix in problem.mix:
            held[list(mix.requests)] = True
        self.problem, self.exchange, self._given = problem, Exchange(problem, slots, held), slots
        self.high, self.low = self.exchange.price, self.exchange.low()
        # halfway both ends of a chain are near: searches are small
        middle = (self.high + self.low) >> 1
        self.exchange.price = middle
        self._up: list[int] = (self.high - middle).tolist()
        self._down: list[int] = (middle - self.low).tolist()
        self._optie = {(who, slot) for who, slot in problem.opties.tolist()}

    @property
    def slots(self) -> Ints:
        """(R,) the plan that is priced."""
        here = self.exchange.here[: self.problem.requests]
        return np.where(here == GONE, self._given, np.array(self.exchange.slot_of)[np.maximum(here, TOP)])

    def pair(self, request: int, slot: int) -> Price | None:
        """The price of this pair; None when there is no bed for it in any plan. ValueError when it is no pair."""
        exchange = self.exchange
        node, worth = self._pair(request, slot)
        here = int(exchange.here[request])
        if here == node:
            return Price(cost=0, loss=dict.fromkeys(PRICED, 0), moves=(), loser=None, winner=None)
        chain = self._chain(node, here)  # what the request itself could do begins where this ends
        if chain is None:
            return None
        fall = exchange.price[node] - exchange.price[here]
        return self._price(chain, int(exchange.has[request] - worth + fall) + chain.cost, (request, here, node))

    def bed(self, slot: int) -> Price:
        """What is lost without one bed of a slot that has one that is not held or kept for crisis.

        ValueError when there is no such slot or bed.
        """
        exchange = self.exchange
        require(0 <= slot < self.problem.slots, f"slot {slot}", "does not exist")
        node = int(exchange.calm_node[slot])
        if exchange.room[node] <= 0:
            raise ValueError(f"slot {slot}: has no bed that is not held, kept or taken for good")
        above = exchange.parent[int(exchange.slot_node[slot])]  # the room of the voorziening stays as it is
        chain = self._chain(node, above)
        if chain is None:
            raise RuntimeError(f"slot {slot}: no chain ends")
        return self._price(chain, int(exchange.price[node] - exchange.price[above]) + chain.cost, None)

    def place(self, request: int) -> Price | None:
        """The cheapest way to place a request that the plan leaves out; None when there is none at all."""
        exchange = self.exchange
        require(0 <= request < self.problem.requests, f"request {request}", "does not exist")
        require(exchange.here[request] == TOP, f"request {request}", "is placed, or in a samenplaatsing or group mix")
        nodes, worth = exchange.nodes_of[request], exchange.worths_of[request]
        if not len(nodes):
            return None
        # who comes from TOP has nothing to leave: the highest price is what it costs
        best = int(nodes[(self.high[nodes] - worth).argmin()])
        return self.pair(request, exchange.slot_of[best])

    def keep_free(
        self, kind: Ints, *, few: int = 1, most: int = 1_000, protected: Bools | None = None
    ) -> tuple[Free, ...]:
        """Slots that the plan fills, and that requests of some kind have few others than; the cheapest first.

        kind: (R,) a number per kind of request that is scarce (families of three, …), or NOBODY. Only where it costs
        no child a place or waiting, at most `most` points, and nobody moves who is in crisis, waited longest of an
        urgentie or is `protected` (a machtiging that runs): none of these is ever asked to wait for what may come.
        """
        problem, exchange = self.problem, self.exchange
        for name, rows in (("kind", kind), ("protected", protected)):
            count = problem.requests if rows is None else len(rows)
            require(count == problem.requests, name, f"has {count} rows, not {problem.requests}")
        safe = problem.urgentie == CRISIS
        for urgentie in (SPOED, REGULIER):
            own = problem.urgentie == urgentie
            safe |= own & (problem.wachtdagen == problem.wachtdagen[own].max(initial=0))
        safe = safe if protected is None else safe | protected
        net = network(problem)  # without pairs that are of no use, as where there is no room for all of a group
        found = []
        for one in np.unique(kind[kind != NOBODY]).tolist():
            usable = np.unique(net.slot[kind[net.request] == one])
            for slot in usable.tolist() if len(usable) <= few + 1 else ():
                node = int(exchange.calm_node[slot])
                if exchange.room[node] <= 0 or exchange.load[node] < exchange.room[node]:
                    continue
                price = self.bed(slot)
                points = price.loss[Tier.SCORE]
                only = all(loss == 0 for tier, loss in price.loss.items() if tier is not Tier.SCORE)
                others = all(kind[move.request] != one and not safe[move.request] for move in price.moves)
                if only and others and points <= most:
                    found.append(Free(slot=slot, kind=one, others=len(usable) - 1, price=price))
        return tuple(sorted(found, key=lambda free: (free.price.loss[Tier.SCORE], free.slot)))

    def bounds(self) -> Bounds:
        """Between what every pair costs, in the order of the pairs; CLOSED or more where there is no bed at all."""
        problem, exchange = self.problem, self.exchange
        width = max(problem.slots, 1)
        holder = np.isin(problem.request * width + problem.slot, problem.opties[:, 0] * width + problem.opties[:, 1])
        node = exchange.leaf(problem.urgentie[problem.request], problem.slot, holder)
        here = exchange.here[problem.request]
        fall = exchange.has[problem.request] - problem.value - exchange.rank[problem.request] * WEIGHT
        high, low = (fall + price[node] - price[here] for price in (self.high, self.low))
        most = fall + self.high[node] - self.low[here]  # by way of TOP
        same = here == node
        return Bounds(np.where(same, 0, np.maximum(high, low)), np.where(same, 0, most))

    def _pair(self, request: int, slot: int) -> tuple[int, int]:
        """The node where the request comes in and the worth of the pair."""
        problem, exchange = self.problem, self.exchange
        if not (0 <= request < problem.requests and 0 <= slot < problem.slots):
            raise ValueError(f"pair: request {request} and slot {slot} do not both exist")
        if exchange.here[request] == GONE:
            raise ValueError(f"request {request}: is in a samenplaatsing or a group mix, that has no exact price")
        holder = np.array([(request, slot) in self._optie])
        node = int(exchange.leaf(int(problem.urgentie[request]), np.array([slot]), holder)[0])
        at = np.flatnonzero(exchange.nodes_of[request] == node)
        if not len(at):
            raise ValueError(f"request {request}: slot {slot} is not one of its pairs, or it is fixed elsewhere")
        return node, int(exchange.worths_of[request][at[0]])

    def _chain(self, begin: int, end: int) -> Chain | None:
        up, down = self._up, self._down

        def to_end(node: int) -> int:
            return max(up[node] - up[end], down[end] - down[node])

        def from_begin(node: int) -> int:
            return max(up[begin] - up[node], down[node] - down[begin])

        # by way of TOP there is always one that costs no more
        most = up[begin] + down[end] + 1
        return self.exchange.chain([(begin, 0)], TREE, end, below=min(most, FAR), lower=(to_end, from_begin))

    def _price(self, chain: Chain, cost: int, first: tuple[int, int, int] | None) -> Price:
        exchange, problem = self.exchange, self.problem
        loss = dict.fromkeys(PRICED, 0)
        moves = []
        went = [(step.row, step.begin, step.end) for step in chain.steps if step.row != TREE]
        if first is not None:
            went.insert(0, first)
        loser = winner = None
        for row, begin, end in went:
            worth = 0
            if end != TOP:
                at = int(np.flatnonzero(exchange.nodes_of[row] == end)[0])
                worth = int(exchange.worths_of[row][at])
            rank = int(exchange.rank[row])
            loss[Tier.SCORE] += (int(exchange.has[row]) - (begin != TOP) * rank * WEIGHT) - (
                worth - (end != TOP) * rank * WEIGHT
            )
            less = (begin != TOP) - (end != TOP)
            if less:
                loss[PLACED[int(problem.urgentie[row])]] += less
                loss[Tier.WACHTDAGEN] += less * int(problem.wachtdagen[row])
                loss[Tier.VAST] += less * int(exchange.fixed[row])
                if less > 0:
                    loser = row
                elif first is None or row != first[0]:
                    winner = row
            moves.append(Move(row, exchange.slot_of[begin], exchange.slot_of[end]))
        return Price(cost=cost, loss=loss, moves=tuple(moves), loser=loser, winner=winner)
