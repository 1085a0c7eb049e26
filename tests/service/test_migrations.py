"""Migrations: each file once, in order, whole or not at all, and never changed afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from service import migrations
from service.commands.worker import opened
from service.db import APP_ROLE, OWNER_ROLE, Connection
from service.errors import Refusal
from service.migrations import migrate, on_disk, pending
from service.settings import Settings
from tests.conftest import Cluster
from tests.web.conftest import loket, running

Write = Callable[[str, str], None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A migration file."""

    def put(name: str, sql: str) -> None:
        (tmp_path / f"{name}.sql").write_text(sql)

    return put


@pytest.fixture
async def empty(cluster: Cluster, superuser: asyncpg.Connection, template: str) -> AsyncIterator[str]:
    """Name of an empty database of the owner role."""
    name = f"m_{uuid4().hex}"
    await superuser.execute(f"create database {name} owner {OWNER_ROLE}")
    yield name
    await superuser.execute(f"drop database {name} with (force)")


@pytest.fixture
async def conn(cluster: Cluster, empty: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(cluster.url(empty, OWNER_ROLE))
    yield connection
    await connection.close()


async def test_only_what_is_missing_is_applied(conn: asyncpg.Connection, tmp_path: Path, write: Write) -> None:
    """In the order of the numbers, each once."""
    write("0001_eerste", "create table een (id int)")
    assert await migrate(conn, tmp_path) == ["0001_eerste"]
    write("0002_tweede", "alter table een add column naam text")
    assert await pending(conn, tmp_path) == ["0002_tweede"]
    assert await migrate(conn, tmp_path) == ["0002_tweede"]
    assert await migrate(conn, tmp_path) == []


async def test_a_migration_that_fails_leaves_nothing(conn: asyncpg.Connection, tmp_path: Path, write: Write) -> None:
    """One transaction per file: what went before it stays, of itself nothing does."""
    write("0001_eerste", "create table een (id int)")
    write("0002_tweede", "create table twee (id int); select 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(conn, tmp_path)
    assert await conn.fetchval("select to_regclass('een') is not null and to_regclass('twee') is null")
    assert await pending(conn, tmp_path) == ["0002_tweede"]


async def test_a_changed_file_that_was_applied_is_refused(
    conn: asyncpg.Connection, tmp_path: Path, write: Write
) -> None:
    """Else two databases with the same number would differ."""
    write("0001_eerste", "create table een (id int)")
    await migrate(conn, tmp_path)
    write("0001_eerste", "create table een (id bigint)")
    with pytest.raises(Refusal, match="0001_eerste is al toegepast, maar het bestand is daarna gewijzigd"):
        await migrate(conn, tmp_path)


async def test_a_database_that_is_newer_than_the_program_is_refused(
    conn: asyncpg.Connection, tmp_path: Path, write: Write
) -> None:
    write("0001_eerste", "create table een (id int)")
    write("0002_tweede", "create table twee (id int)")
    await migrate(conn, tmp_path)
    (tmp_path / "0002_tweede.sql").unlink()
    with pytest.raises(Refusal, match="0002_tweede is al toegepast"):
        await migrate(conn, tmp_path)


def test_a_gap_in_the_numbers_is_refused(tmp_path: Path, write: Write) -> None:
    """Two people who add a file at the same time find out at once."""
    write("0001_eerste", "select 1")
    write("0003_derde", "select 1")
    with pytest.raises(ValueError, match=r"0003_derde\.sql: expected 0002_name\.sql"):
        on_disk(tmp_path)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.migrations.LOCK_TIMEOUT", "10ms")


@pytest.mark.usefixtures("impatient")
async def test_a_lock_that_does_not_come_gives_up(
    conn: asyncpg.Connection, cluster: Cluster, empty: str, tmp_path: Path, write: Write
) -> None:
    """A migration that waits for a lock makes every later reader wait as well."""
    write("0001_eerste", "create table een (id int)")
    await migrate(conn, tmp_path)
    write("0002_tweede", "alter table een add column naam text")
    reader = await asyncpg.connect(cluster.url(empty, OWNER_ROLE))
    async with reader.transaction():
        await reader.fetch("select * from een")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await migrate(conn, tmp_path)
    await reader.close()


async def test_a_user_who_may_not_become_the_owner_is_told_what_an_administrator_must_do(
    cluster: Cluster, superuser: asyncpg.Connection, empty: str, tmp_path: Path, write: Write
) -> None:
    """The sentence holds the SQL to run."""
    write("0001_eerste", "create table een (id int)")
    await superuser.execute("create role zomaar login")
    conn = await asyncpg.connect(cluster.url(empty, "zomaar"))
    try:
        with pytest.raises(Refusal, match=f"mag niet als {OWNER_ROLE} werken") as refusal:
            await migrate(conn, tmp_path)
        assert f"grant {OWNER_ROLE}, {APP_ROLE} to zomaar;" in refusal.value.detail
    finally:
        await conn.close()
        await superuser.execute("drop role zomaar")


async def test_a_superuser_migrates_as_the_owner_role(
    cluster: Cluster, superuser: asyncpg.Connection, tmp_path: Path, write: Write
) -> None:
    """With one URL for everything, the tables still belong to the owner, also in a database made by somebody else."""
    write("0001_eerste", "create extension unaccent; create table een (id int)")
    name = f"m_{uuid4().hex}"
    await superuser.execute(f"create database {name}")
    conn = await asyncpg.connect(cluster.url(name, "postgres"))
    try:
        await migrate(conn, tmp_path)
        assert await conn.fetchval("select tableowner from pg_tables where tablename = 'een'") == OWNER_ROLE
    finally:
        await conn.close()
        await superuser.execute(f"drop database {name} with (force)")


# ── Versions beside each other ───────────────────────────────────────────────────────────────────

EXPAND, CONTRACT = "alter table een add column naam text", "-- inkrimpen na 0002\nalter table een drop column id"


@pytest.fixture
def to_be_contracted(write: Write) -> None:
    write("0001_eerste", "create table een (id int)")
    write("0002_uitbreiden", EXPAND)


@pytest.fixture
async def program(cluster: Cluster, empty: str) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    """`await program(1)`: a process connects that knows the migrations up to 0001."""
    connected = []

    async def connects(stand: int) -> None:
        conn = await asyncpg.connect(cluster.url(empty, APP_ROLE))
        connected.append(conn)
        await conn.execute(migrations.KNOWN, migrations.PROGRAM, stand)

    yield connects
    for conn in connected:
        await conn.close()


Program = Callable[[int], Awaitable[None]]


@pytest.mark.usefixtures("to_be_contracted")
async def test_what_an_older_program_still_uses_is_not_taken_away(
    conn: asyncpg.Connection, tmp_path: Path, write: Write, program: Program
) -> None:
    """Refused, with how many there are; what only adds is applied meanwhile."""
    await program(1)
    await program(1)
    write("0003_inkrimpen", CONTRACT)

    with pytest.raises(Refusal, match=r"0003_inkrimpen haalt weg .* daarvan zijn er nog 2 verbonden"):
        await migrate(conn, tmp_path)

    assert await pending(conn, tmp_path) == ["0003_inkrimpen"]
    assert await conn.fetchval("select count(id) from een") == 0


@pytest.mark.usefixtures("to_be_contracted")
async def test_it_goes_when_only_programs_are_left_that_do_not_use_it(
    conn: asyncpg.Connection, tmp_path: Path, write: Write, program: Program
) -> None:
    await program(2)
    await program(3)
    write("0003_inkrimpen", CONTRACT)

    assert await migrate(conn, tmp_path) == ["0001_eerste", "0002_uitbreiden", "0003_inkrimpen"]


def test_what_takes_away_comes_after_what_replaces_it(tmp_path: Path, write: Write) -> None:
    write("0001_eerste", "-- inkrimpen na 0001\ndrop table een")
    with pytest.raises(ValueError, match="takes away what only a later migration replaces"):
        on_disk(tmp_path)


@pytest.fixture
async def app(cluster: Cluster, empty: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(cluster.url(empty, APP_ROLE))
    yield connection
    await connection.close()


@pytest.mark.usefixtures("to_be_contracted")
async def test_a_program_starts_only_on_a_database_that_it_fits(
    conn: asyncpg.Connection, app: asyncpg.Connection, tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too old a database, and one from which something went, are refused; one that only has more is not."""

    def knows(stand: int) -> None:
        monkeypatch.setattr("service.migrations.on_disk", lambda: on_disk(tmp_path)[:stand])

    await migrate(conn, tmp_path)
    write("0003_inkrimpen", CONTRACT)
    write("0004_erbij", "alter table een add column nog text")

    knows(1)
    await migrations.check_fits(app)
    knows(3)
    with pytest.raises(Refusal, match="De database is ouder dan dit programma: 0003_inkrimpen"):
        await migrations.check_fits(app)
    monkeypatch.undo()
    await migrate(conn, tmp_path)
    knows(2)
    await migrations.check_fits(app)
    knows(1)
    with pytest.raises(Refusal, match="te nieuw voor dit programma: 0003_inkrimpen heeft weggehaald"):
        await migrations.check_fits(app)


async def test_web_and_worker_say_which_version_they_are(owner: Connection, settings_of_here: Settings) -> None:
    """As long as they are connected: whoever migrates sees it."""
    seen = (
        "select array_agg(objid::bigint) from pg_locks where classid = $1::bigint::oid and objsubid = 2"
        " and database = (select oid from pg_database where datname = current_database())"
    )
    async with running(loket(settings_of_here)), opened(settings_of_here):
        async with asyncio.timeout(30):
            while len(found := await owner.fetchval(seen, migrations.PROGRAM) or []) < 2:
                await owner.execute("select pg_sleep(0.01)")
    assert found == [on_disk()[-1].number] * 2


@pytest.fixture
def settings_of_here(database_url: str, redis_url: str) -> Settings:
    return Settings(database_url=database_url, redis_url=redis_url, pool_size=2)
