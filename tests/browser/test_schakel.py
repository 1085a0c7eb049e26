"""The schakelfunctionaris in a browser: the work list, an aanvraag, from a plek the other way; steps counted."""

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


@pytest.fixture(scope="session")
def plek(site: Site) -> str:
    """Path of the children for a plek that is free."""
    found = site.sql(
        "select p.id from plek p join voorziening v on v.id = p.voorziening_id"
        " join zorgvorm z on z.regio = v.regio and z.code = v.zorgvorm and z.rangschikbaar"
        " where p.regio = 'gooi-en-vechtstreek' and p.beschikbaarheid = 'bemenst' and not exists"
        " (select from bezetting b where b.plek_id = p.id and b.vrijgegeven_op is null and upper(b.periode) > now())"
        " order by v.zorgvorm <> 'gezinshuis', p.id limit 1"
    )
    return f"/plekken/{found[0]}/kinderen"


@pytest.fixture(scope="session")
def young(site: Site) -> str:
    """Path of an aanvraag of a child for which there are many places."""
    found = site.sql(
        "select id from aanvraag where regio = 'gooi-en-vechtstreek' and urgentie = 'regulier' and"
        " status in ('ingediend', 'in_behandeling') and samenplaatsing_id is null and 'gezinshuis' = any (zorgvormen)"
        " order by abs(leeftijd_maanden - 110), nummer limit 1"
    )
    return f"/aanvragen/{found[0]}"


@pytest.fixture
def states(ranked: str, nothing_fits: str, plek: str) -> dict[str, str]:
    """Name → path of each state of these pages."""
    return {
        "werklijst": "/",
        "werklijst-vandaag": "/?vandaag=true&volgorde=termijn",
        "werklijst-leeg": "/?beurt=verwijzer&urgentie=crisis&eigen=true&vandaag=true",
        "aanvraag": ranked,
        "aanvraag-watals": f"{ranked}?watals=true&later=28&ook=residentieel&ook=pleegzorg-opvoeding"
        "&gewicht_afstand=60&gewicht_wachttijd=5&gewicht_huiselijkheid=35",
        "niets-past": nothing_fits,
        "kinderen": plek,
    }


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_from_opening_an_aanvraag_to_a_sent_voorstel_and_back(
    visit: Visit, ranked: str, js: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """At most three clicks; and one more takes it back."""
    page, clicks = visit(ranked, js=js), 0

    def click(name: str) -> None:
        nonlocal clicks
        clicks += 1
        page.get_by_role("button", name=name).first.click()
        page.wait_for_load_state()

    click("Stel voor")
    assert page.get_by_text("Het voorstel is verstuurd.").is_visible()
    assert clicks <= 3
    with capsys.disabled():
        print(f"\nvan een open aanvraag tot een verstuurd voorstel: {clicks} klik")
    click("Maak ongedaan")
    assert page.get_by_text("Het voorstel is ingetrokken.").is_visible()
    click("Houd vast")
    assert page.get_by_text("De plek is vastgehouden.").is_visible()
    click("Maak ongedaan")
    assert page.get_by_text("De plek is weer vrij.").is_visible()


def test_the_work_list_needs_no_mouse(visit: Visit) -> None:
    """? shows the keys, j and k go up and down, Enter opens, u goes back."""
    page = visit("/")
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Toetsen").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.locator("tbody tr th a").nth(1)
    assert second.evaluate("e => e === document.activeElement")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/aanvragen/*")
    page.keyboard.press("u")
    page.wait_for_url(re.compile(r"/$"))
    page.keyboard.press("2")
    page.wait_for_url("**/?vandaag=true")


def test_places_are_put_beside_each_other(visit: Visit, ranked: str) -> None:
    page = visit(ranked)
    for box in page.get_by_role("checkbox", name="vergelijk").all()[:2]:
        box.check()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Zet de aangevinkte plekken naast elkaar").click()
    assert page.get_by_role("heading", name="Naast elkaar").is_visible()
    assert page.locator(".compare thead th").count() == 2


def test_another_loket_sees_a_held_plek_without_loading_again(visit: Visit, ranked: str) -> None:
    one, other = visit(ranked), visit(ranked)
    one.get_by_role("button", name="Houd vast").first.click()
    other.locator("#lopend").get_by_text("vastgehouden vanaf").wait_for(timeout=5000)
    one.get_by_role("button", name="Maak ongedaan").click()
    other.get_by_text("Er is nog geen plek vastgehouden").wait_for(timeout=5000)


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


def test_every_state_is_valid_html(
    visit: Visit, states: dict[str, str], vnu: Callable[[dict[str, str]], list[str]]
) -> None:
    page = visit("/")
    assert vnu({name: page.request.get(path).text() for name, path in states.items()}) == []


def test_screenshots_for_the_documents(visit: Visit, states: dict[str, str], young: str) -> None:
    SCHERMEN.mkdir(exist_ok=True)
    for name, path in states.items():
        page = visit(path, width=1280, height=1200)
        page.screenshot(path=SCHERMEN / f"schakel-{name}.png")
    page = visit(f"{young}?{states['aanvraag-watals'].partition('?')[2]}")
    page.get_by_role("region", name="Nu en zo, naast elkaar").screenshot(path=SCHERMEN / "schakel-aanvraag-watals.png")
    for name in ("werklijst", "aanvraag"):
        page = visit(states[name], width=360, height=1000)
        page.screenshot(path=SCHERMEN / f"schakel-{name}-telefoon.png")
    page = visit(states["aanvraag"], width=1280, height=1000)
    page.locator(".place-row summary").first.click()
    page.locator(".places-table").screenshot(path=SCHERMEN / "schakel-plekken.png")
