"""On small random problems the joint plan is the best of all plans, in every tier."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from matcher.check import Tier, value, violations
from matcher.layers import relaxation, search
from matcher.layers.bound import SCALE, Priced, priced
from matcher.layers.linear import Answer, Model, Solver, solve
from matcher.layers.search import BEFORE, at_most
from tests.bench import large
from tests.matcher.plan.make import brute, every, random, solved

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
        for name in ("ALL", "ALONE", "MEMBER", "MORE"):
            few.setattr(relaxation, name, 1)
        for name in ("ALL", "SMALL"):
            few.setattr(search, name, 1)

        found = solved(problem, keep=KEEP)

    wanted, _ = brute(problem, KEEP)
    assert [level.best for level in found.levels] == list(wanted)
    assert found.proven


def test_that_no_plan_is_much_better_says_nothing_of_plans_that_are_a_little_better() -> None:
    """First only much better plans are asked for. When there are none and the solver then gives up, the bound holds."""
    problem = large.pairs(60, krap=True, groups=True)
    proven = solved(problem)
    best, worse = {level.tier: level.best for level in proven.levels}, proven.slots.copy()
    worse[13] = 12  # alone, and equally far as all tiers before the score go
    refused = 0

    def gives_up(model: Model, solver: Solver, **options: Any) -> Answer:
        """Only what says that there is nothing above a score."""
        nonlocal refused
        if solver is not Solver.SCIP:
            return solve(model, solver, **options)
        above = options.get("above") or 0
        found = solve(model, solver, **options) if above > best[Tier.SCORE] else None
        refused += found is not None and found.infeasible
        return found or Answer(None, float("inf"), None, None, optimal=False, infeasible=False)

    def loosely(*args: Any) -> Priced:
        """Any bound that holds will do: one so far off that half of it is too much to ask."""
        seen = priced(*args)
        return structs.replace(seen, bound=seen.bound + 10**6, slack=seen.slack + 10**6 * SCALE)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "SMALL", 1)
        patch.setattr(relaxation, "priced", loosely)
        patch.setattr(search, "solve", gives_up)

        found = solved(problem, known=worse)

    score = found.levels[list(Tier).index(Tier.SCORE)]
    assert refused
    assert score.value < best[Tier.SCORE] <= score.bound


@settings(max_examples=80, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_a_bound_on_a_sum_of_tiers_bounds_each_of_them(seed: int) -> None:
    """Of plans that place the same none is above what the greatest weighted sum says of a tier."""
    problem = random(seed, groups=True)
    worths = [value(problem, slots) for slots in every(problem) if not violations(problem, slots)]
    groups = len(problem.splitsbaar)
    both = {Tier.GESPLITST: groups + 1, Tier.LOCATIE: 1}

    for weights, same in (
        (both, BEFORE[Tier.GESPLITST]),
        (both | {Tier.SCORE: 1}, BEFORE[Tier.GESPLITST]),
        (both | {Tier.WACHTDAGEN: 2, Tier.REGULIER: 9, Tier.SCORE: 1}, ()),
    ):
        for alike in _by(worths, same):
            known = [(weights, max(sum(weight * worth[t] for t, weight in weights.items()) for worth in alike))]
            for tier in Tier:
                for equal in _by(alike, BEFORE[tier]):
                    assert at_most(tier, equal[0], known, groups) >= max(worth[tier] for worth in equal)


def _by(worths: list[dict[Tier, int]], tiers: tuple[Tier, ...]) -> list[list[dict[Tier, int]]]:
    """Those that are equal in these tiers together."""
    found: dict[tuple[int, ...], list[dict[Tier, int]]] = {}
    for worth in worths:
        found.setdefault(tuple(worth[t] for t in tiers), []).append(worth)
    return list(found.values())
