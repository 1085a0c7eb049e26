"""`/`: the list of open aanvragen."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import httpx

from service.aanvraag import stappen
from service.aanvraag.gebeurtenissen import AanvraagStatus
from service.db import Pool, Wie, transaction
from tests import make

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def nummers(answer: httpx.Response) -> list[str]:
    return re.findall(r'<a class="[^"]*" href="/aanvragen/[^"]*">([^<]*)</a>', answer.text)


async def test_a_page_is_html_that_loads_only_from_here_and_is_kept_nowhere(api: httpx.AsyncClient) -> None:
    answer = await api.get("/")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == CSP
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    scripts = re.findall(r"<script[^>]*>", answer.text)
    assert all(re.fullmatch(r'<script src="/static/\w+\.[0-9a-f]{12}\.js" defer>', script) for script in scripts)
    assert answer.text.count("<script") == len(scripts) == answer.text.count("></script>")
    assert not re.search(r"<style| style=| on\w+=|https?://", answer.text.replace("http://www.w3.org", ""))


async def test_head_answers_like_get_without_a_body(api: httpx.AsyncClient) -> None:
    answer = await api.head("/")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_the_most_urgent_stands_first_and_then_who_waits_longest(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        regulier_oud, crisis_nieuw, spoed, crisis_oud = [
            (await make.aanvraag(conn, urgentie=urgentie, now=make.NOW - timedelta(days=wait))).nummer
            for urgentie, wait in [("regulier", 90), ("crisis", 0), ("spoed", 5), ("crisis", 1)]
        ]
    assert nummers(await api.get("/")) == [crisis_oud, crisis_nieuw, spoed, regulier_oud]
    assert nummers(await api.get("/?urgentie=crisis")) == [crisis_oud, crisis_nieuw]


async def test_a_row_tells_who_where_when_and_how_long(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """Dates as `di 3 mrt`, ages in years, the way people here speak."""
    async with transaction(pool, wie) as conn:
        await make.aanvraag(
            conn,
            kenmerk="J-1",
            huidig_verblijf="crisisplek",
            huidig_verblijf_tot=make.day(3),
            zorgvormen=["gezinshuis", "pleegzorg-opvoeding"],
            now=make.NOW - timedelta(days=30),
        )
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", (await api.get("/")).text))
    assert "10 jaar" in text
    assert "op een crisisplek, tot do 5 mrt" in text
    assert "vanaf di 3 mrt uiterlijk di 31 mrt" in text
    assert "Gezinshuis; Pleegzorg, opvoeding" in text
    assert "4 weken" in text


async def test_brothers_and_sisters_are_marked(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        organisatie = await make.organisatie(conn)
        samen = await make.samenplaatsing(conn, organisatie_id=organisatie)
        for _ in range(3):
            await make.aanvraag(conn, organisatie_id=organisatie, samenplaatsing_id=samen.id)
    assert (await api.get("/")).text.count("samen met 2 broers en zussen") == 3


async def test_a_closed_aanvraag_and_one_of_another_region_are_not_there(
    api: httpx.AsyncClient, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    async with transaction(pool, wie) as conn:
        gone = await make.aanvraag(conn)
        await stappen.sluit(conn, gone.id, AanvraagStatus.INGETROKKEN, "Niet meer nodig", now=make.NOW)
    async with transaction(pool, wie_als("schakelfunctionaris", regio="flevoland")) as conn:
        await make.aanvraag(conn)
    assert nummers(await api.get("/")) == []


async def test_an_empty_list_says_what_to_do(api: httpx.AsyncClient) -> None:
    text = (await api.get("/")).text
    assert "Er zijn geen open aanvragen." in text
    assert "loket import aanvragen" in text


async def test_an_empty_filter_leads_back_to_the_whole_list(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        await make.aanvraag(conn)
    text = (await api.get("/?urgentie=crisis")).text
    assert "Er zijn geen open aanvragen met urgentie crisis." in text
    assert "Bekijk alle open aanvragen" in text


async def test_fifty_aanvragen_are_one_page_and_one_more_makes_two(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        organisatie = await make.organisatie(conn)
        for _ in range(50):
            await make.aanvraag(conn, organisatie_id=organisatie)
    assert "Pagina" not in (await api.get("/")).text
    async with transaction(pool, wie) as conn:
        await make.aanvraag(conn, organisatie_id=organisatie)
    first, second = await api.get("/"), await api.get("/?pagina=2")
    assert (len(nummers(first)), len(nummers(second))) == (50, 1)
    assert 'rel="next" href="/?pagina=2"' in first.text
    assert 'rel="prev" href="/"' in second.text
    assert nummers(await api.get("/?pagina=3")) == nummers(second)


async def test_a_name_that_looks_like_html_is_escaped(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        await make.aanvraag(conn, organisatie_id=await make.organisatie(conn, naam="<script>alert(1)</script> & zo"))
    text = (await api.get("/")).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; zo" in text
    assert "<script>" not in text


async def test_a_wrong_filter_gives_a_page_that_says_so(api: httpx.AsyncClient) -> None:
    for address in ("/?urgentie=haast", "/?pagina=0", "/?pagina=x"):
        answer = await api.get(address)
        assert answer.status_code == 400
        assert "Dit adres klopt niet" in answer.text
        assert answer.headers["Content-Security-Policy"] == CSP
