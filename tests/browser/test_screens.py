"""The main journey and every state of the screens, in a real browser."""

from __future__ import annotations

import gzip
import re
import urllib.request
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Site, Visit
from tests.browser.looking import tab_to

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

MISSING = "/aanvragen/00000000-0000-4000-8000-000000000000"
STATES = (
    "list",
    "filtered",
    "second page",
    "empty",
    "ranked",
    "nothing fits",
    "long names",
    "not found",
    "login",
    "not allowed",
    "start",
    "start without screens",
    "old link",
    "vervanging",
    "acting",
    "sessions",
    "menu",
)


@pytest.fixture
def state(visit: Visit, request: pytest.FixtureRequest) -> Callable[..., Page]:
    """`state("empty", width=320)`: the page in that state."""

    def open_state(name: str, **how: object) -> Page:
        if name == "empty":
            return visit("/", at=request.getfixturevalue("empty_site"), **how)
        if name == "not found":
            return visit(MISSING, status=404, **how)
        if name == "login":
            return visit("/inloggen?uit=1", rol=None, **how)
        if name == "not allowed":
            return visit(MISSING, rol="beheerder", status=403, **how)
        if name == "start":
            return visit("/start", **how)
        if name == "start without screens":
            return visit("/", rol="aanbieder", **how)
        if name == "old link":
            return visit("/demo-inloggen/van-gisteren", rol=None, status=404, **how)
        if name in ("vervanging", "acting"):
            page = visit("/vervanging", **how)
            if name == "acting":
                page.get_by_role("button", name="Handel namens").click()
            return page
        if name == "sessions":
            visit("/start")  # in another browser
            return visit("/sessies", **how)
        if name == "menu":
            page = visit("/wachtlijst?urgentie=crisis", **how)
            page.locator("nav details summary").click()
            return page
        if name == "ranked":
            return visit(request.getfixturevalue("ranked"), **how)
        if name == "nothing fits":
            return visit(request.getfixturevalue("nothing_fits"), **how)
        if name == "long names":
            return visit(request.getfixturevalue("long_names"), **how)
        return visit({"list": "/", "filtered": "/?urgentie=crisis", "second page": "/?pagina=2"}[name], **how)

    return open_state


@pytest.fixture
def long_names(site: Site, ranked: str) -> Iterator[str]:
    """The same ranked places, some with the longest names that the database takes and some that look like HTML."""
    site.sql(
        "create table vorige_namen as select id, naam from voorziening;"
        "update voorziening set naam = case when hashtext(id::text) % 2 = 0"
        " then '<b onclick=\"alert(1)\">Huis</b> & ' || left(id::text, 8)"
        " else left(id::text, 8) || repeat(' Jeugdhulpverblijfsvoorziening', 3) || repeat('x', 20) end"
    )
    yield ranked
    site.sql("update voorziening v set naam = w.naam from vorige_namen w where w.id = v.id; drop table vorige_namen")


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_from_the_list_to_the_ranked_places_of_an_aanvraag_and_back(visit: Visit, ranked: str, js: bool) -> None:
    page = visit("/?urgentie=regulier", js=js)
    page.locator(f"a[href='{ranked}']").click()
    assert page.locator("h1").inner_text().startswith("Plekken voor ")
    first = page.locator("tbody.place-row").first
    assert first.locator("th a").inner_text().startswith("1. ")
    first.locator("summary").click()
    first.get_by_text("Waarom deze plek").wait_for()
    assert re.search(r"\d+ van \d+", first.locator(".bars").inner_text())
    page.locator("#afgevallen ~ div details summary").first.click()
    page.locator("#afgevallen ~ div details[open] li").first.wait_for()
    page.get_by_label("Kruimelpad").get_by_role("link").click()
    assert page.locator("h1").inner_text() == "Open aanvragen"


def test_a_link_of_the_demo_logs_in_and_a_button_logs_out(visit: Visit, site: Site) -> None:
    """As the terminal prints it; who is not logged in is brought to the page that says how."""
    page = visit("/?urgentie=crisis", rol=None)
    assert page.locator("h1").inner_text() == "Inloggen"
    page.wait_for_load_state("networkidle")
    page.goto(site.links["schakelfunctionaris"])
    assert page.locator("h1").inner_text() == "Rondleiding voor de rol schakelfunctionaris"
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Uitloggen").click()
    assert page.get_by_role("status").inner_text() == "U bent uitgelogd."
    page.wait_for_load_state("networkidle")
    page.goto("/")
    assert page.locator("h1").inner_text() == "Inloggen"


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_vervanger_sees_on_each_page_for_whom_they_act_until_they_stop(visit: Visit, js: bool) -> None:
    """In the demo a colleague is away."""
    page = visit("/vervanging", js=js)
    offered = page.get_by_role("button", name="Handel namens")
    naam = offered.inner_text().splitlines()[0].removeprefix("Handel namens ").strip()
    offered.click()
    banner = page.get_by_role("form", name="Vervanging")
    banner.wait_for()
    page.get_by_role("link", name="Werklijst").click()
    page.get_by_role("heading", name="Open aanvragen").wait_for()
    banner.get_by_text(f"U handelt namens {naam}.").wait_for()
    box = banner.bounding_box()
    assert box is not None and box["width"] == 1280
    banner.get_by_role("button", name="Stop daarmee").click()
    page.get_by_text("U handelt namens").wait_for(state="hidden")


