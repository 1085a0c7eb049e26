"""Everybody sees where they are logged in, and ends that: of themselves, and of nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from msgspec import Struct

from service.db import Connection, Pool
from service.inloggen import sessies
from service.web.apparaat import in_words
from tests import make
from tests.conftest import OTHER_REGIO
from tests.web.conftest import Serve
from tests.web.test_identity import IDLE, LONGEST, Clock, bearer, cookie, listening, status

PROVIDER = "insert into identiteitsprovider (naam, issuer, client_id) values ($1, $1, 'loket') returning id"

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def clock() -> Clock:
    return Clock()


class People(Struct, frozen=True):
    """Jan, in two roles and regions; Piet, his colleague; and somebody of another provider who is also called jan."""

    jan: UUID
    jan_daar: UUID
    piet: UUID
    andere_jan: UUID


@pytest.fixture
async def people(owner: Connection) -> People:
    hier, daar = [await owner.fetchval(PROVIDER, f"https://{name}.example") for name in ("een", "twee")]
    return People(
        jan=await make.gebruiker(owner, identiteitsprovider_id=hier, subject="jan"),
        jan_daar=await make.gebruiker(
            owner, identiteitsprovider_id=hier, subject="jan", regio=OTHER_REGIO, rol="beheerder"
        ),
        piet=await make.gebruiker(owner, identiteitsprovider_id=hier, subject="piet"),
        andere_jan=await make.gebruiker(owner, identiteitsprovider_id=daar, subject="jan"),
    )


class Tokens(Struct, frozen=True):
    nu: str
    elders: str
    daar: str
    piet: str
    andere_jan: str

    def all(self) -> list[str]:
        return [self.nu, self.elders, self.daar, self.piet, self.andere_jan]


@pytest.fixture
async def tokens(pool: Pool, people: People) -> Tokens:
    """Each a minute after the one before; the first is that of the browser that asks."""

    async def token(gebruiker: UUID, number: int) -> str:
        now = make.NOW - timedelta(minutes=number)
        found, _ = await sessies.begin(
            pool, gebruiker=gebruiker, now=now, until=now + LONGEST, idle=IDLE, apparaat=f"toestel {number}"
        )
        return found

    who = (people.jan, people.jan, people.jan_daar, people.piet, people.andere_jan)
    return Tokens(*[await token(gebruiker, number) for number, gebruiker in enumerate(who)])


@pytest.fixture
async def api(serve: Serve, clock: Clock, tokens: Tokens) -> httpx.AsyncClient:
    """The browser of Jan."""
    client = await serve(clock=clock)
    await listening(client)
    client.headers.update(cookie(tokens.nu))
    return client


async def left(client: httpx.AsyncClient, tokens: Tokens) -> list[bool]:
    """Which tokens still count. A beheerder has no aanvragen: 403."""
    return [await status(client, cookie(token)) != 401 for token in tokens.all()]


def patched(client: httpx.AsyncClient, id: Any, **body: Any) -> Any:
    return client.patch(f"/v1/sessies/{id}", json=body, headers={"If-Match": "*"})


async def test_one_sees_ones_own_sessions_in_every_role_and_nobody_elses(api: httpx.AsyncClient) -> None:
    """The one that asks first, then the last used; since when, where, and on what."""
    found = (await api.get("/v1/sessies")).json()

    assert [(s["apparaat"], s["rol"], s["regio"], s["deze"], s["actief"]) for s in found] == [
        ("toestel 0", "schakelfunctionaris", "Gooi en Vechtstreek", True, True),
        ("toestel 1", "schakelfunctionaris", "Gooi en Vechtstreek", False, True),
        ("toestel 2", "beheerder", "Flevoland", False, True),
    ]
    assert found[1]["begonnenOp"] == found[1]["gezienOp"] == "2026-03-02T08:59:00Z"
    assert (await api.get(f"/v1/sessies/{found[1]['id']}")).json() == found[1]


async def test_what_is_over_is_not_shown(
    api: httpx.AsyncClient, clock: Clock, pool: Pool, tokens: Tokens, owner: Connection, people: People
) -> None:
    """Ended, unused for too long, of a role that was put out, or too old."""
    await sessies.end(pool, tokens.elders, now=clock.now)
    await owner.execute("update gebruiker set actief = false where id = $1", people.jan_daar)
    assert len((await api.get("/v1/sessies")).json()) == 1
    await sessies.begin(pool, gebruiker=people.jan, now=clock.now, until=clock.now + LONGEST, idle=IDLE)
    assert len((await api.get("/v1/sessies")).json()) == 2
    clock.now += IDLE - timedelta(seconds=1)
    assert len((await api.get("/v1/sessies")).json()) == 2
    clock.now += timedelta(seconds=1)
    assert [s["deze"] for s in (await api.get("/v1/sessies")).json()] == [True]


async def test_one_session_is_ended_at_once_and_that_is_in_the_log(
    api: httpx.AsyncClient, tokens: Tokens, owner: Connection, people: People
) -> None:
    """Also in another region. Sending back what one was given changes nothing."""
    elders, daar = [s["id"] for s in (await api.get("/v1/sessies")).json()][1:]
    await patched(api, elders, actief=True)
    assert await left(api, tokens) == [True] * 5

    ended = [await patched(api, id, actief=False) for id in (elders, daar)]

    assert [(answer.status_code, answer.json()["actief"]) for answer in ended] == [(200, False)] * 2
    assert await left(api, tokens) == [True, False, False, True, True]
    assert (await api.get(f"/v1/sessies/{elders}")).status_code == 404
    lines = await owner.fetch("select gebruiker_id, gebeurtenis::text from logregel where handeling = 'wijzigSessie'")
    assert {tuple(line) for line in lines} == {(people.jan, "uitlog")}


async def test_all_others_are_ended_and_the_one_that_asks_is_not(api: httpx.AsyncClient, tokens: Tokens) -> None:
    answer = await api.post("/v1/sessies/einde")

    assert (answer.status_code, answer.json()) == (200, {"aantal": 2})
    assert await left(api, tokens) == [True, False, False, True, True]


async def test_nobody_ends_or_sees_the_session_of_another(
    api: httpx.AsyncClient, tokens: Tokens, owner: Connection, people: People
) -> None:
    """Not of a colleague, nor of who has the same name at another provider."""
    for who in (people.piet, people.andere_jan):
        id = await owner.fetchval("select id from sessie where gebruiker_id = $1", who)
        answers = [
            await api.get(f"/v1/sessies/{id}"),
            await patched(api, id, actief=False),
            await api.post("/sessies/einde", data={"sessieId": str(id)}),
        ]
        assert [answer.status_code for answer in answers] == [404, 404, 400]
    assert await left(api, tokens) == [True] * 5


async def test_who_logs_in_without_a_provider_has_only_their_own_row(
    serve: Serve, pool: Pool, owner: Connection
) -> None:
    """In the demo nobody has a provider: two people are not one because neither has."""
    een, ander = [await make.gebruiker(owner, identiteitsprovider_id=None) for _ in range(2)]
    tokens = [
        (await sessies.begin(pool, gebruiker=id, now=make.NOW, until=make.NOW + LONGEST, idle=IDLE))[0]
        for id in (een, ander)
    ]
    client = await serve()

    assert len((await client.get("/v1/sessies", headers=cookie(tokens[0]))).json()) == 1
    assert (await client.post("/v1/sessies/einde", headers=cookie(tokens[0]))).json() == {"aantal": 0}
    assert await status(client, cookie(tokens[1])) == 200


async def test_the_page_shows_them_in_plain_words_and_ends_them(api: httpx.AsyncClient, tokens: Tokens) -> None:
    """Without JavaScript. The hash of a token stands nowhere."""
    page = await api.get("/sessies")
    assert page.text.count("<dt>Ingelogd sinds</dt>") == 3
    assert "ma 2 mrt, 09:59" in page.text and "toestel 1" in page.text and "Flevoland" in page.text
    assert page.text.count("Hiermee werkt u nu.") == 1 and page.text.count(">Beëindigen</button>") == 2
    assert not [token for token in tokens.all() if sessies.digest(token).hex() in page.text]

    id = page.text.split('name="sessieId" value="')[1].split('"')[0]
    one = await api.post("/sessies/einde", data={"sessieId": id})
    assert (one.status_code, one.headers["Location"]) == (303, "/sessies")
    assert await left(api, tokens) == [True, False, True, True, True]
    await api.post("/sessies/einde-andere")
    assert await left(api, tokens) == [True, False, False, True, True]
    assert "Beëindig alle andere sessies" not in (await api.get("/sessies")).text


@pytest.mark.parametrize("form", [{}, {"sessieId": "deze"}, {"sessieId": ["a", "b"]}])
async def test_a_form_that_names_no_session_ends_none(
    api: httpx.AsyncClient, tokens: Tokens, form: dict[str, Any]
) -> None:
    answer = await api.post("/sessies/einde", data=form)

    assert (answer.status_code, "Dit is niet gelukt" in answer.text) == (400, True)
    assert await left(api, tokens) == [True] * 5


async def test_another_website_ends_nothing(api: httpx.AsyncClient, tokens: Tokens) -> None:
    for path in ("/sessies/einde-andere", "/v1/sessies/einde", "/vervanging", "/vervanging/namens"):
        answer = await api.post(path, headers={"Origin": "https://kwaad.example"})
        assert answer.status_code == 403, path
    assert await left(api, tokens) == [True] * 5


async def test_a_machine_has_no_sessions_to_show(serve: Serve, pool: Pool, owner: Connection) -> None:
    """It has tokens, that last minutes."""
    aanbieder = await make.aanbieder_als_eigenaar(owner)
    koppeling = await owner.fetchval(
        "insert into koppeling (regio, aanbieder_id, naam) values ('gooi-en-vechtstreek', $1, 'ECD') returning id",
        aanbieder,
    )
    token, _ = await sessies.begin(pool, koppeling=koppeling, now=make.NOW, until=make.NOW + LONGEST, idle=IDLE)

    assert (await (await serve()).get("/v1/sessies", headers=bearer(token))).status_code == 403


# ── The device ───────────────────────────────────────────────────────────────────────────────────

ANDROID = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0 Mobile Safari/537.36"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/138.0"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (FIREFOX, "Firefox op Windows"),
        (f"{ANDROID} Edg/138.0", "Edge op een Android-toestel"),
        (ANDROID, "Chrome op een Android-toestel"),
        (MAC, "Safari op een Mac"),
        (IPHONE, "Chrome op een iPhone"),
        ("curl/8.9 (Linux)", "een andere browser op Linux"),
        ("Firefox/1", "Firefox op een onbekend apparaat"),
        ("<script>", "een onbekend apparaat"),
        ("", "een onbekend apparaat"),
        (None, "een onbekend apparaat"),
    ],
)
def test_a_device_is_told_in_words_of_ours(said: str | None, words: str) -> None:
    """Nothing of what a browser says of itself is kept as it says it."""
    assert in_words(said) == words


async def test_a_login_keeps_on_what_it_was(serve: Serve, owner: Connection) -> None:
    ik = await make.gebruiker(owner)
    client = await serve(demo_links={"link": ik})

    await client.get("/demo-inloggen/link", headers={"User-Agent": FIREFOX})

    assert await owner.fetchval("select apparaat from sessie") == "Firefox op Windows"
