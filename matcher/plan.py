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
from functools import partial

import numpy as np
from msgspec import Struct

from matcher.check import Breach, Tier, Violation, value, violations
from matcher.layers.bound import SCALE, Index, Priced, Prices, index, priced, prices
from matcher.layers.flow import Flow, flow, ranks, strict
from matcher.layers.greedy import greedy
from matcher.layers.linear import Answer, Floats, Solver, solve
from matcher.layers.network import Network, network
from matcher.layers.together import Columns, columns, costs, model, plan_of, settled, solution_of
from matcher.pairs import CRISIS, NOBODY, REGULIER, SPOED, Bools, Ints, Pairs
from matcher.problem import require

TIERS = tuple(Tier)

ALL = 6_000
"""Up to so many pairs there is no need to look at few first."""
ALONE, MEMBER = 10, 30
"""Pairs to begin with, per child alone and per member of a group …"""
FEW_ALONE, FEW_MEMBER = 2, 8
"""… as many of these, by the prices of the relaxation, for a first plan …"""
MORE = 6
"""… and at most added per child in a round."""
BLEND = 40_000
"""Pairs for which all tiers in one can still be solved; with more the relaxation alone takes too long."""
FIRST_GAP = 1e-4
"""The first plan need not be the best of its kind."""
EXACT = 150_000
"""Pairs that a mixed integer program can still take."""


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


Goal = Callable[[Columns], Floats]
"""What each column of a model adds to something."""


