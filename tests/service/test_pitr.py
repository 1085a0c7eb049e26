"""Back to a moment (PITR), as CloudNativePG has PostgreSQL do it: a base backup, archived WAL, a moment to stop at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from service.db import APP_ROLE, OWNER_ROLE, SYSTEM, Pool, Wie, open_pool, transaction
from service.log import logboek, logcontrole, logketen
from service.log.doelen import Doel, Object, Verwerking
from service.log.logboek import Gebeurtenis, Handeling
from tests import make
from tests.conftest import Cluster
from tests.replicas import Replicas, Server

KIJK = Handeling("haalAanvraag", Gebeurtenis.LEES, Object.AANVRAAG, Doel.PLEK_ZOEKEN, Verwerking.BEMIDDELEN)

COUNTS = """
select (select count(*) from aanvraag) as aanvragen, (select count(*) from gebeurtenis) as gebeurtenissen,
       (select count(*) from logregel) as regels, (select count(*) from logketen) as zegels
"""


@pytest.fixture
async def servers(cluster: Cluster) -> AsyncIterator[Replicas]:
    made = Replicas(cluster, archive=True)
    try:
        await made.begin()
        yield made
    finally:
        made.end()


async def some_work(pool: Pool, wie: Wie) -> UUID:
    """A child asks, somebody looks, and all of that is sealed."""
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
        await logboek.schrijf(conn, wie, KIJK, [aanvraag.id], now=datetime.now(UTC), spoor=logboek.spoor())
    async with transaction(pool, Wie(wie.regio, wie.rol, SYSTEM)) as conn:
        sealed = await logketen.seal(conn, wie.regio, None, datetime.now(UTC))
        assert sealed is not None and sealed.aantal > 0
    return aanvraag.id


async def counts(server: Server) -> tuple[int, ...]:
    conn = await asyncpg.connect(server.url(OWNER_ROLE))
    try:
        return tuple(await conn.fetchrow(COUNTS))
    finally:
        await conn.close()


async def test_back_to_a_moment_is_everything_of_before_it_and_nothing_of_after(servers: Replicas, wie: Wie) -> None:
    """Same counts, the chain of the log whole, no step lost; and it can be worked with again."""
    primary = servers.primary
    pool = await open_pool(primary.url(APP_ROLE), size=2)
    await some_work(pool, wie)
    base = servers.backup("t")
    kept = await some_work(pool, wie)
    before = await counts(primary)
    moment = await primary.ask("select clock_timestamp()::text")
    lost = await some_work(pool, wie)
    await pool.close()
    await servers.archived()
    primary.kill()

    await servers.restore(base, str(moment))

    assert await counts(base) == before
    pool = await open_pool(base.url(APP_ROLE), size=2)
    async with transaction(pool, wie, readonly=True, snapshot=True) as conn:
        told = await logcontrole.check_chain(conn, wie.regio)
        there = await conn.fetch("select id from aanvraag where id = any ($1)", [kept, lost])
    assert (told.bevindingen, told.regels) == ([], before[2])
    assert [row["id"] for row in there] == [kept]
    await some_work(pool, wie)
    assert await counts(base) > before
    await pool.close()
