"""kill -9 of everything at every step: afterwards no transition is half done, and nobody missed a word."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from service.bericht import haken
from service.bericht.haken import NieuweHaak
from service.db import Rol, Wie, transaction
from tests import facts
from tests.conftest import REGIO, open_folder
from tests.service.post import Mailserver, Receiver, mailserver, receiver
from tests.soak.computer import Computer, computer
from tests.soak.flow import People, Step, life, people

pytestmark = pytest.mark.soak


class Trap(list[Any]):
    """Whoever is added to it is heard of before anybody is answered."""

    on: Callable[[], None] | None = None

    def append(self, one: Any) -> None:
        super().append(one)
        if self.on is not None:
            springs, self.on = self.on, None
            springs()


class There:
    """The computer, with who lives by what it tells."""

    def __init__(self, c: Computer, p: People, mail: Mailserver, hook: Receiver) -> None:
        self.c, self.p, self.mail, self.hook = c, p, mail, hook

    async def ask(self, step: Step) -> httpx.Response:
        path = step.path
        if found := re.search(r"\{plaatsing of (.+)\}", path):
            path = path.replace(found[0], await self.stay_of(UUID(found[1])))
        headers = self.p.headers[step.wie] | {"Idempotency-Key": f'"{step.key}"'}
        async with httpx.AsyncClient(timeout=60) as client:
            return await client.post(f"{self.c.web.address}/v1{path}", json=step.body, headers=headers)

    async def stay_of(self, kind: UUID) -> str:
        """By a connection of its own: that of the owner may be waiting for who stands still."""
        conn = await self.c.connection()
        stay = await conn.fetchval("select id from bezetting where soort = 'plaatsing' and aanvraag_id = $1", kind)
        await conn.close()
        return str(stay)

    async def again(self, step: Step) -> httpx.Response:
        """As often as the answer is that something is away for a moment."""
        async with asyncio.timeout(60):
            while True:
                response = await self.ask(step)
                if response.status_code != 503:
                    return response

    async def done(self, step: Step) -> None:
        response = await self.again(step)
        assert response.status_code < 300, (step, response.text)
        if step.keep is not None:
            step.keep(response.json())

    async def lines(self) -> int:
        count: int = await self.c.owner.fetchval("select count(*) from gebeurtenis")
        return count

    async def whole(self) -> None:
        assert await facts.wrong(self.c.owner) == []


@pytest.fixture
async def there() -> AsyncIterator[There]:
    folder = open_folder()
    try:
        async with mailserver() as mail, receiver() as hook:
            mail.raw, hook.requests = Trap(), Trap()
            async with computer(folder, mail) as c:
                p = await people(c)
                beheer = Wie(REGIO, Rol.BEHEERDER, p.gebruiker["schakelfunctionaris"])
                async with transaction(c.pool, beheer) as conn:
                    await haken.add(conn, NieuweHaak(url=hook.url, aanbieder_id=p.aanbieder), wie=beheer, intern=True)
                yield There(c, p, mail, hook)
    finally:
        shutil.rmtree(folder)


# ── In the middle of a step ──────────────────────────────────────────────────────────────────────


async def stood_still(t: There, step: Step, soort: str, kill: Callable[[], None]) -> None:
    """The step begins, stands still where it writes `soort`, and then `kill`."""
    async with t.c.armed(f"gebeurtenis {soort}"):
        asking = asyncio.create_task(t.ask(step))
        await t.c.stands_still()
        kill()
        # What was killed answers nothing, or that it is away: never that it was done.
        [answer] = await asyncio.gather(asking, return_exceptions=True)
        assert isinstance(answer, httpx.HTTPError) or answer.status_code >= 500, answer
        if kill == t.c.kill_postgres:
            await t.c.restart_postgres()


@pytest.mark.parametrize("victim", ["web", "postgres"])
async def test_what_was_killed_halfway_was_not_done_at_all_and_can_be_done_again(there: There, victim: str) -> None:
    """At each gebeurtenis of each step, before its transaction ends."""
    t, c = there, there.c
    for step in await life(c, t.p):
        for soort in (step.leaves, *step.halfway):
            before = await t.lines()
            await stood_still(t, step, soort, c.web.kill if victim == "web" else c.kill_postgres)
            if victim == "web":
                await c.start_web()
                await c.until(lambda: nobody_in_between(t), "the transaction of who was killed to be gone")
            assert await t.lines() == before, (step, soort)
            await t.whole()
        await t.done(step)
        await t.whole()


async def nobody_in_between(t: There) -> bool:
    busy = "select not exists (select from pg_stat_activity where state like 'idle in transaction%')"
    return bool(await t.c.owner.fetchval(busy))


@pytest.mark.parametrize("victim", ["web", "postgres"])
async def test_what_was_done_when_it_was_killed_is_done_once(there: There, victim: str) -> None:
    """Killed as soon as others can know of it: who asks again, with the same Idempotency-Key, gets the answer."""
    t, c = there, there.c
    for step in await life(c, t.p):
        told = asyncio.Event()

        def hear(*_: object, told: asyncio.Event = told) -> None:
            told.set()

        await c.owner.add_listener("loket_gebeurtenis", hear)
        before = await t.lines()
        asking = asyncio.create_task(t.ask(step))
        await asyncio.wait_for(told.wait(), 60)
        if victim == "web":
            c.web.kill()
            await c.start_web()
            await c.owner.remove_listener("loket_gebeurtenis", hear)
        else:
            c.kill_postgres()
            await c.restart_postgres()
        await asyncio.gather(asking, return_exceptions=True)
        await t.whole()
        after = await t.lines()
        assert after > before, step
        again = await t.again(step)
        assert again.status_code < 300, (step, again.text)
        assert await t.lines() == after, step
        if step.keep is not None:
            step.keep(again.json())


async def test_without_valkey_everything_goes_on(there: There) -> None:
    """It only counts how much somebody asks; each process then does that by itself."""
    there.c.kill_valkey()
    for step in await life(there.c, there.p):
        await there.done(step)
    await there.whole()
    there.c.start_valkey()
    for step in await life(there.c, there.p):
        await there.done(step)
    await there.whole()


# ── Who must be told ─────────────────────────────────────────────────────────────────────────────

IDLE = """
select not exists (select from taak where soort in ('melding', 'mail', 'haak') and status in ('wacht', 'bezig'))
"""

TOLD = """
select g.soort::text as soort,
       (select count(*) from bericht b where b.gebeurtenis_id = g.id) as berichten,
       (select count(*) from levering l where l.gebeurtenis_id = g.id) as leveringen
