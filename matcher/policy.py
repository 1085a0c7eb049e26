"""Which places to leave free for somebody who is still to come: prices of a bed-day, learned from past arrivals.

Solving the plan again at each arrival gives a scarce place (a home that takes three siblings, the only place for some)
to whoever is there first. A price says what a day in a voorziening was worth to those who came before. A pair that is
worth less than its days, those of waiting for it included, is left out: the place stays free and the child waits for
another. Of the pairs that are left the points are counted after rent. Prices of nothing change nothing.

Advice, off by default. A child in crisis, one with a machtiging that runs and the one who has waited longest are never
held back, nor are their brothers and sisters: for them prices do not count.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct, structs
from numpy.typing import ArrayLike

from matcher.layers.linear import Floats, Model, Solver, solve
from matcher.pairs import CRISIS, MAX_VALUE, Bools, Ints, Pairs
from matcher.problem import require

LEARN_S = 600.0
"""The linear program of a year takes well under a second; this only ends what hangs."""


class Prices(Struct, frozen=True, eq=False):
    bed_day: Floats
    """(V,) what a day of a bed in each voorziening is worth, in the unit of the values of pairs."""

    def __post_init__(self) -> None:
        for at in np.flatnonzero(~(np.isfinite(self.bed_day) & (self.bed_day >= 0)))[:1]:
            require(False, f"prices of voorziening {at}", f"is {self.bed_day[at]}")


def protected(problem: Pairs, machtiging: ArrayLike, waits: ArrayLike) -> Bools:
    """(R,) who is never held back: crisis, a machtiging that runs, of those who wait now the longest; with siblings."""
    waits = np.asarray(waits, np.bool_)
    safe: Bools = (problem.urgentie == CRISIS) | np.asarray(machtiging, np.bool_)
    if waits.any():
        safe = safe | (waits & (problem.wachtdagen == problem.wachtdagen[waits].max()))
    with_them = np.unique(problem.groep[safe])
    mates: Bools = np.isin(problem.groep, with_them[with_them >= 0])
    return safe | mates


def advised(problem: Pairs, gain: ArrayLike, days: ArrayLike, safe: Bools, prices: Prices) -> Pairs:
    """The problem as `plan` should see it; everything but its pairs and their values stays.

    `gain` (P,) is what a pair is worth, points included; `days` (P,) how long it takes the bed, from today or the first
    free day on until the stay ends. A samenplaatsing is held back as a whole, per voorziening.
    """
    gain, days = np.asarray(gain, np.float64), np.asarray(days, np.float64)
    unit = problem.voorziening[problem.slot]
    rent = prices.bed_day[unit] * days
    rent[safe[problem.request]] = 0.0
    group = problem.groep[problem.request]
    party = np.where(group >= 0, group, len(problem.splitsbaar) + problem.request)
    units = len(problem.ruimte)
    # of each child its best pair in the voorziening, of a samenplaatsing the sum of these
    own, child = np.unique(problem.request * units + unit, return_inverse=True)
    best = np.full(len(own), -np.inf)
    np.maximum.at(best, child, gain - rent)
    _, of = np.unique(party * units + unit, return_inverse=True)
    _, one = np.unique(child, return_index=True)
    total = np.bincount(of[one], weights=best, minlength=int(of.max(initial=-1)) + 1)
    keep = (rent == 0) | (total[of] >= 0)
    value = np.clip(problem.value - np.rint(rent).astype(np.int64), -MAX_VALUE, MAX_VALUE)
    request = problem.request[keep]
    return structs.replace(
        problem,
        request=request,
        slot=problem.slot[keep],
        value=value[keep],
        first=np.searchsorted(request, np.arange(problem.requests + 1)),
    )


def learn(past: Pairs, gain: ArrayLike, stay: ArrayLike, whole: ArrayLike, days: int) -> Prices:
    """Prices at which the arrivals of `days` past days would just have filled the beds, had they come evenly.

    `past` has the children who came, a slot per voorziening with all its beds; `gain` (P,) what a pair was worth,
    `stay` (R,) its days, `whole` (R,) what more it was worth to be whole. The duals of a linear program: per child at
    most one place, per voorziening no more bed-days than there were.
    """
    gain, stay, whole = (np.asarray(one, np.float64) for one in (gain, stay, whole))
    pairs, units = len(past.request), past.slots
    wholes = list(parties(past))
    split = np.append(past.splitsbaar, True)[past.groep[past.request]]
    sizes = np.array([len(who) for who, _, _ in wholes], np.int64)
    member = np.concatenate([np.zeros(0, np.int64), *(who for who, _, _ in wholes)])
    column = pairs + np.repeat(np.arange(len(wholes)), sizes)
    slot = np.concatenate((past.slot, np.repeat(np.array([unit for _, unit, _ in wholes], np.int64), sizes)))
    request, column = np.concatenate((past.request, member)), np.concatenate((np.arange(pairs), column))
    count = pairs + len(wholes)
    # a row per child, then one per voorziening; a samenplaatsing has several children in one row
    rows, back = np.unique(
        np.concatenate((request, past.requests + slot)) * count + np.tile(column, 2), return_inverse=True
    )
    coefficient = np.zeros(len(rows))
    np.add.at(coefficient, back, np.concatenate((np.ones(len(request)), stay[request])))
    found = solve(
        Model(
            cost=np.concatenate((gain, [gain[at].sum() + whole[who].sum() for who, _, at in wholes])),
            lower=np.zeros(count),
            upper=np.concatenate((split.astype(np.float64), np.ones(len(wholes)))),
            integer=np.zeros(count, np.bool_),
            row_lower=np.full(past.requests + units, -np.inf),
            row_upper=np.concatenate((np.ones(past.requests), past.capaciteit * float(days))),
            row=rows // count,
            column=rows % count,
            coefficient=coefficient,
        ),
        Solver.GLOP,
        seconds=LEARN_S,
    )
    require(found.dual is not None, "learn", "the prices were not found in time")
    assert found.dual is not None
    return Prices(np.maximum(0.0, found.dual[past.requests :]))


def parties(past: Pairs) -> list[tuple[Ints, int, Ints]]:
    """Where a samenplaatsing can be whole: its requests, the slot (one per voorziening), and their pairs."""
    found = []
    for group in range(len(past.splitsbaar)):
        who = np.flatnonzero(past.groep == group)
        at = np.concatenate([np.arange(past.first[one], past.first[one + 1]) for one in who.tolist()])
        unit, counts = np.unique(past.slot[at], return_counts=True)
        all_fit = unit[(counts == len(who)) & (past.capaciteit[unit] >= len(who))]
        found += [(who, one, at[past.slot[at] == one]) for one in all_fit.tolist()]
    return found
