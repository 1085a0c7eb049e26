"""Reading on a replica: never older than it may be, always what this user may see, and nobody notices that it is gone.

Real streaming replication: `pg_basebackup`, paused, killed, frozen and promoted.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import asyncpg
import httpx
import msgspec
import pytest

from service import replica as replicas
from service.commands.check import of_replica
from service.days import AMSTERDAM
from service.db import APP_ROLE, OWNER_ROLE, Connection, Pool, Wie, open_pool, set_codecs, transaction
from service.observe import metrics
from service.replica import Behind, Replica
from service.settings import Settings
from service.web import gezien
from service.web.identity import Identity
from service.web.v1 import OPERATIONS
from tests import make
from tests.conftest import Cluster
from tests.replicas import Replicas, Server, until
from tests.web.conftest import always, loket, running
from tests.web.pages.test_start import text_of

Als = Callable[..., Wie]

SITE = "https://loket.test"
"""Over https, as the cookie of who changed something asks."""

MOST_S = 3.0


@pytest.fixture(scope="module")
async def servers(cluster: Cluster) -> AsyncIterator[Replicas]:
    """Of all tests of this file: each leaves primary and replica `r` as they were, but for rows."""
    made = Replicas(cluster)
    try:
        await made.begin()
        made.replica("r")
        yield made
    finally:
        made.end()


@pytest.fixture
def primary(servers: Replicas) -> Server:
    return servers.primary


@pytest.fixture
def there(servers: Replicas) -> Server:
    """The replica."""
    return servers.named("r")


@pytest.fixture
async def owner(primary: Server) -> AsyncIterator[Connection]:
    conn = await asyncpg.connect(primary.url(OWNER_ROLE))
    await set_codecs(conn)
    yield conn
    await conn.close()


@pytest.fixture
async def pool(primary: Server) -> AsyncIterator[Pool]:
    opened = await open_pool(primary.url(APP_ROLE), size=2)
    yield opened
    await opened.close()


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a test would take as long as a process may be unsure."""
    monkeypatch.setattr(replicas, "EVERY_S", 0.02)
    monkeypatch.setattr(replicas, "PATIENCE_S", 0.5)


@pytest.fixture
def settings(primary: Server, there: Server, redis_url: str) -> Settings:
    return Settings(
        database_url=primary.url(APP_ROLE),
        database_replica_url=there.url(APP_ROLE),
        replica_s=MOST_S,
        redis_url=redis_url,
        adres=SITE,
        stroom_s=0,
        limit_person_min=100_000,
        limit_address_min=100_000,
    )


Start: TypeAlias = Callable[..., Awaitable["Served"]]


class Served:
    """The app, with its replica in use, and clients of it that each keep their own cookies."""

    def __init__(self, app: object, replica: Replica, stack: AsyncExitStack) -> None:
        self.replica, self._app, self._stack = replica, app, stack

    async def client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self._app, raise_app_exceptions=False)  # type: ignore[arg-type]
        return await self._stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=SITE))


@pytest.fixture
async def served(settings: Settings, owner: Connection) -> AsyncIterator[Start]:
    async with AsyncExitStack() as stack:

        async def start(wie: Wie | Identity, **other: object) -> Served:
            identity = always(wie) if isinstance(wie, Wie) else wie
            chosen = msgspec.structs.replace(settings, **other)
            app = loket(chosen, identity=identity, clock=lambda: datetime.now(UTC))
            await stack.enter_async_context(running(app))
            replica = app.state.services.replica
            await until(lambda: replica.age_s() < math.inf, owner)
            return Served(app, replica, stack)

        yield start


def names(answer: httpx.Response) -> set[str]:
    assert answer.status_code == 200, answer.text
    return {row["naam"] for row in answer.json()}


def moment_of(answer: httpx.Response) -> datetime:
    """In whole seconds, rounded down."""
    return datetime.fromisoformat(answer.headers["Peilmoment"])


