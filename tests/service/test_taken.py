"""The queue: in the transaction of the change, and each taak for one worker at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import asyncpg
import pytest

from service import taken
from service.db import Connection, Pool, Wie, transaction
from service.taken import Claim, TaakSoort
from tests.conftest import OTHER_REGIO, REGIO

LEASE_S = 30.0


async def enqueue(pool: Pool, wie: Wie, *sleutels: str) -> None:
    async with transaction(pool, wie) as conn:
        for sleutel in sleutels:
            await taken.enqueue(conn, TaakSoort.PLAN, sleutel, {"planId": sleutel})


async def claim(pool: Pool, lease_s: float = LEASE_S) -> Claim | None:
    return await taken.claim(pool, [TaakSoort.PLAN], lease_s)


async def end_leases(owner: Connection) -> None:
    """As if every worker had been silent for long."""
    await owner.execute("update taak set claim_tot = now() - interval '1 second' where claim is not null")


async def status(owner: Connection) -> list[str]:
    return [row["status"] for row in await owner.fetch("select status from taak order by aangemaakt_op, id")]


async def test_a_taak_comes_with_the_change_that_asked_for_it_or_not_at_all(
    pool: Pool, wie: Wie, owner: Connection
) -> None:
    """Enqueued in the caller's transaction: rolled back with it."""

    async def half() -> None:
        async with transaction(pool, wie) as conn:
            await taken.enqueue(conn, TaakSoort.PLAN, "a", {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await half()
    assert await status(owner) == []
    assert await claim(pool) is None


async def test_the_same_key_is_one_taak_also_when_it_is_done(pool: Pool, wie: Wie, owner: Connection) -> None:
    """Whoever asks again because the answer was lost, does not start it again."""
    await enqueue(pool, wie, "a", "a")
    held = await claim(pool)
    assert held is not None
    async with transaction(pool, wie) as conn:
        await taken.finish(conn, held)

    await enqueue(pool, wie, "a")

    assert await status(owner) == ["klaar"]


async def test_many_workers_never_take_one_taak(pool: Pool, wie: Wie) -> None:
    """Fifty ask at once for twenty: each is given once, and thirty get nothing."""
    await enqueue(pool, wie, *(f"t{number}" for number in range(20)))

    given = [held for held in await asyncio.gather(*(claim(pool) for _ in range(50))) if held is not None]

    assert len(given) == 20
    assert len({held.id for held in given}) == 20


async def test_the_longest_waiting_comes_first(pool: Pool, wie: Wie) -> None:
    for sleutel in ("a", "b"):
        await enqueue(pool, wie, sleutel)
    held = await claim(pool)
    assert held is not None
    async with transaction(pool, wie) as conn:
        assert (await taken.read(conn, held)).sleutel == "a"


async def test_who_is_silent_loses_the_taak_and_can_no_longer_finish_it(
    pool: Pool, wie: Wie, owner: Connection
) -> None:
    """What the first one wrote in the transaction of its end is not kept."""
    await enqueue(pool, wie, "a")
    silent = await claim(pool)
    assert silent is not None
    assert await claim(pool) is None
    await end_leases(owner)
    other = await claim(pool)
    assert other is not None

    with pytest.raises(taken.Lost):
        async with transaction(pool, wie) as conn:
            await taken.finish(conn, silent)
    async with transaction(pool, wie) as conn:
        assert (await taken.read(conn, other)).pogingen == 2
        await taken.finish(conn, other)

    assert await status(owner) == ["klaar"]


@pytest.mark.parametrize("step", [taken.read, lambda conn, held: taken.renew(conn, held, LEASE_S), taken.give_back])
async def test_who_lost_the_taak_can_do_nothing_with_it(
    pool: Pool, wie: Wie, owner: Connection, step: Callable[..., object]
) -> None:
    await enqueue(pool, wie, "a")
    silent = await claim(pool)
    await end_leases(owner)
    await claim(pool)
    with pytest.raises(taken.Lost):
        async with transaction(pool, wie) as conn:
            await step(conn, silent)  # type: ignore[misc]


async def test_who_says_that_it_goes_on_keeps_the_taak(pool: Pool, wie: Wie, owner: Connection) -> None:
    await enqueue(pool, wie, "a")
    held = await claim(pool)
    assert held is not None
    await end_leases(owner)
    async with transaction(pool, wie) as conn:
        await taken.renew(conn, held, LEASE_S)
    assert await claim(pool) is None


async def test_what_went_wrong_waits_before_it_is_tried_again(pool: Pool, wie: Wie, owner: Connection) -> None:
    """With the reason beside it."""
    await enqueue(pool, wie, "a")
    held = await claim(pool)
    assert held is not None
    async with transaction(pool, wie) as conn:
        await taken.later(conn, held, "Er ging iets mis.", 60)

    assert await claim(pool) is None
    await owner.execute("update taak set niet_voor = now()")
    assert await claim(pool) is not None
    assert await owner.fetchval("select fout from taak") == "Er ging iets mis."


async def test_a_taak_for_later_is_claimed_by_nobody_before(pool: Pool, wie: Wie, owner: Connection) -> None:
    """Such as the end of a term; by the clock of the database."""
    now = await owner.fetchval("select clock_timestamp()")
    async with transaction(pool, wie) as conn:
        await taken.enqueue(conn, TaakSoort.PLAN, "later", {}, niet_voor=now + timedelta(hours=1))
        await taken.enqueue(conn, TaakSoort.PLAN, "past", {}, niet_voor=now - timedelta(hours=1))

    held = await claim(pool)

    assert held is not None
    async with transaction(pool, wie) as conn:
        assert (await taken.read(conn, held)).sleutel == "past"
    assert await claim(pool) is None


async def test_a_taak_that_is_given_back_is_for_another_at_once(pool: Pool, wie: Wie) -> None:
    """A worker that is asked to stop; that try does not count."""
    await enqueue(pool, wie, "a")
    held = await claim(pool)
    assert held is not None
    async with transaction(pool, wie) as conn:
        await taken.give_back(conn, held)
    other = await claim(pool)
    assert other is not None
    async with transaction(pool, wie) as conn:
        assert (await taken.read(conn, other)).pogingen == 1


async def test_a_region_sees_its_own_taken_only(pool: Pool, wie: Wie, wie_als: Callable[..., Wie]) -> None:
    """A worker claims over regions, and learns no more than whose it is and of what soort."""
    await enqueue(pool, wie, "a")
    async with transaction(pool, wie_als("schakelfunctionaris", regio=OTHER_REGIO)) as conn:
        assert await conn.fetchval("select count(*) from taak") == 0

    held = await claim(pool)

    assert held is not None
    assert (held.regio, held.soort) == (REGIO, TaakSoort.PLAN)
    with pytest.raises(taken.Lost):
        async with transaction(pool, wie_als("schakelfunctionaris", regio=OTHER_REGIO)) as conn:
            await taken.read(conn, held)


async def test_who_asks_for_work_cannot_say_how_it_goes(pool: Pool, wie_als: Callable[..., Wie]) -> None:
    """A verwijzer may cause a mail, but not call it sent."""
    async with transaction(pool, wie_als("verwijzer")) as conn:
        await taken.enqueue(conn, TaakSoort.PLAN, "een", {})

        assert await conn.execute("update taak set niet_voor = 'infinity'") == "UPDATE 0"


async def test_a_commit_wakes_the_workers(pool: Pool, wie: Wie, database_url: str) -> None:
    """NOTIFY at the commit, not before."""
    heard = asyncio.Event()
    conn = await asyncpg.connect(database_url)
    await conn.add_listener(taken.CHANNEL, lambda *_: heard.set())
    await enqueue(pool, wie, "a")
    await asyncio.wait_for(heard.wait(), 10)
    await conn.close()


async def test_whether_a_worker_is_there_ends_with_its_connection(pool: Pool, database_url: str) -> None:
    """However it ends: nobody must say goodbye."""
    async with pool.acquire() as conn:
        assert not await taken.anybody(conn)
        worker = await asyncpg.connect(database_url)
        await taken.be_present(worker)
        assert await taken.anybody(conn)
        worker.terminate()
        async with asyncio.timeout(10):
            while await taken.anybody(conn):
                await conn.execute("select pg_sleep(0.01)")
