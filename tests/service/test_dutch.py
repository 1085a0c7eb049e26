"""Days, ages and durations read the way people here say them."""

from datetime import UTC, date, datetime

import pytest

from service import dutch

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (date(2026, 11, 23), "ma 23 nov"),
        (date(2027, 3, 2), "di 2 mrt"),
        (date(2027, 9, 19), "zo 19 sep"),
        (date(2027, 9, 20), "ma 20 sep 2027"),
        (date(2024, 2, 29), "do 29 feb 2024"),
    ],
)
def test_a_day_has_its_weekday_and_a_year_only_when_it_is_far_away(value: date, text: str) -> None:
    """Up to 300 days away the year cannot be mistaken; from 301 on it is written."""
    assert dutch.day(value, TODAY) == text


def test_a_moment_is_told_in_dutch_time() -> None:
    assert dutch.moment(datetime(2026, 11, 22, 23, 30, tzinfo=UTC), TODAY) == "ma 23 nov, 00:30"


@pytest.mark.parametrize(
    ("months", "text"),
    [
        (0, "jonger dan 1 maand"),
        (1, "1 maand"),
        (11, "11 maanden"),
        (12, "1 jaar"),
        (28, "2 jaar en 4 maanden"),
        (47, "3 jaar en 11 maanden"),
        (48, "4 jaar"),
        (49, "4 jaar"),
        (179, "14 jaar"),
    ],
)
def test_an_age_names_months_only_under_four_years(months: int, text: str) -> None:
    assert dutch.age(months) == text


@pytest.mark.parametrize(
    ("months", "text"), [(0, "0 maanden"), (1, "1 maand"), (12, "1 jaar"), (61, "5 jaar en 1 maand"), (180, "15 jaar")]
)
def test_a_difference_of_ages_is_exact(months: int, text: str) -> None:
    """Rounded to years, a limit of 5 years would seem to hold for 5 years and 1 month."""
    assert dutch.span(months) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 dagen"), (1, "1 dag"), (13, "13 dagen"), (14, "2 weken"), (91, "13 weken"), (92, "3 maanden")],
)
def test_a_duration_grows_from_days_to_weeks_to_months(number: int, text: str) -> None:
    assert dutch.days(number) == text


def test_a_large_number_has_a_dutch_thousands_separator() -> None:
    assert dutch.count(40_000, "plek", "plekken") == "40.000 plekken"


def test_a_listing_ends_with_en() -> None:
    assert [dutch.listing(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a en b",
        "a, b en c",
    ]
