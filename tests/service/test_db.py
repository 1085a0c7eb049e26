"""Transactions that say who asks, on connections that others use after."""

from __future__ import annotations

import asyncpg
import pytest

from service.db import Wie, open_pool, transaction


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
