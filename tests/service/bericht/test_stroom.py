"""From where somebody follows what happens. HTTP: tests/web/v1/test_stroom.py; a crash: tests/soak/test_kill.py."""

from __future__ import annotations

from service.bericht import stroom
from service.bericht.stroom import Plaats
from service.db import Connection, Pool, Wie, transaction
from tests import make
from tests.conftest import OTHER_REGIO


async def test_who_begins_now_begins_after_the_last_that_is_kept(pool: Pool, wie: Wie, owner: Connection) -> None:
    """Also of another region, of which a provider may hear. Not after what was rolled back since: a crash gives those
    numbers again, and then something may happen under them."""
    async with transaction(pool, wie) as conn:
        begin = await stroom.nu(conn)
        await make.aanvraag(conn)
        during = await stroom.nu(conn)
    async with transaction(pool, Wie(OTHER_REGIO, wie.rol, wie.gebruiker)) as conn:
        await make.aanvraag(conn)
    for _ in range(3):
        undone = owner.transaction()
        await undone.start()
        await owner.execute("select pg_current_xact_id()")
        await undone.rollback()
    async with transaction(pool, wie) as conn:
        after = await stroom.nu(conn)

    last = int(await owner.fetchval("select transactie::text from gebeurtenis order by transactie desc limit 1"))
    assert begin == during
    assert after == Plaats(last + 1, 0)


async def test_a_place_of_before_a_backup_was_put_back_is_now(pool: Pool, wie: Wie) -> None:
    """Numbers of transactions begin anew then: who would wait for that place, would hear nothing for a long time."""
    async with transaction(pool, wie) as conn:
        begin, now = Plaats(1, 2), await stroom.nu(conn)
        edge = Plaats(int(await conn.fetchval("select pg_snapshot_xmin(pg_current_snapshot())::text")), 0)

        assert await stroom.verder(conn, begin) == begin
        assert await stroom.verder(conn, edge) == edge
        assert await stroom.verder(conn, Plaats(edge.transactie + 10**6, 0)) == now
