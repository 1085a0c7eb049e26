"""The bound holds for any prices, and what a pair is said to lose every plan with it loses."""

from __future__ import annotations

from functools import partial
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import matcher.layers.flow
from matcher.check import Tier, value, violations
from matcher.layers.bound import Prices, index, priced
from matcher.layers.columns import columns, costs
from matcher.layers.flow import flow, ranks
from matcher.layers.network import network
from tests.matcher.plan.make import every, random

SEEDS = st.integers(min_value=0, max_value=2**32)


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_no_plan_is_above_the_bound_less_what_its_pairs_lose(seed: int) -> None:
    """For random prices of beds, group mix and a tier before; every allowed plan is looked at."""
    problem, dice = random(seed, groups=True), Random(seed)
    net = network(problem)
    of = columns(problem, net)
    itself = np.array([dice.choice((0, 0, 3, 11)) for _ in net.room], np.int64)
    node = itself.copy()
    for above in net.above(np.arange(len(net.room)))[1:]:
        node[above >= 0] += itself[above[above >= 0]]
    mix = [dice.choice((0, 4)) for _ in problem.mix]
    rent = int((itself * net.room).sum()) + sum(p * one.room for p, one in zip(mix, problem.mix, strict=True))
    split = dice.choice((0, 6))
    goal = partial(costs, problem, tier=Tier.SCORE)
    least = [(costs(problem, of, Tier.GESPLITST), -1.0)]

    seen = priced(index(problem, of), goal(of), least, Prices(node, rent, mix, [split], scale=1))

    for slots in every(problem):
        if violations(problem, slots):
            continue
        worth = value(problem, slots)
        if worth[Tier.GESPLITST] >= -1:
            used = np.array([slots[who] for who in net.request.tolist()], np.int64) == net.slot
            most = int(seen.pair[used].max(initial=0))
            assert worth[Tier.SCORE] <= seen.slack - most


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_the_flow_over_few_pairs_is_that_over_all(seed: int) -> None:
    """From one pair per request, one more in a round: the same total, and equal to its bound."""
    problem = random(seed, groups=False)
    net = network(problem)
    whole = flow(net, ranks(problem), net.value)
    with pytest.MonkeyPatch.context() as few:
        few.setattr(matcher.layers.flow, "CANDIDATES", 1)
        few.setattr(matcher.layers.flow, "MORE", 1)

        found = flow(net, ranks(problem), net.value)

    assert found.total == found.bound == whole.total == whole.bound
