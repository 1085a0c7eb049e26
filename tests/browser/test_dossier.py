"""The file for a table, what is printed, ways beside a plek, who waits, what is free, and a child of tonight."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.browser.conftest import SCHERMEN, Site, Visit
from tests.browser.looking import Counted, counted, unfold

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

LONG = "Gezinsgroepjeugdhulpverblijfsvoorziening aan het Wijdemeersepad in Nederhorst den Berg"
STORY = "Dit is een lange zin die iemand over het kind schreef, met alles wat telt voor een plek. "


@pytest.fixture(scope="session")
def dossier(site: Site, browser: object, nothing_fits: str) -> str:
    """Path of an opschaling of an aanvraag that nothing fits, made with the form of its page."""
    page = browser.new_page(base_url=site.address)  # type: ignore[attr-defined]
    page.request.get(site.links["schakelfunctionaris"])
    page.goto(nothing_fits)
    unfold(page)
    form = page.locator("form", has=page.locator("#opschaling-tafel"))
    form.locator("#opschaling-aanleiding").select_option("geen_plek")
    form.locator("#opschaling-tafel").select_option("doorbraaktafel")
    form.locator("#opschaling-waarom").fill("Er past niets binnen de reistijd.")
    form.get_by_role("button", name="Schaal op").click()
    page.get_by_text("Er is opgeschaald.").wait_for()
    path = page.locator("a[href^='/opschalingen/']").first.get_attribute("href")
    page.close()
    assert path is not None
    return str(path)


@pytest.fixture
def states(dossier: str, ranked: str) -> dict[str, str]:
    """Name → path of each state of these pages, for the schakelfunctionaris."""
    return {
        "opschalingen": "/opschalingen",
        "opschaling": dossier,
        "afdruk": f"{dossier}/afdruk",
        "routes": f"{ranked}/routes",
        "uittreksel": f"{ranked}/uittreksel",
        "wachtlijst": "/wachtlijst",
        "wachtlijst-leeg": "/wachtlijst?urgentie=crisis&waar=overbrugging&zorgvorm=pleegzorg-deeltijd",
        "vrij": "/plekken/vrij?binnen=28",
        "vrij-leeg": "/plekken/vrij?zorgvorm=jeugdzorgplus",
    }


@pytest.fixture
def long_names(site: Site, ranked: str) -> Iterator[None]:
    """All texts of an aanvraag, and all names, as long as they may be."""
    id = ranked.rpartition("/")[2]
    site.sql("create table oud_a as select * from aanvraag; create table oud_v as select id, naam from voorziening")
    story = (STORY * 8)[:500]
    site.sql(
        f"update aanvraag set urgentie_reden = left('{story}', 300), zorgvorm_reden = left('{story}', 300),"
        f" eerder_geprobeerd = '{story}', mening_jeugdige = '{story}', praktisch = left('{story}', 200),"
        " zorgvormen = array(select code from zorgvorm z where z.regio = aanvraag.regio order by code),"
        " ondersteuning = array(select code from kenmerkcode k where k.regio = aanvraag.regio"
        " and lijst = 'ondersteuning'), kenmerken = array(select code from kenmerkcode k where k.regio = aanvraag.regio"
        f" and lijst = 'kenmerk') where id = '{id}'"
    )
    site.sql(f"update voorziening set naam = left('{LONG} ' || id, 120) where id in (select voorziening_id from plek)")
    yield
    columns = "urgentie_reden, zorgvorm_reden, eerder_geprobeerd, mening_jeugdige, praktisch, zorgvormen, ondersteuning"
    columns += ", kenmerken"
    site.sql(
        f"update aanvraag a set ({columns}) = (select {columns} from oud_a o where o.id = a.id) where id = '{id}';"
        " update voorziening v set naam = o.naam from oud_v o where o.id = v.id; drop table oud_a, oud_v"
    )


def pages_of(pdf: bytes) -> int:
    """Sheets of a PDF as Chromium writes it: an object per page."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


# ── The file ─────────────────────────────────────────────────────────────────────────────────────


