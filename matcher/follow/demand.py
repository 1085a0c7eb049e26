"""Who asks, and where each can be. A request that goes keeps its number; numbers of those who come follow on."""

from __future__ import annotations

import numpy as np
from msgspec import Struct, structs

from matcher.follow.worth import Worth, placed
from matcher.layers.exchange import Exchange
from matcher.layers.residual import rank_of
from matcher.pairs import CRISIS, MAX_VALUE, MAX_WACHTDAGEN, REGULIER, Ints, Pairs
from matcher.problem import require


class Child(Struct, frozen=True, eq=False):
    """A request and where it can be. A fixed child has one pair, that comes before everything."""

    urgentie: int
    wachtdagen: int
    slots: Ints
    values: Ints
    vast: bool = False

    @property
    def most(self) -> Worth:
        """What it can bring at most."""
        return self.worth(int(self.values.max(initial=0)))

    def at(self, slot: int) -> Worth:
        """What it brings in a slot."""
        return self.worth(int(self.values[self.slots == slot][0]))

    def worth(self, points: int) -> Worth:
        return placed(self.urgentie, self.wachtdagen, self.vast, points)

    @property
    def rank(self) -> int:
        """As in `residual.rank_of`."""
        return int(rank_of(*(np.array(one) for one in (self.urgentie, self.wachtdagen, self.vast))))


class Demand:
    """The state: children by number, opties, and where slots are."""

    def __init__(self, problem: Pairs) -> None:
        fixed = dict(problem.vast.tolist())
        self.children: list[Child | None] = []
        """None: has gone."""
        for who, (begin, end) in enumerate(zip(problem.first[:-1].tolist(), problem.first[1:].tolist(), strict=True)):
            at = np.arange(begin, end)
            if who in fixed:
                at = at[problem.slot[at] == fixed[who]]
            one = (int(problem.urgentie[who]), int(problem.wachtdagen[who]))
            self.children.append(Child(*one, problem.slot[at], problem.value[at], who in fixed))
        self.opties = {(who, slot) for who, slot in problem.opties.tolist()}
        self.unit_of = problem.voorziening.copy()
        """(S,) the voorziening of a slot …"""
        self.locatie = problem.locatie.copy()
        """(V,) … and the locatie of that."""

    @property
    def place_of(self) -> Ints:
        """(S,) the locatie of a slot."""
        return self.locatie[self.unit_of]

    def child(self, who: int) -> Child:
        """ValueError for who has gone or never came."""
        require(0 <= who < len(self.children), f"request {who}", "does not exist")
        child = self.children[who]
        if child is None:
            raise ValueError(f"request {who}: has gone")
        return child

    def check(self, child: Child) -> None:
        """ValueError for nonsense."""
        slots, values, wait = child.slots, child.values, child.wachtdagen
        require(CRISIS <= child.urgentie <= REGULIER, "child", f"urgentie {child.urgentie}")
        require(0 <= wait <= MAX_WACHTDAGEN and wait == int(wait), "child", f"{wait} days waited")
        self.check_pairs("child", slots, values)
        require(len(np.unique(slots)) == len(slots), "child", "a slot is given twice")
        inside = (slots >= 0) & (slots < len(self.unit_of))
        require(bool(inside.all()), "child", f"slot {slots[~inside][:1]} does not exist")
        require(not child.vast or len(slots) == 1, "child", f"is fixed and has {len(slots)} pairs")

    def check_pairs(self, where: str, one: Ints, values: Ints) -> None:
        """ValueError for what are no two columns of whole numbers, with values that are not too large."""
        whole = one.dtype == np.int64 and values.dtype == np.int64
        require(whole, where, f"holds {one.dtype} and {values.dtype}, not whole numbers (int64)")
        require(one.ndim == 1 and one.shape == values.shape, where, f"{one.shape} and {values.shape} do not agree")
        large = values[np.abs(values) > MAX_VALUE]
        require(not len(large), where, f"a value is too large: {large[:1]}")

    def opens(self, slot: int, requests: Ints, values: Ints) -> None:
        """A slot that these can use as well."""
        for who, value in zip(requests.tolist(), values.tolist(), strict=True):
            child = self.child(who)
            self.children[who] = structs.replace(
                child, slots=np.append(child.slots, slot), values=np.append(child.values, value)
            )

    def nodes(self, who: int, exchange: Exchange) -> Ints:
        """Where a child comes in, per slot."""
        child = self.child(who)
        holder = np.array([(who, slot) in self.opties for slot in child.slots.tolist()], np.bool_)
        return exchange.leaf(child.urgentie, child.slots, holder)

    def node(self, who: int, slot: int, exchange: Exchange) -> int:
        holder = np.array([(who, slot) in self.opties])
        return int(exchange.leaf(self.child(who).urgentie, np.array([slot]), holder)[0])

    def enter(self, who: int, exchange: Exchange) -> int:
        """Takes a child into an exchange, alone; returns its row there."""
        child = self.child(who)
        row = exchange.new_row(child.rank, self.nodes(who, exchange), child.values, fixed=child.vast)
        exchange.come(row)
        return row