from gebeurtenis g
"""


POINTS = ("bericht", "levering", "taak melding", "taak mail", "taak haak")
"""On the way from what happened to the mailbox, as the rows that are written there."""


async def told(t: There) -> dict[str, set[tuple[int, int]]]:
    """Per soort how many people and systems were told."""
    found: dict[str, set[tuple[int, int]]] = {}
    for row in await t.c.owner.fetch(TOLD):
        found.setdefault(row["soort"], set()).add((row["berichten"], row["leveringen"]))
    return found


async def hurry(t: There) -> bool:
    """As if waits after a failure were over."""
    await t.c.owner.execute("update taak set niet_voor = now() where status = 'wacht' and soort <> 'termijn'")
    return bool(await t.c.owner.fetchval(IDLE))


async def check_told(t: There) -> None:
    """Who keeps ids has each message once, and none is missing."""
    letters = Counter(mail["Message-ID"].strip("<>").partition("@")[0] for mail in t.mail.mails)
    events = Counter(request.headers["webhook-id"] for request in t.hook.requests)
    mails = await t.c.owner.fetch("select id::text, status::text, fout from bericht where wijze = 'direct'")
    hooks = await t.c.owner.fetch("select id::text, gebeurtenis_id::text, status::text, fout from levering")
    assert {row["id"] for row in mails} == set(letters), (len(mails), len(letters))
    assert len(events) == len(hooks), (events, hooks)
    assert {(row["status"], row["fout"]) for row in [*mails, *hooks]} == {("bezorgd", None)}
    missing = await t.c.owner.fetchval(
        "select count(*) from gebeurtenis g where not exists (select from taak t where t.soort = 'melding' and"
        " t.sleutel = g.id::text and t.status = 'klaar')"
    )
    assert missing == 0


async def test_a_worker_that_is_killed_loses_no_word(there: There) -> None:
    """At each point on the way from what happened to the mailbox: as many are told as without."""
    t, c = there, there.c
    c.start_worker()
    for step in await life(c, t.p):
        await t.done(step)
    await c.until(lambda: hurry(t), "everybody to be told")
    quiet = await told(t)
    await check_told(t)
    passed: Counter[str] = Counter()
    for at, step in enumerate(await life(c, t.p)):
        # A worker takes seconds to start: of the points on its way another one at each step.
        rest = [point for point in (*POINTS[at % len(POINTS) :], *POINTS) if passes(point, quiet[step.leaves])]
        async with c.armed(rest[0]):
            await t.done(step)
            await c.stands_still()
            c.kill_worker()
        passed[rest[0]] += 1
        c.start_worker()
        await c.until(lambda: hurry(t), "everybody to be told")
    assert set(passed) == set(POINTS), passed

    # Taken by the mailbox or the receiver, who then does not come to say so.
    traps = (t.mail.raw, t.hook.requests)
    sprung = 0
    for at, step in enumerate(await life(c, t.p)):
        trap = traps[at % 2]
        assert isinstance(trap, Trap)
        if not any(one[at % 2] for one in quiet[step.leaves]):
            await t.done(step)
            continue
        taken = asyncio.Event()

        def spring(taken: asyncio.Event = taken) -> None:
            c.kill_worker()
            taken.set()

        trap.on = spring
        await t.done(step)
        await c.until(lambda taken=taken: sprung_or_idle(t, taken), "somebody to be told")
        trap.on = None
        if taken.is_set():
            sprung += 1
            c.start_worker()
            await c.until(lambda: hurry(t), "everybody to be told")
    assert sprung > 2
    assert await told(t) == quiet
    await check_told(t)
    await t.whole()


async def sprung_or_idle(t: There, taken: asyncio.Event) -> bool:
    """Not every gebeurtenis of a soort is told to somebody."""
    return taken.is_set() or await hurry(t)


def passes(point: str, told: set[tuple[int, int]]) -> bool:
    """Whether a worker comes by this point for who is told so."""
    what = point.rsplit(maxsplit=1)[-1]
    return what == "melding" or any(one[what in ("levering", "haak")] for one in told)
