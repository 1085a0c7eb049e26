"""What a pair costs is what the best plan with that pair loses; the chain of moves makes that plan."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from matcher.check import Tier, value, violations
from matcher.layers.exchange import ROUNDS
from matcher.pairs import CRISIS, NOBODY, REGULIER, Pairs
from matcher.price import PRICED, Free, Move, Prices
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


def test_prices_go_along_a_chain_of_any_length() -> None:
    """Everybody can move one bed on, for a point each, and only the last bed is free: the first bed costs them all."""
    many = ROUNDS + 50
    problem = Pairs.build(
        urgentie=[REGULIER] * many,
        capaciteit=[1] * (many + 1),
        request=np.repeat(np.arange(many), 2),
        slot=(np.arange(many)[:, None] + [0, 1]).ravel(),
        value=np.tile([9, 8], many),
    )

    found = Prices(problem, np.arange(many)).bed(0)

    assert found.loss == dict.fromkeys(PRICED, 0) | {Tier.SCORE: many}
    assert found.moves == tuple(Move(who, who, who + 1) for who in range(many))


def test_who_is_left_out_is_placed_where_that_costs_least() -> None:
    """Bed 0 would put out a child who waited 20 days, bed 1 one who waited 5."""
    prices, slots = priced(pairs([[9, None], [None, 1], [9, 9]], wachtdagen=[20, 5, 0]))
    assert slots == [0, 1, NOBODY]

    found = prices.place(2)

    assert found is not None
    assert (found.moves[0], found.loser, found.loss[Tier.WACHTDAGEN]) == (Move(2, NOBODY, 1), 1, 5)


def test_a_samenplaatsing_stays_where_it_is() -> None:
    """Child 2 asks for bed 0, that two of a family have: only the place of child 3, in bed 1, can be asked for."""
    table: list[list[int | None]] = [[9, None], [9, None], [9, 9], [None, 5]]
    problem = pairs(table, groep=[0, 0, -1, -1], splitsbaar=[0], capaciteit=[2, 1], wachtdagen=[0, 0, 1, 2])
    prices = Prices(problem, np.array([0, 0, NOBODY, 1]))

    assert prices.slots.tolist() == [0, 0, NOBODY, 1]
    assert prices.pair(2, 0) is None
    with pytest.raises(ValueError, match="request 0: is in a samenplaatsing"):
        prices.pair(0, 0)


def keeping(few: int = 1, most: int = 3, protected: list[bool] | None = None, **fields: Any) -> list[Free]:
    """Child 0 is in bed 0, for 3 points more than bed 1; child 1, of kind 7, is in bed 2 and could only be in 0 too."""
    table: list[list[int | None]] = [[9, 6, None], [5, None, 8]]
    problem = pairs(table, **{"wachtdagen": [5, 90]} | fields)
    safe = None if protected is None else np.array(protected)
    return list(Prices(problem, np.array([0, 2])).keep_free(np.array([NOBODY, 7]), few=few, most=most, protected=safe))


def test_a_place_that_is_the_only_other_one_for_a_kind_had_better_stay_free() -> None:
    """With what it costs and who would be elsewhere."""
    found = keeping()

    assert [(one.slot, one.kind, one.others) for one in found] == [(0, 7, 1)]
    assert found[0].price.loss == dict.fromkeys(PRICED, 0) | {Tier.SCORE: 3}
    assert found[0].price.moves == (Move(0, 0, 1),)


@pytest.mark.parametrize(
    "limit",
    [
        {"urgentie": [CRISIS, REGULIER]},
        {"wachtdagen": [90, 90]},
        {"protected": [True, False]},
        {"capaciteit": [1, 0, 1]},
        {"capaciteit": [2, 1, 1]},
        {"most": 2},
        {"few": 0},
    ],
    ids=["crisis", "longest", "protected", "no other bed", "a bed is free", "points", "others enough"],
)
def test_no_place_is_kept_free_past_the_limits(limit: dict[str, Any]) -> None:
    """Never against a crisis, a running machtiging or the longest waiting child, nor at the cost of a place."""
    assert keeping(**limit) == []


def test_a_pair_that_is_not_given_or_in_a_group_has_no_price() -> None:
    """What and where is wrong, in the error."""
    prices = Prices(pairs([[9, None]]), np.array([0]))
    with pytest.raises(ValueError, match="slot 1 is not one of its pairs"):
        prices.pair(0, 1)
    with pytest.raises(ValueError, match="request 0 and slot 2 do not both exist"):
        prices.pair(0, 2)


def test_what_does_not_exist_has_no_price() -> None:
    """Neither a slot or request past the end, nor one before the first; kinds are for all requests."""
    prices = Prices(pairs([[9, None]]), np.array([0]))
    for number in (-1, 2):
        with pytest.raises(ValueError, match=f"slot {number}: does not exist"):
            prices.bed(number)
        with pytest.raises(ValueError, match=f"request {number}: does not exist"):
            prices.place(number)
    with pytest.raises(ValueError, match="kind: has 2 rows, not 1"):
        prices.keep_free(np.array([1, 1]))
    with pytest.raises(ValueError, match="protected: has 0 rows, not 1"):
        prices.keep_free(np.array([1]), protected=np.zeros(0, np.bool_))
