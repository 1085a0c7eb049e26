"""What a list costs beside the least that it could be: the same server with an endpoint that returns 20 rows by one
query and nothing else (issue 7).

The server is uvicorn as `loket` runs it, in a process of its own; who asks is this one. The floor is a route as one
writes it in Litestar, in the same server: counted, timed and with the headers that every answer of the loket has. It
answers as Structs what stands in the database of 20 plekken. It has no login, no limit, no policies, no transaction, no
status of today, no narrowing, no log and no ETag. Beside it stands a barer one, without the headers and the middleware
of the loket, whose rows are dicts.

Compared are two things. Throughput, with 32 who ask at once, on the cores that there are, on which who asks also works.
And CPU time per request (`…_cpu`): that of the web process and of both servers, by turns, so that neither who asks nor
other work on the computer counts; that is what a machine can do that has many web processes.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import uvicorn
import uvloop
from litestar import Litestar, get
from litestar.datastructures import State
from litestar.types import Receive, Send
from msgspec import Struct

from service.aanbod.plekken import Beschikbaarheid
from service.app import create_app, limited
from service.commands.listen import Server
from service.db import Pool, rows_as, set_codecs
from service.demo import Size
from service.inloggen import sessies
from service.web.compressed import compressed
from service.web.headers import secure
from service.web.measured import measured
from service.web.pages.taalkeuze import spoken
from service.web.protocol import Protocol
from tests.bench.bench_access import Servers, loaded, roomy, running_servers
from tests.bench.entry import Entry

ROUNDS, REQUESTS, CLIENTS = 6, 200, 4
"""Of each: so many turns of so many requests, asked by so many at once."""

CROWD, CROWD_ROUNDS, CROWD_S = 32, 3, 1.5
"""For throughput: so many at once, so many turns of so long."""

FLOOR, BARE = "/vloer", "/kaal"

LISTS = {"list_vs_floor": ("/v1/plekken?aantal=20", 0.65), "log_list_vs_floor": ("/v1/aanvragen?aantal=20", 0.4)}
"""At least this part of the floor's throughput (issue 7)."""


def run() -> list[Entry]:
    with running_servers() as servers:
        entries = []
        for size, name in ((Size.REGION, "_region"), (Size.COUNTRY, "")):
            gebruiker = asyncio.run(loaded(servers, size))
            with _web(servers, size.value, gebruiker) as (pid, port, token):
                there = Servers(servers.sockets, [pid, *servers.pids])
                entries += uvloop.run(_compare(there, port, token, name))
        return entries


async def _compare(there: Servers, port: int, token: str, name: str) -> list[Entry]:
    paths = [FLOOR, BARE, *(path for path, _ in LISTS.values())]
    spent = await _cpu(there, port, paths, token)
    rate = await _throughput(port, paths, token)
    floor = spent[FLOOR]
    entries = [
        Entry(f"floor{name}_cpu_ms", floor * 1000, "ms", "the bare one", spent[BARE] / floor),
        Entry(f"floor{name}_per_s", rate[FLOOR], "/s", "the bare one", rate[FLOOR] / rate[BARE]),
    ]
    for title, (path, least) in LISTS.items():
        share, wall = floor / spent[path], rate[path] / rate[FLOOR]
        entries += [
            Entry(f"{title}{name}", wall, "×", f"at least {least}", wall / least),
            Entry(f"{title}{name}_cpu", share, "×", f"at least {least}", share / least),
            Entry(f"{title}{name}_cpu_ms", spent[path] * 1000, "ms", "the bare one", spent[BARE] / spent[path]),
            Entry(f"{title}{name}_per_s", rate[path], "/s", "the bare one", rate[path] / rate[BARE]),
        ]
    return entries


