"""Our side of the guard (guard.py): the processes that it ends when we are gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from service.embedded.process import Child


class Guard:
    """The guard process. It keeps `files` open as long as it runs, a lock for instance."""

    def __init__(self, *files: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", Path(__file__).with_name("guard.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            pass_fds=files,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def watch(self, child: Child) -> None:
        self._tell(f"+{child.process.pid} {','.join(str(int(number)) for number in child.signals)}")

    def forget(self, child: Child) -> None:
        """Before its number can be given to another process."""
        self._tell(f"-{child.process.pid}")

    def close(self) -> None:
        """The guard ends what it still watches, then itself."""
        self._process.communicate()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            # The guard was killed: Servers.on_loss tells, and the servers are ended without it.
            return
