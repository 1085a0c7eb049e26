"""A thousand who follow live what happens (/v1/gebeurtenissen), while the web processes and Valkey are restarted.

Each comes back with the last id that it has, as a browser does, and must have heard of all that its rol may see, once,
in order, and of nothing else. They are people of twenty regions and of the rollen that may follow; some of another
organisatie or aanbieder, for whom nothing happens. All of them are sockets in this one process.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from random import Random
from statistics import median, quantiles
from typing import Any
from uuid import UUID

from service.db import transaction
from service.demo import Size
from tests import make
from tests.bench.entry import Entry
from tests.load.client import Front, Promise, Tally, chunks, read_head
from tests.load.crowd import At, region, step_done
from tests.load.pair import Kind, Pair, back, pair
from tests.service.races import log_in
from tests.soak.flow import A, C, People, S, Step, V, life, people

STREAMS = int(os.environ.get("TEST_STREAMS") or 1000)

REGIONS = 20

STRIKES = tuple(Kind(part, killed) for part in ("web", "valkey") for killed in (True, False))
"""Of the two web processes one is killed and the other stopped, so everybody comes back."""

STEPS_S = 5.0
"""So many things happen each second, in all regions together: a country has less."""

BUSY_S = 4.0
"""So long between two restarts."""

IDLE_S = 15.0
"""As long as a stream is silent at most."""

HIDDEN = ("voorstel_klaargezet", "optie", "optie_verlengd", "optie_vrij", "optie_verlopen")
"""What an aanbieder does not hear, of what is about it."""

Place = tuple[int, int]


class Follower:
    """One stream, and what came of it."""

    def __init__(self, rol: str, regio: str, org: UUID | None, headers: dict[str, str]) -> None:
        self.rol, self.regio, self.org = rol, regio, org
        self._headers = headers
        self.begun: Place = (0, 0)
        self.last = ""
        """The id to come back with."""
        self.heard: list[Place] = []
        self.there = False
        self.lost_at = 0.0
        self.waits: list[float] = []
        """How long it was without, each time, in seconds."""
        self.refused: Counter[int] = Counter()
        self._retry_s = 3.0

    async def run(self, ports: Callable[[], list[int]], r: Random) -> None:
        while True:
            with contextlib.suppress(OSError, EOFError):
                await self._once(r.choice(ports()))
            if self.there:
                self.there, self.lost_at = False, time.monotonic()
            # As the stream itself says that one should.
            await asyncio.sleep(self._retry_s)

    async def _once(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            told = {"Host": f"127.0.0.1:{port}", **self._headers} | ({"Last-Event-ID": self.last} if self.last else {})
            lines = ["GET /v1/gebeurtenissen HTTP/1.1", *(f"{name}: {text}" for name, text in told.items()), "", ""]
            writer.write("\r\n".join(lines).encode())
            status, _ = read_head(await reader.readuntil(b"\r\n\r\n"))
            if status != 200:
                self.refused[status] += 1
                return
            await self._listen(reader)
        finally:
            writer.transport.abort()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        rest = b""
        async for part in chunks(reader):
            # What was cut off before an empty line, did not come.
            *events, rest = (rest + part).split(b"\n\n")
            for event in events:
                self._take(dict(line.partition(": ")[::2] for line in event.decode().split("\n")))

    def _take(self, event: dict[str, str]) -> None:
        if "retry" in event:
            self._retry_s = int(event["retry"]) / 1000
            if self.lost_at:
                self.waits.append(time.monotonic() - self.lost_at)
            self.there = True
        if "id" not in event:
            return
        if not self.last:
            self.begun = _place(event["id"])
        self.last = event["id"]
        if "data" in event:
            self.heard.append(_place(self.last))


def _place(id: str) -> Place:
    transactie, nummer = id.split(",")
    return int(transactie), int(nummer)


# ── Who, and what happens ────────────────────────────────────────────────────────────────────────


class Region:
    def __init__(self, p: People, others: dict[str, tuple[UUID, UUID]]) -> None:
        self.p, self.others = p, others
        """`others`: rol → gebruiker and organisatie of whom nothing is about."""

    def who(self, turn: int) -> tuple[str, UUID, UUID | None]:
        """Rol, gebruiker and organisatie of the next who follows."""
        p = self.p
        return (
            (S, p.gebruiker[S], None), (V, p.gebruiker[V], p.organisatie), (A, p.gebruiker[A], p.aanbieder),
            (S, p.gebruiker["collega"], None), (V, *self.others[V]), (C, p.gebruiker[C], None), (A, *self.others[A]),
        )[turn % 7]  # fmt: skip


async def inhabited(at: At, code: str) -> Region:
    p = await people(at, await region(at.owner, code))
    async with transaction(at.pool, p.loket) as conn:
        aanbieder, organisatie = (await make.aanbieder(conn)).id, await make.organisatie(conn)
    others = {
        A: (await make.gebruiker(at.owner, rol=A, regio=code, aanbieder_id=aanbieder), aanbieder),
        V: (await make.gebruiker(at.owner, rol=V, regio=code, organisatie_id=organisatie), organisatie),
    }
    return Region(p, others)


async def lives(at: At, p: People) -> AsyncIterator[Step]:
    while True:
        async for step in life(at, p):
            yield step


async def happen(at: At, regions: list[Region], front: Front, tally: Tally, over: asyncio.Event) -> None:
    """One step after another, in each region by turns, so many a second."""
    going = [(one.p, lives(at, one.p)) for one in regions]
    begun, done = time.monotonic(), 0
    while not over.is_set():
        p, steps = going[done % len(going)]
        step = await anext(steps)
        answer = await step_done(step, p, front)
        if answer.status_code >= 300:
            tally.wrong.append(f"{step}: {answer.status_code} {answer.text[:300]}")
        elif step.keep is not None:
            step.keep(answer.json())
        done += 1
        await asyncio.sleep(max(0.0, begun + done / STEPS_S - time.monotonic()))


# ── What each should have heard ──────────────────────────────────────────────────────────────────

HAPPENED = """
select g.transactie::text::bigint as transactie, g.nummer, g.soort::text as soort, g.aanbieder_id, a.organisatie_id,
       a.urgentie = 'crisis' as crisis, a.status in ('beeindigd', 'afgewezen', 'ingetrokken') as gesloten,
       exists (select from gebeurtenis u where u.aanvraag_id = g.aanvraag_id and u.soort = 'urgentie') as veranderd
