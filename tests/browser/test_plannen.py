"""The joint plan in a browser: asked for, followed live, looked at pair by pair, changed, reckoned again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import SCHERMEN, Site, Visit
from tests.browser.looking import counted

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

REGIO = "gooi-en-vechtstreek"


@pytest.fixture(scope="session")
def ask_for_advice(site: Site) -> None:
    """The region asks which plekken had better stay free."""
    site.sql(
        "insert into instelling (regio, sleutel, waarde, bron) values"
        f" ('{REGIO}', 'vrijhouden_advies', '{{\"aan\": true, \"punten\": 10}}', 'browsertest')"
        " on conflict (regio, sleutel) do update set waarde = excluded.waarde"
    )


@pytest.fixture(scope="module")
def plan(browser: Browser, site: Site, ask_for_advice: None) -> str:
    """Path of a plan that was asked for on the page and is ready. One for all: who changes it, changes it back."""
    page = browser.new_page(base_url=site.address)
    page.request.get(site.links["schakelfunctionaris"])
    page.goto("/plannen")
    page.get_by_role("button", name="Maak het plan").click()
    page.locator("#bord").wait_for(timeout=60_000)
    path = urlsplit(page.url).path
    page.close()
    return path


@pytest.fixture(scope="session")
def busy(site: Site) -> str:
    """Path of a plan that somebody is making: nothing comes of it any more."""
    found = site.sql(
        "insert into plan (regio, gebruiker_id, seconden, zaad, behoud, aangemaakt_op, gestart_op, status, niveaus)"
        f" select '{REGIO}', id, 30, 0, 0.001, now() - interval '1 year', now(), 'bezig',"
        ' \'[{"niveau": "crisis", "waarde": 3, "beste": 3, "grens": 3},'
        ' {"niveau": "regulier", "waarde": 12, "beste": 12, "grens": 19}]\''
        f" from gebruiker where regio = '{REGIO}' and rol = 'schakelfunctionaris' limit 1 returning id"
    )
    return f"/plannen/{found[0]}"


def line(page: Page, toon: str) -> str:
    """Path of the first line of a board."""
    page.goto(page.url.partition("?")[0].partition("#")[0] + f"?toon={toon}")
    return page.locator("#bord tbody th a").first.get_attribute("href") or ""


def test_a_plan_is_followed_live_until_it_is_there(visit: Visit) -> None:
    """Without loading the page again: a mark in the window stays."""
    page = visit("/plannen")
    page.get_by_role("button", name="Maak het plan").click()
    page.evaluate("window.mark = 1")
    page.locator("#bord").wait_for(timeout=60_000)
    assert page.evaluate("window.mark") == 1
    page.get_by_text(re.compile(r"Klaar: \d+ van de \d+ aanvragen met een plek")).wait_for()
    assert page.locator("[data-stream]").count() == 0
    assert page.locator("#live-status").is_hidden()


def test_a_plan_is_made_and_looked_at_without_javascript(visit: Visit) -> None:
    page = visit("/plannen", js=False)
    page.get_by_role("button", name="Maak het plan").click()
    board, again = page.locator("#bord"), page.get_by_role("link", name="Kijk opnieuw hoe ver het is")
    for _ in range(500):
        board.or_(again).first.wait_for()
        if board.count():
            break
        again.click()
    page.locator("#bord tbody th a").first.click()
    page.get_by_role("heading", name="Waar dit kind ook past").wait_for()


def test_a_pair_is_accepted_sent_and_taken_back(visit: Visit, plan: str) -> None:
    """From the board: open the pair, accept, send. Nothing is sent unseen."""
    page = visit(f"{plan}?toon=te-doen")
    with counted(page, "van het bord tot een verstuurd voorstel") as journey:
        journey.tap(page.locator("#bord tbody th a").first)
        journey.tap(page.get_by_role("button", name="Akkoord: zet het voorstel klaar"))
        page.get_by_text("Het voorstel staat klaar. De aanbieder ziet het pas").wait_for()
        journey.tap(page.get_by_role("button", name="Verstuur het voorstel"))
        page.get_by_text("Het voorstel is verstuurd.").wait_for()
    assert journey.taps == 3
    page.get_by_role("button", name="Maak ongedaan").click()
    page.get_by_text("Het voorstel is ingetrokken.").wait_for()


def test_several_are_accepted_at_once_from_the_board(visit: Visit, plan: str) -> None:
    page = visit(f"{plan}?toon=te-doen")
    for box in page.get_by_role("checkbox", name="akkoord").all()[:2]:
        box.check()
    page.get_by_role("button", name="Zet voorstellen klaar").click()
    page.get_by_text("De voorstellen staan klaar.").wait_for()
    assert page.get_by_role("link", name="Bekijk en verstuur").count() >= 2
    for _ in range(2):
        page.get_by_role("link", name="Bekijk en verstuur").first.click()
        page.get_by_role("button", name="Trek in").first.click()
        page.goto(plan)


def test_the_board_needs_no_mouse(visit: Visit, plan: str) -> None:
    """Through the lines with j, into one with Enter, to the next with n; fixed by typing why, u goes back, r on."""
    page = visit(plan)
    page.keyboard.press("2")
    page.wait_for_url("**toon=te-doen**")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/regels/**")
    first = page.url
    page.keyboard.press("n")
    page.wait_for_url(lambda url: url != first)
    page.get_by_label("Waarom", exact=True).focus()
    page.keyboard.type("Dicht bij school.")
    page.keyboard.press("Enter")
    page.get_by_text("Dit staat vast. Een nieuw plan laat het zo.").wait_for()
    page.keyboard.press("u")
    page.wait_for_url(re.compile(r"/plannen/[0-9a-f-]+(\?[^/]*)?(#.*)?$"))
    page.locator("#bord").wait_for()
    page.keyboard.press("r")
    page.wait_for_url(lambda url: plan not in url)
    page.get_by_text(re.compile(r"Wat u zelf vastzette of verbood, en wat dat kost \(\d+\)")).wait_for(timeout=60_000)
    page.locator("th", has_text="Vorig plan").wait_for(state="attached")


def test_a_child_is_forbidden_and_the_next_plan_shows_the_difference(visit: Visit, plan: str) -> None:
    page = visit(f"{plan}?toon=te-doen")
    page.locator("#bord tbody .decide summary").first.click()
    page.locator("#bord tbody .decide input[name=reden]").first.fill("Wil daar niet wonen.")
    page.get_by_role("button", name="Hier niet").first.click()
    page.get_by_text("Een nieuw plan zet dit kind daar niet meer.").wait_for()
    page.get_by_role("button", name="Reken opnieuw").click()
    page.get_by_text("of nu wel of geen plek.").wait_for(timeout=60_000)
    page.keyboard.press("3")
    page.locator("#bord .mark-text", has_text="Was:").first.wait_for()
    page.screenshot(path=SCHERMEN / "schakel-plan-verschil.png", full_page=True)


@pytest.fixture
def states(visit: Visit, plan: str, busy: str) -> dict[str, str]:
    """Name → path of each state of these pages."""
    page = visit(plan)
    return {
        "plan-lijst": "/plannen",
        "plan-bezig": busy,
        "plan": plan,
        "plan-zonder": f"{plan}?toon=zonder",
        "plan-leeg": f"{plan}?toon=besloten",
        "plan-regel": line(page, "te-doen"),
        "plan-regel-zonder": line(page, "zonder"),
    }


def test_each_state_is_accessible_and_fits(
    visit: Visit, states: dict[str, str], empty_site: Site, wrong_with: Callable[..., list[str]]
) -> None:
    none = visit("/plannen", at=empty_site)
    none.get_by_text("Er is nog geen plan gemaakt.").wait_for()
    wrong = [f"none, {found}" for found in wrong_with(none)]
    for name, path in states.items():
        page = visit(path)
        wrong += [f"{name}, {found}" for found in wrong_with(page)]
        page.context.close()
    assert wrong == []


def test_every_state_is_valid_html(
    visit: Visit, states: dict[str, str], vnu: Callable[[dict[str, str]], list[str]]
) -> None:
    page = visit("/start")
    assert vnu({name: page.request.get(path).text() for name, path in states.items()}) == []


def test_screenshots_for_the_documents(visit: Visit, states: dict[str, str]) -> None:
    SCHERMEN.mkdir(exist_ok=True)
    for name in ("plan", "plan-regel", "plan-regel-zonder"):
        page = visit(states[name], width=1280, height=1200)
        page.screenshot(path=SCHERMEN / f"schakel-{name}.png")
    page = visit(f"{states['plan']}?toon=te-doen", height=1000)
    box = page.locator("#bord").bounding_box()
    assert box is not None
    clip = {"x": 0.0, "y": box["y"] - 8, "width": 1280.0, "height": 1000.0}
    page.screenshot(path=SCHERMEN / "schakel-plan-bord.png", full_page=True, clip=clip)  # type: ignore[arg-type]
