"""Werkdagen: Dutch holidays, and the last day for a start- or stopbericht."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from service.regio.werkdagen import bericht_voor, feestdagen, is_werkdag, koningsdag, pasen, werkdagen_na
from service.regio.werkregels import Bevrijdingsdag, Werkregels

WET = Werkregels()


@pytest.mark.parametrize(
    ("year", "day"),
    [
        (2000, date(2000, 4, 23)),
        (2008, date(2008, 3, 23)),
        (2011, date(2011, 4, 24)),
        (2026, date(2026, 4, 5)),
        (2027, date(2027, 3, 28)),
        (2038, date(2038, 4, 25)),
        (2049, date(2049, 4, 18)),
    ],
)
def test_easter_is_where_the_church_has_it(year: int, day: date) -> None:
    """Of which an early, a late and the two years in which a simple rule of thumb fails."""
    assert pasen(year) == day


def test_easter_is_always_a_sunday_in_spring() -> None:
    """From 22 March up to and including 25 April."""
    days = [pasen(year) for year in range(1990, 2101)]

    assert {day.isoweekday() for day in days} == {7}
    assert min((day.month, day.day) for day in days) >= (3, 22)
    assert max((day.month, day.day) for day in days) <= (4, 25)


@pytest.mark.parametrize(("year", "day"), [(2025, 26), (2026, 27), (2031, 26), (2013, 30), (2006, 29)])
def test_the_kings_birthday_is_never_kept_on_a_sunday(year: int, day: int) -> None:
    """Then it is the day before; the Queen's was on 30 April."""
    assert koningsdag(year) == date(year, 4, day)


def test_the_holidays_of_a_year_are_those_of_the_law() -> None:
    """Algemene termijnenwet, art. 3, in 2026."""
    assert sorted(feestdagen(2026, goede_vrijdag=True, bevrijdingsdag=Bevrijdingsdag.ELK_JAAR)) == [
        date(2026, 1, 1),
        date(2026, 4, 3),
        date(2026, 4, 6),
        date(2026, 4, 27),
        date(2026, 5, 5),
        date(2026, 5, 14),
        date(2026, 5, 25),
        date(2026, 12, 25),
        date(2026, 12, 26),
    ]


@pytest.mark.parametrize(
    ("when", "year", "free"),
    [
        (Bevrijdingsdag.ELK_JAAR, 2026, True),
        (Bevrijdingsdag.LUSTRUM, 2026, False),
        (Bevrijdingsdag.LUSTRUM, 2025, True),
        (Bevrijdingsdag.LUSTRUM, 2020, True),
        (Bevrijdingsdag.NOOIT, 2025, False),
    ],
)
def test_the_region_says_in_which_years_5_may_is_free(when: Bevrijdingsdag, year: int, free: bool) -> None:
    regels = replace(WET, bevrijdingsdag_vrij=when)
    day = date(year, 5, 5)

    assert day.isoweekday() < 6
    assert is_werkdag(day, regels) is not free


def test_the_region_says_whether_good_friday_is_free() -> None:
    day = date(2026, 4, 3)

    assert not is_werkdag(day, WET)
    assert is_werkdag(day, replace(WET, goede_vrijdag_vrij=False))


@pytest.mark.parametrize(
    ("begin", "last"),
    [
        (date(2026, 3, 2), date(2026, 3, 9)),  # Monday: to the next Monday
        (date(2026, 3, 6), date(2026, 3, 13)),  # Friday
        (date(2026, 3, 7), date(2026, 3, 13)),  # Saturday: Monday is the first
        (date(2026, 4, 2), date(2026, 4, 13)),  # over Good Friday, Easter and the Monday after
        (date(2026, 12, 24), date(2027, 1, 4)),  # over Christmas and New Year
        (date(2028, 2, 25), date(2028, 3, 3)),  # over a leap day that is a working day
        (date(2026, 3, 27), date(2026, 4, 7)),  # the clock goes forward in between
    ],
)
def test_a_bericht_is_due_on_the_fifth_working_day_after(begin: date, last: date) -> None:
    """The day itself does not count."""
    assert bericht_voor(begin, WET) == last


def test_nothing_is_due_before_it_happened() -> None:
    assert bericht_voor(None, WET) is None


def test_no_working_days_after_a_day_is_that_day() -> None:
    assert werkdagen_na(date(2026, 3, 7), 0, WET) == date(2026, 3, 7)
