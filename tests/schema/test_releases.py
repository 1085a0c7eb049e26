"""A version that was released goes on working while the schema goes further: expand, and contract only later."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import asyncpg
import msgspec
import pytest

from service.db import Connection, Pool
from service.migrations import on_disk
from tests.conftest import ROOT
from tests.schema.release import COLUMNS, ENUMS, Release, asked, released

FOLDER = ROOT / "deploy" / "releases"

MEND = (
    "A version that was released asks this of the database. Keep it, and take it away in a migration that begins with"
    " `-- inkrimpen na …`, after a release that does without. Was the version not released yet? Then write it down"
    " again: python -m tests.schema.release (see there)."
)

FILES = sorted(FOLDER.glob("*.json.gz"))


def read(path: Path) -> Release:
    return msgspec.json.decode(gzip.decompress(path.read_bytes()), type=Release)


@pytest.fixture(params=FILES, ids=lambda path: path.name)
def release(request: pytest.FixtureRequest) -> Release:
    return read(request.param)


def test_there_is_a_release_to_hold_to() -> None:
    assert len(FILES) >= 1
    assert [path.name for path in FILES] == [f"{read(path).version}.json.gz" for path in FILES]


async def test_every_statement_of_a_release_works_as_it_did(release: Release, pool: Pool) -> None:
    """It prepares as the app role, takes the same types and gives the same columns of the same types."""
    wrong = []
    async with pool.acquire() as app:
        for statement in release.statements:
            try:
                parameters, columns = await asked(app, statement.sql)
            except asyncpg.PostgresError as error:
                wrong.append(f"{statement.where}: {error}")
                continue
            if parameters != statement.parameters:
                wrong.append(f"{statement.where}: takes {parameters}, took {statement.parameters}")
            if statement.columns.items() - columns.items():
                wrong.append(f"{statement.where}: gives {columns}, gave {statement.columns}")
    assert len(release.statements) > 300
    assert wrong == [], MEND


async def test_what_a_release_writes_can_still_be_written(release: Release, owner: Connection) -> None:
    """A column that it does not know needs no value from it, and no value that it knows is gone."""
    needed = {
        (row["tabel"], row["kolom"])
        for row in await owner.fetch(NEEDED)
        if row["tabel"] in release.columns and row["kolom"] not in release.columns[row["tabel"]]
    }
    assert needed == set(), MEND
    now = {row["soort"]: set(row["waarden"]) for row in await owner.fetch(ENUMS)}
    gone = {name: set(values) - now.get(name, set()) for name, values in release.enums.items()}
    assert {name: values for name, values in gone.items() if values} == {}, MEND


NEEDED = """
select c.relname as tabel, a.attname as kolom
from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
  and a.attnotnull and not a.atthasdef and a.attidentity = ''
"""

TAKES_AWAY = re.compile(
    r"\bdrop\s+(table|column|view|type|function|default)\b|\brename\b|\bset\s+not\s+null\b"
    r"|\balter\s+column\s+\w+\s+(set\s+data\s+)?type\b",
    re.IGNORECASE,
)


def taking_away_unsaid(stand: int) -> list[str]:
    """Names of migrations after a release that take something away and do not say after which."""
    return [
        one.name
        for one in on_disk()
        if one.number > stand and not one.after and TAKES_AWAY.search(re.sub(r"--[^\n]*", "", one.sql))
    ]


def test_a_migration_after_the_last_release_that_takes_away_says_so() -> None:
    """Then the runner can refuse it while older programs are there. squawk looks at what locks."""
    last = max(read(path).stand for path in FILES)
    assert taking_away_unsaid(last) == [], "begin the file with: -- inkrimpen na NNNN"


async def test_a_schema_that_breaks_a_release_is_found(owner: Connection, pool: Pool) -> None:
    """Each thing that a careless migration does, one after the other, on the release as it is now."""
    async with pool.acquire() as app:
        now = await released("nu", owner, app)
    for name, careless in (
        ("plek", "alter table plek rename column naam to titel"),
        ("haak", "alter table haak alter column url type varchar(2000)"),
        ("neem_taak", "drop function neem_taak(taak_soort[], interval) cascade"),
    ):
        transaction = owner.transaction()
        await transaction.start()
        try:
            await owner.execute(careless)
            broken = 0
            for statement in (one for one in now.statements if name in one.sql):
                savepoint = owner.transaction()
                await savepoint.start()
                try:
                    broken += await asked(owner, statement.sql) != (statement.parameters, statement.columns)
                except asyncpg.PostgresError:
                    broken += 1
                await savepoint.rollback()
            assert broken > 0, careless
        finally:
            await transaction.rollback()
    assert TAKES_AWAY.search("ALTER TABLE plek DROP COLUMN naam") and not TAKES_AWAY.search(
        "alter table plek add naam text"
    )
    assert {row["tabel"] for row in await owner.fetch(COLUMNS)} == now.columns.keys()
