"""Which places to leave free for somebody who is still to come: rent for a bed, at the prices of market.py.

Solving the plan again at each arrival gives a scarce place (a home that takes three siblings, the only place for some)
to whoever is there first. A pair that is worth less than its rent, the days of waiting for it included, is left out:
the place stays free and the child waits for another. Of the pairs that are left counts what is left after rent.
Prices of nothing change nothing.

Advice, off by default. A child in crisis, one with a machtiging that runs and the one who has waited longest are never
held back, nor are their brothers and sisters: all their pairs stay, and rent only decides between places, never for a
later one.
"""

from __future__ import annotations

import numpy as np
from msgspec import structs
from numpy.typing import ArrayLike

from matcher.layers.linear import Floats
from matcher.pairs import CRISIS, MAX_VALUE, Bools, Ints, Pairs


def protected(problem: Pairs, machtiging: ArrayLike, waits: ArrayLike) -> Bools:
    """(R,) who is never held back: crisis, a machtiging that runs, of those who wait now the longest; with siblings."""
    waits = np.asarray(waits, np.bool_)
    safe: Bools = (problem.urgentie == CRISIS) | np.asarray(machtiging, np.bool_)
    if waits.any():
        safe = safe | (waits & (problem.wachtdagen == problem.wachtdagen[waits].max()))
    with_them = np.unique(problem.groep[safe])
    mates: Bools = np.isin(problem.groep, with_them[with_them >= 0])
    return safe | mates


def advised(problem: Pairs, gain: ArrayLike, rent: ArrayLike, start: ArrayLike, safe: Bools) -> Pairs:
    """The problem as `plan` should see it; everything but its pairs and their values stays.

    `gain` (P,) is what a pair is worth, points included; `rent` (P,) what its bed costs, from today or the first free
    day on until the stay ends; `start` (P,) its first day. A samenplaatsing is held back as a whole, per voorziening.
    """
    gain, rent, start = np.asarray(gain, np.float64), np.asarray(rent, np.float64), np.asarray(start, np.int64)
    if not rent.any():
        return problem  # nothing is scarce
    unit = problem.voorziening[problem.slot]
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
    keep = safe[problem.request] | (total[of] >= 0)
    due = np.where(safe[problem.request], _not_for_later(problem.request, start, rent), rent)
    value = np.clip(np.rint(gain - due).astype(np.int64), -MAX_VALUE, MAX_VALUE)
    request = problem.request[keep]
    return structs.replace(
        problem,
        request=request,
        slot=problem.slot[keep],
        value=value[keep],
        first=np.searchsorted(request, np.arange(problem.requests + 1)),
    )


def _not_for_later(request: Ints, start: Ints, rent: Floats) -> Floats:
    """Rents of which a later start has at least that of every earlier one, so that nobody waits for a cheaper bed."""
    order = np.lexsort((rent, start, request))
    apart = request[order] * (rent.max(initial=0.0) + 1.0)
    due = np.empty(len(rent))
    due[order] = np.maximum.accumulate(rent[order] + apart) - apart
    return due
