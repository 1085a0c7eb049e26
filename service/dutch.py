"""How days, durations and numbers read on a page: `ma 23 nov`, `3 weken`, `2 jaar en 4 maanden`."""

from __future__ import annotations

from datetime import date, datetime

from service.days import AMSTERDAM

WEEKDAYS = ("ma", "di", "wo", "do", "vr", "za", "zo")
MONTHS = ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
LONG_WEEKDAYS = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")
LONG_MONTHS = (
    "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november",
    "december",
)  # fmt: skip


def day(value: date, today: date) -> str:
    """`ma 23 nov`; with the year when it is more than ten months away, so that it cannot be misread."""
    text = f"{WEEKDAYS[value.weekday()]} {value.day} {MONTHS[value.month - 1]}"
    return text if abs((value - today).days) <= 300 else f"{text} {value.year}"


def full(value: date) -> str:
    """`maandag 23 november 2026`: for a letter, that is read on another day."""
    return f"{LONG_WEEKDAYS[value.weekday()]} {value.day} {LONG_MONTHS[value.month - 1]} {value.year}"


def moment(value: datetime, today: date) -> str:
    """`ma 23 nov, 14:05`, in Dutch time."""
    local = value.astimezone(AMSTERDAM)
    return f"{day(local.date(), today)}, {local:%H:%M}"


def age(months: int) -> str:
    """`14 jaar`; under four years with months, because there they matter: `2 jaar en 4 maanden`."""
    if not months:
        return "jonger dan 1 maand"
    return f"{months // 12} jaar" if months >= 48 else span(months)


def span(months: int) -> str:
    """An exact difference of ages: `5 jaar en 1 maand`, `3 maanden`."""
    years, rest = divmod(months, 12)
    parts = [f"{years} jaar"] if years else []
    return listing([*parts, count(rest, "maand", "maanden")] if rest or not years else parts)


def count(number: int, one: str, more: str) -> str:
    """`1 plek`, `2 plekken`."""
    return f"{number:,} {one if number == 1 else more}".replace(",", ".")


def days(number: int) -> str:
    """A number of days as people say it: `3 dagen`, `5 weken`, `4 maanden`."""
    if number < 14:
        return count(number, "dag", "dagen")
    return f"{number // 7} weken" if number < 92 else f"{round(number / 30.44)} maanden"


def listing(words: list[str], last: str = "en") -> str:
    """`a`, `a en b`, `a, b en c`."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
