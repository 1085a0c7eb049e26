"""What there is room for: the map beside the list, and a menu of one line of which the rest folds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

TOPS = "all => new Set(all.map(e => Math.round(e.getBoundingClientRect().top))).size"
LINES = ".site-nav > ul > li"
"""Of the menu; the same top is the same line."""


def box(page: Page, selector: str) -> dict[str, float]:
    found = page.locator(selector).bounding_box()
    assert found is not None
    return dict(found)


def test_the_map_lies_beside_the_ranked_places_from_1280_on_and_below_them_before(visit: Visit, ranked: str) -> None:
    """And nothing moves when its script comes: the list has its place from the first."""
    wide, narrow, plain = visit(ranked), visit(ranked, width=1000), visit(ranked, js=False)
    for page in (wide, narrow):
        page.locator("#kaart .map__point").first.wait_for()

    beside, below = (box(page, "#kaart-deel") for page in (wide, narrow))
    table, small = (box(page, ".places-table") for page in (wide, narrow))
    assert beside["x"] >= table["x"] + table["width"]
    assert below["y"] >= small["y"] + small["height"]
    assert not plain.locator("#kaart-deel").is_visible()
    assert all(page.evaluate("document.documentElement.scrollWidth <= innerWidth") for page in (wide, narrow, plain))


@pytest.mark.parametrize("rol", ["schakelfunctionaris", "aanbieder", "contractbeheer"])
def test_the_menu_is_one_line_at_1280(visit: Visit, rol: str) -> None:
    page = visit("/start", rol=rol)
    assert page.locator(LINES).evaluate_all(TOPS) == 1
    assert box(page, ".utrecht-page-header")["height"] < 80


def test_the_rest_of_the_menu_folds_out_by_key_closes_with_escape_and_works_without_a_script(
    visit: Visit, axe: Callable[[Page], list[str]]
) -> None:
    page = visit("/start")
    more = page.locator(".site-nav summary")
    link = page.locator(".site-nav__more").get_by_role("link", name="Wachtlijst")
    assert not link.is_visible()
    more.focus()
    page.keyboard.press("Enter")
    link.wait_for()
    assert axe(page) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    link.wait_for(state="hidden")
    assert page.evaluate("document.activeElement.localName") == "summary"

    plain = visit("/start", js=False, width=320)
    plain.locator(".site-nav summary").click()
    plain.locator(".site-nav__more").get_by_role("link", name="Wachtlijst").click()
    assert plain.url.endswith("/wachtlijst")
    assert plain.locator(".site-nav summary").get_attribute("aria-current") == "true"
