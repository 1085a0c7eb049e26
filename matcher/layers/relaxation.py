"""The linear relaxation over few of the pairs: with more of them until it bounds every plan over all of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from msgspec import Struct

from matcher.layers.bound import SCALE, Priced, index, priced, prices
from matcher.layers.columns import Cuts, Row, columns, part
from matcher.layers.cuts import Finder
from matcher.layers.flow import Flow
from matcher.layers.greedy import at_prices
from matcher.layers.linear import Floats, Interrupter, Solver, solve
from matcher.layers.network import Network
from matcher.layers.together import model
from matcher.layers.warm import Warm
from matcher.pairs import NOBODY, Bools, Ints, Pairs

ALL = 6_000
"""Up to so many pairs there is no need to look at few first."""
ALONE, MEMBER = 5, 12
"""Pairs to begin with, per child alone and per member of a group …"""
MORE = 3
"""… and at most added per child in a round."""
CUT = 0.1
"""Rows against relaxed plans are added until a round brings less than this part of what they brought together."""

FAR = np.iinfo(np.int64).max

Least = list[tuple[Row, int]]
"""Of the tiers before: what each column adds, and what must at least be reached."""


class Budget(Struct, frozen=True):
    """When to end."""

    out: Callable[[], bool]
    """Asked between steps."""
    left: Callable[[], float]
    """Seconds."""
    interrupter: Interrupter | None
    nodes: int | None
    """Branches per mixed integer program."""
    enough: float
    """A tier is left when its gap is no more than that."""
    seed: int

    def near_enough(self, reached: int, bound: int) -> bool:
        """Whether a tier with this bound may be left."""
        return bound - reached <= self.enough * abs(bound)


class Relaxation:
    """Which pairs of a network are looked at, and what the last relaxed plan over them says."""

    def __init__(self, problem: Pairs, net: Network, relaxed: Flow, budget: Budget) -> None:
        self.problem, self.budget = problem, budget
        self.net, self.all = net, index(problem, columns(problem, net))
        self.finder, self.cuts = Finder(self.all), Cuts.none()
        self.warm: Warm | None = None
        placed = problem.groep[net.must & (problem.groep != NOBODY)]
        self.torn = np.setdiff1d(placed, self.all.of.group)  # every plan that is looked at splits these groups
        seen = at_prices(problem, self.all, relaxed)
        self.ways = seen.whole, seen.group  # what these lose or win at the prices of the flow: for a first plan
        self.use: Bools = np.ones(len(net.request), np.bool_)  # the few pairs
        if len(net.request) > ALL:
            self.use = lose_least(net, seen.pair, problem.groep, ALONE, MEMBER)
        self.counts: Bools = np.ones(len(net.request), np.bool_)  # pairs that matter for what is asked
        self.taken = self.settled = self.use  # by the last relaxation
        self.between = np.zeros(problem.requests, np.bool_)  # whom it leaves between places

    def bound(self, goal: Floats, least: Least, reached: int | None, until: float = 0.0) -> Priced | None:
        """The linear relaxation over few pairs, with more pairs until it holds for all, then with rows that every
        plan keeps; None when there is no plan."""
        problem, net, of = self.problem, self.net, self.all.of
        rows = [(row, float(bound)) for row, bound in least]
        best: Priced | None = None
        uncut, dual = 0, False
        while True:
            thin, which = part(problem, of, self.use & self.counts)
            short = [(row[which], bound) for row, bound in rows]
            built = model(problem, thin, goal[which], short, self.cuts.on(which, of.count), whole=False)
            found = solve(
                built.model,
                Solver.GLOP,
                seconds=max(0.001, self.budget.left() - until),
                basis=None if self.warm is None else self.warm.on(which, built.keys),
                dual_simplex=dual,
                interrupter=self.budget.interrupter,
            )
            if found.x is None or found.dual is None or found.basis is None or not found.optimal:
                return best
            self.warm, dual = Warm(which, built.keys, found.basis), False
            whole = np.zeros(of.count)
            whole[which] = found.x
            self._remember(whole)
            seen = priced(self.all, goal, rows, prices(problem, net, built, found.dual), self.cuts)
            before, best = best, seen if best is None or seen.slack < best.slack else best
            now = float(found.x @ built.model.cost)
            missing = best.slack / SCALE - now
            gap = best.slack / SCALE - (0.999 * now if reached is None else reached)
            fresh = (seen.pair <= max(0.0, missing) * SCALE) & ~self.use & self.counts
            if self.budget.out() or (reached is not None and self.budget.near_enough(reached, best.bound)):
                return best
            if missing > max(0.02 * abs(gap), 0.2 * self.budget.enough * abs(now)) and fresh.any():
                self.use |= _fewest(net, np.where(fresh, seen.pair, FAR), np.full(problem.requests, MORE)) & fresh
                continue
            if reached is None and self.budget.enough:
                return best
            uncut = uncut or best.slack
            if before is not None and before.slack < uncut and before.slack - best.slack <= CUT * (uncut - best.slack):
                return best
            more = self.finder.broken(whole)
            if not len(more.most):
                return best
            self.cuts, dual = self.cuts.more(more), True

    def _remember(self, x: Floats) -> None:
        """The pairs of a relaxed plan, and the groups that it places as a whole plan would."""
        of, (wholes, _, apart) = self.all.of, self.all.of.begins
        self.taken = x[:wholes] > 1e-6
        self.taken[of.apart[x[apart:] > 1e-6]] = True
        half = (x[wholes:apart] > 1e-6) & (x[wholes:apart] < 1 - 1e-6)
        self.settled = np.ones(len(self.problem.splitsbaar) + 1, np.bool_)
        self.settled[np.concatenate((of.group, of.splits))[half]] = False
        groep = self.problem.groep
        self.between = ~self.settled[groep] & (groep != NOBODY)
        self.between[of.net.request[(x[:wholes] > 1e-6) & (x[:wholes] < 1 - 1e-6)]] = True
        self.settled[NOBODY] = False


def lose_least(net: Network, loss: Ints, groep: Ints, single: int, member: int) -> Bools:
    """The pairs that lose least: few of a child alone, more of a member of a group."""
    return _fewest(net, loss, np.where(groep < 0, single, member))


def _fewest(net: Network, loss: Ints, count: Ints) -> Bools:
    """Marks the `count` pairs of each request that lose least."""
    use = np.zeros(len(loss), np.bool_)
    for begin, end, most in zip(net.first[:-1].tolist(), net.first[1:].tolist(), count.tolist(), strict=True):
        if end - begin <= most:
            use[begin:end] = True
        else:
            use[begin + np.argpartition(loss[begin:end], most)[:most]] = True
    return use
