"""What the stages stand on: PostgreSQL and Valkey with the demo of the whole country, of which one region may use every
place, and people who have logged in; and `loket serve` as a process, as an operator starts it.

Loaded once for all stages that do not break it.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

import asyncpg
import psutil
from msgspec import Struct

from service.db import APP_ROLE, OWNER_ROLE, Rol, open_pool
from service.demo import Size
from service.embedded import valkey
from service.inloggen import sessies
from tests import make
from tests.bench.bench_access import REGIO, Servers, loaded, running_servers
from tests.bench.bench_schermen import SHARE
from tests.conftest import ROOT
from tests.load.wire import Cut, get, wire
from tests.service.running import environment, loket

SIZE = Size(os.environ.get("TEST_LOAD_SIZE") or Size.COUNTRY)
"""Smaller to try a stage; what it says is then worth nothing."""

PEOPLE = 64
"""Who work for REGIO, so that the limits of one person say nothing."""

READY_S = 180.0
"""Then it does not come: much more than asked, for a computer that has much else to do."""

OPEN = """
select id from aanvraag where is_open(status) and regio = $1 and samenplaatsing_id is null order by md5(id::text)
"""

OTHERS = "select code from jeugdregio where code <> $1 order by code"

AANBIEDER = "select id from aanbieder where regio = $1 order by naam limit 1"

ORGANISATIE = "select id from organisatie where regio = $1 order by naam limit 1"


class Ground(Struct, frozen=True):
    servers: Servers
    gebruiker: UUID
    """A schakelfunctionaris of REGIO."""
    people: list[str]
    """Tokens of others like that."""
    rollen: dict[Rol, str]
    """A token of each rol, in REGIO."""
    elsewhere: list[tuple[str, UUID]]
    """Of each other region the token of a schakelfunctionaris, and an open aanvraag."""
    aanvragen: list[UUID]
    """Open ones of REGIO that ask by themselves."""
    _open: ExitStack

    @property
    def database(self) -> str:
        return SIZE.value

    def close(self) -> None:
        """The stage after this one needs it no more."""
        self._open.close()
        ground.cache_clear()


@cache
def ground() -> Ground:
    with ExitStack() as stack:
        servers = stack.enter_context(running_servers())
        made = asyncio.run(_people(servers))
        found = Ground(servers, *made, stack.pop_all())
    atexit.register(found.close)  # also when the stage that would have done so was not asked for
    return found


async def _people(
    servers: Servers,
) -> tuple[UUID, list[str], dict[Rol, str], list[tuple[str, UUID]], list[UUID]]:
    gebruiker = await loaded(servers, SIZE)
    owner = await asyncpg.connect(servers.url(SIZE.value, OWNER_ROLE))
    await owner.execute(SHARE, REGIO)
    await owner.execute("analyze regioafspraak")
    pool = await open_pool(servers.url(SIZE.value, APP_ROLE), size=1)
    now = datetime.now(UTC)

    async def token(gebruiker: UUID) -> str:
        until, idle = now + timedelta(hours=2), timedelta(hours=1)
        found, _ = await sessies.begin(pool, gebruiker=gebruiker, now=now, until=until, idle=idle)
        return found

    people = [await token(await make.gebruiker(owner, regio=REGIO)) for _ in range(PEOPLE)]
    aanbieder, organisatie = await owner.fetchval(AANBIEDER, REGIO), await owner.fetchval(ORGANISATIE, REGIO)
    rollen = {}
    for rol in Rol:
        of = {Rol.AANBIEDER: {"aanbieder_id": aanbieder}, Rol.VERWIJZER: {"organisatie_id": organisatie}}.get(rol, {})
        rollen[rol] = await token(await make.gebruiker(owner, rol=rol, regio=REGIO, **of))
    elsewhere = []
    for row in await owner.fetch(OTHERS, REGIO):
        there = await owner.fetchval(f"{OPEN} limit 1", row["code"])
        elsewhere.append((await token(await make.gebruiker(owner, regio=row["code"])), there))
    aanvragen = [row["id"] for row in await owner.fetch(OPEN, REGIO)]
    await pool.close()
    await owner.close()
    return gebruiker, people, rollen, elsewhere, aanvragen


# ── The web process ──────────────────────────────────────────────────────────────────────────────


class Web(Struct):
    process: subprocess.Popen[bytes]
    port: int
    started: float
    """By time.monotonic()."""

    def rss_mb(self) -> float:
        return psutil.Process(self.process.pid).memory_info().rss / 1e6

    def cpu_s(self) -> float:
        spent = psutil.Process(self.process.pid).cpu_times()
        return spent.user + spent.system


def start(on: Ground, **settings: object) -> Web:
    """Not yet ready. With a file of its own for what it complains of, beside the other files of a build."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    variables = {
        "LOKET_DATABASE_URL": on.servers.url(on.database, APP_ROLE),
        "LOKET_REDIS_URL": f"unix://{on.servers.sockets}/{valkey.SOCKET}",
        "LOKET_PORT": str(port),
        "LOKET_LIMIT_PERSON_MIN": "100000",
    } | {f"LOKET_{name.upper()}": str(value) for name, value in settings.items()}
    log = ROOT / "build" / "load-web.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("ab") as out:
        began = time.monotonic()
        process = subprocess.Popen(
            loket("serve"),
            cwd=ROOT,
            env=environment(Path(tempfile.gettempdir())) | variables,
            stdout=subprocess.DEVNULL,
            stderr=out,
        )
    return Web(process, port, began)


async def ready(web: Web) -> float:
    """Seconds from its start until /readyz answers 200."""
    while time.monotonic() - web.started < READY_S:
        assert web.process.poll() is None, "loket serve ended: see build/load-web.log"
        try:
            line = await wire(web.port)
            answer = await line.ask(get("/readyz"))
            line.transport.close()
            if answer.status == 200:
                return time.monotonic() - web.started
        except (OSError, Cut):
            pass
        await asyncio.sleep(0.01)
    raise AssertionError(f"loket serve was not ready within {READY_S} s")


@contextmanager
def serving(on: Ground, number: int = 1, **settings: object) -> Iterator[list[Web]]:
    """So many, started and ready; ended as a supervisor does."""
    webs = [start(on, **settings) for _ in range(number)]
    try:
        for web in webs:
            asyncio.run(ready(web))
        yield webs
    finally:
        for web in webs:
            web.process.terminate()
        for web in webs:
            web.process.wait(timeout=10)
