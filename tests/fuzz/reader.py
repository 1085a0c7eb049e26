"""The reader of lists alone, in a process of its own with little memory: one list after another, each with what came of
it and what it took. `Reader` is the side that asks; this module as a program is the side that reads."""

from __future__ import annotations

import asyncio
import resource
import sys
import time
import traceback
from typing import BinaryIO

import msgspec
from msgspec import Struct

from service.errors import Refusal
from service.intake.soorten import SOORTEN
from tests.conftest import ROOT

MEMORY = 2 * 2**30
"""Bytes of address space; of one list it takes some hundreds of MB (service/intake/archive.py)."""

READ_S = 60.0


class List(Struct):
    soort: str
    content: bytes


class Read(Struct):
    outcome: str
    """`gelezen`, `geweigerd`, or the name of an exception, which is a bug."""
    said: str
    seconds: float
    """Of the processor."""
    rss_mb: float
    """The most so far."""

    @property
    def bug(self) -> bool:
        return self.outcome not in ("gelezen", "geweigerd")


class Reader:
    """Begins a new process when the last one died."""

    _process: asyncio.subprocess.Process | None = None

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def read(self, soort: str, content: bytes) -> Read:
        async with self._lock:
            if self._process is None:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "tests.fuzz.reader",
                    cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                )  # fmt: skip
            assert self._process.stdin is not None and self._process.stdout is not None
            raw = msgspec.msgpack.encode(List(soort, content))
            try:
                async with asyncio.timeout(READ_S):
                    self._process.stdin.write(len(raw).to_bytes(4, "big") + raw)
                    await self._process.stdin.drain()
                    length = int.from_bytes(await self._process.stdout.readexactly(4), "big")
                    return msgspec.msgpack.decode(await self._process.stdout.readexactly(length), type=Read)
            except TimeoutError:
                await self._end()
                return Read("hangt", f"Na {READ_S:.0f} s nog niet gelezen.", READ_S, 0)
            except (ConnectionError, asyncio.IncompleteReadError):
                return Read("dood", f"Het proces eindigde met {await self._end()}.", 0, 0)

    async def close(self) -> None:
        if self._process is not None:
            await self._end()

    async def _end(self) -> int:
        assert self._process is not None
        process, self._process = self._process, None
        if process.returncode is None:
            process.kill()
        return await process.wait()


def read(one: List) -> Read:
    begun = time.process_time()
    soort = SOORTEN[one.soort]
    try:
        parsed = soort.parse(soort.table, one.content, "lijst", None, None)
        # As an answer has it.
        said = msgspec.json.encode(parsed.faults[:50]).decode()
        outcome, said = "gelezen", f"{len(parsed.records)} rijen, {len(parsed.faults)} fouten {said[:500]}"
    except Refusal as refusal:
        outcome, said = "geweigerd", msgspec.json.encode(refusal.detail).decode()
    except Exception as error:  # whatever it is, the next list is read too
        outcome, said = type(error).__name__, "".join(traceback.format_exception(error))[-3_000:]
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Read(outcome, said, time.process_time() - begun, most / 1e3)


def main(given: BinaryIO, answers: BinaryIO) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    while length := given.read(4):
        one = msgspec.msgpack.decode(given.read(int.from_bytes(length, "big")), type=List)
        raw = msgspec.msgpack.encode(read(one))
        answers.write(len(raw).to_bytes(4, "big") + raw)
        answers.flush()


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
