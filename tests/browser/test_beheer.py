"""The screens of contractbeheer and the beheerder in Chromium."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import SCHERMEN, Site, Visit
from tests.browser.test_screens import sideways

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

STATES = ("cijfers", "cijfers of the loket", "cijfers of a new region", "mislukt", "all arrived")


@pytest.fixture
def failed(site: Site) -> Iterator[None]:
    """A mail that the server refused, with a long reason."""
    site.sql(
        "create table vorige_berichten as select id, status, fout, klaar_op from bericht where id in"
        " (select id from bericht where regio = 'gooi-en-vechtstreek' limit 3);"
        "update bericht set status = 'mislukt', klaar_op = now(), fout = 'De mailserver weigert deze mail: '"
        " || repeat('postvak-bestaat-niet-', 4) where id in (select id from vorige_berichten)"
    )
    yield
    site.sql(
        "update bericht b set status = v.status, fout = v.fout, klaar_op = v.klaar_op from vorige_berichten v"
        " where v.id = b.id; drop table vorige_berichten"
    )


@pytest.fixture
def state(visit: Visit, request: pytest.FixtureRequest) -> Callable[..., Page]:
    def open_state(name: str, **how: Any) -> Page:
        if name == "cijfers of a new region":
            return visit("/cijfers", rol="schakelfunctionaris", at=request.getfixturevalue("empty_site"), **how)
        if name == "mislukt":
            request.getfixturevalue("failed")
        rol = {"cijfers": "contractbeheer", "cijfers of the loket": "schakelfunctionaris"}.get(name, "beheerder")
        return visit("/cijfers" if name.startswith("cijfers") else "/beheer/mislukt", rol=rol, **how)

    return open_state


@pytest.mark.parametrize("name", STATES)
def test_each_state_is_accessible_on_each_screen(
    state: Callable[..., Page], axe: Callable[[Page], list[str]], name: str
) -> None:
    """Light, dark, high contrast and 320 px, with all tables open."""
    for how in ({}, {"scheme": "dark"}, {"contrast": "more"}, {"width": 320}):
        page = state(name, **how)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert (how, axe(page), sideways(page)) == (how, [], "")
        small = page.locator("main button, main select, main .actions a, main .filter a").evaluate_all(
            "all => all.filter(e => e.getBoundingClientRect().height < 44 && e.offsetParent).map(e => e.outerHTML)"
        )
        assert small == [], how


def test_the_html_is_valid(state: Callable[..., Page], vnu: Callable[[dict[str, str]], list[str]]) -> None:
    sources = {}
    for name in STATES[:3] + STATES[4:] + STATES[3:4]:  # what makes mails fail, last
        page = state(name, js=False)
        sources[name.replace(" ", "-")] = page.request.get(page.url).text()
    assert vnu(sources) == []


def test_contractbeheer_chooses_a_period_and_takes_what_it_sees_with_it(visit: Visit) -> None:
    """Without JavaScript; the file holds the rows of the table, and no other."""
    page = visit("/", js=False, rol="contractbeheer")
    assert page.url.endswith("/cijfers") and page.locator("h1").inner_text() == "Cijfers van de regio"
    page.get_by_label("Periode").select_option(index=1)
    chosen = page.get_by_label("Periode").input_value()
    page.get_by_role("button", name="Toon").click()
    assert f"periode={chosen}" in page.url and page.get_by_label("Periode").input_value() == chosen

    for table in page.locator("section.figures:has(table)").all():
        link = table.get_by_role("link", name="Download CSV").get_attribute("href")
        answer = page.request.get(f"{page.url.partition('/cijfers')[0]}{link}")
        rows = list(csv.reader(io.StringIO(answer.body().decode("utf-8-sig")), delimiter=";"))
        heads = [head.strip() for head in table.locator("thead th").all_text_contents()]
        first = [cell.strip() for cell in table.locator("tbody tr").first.locator("th, td").all_text_contents()]
        assert rows[0] == heads and len(rows) - 1 == table.locator("tbody tr").count()
        assert [head + cell for head, cell in zip(heads, rows[1], strict=True)] == first


def test_the_period_is_chosen_with_the_keyboard_only(visit: Visit) -> None:
    page = visit("/cijfers", rol="contractbeheer")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "f-periode":
            break
    page.keyboard.press("ArrowDown")
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Toon":
            break
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "periode=" in page.url


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_what_did_not_arrive_is_tried_again_with_one_button(visit: Visit, failed: None, js: bool) -> None:
    page = visit("/", js=js, rol="beheerder")
    buttons = page.get_by_role("button", name="Probeer opnieuw")
    before = buttons.count()
    buttons.first.click()
    assert page.get_by_text("Het loket probeert het nu opnieuw").is_visible()
    assert buttons.count() == before - 1
    print("\nwhat did not arrive, again: 1 tap")


def test_screenshots(visit: Visit, failed: None) -> None:
    for name, path, rol, how in (
        ("cijfers", "/cijfers", "contractbeheer", {}),
        ("cijfers-telefoon", "/cijfers", "contractbeheer", {"width": 360, "height": 780}),
        ("mislukt", "/beheer/mislukt", "beheerder", {}),
    ):
        visit(path, rol=rol, **how).screenshot(path=SCHERMEN / f"beheer-{name}.png")
