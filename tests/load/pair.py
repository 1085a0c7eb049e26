"""A computer as a region may have it: two web processes, a worker, PostgreSQL and Valkey, with the demo in it.

Each part can be stopped as a supervisor does, or killed; what ended is started again where it was.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg
import psutil
from msgspec import Struct

from service.bus import LOST
from service.days import today
from service.db import Connection
from service.demo import Size, load
from tests.conftest import ROOT, open_folder
from tests.load.client import Broken, Line
from tests.service.post import mailserver
from tests.soak.computer import Computer, running
from tests.soak.zygote import Process, Zygote

WEBS = 2

LOOK_S = 0.05
"""Between two looks at whether something is back: a time to recover is no finer than that."""

BACK_S = 120.0
"""What is not back by then, does not come back."""


class Kind(Struct, frozen=True):
    """How a part ends."""

    part: str
    killed: bool

    @property
    def name(self) -> str:
        return f"{self.part}_{'kill' if self.killed else 'stop'}"


KINDS = tuple(Kind(part, killed) for part in ("web", "worker", "valkey", "postgres") for killed in (True, False))


class Pair(Computer):
    size = Size.COUNTRY
    lasting: list[Lasting]
    """To be closed at the end."""
    webs: list[tuple[Process, int]]
    """With the port of each."""
    _turn = 0

    @property
    def ports(self) -> list[int]:
        return [port for _, port in self.webs]

    async def fill(self) -> None:
        async with self.owner.transaction():
            await self.owner.execute((ROOT / "schema.sql").read_text(encoding="utf-8"))
        # A connection of its own: the demo travels as binary JSON, which that of the tests does not read.
        owner = await self.connection()
        await load(owner, today=today(datetime.now(UTC)), size=self.size)
        await owner.execute("analyze")
        await owner.close()
        # Or who comes back after a kill, first loads the country again.
        superuser = await asyncpg.connect(self.cluster.url("loket", "postgres"))
        await superuser.execute("checkpoint")
        await superuser.close()

    async def start_web(self) -> None:
        started = [await self.serve(0) for _ in range(WEBS)]
        self.webs = [(process, int(address.rpartition(":")[2])) for process, address in started]

    def kill_web(self) -> None:
        for process, _ in getattr(self, "webs", ()):
            process.kill()

    def start_worker(self) -> None:
        """With the lease that it has by itself."""
        settings = {f"LOKET_{name.upper()}": str(value) for name, value in self.mail.settings().items()}
        self._worker = self.zygote.start("worker", variables=self._variables() | settings)

    def memory(self) -> int:
        """Bytes that the web processes have for themselves alone."""
        return sum(psutil.Process(process.pid).memory_full_info().uss for process, _ in self.webs)

    def cpu(self) -> float:
        """Seconds of the web processes and PostgreSQL, with those of its processes that are there."""
        server = psutil.Process(self._postgres.process.pid)
        there = [*(psutil.Process(process.pid) for process, _ in self.webs), server, *server.children()]
        return sum(sum(one.cpu_times()[:2]) for one in there)

    # ── What befalls it ──────────────────────────────────────────────────────────────────────────

    async def strike(self, kind: Kind) -> float:
        """Ends the part and starts it again; how many seconds until it did its work again."""
        begin = time.monotonic()
        await {"web": self._again_web, "worker": self._again_worker, "valkey": self._again_valkey,
               "postgres": self._again_postgres}[kind.part](kind.killed)  # fmt: skip
        return time.monotonic() - begin

    async def _again_web(self, killed: bool) -> None:
        """One of them, by turns: until it is ready."""
        at, self._turn = self._turn % WEBS, self._turn + 1
        process, port = self.webs[at]
        await asyncio.to_thread(process.kill if killed else process.stop)
        started, _ = await self.serve(port)
        self.webs[at] = (started, port)
        await back(lambda: ready(port), "the web process")

    async def _again_worker(self, killed: bool) -> None:
        """Until a taak is done, of which there must be some."""
        assert self._worker is not None
        await asyncio.to_thread(self._worker.kill if killed else self._worker.stop)
        ended = await self.owner.fetchval("select clock_timestamp()")
        await asyncio.to_thread(self.start_worker)
        done = "select exists (select from taak where klaar_op > $1)"
        await back(lambda: self.owner.fetchval(done, ended), "the worker")

    async def _again_valkey(self, killed: bool) -> None:
        """Until both web processes say that it is there."""
        if killed:
            self.kill_valkey()
        else:
            await asyncio.to_thread(self._valkey.stop, patience_s=10)
            self.guard.forget(self._valkey)
        self.start_valkey()
        for port in self.ports:
            await back(lambda port=port: ready(port, without=b"Valkey antwoordt niet"), "Valkey")

    async def _again_postgres(self, killed: bool) -> None:
        """Until both web processes have an answer of it."""
        if killed:
            await asyncio.to_thread(self.kill_postgres)
        else:
            await asyncio.to_thread(self._postgres.stop, patience_s=10)
            self.guard.forget(self._postgres)
        await self.disconnect()
        await asyncio.to_thread(self.start_postgres)
        await self.connect()
        for port in self.ports:
            await back(lambda port=port: ready(port), "PostgreSQL")


async def ready(port: int, *, without: bytes = b"\0") -> bool:
    """What a web process says of itself."""
    line = Line(port)
    try:
        answer = await line.ask("GET", "/readyz", {}, b"")
    except Broken:
        return False
    finally:
        line.close()
    return answer.status_code == 200 and without not in answer.content


async def back(is_back: Callable[[], Awaitable[bool]], what: str) -> None:
    """Asked again and again."""
    try:
        async with asyncio.timeout(BACK_S):
            while not await is_back():  # noqa: ASYNC110  # another process, which tells nobody
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        raise AssertionError(f"{what} does not come back") from None


class Lasting:
    """A connection as the owner that is made again when the database was away, for who only reads: what was asked is
    asked again."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self._conn: Connection | None = None
        self._one_by_one = asyncio.Lock()
        pair.lasting.append(self)

    async def _do(self, name: str, *args: Any) -> Any:
        async with self._one_by_one, asyncio.timeout(BACK_S):
            while True:
                try:
                    if self._conn is None or self._conn.is_closed():
                        self._conn = await self._pair.connection()
                    return await getattr(self._conn, name)(*args)
                except LOST:
                    if self._conn is not None and not self._conn.is_closed():
                        raise
                    await asyncio.sleep(LOOK_S)

    async def fetch(self, *args: Any) -> Any:
        return await self._do("fetch", *args)

    async def fetchrow(self, *args: Any) -> Any:
        return await self._do("fetchrow", *args)

    async def fetchval(self, *args: Any) -> Any:
        return await self._do("fetchval", *args)

    async def execute(self, *args: Any) -> Any:
        return await self._do("execute", *args)

    async def executemany(self, *args: Any) -> Any:
        return await self._do("executemany", *args)

    def close(self) -> None:
        if self._conn is not None:
            self._conn.terminate()


@asynccontextmanager
async def pair(size: Size) -> AsyncIterator[Pair]:
    """With its worker; all of it gone at the end."""
    # That a pool of ours cannot connect for a moment, is what is meant here.
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)
    folder, zygote = open_folder(), Zygote()
    try:
        async with mailserver() as mail:
            there = Pair(folder, mail, zygote)
            there.size, there.lasting = size, []
            async with running(there):
                there.start_worker()
                try:
                    yield there
                finally:
                    for one in there.lasting:
                        one.close()
    finally:
        zygote.close()
        shutil.rmtree(folder)
