"""Rows against relaxed plans: no allowed plan breaks one, whatever the relaxed plan was, and with prices they bound."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.check import Tier, value, violations
from matcher.layers.bound import Index, Prices, index, priced
from matcher.layers.columns import Cuts, columns, costs, solution_of
from matcher.layers.cuts import Finder
from matcher.layers.network import network
from matcher.pairs import NOBODY, Pairs
from tests.matcher.plan.make import every, pairs, random

SEEDS = st.integers(min_value=0, max_value=2**32)


def broken(problem: Pairs, seed: int) -> tuple[Index, Cuts]:
    """The rows that are broken by something at random."""
    of = index(problem, columns(problem, network(problem)))
    rng = np.random.default_rng(seed)
    return of, Finder(of).broken(rng.random(of.of.count) * (rng.random(of.of.count) < 0.7))


def test_half_a_family_of_two_leaves_one_of_two_beds_for_nobody_whole() -> None:
    """Two beds; half of two brothers and one whole other child fill them: that child counts as a whole with them."""
    problem = pairs([[1], [1], [1]], groep=[0, 0, NOBODY], splitsbaar=[False], capaciteit=[2])
    of = index(problem, columns(problem, network(problem)))

    cuts = Finder(of).broken(np.array([0.5, 0.5, 1.0, 0.5]))

    assert cuts.most.tolist() == [1]
    assert cuts.column.tolist() == [2, 3]
    assert cuts.coefficient.tolist() == [1, 1]
    assert len(Finder(of).broken(np.array([0.5, 0.5, 0.5, 0.5])).most) == 0


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_no_allowed_plan_breaks_a_row(seed: int) -> None:
    """Every plan of a small problem is looked at."""
    problem = random(seed, groups=True)
    of, cuts = broken(problem, seed)
    if not len(cuts.most):
        return

    for slots in every(problem):
        if not violations(problem, slots):
            x = solution_of(problem, of.of, np.array(slots, np.int64))
            came = np.bincount(cuts.row, weights=cuts.coefficient * x[cuts.column], minlength=len(cuts.most))
            assert (came <= cuts.most).all()


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_with_prices_for_the_rows_the_bound_holds(seed: int) -> None:
    """No plan is worth more than the bound less what its pairs lose, for any prices of the rows."""
    problem = random(seed, groups=True)
    of, cuts = broken(problem, seed)
    price = np.random.default_rng(seed).integers(0, 9, len(cuts.most))
    goal = costs(problem, of.of, Tier.SCORE) + 7 * costs(problem, of.of, Tier.REGULIER)
    itself = np.random.default_rng(seed).integers(0, 5, len(of.net.room))
    node = itself.copy()
    for above in of.net.above(np.arange(len(itself)))[1:]:
        node[above >= 0] += itself[above[above >= 0]]
    rent = int((itself * of.net.room).sum())

    seen = priced(of, goal, [], Prices(node, rent, [0] * len(problem.mix), [], price, scale=1), cuts)

    for slots in every(problem):
        if not violations(problem, slots):
            worth = value(problem, slots)
            used = np.array([slots[who] for who in of.net.request.tolist()], np.int64) == of.net.slot
            lost = int(seen.pair[used].max(initial=0))
            assert worth[Tier.SCORE] + 7 * worth[Tier.REGULIER] <= seen.slack - lost
