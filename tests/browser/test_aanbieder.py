"""The screens of an aanbieder in Chromium: on a phone, with one thumb, and while others do their work."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.browser.conftest import SCHERMEN, Site, Visit
from tests.browser.test_screens import sideways

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 780, "rol": "aanbieder"}


@pytest.fixture
def ask(site: Site, visit: Visit) -> Callable[[], str]:
    """`ask()`: the loket sends a voorstel to the aanbieder, as the API does it; its path."""
    loket = visit("/")
    visit("/start", rol="aanbieder")
    mine = site.sql(
        "select g.aanbieder_id from sessie s join gebruiker g on g.id = s.gebruiker_id"
        " where g.rol = 'aanbieder' order by s.begonnen_op desc limit 1"
    )[0]

    headers = {"Origin": site.address}

    def send() -> str:
        # A plek of its own, and the first child for whom the rules let it be proposed.
        huis, start = site.sql(
            f"select id::text from voorziening where aanbieder_id = '{mine}' and not gesloten limit 1"
        ) + site.sql("select (current_date + 3)::text")
        plek = loket.request.post(
            "/v1/plekken", data={"voorzieningId": huis, "naam": f"Proef {uuid4().hex[:6]}"}, headers=headers
        ).json()["id"]
        kinderen = site.sql(
            "select a.id from aanvraag a join voorziening v on v.regio = a.regio"
            f" where v.id = '{huis}' and a.status in ('ingediend', 'in_behandeling') and a.samenplaatsing_id is null"
            " order by v.zorgvorm = any (a.zorgvormen) desc, random() limit 40"
        )
        answers = []
        for kind in kinderen:
            body = {"plekken": [{"aanvraagId": kind, "plekId": plek}], "van": start, "toelichting": "Dichtbij school."}
            body["afwijking"] = "Het loket belde hierover."
            made = loket.request.post("/v1/voorstellen", data=body, headers=headers)
            if made.status == 201:
                path = f"/voorstellen/{made.json()[0]['id']}"
                made = loket.request.post(f"/v1{path}/stappen", data={"stap": "verzend"}, headers=headers)
                if made.status == 200:
                    return path
            answers.append(made.text())
        raise AssertionError(answers[-3:])

    return send


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_everything_is_confirmed_with_one_tap(visit: Visit, js: bool) -> None:
    page = visit("/", js=js, **PHONE)
    assert page.url.endswith("/plekken")
    page.get_by_role("button", name="Alles klopt nog").click()
    assert "Het loket weet nu weer wat er vrij is." in page.get_by_role("status").last.inner_text()
    print("\nconfirm all places: 1 tap")


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
@pytest.mark.parametrize("answer", ["Ja, dit kan", "Er is geen personeel"])
def test_a_voorstel_is_answered_in_two_taps(visit: Visit, ask: Callable[[], str], js: bool, answer: str) -> None:
    path = ask()
    page = visit("/voorstellen", js=js, **PHONE)
    taps = 0
    page.locator(f"a[href='{path}']").click()
    taps += 1
    page.get_by_role("button", name=answer).click()
    taps += 1
    page.get_by_text("Dank u wel" if answer.startswith("Ja") else "Het loket weet dat het niet kan").wait_for()
    assert taps == 2
    print(f"\nanswer a voorstel ({answer}): {taps} taps")


def test_a_new_voorstel_appears_by_itself(visit: Visit, ask: Callable[[], str]) -> None:
    """Two browsers: the loket sends, the phone shows it without loading again."""
    page = visit("/voorstellen", **PHONE)
    page.wait_for_load_state("domcontentloaded")
    path = ask()
    page.locator(f"a[href='{path}']").wait_for(timeout=5_000)


def test_a_plek_is_changed_and_that_is_taken_back(visit: Visit) -> None:
    page = visit("/plekken", **PHONE)
    row = page.locator(".bed", has=page.locator("summary")).first
    before = row.locator(".badge").inner_text()
    row.locator("summary").click()
    row.get_by_role("button").first.click()
    page.get_by_role("button", name="Maak ongedaan").click()
    assert before in page.locator(".bed .badge").all_inner_texts()


def test_without_a_mouse(visit: Visit, ask: Callable[[], str]) -> None:
    """From the list to a no, with Tab and Enter only, always visible where one is."""
    path = ask()
    page = visit("/voorstellen", rol="aanbieder")

    def press_until(selector: str, most: int = 80) -> None:
        for _ in range(most):
            page.keyboard.press("Tab")
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
            assert float(outline.removesuffix("px")) >= 2, page.evaluate("document.activeElement.outerHTML")
            if page.evaluate("s => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"Tab does not reach {selector}")

    press_until(f"a[href='{path}']")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{path}")
    press_until("button[value='groepsmix']")
    page.keyboard.press("Enter")
    page.get_by_text("Het loket weet dat het niet kan").wait_for()


@pytest.fixture
def states(visit: Visit, ask: Callable[[], str], site: Site) -> Callable[..., dict[str, Page]]:
    """Each page, empty, full and refused."""

    def opened(**how: object) -> dict[str, Page]:
        path = ask()
        shown: dict[str, Page] = {}

        def go(name: str, at: str, **more: object) -> Page:
            shown[name] = visit(at, rol="aanbieder", **how, **more)
            return shown[name]

        go("plekken", "/plekken")
        bed = shown["plekken"].locator(".bed__head a").first.get_attribute("href")
        assert bed is not None
        go("plek", bed)
        go("voorstellen", "/voorstellen")
        go("voorstel", path)
        go("plaatsingen", "/plaatsingen")
        stay = shown["plaatsingen"].locator(".bed__head a").first
        if stay.count():
            go("plaatsing", stay.get_attribute("href") or "")
        go("vragen", "/vragen")
        go("cijfers", "/eigen-cijfers")
        refused = go("geweigerd", path)
        refused.get_by_text("Om een andere reden").click()
        refused.evaluate("document.querySelectorAll('[required]').forEach(e => e.removeAttribute('required'))")
        with refused.expect_navigation():
            refused.get_by_role("button", name="Nee, om deze reden").click()
        return shown

    return opened


@pytest.mark.parametrize(("scheme", "contrast"), [("light", None), ("dark", None), ("light", "more")])
@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_has_an_accessibility_violation_or_scrolls_sideways(
    states: Callable[..., dict[str, Page]],
    axe: Callable[[Page], list[str]],
    scheme: str,
    contrast: str | None,
    width: int,
) -> None:
    wrong = {}
    for name, page in states(width=width, scheme=scheme, contrast=contrast).items():
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        if found := axe(page) + ([sideways(page)] if sideways(page) else []):
            wrong[name] = found
    assert wrong == {}


def test_every_page_is_valid_html(
    states: Callable[..., dict[str, Page]], vnu: Callable[[dict[str, str]], list[str]]
) -> None:
    sources = {name: page.request.get(page.url).text() for name, page in states().items() if name != "geweigerd"}
    assert vnu(sources) == []


def test_what_one_taps_is_large_enough(states: Callable[..., dict[str, Page]]) -> None:
    """44 px, but for links in a line of text."""
    small = {}
    for name, page in states(width=360).items():
        found = page.evaluate(
            """() => [...document.querySelectorAll('main button, main summary, main .bed__head a, main .choice')]
            .filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.outerHTML.slice(0, 90))"""
        )
        if found:
            small[name] = found
    assert small == {}


def test_screenshots_for_the_documents(states: Callable[..., dict[str, Page]]) -> None:
    """As on a phone, whole; and two as on a desk."""
    SCHERMEN.mkdir(exist_ok=True)
    phone, desk = states(width=360, height=780), states(width=1280, height=900)
    shots = {name: page for name, page in phone.items() if name not in ("geweigerd", "cijfers")}
    shots |= {"plekken-breed": desk["plekken"], "cijfers": desk["cijfers"]}
    for name, page in shots.items():
        file = SCHERMEN / f"aanbieder-{name}.png"
        width = page.evaluate("innerWidth")
        page.screenshot(path=file, clip={"x": 0, "y": 0, "width": width, "height": 1600}, full_page=True)
        assert file.stat().st_size > 10_000