async def more(pool: Pool, wie: Wie, naam: str) -> None:
    """A new aanbieder, by another process."""
    async with transaction(pool, wie) as conn:
        await make.aanbieder(conn, naam=naam)


async def caught_up(primary: Server, there: Server, owner: Connection) -> None:
    lsn = await primary.ask("select pg_current_wal_flush_lsn()::text")
    for _ in range(1000):
        if await there.ask(f"select pg_last_wal_replay_lsn() >= '{lsn}'"):
            return
        await owner.execute("select pg_sleep(0.01)")
    raise AssertionError("the replica does not follow")


# ── What an answer says ──────────────────────────────────────────────────────────────────────────


async def test_an_answer_from_the_replica_says_of_which_moment_it_is(
    served: Start, wie: Wie, owner: Connection, pool: Pool, primary: Server, there: Server
) -> None:
    """And it has everything of before that moment. On a page it stands at the top, by the Dutch clock."""
    app = await served(wie)
    await more(pool, wie, "Van zojuist")
    await caught_up(primary, there, owner)
    client = await app.client()

    asked = datetime.now(UTC)
    answer, page = await client.get("/v1/aanbieders"), await client.get("/cijfers")

    assert "Van zojuist" in names(answer)
    assert asked - moment_of(answer) <= timedelta(seconds=MOST_S + 1)
    assert moment_of(answer) <= datetime.now(UTC)
    assert f"Stand van {moment_of(page).astimezone(AMSTERDAM):%H:%M}." in text_of(page)


async def test_on_the_replica_everybody_sees_what_they_see_on_the_primary(
    served: Start, wie: Wie, wie_als: Als, pool: Pool, primary: Server, there: Server, owner: Connection
) -> None:
    """Row-level security holds there too, for who the transaction says that asks."""
    async with transaction(pool, wie) as conn:
        own, other = await make.aanbieder(conn, naam="Eigen"), await make.aanbieder(conn, naam="Ander")
        for aanbieder in (own, other):
            await make.locatie(conn, aanbieder_id=aanbieder.id)
    await caught_up(primary, there, owner)
    seen = {}
    for name, who in {
        "aanbieder": wie_als("aanbieder", organisatie=own.id),
        "loket": wie,
        "elders": wie_als("schakelfunctionaris", regio="flevoland"),
    }.items():
        answer = await (await (await served(who)).client()).get("/v1/locaties")
        assert "Peilmoment" in answer.headers
        seen[name] = {row["aanbiederId"] for row in answer.json()}

    assert seen["aanbieder"] == {str(own.id)}
    assert seen["loket"] >= {str(own.id), str(other.id)}
    assert not seen["elders"] & {str(own.id), str(other.id)}


async def test_what_is_not_sure_is_asked_of_the_primary(served: Start, wie: Wie) -> None:
    """What does not exist there, may exist meanwhile; what is asked wrongly, is wrong everywhere."""
    client = await (await served(wie)).client()

    refused, wrong = await client.get("/v1/cijfers/aanbod?periode=2099-1"), await client.get("/v1/plekken?x=1")

    assert [(answer.status_code, "Peilmoment" in answer.headers) for answer in (refused, wrong)] == [(400, False)] * 2


# ── How old it may be ────────────────────────────────────────────────────────────────────────────


async def test_a_replica_that_lags_is_read_as_long_as_it_is_fresh_enough_and_then_no_more(
    served: Start, wie: Wie, pool: Pool, owner: Connection, there: Server
) -> None:
    """Nobody ever reads what is older than LOKET_REPLICA_S; and when it has caught up, it is read again."""
    app = await served(wie)
    client = await app.client()
    await there.ask("select pg_wal_replay_pause()")
    try:
        await more(pool, wie, "Later")
        asked = datetime.now(UTC)
        old = await client.get("/v1/aanbieders")
        await until(lambda: app.replica.age_s() == math.inf, owner)
        answer = await client.get("/v1/aanbieders")
        ready = await client.get("/readyz")
    finally:
        await there.ask("select pg_wal_replay_resume()")

    assert "Later" not in names(old)
    assert asked - moment_of(old) <= timedelta(seconds=MOST_S + 1)
    assert "Later" in names(answer) and "Peilmoment" not in answer.headers
    assert ready.status_code == 200 and "de kopie van de database is weg of loopt achter" in ready.text
    await until(lambda: app.replica.age_s() < math.inf, owner)
    assert "Peilmoment" in (await client.get("/v1/aanbieders")).headers