class _Search:
    """The best plan so far, and what is proven about it."""

    def __init__(self, problem: Pairs, net: Network, relaxed: Flow, watch: _Watch, seed: int, enough: float) -> None:
        self.problem, self.net, self.watch, self.seed, self.enough = problem, net, watch, seed, enough
        self.floor: int | None = None
        self.better: Callable[[], None] = lambda: None
        self.plan = np.full(problem.requests, NOBODY)
        self.worth = value(problem, self.plan)
        self.all: Index = index(problem, columns(problem, net))
        self.use: Bools = np.ones(len(net.request), np.bool_)
        self.counts: Bools = self.use
        if len(net.request) > ALL:
            rent = Prices(relaxed.price, 0, [0] * len(problem.mix), [], scale=1)
            goal = np.concatenate((relaxed.worth, np.zeros(self.all.of.count - len(net.request), np.int64)))
            self.use = _least(net, priced(self.all, goal, [], rent).pair, problem.groep, ALONE, MEMBER)

        self.rest = partial(greedy, problem, self.all, relaxed.price, relaxed.worth, watch.out)
        self.offer(self.rest())

    def offer(self, slots: Ints) -> None:
        """Takes a plan when it is allowed and better; one that fixes too few pairs is still better than another."""
        if all(found.rule is Breach.VAST for found in violations(self.problem, slots)):
            worth = value(self.problem, slots)
            if self._rank(worth) > self._rank(self.worth):
                self.plan, self.worth = slots, worth
                self.better()

    def _rank(self, worth: dict[Tier, int]) -> tuple[int, ...]:
        """What counts first; with a floor all scores above it are equal until changes are counted."""
        *before, score, kept = worth.values()
        return (*before, score if self.floor is None else min(score, self.floor), kept, score)

    def start(self, bounds: dict[Tier, int]) -> bool:
        """A first plan; True when it places as many of each class as the flow, and from now on all plans do."""
        plain = self.net, self.all, self.use
        net, kept = strict(self.problem, self.net, self.watch.out)
        self.net, self.use = net, self.use[kept]
        self.all = index(self.problem, columns(self.problem, net))
        self._blend(self.watch.left() * 0.4)
        if all(self.worth[tier] == bounds[tier] for tier in BEFORE_GROUPS):
            return True
        self.net, self.all, self.use = plain
        if np.count_nonzero(self.use) <= BLEND:
            self._blend(self.watch.left() * 0.4)
        return False

    def _blend(self, seconds: float) -> None:
        """Looks for a plan that is good in all tiers at once."""
        goal: Goal = partial(_blended, self.problem)
        self.counts = np.ones(len(self.net.request), np.bool_)
        until = self.watch.left() - seconds
        while True:
            seen = self._relax(goal, [], None, until)
            if seen is not None:
                # the pairs that lose least make a small model, that nearly always has a good plan
                few = self.use & _least(self.net, seen.pair, self.problem.groep, FEW_ALONE, FEW_MEMBER)
                for keep in (few, self.use):
                    left = self.watch.left() - until
                    if left > 0 and self._integer(goal, [], keep, left, gap=FIRST_GAP).x is not None:
                        return
            if self.use.all() or len(self.use) > EXACT or self.watch.left() <= until:
                return
            self.use[:] = True

    def raise_(self, tier: Tier, least: list[tuple[Goal, int]], bound: int) -> int:
        """Makes the plan as good as it can be in a tier, with the tiers before as they are; returns the bound."""
        goal: Goal = partial(costs, self.problem, tier=tier)
        self.counts = _counting(self.problem, tier)[self.net.request] | bool(self.net.full.any())
        first = True
        while self.worth[tier] < bound and not self.watch.out():
            self.use |= self.plan[self.net.request] == self.net.slot
            before = self.worth[tier]
            seen = self._relax(goal, least, before)
            if seen is None:
                break
            bound = max(min(bound, seen.bound), before)
            if before >= bound or bound - before <= self.enough * abs(bound) or self.watch.out():
                break
            more = [*least, (goal, before + 1)]
            near = self.counts & (seen.pair <= seen.slack - (before + 1) * SCALE)
            few, exact = near & self.use, np.count_nonzero(near) <= EXACT
            if not exact or (first and np.count_nonzero(few) < np.count_nonzero(near) * 0.7):
                few |= self.counts & (self.plan[self.net.request] == self.net.slot)
                self._integer(goal, least, few, self.watch.left() * 0.5, hint=True)
                first = False
            if self.worth[tier] > before:
                continue
            if not exact:
                break
            found = self._integer(goal, more, near, self.watch.left())
            if found.infeasible:
                return before
            bound = max(self.worth[tier], min(bound, _floor(found.bound)))
            if self.worth[tier] == before:
                break
        return bound

    def _relax(
        self, goal: Goal, least: list[tuple[Goal, int]], reached: int | None, until: float = 0.0
    ) -> Priced | None:
        """The linear relaxation over few pairs, with more pairs until it holds for all; None when there is no plan."""
        problem, net = self.problem, self.net
        whole, rows = goal(self.all.of), [(row(self.all.of), float(bound)) for row, bound in least]
        best: Priced | None = None
        while True:
            thin = columns(problem, net.keep(self.use & self.counts))
            short = [(row(thin), float(bound)) for row, bound in least]
            built = model(problem, thin, goal(thin), short, whole=False)
            found = solve(built.model, Solver.GLOP, seconds=max(0.001, self.watch.left() - until))
            if found.x is None or found.dual is None or not found.optimal:
                return best
            seen = priced(self.all, whole, rows, prices(problem, net, built, found.dual))
            if best is None or seen.slack < best.slack:
                best = seen
            now = float(found.x @ built.model.cost)
            missing = best.slack / SCALE - now
            gap = best.slack / SCALE - (0.999 * now if reached is None else reached)
            fresh = (seen.pair <= max(0.0, missing) * SCALE) & ~self.use & self.counts
            if missing <= 0.02 * abs(gap) or not fresh.any() or self.watch.out():
                return best
            if reached is not None and best.bound <= reached:
                return best
            self.use |= _fewest(net, np.where(self.use, np.iinfo(np.int64).max, seen.pair), MORE) & fresh

    def _integer(
        self,
        goal: Goal,
        least: list[tuple[Goal, int]],
        keep: Bools,
        seconds: float,
        gap: float = 0.0,
        *,
        hint: bool = False,
    ) -> Answer:
        """The best plan over some pairs; it is offered."""
        thin = columns(self.problem, self.net.keep(keep))
        built = model(self.problem, thin, goal(thin), [(row(thin), float(bound)) for row, bound in least])
        found = solve(
            built.model,
            Solver.SCIP,
            seconds=max(0.001, seconds),
            integral=True,
            gap=gap,
            seed=self.seed,
            hint=solution_of(self.problem, thin, self.plan) if hint else None,
        )
        if found.x is not None:
            x = found.x
            if np.abs(x - np.rint(x)).max(initial=0.0) > 1e-6:
                corner = solve(settled(built, thin, x), Solver.GLOP, seconds=max(1.0, self.watch.left()))
                x = x if corner.x is None else corner.x
            slots = plan_of(self.problem, thin, x)
            self.offer(slots)
            self.offer(self.rest(slots))  # the same groups, and the best for everybody else
        return found


