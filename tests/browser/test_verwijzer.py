"""What a verwijzer does, in Chromium: file in a few answers, follow, record papers, withdraw."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from service.days import AMSTERDAM
from tests.browser.conftest import SCHERMEN, Site, Visit
from tests.browser.test_screens import sideways

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

REQUIRED = 12
"""Answers without which an aanvraag cannot be filed (issue 6)."""


@pytest.fixture(autouse=True)
def nothing_kept(site: Site) -> None:
    """No test finds the draft of another."""
    site.sql("delete from concept")


@pytest.fixture
def mijn(visit: Visit) -> Callable[..., Page]:
    def open_page(path: str = "/mijn-aanvragen", **how: object) -> Page:
        return visit(path, rol="verwijzer", **how)

    return open_page


def fill_in(page: Page, kenmerk: str, number: int = 0) -> int:
    """All that is required of one child; how many answers that were."""
    page.locator(f"[name='kinderen.{number}.kenmerk']").fill(kenmerk)
    page.locator(f"[name='kinderen.{number}.leeftijdJaren']").fill("9")
    page.locator(f"[name='kinderen.{number}.geslacht']").select_option("meisje")
    return 3


def fill_in_shared(page: Page) -> int:
    today = datetime.now(AMSTERDAM).date()
    for name, value in {"huidigVerblijf": "thuis", "gemeenteCode": "0402", "juridischKader": "ots"}.items():
        page.locator(f"[name={name}]").select_option(value)
    page.locator("[name=perspectief]").select_option("langdurig")
    page.locator("[name=pc4]").fill("1211")
    page.locator("[name=gewensteStart]").fill(str(today))
    page.locator("[name=uiterlijkeDatum]").fill(str(today + timedelta(days=60)))
    page.get_by_label("Gezinshuis", exact=True).check()
    page.locator("[name=urgentie][value=regulier]").check()
    return 9


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_an_aanvraag_is_filed_with_twelve_answers_and_one_tap(mijn: Callable[..., Page], js: bool) -> None:
    page = mijn("/aanvragen/nieuw", js=js)
    answers = fill_in(page, f"B-1{js}") + fill_in_shared(page)
    page.get_by_role("button", name="Dien de aanvraag in").click()
    assert page.get_by_text("De aanvraag is ingediend.").is_visible()
    print(f"answers to file an aanvraag: {answers}, and 1 tap")
    assert answers <= REQUIRED


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_brother_or_sister_comes_along_with_three_answers_more(mijn: Callable[..., Page], js: bool) -> None:
    page = mijn("/aanvragen/nieuw", js=js)
    answers = fill_in(page, f"B-2{js}") + fill_in_shared(page)
    page.get_by_role("button", name="Nog een broer of zus").click()
    page.locator("[name='kinderen.1.kenmerk']").wait_for()
    assert page.locator("[name='kinderen.0.kenmerk']").input_value() == f"B-2{js}"
    answers += fill_in(page, f"B-3{js}", 1)
    page.get_by_role("button", name="Dien de aanvragen in").click()
    assert page.get_by_role("link", name=f"B-3{js}").is_visible()
    print(f"answers to file two: {answers}, and 2 taps")
    assert answers == REQUIRED + 3


def test_a_draft_is_kept_by_itself_and_found_again(mijn: Callable[..., Page]) -> None:
    page = mijn("/aanvragen/nieuw")
    page.locator("[name='kinderen.0.kenmerk']").fill("B-4")
    page.get_by_text("Bewaard om").wait_for(timeout=15_000)
    again = mijn()
    again.get_by_role("link", name="Ga verder").click()
    assert again.locator("[name='kinderen.0.kenmerk']").input_value() == "B-4"


def test_a_withdrawn_aanvraag_is_closed_and_says_so(mijn: Callable[..., Page]) -> None:
    page = mijn("/aanvragen/nieuw")
    fill_in(page, "B-5")
    fill_in_shared(page)
    page.get_by_role("button", name="Dien de aanvraag in").click()
    page.get_by_text("Trek de aanvraag in").click()
    page.get_by_label("Waarom trekt u de aanvraag in?").fill("Het kind kan naar oma")
    page.get_by_role("button", name="Trek in").click()
    assert page.get_by_role("heading", name="Ingetrokken").is_visible()


STATES = ("list", "new", "two children", "one")


@pytest.fixture
def state(mijn: Callable[..., Page]) -> Callable[..., Page]:
    def open_state(name: str, **how: object) -> Page:
        if name == "list":
            return mijn(**how)
        if name == "one":
            page = mijn(**how)
            page.locator("article h2 a").first.click()
            return page
        page = mijn("/aanvragen/nieuw", **how)
        if name == "two children":
            page.get_by_role("button", name="Nog een broer of zus").click()
            page.locator("[name='kinderen.1.kenmerk']").wait_for()
        return page

    return open_state


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_screen_of_a_verwijzer_has_an_accessibility_violation(
    state: Callable[..., Page], axe: Callable[[Page], list[str]], name: str, scheme: str
) -> None:
    for width in (1280, 320):
        page = state(name, width=width, scheme=scheme)
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        assert axe(page) == []
        assert sideways(page) == ""


def test_every_screen_of_a_verwijzer_is_valid_html(
    state: Callable[..., Page], vnu: Callable[[dict[str, str]], list[str]]
) -> None:
    sources = {}
    for name in STATES:
        page = state(name)
        sources[name.replace(" ", "-")] = page.request.get(page.url).text()
    wrong = {"aantal": "1", "kinderen.0.kenmerk": "Een kenmerk dat te lang is om te mogen, zegt het loket"}
    sources["wrong"] = page.request.post("/aanvragen/nieuw", form=wrong).text()
    assert "Er klopt iets niet" in sources["wrong"]
    assert vnu(sources) == []


def test_the_form_needs_no_mouse(mijn: Callable[..., Page]) -> None:
    """With Tab from the first question to the last button, and always visible where you are."""
    page = mijn("/aanvragen/nieuw")
    page.locator("[name='kinderen.0.kenmerk']").focus()
    for _ in range(150):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert float(outline.removesuffix("px")) >= 2, page.evaluate("document.activeElement.outerHTML")
        if page.evaluate("document.activeElement.textContent.includes('Dien de aanvraag in')"):
            return
    raise AssertionError("Tab does not reach the button")


@pytest.mark.parametrize(
    ("name", "file", "how"),
    [
        ("list", "verwijzer-mijn", {"height": 1000}),
        ("new", "verwijzer-nieuw", {"height": 1400}),
        ("one", "verwijzer-aanvraag", {"height": 1400}),
        ("new", "verwijzer-nieuw-telefoon", {"width": 360, "height": 1200}),
        ("one", "verwijzer-aanvraag-telefoon", {"width": 360, "height": 1200, "scheme": "dark"}),
    ],
)
def test_screenshots_of_a_verwijzer(state: Callable[..., Page], name: str, file: str, how: dict[str, object]) -> None:
    SCHERMEN.mkdir(exist_ok=True)
    state(name, **how).screenshot(path=SCHERMEN / f"{file}.png")
    assert (SCHERMEN / f"{file}.png").stat().st_size > 10_000
