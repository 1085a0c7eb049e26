"""The database that one test hands to the next is as new: nothing of the one before is in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from service.db import Wie, transaction
from tests import make
from tests.conftest import Cluster
from tests.databases import Databases


@pytest.fixture
async def own(cluster: Cluster, superuser: asyncpg.Connection, template: str) -> AsyncIterator[Databases]:
    made = Databases(superuser, cluster.url, template)
    yield made
    await made.drop()


async def test_what_a_test_wrote_is_gone_for_the_next(own: Databases, wie: Wie) -> None:
    """Rows, also of tables that never lose one, and numbers; the rows of the template are there."""
    name = await own.take()
    async with transaction(await own.pool(), wie) as conn:
        first = (await make.aanvraag(conn)).nummer
    owner = await own.owner()
    assert await owner.fetchval("select count(*) from gebeurtenis") > 0
    await own.give_back()

    assert await own.take() == name
    owner = await own.owner()
    tables = [row[0] for row in await owner.fetch("select tablename from pg_tables where schemaname = 'public'")]
    filled = [table for table in tables if await owner.fetchval(f"select exists (select from {table})")]
    assert sorted(filled) == ["gemeente", "jeugdregio", "kenmerkcode", "postcodegebied", "weging", "zorgvorm"]
    async with transaction(await own.pool(), wie) as conn:
        assert (await make.aanvraag(conn)).nummer == first


@pytest.mark.parametrize(
    "sql",
    [
        "create table extra (x int)",
        "alter table bezetting drop constraint bezetting_geen_overlap",
        "alter table aanvraag disable trigger user",
        "revoke select on aanvraag from loket_app",
        "create rule vergeet as on insert to gebeurtenis do instead nothing",
        "create or replace function huidige_regio() returns text language sql stable as $$select 'flevoland'$$",
        "update jeugdregio set naam = 'Elders' where code = 'flevoland'",
        "delete from weging where regio = 'flevoland'",
        "truncate postcodegebied cascade",
        "do $$begin execute format('alter database %I set timezone = ''Asia/Tokyo''', current_database()); end$$",
    ],
)
async def test_what_cannot_be_swept_is_not_handed_on(own: Databases, sql: str) -> None:
    """Another database then, of the template."""
    name = await own.take()
    await (await own.owner()).execute(sql)
    await own.give_back()

    assert await own.take() != name


async def test_nobody_stays_connected_and_no_connection_keeps_what_it_was_told(own: Databases, wie: Wie) -> None:
    """Who forgot to close is gone; the connection of the owner is in no transaction and has no settings."""
    name = await own.take()
    forgotten = await asyncpg.connect(own.url(name, "loket_app"))
    await forgotten.execute("begin; select 1")
    owner = await own.owner()
    await owner.execute("set timezone = 'Asia/Tokyo'; begin; lock table aanvraag")
    await own.give_back()

    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await forgotten.fetchval("select 1")
    assert await own.take() == name
    told = await (await own.owner()).fetchrow("select current_setting('timezone')")
    assert told[0] != "Asia/Tokyo"
    assert not (await own.owner()).is_in_transaction()
    async with transaction(await own.pool(), wie) as conn:
        await make.aanvraag(conn)
