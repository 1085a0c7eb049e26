"""`/`: the list of open aanvragen."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import httpx

from service.aanvraag import stappen
from service.aanvraag.gebeurtenissen import OPEN, AanvraagStatus, GebeurtenisSoort
from service.aanvraag.werkblad import Beurt, Vandaag
from service.db import Connection, Pool, Wie, transaction
from service.web.pages.schakel import zinnen
from tests import make

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def nummers(answer: httpx.Response) -> list[str]:
    return re.findall(r'<a class="[^"]*" id="[^"]*" href="/aanvragen/[^"]*">([^<]*)</a>', answer.text)


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


async def test_of_many_zorgvormen_two_are_seen_and_all_are_read_aloud(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """So that a row stays low."""
    async with transaction(pool, wie) as conn:
        many = ["gezinshuis", "pleegzorg-opvoeding", "residentieel", "kamertraining"]
        await make.aanvraag(conn, zorgvormen=many, zorgvorm_reden="Er is niets anders vrij.")
    text = (await api.get("/")).text
    assert "Gezinshuis; Pleegzorg, opvoeding" in text
    assert '<span class="visually-hidden">; Residentieel verblijf; Kamertraining</span>' in text
    assert 'aria-hidden="true">+2</span>' in text


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
    assert "Geen open aanvraag past bij wat u koos." in text
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


async def on_a_plek(api: httpx.AsyncClient, pool: Pool, wie: Wie, path: str, **fields: object) -> str:
    """The nummer of an aanvraag for which a plek is held, or proposed."""
    async with transaction(pool, wie) as conn:
        aanvraag, plek = await make.aanvraag(conn, **fields), await make.plek(conn)
    plekken = [{"aanvraagId": str(aanvraag.id), "plekId": str(plek.id)}]
    body = {"plekken": plekken, "van": make.day(1).isoformat()} | ({"verzend": True} if path == "voorstellen" else {})
    answer = await api.post(f"/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    return aanvraag.nummer


async def test_whose_move_it_is_follows_from_status_and_facts(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """A new one is of the loket; what was asked of a provider, of that provider."""
    async with transaction(pool, wie) as conn:
        new = await make.aanvraag(conn)
    asked = await on_a_plek(api, pool, wie, "voorstellen")
    assert nummers(await api.get("/?beurt=aanbieder")) == [asked]
    assert nummers(await api.get("/?beurt=loket")) == [new.nummer]
    text = (await api.get("/")).text
    assert "Aanbieder: geeft antwoord" in text and "Loket: neem in behandeling" in text


async def test_what_is_due_today_is_marked_and_can_be_shown_alone(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """An optie that lapses today, a latest date that is today; of tomorrow nothing."""
    lapses = await on_a_plek(api, pool, wie, "opties", urgentie="crisis")  # for four hours
    async with transaction(pool, wie) as conn:
        latest = await make.aanvraag(conn, gewenste_start=make.TODAY, uiterlijke_datum=make.TODAY)
        await make.aanvraag(conn, uiterlijke_datum=make.day(1))
    answer = await api.get("/?vandaag=true")
    assert nummers(answer) == [lapses, latest.nummer]
    assert "optie vervalt" in answer.text and "uiterlijke datum" in answer.text


async def test_waiting_time_stands_beside_the_norm_of_the_region(
    api: httpx.AsyncClient, pool: Pool, wie: Wie, owner: Connection
) -> None:
    """On the last day, one day before and one day after it; without a norm nothing is said."""
    norm = "insert into instelling (regio, sleutel, waarde, bron) values ($1, 'normen_dagen', $2, 'tests')"
    async with transaction(pool, wie) as conn:
        for days in (9, 10, 11):
            await make.aanvraag(conn, now=make.NOW - timedelta(days=days))
    assert "norm" not in (await api.get("/")).text.replace("normaal", "")
    await owner.execute(norm, wie.regio, {"regulier": 10})
    text = (await api.get("/")).text
    assert "norm: nog 1 dag" in text and "norm: vandaag" in text and "norm 1 dag voorbij" in text
    assert "laatste dag van de norm" in text


async def test_the_list_is_kept_small_by_zorgvorm_gemeente_and_who_does_it(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        one = await make.aanvraag(conn, zorgvormen=["gezinshuis"], gemeente_code="0402")
        other = await make.aanvraag(conn, zorgvormen=["pleegzorg-opvoeding"], gemeente_code="0406")
        await stappen.neem_in_behandeling(conn, other, wie=wie, now=make.NOW)
    assert nummers(await api.get("/?zorgvorm=gezinshuis")) == [one.nummer]
    assert nummers(await api.get("/?gemeente=0406")) == [other.nummer]
    assert nummers(await api.get("/?eigen=true")) == [other.nummer]
    assert set(nummers(await api.get("/?beurt=&zorgvorm=&gemeente=&volgorde=wacht"))) == {one.nummer, other.nummer}


def test_each_status_and_gebeurtenis_has_its_words() -> None:
    assert zinnen.STATUS.keys() == set(AanvraagStatus)
    assert zinnen.GEBEURTENIS.keys() == set(GebeurtenisSoort)
    assert zinnen.STAP.keys() == set(OPEN)
    assert (zinnen.BEURT.keys(), zinnen.VANDAAG.keys()) == (set(Beurt), set(Vandaag))
