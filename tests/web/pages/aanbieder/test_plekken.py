"""`/plekken`: what an aanbieder has, said with as few taps as can be."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from service.aanbod import plekken as aanbod
from service.aanbod.plekken import Plek
from service.db import Connection, Pool, Wie, transaction
from service.plaatsing import plaatsingen
from tests import make
from tests.service.voorstelling import child, sent
from tests.web.conftest import Serve
from tests.web.pages.test_start import text_of

OLD = make.NOW - timedelta(days=30)


@pytest.fixture
async def plekken(pool: Pool, wie: Wie) -> list[Plek]:
    """Two of a gezinshuis that nobody confirmed for a month, one of a crisis group."""
    async with transaction(pool, wie) as conn:
        locatie = await make.locatie(conn)
        huis = await make.voorziening(conn, locatie_id=locatie.id, naam="De Linde")
        crisis = await make.voorziening(conn, locatie_id=locatie.id, naam="De Haven", zorgvorm="crisis")
        return [
            *[await make.plek(conn, voorziening_id=huis.id, naam=f"Kamer {at}", now=OLD) for at in (1, 2)],
            await make.plek(conn, voorziening_id=crisis.id, naam="Crisis 1", now=OLD),
        ]


@pytest.fixture
async def mijn(serve: Serve, wie_als: Callable[..., Wie], plekken: list[Plek]) -> httpx.AsyncClient:
    return await serve(wie_als("aanbieder", organisatie=plekken[0].aanbieder_id))


async def said(owner: Connection, plek: Plek) -> tuple[str, str]:
    """By which way it was confirmed since, and what the plek is."""
    row = await owner.fetchrow(
        "select max(c.bron::text), max(p.beschikbaarheid::text) from plek p join bevestiging c on c.plek_id = p.id"
        " where p.id = $1 and c.op >= $2",
        plek.id,
        make.NOW,
    )
    assert row is not None
    return row[0], row[1]


async def test_crisis_stands_first_and_what_is_not_sure_says_so(mijn: httpx.AsyncClient) -> None:
    text = text_of(await mijn.get("/plekken"))
    assert text.index("De Haven") < text.index("De Linde")
    assert "3 zijn niet zeker meer." in text and text.count("Niet meer zeker.") + text.count("Bevestig opnieuw.") == 3


async def test_everything_is_confirmed_in_one_tap(
    mijn: httpx.AsyncClient, plekken: list[Plek], owner: Connection
) -> None:
    """Issue 6: counted. The form is one button, and nothing is to be filled in."""
    page = (await mijn.get("/plekken")).text
    [form] = re.findall(r'<form method="post" action="(/aanbieders/[^"]+)"(.*?)</form>', page, re.DOTALL)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', form[1]))
    assert form[1].count("<button") == 1 and form[1].count("<input") == len(hidden)

    answer = await mijn.post(form[0], data=hidden)

    print("confirm all places: 1 tap")
    assert answer.status_code == 303
    assert {await said(owner, plek) for plek in plekken} == {("scherm", "bemenst")}
    assert "Het loket weet nu weer wat er vrij is." in text_of(await mijn.get(answer.headers["location"]))
    assert "niet zeker meer" not in text_of(await mijn.get("/plekken"))


async def test_what_somebody_said_after_the_page_was_shown_stays(
    mijn: httpx.AsyncClient, plekken: list[Plek], owner: Connection
) -> None:
    """A colleague says meanwhile that there is no staff: that is not what was seen."""
    await mijn.post(f"/plekken/{plekken[0].id}/bevestigingen", data={"beschikbaarheid": "onbemenst"})
    seen = (make.NOW - timedelta(minutes=5)).isoformat()

    await mijn.post(f"/aanbieders/{plekken[0].aanbieder_id}/bevestigingen", data={"gezienOp": seen})

    count = "select count(*) from bevestiging where plek_id = $1 and op >= $2"
    assert await owner.fetchval(count, plekken[0].id, OLD + timedelta(days=1)) == 1
    assert await owner.fetchval(count, plekken[1].id, OLD + timedelta(days=1)) == 1


@pytest.mark.parametrize(("value", "shown"), [("onbemenst", "Niet bemenst"), ("in_overleg", "In overleg")])
async def test_another_answer_is_one_tap_and_can_be_taken_back(
    mijn: httpx.AsyncClient, plekken: list[Plek], owner: Connection, value: str, shown: str
) -> None:
    form = {"beschikbaarheid": value, "was": "bemenst"}
    answer = await mijn.post(f"/plekken/{plekken[0].id}/bevestigingen", data=form)
    page = await mijn.get(answer.headers["location"])
    assert f"{shown}</span>" in page.text
    undo = {"beschikbaarheid": "bemenst"}
    assert "Maak ongedaan" in page.text and 'name="beschikbaarheid" value="bemenst"' in page.text
    await mijn.post(f"/plekken/{plekken[0].id}/bevestigingen", data=undo)
    assert await said(owner, plekken[0]) == ("scherm", "bemenst")


async def test_a_child_of_elsewhere_takes_a_plek_and_that_can_be_taken_back(
    mijn: httpx.AsyncClient, plekken: list[Plek], pool: Pool, wie: Wie
) -> None:
    plek = plekken[0]
    answer = await mijn.post(f"/plekken/{plek.id}/bewoning", data={"bewoond": "true"})
    assert "Deze plek staat nu als bezet." in text_of(await mijn.get(answer.headers["location"]))
    async with transaction(pool, wie) as conn:
        assert (await aanbod.get(conn, plek.id, make.NOW)).status == "bezet"
    undone = await mijn.post(f"/plekken/{plek.id}/bewoning", data={"bewoond": "false"})
    assert undone.headers["location"] == "/plekken?gedaan=vrij"
    async with transaction(pool, wie) as conn:
        assert (await aanbod.get(conn, plek.id, make.NOW)).status == "open"


async def test_a_child_of_elsewhere_that_came_before_today_leaves_with_a_reason(
    serve: Serve, wie_als: Callable[..., Wie], plekken: list[Plek], pool: Pool, wie: Wie, owner: Connection
) -> None:
    own = wie_als("aanbieder", organisatie=plekken[0].aanbieder_id)
    before, now = await serve(own, clock=lambda: OLD), await serve(own)
    url = f"/plekken/{plekken[0].id}/bewoning"
    await before.post(url, data={"bewoond": "true"})
    assert "Zeg waarom het kind weg is." in (await now.post(url, data={"bewoond": "false"})).text
    assert (await now.post(url, data={"bewoond": "false", "einde": "doorstroom"})).status_code == 303
    row = await owner.fetchrow(
        "select beeindigd_op, einde_reden::text from bezetting where plek_id = $1", plekken[0].id
    )
    assert row is not None and tuple(row) == (make.TODAY, "doorstroom")


async def test_what_is_held_for_a_child_stays_so_and_the_loket_is_told(
    mijn: httpx.AsyncClient, plekken: list[Plek], pool: Pool, wie: Wie, owner: Connection
) -> None:
    """Somebody else may have been promised this bed."""
    async with transaction(pool, wie) as conn:
        kind = await child(conn)
        await sent(conn, pool, wie, (kind.id, plekken[0].id))
    answer = await mijn.post(f"/plekken/{plekken[0].id}/bewoning", data={"bewoond": "true"})
    assert answer.headers["location"] == "/plekken?gedaan=tegengesproken"
    assert await owner.fetchval("select count(*) from gebeurtenis where gegevens ->> 'alarm' = 'plek_bezet'") == 1
    assert await owner.fetchval("select count(*) from bezetting where plek_id = $1", plekken[0].id) == 1


async def test_a_child_that_came_by_the_loket_does_not_leave_by_a_tap(
    mijn: httpx.AsyncClient, plekken: list[Plek], pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        kind = await child(conn)
        await plaatsingen.plaats(conn, plekken[0].id, kind.id, make.day(-3), make.day(60), now=make.NOW)
    answer = await mijn.post(f"/plekken/{plekken[0].id}/bewoning", data={"bewoond": "false", "einde": "anders"})
    assert (answer.status_code, "beëindig die plaatsing" in answer.text) == (409, True)
    page = await mijn.get(f"/plekken/{plekken[0].id}")
    assert "Er woont een kind" in text_of(page) and "Bekijk deze plaatsing" in page.text


async def test_a_plek_stops_for_a_while_and_starts_again(mijn: httpx.AsyncClient, plekken: list[Plek]) -> None:
    url = f"/plekken/{plekken[0].id}"
    form = {"reden": "verbouwing", "van": make.TODAY.isoformat(), "tot": make.day(20).isoformat()}
    assert (await mijn.post(f"{url}/stops", data={**form, "tot": form["van"]})).status_code == 400
    page = await mijn.get((await mijn.post(f"{url}/stops", data=form)).headers["location"])
    assert "verbouwing" in text_of(page) and "Gestopt</span>" in page.text
    end = re.search(rf'action="({url}/stops/[^"]+)"', page.text)
    versie = re.search(r'name="versie" value="([^"]+)"', page.text[end.start() :]) if end else None
    assert end and versie
    data = {"beeindigd": "true", "versie": versie[1].replace("&#34;", '"')}
    assert (await mijn.post(end[1], data=data)).status_code == 303
    assert "Gestopt</span>" not in (await mijn.get(url)).text


async def test_a_plek_ends_on_a_day_and_that_can_be_taken_back(
    mijn: httpx.AsyncClient, plekken: list[Plek], owner: Connection
) -> None:
    url, upper = f"/plekken/{plekken[0].id}", "select upper(bestaat) from plek where id = $1"
    until = {"versie": "*", "bestaatTot": make.day(30).isoformat()}
    page = await mijn.get((await mijn.post(url, data=until)).headers["location"])
    assert await owner.fetchval(upper, plekken[0].id) == make.day(30)
    assert "De plek stopt op die dag." in page.text and "Maak ongedaan" in page.text
    assert (await mijn.post(url, data={"versie": "*", "bestaatTot": ""})).status_code == 303
    assert await owner.fetchval(upper, plekken[0].id) is None


async def test_a_plek_is_added_and_a_name_that_is_taken_is_told_with_what_was_filled_in(
    mijn: httpx.AsyncClient, plekken: list[Plek]
) -> None:
    form = {"voorzieningId": str(plekken[0].voorziening_id), "naam": "Kamer 3", "beschikbaarheid": "in_overleg"}
    assert (await mijn.post("/plekken", data=form)).status_code == 303
    again = await mijn.post("/plekken", data=form)
    assert again.status_code == 409 and 'value="Kamer 3"' in again.text


async def test_a_pleegzorgaanbieder_reads_of_profielen_and_not_of_families(
    serve: Serve, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    async with transaction(pool, wie) as conn:
        van = await make.aanbieder(conn, pleegzorg=True)
        locatie = await make.locatie(conn, aanbieder_id=van.id)
        huis = await make.voorziening(conn, locatie_id=locatie.id, zorgvorm="pleegzorg-opvoeding")
        plek = await make.plek(conn, voorziening_id=huis.id, naam="Kamer")
    client = await serve(wie_als("aanbieder", organisatie=van.id))
    text = text_of(await client.get("/plekken"))
    assert "Mijn profielen" in text and "Vraagbaar" in text and "Mijn plekken" not in text
    for page in (f"/plekken/{plek.id}?gedaan=stop", "/eigen-cijfers"):
        text = text_of(await client.get(page)).partition("Uitloggen")[2].partition("één loket helpt")[0]
        text = text.lower().replace("houdt iemand plekken achter", "")  # said to everybody
        assert "profiel" in text and " plek" not in text, page


async def test_who_has_nothing_yet_is_told_what_to_do(
    serve: Serve, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    async with transaction(pool, wie) as conn:
        van = await make.aanbieder(conn)
    client = await serve(wie_als("aanbieder", organisatie=van.id))
    text = text_of(await client.get("/plekken"))
    assert "U hebt nog geen plekken in het loket. Bel het loket." in text and "Alles klopt nog" not in text


async def test_an_aanbieder_begins_at_its_plekken(mijn: httpx.AsyncClient) -> None:
    assert (await mijn.get("/")).headers["location"] == "/plekken"


async def test_the_loket_looks_up_an_aanbieder_that_calls(api: httpx.AsyncClient, plekken: list[Plek]) -> None:
    id = plekken[0].aanbieder_id
    assert f'href="/plekken?aanbieder={id}"' in (await api.get("/plekken")).text
    assert "De Linde" in text_of(await api.get(f"/plekken?aanbieder={id}"))


async def test_who_works_at_the_loket_chooses_an_aanbieder_also_when_the_loket_is_an_organisatie(
    serve: Serve, owner: Connection, wie: Wie
) -> None:
    """As in the demo: its organisatie is not an aanbieder of which there are plekken."""
    loket = await owner.fetchval(
        "insert into organisatie (regio, soort, naam) values ($1, 'loket', 'Het loket') returning id", wie.regio
    )
    api = await serve(Wie(wie.regio, wie.rol, wie.gebruiker, loket))

    assert "Plekken van een aanbieder" in (await api.get("/plekken")).text
