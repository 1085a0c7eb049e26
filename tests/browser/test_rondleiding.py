"""The tour of the demo, the page where everybody can begin and the mails one gets: in Chromium, for each rol."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import SCHERMEN, Visit
from tests.browser.test_screens import sideways

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

ROLLEN = ("schakelfunctionaris", "crisisdienst", "aanbieder", "verwijzer", "contractbeheer", "beheerder")


@pytest.mark.parametrize("rol", ROLLEN)
def test_the_tour_and_the_start_are_right_for_each_rol(
    visit: Visit, axe: Callable[[Page], list[str]], vnu: Callable[[dict[str, str]], list[str]], rol: str
) -> None:
    """On a phone without a script, and wide; each step of the tour opens."""
    pages = {}
    for path in ("/rondleiding", "/start"):
        wide, small = visit(path, rol=rol), visit(path, rol=rol, width=320, js=False)
        assert axe(wide) == [] and not sideways(small), path
        pages[f"{rol}-{path[1:]}"] = wide.content()
        if rol == "schakelfunctionaris":
            wide.screenshot(path=SCHERMEN / f"demo-{path[1:]}.png", full_page=True)
            small.screenshot(path=SCHERMEN / f"demo-{path[1:]}-telefoon.png", full_page=True)
    assert vnu(pages) == []
    links = visit("/rondleiding", rol=rol, js=False).locator("main ol a")
    steps = [link.get_attribute("href") or "" for link in links.all()]
    assert 4 <= len(steps) <= 6
    for step in steps:
        assert visit(step, rol=rol).locator("h1").count() == 1


def test_who_gets_too_many_mails_chooses_fewer(
    visit: Visit, axe: Callable[[Page], list[str]], vnu: Callable[[dict[str, str]], list[str]]
) -> None:
    """From a phone, without a script."""
    page = visit("/mails", rol="verwijzer", width=320, js=False)
    page.get_by_role("group", name="Regulier").get_by_label("Geen mail").check()
    page.get_by_role("button", name="Bewaar mijn keuze").click()
    assert page.get_by_role("status").filter(has_text="Uw keuze is bewaard").is_visible()
    assert page.get_by_role("group", name="Regulier").get_by_label("Geen mail").is_checked()
    assert not sideways(page)
    wide = visit("/mails", rol="verwijzer")
    assert axe(wide) == [] and vnu({"mails": wide.content()}) == []
    wide.screenshot(path=SCHERMEN / "mails.png", full_page=True)