def test_one_ends_a_session_elsewhere(visit: Visit) -> None:
    """The other browser is out at its next page."""
    elsewhere, here = visit("/start"), visit("/sessies")
    here.get_by_role("button", name="Beëindig alle andere sessies").click()
    here.get_by_text("Hiermee werkt u nu.").wait_for()
    assert here.get_by_role("button", name="Beëindig").count() == 0
    elsewhere.reload()
    assert elsewhere.locator("h1").inner_text() == "Inloggen"


def test_a_filter_keeps_only_one_urgentie(visit: Visit) -> None:
    page = visit("/")
    page.get_by_label("Snel kiezen").get_by_role("link", name="Crisis").click()
    page.wait_for_url("**urgentie=crisis**")
    badges = page.locator("tbody .badge").all_inner_texts()
    assert badges
    assert set(badges) == {"Crisis"}


def test_the_journey_needs_no_mouse(visit: Visit) -> None:
    """Skip link, list, aanvraag, a place that falls out: with Tab and Enter only, and always visible where you are."""
    page = visit("/")
    tab_to(page, ".utrecht-skip-link", most=1)
    assert page.locator(".utrecht-skip-link").bounding_box()["y"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "inhoud"
    tab_to(page, "tbody th a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/aanvragen/*")
    tab_to(page, "#afgevallen ~ div summary", most=250)
    page.keyboard.press("Enter")
    assert page.locator("#afgevallen ~ div details[open]").count() == 1


def test_when_nothing_fits_the_page_says_so_and_what_can_be_done(visit: Visit, nothing_fits: str) -> None:
    page = visit(nothing_fits)
    page.get_by_role("heading", name="Er is nu geen plek die past").wait_for()
    page.get_by_text("doorbraaktafel").first.wait_for()
    page.get_by_role("heading", name="Kleinste wijzigingen").wait_for()
    page.get_by_role("heading", name="vallen af").wait_for()


def test_a_region_without_aanvragen_is_told_what_to_do(visit: Visit, empty_site: Site) -> None:
    page = visit("/", at=empty_site)
    page.get_by_text("Er zijn geen open aanvragen.").wait_for()
    page.get_by_text("loket import aanvragen").wait_for()


def test_a_name_that_looks_like_html_is_only_text(visit: Visit, long_names: str) -> None:
    page = visit(long_names + "?afgevallen=500")
    assert page.locator("[onclick]").count() == 0
    assert page.get_by_text('<b onclick="alert(1)">Huis</b> &').count() > 0


@pytest.mark.parametrize("name", STATES)
def test_each_state_of_a_page_is_accessible_fits_and_is_light(
    state: Callable[..., Page], wrong_with: Callable[..., list[str]], name: str
) -> None:
    """WCAG 2.2 A and AA and the best practices that axe knows, and at most 150 kB compressed with all its assets."""
    page = state(name)
    urls = {page.url, *page.evaluate("performance.getEntriesByType('resource').map(e => e.name)")}
    total = sum(compressed(page, url) for url in urls if "/v1/" not in url)
    assert len(urls) >= 3
    assert total < 150_000, f"{total} bytes"
    assert wrong_with(page) == []


ASSETS: dict[str, int] = {}
"""Bytes of what every page gets: asked for once."""


def compressed(page: Page, url: str) -> int:
    if url not in ASSETS or "/static/" not in url:
        ASSETS[url] = len(gzip.compress(page.request.get(url).body(), 6))
    return ASSETS[url]


def test_every_page_is_valid_html(
    state: Callable[..., Page], vnu: Callable[[dict[str, str]], list[str]], site: Site
) -> None:
    sources = {}
    for name in STATES:
        page = state(name, js=False)
        sources[name.replace(" ", "-")] = page.request.get(page.url).text()
    assert vnu(sources) == []


def test_an_asset_comes_compressed_and_is_kept_for_ever(visit: Visit, site: Site) -> None:
    href = visit("/").locator("link[rel=stylesheet]").get_attribute("href")
    request = urllib.request.Request(f"{site.address}{href}", headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_on_paper_everything_folded_stands_open(visit: Visit, ranked: str) -> None:
    page = visit(ranked)
    page.emulate_media(media="print")
    page.locator("#afgevallen ~ div details li").first.wait_for()
    assert not page.get_by_label("Hoofdmenu").is_visible()


def test_who_asks_for_less_motion_sees_nothing_move(visit: Visit, ranked: str) -> None:
    """And who does not, sees that something reacts to the mouse: the question is not empty."""
    page = visit(ranked)
    moving = """() => [...document.querySelectorAll('*')].filter(e => { const s = getComputedStyle(e)
        return s.transitionDuration.split(', ').concat(s.animationDuration.split(', ')).some(t => parseFloat(t) > 0)
            || s.scrollBehavior === 'smooth' }).length"""
    assert page.evaluate(moving) > 0
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(moving) == 0
