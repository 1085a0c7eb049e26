"""What a plan is worth, as check.value says it, by columns: twenty times as fast, for plans that are only compared."""

from __future__ import annotations

import numpy as np

from matcher.check import Tier
from matcher.pairs import NOBODY, Bools, Ints, Pairs


def worth(problem: Pairs, slots: Ints) -> dict[Tier, int]:
    """The same as `check.value` for (R,) slots that exist, or NOBODY."""
    placed = slots != NOBODY
    counts = np.bincount(problem.urgentie[placed], minlength=3).tolist()
    members = np.flatnonzero((problem.groep != NOBODY) & placed)
    group, unit = problem.groep[members], problem.voorziening[slots[members]]
    groups = len(problem.splitsbaar)
    sizes = np.bincount(problem.groep[problem.groep != NOBODY], minlength=groups)
    there = np.bincount(group, minlength=groups)
    several = [_several(group, at, groups) for at in (problem.locatie[unit], unit)]
    apart = (there > 0) & ((there < sizes) | several[0])
    over = (there == sizes) & ~apart & several[1]
    return {
        Tier.VAST: int(np.count_nonzero(slots[problem.vast[:, 0]] == problem.vast[:, 1])),
        Tier.CRISIS: counts[0],
        Tier.SPOED: counts[1],
        Tier.REGULIER: counts[2],
        Tier.WACHTDAGEN: int(problem.wachtdagen[placed].sum()),
        Tier.GESPLITST: -int(np.count_nonzero(apart)),
        Tier.LOCATIE: -int(np.count_nonzero(over)),
        Tier.SCORE: int(problem.value[slots[problem.request] == problem.slot].sum()),
        Tier.BEHOUDEN: int(np.count_nonzero(placed & (problem.vorige == slots))),
    }


def _several(group: Ints, at: Ints, groups: int) -> Bools:
    """(G,) whether a group is at more than one of `at`."""
    low, high = np.full(groups, np.iinfo(np.int64).max), np.full(groups, NOBODY)
    np.minimum.at(low, group, at)
    np.maximum.at(high, group, at)
    more: Bools = high > low
    return more
