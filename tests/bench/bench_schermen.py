"""The screens of the loket, large: 6,000 aanvragen in the list of one region, 40,000 plekken that one region may use.

Time in the server per page, beside the same page in a region of the usual size, and what a browser loads for it.
"""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from time import perf_counter, process_time
from typing import Any
from uuid import UUID

import asyncpg
from litestar import Litestar

from service import collector
from service.app import create_app
from service.days import today
from service.db import OWNER_ROLE, set_codecs
from service.demo import Size, load
from service.inloggen import sessies
from service.web.pages import assets
from tests import make
from tests.bench.bench_access import REGIO, SCHEMA, Servers, _ask, roomy, running_servers
from tests.bench.entry import Entry, measured
from tests.web.conftest import running

USUAL, LIST, COUNTRY = "usual", "list", "country"
SIZES: dict[str, dict[str, Any]] = {
    USUAL: {},
    LIST: {},
    COUNTRY: {"size": Size.COUNTRY},
}
"""Database → what `load` makes of it. The list has each open aanvraag of the region so often that they are 6,000; of
the country all regions share their places with REGIO."""

COPIED = """urgentie, urgentie_reden, leeftijd_maanden, leeftijd_peildatum, geslacht, groepssoorten, pc4, gemeente_code,
    huidig_verblijf, huidig_verblijf_tot, gewenste_start, uiterlijke_datum, verwacht_verblijf, perspectief, zorgvormen,
    zorgvorm_reden, juridisch_kader, ondersteuning, kenmerken, medisch, rolstoel, onderwijs, maximale_reistijd, status,
    regio, organisatie_id"""

MULTIPLY = f"""
insert into aanvraag ({COPIED}, aangemeld_op)
select {COPIED}, aangemeld_op - nr * interval '1 hour'
from aanvraag, generate_series(1, 1000) as nr where is_open(status) and regio = $1
limit 6000 - (select count(*) from aanvraag where is_open(status) and regio = $1)
"""

PAGES = {
    USUAL: ("worklist", "ranked", "children", "waiting"),
    LIST: ("worklist", "waiting"),
    COUNTRY: ("ranked", "children"),
}
"""`waiting` is the children for a plek where 6,000 wait."""

SHARE = """
insert into regioafspraak (aanbod_regio, vraag_regio, geldigheid)
select code, $1, daterange('2020-01-01', null) from jeugdregio where code <> $1
"""

LIMIT_MS = 100.0
LIMIT_BYTES = 150_000
REQUESTS = 60

LISTS = ("/", "/?vandaag=true&volgorde=termijn", "/?beurt=loket&volgorde=wacht&pagina=2")


def run() -> list[Entry]:
    with running_servers() as servers:
        found = {database: asyncio.run(_size(servers, database)) for database in SIZES}
    entries = []
    for name, (slow, cpu, size) in (found[LIST] | found[COUNTRY]).items():
        usual_slow, usual_cpu, _ = found[USUAL][name]
        entries += measured(f"screen_{name}_p95_ms", slow, "ms", {"limit": LIMIT_MS, "usual region": usual_slow})
        entries += measured(f"screen_{name}_cpu_ms", cpu, "ms", {"usual region": usual_cpu})
        entries += measured(f"screen_{name}_bytes", size, "bytes", {"limit": LIMIT_BYTES})
    return entries


async def _size(servers: Servers, database: str) -> dict[str, tuple[float, float, int]]:
    """Per page: 95th percentile in ms, the mean of what this process and the servers computed for it (other work on the
    computer does not count in that), and the bytes of page and assets, compressed."""
    superuser = await asyncpg.connect(servers.url("postgres", "postgres"))
    await superuser.execute(f"create database {database} owner {OWNER_ROLE}")
    await superuser.close()
    owner = await asyncpg.connect(servers.url(database, OWNER_ROLE))
    await set_codecs(owner)
    await owner.execute(SCHEMA.read_text(encoding="utf-8"))
    await load(owner, today=today(datetime.now(UTC)), **SIZES[database])
    if database == LIST:
        await owner.execute(MULTIPLY, REGIO)
    if database == COUNTRY:
        await owner.execute(SHARE, REGIO)
    gebruiker = await make.gebruiker(owner, regio=REGIO)
    await owner.execute("analyze")
    open_ = "select id from aanvraag where is_open(status) and regio = $1 order by md5(id::text) limit $2"
    ids = [row["id"] for row in await owner.fetch(open_, REGIO, REQUESTS)]
    free = (
        "select p.id from plek p join voorziening v on v.id = p.voorziening_id"
        " join zorgvorm z on z.regio = v.regio and z.code = v.zorgvorm and z.rangschikbaar"
        " where p.regio = $1 and p.beschikbaarheid = 'bemenst' order by md5(p.id::text) limit 10"
    )
    beds = [row["id"] for row in await owner.fetch(free, REGIO)]
    await owner.close()
    pages = {
        "worklist": [LISTS[at % len(LISTS)] for at in range(REQUESTS)],
        "ranked": [f"/aanvragen/{id}" for id in ids],
        "children": [f"/plekken/{id}/kinderen" for id in beds],
        "waiting": [f"/plekken/{id}/kinderen" for id in beds],
    }
    async with _app(servers, database, gebruiker) as (app, headers):
        return {name: await _measure(servers, app, headers, pages[name]) for name in PAGES[database]}


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
        cookie = f"__Host-loket={token}".encode()
        yield app, [(b"host", b"127.0.0.1"), (b"cookie", cookie), (b"accept-encoding", b"gzip")]


async def _measure(
    servers: Servers, app: Litestar, headers: list[tuple[bytes, bytes]], paths: list[str]
) -> tuple[float, float, int]:
    for path in paths[:3]:
        await _ask(app, path, headers)  # warms up
    collector.settle()  # as `loket serve` does
    times, sent = [], b""
    there, here = servers.cpu(), process_time()
    for path in paths:
        begin = perf_counter()
        answer = await _ask(app, path, headers)
        times.append((perf_counter() - begin) * 1000)
        sent = max(sent, answer, key=len)
    cpu = (process_time() - here + servers.cpu() - there) * 1000 / len(paths)
    return quantiles(times, n=20)[-1], cpu, len(sent) + _assets(gzip.decompress(sent).decode())


def _assets(html: str) -> int:
    """Bytes of what the page loads, as the server sends it."""
    names = set(re.findall(r'(?:src|href)="/static/([^"]+)"', html))
    sizes = [Path(assets.DIST) / f"{name}.gz" for name in names]
    return sum(path.stat().st_size for path in sizes)
