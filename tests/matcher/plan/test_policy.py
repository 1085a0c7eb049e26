"""matcher.policy: prices hold back who can wait, and never those who may not be held back."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.pairs import CRISIS, NOBODY, REGULIER, SPOED, Pairs
from matcher.policy import Prices, advised, learn, protected
from tests.matcher.plan.make import pairs
from tests.matcher.plan.make import random as random_pairs

NOBODY_SAFE = np.zeros(2, np.bool_)


def advice(problem: Pairs, *, gain: list[float], days: list[float], safe: np.ndarray, price: list[float]) -> Pairs:
    return advised(problem, gain, days, safe, Prices(np.array(price)))


def test_a_pair_worth_its_days_stays_and_one_worth_less_is_left_out() -> None:
    """Equal: 10 days at 5 are 50, worth 50. One less: 49 is left out. What stays counts its points after rent."""
    problem = pairs([[40], [40]], capaciteit=[1])
    found = advice(problem, gain=[50, 49], days=[10, 10], safe=NOBODY_SAFE, price=[5.0])
    assert found.request.tolist() == [0]
    assert found.value.tolist() == [40 - 50]
    assert found.first.tolist() == [0, 1, 1]


def test_waiting_for_a_bed_costs_its_empty_days() -> None:
    """The days of a pair are what the bed is kept from others, so the same stay from later on can be too dear."""
    problem = pairs([[40], [40]], capaciteit=[1])
    found = advice(problem, gain=[50, 50], days=[10, 11], safe=NOBODY_SAFE, price=[5.0])
    assert found.request.tolist() == [0]


def test_prices_of_nothing_change_nothing() -> None:
    """With every price zero the problem is the one that went in, pair for pair, also where a gain is negative."""
    for seed in range(20):
        problem = random_pairs(seed, groups=True)
        count = len(problem.request)
        free = Prices(np.zeros(len(problem.ruimte)))
        found = advised(problem, np.full(count, -1), np.ones(count), np.zeros(problem.requests, np.bool_), free)
        for column in ("request", "slot", "value", "first"):
            assert np.array_equal(getattr(found, column), getattr(problem, column))


def test_for_who_is_protected_prices_do_not_count() -> None:
    """The pair stays, and its points are not lowered."""
    problem = pairs([[40], [40]], capaciteit=[1])
    found = advice(problem, gain=[0, 0], days=[10, 10], safe=np.array([True, False]), price=[1000.0])
    assert (found.request.tolist(), found.value.tolist()) == ([0], [40])


def test_a_samenplaatsing_is_held_back_as_a_whole() -> None:
    """Together worth 120 against 100 in the first voorziening: both stay, though one alone would not be worth it."""
    problem = pairs([[40, 40], [40, 40]], capaciteit=[2, 2], groep=[0, 0], splitsbaar=[False])
    found = advice(problem, gain=[100, 30, 20, 30], days=[10] * 4, safe=NOBODY_SAFE, price=[5.0, 5.0])
    assert list(zip(found.request.tolist(), found.slot.tolist(), strict=True)) == [(0, 0), (1, 0)]


def test_crisis_a_machtiging_and_the_longest_waiting_are_protected_with_their_siblings() -> None:
    """Not: spoed, or who waited a day less. Who cannot start yet does not wait."""
    problem = pairs(
        [[1]] * 6,
        capaciteit=[1],
        urgentie=[CRISIS, REGULIER, SPOED, REGULIER, REGULIER, REGULIER],
        wachtdagen=[0, 3, 8, 9, 9, 20],
        groep=[NOBODY, 0, 0, NOBODY, NOBODY, NOBODY],
        splitsbaar=[False],
    )
    machtiging = np.array([0, 1, 0, 0, 0, 0], np.bool_)
    waits = np.array([1, 1, 1, 1, 1, 0], np.bool_)
    assert protected(problem, machtiging, waits).tolist() == [True, True, True, True, True, False]
    assert protected(problem, machtiging & False, waits).tolist() == [True, False, False, True, True, False]


def test_the_price_of_a_bed_day_is_what_the_next_child_would_have_been_worth_per_day() -> None:
    """One bed for 20 days; children of 10 days worth 90, 60 and 30: two fit, the third sets the price: 3 a day."""
    past = pairs([[0], [0], [0]], capaciteit=[1])
    found = learn(past, [90, 60, 30], [10, 10, 10], [0, 0, 0], 20)
    assert 3.0 <= found.bed_day[0] <= 6.0
    assert learn(past, [90, 60, 30], [10, 10, 10], [0, 0, 0], 31).bed_day.tolist() == [0.0]


def test_a_home_that_siblings_need_is_dearer_than_one_that_they_cannot_use() -> None:
    """Two homes of two beds, children who can go to either, and brothers for whom there is only the first."""
    table: list[list[int | None]] = [[10, 10]] * 4
    past = pairs([*table, [10, None], [10, None]], capaciteit=[2, 2], groep=[NOBODY] * 4 + [0, 0], splitsbaar=[False])
    gain = [60, 55] * 4 + [100, 100]
    found = learn(past, gain, [10] * 6, [50] * 6, 10)
    assert found.bed_day[0] > found.bed_day[1]


def test_a_price_that_is_none_is_refused() -> None:
    """Below zero or not a number: said with which voorziening."""
    for price in (-0.1, float("nan")):
        with pytest.raises(ValueError, match="prices of voorziening 1"):
            Prices(np.array([0.0, price]))
