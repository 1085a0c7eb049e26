"""The head of a request is short and comes in time; whatever is wrong with it, the answer is ours and says little."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from service.web import protocol
from service.web.headers import SECURITY
from service.web.protocol import HEAD_LIMIT, Protocol


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers how long the body was."""
    length, more = 0, True
    while more:
        message = await receive()
        length, more = length + len(message.get("body", b"")), message.get("more_body", False)
    body = b"%d bytes" % length
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def connected(
    app: Any = echo, made: list[Protocol] | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection with the protocol as `loket serve` has it; which is added to `made`."""
    config = uvicorn.Config(app, http=Protocol, ws="none", lifespan="off", log_config=None)
    config.load()

    def make() -> Protocol:
        made.append(Protocol(config, ServerState(), {}))
        return made[-1]

    made = [] if made is None else made
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):  # the other side was first
            await writer.wait_closed()
        server.close()


def head(name: str = "X-Lang", length: int = 10) -> bytes:
    return f"GET / HTTP/1.1\r\nHost: localhost\r\n{name}: {'a' * length}\r\n\r\n".encode()


FRAME = len(head(length=0)) - len("GET  HTTP/1.1\r\n\r\n")
"""What there is besides the value, as the protocol counts: the path, and each header with its colon and line end."""


async def status(reader: asyncio.StreamReader) -> int:
    line = await reader.readline()
    return int(line.split()[1])


async def test_a_head_of_just_the_limit_is_answered() -> None:
    async with connected() as (reader, writer):
        writer.write(head(length=HEAD_LIMIT - FRAME))

        assert await status(reader) == 200


@pytest.mark.parametrize("more", [1, 40_000])
async def test_a_longer_head_is_refused_and_the_connection_ends(more: int) -> None:
    async with connected() as (reader, writer):
        writer.write(head(length=HEAD_LIMIT - FRAME + more))

        answer = await reader.read()

    assert answer.startswith(b"HTTP/1.1 431 ")
    assert "De kopregels van het verzoek zijn te lang." in answer.decode()


async def test_a_header_without_an_end_is_not_kept() -> None:
    """It is refused while it still comes in."""
    async with connected() as (reader, writer):
        writer.write(head(length=HEAD_LIMIT + 1).removesuffix(b"\r\n\r\n"))

        assert (await reader.read()).startswith(b"HTTP/1.1 431 ")


async def test_each_next_request_on_a_connection_has_the_whole_limit_again() -> None:
    """A body does not count."""
    async with connected() as (reader, writer):
        post = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000\r\n\r\n" + b"a" * 50_000
        writer.write(post + post + head(length=20_000))

        answers = b""
        while answers.count(b" bytes") < 3:
            answers += await reader.read(1000)

    assert answers.count(b"50000 bytes") == 2 and answers.count(b"HTTP/1.1 200 ") == 3


@pytest.mark.parametrize("sent", [b"", b"GET / HTT", b"GET / HTTP/1.1\r\nHost: localhost\r\n"])
async def test_who_does_not_finish_the_head_in_time_is_sent_away(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    """Also who opens a connection and says nothing: a thousand of those would keep everybody out."""
    monkeypatch.setattr(protocol, "HEAD_S", 0.01)
    async with connected() as (reader, writer):
        writer.write(sent)

        assert (await reader.read()).startswith(b"HTTP/1.1 408 ")


async def test_what_is_no_http_gets_a_sentence_and_all_security_headers() -> None:
    async with connected() as (reader, writer):
        writer.write(b"\x16\x03\x01 dit is TLS\r\n\r\n")

        answer = await reader.read()

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"Dit is geen geldig HTTP-verzoek.")
    assert [name for name, value in SECURITY.items() if name + b": " + value + b"\r\n" not in answer] == []


@pytest.mark.parametrize(
    "lengths",
    [
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Content-Length: +5\r\n",
    ],
)
async def test_a_request_of_which_the_end_is_not_sure_is_refused(lengths: bytes) -> None:
    """Request smuggling: a proxy and we must never disagree on where the next request begins."""
    async with connected() as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\n" + lengths + b"\r\n0\r\n\r\nGET /geheim HTTP/1.1\r\n\r\n")

        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")


# ── Beside the body, and after the answer ────────────────────────────────────────────────────────

CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhallo\r\n"
"""And then more chunks, or the last one."""


@pytest.mark.parametrize(
    "beside", [b"0\r\n" + b"Na: afloop\r\n" * 90_000, b"0\r\nNa: " + b"a" * 990_000, b"1;" + b"a" * 990_000]
)
async def test_what_comes_beside_a_body_without_an_end_is_not_kept(beside: bytes) -> None:
    """Trailers and extensions of chunks: whoever need not log in could fill the memory with them."""
    async with connected() as (reader, writer):
        writer.write(CHUNKED + beside)

        with contextlib.suppress(ConnectionError):  # what was still on its way to us is not taken either
            assert await asyncio.wait_for(reader.read(), 10) == b""


async def test_a_body_in_many_small_parts_is_a_body() -> None:
    async with connected() as (reader, writer):
        writer.write(CHUNKED + b"1\r\na\r\n" * 20_000 + b"0\r\n\r\n")

        assert await status(reader) == 200


async def test_a_trailer_is_no_header() -> None:
    """Who asks, and from where, was decided before it came."""
    seen: list[list[tuple[bytes, bytes]]] = []

    async def after_the_body(scope: Any, receive: Any, send: Any) -> None:
        await echo(scope, receive, send)
        seen.append(scope["headers"])

    async with connected(after_the_body) as (reader, writer):
        writer.write(CHUNKED + b"0\r\nAuthorization: Bearer x\r\n\r\n")
        assert await status(reader) == 200
        writer.write(head())
        assert await reader.readuntil(b"200 OK")

    assert [name for name, _ in seen[0]] == [b"host", b"transfer-encoding"]


async def at_once(scope: Any, receive: Any, send: Any) -> None:
    """Answers without waiting for the body."""
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def test_who_has_its_answer_does_not_go_on_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of a body that nobody waits for has a limit in time."""
    monkeypatch.setattr(protocol, "LINGER_S", 0.01)
    async with connected(at_once) as (_, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000000\r\n\r\n")

        async def go_on() -> None:
            while True:
                writer.write(b"a")
                await writer.drain()
                await asyncio.sleep(0)

        with pytest.raises(ConnectionError):
            await asyncio.wait_for(go_on(), 10)


async def test_who_does_not_take_its_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would keep the answer in our memory."""
    monkeypatch.setattr(protocol, "STUCK_S", 0.05)
    gone = asyncio.Event()

    async def long(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not gone.is_set():
            await send({"type": "http.response.body", "body": bytes(10_000_000), "more_body": True})
            message = asyncio.create_task(receive())
            if (await message)["type"] == "http.disconnect":
                gone.set()

    async with connected(long) as (_, writer):
        writer.write(head())

        await asyncio.wait_for(gone.wait(), 10)


async def test_who_goes_away_is_gone_for_all_that_it_asked_one_behind_another() -> None:
    """Or a stream would go on for nobody, as long as a second question waited behind it."""
    began, gone = asyncio.Event(), asyncio.Event()

    async def stream(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        began.set()
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    async with connected(stream) as (_, writer):
        writer.write(head() * 3)
        await began.wait()
        writer.close()

        await asyncio.wait_for(gone.wait(), 10)


async def test_who_is_told_to_go_gets_one_more_answer_which_says_so() -> None:
    """A process that stops: what is on its way to it just then is answered, and the caller knows to go elsewhere."""
    made: list[Protocol] = []
    async with connected(made=made) as (reader, writer):
        writer.write(head())
        first = await reader.readuntil(b"0 bytes")
        made[0].say_goodbye()
        writer.write(head())
        last = await reader.read()

    assert b"connection: close" not in first
    assert last.startswith(b"HTTP/1.1 200") and b"connection: close" in last


@pytest.mark.parametrize(
    ("first", "later"),
    [
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nh", b"allo"),
        (CHUNKED, b"0\r\n\r\n"),
        (head(), b"\r\n"),
    ],
    ids=["the rest of a body", "the end of one", "an empty line"],
)
async def test_who_has_its_answer_and_sends_what_nobody_waits_for_keeps_no_connection(
    first: bytes, later: bytes
) -> None:
    """Each byte stopped the clock of an idle connection, and nothing started it again."""
    made: list[Protocol] = []
    async with connected(at_once, made=made) as (reader, writer):
        writer.write(first)
        await reader.readuntil(b"\r\n\r\n")
        made[0].timeout_keep_alive = 0.01
        writer.write(later)

        assert await asyncio.wait_for(reader.read(), 60) == b""
