"""What a verwijzer does, in Chromium: file in a few answers, follow, record papers, withdraw."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from service.days import AMSTERDAM
from tests.browser.conftest import SCHERMEN, Site, Visit
from tests.browser.looking import Counted, counted, tab_to, type_date

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


def fill_in(page: Page, kenmerk: str, number: int = 0, counting: Counted | None = None) -> None:
    """All that is required of one child."""
    to = counting or Counted(page, "")
    to.fill(page.locator(f"[name='kinderen.{number}.kenmerk']"), kenmerk)
    to.fill(page.locator(f"[name='kinderen.{number}.leeftijdJaren']"), "9")
    to.choose(page.locator(f"[name='kinderen.{number}.geslacht']"), value="meisje")


def fill_in_shared(page: Page, counting: Counted | None = None) -> None:
    to, today = counting or Counted(page, ""), datetime.now(AMSTERDAM).date()
    shared = {"huidigVerblijf": "thuis", "gemeenteCode": "0402", "juridischKader": "ots", "perspectief": "langdurig"}
    for name, value in shared.items():
        to.choose(page.locator(f"[name={name}]"), value=value)
    to.fill(page.locator("[name=pc4]"), "1211")
    to.fill(page.locator("[name=gewensteStart]"), str(today))
    to.fill(page.locator("[name=uiterlijkeDatum]"), str(today + timedelta(days=60)))
    to.check(page.get_by_label("Gezinshuis", exact=True))
    to.check(page.locator("[name=urgentie][value=regulier]"))


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_an_aanvraag_is_filed_with_twelve_answers_and_one_tap(mijn: Callable[..., Page], js: bool) -> None:
    page = mijn("/aanvragen/nieuw", js=js)
    with counted(page, "een aanvraag indienen") as journey:
        fill_in(page, f"B-1{js}", counting=journey)
        fill_in_shared(page, journey)
        journey.tap(page.get_by_role("button", name="Dien de aanvraag in"))
        page.get_by_text("De aanvraag is ingediend.").wait_for()
    assert journey.answers <= REQUIRED and journey.taps == 1


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_brother_or_sister_comes_along_with_three_answers_more(mijn: Callable[..., Page], js: bool) -> None:
    page = mijn("/aanvragen/nieuw", js=js)
    with counted(page, "twee aanvragen voor broer en zus indienen") as journey:
        fill_in(page, f"B-2{js}", counting=journey)
        fill_in_shared(page, journey)
        journey.tap(page.get_by_role("button", name="Nog een broer of zus"))
        page.locator("[name='kinderen.1.kenmerk']").wait_for()
        assert page.locator("[name='kinderen.0.kenmerk']").input_value() == f"B-2{js}"
        fill_in(page, f"B-3{js}", 1, journey)
        journey.tap(page.get_by_role("button", name="Dien de aanvragen in"))
        page.get_by_role("link", name=f"B-3{js}").wait_for()
    assert (journey.answers, journey.taps) == (REQUIRED + 3, 2)


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
    page.get_by_role("heading", name="Ingetrokken").wait_for()


STATES = ("list", "new", "two children", "refused", "one", "nothing filed")


@pytest.fixture
def state(mijn: Callable[..., Page], request: pytest.FixtureRequest) -> Callable[..., Page]:
    def open_state(name: str, **how: object) -> Page:
        if name == "list":
            return mijn(**how)
        if name == "nothing filed":
            return mijn(at=request.getfixturevalue("empty_site"), **how)
        if name == "one":
            page = mijn(**how)
            page.locator("article h2 a").first.click()
            return page
        page = mijn("/aanvragen/nieuw", **how)
        if name == "two children":
            page.get_by_role("button", name="Nog een broer of zus").click()
            page.locator("[name='kinderen.1.kenmerk']").wait_for()
        if name == "refused":
            page.locator("form[data-draft]").evaluate("f => { f.noValidate = true }")
            page.get_by_role("button", name="Dien de aanvraag in").click()
            page.locator("#fouten").wait_for()
            assert page.locator("[aria-invalid=true]").count() >= 8
        return page

    return open_state


@pytest.mark.parametrize("name", STATES)
def test_each_state_is_accessible_and_fits(
    state: Callable[..., Page], wrong_with: Callable[..., list[str]], name: str
) -> None:
    assert wrong_with(state(name)) == []


def test_every_screen_of_a_verwijzer_is_valid_html(
    state: Callable[..., Page], vnu: Callable[[dict[str, str]], list[str]]
) -> None:
    sources = {}
    for name in [name for name in STATES if name != "refused"]:
        page = state(name, js=False)
        sources[name.replace(" ", "-")] = page.request.get(page.url).text()
    wrong = {"aantal": "1", "kinderen.0.kenmerk": "Een kenmerk dat te lang is om te mogen, zegt het loket"}
    sources["wrong"] = page.request.post("/aanvragen/nieuw", form=wrong).text()
    assert "Er klopt iets niet" in sources["wrong"]
    assert vnu(sources) == []


def test_an_aanvraag_is_filed_without_a_mouse(mijn: Callable[..., Page]) -> None:
    """From the list, with Tab, letters, arrows, the space bar and Enter, and always visible where one is."""
    page = mijn()
    tab_to(page, page.get_by_role("link", name="Nieuwe aanvraag").first)
    page.keyboard.press("Enter")
    page.wait_for_url("**/aanvragen/nieuw")
    today = datetime.now(AMSTERDAM).date()
    for name, typed in (
        ("kinderen.0.kenmerk", "B-6"),
        ("kinderen.0.leeftijdJaren", "9"),
        ("kinderen.0.geslacht", "Meisje"),
        ("huidigVerblijf", "Thuis"),
        ("pc4", "1211"),
        ("gemeenteCode", "Hilv"),
        ("juridischKader", "OTS"),
        ("zorgvormen", " "),
        ("perspectief", "Lang"),
        ("gewensteStart", today),
        ("uiterlijkeDatum", today + timedelta(days=60)),
        ("urgentie", ""),
    ):
        tab_to(page, f"[name='{name}']", most=60)
        if isinstance(typed, date):
            type_date(page, typed)
        else:
            page.keyboard.type(typed)
    page.keyboard.press("ArrowUp")  # from the first of the three to the last: regulier
    tab_to(page, page.get_by_role("button", name="Dien de aanvraag in"))
    page.keyboard.press("Enter")
    page.locator("#fouten").or_(page.get_by_text("De aanvraag is ingediend.")).first.wait_for()
    assert page.locator("#fouten").all_inner_texts() == []


def test_an_aanvraag_is_found_again_and_withdrawn_without_a_mouse(mijn: Callable[..., Page]) -> None:
    page = mijn("/aanvragen/nieuw")
    fill_in(page, "B-7")
    fill_in_shared(page)
    page.get_by_role("button", name="Dien de aanvraag in").click()
    page.get_by_text("De aanvraag is ingediend.").wait_for()
    page.goto("/mijn-aanvragen")
    tab_to(page, page.get_by_role("link", name="B-7"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/mijn-aanvragen/*")
    tab_to(page, page.locator("summary", has_text="Trek de aanvraag in"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Waarom trekt u de aanvraag in?"), most=3)
    page.keyboard.type("Het kind kan naar oma")
    tab_to(page, page.get_by_role("button", name="Trek in"), most=3)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Ingetrokken").wait_for()


@pytest.mark.parametrize(
    ("name", "file", "how"),
    [
        ("list", "verwijzer-mijn", {"height": 1000}),
        ("new", "verwijzer-nieuw", {"height": 1400}),
        ("one", "verwijzer-aanvraag", {"height": 1400}),
        ("new", "verwijzer-nieuw-telefoon", {"width": 360, "height": 1200}),
    ],
)
def test_screenshots_of_a_verwijzer(state: Callable[..., Page], name: str, file: str, how: dict[str, object]) -> None:
    SCHERMEN.mkdir(exist_ok=True)
    state(name, **how).screenshot(path=SCHERMEN / f"{file}.png")
    assert (SCHERMEN / f"{file}.png").stat().st_size > 10_000
