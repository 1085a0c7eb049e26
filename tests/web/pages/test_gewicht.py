"""What a browser loads for a page: at most 150 kB, the page as it goes over the line with all its files."""

from __future__ import annotations

import re

import httpx

from service.db import Pool, Wie, transaction
from service.web.pages import assets
from service.web.pages.schakel.aanvragen import PER_PAGE
from service.web.pages.schakel.lijst import FALLEN
from service.web.pages.schakel.lijst import PER_PAGE as PLACES
from service.web.pages.schakel.plan import PER_PAGE as BORD
from tests import make
from tests.service import plans

MOST = 150_000


async def weight(api: httpx.AsyncClient, path: str) -> tuple[str, int]:
    """The page, and how many bytes a browser that has nothing of it yet gets for it."""
    async with api.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.status_code == 200, path
        parts = [part async for part in answer.aiter_raw()]
    page = (await api.get(path)).text
    files = set(re.findall(r'(?:src|href)="/static/([^"]+)"', page))
    assert {name.split(".")[0] for name in files} >= {"loket", "htmx", "icon"}
    return page, len(b"".join(parts)) + sum(len(assets.assets()[name].gzipped) for name in files)


async def test_each_main_page_as_full_as_it_gets_weighs_at_most_150_kb(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """A full page of the work list; of an aanvraag with a full page of places that fit and of places that fall out; of
    the children for a plek; the board of a plan; the board for a crisis with its map."""
    async with transaction(pool, wie) as conn:
        organisatie = await make.organisatie(conn, naam="Stichting Jeugdbescherming met een lange naam, Noord-Holland")
        kinderen = [
            await make.aanvraag(conn, organisatie_id=organisatie, kenmerk=f"Dossier {nr}/2026-{nr * 7919 % 1000}")
            for nr in range(PER_PAGE + 1)
        ]
        naam = "Gezinshuis De Wijde Blik aan de Loosdrechtse Plas, groep"
        for nr in range(PLACES + 1):
            plek = await make.plek(conn, voorziening_id=(await make.voorziening(conn, naam=f"{naam} {nr}")).id)
        for nr in range(FALLEN + 1):
            smal = await make.voorziening(conn, naam=f"{naam} voor kleintjes {nr}", leeftijd_van=0, leeftijd_tot=48)
            await make.plek(conn, voorziening_id=smal.id)
    found = {
        "/": ('id="a-', PER_PAGE),
        f"/aanvragen/{kinderen[0].id}": ('id="meer-', PLACES),
        f"/aanvragen/{kinderen[0].id}?watals=true&afgevallen=40": ("<summary>Gezinshuis", FALLEN + 1),
        f"/plekken/{plek.id}/kinderen": ('href="/aanvragen/', PER_PAGE),
        f"/plannen/{(await plans.made(pool, wie)).id}": ('id="r-', BORD),
        "/crisis": ("leaflet", 1),
    }
    heavy = {}
    for path, (row, rows) in found.items():
        page, size = await weight(api, path)
        assert page.count(row) >= rows, f"{path}: not as full as it gets"
        heavy |= {path: size} if size > MOST else {}
    assert heavy == {}