async def _cpu(there: Servers, port: int, paths: list[str], token: str) -> dict[str, float]:
    """Seconds per request."""
    spent = dict.fromkeys(paths, 0.0)
    for turn in range(ROUNDS + 1):
        for path in paths:
            before = there.cpu()
            await asyncio.gather(*(_ask(port, path, token, times=REQUESTS // CLIENTS) for _ in range(CLIENTS)))
            if turn:  # the first warms up
                spent[path] += (there.cpu() - before) / ROUNDS / REQUESTS
    return spent


async def _throughput(port: int, paths: list[str], token: str) -> dict[str, float]:
    """Requests per second."""
    answered = dict.fromkeys(paths, 0)
    took = dict.fromkeys(paths, 0.0)
    for turn in range(CROWD_ROUNDS + 1):
        for path in paths:
            began = time.perf_counter()
            asked = await asyncio.gather(*(_ask(port, path, token, until=began + CROWD_S) for _ in range(CROWD)))
            if turn:
                answered[path] += sum(asked)
                took[path] += time.perf_counter() - began
    return {path: answered[path] / took[path] for path in paths}


async def _ask(port: int, path: str, token: str, *, times: int | None = None, until: float = 0.0) -> int:
    """One connection, one request after another: so many, or until then (of time.perf_counter). How many it were."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: __Host-loket={token}\r\n\r\n".encode()
    asked = 0
    while asked < times if times is not None else time.perf_counter() < until:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
        assert head.startswith(b"http/1.1 200 "), (head, body)
        if not asked:
            assert len(msgspec.json.decode(body)) == 20, path
        asked += 1
    writer.close()
    return asked


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
    app = create_app(roomy(servers, database))
    floor = Litestar([_floor], middleware=[spoken, limited, compressed], before_send=[secure], openapi_config=None)
    bare = Litestar([_bare], openapi_config=None)
    apps: dict[str, Any] = {FLOOR: measured(floor), BARE: bare}
    loket = measured(app)

    async def each(scope: Any, receive: Receive, send: Send) -> None:
        await apps.get(scope.get("path"), loket)(scope, receive, send)

    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(each, http=Protocol, ws="none", lifespan="on", log_config=None, access_log=False)
    ready = asyncio.Event()
    server = Server(config, ready.set)

    async def serve() -> None:
        floor.state.above = bare.state.above = await asyncpg.create_pool(
            servers.url(database, "postgres"), min_size=1, init=set_codecs, reset=_nothing
        )
        serving = asyncio.create_task(server.serve([listening]))
        await ready.wait()
        floor.state.services = app.state.services
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


class Rij(Struct, rename="camel"):
    """A plek as it stands in the database."""

    id: UUID
    aanbieder_id: UUID
    voorziening_id: UUID
    naam: str
    zorgvorm: str
    beschikbaarheid: Beschikbaarheid
    bestaat_van: date
    bestaat_tot: date | None
    bevestigd_op: datetime | None
    versie: int


ROWS = """
select p.id, p.aanbieder_id, p.voorziening_id, p.naam, v.zorgvorm, p.beschikbaarheid, lower(p.bestaat) as bestaat_van,
       upper(p.bestaat) as bestaat_tot, p.bevestigd_op, p.versie
from plek p
join voorziening v on v.id = p.voorziening_id
order by p.id
limit 20
"""


@get(FLOOR)
async def _floor(state: State) -> list[Rij]:
    above: Pool = state.above
    return rows_as(await above.fetch(ROWS), Rij)


BARE_ROWS = """
select id, aanbieder_id, voorziening_id, naam, beschikbaarheid, lower(bestaat) as bestaat_van,
       upper(bestaat) as bestaat_tot, bevestigd_op, versie
from plek
order by id
limit 20
"""


@get(BARE)
async def _bare(state: State) -> list[dict[str, Any]]:
    above: Pool = state.above
    return [dict(row) for row in await above.fetch(BARE_ROWS)]


async def _nothing(_: object) -> None:
    """The pool of the service does no more (service.db)."""
