"""Who asks much: bare sockets that stay open, and no more of HTTP/1.1 than a status and a length.

It runs on the same processors as who is asked, so what it costs is taken from the figures: about 50 µs per answer, a
tenth of the least that the service does. For that there is no client library, no header is read but the length, and a
body is kept only for whoever asks for it. uvloop turns the loop, as in the service.
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from collections.abc import Coroutine, Sequence
from itertools import count
from time import perf_counter
from typing import Any, NamedTuple, TypeVar

import uvloop

T = TypeVar("T")

FILES = 8_192


class Answer(NamedTuple):
    status: int
    head: bytes
    """In lower case."""
    body: bytes
    """Empty when it was not kept."""


class Cut(Exception):
    """The connection ended before the answer did."""


class Wire(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, *, keep: bool = False) -> None:
        self._keep = keep
        self._head, self._parts, self._left = b"", list[bytes](), -1
        """Bytes of the body that are still to come; -1 while the head is."""
        self._status = 0
        self._waiting: asyncio.Future[Answer] | None = None
        self.began = False
        """Something of the answer has come."""
        self.lost = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a socket has one of both ways

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        """Fails with Cut when no (whole) answer comes."""
        self._waiting = asyncio.get_running_loop().create_future()
        self.began = False
        if self.lost:
            self._waiting.set_exception(Cut())
        else:
            self.transport.write(request)
        return self._waiting

    def data_received(self, data: bytes) -> None:
        self.began = True
        if self._left < 0:
            data = self._head + data
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._head = head
                return
            self._head = head.lower()
            self._status = int(self._head[9:12])
            _, found, length = self._head.partition(b"\r\ncontent-length:")
            assert found or self._status in (204, 304), head
            self._left = int(length.partition(b"\r\n")[0]) if found else 0
        self._left -= len(data)
        if self._keep:
            self._parts.append(data)
        if self._left <= 0:
            answer = Answer(self._status, self._head, b"".join(self._parts))
            self._head, self._parts, self._left = b"", [], -1
            waiting, self._waiting = self._waiting, None
            if waiting is not None and not waiting.done():
                waiting.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Cut())


async def wire(port: int, *, keep: bool = False) -> Wire:
    _, protocol = await asyncio.get_running_loop().create_connection(lambda: Wire(keep=keep), "127.0.0.1", port)
    return protocol


def get(path: str, token: str = "", *, accept: str = "application/json") -> bytes:
    cookie = f"Cookie: __Host-loket={token}\r\n" if token else ""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {accept}\r\n{cookie}\r\n".encode()


class Run(NamedTuple):
    """Of many requests."""

    seconds: float
    statuses: Counter[int]
    times: list[float]
    """Seconds per answer 200, sorted."""

    @property
    def per_second(self) -> float:
        return self.statuses[200] / self.seconds

    def at(self, share: float) -> float:
        """Milliseconds within which this share of them came."""
        return self.times[min(len(self.times) - 1, int(share * len(self.times)))] * 1000 if self.times else float("nan")


async def closed(
    ports: Sequence[int], requests: Sequence[bytes], *, clients: int, number: int, limit_s: float = 60.0
) -> Run:
    """So many clients, over the ports in turn, of whom each asks the next as soon as it has an answer; until `number`
    were asked, or for so long."""
    wires = [await wire(ports[at % len(ports)]) for at in range(clients)]
    numbers, statuses, times = count(), Counter[int](), list[float]()

    async def one(mine: Wire) -> None:
        while (at := next(numbers)) < number and (asked := perf_counter()) - begin < limit_s:
            answer = await mine.ask(requests[at % len(requests)])
            statuses[answer.status] += 1
            if answer.status == 200:
                times.append(perf_counter() - asked)

    begin = perf_counter()
    await asyncio.gather(*map(one, wires))
    seconds = perf_counter() - begin
    for each in wires:
        each.transport.close()
    return Run(seconds, statuses, sorted(times))


def run(work: Coroutine[Any, Any, T]) -> T:
    """With many open files."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, most), most))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
