"""Which day it is: the Netherlands counts days, the database instants."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def today(now: datetime) -> date:
    """The day in the Netherlands; `now` carries its time zone."""
    return now.astimezone(AMSTERDAM).date()


def age_on(maanden: int, peildatum: date, day: date) -> int:
    """Age in whole months on `day`, of a child that was `maanden` old on `peildatum`; not younger than it was then."""
    months = (day.year - peildatum.year) * 12 + day.month - peildatum.month - (day.day < peildatum.day)
    return maanden + max(0, months)


def months_after(day: date, months: int) -> date:
    """The day with the same number, so many months later; the last of that month when it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def noon(day: date) -> datetime:
    """A moment of a day of which nothing more is known."""
    return datetime.combine(day, time(12), AMSTERDAM)


def midnight_after(now: datetime) -> datetime:
    """When the next day in the Netherlands begins."""
    return datetime.combine(today(now) + timedelta(days=1), datetime.min.time(), AMSTERDAM)


def hour_of(moment: datetime) -> float:
    """Hours since day 0 in the Netherlands, on the scale of matcher.problem."""
    local = moment.astimezone(AMSTERDAM)
    return local.toordinal() * 24 + local.hour + local.minute / 60 + local.second / 3600
