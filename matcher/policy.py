"""Which places to leave free for somebody who is still to come: rent for a bed, at the prices of market.py.

Solving the plan again at each arrival gives a scarce place (a home that takes three siblings, the only place for some)
to whoever is there first. `choose` makes the plan of a day that is worth most after rent: a bed for less than its rent,
the days on which it stands empty included, is left free, and the child waits for another. A samenplaatsing that begins
when its last bed comes free holds the others until then, at their rent: a small integer program.

Advice, off by default. A child in crisis, one with a machtiging that runs and the one who has waited longest are never
held back from the day on which they can start, nor are their brothers and sisters: no rent counts against them, only
between their places, and never for a later one. Who is in crisis comes first; the others lose a place to nobody but an
open child that is worth more after rent.
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

GAP = 1e-5
"""The program of a day need not be sharper than this."""

LEAST = 1.0
"""What a place is worth to who may not be held back, however dear: more than none."""


class Day(Struct, frozen=True, eq=False, kw_only=True):
    """What is asked and offered on a day; days are numbered as the caller likes."""

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


def protected(problem: Pairs, machtiging: ArrayLike, waits: ArrayLike) -> Bools:
    """(R,) who is never held back, of those who can start now (`waits`): crisis, a machtiging that runs, who has waited
    longest; with siblings."""
    waits = np.asarray(waits, np.bool_)
    safe: Bools = waits & ((problem.urgentie == CRISIS) | np.asarray(machtiging, np.bool_))
    if waits.any():
        safe = safe | (waits & (problem.wachtdagen == problem.wachtdagen[waits].max()))
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


def choose(of: Day, rent: Rent, safe: Bools) -> Ints:
    """(R,) the slot of each request, or NOBODY: crisis first, then the most that is left after rent."""
    problem = of.problem
    ways = _ways(of, rent)
    crisis, secure = (_parties(problem, safe & among) for among in (problem.urgentie == CRISIS, True))
    due = np.where(secure[ways.party], _not_for_later(ways), ways.rent)
    left = np.where(secure[ways.party], np.maximum(ways.gain - due, LEAST), ways.gain - due)
    keep = np.flatnonzero(left > 0)
    ways = _Ways(*(column[keep] for column in structs.astuple(ways)))
    return _solved(of, rent, ways, left[keep], secure, crisis)


def _parties(problem: Pairs, some: Bools) -> Bools:
    """(R + G,) these children, and the samenplaatsingen that they are of."""
    groups = np.zeros(len(problem.splitsbaar), np.bool_)
    groups[problem.groep[some & (problem.groep >= 0)]] = True
    return np.concatenate((some, groups))


def _not_for_later(ways: _Ways) -> Floats:
    """What a place costs above the cheapest of the party's first day; a later one never less than an earlier one."""
    order = np.lexsort((ways.rent, ways.start, ways.party))
    party, rent = ways.party[order], ways.rent[order]
    apart = party * (np.ptp(rent) + 1.0) if len(rent) else rent
    due = np.empty(len(rent))
    due[order] = np.maximum.accumulate(rent + apart) - apart - rent[np.searchsorted(party, party)]
    return due


def _ways(of: Day, rent: Rent) -> _Ways:
    problem = of.problem
    alone = np.append(problem.splitsbaar, True)[problem.groep[problem.request]]
    pair = np.flatnonzero(alone)
    who, slot = problem.request[pair], problem.slot[pair]
    unit, start = problem.voorziening[slot], of.start[pair]
    found = [_Ways(who, start, of.gain[pair], rent(unit, of.free[slot], start + of.stay[who]), pair, pair * 0 + NOBODY)]
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
