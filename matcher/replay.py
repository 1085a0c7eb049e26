"""Arrivals over time, played again: the same stream of questions under one policy after another.

stays = replay(stream, resolve, begin=365, end=730, before=stays)      (pure: no clock, no chance)

A day: stays that end free their beds. Everybody who has asked and has not left is open; beds that are taken come free
on the day that is known. The policy makes a plan for all of them; of it only what starts today is done, the rest is
planned again tomorrow. A samenplaatsing that is planned whole waits until all its beds are free. What is done is kept:
nobody moves before the end of the stay. A child that has no place on its last day leaves the loket the day after (a
noodoplossing) and counts as not placed. Each voorziening is a locatie of its own. Group mix is left out.

The value of a year is one function for everybody, hindsight included: `gains` and `whole_gains`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike

from matcher.layers.linear import Floats
from matcher.market import AHEAD as PRICED
from matcher.market import Market, Prices, known, parties
from matcher.pairs import NOBODY, Bools, Ints, Pairs
from matcher.plan import plan
from matcher.policy import Day, choose, protected
from matcher.problem import require

POINT = 100
"""Values are whole numbers: hundredths of a point."""

AHEAD = 60
"""Days within which a bed that comes free is planned with."""

PLAN_S = 600.0
"""A day is planned in well under a second; the clock stands still, so that the same stream gives the same stays."""


class Worth(Struct, frozen=True):
    """What it is worth to place a child, in points of which a pair has at most 100; crisis first, as in the tiers."""

    urgentie: tuple[float, float, float] = (400.0, 200.0, 100.0)
    """In crisis, spoed and regulier; the points of the pair come on top."""
    machtiging: float = 400.0
    """At least, with a machtiging that runs: who may never be held back counts as a crisis, in hindsight too."""
    whole: float = 50.0
    """More for each child of a samenplaatsing that is in one voorziening from one day on."""
    day: float = 0.2
    """For each day that the child need not wait any more, up to its last day."""

    def __post_init__(self) -> None:
        require(self.urgentie[0] >= self.urgentie[1] >= self.urgentie[2] > 0, "worth", f"urgentie is {self.urgentie}")
        require(min(self.machtiging, self.whole, self.day) >= 0, "worth", "machtiging, whole or day is below 0")


class Stream(Struct, frozen=True, eq=False, kw_only=True):
    """R children. Days count from the first day of the stream."""

    pairs: Pairs
    """Who can ever stay where, with points in hundredths; a slot is a voorziening with all its beds."""
    minutes: Floats
    """(P,) travel time from home; NaN where not known."""
    days: int
    arrival: Ints
    """(R,) the day of the question, …"""
    start: Ints
    """… the first day on which the child can start …"""
    latest: Ints
    """… and the last."""
    stay: Ints
    """(R,) days."""
    machtiging: Bools
    """(R,) a machtiging runs."""
    taken: Ints
    """(T, 2) beds that are taken on day 0: the voorziening, and the day on which it comes free."""

    def __post_init__(self) -> None:
        count = self.pairs.requests
        for name in ("arrival", "start", "latest", "stay", "machtiging"):
            require(len(getattr(self, name)) == count, name, f"has {len(getattr(self, name))} rows, not {count}")
        require(len(self.minutes) == len(self.pairs.request), "minutes", "has not a row for each pair")
        require(self.days > 0, "days", f"is {self.days}")
        for at in np.flatnonzero((self.arrival > self.start) | (self.start > self.latest) | (self.stay < 1))[:1]:
            days = f"filed {self.arrival[at]}, from {self.start[at]} to {self.latest[at]}, stays {self.stay[at]}"
            require(False, f"child {at}", days)
        units = np.array_equal(self.pairs.voorziening, np.arange(self.pairs.slots))
        require(units, "pairs", "a slot must be a voorziening")
        shape = self.taken.ndim == 2 and self.taken.shape[1] == 2
        require(shape, "taken", "is not a list of (voorziening, day)")
        beds = np.bincount(self.taken[:, 0], minlength=self.pairs.slots)
        for at in np.flatnonzero(beds[: self.pairs.slots] > self.pairs.capaciteit)[:1]:
            require(False, f"voorziening {at}", f"{beds[at]} of {self.pairs.capaciteit[at]} beds taken")


class Stays(Struct, frozen=True, eq=False):
    """What was decided so far."""

    unit: Ints
    """(R,) the voorziening, or NOBODY …"""
    day: Ints
    """… and the first day, or NOBODY."""


class Moment(Struct, frozen=True, eq=False):
    """What a policy sees on one day: who is open, which beds are free now or come free."""

    day: int
    problem: Pairs
    """A slot is the beds of one voorziening that are free from one day on."""
    who: Ints
    """(r,) of each request in the problem its number in the stream."""
    pair: Ints
    """(p,) of each pair its number in the stream …"""
    start: Ints
    """… the day on which it would start …"""
    days: Ints
    """… and the days for which the bed would be kept from others, from today or its first free day on."""
    free: Ints
    """(s,) the first free day of each slot."""
    ahead: Ints
    """(V, PRICED) beds of each voorziening that are free on each day from today on, as far as is known."""


Policy: TypeAlias = Callable[[Moment], Ints]
"""(r,) the slot for each request, or NOBODY."""


def gains(stream: Stream, worth: Worth, pair: Ints, day: Ints, end: int | None = None) -> Ints:
    """What it is worth that these pairs start on these days, in hundredths of a point; more than not at all.

    Urgentie and points, and the days that are not waited. A stay that runs on after `end` takes days of the next year;
    urgentie and points count as far as it lies before that. Without `end` all of it counts.
    """
    who = stream.pairs.request[pair]
    of_child = np.array(worth.urgentie)[stream.pairs.urgentie[who]]
    of_child = np.where(stream.machtiging[who], np.maximum(of_child, worth.machtiging), of_child)
    full = POINT * of_child + stream.pairs.value[pair]
    leaves = stream.latest[who] + 1 if end is None else np.minimum(stream.latest[who] + 1, end)
    spared = POINT * worth.day * (leaves - np.maximum(day, stream.start[who]))
    return np.rint(full * _share(stream, who, day, end) + spared).astype(np.int64)


def whole_gains(stream: Stream, worth: Worth, who: Ints, day: Ints, end: int | None = None) -> Ints:
    """What it is worth on top of `gains`, for each of these children, that their samenplaatsing is whole."""
    return np.rint(POINT * worth.whole * _share(stream, who, day, end)).astype(np.int64)


def _share(stream: Stream, who: Ints, day: Ints, end: int | None) -> Floats:
    """The part of the stay before `end`."""
    stay = stream.stay[who]
    share: Floats = (stay if end is None else np.minimum(stay, end - day)) / stay
    return share


def nothing(stream: Stream) -> Stays:
    """Before the first day."""
    return Stays(np.full(stream.pairs.requests, NOBODY), np.full(stream.pairs.requests, NOBODY))


def occupied(stream: Stream, stays: Stays, days: int) -> Ints:
    """(V, days) beds that are taken on each day, by what was decided so far."""
    change = np.zeros((stream.pairs.slots, days + 1), np.int64)
    unit, until = stream.taken[:, 0], stream.taken[:, 1]
    change[:, 0] = np.bincount(unit, minlength=len(change))
    np.add.at(change, (unit, np.minimum(until, days)), -1)
    who = np.flatnonzero(stays.unit >= 0)
    np.add.at(change, (stays.unit[who], np.minimum(stays.day[who], days)), 1)
    np.add.at(change, (stays.unit[who], np.minimum(stays.day[who] + stream.stay[who], days)), -1)
    taken: Ints = np.cumsum(change[:, :-1], axis=1)
    return taken


def replay(stream: Stream, policy: Policy, *, begin: int, end: int, before: Stays) -> Stays:
    """The days from `begin` up to `end` under a policy, after what was decided before."""
    require(0 <= begin < end <= stream.days, "replay", f"from day {begin} to {end} of {stream.days}")
    stays = Stays(before.unit.copy(), before.day.copy())
    used = occupied(stream, stays, end + PRICED)
    for day in range(begin, end):
        now = moment(stream, stays, used, day)
        if (now.start == day).any():
            for at, unit in _today(stream, now, policy(now)):
                who = now.who[at]
                stays.unit[who], stays.day[who] = unit, day
                used[unit, day : day + stream.stay[who]] += 1
    return stays


def moment(stream: Stream, stays: Stays, used: Ints, day: int) -> Moment:
    """What is open and free on a day; `used` as from `occupied`, up to AHEAD days after it."""
    every = stream.pairs
    is_open = (stays.unit < 0) & (stream.arrival <= day) & (day <= stream.latest)
    # nothing that is decided starts later, so from today on beds only come free
    beds = np.concatenate(
        (every.capaciteit[:, None] - used[:, day : day + 1], -np.diff(used[:, day : day + AHEAD + 1], axis=1)), axis=1
    )
    unit, after = np.nonzero(beds > 0)
    base = np.flatnonzero(is_open[every.request])
    first = np.searchsorted(unit, every.slot[base])
    many = np.searchsorted(unit, every.slot[base], side="right") - first
    pair = np.repeat(base, many)
    slot = np.arange(len(pair)) - np.repeat(np.cumsum(many) - many, many) + np.repeat(first, many)
    request = every.request[pair]
    start = np.maximum(after[slot] + day, stream.start[request])
    fits = start <= stream.latest[request]
    pair, slot, start, request = pair[fits], slot[fits], start[fits], request[fits]
    who = np.flatnonzero(is_open)
    group = every.groep[who]
    # who of a samenplaatsing is left over, because the others have a place, asks alone
    left = np.flatnonzero(np.bincount(group[group >= 0], minlength=len(every.splitsbaar)) > 1)
    number = np.full(len(every.splitsbaar) + 1, NOBODY)
    number[left] = np.arange(len(left))
    back = np.full(every.requests, NOBODY)
    back[who] = np.arange(len(who))
    problem = Pairs.build(
        urgentie=every.urgentie[who],
        wachtdagen=day - stream.arrival[who],
        groep=number[group],
        splitsbaar=every.splitsbaar[left],
        capaciteit=beds[unit, after],
        voorziening=unit,
        locatie=np.arange(every.slots),
        request=back[request],
        slot=slot,
        value=every.value[pair],
    )
    days = start + stream.stay[request] - (after[slot] + day)
    ahead = np.maximum(every.capaciteit[:, None] - used[:, day : day + PRICED], 0)
    return Moment(day, problem, who, pair, start, days, after + day, ahead)


def _today(stream: Stream, now: Moment, slots: Ints) -> list[tuple[int, int]]:
    """Of a plan who starts today, and in which voorziening."""
    problem = now.problem
    start = np.where(slots >= 0, np.maximum(now.free[slots], stream.start[now.who]), NOBODY)
    start = np.where(slots >= 0, np.maximum(start, now.day), NOBODY)
    unit = np.where(slots >= 0, problem.voorziening[slots], NOBODY)
    found = []
    for at in np.flatnonzero(start == now.day).tolist():
        mates = np.flatnonzero(problem.groep == problem.groep[at]) if problem.groep[at] >= 0 else np.array([at])
        together = (unit[mates] == unit[at]).all()
        if not together or (start[mates] == now.day).all():
            found.append((at, int(unit[at])))
    return found


def resolve(now: Moment) -> Ints:
    """Plain re-solving: the joint plan of the day."""
    return plan(now.problem, clock=_still, seconds=PLAN_S).slots


def at_prices(stream: Stream, worth: Worth, prices: Callable[[Moment], tuple[Prices, int]]) -> Policy:
    """The plan that is worth most after rent; `prices` are asked each day, with the day from which they count."""

    def policy(now: Moment) -> Ints:
        found, since = prices(now)
        first = np.maximum(stream.start[now.who], now.day)
        safe = protected(now.problem, stream.machtiging[now.who], now.day - stream.start[now.who])
        day = Day(
            today=now.day,
            problem=now.problem,
            gain=gains(stream, worth, now.pair, now.start).astype(np.float64),
            whole=whole_gains(stream, worth, now.who, first).astype(np.float64),
            wait=POINT * worth.day,
            start=now.start,
            first=first,
            latest=stream.latest[now.who],
            stay=stream.stay[now.who],
            free=now.free,
        )
        return choose(day, lambda unit, begin, end: found.rent(unit, begin - since, end - since), safe)

    return policy


WEEK = 7
"""Days after which prices are made again."""


def with_prices(stream: Stream, worth: Worth, *, begin: int, end: int) -> Policy:
    """Re-solving with prices of a market of who is open, and who could start on the days from `begin` up to `end`:
    they are expected to come again."""
    every = stream.pairs
    pair = np.arange(len(every.request))
    children = np.arange(every.requests)
    at_once = gains(stream, worth, pair, stream.start[every.request])
    of = parties(every, at_once, whole_gains(stream, worth, children, stream.start), stream.stay)
    first = np.zeros(len(of.size), np.int64)
    first[of.number] = children  # siblings are asked for on one day, for the same days
    market = Market(
        of,
        known(of, (stream.start >= begin) & (stream.start < end)),
        (stream.start - stream.arrival)[first],
        end - begin,
        beds=every.capaciteit,
        point=POINT,
        day=POINT * worth.day,
    )
    last: list[tuple[Prices, int]] = []

    def prices(now: Moment) -> tuple[Prices, int]:
        if last and not last[0][1] <= now.day < last[0][1] + 2 * WEEK:
            last.clear()  # played again from elsewhere: the same prices as the first time
            market.forget()
        if not last or now.day >= last[0][1] + WEEK:
            is_open = np.zeros(every.requests, np.bool_)
            is_open[now.who] = True
            party = known(of, is_open)
            start = np.maximum(stream.start[first[party]], now.day)
            can = stream.latest[first[party]] - start
            last[:] = [(market.prices(party, start - now.day, can, now.ahead), now.day)]
        return last[0]

    return at_prices(stream, worth, prices)


def _still() -> float:
    return 0.0


def first_free(now: Moment) -> Ints:
    """By urgentie and waiting each takes the first voorziening with a bed that is free today."""
    return _one_by_one(now, now.problem.slot)


def best_score(now: Moment) -> Ints:
    """By urgentie and waiting each takes the bed with most points that is free today."""
    return _one_by_one(now, -now.problem.value)


def _one_by_one(now: Moment, key: Ints) -> Ints:
    problem, chosen = now.problem, np.full(now.problem.requests, NOBODY)
    room = np.where(now.free <= now.day, problem.capaciteit, 0)
    usable = now.start == now.day
    for who in np.lexsort((-problem.wachtdagen, problem.urgentie)).tolist():
        group = int(problem.groep[who])
        mates = [who] if group < 0 else np.flatnonzero(problem.groep == group).tolist()
        if who != mates[0]:
            continue  # the first of them asks for all
        options = []
        for one in mates:
            at = np.arange(problem.first[one], problem.first[one + 1])
            at = at[usable[at] & (room[problem.slot[at]] > 0)]
            options.append(problem.slot[at[np.argsort(key[at], kind="stable")]].tolist())
        whole = [slot for slot in options[0] if room[slot] >= len(mates) and all(slot in own for own in options)]
        if whole:
            chosen[mates] = whole[0]
            room[whole[0]] -= len(mates)
        elif len(mates) > 1 and problem.splitsbaar[group]:
            for one, own in zip(mates, options, strict=True):
                slot = next((slot for slot in own if room[slot] > 0), NOBODY)
                chosen[one] = slot
                if slot != NOBODY:
                    room[slot] -= 1
    return chosen


class Figures(Struct, frozen=True):
    """What came of the questions of a year."""

    children: int
    """Who could have started in it …"""
    placed: int
    """… and who did."""
    days_waited: float
    """Mean of those who were placed, from the wished start on."""
    minutes: float
    """Mean travel time from home."""
    groups: int
    """Samenplaatsingen …"""
    whole: int
    """… and how many are in one voorziening from one day on."""
    score: float
    """Mean points of those who were placed."""
    value: float
    """In points: `gains` and `whole_gains` of all together."""


def figures(stream: Stream, worth: Worth, stays: Stays, *, begin: int, end: int) -> Figures:
    every = stream.pairs
    asked = ((stays.unit < 0) | (stays.day >= begin)) & (stream.latest >= begin) & (stream.start < end)
    who = np.flatnonzero((stays.day >= begin) & (stays.day < end))
    pair = np.searchsorted(every.request * every.slots + every.slot, who * every.slots + stays.unit[who])
    total = int(gains(stream, worth, pair, stays.day[who], end).sum())
    groups = whole = 0
    for group in range(len(every.splitsbaar)):
        mates = np.flatnonzero(every.groep == group)
        groups += bool(asked[mates].any())
        same = len(set(stays.unit[mates].tolist())) == 1 == len(set(stays.day[mates].tolist()))
        if same and begin <= stays.day[mates[0]] < end:
            whole += 1
            total += int(whole_gains(stream, worth, mates, stays.day[mates], end).sum())
    return Figures(
        children=int(np.count_nonzero(asked)),
        placed=len(who),
        days_waited=_mean(stays.day[who] - stream.start[who]),
        minutes=_mean(stream.minutes[pair][~np.isnan(stream.minutes[pair])]),
        groups=groups,
        whole=whole,
        score=_mean(every.value[pair]) / POINT,
        value=total / POINT,
    )


def _mean(values: ArrayLike) -> float:
    values = np.asarray(values, np.float64)
    return float(values.mean()) if len(values) else 0.0
