"""What a day in a bed is worth from here on: the prices at which who asks and who is expected just fill the beds.

A fluid model: who came in the past comes again, spread evenly over the days; who is open now comes for certain. Each
party (a child, or a samenplaatsing that is whole) takes the place and the day that bring most after rent, or none. A
price goes up where more bed-days are asked than come free, and down where fewer: a descent of the dual with momentum.
Parties that hardly differ between two places are spread (logit), or prices would swing. Solved again with the beds and
the questions of the week this is known to lose little of what is possible (Gallego and van Ryzin 1997; Jasin and
Kumar 2012). No chance and no clock: same questions, same prices.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct, structs
from numpy.typing import ArrayLike

from matcher.layers.linear import Floats
from matcher.pairs import Bools, Ints, Pairs
from matcher.problem import require

PERIODS: Ints = np.array([0, 7, 14, 28, 56, 98, 168, 266, 400, 730])
"""A price holds from one of these days up to the next, counted from today; the last one holds on."""

AHEAD = int(PERIODS[-1])

SPREAD = 5.0
"""Points within which places are nearly the same to a party."""

WAITS = (0, 14, 28)
"""Days after its first possible start on which an open party may start as well, as far as it can wait."""

BEGIN, COLD, WARM = 0.4, (600, 0.6, 0.1), (40, 0.2, 0.04)
"""Points per day: the price to begin with; rounds, and the step in the first and in the last of them."""


class Prices(Struct, frozen=True, eq=False):
    bed_day: Floats
    """(V, periods) what a day of a bed in each voorziening is worth, in the unit of the values of pairs."""

    def __post_init__(self) -> None:
        shape = self.bed_day.ndim == 2 and self.bed_day.shape[1] == len(PERIODS) - 1
        require(shape, "prices", f"has shape {self.bed_day.shape}, not a row of {len(PERIODS) - 1} per voorziening")
        for at, _ in np.argwhere(~(np.isfinite(self.bed_day) & (self.bed_day >= 0)))[:1]:
            require(False, f"prices of voorziening {at}", f"is {self.bed_day[at]}")

    def rent(self, unit: Ints, begin: Ints, end: Ints) -> Floats:
        """What a bed costs from day `begin` up to `end`, counted from the day of the prices."""
        upto = _upto(self.bed_day)
        found: Floats = _cost(upto, self.bed_day, unit, end) - _cost(upto, self.bed_day, unit, begin)
        return found


def _upto(bed_day: Floats) -> Floats:
    """(V, AHEAD + 1) what the days before each day cost together."""
    daily = np.repeat(bed_day, np.diff(PERIODS), axis=1)
    return np.concatenate((np.zeros((len(daily), 1)), np.cumsum(daily, axis=1)), axis=1)


def _cost(upto: Floats, bed_day: Floats, unit: Ints, day: Ints) -> Floats:
    cost: Floats = upto[unit, np.clip(day, 0, AHEAD)] + np.maximum(day - AHEAD, 0) * bed_day[unit, -1]
    return cost


class Parties(Struct, frozen=True, eq=False):
    """N parties with O options: a voorziening each, where a whole samenplaatsing has room for all."""

    number: Ints
    """(R,) the party of each child, NOBODY's of none: each child has one."""
    size: Ints
    """(N,) children."""
    option: Ints
    """(N + 1,) where the options of each party begin."""
    unit: Ints
    """(O,)"""
    gain: Floats
    """(O,) what it is worth, from the first possible day on."""
    member: Ints
    """(O + 1,) where the members of each option begin …"""
    stay: Ints
    """(M,) … and how long each stays."""