async def test_who_changed_something_reads_it_at_once_and_others_when_the_replica_has_it(
    served: Start, wie: Wie, there: Server
) -> None:
    """Through whichever process: the browser itself keeps that it changed something."""
    one, other = await served(wie), await served(wie)
    client, colleague = await one.client(), await other.client()
    await there.ask("select pg_wal_replay_pause()")
    try:
        made = await client.post("/v1/aanbieders", json={"naam": "Van mij"})
        again = await other.client()
        again.cookies = client.cookies
        own, elsewhere, theirs = [await each.get("/v1/aanbieders") for each in (client, again, colleague)]
    finally:
        await there.ask("select pg_wal_replay_resume()")

    assert made.status_code == 201
    cookie = made.headers["Set-Cookie"]
    assert cookie.startswith("__Host-loket-net=1;") and f"Max-Age={int(MOST_S) + 1};" in cookie
    assert "Van mij" in names(own) and "Van mij" in names(elsewhere)
    assert "Peilmoment" not in own.headers and "Peilmoment" not in elsewhere.headers
    assert "Van mij" not in names(theirs) and "Peilmoment" in theirs.headers


async def test_a_machine_always_reads_on_the_primary(served: Start, wie_als: Als, pool: Pool, wie: Wie) -> None:
    """It keeps no cookies, so nobody could tell what it wrote."""
    async with transaction(pool, wie) as conn:
        own = await make.aanbieder(conn)
    machine = msgspec.structs.replace(wie_als("aanbieder", organisatie=own.id), koppeling=own.id)
    client = await (await served(machine)).client()

    answer = await client.get("/v1/plekken")

    assert (answer.status_code, "Peilmoment" in answer.headers) == (200, False)


# ── What can happen to it ────────────────────────────────────────────────────────────────────────


async def test_nobody_notices_that_the_replica_is_killed(
    served: Start, wie: Wie, there: Server, owner: Connection
) -> None:
    """Each request is answered, by the primary; and by the replica when that is back."""
    app = await served(wie)
    client = await app.client()
    assert "Peilmoment" in (await client.get("/v1/aanbieders")).headers
    before = metrics.READS.labels("opnieuw")._value.get()
    there.kill()
    try:
        at_once = [await client.get(path) for path in ("/v1/aanbieders", "/v1/plekken", "/cijfers")]
        await until(lambda: app.replica.age_s() == math.inf, owner)
        later = await client.get("/v1/aanbieders")
    finally:
        there.start()

    assert [(answer.status_code, "Peilmoment" in answer.headers) for answer in (*at_once, later)] == [(200, False)] * 4
    assert metrics.READS.labels("opnieuw")._value.get() > before
    await until(lambda: app.replica.age_s() < math.inf, owner)
    assert "Peilmoment" in (await client.get("/v1/aanbieders")).headers


async def test_a_replica_that_says_nothing_any_more_holds_nobody_up(
    served: Start, wie: Wie, there: Server, owner: Connection
) -> None:
    """Its connections are there, and no answer comes: the primary gives it, within the patience for a replica."""
    app = await served(wie)
    client = await app.client()
    assert "Peilmoment" in (await client.get("/v1/aanbieders")).headers
    with there.frozen():
        async with asyncio.timeout(20):
            at_once = await client.get("/v1/aanbieders")
            await until(lambda: app.replica.age_s() == math.inf, owner)
            later = await client.get("/v1/aanbieders")

    assert [(answer.status_code, "Peilmoment" in answer.headers) for answer in (at_once, later)] == [(200, False)] * 2
    await until(lambda: app.replica.age_s() < math.inf, owner)


