"""How days, durations and numbers read on a page: `ma 23 nov`, `3 weken`, `2 jaar en 4 maanden`."""

from __future__ import annotations

from datetime import date, datetime

from service.days import AMSTERDAM
from service.taal import gettext, later, ngettext

WEEKDAYS = later("ma di wo do vr za zo")
MONTHS = later("jan feb mrt apr mei jun jul aug sep okt nov dec")
LONG_WEEKDAYS = later("maandag dinsdag woensdag donderdag vrijdag zaterdag zondag")
LONG_MONTHS = later("januari februari maart april mei juni juli augustus september oktober november december")


def _word(words: str, number: int) -> str:
    return gettext(words).split()[number]


def day(value: date, today: date) -> str:
    """`ma 23 nov`; with the year when it is more than ten months away, so that it cannot be misread."""
    text = f"{_word(WEEKDAYS, value.weekday())} {value.day} {_word(MONTHS, value.month - 1)}"
    return text if abs((value - today).days) <= 300 else f"{text} {value.year}"


def full(value: date) -> str:
    """`maandag 23 november 2026`: for a letter, that is read on another day."""
    return f"{_word(LONG_WEEKDAYS, value.weekday())} {value.day} {_word(LONG_MONTHS, value.month - 1)} {value.year}"


def moment(value: datetime, today: date) -> str:
    """`ma 23 nov, 14:05`, in Dutch time."""
    local = value.astimezone(AMSTERDAM)
    return f"{day(local.date(), today)}, {local:%H:%M}"


def clock(value: datetime) -> str:
    """`14:05`, in Dutch time."""
    return f"{value.astimezone(AMSTERDAM):%H:%M}"


def age(months: int) -> str:
    """`14 jaar`; under four years with months, because there they matter: `2 jaar en 4 maanden`."""
    if not months:
        return gettext("jonger dan 1 maand")
    return _years(months // 12) if months >= 48 else span(months)


def _years(number: int) -> str:
    return count(number, "jaar", "jaar")


def span(months: int) -> str:
    """An exact difference of ages: `5 jaar en 1 maand`, `3 maanden`."""
    years, rest = divmod(months, 12)
    parts = [_years(years)] if years else []
    return listing([*parts, count(rest, "maand", "maanden")] if rest or not years else parts)


def count(number: int, one: str, more: str) -> str:
    """`1 plek`, `2 plekken`."""
    return f"{number:,}".replace(",", ".") + f" {ngettext(one, more, number)}"


def days(number: int) -> str:
    """A number of days as people say it: `3 dagen`, `5 weken`, `4 maanden`."""
    if number < 14:
        return count(number, "dag", "dagen")
    return count(number // 7, "week", "weken") if number < 92 else count(round(number / 30.44), "maand", "maanden")


def listing(words: list[str], last: str = later("en")) -> str:
    """`a`, `a en b`, `a, b en c`."""
    return f" {gettext(last)} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
