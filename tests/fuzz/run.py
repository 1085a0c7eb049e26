"""A whole run: requests, noise and lists among each other, by many at once, against one web process."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from random import Random

import msgspec

from service.web.v1 import OPERATIONS
from tests.fuzz import asking, line_noise, seeds, sheets, verdict
from tests.fuzz.place import NOBODY, OUT, STRANGER, Caller, Place
from tests.fuzz.reader import Reader
from tests.fuzz.seeds import Seed, rows
from tests.fuzz.verdict import Failure, Report
from tests.fuzz.wire import Answer, Line, Talk, talk

AT_ONCE = 12

LINGER = 150
"""Connections that wait beside the others until we end them."""

RENEW = 4_000
"""Requests with the same rows."""

READ_ALSO = 3
"""Of so many lists one also goes over HTTP; all are read in the process of the reader."""

LISTS = {operation.id: operation.path for operation in OPERATIONS if operation.form is not None}


class Run:
    def __init__(self, place: Place, seed: int, requests: int, lists: int) -> None:
        self.place, self.report, self.reader = place, Report(seed), Reader()
        self.requests, self.lists, self.total = requests, lists, requests + lists
        self.kinds: list[list[Seed]] = []
        self.lingering: set[asyncio.Task[Talk]] = set()
        self.tenths = [place.rss_mb]
        self._done, self._renewing, self._reading = 0, asyncio.Lock(), asyncio.Semaphore(2)
        self._where = f"{place.host}:{place.port}"

    async def go(self) -> Report:
        crawled = await seeds.crawled(self.place)
        # API, forms, pages, forms and links as they stand on pages, and what anybody may ask.
        self.kinds = [seeds.operations(), seeds.forms(), seeds.pages(), crawled, seeds.public()]
        self.tenths = [self.place.rss_mb]
        numbers = iter(range(self.total))
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._work(numbers))
        for one in asyncio.as_completed(self.lingering):
            self._heard(
                await one, Failure(seed=self.report.seed, number=self.total, kind="noise", name="linger", why="")
            )
        await self.reader.close()
        if wrong := verdict.of_memory(self.tenths):
            self.report.others.append(wrong)
        if not self.place.process.is_running():
            self.report.others.append("the web process is gone")
        self.report.others += verdict.of_log((OUT / "web.log").read_text(encoding="utf-8", errors="replace"))[:20]
        return self.report

    async def _work(self, numbers: Iterator[int]) -> None:
        line = Line(self.place.host, self.place.port)
        for number in numbers:
            await self._renew(number)
            # Of each number what is asked is always the same, whoever is at it.
            rng = Random(f"{self.report.seed} {number}")
            if self._is_list(number):
                await self._list(rng, number, line)
            elif number % 4 == 3:
                await self._noise(rng, number)
            else:
                await self._request(rng, number, line)
            self._done += 1
            while len(self.tenths) <= self._done * 10 // self.total:
                self.tenths.append(self.place.rss_mb)
        line.close()

    def _is_list(self, number: int) -> bool:
        return (number + 1) * self.lists // self.total > number * self.lists // self.total

    async def _renew(self, number: int) -> None:
        async with self._renewing:
            if number // RENEW >= len(self.place.worlds):
                await self.place.another_world()

    def _choose(self, rng: Random) -> tuple[Seed, Caller]:
        [kind] = rng.choices(self.kinds, weights=(48, 16, 14, 16, 6))
        seed, people = rng.choice(kind), self.place.people[-1]
        if kind is self.kinds[-1]:  # who logs out, is of no use any more
            return seed, rng.choice((NOBODY, NOBODY, STRANGER))
        able = [people[rol] for rol in seed.rollen if rol in people]
        return seed, rng.choice(able if able and rng.random() < 0.8 else list(people.values()))

    def _asked(self, rng: Random) -> asking.Asked:
        seed, caller = self._choose(rng)
        return asking.asked(rng, seed, caller, self.place.worlds[-1], self._where)

    async def _request(self, rng: Random, number: int, line: Line) -> None:
        asked = self._asked(rng)
        answer = await line.ask(asked.raw, head=asked.head)
        path = re.sub("/+", "/", asked.raw.split(b" ", 2)[1].decode("latin-1"))  # as the loket reads it
        self.report.count(group_of(path), [answer.status])
        self.report.took(group_of(path), answer.seconds, f"{number} {asked.method} {path[:100]}")
        why = verdict.of_answer(answer, path, asked.method)
        if why and answer.status == 0 and len(asked.raw) > 500_000:  # refused while it still came
            why = None
        if why:
            self._fail(number, "request", asked.seed, why, asked.caller, [asked.raw], answer.body)

    async def _noise(self, rng: Random, number: int) -> None:
        asked = self._asked(rng)
        pieces = line_noise.noise(rng, self._where, asked.raw)
        heard = await talk(self.place.host, self.place.port, pieces, self.lingering, LINGER)
        failure = Failure(
            seed=self.report.seed,
            number=number,
            kind="noise",
            name=asked.seed,
            why="",
            caller=asked.caller.name,
            pieces=pieces,
        )
        self._heard(heard, failure)
        for one in [one for one in self.lingering if one.done()]:
            self.lingering.discard(one)
            self._heard(one.result(), msgspec.structs.replace(failure, name="linger", pieces=[]))

    def _heard(self, heard: Talk, failure: Failure) -> None:
        self.report.count("noise", heard.statuses)
        if failure.why or not (why := verdict.of_talk(heard)):
            return
        self.report.fail(msgspec.structs.replace(failure, why=why, answer=heard.said), self._names(None), OUT)

    async def _list(self, rng: Random, number: int, line: Line) -> None:
        make = sheets.rare if rng.random() < 0.01 else sheets.sheet
        one = make(rng, self.place.worlds[-1])
        read = await self.reader.read(one.soort, one.content)
        self.report.reads[read.outcome] += 1
        self.report.took("reader", read.seconds, f"{number} {one.way}, {len(one.content)} bytes")
        self.report.took("reader MB", read.rss_mb, f"{number} {one.way}")
        if read.bug:
            self._fail(number, "reader", one.way, f"{read.outcome}: {read.said}", NOBODY, [one.content], b"", one.soort)
        if number % READ_ALSO == 0:
            async with self._reading:
                await self._send_list(rng, number, one, line)

    async def _send_list(self, rng: Random, number: int, one: sheets.Sheet, line: Line) -> None:
        people = self.place.people[-1]
        caller = people["schakelfunctionaris" if one.soort != "aanvragen" or rng.random() < 0.3 else "verwijzer"]
        id = f"leesIn{one.soort.capitalize()}"
        seed = Seed(
            name=id,
            method="POST",
            path=f"/v1{LISTS[id]}",
            rollen=[],
            query=lambda _: {"proef": "true"},
            file=lambda _: one.content,
        )
        answer = await self._ask_list(rng, number, one, line, seed, caller)
        if answer.status == 200:  # then for real
            seen = msgspec.json.decode(answer.body).get("vingerafdruk")
            seed.query = lambda _: {}
            await self._ask_list(rng, number, one, line, seed, caller, {"vingerafdruk": str(seen)})

    async def _ask_list(
        self,
        rng: Random,
        number: int,
        one: sheets.Sheet,
        line: Line,
        seed: Seed,
        caller: Caller,
        fields: dict[str, str] | None = None,
    ) -> Answer:
        kind, body = asking.multipart(rng, one.content, fields or {})
        query = [(name, str(value)) for name, value in seed.query(self.place.worlds[-1]).items()]
        draft = asking.Draft(method="POST", path=seed.path, query=query, headers={"Content-Type": kind}, body=body)
        raw = asking.written(Random(0), draft, caller, self._where)
        answer = await line.ask(raw)
        self.report.count("list", [answer.status])
        self.report.took("list", answer.seconds, f"{number} {one.way}, {len(one.content)} bytes")
        why = verdict.of_answer(answer, seed.path, "POST")
        if why and answer.status == 0 and len(raw) > 10 * 2**20:
            why = None
        if why:
            self._fail(number, "sheet", f"{seed.name} {one.way}", why, caller, [raw], answer.body, one.soort)
        return answer

    def _fail(
        self,
        number: int,
        kind: str,
        name: str,
        why: str,
        caller: Caller,
        pieces: list[bytes],
        said: bytes,
        soort: str = "",
    ) -> None:
        failure = Failure(
            seed=self.report.seed, number=number, kind=kind, name=name, why=why, caller=caller.name, pieces=pieces,
            answer=said[:4_000],
            soort=soort,
        )  # fmt: skip
        self.report.fail(failure, self._names(caller), OUT)

    def _names(self, caller: Caller | None) -> dict[str, str]:
        return names(self.place, caller)


def names(place: Place, caller: Caller | None) -> dict[str, str]:
    """What is otherwise in each run: the rows, the address, and with what somebody is logged in."""
    found = {name: value for name, value in rows(place.worlds[-1]).items() if len(value) == 36}
    found |= {"name": place.worlds[-1].name, "host": f"{place.host}:{place.port}"}
    return found | {f"login {name}": value for name, value in (caller.headers if caller else ())}


def group_of(path: str) -> str:
    return "api" if path.startswith("/v1") else "page"


async def again(place: Place, failure: Failure) -> str | None:
    """The one request or list once more, as the same caller. Why it fails, or None."""
    caller = place.people[-1].get(failure.caller, NOBODY)
    pieces = [verdict.by_value(piece, names(place, caller)) for piece in failure.pieces]
    if failure.kind == "reader":
        reader = Reader()
        read = await reader.read(failure.soort, pieces[0])
        await reader.close()
        print(read.outcome, read.said)
        return read.outcome if read.bug else None
    if failure.kind == "noise":
        lingering: set[asyncio.Task[Talk]] = set()
        heard = await talk(place.host, place.port, pieces, lingering, 1)
        for one in lingering:
            heard = await one
        print(heard.statuses, heard.said[:2_000])
        return verdict.of_talk(heard)
    line = Line(place.host, place.port)
    method, path = (part.decode("latin-1") for part in pieces[0].split(b" ", 2)[:2])
    begun = time.monotonic()
    answer = await line.ask(pieces[0], head=method == "HEAD")
    line.close()
    print(
        method,
        path[:200],
        answer.status,
        f"{time.monotonic() - begun:.2f} s",
        answer.body[:2_000].decode("utf-8", "replace"),
    )
    return verdict.of_answer(answer, path, method)
