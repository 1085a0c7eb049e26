"""The joint plan in a browser: asked for, followed live, looked at pair by pair, changed, reckoned again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import SCHERMEN, Site, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

SIDEWAYS = "document.documentElement.scrollWidth - innerWidth"
UNFOLD = "document.querySelectorAll('details').forEach(d => { d.open = true })"
REGIO = "gooi-en-vechtstreek"


def made(visit: Visit) -> str:
    """Path of a plan that was asked for on the page and is ready."""
    page = visit("/plannen")
    page.get_by_role("button", name="Maak het plan").click()
    page.locator("#bord").wait_for(timeout=60_000)
    path = page.url.removeprefix(page.url.partition("/plannen")[0])
    page.context.close()
    return path


@pytest.fixture(scope="session")
def ask_for_advice(site: Site) -> None:
    """The region asks which plekken had better stay free."""
    site.sql(
        "insert into instelling (regio, sleutel, waarde, bron) values"
        f" ('{REGIO}', 'vrijhouden_advies', '{{\"aan\": true, \"punten\": 10}}', 'browsertest')"
        " on conflict (regio, sleutel) do update set waarde = excluded.waarde"
    )


@pytest.fixture
def plan(visit: Visit, ask_for_advice: None) -> str:
    return made(visit)


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
    assert page.get_by_text(re.compile(r"Klaar: \d+ van de \d+ aanvragen met een plek")).is_visible()
    assert page.locator("[data-stream]").count() == 0
    assert page.locator("#live-status").is_hidden()


def test_a_plan_is_made_and_looked_at_without_javascript(visit: Visit) -> None:
    page = visit("/plannen", js=False)
    page.get_by_role("button", name="Maak het plan").click()
    for _ in range(500):
        if page.locator("#bord").count():
            break
        page.get_by_role("link", name="Kijk opnieuw hoe ver het is").click()
    page.locator("#bord tbody th a").first.click()
    page.get_by_role("heading", name="Waar dit kind ook past").wait_for()


def test_a_pair_is_accepted_sent_and_taken_back(visit: Visit, plan: str, capsys: pytest.CaptureFixture[str]) -> None:
    """From the board: open the pair, accept, send. Nothing is sent unseen."""
    page, clicks = visit(f"{plan}?toon=te-doen"), 0

    def click(role: str, name: str) -> None:
        nonlocal clicks
        clicks += 1
        page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]
        page.wait_for_load_state()

    page.locator("#bord tbody th a").first.click()
    clicks += 1
    click("button", "Akkoord: zet het voorstel klaar")
    assert page.get_by_text("Het voorstel staat klaar. De aanbieder ziet het pas").is_visible()
    click("button", "Verstuur het voorstel")
    assert page.get_by_text("Het voorstel is verstuurd.").is_visible()
    with capsys.disabled():
        print(f"\nvan het bord tot een verstuurd voorstel: {clicks} klikken")
    page.get_by_role("button", name="Maak ongedaan").click()
    assert page.get_by_text("Het voorstel is ingetrokken.").is_visible()


def test_several_are_accepted_at_once_from_the_board(visit: Visit, plan: str) -> None:
    page = visit(f"{plan}?toon=te-doen")
    for box in page.get_by_role("checkbox", name="akkoord").all()[:2]:
        box.check()
    page.get_by_role("button", name="Zet voorstellen klaar").click()
    assert page.get_by_text("De voorstellen staan klaar.").is_visible()
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


@pytest.mark.parametrize(("scheme", "contrast"), [("light", None), ("dark", None), ("light", "more")])
def test_no_state_has_an_accessibility_violation(
    visit: Visit,
    states: dict[str, str],
    axe: Callable[[Page], list[str]],
    scheme: str,
    contrast: str | None,
) -> None:
    """Wide and at 320 px, with everything folded out; nothing sticks out."""
    wrong = []
    for name, path in states.items():
        for width in (1280, 320):
            page = visit(path, width=width, scheme=scheme, contrast=contrast)
            page.evaluate(UNFOLD)
            wrong += [f"{name} at {width}: {violation}" for violation in axe(page)]
            if page.evaluate(SIDEWAYS) > 0:
                wrong.append(f"{name} at {width}: {page.evaluate(SIDEWAYS)} px sideways")
            page.context.close()
    assert wrong == []


def test_a_region_without_plans_has_no_violation(
    visit: Visit, empty_site: Site, axe: Callable[[Page], list[str]]
) -> None:
    page = visit("/plannen", at=empty_site)
    assert page.get_by_text("Er is nog geen plan gemaakt.").is_visible()
    assert axe(page) == []


def test_every_state_is_valid_html(
    visit: Visit, states: dict[str, str], vnu: Callable[[dict[str, str]], list[str]]
) -> None:
    page = visit("/plannen")
    assert vnu({name: page.request.get(path).text() for name, path in states.items()}) == []


def test_screenshots_for_the_documents(visit: Visit, states: dict[str, str]) -> None:
    SCHERMEN.mkdir(exist_ok=True)
    for name in ("plan-lijst", "plan-bezig", "plan", "plan-zonder", "plan-regel", "plan-regel-zonder"):
        page = visit(states[name], width=1280, height=1200)
        page.screenshot(path=SCHERMEN / f"schakel-{name}.png")
    for name, width in (("bord", 1280), ("telefoon", 360)):
        page = visit(f"{states['plan']}?toon=te-doen", width=width, height=1000)
        box = page.locator("#bord").bounding_box()
        assert box is not None
        clip = {"x": 0.0, "y": box["y"] - 8, "width": float(width), "height": 1000.0}
        page.screenshot(path=SCHERMEN / f"schakel-plan-{name}.png", full_page=True, clip=clip)  # type: ignore[arg-type]
