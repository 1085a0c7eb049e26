"""What the database tells a whole process: over one connection that is made anew whatever happens to it."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from service import bus
from service.bus import Bus
from service.db import Pool

CHANNEL = "loket_proef"


@pytest.mark.parametrize(
    "refusal",
    [asyncpg.CannotConnectNowError, asyncpg.InvalidCatalogNameError, asyncpg.InvalidAuthorizationSpecificationError],
)
async def test_a_database_that_refuses_for_a_while_is_asked_again(
    pool: Pool, database_url: str, monkeypatch: pytest.MonkeyPatch, refusal: type[asyncpg.PostgresError]
) -> None:
    """Such as while it starts, is put back from a copy, or gets new passwords: afterwards everything is heard again."""
    monkeypatch.setattr(bus, "RECONNECT_S", 0.0)
    refused = 0

    async def connect() -> asyncpg.Connection[asyncpg.Record]:
        nonlocal refused
        if refused < 3:
            refused += 1
            raise refusal("sesame")
        return await asyncpg.connect(database_url)

    listening = Bus(connect, CHANNEL)
    with listening.heard(CHANNEL, "a") as told, listening.heard(CHANNEL, "b") as other:
        running = asyncio.create_task(listening.run())
        async with asyncio.timeout(20):
            await told.wait()  # connected
        told.clear()
        other.clear()
        await pool.execute("select pg_notify($1, 'a x')", CHANNEL)
        async with asyncio.timeout(20):
            await told.wait()
    running.cancel()

    assert refused == 3
    assert not other.is_set()
