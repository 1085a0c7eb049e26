"""Tier after tier with samenplaatsingen: the best plan so far, and what is proven about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from msgspec import structs

from matcher.check import URGENTIE, Breach, Tier, value, violations
from matcher.layers.bound import SCALE, Priced
from matcher.layers.columns import Cuts, costs, part, plan_of, solution_of
from matcher.layers.flow import Flow, strict
from matcher.layers.greedy import APART, OVER, greedy, others_best
from matcher.layers.linear import Answer, Floats, Solver, solve
from matcher.layers.local import around, parts, room_beside
from matcher.layers.network import Network, network
from matcher.layers.relaxation import ALL, Budget, Least, Relaxation, lose_least
from matcher.layers.together import model, settled
from matcher.layers.worth import worth as worth_of
from matcher.pairs import NOBODY, REGULIER, Bools, Ints, Pairs

NEAR = 3, 12
"""Pairs per child alone and per member of a group, by the prices of the relaxation, for a first plan, …"""
RINGS = 2
"""… of those whom it leaves between places, of who is where these could go, and so on so many times, …"""
RING_GAP = 5e-4
"""… if there is one so near to what is proven; …"""
FEW = ((2, 8), (3, 8), (4, 16), (8, 32), (ALL, ALL))
"""… or of everybody who is not in a samenplaatsing that is settled; the next when there is no plan …"""
PARTS = 300, 300, 600, 1200
"""… and to look at again, one part of the plan of about so many children after another …"""
REPAIR = 50
"""… or of so many around each samenplaatsing that is not in one voorziening, …"""
PART_S = 2.0
"""… and so long at most."""
SMALL = 8_000
"""Pairs over which a mixed integer program is fast whatever is asked of it."""
BLEND = 60_000
"""Pairs for which all tiers in one can still be solved; with more the relaxation alone takes too long."""
FIRST_GAP = 2e-4
"""The first plan need not be the best of its kind."""
EXACT = 150_000
"""Pairs that a mixed integer program can still take."""

BEFORE_GROUPS = (Tier.VAST, Tier.CRISIS, Tier.SPOED, Tier.REGULIER, Tier.WACHTDAGEN)
"""Tiers in which the flow core is best: what it reaches bounds a plan that is equal to it in the tiers before."""

COUNTS = (Tier.VAST, Tier.CRISIS, Tier.SPOED, Tier.REGULIER)

BEFORE = {tier: tuple(Tier)[:at] for at, tier in enumerate(Tier)}


class Search:
    """The best plan so far, and what is proven about it."""

    def __init__(self, problem: Pairs, relaxed: Flow, budget: Budget) -> None:
        self.problem, self.relaxed, self.budget = problem, relaxed, budget
        self.floor: int | None = None
        self.known: list[tuple[dict[Tier, int], int]] = []  # what the tiers times their weights never exceed
        self.plan = np.full(problem.requests, NOBODY)
        self.worth = value(problem, self.plan)
        self.better: Callable[[], None] = lambda: None

    def _look_at(self, net: Network) -> None:
        """From now on plans over these pairs only."""
        self.lp = Relaxation(self.problem, net, self.relaxed, self.budget)
        self.first = partial(greedy, self.problem, self.lp.all, self.relaxed, *self.lp.ways, self.budget.out)
        self.near = self.lp.use

    def goal(self, tier: Tier) -> Floats:
        """What each of all columns adds to a tier."""
        return costs(self.problem, self.lp.all.of, tier)

    def offer(self, slots: Ints) -> None:
        """Takes a plan when it is allowed and better; one that fixes too few pairs is still better than another."""
        worth = worth_of(self.problem, slots)
        better = self._rank(worth) > self._rank(self.worth)
        if better and all(found.rule is Breach.VAST for found in violations(self.problem, slots)):
            self.plan, self.worth = slots, worth
            self.better()

    def _rank(self, worth: dict[Tier, int]) -> tuple[int, ...]:
        """What counts first; with a floor all scores above it are equal until changes are counted."""
        *before, score, kept = worth.values()
        return (*before, score if self.floor is None else min(score, self.floor), kept, score)

    def start(self, net: Network, bounds: dict[Tier, int]) -> bool:
        """A first plan; True when it places as many of each class as the flow, and from now on all plans do."""
        net = strict(self.problem, net, self.relaxed, self.budget.out)
        if not self.budget.out():
            self._look_at(net)
            self._blend(self.budget.left() * 0.4)
            if all(self.worth[tier] == bounds[tier] for tier in BEFORE_GROUPS):
                self._polish(self.budget.left() * 0.2, self._spread(), (REPAIR,))
                self._both()
                return True
            del self.lp, self.first  # the largest things that there are
        del net
        self._look_at(network(self.problem))
        self.known = []
        self.offer(self.first())
        if np.count_nonzero(self.lp.use) <= BLEND:
            self._blend(self.budget.left() * 0.4)
            self._polish(self.budget.left() * 0.5, np.flatnonzero(~self.lp.settled[:-1]), PARTS)
        return False

    def _spread(self) -> Ints:
        """The groups that are not in one voorziening, but for those that cannot be whole anywhere."""
        member = np.flatnonzero((self.problem.groep >= 0) & (self.plan >= 0))
        group, unit = self.problem.groep[member], self.problem.voorziening[self.plan[member]]
        both = np.unique(group * len(self.problem.ruimte) + unit) // len(self.problem.ruimte)
        return np.setdiff1d(both[1:][both[1:] == both[:-1]], self.lp.torn)

    def _polish(self, seconds: float, seeds: Ints, sizes: tuple[int, ...]) -> None:
        """Looks again at one part of the plan after another, in all tiers at once."""
        goal, until = self._sum(self._weights()), self.budget.left() - seconds
        for size in sizes:
            for free in parts(self.problem, self.lp.net, self.near, seeds, self.plan, size):
                left = self.budget.left() - until
                if left <= 0 or self.budget.out():
                    return
                here = self.near | (self.plan[self.lp.net.request] == self.lp.net.slot)
                self._integer(goal, [], here & free[self.lp.net.request], min(left, PART_S), hint=True, free=free)

    def _blend(self, seconds: float, least: Least | None = None) -> None:
        """Looks for a plan that is good in all tiers at once, with `least` of those that are settled."""
        weights = self._weights()
        goal = self._sum(weights)
        self.lp.counts = np.ones(len(self.lp.net.request), np.bool_)
        until = self.budget.left() - seconds
        while True:
            seen = self.lp.bound(goal, least or [], None, until)
            if seen is not None:
                self.known.append((weights, seen.bound))
                # the pairs that lose least make a small model, that nearly always has a good plan
                self.near = self.lp.use & (
                    self.lp.taken | lose_least(self.lp.net, seen.pair, self.problem.groep, *NEAR)
                )
                own = self.plan[self.lp.net.request] == self.lp.net.slot if least else False
                for few, above in self._few(seen):
                    left = self.budget.left() - until
                    if left <= 0 or self.budget.out():
                        return
                    keep, hint = few | own, bool(least) and above is None
                    found = self._integer(goal, least or [], keep, left, FIRST_GAP, hint=hint, above=above)
                    if found.x is not None:
                        return
            if self.lp.use.all() or len(self.lp.use) > EXACT or self.budget.left() <= until or self.budget.out():
                return
            self.lp.use[:] = True

    def _few(self, seen: Priced) -> Iterator[tuple[Bools, int | None]]:
        """Some pairs that nearly always have a good plan, then more and more; with what it must be better than."""
        net, groep = self.lp.net, self.problem.groep
        if net.must.any():
            free = around(self.problem, net, self.near, self.lp.taken, self.lp.between, RINGS)
            yield self.near & (self.lp.taken | free[net.request]), seen.bound - int(RING_GAP * abs(seen.bound))
        for alone, member in FEW if net.must.any() else ((0, 0), *FEW):
            few = self.lp.use & (self.lp.taken | lose_least(net, seen.pair, groep, alone, member))
            yield few & (self.lp.taken | ~self.lp.settled[groep[net.request]] | (alone >= ALL)), None

    def _both(self) -> None:
        """A bound on split and on spread samenplaatsingen by one relaxation, when there are such."""
        if self.worth[Tier.GESPLITST] and self.worth[Tier.LOCATIE]:
            weights = {Tier.GESPLITST: len(self.problem.splitsbaar) + 1, Tier.LOCATIE: 1}
            seen = self.lp.bound(self._sum(weights), [], sum(weight * self.worth[t] for t, weight in weights.items()))
            if seen is not None:
                self.known.append((weights, seen.bound))

    def _sum(self, weights: dict[Tier, int]) -> Floats:
        goal = np.zeros(self.lp.all.of.count)
        for tier, weight in weights.items():
            goal += weight * self.goal(tier)
        return goal

    def _weights(self) -> dict[Tier, int]:
        """All tiers in one, in whole numbers: to find a first plan, and for what its bound says of the score."""
        top = int(max(1, np.abs(self.lp.net.value).max(initial=0)))
        weights = {Tier.GESPLITST: APART * top, Tier.LOCATIE: OVER * top, Tier.SCORE: 1}
        if not self.lp.net.must.any():  # else all plans count the same
            days = int(max(1, self.problem.wachtdagen.max(initial=0)))
            child = {Tier.CRISIS: 180 * top, Tier.SPOED: 120 * top, Tier.REGULIER: 60 * top}
            weights |= {Tier.VAST: 300 * top, Tier.WACHTDAGEN: 30 * top // days, **child}
        return weights

    def raise_(self, tier: Tier, least: Least, bound: int) -> int:
        """Makes the plan as good as it can be in a tier, with the tiers before as they are; returns the bound."""
        goal, first = self.goal(tier), self.worth[tier]
        bound = max(first, min(bound, at_most(tier, self.worth, self.known, len(self.problem.splitsbaar))))
        if tier is Tier.GESPLITST:
            bound = max(first, min(bound, -len(self.lp.torn)))
        self.lp.counts = _counting(self.problem, tier)[self.lp.net.request] | bool(self.lp.net.full.any())
        until = 0.0 if tier in {Tier.SCORE, Tier.BEHOUDEN} else self.budget.left() * 0.5
        while self.worth[tier] < bound and not self.budget.out():
            before = self.worth[tier]
            if self.budget.near_enough(before, bound):
                break
            self.lp.use |= self.plan[self.lp.net.request] == self.lp.net.slot
            seen = self.lp.bound(goal, least, before, until)
            if seen is None:
                break
            bound = max(min(bound, seen.bound), before)
            if self.budget.near_enough(before, bound) or self.budget.out():
                break
            # who wants more looks at fewer pairs: first for a plan that is much better, then for any that is
            wider = self.lp.counts & (seen.pair <= seen.slack - (before + 1) * SCALE)
            half = before + (bound - before) // 2
            for target in (before,) if tier in COUNTS or np.count_nonzero(wider) < SMALL else (half, before):
                near = wider & (seen.pair <= seen.slack - (target + 1) * SCALE)
                if np.count_nonzero(near) > EXACT:
                    near &= self.lp.use
                    self._integer(goal, least, near, self.budget.left() * 0.5, above=target)
                    continue
                if tier in COUNTS:  # few values: once there is a plan, the bound mostly says that it is the best
                    found = self._integer(goal, least, near, self.budget.left() - until, hint=True)
                else:
                    found = self._integer(goal, least, near, self.budget.left() - until, above=target)
                bound = max(target, self.worth[tier], min(bound, target if found.infeasible else _floor(found.bound)))
                if self.worth[tier] > before or not (found.infeasible or target == before) or self.budget.out():
                    break
            if self.worth[tier] == before:
                break
        if self.worth[tier] > first and tier in BEFORE[Tier.SCORE] and not self.budget.out():
            # the plan that is better here was found without a look at the tiers after it
            self._blend(self.budget.left() * 0.2, [*least, (goal, self.worth[tier])])
        return bound

    def _integer(
        self,
        goal: Floats,
        least: Least,
        keep: Bools,
        seconds: float,
        gap: float = 0.0,
        *,
        hint: bool = False,
        above: int | None = None,
        free: Bools | None = None,
    ) -> Answer:
        """The best plan over some pairs, only if it is more than `above`; it is offered.

        With `free` only these requests are looked at, the others stay where they are.
        """
        thin, which = part(self.problem, self.lp.all.of, keep)
        short = [(row[which], float(bound)) for row, bound in least]
        cuts = self.lp.cuts.on(which, self.lp.all.of.count)
        if free is not None:
            beside = room_beside(self.lp.net, self.plan, free)
            thin, cuts = structs.replace(thin, net=structs.replace(thin.net, room=beside)), Cuts.none()
        built = model(self.problem, thin, goal[which], short, cuts)
        found = solve(
            built.model,
            Solver.SCIP,
            seconds=max(0.001, seconds),
            integral=True,
            gap=gap,
            seed=self.budget.seed,
            hint=solution_of(self.problem, thin, self.plan) if hint else None,
            above=None if above is None else above + 0.5,
            nodes=self.budget.nodes,
            interrupter=self.budget.interrupter,
        )
        if found.x is not None:
            x = found.x
            if np.abs(x - np.rint(x)).max(initial=0.0) > 1e-6:
                corner = solve(settled(built, thin, x), Solver.GLOP, seconds=max(1.0, self.budget.left()))
                x = x if corner.x is None else corner.x
            slots = plan_of(self.problem, thin, x)
            if free is not None:
                self.offer(np.where(free, slots, self.plan))
                return found
            if self.lp.net.must.any() and len(self.lp.net.request) > EXACT:
                near = self.lp.net.keep(self.lp.use | keep)
                self.offer(others_best(self.problem, near, self.relaxed.price, slots, self.budget.out))
            else:
                self.offer(self.first(slots))
            self.offer(slots)
        return found


def at_most(tier: Tier, worth: dict[Tier, int], known: list[tuple[dict[Tier, int], int]], groups: int) -> int:
    """The most that a tier can be with those before as they are; `known`: weights of tiers, a bound on their sum."""
    most = 2**62
    for weights, bound in known:
        # of the tiers after it: no more than all groups are split, and points say nothing
        least = {t: worth[t] if t in BEFORE[tier] else -groups for t in weights}
        if tier in weights and (tier is Tier.SCORE or Tier.SCORE not in weights):
            rest = bound - sum(weight * least[t] for t, weight in weights.items() if t is not tier)
            most = min(most, rest // weights[tier])
    return most


def _counting(problem: Pairs, tier: Tier) -> Bools:
    """(R,) the requests that matter for a tier and those before; the others can leave any plan, with their group."""
    last = -1 if tier is Tier.VAST else URGENTIE.get(tier, REGULIER)
    matters = problem.urgentie <= last
    matters[problem.vast[:, 0]] = True
    mates = np.unique(problem.groep[matters])
    return matters | np.isin(problem.groep, mates[mates >= 0])


def _floor(bound: float) -> int:
    """Whole numbers: a bound of 12.9999999 by rounding is 13."""
    return 2**62 if bound == float("inf") else int(np.floor(bound + 1e-6 * max(1.0, abs(bound) * 1e-3)))