def test_the_file_is_opened_printed_and_closed(visit: Visit, dossier: str, states: dict[str, str]) -> None:
    """From the list to a sheet of paper in two clicks."""
    page = visit("/opschalingen")
    page.locator(f"a[href='{dossier}']").first.click()
    page.get_by_role("heading", name="Wat heeft u nodig om wél te kunnen?").wait_for()
    page.set_viewport_size({"width": 1280, "height": 1500})
    page.screenshot(path=SCHERMEN / "dossier-opschaling.png")
    page.get_by_role("link", name="Druk af voor de tafel").click()
    page.get_by_role("button", name="Druk af").wait_for()
    page.screenshot(path=SCHERMEN / "dossier-afdruk.png")
    pdf = page.pdf(prefer_css_page_size=True, path="build/dossier.pdf")
    assert 1 <= pages_of(pdf) <= 8
    page.goto("/opschalingen")
    page.screenshot(path=SCHERMEN / "dossier-opschalingen.png")
    page.goto(states["uittreksel"])
    page.screenshot(path=SCHERMEN / "dossier-uittreksel.png", full_page=True)


def test_paper_has_no_menu_and_the_head_comes_again_on_each_sheet(visit: Visit, dossier: str) -> None:
    page = visit(f"{dossier}/afdruk?alles=true")
    page.emulate_media(media="print")
    assert page.locator(".site-nav").count() == 0
    assert not page.locator(".paper-bar").is_visible()
    assert page.locator(".paper-head").evaluate("e => getComputedStyle(e).display") == "table-header-group"
    assert page.locator(".paper-head").inner_text().startswith("Doorbraaktafel, nummer ")


@pytest.mark.parametrize("rol", ["schakelfunctionaris", "verwijzer"])
def test_the_uittreksel_is_one_sheet_of_a4_also_with_the_longest_texts(
    visit: Visit, site: Site, ranked: str, long_names: None, rol: str
) -> None:
    path = ranked
    if rol == "verwijzer":
        own = visit("/mijn-aanvragen", rol=rol).locator("a[href^='/mijn-aanvragen/']").first.get_attribute("href")
        path = f"/aanvragen/{str(own).rpartition('/')[2]}"
        id = path.rpartition("/")[2]
        site.sql(f"update aanvraag set mening_jeugdige = '{(STORY * 8)[:500]}' where id = '{id}'")
    page = visit(f"{path}/uittreksel", rol=rol)
    pdf = page.pdf(format="A4", prefer_css_page_size=True, path=f"build/uittreksel-{rol}.pdf")
    print(f"\nuittreksel voor {rol}, langste teksten: {pages_of(pdf)} blad")
    assert pages_of(pdf) == 1


# ── Ways beside a plek ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_way_begins_goes_on_and_ends(
    visit: Visit, ranked: str, js: bool, wrong_with: Callable[..., list[str]]
) -> None:
    page = visit(f"{ranked}/routes", js=js)
    page.locator("summary", has_text=re.compile("^Tussenvoorziening$")).click()
    form = page.locator("details[open] form")
    form.get_by_label("Of wat voor plek").fill("Een pension")
    form.get_by_role("button", name="Begin").click()
    page.get_by_text("De weg is begonnen.").wait_for()
    article = page.locator("article", has=page.get_by_role("heading", name="Tussenvoorziening")).first
    article.locator("summary").click()
    article.get_by_label("Hoe ver is het nu").select_option("toegezegd")
    article.get_by_role("button", name="Bewaar").click()
    page.locator("#fouten").wait_for()
    assert page.locator("[aria-invalid=true]").count() >= 2
    if js:
        assert wrong_with(page) == []
    page.goto(f"{ranked}/routes")
    article = page.locator("article", has=page.get_by_role("heading", name="Tussenvoorziening")).first
    if js:
        page.screenshot(path=SCHERMEN / "dossier-routes.png")
    article.locator("summary").click()
    article.get_by_label("Hoe ver is het nu").select_option("gestopt")
    article.get_by_label("Waarom, als het stopt").fill("Niet meer nodig.")
    article.get_by_role("button", name="Bewaar").click()
    page.get_by_text("Deze weg is klaar.").wait_for()


# ── Lists and maps ───────────────────────────────────────────────────────────────────────────────


def test_from_a_free_plek_to_the_children_that_fit(visit: Visit, states: dict[str, str]) -> None:
    page = visit(states["vrij"])
    page.screenshot(path=SCHERMEN / "dossier-vrij.png")
    page.get_by_role("link", name="Welke kinderen passen?").first.click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Welke kinderen passen bij")


