"""The program, imported once: each start is a copy of this process that then runs as `loket serve` or `loket worker`.

Importing takes most of the second that a start takes, and a soak starts hundreds of them. From there on all is as
always: environment, connections, loops and threads begin in the copy.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from itertools import count
from pathlib import Path
from typing import IO

from tests.conftest import ROOT
from tests.service.running import READY_S

IMPORTS = ("service.commands.serve", "service.commands.worker", "service.app", "service.web.v1")


LOG = ROOT / "build"

PR_SET_PDEATHSIG = 1
"""Of linux/prctl.h."""


class Process:
    """One copy."""

    def __init__(self, pid: int, said: IO[str]) -> None:
        self.pid, self.said = pid, said
        self._end = os.pidfd_open(pid)

    def signal(self, number: int) -> None:
        signal.pidfd_send_signal(self._end, number)

    def kill(self) -> None:
        """As the system does when memory is out: at once, and it notices nothing. Again, it does nothing."""
        if self.said.closed:
            return
        self._ends(signal.SIGKILL, patience_s=10)

    def stop(self, *, patience_s: float = 30) -> None:
        """As a supervisor does: it may first end what it is doing."""
        self._ends(signal.SIGTERM, patience_s=patience_s)

    def _ends(self, number: int, *, patience_s: float) -> None:
        self.signal(number)
        ended, _, _ = select.select([self._end], [], [], patience_s)
        assert ended, f"process {self.pid} does not end"
        os.close(self._end)
        self.said.close()


class Zygote:
    """The process that is copied; ends with its standard input, so with who started it."""

    def __init__(self) -> None:
        self._folder, self._started = Path(tempfile.mkdtemp(prefix="loket-zygote-")), count()
        command = [sys.executable, "-m", "tests.soak.zygote"]
        # All that it and its copies complain of: much, when everything is killed all the time.
        LOG.mkdir(parents=True, exist_ok=True)
        with (LOG / f"soak-{os.getpid()}.log").open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )

    def start(self, *arguments: str, variables: dict[str, str]) -> Process:
        """`variables`: all of its environment."""
        assert self._process.stdin is not None and self._process.stdout is not None
        said = self._folder / str(next(self._started))
        os.mkfifo(said)
        order = {"arguments": arguments, "variables": variables, "said": str(said)}
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return Process(int(self._process.stdout.readline()), said.open())

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(timeout=READY_S)
        shutil.rmtree(self._folder)


def main() -> None:
    _end_with_parent()
    for name in IMPORTS:
        importlib.import_module(name)
    # Who asked for a copy sees its end; nobody here waits for it.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _become(**json.loads(line))
        print(pid, flush=True)


def _end_with_parent() -> None:
    """Killed with who made it, and so in the end with the run: nothing is left behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _become(arguments: list[str], variables: dict[str, str], said: str) -> None:
    """What `python -m service.cli` is with these arguments. Does not come back."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _end_with_parent()
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(os.open(said, os.O_WRONLY), 1)
    os.environ.clear()
    os.environ.update(variables)
    sys.argv = ["loket", *arguments]
    from service import cli

    cli.main()


if __name__ == "__main__":
    main()
