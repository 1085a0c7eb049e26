"""The guard: ends the servers when the process that started them is gone, however it went.

Run as a script by servers.py, with nothing of the project imported. Reads lines on standard input: `+pid 2,3,9`
watches a process and tells which signals end it, from polite to certain; `-pid` forgets it. At end of file the
owner is gone, and every process still watched is ended. It also holds the owner's lock open, so that no second start
comes between.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

PATIENCE_S = 1.5
"""Per signal: three of them and a margin fit in the five seconds in which everything must be gone."""


def main() -> None:
    watched: dict[int, tuple[int | None, list[int]]] = {}
    for line in sys.stdin:
        sign, rest = line[0], line[1:].split()
        pid = int(rest[0])
        if sign == "+":
            # A pidfd keeps meaning this process, also when its number is given to another one.
            fd = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
            watched[pid] = (fd, [int(number) for number in rest[1].split(",")])
        elif pid in watched:
            fd, _ = watched.pop(pid)
            if fd is not None:
                os.close(fd)
    for step in range(max((len(signals) for _, signals in watched.values()), default=0)):
        for pid, (fd, signals) in watched.items():
            send(pid, fd, signals[min(step, len(signals) - 1)])
        deadline = time.monotonic() + PATIENCE_S
        while any(alive(pid, fd) for pid, (fd, _) in watched.items()):
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        else:
            return


def send(pid: int, fd: int | None, number: int) -> None:
    try:
        if fd is None:
            os.kill(pid, number)
        else:
            signal.pidfd_send_signal(fd, number)
    except ProcessLookupError:
        pass


def alive(pid: int, fd: int | None) -> bool:
    if fd is not None:
        # Readable once the process has ended.
        return not select.select([fd], [], [], 0)[0]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main()
