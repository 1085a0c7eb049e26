"""Who starts the two servers, who uses them, and how they end.

One process owns them (`owned`): it alone starts and stops them, with a guard beside it for when it is killed. Others
use them (`using`), or become the owner for as long as they run when nobody else is.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from msgspec import Struct

from service.embedded import folder as folders
from service.embedded import postgres, valkey
from service.embedded.binaries import Binaries, installed, major_version, reachable
from service.embedded.guarded import Guard
from service.embedded.process import Account, Child, account_for, end_strays
from service.errors import Kind, Refusal
from service.settings import Settings

SUPERUSER = "postgres"
PATIENCE_S = 15
"""How long one start waits for another that is starting or stopping."""

STOP_S = 3
"""How long the servers may take to stop politely; everything must be gone after five seconds."""


OnLoss: TypeAlias = Callable[[Callable[[str], None]], None]
"""Takes what is to be called, from another thread and with the name of what was lost."""


class Endpoints(Struct, frozen=True):
    """Where the running servers are."""

    folder: Path
    sockets: Path

    def database_url(self, role: str, database: str = "loket") -> str:
        return f"postgresql://{role}@/{database}?host={quote(str(self.sockets), safe='')}"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.sockets / valkey.SOCKET}"


class Servers:
    """The two servers and their guard, of this process. `start()` once, `stop()` always."""

    def __init__(self, folder: Path, lock: folders.Lock, command: str) -> None:
        self.folder = folder
        self._lock = lock
        self._command = command
        self._children: list[Child] = []
        self._guard: Guard | None = None
        self._stopping = False

    def start(self, *, fresh: bool = False) -> Endpoints:
        """Running and answering; with `fresh` on empty data."""
        folder = self.folder
        end_strays(folder)
        folders.sweep(folder)
        account = account_for(folder / "postgres")
        if fresh:
            folders.wipe(folder)
        binaries = self._binaries(account)
        folders.check_cluster(folder, major_version(binaries.postgres / "postgres"))
        sockets = folders.socket_folder(folder, account)
        self._guard = Guard(self._lock.fd)
        if not (folder / "postgres").exists():
            postgres.create_cluster(binaries.postgres, folder / "postgres", account)
        # Nobody holds this data (we have the lock and there are no strays), so whatever process these files
        # name is a stranger, and PostgreSQL would refuse to start because of it.
        if Path("/proc/self").exists():
            (folder / "postgres" / "postmaster.pid").unlink(missing_ok=True)
            (sockets / f"{postgres.SOCKET}.lock").unlink(missing_ok=True)
        account.make_folder(folder / "valkey")
        log = folder / "log"
        self._add(postgres.start(binaries.postgres, folder / "postgres", sockets, log / "postgres.log", account))
        self._add(valkey.start(binaries.valkey, folder / "valkey", sockets, log / "valkey.log", account))
        return Endpoints(folder, sockets)

    def announce(self) -> None:
        """From now on others may use them: the database is there and has its schema."""
        sockets = folders.socket_folder(self.folder, account_for(self.folder / "postgres"))
        folders.write_running(self.folder, folders.Running(str(sockets), os.getpid(), self._command))

    def stop(self) -> None:
        """Everything ended, in order; may be called again."""
        self._stopping = True
        (self.folder / "servers.json").unlink(missing_ok=True)
        for child in reversed(self._children):
            child.stop(STOP_S / len(self._children))
            if self._guard is not None:
                self._guard.forget(child)
        self._children.clear()
        end_strays(self.folder)
        if self._guard is not None:
            self._guard.close()
            self._guard = None

    def on_loss(self, lost: Callable[[str], None]) -> None:
        """Call `lost(name)` from another thread as soon as a server or the guard ends without being asked."""
        guard = [("De bewaker", self._guard.pid)] if self._guard is not None else []
        for name, pid in [*((child.name, child.process.pid) for child in self._children), *guard]:
            threading.Thread(target=self._wait_for, args=(name, pid, lost), daemon=True, name=f"wacht-{name}").start()

    def _wait_for(self, name: str, pid: int, lost: Callable[[str], None]) -> None:
        try:
            # WNOWAIT: the exit status stays for stop().
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        except ChildProcessError:
            return
        if not self._stopping:
            lost(name)

    def _binaries(self, account: Account) -> Binaries:
        found = installed()
        if not account.drop:
            return found
        return reachable(found, lambda path: folders.may_enter(account, path), self.folder)

    def _add(self, child: Child) -> None:
        self._children.append(child)
        if self._guard is not None:
            self._guard.watch(child)


@contextmanager
def owned(settings: Settings, command: str) -> Iterator[Servers]:
    """The servers, not yet started, for this process alone; stopped at the end. Refusal when another has them."""
    folder = folders.locate(settings)
    folders.prepare(folder)
    lock = folders.Lock(folder / "eigenaar.lock")
    try:
        wait_until_ours(folder, lock, command)
        servers = Servers(folder, lock, command)
        try:
            yield servers
        finally:
            servers.stop()
    finally:
        lock.close()


def wait_until_ours(folder: Path, lock: folders.Lock, command: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not lock.take():
        owner = live_owner(folder)
        if owner is not None and owner.command == command:
            raise Refusal(
                Kind.CONFLICT,
                f"De {command} draait al op de gegevens in {folder} (proces {owner.pid}). Stop die eerst, of geef met"
                " LOKET_DATA een andere map op.",
            )
        if time.monotonic() > deadline:
            who = f"loket {owner.command} (proces {owner.pid})" if owner else "een ander programma van het loket"
            raise Refusal(Kind.CONFLICT, f"De gegevens in {folder} zijn in gebruik door {who}. Sluit dat eerst af.")
        time.sleep(0.05)


def live_owner(folder: Path) -> folders.Running | None:
    """Who started the servers that run now; None when they are starting, stopping, or their owner was killed."""
    running = folders.read_running(folder)
    if running is None:
        return None
    try:
        os.kill(running.pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return running


def wait_for_end_of(folder: Path, lost: Callable[[str], None]) -> None:
    """For who uses servers of another process: call `lost` when that one is gone."""

    def wait() -> None:
        lock = folders.Lock(folder / "eigenaar.lock")
        lock.take(shared=True, wait=True)
        lock.close()
        lost("De database")

    threading.Thread(target=wait, daemon=True, name="wacht-eigenaar").start()


@contextmanager
def using(
    settings: Settings, command: str, prepare: Callable[[Endpoints], None], say: Callable[[str], None]
) -> Iterator[tuple[Endpoints, OnLoss]]:
    """The running servers; when nobody runs them they are started and prepared, and stopped at the end.

    Who started them and is done first waits for the others, and tells so with `say`.
    """
    folder = folders.locate(settings)
    folders.prepare(folder)
    lock, usage = folders.Lock(folder / "eigenaar.lock"), folders.Lock(folder / "gebruik.lock")
    deadline = time.monotonic() + PATIENCE_S
    try:
        while not lock.take():
            # Shared with all that use the servers. The owner takes it alone before it stops them.
            if usage.take(shared=True):
                running = live_owner(folder)
                if running is not None:
                    yield Endpoints(folder, Path(running.sockets)), lambda lost: wait_for_end_of(folder, lost)
                    return
                usage.release()
            if time.monotonic() > deadline:
                raise Refusal(
                    Kind.UNAVAILABLE,
                    f"De gegevens in {folder} worden gestart of gestopt, en dat duurt te lang. Probeer het opnieuw.",
                )
            time.sleep(0.05)
        servers = Servers(folder, lock, command)
        try:
            endpoints = servers.start()
            prepare(endpoints)
            servers.announce()
            yield endpoints, servers.on_loss
            if not usage.take():
                say("Andere opdrachten gebruiken de gegevens nog. Even wachten tot die klaar zijn (Ctrl-C stopt ze).")
                usage.take(wait=True)
        finally:
            servers.stop()
    finally:
        usage.close()
        lock.close()
