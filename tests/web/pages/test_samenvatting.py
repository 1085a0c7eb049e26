"""The summary of what is wrong with a form (service/web/pages/samenvatting.py): who reads only that, knows where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urlsplit

from msgspec import Struct, field

from service.web.pages.samenvatting import named
from tests.web.examples import World
from tests.web.test_matrix import PAGES, Caller, Matrix
from tests.web.test_matrix import matrix as matrix  # noqa: PLC0414 (a fixture)


class Form(Struct):
    method: str
    action: str
    fixed: dict[str, list[str]] = field(default_factory=dict)
    """What a person does not fill in."""
    asked: dict[str, bool] = field(default_factory=dict)
    """Name → whether it may be left out."""

    def empty(self) -> dict[str, list[str]]:
        return self.fixed | {name: [""] for name, out in self.asked.items() if not out}

    def wrong(self) -> dict[str, list[str]]:
        return self.fixed | {name: ["\a zo niet " * 60] for name in self.asked}


class Forms(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, soort = given.get("name", ""), given.get("type", "")
        if tag == "form":
            self.forms.append(Form(given.get("method", "get"), given.get("action", "")))
        elif not self.forms or not name:
            return
        elif tag == "button" or soort == "hidden":
            self.forms[-1].fixed.setdefault(name, []).append(given.get("value", ""))
        elif tag in ("input", "select", "textarea"):
            self.forms[-1].asked[name] = soort in ("radio", "checkbox")


LINE = re.compile(r"<li>(.*?)</li>", re.DOTALL)


def lines(page: str) -> list[str]:
    return LINE.findall(page.partition('id="fouten"')[2].partition("</ul>")[0])


def wrong_with(page: str) -> Iterator[str]:
    shown = lines(page)
    if len(set(shown)) < len(shown):
        yield f"says one thing twice: {shown}"
    for line in shown:
        link = re.fullmatch('<a [^>]*href="#([^"]*)"><strong>[^<]{2,}</strong> .+</a>', line)
        if link is None and line.startswith(("<", "Dit veld", "Geef")):  # else it is of the form as a whole
            yield f"of what? {line}"
        elif link is not None and f'id="{link[1]}"' not in page:
            yield f"leads nowhere: {line}"


async def filled_in(matrix: Matrix) -> list[tuple[Caller, Form]]:
    """Each form in which somebody fills something in, once, by one who may."""
    rows = {name: getattr(matrix.world, name) for name in World.__struct_fields__}
    found: dict[tuple[object, ...], tuple[Caller, Form]] = {}
    for caller in matrix.callers:
        for path in PAGES.values() if caller.own and caller.wie and not caller.wie.koppeling else ():
            where = path.format_map(rows)
            for form in Forms((await matrix.send(caller, "get", where)).text).forms:
                form.action = urlsplit(form.action or where).path
                if form.asked:
                    found.setdefault((form.method, form.action, *sorted(form.asked)), (caller, form))
    return list(found.values())


async def test_each_form_that_was_refused_says_of_which_field_it_speaks(matrix: Matrix) -> None:
    """Of every page and rol: sent with nothing filled in, and with nonsense everywhere. No two lines are the same, each
    has the name that the field has on the page, and leads to it."""
    refused: set[str] = set()
    for caller, form in await filled_in(matrix):
        for data in (form.empty(), form.wrong()):
            sent = {"data": data} if form.method == "post" else {"params": data}
            page = (await matrix.send(caller, form.method, form.action, **sent)).text
            assert list(wrong_with(page)) == [], (form.action, caller.name)
            refused |= {form.action} if lines(page) else set()
    assert len(refused) > 20, refused


async def test_a_name_that_the_page_has_more_often_says_in_which_part_it_is(matrix: Matrix) -> None:
    """Of three children, two without an age."""
    verwijzer = next(caller for caller in matrix.callers if caller.name == "verwijzer, eigen")
    data = {"aantal": "3", "kinderen.1.leeftijdJaren": "8", "kinderen.0.kenmerk": "A", "kinderen.2.kenmerk": "C"}

    page = (await matrix.send(verwijzer, "post", "/aanvragen/nieuw", data=data)).text

    ages = [line for line in lines(page) if "Leeftijd in jaren" in line]
    assert [re.findall("<strong>(.*?)</strong>", line) for line in ages] == [
        ["Kind 1, Leeftijd in jaren:"], ["Kind 3, Leeftijd in jaren:"]
    ]  # fmt: skip
    assert "<strong>Hoe dringend is het?</strong> Dit veld is verplicht." in page


def summary(at: str) -> str:
    return f'<a class="x" data-fout href="#{at}">Geef een getal.</a>'


def test_what_is_wrong_within_a_field_leads_to_the_field() -> None:
    field = '<label for="v-lijst">Lijst <span class="quiet">(mag leeg)</span></label><input id="v-lijst" name="lijst">'

    page = named(summary("v-lijst.0.naam") + field)

    assert page.startswith('<a class="x" href="#v-lijst"><strong>Lijst:</strong> Geef een getal.</a>')


def test_what_stands_nowhere_on_the_page_is_no_link() -> None:
    assert named(summary("v-weg") + "<p>Niets.</p>") == "Geef een getal.<p>Niets.</p>"


def test_what_was_named_by_somebody_is_only_text() -> None:
    field = '<label for="v-a">Bo &lt;b&gt;<br>&amp; Co</label><select id="v-a" name="a"></select>'

    assert "<strong>Bo &lt;b&gt; &amp; Co:</strong>" in named(summary("v-a") + field)
