"""The file outside the database that knows the heads of the chains. Only added to; who changes the database and not
this file, is found by `loket log verify`. Each computer with a worker has its own; workers on one share it."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from service.log.logcontrole import parse
from service.log.logketen import Kop

log = logging.getLogger(__name__)

AGAIN_S = 60.0
"""An alarm that goes on is repeated this often."""

FIRST = "# De koppen van het log van het loket: regio, zegel, hash, moment. Zie loket log verify. Begonnen op {}.\n"
"""Of each file. It is on disk before the first seal is, so a file that is empty while there is a chain was emptied."""


class Anker:
    """`add` is for a thread: it waits for the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, Kop] = {}
        self._read = 0
        """Bytes of the file that are in `_known`."""
        self._began = False
        self._alarms: dict[str, float] = {}

    def add(self, heads: Iterable[Kop], *, now: datetime, monotonic: float) -> None:
        """Writes each head that the file does not know, and only comes back when it is on disk. What is wrong with the
        file or with the chain is an alarm in the log of the program, and stops nothing."""
        heads = list(heads)
        try:
            if self._unchanged() and all(self._known.get(head.regio) == head for head in heads):
                return
            self._add(heads, now, monotonic)
        except OSError as error:
            self._alarm(f"the heads of the log cannot be written to {self._path}: {error.strerror}", monotonic)

    def _unchanged(self) -> bool:
        """Nobody else has added to it, and it is still there."""
        return self._began and self._path.exists() and self._path.stat().st_size == self._read

    def _add(self, heads: list[Kop], now: datetime, monotonic: float) -> None:
        fd = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            size = os.fstat(fd).st_size
            # Not when it begins with the chain itself: Zegel.round compares before it seals.
            if size < self._read or (size == 0 and heads and not self._began):
                self._alarm(f"{self._path} is empty or shorter than it was: what it knew of the log is gone", monotonic)
                self._known, self._read = {}, 0
            torn = self._catch_up(fd, size)
            lines = [self._line(head, now) for head in heads if self._is_new(head, monotonic)]
            if size == 0:
                lines.insert(0, FIRST.format(now.astimezone(UTC).isoformat()).encode())
            if lines:
                # Half a line, of a computer that went down, stays as it is: nothing here is ever changed.
                os.write(fd, b"\n" * torn + b"".join(lines))
                os.fsync(fd)
                if size == 0:
                    self._sync_folder()
                self._catch_up(fd, os.fstat(fd).st_size)
        self._began = True

    def _catch_up(self, fd: int, size: int) -> bool:
        """Reads the whole lines that were added since the last time. Whether half a line comes after them."""
        tail = b""
        while self._read < size:
            part = os.pread(fd, min(1 << 20, size - self._read), self._read)
            if not part:
                break
            self._read += len(part)
            *lines, tail = (tail + part).split(b"\n")
            for line in lines:
                kop = parse(line)
                if kop is not None:
                    self._known[kop.regio] = kop
        self._read -= len(tail)
        return bool(tail)

    def _is_new(self, head: Kop, monotonic: float) -> bool:
        known = self._known.get(head.regio)
        if known is None or head.volgnummer > known.volgnummer:
            return True
        if head != known:
            self._alarm(f"the chain of {head.regio} is not the one of {self._path}: run loket log verify", monotonic)
        return False

    def _line(self, head: Kop, now: datetime) -> bytes:
        moment = now.astimezone(UTC).isoformat()
        return f"{head.regio} {head.volgnummer} {head.hash.hex()} {moment}\n".encode()

    def _sync_folder(self) -> None:
        fd = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def _alarm(self, text: str, monotonic: float) -> None:
        if monotonic - self._alarms.get(text, -AGAIN_S) >= AGAIN_S:
            self._alarms[text] = monotonic
            log.error("alarm: %s", text)
