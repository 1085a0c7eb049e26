"""All requests at once: one proposal, tier after tier, each with a bound that is proven by itself.

result = plan(pairs, clock=perf_counter, seconds=10)

Tiers (plan_check.Tier) are fixed one after another; of a tier that is not proven the best found is fixed. The fairness
rule: with as many placed of each urgentie as there can be, the days waited by those who are placed are together as many
as can be. So nobody stays unplaced while a place that they can use, directly or by others moving along, goes to somebody
of equal urgentie who waited less: changing these two would place as many and count more days. Without groups this is
exactly the first set in the order of urgentie and waiting (flow.py).

Layers: the flow core splits every group, so it bounds each tier up to the first in which the plan differs; where that
is not enough a linear program over few pairs gives prices, prices give a bound over all pairs and groups (bound.py), and
the pairs that can still be in a better plan go into a mixed integer program.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from math import ceil

import numpy as np
from msgspec import Struct, structs

from matcher.bound import SCALE, Index, Priced, Prices, index, prices, priced
from matcher.flow import Flow, flow, ranks
from matcher.linear import Answer, Floats, Solver, solve
from matcher.network import Network, network
from matcher.pairs import NOBODY, Bools, Ints, Pairs
from matcher.plan_check import Breach, Tier, Violation, value, violations
from matcher.problem import require
from matcher.together import Columns, columns, costs, model, plan_of, usable

TIERS = tuple(Tier)

ALL = 6_000
"""Up to so many pairs there is no need to look at few first."""
ALONE, MEMBER = 10, 30
"""Pairs to begin with, per child alone and per member of a group …"""
MORE = 6
"""… and at most added per child in a round."""
EXACT = 150_000
"""Pairs that a mixed integer program can still take."""


class Limit(StrEnum):
    """What ended the search."""

    NONE = "none"
    TIME = "time"
    STOPPED = "stopped"


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
        """What may be missing, as a part of the bound."""
        return 0.0 if self.proven else (self.bound - self.best) / max(1, abs(self.bound))


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

    def __init__(self, clock: Callable[[], float], seconds: float, stop: Callable[[], bool]) -> None:
        self.clock, self.stop, self.begin, self.end = clock, stop, clock(), clock() + seconds
        self.limit = Limit.NONE

    def left(self) -> float:
        return self.end - self.clock()

    def out(self) -> bool:
        if self.stop():
            self.limit = Limit.STOPPED
        elif self.left() <= 0:
            self.limit = Limit.TIME
        return self.limit is not Limit.NONE


class _Search:
    """The best plan so far, and what is proven about it."""

    def __init__(self, problem: Pairs, net: Network, relaxed: Flow, watch: _Watch, seed: int) -> None:
        self.problem, self.net, self.relaxed, self.watch, self.seed = problem, net, relaxed, watch, seed
        self.plan = np.full(problem.requests, NOBODY)
        self.worth = value(problem, self.plan)
        self.all: Index = index(problem, columns(problem, net))
        self.use: Bools = np.ones(len(net.request), np.bool_)

    def offer(self, slots: Ints) -> None:
        """Takes a plan when it is allowed and better; one that fixes too few pairs is still better than another."""
        if all(found.rule is Breach.VAST for found in violations(self.problem, slots)):
            worth = value(self.problem, slots)
            if tuple(worth.values()) > tuple(self.worth.values()):
                self.plan, self.worth = slots, worth

    def start(self) -> None:
        """Few pairs, and a first plan over them."""
        net, problem = self.net, self.problem
        if len(net.request) > ALL:
            rent = Prices(self.relaxed.price, 0, [], [], scale=1)
            goal = np.concatenate((self.relaxed.worth, np.zeros(self.all.of.count - len(net.request), np.int64)))
            loss = priced(self.all, goal, [], rent).pair
            self.use = _least(net, loss, problem.groep)
        thin = columns(problem, usable(net, self.use, problem))
        made = model(problem, thin, _blend(problem, thin), [])
        seconds = max(0.0, self.watch.left()) * 0.4
        found = solve(made.model, Solver.HIGHS, seconds=seconds, seed=self.seed)
        if found.x is not None:
            self.offer(plan_of(problem, thin, found.x))

    def raise_(self, tier: Tier, least: list[tuple[Tier, int]], bound: int) -> int:
        """Makes the plan as good as it can be in a tier, with the tiers before as they are; returns the bound."""
        problem, net, whole = self.problem, self.net, self.all.of
        goal = costs(problem, whole, tier)
        rows = [(costs(problem, whole, before), float(reached)) for before, reached in least]
        while not self.watch.out() and self.worth[tier] < bound:
            self.use |= self.plan[net.request] == net.slot
            thin, relaxed, seen = self._relax(tier, least, goal, rows)
            if seen is None:
                break
            bound = max(min(bound, seen.bound), self.worth[tier])
            if self.worth[tier] >= bound or self.watch.out():
                break
            near = seen.pair <= seen.slack - (self.worth[tier] + 1) * SCALE
            few = near & self.use
            exact = np.count_nonzero(near) <= max(EXACT, 0)
            before = self.worth[tier]
            if not exact or np.count_nonzero(few) < np.count_nonzero(near) / 2:
                self._integer(tier, least, few, self.watch.left() * 0.5)
            if self.worth[tier] == before and exact:
                found = self._integer(tier, least, near, self.watch.left())
                if found.optimal or found.infeasible:
                    return max(self.worth[tier], min(bound, _floor(found.bound)) if found.optimal else self.worth[tier])
                if found.x is None or self.worth[tier] == before:
                    return max(self.worth[tier], min(bound, _floor(found.bound)))
            elif self.worth[tier] == before:
                break
        return bound

    def _relax(
        self, tier: Tier, least: list[tuple[Tier, int]], goal: Floats, rows: list[tuple[Floats, float]]
    ) -> tuple[Columns, Answer, Priced] | tuple[None, None, None]:
        """The linear relaxation over few pairs, with more pairs until it holds for all."""
        problem, net = self.problem, self.net
        best: Priced | None = None
        while True:
            thin = columns(problem, usable(net, self.use, problem))
            short = [(costs(problem, thin, before), float(reached)) for before, reached in least]
            built = model(problem, thin, costs(problem, thin, tier), short, whole=False)
            found = solve(built.model, Solver.GLOP, seconds=max(0.001, self.watch.left()))
            if found.x is None or found.dual is None or not found.optimal:
                return (None, None, None) if best is None else (thin, found, best)
            seen = priced(self.all, goal, rows, prices(problem, net, built, found.dual))
            if best is None or seen.slack < best.slack:
                best = seen
            value_of = float(found.x @ built.model.cost)
            missing = seen.slack / SCALE - value_of
            gap = seen.slack / SCALE - self.worth[tier]
            fresh = (seen.pair <= max(0.0, missing) * SCALE) & ~self.use
            if missing <= 0.02 * gap or seen.bound <= self.worth[tier] or not fresh.any() or self.watch.out():
                return thin, found, best
            self.use |= _fewest(net, np.where(self.use, np.iinfo(np.int64).max, seen.pair), MORE) & fresh

    def _integer(self, tier: Tier, least: list[tuple[Tier, int]], keep: Bools, seconds: float) -> Answer:
        problem = self.problem
        thin = columns(problem, usable(self.net, keep, problem))
        rows = [(costs(problem, thin, before), float(reached)) for before, reached in least]
        goal = costs(problem, thin, tier)
        rows.append((goal, float(self.worth[tier] + 1)))
        made = model(problem, thin, goal, rows).model
        found = solve(made, Solver.HIGHS, seconds=max(0.001, seconds), integral=True, seed=self.seed)
        if found.x is not None:
            self.offer(plan_of(problem, thin, found.x))
        return found


def plan(
    problem: Pairs,
    *,
    clock: Callable[[], float],
    seconds: float = 60.0,
    keep: float = 0.001,
    stop: Callable[[], bool] = lambda: False,
    seed: int = 0,
) -> Plan:
    """The best plan within `seconds` of `clock`; `keep` is the part of the score that fewer changes may cost.

    `stop` is asked between steps. Same problem and seed, same answer, unless time ran out (Plan.limit says so).
    ValueError for values that are too large together.
    """
    require(0 < seconds < 1e7, "seconds", f"is {seconds}")
    require(0 <= keep <= 1, "keep", f"is {keep}")
    watch = _Watch(clock, seconds, stop)
    net = network(problem)
    relaxed = flow(net, ranks(problem), net.value, watch.out)
    apart = np.where(relaxed.choice >= 0, net.slot[relaxed.choice], NOBODY) if len(net.slot) else relaxed.choice
    bounds = value(problem, apart)
    if relaxed.bound != relaxed.total:
        bounds = _anything(problem, net)
    alone = not len(problem.splitsbaar) and not problem.mix
    if alone:
        levels, slots = _without_groups(problem, net, relaxed, apart, bounds, keep, watch)
    else:
        levels, slots = _with_groups(problem, net, relaxed, bounds, keep, watch, seed)
    conflicts = _conflicts(problem, slots) if levels[0].value < len(problem.vast) else ()
    gap = next((level.gap for level in levels if not level.proven), 0.0)
    if all(level.proven for level in levels):
        watch.limit = Limit.NONE
    return Plan(slots, levels, gap, clock() - watch.begin, watch.limit, conflicts)


def _with_groups(
    problem: Pairs, net: Network, relaxed: Flow, bounds: dict[Tier, int], keep: float, watch: _Watch, seed: int
) -> tuple[tuple[Level, ...], Ints]:
    search = _Search(problem, net, relaxed, watch, seed)
    if not watch.out():
        search.start()
    least: list[tuple[Tier, int]] = []
    found: list[tuple[Tier, int, int]] = []
    loose = _anything(problem, net)
    same = True
    for tier in TIERS:
        bound = bounds[tier] if same and tier in BEFORE_GROUPS else loose[tier]
        if tier is Tier.BEHOUDEN:
            reached = least[-1][1]
            least[-1] = (Tier.SCORE, reached - int(keep * abs(reached)))
        if search.worth[tier] < bound:
            bound = search.raise_(tier, least, bound)
        same &= tier not in BEFORE_GROUPS or search.worth[tier] == bounds[tier]
        if tier is Tier.WACHTDAGEN and same:
            loose[Tier.SCORE] = bounds[Tier.SCORE]
        least.append((tier, search.worth[tier]))
        found.append((tier, search.worth[tier], bound))
    worth = search.worth
    return tuple(Level(tier, worth[tier], best, max(best, bound)) for tier, best, bound in found), search.plan


BEFORE_GROUPS = (Tier.VAST, Tier.CRISIS, Tier.SPOED, Tier.REGULIER, Tier.WACHTDAGEN)
"""Tiers in which the flow core is best: what it reaches bounds a plan that is equal to it in the tiers before."""


def _anything(problem: Pairs, net: Network) -> dict[Tier, int]:
    """Bounds that need no solver."""
    has = net.first[1:] > net.first[:-1]
    best = np.zeros(problem.requests, np.int64)
    if has.any():
        best[has] = np.maximum(np.maximum.reduceat(net.value, net.first[:-1][has]), 0)
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
        Tier.BEHOUDEN: int(np.count_nonzero(np.unique(net.request[problem.vorige[net.request] == net.slot]) >= 0)),
    }


def _without_groups(
    problem: Pairs, net: Network, relaxed: Flow, slots: Ints, bounds: dict[Tier, int], keep: float, watch: _Watch
) -> tuple[tuple[Level, ...], Ints]:
    """The flow is the plan; then the fewest changes by giving the old pairs a bonus (Lagrange), halving it each time."""
    best = value(problem, slots)
    old = (problem.vorige[net.request] == net.slot).astype(np.int64)
    floor = best[Tier.SCORE] - int(keep * abs(best[Tier.SCORE]))
    most = _anything(problem, net)[Tier.BEHOUDEN]
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


def _blend(problem: Pairs, of: Columns) -> Floats:
    """All tiers in one, only to find a first plan: nothing is proven with it."""
    net = of.net
    top = float(max(1, np.abs(net.value).max(initial=0)))
    longest = float(max(1, problem.wachtdagen.max(initial=0)))
    child = 60.0 * (3 - problem.urgentie) + 30.0 * problem.wachtdagen / longest
    child[problem.vast[:, 0]] += 300.0
    cost = np.zeros(of.count)
    cost[: len(net.request)] = child[net.request] + net.value / top
    cost[of.begins[2] :] = cost[of.apart]
    return cost + 20.0 * costs(problem, of, Tier.GESPLITST) + 8.0 * costs(problem, of, Tier.LOCATIE)


def _least(net: Network, loss: Ints, groep: Ints) -> Bools:
    """The pairs that lose least: few of a child alone, more of a member of a group."""
    alone = groep[net.request] < 0
    far = np.iinfo(np.int64).max
    return (_fewest(net, np.where(alone, loss, far), ALONE) & alone) | (
        _fewest(net, np.where(alone, far, loss), MEMBER) & ~alone
    )


def _fewest(net: Network, loss: Ints, count: int) -> Bools:
    """Marks the `count` pairs of each request that lose least."""
    use = np.zeros(len(loss), np.bool_)
    for begin, end in zip(net.first[:-1].tolist(), net.first[1:].tolist(), strict=True):
        if end - begin <= count:
            use[begin:end] = True
        else:
            use[begin + np.argpartition(loss[begin:end], count)[:count]] = True
    return use


def _floor(bound: float) -> int:
    """Whole numbers: a bound of 12.9999999 by rounding is 13."""
    return 2**62 if bound == float("inf") else int(np.floor(bound + 1e-6 * max(1.0, abs(bound) * 1e-3)))


def _conflicts(problem: Pairs, slots: Sequence[int]) -> tuple[Violation, ...]:
    """Why the fixed pairs cannot all be made: what they break by themselves, else the groups and pairs that are left."""
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
