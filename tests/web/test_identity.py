"""Who asks is known by a session, and by nothing else. Its end is felt at once, in every process."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from msgspec import Struct, structs

from service.db import Connection, Pool
from service.inloggen import sessies
from service.settings import Settings
from service.web.identity import KEEP
from tests import make
from tests.conftest import REGIO
from tests.web.conftest import Serve

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=10)


class Clock(Struct):
    """Time that a test moves."""

    now: datetime = make.NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def iemand(owner: Connection) -> UUID:
    """A schakelfunctionaris of Gooi en Vechtstreek."""
    return await make.gebruiker(owner)


async def token_for(pool: Pool, gebruiker: UUID, now: datetime = make.NOW) -> str:
    token, _ = await sessies.begin(pool, gebruiker=gebruiker, now=now, until=now + LONGEST, idle=IDLE)
    return token


def cookie(token: str) -> dict[str, str]:
    return {"Cookie": f"__Host-loket={token}"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def status(client: httpx.AsyncClient, headers: dict[str, str]) -> int:
    return (await client.get("/v1/aanvragen", headers=headers)).status_code


async def listening(client: httpx.AsyncClient) -> None:
    """Until the process behind the client hears of sessions, and so keeps them."""
    bus = client._transport.app.state.services.bus  # type: ignore[attr-defined]
    while bus.mark(sessies.CHANNEL) is None:  # noqa: ASYNC110  bounded by the test's own patience
        await asyncio.sleep(0.005)


async def heard(client: httpx.AsyncClient, mark: int) -> None:
    bus = client._transport.app.state.services.bus  # type: ignore[attr-defined]
    async with asyncio.timeout(20):
        while bus.mark(sessies.CHANNEL) == mark:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def mark_of(client: httpx.AsyncClient) -> int:
    mark: int = client._transport.app.state.services.bus.mark(sessies.CHANNEL)  # type: ignore[attr-defined]
    return mark


@pytest.mark.parametrize(
    "headers",
    [{}, cookie(""), cookie("geraden"), bearer(""), bearer("geraden"), {"Authorization": "Basic YTpi"}],
)
async def test_without_a_session_the_api_answers_401_and_how_to_log_in(serve: Serve, headers: dict[str, str]) -> None:
    """RFC 9110: a 401 has WWW-Authenticate; RFC 6750: it names no error when no token came along."""
    answer = await (await serve()).get("/v1/aanvragen", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="loket"')
    assert ("invalid_token" in answer.headers["WWW-Authenticate"]) == ("geraden" in str(headers))


@pytest.mark.parametrize(
    ("path", "naar"),
    [("/", ""), ("/?urgentie=crisis", "?naar=%2F%3Furgentie%3Dcrisis"), (f"/aanvragen/{UUID(int=7)}", None)],
)
async def test_without_a_session_a_page_leads_to_the_login_and_back(serve: Serve, path: str, naar: str | None) -> None:
    answer = await (await serve()).get(path)

    assert answer.status_code == 303
    if naar is not None:
        assert answer.headers["Location"] == f"/inloggen{naar}"
    else:
        assert answer.headers["Location"] == f"/inloggen?naar=%2Faanvragen%2F{UUID(int=7)}"


async def test_a_session_is_the_gebruiker_with_role_region_and_organisation(
    serve: Serve, pool: Pool, owner: Connection
) -> None:
    """What row-level security goes by comes from the database, and not from the browser."""
    mijn, ander = [await make.aanbieder_als_eigenaar(owner) for _ in range(2)]
    token = await token_for(pool, await make.gebruiker(owner, rol="aanbieder", aanbieder_id=mijn))
    client = await serve()

    sessie = await sessies.find(pool, token, now=make.NOW, idle=IDLE)

    assert sessie is not None
    assert (sessie.wie.rol, sessie.wie.regio, sessie.wie.organisatie) == ("aanbieder", REGIO, mijn)
    assert mijn != ander
    assert await status(client, cookie(token)) in (200, 403)


async def test_the_database_has_no_token(pool: Pool, owner: Connection, iemand: UUID) -> None:
    """Who reads the table, or a backup of it, cannot log in with it."""
    token = await token_for(pool, iemand)

    rows = str(await owner.fetch("select * from sessie"))

    assert token not in rows
    assert len({await token_for(pool, iemand) for _ in range(5)}) == 5


async def test_who_does_nothing_for_the_idle_time_is_out(serve: Serve, pool: Pool, iemand: UUID, clock: Clock) -> None:
    """To the minute: a session is seen at most once a minute."""
    client, token = await serve(clock=clock), await token_for(pool, iemand)
    found = []
    for wait in (29, 29, 30):
        clock.now += timedelta(minutes=wait)
        found.append(await status(client, cookie(token)))

    assert found == [200, 200, 401]


async def test_nobody_stays_longer_than_the_absolute_time(serve: Serve, pool: Pool, iemand: UUID, clock: Clock) -> None:
    """However busy."""
    client, token = await serve(clock=clock), await token_for(pool, iemand)
    found = set()
    while clock.now < make.NOW + LONGEST - timedelta(minutes=20):
        clock.now += timedelta(minutes=20)
        found.add(await status(client, cookie(token)) if clock.now < make.NOW + LONGEST else 200)

    clock.now = make.NOW + LONGEST

    assert found == {200}
    assert await status(client, cookie(token)) == 401


async def test_a_session_that_ends_is_out_in_every_process(serve: Serve, pool: Pool, iemand: UUID) -> None:
    """Two processes that both keep it in memory; the database tells them."""
    processes = [await serve(), await serve()]
    token = await token_for(pool, iemand)
    for client in processes:
        await listening(client)
    before = [await status(client, cookie(token)) for client in processes]
    marks = [mark_of(client) for client in processes]

    await sessies.end(pool, token, now=make.NOW)
    for client, mark in zip(processes, marks, strict=True):
        await heard(client, mark)

    assert before == [200, 200]
    assert [await status(client, cookie(token)) for client in processes] == [401, 401]


async def test_who_is_disabled_is_out_within_a_minute_even_if_nothing_tells_it(
    serve: Serve, pool: Pool, owner: Connection, iemand: UUID, clock: Clock
) -> None:
    """The triggers are taken away here: memory alone must not keep anybody in for longer than half a minute."""
    client, token = await serve(clock=clock), await token_for(pool, iemand)
    await listening(client)
    for table in ("gebruiker", "sessie"):
        await owner.execute(f"alter table {table} disable trigger user")
    first = await status(client, cookie(token))

    await owner.execute("update gebruiker set actief = false where id = $1", iemand)
    kept = await status(client, cookie(token))
    clock.now += KEEP

    assert (first, kept) == (200, 200), "it is kept in memory, or this test proves nothing"
    assert timedelta(minutes=1) > KEEP
    assert await status(client, cookie(token)) == 401


@pytest.mark.parametrize(
    "change",
    ["update gebruiker set actief = false", "update sessie set beeindigd_op = now()", "delete from sessie"],
)
async def test_a_disabled_gebruiker_or_a_removed_session_is_out_at_once(
    serve: Serve, pool: Pool, owner: Connection, iemand: UUID, change: str
) -> None:
    client, token = await serve(), await token_for(pool, iemand)
    await listening(client)
    before, mark = await status(client, cookie(token)), mark_of(client)

    await owner.execute(change)
    await heard(client, mark)

    assert (before, await status(client, cookie(token))) == (200, 401)


async def test_a_process_that_hears_nothing_keeps_nothing(
    serve: Serve, pool: Pool, owner: Connection, iemand: UUID, superuser: asyncpg.Connection, database: str
) -> None:
    """Its listening connection is cut, and no other can be made."""
    client, token = await serve(), await token_for(pool, iemand)
    await listening(client)
    before = await status(client, cookie(token))
    bus = client._transport.app.state.services.bus  # type: ignore[attr-defined]

    async def away() -> asyncpg.Connection[asyncpg.Record]:
        raise ConnectionRefusedError

    bus._connect = away
    await superuser.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and application_name = 'loket-bus'",
        database,
    )
    async with asyncio.timeout(20):
        while bus.mark(sessies.CHANNEL) is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    await owner.execute("update gebruiker set actief = false")

    assert (before, await status(client, cookie(token))) == (200, 401)


async def test_a_session_is_looked_up_once_and_then_known(
    serve: Serve, pool: Pool, owner: Connection, iemand: UUID, clock: Clock
) -> None:
    """The hot path costs no query; that it was used is written once a minute."""
    client, token = await serve(clock=clock), await token_for(pool, iemand)
    await listening(client)
    seen = []
    for wait in (0, 59, 1, 30, 29, 1):
        clock.now += timedelta(seconds=wait)
        assert await status(client, cookie(token)) == 200
        seen.append(await owner.fetchval("select gezien_op from sessie"))

    minute = timedelta(minutes=1)
    assert seen == [make.NOW, make.NOW, make.NOW + minute, make.NOW + minute, make.NOW + minute, make.NOW + 2 * minute]


async def test_a_token_of_a_machine_is_no_cookie_and_a_cookie_no_token_of_a_machine(
    serve: Serve, pool: Pool, owner: Connection, iemand: UUID
) -> None:
    """What is stolen in one place is of no use in the other."""
    koppeling: UUID = await owner.fetchval(
        "insert into koppeling (regio, aanbieder_id, naam) values ($1, $2, 'ECD') returning id",
        REGIO,
        await make.aanbieder_als_eigenaar(owner),
    )
    person = await token_for(pool, iemand)
    machine, _ = await sessies.begin(
        pool, koppeling=koppeling, now=make.NOW, until=make.NOW + timedelta(minutes=5), idle=IDLE
    )
    client = await serve()

    assert (await client.get("/v1/plekken", headers=bearer(machine))).status_code != 401
    assert (await client.get("/v1/plekken", headers=cookie(person))).status_code != 401
    assert (await client.get("/v1/plekken", headers=bearer(person))).status_code == 401
    assert (await client.get("/v1/plekken", headers=cookie(machine))).status_code == 401


async def test_a_session_is_not_begun_for_who_is_disabled_or_nobody(pool: Pool, owner: Connection) -> None:
    away = await make.gebruiker(owner, actief=False)

    for id in (away, uuid4()):
        with pytest.raises(sessies.Refusal, match="uitgezet"):
            await token_for(pool, id)


async def test_the_plain_cookie_counts_in_the_demo_only(serve: Serve, pool: Pool, iemand: UUID) -> None:
    """And there the other does not: a browser would not send it."""
    token = await token_for(pool, iemand)
    plain, ours = {"Cookie": f"loket={token}"}, cookie(token)

    demo, real = await serve(demo_links={"abc": iemand}), await serve()

    assert [await status(demo, plain), await status(demo, ours)] == [200, 401]
    assert [await status(real, plain), await status(real, ours)] == [401, 200]


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    return structs.replace(settings, **getattr(request, "param", {}))


AT = {"adres": "https://loket.example"}


@pytest.mark.parametrize("settings", [AT], indirect=True)
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 200),
        ({"Host": "LOKET.example:443"}, 200),
        ({"Host": "127.0.0.1"}, 403),
        ({"Host": "loket.example:8000"}, 403),
        ({"Host": "loket.example.kwaad.example"}, 403),
        ({"Host": "kwaad.example", "X-Forwarded-Host": "loket.example"}, 403),
        ({"Host": "kwaad.example", "Forwarded": "host=loket.example;proto=https"}, 403),
    ],
)
async def test_with_an_address_only_that_address_is_ours(
    api: httpx.AsyncClient, headers: dict[str, str], expected: int
) -> None:
    """What a proxy is said to have been asked does not count."""
    assert [(await api.get(path, headers=headers)).status_code for path in ("/v1/aanvragen", "/")] == [expected] * 2


@pytest.mark.parametrize("settings", [AT], indirect=True)
async def test_behind_a_proxy_that_ends_https_browsers_are_told_to_keep_to_it(serve: Serve) -> None:
    """The address says https; how the proxy reaches us does not matter. On this computer itself there is none."""
    there = await (await serve()).get("http://loket.example/inloggen", headers={"Host": "loket.example"})

    assert there.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize("settings", [AT], indirect=True)
@pytest.mark.parametrize(
    ("origin", "expected"),
    [("https://loket.example", 201), ("http://loket.example", 403), ("https://loket.example:8443", 403)],
)
async def test_with_an_address_a_change_comes_from_there(api: httpx.AsyncClient, origin: str, expected: int) -> None:
    """Scheme, name and port."""
    answer = await api.post("/v1/aanbieders", json={"naam": "Jeugdhulp"}, headers={"Origin": origin})

    assert answer.status_code == expected
