"""kill -9 of web, PostgreSQL and Valkey at every step: afterwards no transition is half done, and nobody missed a word.

The steps are those of tests/soak/flow.py: test_flow.py shows that they are all that the code has.
"""

from __future__ import annotations

import asyncio
import os
from itertools import count

import httpx
import pytest

from service.aanvraag import gebeurtenissen
from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.bericht import stroom
from service.db import transaction
from service.log import logboek, logketen
from service.log.logboek import Gebeurtenis, Handeling
from tests import make
from tests.conftest import REGIO
from tests.soak.flow import Step, life
from tests.soak.there import There

pytestmark = pytest.mark.soak

CHANNEL = "loket_gebeurtenis"

EVERY = int(os.environ.get("TEST_EVERY") or 1)
"""Kill at each so-manieth place only; the steps are all done."""


async def strike(t: There, victim: str) -> None:
    """And what was killed is started again."""
    if victim == "web":
        t.c.web.kill()
        await t.c.start_web()
        await t.c.until(t.nobody_in_between, "the transaction of who was killed to be gone")
    else:
        t.c.kill_postgres()
        await t.c.restart_postgres()


async def stood_still(t: There, step: Step, point: str, victim: str) -> None:
    """The step begins, stands still where it writes this, and then the kill."""
    async with t.c.armed(point):
        asking = asyncio.create_task(t.ask(step))
        await t.c.stands_still()
        if victim == "web":
            t.c.web.kill()
        else:
            t.c.kill_postgres()
        # What was killed answers nothing, or that it is away: never that it was done.
        [answer] = await asyncio.gather(asking, return_exceptions=True)
        away = isinstance(answer, httpx.Response) and answer.is_server_error
        assert away or isinstance(answer, httpx.HTTPError), answer
        if victim == "postgres":
            status, text = await t.ready()
            assert (status, "De database antwoordt niet" in text) == (503, True), text
            await t.c.restart_postgres()
    if victim == "web":
        await t.c.start_web()
        await t.c.until(t.nobody_in_between, "the transaction of who was killed to be gone")


@pytest.mark.parametrize("victim", ["web", "postgres"])
async def test_what_was_killed_halfway_was_not_done_at_all_and_can_be_done_again(there: There, victim: str) -> None:
    """At each gebeurtenis of each step, before its transaction ends. Who follows live misses nothing of it."""
    t, kills, places = there, 0, count()
    async for step in life(t.c, t.p):
        for point in step.points:
            if next(places) % EVERY:
                continue
            before = await t.last()
            await stood_still(t, step, point, victim)
            assert await t.left(before) == (), (step, point)
            await t.whole()
            kills += 1
        await t.done(step)
        await t.whole()
    print(f"{victim} killed {kills} times halfway; the stream ended {t.listener.ends} times")
    await t.check_live()
    assert victim == "postgres" or t.listener.ends >= kills


@pytest.mark.parametrize("victim", ["web", "postgres"])
async def test_what_was_done_when_it_was_killed_is_done_once(there: There, victim: str) -> None:
    """Killed as soon as others can know of it: who asks again, with the same Idempotency-Key, gets the answer."""
    t = there
    async for step in life(t.c, t.p):
        told = asyncio.Event()

        def hear(*_: object, told: asyncio.Event = told) -> None:
            told.set()

        owner = t.c.owner
        await owner.add_listener(CHANNEL, hear)
        before = await t.last()
        asking = asyncio.create_task(t.ask(step))
        await asyncio.wait_for(told.wait(), 60)
        await strike(t, victim)
        if t.c.owner is owner:
            await owner.remove_listener(CHANNEL, hear)
        await asyncio.gather(asking, return_exceptions=True)
        await t.whole()
        assert await t.left(before) == step.leaves, step
        again = await t.again(step)
        assert again.status_code < 300, (step, again.text)
        assert await t.left(before) == step.leaves, step
        if step.keep is not None:
            step.keep(again.json())
    await t.check_live()


async def test_numbers_that_a_crash_gives_again_are_not_missed_by_who_follows(there: There) -> None:
    """What was rolled back is nowhere on disk, so after power was lost its numbers are given again. Who began to follow
    when they were taken, and comes back, still hears of what happens under them; and its line in the log is sealed."""
    t, c = there, there.c
    async with transaction(c.pool, t.p.loket) as conn:
        child = (await make.aanvraag(conn)).id
    c.web.kill()
    await c.until(t.nobody_in_between, "the web process to be gone")
    c.keep_in_memory()
    for _ in range(5):
        undone = c.owner.transaction()
        await undone.start()
        taken = int(await c.owner.fetchval(NUMBER))
        await undone.rollback()
    async with transaction(c.pool, t.p.loket) as conn:
        begun = await stroom.nu(conn)
    _, sealed = await logketen.waiting(c.pool, None)

    c.kill_postgres()
    await c.restart_postgres()
    async with transaction(c.pool, t.p.loket) as conn:
        await gebeurtenissen.record(conn, child, GebeurtenisSoort.ALARM, now=make.NOW)
        await logboek.schrijf(conn, t.p.loket, LEES, [child], now=make.NOW, spoor=logboek.spoor())
        again = int(await conn.fetchval(NUMBER))
    async with transaction(c.pool, t.p.loket) as conn:
        heard = await stroom.na(conn, begun, t.p.loket.rol)

    assert again <= taken, "no number was given again, so nothing was shown"
    assert [one.soort for one in heard] == [GebeurtenisSoort.ALARM]
    assert (await logketen.waiting(c.pool, sealed))[0] == [REGIO]


LEES = Handeling("haalAanvraag", Gebeurtenis.LEES, "aanvraag", "plek_zoeken", "bemiddelen")

NUMBER = "select pg_current_xact_id()::text"


async def test_without_valkey_everything_goes_on_and_what_needs_it_says_so(there: There) -> None:
    """Killed in the middle of each step, which is done all the same, and away during the next: it only counts how much
    somebody asks, and each process then does that by itself. The stream reads the database, and goes on too."""
    t, there_is = there, True
    t.c.start_worker()
    async for step in life(t.c, t.p):
        if there_is:
            before = await t.last()
            async with t.c.armed(step.points[0]):
                asking = asyncio.create_task(t.ask(step))
                await t.c.stands_still()
                t.c.kill_valkey()
            answer = await asking
            assert answer.status_code < 300, (step, answer.text)
            assert await t.left(before) == step.leaves, step
            if step.keep is not None:
                step.keep(answer.json())
            status, text = await t.ready()
            assert (status, "Valkey antwoordt niet" in text) == (200, True), text
        else:
            await t.done(step)
            t.c.start_valkey()
            status, text = await t.ready()
            assert status == 200, text
        there_is = not there_is
        await t.whole()
    await t.all_told()
    await t.check_told()
    await t.check_live()
    assert t.listener.ends == 0
