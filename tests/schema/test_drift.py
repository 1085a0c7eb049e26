"""schema.sql is the truth, and deploy/migrations leads to exactly that."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator

import asyncpg
import pytest

from service.db import OWNER_ROLE
from service.migrations import migrate
from tests.conftest import ROOT, Cluster


@pytest.fixture
async def empty(cluster: Cluster, superuser: asyncpg.Connection, template: str) -> AsyncIterator[tuple[str, str]]:
    """Two empty databases of the owner role."""
    names = ("leeg_1", "leeg_2")
    for name in names:
        await superuser.execute(f"create database {name} owner {OWNER_ROLE}")
    yield names
    for name in names:
        await superuser.execute(f"drop database {name} with (force)")


def dump(cluster: Cluster, database: str) -> str:
    """What pg_dump says of the schema; not of the bookkeeping of migrations, which schema.sql does not describe."""
    done = subprocess.run(
        [cluster.programs / "pg_dump", "-s", "-N", "loket_migraties", cluster.url(database, OWNER_ROLE)],
        capture_output=True,
        text=True,
        check=True,
    )
    # Newer versions put a random word around the text, so that a dump cannot break out of psql.
    return "\n".join(line for line in done.stdout.splitlines() if not line.startswith((r"\restrict", r"\unrestrict")))


async def test_the_migrations_lead_to_exactly_the_schema(cluster: Cluster, empty: tuple[str, str]) -> None:
    """Before the first release: cp schema.sql deploy/migrations/0001_begin.sql. After it: write a new migration."""
    migrated, direct = empty
    conn = await asyncpg.connect(cluster.url(migrated, OWNER_ROLE))
    await migrate(conn)
    await conn.close()
    conn = await asyncpg.connect(cluster.url(direct, OWNER_ROLE))
    await conn.execute((ROOT / "schema.sql").read_text(encoding="utf-8"))
    await conn.close()
    assert dump(cluster, migrated) == dump(cluster, direct)