async def test_one_that_is_promoted_is_not_read_nor_one_that_follows_who_was_the_primary(
    servers: Replicas, settings: Settings, wie: Wie, primary: Server, there: Server, owner: Connection
) -> None:
    """After a failover: the new primary is no replica, and a replica of the old one has what no longer is so, however
    far it is."""
    new = servers.replica("n")
    await new.ask("select pg_promote()")
    written = await asyncpg.connect(new.url(OWNER_ROLE))
    await written.execute("create table anders (x integer)")
    await written.close()
    async with following(primary, new) as promoted, following(new, there) as left_behind:
        for one, why in ((promoted, "no replica"), (left_behind, "another primary")):
            for _ in range(5):
                with pytest.raises(Behind, match=why):
                    async with one.transaction(wie):
                        raise AssertionError("this may not be read")
                assert one.age_s() == math.inf
                await owner.execute("select pg_sleep(0.05)")
    new.kill()


@asynccontextmanager
async def following(primary: Server, there: Server) -> AsyncIterator[Replica]:
    """A Replica of this pair, that has asked the primary where it is."""
    async with await open_pool(there.url(APP_ROLE), size=2, least=0, role=APP_ROLE) as pool:
        one = Replica(
            pool,
            primary=lambda: asyncpg.connect(primary.url(APP_ROLE)),
            replica=lambda: asyncpg.connect(there.url(APP_ROLE)),
            most_s=MOST_S,
            clock=lambda: datetime.now(UTC),
        )
        task = asyncio.create_task(one.run())
        conn = await asyncpg.connect(primary.url(APP_ROLE))
        await until(lambda: one.marks() > 0, conn)
        await conn.close()
        yield one
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_loket_starts_and_works_while_the_replica_is_away(
    settings: Settings, wie: Wie, redis_url: str
) -> None:
    app = loket(
        msgspec.structs.replace(settings, database_replica_url="postgresql://loket_app@/loket?host=/nergens"),
        identity=always(wie),
    )
    async with running(app):
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=SITE) as client:
            answer = await client.get("/v1/aanbieders")

    assert (answer.status_code, "Peilmoment" in answer.headers) == (200, False)


# ── What may be read there ───────────────────────────────────────────────────────────────────────


def test_what_shows_a_child_or_changes_something_can_not_be_read_there() -> None:
    """The app does not start with it: the line of the log could not be written."""
    allowed = {operation.id for operation in OPERATIONS if operation.replica}
    assert {"lijstPlekken", "toonAanbodcijfers"} <= allowed and "lijstCrisisplekken" not in allowed
    for id in ("lijstAanvragen", "houdPlek", "volgPlan"):
        operation = next(one for one in OPERATIONS if one.id == id)
        with pytest.raises(TypeError, match="only what shows no child"):
            gezien.compiled(msgspec.structs.replace(operation, replica=True))


async def test_check_names_a_replica_that_is_none(settings: Settings, primary: Server) -> None:
    """Another database, one that follows nobody, one that is away."""
    found = {}
    for name, url in {
        "right": settings.database_replica_url,
        "primary": primary.url(APP_ROLE),
        "away": "postgresql://loket_app@/loket?host=/nergens",
    }.items():
        chosen = msgspec.structs.replace(settings, database_replica_url=url)
        found[name] = [one.zin async for one in of_replica(chosen)]

    assert found["right"] == []
    assert ["geen kopie" in zin for zin in found["primary"]] == [True]
    assert ["werkt niet" in zin for zin in found["away"]] == [True]


async def test_check_names_a_replica_of_another_database(settings: Settings, database_url: str) -> None:
    """Its places would be shown as those of the region."""
    chosen = msgspec.structs.replace(settings, database_url=database_url)

    assert [one.ernstig async for one in of_replica(chosen)] == [True]
