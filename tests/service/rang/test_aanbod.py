"""Free windows and the group of a voorziening, computed from what takes its plekken."""

from datetime import UTC, date, datetime, timedelta

from matcher.problem import FOREVER
from service.days import midnight_after, today
from service.rang.aanbod import group_of, windows_of

D = date(2026, 11, 23)


def day(offset: int) -> int:
    return (D + timedelta(days=offset)).toordinal()


def at(offset: int) -> date:
    return D + timedelta(days=offset)


def test_a_plek_that_nothing_takes_is_free_without_end() -> None:
    assert windows_of(D, None, [], None) == ((day(0), FOREVER),)


def test_a_plek_is_free_before_between_and_after_what_takes_it() -> None:
    """Periods are start inclusive, end exclusive: the day of departure is free for the next child."""
    taken = [(at(10), at(20)), (at(25), at(30))]
    assert windows_of(D, None, taken, None) == ((day(0), day(10)), (day(20), day(25)), (day(30), FOREVER))


def test_two_periods_that_touch_leave_no_window_between_them() -> None:
    assert windows_of(D, None, [(at(0), at(20)), (at(20), at(30))], None) == ((day(30), FOREVER),)


def test_a_period_without_end_closes_the_plek_for_good() -> None:
    assert windows_of(D, None, [(at(5), None)], None) == ((day(0), day(5)),)


def test_the_order_in_which_periods_come_does_not_matter() -> None:
    assert windows_of(D, None, [(at(5), None), (at(1), at(2))], None) == windows_of(
        D, None, [(at(1), at(2)), (at(5), None)], None
    )


def test_a_plek_that_ceases_to_exist_is_free_until_then_at_most() -> None:
    assert windows_of(D, at(8), [(at(2), at(4))], None) == ((day(0), day(2)), (day(4), day(8)))
    assert windows_of(D, at(8), [(at(2), None)], None) == ((day(0), day(2)),)
    assert windows_of(D, at(8), [(at(9), at(12))], None) == ((day(0), day(8)),)


def test_no_window_begins_before_the_earliest_intake_day() -> None:
    assert windows_of(D, None, [(at(10), at(20))], at(12)) == ((day(20), FOREVER),)
    assert windows_of(D, None, [(at(10), at(20))], at(3)) == ((day(3), day(10)), (day(20), FOREVER))


def resident(van: date, maanden: int | None, kenmerken: list[str] | None) -> dict[str, object]:
    return {"van": van, "bewoner_maanden": maanden, "bewoner_kenmerken": kenmerken}


def test_residents_have_grown_since_they_came_and_fill_the_group_mix() -> None:
    """A child of 100 months who came a year ago is 112 now; a limit reached is full, another leaves room."""
    residents = [
        resident(date(2025, 11, 23), 100, ["druk"]),
        resident(date(2026, 11, 22), 60, ["druk", "teruggetrokken"]),
        resident(D, None, None),
    ]
    group = group_of(residents, {"druk": 2, "teruggetrokken": 2, "wegloper": 1}, D)  # type: ignore[arg-type]
    assert (group.size, group.unknown, group.oldest) == (3, 1, 112)
    assert group.full == ("druk",)
    assert group.room == {"teruggetrokken": 1, "wegloper": 1}


def test_the_day_is_that_of_the_netherlands() -> None:
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert today(late) == D
    assert midnight_after(late) == datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
