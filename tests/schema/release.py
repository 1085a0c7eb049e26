"""Writes down what a version of the program asks of the database, on the day that it is released:

    python -m tests.schema.release 0.1.0

test_releases.py then holds every later schema to it, for as long as that version may be beside a newer one. When it may
not any more, the file goes.
"""

from __future__ import annotations

import asyncio
import gzip
import sys
import tempfile
from pathlib import Path

import asyncpg
import msgspec
from msgspec import Struct

from service.commands import connect
from service.db import APP_ROLE, Connection
from service.migrations import on_disk
from service.settings import Settings
from tests.conftest import ROOT
from tests.schema.sql_in_code import queries

AS_OWNER = ("service.migrations", "service.demo", "service.backup", "service.commands", "service.geo")
"""What runs as the owner is done by one version at a time, and not beside another."""

OWN_ACCOUNTS = "loket_migraties"


class Statement(Struct, frozen=True):
    where: str
    sql: str
    parameters: list[str]
    """Types, in order."""
    columns: dict[str, str]
    """Of its answer: name and type."""


class Release(Struct, frozen=True):
    version: str
    stand: int
    """The last migration that it knows."""
    columns: dict[str, list[str]]
    """Per table, those that it may write."""
    enums: dict[str, list[str]]
    statements: list[Statement]


COLUMNS = """
select c.relname as tabel, array_agg(a.attname::text order by a.attnum) as kolommen
from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
group by c.relname order by c.relname
"""

ENUMS = """
select t.typname as soort, array_agg(e.enumlabel::text order by e.enumsortorder) as waarden
from pg_type t join pg_enum e on e.enumtypid = t.oid where t.typnamespace = 'public'::regnamespace
group by t.typname order by t.typname
"""


async def asked(conn: Connection, sql: str) -> tuple[list[str], dict[str, str]]:
    """Types of the parameters and columns of a statement."""
    prepared = await conn.prepare(sql)
    return (
        [each.name for each in prepared.get_parameters()],
        {each.name: each.type.name for each in prepared.get_attributes()},
    )


async def released(version: str, owner: Connection, app: Connection) -> Release:
    statements = []
    for query in queries():
        if query.module.startswith(AS_OWNER) or OWN_ACCOUNTS in query.sql:
            continue
        try:
            parameters, columns = await asked(app, query.sql)
        except asyncpg.PostgresSyntaxError:
            continue  # only a part of a statement; test_sql.py looks at that
        statements.append(Statement(query.where, query.sql, parameters, columns))
    return Release(
        version=version,
        stand=on_disk()[-1].number,
        columns={row["tabel"]: row["kolommen"] for row in await owner.fetch(COLUMNS)},
        enums={row["soort"]: row["waarden"] for row in await owner.fetch(ENUMS)},
        statements=statements,
    )


def main(version: str) -> None:
    with tempfile.TemporaryDirectory(prefix="loket-release-") as folder:
        Path(folder).chmod(0o755)
        with connect.connected("release", Settings(data=Path(folder) / "data")) as data:

            async def work() -> Release:
                owner = await asyncpg.connect(data.settings.database_owner_url)
                app = await asyncpg.connect(data.settings.database_url, server_settings={"role": APP_ROLE})
                try:
                    return await released(version, owner, app)
                finally:
                    await owner.close()
                    await app.close()

            made = asyncio.run(work())
    path = ROOT / "deploy" / "releases" / f"{version}.json.gz"
    path.write_bytes(gzip.compress(msgspec.json.encode(made), 9, mtime=0))
    print(
        f"{path.relative_to(ROOT)}: {len(made.statements)} statements, {len(made.columns)} tables, stand {made.stand}"
    )


if __name__ == "__main__":
    main(sys.argv[1])
