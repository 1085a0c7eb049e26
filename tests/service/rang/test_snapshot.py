"""The places in memory: fresh within one question, and never silently old."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

import asyncpg
import pytest

from service.aanbod import bezetting, plekken
from service.days import midnight_after
from service.db import Connection, Pool, Wie, open_pool, transaction
from service.errors import Kind, Refusal
from service.plaatsing import plaatsingen
from service.rang.snapshot import SURE_S, Snapshots
from tests import make

REGIO = "gooi-en-vechtstreek"


async def until(condition: Callable[[], Awaitable[bool]], within_s: float = 5) -> None:
    """Returns as soon as the condition holds; fails when it does not in time."""
    async with asyncio.timeout(within_s):
        while not await condition():  # noqa: ASYNC110 (what is waited for happens in the database)
            await asyncio.sleep(0.01)


@pytest.fixture
async def snapshots(database_url: str) -> AsyncIterator[Snapshots]:
    """Listening, as in the web process, and sure of what it hears."""
    pool = await open_pool(database_url, size=2)
    found = Snapshots(pool, lambda: asyncpg.connect(database_url, server_settings={"application_name": "luistert"}))
    task = asyncio.create_task(found.listen())

    async def sure() -> bool:
        return found.sure()

    await until(sure)
    yield found
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await pool.close()


async def heard(snapshots: Snapshots) -> None:
    """Returns when everything that was committed until now has been heard."""
    now = time.monotonic()

    async def later() -> bool:
        return snapshots.sure_at > now

    await until(later)


async def count(snapshots: Snapshots, regio: str = REGIO) -> int:
    view, _ = await snapshots.get(regio, make.NOW)
    return view.aanbod.plekken


async def test_a_plek_that_is_published_elsewhere_is_in_the_next_answer(
    snapshots: Snapshots, pool: Pool, wie: Wie
) -> None:
    """The change is made by another pool, as by another process; nothing is polled."""
    assert await count(snapshots) == 0
    async with transaction(pool, wie) as conn:
        await make.plek(conn)

    async def seen() -> bool:
        return await count(snapshots) == 1

    await until(seen, within_s=2)


async def test_only_the_voorziening_that_changed_is_read_again(snapshots: Snapshots, pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        await make.plek(conn)
    await heard(snapshots)
    before, _ = await snapshots.get(REGIO, make.NOW)
    async with transaction(pool, wie) as conn:
        await make.stop(conn, plek_id=plek.id)

    async def stopped() -> bool:
        view, _ = await snapshots.get(REGIO, make.NOW)
        return int(view.aanbod.vensters.stop_tot.max()) > 0

    await until(stopped, within_s=2)
    after, _ = await snapshots.get(REGIO, make.NOW)
    assert after.codes is before.codes, "the whole region was read again"
    assert after.aanbod.plekken == before.aanbod.plekken == 2


async def test_a_change_is_seen_although_the_listening_connection_was_cut(
    snapshots: Snapshots, pool: Pool, wie: Wie, superuser: asyncpg.Connection[asyncpg.Record], database: str
) -> None:
    """What is not heard may not be missed: while it is not sure, each question reads again."""
    assert await count(snapshots) == 0
    cut = await superuser.fetchval(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity "
        "where application_name = 'luistert' and datname = $1",
        database,
    )
    assert cut == 1
    async with transaction(pool, wie) as conn:
        await make.plek(conn)

    async def seen() -> bool:
        return await count(snapshots) == 1

    await until(seen, within_s=2)


async def test_an_answer_from_older_data_says_so(database_url: str, pool: Pool, wie: Wie) -> None:
    """The database is gone: the last view is all there is, with the moment it was read and the word that it is old."""
    own = await open_pool(database_url, size=1)
    found = Snapshots(own, lambda: asyncpg.connect(database_url))
    async with transaction(pool, wie) as conn:
        await make.plek(conn)
    _, fresh = await found.get(REGIO, make.NOW)
    assert fresh.actueel
    await own.close()
    later = make.NOW + timedelta(minutes=5)
    view, fresh = await found.get(REGIO, later)
    assert (view.aanbod.plekken, fresh.actueel, fresh.peilmoment) == (1, False, make.NOW)


async def test_without_any_data_the_question_is_refused(database_url: str) -> None:
    own = await open_pool(database_url, size=1)
    found = Snapshots(own, lambda: asyncpg.connect(database_url))
    await own.close()
    with pytest.raises(Refusal) as refused:
        await found.get(REGIO, make.NOW)
    assert refused.value.kind is Kind.UNAVAILABLE


async def test_an_optie_frees_its_plek_when_it_expires_although_nothing_changed(
    snapshots: Snapshots, pool: Pool, wie: Wie
) -> None:
    """No row changes when time passes: the view knows which voorziening to read again and when, and reads no other."""
    until_then = make.NOW + timedelta(hours=2)
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        aanvraag = await make.aanvraag(conn)
        await bezetting.houd(conn, plek.id, aanvraag.id, make.day(1), make.day(90), vervalt_op=until_then, now=make.NOW)
    await heard(snapshots)
    before, _ = await snapshots.get(REGIO, make.NOW)
    assert len(before.aanbod.vensters.plek) == 2, "free before and after the optie"
    same, _ = await snapshots.get(REGIO, until_then - timedelta(microseconds=1))
    assert same is before
    after, _ = await snapshots.get(REGIO, until_then)
    assert len(after.aanbod.vensters.plek) == 1, "free throughout"
    assert after.codes is before.codes, "the whole region was read again"
    assert not after.expires


async def test_at_midnight_everything_is_read_again(snapshots: Snapshots, pool: Pool, wie: Wie) -> None:
    """A free period begins today at the earliest, and ages are those of today."""
    async with transaction(pool, wie) as conn:
        await make.plek(conn)
    await heard(snapshots)
    before, _ = await snapshots.get(REGIO, make.NOW)
    midnight = midnight_after(make.NOW)
    assert (await snapshots.get(REGIO, midnight - timedelta(microseconds=1)))[0] is before
    after, _ = await snapshots.get(REGIO, midnight)
    assert after.aanbod.vensters.van[0] == before.aanbod.vensters.van[0] + 1


async def test_a_plaatsing_past_its_expected_end_keeps_its_plek_until_somebody_says_that_the_child_left(
    snapshots: Snapshots, pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        plaatsing = await make.plaatsing(conn, plek_id=plek.id, van=make.day(-60), tot=make.day(-5))
    view, _ = await snapshots.get(REGIO, make.NOW)
    assert view.aanbod.vensters.van[0] >= view.aanbod.vensters.tot[0], "no free window"
    async with transaction(pool, wie) as conn:
        await plaatsingen.beeindig(conn, plaatsing.id, make.day(-4), bezetting.EindeReden.VOLGENS_PLAN, now=make.NOW)

    async def free() -> bool:
        view, _ = await snapshots.get(REGIO, make.NOW)
        return bool(view.aanbod.vensters.van[0] < view.aanbod.vensters.tot[0])

    await until(free, within_s=2)


async def test_places_of_another_region_are_there_only_under_an_agreement(
    snapshots: Snapshots, pool: Pool, wie_als: Callable[..., Wie], owner: Connection
) -> None:
    async with transaction(pool, wie_als("schakelfunctionaris", regio="flevoland")) as conn:
        await make.plek(conn)
    assert await count(snapshots) == 0
    await owner.execute(
        "insert into regioafspraak (aanbod_regio, vraag_regio, geldigheid) values ('flevoland', $1, '[2026-01-01,)')",
        REGIO,
    )

    async def shared() -> bool:
        return await count(snapshots) == 1

    await until(shared, within_s=2)
    assert await count(snapshots, "flevoland") == 1


async def test_a_plek_that_no_longer_exists_is_not_offered(snapshots: Snapshots, pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        assert await count(snapshots) == 0, "not committed yet"
    async with transaction(pool, wie) as conn:
        await conn.execute("update plek set bestaat = daterange(lower(bestaat), $2) where id = $1", plek.id, make.TODAY)
        assert await plekken.get(conn, plek.id, now=make.NOW)

    async def gone() -> bool:
        return await count(snapshots) == 0

    await until(gone, within_s=2)


def test_silence_makes_unsure_well_before_two_seconds() -> None:
    """The promise is two seconds; what is still called sure is younger than that."""
    assert SURE_S < 2
