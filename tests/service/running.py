"""The program as a user runs it: started as a process, watched from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import psutil
from msgspec import Struct

from service.embedded.process import strays
from tests.conftest import ROOT

READY_S = 120
"""A start that takes longer is killed, so that a test fails instead of hanging."""


def environment(data: Path) -> dict[str, str]:
    """Of a terminal: no settings but the data folder, nothing of the make that runs these tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOKET_", "MAKE", "MFLAGS"))}
    return kept | {"LOKET_DATA": str(data)}


def loket(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "service.cli", *arguments]


def refused(command: list[str], data: Path, variables: dict[str, str] | None = None) -> tuple[int, str]:
    """Exit code and message of a command that is expected to end by itself."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(data) | (variables or {}),
        capture_output=True,
        text=True,
        timeout=READY_S,
        check=False,
    )
    return done.returncode, done.stderr


class Running(Struct):
    """A started demo: `process` is what the user started (loket or make)."""

    process: subprocess.Popen[str]
    data: Path
    address: str
    tree: list[psutil.Process]
    links: dict[str, str]
    """Rol → link that logs in."""

    def one(self, kind: str) -> psutil.Process:
        """The process of this kind."""
        return next(process for process in self.tree if kind_of(process) == kind)

    def gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.process.poll()
            if not any(lives(process) for process in self.tree) and not strays(self.data):
                return True
            time.sleep(0.05)
        return False


def kind_of(process: psutil.Process) -> str:
    """make, program, worker, guard, postgres, a child of postgres, or valkey."""
    name, line = process.name(), process.cmdline()
    if name == "postgres":
        return "postgres" if "-D" in line else "postgres-child"
    if name == "valkey-server":
        return "valkey"
    if any(part.endswith("guard.py") for part in line):
        return "guard"
    if "worker" in line:
        return "worker"
    return "make" if name == "make" else "program"


def lives(process: psutil.Process) -> bool:
    """A zombie holds nothing; only the system must still count it out."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def demo(data: Path, command: list[str] | None = None) -> Iterator[Running]:
    """A demo that is ready; at the end it is stopped, if it still runs."""
    process = subprocess.Popen(
        command or loket("demo", "--port", "0"),
        cwd=ROOT,
        env=environment(data),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    watchdog = threading.Timer(READY_S, process.kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("http://"):
                break
        else:
            raise AssertionError(f"the demo ended before it was ready: {lines}")
        watchdog.cancel()
        parent = psutil.Process(process.pid)
        tree = [parent, *parent.children(recursive=True)]
        links = {
            said.split(":")[0].strip(): link.strip() for said, link in pairwise(lines) if "/demo-inloggen/" in link
        }
        yield Running(process, data, lines[-1], tree, links)
    finally:
        watchdog.cancel()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=10)
        assert process.stdout is not None
        process.stdout.close()
