"""A computer on which everything can be killed at a chosen moment: servers of its own, web and worker as processes.

Unlike those of the other tests these servers keep what they said they kept (synchronous_commit). A fail point is a
trigger that waits for a lock of the test: whoever writes that row stands still in the middle of its transaction.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import asyncpg
import psutil

from service.db import APP_ROLE, OWNER_ROLE, Connection, Pool, open_pool, set_codecs
from service.embedded import postgres, valkey
from service.embedded.binaries import installed, reachable
from service.embedded.guarded import Guard
from service.embedded.process import Child, account_for
from service.migrations import ensure_roles
from tests.conftest import REGIONS, ROOT, Cluster, programs_in_reach
from tests.service.post import Mailserver
from tests.service.running import READY_S, environment
from tests.soak.zygote import Process, Zygote

T = TypeVar("T")

LOCK = 4711

BY_AND_BY = {"walwriter", "checkpointer", "writer", "autovacuum"}
"""Words in the titles of processes of PostgreSQL."""

LIMITS = ("LOKET_LIMIT_PERSON_MIN", "LOKET_LIMIT_ADDRESS_MIN")

FAILPOINTS = """
create table failpoint (naam text primary key);
grant select on failpoint to public;
create function failpoint() returns trigger language plpgsql security definer set search_path = public as $$
declare
    rij   jsonb := to_jsonb(new);
    naam  text := concat_ws(' ', tg_table_name, coalesce(rij ->> 'soort', rij ->> 'stap'));
    namen text[] := array[tg_table_name, naam];
begin
    if not exists (select from failpoint) or tg_table_name = 'taak' and rij ->> 'status' <> 'klaar' then
        return null;
    end if;
    if tg_table_name = 'gebeurtenis' then
        namen := namen || concat_ws(' ', naam, rij -> 'gegevens' ->> 'alarm') || concat_ws(' ', naam, (
            select count(*) from gebeurtenis g
            where g.transactie = pg_current_xact_id() and g.soort::text = rij ->> 'soort'
              and g.nummer <= (rij ->> 'nummer')::bigint));
    end if;
    if exists (select from failpoint f where f.naam = any (namen)) then
        perform pg_advisory_xact_lock(4711);
    end if;
    return null;