from gebeurtenis g left join aanvraag a on a.id = g.aanvraag_id
where g.regio = $1
order by g.transactie, g.nummer
"""
# Of the table, and not of the column of that name: as texts 10 comes before 9.


def visible(one: Follower, row: Any) -> bool | None:
    """None when it depends on when it was looked at: the crisisdienst sees a child as long as it is a crisis."""
    if one.rol == V:
        return row["organisatie_id"] == one.org
    if one.rol == A:
        return row["aanbieder_id"] == one.org and row["soort"] not in HIDDEN
    if one.rol == C:
        return None if row["veranderd"] or (row["crisis"] and row["gesloten"]) else bool(row["crisis"])
    return True


def compared(one: Follower, happened: list[Any]) -> tuple[int, list[str]]:
    """How many it missed, and what came twice, out of order or was not for it."""
    after = [(row["transactie"], row["nummer"], visible(one, row)) for row in happened]
    must = [(t, n) for t, n, seen in after if (t, n) > one.begun and seen]
    may = {(t, n) for t, n, seen in after if (t, n) > one.begun and seen is not False}
    heard = set(one.heard)
    unruly = [f"{one.rol} heard {place}, which is not for it" for place in heard - may]
    unruly += [f"{one.rol} heard {place} after {before}" for before, place in pairwise(one.heard) if place <= before]
    return len([place for place in must if place not in heard]), unruly


# ── The stage ────────────────────────────────────────────────────────────────────────────────────


def run() -> list[Entry]:
    return asyncio.run(streams(STREAMS, REGIONS, STRIKES))


def room(number: int) -> None:
    """Each stream is an open file, here and in a web process, which gets its limit from here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * number + 512
    if soft < wanted:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
        )


