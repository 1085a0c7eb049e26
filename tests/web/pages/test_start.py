"""The page where every rol can begin: who one is and what one can do."""

from __future__ import annotations

import re
from uuid import UUID

import httpx
import pytest

from service.db import Connection, Rol, Wie
from service.web.pages.start import DOEN
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
    assert f'href="{first}"' in page.text.partition('aria-label="Hoofdmenu"')[2].partition("</nav>")[0]
    assert "Uw vervanger, en wie u vervangt" in page.text
    assert [(sent.status_code, sent.content) for sent in answer.history] == [(303, b"")] * (first != "/")
    assert (first == "/") is (rol is Rol.SCHAKELFUNCTIONARIS)
    assert (first == "/crisis") is (rol is Rol.CRISISDIENST)
    assert (first == "/plekken") is (rol is Rol.AANBIEDER)


@pytest.mark.parametrize("rol", list(Rol))
async def test_it_says_of_each_screen_of_a_rol_what_one_does_there(serve: Serve, wie: Wie, rol: Rol) -> None:
    """In words; the API is for programmers and comes last."""
    who = Wie(wie.regio, rol, wie.gebruiker, wie.gebruiker)

    page = (await (await serve(who)).get("/start")).text

    for _, path, naam in menu(who):
        if path != "/start":
            assert f'<a class="choice" href="{path}">{naam} <span>{DOEN[path]}</span></a>' in page
    assert "/rondleiding" not in page
    assert page.rindex('class="choice"') < page.index('href="/mails"') < page.index("/v1/openapi.json")


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
    assert "Zeggen wat er vrij is, en of dat nog klopt." in found
    assert "Zien wie een plek zoekt" not in found
