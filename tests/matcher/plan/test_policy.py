"""matcher.policy: prices hold back who can wait, and never those who may not be held back."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from matcher.market import AHEAD, PERIODS, Market, Prices, known, parties
from matcher.pairs import CRISIS, NOBODY, REGULIER, SPOED, Pairs
from matcher.policy import Day, Rent, choose, protected, rents
from tests.matcher.plan.make import pairs


def day(problem: Pairs, gain: list[float], **fields: Any) -> Day:
    """All beds free on day 0, everybody can start then, may wait for 60 days and stays 10; `free` is per slot."""
    count = problem.requests
    free = np.array(fields.pop("free", [0] * problem.slots))
    given = {
        "whole": np.zeros(count),
        "wait": 0.0,
        "first": np.zeros(count, np.int64),
        "latest": np.full(count, 60),
        "stay": np.full(count, 10),
    }
    return Day(
        today=0,
        problem=problem,
        gain=np.array(gain, np.float64),
        start=free[problem.slot],
        free=free,
        **given | fields,
    )


def rent(*a_day: float) -> Rent:
    return lambda unit, begin, end: np.array(a_day)[unit] * (end - begin)


def chosen(of: Day, *a_day: float, safe: list[bool] | None = None) -> list[int]:
    safe = safe or [False] * of.problem.requests
    return choose(of, rent(*a_day), np.array(safe)).tolist()


def test_a_place_worth_its_rent_is_left_free() -> None:
    """10 days at 5: 50. Worth 50 stays out, one more is placed; and the one that is worth more goes first."""
    one = pairs([[40]], capaciteit=[1])
    assert [chosen(day(one, [gain]), 5.0) for gain in (49, 50, 51)] == [[NOBODY], [NOBODY], [0]]
    two = pairs([[40], [40]], capaciteit=[1])
    assert chosen(day(two, [60, 61]), 5.0) == [NOBODY, 0]


def test_the_days_on_which_a_bed_stands_empty_are_paid() -> None:
    """Who can start on day 4 takes the bed from today on: 14 days at 5 are 70."""
    one = pairs([[40]], capaciteit=[1])
    for gain, slot in ((70, NOBODY), (71, 0)):
        of = structs.replace(day(one, [gain], first=np.array([4])), start=np.array([4]))
        assert rents(of, rent(5.0)).tolist() == [70.0]
        assert chosen(of, 5.0) == [slot]


def test_who_is_protected_has_a_place_however_dear() -> None:
    """A rent of 10,000 for what is worth 1: held back, but not who may not be; also when the other place is taken."""
    one = pairs([[40]], capaciteit=[1])
    assert chosen(day(one, [1]), 1000.0) == [NOBODY]
    assert chosen(day(one, [1]), 1000.0, safe=[True]) == [0]
    two = pairs([[40, 40], [None, 40]], capaciteit=[1, 1])
    assert chosen(day(two, [1, 1, 400]), 30.0, 0.0, safe=[True, False]) == [0, 1]


def test_where_every_place_is_dear_who_is_protected_takes_the_one_that_costs_least() -> None:
    """Worth 50 at rents of 90 and 80: the second. Another child has 20 left there: with 10 between the places it has
    the bed, with 30 between them it waits. Both places are more than none."""
    one = pairs([[40, 40]], capaciteit=[1, 1])
    for rents_a_day, slot in (((9.0, 8.0), 1), ((8.0, 9.0), 0)):
        assert chosen(day(one, [50, 50]), *rents_a_day, safe=[True]) == [slot]
    two = pairs([[40, 40], [None, 40]], capaciteit=[1, 1])
    for dear, slots in ((9.0, [0, 1]), (11.0, [1, NOBODY])):
        assert chosen(day(two, [50, 50, 100]), dear, 8.0, safe=[True, False]) == slots


def test_siblings_who_are_protected_take_the_home_that_costs_least() -> None:
    """Both worth 50 in two homes of two beds, 90 or 80 of rent for each."""
    problem = pairs([[40, 40]] * 2, capaciteit=[2, 2], groep=[0, 0], splitsbaar=[False])
    assert chosen(day(problem, [50] * 4), 9.0, 8.0, safe=[True, True]) == [1, 1]
    assert chosen(day(problem, [50] * 4), 8.0, 9.0, safe=[True, True]) == [0, 0]


def test_who_is_protected_loses_a_place_only_to_who_is_open_and_worth_more_after_rent() -> None:
    """Worth 50 against 300, at a rent of 290 for each: 10 is left of the second. At 300 nothing is, and the bed does
    not stay free."""
    two = pairs([[40], [40]], capaciteit=[1])
    for a_day, slots in ((29.0, [NOBODY, 0]), (30.0, [0, NOBODY])):
        assert chosen(day(two, [50, 300]), a_day, safe=[True, False]) == slots


def test_no_bed_stands_empty_for_an_open_child_that_starts_later_while_who_is_protected_could_start() -> None:
    """Worth 50 today; another is worth 900 from day 4 on. Two beds: each has one. Siblings the same, when there are
    beds for both; for a bed too few nobody is made to wait."""
    later = {"first": np.array([0, 4]), "free": [0]}
    for beds, safe, slots in ((1, False, [NOBODY, 0]), (1, True, [0, NOBODY]), (2, True, [0, 0])):
        of = day(pairs([[40], [40]], capaciteit=[beds]), [50, 900], **later)
        of = structs.replace(of, start=np.array([0, 4]))
        assert chosen(of, 4.9, safe=[safe, False]) == slots
    for beds, slots in ((1, [NOBODY, NOBODY, 0]), (2, [0, 0, NOBODY])):
        problem = pairs([[40]] * 3, capaciteit=[beds], groep=[0, 0, NOBODY], splitsbaar=[False])
        of = structs.replace(day(problem, [50, 50, 900], first=np.array([0, 0, 4])), start=np.array([0, 0, 4]))
        assert chosen(of, 5.1, safe=[True, True, False]) == slots


def test_a_bed_that_those_who_are_protected_cannot_use_stays_planned_for_who_starts_later() -> None:
    """Two beds; a child worth more starts today in one. Siblings who may not be held back need both, so the other one
    is for who starts on day 4."""
    problem = pairs([[40]] * 4, capaciteit=[2], groep=[0, 0, NOBODY, NOBODY], splitsbaar=[False])
    first = np.array([0, 0, 0, 4])
    of = structs.replace(day(problem, [50, 50, 800, 900], first=first), start=first)
    assert chosen(of, 5.1, safe=[True, True, False, False]) == [NOBODY, NOBODY, 0, 0]


def test_a_crisis_comes_first() -> None:
    """Worth 10, against three together worth 900."""
    four = pairs(
        [[40]] * 4,
        capaciteit=[3],
        urgentie=[CRISIS, SPOED, SPOED, SPOED],
        groep=[NOBODY, 0, 0, 0],
        splitsbaar=[False],
    )
    gain = [10, 300, 300, 300]
    assert chosen(day(four, gain), 0.0, safe=[True, False, False, False]) == [0, NOBODY, NOBODY, NOBODY]
    assert chosen(day(four, gain), 0.0) == [NOBODY, 0, 0, 0]


def test_rent_decides_between_the_places_of_who_is_protected_and_never_for_a_later_one() -> None:
    """Today at a rent of 30 worth 100, or worth 90 at 10: the other one, 80 against 70. A week later: today,
    however dear."""
    two = pairs([[40, 40]], capaciteit=[1, 1])
    assert chosen(day(two, [100, 90]), 3.0, 1.0, safe=[True]) == [1]
    assert chosen(day(two, [100, 90], free=[0, 7]), 3.0, 1.0, safe=[True]) == [0]
    assert chosen(day(two, [100, 90], free=[0, 7]), 1000.0, 0.0, safe=[True]) == [0]


def test_beds_are_held_together_for_siblings_who_are_open() -> None:
    """One bed is free and one on day 3. Siblings: 60 each, 10 when whole, less 10 of rent and 3 of waiting, and the
    first bed stands empty for 3: 111. A child that takes it is worth 90, or 115, after rent."""
    problem = pairs(
        [[40, 40], [40, 40], [40, None]],
        capaciteit=[1, 1],
        voorziening=[0, 0],
        groep=[0, 0, NOBODY],
        splitsbaar=[False],
    )
    of = day(problem, [60, 57, 60, 57, 100], free=[0, 3], whole=np.full(3, 10.0), wait=1.0)
    assert sorted(chosen(of, 1.0)[:2]) == [0, 1]
    alone = day(problem, [60, 57, 60, 57, 125], free=[0, 3], whole=np.full(3, 10.0), wait=1.0)
    assert chosen(alone, 1.0) == [NOBODY, NOBODY, 0]


@pytest.mark.parametrize("seed", range(40))
def test_no_other_plan_is_worth_more_after_rent(seed: int) -> None:
    """All plans of small problems, valued by themselves: beds of two days, siblings who may be split or not."""
    dice = Random(seed)
    homes = [0, 0, 1, 1]
    free = [0, dice.randrange(1, 5), 0, dice.randrange(1, 5)]
    goes = [dice.choice(((0,), (1,), (0, 1))) for _ in range(4)]
    table = [[1 if home in own else None for home in homes] for own in goes]
    leave = dice.random() < 0.5
    problem = pairs(table, capaciteit=[1] * 4, voorziening=homes, groep=[0, 0, NOBODY, NOBODY], splitsbaar=[leave])
    best_of = [[dice.randrange(20, 90) for _ in range(2)] for _ in range(4)]
    wait, whole, a_day = 2.0, 15.0, [dice.choice((0.0, 3.0, 5.0)) for _ in range(2)]
    pair = list(zip(problem.request.tolist(), problem.slot.tolist(), strict=True))
    gain = [best_of[who][homes[slot]] - wait * free[slot] for who, slot in pair]
    of = day(problem, gain, free=free, whole=np.full(4, whole), wait=wait)

    def alone(who: int, slot: int) -> float:
        return best_of[who][homes[slot]] - wait * free[slot] - a_day[homes[slot]] * 10

    def together(slots: tuple[int, ...]) -> float:
        begin = max(free[slot] for slot in slots)
        paid = sum(a_day[homes[slot]] * (begin + 10 - free[slot]) for slot in slots)
        return sum(best_of[who][homes[slot]] + whole - wait * begin for who, slot in enumerate(slots)) - paid

    def worth(slots: tuple[int, ...]) -> float:
        used = [slot for slot in slots if slot != NOBODY]
        mates, home = slots[:2], {homes[slot] if slot != NOBODY else NOBODY for slot in slots[:2]}
        if len(used) > len(set(used)):
            return float("-inf")
        ways = [float("-inf")]
        if len(home) == 1 and NOBODY not in home:
            ways.append(together(mates))
        if leave or home == {NOBODY}:
            ways.append(sum(alone(who, slot) for who, slot in enumerate(mates) if slot != NOBODY))
        return max(ways) + sum(alone(who, slot) for who, slot in enumerate(slots) if who > 1 and slot != NOBODY)

    choices = [[NOBODY] + [slot for who, slot in pair if who == one] for one in range(4)]
    found = tuple(choose(of, rent(*a_day), np.zeros(4, np.bool_)).tolist())
    assert worth(found) == pytest.approx(max(worth(slots) for slots in product(*choices)), rel=1e-4)


def test_crisis_a_machtiging_and_the_longest_waiting_are_protected_with_their_siblings() -> None:
    """Not: spoed, or who waited a day less. Who cannot start yet does not wait."""
    problem = pairs(
        [[1]] * 6,
        capaciteit=[1],
        urgentie=[CRISIS, REGULIER, SPOED, REGULIER, REGULIER, REGULIER],
        wachtdagen=[0, 3, 8, 9, 9, 20],
        groep=[NOBODY, 0, 0, NOBODY, 1, 1],
        splitsbaar=[False, False],
    )
    machtiging = np.array([0, 1, 0, 0, 0, 0], np.bool_)
    since = np.array([0, 2, 2, 0, 1, -1])
    assert protected(problem, machtiging, since).tolist() == [True, True, True, False, True, True]
    assert protected(problem, machtiging & False, since).tolist() == [True, False, False, False, True, True]
    assert protected(problem, machtiging, since * 0 - 1).tolist() == [False] * 6


def test_of_who_asked_on_one_day_who_could_start_first_has_waited_longest() -> None:
    """One child, though three asked on that day; two only when they are equal in both."""
    problem = pairs([[1]] * 3, capaciteit=[1], wachtdagen=[9, 9, 9])
    nobody = np.zeros(3, np.bool_)
    assert protected(problem, nobody, np.array([3, 4, 2])).tolist() == [False, True, False]
    assert protected(problem, nobody, np.array([4, 4, 2])).tolist() == [True, True, False]


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
