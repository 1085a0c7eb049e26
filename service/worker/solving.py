"""Our side of the process that computes a plan (child.py): start it, hear it, ask it to stop, end it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from service.settings import PREFIX, ROOT
from service.worker.child import Message, Opdracht

LINE_LIMIT = 256 * 2**20
"""Bytes of one message: the result of the whole country is about a megabyte."""


class Broken(Exception):
    """The process ended without a result: killed, out of memory, or a mistake that stands on standard error."""


class Solving:
    """A process that computes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    async def message(self) -> Message:
        """The next one. Raises Broken when there will be none."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise Broken(f"het rekenproces is gestopt met code {await self._process.wait()}")
        message: Message = msgspec.json.decode(line, type=Message)
        return message

    def stop(self) -> None:
        """Ask for what was found so far."""
        assert self._process.stdin is not None
        if not self._process.stdin.is_closing():
            self._process.stdin.write(b"\n")


@asynccontextmanager
async def solving(opdracht: Opdracht) -> AsyncIterator[Solving]:
    """Started; at the end of the block it is gone, however far it was."""
    # The Ctrl-C of a terminal is for the worker, which tells it. Before it has a session of its own the process would
    # hear it too.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "service.worker.child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
            # What it needs it is told on standard input: /proc/…/environ shows the beginning of a process.
            env={name: value for name, value in os.environ.items() if not name.startswith(PREFIX)},
            limit=LINE_LIMIT,
            start_new_session=True,
        )
    except OSError as error:
        raise Broken("het rekenproces kan niet beginnen") from error
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    try:
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(opdracht) + b"\n")
        yield Solving(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