def parties(pairs: Pairs, gain: ArrayLike, whole: ArrayLike, stay: Ints) -> Parties:
    """`gain` (P,) is what a pair is worth, `whole` (R,) what more it is worth to be whole, `stay` (R,) in days.

    A slot must be a voorziening."""
    gain, whole = np.asarray(gain, np.float64), np.asarray(whole, np.float64)
    groups = len(pairs.splitsbaar)
    alone = np.flatnonzero(pairs.groep < 0)
    number = np.where(pairs.groep >= 0, pairs.groep + len(alone), 0)
    number[alone] = np.arange(len(alone))
    single = np.flatnonzero(pairs.groep[pairs.request] < 0)
    together = wholes(pairs)
    of = np.concatenate((single, *(at for _, _, at in together)))
    sizes = np.concatenate((np.ones(len(single), np.int64), [len(who) for who, _, _ in together])).astype(np.int64)
    option = np.repeat(np.arange(len(sizes)), sizes)
    first = np.cumsum(sizes) - sizes
    party = number[pairs.request[of[first]]]
    both = gain[of] + np.where(sizes[option] > 1, whole[pairs.request[of]], 0.0)
    total = np.bincount(option, weights=both, minlength=len(sizes))
    order = np.argsort(party, kind="stable")
    entry, _ = _ranges(first[order], sizes[order])
    return Parties(
        number=number,
        size=np.bincount(number, minlength=len(alone) + groups),
        option=np.searchsorted(party[order], np.arange(len(alone) + groups + 1)),
        unit=pairs.slot[of[first[order]]],
        gain=np.asarray(total[order], np.float64),
        member=np.concatenate(([0], np.cumsum(sizes[order]))),
        stay=stay[pairs.request[of[entry]]],
    )


def wholes(pairs: Pairs) -> list[tuple[Ints, int, Ints]]:
    """Where a samenplaatsing can be whole: its requests, the slot (one per voorziening), and their pairs."""
    found = []
    for group in range(len(pairs.splitsbaar)):
        who = np.flatnonzero(pairs.groep == group)
        at = np.concatenate([np.arange(pairs.first[one], pairs.first[one + 1]) for one in who.tolist()])
        unit, counts = np.unique(pairs.slot[at], return_counts=True)
        all_fit = unit[(counts == len(who)) & (pairs.capaciteit[unit] >= len(who))]
        found += [(who, one, at[pairs.slot[at] == one]) for one in all_fit.tolist()]
    return found


def _ranges(first: Ints, many: Ints) -> tuple[Ints, Ints]:
    """Whole ranges after each other, and of which range each number is."""
    of = np.repeat(np.arange(len(many)), many)
    return first[of] + np.arange(len(of)) - (np.cumsum(many) - many)[of], of


class _Asked(Struct, frozen=True, eq=False):
    """Who asks: D demands, of each one place at most; N ways to meet them, M members of these."""

    mass: Floats
    """(D,) parties."""
    demand: Ints
    """(N,) in order."""
    gain: Floats
    """(N,)"""
    way: Ints
    """(M,)"""
    unit: Ints
    """(M,)"""
    begin: Ints
    """(M,) in days from now …"""
    end: Ints
    """(M,) … up to."""


def _asked(of: Parties, party: Ints, start: Ints, mass: Floats, day: float, waits: Sequence[int], can: Ints) -> _Asked:
    """Each party from its start on, or after a wait that it can bear; `day` is what a day of waiting costs a child."""
    at, who = _ranges(of.option[party], np.diff(of.option)[party])
    kept = [can[who] >= wait for wait in waits]
    demand = np.concatenate([who[keep] for keep in kept])
    order = np.argsort(demand, kind="stable")
    demand = demand[order]
    option = np.concatenate([at[keep] for keep in kept])[order]
    wait = np.repeat(np.array(waits), [np.count_nonzero(keep) for keep in kept])[order]
    member, way = _ranges(of.member[option], np.diff(of.member)[option])
    begin = (start[demand] + wait)[way]
    return _Asked(
        mass=mass,
        demand=demand,
        gain=of.gain[option] - day * wait * of.size[party][demand],
        way=way,
        unit=of.unit[option][way],
        begin=begin,
        end=begin + of.stay[member],
    )


def _together(one: _Asked, two: _Asked) -> _Asked:
    further = structs.replace(two, demand=two.demand + len(one.mass), way=two.way + len(one.demand))
    return _Asked(*(np.concatenate(both) for both in zip(structs.astuple(one), structs.astuple(further), strict=True)))


