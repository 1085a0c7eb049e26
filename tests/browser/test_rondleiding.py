"""The tour of the demo, the page where everybody can begin and the mails one gets: in Chromium, for each rol."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import SCHERMEN, Site, Visit
from tests.browser.looking import sideways

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.browser

ROLLEN = ("schakelfunctionaris", "crisisdienst", "aanbieder", "verwijzer", "contractbeheer", "beheerder")


@pytest.mark.parametrize("rol", ROLLEN)
def test_the_tour_and_the_start_are_right_for_each_rol(
    visit: Visit, wrong_with: Callable[..., list[str]], rol: str
) -> None:
    """Each step of the tour opens; on a phone without a script too."""
    for path in ("/start", "/rondleiding"):
        page = visit(path, rol=rol)
        if rol == "schakelfunctionaris" and path == "/rondleiding":
            page.screenshot(path=SCHERMEN / "demo-rondleiding.png", full_page=True)
        # Of each rol the same page with other steps: all looks of one of them.
        every = () if rol == "schakelfunctionaris" else ("wide", "320 px, dark")
        assert wrong_with(page, *every) == []
    page = visit("/rondleiding", rol=rol, js=False, width=320)
    steps = [link.get_attribute("href") or "" for link in page.locator("main ol a").all()]
    assert 4 <= len(steps) <= 9
    for step in steps:
        answer = page.request.get(step)
        assert answer.status == 200 and "<h1" in answer.text(), step


def test_the_tour_and_the_start_are_valid_html(visit: Visit, vnu: Callable[[dict[str, str]], list[str]]) -> None:
    sources = {}
    for rol in ROLLEN:
        page = visit("/start", rol=rol, js=False)
        sources |= {f"{rol}-{path}": page.request.get(f"/{path}").text() for path in ("start", "rondleiding")}
    assert vnu(sources) == []


def test_where_a_mail_leads_is_accessible(visit: Visit, site: Site, wrong_with: Callable[..., list[str]]) -> None:
    """To the bericht itself, for who got it."""
    visit("/start")
    [bericht] = site.sql(
        "select b.id from bericht b join sessie s on s.gebruiker_id = b.gebruiker_id"
        " join gebruiker g on g.id = b.gebruiker_id and g.rol = 'schakelfunctionaris'"
        " where b.pad is null order by s.begonnen_op desc, b.op desc limit 1"
    )
    assert wrong_with(visit(f"/berichten/{bericht}")) == []


def test_who_gets_too_many_mails_chooses_fewer(
    visit: Visit, wrong_with: Callable[..., list[str]], vnu: Callable[[dict[str, str]], list[str]]
) -> None:
    """From a phone, without a script."""
    page = visit("/mails", rol="verwijzer", width=320, js=False)
    page.get_by_role("group", name="Regulier").get_by_label("Geen mail").check()
    page.get_by_role("button", name="Bewaar mijn keuze").click()
    page.get_by_role("status").filter(has_text="Uw keuze is bewaard").wait_for()
    assert page.get_by_role("group", name="Regulier").get_by_label("Geen mail").is_checked()
    assert not sideways(page)
    wide = visit("/mails", rol="verwijzer")
    assert vnu({"mails": wide.content()}) == []
    wide.screenshot(path=SCHERMEN / "mails.png", full_page=True)
    assert wrong_with(wide) == []
