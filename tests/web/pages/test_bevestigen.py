"""The page where a provider says that its plekken are still so, by the link in a mail: on a phone, without login."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import httpx

from service.aanbod.plekken import Plek
from service.bericht import versheid
from service.db import Connection, Pool, Wie, transaction
from service.settings import Settings
from service.web.pages.render import TEMPLATES
from tests import make
from tests.service.bericht.test_meldingen import DIENST, person
from tests.service.voorstelling import child, sent
from tests.web.conftest import Serve
from tests.web.pages.test_start import text_of

ADDRESS = "http://127.0.0.1"


async def mailed(pool: Pool, owner: Connection, wie: Wie) -> tuple[Plek, Plek, str]:
    """Two plekken of an aanbieder that need it, and the path in a mail to one of its people. Somebody lives beside."""
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn, naam="De <Linde>")
        een, twee, taken = [
            await make.plek(conn, voorziening_id=huis.id, naam=naam, now=make.NOW - timedelta(days=9))
            for naam in ("Kamer een", "Kamer twee", "Kamer drie")
        ]
        await make.plaatsing(conn, plek_id=taken.id)
    await person(owner, "aanbieder", aanbieder_id=huis.aanbieder_id)
    async with transaction(pool, DIENST) as conn:
        await versheid.versheidsronde(conn, make.NOW)
        bericht = await conn.fetchval("select id from bericht where soort = 'bevestiging_gevraagd'")
        return een, twee, await versheid.maak_link(conn, bericht, make.NOW)


async def tap(client: httpx.AsyncClient, path: str, antwoord: str, plek: UUID | None = None, **headers: str) -> int:
    form = {"antwoord": antwoord} | ({"plek": str(plek)} if plek else {})
    answer = await client.post(path, data=form, headers={"Origin": ADDRESS, **headers})
    if answer.status_code == 303:
        assert answer.headers["location"] == path
    return answer.status_code


CONFIRMED = "select plek_id, bron::text, beschikbaarheid::text from bevestiging where op = $1"


async def confirmed(owner: Connection) -> set[tuple[UUID, str, str]]:
    return {tuple(row) for row in await owner.fetch(CONFIRMED, make.NOW)}


async def test_opening_the_link_shows_the_plekken_and_changes_nothing(
    pool: Pool, owner: Connection, wie: Wie, serve: Serve
) -> None:
    """What scans mail opens each link in it, with GET or HEAD, and many times. No login, nothing of a child."""
    *_, path = await mailed(pool, owner, wie)
    client = await serve()
    before = await owner.fetch("select * from plek order by id")

    pages = [await client.get(path), await client.get(path)]
    head = await client.head(path)

    assert [page.status_code for page in (*pages, head)] == [200, 200, 200]
    assert await owner.fetch("select * from plek order by id") == before and await confirmed(owner) == set()
    text = text_of(pages[0])
    assert "De &lt;Linde&gt;, Kamer een" in text and "De &lt;Linde&gt;, Kamer twee" in text
    assert "Kamer drie" not in text, "taken: nobody was asked about it"
    assert pages[0].headers["referrer-policy"] == "same-origin" and pages[0].headers["cache-control"] == "no-store"
    assert "set-cookie" not in pages[0].headers
    for word in ("bewoner", "nummer", "aanvraag/", str(UUID(int=0))):
        assert word not in pages[0].text.lower()


async def test_one_tap_is_enough(pool: Pool, owner: Connection, wie: Wie, serve: Serve) -> None:
    """The page then thanks; a second tap, or going back and tapping, does no harm. In the history stands: by mail."""
    een, twee, path = await mailed(pool, owner, wie)
    client = await serve()

    assert [await tap(client, path, "klopt") for _ in range(2)] == [303, 303]

    assert await confirmed(owner) == {(id, "mail", "bemenst") for id in (een.id, twee.id)}
    page = await client.get(path)
    assert "Bedankt" in page.text


async def test_of_one_plek_can_be_said_what_is_different(pool: Pool, owner: Connection, wie: Wie, serve: Serve) -> None:
    """Only of plekken in this mail, and only what the page offers."""
    een, twee, path = await mailed(pool, owner, wie)
    async with transaction(pool, wie) as conn:
        other = await make.plek(conn)
    client = await serve()

    assert await tap(client, path, "onbemenst", een.id) == 303
    assert await tap(client, path, "bezet", twee.id) == 303
    assert await tap(client, path, "bezet", other.id) == 404
    assert [await tap(client, path, wrong) for wrong in ("weg", "", "bezet")] == [400, 400, 400]

    assert await confirmed(owner) >= {(een.id, "mail", "onbemenst"), (twee.id, "mail", "bemenst")}
    page = text_of(await client.get(path))
    assert "Kamer een Vrij, maar er is geen personeel." in page and "Kamer twee Bezet." in page
    assert await owner.fetchval("select count(*) from bezetting where plek_id = $1", twee.id) == 1
    assert await owner.fetchval("select count(*) from bezetting where plek_id = $1", other.id) == 0


async def test_a_plek_that_is_held_is_no_dead_end(pool: Pool, owner: Connection, wie: Wie, serve: Serve) -> None:
    """The page says what is so now and what to do, with the number of the loket; the others can still be answered."""
    een, twee, path = await mailed(pool, owner, wie)
    await owner.execute(
        "insert into instelling (regio, sleutel, waarde, bron) values ($1, 'loket_telefoon', $2, 'besluit')",
        wie.regio, "035 - 123 45 67",
    )  # fmt: skip
    async with transaction(pool, wie) as conn:
        kind = await child(conn)
        await sent(conn, pool, wie, (kind.id, een.id))
    client = await serve()

    form = {"antwoord": "bezet", "plek": str(een.id)}
    answer = await client.post(path, data=form, headers={"Origin": ADDRESS})

    text = text_of(answer)
    assert answer.status_code == 409
    assert "vanaf di 3 mrt vastgehouden voor een kind" in text and "Het loket heeft uw antwoord gekregen" in text
    assert 'href="tel:0351234567"' in answer.text and "Kamer twee" in text
    assert kind.nummer not in answer.text and str(kind.id) not in answer.text
    assert await tap(client, path, "onbemenst", twee.id) == 303
    assert await confirmed(owner) == {(twee.id, "mail", "onbemenst")}


async def test_another_website_cannot_tap(pool: Pool, owner: Connection, wie: Wie, serve: Serve) -> None:
    """Also when it knows the link."""
    *_, path = await mailed(pool, owner, wie)
    client = await serve()
    assert await tap(client, path, "klopt", Origin="https://elders.example") == 403
    answer = await client.post(path, data={"antwoord": "klopt"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert await confirmed(owner) == set()


async def test_a_link_that_is_wrong_or_old_says_what_to_do(
    pool: Pool, owner: Connection, wie: Wie, serve: Serve
) -> None:
    """The same for both, by GET and POST."""
    *_, path = await mailed(pool, owner, wie)
    now, old = await serve(), await serve(clock=lambda: make.NOW + timedelta(hours=48))
    for client, asked in ((now, path[:-1] + "."), (now, f"{path}/x"), (old, path)):
        page = await client.get(asked)
        assert page.status_code == 404
    assert "Deze link werkt niet meer" in (await old.get(path)).text
    assert [await tap(old, path, "klopt"), await tap(now, path[:-1] + ".", "klopt")] == [404, 404]
    assert await confirmed(owner) == set()


async def test_guessing_is_counted(serve: Serve, settings: Settings) -> None:
    """By internet address, as logging in is."""
    few = Settings(**{name: getattr(settings, name) for name in settings.__struct_fields__} | {"limit_address_min": 3})
    client = await serve(settings=few)
    statuses = [(await client.get("/bevestigen/raad")).status_code for _ in range(4)]
    assert statuses == [404, 404, 404, 429]


async def test_it_gives_no_way_into_anything_else(pool: Pool, owner: Connection, wie: Wie, serve: Serve) -> None:
    """No session comes of it; the secret is no token of the API."""
    *_, path = await mailed(pool, owner, wie)
    client = await serve()
    await client.get(path)
    token = path.rpartition("/")[2]
    assert (await client.get("/v1/plekken")).status_code == 401
    assert (await client.get("/v1/plekken", headers={"Authorization": f"Bearer {token}"})).status_code == 401
    assert list(client.cookies) == []


def test_each_button_is_one_that_a_thumb_can_hit() -> None:
    """Full width buttons in forms that need no script: each says what it does by itself."""
    text = (TEMPLATES / "bevestigen.html").read_text(encoding="utf-8")
    buttons = re.findall(r"<button[^>]*>", text)
    assert len(buttons) == 3
    assert all('class="choice"' in button and 'type="submit"' in button for button in buttons)
