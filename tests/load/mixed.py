"""Everybody at once at country size, while each part of the computer is stopped or killed, one after another.

What is asked of it is checked while it goes on: by the reference model (players.py), by what each step leaves and by
who is promised which plek (crowd.py). And afterwards: each write that was answered is there, what is stored can be,
nobody has a plek that another has, and the log is whole. Who asks runs on the same computer.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import time
from collections.abc import Awaitable, Callable
from random import Random
from statistics import median
from typing import Any, NamedTuple

from service.db import SYSTEM, Rol, Wie, transaction
from service.demo import Size
from service.log import logcontrole, logketen
from tests import facts, model
from tests.bench.entry import Entry
from tests.conftest import OTHER_REGIO
from tests.load.client import Front, Promise, Tally
from tests.load.crowd import At, Race, live, look, race, region, visitors
from tests.load.pair import KINDS, Kind, Pair, back, pair
from tests.load.players import play, player
from tests.soak.flow import people

MINUTES = float(os.environ.get("TEST_LOAD_MINUTES") or 15)

SEED = int(os.environ.get("TEST_SEED") or secrets.randbelow(2**32))

PLAYERS, LOOKERS, LIVES, RACERS = 4, 8, 2, 3

REGIONS = 12
"""In which people look; each of them may be shown what lies in all."""

CALM_S = 4.0
"""Between the end of one restart and the next."""

AFTER_S = 1.0
"""So long after something is back, an error is still counted as of its restart."""


class Strike(NamedTuple):
    kind: Kind
    begun: float
    took_s: float


def run() -> list[Entry]:
    return asyncio.run(mixed(Size.COUNTRY, MINUTES * 60))


async def mixed(size: Size, seconds: float) -> list[Entry]:
    """At least each kind of restart once."""
    print(f"TEST_SEED={SEED}")
    async with pair(size) as there:
        load = Load(there)
        await load.prepare()
        await load.run(seconds)
        await load.check()
        return load.entries()


class Load:
    def __init__(self, there: Pair) -> None:
        self.pair, self.tally, self.calm = there, Tally(), asyncio.Lock()
        self.promises: list[Promise] = []
        self.strikes: list[Strike] = []
        self.actors: list[Callable[[], Awaitable[Any]]] = []
        self.races: list[Race] = []
        self.regios: list[str] = []
        """Of which all that is stored is judged afterwards."""
        self.fronts: list[Front] = []
        self.steps: list[Any] = []
        self.ended = asyncio.Event()

    def over(self) -> bool:
        return self.ended.is_set()

    def front(self) -> Front:
        made = Front(lambda: self.pair.ports, self.tally, self.promises, SEED + len(self.fronts))
        self.fronts.append(made)
        return made

    async def prepare(self) -> None:
        there, at = self.pair, At(self.pair)
        codes = [
            row["code"]
            for row in await there.owner.fetch("select code from jeugdregio order by code limit $1", REGIONS)
        ]
        if not await there.owner.fetchval("select exists (select from jeugdregio where code = $1)", OTHER_REGIO):
            await region(there.owner, OTHER_REGIO)  # which is asked for a place on the way of a child
        guests = await visitors(there, codes)
        for number in range(LOOKERS):
            front, r = self.front(), Random(SEED + number)
            self.actors.append(lambda f=front, r=r: look(guests, f, self.tally, at.owner, r, self.over))
        for number in range(LIVES):
            self.regios.append(await region(there.owner, f"leven-{number}"))
            p, front = await people(there, self.regios[-1]), self.front()
            self.actors.append(lambda p=p, f=front: live(At(there), p, f, self.tally, self.over, self.calm))
        self.regios.append(await region(there.owner, "wedloop"))
        self.races.append(await race(there, "wedloop"))
        for number in range(RACERS):
            front, r = self.front(), Random(SEED + number)
            self.actors.append(lambda f=front, r=r: self.races[0].run(f, self.tally, r, self.over))
        for number in range(1, PLAYERS + 1):
            env = player(number, there, self.front(), self.calm)
            self.steps.append(env)
            self.actors.append(lambda e=env, n=number: asyncio.to_thread(play, e, SEED + n, self.over))

    # ── While it goes on ─────────────────────────────────────────────────────────────────────────

    async def run(self, seconds: float) -> None:
        """Who finds something wrong ends it for all."""

        async def until_over(work: Callable[[], Awaitable[Any]]) -> None:
            try:
                await work()
            finally:
                self.ended.set()

        begun = time.monotonic()
        doing = [until_over(work) for work in (*self.actors, lambda: self._strikes(begun + seconds))]
        came = await asyncio.gather(*doing, return_exceptions=True)
        for front in self.fronts:
            front.close()
        if wrong := [one for one in came if isinstance(one, BaseException)]:
            raise BaseExceptionGroup("somebody did not get through", wrong)

    async def _strikes(self, until: float) -> None:
        """Each kind by turns; the last round is not begun when it cannot end in time."""
        while not self.over():
            round_begun = time.monotonic()
            for kind in KINDS:
                await self._rest(CALM_S)
                if self.over():
                    return
                async with self.calm:
                    begun = time.monotonic()
                    took = await self.pair.strike(kind)
                self.strikes.append(Strike(kind, begun, took))
                await self._rest(AFTER_S)
                failed, asked = self.tally.errors(begun, begun + took + AFTER_S)
                print(f"{kind.name}: back after {took:.1f} s; {failed} of {asked} failed", flush=True)
            if time.monotonic() + (time.monotonic() - round_begun) > until:
                break
        await self._rest(until - time.monotonic())

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self.ended.wait()

    # ── Afterwards ───────────────────────────────────────────────────────────────────────────────

    async def check(self) -> None:
        owner = self.pair.owner
        lost = await self.lost()
        wrong = list(self.tally.wrong)
        for regio in self.regios:
            plekken, kinderen = await owner.fetchrow(IN_REGION, regio)
            wrong += [
                f"{regio}: {one}" for one in model.wrong(await facts.read(owner, plekken=plekken, aanvragen=kinderen))
            ]
        for one in self.races:
            given = {row["plek_id"]: row["aantal"] for row in await owner.fetch(GIVEN, one.plekken)}
            if given != dict(one.won):
                lost.append(f"opties of {one.regio}: {given} there, {dict(one.won)} given")
        wrong += [f"plek {row[0]} is promised twice" for row in await owner.fetch(TWICE)]
        wrong += await self.log()
        self.other = [one for env in self.steps for one in env.other]
        if len(self.other) * 100 >= sum(env.steps for env in self.steps):
            wrong += ["refused for another reason:", *self.other]
        self.lost_writes, self.wrong_answers = len(lost), len(wrong)
        assert not lost and not wrong, "\n".join([f"{len(lost)} lost, {len(wrong)} wrong", *lost[:10], *wrong[:10]])

    async def lost(self) -> list[str]:
        """An answer is kept in the transaction of what it tells, so who finds one, finds the other."""
        kept = {}
        keys = [promise.key for promise in self.promises]
        for at in range(0, len(keys), 5000):
            for row in await self.pair.owner.fetch(KEPT, keys[at : at + 5000]):
                kept[row["sleutel"]] = (row["status"], bytes(row["antwoord"]))
        return [f"{one}" for one in self.promises if kept.get(one.key) != (one.status, one.content)]

    async def log(self) -> list[str]:
        """Of each region of which there is one, when all its lines are sealed."""

        async def sealed() -> bool:
            return not (await logketen.waiting(self.pair.pool, None))[0]

        await back(sealed, "the seal on each line of the log")
        found: list[str] = []
        for row in await self.pair.owner.fetch("select distinct regio from logketen order by regio"):
            wie = Wie(row["regio"], Rol.SCHAKELFUNCTIONARIS, SYSTEM)
            async with transaction(self.pair.pool, wie, readonly=True, snapshot=True) as conn:
                found += (await logcontrole.check_chain(conn, wie.regio)).bevindingen
        return found

    def entries(self) -> list[Entry]:
        writes = len({promise.key for promise in self.promises})
        entries = [
            Entry("mixed_requests", len(self.tally.tries), "requests"),
            Entry("mixed_writes", writes, "writes"),
            Entry("mixed_model_steps", sum(env.steps for env in self.steps), "steps"),
            Entry("mixed_other_reason", len(self.other), "refusals"),
            Entry("mixed_restarts", len(self.strikes), "restarts"),
            Entry("mixed_wrong_answers", self.wrong_answers, "answers"),
            Entry("mixed_lost_writes", self.lost_writes, "writes"),
        ]
        failed, asked = self.tally.errors(0, time.monotonic())
        entries.append(Entry("mixed_error_share", 100 * failed / asked, "%"))
        for kind in KINDS:
            of = [one for one in self.strikes if one.kind == kind]
            counts = [self.tally.errors(one.begun, one.begun + one.took_s + AFTER_S) for one in of]
            failed, asked = (sum(column) for column in zip(*counts, strict=True))
            entries += [
                Entry(f"error_share_{kind.name}", 100 * failed / max(asked, 1), "%"),
                Entry(f"recover_{kind.name}_s", median(one.took_s for one in of), "s"),
                Entry(f"recover_{kind.name}_most_s", max(one.took_s for one in of), "s"),
            ]
        return entries


IN_REGION = """
select (select array_agg(p.id) from plek p join voorziening v on v.id = p.voorziening_id where v.regio = $1),
       (select array_agg(id) from aanvraag where regio = $1)
"""

GIVEN = (
    "select plek_id, count(*) as aantal from bezetting where soort = 'optie' and plek_id = any ($1) group by plek_id"
)

TWICE = """
select distinct a.plek_id from bezetting a join bezetting b on b.plek_id = a.plek_id and b.id > a.id
where a.vrijgegeven_op is null and b.vrijgegeven_op is null and a.periode && b.periode
"""

KEPT = "select sleutel, status, antwoord from herhaling where sleutel = any ($1)"