@pytest.mark.parametrize("width", [320, 1280])
def test_the_map_is_beside_or_below_the_list_and_leads_to_it(visit: Visit, ranked: str, width: int) -> None:
    """Of the free plekken and of the ranked places; with the keyboard."""
    for path in ("/plekken/vrij?binnen=28", ranked):
        page = visit(path, width=width)
        box = page.locator("#kaart")
        box.scroll_into_view_if_needed()
        assert json.loads(page.locator("#kaart-punten").text_content() or "")
        for _ in range(12):
            page.locator("#kaart .map__point").first.focus()
            page.keyboard.press("Enter")
            if page.locator("#kaart .leaflet-popup").count():
                break
            page.locator("#kaart .leaflet-zoom-anim").wait_for(state="detached")
        page.locator("#kaart .leaflet-popup a.utrecht-link").first.click()
        page.wait_for_url(re.compile(r"#(p-|plek-\d)"))
        assert page.locator(page.url[page.url.index("#") :]).count() == 1


def test_the_border_of_the_region_is_on_the_map_when_it_was_read_in(visit: Visit, site: Site) -> None:
    """Squares that stand for the gemeenten; `loket import grenzen` reads the real ones."""
    site.sql(
        "insert into gemeentegrens (gemeente_code, ringen) select code, jsonb_build_array(jsonb_build_array("
        " jsonb_build_array(52.18, 5.02), jsonb_build_array(52.32, 5.02), jsonb_build_array(52.32, 5.28),"
        " jsonb_build_array(52.18, 5.28), jsonb_build_array(52.18, 5.02)))"
        " from gemeente where regio = 'gooi-en-vechtstreek' order by code limit 1 returning gemeente_code"
    )
    page = visit("/plekken/vrij?binnen=28")
    page.locator("#kaart .map__border").first.wait_for()
    page.locator("#kaart-deel").scroll_into_view_if_needed()
    page.locator("#kaart-deel").screenshot(path=SCHERMEN / "dossier-kaart.png")
    site.sql("delete from gemeentegrens returning gemeente_code")


def test_who_waits_is_found_by_zorgvorm_and_where(visit: Visit) -> None:
    page = visit("/wachtlijst")
    page.screenshot(path=SCHERMEN / "dossier-wachtlijst.png")
    page.get_by_label("Waar het kind wacht").select_option("thuis")
    page.wait_for_url("**waar=thuis**")
    assert {cell.inner_text().splitlines()[-1] for cell in page.locator("tbody tr td:nth-child(4)").all()[:20]} <= {
        "Thuis of bij familie"
    }


# ── A child of tonight ───────────────────────────────────────────────────────────────────────────


@pytest.fixture
def bed(site: Site, visit: Visit) -> str:
    """A free crisis place that no other test knows of."""
    loket = visit("/start")
    [house] = site.sql(
        "select id from voorziening where regio = 'gooi-en-vechtstreek' and zorgvorm = 'crisis' and not gesloten"
        " and groepssoort = 'gemengd' and 170 <@ int4range(leeftijd_van, leeftijd_tot) order by naam limit 1"
    )
    body = {"voorzieningId": house, "naam": f"Bed {uuid4().int % 9000 + 1000}"}
    made = loket.request.post("/v1/plekken", data=body, headers={"Origin": site.address})
    assert made.status == 201, made.text()
    return str(made.json()["id"])


NIGHT: dict[str, Any] = {"rol": "crisisdienst", "width": 390, "height": 844, "scheme": "dark"}
JS = pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])


def new_child(page: Page) -> Locator:
    """The form for a child of which there is no aanvraag, unfolded."""
    form = page.locator("form", has=page.locator("input[value=nieuw]"))
    if not form.is_visible():
        page.get_by_text("Er is nog geen aanvraag voor dit kind").click()
    return form


def fill_in(to: Counted, form: Locator, met: str = "Groepsleider") -> None:
    """All that is asked."""
    to.fill(form.get_by_label("Leeftijd in jaren"), "14")
    to.choose(form.get_by_label("Jongen, meisje of anders"), index=1)
    to.choose(form.get_by_label("Wie vraagt om de plek"), index=1)
    to.fill(form.get_by_label("Gebeld met"), met)


