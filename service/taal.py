"""The words of screens and sentences. They are written in Dutch; `gettext` puts another language in their place.

A translation is `locale/<taal>/LC_MESSAGES/loket.mo`, made with Babel (docs/vertalen.md)."""

from __future__ import annotations

import gettext as _gettext
from contextvars import ContextVar
from functools import cache
from pathlib import Path

LOCALE = Path(__file__).resolve().parent / "locale"

TAAL: ContextVar[str] = ContextVar("taal", default="nl")
"""Of who is being answered."""


@cache
def translations(taal: str, folder: Path = LOCALE) -> _gettext.NullTranslations:
    """The Dutch itself where there is no translation."""
    return _gettext.translation("loket", folder, [taal], fallback=True)


def gettext(text: str) -> str:
    return translations(TAAL.get()).gettext(text)


def ngettext(one: str, more: str, number: int) -> str:
    return translations(TAAL.get()).ngettext(one, more, number)


def later(text: str) -> str:
    """Marks a text that stands in a table, to be translated when it is shown."""
    return text
