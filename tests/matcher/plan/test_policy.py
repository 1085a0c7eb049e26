"""matcher.policy: prices hold back who can wait, and never those who may not be held back."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.market import AHEAD, PERIODS, Market, Prices, known, parties
from matcher.pairs import CRISIS, NOBODY, REGULIER, SPOED, Pairs
from matcher.policy import advised, protected
from tests.matcher.plan.make import pairs
from tests.matcher.plan.make import random as random_pairs

NOBODY_SAFE = np.zeros(2, np.bool_)


def test_a_pair_worth_its_rent_stays_and_one_worth_less_is_left_out() -> None:
    """Equal: worth 50 at a rent of 50. One less: 49 is left out. Of what stays counts what is left."""
    problem = pairs([[40], [40]], capaciteit=[1])
    found = advised(problem, [50, 49], [50, 50], [0, 0], NOBODY_SAFE)
    assert found.request.tolist() == [0]
    assert found.value.tolist() == [0]
    assert found.first.tolist() == [0, 1, 1]


def test_prices_of_nothing_change_nothing() -> None:
    """Without any rent the problem is the one that went in, pair for pair, also where a gain is negative."""
    for seed in range(20):
        problem = random_pairs(seed, groups=True)
        nothing = np.zeros(len(problem.request))
        found = advised(problem, nothing - 1, nothing, nothing, np.zeros(problem.requests, np.bool_))
        for column in ("request", "slot", "value", "first"):
            assert np.array_equal(getattr(found, column), getattr(problem, column))


def test_who_is_protected_keeps_every_pair() -> None:
    """However dear; the other child loses its only one."""
    problem = pairs([[40], [40]], capaciteit=[1])
    found = advised(problem, [0, 0], [1000, 1000], [0, 0], np.array([True, False]))
    assert found.request.tolist() == [0]


def test_rent_never_makes_a_later_place_better_for_who_is_protected() -> None:
    """Today at a rent of 30; a week later at 10 counts as 30, at 50 as 50; another bed today at 20 stays at 20."""
    problem = pairs([[40, 40, 40, 40]], capaciteit=[1] * 4)
    found = advised(problem, [100] * 4, [30, 10, 50, 20], [0, 7, 7, 0], np.array([True]))
    assert found.value.tolist() == [70, 70, 50, 80]


def test_a_samenplaatsing_is_held_back_as_a_whole() -> None:
    """Together worth 120 against 100 in the first voorziening: both stay, though one alone would not be worth it."""
    problem = pairs([[40, 40], [40, 40]], capaciteit=[2, 2], groep=[0, 0], splitsbaar=[False])
    found = advised(problem, [100, 30, 20, 30], [50] * 4, [0] * 4, NOBODY_SAFE)
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


def market(past: Pairs, gain: list[float], stay: list[int], *, days: int) -> Market:
    count = past.requests
    of = parties(past, gain, np.zeros(count), np.array(stay))
    came = known(of, np.ones(count, np.bool_))
    return Market(of, came, np.zeros(len(of.size), np.int64), days, beds=past.capaciteit, point=1.0, day=0.2)


NONE = np.zeros(0, np.int64)


def free(*beds: int) -> np.ndarray:
    return np.repeat(np.array(beds)[:, None], AHEAD, axis=1)


def test_a_bed_that_too_few_ask_for_is_free_and_one_that_too_many_ask_for_costs_what_the_next_is_worth() -> None:
    """A child of 10 days every 10 days would fill the bed. One every 20 days: no price. One worth 90 and two worth 60
    in the same time: 60 for 10 days sets the price, 6 a day, give or take what is nearly the same."""
    calm = market(pairs([[0]], capaciteit=[1]), [90], [10], days=20)
    assert calm.prices(NONE, NONE, NONE, free(1)).bed_day[0, :-1] == pytest.approx(0.0)
    busy = market(pairs([[0], [0], [0]], capaciteit=[1]), [90, 60, 60], [10] * 3, days=20)
    for price in busy.prices(NONE, NONE, NONE, free(1)).bed_day[0, 2:7].tolist():
        assert 5.0 <= price <= 7.0


def test_who_is_open_makes_the_beds_of_now_dear_and_not_those_of_later() -> None:
    """Ten children who stay a week and can start today only, for one bed; nobody is expected after them."""
    past = pairs([[0]] * 10, capaciteit=[1])
    given = market(past, [70.0] * 10, [7] * 10, days=10**6)
    party = np.arange(10)
    found = given.prices(party, party * 0, party * 0, free(1)).bed_day[0]
    assert found[0] > 5.0 and found[3] < 1.0


def test_rent_counts_every_day_at_the_price_of_its_period() -> None:
    """3 days at 1, 4 at 2, and what lies after the last period at its price."""
    bed_day = np.ones((1, len(PERIODS) - 1))
    bed_day[0, 1], bed_day[0, -1] = 2.0, 3.0
    prices, one = Prices(bed_day), np.zeros(1, np.int64)
    assert prices.rent(one, one + 4, one + 11).tolist() == [3 + 8]
    assert prices.rent(one, one + AHEAD - 1, one + AHEAD + 2).tolist() == [9]


def test_a_price_that_is_none_is_refused() -> None:
    """Below zero or not a number: said with which voorziening."""
    for price in (-0.1, float("nan")):
        with pytest.raises(ValueError, match="prices of voorziening 1"):
            Prices(np.array([[0.0] * (len(PERIODS) - 1), [price] * (len(PERIODS) - 1)]))