end;
$$;
create trigger zz_failpoint after insert on gebeurtenis for each row execute function failpoint();
create trigger zz_failpoint after insert on bericht for each row execute function failpoint();
create trigger zz_failpoint after insert on levering for each row execute function failpoint();
create trigger zz_failpoint after insert on plan_gebeurtenis for each row execute function failpoint();
create trigger zz_failpoint after update on taak for each row execute function failpoint();
"""

STANDS_STILL = "select exists (select from pg_locks where locktype = 'advisory' and objid = 4711 and not granted)"


def _address(started: Process) -> str:
    """Of a `loket serve`, as soon as it answers there."""
    watchdog = threading.Timer(READY_S, started.signal, [signal.SIGKILL])
    watchdog.start()
    try:
        for line in started.said:
            if line.startswith("http://"):
                return line.strip().rstrip("/")
    finally:
        watchdog.cancel()
    raise AssertionError("loket serve ended before it was ready")


class Computer:
    """`mail` and `haak_intern` are what the worker is told; each `start` comes back when it answers."""

    web: Process
    address: str
    pool: Pool
    owner: Connection
    _postgres: Child
    _valkey: Child
    _worker: Process | None = None

    def __init__(self, folder: Path, mail: Mailserver, zygote: Zygote) -> None:
        self.folder, self.mail, self.port = folder, mail, 0
        # Ends the servers also when this run is killed.
        self.guard = Guard()
        self.zygote = zygote
        self.account = account_for(folder / "postgres")
        self.programs = installed() if programs_in_reach() else reachable(installed(), lambda _: False, folder)
        self.sockets, self.log = folder / "s", folder / "log"
        for path in (self.sockets, folder / "valkey"):
            self.account.make_folder(path)
        postgres.create_cluster(self.programs.postgres, folder / "postgres", self.account)
        self.cluster = Cluster(self.programs.postgres, self.sockets, f"unix://{self.sockets}/{valkey.SOCKET}")

    async def fill(self) -> None:
        """What is in its database when it begins."""
        async with self.owner.transaction():
            await self.owner.execute((ROOT / "schema.sql").read_text(encoding="utf-8"))
            await self.owner.execute(REGIONS)
            await self.owner.execute(FAILPOINTS)

    # ── Servers ──────────────────────────────────────────────────────────────────────────────────

    def start_postgres(self) -> None:
        self._postgres = postgres.start(
            self.programs.postgres, self.folder / "postgres", self.sockets, self.log, self.account,
            options={"fsync": "off", "synchronous_commit": "on", "max_connections": "100"},
        )  # fmt: skip
        self.guard.watch(self._postgres)

    def kill_postgres(self) -> None:
        """All of its processes, as when the computer loses power; what was written to the system is still there."""
        mother = psutil.Process(self._postgres.process.pid)
        # Stopped first, or it has one more child than were counted, which holds the memory that the next needs.
        mother.suspend()
        children = mother.children(recursive=True)
        for process in [mother, *children]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        _, left = psutil.wait_procs(children, timeout=10)
        assert not left, f"these processes of PostgreSQL do not end: {left}"
        self._postgres.process.wait(timeout=10)
        self.guard.forget(self._postgres)

    def keep_in_memory(self) -> None:
        """From now on PostgreSQL writes only what a commit asks for: who does that by and by, stands still."""
        for process in psutil.Process(self._postgres.process.pid).children():
            if BY_AND_BY & set(process.cmdline()[0].split()):
                process.suspend()

    def start_valkey(self) -> None:
        self._valkey = valkey.start(self.programs.valkey, self.folder / "valkey", self.sockets, self.log, self.account)
        self.guard.watch(self._valkey)

    def kill_valkey(self) -> None:
        self._valkey.process.kill()
        self._valkey.process.wait(timeout=10)
        self.guard.forget(self._valkey)

    async def connection(self) -> Connection:
        """One more, as the owner."""
        conn = await asyncpg.connect(self.cluster.url("loket", OWNER_ROLE))
        await set_codecs(conn)
        return conn

    async def connect(self) -> None:
        self.owner = await self.connection()
        self.pool = await open_pool(self.cluster.url("loket", APP_ROLE), size=3)

    async def disconnect(self) -> None:
        self.pool.terminate()
        self.owner.terminate()

    async def restart_postgres(self) -> None:
        await self.disconnect()
        self.start_postgres()
        await self.connect()

    # ── The program ──────────────────────────────────────────────────────────────────────────────

    async def start_web(self) -> None:
        """On the port of before, as a supervisor would."""
        self.web, self.address = await self.serve(self.port)
        self.port = int(self.address.rpartition(":")[2])

    async def serve(self, port: int) -> tuple[Process, str]:
        """A web process that answers, and its address; port 0 is any."""
        variables = self._variables() | {"LOKET_PORT": str(port)} | dict.fromkeys(LIMITS, "100000")
        started = await asyncio.to_thread(self.zygote.start, "serve", variables=variables)
        return started, await asyncio.to_thread(_address, started)

    def kill_web(self) -> None:
        if hasattr(self, "web"):
            self.web.kill()

    def start_worker(self) -> None:
        settings = {f"LOKET_{name.upper()}": str(value) for name, value in self.mail.settings().items()}
        own = {"LOKET_HAAK_INTERN": "ja", "LOKET_WORKER_LEASE_S": "1"}
        self._worker = self.zygote.start("worker", variables=self._variables() | settings | own)

    def _variables(self) -> dict[str, str]:
        return environment(self.folder) | {
            "LOKET_DATABASE_URL": self.cluster.url("loket", APP_ROLE),
            "LOKET_REDIS_URL": self.cluster.redis_url,
        }

    def kill_worker(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self._worker = None

    def pause_worker(self) -> None:
        """It does nothing until `resume_worker`, and does not know."""
        assert self._worker is not None
        self._worker.signal(signal.SIGSTOP)

    def resume_worker(self) -> None:
        assert self._worker is not None
        self._worker.signal(signal.SIGCONT)

    # ── Fail points ──────────────────────────────────────────────────────────────────────────────

    async def arm(self, naam: str) -> None:
        """From now on whoever writes such a row stands still: `table`, `table soort`, of a gebeurtenis also
        `table soort 2`, the second of its soort in a transaction, and `table alarm soort`."""
        await self.owner.execute("select pg_advisory_lock($1)", LOCK)
        await self.owner.execute("insert into failpoint values ($1)", naam)

    async def disarm(self) -> None:
        await self.owner.execute("delete from failpoint")
        await self.owner.execute("select pg_advisory_unlock_all()")

    @asynccontextmanager
    async def armed(self, naam: str) -> AsyncIterator[None]:
        """Until the block ends."""
        await self.arm(naam)
        try:
            yield
        finally:
            if self.owner.is_closed():
                await self.restart_postgres()
            await self.disarm()

    async def stands_still(self) -> None:
        await self.until(lambda: self.owner.fetchval(STANDS_STILL), "somebody at the fail point")

    async def until(self, true: Callable[[], Awaitable[T]], what: str, *, patience_s: float = 90) -> T:
        """Asked again and again."""
        try:
            async with asyncio.timeout(patience_s):
                while not (found := await true()):
                    await self.owner.execute("select pg_sleep(0.02)")
                return found
        except TimeoutError:
            raise AssertionError(f"waited {patience_s} s for {what}") from None


C = TypeVar("C", bound=Computer)


@asynccontextmanager
async def computer(folder: Path, mail: Mailserver, zygote: Zygote) -> AsyncIterator[Computer]:
    """With its servers and an empty database; all of it gone at the end."""
    async with running(Computer(folder, mail, zygote)) as there:
        yield there


@asynccontextmanager
async def running(there: C) -> AsyncIterator[C]:
    there.start_postgres()
    there.start_valkey()
    try:
        superuser = await asyncpg.connect(there.cluster.url("postgres", "postgres"))
        await ensure_roles(superuser)
        await superuser.execute(f"create database loket owner {OWNER_ROLE}")
        await superuser.close()
        await there.connect()
        await there.fill()
        await there.start_web()
        yield there
    finally:
        there.kill_worker()
        there.kill_web()
        if hasattr(there, "owner"):
            await there.disconnect()
        there.kill_valkey()
        # Not killed: what it has in memory would stay there, after it too.
        there._postgres.stop(patience_s=2)
        there.guard.forget(there._postgres)
        there.guard.close()
