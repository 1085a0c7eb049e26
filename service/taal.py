"""The words of screens, mails and sentences. They are written in Dutch; `gettext` puts another language in their place.

A translation is `locale/<taal>/LC_MESSAGES/loket.mo`, made with Babel (docs/vertalen.md)."""

from __future__ import annotations

import gettext as _gettext
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _collections_abc import dict_items, dict_values

K = TypeVar("K")

LOCALE = Path(__file__).resolve().parent / "locale"

NEDERLANDS = "nl"

WRITTEN = NEDERLANDS
"""The language of the texts themselves, for which no catalogue is asked."""

TAAL: ContextVar[str] = ContextVar("taal", default=NEDERLANDS)
"""Of who is being answered."""


@cache
def talen(folder: Path = LOCALE) -> tuple[str, ...]:
    """Dutch, and what it was translated into."""
    return (NEDERLANDS, *sorted(found.parent.parent.name for found in folder.glob("*/LC_MESSAGES/loket.mo")))


@cache
def translations(taal: str, folder: Path = LOCALE) -> _gettext.NullTranslations:
    """The Dutch itself where there is no translation."""
    return _gettext.translation("loket", folder, [taal], fallback=True)


def gettext(text: str, /, **values: object) -> str:
    """`text` in the language of who is answered, with `%(name)s` filled in: a sentence is translated as a whole."""
    taal = TAAL.get()
    # Asked hundreds of times per answer, nearly always for Dutch. "" is what a catalogue says of itself.
    said = text if taal == WRITTEN or not text else translations(taal).gettext(text)
    return said % values if values else said


def ngettext(one: str, more: str, number: int, /, **values: object) -> str:
    """`one` or `more`, as the language counts."""
    taal = TAAL.get()
    dutch = one if number == 1 else more
    said = dutch if taal == WRITTEN else translations(taal).ngettext(one, more, number)
    return said % values if values else said


def later(text: str) -> str:
    """Marks a text that stands in a table, to be translated when it is shown."""
    return text


class Teksten(dict[K, str]):
    """A table of texts, each marked with `later`, that says them in the language of who is answered."""

    def __getitem__(self, key: K) -> str:
        return gettext(super().__getitem__(key))

    def get(self, key: K, default: Any = None) -> Any:
        return gettext(super().__getitem__(key)) if key in self else default

    def items(self) -> dict_items[K, str]:
        return {key: self[key] for key in self}.items()

    def values(self) -> dict_values[K, str]:
        return {key: self[key] for key in self}.values()
