"""A PostgreSQL with replicas that follow it by streaming replication, as `pg_basebackup` makes them: real ones."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import asyncpg
import psutil

from service.db import OWNER_ROLE
from service.embedded import postgres
from service.embedded.guarded import Guard
from service.embedded.process import Account, Child, account_for
from service.migrations import ensure_roles
from tests.conftest import REGIONS, ROOT, Cluster, open_folder

DATABASE = "loket"

OPTIONS = {
    "fsync": "off",
    "autovacuum": "off",
    "wal_level": "replica",
    "max_connections": "60",
    # A server that must follow another looks for it this often, and not every 5 seconds.
    "wal_retrieve_retry_interval": "100ms",
    "shared_buffers": "16MB",
}


class Server:
    """One PostgreSQL of the family: stopped, killed, frozen and started again."""

    def __init__(self, programs: Path, folder: Path, name: str, account: Account, guard: Guard) -> None:
        self._programs, self._account, self._guard = programs, account, guard
        self.data, self.sockets, self._log = folder / name, folder / f"{name}.s", folder / f"{name}.log"
        account.make_folder(self.sockets)
        self._child: Child | None = None

    def url(self, role: str, database: str = DATABASE) -> str:
        return f"postgresql://{role}@/{database}?host={quote(str(self.sockets), safe='')}"

    def start(self, **more: str) -> None:
        """`more`: settings beside OPTIONS."""
        self._child = postgres.start(
            self._programs, self.data, self.sockets, self._log, self._account, options=OPTIONS | more
        )
        self._guard.watch(self._child)

    def kill(self) -> None:
        """As when its computer is gone; not when it is gone already."""
        if self._child is None:
            return
        for process in self._family():
            with contextlib.suppress(psutil.NoSuchProcess):  # one that ended by itself when the first was gone
                process.send_signal(signal.SIGKILL)
        self._child.process.wait()
        self._guard.forget(self._child)
        self._child = None
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It has its connections, and says nothing on them."""
        family = self._family()
        for process in family:
            process.suspend()
        try:
            yield
        finally:
            for process in family:
                process.resume()

    def _family(self) -> list[psutil.Process]:
        assert self._child is not None
        postmaster = psutil.Process(self._child.process.pid)
        return [postmaster, *postmaster.children(recursive=True)]

    async def ask(self, statement: str) -> object:
        """As the superuser."""
        conn = await asyncpg.connect(self.url("postgres"))
        try:
            return await conn.fetchval(statement)
        finally:
            await conn.close()


class Replicas:
    """The primary with schema.sql and the regions of the tests in it, and replicas by name."""

    def __init__(self, cluster: Cluster, *, archive: bool = False) -> None:
        """With `archive` the primary keeps all its WAL, so that one can go back to any moment."""
        self._programs = cluster.programs
        self._folder = open_folder()
        self._account = account_for(self._folder / "p")
        self._guard = Guard()
        self._servers: dict[str, Server] = {}
        self.primary = self._made("p")
        self._archive = self._folder / "archive" if archive else None

    def _made(self, name: str) -> Server:
        self._servers[name] = Server(self._programs, self._folder, name, self._account, self._guard)
        return self._servers[name]

    async def begin(self) -> None:
        postgres.create_cluster(self._programs, self.primary.data, self._account)
        if self._archive is None:
            self.primary.start()
        else:
            self._account.make_folder(self._archive)
            self.primary.start(archive_mode="on", archive_command=f"cp %p {self._archive}/%f")
        superuser = await asyncpg.connect(self.primary.url("postgres", "postgres"))
        await ensure_roles(superuser)
        await superuser.execute(f"create database {DATABASE} owner {OWNER_ROLE}")
        await superuser.close()
        owner = await asyncpg.connect(self.primary.url(OWNER_ROLE))
        await owner.execute((ROOT / "schema.sql").read_text(encoding="utf-8") + REGIONS)
        await owner.close()

    def replica(self, name: str) -> Server:
        """A new one, that follows."""
        made = self.backup(name, "--write-recovery-conf")
        made.start()
        return made

    def backup(self, name: str, *more: str) -> Server:
        """A base backup, that is not started yet."""
        made = self._made(name)
        self._account.make_folder(made.data)
        subprocess.run(
            [self._programs / "pg_basebackup", "--pgdata", made.data, *more, "--checkpoint", "fast",
             "--no-sync", "--host", self.primary.sockets, "--username", "postgres"],
            check=True, capture_output=True, **self._account.popen(cwd=self._folder),
        )  # fmt: skip
        return made

    async def archived(self) -> None:
        """All that was written until now is in the archive."""
        last = await self.primary.ask("select pg_walfile_name(pg_switch_wal())")
        conn = await asyncpg.connect(self.primary.url("postgres", "postgres"))
        for _ in range(6000):
            if await conn.fetchval(f"select last_archived_wal >= '{last}' from pg_stat_archiver"):
                break
            await conn.execute("select pg_sleep(0.01)")
        await conn.close()

    async def restore(self, base: Server, moment: str) -> None:
        """Started from its backup and the archive, until `moment`, and from there on its own primary."""
        (base.data / "recovery.signal").touch()
        base.start(
            restore_command=f"cp {self._archive}/%f %p",
            recovery_target_time=moment,
            recovery_target_action="promote",
        )
        conn = await asyncpg.connect(base.url("postgres", "postgres"))
        for _ in range(6000):
            if not await conn.fetchval("select pg_is_in_recovery()"):
                break
            await conn.execute("select pg_sleep(0.01)")
        await conn.close()

    def named(self, name: str) -> Server:
        return self._servers[name]

    def end(self) -> None:
        for server in self._servers.values():
            server.kill()
        self._guard.close()
        shutil.rmtree(self._folder)


async def until(condition: Callable[[], object], conn: asyncpg.Connection) -> None:
    """Asked over and over, a minute at most."""
    for _ in range(6000):
        if condition():
            return
        await conn.execute("select pg_sleep(0.01)")
    raise AssertionError("it did not come")
