"""The page where every rol can begin: who one is and what one can do."""

from __future__ import annotations

import re
from uuid import UUID

import httpx
import pytest

from service import toegang
from service.db import Connection, Rol, Wie
from service.web.pages.start import KAN, kan
from service.web.pages.visit import menu
from tests import make
from tests.conftest import REGIO
from tests.web.conftest import Serve


def text_of(answer: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


@pytest.mark.parametrize("rol", list(Rol))
async def test_whoever_logs_in_begins_at_a_page_for_its_rol(
    serve: Serve, wie: Wie, owner: Connection, rol: Rol
) -> None:
    """The first of its menu; for who has no screens yet the page that says what they can do."""
    aanbieder = await make.aanbieder_als_eigenaar(owner)
    who = Wie(wie.regio, rol, wie.gebruiker, aanbieder)
    api = await serve(who)

    answer, page = await api.get("/", follow_redirects=True), await api.get("/start")

    first = menu(who)[0][1]
    assert (answer.status_code, answer.url.path) == (200, first)
    assert ("nog geen schermen" in page.text) is (first == "/start")
    assert f'href="{first}"' in page.text.partition('aria-label="Hoofdmenu"')[2].partition("</nav>")[0]
    assert "Een vervanger kiezen voor als u er niet bent" in page.text
    assert [(sent.status_code, sent.content) for sent in answer.history] == [(303, b"")] * (first != "/")
    assert (first == "/") is (rol is Rol.SCHAKELFUNCTIONARIS)
    assert (first == "/crisis") is (rol is Rol.CRISISDIENST)
    assert (first == "/plekken") is (rol is Rol.AANBIEDER)


def test_everything_it_says_that_one_can_do_is_an_operation_of_the_table() -> None:
    assert [zin for zin, id in KAN if toegang.handeling(id) is None] == []
    assert all(len(kan(Wie(REGIO, rol, UUID(int=2)))) > 1 for rol in Rol)


async def test_it_says_who_is_logged_in_where_and_for_whom(serve: Serve, owner: Connection) -> None:
    aanbieder = await make.aanbieder_als_eigenaar(owner)
    await owner.execute("update aanbieder set naam = 'De <Linde>' where id = $1", aanbieder)
    mine, other = UUID(int=10), UUID(int=11)
    for id, naam in ((mine, "Yara Roelofs"), (other, "Sam Kok")):
        await owner.execute(
            "insert into gebruiker (id, regio, naam, rol, aanbieder_id) values ($1, $2, $3, 'aanbieder', $4)",
            id,
            REGIO,
            naam,
            aanbieder,
        )
    api = await serve(Wie(REGIO, Rol.AANBIEDER, mine, aanbieder, other))

    page = await api.get("/start")

    assert "De &lt;Linde&gt;" in page.text
    found = text_of(page)
    assert "Welkom, Yara Roelofs" in found
    assert "Uw rol aanbieder U werkt bij De" in found
    assert "U vervangt nu Sam Kok" in found
    assert "Plekken bekijken (van de eigen aanbieder)" in found
    assert "Regelen wie er in het loket mag" not in found
