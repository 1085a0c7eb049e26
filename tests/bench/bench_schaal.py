"""What the model of docs/schaal.md is made of: bytes per row, WAL and CPU of what people do, at country size; and the
plans of all regions by one worker and by two, with where the time of one goes.

CPU is that of the process that asks and of both servers, so that other work on the computer does not count. WAL is
counted after a checkpoint, so with the whole page that the first change of each writes.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import numpy as np
import psutil
from litestar import Litestar
from msgspec import Struct, structs

from matcher.pairs import Pairs
from matcher.plan import plan
from service.aanbod import plekken
from service.aanvraag import aanvragen
from service.app import create_app
from service.db import APP_ROLE, OWNER_ROLE, SYSTEM, Pool, Rol, Wie, open_pool, transaction
from service.demo.generate import Size
from service.demo.scarcity import Scarcity
from service.embedded import valkey
from service.inloggen import sessies
from service.log import logketen
from service.plan import plankeuzes
from service.plan.plankeuzes import NieuwPlan
from tests import make
from tests.bench import demo
from tests.bench.bench_access import REGIO, Servers, _ask, loaded, roomy, running_servers
from tests.bench.entry import Entry, measured
from tests.conftest import ROOT
from tests.web.conftest import running

SIZE = Size.COUNTRY

TIMES = 200
"""Of each thing that people do, but …"""

SELDOM = {"try_settings": 20}
"""… of this."""

PROEF = "/beheer/instellingen/wachten/proef?normenDagen.crisis=1&normenDagen.spoed=5&normenDagen.regulier=30"

TABLES = ("aanvraag", "plek", "voorziening", "bezetting", "gebeurtenis", "bericht", "logregel", "taak")

BYTES = """
select c.relname as naam, pg_total_relation_size(c.oid) as bytes, greatest(c.reltuples, 0)::bigint as rijen
from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 2 desc
"""

PLAN_S = 10.0
"""As many seconds as a region asks for by itself."""


def run() -> list[Entry]:
    entries = _parts()
    with running_servers() as servers:
        gebruiker = asyncio.run(loaded(servers, SIZE))
        entries += asyncio.run(_doing(servers, gebruiker))
        entries += asyncio.run(_plans(servers))
        entries += asyncio.run(_bytes(servers))
    return entries


# ── Independent parts of a plan ──────────────────────────────────────────────────────────────────


def components(pairs: Pairs) -> np.ndarray[Any, np.dtype[np.int64]]:
    """(R,) for each child the number of its part: children who could be in one voorziening, or who belong together,
    are in the same one; those in different parts are never in each other's way."""
    unit = pairs.requests + pairs.voorziening[pairs.slot]
    root = np.arange(int(unit.max(initial=pairs.requests)) + 1)
    first = np.full(len(pairs.splitsbaar) + 1, -1)
    first[pairs.groep[::-1]] = np.arange(pairs.requests)[::-1]  # of each group; the last cell is of nobody
    grouped = np.flatnonzero(pairs.groep >= 0)
    one = np.concatenate([pairs.request, grouped])
    other = np.concatenate([unit, first[pairs.groep[grouped]]])
    while True:  # the lowest number wins, of both ends of each edge, until nothing changes
        low = np.minimum(root[one], root[other])
        before = root.copy()
        np.minimum.at(root, one, low)
        np.minimum.at(root, other, low)
        root = root[root]
        if (root == before).all():
            return root[: pairs.requests]


def _parts() -> list[Entry]:
    """How much of a plan the largest independent part is, of one region and of the whole country."""
    entries = []
    for size in (Size.REGION, Size.COUNTRY):
        pairs = demo.joint(size, Scarcity.KRAP).pairs
        has = pairs.first[1:] > pairs.first[:-1]
        part = components(pairs)[has]
        _, sizes = np.unique(part, return_counts=True)
        entries += [
            Entry(f"schaal_{size}_parts", float(len(sizes)), "parts"),
            Entry(f"schaal_{size}_largest_part", float(sizes.max() / sizes.sum()), "share of children"),
        ]
        begin = time.process_time()
        plan(pairs, clock=time.perf_counter, seconds=PLAN_S, enough=0.0005)
        entries.append(Entry(f"schaal_{size}_solve_cpu_s", time.process_time() - begin, "s"))
    return entries


# ── What people do ───────────────────────────────────────────────────────────────────────────────


LINES = "select count(*) from logregel"


