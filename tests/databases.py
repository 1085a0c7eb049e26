"""The database of a test: a copy of the template, which the next test gets as well once everything of this one is gone
from it.

Making and dropping a copy takes 20 ms of the processor, and each new connection to it 10 until it is warm; sweeping one
takes 4. Sweeping ends who is still connected, takes away what was written since the copy was made, and then looks
whether it is as new. When it is not (somebody changed a table, a row of the template, or wrote very much) it is
dropped, and the next test gets a fresh copy.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import asyncpg
from msgspec import Struct

from service.db import APP_ROLE, OWNER_ROLE, Connection, Pool, open_pool, set_codecs

CATALOGS = [
    "attrdef", "attribute", "class", "constraint", "database", "db_role_setting", "default_acl", "enum", "extension",
    "index", "inherits", "namespace", "policy", "proc", "rewrite", "sequence", "trigger", "type",
]  # fmt: skip

WRITTEN = "select '{0}', count(*), max(xmin::text::bigint) from pg_{0}"

CATALOG = " union all ".join(WRITTEN.format(name) for name in CATALOGS)
"""Changes with anything that is not a row of a table: what is new or changed has a later xmin, what is gone counts."""

SEQUENCES = "select schemaname, sequencename, start_value, last_value from pg_sequences order by 1, 2"

FILLED = """
select relname as name, pg_relation_size(oid) as bytes from pg_class
where relnamespace = 'public'::regnamespace and relkind = 'r' and pg_relation_size(oid) > 0 order by 1
"""

ENDED = """
select count(pg_terminate_backend(pid, 10000)) from pg_stat_activity
where datname = current_database() and pid <> all ($1::int[])
"""

MUCH = 512 * 1024
"""Bytes of a table, also of rows that are gone, from which on a fresh copy is quicker."""


class Copy(Struct):
    """A database, and how it was when it was new."""

    name: str
    conn: asyncpg.Connection
    begun: int
    """The number of the transaction before anybody else wrote."""
    catalog: list[asyncpg.Record]
    sequences: list[asyncpg.Record]
    rows: dict[str, int]
    """Table → how many, of those that have any."""
    wal: str
    """Until where something was written in the whole cluster."""
    pool: Pool | None = None
    owner: Connection | None = None


class Databases:
    """Those of one run, of which one is kept for the next test."""

    def __init__(self, superuser: asyncpg.Connection, url: Callable[[str, str], str], template: str) -> None:
        self._superuser, self.url, self._template = superuser, url, template
        self._kept: Copy | None = None

    async def take(self) -> str:
        """Name of one that is as new."""
        if self._kept is None:
            name = f"t_{uuid4().hex}"
            await self._superuser.execute(
                f"create database {name} template {self._template} strategy file_copy owner {OWNER_ROLE}"
            )
            # Who sweeps has no triggers against it.
            without = {"session_replication_role": "replica"}
            conn = await asyncpg.connect(self.url(name, "postgres"), server_settings=without)
            begun = await conn.fetchval("select txid_current()")
            rows = {table["name"]: 0 for table in await conn.fetch(FILLED)}
            self._kept = Copy(
                name=name,
                conn=conn,
                begun=begun,
                catalog=await conn.fetch(CATALOG),
                sequences=await conn.fetch(SEQUENCES),
                rows=await _count(conn, list(rows)),
                wal=await conn.fetchval("select pg_current_wal_insert_lsn()"),
            )
        return self._kept.name

    async def pool(self) -> Pool:
        """Of the app role, as in production; of the test, but with connections that are warm."""
        copy = self._kept
        assert copy is not None
        if copy.pool is None:
            copy.pool = await open_pool(self.url(copy.name, APP_ROLE), size=5)
        return copy.pool

    async def owner(self) -> Connection:
        copy = self._kept
        assert copy is not None
        if copy.owner is None:
            copy.owner = await asyncpg.connect(self.url(copy.name, OWNER_ROLE))
            await set_codecs(copy.owner)
        return copy.owner

    async def give_back(self) -> None:
        """After a test: nobody else is connected any more, and it is as new or gone."""
        copy = self._kept
        assert copy is not None
        try:
            clean = await _swept(copy)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            clean = False  # a test may end every connection, ours too
        if not clean:
            await self.drop()

    async def drop(self) -> None:
        copy, self._kept = self._kept, None
        if copy is not None:
            for conn in (copy.conn, copy.pool, copy.owner):
                if conn is not None:
                    conn.terminate()
            await self._superuser.execute(f"drop database {copy.name} with (force)")


async def _kept(copy: Copy) -> list[int]:
    """The connections that the next test may have: as new, and used by nobody. Others are ended."""
    pids = [copy.conn.get_server_pid()]
    if copy.owner is not None:
        if copy.owner.is_closed():
            copy.owner = None
        else:
            await copy.owner.reset()
            pids.append(copy.owner.get_server_pid())
    if copy.pool is not None:
        if copy.pool.is_closing() or copy.pool.get_idle_size() < copy.pool.get_size():
            copy.pool.terminate()
            copy.pool = None
        else:
            held = [holder._con for holder in copy.pool._holders if holder._con is not None]
            pids += [conn.get_server_pid() for conn in held]
    return pids


async def _count(conn: asyncpg.Connection, tables: list[str]) -> dict[str, int]:
    counts = " union all ".join(f"select '{table}' as name, count(*) as rows from {table}" for table in tables)
    return {row["name"]: row["rows"] for row in await conn.fetch(counts)}


async def _swept(copy: Copy) -> bool:
    """Without what was written since it was new; false when that is not enough."""
    conn = copy.conn
    await conn.fetchval(ENDED, await _kept(copy))
    if await conn.fetchval("select pg_current_wal_insert_lsn()") == copy.wal:
        return True
    if await conn.fetch(CATALOG) != copy.catalog:
        return False
    filled = await conn.fetch(FILLED)
    if any(table["bytes"] > MUCH for table in filled):
        return False
    await conn.execute(
        ";".join(f"delete from {table['name']} where xmin::text::bigint > {copy.begun}" for table in filled)
    )
    for now, then in zip(await conn.fetch(SEQUENCES), copy.sequences, strict=True):
        if now != then:
            name = f"{then['schemaname']}.{then['sequencename']}"
            begin = then["start_value"] if then["last_value"] is None else then["last_value"]
            await conn.execute(f"select setval('{name}', {begin}, {then['last_value'] is not None})")
    if await _count(conn, list(copy.rows)) != copy.rows:
        return False
    copy.wal = await conn.fetchval("select pg_current_wal_insert_lsn()")
    return True
