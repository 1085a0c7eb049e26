"""The plan follows a change: an aanvraag or a plek comes, goes or changes, without a full solve.

follower = Follower(problem, plan.slots, plan.levels)
request, = follower.come([Child(urgentie, wachtdagen, slots, values)])
follower.beds(slot, 2); follower.go(request); follower.slots, follower.standing()

Children alone follow exactly: one shortest chain of moves per bed that is taken or given (layers/exchange.py), after
which the plan is the best again in every tier. Only who is on the chain moves, so little changes; nothing is done
for the plan before (`vorige`). Samenplaatsingen and children in a group mix stay where they are; who comes or loses
the place is laid where that is best, tried and judged by the worth of the whole plan. What that may miss is proven by
a second exchange in which every group is split, and by the bound there was, raised by what a change can bring at most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from copy import deepcopy

import numpy as np
from msgspec import Struct, structs

from matcher.check import Loss, Tier
from matcher.layers.exchange import Exchange
from matcher.layers.linear import Floats
from matcher.layers.residual import GONE, TOP, WEIGHT, rank_of
from matcher.pairs import CRISIS, MAX_BEDS, MAX_VALUE, MAX_WACHTDAGEN, NOBODY, REGULIER, SPOED, Ints, Mix, Pairs
from matcher.plan import Level
from matcher.problem import MAX_SAMEN, require

WORTH = (
    Tier.VAST,
    Tier.CRISIS,
    Tier.SPOED,
    Tier.REGULIER,
    Tier.WACHTDAGEN,
    Tier.GESPLITST,
    Tier.LOCATIE,
    Tier.SCORE,
)
"""What is followed: all but BEHOUDEN."""

UNKNOWN = 2**62

Worth = tuple[int, ...]
"""In the order of WORTH; the first that differs decides."""

TRIES = 3
"""Places that are tried for a group."""


class Child(Struct, frozen=True, eq=False):
    """A request and where it can be. A fixed child has one pair, that comes before everything."""

    urgentie: int
    wachtdagen: int
    slots: Ints
    values: Ints
    vast: bool = False


class Standing(Struct, frozen=True):
    """What the plan is worth now, and what no plan exceeds, both in the order of WORTH."""

    worth: Worth
    bound: Worth

    @property
    def proven(self) -> bool:
        return self.worth == self.bound

    @property
    def tier(self) -> Tier | None:
        """The first that may be better; None when the plan is proven."""
        return next((t for t, own, top in zip(WORTH, self.worth, self.bound, strict=True) if own != top), None)

    @property
    def gap(self) -> float:
        """What may be missing in that tier, as a part of the bound."""
        for own, top in zip(self.worth, self.bound, strict=True):
            if own != top:
                return (top - own) / max(1, abs(top))
        return 0.0


class Between(Struct, frozen=True):
    """What a pair costs where there are groups: no less than `least` and no more than `most`, tier after tier."""

    least: Loss
    """By every group split, and by what was known of the plan."""
    most: Loss | None
    """Of the plan with the pair that was found; None when none was."""
    slots: Ints | None
    """That plan."""


class _Block(Struct, eq=False):
    """Requests that are laid together: a samenplaatsing, or one child in a group mix."""

    members: list[int]
    splits: bool
    group: bool


class Follower:
    """The state: the plan, its exchange, and what is proven about it. After an error it is no longer of use."""

    def __init__(self, problem: Pairs, slots: Ints, levels: Sequence[Level] = ()) -> None:
        """From a plan and what is known of it; children alone are placed anew where it is not optimal for them.

        ValueError when slots is no plan that is allowed.
        """
        self._mixes = [(mix.voorziening, set(mix.requests), mix.room) for mix in problem.mix]
        mixed = np.zeros(problem.requests, np.bool_)
        for _, mates, _ in self._mixes:
            mixed[list(mates)] = True
        held = (problem.groep != NOBODY) | mixed
        self._opties = {(who, slot) for who, slot in problem.opties.tolist()}
        self._unit_of, self._locatie = problem.voorziening.copy(), problem.locatie.copy()
        fixed = dict(problem.vast.tolist())
        self._children: list[Child | None] = []
        for who, (begin, end) in enumerate(zip(problem.first[:-1].tolist(), problem.first[1:].tolist(), strict=True)):
            at = np.arange(begin, end)
            if who in fixed:
                at = at[problem.slot[at] == fixed[who]]
            one = (int(problem.urgentie[who]), int(problem.wachtdagen[who]))
            self._children.append(Child(*one, problem.slot[at], problem.value[at], who in fixed))
        self._exchange = Exchange(problem, slots, held)
        self._row = np.where(held, NOBODY, np.arange(problem.requests)).tolist()
        self._shadow: Exchange | None = None
        """Everybody alone: no plan is better."""
        self._shadow_row, self._owner = list(range(problem.requests)), list(range(problem.requests))
        self._blocks: list[_Block] = []
        self._block = [NOBODY] * problem.requests
        self._seat: dict[int, int] = {}
        """Of those in blocks who are placed, the slot …"""
        self._laid: Worth = (0,) * len(WORTH)
        """… and what they are worth."""
        for group in range(len(problem.splitsbaar)):
            self._join(np.flatnonzero(problem.groep == group).tolist(), bool(problem.splitsbaar[group]))
        for who in np.flatnonzero(mixed & (problem.groep == NOBODY)).tolist():
            self._join([who], splits=False)
        for who in np.flatnonzero(held & (slots != NOBODY)).tolist():
            self._seat[who] = int(slots[who])
        for block in self._blocks:
            self._laid = _plus(self._laid, self._worth_of(block))
        if held.any():
            apart = np.full(problem.requests, NOBODY)
            loose = structs.replace(problem, groep=apart, splitsbaar=np.zeros(0, np.bool_), mix=())
            self._shadow = Exchange(loose, slots)
        self._most = _known(levels)

    # --- what there is -----------------------------------------------------------------------------------------------

    @property
    def slots(self) -> Ints:
        """(R,) where each request is, or NOBODY; who went keeps the number."""
        plan = np.full(len(self._children), NOBODY)
        row = np.array(self._row, np.int64)
        at = np.flatnonzero(row >= 0)
        plan[at] = np.array(self._exchange.slot_of)[np.maximum(self._exchange.here[row[at]], TOP)]
        for who, slot in self._seat.items():
            plan[who] = slot
        return plan

    def standing(self) -> Standing:
        """What the plan is worth, and what is proven."""
        worth = self._worth()
        if self._shadow is None:
            return Standing(worth, worth)
        return Standing(worth, min(self._most, _sum(self._shadow)))

    def problem(self) -> Pairs:
        """As it is now; who went has no pairs."""
        exchange, children = self._exchange, self._children
        groups = [block for block in self._blocks if block.group and block.members]
        groep = [NOBODY] * len(children)
        for number, block in enumerate(groups):
            for who in block.members:
                groep[who] = number
        there = [(who, child) for who, child in enumerate(children) if child is not None]
        none = np.zeros(0, np.int64)
        return Pairs.build(
            urgentie=[REGULIER if child is None else child.urgentie for child in children],
            wachtdagen=[0 if child is None else child.wachtdagen for child in children],
            groep=groep,
            splitsbaar=[block.splits for block in groups],
            capaciteit=exchange.beds,
            voor_crisis=exchange.kept,
            voorziening=exchange.unit_of,
            locatie=self._locatie,
            ruimte=exchange.ruimte,
            mix=[Mix(unit, tuple(sorted(mates)), room) for unit, mates, room in self._mixes],
            request=np.concatenate([none, *(np.full(len(child.slots), who) for who, child in there)]),
            slot=np.concatenate([none, *(child.slots for _, child in there)]),
            value=np.concatenate([none, *(child.values for _, child in there)]),
            vast=[(who, int(child.slots[0])) for who, child in there if child.vast and len(child.slots)],
            opties=sorted(self._opties),
        )

    def price(self, request: int, slot: int) -> Between:
        """What this pair costs the plan; ValueError when it is not one. The plan stays as it is.

        Without groups it is exact, and `price.Prices` is faster and says who moves.
        """
        child = self._child(request)
        at = np.flatnonzero(child.slots == slot)
        require(len(at) > 0, f"request {request}", f"slot {slot} is not one of its pairs, or it is fixed elsewhere")
        before = self._worth()
        if self._where(request) == slot:
            return Between(_loss(before, before), _loss(before, before), self.slots)
        extra = (int(not child.vast), *[0] * (len(WORTH) - 1))  # a fixed pair is only to ask
        kept = (self._row.copy(), self._shadow_row.copy(), self._owner.copy(), self._children.copy())
        known = (self._seat.copy(), self._laid, self._most, self._opties.copy())
        exchanges = [one for one in (self._exchange, self._shadow) if one is not None]
        marks = [one.mark() for one in exchanges]
        only = structs.replace(child, slots=child.slots[at], values=child.values[at], vast=True)
        self._replace(request, only, set(child.slots.tolist()))
        self._make_room(request, slot)
        worth, slots = _plus(self._worth(), extra, -1), self.slots
        bound = worth if self._shadow is None else _plus(_sum(self._shadow), extra, -1)
        made = self._where(request) == slot
        for one, mark in zip(exchanges, marks, strict=True):
            one.undo(mark)
        self._row, self._shadow_row, self._owner, self._children = kept
        self._seat, self._laid, self._most, self._opties = known
        if self._shadow is not None:
            bound = min(bound, self._most)
        return Between(_loss(before, bound), _loss(before, worth) if made else None, slots if made else None)

    # --- what changes ------------------------------------------------------------------------------------------------

    def come(self, children: Sequence[Child], *, splitsbaar: bool = False) -> list[int]:
        """Takes in one child, or a samenplaatsing; returns the numbers of the requests. ValueError for nonsense."""
        require(0 < len(children) <= MAX_SAMEN, "come", f"{len(children)} children, 1 to {MAX_SAMEN} can come together")
        for child in children:
            self._check(child)
        numbers = list(range(len(self._children), len(self._children) + len(children)))
        self._children += children
        self._row += [NOBODY] * len(children)
        self._shadow_row += [NOBODY] * len(children)
        self._block += [NOBODY] * len(children)
        if len(children) > 1 and self._shadow is None:
            self._shadow = deepcopy(self._exchange)
            self._shadow_row = list(self._row)
            self._owner = [NOBODY] * len(self._exchange.nodes_of)
            for who, row in enumerate(self._row):
                if row >= 0:
                    self._owner[row] = who
            self._most = self._worth()
        self._raise(numbers)
        for who in numbers:
            self._enter_shadow(who)
        if len(children) == 1:
            self._row[numbers[0]] = self._enter(self._exchange, numbers[0])
        else:
            self._join(numbers, splitsbaar)
            self._lay(self._blocks[-1])
        return numbers

    def go(self, request: int) -> None:
        """Takes out a request; a samenplaatsing goes on without it."""
        self._living(request)
        before = self._leave(request)
        self._children[request] = None
        for _, mates, _ in self._mixes:
            mates.discard(request)
        if self._block[request] != NOBODY:
            block = self._blocks[self._block[request]]
            block.members.remove(request)
            self._block[request] = NOBODY
            self._raise(block.members)
            self._again(block)
        self._retry(before)

    def change(self, request: int, child: Child) -> None:
        """Another urgentie, more days waited, other places: what is known of a request is replaced."""
        self._living(request)
        self._check(child)
        self._replace(request, child, {int(slot) for slot in child.slots})

    def beds(self, slot: int, count: int) -> None:
        """So many beds in a slot. ValueError when more are held by opties or kept for crisis."""
        exchange = self._exchange
        require(0 <= slot < len(exchange.beds), "beds", f"slot {slot} does not exist")
        least = exchange.held[slot] + exchange.kept[slot]
        require(least <= count <= MAX_BEDS, f"slot {slot}", f"{count} beds, of which {least} held or kept for crisis")
        more = count - exchange.beds[slot]
        if more > 0:
            self._raise_by_beds(slot, more)
        out = []
        while any(exchange.room[node] < -more for node in self._nodes(slot)) and (block := self._evict(slot)):
            out.append(block)
        exchange.set_beds(slot, count)
        if self._shadow is not None:
            self._shadow.set_beds(slot, count)
        for block in out:
            self._lay(block)
        self._retry([slot])

    def plek(
        self, count: int, requests: Ints, values: Ints, *, voorziening: int | None = None, locatie: int | None = None
    ) -> int:
        """A new slot with so many beds where these requests can be; returns its number.

        In a voorziening that there is, or in a new one at a locatie (new as well when left out).
        """
        exchange = self._exchange
        require(len(requests) == len(values), "plek", f"{len(requests)} requests and {len(values)} values")
        require(len(np.unique(requests)) == len(requests), "plek", "names a request twice")
        for who in requests.tolist():
            self._living(who)
        require(bool((np.abs(values) <= MAX_VALUE).all()), "plek", "a value is too large")
        require(voorziening is None or 0 <= voorziening < len(self._locatie), "plek", f"voorziening {voorziening}")
        if voorziening is None:
            voorziening = len(self._locatie)
            locatie = int(self._locatie.max(initial=NOBODY)) + 1 if locatie is None else locatie
            self._locatie = np.append(self._locatie, locatie)
        self._unit_of = np.append(self._unit_of, voorziening)
        slot = len(exchange.beds)
        free = [at for at, who in enumerate(requests.tolist()) if not self._child(who).vast]
        requests, values = requests[free], values[free]
        for who, value in zip(requests.tolist(), values.tolist(), strict=True):
            child = self._child(who)
            self._children[who] = structs.replace(
                child, slots=np.append(child.slots, slot), values=np.append(child.values, value)
            )
        for one, rows in ((exchange, self._row), (self._shadow, self._shadow_row)):
            if one is not None:
                row = np.array([rows[who] for who in requests.tolist()], np.int64)
                one.new_slot(voorziening, row[row >= 0], values[row >= 0])
        self.beds(slot, count)
        return slot

    # --- children alone ----------------------------------------------------------------------------------------------

    def _enter(self, exchange: Exchange, who: int) -> int:
        child = self._child(who)
        row = exchange.new_row(self._rank(who), self._leaves(who, exchange), child.values, fixed=child.vast)
        exchange.come(row)
        return row

    def _enter_shadow(self, who: int) -> None:
        if self._shadow is not None:
            self._shadow_row[who] = self._enter(self._shadow, who)
            self._owner.append(who)

    def _replace(self, request: int, child: Child, keep: set[int]) -> None:
        """Opties on slots to `keep` stay."""
        before = self._leave(request, keep)
        self._children[request] = child
        block = self._blocks[self._block[request]] if self._block[request] != NOBODY else None
        self._raise([request] if block is None else block.members)
        self._enter_shadow(request)
        if block is None:
            self._row[request] = self._enter(self._exchange, request)
        else:
            self._again(block)
        self._retry(before)

    def _leave(self, who: int, keep: set[int] | None = None) -> list[int]:
        """Takes somebody out, with the block and with opties on slots that are not kept; the slots that come free."""
        before = []
        if self._row[who] >= 0:
            before = [self._exchange.slot_of[max(TOP, int(self._exchange.here[self._row[who]]))]]
            self._exchange.go(self._row[who])
            self._row[who] = NOBODY
        else:
            before = self._unseat(self._blocks[self._block[who]])
        if self._shadow is not None:
            self._shadow.go(self._shadow_row[who])
            self._shadow_row[who] = NOBODY
        for slot in [slot for one, slot in self._opties if one == who and slot not in (keep or ())]:
            self._opties.discard((who, slot))
            self._raise_by_beds(slot, 1)
            self._exchange.release(slot)
            if self._shadow is not None:
                self._shadow.release(slot)
            before.append(slot)
        return [slot for slot in before if slot != NOBODY]

    def _leaves(self, who: int, exchange: Exchange) -> Ints:
        """The nodes where a child comes in."""
        child = self._child(who)
        holder = np.array([(who, slot) in self._opties for slot in child.slots.tolist()], np.bool_)
        return exchange.leaf(child.urgentie, child.slots, holder)

    # --- blocks ------------------------------------------------------------------------------------------------------

    def _join(self, members: list[int], splits: bool) -> None:
        for who in members:
            self._block[who] = len(self._blocks)
        self._blocks.append(_Block(members, splits, len(members) > 1))

    def _again(self, block: _Block) -> None:
        """Lays a block of which something changed; who is left alone is followed as such."""
        self._unseat(block)
        mixed = any(who in mates for who in block.members for _, mates, _ in self._mixes)
        if len(block.members) == 1 and not mixed:
            who = block.members.pop()
            self._block[who] = NOBODY
            self._row[who] = self._enter(self._exchange, who)
        elif block.members:
            block.group = len(block.members) > 1
            self._lay(block)

    def _unseat(self, block: _Block) -> list[int]:
        seats = [(who, self._seat[who]) for who in block.members if who in self._seat]
        self._stand(block)
        for who, slot in seats:
            self._exchange.give(self._leaf(who, slot))
        return [slot for _, slot in seats]

    def _leaf(self, who: int, slot: int) -> int:
        holder = np.array([(who, slot) in self._opties])
        return int(self._exchange.leaf(self._child(who).urgentie, np.array([slot]), holder)[0])

    def _evict(self, slot: int, but: int = NOBODY) -> _Block | None:
        """Takes the block that comes last out of a slot; None when there is none, or only that one."""
        there = [who for who, where in self._seat.items() if where == slot and self._block[who] != but]
        if not there:
            return None
        last = min(there, key=lambda who: max(self._rank(mate) for mate in self._blocks[self._block[who]].members))
        block = self._blocks[self._block[last]]
        self._unseat(block)
        return block

    def _make_room(self, who: int, slot: int) -> None:
        """Samenplaatsingen leave the locatie of a slot until somebody can be there, and are laid anew."""
        out = []
        place, own = self._locatie[self._unit_of], self._block[who]
        for one in sorted(np.flatnonzero(place == place[slot]).tolist(), key=lambda one: one != slot):
            while self._where(who) != slot and (block := self._evict(one, but=own)):
                out.append(block)
                if own != NOBODY:
                    self._again(self._blocks[own])
        for block in out:
            if not any(mate in self._seat for mate in block.members):
                self._lay(block)

    def _where(self, who: int) -> int:
        row = self._row[who]
        return (
            self._exchange.slot_of[max(TOP, int(self._exchange.here[row]))] if row >= 0 else self._seat.get(who, NOBODY)
        )

    def _retry(self, slots: list[int]) -> None:
        """Blocks that are not placed get a chance at what came free, who comes first first."""
        if not slots or not self._blocks:
            return
        place = self._locatie[self._unit_of]
        near = np.isin(place, place[slots])
        waiting = []
        for block in self._blocks:
            away = block.members and not any(who in self._seat for who in block.members)
            if away and all(near[self._child(who).slots].any() for who in block.members):
                waiting.append(block)
        waiting.sort(key=lambda block: -max(self._rank(who) for who in block.members))
        for block in waiting[:TRIES]:
            self._lay(block)

    def _lay(self, block: _Block) -> None:
        """Where the plan becomes best by it, of the few places that bring most above the prices; or nowhere."""
        best, laid = self._worth(), None
        for kind in (self._unit_of, self._locatie[self._unit_of], None):
            for seats in self._places(block, kind):
                mark = self._exchange.mark()
                self._sit(block, seats)
                worth = self._worth()
                self._stand(block)
                self._exchange.undo(mark)
                if worth > best:
                    best, laid = worth, seats
            if laid is not None:
                self._sit(block, laid)
                return

    def _places(self, block: _Block, area_of: Ints | None) -> list[dict[int, int]]:
        """Where everybody of a block can be in one area, best first; without areas apart, if they may."""
        exchange = self._exchange
        options = []
        for who in block.members:
            child, node = self._child(who), self._leaves(who, exchange)
            # a sum over a samenplaatsing does not fit in 64 bits: a thousandth of a point is enough to sort by
            paid = (child.values + self._rank(who) * WEIGHT - exchange.price[node]) / WEIGHT
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
        exchange, taken = self._exchange, Counter[int]()
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
        unit = self._unit_of[slot]
        for mixed, mates, room in self._mixes:
            if mixed == unit and who in mates:
                there = {one: at for one, at in (self._seat | seats).items() if one in mates}
                if sum(self._unit_of[at] == unit for at in there.values()) >= room:
                    return False
        return True

    def _sit(self, block: _Block, seats: dict[int, int]) -> None:
        for who, slot in seats.items():
            self._exchange.take(self._leaf(who, slot))
        self._seat |= seats
        self._laid = _plus(self._laid, self._worth_of(block))

    def _stand(self, block: _Block) -> None:
        """The seats only; their beds are not given back."""
        self._laid = _plus(self._laid, self._worth_of(block), -1)
        for who in block.members:
            self._seat.pop(who, None)

    # --- worth and bound ---------------------------------------------------------------------------------------------

    def _worth(self) -> Worth:
        return _plus(_sum(self._exchange), self._laid)

    def _worth_of(self, block: _Block) -> Worth:
        """Of those of a block who are placed."""
        seats = {who: self._seat[who] for who in block.members if who in self._seat}
        worth = (0,) * len(WORTH)
        for who, slot in seats.items():
            child = self._child(who)
            worth = _plus(worth, _of(child, int(child.values[child.slots == slot][0])))
        if block.group and seats:
            units = {int(self._unit_of[slot]) for slot in seats.values()}
            whole = len(seats) == len(block.members) and len({int(self._locatie[unit]) for unit in units}) == 1
            worth = (*worth[:5], -(not whole), -(whole and len(units) > 1), worth[7])
        return worth

    def _raise(self, members: Sequence[int]) -> None:
        """The bound, by what these can bring at most: without them a plan is one of the problem before."""
        if self._shadow is not None:
            for who in members:
                child = self._child(who)
                self._most = _plus(self._most, _of(child, int(child.values.max(initial=0))))

    def _raise_by_beds(self, slot: int, count: int) -> None:
        """The bound, by more beds: without one child per bed, and its samenplaatsing, a plan is one of before."""
        if self._shadow is None:
            return
        rows = np.concatenate([self._shadow.rows_at[node] for node in self._nodes(slot)])
        owners = {self._owner[row] for row in rows[self._shadow.here[rows] != GONE].tolist()}
        most = (0,) * len(WORTH)
        for who in owners:
            mates = [who] if self._block[who] == NOBODY else self._blocks[self._block[who]].members
            own = (0,) * len(WORTH)
            for mate in mates:
                child = self._child(mate)
                own = _plus(own, _of(child, int(child.values.max(initial=0))))
            most = max(most, own)
        for _ in range(count):
            self._most = _plus(self._most, most)

    # --- small things ------------------------------------------------------------------------------------------------

    def _nodes(self, slot: int) -> list[int]:
        exchange = self._exchange
        return list(dict.fromkeys(int(of[slot]) for of in (exchange.slot_node, exchange.open_node, exchange.calm_node)))

    def _child(self, who: int) -> Child:
        child = self._children[who]
        if child is None:
            raise ValueError(f"request {who}: has gone")
        return child

    def _living(self, who: int) -> None:
        require(0 <= who < len(self._children), f"request {who}", "does not exist")
        self._child(who)

    def _rank(self, who: int) -> int:
        child = self._child(who)
        return int(rank_of(*(np.array(one) for one in (child.urgentie, child.wachtdagen, child.vast))))

    def _check(self, child: Child) -> None:
        slots, values = child.slots, child.values
        require(CRISIS <= child.urgentie <= REGULIER, "child", f"urgentie {child.urgentie}")
        require(0 <= child.wachtdagen <= MAX_WACHTDAGEN, "child", f"{child.wachtdagen} days waited")
        require(slots.ndim == 1 and slots.shape == values.shape, "child", "not a value for each slot")
        require(slots.dtype == np.int64 and values.dtype == np.int64, "child", "slots and values are not whole numbers")
        require(len(np.unique(slots)) == len(slots), "child", "a slot is given twice")
        inside = (slots >= 0) & (slots < len(self._exchange.beds))
        require(bool(inside.all()), "child", f"slot {slots[~inside][:1]} does not exist")
        require(bool((np.abs(values) <= MAX_VALUE).all()), "child", "a value is too large")
        require(not child.vast or len(slots) == 1, "child", f"is fixed and has {len(slots)} pairs")


def _known(levels: Sequence[Level]) -> Worth:
    """What no plan exceeds, by the levels of a plan; tiers after the first that is not proven are open."""
    known = []
    by_tier = {level.tier: level for level in levels}
    for tier in WORTH:
        level = by_tier.get(tier)
        known.append(UNKNOWN if level is None else level.bound)
        if level is None or not level.proven:
            break
    return (*known, *[UNKNOWN] * (len(WORTH) - len(known)))


def _loss(before: Worth, after: Worth) -> Loss:
    return dict(zip(WORTH, _plus(before, after, -1), strict=True))


def _plus(one: Worth, two: Worth, times: int = 1) -> Worth:
    return tuple(a + b * times for a, b in zip(one, two, strict=True))


def _of(child: Child, points: int) -> Worth:
    placed = [int(child.urgentie == urgentie) for urgentie in (CRISIS, SPOED, REGULIER)]
    return (int(child.vast), *placed, child.wachtdagen, 0, 0, points)


def _sum(exchange: Exchange) -> Worth:
    """Of everybody in an exchange who is placed."""
    rows = np.flatnonzero(exchange.here > TOP)
    rank = exchange.rank[rows]
    kind, wait = np.divmod(rank - 1, MAX_WACHTDAGEN + 1)  # as rank_of makes them
    placed = np.bincount(REGULIER - kind % 3, minlength=3).tolist()
    points = int((exchange.has[rows] - rank * WEIGHT).sum())
    return (int(np.count_nonzero(kind >= 3)), *placed, int(wait.sum()), 0, 0, points)
