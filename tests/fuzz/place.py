"""Where it happens: PostgreSQL, Valkey and a web process of its own, rows of two regions, and people of every rol."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import psutil
from msgspec import Struct, structs

from service.db import APP_ROLE, OWNER_ROLE, Connection, Pool, Rol, open_pool, set_codecs
from service.embedded import postgres, valkey
from service.embedded.binaries import installed, reachable
from service.embedded.guarded import Guard
from service.embedded.process import account_for
from service.inloggen import sessies
from service.migrations import ensure_roles
from tests import make
from tests.conftest import OTHER_REGIO, REGIO, REGIONS, ROOT, Cluster, open_folder, programs_in_reach
from tests.service.running import READY_S, environment
from tests.web import examples
from tests.web.examples import World
from tests.web.test_matrix import PERSON

OUT = ROOT / "build" / "fuzz"

SETTINGS = {
    "LOKET_PORT": "0",
    # How much one may ask is tests/web/test_limiet.py's.
    "LOKET_LIMIT_PERSON_MIN": "100000",
    "LOKET_LIMIT_ADDRESS_MIN": "100000",
    "LOKET_STROOM_S": "0",
}

LONG = timedelta(hours=8)
"""More than a run takes."""


class Caller(Struct, frozen=True):
    name: str
    rol: Rol | None
    headers: tuple[tuple[str, str], ...]
    """With which it is logged in."""


NOBODY = Caller("niemand", None, ())

STRANGER = Caller("onbekend", None, (("Cookie", "__Host-loket=wie-ben-ik"),))


class Place:
    """`worlds`: rows to ask about, newest last; `callers`: who may be sent as, by the name of the rol."""

    def __init__(self, owner: Connection, pool: Pool, host: str, port: int, process: psutil.Process) -> None:
        self.owner, self.pool, self.host, self.port, self.process = owner, pool, host, port, process
        self.worlds: list[World] = []
        self.people: list[dict[str, Caller]] = []

    @property
    def rss_mb(self) -> float:
        return float(self.process.memory_info().rss) / 1e6

    async def another_world(self) -> None:
        """New rows and new sessions: what was asked may have ended those of before."""
        name = f"fuzz {len(self.worlds)}"
        world = await examples.world(self.pool, REGIO, name, plan=not self.worlds)
        if self.worlds:  # so many plans were asked for by now, that no more are taken
            first = self.worlds[0]
            world = structs.replace(world, plan=first.plan, wachtend_plan=first.wachtend_plan)
        far = await examples.world(self.pool, OTHER_REGIO, f"{name} ver")
        people = {rol.value: await self._person(world.regio, rol, _of(world, rol), rol.value) for rol in Rol}
        people |= {
            f"ver {rol.value}": await self._person(far.regio, rol, _of(far, rol), f"ver {rol.value}")
            for rol in (Rol.SCHAKELFUNCTIONARIS, Rol.AANBIEDER, Rol.VERWIJZER)
        }
        await self.owner.execute("update koppeling set per_minuut = 100000 where id = $1", world.koppeling)
        token, _ = await sessies.begin(
            self.pool, koppeling=world.koppeling, now=make.NOW, until=make.NOW + LONG, idle=LONG
        )
        people["koppeling"] = Caller("koppeling", Rol.AANBIEDER, (("Authorization", f"Bearer {token}"),))
        people |= {NOBODY.name: NOBODY, STRANGER.name: STRANGER}
        self.worlds.append(world)
        self.people.append(people)

    async def _person(self, regio: str, rol: Rol, of: UUID | None, name: str) -> Caller:
        gebruiker = uuid4()
        where = (None, of) if rol is Rol.AANBIEDER else (of, None)
        await self.owner.execute(PERSON, gebruiker, regio, f"Fuzz {secrets.token_hex(4)}", rol, *where)
        token, _ = await sessies.begin(self.pool, gebruiker=gebruiker, now=make.NOW, until=make.NOW + LONG, idle=LONG)
        return Caller(name, rol, (("Cookie", f"__Host-loket={token}"),))


def _of(world: World, rol: Rol) -> UUID | None:
    return {Rol.AANBIEDER: world.aanbieder, Rol.VERWIJZER: world.organisatie}.get(rol)


@contextmanager
def servers(folder: Path) -> Iterator[Cluster]:
    account = account_for(folder / "postgres")
    programs = installed() if programs_in_reach() else reachable(installed(), lambda _: False, folder)
    sockets, kept = folder / "s", folder / "valkey"
    for path in (sockets, kept):
        account.make_folder(path)
    postgres.create_cluster(programs.postgres, folder / "postgres", account)
    fast = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    guard, started = Guard(), []
    try:
        started.append(
            postgres.start(programs.postgres, folder / "postgres", sockets, folder / "log", account, options=fast)
        )
        guard.watch(started[0])
        started.append(valkey.start(programs.valkey, kept, sockets, folder / "log", account))
        guard.watch(started[1])
        yield Cluster(programs.postgres, sockets, f"unix://{sockets}/{valkey.SOCKET}")
    finally:
        for server in started:
            server.stop(patience_s=2)
            guard.forget(server)
        guard.close()


@contextmanager
def web(folder: Path, cluster: Cluster, log: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Address and process; all that it complains of goes to `log`."""
    variables = environment(folder) | SETTINGS
    variables |= {"LOKET_DATABASE_URL": cluster.url("loket", APP_ROLE), "LOKET_REDIS_URL": cluster.redis_url}
    command = [sys.executable, "-m", "tests.fuzz.web"]
    with log.open("wb") as complaints:
        process = subprocess.Popen(
            command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=complaints, text=True
        )
    watchdog = threading.Timer(READY_S, process.kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        address = next((line.strip() for line in process.stdout if line.startswith("http://")), None)
        watchdog.cancel()
        assert address is not None, f"loket serve ended before it was ready: {log.read_text(encoding='utf-8')}"
        yield address.rstrip("/"), psutil.Process(process.pid)
    finally:
        watchdog.cancel()
        process.terminate()
        process.wait(timeout=10)
        if process.stdout is not None:
            process.stdout.close()


@asynccontextmanager
async def place() -> AsyncIterator[Place]:
    """Ready, with one world; all of it gone at the end."""
    OUT.mkdir(parents=True, exist_ok=True)
    folder = open_folder()
    try:
        with servers(folder) as cluster:
            superuser = await asyncpg.connect(cluster.url("postgres", "postgres"))
            await ensure_roles(superuser)
            await superuser.execute(f"create database loket owner {OWNER_ROLE}")
            await superuser.close()
            owner = await asyncpg.connect(cluster.url("loket", OWNER_ROLE))
            await set_codecs(owner)
            async with owner.transaction():
                await owner.execute((ROOT / "schema.sql").read_text(encoding="utf-8"))
                await owner.execute(REGIONS)
                await owner.execute(
                    "insert into identiteitsprovider (id, naam, issuer, client_id) values"
                    " ($1, 'Idp', 'https://idp.example', 'x')".replace("$1", f"'{examples.PROVIDER}'")
                )
            pool = await open_pool(cluster.url("loket", APP_ROLE), size=3)
            with web(folder, cluster, OUT / "web.log") as (address, process):
                host, _, port = address.removeprefix("http://").partition(":")
                found = Place(owner, pool, host, int(port), process)
                await found.another_world()
                yield found
            pool.terminate()
            owner.terminate()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
