"""kill -9 of a worker, and of PostgreSQL under it, in each of its lanes: what it does by itself is done once, and who
must be told hears each thing once."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.soak.flow import OF_TIME, Step, crisis, geplaatst, life
from tests.soak.there import There, Trap
from tests.soak.times import KNOWN, Moment, moments

pytestmark = pytest.mark.soak


# ── What it does by itself ───────────────────────────────────────────────────────────────────────

BUSY = """
select not exists (select from taak where soort::text = '{soort}' and (
    status = 'bezig' or status = 'wacht' and niet_voor <= clock_timestamp()))
"""


async def struck(t: There, moment: Moment, victim: str) -> None:
    """At each of its points, one after another; then it is done."""
    c = t.c
    await c.arm(moment.points[0])
    query, arguments = moment.due
    await c.owner.execute(query, *arguments)
    c.start_worker()
    for next_point in (*moment.points[1:], None):
        await c.stands_still()
        if victim == "worker":
            c.kill_worker()
            await c.disarm()
            await c.until(t.nobody_in_between, "the transaction of who was killed to be gone")
        else:
            # Paused, or it would be at its work again before the next point is armed.
            c.pause_worker()
            c.kill_postgres()
            await c.restart_postgres()
            await c.disarm()
        if next_point is not None:
            await c.arm(next_point)
        if victim == "worker":
            c.start_worker()
        else:
            c.resume_worker()
    await c.until(lambda: t.hurry(BUSY.format(soort=moment.soort)), f"{moment.does} to be done")
    c.kill_worker()


PLAN = "select id, status::text, aanvragen from plan"

PLAN_STEPS = "select stap::text from plan_gebeurtenis where plan_id = $1 order by nummer"


@pytest.mark.parametrize("victim", ["worker", "postgres"])
async def test_what_a_worker_does_by_itself_is_done_once_however_often_it_is_killed(there: There, victim: str) -> None:
    """Terms, the round of the day and a plan: killed where it writes them, and where it says that it is done."""
    t, passed = there, set[str]()
    async for one in moments(t.c, t.p):
        before = await t.last()
        if isinstance(one, Step):
            await t.done(one)
        else:
            await struck(t, one, victim)
            assert tuple(sorted(await t.left(before))) == one.leaves, one
            passed |= {*one.does}
        await t.whole()
    assert KNOWN - passed == set()

    [plan] = await t.c.owner.fetch(PLAN)
    rows = await t.c.owner.fetchval("select count(*) from plan_regel where plan_id = $1", plan["id"])
    steps = await t.c.owner.fetch(PLAN_STEPS, plan["id"])
    assert (plan["status"], rows) == ("klaar", plan["aanvragen"]) and rows > 0
    told = [row["stap"] for row in steps if row["stap"] != "voortgang"]
    assert told == ["wacht", *["opnieuw"] * (len(told) - 2), "einde"]

    t.c.start_worker()
    await t.all_told()
    await t.check_told()
    await t.check_live()


# ── Who must be told ─────────────────────────────────────────────────────────────────────────────

TOLD = """
select g.soort::text as soort,
       (select count(*) from bericht b where b.gebeurtenis_id = g.id) as bericht,
       (select count(*) from bericht b where b.gebeurtenis_id = g.id and b.wijze = 'direct') as mail,
       (select count(*) from levering l where l.gebeurtenis_id = g.id) as levering
from gebeurtenis g
"""

POINTS = ("bericht", "levering", "taak melding", "taak mail", "taak haak")
"""On the way from what happened to the mailbox, as the rows that are written there."""


Told = dict[str, set[tuple[int, int, int]]]


async def told(t: There) -> Told:
    """Per soort how many people were told, how many of them at once, and how many systems."""
    found: Told = {}
    for row in await t.c.owner.fetch(TOLD):
        if f"gebeurtenis {row['soort']}" not in OF_TIME:
            found.setdefault(row["soort"], set()).add((row["bericht"], row["mail"], row["levering"]))
    return found


PASSES = {"bericht": 0, "levering": 2, "taak mail": 1, "taak haak": 2}


def passes(point: str, told: set[tuple[int, int, int]]) -> bool:
    """Whether a worker surely comes by this point for who is told so."""
    return point == "taak melding" or all(one[PASSES[point]] for one in told)


@pytest.mark.parametrize("victim", ["worker", "postgres"])
async def test_a_kill_between_what_happened_and_the_mailbox_loses_no_word(there: There, victim: str) -> None:
    """After each step, at another point of the way: as many are told as without."""
    t, c = there, there.c
    c.start_worker()
    async for step in life(c, t.p):
        await t.done(step)
    await t.all_told()
    quiet = await told(t)
    await t.check_told()
    passed: Counter[str] = Counter()
    at = 0
    async for step in life(c, t.p):
        at += 1
        points = [point for point in POINTS if passes(point, quiet[step.leaves[0]])]
        point = points[at % len(points)]
        async with c.armed(point):
            await t.done(step)
            await c.stands_still()
            if victim == "worker":
                c.kill_worker()
            else:
                c.kill_postgres()
                await c.restart_postgres()
        passed[point] += 1
        if victim == "worker":
            c.start_worker()
        await t.all_told()
    print(f"{victim} killed on the way: {dict(passed)}")
    assert set(passed) == set(POINTS), passed
    assert await told(t) == quiet
    await t.check_told()
    await t.check_live()
    await t.whole()


async def test_what_was_taken_and_not_written_down_is_sent_again_with_the_same_id(there: There) -> None:
    """Killed when the mailbox or the receiver has it, and before it can say so."""
    t, c = there, there.c
    c.start_worker()
    sprung, at = Counter[str](), 0
    for way in (geplaatst, crisis):
        async for step in way(c, t.p):
            at += 1
            name, trap = (("mail", t.mail.raw), ("hook", t.hook.requests))[at % 2]
            assert isinstance(trap, Trap)
            taken = asyncio.Event()

            def spring(taken: asyncio.Event = taken) -> None:
                c.kill_worker()
                taken.set()

            async def sprung_or_idle(taken: asyncio.Event = taken) -> bool:
                """Not every gebeurtenis is told to somebody."""
                return taken.is_set() or await t.hurry()

            trap.on = spring
            await t.done(step)
            await c.until(sprung_or_idle, "somebody to be told")
            trap.on = None
            if taken.is_set():
                sprung[name] += 1
                c.start_worker()
                await t.all_told()
    print(f"worker killed when it was taken: {dict(sprung)}")
    assert min(sprung["mail"], sprung["hook"]) > 3
    assert len(t.mail.mails) > len({mail["Message-ID"] for mail in t.mail.mails})
    await t.check_told()
    await t.check_live()
    await t.whole()
