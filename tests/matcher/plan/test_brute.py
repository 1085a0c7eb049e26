"""On small random problems the joint plan is the best of all plans, in every tier."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import matcher.layers.search
from matcher.check import Tier
from tests.matcher.plan.make import brute, random, solved

SEEDS = st.integers(min_value=0, max_value=2**32)
KEEP = 0.1


@settings(max_examples=120, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_without_groups_every_tier_is_that_of_the_best_of_all_plans(seed: int) -> None:
    """Proven by the flow, and equal to looking at every plan; only the fewest changes may stay unproven."""
    problem = random(seed, groups=False)

    found = solved(problem, keep=KEEP)

    wanted, _ = brute(problem, KEEP)
    levels = {level.tier: level for level in found.levels}
    upto = list(Tier)[:-1]
    assert [levels[tier].best for tier in upto] == list(wanted[:-1])
    assert all(levels[tier].proven for tier in upto)
    kept = levels[Tier.BEHOUDEN]
    assert kept.best <= wanted[-1] <= kept.bound
    assert levels[Tier.SCORE].value >= wanted[-2] - KEEP * abs(wanted[-2])


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_with_groups_every_tier_is_that_of_the_best_of_all_plans(seed: int) -> None:
    """All tiers proven, and equal to looking at every plan."""
    problem = random(seed, groups=True)

    found = solved(problem, keep=KEEP)

    wanted, _ = brute(problem, KEEP)
    assert [level.best for level in found.levels] == list(wanted)
    assert found.proven


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_looking_at_few_pairs_first_changes_nothing(seed: int) -> None:
    """From one pair per child, with more by price, the same values are found and proven."""
    problem = random(seed, groups=True)
    with pytest.MonkeyPatch.context() as few:
        for name in ("ALL", "ALONE", "MEMBER", "MORE", "SMALL"):
            few.setattr(matcher.layers.search, name, 1)

        found = solved(problem, keep=KEEP)

    wanted, _ = brute(problem, KEEP)
    assert [level.best for level in found.levels] == list(wanted)
    assert found.proven
