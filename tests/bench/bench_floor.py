"""What a list costs beside the least that it could be: the same server with an endpoint that returns 20 rows by one
query and nothing else (issue 7).

The server is uvicorn as `loket` runs it, in a process of its own; who asks is this one, so that asking does not count.
The floor is a route as one writes it in Litestar, that exists here and nowhere else: no login, no limit, no policies,
no transaction, no narrowing, no log, and the rows of `plek` as they stand there. Throughput on a full machine is one
over CPU time: that of the web process and of both servers is taken, by turns, so that other work on the computer does
not count.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from uuid import UUID

import asyncpg
import msgspec
import uvicorn
from litestar import Litestar, get
from litestar.datastructures import State
from litestar.types import Receive, Scope, Send

from service.app import create_app
from service.commands.listen import Server
from service.db import Pool, set_codecs
from service.demo import Size
from service.inloggen import sessies
from service.web.protocol import Protocol
from tests.bench.bench_access import Servers, loaded, roomy, running_servers
from tests.bench.entry import Entry

ROUNDS, REQUESTS, CLIENTS = 6, 200, 4
"""Of each: so many turns of so many requests, asked by so many at once."""

FLOOR = "/vloer"

LISTS = {"list_vs_floor": ("/v1/plekken?aantal=20", 0.65), "log_list_vs_floor": ("/v1/aanvragen?aantal=20", 0.4)}
"""At least this part of the floor's throughput (issue 7)."""


def run() -> list[Entry]:
    with running_servers() as servers:
        entries = []
        for size, name in ((Size.REGION, "_region"), (Size.COUNTRY, "")):
            gebruiker = asyncio.run(loaded(servers, size))
            with _web(servers, size.value, gebruiker) as (pid, port, token):
                entries += asyncio.run(_compare(servers, pid, port, token, name))
        return entries


async def _compare(servers: Servers, pid: int, port: int, token: str, name: str) -> list[Entry]:
    paths = [FLOOR, *(path for path, _ in LISTS.values())]
    spent = dict.fromkeys(paths, 0.0)
    there = Servers(servers.sockets, [pid, *servers.pids])
    for turn in range(ROUNDS + 1):
        for path in paths:
            before = there.cpu()
            await asyncio.gather(*(_ask(port, path, token, REQUESTS // CLIENTS) for _ in range(CLIENTS)))
            if turn:  # the first warms up
                spent[path] += (there.cpu() - before) / ROUNDS / REQUESTS
    floor = spent[FLOOR]
    entries = [Entry(f"floor{name}_cpu_ms", floor * 1000, "ms")]
    for title, (path, least) in LISTS.items():
        share = floor / spent[path]
        entries.append(Entry(f"{title}{name}", share, "×", f"at least {least}", share / least))
    return entries


async def _ask(port: int, path: str, token: str, times: int) -> None:
    """One connection, one request after another."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: __Host-loket={token}\r\n\r\n".encode()
    for _ in range(times):
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
        assert head.startswith(b"http/1.1 200 "), (head, body)
        assert len(msgspec.json.decode(body)) == 20, path
    writer.close()


# ── The web process ──────────────────────────────────────────────────────────────────────────────


@contextmanager
def _web(servers: Servers, database: str, gebruiker: UUID) -> Iterator[tuple[int, int, str]]:
    """Its process, its port and the token of somebody who has logged in."""
    mine, theirs = get_context("spawn").Pipe()
    web = get_context("spawn").Process(target=_serve, args=(servers, database, gebruiker, theirs), daemon=True)
    web.start()
    theirs.close()  # so that recv() ends when the process does
    try:
        port, token = mine.recv()
        assert web.pid is not None
        yield web.pid, port, token
    finally:
        web.terminate()
        web.join()


def _serve(servers: Servers, database: str, gebruiker: UUID, pipe: Pipe) -> None:
    app, bare = create_app(roomy(servers, database)), Litestar([_floor], openapi_config=None)

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        await (bare if scope["type"] == "http" and scope["path"] == FLOOR else app)(scope, receive, send)

    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(either, http=Protocol, ws="none", lifespan="on", log_config=None, access_log=False)
    ready = asyncio.Event()
    server = Server(config, ready.set)

    async def serve() -> None:
        bare.state.above = await asyncpg.create_pool(
            servers.url(database, "postgres"), min_size=1, init=set_codecs, reset=_nothing
        )
        serving = asyncio.create_task(server.serve([listening]))
        await ready.wait()
        now = datetime.now(UTC)
        token, _ = await sessies.begin(
            app.state.services.pool,
            gebruiker=gebruiker,
            now=now,
            until=now + timedelta(hours=1),
            idle=timedelta(minutes=30),
        )
        pipe.send((listening.getsockname()[1], token))
        await serving

    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(serve())


ROWS = """
select id, aanbieder_id, voorziening_id, naam, beschikbaarheid, lower(bestaat) as bestaat_van,
       upper(bestaat) as bestaat_tot, bevestigd_op, versie
from plek
order by id
limit 20
"""


@get(FLOOR)
async def _floor(state: State) -> list[dict[str, object]]:
    above: Pool = state.above
    return [dict(row) for row in await above.fetch(ROWS)]


async def _nothing(_: object) -> None:
    """The pool of the service does no more (service.db)."""
