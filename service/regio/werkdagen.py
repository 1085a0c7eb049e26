"""Werkdagen: which days count as working days in the Netherlands, and the last day for a start- or stopbericht.

Holidays are computed, those of the Algemene termijnenwet (art. 3); which of the two in doubt count, the region decides.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

from service.regio.werkregels import Bevrijdingsdag, Werkregels

KONINGSDAG_SINDS, LUSTRUM = 2014, 5
"""Before that year the Queen's birthday was kept on 30 April."""


def pasen(year: int) -> date:
    """Easter Sunday in the Gregorian calendar (Meeus/Jones/Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def koningsdag(year: int) -> date:
    """27 April, and a day earlier when that is a Sunday (before 2014: 30 April, and 29 April)."""
    day = date(year, 4, 27 if year >= KONINGSDAG_SINDS else 30)
    return day - timedelta(days=1) if day.isoweekday() == 7 else day


@cache
def feestdagen(year: int, *, goede_vrijdag: bool, bevrijdingsdag: Bevrijdingsdag) -> frozenset[date]:
    """Days of a year on which nobody needs to work, apart from Saturdays and Sundays."""
    easter = pasen(year)
    days = {
        date(year, 1, 1),
        easter + timedelta(days=1),
        koningsdag(year),
        easter + timedelta(days=39),  # Hemelvaartsdag
        easter + timedelta(days=50),  # tweede Pinksterdag
        date(year, 12, 25),
        date(year, 12, 26),
    }
    if goede_vrijdag:
        days.add(easter - timedelta(days=2))
    if bevrijdingsdag is Bevrijdingsdag.ELK_JAAR or (bevrijdingsdag is Bevrijdingsdag.LUSTRUM and year % LUSTRUM == 0):
        days.add(date(year, 5, 5))
    return frozenset(days)


def is_werkdag(day: date, regels: Werkregels) -> bool:
    return day.isoweekday() <= 5 and day not in feestdagen(
        day.year, goede_vrijdag=regels.goede_vrijdag_vrij, bevrijdingsdag=regels.bevrijdingsdag_vrij
    )


def werkdagen_na(day: date, aantal: int, regels: Werkregels) -> date:
    """The so-manieth working day after `day`, which does not count itself."""
    while aantal:
        day += timedelta(days=1)
        aantal -= is_werkdag(day, regels)
    return day


def bericht_voor(day: date | None, regels: Werkregels) -> date | None:
    """The last day for the start- or stopbericht of a stay that began or ended on `day`; None as long as it did not."""
    return None if day is None else werkdagen_na(day, regels.bericht_werkdagen, regels)
