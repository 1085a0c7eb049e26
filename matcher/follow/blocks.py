"""Requests that are laid together: samenplaatsingen, and children in a group mix, each of those by itself.

A block stays where it is while others move. Who comes, changes or loses the place is laid where the plan becomes best
by it: a few places that bring most above the prices are tried, with all that moves along.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from msgspec import Struct

from matcher.follow.demand import Demand
from matcher.follow.worth import NOTHING, Worth, plus, total
from matcher.layers.exchange import Exchange, Mark
from matcher.layers.linear import Floats
from matcher.layers.residual import WEIGHT
from matcher.pairs import NOBODY, Ints, Mix

TRIES = 3
"""Places that are tried for a block, and blocks that get a chance at what came free."""


class Block(Struct, eq=False):
    members: list[int]
    splits: bool
    """With leave."""
    group: bool
    """A samenplaatsing."""


class Before(Struct, frozen=True, eq=False):
    """To come back to."""

    exchange: Mark
    seat: dict[int, int]
    laid: Worth


class Blocks:
    """The state: blocks, and where their members are. The others are in the same exchange, as rows."""

    def __init__(self, demand: Demand, exchange: Exchange, mix: tuple[Mix, ...]) -> None:
        self.demand, self.exchange = demand, exchange
        self.all: list[Block] = []
        self.mix = mix
        self._mix_of: dict[int, list[Mix]] = {}
        for one in mix:
            for who in one.requests:
                self._mix_of.setdefault(who, []).append(one)
        self._of: dict[int, Block] = {}
        self._seat: dict[int, int] = {}
        """Of those who are placed, the slot …"""
        self._laid: Worth = NOTHING
        """… and what they are worth."""

    # --- what there is -----------------------------------------------------------------------------------------------

    @property
    def seats(self) -> dict[int, int]:
        """Of the members who are placed, the slot."""
        return self._seat

    def of(self, who: int) -> Block | None:
        return self._of.get(who)

    def mates(self, who: int) -> list[int]:
        """All of the block; only who is alone."""
        block = self._of.get(who)
        return [who] if block is None else block.members

    def mixed(self, who: int) -> bool:
        """In a group mix."""
        return who in self._mix_of

    def placed(self, block: Block) -> bool:
        return any(who in self._seat for who in block.members)

    def worth(self) -> Worth:
        """Of the whole plan."""
        return plus(total(self.exchange), self._laid)

    # --- who belongs to one ------------------------------------------------------------------------------------------

    def join(self, members: list[int], *, splits: bool) -> Block:
        """A block that is nowhere yet."""
        block = Block(members, splits, len(members) > 1)
        self.all.append(block)
        self._of.update(dict.fromkeys(members, block))
        return block

    def take_over(self, seats: dict[int, int]) -> None:
        """Members are in these beds already, which the exchange has taken for good."""
        self._seat = seats
        for block in self.all:
            self._laid = plus(self._laid, self._worth_of(block))

    def drop(self, who: int) -> Block | None:
        """Who goes is in no block; the block that is left."""
        block = self._of.pop(who, None)
        if block is not None:
            block.members.remove(who)
        return block

    def again(self, block: Block) -> int | None:
        """Lays a block of which something changed. Who is left of it alone is no block: returned, for the exchange."""
        self.unseat(block)
        if len(block.members) == 1 and not self.mixed(block.members[0]):
            who = block.members.pop()
            del self._of[who]
            return who
        if block.members:
            block.group = len(block.members) > 1
            self.lay(block)
        return None

    # --- beds --------------------------------------------------------------------------------------------------------

    def unseat(self, block: Block) -> list[int]:
        """Gives back its beds; the slots."""
        seats = [(who, self._seat[who]) for who in block.members if who in self._seat]
        self._stand(block)
        for who, slot in seats:
            self.exchange.give(self.demand.node(who, slot, self.exchange))
        return [slot for _, slot in seats]

    def evict(self, slot: int, but: Block | None = None) -> Block | None:
        """Takes the block that comes last out of a slot; None when there is none, or only that one."""
        there = [who for who, where in self._seat.items() if where == slot and self._of[who] is not but]
        if not there:
            return None
        block = min((self._of[who] for who in there), key=self._rank)
        self.unseat(block)
        return block

    def retry(self, slots: list[int]) -> None:
        """Blocks that are not placed get a chance at what came free, who comes first first."""
        if not slots or not self.all:
            return
        place = self.demand.place_of
        near = np.isin(place, place[slots])
        waiting = [
            block
            for block in self.all
            if block.members
            and not self.placed(block)
            and all(near[self.demand.child(who).slots].any() for who in block.members)
        ]
        waiting.sort(key=lambda block: -self._rank(block))
        for block in waiting[:TRIES]:
            self.lay(block)

    def lay(self, block: Block) -> None:
        """Where the plan becomes best by it, of the few places that bring most above the prices; or nowhere."""
        best, laid = self.worth(), None
        for areas in (self.demand.unit_of, self.demand.place_of, None):
            for seats in self._places(block, areas):
                mark = self.exchange.mark()
                self._sit(block, seats)
                worth = self.worth()
                self._stand(block)
                self.exchange.undo(mark)
                if worth > best:
                    best, laid = worth, seats
            if laid is not None:
                self._sit(block, laid)
                return

    def mark(self) -> Before:
        return Before(self.exchange.mark(), self._seat.copy(), self._laid)

    def undo(self, before: Before) -> None:
        """Who belongs to which block must be as it was."""
        self.exchange.undo(before.exchange)
        self._seat, self._laid = before.seat, before.laid

    # --- where a block can be ----------------------------------------------------------------------------------------

    def _places(self, block: Block, area_of: Ints | None) -> list[dict[int, int]]:
        """Where everybody of a block can be in one area, best first; without areas apart, if they may."""
        exchange = self.exchange
        options = []
        for who in block.members:
            child, node = self.demand.child(who), self.demand.nodes(who, exchange)
            # a sum over a samenplaatsing does not fit in 64 bits: a thousandth of a point is enough to sort by
            paid = (child.values + child.rank * WEIGHT - exchange.price[node]) / WEIGHT
            options.append((who, child.slots, node, paid))
        options.sort(key=lambda option: len(option[1]))
        if area_of is None:
            if not (block.splits and block.group):
                return []
            worthy = [(who, slots[paid > 0], node[paid > 0], paid[paid > 0]) for who, slots, node, paid in options]
            apart = self._assign(worthy, some=True)
            return [apart] if apart else []
        sums: dict[int, float] = {}
        for at, (_, slots, _, paid) in enumerate(options):
            area = area_of[slots]
            order = np.lexsort((-paid, area))
            firsts = order[np.flatnonzero(np.diff(area[order], prepend=NOBODY))]
            most = dict(zip(area[firsts].tolist(), paid[firsts].tolist(), strict=True))
            sums = {key: sums.get(key, 0.0) + more for key, more in most.items() if not at or key in sums}
        found: list[dict[int, int]] = []
        for key in sorted(sums, key=lambda key: -sums[key]):
            if sums[key] <= 0 or len(found) == TRIES:
                break
            here = [
                (who, slots[there], node[there], paid[there])
                for who, slots, node, paid in options
                for there in (area_of[slots] == key,)
            ]
            seats = self._assign(here, some=False)
            if seats:
                found.append(seats)
        return found

    def _assign(self, options: list[tuple[int, Ints, Ints, Floats]], *, some: bool) -> dict[int, int] | None:
        """The best bed that is left for each in turn; None when there is none for somebody, unless `some` will do."""
        exchange, taken = self.exchange, Counter[int]()
        seats: dict[int, int] = {}
        for who, slots, node, paid in options:
            for at in np.argsort(-paid, kind="stable").tolist():
                nodes, slot = exchange.above(int(node[at])), int(slots[at])
                if all(taken[one] < exchange.room[one] for one in nodes) and self._mix_has_room(who, slot, seats):
                    taken.update(nodes)
                    seats[who] = slot
                    break
            else:
                if not some:
                    return None
        return seats

    def _mix_has_room(self, who: int, slot: int, seats: dict[int, int]) -> bool:
        unit_of = self.demand.unit_of
        for mix in self._mix_of.get(who, ()):
            if mix.voorziening == unit_of[slot]:
                there = [seats.get(mate, self._seat.get(mate, NOBODY)) for mate in mix.requests]
                if sum(at != NOBODY and unit_of[at] == mix.voorziening for at in there) >= mix.room:
                    return False
        return True

    def _sit(self, block: Block, seats: dict[int, int]) -> None:
        for who, slot in seats.items():
            self.exchange.take(self.demand.node(who, slot, self.exchange))
        self._seat |= seats
        self._laid = plus(self._laid, self._worth_of(block))

    def _stand(self, block: Block) -> None:
        """The seats only; their beds are not given back."""
        self._laid = plus(self._laid, self._worth_of(block), -1)
        for who in block.members:
            self._seat.pop(who, None)

    def _worth_of(self, block: Block) -> Worth:
        """Of those of a block who are placed."""
        seats = {who: self._seat[who] for who in block.members if who in self._seat}
        worth = NOTHING
        for who, slot in seats.items():
            worth = plus(worth, self.demand.child(who).at(slot))
        if block.group and seats:
            units = {int(self.demand.unit_of[slot]) for slot in seats.values()}
            whole = len(seats) == len(block.members) and len({int(self.demand.locatie[unit]) for unit in units}) == 1
            worth = (*worth[:5], -(not whole), -(whole and len(units) > 1), worth[7])
        return worth

    def _rank(self, block: Block) -> int:
        """Of the one who comes first."""
        return max(self.demand.child(who).rank for who in block.members)
