"""Migrations: each file once, in order, whole or not at all, and never changed afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from service.db import APP_ROLE, OWNER_ROLE
from service.errors import Refusal
from service.migrations import migrate, on_disk, pending
from tests.conftest import Cluster

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