async def streams(number: int, regions: int, strikes: tuple[Kind, ...]) -> list[Entry]:
    room(number)
    async with pair(Size.REGION) as there:
        at = At(there)
        await there.owner.execute(
            "insert into jeugdregio (code, naam) values ('flevoland', 'x') on conflict do nothing"
        )
        inhabitants = [await inhabited(at, f"stroom-{n}") for n in range(regions)]
        followers = []
        for n in range(number):
            where = inhabitants[n % regions]
            rol, gebruiker, org = where.who(n // regions)
            followers.append(Follower(rol, where.p.regio, org, await log_in(there.pool, gebruiker)))
        return await _follow(there, at, inhabitants, followers, strikes)


async def _follow(
    there: Pair, at: At, regions: list[Region], followers: list[Follower], strikes: tuple[Kind, ...]
) -> list[Entry]:
    tally, promises, r = Tally(), list[Promise](), Random(1)
    front = Front(lambda: there.ports, tally, promises, 1)
    first, rest = followers[: len(followers) // 10], followers[len(followers) // 10 :]
    following = [asyncio.create_task(one.run(lambda: there.ports, r)) for one in first]
    try:
        # So that what a first stream loads, does not count.
        await all_there(first)
        before, spent = there.memory(), there.cpu()
        begun = time.monotonic()
        following += [asyncio.create_task(one.run(lambda: there.ports, r)) for one in rest]
        await all_there(followers)
        opened_s, memory = time.monotonic() - begun, (there.memory() - before) / len(rest)
        opened_ms = 1000 * (there.cpu() - spent) / len(rest)
        spent = there.cpu()
        await asyncio.sleep(IDLE_S)
        idle = (there.cpu() - spent) / IDLE_S

        over = asyncio.Event()
        happening = asyncio.create_task(happen(at, regions, front, tally, over))
        for kind in strikes:
            await asyncio.sleep(BUSY_S)
            if happening.done():
                break
            took = await there.strike(kind)
            await all_there(followers)
            print(f"{kind.name}: back after {took:.1f} s; everybody follows again", flush=True)
        await asyncio.sleep(BUSY_S)
        over.set()
        await happening
        assert not tally.wrong, tally.wrong[:10]
        missed, unruly = await _judged(there, followers)
    finally:
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
        front.close()
    waits = [wait for one in followers for wait in one.waits]
    refused = sum((one.refused for one in followers), Counter[int]())
    heard = sum(len(one.heard) for one in followers)
    print(f"{len(waits)} times somebody came back; refused meanwhile: {dict(refused)}; {heard} events heard")
    assert not missed and not unruly, f"{missed} missed; {unruly[:10]}"
    assert heard, "nothing happened, so nothing was shown"
    return [
        Entry("streams", len(followers), "streams"),
        Entry("stream_open_all_s", opened_s, "s"),
        Entry("stream_open_cpu_ms", opened_ms, "ms"),
        Entry("stream_memory_kb", memory / 1024, "kB"),
        Entry("streams_idle_cores", idle, "cores"),
        Entry("stream_events", heard, "events"),
        Entry("stream_reconnects", len(waits), "times"),
        Entry("stream_reconnect_p50_s", median(waits), "s"),
        Entry("stream_reconnect_p99_s", quantiles(waits, n=100)[-1], "s"),
        Entry("stream_reconnect_most_s", max(waits), "s"),
        Entry("streams_missed", missed, "events"),
        Entry("streams_unruly", len(unruly), "events"),
    ]


async def all_there(followers: list[Follower]) -> None:
    async def everybody() -> bool:
        return all(one.there for one in followers)

    await back(everybody, "somebody who follows")


async def _judged(there: Pair, followers: list[Follower]) -> tuple[int, list[str]]:
    """When everybody had the time to come so far."""
    happened = {code: await there.owner.fetch(HAPPENED, code) for code in {one.regio for one in followers}}

    async def so_far() -> bool:
        return not any(compared(one, happened[one.regio])[0] for one in followers)

    with contextlib.suppress(AssertionError):
        await back(so_far, "the last that happened")
    results = [compared(one, happened[one.regio]) for one in followers]
    return sum(missed for missed, _ in results), [what for _, unruly in results for what in unruly]
