"""The plan, and the changes that it follows.

Children alone follow exactly: one shortest chain of moves per bed that is taken or given (layers/exchange.py), after
which the plan is the best again in every tier. Only who is on the chain moves, so little changes; nothing is done
for the plan before (`vorige`). Samenplaatsingen and children in a group mix stay where they are (blocks.py); what that
may miss is proven by relaxed.py.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from copy import deepcopy

import numpy as np
from msgspec import Struct, structs

from matcher.check import Loss
from matcher.follow.blocks import Block, Blocks
from matcher.follow.demand import Child, Demand
from matcher.follow.relaxed import Relaxed
from matcher.follow.worth import WORTH, Standing, known, loss, plus
from matcher.layers.exchange import Exchange
from matcher.layers.residual import TOP
from matcher.pairs import MAX_BEDS, MAX_VALUE, NOBODY, REGULIER, Ints, Pairs
from matcher.plan import Level
from matcher.problem import MAX_SAMEN, require


class Between(Struct, frozen=True):
    """What a pair costs where there are groups: no less than `least` and no more than `most`, tier after tier."""

    least: Loss
    """In WORTH: by every group split, and by what was known of the plan."""
    most: Loss | None
    """Of the plan with the pair that was found; None when none was."""
    slots: Ints | None
    """That plan."""


class Follower:
    """The state: the plan, and what is proven about it. Nonsense leaves it as it was."""

    def __init__(self, problem: Pairs, slots: Ints, levels: Sequence[Level] = ()) -> None:
        """From a plan and what is known of it; children alone are placed anew where it is not optimal for them.

        ValueError when slots is no plan that is allowed.
        """
        mixed = np.zeros(problem.requests, np.bool_)
        for mix in problem.mix:
            mixed[list(mix.requests)] = True
        held = (problem.groep != NOBODY) | mixed
        self._demand, self._exchange = Demand(problem), Exchange(problem, slots, held)
        self._row = np.where(held, NOBODY, np.arange(problem.requests)).tolist()
        """Per request, of who is alone."""
        self._blocks = Blocks(self._demand, self._exchange, problem.mix)
        for group, splits in enumerate(problem.splitsbaar.tolist()):
            self._blocks.join(np.flatnonzero(problem.groep == group).tolist(), splits=splits)
        for who in np.flatnonzero(mixed & (problem.groep == NOBODY)).tolist():
            self._blocks.join([who], splits=False)
        self._blocks.take_over({who: int(slots[who]) for who in np.flatnonzero(held & (slots != NOBODY)).tolist()})
        self._relaxed: Relaxed | None = None
        """None while everybody is alone: the plan is the best there is."""
        if held.any():
            apart = np.full(problem.requests, NOBODY)
            loose = structs.replace(problem, groep=apart, splitsbaar=np.zeros(0, np.bool_), mix=())
            rows = list(range(problem.requests))
            self._relaxed = Relaxed(self._demand, Exchange(loose, slots), rows, known(levels))

    # --- what there is -----------------------------------------------------------------------------------------------

    @property
    def slots(self) -> Ints:
        """(R,) where each request is, or NOBODY; who went keeps the number."""
        plan = np.full(len(self._row), NOBODY)
        row = np.array(self._row, np.int64)
        at = np.flatnonzero(row >= 0)
        plan[at] = np.array(self._exchange.slot_of)[np.maximum(self._exchange.here[row[at]], TOP)]
        for who, slot in self._blocks.seats.items():
            plan[who] = slot
        return plan

    def standing(self) -> Standing:
        """What the plan is worth, and what is proven."""
        worth = self._blocks.worth()
        return Standing(worth, worth if self._relaxed is None else self._relaxed.bound)

    def problem(self) -> Pairs:
        """As it is now; who went has no pairs."""
        exchange, demand = self._exchange, self._demand
        groups = [block for block in self._blocks.all if block.group and block.members]
        groep = [NOBODY] * len(demand.children)
        for number, block in enumerate(groups):
            for who in block.members:
                groep[who] = number
        there = [(who, child) for who, child in enumerate(demand.children) if child is not None]
        none = np.zeros(0, np.int64)
        return Pairs.build(
            urgentie=[REGULIER if child is None else child.urgentie for child in demand.children],
            wachtdagen=[0 if child is None else child.wachtdagen for child in demand.children],
            groep=groep,
            splitsbaar=[block.splits for block in groups],
            capaciteit=exchange.beds,
            voor_crisis=exchange.kept,
            voorziening=exchange.unit_of,
            locatie=demand.locatie,
            ruimte=exchange.ruimte,
            mix=self._blocks.mix,
            request=np.concatenate([none, *(np.full(len(child.slots), who) for who, child in there)]),
            slot=np.concatenate([none, *(child.slots for _, child in there)]),
            value=np.concatenate([none, *(child.values for _, child in there)]),
            vast=[(who, int(child.slots[0])) for who, child in there if child.vast and len(child.slots)],
            opties=sorted(demand.opties),
        )

    def price(self, request: int, slot: int) -> Between:
        """What this pair costs the plan; ValueError when it is not one. The plan stays as it is.

        Without groups it is exact, and `price.Prices` is faster and says who moves.
        """
        demand, relaxed = self._demand, self._relaxed
        child = demand.child(request)
        at = np.flatnonzero(child.slots == slot)
        require(len(at) > 0, f"request {request}", f"slot {slot} is not one of its pairs, or it is fixed elsewhere")
        before = self._blocks.worth()
        if self._where(request) == slot:
            return Between(loss(before, before), loss(before, before), self.slots)
        extra = (int(not child.vast), *[0] * (len(WORTH) - 1))  # a fixed pair is only to ask
        kept = (self._row.copy(), demand.children.copy(), demand.opties.copy())
        blocks_before, relaxed_before = self._blocks.mark(), None if relaxed is None else relaxed.mark()
        only = structs.replace(child, slots=child.slots[at], values=child.values[at], vast=True)
        self._replace(request, only, child.slots.tolist())
        self._make_room(request, slot)
        worth, slots = plus(self._blocks.worth(), extra, -1), self.slots
        bound = worth if relaxed is None else plus(relaxed.split(), extra, -1)
        made = self._where(request) == slot
        self._row, demand.children, demand.opties = kept
        self._blocks.undo(blocks_before)
        if relaxed is not None and relaxed_before is not None:
            relaxed.undo(relaxed_before)
            bound = min(bound, relaxed.most)
        return Between(loss(before, bound), loss(before, worth) if made else None, slots if made else None)

    # --- what changes ------------------------------------------------------------------------------------------------

    def come(self, children: Sequence[Child], *, splitsbaar: bool = False) -> list[int]:
        """Takes in one child, or a samenplaatsing; returns the numbers of the requests. ValueError for nonsense."""
        require(0 < len(children) <= MAX_SAMEN, "come", f"{len(children)} children, 1 to {MAX_SAMEN} can come together")
        for child in children:
            self._demand.check(child)
        numbers = list(range(len(self._row), len(self._row) + len(children)))
        if len(children) > 1 and self._relaxed is None:
            self._relaxed = Relaxed(self._demand, deepcopy(self._exchange), self._row.copy(), self._blocks.worth())
        self._demand.children += children
        self._row += [NOBODY] * len(children)
        if self._relaxed is not None:
            self._relaxed.row += [NOBODY] * len(children)
            self._relaxed.raised(numbers)
            for who in numbers:
                self._relaxed.enter(who)
        if len(children) == 1:
            self._enter(numbers[0])
        else:
            self._blocks.lay(self._blocks.join(list(numbers), splits=splitsbaar))
        return numbers

    def go(self, request: int) -> None:
        """Takes out a request; a samenplaatsing goes on without it."""
        self._demand.child(request)
        free = self._leave(request)
        self._demand.children[request] = None
        block = self._blocks.drop(request)
        if block is not None:
            if self._relaxed is not None:
                self._relaxed.raised(block.members)
            self._again(block)
        self._blocks.retry(free)

    def change(self, request: int, child: Child) -> None:
        """Another urgentie, more days waited, other places: what is known of a request is replaced."""
        self._demand.child(request)
        self._demand.check(child)
        self._replace(request, child, child.slots.tolist())

    def beds(self, slot: int, count: int) -> None:
        """So many beds in a slot. ValueError when more are held by opties or kept for crisis."""
        exchange = self._exchange
        require(0 <= slot < len(exchange.beds), "beds", f"slot {slot} does not exist")
        least = exchange.held[slot] + exchange.kept[slot]
        require(least <= count <= MAX_BEDS, f"slot {slot}", f"{count} beds, of which {least} held or kept for crisis")
        more = count - exchange.beds[slot]
        if more > 0 and self._relaxed is not None:
            self._relaxed.raised_by_beds(slot, more, self._blocks.mates)
        out = []
        while any(exchange.room[node] < -more for node in exchange.nodes(slot)) and (block := self._blocks.evict(slot)):
            out.append(block)
        for one in self._exchanges():
            one.set_beds(slot, count)
        for block in out:
            self._blocks.lay(block)
        self._blocks.retry([slot])

    def plek(
        self, count: int, requests: Ints, values: Ints, *, voorziening: int | None = None, locatie: int | None = None
    ) -> int:
        """A new slot with so many beds where these requests can be; returns its number. ValueError for nonsense.

        In a voorziening that there is, or in a new one at a locatie (new as well when left out). Who is fixed stays.
        """
        demand = self._demand
        require(0 <= count <= MAX_BEDS, "plek", f"{count} beds")
        demand.check_pairs("plek", requests, values)
        require(len(np.unique(requests)) == len(requests), "plek", "names a request twice")
        free = np.array([not demand.child(who).vast for who in requests.tolist()], np.bool_)
        units = len(demand.locatie)
        require(voorziening is None or 0 <= voorziening < units, "plek", f"voorziening {voorziening} does not exist")
        require(locatie is None or 0 <= locatie <= MAX_VALUE, "plek", f"locatie {locatie}")
        if voorziening is None:
            voorziening = units
            locatie = int(demand.locatie.max(initial=NOBODY)) + 1 if locatie is None else locatie
            demand.locatie = np.append(demand.locatie, locatie)
        slot, requests, values = len(demand.unit_of), requests[free], values[free]
        demand.unit_of = np.append(demand.unit_of, voorziening)
        demand.opens(slot, requests, values)
        for exchange, rows in self._exchanges().items():
            row = np.array([rows[who] for who in requests.tolist()], np.int64)
            exchange.new_slot(voorziening, row[row >= 0], values[row >= 0])
        self.beds(slot, count)
        return slot

    # --- steps of a change -------------------------------------------------------------------------------------------

    def _exchanges(self) -> dict[Exchange, list[int]]:
        """With the row of each request in it."""
        relaxed = {} if self._relaxed is None else {self._relaxed.exchange: self._relaxed.row}
        return {self._exchange: self._row, **relaxed}

    def _enter(self, who: int) -> None:
        self._row[who] = self._demand.enter(who, self._exchange)

    def _replace(self, request: int, child: Child, keep: Collection[int]) -> None:
        """Opties on slots to `keep` stay."""
        free = self._leave(request, keep)
        self._demand.children[request] = child
        block = self._blocks.of(request)
        if self._relaxed is not None:
            self._relaxed.raised(self._blocks.mates(request))
            self._relaxed.enter(request)
        if block is None:
            self._enter(request)
        else:
            self._again(block)
        self._blocks.retry(free)

    def _leave(self, who: int, keep: Collection[int] = ()) -> list[int]:
        """Takes somebody out, with the block and with opties on slots that are not kept; the slots that come free."""
        block = self._blocks.of(who)
        if block is None:
            free = [self._where(who)]
            self._exchange.go(self._row[who])
            self._row[who] = NOBODY
        else:
            free = self._blocks.unseat(block)
        if self._relaxed is not None:
            self._relaxed.leave(who)
        for slot in [slot for one, slot in self._demand.opties if one == who and slot not in keep]:
            self._demand.opties.discard((who, slot))
            if self._relaxed is not None:
                self._relaxed.raised_by_beds(slot, 1, self._blocks.mates)
            for one in self._exchanges():
                one.release(slot)
            free.append(slot)
        return [slot for slot in free if slot != NOBODY]

    def _again(self, block: Block) -> None:
        alone = self._blocks.again(block)
        if alone is not None:
            self._enter(alone)

    def _make_room(self, who: int, slot: int) -> None:
        """Samenplaatsingen leave the locatie of a slot until somebody can be there, and are laid anew."""
        out = []
        place, own = self._demand.place_of, self._blocks.of(who)
        for one in sorted(np.flatnonzero(place == place[slot]).tolist(), key=lambda one: one != slot):
            while self._where(who) != slot and (block := self._blocks.evict(one, but=own)):
                out.append(block)
                if own is not None:
                    self._again(own)
        for block in out:
            if not self._blocks.placed(block):
                self._blocks.lay(block)

    def _where(self, who: int) -> int:
        row = self._row[who]
        if row < 0:
            return self._blocks.seats.get(who, NOBODY)
        return self._exchange.slot_of[max(TOP, int(self._exchange.here[row]))]
