"""The screens of contractbeheer and the beheerder in Chromium."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import SCHERMEN, Site, Visit
from tests.browser.looking import counted, tab_to, too_small
from tests.web.examples import jwk

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

STATES = (
    "cijfers",
    "cijfers of the loket",
    "cijfers of a gemeente",
    "cijfers of a new region",
    "mislukt",
    "all arrived",
    "settings",
    "settings of a group",
    "settings tried out",
    "settings tried out by the loket",
    "settings that cannot be",
    "people",
    "nobody found",
    "somebody refused",
    "somebody",
    "systems",
    "a system",
)

PATHS = {
    "cijfers": ("/cijfers", "contractbeheer"),
    "cijfers of the loket": ("/cijfers", "schakelfunctionaris"),
    "cijfers of a gemeente": ("/cijfers?gemeente=0402", "contractbeheer"),
    "mislukt": ("/beheer/mislukt", "beheerder"),
    "all arrived": ("/beheer/mislukt", "beheerder"),
    "settings": ("/beheer/instellingen", "beheerder"),
    "settings of a group": ("/beheer/instellingen/crisis", "beheerder"),
    "settings tried out": ("/beheer/instellingen/wachten/proef?normenDagen.regulier=20", "beheerder"),
    "settings tried out by the loket": (
        "/beheer/instellingen/wachten/proef?normenDagen.regulier=20", "schakelfunctionaris",
    ),
    "settings that cannot be": ("/beheer/instellingen/rangschikking/proef?banden.past=90&banden.goed=80", "beheerder"),
    "people": ("/beheer/gebruikers", "beheerder"),
    "nobody found": ("/beheer/gebruikers?zoek=nergens", "beheerder"),
    "somebody": ("/beheer/gebruikers/{gebruiker}", "beheerder"),
    "systems": ("/beheer/koppelingen", "beheerder"),
    "a system": ("/beheer/koppelingen/{koppeling}", "beheerder"),
}  # fmt: skip


@pytest.fixture(scope="session")
def rows(site: Site) -> dict[str, str]:
    """A colleague of the demo, and a system with a key."""
    site.sql(
        "insert into identiteitsprovider (naam, issuer, client_id) values ('Entree', 'https://idp.example', 'loket')"
    )
    [koppeling] = site.sql(
        "insert into koppeling (regio, aanbieder_id, naam) select regio, id, 'Elektronisch cliëntdossier Jeugd'"
        " from aanbieder where regio = 'gooi-en-vechtstreek' order by naam limit 1 returning id"
    )
    site.sql(
        "insert into koppelingsleutel (regio, koppeling_id, kid, jwk, geldig_van, geldig_tot) values"
        f" ('gooi-en-vechtstreek', '{koppeling}', 'sleutel-2026', '{json.dumps(jwk())}', now(),"
        " now() + interval '1 year')"
    )
    [gebruiker] = site.sql(
        "select id from gebruiker where regio = 'gooi-en-vechtstreek' and rol = 'verwijzer' order by naam limit 1"
    )
    return {"gebruiker": gebruiker, "koppeling": koppeling}


@pytest.fixture
def failed(site: Site) -> Iterator[None]:
    """A mail that the server refused, with a long reason."""
    site.sql(
        "create table vorige_berichten as select id, status, fout, klaar_op from bericht where id in"
        " (select id from bericht where regio = 'gooi-en-vechtstreek' limit 3);"
        "update bericht set status = 'mislukt', klaar_op = now(), fout = 'De mailserver weigert deze mail: '"
        " || repeat('postvak-bestaat-niet-', 4) where id in (select id from vorige_berichten)"
    )
    yield
    site.sql(
        "update bericht b set status = v.status, fout = v.fout, klaar_op = v.klaar_op from vorige_berichten v"
        " where v.id = b.id; drop table vorige_berichten"
    )


@pytest.fixture
def state(visit: Visit, request: pytest.FixtureRequest) -> Callable[..., Page]:
    def open_state(name: str, **how: Any) -> Page:
        if name == "cijfers of a new region":
            return visit("/cijfers", rol="schakelfunctionaris", at=request.getfixturevalue("empty_site"), **how)
        if name == "mislukt":
            request.getfixturevalue("failed")
        if name == "somebody refused":
            page = visit("/beheer/gebruikers", rol="beheerder", **how)
            form = page.locator("form", has=page.get_by_role("button", name="Laat toe"))
            form.evaluate("f => { f.noValidate = true; for (let e = f; e; e = e.parentElement) e.open = true }")
            form.get_by_role("button", name="Laat toe").click()
            page.locator("#fouten").wait_for()
            return page
        path, rol = PATHS[name]
        path = path.format_map(request.getfixturevalue("rows"))
        return visit(path, rol=rol, status=400 if name == "settings that cannot be" else 200, **how)

    return open_state


@pytest.mark.parametrize("name", STATES)
def test_each_state_is_accessible_on_each_screen(
    state: Callable[..., Page], wrong_with: Callable[..., list[str]], name: str
) -> None:
    """With all tables open; and large enough to tap on."""
    page = state(name)
    # The same long page three times: each look of one, and where it is narrow of the others.
    assert wrong_with(page, *(("320 px",) if name.startswith("cijfers of") else ())) == []
    page.set_viewport_size({"width": 320, "height": 900})
    assert too_small(page) == []


def test_the_html_is_valid(state: Callable[..., Page], vnu: Callable[[dict[str, str]], list[str]]) -> None:
    sources = {}
    for name in sorted(STATES, key=lambda name: name == "mislukt"):  # what makes mails fail, last
        page = state(name, js=False)
        sources[name.replace(" ", "-")] = page.content() if "?" in page.url else page.request.get(page.url).text()
    assert vnu(sources) == []


def test_contractbeheer_chooses_a_period_and_takes_what_it_sees_with_it(visit: Visit) -> None:
    """Without JavaScript; the file holds the rows of the table, and no other."""
    page = visit("/", js=False, rol="contractbeheer")
    assert page.url.endswith("/cijfers") and page.locator("h1").inner_text() == "Cijfers van de regio"
    page.get_by_label("Periode").select_option(index=1)
    chosen = page.get_by_label("Periode").input_value()
    page.get_by_role("button", name="Toon").click()
    assert f"periode={chosen}" in page.url and page.get_by_label("Periode").input_value() == chosen

    for table in page.locator("section.figures:has(table)").all():
        link = table.get_by_role("link", name="Download CSV").get_attribute("href")
        answer = page.request.get(f"{page.url.partition('/cijfers')[0]}{link}")
        rows = list(csv.reader(io.StringIO(answer.body().decode("utf-8-sig")), delimiter=";"))
        heads = [head.strip() for head in table.locator("thead th").all_text_contents()]
        first = [cell.strip() for cell in table.locator("tbody tr").first.locator("th, td").all_text_contents()]
        assert rows[0] == heads and len(rows) - 1 == table.locator("tbody tr").count()
        assert [head + cell for head, cell in zip(heads, rows[1], strict=True)] == first


def test_the_period_is_chosen_with_the_keyboard_only(visit: Visit) -> None:
    page = visit("/cijfers", rol="contractbeheer")
    tab_to(page, "#f-periode", most=15)
    page.keyboard.press("ArrowDown")
    tab_to(page, page.get_by_role("button", name="Toon"), most=3)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "periode=" in page.url


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_what_did_not_arrive_is_tried_again_with_one_button(visit: Visit, failed: None, js: bool) -> None:
    page = visit("/", js=js, rol="beheerder")
    buttons = page.get_by_role("button", name="Probeer opnieuw")
    before = buttons.count()
    with counted(page, "wat niet aankwam opnieuw proberen") as journey:
        journey.tap(buttons.first)
        page.get_by_text("Het loket probeert het nu opnieuw").wait_for()
    assert buttons.count() == before - 1 and journey.taps == 1


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_norm_is_tried_out_saved_with_why_and_set_back(visit: Visit, rows: dict[str, str], js: bool) -> None:
    """Three steps to try and save, two to set back."""
    page = visit("/beheer/instellingen", js=js, rol="beheerder")
    page.locator("#wachten").get_by_role("link", name="Verander").click()
    page.locator("[id='v-normenDagen.regulier']").fill("30" if js else "40")
    page.get_by_role("button", name="Bekijk wat dit doet").click()
    assert page.locator("h1").inner_text() == "Wat dit doet"
    page.get_by_text("afgerond op vijftallen").wait_for()
    page.get_by_label("Waarom verandert u dit?").fill("Besproken met de gemeenten")
    page.get_by_role("button", name="Sla op").click()
    page.get_by_text("Zij geldt vanaf nu").wait_for()
    latest = page.locator("#geschiedenis li").first
    assert "Besproken met de gemeenten" in latest.inner_text()
    latest.locator("summary").click()
    latest.get_by_label("Waarom zet u dit terug?").fill("Toch niet")
    latest.get_by_role("button", name="Zet terug").click()
    page.get_by_text("De wijziging is teruggezet").wait_for()
    print("\na setting tried out and saved: 3 taps; set back: 2 taps")


def test_weights_are_tried_out_with_the_keyboard_only(visit: Visit, rows: dict[str, str]) -> None:
    page = visit("/beheer/instellingen/rangschikking", rol="beheerder")
    tab_to(page, "[id='v-gewichten.regulier.afstand']", most=80)
    page.keyboard.type("40")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.get_by_text("Andere plek bovenaan").wait_for()
    changed = page.locator("dd strong").first.inner_text()
    print(f"\nweight of distance 20 times as heavy: about {changed} aanvragen get another first place")


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_somebody_is_let_in_put_out_and_let_in_again(visit: Visit, rows: dict[str, str], js: bool) -> None:
    page = visit("/beheer/gebruikers", js=js, rol="beheerder")
    page.get_by_role("link", name="Laat iemand toe").click()
    naam = f"Noor van den {'Berg' if js else 'Dijk'}"
    page.get_by_label("Naam", exact=True).fill(naam)
    page.locator("#v-rol").select_option("contractbeheer")
    page.get_by_label("Waar logt deze persoon in?").select_option(label="Entree")
    page.get_by_label("E-mailadres").fill(f"{naam[-4:].lower()}@regio.example")
    page.get_by_role("button", name="Laat toe").click()
    page.get_by_text("Deze persoon mag inloggen").wait_for()
    assert page.locator("h1").inner_text() == naam
    page.get_by_role("button", name="Zet uit").click()
    page.get_by_text("komt er meteen niet meer in").wait_for()
    page.get_by_role("button", name="Laat weer toe").click()
    page.get_by_text("mag weer inloggen").wait_for()
    print("\nsomebody put out: 1 tap; let in again: 1 tap")


def test_a_chart_has_its_table_beside_it_where_there_is_room_and_under_it_elsewhere(
    visit: Visit, rows: dict[str, str]
) -> None:
    for width, beside in ((1600, True), (800, False)):
        page = visit("/cijfers", rol="contractbeheer", width=width)
        pair = page.locator(".figures__pair:has(figure):has(table)").first
        chart, table = (pair.locator(part).bounding_box() for part in ("figure", "details"))
        assert chart and table and (table["x"] > chart["x"] + chart["width"] - 1) is beside, width


def test_screenshots(visit: Visit, failed: None, rows: dict[str, str]) -> None:
    page = visit("/beheer/instellingen/rangschikking", rol="beheerder")
    page.locator("[id='v-gewichten.regulier.afstand']").fill("40")
    page.get_by_role("button", name="Bekijk wat dit doet").click()
    proef = page.url.partition(page.url.split("/beheer")[0])[2]
    for name, path, rol, how in (
        ("cijfers", "/cijfers", "contractbeheer", {"width": 1440}),
        ("cijfers-gemeente", "/cijfers?gemeente=0402", "contractbeheer", {}),
        ("instellingen", "/beheer/instellingen", "beheerder", {}),
        ("instelgroep", "/beheer/instellingen/rangschikking", "beheerder", {}),
        ("instelproef", proef, "beheerder", {}),
        ("gebruikers", "/beheer/gebruikers", "beheerder", {}),
        ("gebruiker", f"/beheer/gebruikers/{rows['gebruiker']}", "beheerder", {}),
        ("koppeling", f"/beheer/koppelingen/{rows['koppeling']}", "beheerder", {}),
        ("mislukt", "/beheer/mislukt", "beheerder", {}),
    ):
        whole = name.startswith("instelproef")
        visit(path, rol=rol, **how).screenshot(path=SCHERMEN / f"beheer-{name}.png", full_page=whole)
