"""All requests at once: one proposal, tier after tier, each with a bound that is proven by itself.

result = plan(pairs, clock=perf_counter, seconds=10)

Tiers (check.Tier) are fixed one after another; of a tier that is not proven the best found is fixed. The
fairness rule: with as many placed of each urgentie as there can be, the days waited by those who are placed are
together as many as can be. So nobody stays unplaced while a place that they can use, directly or by others moving
along, goes to somebody of equal urgentie who waited less: changing these two would place as many and count more days.
Without groups this is exactly the first set in the order of urgentie and waiting (flow.py).

Layers: the flow core splits every group, so it bounds each tier up to the first in which the plan differs; where that
is not enough a linear program over few pairs gives prices, prices give a bound over all pairs and groups (bound.py),
and the pairs that can still be in a better plan go into a mixed integer program.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import numpy as np
from msgspec import Struct

from matcher.check import Breach, Tier, Violation, value, violations
from matcher.layers.flow import Flow, flow, ranks
from matcher.layers.linear import Interrupter, watched
from matcher.layers.network import Network, network
from matcher.layers.relaxation import Budget, Least
from matcher.layers.search import BEFORE_GROUPS, Search
from matcher.pairs import NOBODY, Ints, Pairs, places
from matcher.problem import require

TIERS = tuple(Tier)


class Limit(StrEnum):
    """What ended the search."""

    NONE = "none"
    TIME = "time"
    STOPPED = "stopped"
    EFFORT = "effort"
    """All that it knows to try is done within its share of the time."""


class Level(Struct, frozen=True):
    """One tier of a plan. More is better; what should be few is negative."""

    tier: Tier
    value: int
    """Of this plan. Score may be less than `best`, as far as `keep` allows, to change less."""
    best: int
    """The best found with the tiers before as they are …"""
    bound: int
    """… and what is proven that none can exceed."""

    @property
    def proven(self) -> bool:
        return self.best >= self.bound

    @property
    def gap(self) -> float:
        """What may be missing: as a part of the bound, and of what should be few as a part of what there is.

        10 split where 8 is the proven least: at most 2 of 10 too many, 0.2. None of 3 proven needed: 1.
        """
        return 0.0 if self.proven else (self.bound - self.best) / max(1, abs(self.bound), abs(self.best))


class Plan(Struct, frozen=True, eq=False):
    slots: Ints
    """(R,) where each request goes, or NOBODY. Allowed, unless there are conflicts."""
    levels: tuple[Level, ...]
    gap: float
    """Of the first tier that is not proven; 0 when all are."""
    seconds: float
    limit: Limit
    conflicts: tuple[Violation, ...]
    """Not empty: the fixed pairs cannot all be made. The rules that stand in the way, with the requests."""

    @property
    def proven(self) -> bool:
        """Every tier."""
        return all(level.proven for level in self.levels)


class _Watch:
    """Time and the wish to stop."""

    def __init__(
        self, clock: Callable[[], float], seconds: float, stop: Callable[[], bool] | None, interrupter: Interrupter
    ) -> None:
        self.clock, self.stop, self.begin, self.end = clock, stop, clock(), clock() + seconds
        self.interrupter, self.limit = interrupter, Limit.NONE

    def left(self) -> float:
        return self.end - self.clock()

    def out(self) -> bool:
        if self.interrupter.interrupted or (self.stop is not None and self.stop()):
            self.limit = Limit.STOPPED
        elif self.left() <= 0:
            self.limit = Limit.TIME
        return self.limit is not Limit.NONE


def plan(
    problem: Pairs,
    *,
    clock: Callable[[], float],
    seconds: float = 60.0,
    keep: float = 0.001,
    stop: Callable[[], bool] | None = None,
    seed: int = 0,
    enough: float = 0.0,
    effort: int | None = None,
    begun: Plan | None = None,
    known: Ints | None = None,
    seen: Callable[[tuple[Level, ...]], None] = lambda levels: None,
) -> Plan:
    """The best plan within `seconds` of `clock`; `keep` is the part of the score that fewer changes may cost.

    With `enough` a tier is left when its gap is no more than that. `stop` is asked between steps and, by a thread of
    its own, during them: from when it says yes the best found so far is answered. `effort` limits how many branches
    each mixed integer program may try. Same problem, seed and effort, same answer, unless time ran out or it was
    stopped (Plan.limit says so). `begun` is an earlier answer to the same problem with the same `keep`: the search goes
    on from its plan and its bounds. `known` is a plan to begin with of which nothing is proven (R rows as in
    Plan.slots); when it is not allowed it is not looked at. `seen` is told how good each better plan is, as long as
    there is something to search: where samenplaatsingen or group mix are.
    ValueError for values that are too large together, for `begun` when it is a plan of another problem, and for `known`
    when it is no plan at all.
    """
    require(0 < seconds < 1e7, "seconds", f"is {seconds}")
    require(0 <= keep <= 1, "keep", f"is {keep}")
    require(0 <= enough <= 1, "enough", f"is {enough}")
    require(effort is None or effort > 0, "effort", f"is {effort}")
    if begun is not None:
        own = {level.tier: level.value for level in begun.levels}
        require(own == value(problem, begun.slots.tolist()), "begun", "is a plan of another problem")
    if known is not None:
        known = places("known", known, problem.requests, problem.slots)
    with watched(stop) as interrupter:
        watch = _Watch(clock, seconds, stop, interrupter)
        budget = Budget(watch.out, watch.left, None if stop is None else interrupter, effort, enough, seed)
        net = network(problem)
        relaxed = flow(net, ranks(problem), net.value, watch.out)
        apart = np.where(relaxed.choice >= 0, net.slot[relaxed.choice], NOBODY) if len(net.slot) else relaxed.choice
        bounds = value(problem, apart)
        if relaxed.bound != relaxed.total:
            bounds = anything(problem, net)
        if not len(problem.splitsbaar) and not problem.mix:
            levels, slots = _without_groups(problem, net, relaxed, apart, bounds, keep, watch)
        else:
            loose, nets = anything(problem, net), [net]
            del net  # as large as the problem itself: it goes when the search has taken from it what it looks at
            levels, slots = _with_groups(problem, nets, loose, relaxed, bounds, keep, budget, begun, known, seen)
    conflicts = _conflicts(problem, slots) if levels[0].value < len(problem.vast) else ()
    gap = next((level.gap for level in levels if not level.proven), 0.0)
    if all(level.proven for level in levels):
        watch.limit = Limit.NONE
    elif watch.limit is Limit.NONE:
        watch.limit = Limit.EFFORT
    return Plan(slots, levels, gap, clock() - watch.begin, watch.limit, conflicts)


def _with_groups(
    problem: Pairs,
    nets: list[Network],
    loose: dict[Tier, int],
    relaxed: Flow,
    bounds: dict[Tier, int],
    keep: float,
    budget: Budget,
    begun: Plan | None,
    known: Ints | None,
    seen: Callable[[tuple[Level, ...]], None],
) -> tuple[tuple[Level, ...], Ints]:
    search = Search(problem, relaxed, budget)
    found: list[tuple[Tier, int, int]] = []

    def levels() -> tuple[Level, ...]:
        """Of what is not searched yet a bound that needs no solver."""
        worth = search.worth
        rest = [(tier, worth[tier], loose[tier]) for tier in TIERS[len(found) :]]
        return tuple(Level(tier, worth[tier], best, max(best, bound)) for tier, best, bound in (*found, *rest))

    search.better = lambda: seen(levels())
    for slots in (None if begun is None else begun.slots, known):
        if slots is not None:
            search.offer(slots)
    proven = {} if begun is None else {level.tier: level for level in begun.levels}
    counted = search.start(nets.pop(), bounds)
    least: Least = []
    same = True
    for tier in TIERS:
        bound = bounds[tier] if same and tier in BEFORE_GROUPS else loose[tier]
        if tier is Tier.BEHOUDEN:
            goal, reached = least[-1]
            search.floor = reached - int(keep * abs(reached))
            least[-1] = (goal, search.floor)
        if tier in proven:
            bound = min(bound, proven[tier].bound)
        if search.worth[tier] < bound:
            bound = search.raise_(tier, least, bound)
        if tier in proven and search.worth[tier] != proven[tier].best:
            proven = {}  # what was proven of the tiers after it was for another value of this one
        same &= tier not in BEFORE_GROUPS or search.worth[tier] == bounds[tier]
        if tier is Tier.WACHTDAGEN and same:
            loose[Tier.SCORE] = bounds[Tier.SCORE]
        if not (counted and same and tier in BEFORE_GROUPS):
            least.append((search.goal(tier).astype(np.float32), search.worth[tier]))
        found.append((tier, search.worth[tier], bound))
    return levels(), search.plan


def anything(problem: Pairs, over: Network | Pairs) -> dict[Tier, int]:
    """What no plan over these pairs can exceed, without looking at who is in whose way: it needs no solver."""
    has = over.first[1:] > over.first[:-1]
    best = np.zeros(problem.requests, np.int64)
    if has.any():
        best[has] = np.maximum(np.maximum.reduceat(over.value, over.first[:-1][has]), 0)
    count = np.bincount(problem.urgentie[has], minlength=3).tolist()
    return {
        Tier.VAST: len(problem.vast),
        Tier.CRISIS: count[0],
        Tier.SPOED: count[1],
        Tier.REGULIER: count[2],
        Tier.WACHTDAGEN: int(problem.wachtdagen[has].sum()),
        Tier.GESPLITST: 0,
        Tier.LOCATIE: 0,
        Tier.SCORE: int(best.sum()),
        Tier.BEHOUDEN: int(np.count_nonzero(problem.vorige[over.request] == over.slot)),
    }


def _without_groups(
    problem: Pairs, net: Network, relaxed: Flow, slots: Ints, bounds: dict[Tier, int], keep: float, watch: _Watch
) -> tuple[tuple[Level, ...], Ints]:
    """The flow is the plan; then the fewest changes, by a bonus for the old pairs (Lagrange, bisected)."""
    best = value(problem, slots)
    old = (problem.vorige[net.request] == net.slot).astype(np.int64)
    floor = best[Tier.SCORE] - int(keep * abs(best[Tier.SCORE]))
    most = anything(problem, net)[Tier.BEHOUDEN]
    kept, chosen = best[Tier.BEHOUDEN], slots
    low, high = 0, max(1, int(np.abs(net.value).max(initial=0)) * 2)
    while kept < most and low < high and relaxed.bound == relaxed.total and not watch.out():
        bonus = (low + high + 1) // 2
        trial = flow(net, ranks(problem), net.value + bonus * old, watch.out)
        if trial.bound != trial.total:
            break
        plan_ = np.where(trial.choice >= 0, net.slot[trial.choice], NOBODY)
        worth = value(problem, plan_)
        # kept ≤ (score + bonus × kept of the trial - floor) / bonus for every plan with at least this score
        most = min(most, (worth[Tier.SCORE] + bonus * worth[Tier.BEHOUDEN] - floor) // bonus)
        if worth[Tier.SCORE] >= floor:
            low = bonus
            if worth[Tier.BEHOUDEN] > kept:
                kept, chosen = worth[Tier.BEHOUDEN], plan_
        else:
            high = bonus - 1
    final = value(problem, chosen)
    proven = {tier: bounds[tier] for tier in TIERS} | {Tier.BEHOUDEN: max(most, kept)}
    if relaxed.bound == relaxed.total:
        proven |= {Tier.GESPLITST: 0, Tier.LOCATIE: 0}
    top = {tier: best[tier] if tier is not Tier.BEHOUDEN else kept for tier in TIERS}
    return tuple(Level(tier, final[tier], top[tier], max(top[tier], proven[tier])) for tier in TIERS), chosen


def _conflicts(problem: Pairs, slots: Ints) -> tuple[Violation, ...]:
    """Why the fixed pairs cannot all be made: what they break by themselves, else groups and pairs that are left."""
    only = np.full(problem.requests, NOBODY)
    only[problem.vast[:, 0]] = problem.vast[:, 1]
    own = [one for one in violations(problem, only) if one.rule not in {Breach.VAST, Breach.SAMEN}]
    if own:
        return tuple(own)
    left = [(who, slot) for who, slot in problem.vast.tolist() if slots[who] != slot]
    groups = sorted({int(problem.groep[who]) for who, _ in left if problem.groep[who] != NOBODY})
    mates = [
        Violation(Breach.SAMEN, tuple(np.flatnonzero(problem.groep == group).tolist()), group)
        for group in groups
        if not problem.splitsbaar[group]
    ]
    return (*mates, *(Violation(Breach.VAST, (who,), slot) for who, slot in left))
