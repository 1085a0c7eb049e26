"""How long loading the demo takes, into PostgreSQL as `loket demo` runs it (fsync on)."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from datetime import date
from pathlib import Path
from time import perf_counter
from urllib.parse import quote

import asyncpg

from service.db import APP_ROLE, OWNER_ROLE
from service.demo import Size, load
from service.embedded import postgres
from service.embedded.binaries import installed
from service.embedded.process import account_for
from tests.bench.entry import Entry, measured

SCHEMA = Path(__file__).resolve().parents[2] / "schema.sql"

LIMIT_S = 60.0
"""What the country may take at most (issue 2)."""


def run() -> list[Entry]:
    folder = Path(tempfile.mkdtemp(prefix="loket-bench-"))
    folder.chmod(0o755)
    account = account_for(folder / "postgres")
    binaries, sockets = installed(), folder / "s"
    account.make_folder(sockets)
    postgres.create_cluster(binaries.postgres, folder / "postgres", account)
    server = postgres.start(binaries.postgres, folder / "postgres", sockets, folder / "log", account)
    try:
        region, country = (asyncio.run(_load(sockets, size)) for size in (Size.REGION, Size.COUNTRY))
    finally:
        server.stop(patience_s=5)
        shutil.rmtree(folder)
    return [
        *measured("load_region_s", region, "s", {"country": country}),
        *measured("load_country_s", country, "s", {"limit": LIMIT_S}),
    ]


async def _load(sockets: Path, size: Size) -> float:
    """Seconds to generate and load into an empty database."""

    def url(role: str, database: str) -> str:
        return f"postgresql://{role}@/{database}?host={quote(str(sockets), safe='')}"

    superuser = await asyncpg.connect(url("postgres", "postgres"))
    for role in (OWNER_ROLE, APP_ROLE):
        if not await superuser.fetchval("select exists (select from pg_roles where rolname = $1)", role):
            await superuser.execute(f"create role {role} login nosuperuser nobypassrls")
    await superuser.execute(f"create database {size.value} owner {OWNER_ROLE}")
    await superuser.close()
    owner = await asyncpg.connect(url(OWNER_ROLE, size.value))
    try:
        await owner.execute(SCHEMA.read_text(encoding="utf-8"))
        begin = perf_counter()
        await load(owner, today=date(2026, 3, 2), size=size)
        return perf_counter() - begin
    finally:
        await owner.close()
