"""What goes over the line: a request byte by byte, and what comes back. No HTTP client would send most of this."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Sequence

from msgspec import Struct

HANG_S = 65.0
"""A little more than LOKET_REQUEST_LIMIT_S: who has heard nothing by then, hangs."""

SILENT_S = 0.3
"""Who was sent something that is not whole yet, may wait for the rest; that it does not wait for ever, is looked at
beside the other requests."""

MOST = 16 * 1024 * 1024
"""Bytes of an answer that are kept."""

STATUS = re.compile(rb"^HTTP/1\.1 (\d{3}) ", re.MULTILINE)


class Answer(Struct, kw_only=True):
    status: int
    """0: the connection ended without one."""
    headers: dict[str, str] = {}
    body: bytes = b""
    seconds: float = 0.0

    @property
    def kind(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]


class Line:
    """One connection, opened again when the other side has closed it."""

    def __init__(self, host: str, port: int) -> None:
        self._where, self._open = (host, port), False

    async def ask(self, raw: bytes, *, head: bool = False) -> Answer:
        begun = time.monotonic()
        try:
            async with asyncio.timeout(HANG_S):
                answer = await self._ask(raw, head)
        except TimeoutError:
            self.close()
            answer = Answer(status=-1)
        answer.seconds = time.monotonic() - begun
        return answer

    async def _ask(self, raw: bytes, head: bool) -> Answer:
        while True:
            used = self._open
            if not self._open:
                self._reader, self._writer = await asyncio.open_connection(*self._where, limit=2**20)
                self._open = True
            with contextlib.suppress(ConnectionError):  # refused halfway: the answer may be there all the same
                self._writer.write(raw)
                await self._writer.drain()
            try:
                answer = await answered(self._reader, head)
            except (ConnectionError, asyncio.IncompleteReadError):
                answer = Answer(status=0)
            # It may have been closed while it was idle, just as we began.
            if answer.status == 0 and used:
                self.close()
                continue
            if answer.status == 0 or answer.headers.get("connection") == "close":
                self.close()
            return answer

    def close(self) -> None:
        if self._open:
            self._writer.close()
            self._open = False


async def answered(reader: asyncio.StreamReader, head: bool) -> Answer:
    """The next answer on a connection; ConnectionError or IncompleteReadError when it ends before that."""
    while True:
        first, _, rest = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
        status = int(first.split()[1])
        if status >= 200:
            break
    lines = (line.decode("latin-1").partition(":") for line in rest.split(b"\r\n") if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in lines}
    body = b""
    if head or status in (204, 304):
        pass
    elif headers.get("transfer-encoding") == "chunked":
        parts = []
        while size := int((await reader.readline()).strip() or b"0", 16):
            parts.append((await reader.readexactly(size + 2))[:-2])
        await reader.readline()
        body = b"".join(parts)
    elif length := int(headers.get("content-length", "0")):
        body = await reader.readexactly(length)
    return Answer(status=status, headers=headers, body=body)


class Talk(Struct):
    """What came back of bytes that need not be a request."""

    statuses: list[int]
    said: bytes
    hangs: bool = False


async def talk(host: str, port: int, pieces: Sequence[bytes], lingering: set[asyncio.Task[Talk]], most: int) -> Talk:
    """Sends the pieces and takes what comes until the other side ends. Who still waits for more goes on beside: its
    task is added to `lingering`, which holds `most`."""
    reader, writer = await asyncio.open_connection(host, port, limit=2**20)
    with contextlib.suppress(OSError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
    try:
        async with asyncio.timeout(SILENT_S):
            first = await reader.read(2**16)
    except TimeoutError:
        if len(lingering) < most:
            task = asyncio.create_task(_rest(reader, writer, b""))
            lingering.add(task)
            return Talk([], b"")
        writer.close()
        return Talk([], b"")
    except OSError:  # a ConnectionError, or ENOTCONN when the other side was gone before
        first = b""
    if first:
        with contextlib.suppress(OSError, RuntimeError):
            writer.write_eof()
    return await _rest(reader, writer, first)


async def _rest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, said: bytes) -> Talk:
    hangs = False
    try:
        async with asyncio.timeout(HANG_S):
            while len(said) < MOST and (more := await reader.read(2**16)):
                said += more
    except TimeoutError:
        hangs = True
    except OSError:  # as above
        pass
    writer.close()
    return Talk([int(status) for status in STATUS.findall(said)], said[:4_000], hangs)
