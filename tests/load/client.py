"""Who asks: HTTP/1.1 over sockets that stay open, and little else, as it runs on the computer of who is asked.

A `Front` is what a proxy would be: it knows the web processes and tries another when one is not there. What comes of
each try is counted, so that the share of errors while something is restarted can be told.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import msgspec

PATIENCE_S = 60.0
"""For one answer: the service itself gives up sooner."""

PAUSE_S = 0.2
"""Before somebody asks again, about; not to wait for something, but so that nobody asks all the time."""

BUSY = "is nog bezig"
"""In the 409 of who asks again before the first has ended."""


class Broken(Exception):
    """No answer came."""


class Answer(NamedTuple):
    """Named as those of httpx are, where tests/web asks for them."""

    status_code: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode(errors="replace")

    def json(self) -> Any:
        return msgspec.json.decode(self.content)


class Line:
    """One connection, kept as long as it lasts; one request at a time."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Broken when no answer came."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._ask(method, path, headers, body)
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
            self.close()
            raise Broken(f"{type(error).__name__}: {error}") from error
        except BaseException:
            self.close()
            raise

    async def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        # One that was closed while nobody asked anything is no error: who sees it begins another.
        if self._ends is None or self._ends[0].at_eof() or self._ends[1].is_closing():
            self.close()
            self._ends = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._ends
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            *(f"{n}: {v}" for n, v in headers.items()),
        ]
        if body or method in ("POST", "PATCH"):
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        status, told = read_head(await reader.readuntil(b"\r\n\r\n"))
        if told.get("transfer-encoding") == "chunked":
            content = b"".join([part async for part in chunks(reader)])
        else:
            content = await reader.readexactly(int(told.get("content-length", 0)))
        if told.get("connection") == "close":
            self.close()
        return Answer(status, told, content)

    def close(self) -> None:
        if self._ends is not None:
            self._ends[1].transport.abort()
            self._ends = None


def read_head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *rest = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in rest if line)
    return int(first.split(" ")[1]), {name.lower(): value.strip() for name, _, value in pairs}


async def chunks(reader: asyncio.StreamReader) -> Any:
    """The parts of a body of unknown length, until its end; EOFError when it is cut off."""
    while True:
        length = int(await reader.readuntil(b"\r\n"), 16)
        part = await reader.readexactly(length + 2)
        if not length:
            return
        yield part[:-2]


class Tally:
    """What came of each request, and when."""

    def __init__(self) -> None:
        self.tries: list[tuple[float, str]] = []
        """When it ended, and `ok`, `5xx` or `broken`."""
        self.wrong: list[str] = []
        """Answers that cannot be right."""

    def count(self, outcome: str) -> None:
        self.tries.append((time.monotonic(), outcome))

    def errors(self, since: float, until: float) -> tuple[int, int]:
        """Of the requests that ended in between: how many failed, and how many there were."""
        outcomes = [outcome for moment, outcome in self.tries if since <= moment <= until]
        return sum(outcome != "ok" for outcome in outcomes), len(outcomes)


class Promise(NamedTuple):
    """A write that was answered."""

    key: str
    status: int
    content: bytes


class Front:
    """One who asks, with a connection to each web process."""

    def __init__(self, ports: Callable[[], list[int]], tally: Tally, promises: list[Promise], seed: int) -> None:
        self._ports, self._tally, self._promises = ports, tally, promises
        self._lines: dict[int, Line] = {}
        self._random = Random(seed)
        self.tries: list[tuple[str, Answer | None]] = []
        """Of what was asked last: trace and answer of each time that it was sent."""

    async def ask(self, method: str, path: str, *, headers: dict[str, str], body: Any = None) -> Answer:
        """Until there is an answer that says something of what was asked; a write always with the same key.

        What is away (503) or asked too much (429), is asked again, elsewhere when it can be.
        """
        content = b"" if body is None else json.dumps(body).encode()
        self.tries = []
        port = self._random.choice(self._ports())
        while True:
            answer = await self.once(port, method, path, headers, content)
            if answer is not None and not _comes(answer):
                break
            port = self._random.choice([one for one in self._ports() if one != port] or [port])
            await asyncio.sleep(PAUSE_S * (0.5 + self._random.random()))
        if answer.status_code >= 500:
            self._tally.wrong.append(f"{method} {path} {body}: {answer.status_code} {answer.text[:500]}")
        key = headers.get("idempotency-key")
        if key is not None and answer.status_code < 300:
            self._promises.append(Promise(key.strip('"'), answer.status_code, answer.content))
        return answer

    async def once(
        self, port: int, method: str, path: str, headers: dict[str, str], content: bytes = b""
    ) -> Answer | None:
        """None when no answer came."""
        trace, answer = secrets.token_hex(16), None
        traced = headers | {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
        try:
            answer = await self._lines.setdefault(port, Line(port)).ask(method, path, traced, content)
        except Broken:
            self._tally.count("broken")
        else:
            self._tally.count("5xx" if answer.status_code >= 500 else "ok")
        self.tries.append((trace, answer))
        return answer

    def close(self) -> None:
        for line in self._lines.values():
            line.close()


def _comes(answer: Answer) -> bool:
    """Whether it only says that one must ask again."""
    return answer.status_code in (429, 502, 503, 504) or (answer.status_code == 409 and BUSY in answer.text)
