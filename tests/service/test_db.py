"""Transactions that say who asks, on connections that others use after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from uuid import UUID

import asyncpg
import pytest

from service import db
from service.db import AWAY, Alone, Connection, Insert, Pool, Wie, open_pool, transaction
from service.web.problems import status_of
from tests import make


@pytest.mark.parametrize("left", ["begin read only; set local loket.regio = 'flevoland'", "begin; select 1 / 0"])
async def test_a_transaction_that_was_cut_off_does_not_stay_on_the_connection(
    database_url: str, wie: Wie, left: str
) -> None:
    """Open or failed: the next who gets the connection can write, and finds nothing of another region."""
    async with await open_pool(database_url, size=1) as pool:
        try:
            async with pool.acquire() as conn:
                await conn.execute(left)
        except asyncpg.DivisionByZeroError:
            pass

        async with pool.acquire() as conn:
            assert not conn.is_in_transaction()
            assert await conn.fetchval("select huidige_regio()") is None
        async with transaction(pool, wie) as conn:
            assert await conn.fetchval("select huidige_regio()") == wie.regio
            await conn.execute("update aanbieder set versie = versie")


async def test_what_types_there_are_is_asked_once_for_all_connections(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new connection reads enums, and lists of them, of which another heard before, without asking."""
    asked, ask = [], asyncpg.Connection._introspect_types

    async def counted(self: asyncpg.Connection, typeoids: Collection[int], limit_s: float | None) -> object:
        asked.append(set(typeoids))
        return await ask(self, typeoids, limit_s)

    monkeypatch.setattr(asyncpg.Connection, "_introspect_types", counted)
    monkeypatch.setattr(db, "_SEEN_TYPES", {})
    for _ in range(3):
        async with await open_pool(database_url, size=1) as pool:
            assert await pool.fetchval("select enum_range(null::geslacht)") == [
                "meisje", "jongen", "non_binair", "anders", "onbekend",
            ]  # fmt: skip
            assert await pool.fetchval("select $1::urgentie", "spoed") == "spoed"

    assert len(asked) == 2


async def test_a_type_that_changed_is_asked_for_again(owner: Connection, database_url: str) -> None:
    """Of a row the columns may change while we run."""
    async with await open_pool(database_url, size=1) as pool:
        await owner.execute("create type punt as (x int)")
        assert dict(await pool.fetchval("select row(1)::punt")) == {"x": 1}

        await owner.execute("alter type punt add attribute y int")
        await pool.fetchval("select 1")
        async with pool.acquire() as conn:
            await conn.reload_schema_state()
        assert dict(await pool.fetchval("select row(1, 2)::punt")) == {"x": 1, "y": 2}


@pytest.mark.parametrize("then", ["another statement", "the end"])
async def test_a_connection_that_ended_while_nobody_asked_is_the_database_that_is_away(
    pool: Pool, superuser: asyncpg.Connection, wie: Wie, then: str
) -> None:
    """asyncpg says of it what it also says of wrong calls; it may work in a moment, so it is 503."""

    async def work() -> None:
        async with transaction(pool, wie) as conn:
            pid = await conn.fetchval("select pg_backend_pid()")
            await superuser.execute("select pg_terminate_backend($1)", pid)
            async with asyncio.timeout(20):
                while not db._gone(conn):  # noqa: ASYNC110
                    await asyncio.sleep(0)
            if then == "another statement":
                await conn.fetchval("select 1")

    with pytest.raises(AWAY) as caught:
        await work()
    assert status_of(caught.value) == 503
    async with transaction(pool, wie) as conn:
        assert await conn.fetchval("select 1") == 1


@pytest.mark.parametrize(
    ("sql", "arguments"), [("select $1::int", (1, 2)), ("select $1::int", ()), ("select $1::int", ("een",))]
)
async def test_a_statement_that_is_called_wrongly_is_a_mistake_of_ours(
    pool: Pool, wie: Wie, sql: str, arguments: tuple[object, ...]
) -> None:
    """It never works, whoever tries again: 500, and in the log as what nobody foresaw."""

    async def work() -> None:
        async with transaction(pool, wie) as conn:
            await conn.fetchval(sql, *arguments)

    with pytest.raises((asyncpg.InterfaceError, asyncpg.DataError)) as caught:
        await work()
    assert status_of(caught.value) == 500
    assert not isinstance(caught.value, AWAY)


async def test_who_goes_away_at_any_moment_leaves_nothing_open(pool: Pool, wie: Wie) -> None:
    """Also while a transaction begins: rolled back by ourselves, so that the driver finds nothing to complain about."""
    said: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context["message"]))

    async def ask() -> None:
        async with transaction(pool, wie) as conn:
            await conn.fetchval("select 1")

    for turns in range(60):
        asking = asyncio.create_task(ask())
        for _ in range(turns):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

    async with transaction(pool, wie) as conn:
        assert await conn.fetchval("select 1") == 1
    assert said == []


# ── One statement alone ──────────────────────────────────────────────────────────────────────────

WHO = """select huidige_regio() as regio, huidige_rol() as rol, huidige_gebruiker() as gebruiker,
                huidige_organisatie() as organisatie, current_setting('loket.namens', true) as namens"""


async def test_a_statement_alone_is_for_who_asks_and_says_nothing_to_the_next(
    database_url: str, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """Of the one connection that both use, nothing is left of the first."""
    async with await open_pool(database_url, size=1) as pool:
        aanbieder = wie_als("aanbieder", organisatie=UUID(int=5), regio="flevoland")
        for who in (aanbieder, wie):
            (row,) = await Alone(pool, who).fetch(WHO)
            assert (row["regio"], row["rol"], row["gebruiker"]) == (who.regio, who.rol, who.gebruiker)
            assert (row["organisatie"], row["namens"]) == (who.organisatie, "")

            assert await pool.fetchval("select huidige_regio()") is None
            assert await pool.fetchval("select huidige_rol()") is None


async def test_a_statement_alone_reads_what_a_transaction_reads_in_its_order(
    owner: Connection, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """The policies have the last word: another region sees nothing of it."""
    names = [f"Huis {i:02}" for i in range(30)]
    async with transaction(pool, wie) as conn:
        wanted = [(await make.voorziening(conn, naam=naam)).id for naam in reversed(names)]

    query = "select id, naam from voorziening where id = any ($1) order by naam desc limit $2"
    found = await Alone(pool, wie).fetch(query, wanted, 25)
    assert [row["naam"] for row in found] == names[:-26:-1]
    assert [row["id"] for row in found] == wanted[:25]
    assert await Alone(pool, wie_als("schakelfunctionaris", regio="flevoland")).fetch(query, wanted, 25) == []


async def test_what_is_put_alone_is_put_by_who_asks(pool: Pool, wie: Wie, wie_als: Callable[..., Wie]) -> None:
    """The policies refuse a row of another region."""
    chosen = Insert(
        "insert into instelling (regio, sleutel, waarde, bron) ", "select $1::text, 'x', '1'::jsonb, 'test'"
    )
    await Alone(pool, wie_als("beheerder")).insert(chosen, wie.regio)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await Alone(pool, wie_als("beheerder")).insert(chosen, "flevoland")
    async with transaction(pool, wie) as conn:
        assert await conn.fetchval("select waarde from instelling where sleutel = 'x'") == 1
