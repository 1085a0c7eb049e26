"""What a pair costs is what the best plan with that pair loses; the chain of moves makes that plan."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from matcher.check import Tier, value, violations
from matcher.pairs import NOBODY, Pairs
from matcher.price import PRICED, Move, Prices
from tests.matcher.plan.make import brute, pairs, random, solved

SEEDS = st.integers(min_value=0, max_value=2**32)


def priced(problem: Pairs) -> tuple[Prices, list[int]]:
    """The prices of the best plan, and that plan."""
    found = solved(structs.replace(problem, vorige=np.full(problem.requests, NOBODY)))
    prices = Prices(problem, found.slots)
    assert prices.slots.tolist() == found.slots.tolist()
    return prices, found.slots.tolist()


def best(problem: Pairs) -> tuple[int, ...]:
    """Of all plans, by looking at each of them."""
    worth = dict(zip(Tier, brute(problem, 0.0)[0], strict=True))
    return tuple(worth[tier] for tier in PRICED)


@settings(max_examples=70, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_the_price_of_every_pair_is_what_the_best_plan_with_it_loses(seed: int) -> None:
    """Fixed in a plan that is looked for anew, and by the moves of the chain: the same loss in every tier."""
    problem = random(seed, groups=False)
    prices, slots = priced(problem)
    before, worth = best(problem), value(problem, slots)
    bounds = prices.bounds()

    for at, (who, slot) in enumerate(zip(problem.request.tolist(), problem.slot.tolist(), strict=True)):
        found = prices.pair(who, slot)

        fixed = structs.replace(problem, vast=np.array([(who, slot)]))
        if found is None:
            assert solved(fixed).levels[0].value == 0
            continue
        after = solved(fixed)
        levels = {level.tier: level.best for level in after.levels}
        assert levels[Tier.VAST] == 1
        assert list(found.loss.values())[1:] == [b - levels[t] for b, t in zip(before, PRICED, strict=True)][1:]
        moved = list(slots)
        for move in found.moves:
            assert moved[move.request] == move.begin
            moved[move.request] = move.end
        assert violations(fixed, moved) == []
        then = value(problem, moved)
        assert [worth[tier] - then[tier] for tier in PRICED] == list(found.loss.values())
        assert 0 <= bounds.least[at] <= found.cost <= bounds.most[at]


@settings(max_examples=40, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_the_price_of_a_bed_is_what_the_best_plan_without_it_loses(seed: int) -> None:
    """For every slot with a bed that is for everybody. The room of its voorziening stays."""
    problem = random(seed, groups=False)
    prices, _ = priced(problem)
    before = best(problem)
    kept = problem.voor_crisis + np.bincount(problem.opties[:, 1], minlength=problem.slots)

    for slot in np.flatnonzero(problem.capaciteit > kept).tolist():
        found = prices.bed(slot)

        beds = problem.capaciteit.copy()
        beds[slot] -= 1
        after = best(structs.replace(problem, capaciteit=beds))
        assert list(found.loss.values()) == [b - a for b, a in zip(before, after, strict=True)]


def test_the_chain_says_who_moves_and_who_loses_the_place() -> None:
    """Child 2 gets bed 0: its taker moves to bed 1, whose taker waited least and goes out; the long waiting stay."""
    problem = pairs([[9, 9], [None, 9], [9, None]], wachtdagen=[20, 10, 5])
    prices, slots = priced(problem)
    assert slots == [0, 1, NOBODY]

    found = prices.pair(2, 0)

    assert found is not None
    assert found.moves == (Move(2, NOBODY, 0), Move(0, 0, 1), Move(1, 1, NOBODY))
    assert (found.loser, found.winner) == (1, None)
    assert found.loss == dict.fromkeys(PRICED, 0) | {Tier.WACHTDAGEN: 5}


def test_a_pair_that_is_not_given_or_in_a_group_has_no_price() -> None:
    """What and where is wrong, in the error."""
    prices = Prices(pairs([[9, None]]), np.array([0]))
    with pytest.raises(ValueError, match="slot 1 is not one of its pairs"):
        prices.pair(0, 1)
    with pytest.raises(ValueError, match="request 0 and slot 2 do not both exist"):
        prices.pair(0, 2)
