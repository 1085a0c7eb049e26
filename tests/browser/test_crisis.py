"""The crisisdienst at night: a phone, dark, and few taps."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from service.days import today
from tests.browser.conftest import SCHERMEN, Site, Visit
from tests.browser.looking import counted, tab_to

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

STATES = ("free", "chosen", "filtered", "none", "held", "form", "refused", "empty", "long")
LONG_PHONE: Any = {"x": 0, "y": 0, "width": 390, "height": 1400}
"""Of a picture: as far as one scrolls."""
LONG = (
    "update voorziening set naam = left(id::text, 8) || repeat(' Jeugdhulpverblijfsvoorziening', 3) || repeat('x', 20)"
    " where zorgvorm = 'crisis' returning id"
)


@pytest.fixture
def at(visit: Visit, crisis_beds: None, request: pytest.FixtureRequest) -> Callable[..., Page]:
    """`at("held", width=320)`: the page in that state, for the crisisdienst."""

    def open_state(name: str, **how: object) -> Page:
        how = {"rol": "crisisdienst", "width": 390, "height": 844, "scheme": "dark", **how}
        if name == "empty":
            return visit("/crisis", at=request.getfixturevalue("empty_site"), **how)
        if name == "long":
            site: Site = request.getfixturevalue("site")
            site.sql("create table oude_namen as select id, naam from voorziening")
            site.sql(LONG)
            request.addfinalizer(
                lambda: site.sql(
                    "update voorziening v set naam = o.naam from oude_namen o where o.id = v.id; drop table oude_namen"
                )
            )
        path = {"filtered": "/crisis?leeftijd=14&groep=meisjes", "none": "/crisis?leeftijd=22"}.get(name, "/crisis")
        page = visit(path, **how)
        if name == "held":
            let_go(page)
        if name in ("chosen", "held", "form", "refused"):
            choose(page)
        if name == "held":
            hold(page)
        if name in ("form", "refused"):
            page.locator("#crisis .bed a:has-text('Geplaatst')").first.click()
        if name == "refused":
            page.locator("summary", has_text="Er is nog geen aanvraag").click()
            form = page.locator("form", has=page.locator("input[value=nieuw]"))
            form.evaluate("f => { f.noValidate = true }")
            form.get_by_role("button", name="Leg vast").click()
            page.locator("#fouten").wait_for()
            assert page.locator("[aria-invalid=true]").count() >= 1
        return page

    return open_state


def fitting(page: Page) -> Locator:
    """The first child that may have, from today on, the place that stands first for it."""

    def asked(path: str) -> Any:
        answer = page.request.get(path)
        assert answer.ok, (path, answer.text())
        return answer

    houses = {one["id"]: one["voorzieningId"] for one in asked("/v1/crisisplekken").json()}
    children = page.locator("#kind a[href*='aanvraag=']")
    for child in [str(link.get_attribute("href")) for link in children.all()]:
        first = re.search(r'id="p-([0-9a-f-]{36})"', asked(child).text())
        ranked = asked(f"/v1/aanvragen/{child.rpartition('=')[2]}/rangschikking?aantal=200").json()["plekken"]
        day = str(today(datetime.now(UTC)))
        if first is not None and houses[first[1]] in {
            one["plek"]["voorzieningId"] for one in ranked if one["eersteDag"] == day
        }:
            return page.locator(f"#kind a[href='{child}']")
    raise AssertionError("no crisis place for any child")


def choose(page: Page) -> None:
    if page.locator("#kind").count():
        fitting(page).click()
        page.locator("#kind a[aria-current]").first.wait_for()


def let_go(page: Page) -> None:
    """What an earlier test holds: there are but few crisis places."""
    held = page.get_by_role("button", name=re.compile("^Laat los"))
    while (number := held.count()) > 0:
        held.first.click()
        held.nth(number - 1).wait_for(state="detached")


def hold(page: Page) -> None:
    page.get_by_role("button", name="Houd vast").first.click()
    page.locator(".notice--done, #fouten").first.wait_for()


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_crisis_place_is_held_in_two_taps_and_let_go_in_one(at: Callable[..., Page], js: bool) -> None:
    page = at("free", js=js)
    let_go(page)
    page.goto("/crisis")
    page.screenshot(path=SCHERMEN / "crisis-vrij.png", full_page=True, clip=LONG_PHONE)
    with counted(page, "een crisisplek vasthouden") as journey:
        if page.locator("#kind").count():
            journey.tap(fitting(page))
        journey.tap(page.get_by_role("button", name="Houd vast").first)
        page.locator(".notice--done").wait_for()
    assert page.locator(".notice--done").inner_text().startswith("De plek is vastgehouden.")
    page.locator("#vastgehouden").wait_for()
    assert journey.taps <= 2
    page.screenshot(path=SCHERMEN / "crisis-vast.png", full_page=True, clip=LONG_PHONE)
    page.locator(".notice--done").get_by_role("button").click()
    assert page.locator(".notice--done").inner_text() == "De plek is weer vrij."


def test_who_was_placed_by_telephone_stands_there_in_the_morning(at: Callable[..., Page], visit: Visit) -> None:
    """One field to fill in: with whom."""
    page = at("form")
    nummer = page.locator("input[name=aanvraagId]:checked + label").inner_text().split(",")[0]
    page.screenshot(path=SCHERMEN / "crisis-geplaatst.png", full_page=True)
    page.locator("#v-met").fill("Groepsleider")
    page.locator("#v-met").press("Enter")
    page.locator(".notice--done").wait_for()
    page.get_by_role("heading", name=f"Nummer {nummer}").wait_for()
    page.locator("#aanvullen").scroll_into_view_if_needed()
    page.screenshot(path=SCHERMEN / "crisis-aanvullen.png")
    visit("/crisis").get_by_role("heading", name=f"Nummer {nummer}").wait_for()


def test_the_map_is_reached_by_keyboard_and_leads_to_the_list(at: Callable[..., Page]) -> None:
    page = at("free", width=1000, scheme="light")
    box = page.locator("#kaart")
    box.scroll_into_view_if_needed()
    assert json.loads(page.locator("#kaart-punten").text_content() or "")
    for _ in range(12):
        marker = page.locator("#kaart .map__point").first
        marker.focus()
        page.keyboard.press("Enter")
        if page.locator("#kaart .leaflet-popup").count():
            break
        page.wait_for_function("!document.querySelector('.leaflet-zoom-anim')")
    page.locator("#kaart .leaflet-popup a.utrecht-link").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**#p-*")


def test_a_crisis_place_is_held_and_let_go_without_a_mouse(at: Callable[..., Page]) -> None:
    page = at("free")
    let_go(page)
    page.goto("/crisis")
    if page.locator("#kind").count():
        tab_to(page, fitting(page))
        page.keyboard.press("Enter")
        page.locator("#kind a[aria-current]").first.wait_for()
    tab_to(page, page.get_by_role("button", name="Houd vast").first)
    page.keyboard.press("Enter")
    page.get_by_text("De plek is vastgehouden.").wait_for()
    tab_to(page, page.locator(".notice--done").get_by_role("button"))
    page.keyboard.press("Enter")
    page.get_by_text("De plek is weer vrij.").wait_for()


@pytest.mark.parametrize("state", STATES)
def test_each_state_is_accessible_and_fits(
    at: Callable[..., Page], wrong_with: Callable[..., list[str]], state: str
) -> None:
    assert wrong_with(at(state)) == []


def test_the_pages_are_valid_html(at: Callable[..., Page], vnu: Callable[[dict[str, str]], list[str]]) -> None:
    # What JavaScript does not unfold stays folded without it, and cannot be filled in.
    shown = {state: at(state, js=False).content() for state in STATES if state != "refused"}
    assert vnu(shown) == []