@JS
def test_a_child_without_an_aanvraag_is_placed_in_two_taps_and_four_fields(
    visit: Visit, bed: str, js: bool, wrong_with: Callable[..., list[str]]
) -> None:
    page = visit("/crisis?leeftijd=14", js=js, **NIGHT)
    incomplete = page.get_by_role("link", name="Vul de aanvraag aan")
    before = {link.get_attribute("href") for link in incomplete.all()}
    with counted(page, "een kind zonder aanvraag plaatsen") as journey:
        journey.tap(page.locator(f"#p-{bed}").get_by_role("link", name="Geplaatst, ik werk het morgen bij"))
        form = new_child(page)
        fill_in(journey, form)
        if js:
            page.screenshot(path=SCHERMEN / "crisis-nieuw-kind.png", full_page=True)
        journey.tap(form.get_by_role("button", name="Leg vast"))
        page.locator(".notice--done").wait_for()
    assert journey.taps <= 2 and journey.answers <= 4
    [own] = {link.get_attribute("href") for link in incomplete.all()} - before
    page.locator(f"a[href='{own}']").click()
    page.get_by_label("Welke gemeente is verantwoordelijk?").select_option(index=1)
    page.get_by_label("Wat is het juridisch kader?").select_option("vots")
    page.get_by_label("Waar gaat het naartoe?").select_option("onduidelijk")
    if js:
        page.screenshot(path=SCHERMEN / "crisis-aanvullen-aanvraag.png", full_page=True)
        assert wrong_with(page) == []
    page.get_by_role("button", name="Bewaar").click()
    assert page.locator(".notice--done").inner_text().startswith("Aangevuld.")


@JS
def test_at_night_what_is_wrong_stands_beside_its_field(visit: Visit, bed: str, js: bool) -> None:
    """The name of somebody is refused where it stands, with what was filled in kept; mended, it goes on."""
    page = visit(f"/crisis/plekken/{bed}/geplaatst", js=js, **NIGHT)
    form = new_child(page)
    fill_in(Counted(page, ""), form, met="06 12345678")
    form.get_by_role("button", name="Leg vast").click()
    field = form.get_by_label("Gebeld met")
    assert field.get_attribute("aria-invalid") == "true" and field.input_value() == "06 12345678"
    page.locator(f"[id='{field.get_attribute('aria-describedby')}']").wait_for()
    assert form.get_by_label("Leeftijd in jaren").input_value() == "14"
    field.fill("Groepsleider")
    form.get_by_role("button", name="Leg vast").click()
    page.locator(".notice--done").wait_for()


@JS
def test_at_night_a_place_that_was_taken_meanwhile_says_so(visit: Visit, bed: str, js: bool) -> None:
    """Two have the form open; the second hears that the place is gone and what to do, and keeps what it filled in."""
    late, soon = (visit(f"/crisis/plekken/{bed}/geplaatst", js=js, **NIGHT) for _ in range(2))
    for page in (soon, late):
        form = new_child(page)
        fill_in(Counted(page, ""), form)
        form.get_by_role("button", name="Leg vast").click()
    soon.locator(".notice--done").wait_for()
    assert "Wat nu wel kan: een andere plek" in late.locator("#fouten").inner_text()
    assert new_child(late).get_by_label("Gebeld met").input_value() == "Groepsleider"


# ── Everywhere ───────────────────────────────────────────────────────────────────────────────────


def test_each_state_is_accessible_and_fits(
    visit: Visit, states: dict[str, str], empty_site: Site, wrong_with: Callable[..., list[str]]
) -> None:
    wrong = []
    for name, path in states.items():
        page = visit(path)
        wrong += [f"{name}, {found}" for found in wrong_with(page)]
        page.context.close()
    for path in ("/opschalingen", "/wachtlijst", "/plekken/vrij"):
        page = visit(path, at=empty_site)
        wrong += [f"{path}, empty, {found}" for found in wrong_with(page, "wide", "320 px")]
        page.context.close()
    assert wrong == []


def test_with_long_names_nothing_sticks_out(
    visit: Visit, states: dict[str, str], long_names: None, wrong_with: Callable[..., list[str]]
) -> None:
    wrong = []
    for name in ("opschaling", "afdruk", "uittreksel", "vrij"):
        wrong += [f"{name}, {found}" for found in wrong_with(visit(states[name]), "wide", "320 px")]
    assert wrong == []


def test_every_state_is_valid_html(
    visit: Visit, site: Site, states: dict[str, str], vnu: Callable[[dict[str, str]], list[str]]
) -> None:
    page = visit("/start")
    sources = {name: page.request.get(path).text() for name, path in states.items()}
    [plek] = site.sql(
        "select p.id from plek p join voorziening v on v.id = p.voorziening_id"
        " where v.zorgvorm = 'crisis' and p.regio = 'gooi-en-vechtstreek' order by p.id limit 1"
    )
    sources["geplaatst"] = page.request.get(f"/crisis/plekken/{plek}/geplaatst").text()
    assert vnu(sources) == []


def test_the_lists_need_no_mouse(visit: Visit, states: dict[str, str]) -> None:
    """j goes down, Enter opens."""
    page = visit(states["vrij"])
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.locator("tbody tr:nth-child(2) a").first.evaluate("e => e === document.activeElement")
    page.keyboard.press("Enter")
    page.wait_for_url("**/kinderen")
