"""The summary above a form that was refused names each field as the page itself does, and links to where it stands.

The macro `fouten` (templates/macros.html) comes before the form that it is about. So what a field is called is read
from the page once that is there: its label, or the legend of its group. No template can forget one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser

from msgspec import Struct

LINE = re.compile(r'<a class="([^"]*)" data-fout href="#([^"]*)">(.*?)</a>', re.DOTALL)
"""As the macro writes it: the id that the field should have, and what is wrong with it."""

BESIDE = frozenset(("quiet", "visually-hidden", "small"))
"""Classes of what a label says besides the name."""

WITHOUT_END = frozenset(("br", "hr", "img", "input", "link", "meta", "wbr"))


def named(page: str) -> str:
    """`page` with the names in its summary: "Leeftijd in jaren: Dit veld is verplicht." What is wrong with something
    that stands nowhere on the page has no link, because that would lead nowhere."""
    if " data-fout " not in page:
        return page
    reader = _Reader()
    reader.feed(page)
    names = reader.names()

    def line(found: re.Match[str]) -> str:
        style, asked, sentence = found.groups()
        id = next((id for id in _upward(asked) if id in names), None)
        if id is None:
            return sentence
        name = names[id] if names[id].endswith(("?", ":")) else f"{names[id]}:"
        return f'<a class="{style}" href="#{escape(id)}"><strong>{escape(name)}</strong> {sentence}</a>'

    return LINE.sub(line, page)


def _upward(id: str) -> Iterator[str]:
    """What is wrong with `v-zorgvormen.0` is shown at `v-zorgvormen`."""
    while id:
        yield id
        id = id.rpartition(".")[0]


class _Fieldset(Struct):
    within: _Fieldset | None
    asks: bool
    """It is one question (class `field`), and no part of the form with questions in it."""
    legend: str = ""


class _Field(Struct):
    id: str
    soort: str
    name: str
    says: str
    """What it is called by itself, without a label: `aria-label`."""
    within: _Fieldset | None


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self._fields: list[_Field] = []
        self._labels: dict[str, str] = {}
        self._fieldset: _Fieldset | None = None
        self._label: str | None = None
        """Whose label is being read: an id, or "" for the fieldset around it."""
        self._text: list[str] = []
        self._beside: list[bool] = []
        """Of each element that is open in the label: whether it is something besides the name."""

    def names(self) -> dict[str, str]:
        """Id → what the field is called, after the part of the form that it is in where the page has more of it."""
        found: dict[str, tuple[str, _Fieldset | None]] = {}
        for one in self._fields:
            name, within = one.says or self._labels.get(one.id, ""), one.within
            if within and within.asks and (one.soort in ("radio", "checkbox") or not name):
                name, within = within.legend, within.within
            if name:
                found.setdefault(one.id, (name, within))
        firsts = {one.name: one.id for one in reversed(self._fields)}
        known = Counter(found[id][0] for id in firsts.values() if id in found)
        return {
            id: f"{within.legend}, {name}" if within and within.legend and known[name] > 1 else name
            for id, (name, within) in found.items()
        }

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if self._label is not None and tag in WITHOUT_END:
            self._text.append(" ")
        elif self._label is not None:
            self._beside.append(not BESIDE.isdisjoint(given.get("class", "").split()))
        if tag == "fieldset":
            self._fieldset = _Fieldset(self._fieldset, "field" in given.get("class", "").split())
        elif tag == "legend" or (tag == "label" and "for" in given):
            self._label, self._text, self._beside = given.get("for", ""), [], []
        elif tag in ("input", "select", "textarea") and "id" in given:
            soort, name = given.get("type", ""), given.get("name", "")
            self._fields.append(_Field(given["id"], soort, name, given.get("aria-label", ""), self._fieldset))

    def handle_data(self, data: str) -> None:
        if self._label is not None and not any(self._beside):
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "fieldset" and self._fieldset is not None:
            self._fieldset = self._fieldset.within
        elif tag in ("label", "legend") and self._label is not None:
            text, of = " ".join("".join(self._text).split()), self._label
            self._label = None
            if tag == "label":
                self._labels[of] = text
            elif self._fieldset is not None:
                self._fieldset.legend = text
        elif self._label is not None and self._beside and tag not in WITHOUT_END:
            self._beside.pop()