class Market:
    """Prices that go on from where they were the week before."""

    def __init__(self, of: Parties, came: Ints, lead: Ints, days: int, *, beds: Ints, point: float, day: float) -> None:
        """`came` are the parties of `days` past days, `lead` (N,) the days between question and first start.

        `beds` (V,), `point` is what a point is in the unit of the gains, `day` what a day of waiting costs a child."""
        require(days > 0, "market", f"{days} past days")
        self.of, self.beds, self.point, self.day = of, beds, point, day
        period = np.tile(np.arange(len(PERIODS) - 1), len(came))
        party = np.repeat(came, len(PERIODS) - 1)
        # who starts sooner than the lead has asked already
        first = np.maximum(PERIODS[period], lead[party])
        mass = np.maximum(PERIODS[period + 1] - first, 0) / days
        some = mass > 0
        self.expected = _asked(
            of, party[some], ((first + PERIODS[period + 1]) // 2)[some], mass[some], day, (0,), lead[party[some]]
        )
        self.forget()

    def forget(self) -> None:
        """Begins anew, as if nothing had been priced before."""
        self.bed_day = np.full((len(self.beds), len(PERIODS) - 1), BEGIN * self.point)
        self.momentum, self.cold = np.zeros(self.bed_day.shape), True

    def prices(self, party: Ints, start: Ints, can: Ints, free: Ints) -> Prices:
        """`party` are open, can start in `start` days and wait for `can` more; `free` (V, AHEAD) beds on each day."""
        asked = _together(self.expected, _asked(self.of, party, start, np.ones(len(party)), self.day, WAITS, can))
        most = np.maximum(self.beds, 1)[:, None] * np.diff(PERIODS)
        supply = np.add.reduceat(free.astype(np.float64), PERIODS[:-1], axis=1)
        rounds, high, low = COLD if self.cold else WARM
        of = _Demand(asked, len(self.beds), SPREAD * self.point)
        for step in np.geomspace(high, low, rounds).tolist():
            short = np.clip((of.at(self.bed_day) - supply) / most, -1, 1)
            self.momentum = 0.9 * self.momentum + 0.1 * short
            self.bed_day = np.maximum(0.0, self.bed_day + step * self.point * self.momentum)
        self.cold = False
        return Prices(self.bed_day)


class _Demand:
    """What is asked, ready to be counted for one price after another."""

    def __init__(self, asked: _Asked, units: int, spread: float) -> None:
        self.asked, self.units, self.spread = asked, units, spread
        self.first = np.flatnonzero(np.diff(asked.demand, prepend=-1))
        self.some = asked.demand[self.first]
        row = asked.unit * (AHEAD + 1)
        self.begin, self.end = row + np.minimum(asked.begin, AHEAD), row + np.minimum(asked.end, AHEAD)
        self.after = np.maximum(asked.end - AHEAD, 0)

    def at(self, bed_day: Floats) -> Floats:
        """(V, periods) bed-days that are asked at these prices."""
        asked, size = self.asked, self.units * (AHEAD + 1)
        if not len(asked.demand):
            return np.zeros(bed_day.shape)
        upto = _upto(bed_day).ravel()
        rent = upto[self.end] - upto[self.begin] + self.after * bed_day[asked.unit, -1]
        net = (asked.gain - np.bincount(asked.way, weights=rent, minlength=len(asked.gain))) / self.spread
        best = np.zeros(len(asked.mass))
        best[self.some] = np.maximum(0.0, np.maximum.reduceat(net, self.first))
        part = np.exp(net - best[asked.demand])
        total = np.exp(-best)  # no place at all
        total[self.some] += np.add.reduceat(part, self.first)
        taken = (part / total[asked.demand] * asked.mass[asked.demand])[asked.way]
        change = np.bincount(self.begin, weights=taken, minlength=size)
        change -= np.bincount(self.end, weights=taken, minlength=size)
        there = np.cumsum(change.reshape(self.units, AHEAD + 1), axis=1)[:, :-1]
        found: Floats = np.add.reduceat(there, PERIODS[:-1], axis=1)
        return found


def known(of: Parties, whole: Bools) -> Ints:
    """The parties of which every child is one of these."""
    there = np.bincount(of.number[whole], minlength=len(of.size))
    found: Ints = np.flatnonzero((there == of.size) & (of.size > 0))
    return found