class Cost(Struct, frozen=True):
    cpu_ms: float
    """Of web process and servers."""
    database_ms: float
    """Of these, the servers."""
    wal: float
    """Bytes."""
    lines: float
    """In the log."""


async def _doing(servers: Servers, gebruiker: UUID) -> list[Entry]:
    database = SIZE.value
    wie = Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, gebruiker)
    superuser = await asyncpg.connect(servers.url(database, "postgres"))
    children = await superuser.fetch("select id from aanvraag where is_open(status) and regio = $1 limit 60", REGIO)
    beds = await superuser.fetch("select id from plek where regio = $1 limit $2", REGIO, TIMES)
    code, organisatie = await superuser.fetchrow(
        "select z.code, (select id from organisatie where regio = $1 limit 1) from zorgvorm z where regio = $1"
        " and rangschikbaar limit 1",
        REGIO,
    )
    async with _app(servers, database, gebruiker) as (app, headers):
        pool = app.state.services.pool

        async def confirm(at: int) -> None:
            async with transaction(pool, wie) as conn:
                await plekken.bevestig(
                    conn, beds[at % len(beds)]["id"], None, now=datetime.now(UTC), bron=plekken.Bron.SCHERM
                )

        async def file(_: int) -> None:
            async with transaction(pool, wie) as conn:
                await aanvragen.add(
                    conn,
                    aanvragen.NieuweAanvraag(**make.vraag(organisatie_id=organisatie, zorgvormen=[code])),
                    now=datetime.now(UTC),
                )

        things: dict[str, Callable[[int], Awaitable[object]]] = {
            "list_plekken": lambda _: _ask(app, "/v1/plekken", headers),
            "list_aanvragen": lambda _: _ask(app, "/v1/aanvragen", headers),
            "worklist": lambda _: _ask(app, "/", headers),
            "look_aanvraag": lambda at: _ask(app, f"/aanvragen/{children[at % len(children)]['id']}", headers),
            "figures": lambda _: _ask(app, "/cijfers", headers),
            "try_settings": lambda _: _ask(app, PROEF, headers),
            "confirm_plek": confirm,
            "file_aanvraag": file,
        }
        entries = []
        for name, thing in things.items():
            cost = await _cost(servers, superuser, thing, SELDOM.get(name, TIMES))
            entries += [
                *measured(f"schaal_{name}_cpu_ms", cost.cpu_ms, "ms", {"database": cost.database_ms}),
                Entry(f"schaal_{name}_wal_bytes", cost.wal, "bytes"),
                Entry(f"schaal_{name}_log_lines", cost.lines, "lines"),
            ]
        before, lines = await _wal(superuser), await superuser.fetchval(LINES)
        async with transaction(pool, structs.replace(wie, gebruiker=SYSTEM)) as conn:
            sealed = await logketen.seal(conn, REGIO, None, datetime.now(UTC), na=0, most=logketen.BATCH)
        assert sealed is not None and sealed.aantal > 100, (sealed, lines)
        entries.append(Entry("schaal_seal_line_wal_bytes", (await _wal(superuser) - before) / sealed.aantal, "bytes"))
    await superuser.close()
    return entries


async def _cost(
    servers: Servers, superuser: asyncpg.Connection, thing: Callable[[int], Awaitable[object]], times: int
) -> Cost:
    """Per time."""
    for at in range(5):
        await thing(at)  # warms up
    await superuser.execute("checkpoint")
    lines = await superuser.fetchval(LINES)
    wal, there, here = await _wal(superuser), servers.cpu(), time.process_time()
    for at in range(times):
        await thing(at)
    here, there = time.process_time() - here, servers.cpu() - there
    wal = await _wal(superuser) - wal
    lines = await superuser.fetchval(LINES) - lines
    return Cost((here + there) * 1000 / times, there * 1000 / times, wal / times, lines / times)


async def _wal(superuser: asyncpg.Connection) -> float:
    return float(await superuser.fetchval("select pg_current_wal_insert_lsn() - '0/0'"))


@asynccontextmanager
async def _app(
    servers: Servers, database: str, gebruiker: UUID
) -> AsyncIterator[tuple[Litestar, list[tuple[bytes, bytes]]]]:
    app = create_app(roomy(servers, database))
    async with running(app):
        now = datetime.now(UTC)
        token, _ = await sessies.begin(
            app.state.services.pool,
            gebruiker=gebruiker,
            now=now,
            until=now + timedelta(hours=1),
            idle=timedelta(minutes=30),
        )
        yield app, [(b"host", b"127.0.0.1"), (b"cookie", f"__Host-loket={token}".encode())]


