"""matcher.replay and hindsight: the same stream under every policy, checked without the simulation."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.hindsight import hindsight
from matcher.market import PERIODS, Prices
from matcher.pairs import CRISIS, NOBODY, SPOED
from matcher.replay import (
    Policy,
    Stays,
    Stream,
    Worth,
    at_prices,
    best_score,
    figures,
    first_free,
    moment,
    nothing,
    occupied,
    replay,
    resolve,
    with_prices,
)
from tests.matcher.plan.streams import random, stream

WORTH = Worth()
SEEDS = range(6)


def policies(given: Stream) -> dict[str, Policy]:
    return {
        "first_free": first_free,
        "best_score": best_score,
        "resolve": resolve,
        "with_prices": with_prices(given, WORTH, begin=0, end=given.days),
    }


def at(given: Stream, *price: float) -> Policy:
    """The same price per bed-day on every day."""
    prices = Prices(np.repeat(np.array(price)[:, None], len(PERIODS) - 1, axis=1))
    return at_prices(given, WORTH, lambda now: (prices, now.day))


def played(given: Stream, policy: Policy) -> Stays:
    return replay(given, policy, begin=0, end=given.days, before=nothing(given))


def breaches(given: Stream, stays: Stays) -> list[str]:
    """What is not allowed, day by day and bed by bed; knows nothing of how the stays were made."""
    every, found = given.pairs, []
    allowed = set(zip(every.request.tolist(), every.slot.tolist(), strict=True))
    placed = [who for who, unit in enumerate(stays.unit.tolist()) if unit != NOBODY]
    for who in placed:
        unit, day = int(stays.unit[who]), int(stays.day[who])
        if (who, unit) not in allowed:
            found.append(f"{who} may not be in {unit}")
        if not max(given.arrival[who], given.start[who]) <= day <= given.latest[who]:
            found.append(f"{who} starts on day {day}")
    for day in range(given.days + 60):
        for unit, beds in enumerate(every.capaciteit.tolist()):
            there = sum(where == unit and day < until for where, until in given.taken.tolist())
            there += sum(
                stays.unit[who] == unit and stays.day[who] <= day < stays.day[who] + given.stay[who] for who in placed
            )
            if there > beds:
                found.append(f"{there} in {unit} on day {day}")
    for group, leave in enumerate(every.splitsbaar.tolist()):
        mates = [who for who in range(every.requests) if every.groep[who] == group]
        if not leave and len({(int(stays.unit[who]), int(stays.day[who])) for who in mates}) > 1:
            found.append(f"{mates} are apart")
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_no_plek_is_given_twice_on_a_day_and_nobody_is_beaten_by_hindsight(seed: int) -> None:
    """Every policy and hindsight keep to the rules, and no policy is worth more than the proven bound."""
    given = random(seed)
    best = hindsight(given, WORTH, begin=0, end=given.days, before=nothing(given))
    assert breaches(given, best.stays) == []
    assert figures(given, WORTH, best.stays, begin=0, end=given.days).value == pytest.approx(best.value)
    assert best.value <= best.bound + 1e-6
    assert best.bound <= best.value * 1.002  # small enough to be proven, but for the gap of the solver
    for name, policy in policies(given).items():
        stays = played(given, policy)
        assert breaches(given, stays) == [], name
        assert figures(given, WORTH, stays, begin=0, end=given.days).value <= best.bound + 1e-6, name


def test_prices_of_nothing_hold_nobody_back() -> None:
    """Single children who come one by one, each for a bed of its own: everybody starts on the first day."""
    table = [[50 if who == unit else None for unit in range(4)] for who in range(4)]
    given = stream([ALONE | {"arrival": who} for who in range(4)], table, beds=[1] * 4, days=10)
    assert played(given, at(given, *[0.0] * 4)).day.tolist() == [0, 1, 2, 3]


def test_the_same_stream_gives_the_same_stays() -> None:
    """No clock and no chance."""
    given = random(2)
    for policy in policies(given).values():
        one, two = played(given, policy), played(given, policy)
        assert np.array_equal(one.unit, two.unit) and np.array_equal(one.day, two.day)


ALONE = {"arrival": 0, "stay": 300, "patience": 20}


@pytest.mark.parametrize(
    ("own", "day"), [({}, NOBODY), ({"urgentie": SPOED}, NOBODY), ({"urgentie": CRISIS}, 1), ({"machtiging": 1}, 1)]
)
def test_only_who_is_not_protected_is_held_back(own: dict[str, int], day: int) -> None:
    """One free bed, dearer than any child is worth, and it suits only the younger question. The older one, who has
    waited longest, waits for a bed that is taken. Plain re-solving gives the bed at once; with prices only a crisis or
    a machtiging gets it."""
    table: list[list[int | None]] = [[50, None], [None, 50]]
    given = stream([ALONE, ALONE | {"arrival": 1} | own], table, beds=[1, 1], days=10, taken=[(0, 10)])
    dear = at(given, 0.0, 1e6)
    assert played(given, resolve).day.tolist() == [NOBODY, 1]
    assert played(given, dear).day.tolist() == [NOBODY, day]


def test_who_has_waited_longest_is_not_held_back() -> None:
    """The same bed at the same price: the only child that waits gets it."""
    given = stream([ALONE], [[50]], beds=[1], days=3)
    assert played(given, at(given, 1e6)).day.tolist() == [0]


def test_a_child_leaves_the_day_after_its_last_day() -> None:
    """The bed comes free on day 5: a child that can wait until then starts, one that can wait a day less does not."""
    for patience, day in ((5, 5), (4, NOBODY), (6, 5)):
        given = stream([ALONE | {"patience": patience}], [[50]], beds=[1], days=10, taken=[(0, 5)])
        assert played(given, resolve).day.tolist() == [day]


def test_siblings_who_are_planned_whole_wait_for_their_last_bed() -> None:
    """One bed is free, the other on day 3: they start together, and the first bed is not given away meanwhile."""
    mates = [{"arrival": 0, "groep": 0}, {"arrival": 0, "groep": 0}]
    given = stream(mates, [[50], [50]], beds=[2], days=6, taken=[(0, 3)], splitsbaar=[False])
    assert played(given, resolve).day.tolist() == [3, 3]
    assert played(given, first_free).day.tolist() == [3, 3]


def test_hindsight_keeps_a_bed_for_who_is_still_to_come() -> None:
    """One bed; a regulier child today, and tomorrow a crisis: by hand 400 + 50 and 3 days of 0.2 not waited."""
    calm, crisis = ALONE | {"patience": 0, "stay": 10}, {"arrival": 1, "urgentie": CRISIS, "patience": 2, "stay": 10}
    given = stream([calm, crisis], [[50], [50]], beds=[1], days=20)
    best = hindsight(given, WORTH, begin=0, end=20, before=nothing(given))
    assert (best.stays.day.tolist(), best.value) == ([NOBODY, 1], 450.6)
    assert best.bound == pytest.approx(450.6)
    assert played(given, resolve).day.tolist() == [0, NOBODY]


def test_half_a_samenplaatsing_does_not_count_in_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Siblings without leave, one bed free and the other too late: no part of them is in the relaxation (without
    integer programs that prove). By hand there is the single child in its own bed, 100 + 50 and a day of 0.2."""
    monkeypatch.setattr("matcher.hindsight.PROVE", -1)
    mates = [ALONE | {"groep": 0}, ALONE | {"groep": 0}]
    table: list[list[int | None]] = [[50, None], [50, None], [None, 50]]
    alone = ALONE | {"patience": 0, "stay": 10}
    given = stream([*mates, alone], table, beds=[2, 1], days=20, taken=[(0, 30)], splitsbaar=[False])
    relaxed = hindsight(given, WORTH, begin=0, end=20, before=nothing(given))
    assert relaxed.bound == pytest.approx(150.2)


