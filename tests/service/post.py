"""Who gets what the loket sends: a real mail server and a real HTTP receiver on this computer, that do as they are
told, and a worker that works until nothing is left to do."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from email.message import EmailMessage
from typing import Any

import asyncpg
import httptools
from msgspec import Struct, field

from service import taken
from service.bus import Bus
from service.db import Connection, Pool
from service.settings import Settings
from service.worker.handlers import handlers
from service.worker.loop import Worker
from tests import make

# ── Mail ─────────────────────────────────────────────────────────────────────────────────────────


class Mailserver(Struct, kw_only=True, eq=False):
    """Takes every mail (RFC 5321), unless `says` has another answer for a verb: `{"RCPT": "550 nobody here"}`."""

    port: int = 0
    says: dict[str, str] = field(default_factory=dict)
    raw: list[tuple[str, bytes]] = field(default_factory=list)
    """For whom, and the letter, of what was taken."""
    heard: list[str] = field(default_factory=list)
    """Every command."""
    hang_up_after_data: int = 0
    """So many times it takes the letter and is gone before it says so."""

    @property
    def mails(self) -> list[EmailMessage]:
        return [email.message_from_bytes(letter, policy=email.policy.default) for _, letter in self.raw]

    def of(self, address: str) -> list[EmailMessage]:
        return [mail for (to, _), mail in zip(self.raw, self.mails, strict=True) if to == address]

    def settings(self) -> dict[str, Any]:
        return {
            "smtp_host": "127.0.0.1",
            "smtp_port": self.port,
            "smtp_tls": "geen",
            "smtp_van": "loket@loket.example",
            "smtp_timeout_s": 10.0,
        }


@asynccontextmanager
async def mailserver(tls: ssl.SSLContext | None = None, *, implicit: bool = False) -> AsyncIterator[Mailserver]:
    """`tls`: offers STARTTLS, or with `implicit` is encrypted from the beginning."""
    box = Mailserver()
    calling: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        calling[task] = writer
        task.add_done_callback(calling.pop)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await _smtp(box, reader, writer, None if implicit else tls)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls if implicit else None)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        for writer in calling.values():
            writer.close()
        await asyncio.gather(*calling, return_exceptions=True)  # asyncio tells what one stumbled on


async def _smtp(
    box: Mailserver, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tls: ssl.SSLContext | None
) -> None:
    def say(verb: str, line: str) -> None:
        writer.write(f"{box.says.get(verb, line)}\r\n".encode())

    to = ""
    say("CONNECT", "220 mail.test")
    while line := (await reader.readline()).decode().strip():
        box.heard.append(line)
        verb = line.split()[0].upper()
        if verb in ("EHLO", "HELO"):
            writer.write(b"250-mail.test\r\n250-SIZE 1000000\r\n250-AUTH PLAIN\r\n")
            say(verb, "250 STARTTLS" if tls else "250 HELP")
        elif verb == "STARTTLS" and tls is not None:
            say(verb, "220 go on")
            await writer.start_tls(tls)
            tls = None
        elif verb == "AUTH":
            say(verb, "235 welcome")
        elif verb == "RCPT":
            to = line.partition("<")[2].partition(">")[0]
            say(verb, "250 ok")
        elif verb == "DATA":
            say(verb, "354 go on")
            if box.says.get("DATA", "354").startswith("354"):
                letter = await reader.readuntil(b"\r\n.\r\n")
                # A line that begins with a dot has one more on its way.
                letter = (b"\r\n" + letter[: -len(b".\r\n")]).replace(b"\r\n..", b"\r\n.")[2:]
                if box.says.get("LETTER", "250").startswith("250"):
                    box.raw.append((to, letter))
                if box.hang_up_after_data:
                    box.hang_up_after_data -= 1
                    return
                say("LETTER", "250 taken")
        elif verb == "QUIT":
            say(verb, "221 bye")
            return
        else:
            say(verb, "250 ok")


# ── HTTP ─────────────────────────────────────────────────────────────────────────────────────────


class Request(Struct, kw_only=True):
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Receiver(Struct, kw_only=True, eq=False):
    """Keeps what is posted to it, and answers with the statuses of `says` one after another, then with 204."""

    port: int = 0
    says: list[int] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)
    """Headers of its answers."""
    silent: bool = False
    requests: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/loket"


@asynccontextmanager
async def receiver(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    there = Receiver()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await _http(there, reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    there.port = server.sockets[0].getsockname()[1]
    try:
        yield there
    finally:
        server.close()


async def _http(there: Receiver, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    asked, ended = Request(), asyncio.Event()

    class Reading:
        def on_url(self, url: bytes) -> None:
            asked.path += url.decode()

        def on_header(self, name: bytes, value: bytes) -> None:
            asked.headers[name.decode().lower()] = value.decode()

        def on_body(self, body: bytes) -> None:
            asked.body += body

        def on_message_complete(self) -> None:
            ended.set()

    parser = httptools.HttpRequestParser(Reading())
    while not ended.is_set():
        part = await reader.read(65_536)
        if not part:
            return
        parser.feed_data(part)
    there.requests.append(asked)
    if there.silent:
        await reader.read()
        return
    status = there.says.pop(0) if there.says else 204
    more = "".join(f"{name}: {value}\r\n" for name, value in there.more.items())
    writer.write(f"HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n{more}\r\n".encode())
    await writer.drain()


# ── The worker ───────────────────────────────────────────────────────────────────────────────────

BUSY = """
select exists (
    select from taak where status = 'bezig' or status = 'wacht' and niet_voor <= now() and soort = any ($1))
"""


async def work(
    pool: Pool,
    owner: Connection,
    url: str,
    *,
    clock: Callable[[], datetime] = lambda: make.NOW,
    workers: int = 1,
    **settings: Any,
) -> None:
    """Workers as `loket worker` has them, until nothing is left that can be done now."""
    chosen = Settings(**settings)
    todo = handlers(chosen)
    bus = Bus(lambda: asyncpg.connect(url), taken.CHANNEL, opened=taken.be_present)
    team = [Worker(chosen, pool, bus, todo, clock=clock) for _ in range(workers)]
    listening, running = asyncio.create_task(bus.run()), [asyncio.create_task(worker.run()) for worker in team]
    try:
        async with asyncio.timeout(60):
            while await owner.fetchval(BUSY, list(todo)):
                await owner.execute("select pg_sleep(0.01)")
    finally:
        for worker in team:
            worker.stop()
        await asyncio.gather(*running)
        listening.cancel()


async def ready(owner: Connection, soort: str) -> None:
    """As if its wait were over."""
    await owner.execute("update taak set niet_voor = now() where soort = $1 and status = 'wacht'", soort)
