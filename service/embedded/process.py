"""As whom the servers run, and how they are started and ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct

NOBODY = 65534
"""PostgreSQL refuses to run as root, so as root the servers run as this user, which needs no account."""


class Account(Struct, frozen=True):
    """The operating-system user of the servers; `drop`: this process is root and lays its rights down for them."""

    uid: int
    gid: int
    drop: bool

    def popen(self, cwd: Path = Path("/")) -> dict[str, Any]:
        """Arguments for subprocess: own session (no Ctrl-C of our terminal), and a folder that it may enter."""
        common: dict[str, Any] = {"stdin": subprocess.DEVNULL, "start_new_session": True, "cwd": cwd}
        if self.drop:
            common |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return common

    def make_folder(self, path: Path) -> None:
        """A folder for this account only; an existing one is left as it is."""
        if not path.exists():
            path.mkdir(mode=0o700)
            self.give(path)

    def give(self, path: Path) -> None:
        if self.drop:
            os.chown(path, self.uid, self.gid)


def account_for(existing: Path) -> Account:
    """The current user; as root the owner of the `existing` data, or nobody when there is none."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), drop=False)
    if existing.exists() and existing.stat().st_uid != 0:
        return Account(existing.stat().st_uid, existing.stat().st_gid, drop=True)
    return Account(NOBODY, NOBODY, drop=True)


class Child(Struct, frozen=True):
    """A server: its process, and the signals that end it, from polite to certain."""

    name: str
    process: subprocess.Popen[bytes]
    signals: tuple[signal.Signals, ...]

    def stop(self, patience_s: float) -> None:
        """Send each signal in turn; `patience_s` is for all but the last."""
        step = patience_s / max(1, len(self.signals) - 1)
        for number in self.signals:
            if self.process.poll() is not None:
                return
            self.process.send_signal(number)
            try:
                self.process.wait(step)
            except subprocess.TimeoutExpired:
                continue
        self.process.wait()


def until(ready: Callable[[], bool], child: Child, log: Path, patience_s: float) -> None:
    """Wait for `ready()`; when the child ends first or takes too long, say so with the end of its log."""
    deadline = time.monotonic() + patience_s
    while not ready():
        if child.process.poll() is not None or time.monotonic() > deadline:
            tail = log.read_text(errors="replace").splitlines()[-5:] if log.exists() else []
            raise StartError(f"{child.name} start niet. Laatste regels van {log}:\n" + "\n".join(tail))
        time.sleep(0.01)


class StartError(Exception):
    """A server did not come up; the message is for the user."""


PROGRAMS = {"postgres", "initdb", "valkey-server"}


def strays(folder: Path) -> list[int]:
    """Processes of ours that work in the data `folder`, found by their working directory and never by a pid file:
    a pid in a file may be a stranger's by now. Empty where there is no /proc (macOS)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            cwd, name = os.readlink(entry / "cwd"), (entry / "comm").read_text().strip()
        except OSError:
            # Gone meanwhile, or another user's and therefore not ours.
            continue
        if name in PROGRAMS and Path(cwd).is_relative_to(folder):
            found.append(int(entry.name))
    return found


def end_strays(folder: Path, patience_s: float = 5) -> None:
    """Kill what an owner and its guard, both killed, left behind. Safe for the data: both servers log before they
    answer. Only with the owner's lock held."""
    deadline = time.monotonic() + patience_s
    while pids := strays(folder):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise StartError(f"In {folder} werken nog processen die niet stoppen: {', '.join(map(str, pids))}.")
        time.sleep(0.02)
