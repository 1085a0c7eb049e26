"""The screens of an aanbieder in Chromium: on a phone, with one thumb, and while others do their work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.browser.conftest import SCHERMEN, Site, Visit
from tests.browser.looking import counted, tab_to, too_small, unfold

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 780, "rol": "aanbieder"}


@pytest.fixture
def mine(site: Site, visit: Visit) -> str:
    """The aanbieder of the link of the demo."""
    visit("/start", rol="aanbieder")
    return site.sql(
        "select g.aanbieder_id from sessie s join gebruiker g on g.id = s.gebruiker_id"
        " where g.rol = 'aanbieder' and g.regio = 'gooi-en-vechtstreek' order by s.begonnen_op desc limit 1"
    )[0]


@pytest.fixture
def ask(site: Site, visit: Visit, mine: str) -> Callable[[], str]:
    """`ask()`: the loket sends a voorstel to the aanbieder, as the API does it; its path."""
    loket = visit("/start")
    headers = {"Origin": site.address}

    def send() -> str:
        # A plek of its own, and the first child for whom the rules let it be proposed.
        huis, start = site.sql(
            f"select id::text from voorziening where aanbieder_id = '{mine}' and not gesloten limit 1"
        ) + site.sql("select (current_date + 3)::text")
        plek = loket.request.post(
            "/v1/plekken", data={"voorzieningId": huis, "naam": f"Plek {uuid4().int % 9000 + 1000}"}, headers=headers
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
    with counted(page, "alle plekken bevestigen") as journey:
        journey.tap(page.get_by_role("button", name="Alles klopt nog"))
        page.get_by_text("Het loket weet nu weer wat er vrij is.").wait_for()
    assert journey.taps == 1


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
@pytest.mark.parametrize("answer", ["Ja, dit kan", "Er is geen personeel"])
def test_a_voorstel_is_answered_in_two_taps(visit: Visit, ask: Callable[[], str], js: bool, answer: str) -> None:
    path = ask()
    page = visit("/voorstellen", js=js, **PHONE)
    with counted(page, f"een voorstel beantwoorden ({answer})") as journey:
        journey.tap(page.locator(f"a[href='{path}']"))
        journey.tap(page.get_by_role("button", name=answer))
        page.get_by_text("Dank u wel" if answer.startswith("Ja") else "Het loket weet dat het niet kan").wait_for()
    assert journey.taps == 2


def test_a_plek_is_changed_and_that_is_taken_back(visit: Visit) -> None:
    page = visit("/plekken", **PHONE)
    row = page.locator(".bed", has=page.locator("summary")).first
    before = row.locator(".badge").inner_text()
    row.locator("summary").click()
    row.get_by_role("button").first.click()
    page.get_by_role("button", name="Maak ongedaan").click()
    assert before in page.locator(".bed .badge").all_inner_texts()


def test_without_a_mouse(visit: Visit, ask: Callable[[], str]) -> None:
    """All confirmed, and from the list to a no, with Tab and Enter only, always visible where one is."""
    path = ask()
    page = visit("/plekken", rol="aanbieder")
    tab_to(page, page.get_by_role("button", name="Alles klopt nog"))
    page.keyboard.press("Enter")
    page.get_by_text("Het loket weet nu weer wat er vrij is.").wait_for()
    tab_to(page, "nav a[href='/voorstellen']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/voorstellen")
    tab_to(page, f"a[href='{path}']")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{path}")
    tab_to(page, "button[value='groepsmix']")
    page.keyboard.press("Enter")
    page.get_by_text("Het loket weet dat het niet kan").wait_for()


@pytest.fixture
def asked(site: Site, visit: Visit, mine: str) -> str:
    """Path of a question of the loket to the aanbieder: what do you need to be able to say yes?"""
    loket = visit("/start")
    [opschaling] = site.sql("select id from opschaling where gesloten_op is null order by geopend_op limit 1")
    [house] = site.sql(f"select id from voorziening where aanbieder_id = '{mine}' order by naam limit 1")
    made = loket.request.post(
        f"/v1/opschalingen/{opschaling}/vragen", data={"voorzieningId": house}, headers={"Origin": site.address}
    )
    assert made.status in (201, 409), made.text()
    return (
        "/vragen/"
        + site.sql(
            f"select id from opschaling_vraag where opschaling_id = '{opschaling}' and voorziening_id = '{house}'"
        )[0]
    )


@pytest.fixture
def mailed(site: Site, mine: str) -> str:
    """Path in a mail that asks whether the plekken are still so, for who is not logged in."""
    token = uuid4().hex
    site.sql(
        "with verzoek as (insert into bevestigverzoek (regio, aanbieder_id, dag, plekken, gevraagd_op, geldig_tot)"
        f" select regio, id, (select coalesce(min(dag), current_date) - 1 from bevestigverzoek where aanbieder_id ="
        f" '{mine}'), array(select id from plek where aanbieder_id = '{mine}' order by id limit 4), now(),"
        f" now() + interval '2 days' from aanbieder where id = '{mine}'"
        " returning id, regio) insert into bevestiglink (hash, regio, verzoek_id, gebruiker_id)"
        f" select sha256('{token}'), v.regio, v.id, g.id from verzoek v, gebruiker g"
        f" where g.aanbieder_id = '{mine}' and g.actief limit 1"
    )
    return f"/bevestigen/{token}"


@pytest.fixture
def states(visit: Visit, ask: Callable[[], str], asked: str, mailed: str) -> Callable[..., dict[str, Page]]:
    """Each page, empty, full and refused."""

    def opened(**how: object) -> dict[str, Page]:
        path = ask()
        shown: dict[str, Page] = {}

        def go(name: str, at: str) -> Page:
            shown[name] = visit(at, rol="aanbieder", **how)
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
        go("vraag", asked)
        go("cijfers", "/eigen-cijfers")
        shown["mail"] = visit(mailed, rol=None, **how)
        refused = go("geweigerd", path)
        unfold(refused)
        refused.evaluate("document.querySelectorAll('[required]').forEach(e => e.removeAttribute('required'))")
        with refused.expect_navigation():
            refused.get_by_role("button", name="Nee, om deze reden").click()
        return shown

    return opened


def test_each_state_is_accessible_fits_and_can_be_tapped(
    states: Callable[..., dict[str, Page]], wrong_with: Callable[..., list[str]]
) -> None:
    """On a phone what one taps on is 44 px high, but for links in a line of text."""
    wrong = []
    for name, page in states().items():
        wrong += [f"{name}, {found}" for found in wrong_with(page)]
        page.set_viewport_size({"width": 360, "height": 780})
        wrong += [f"{name}, too small to tap: {found}" for found in too_small(page)]
    assert wrong == []


@pytest.fixture
def long_names(site: Site) -> Iterator[None]:
    """All names as long as the database takes, some with what looks like HTML."""
    site.sql(
        "create table oud_v as select id, naam from voorziening; create table oud_p as select id, naam from plek;"
        "update voorziening set naam = left(id::text, 8) || repeat(' Jeugdhulpverblijfsvoorziening', 3)"
        " || repeat('x', 20); update plek set naam = left('<i>Zolderkamer</i> ' || repeat('aan-de-achterzijde', 3), 50)"
        " || left(id::text, 8)"
    )
    yield
    site.sql(
        "update voorziening v set naam = o.naam from oud_v o where o.id = v.id;"
        "update plek p set naam = o.naam from oud_p o where o.id = p.id; drop table oud_v, oud_p"
    )


def test_with_nothing_yet_and_with_the_longest_names_it_fits_too(
    visit: Visit, ask: Callable[[], str], empty_site: Site, long_names: None, wrong_with: Callable[..., list[str]]
) -> None:
    """A new aanbieder has no plekken, no voorstellen, no plaatsingen and no vragen."""
    wrong = []
    for path in ("/plekken", "/voorstellen", "/plaatsingen", "/vragen", "/eigen-cijfers"):
        page = visit(path, rol="aanbieder", at=empty_site)
        wrong += [f"{path}, empty, {found}" for found in wrong_with(page, "wide", "320 px")]
        page.context.close()
    for path in ("/plekken", "/voorstellen", "/plaatsingen", ask()):
        page = visit(path, rol="aanbieder")
        assert page.locator("main i").count() == 0
        wrong += [f"{path}, long names, {found}" for found in wrong_with(page, "wide", "320 px")]
        page.context.close()
    assert wrong == []


def test_every_page_is_valid_html(
    states: Callable[..., dict[str, Page]], vnu: Callable[[dict[str, str]], list[str]]
) -> None:
    shown = states(js=False)
    assert vnu({name: page.request.get(page.url).text() for name, page in shown.items() if name != "geweigerd"}) == []


def test_screenshots_for_the_documents(states: Callable[..., dict[str, Page]]) -> None:
    """As on a phone; the figures as on a desk."""
    SCHERMEN.mkdir(exist_ok=True)
    shots = states(width=360, height=780)
    for name in ("plekken", "plek", "voorstellen", "voorstel", "plaatsingen", "vragen", "cijfers"):
        page, file = shots[name], SCHERMEN / f"aanbieder-{name}.png"
        width = 1280 if name == "cijfers" else 360
        page.set_viewport_size({"width": width, "height": 780})
        page.screenshot(path=file, clip={"x": 0, "y": 0, "width": width, "height": 1600}, full_page=True)
        assert file.stat().st_size > 10_000