def plan(
    problem: Pairs,
    *,
    clock: Callable[[], float],
    seconds: float = 60.0,
    keep: float = 0.001,
    stop: Callable[[], bool] = lambda: False,
    seed: int = 0,
    enough: float = 0.0,
    known: Ints | None = None,
    seen: Callable[[tuple[Level, ...]], None] = lambda levels: None,
) -> Plan:
    """The best plan within `seconds` of `clock`; `keep` is the part of the score that fewer changes may cost.

    With `enough` a tier is left when its gap is no more than that. `known` is a plan to begin with (R rows as in
    Plan.slots); when it is not allowed it is not looked at. `seen` is told how good each better plan is, as long as
    there is something to search: where samenplaatsingen or group mix are.

    `stop` is asked between steps. Same problem and seed, same answer, unless time ran out (Plan.limit says so).
    ValueError for values that are too large together.
    """
    require(0 < seconds < 1e7, "seconds", f"is {seconds}")
    require(0 <= keep <= 1, "keep", f"is {keep}")
    require(0 <= enough <= 1, "enough", f"is {enough}")
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
        levels, slots = _with_groups(problem, net, relaxed, bounds, keep, watch, seed, enough, known, seen)
    conflicts = _conflicts(problem, slots) if levels[0].value < len(problem.vast) else ()
    gap = next((level.gap for level in levels if not level.proven), 0.0)
    if all(level.proven for level in levels):
        watch.limit = Limit.NONE
    elif watch.limit is Limit.NONE:
        watch.limit = Limit.EFFORT
    return Plan(slots, levels, gap, clock() - watch.begin, watch.limit, conflicts)


def _with_groups(
    problem: Pairs,
    net: Network,
    relaxed: Flow,
    bounds: dict[Tier, int],
    keep: float,
    watch: _Watch,
    seed: int,
    enough: float,
    known: Ints | None,
    seen: Callable[[tuple[Level, ...]], None],
) -> tuple[tuple[Level, ...], Ints]:
    search = _Search(problem, net, relaxed, watch, seed, enough)
    loose = _anything(problem, net)
    found: list[tuple[Tier, int, int]] = []

    def levels() -> tuple[Level, ...]:
        """Of what is not searched yet a bound that needs no solver."""
        worth = search.worth
        rest = [(tier, worth[tier], loose[tier]) for tier in TIERS[len(found) :]]
        return tuple(Level(tier, worth[tier], best, max(best, bound)) for tier, best, bound in (*found, *rest))

    search.better = lambda: seen(levels())
    seen(levels())
    if known is not None:
        search.offer(known)
    counted = not watch.out() and search.start(bounds)
    least: list[tuple[Goal, int]] = []
    same = True
    for tier in TIERS:
        bound = bounds[tier] if same and tier in BEFORE_GROUPS else loose[tier]
        if tier is Tier.BEHOUDEN:
            goal, reached = least[-1]
            search.floor = reached - int(keep * abs(reached))
            least[-1] = (goal, search.floor)
        if search.worth[tier] < bound:
            bound = search.raise_(tier, least, bound)
        same &= tier not in BEFORE_GROUPS or search.worth[tier] == bounds[tier]
        if tier is Tier.WACHTDAGEN and same:
            loose[Tier.SCORE] = bounds[Tier.SCORE]
        if not (counted and same and tier in BEFORE_GROUPS):
            least.append((partial(costs, problem, tier=tier), search.worth[tier]))
        found.append((tier, search.worth[tier], bound))
    return levels(), search.plan


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
    """The flow is the plan; then the fewest changes, by a bonus for the old pairs (Lagrange, bisected)."""
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


def _counting(problem: Pairs, tier: Tier) -> Bools:
    """(R,) the requests that matter for a tier and those before; the others can leave any plan, with their group."""
    last = {Tier.VAST: -1, Tier.CRISIS: CRISIS, Tier.SPOED: SPOED}.get(tier, REGULIER)
    matters = problem.urgentie <= last
    matters[problem.vast[:, 0]] = True
    mates = np.unique(problem.groep[matters])
    return matters | np.isin(problem.groep, mates[mates >= 0])


def _blended(problem: Pairs, of: Columns) -> Floats:
    """All tiers in one, in whole numbers, only to find a first plan: nothing is proven with it."""
    net = of.net
    top = float(max(1, np.abs(net.value).max(initial=0)))
    longest = float(max(1, problem.wachtdagen.max(initial=0)))
    child = 60.0 * (3 - problem.urgentie) + 30.0 * problem.wachtdagen / longest
    child[problem.vast[:, 0]] += 300.0
    child[net.must] = 0.0
    cost = np.zeros(of.count)
    pairs = child[net.request] + net.value / top
    cost[: len(pairs)], cost[of.begins[2] :] = pairs, pairs[of.apart]
    cost += 20.0 * costs(problem, of, Tier.GESPLITST) + 8.0 * costs(problem, of, Tier.LOCATIE)
    return np.rint(cost * 10_000)


def _least(net: Network, loss: Ints, groep: Ints, single: int, member: int) -> Bools:
    """The pairs that lose least: few of a child alone, more of a member of a group."""
    alone = groep[net.request] < 0
    far = np.iinfo(np.int64).max
    return (_fewest(net, np.where(alone, loss, far), single) & alone) | (
        _fewest(net, np.where(alone, far, loss), member) & ~alone
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
