"""The schakelfunctionaris in a browser: the work list, an aanvraag, from a plek the other way; steps counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import SCHERMEN, Site, Visit
from tests.browser.looking import counted, tab_to, unfold

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser


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
def test_from_opening_an_aanvraag_to_a_sent_voorstel_and_back(visit: Visit, ranked: str, js: bool) -> None:
    """At most three clicks, the one that opens it counted; and one more takes it back."""
    page = visit("/?urgentie=regulier", js=js)

    def button(name: str) -> Locator:
        return page.get_by_role("button", name=name).first

    with counted(page, "van de werklijst tot een verstuurd voorstel") as journey:
        journey.tap(page.locator(f"a[href='{ranked}']"))
        journey.tap(button("Stel voor"))
        page.get_by_text("Het voorstel is verstuurd.").wait_for()
    assert journey.taps <= 3
    button("Maak ongedaan").click()
    page.get_by_text("Het voorstel is ingetrokken.").wait_for()
    with counted(page, "een plek vasthouden en weer loslaten") as journey:
        journey.tap(button("Houd vast"))
        page.get_by_text("De plek is vastgehouden.").wait_for()
        journey.tap(button("Maak ongedaan"))
        page.get_by_text("De plek is weer vrij.").wait_for()
    assert journey.taps == 2


def test_a_plek_is_proposed_and_taken_back_without_a_mouse(visit: Visit, ranked: str) -> None:
    """After each form one stands at what it says, with the way back beside it."""
    page = visit(ranked)
    tab_to(page, page.get_by_role("button", name="Stel voor").first)
    page.keyboard.press("Enter")
    page.get_by_text("Het voorstel is verstuurd.").wait_for()
    tab_to(page, page.get_by_role("button", name="Maak ongedaan").first, most=30)
    page.keyboard.press("Enter")
    page.get_by_text("Het voorstel is ingetrokken.").wait_for()


def test_the_work_list_needs_no_mouse(visit: Visit) -> None:
    """? shows the keys, j and k go up and down, Enter opens, u goes back."""
    page = visit("/")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Toetsen").wait_for()
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
    page.get_by_role("heading", name="Naast elkaar").wait_for()
    assert page.locator(".compare thead th").count() == 2


@pytest.fixture
def refused(visit: Visit, ranked: str) -> Page:
    """An aanvraag of which a form came back: an opschaling without why."""
    page = visit(ranked)
    unfold(page)
    form = page.locator("form", has=page.locator("#opschaling-tafel"))
    form.evaluate("f => f.querySelectorAll('[required]').forEach(e => e.removeAttribute('required'))")
    form.get_by_role("button", name="Schaal op").click()
    page.locator("#fouten").wait_for()
    assert page.locator("[aria-invalid=true]").count() == 1
    return page


def test_each_state_is_accessible_and_fits(
    visit: Visit, states: dict[str, str], refused: Page, wrong_with: Callable[..., list[str]]
) -> None:
    wrong = [f"geweigerd, {found}" for found in wrong_with(refused)]
    # The work list, an aanvraag and what does not fit: test_screens.py.
    for name in ("werklijst-vandaag", "werklijst-leeg", "aanvraag-watals", "kinderen"):
        page = visit(states[name])
        wrong += [f"{name}, {found}" for found in wrong_with(page)]
        page.context.close()
    assert wrong == []


def test_every_state_is_valid_html(
    visit: Visit, states: dict[str, str], vnu: Callable[[dict[str, str]], list[str]]
) -> None:
    page = visit("/start")
    assert vnu({name: page.request.get(path).text() for name, path in states.items()}) == []


def test_screenshots_for_the_documents(visit: Visit, states: dict[str, str], young: str) -> None:
    SCHERMEN.mkdir(exist_ok=True)
    for name in ("werklijst", "aanvraag", "niets-past", "kinderen"):
        visit(states[name], width=1280, height=1200).screenshot(path=SCHERMEN / f"schakel-{name}.png")
    page = visit(f"{young}?{states['aanvraag-watals'].partition('?')[2]}")
    page.get_by_role("region", name="Nu en zo, naast elkaar").screenshot(path=SCHERMEN / "schakel-aanvraag-watals.png")
    page = visit(states["werklijst"], width=360, height=1000)
    page.screenshot(path=SCHERMEN / "schakel-werklijst-telefoon.png")
    page = visit(states["aanvraag"], width=1280, height=1000)
    page.locator(".place-row summary").first.click()
    page.locator(".places-table").screenshot(path=SCHERMEN / "schakel-plekken.png")
