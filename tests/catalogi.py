"""Catalogues made of what is marked: each text as some function says it. Real ones, that gettext reads."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from service import dutch, taal

ROOT = Path(__file__).resolve().parent.parent


def talen() -> ModuleType:
    """deploy/talen.py."""
    spec = importlib.util.spec_from_file_location("talen", ROOT / "deploy" / "talen.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def marked() -> list[str | tuple[str, str]]:
    """Every text that is marked."""
    return [message.id for message in talen().template() if message.id]


def make(folder: Path, code: str, say: Callable[[str], str]) -> None:
    """`folder/<code>/LC_MESSAGES/loket.mo`, in which each text is as `say` has it."""
    catalog = Catalog(locale="en")
    for text in marked():
        catalog.add(text, tuple(map(say, text)) if isinstance(text, tuple) else say(text))
    path = folder / code / "LC_MESSAGES" / "loket.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_mo(file, catalog)


@contextmanager
def spoken(folder: Path, code: str, monkeypatch: Any) -> Iterator[None]:
    """Inside of it, every text is in language `code` of `folder`, whoever asks."""
    real = taal.translations
    monkeypatch.setattr(taal, "translations", lambda _: real(code, folder))
    monkeypatch.setattr(taal, "WRITTEN", "")
    yield


WORDS = (dutch.WEEKDAYS, dutch.MONTHS, dutch.LONG_WEEKDAYS, dutch.LONG_MONTHS)


def bracketed(text: str) -> str:
    """`⟦text⟧`: what was asked of a catalogue. Of a list of words each, because they are shown one by one."""
    return " ".join(f"⟦{word}⟧" for word in text.split()) if text in WORDS else f"⟦{text}⟧"


class Visible(HTMLParser):
    """What a person sees or hears of a page: its texts, and the attributes that are read aloud."""

    ATTRIBUTES = ("aria-label", "title", "placeholder", "alt", "data-in", "data-uit", "data-naar", "data-samen")

    HIDDEN = ("script", "style", "code", "kbd", "textarea")
    """What nobody reads, or reads the same in each language; in a textarea somebody writes."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = [""]
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in self.HIDDEN
        self.texts[-1:-1] = [value for name, value in attrs if name in self.ATTRIBUTES and value]
        self._end(tag)

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in self.HIDDEN
        self._end(tag)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.texts[-1] += data

    def _end(self, tag: str) -> None:
        """Within a sentence there may be a word in bold; elsewhere a text ends where a tag begins or ends."""
        if tag not in ("strong", "em", *self.HIDDEN):
            self.texts.append("")


NUMMER = re.compile(r"\b[0-9A-Z]{3}-[0-9A-Z]{3}\b")

LETTERS = re.compile(r"[^\W\d_]{2,}")


def outside(text: str) -> str:
    """What of a text is in no brackets: ⟦…⟧ of a catalogue, ‹…› of what somebody wrote or named."""
    deep, kept = 0, []
    for char in text:
        deep += char in "⟦‹"
        kept.append(char if deep <= 0 else " ")
        deep -= char in "⟧›"
    return NUMMER.sub(" ", "".join(kept))


def unmarked(page: str) -> list[str]:
    """Texts of a page of which something came from nowhere that can be translated."""
    visible = Visible()
    visible.feed(page)
    return [text.strip() for text in visible.texts if LETTERS.search(outside(text))]
