"""The day in the Netherlands, and how old a child is then."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from service.days import age_on, hour_of, midnight_after, today

PEILDATUM = date(2026, 1, 31)


@pytest.mark.parametrize(
    ("day", "months"),
    [(date(2026, 1, 30), 100), (date(2026, 2, 28), 100), (date(2026, 3, 1), 101), (date(2027, 1, 31), 112)],
)
def test_a_child_grows_a_month_older_on_the_day_of_the_peildatum(day: date, months: int) -> None:
    """Of 31 January the next month is full on 1 March; before the peildatum nobody is younger than on it."""
    assert age_on(100, PEILDATUM, day) == months


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 1, 31, 22, 59, tzinfo=UTC), date(2026, 1, 31)),
        (datetime(2026, 1, 31, 23, 0, tzinfo=UTC), date(2026, 2, 1)),
        (datetime(2026, 7, 31, 22, 0, tzinfo=UTC), date(2026, 8, 1)),
    ],
)
def test_the_day_begins_at_midnight_in_the_netherlands(now: datetime, day: date) -> None:
    """An hour before that of UTC in winter, two in summer."""
    assert today(now) == day
    assert today(midnight_after(now)).toordinal() == day.toordinal() + 1
    assert hour_of(now) // 24 == day.toordinal()
