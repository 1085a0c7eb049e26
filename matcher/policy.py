"""Which places to leave free for somebody who is still to come: rent for a bed, at the prices of market.py.

Solving the plan again at each arrival gives a scarce place (a home that takes three siblings, the only place for some)
to whoever is there first. `choose` makes the plan of a day that is worth most after rent: a bed for less than its rent,
the days on which it stands empty included, is left free, and the child waits for another. A samenplaatsing that begins
when its last bed comes free holds the others until then, at their rent: a small integer program.

Advice, off by default. A child in crisis, one with a machtiging that runs and the one who has waited longest are never
held back from the day on which they can start, nor are their brothers and sisters: no bed that they could have today is
left free, for who is expected or for who is open and starts later, and no cheaper place makes them wait. Who is in
crisis comes first; the others lose a place to nobody but an open child that starts today and is worth more after rent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from msgspec import Struct, structs
from numpy.typing import ArrayLike

from matcher.layers.linear import Floats, Model, Solver, solve
from matcher.pairs import CRISIS, NOBODY, Bools, Ints, Pairs

Rent: TypeAlias = Callable[[Ints, Ints, Ints], Floats]
"""What a bed of a voorziening costs from a day up to another."""

SECONDS = 600.0
"""Never needed: a day takes hundredths of a second."""

GAP = 1e-7
"""The program of a day need not be sharper than this: less than LEAST."""

LEAST = 1.0
"""What a place today is worth to who may not be held back, however dear: more than none."""


class Day(Struct, frozen=True, eq=False, kw_only=True):
    """What is asked and offered on a day; days are numbered as the caller likes."""

    today: int
    problem: Pairs
    """A slot is the beds of one voorziening that are free from one day on; who can have one can have each of its beds,
    as far as `latest` allows."""
    gain: Floats
    """(P,) what a pair is worth when it starts on its first day …"""
    whole: Floats
    """(R,) … what more when the samenplaatsing is whole …"""
    wait: float
    """… and what less for each day later."""
    start: Ints
    """(P,) the first day."""
    first: Ints
    """(R,) the first day that was wished for, or today …"""
    latest: Ints
    """… and the last."""
    stay: Ints
    """(R,) days."""
    free: Ints
    """(S,) the day from which the beds of a slot are free, today or later."""


def protected(problem: Pairs, machtiging: ArrayLike, since: ArrayLike) -> Bools:
    """(R,) who is never held back, of those who can start now: crisis, a machtiging that runs, the one child that has
    waited longest (of those who asked on one day, who could start first); with siblings.

    `since` (R,) are the days since the child could start, below 0 of who cannot yet."""
    since = np.asarray(since, np.int64)
    can: Bools = since >= 0
    safe: Bools = can & ((problem.urgentie == CRISIS) | np.asarray(machtiging, np.bool_))
    for waited in (problem.wachtdagen, since):
        can &= waited == waited[can].max(initial=0)
    safe |= can
    with_them = np.unique(problem.groep[safe])
    mates: Bools = np.isin(problem.groep, with_them[with_them >= 0])
    return safe | mates


class _Ways(Struct, frozen=True, eq=False):
    """N ways to place a party: a child alone by a pair, or a samenplaatsing in one voorziening from one day on."""

    party: Ints
    """(N,) the child, or R + the samenplaatsing."""
    start: Ints
    gain: Floats
    rent: Floats
    pair: Ints
    """(N,) the pair, or NOBODY …"""
    unit: Ints
    """… and of a samenplaatsing the voorziening, NOBODY of a pair."""


def rents(of: Day, rent: Rent) -> Floats:
    """(P,) what the bed of each pair costs, the days on which it stands empty included. Why a child that is not safe is
    held back: of each of its pairs this is no less than the gain, or the bed goes to who is worth more above it."""
    problem = of.problem
    return rent(problem.voorziening[problem.slot], of.free[problem.slot], of.start + of.stay[problem.request])


def choose(of: Day, rent: Rent, safe: Bools) -> Ints:
    """(R,) the slot of each request, or NOBODY: crisis first, then the most that is left after rent.

    A bed that stands empty today is not planned for later as long as somebody who is `safe` could start in it."""
    problem = of.problem
    ways = _ways(of, rent)
    crisis, secure = (_parties(problem, safe & among) for among in (problem.urgentie == CRISIS, True))
    held = secure[ways.party]
    now = held & (ways.start == of.today)
    left = ways.gain - np.where(held, _not_for_later(ways), ways.rent)
    lift = _lift(ways, left, now, np.zeros(len(secure)))
    barred = np.zeros(problem.slots, np.bool_)
    while True:
        least = np.where(held & ~now, np.maximum(left, LEAST / (1 + ways.start - of.today)), left)
        worth = np.where(now, left + lift[ways.party], least)
        later = ~held & (ways.start > of.today)
        later[later] = [barred[_slots(of, ways, at)].any() for at in np.flatnonzero(later).tolist()]
        keep = np.flatnonzero((worth > 0) & ~later)
        few = _Ways(*(column[keep] for column in structs.astuple(ways)))
        chosen = _solved(of, rent, few, worth[keep], secure, crisis)
        empty = _empty(of, ways, chosen, now)
        higher = _lift(ways, left, empty, lift)
        more = np.zeros(problem.slots, np.bool_)
        for at in np.flatnonzero(empty).tolist():
            more[_slots(of, ways, at)] = True
        if (higher > lift).any():
            lift = higher
        elif (more & ~barred).any():
            barred |= more
        else:
            return chosen


def _lift(ways: _Ways, left: Floats, among: Bools, lift: Floats) -> Floats:
    """(R + G,) what is added to the places of each party, no less than before: the best of these is then worth LEAST,
    and a dearer one so much less as it costs more."""
    most = np.full(len(lift), np.inf)
    np.minimum.at(most, ways.party[among], LEAST - left[among])
    return np.maximum(lift, np.where(np.isfinite(most), most, 0.0))


def _slots(of: Day, ways: _Ways, at: int) -> Ints:
    """The slots of which a way takes beds."""
    problem = of.problem
    if ways.pair[at] >= 0:
        return problem.slot[ways.pair[at], None]
    return np.flatnonzero((problem.voorziening == ways.unit[at]) & (of.free <= ways.start[at]))


def _empty(of: Day, ways: _Ways, chosen: Ints, now: Bools) -> Bools:
    """(N,) those of these ways to start today for which beds stand empty, of parties that have no place."""
    problem, found = of.problem, np.zeros(len(now), np.bool_)
    begin = np.where(chosen >= 0, np.maximum(of.first, of.free[chosen]), of.today + 1)
    for group in range(len(problem.splitsbaar)):
        mates = problem.groep == group
        if (chosen[mates] >= 0).all() and len(set(problem.voorziening[chosen[mates]].tolist())) == 1:
            begin[mates] = begin[mates].max()  # whole: they start together
    beds = np.where(of.free <= of.today, problem.capaciteit, 0)
    beds -= np.bincount(chosen[begin == of.today], minlength=problem.slots)
    for at in np.flatnonzero(now).tolist():
        party = int(ways.party[at])
        who = [party] if party < problem.requests else np.flatnonzero(problem.groep == party - problem.requests)
        found[at] = (chosen[who] == NOBODY).all() and beds[_slots(of, ways, at)].sum() >= len(who)
    return found


def _parties(problem: Pairs, some: Bools) -> Bools:
    """(R + G,) these children, and the samenplaatsingen that they are of."""
    groups = np.zeros(len(problem.splitsbaar), np.bool_)
    groups[problem.groep[some & (problem.groep >= 0)]] = True
    return np.concatenate((some, groups))


def _not_for_later(ways: _Ways) -> Floats:
    """Rents of which a later start has at least that of every earlier one, so that nobody waits for a cheaper bed."""
    order = np.lexsort((ways.rent, ways.start, ways.party))
    apart = ways.party[order] * (np.ptp(ways.rent) + 1.0 if len(order) else 1.0)
    due = np.empty(len(order))
    due[order] = np.maximum.accumulate(ways.rent[order] + apart) - apart
    return due


def _ways(of: Day, rent: Rent) -> _Ways:
    problem = of.problem
    alone = np.append(problem.splitsbaar, True)[problem.groep[problem.request]]
    pair = np.flatnonzero(alone)
    cost = rents(of, rent)[pair]
    found = [_Ways(problem.request[pair], of.start[pair], of.gain[pair], cost, pair, pair * 0 + NOBODY)]
    for group in range(len(problem.splitsbaar)):
        found += _together(of, rent, group)
    return _Ways(*(np.concatenate(column) for column in zip(*map(structs.astuple, found), strict=True)))


def _together(of: Day, rent: Rent, group: int) -> list[_Ways]:
    """One voorziening for all, from each day on which one more bed is free; beds empty until then not paid yet."""
    problem, found = of.problem, []
    mates = np.flatnonzero(problem.groep == group)
    at = np.flatnonzero(problem.groep[problem.request] == group)
    units = problem.voorziening[problem.slot[at]]
    first, last = int(of.first[mates].max()), int(of.latest[mates].min())
    for unit in np.unique(units).tolist():
        here = at[units == unit]
        child, one = np.unique(problem.request[here], return_index=True)
        if len(child) < len(mates):
            continue
        slots = np.flatnonzero(problem.voorziening == unit)
        soonest = here[one]
        for day in np.unique(np.maximum(of.free[slots], first)).tolist():
            if day > last or problem.capaciteit[slots[of.free[slots] <= day]].sum() < len(mates):
                continue
            gain = of.gain[soonest] + of.whole[child] - of.wait * (day - of.start[soonest])
            begin = np.full(len(mates), day)
            cost = rent(np.full(len(mates), unit), begin, begin + of.stay[child])
            found.append((problem.requests + group, day, gain.sum(), cost.sum(), NOBODY, unit))
    return [_Ways(*(np.array(column) for column in zip(*found, strict=True)))] if found else []


def _solved(of: Day, rent: Rent, ways: _Ways, left: Floats, secure: Bools, crisis: Bools) -> Ints:
    problem, count = of.problem, len(left)
    chosen, requests = np.full(problem.requests, NOBODY), problem.requests
    if not count:
        return chosen
    alone = np.flatnonzero(ways.pair >= 0)
    pair = ways.pair[alone]
    entries = [(problem.request[pair], alone, 1.0), (requests + problem.slot[pair], alone, 1.0)]
    empty, together = [np.zeros(0)], []
    rows, columns = requests + problem.slots, count
    for way in np.flatnonzero(ways.pair < 0).tolist():
        mates = np.flatnonzero(problem.groep == ways.party[way] - requests)
        slots = np.flatnonzero((problem.voorziening == ways.unit[way]) & (of.free <= ways.start[way]))
        beds = columns + np.arange(len(slots))
        idle = rent(problem.voorziening[slots], of.free[slots], np.full(len(slots), ways.start[way]))
        empty.append(np.where(secure[ways.party[way]], 0.0, idle))
        entries += [(mates, np.full(len(mates), way), 1.0), (requests + slots, beds, 1.0)]
        entries += [(np.full(len(slots), rows), beds, 1.0), (np.array([rows]), np.array([way]), -len(mates))]
        together.append((way, mates, slots, beds))
        rows, columns = rows + 1, columns + len(slots)
    row, column = (np.concatenate([entry[at] for entry in entries]) for at in (0, 1))
    order = np.lexsort((column, row))
    left = np.concatenate((left, -np.concatenate(empty)))
    urgent = np.append(crisis[ways.party], np.zeros(columns - count, np.bool_))
    size = np.append(
        np.ones(requests), np.bincount(problem.groep[problem.groep >= 0], minlength=len(problem.splitsbaar))
    )
    size = np.append(size[ways.party], np.zeros(columns - count))
    model = Model(
        # each child in crisis is more than all the others together
        cost=np.where(urgent, left + size * np.maximum(left, 0.0)[~urgent].sum(), left),
        lower=np.zeros(columns),
        upper=np.append(np.ones(count), np.full(columns - count, float(problem.capaciteit.max(initial=1)))),
        integer=np.ones(columns, np.bool_),
        row_lower=np.append(np.full(requests + problem.slots, -np.inf), np.zeros(len(together))),
        row_upper=np.concatenate((np.ones(requests), problem.capaciteit, np.zeros(len(together)))),
        row=row[order],
        column=column[order],
        coefficient=np.concatenate([np.full(len(entry[0]), float(entry[2])) for entry in entries])[order],
    )
    found = solve(model, Solver.SCIP, seconds=SECONDS, gap=GAP).x
    assert found is not None
    x = np.rint(found).astype(np.int64)
    used = pair[x[alone] > 0]
    chosen[problem.request[used]] = problem.slot[used]
    for way, mates, slots, beds in together:
        if x[way]:
            chosen[mates] = np.repeat(slots, x[beds])
    return chosen
