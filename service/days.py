"""Which day it is: the Netherlands counts days, the database instants."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def today(now: datetime) -> date:
    """The day in the Netherlands; `now` carries its time zone."""
    return now.astimezone(AMSTERDAM).date()


def midnight_after(now: datetime) -> datetime:
    """When the next day in the Netherlands begins."""
    return datetime.combine(today(now) + timedelta(days=1), datetime.min.time(), AMSTERDAM)


def hour_of(moment: datetime) -> float:
    """Hours since day 0 in the Netherlands, on the scale of matcher.problem."""
    local = moment.astimezone(AMSTERDAM)
    return local.toordinal() * 24 + local.hour + local.minute / 60 + local.second / 3600