# ── Plans of all regions ─────────────────────────────────────────────────────────────────────────


async def _plans(servers: Servers) -> list[Entry]:
    """Seconds until every region has a plan, by one worker and by two, that are there already."""
    owner = await asyncpg.connect(servers.url(SIZE.value, OWNER_ROLE))
    took, cpu = {}, {}
    for workers in (1, 2):
        took[workers], cpu[workers] = await _all_regions(servers, owner, workers)
    row = await owner.fetchrow(
        "select count(*) as plannen, avg(rekentijd::float8) as rekentijd,"
        " avg(extract(epoch from klaar_op - gestart_op)::float8) as alles from plan where status = 'klaar'"
    )
    await owner.close()
    assert row is not None
    return [
        *measured("schaal_plans_42_regions_s", took[2], "s", {"one worker": took[1]}),
        *measured("schaal_plans_42_regions_cpu_s", cpu[2], "s", {"one worker": cpu[1]}),
        *measured("schaal_plan_solving_s", row["rekentijd"], "s", {"begun to done": row["alles"]}),
    ]


def _worker(command: list[str], environ: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, cwd=ROOT, env=environ, start_new_session=True)


async def _all_regions(servers: Servers, owner: asyncpg.Connection, workers: int) -> tuple[float, float]:
    told = {name: value for name, value in os.environ.items() if not name.startswith("LOKET_")}
    told |= {
        "LOKET_DATABASE_URL": servers.url(SIZE.value, APP_ROLE),
        "LOKET_REDIS_URL": f"unix://{servers.sockets}/{valkey.SOCKET}",
    }
    command = [sys.executable, "-m", "service.cli", "worker"]
    started = [_worker(command, told) for _ in range(workers)]
    try:
        there = "select count(*) from pg_locks where locktype = 'advisory' and objid = 4201969 and granted"
        await _until(owner, f"({there}) >= {workers}")
        at = time.perf_counter()
        spent = -sum(map(_spent, started)) - servers.cpu()
        async with await open_pool(servers.url(SIZE.value, APP_ROLE), size=1) as pool:
            for regio in await owner.fetch("select code from jeugdregio order by code"):
                await _ask_plan(owner, pool, regio["code"])
        await _until(owner, "not exists (select from plan where status in ('wacht', 'bezig'))")
        took = time.perf_counter() - at
        return took, spent + sum(map(_spent, started)) + servers.cpu()
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            process.wait(20)


async def _ask_plan(owner: asyncpg.Connection, pool: Pool, regio: str) -> None:
    asks = "select id from gebruiker where regio = $1 and rol = 'schakelfunctionaris' limit 1"
    gebruiker = await owner.fetchval(asks, regio) or await make.gebruiker(owner, regio=regio)
    wie = Wie(regio, Rol.SCHAKELFUNCTIONARIS, gebruiker)
    async with transaction(pool, wie) as conn:
        await plankeuzes.start(conn, NieuwPlan(seconden=PLAN_S), wie=wie, now=datetime.now(UTC))


def _spent(process: subprocess.Popen[bytes]) -> float:
    """CPU seconds of a worker, of the processes that it had, and of that which it has."""
    one = psutil.Process(process.pid)
    times = one.cpu_times()
    spent = times.user + times.system + times.children_user + times.children_system
    for child in one.children(recursive=True):
        try:
            own = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent += own.user + own.system
    return spent


async def _until(owner: asyncpg.Connection, condition: str) -> None:
    async with asyncio.timeout(600):
        while not await owner.fetchval(f"select {condition}"):
            await owner.execute("select pg_sleep(0.05)")


# ── Bytes ────────────────────────────────────────────────────────────────────────────────────────


async def _bytes(servers: Servers) -> list[Entry]:
    """Per row of a table, with its indexes and what is stored beside it."""
    owner = await asyncpg.connect(servers.url(SIZE.value, OWNER_ROLE))
    await owner.execute("vacuum analyze")
    found = {row["naam"]: row for row in await owner.fetch(BYTES)}
    whole = await owner.fetchval("select pg_database_size(current_database())")
    await owner.close()
    entries = [Entry("schaal_country_database_mb", whole / 1e6, "MB")]
    for name in TABLES:
        row = found[name]
        if row["rijen"]:  # of an empty table there is nothing to say
            entries += [
                Entry(f"schaal_{name}_rows", float(row["rijen"]), "rows"),
                Entry(f"schaal_{name}_bytes", row["bytes"] / row["rijen"], "bytes per row"),
            ]
    return entries