def test_a_stay_beyond_the_year_counts_as_far_as_it_lies_within() -> None:
    """10 of 40 days: a quarter of 100 + 50 points; the one day not waited counts whole."""
    given = stream([{"arrival": 0, "patience": 0, "stay": 40}], [[50]], beds=[1], days=10)
    found = figures(given, WORTH, played(given, resolve), begin=0, end=10)
    assert (found.placed, found.value) == (1, 150 / 4 + 0.2)


def test_a_bed_is_kept_from_others_from_its_first_free_day_on() -> None:
    """Free on day 3, a start on day 5 and a stay of 10: by hand 12 days. A bed that is free already: from today, 15."""
    given = stream([{"arrival": 0, "start": 5, "patience": 5}], [[50, 50]], beds=[1, 1], days=20, taken=[(0, 3)])
    now = moment(given, nothing(given), occupied(given, nothing(given), 20), 0)
    assert (now.free.tolist(), now.start.tolist(), now.days.tolist()) == ([3, 0], [5, 5], [12, 15])


def test_a_day_waited_is_a_day_less_that_counts() -> None:
    """May wait to day 3, the bed comes free on day 2: 2 of the 4 days are not waited."""
    given = stream([{"arrival": 0, "patience": 3, "stay": 5}], [[50]], beds=[1], days=10, taken=[(0, 2)])
    found = figures(given, WORTH, played(given, resolve), begin=0, end=10)
    assert (found.days_waited, found.value) == (2.0, 150 + 2 * 0.2)


@pytest.mark.parametrize("seed", SEEDS)
def test_hindsight_is_never_worse_than_what_is_known(seed: int) -> None:
    """With no time to search it answers with the best of the stays that it was given, at their value."""
    given = random(seed)
    known = tuple(played(given, policy) for policy in policies(given).values())
    best = hindsight(given, WORTH, begin=0, end=given.days, before=nothing(given), known=known, seconds=0.001)
    values = [figures(given, WORTH, stays, begin=0, end=given.days).value for stays in (*known, best.stays)]
    assert best.value == pytest.approx(values[-1]) and best.value >= max(values) - 1e-6
    assert best.value <= best.bound + 1e-6
