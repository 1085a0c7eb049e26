"""What stands in a cell of a spreadsheet, how two of them compare, and how a message shows one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from typing import Any, TypeAlias

from msgspec import Struct


class Fault(Struct, frozen=True):
    """A cell that the spreadsheet itself calls wrong, or that holds a formula without outcome."""

    text: str
    reason: str


Raw: TypeAlias = str | int | float | bool | datetime | date | time | timedelta | Fault | None

Parser: TypeAlias = Callable[[Raw], Any]


class Wrong(Exception):
    """A cell that cannot be taken: a code to branch on, and the reason with how to mend it."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


SPACES = re.compile(r"[\s\u00a0\u2007\u202f\u200b\u200c\u200d\u2060\ufeff]+")

FAULT_REASON = "De cel bevat een foutmelding van uw rekenprogramma. Herstel de formule of typ de waarde zelf."

SHOWN = 60
"""Characters of a value that an error message repeats."""


def squeeze(text: str) -> str:
    """Without hard, double, zero-width and outer spaces."""
    return SPACES.sub(" ", text).strip()


def blank(value: Raw) -> bool:
    """Nothing in it, or only spaces."""
    return value is None or (isinstance(value, str) and (not value or SPACES.fullmatch(value) is not None))


def key(text: str) -> str:
    """What is left to compare names by: no case, accents, spaces or punctuation."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if char.isalnum())


def day_text(day: date) -> str:
    """12-3-2026, as people here write it."""
    return f"{day.day}-{day.month}-{day.year}"


def shown(value: Any) -> str:
    """A value as the user recognises it, short and without control characters."""
    match value:
        case None:
            return ""
        case Fault():
            text = value.text
        case bool():
            text = "ja" if value else "nee"
        case datetime() if value.time() != time():
            text = f"{day_text(value.date())} {value:%H:%M}"
        case date():
            text = day_text(value)
        case float():
            text = f"{value:.15g}".replace(".", ",")
        case list() | tuple() | set() | frozenset():
            text = ", ".join(shown(part) for part in value)
        case _:
            text = str(value)
    # Cut first: a cell may hold thirty thousand characters, and a file ten thousand of such cells.
    text = "".join(char for char in squeeze(text[: 10 * SHOWN]) if unicodedata.category(char)[0] != "C")
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


HINTS = 200
"""Wrong names of a file for which the nearest is looked up: that takes milliseconds each."""


def near(wanted: str, names: Any) -> str:
    """ "Bedoelt u …? " with the nearest of `names`, or nothing."""
    by_key = {key(name): name for name in names}
    found = [by_key[match] for match in get_close_matches(key(wanted), by_key, n=3, cutoff=0.6)]
    return f"Bedoelt u {' of '.join(found)}? " if found else ""


RUNS = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
    "\ufe62",
    "\ufe63",
    "\ufe66",
    "\ufe6b",
)
"""With which a formula begins; also in the wide and the small form, which spreadsheets read as the same."""


def safe_to_open(value: Any) -> Any:
    """A value for a file that people open in a spreadsheet: text that would run as a formula gets a quote before it."""
    if isinstance(value, str) and value.lstrip(" \u00a0").startswith(RUNS):
        return "'" + value
    return value
