"""What `loket backup` writes, `loket restore` brings back: all of it or nothing, and only for who has the key."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import asyncpg
import pyrage
import pytest

from service import backup, migrations
from service.db import APP_ROLE, OWNER_ROLE, Connection, Pool, Wie, transaction
from service.errors import Kind, Refusal
from service.worker.anker import Anker
from service.worker.zegel import Zegel
from tests import make
from tests.conftest import ROOT, Cluster
from tests.service.commands.test_log import looked
from tests.service.running import loket

NOW = make.NOW


@pytest.fixture
async def old(owner: Connection, owner_url: str) -> str:
    """Address of a database as the migrations leave it, with two regions."""
    await owner.execute(migrations.BOOKKEEPING)
    for each in migrations.on_disk():
        await owner.execute(migrations.RECORD, each.number, each.name, each.checksum, each.after)
    return owner_url


@pytest.fixture
async def new(cluster: Cluster, superuser: asyncpg.Connection, template: str) -> AsyncIterator[str]:
    """Address of an empty one."""
    name = f"b_{uuid4().hex}"
    await superuser.execute(f"create database {name} owner {OWNER_ROLE}")
    yield cluster.url(name, OWNER_ROLE)
    await superuser.execute(f"drop database {name} with (force)")


@pytest.fixture
async def empty(new: str) -> AsyncIterator[Connection]:
    conn = await asyncpg.connect(new)
    yield conn
    await conn.close()


@pytest.fixture
def key() -> pyrage.x25519.Identity:
    return pyrage.x25519.Identity.generate()


async def filled(pool: Pool, wie: Wie, anker: Anker | None = None) -> None:
    """Children, a plek, somebody who lives there, and lines of the log with their seals."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        children = [(await make.aanvraag(conn)).id for _ in range(3)]
        await make.plaatsing(conn, plek_id=plek.id, aanvraag_id=children[0])
    await looked(pool, wie, *children)
    assert await Zegel(pool, anker, clock=lambda: NOW).round() == 3


async def dumped(conn: Connection, url: str, key: pyrage.x25519.Identity) -> bytes:
    out = io.BytesIO()
    await backup.write(conn, url, [key.to_public()], out, NOW)
    return out.getvalue()


async def rows(conn: Connection) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    found = {}
    for row in await conn.fetch(backup.TABLES):
        found[row["naam"]] = [each[0] for each in await conn.fetch(f"select t::text from {row['naam']} t order by 1")]
    return found


async def test_every_row_of_every_table_comes_back(
    old: str,
    new: str,
    owner: Connection,
    empty: Connection,
    pool: Pool,
    wie: Wie,
    key: pyrage.x25519.Identity,
) -> None:
    """Also what the migrations left: the next one begins where this one was. No gebeurtenis is lost."""
    await filled(pool, wie)
    data = await dumped(owner, old, key)

    held = await backup.read(empty, new, [key], io.BytesIO(data))

    before = await rows(owner)
    assert await rows(empty) == before
    assert {name: len(there) for name, there in before.items()} == held.rijen
    assert held.rijen["public.gebeurtenis"] >= 4 and held.rijen["public.logketen"] == 3
    assert [kop.volgnummer for kop in held.koppen] == [3]
    assert await migrations.migrate(empty) == []
    service = await asyncpg.connect(new.replace(OWNER_ROLE, APP_ROLE))
    assert await service.fetchval("select count(*) from aanvraag") == 0, "row-level security came back too"
    await service.close()


async def test_what_happened_on_a_server_that_counted_further_is_past_and_in_its_order(
    old: str, new: str, owner: Connection, empty: Connection, pool: Pool, wie: Wie, key: pyrage.x25519.Identity
) -> None:
    """Transactions have other numbers on the server where it is put back: nothing of before seems to go on still."""
    await filled(pool, wie)
    await owner.execute("update gebeurtenis set transactie = (1000000000000 + nummer)::text::xid8")
    data = await dumped(owner, old, key)

    await backup.read(empty, new, [key], io.BytesIO(data))

    still = "select count(*) from gebeurtenis where transactie >= pg_snapshot_xmin(pg_current_snapshot())"
    told = [row["nummer"] for row in await empty.fetch("select nummer from gebeurtenis order by transactie, nummer")]
    assert await empty.fetchval(still) == 0
    assert told == sorted(told) and len(told) >= 4


async def test_it_holds_one_moment_while_others_write(
    cluster: Cluster,
    old: str,
    new: str,
    owner: Connection,
    empty: Connection,
    pool: Pool,
    wie: Wie,
    key: pyrage.x25519.Identity,
) -> None:
    """What is counted and what is copied is the same, whatever is written between."""
    await filled(pool, wie)
    psql = cluster.programs / "psql"

    class Writes(io.BytesIO):
        """Somebody deletes what is being copied when the first bytes go out."""

        began = False

        def write(self, part: bytes) -> int:  # type: ignore[override]
            if not self.began:
                self.began = True
                subprocess.run([psql, "-q", old, "-c", "delete from gebeurtenis"], check=True)
            return super().write(part)

    out = Writes()
    held = await backup.write(owner, old, [key.to_public()], out, NOW)

    await backup.read(empty, new, [key], io.BytesIO(out.getvalue()))
    assert await owner.fetchval("select count(*) from gebeurtenis") == 0
    assert await empty.fetchval("select count(*) from gebeurtenis") == held.rijen["public.gebeurtenis"] > 0


Spoil = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :],
        lambda data: b"",
        lambda data: b"PGDMP" + data,
    ],
    ids=["cut off at the end", "half", "one bit", "nothing", "something else"],
)
async def test_a_file_that_is_not_whole_leaves_the_database_empty(
    old: str,
    new: str,
    owner: Connection,
    empty: Connection,
    key: pyrage.x25519.Identity,
    spoil: Spoil,
) -> None:
    data = await dumped(owner, old, key)

    with pytest.raises(Refusal) as refused:
        await backup.read(empty, new, [key], io.BytesIO(spoil(data)))

    assert refused.value.kind is Kind.INVALID
    assert await empty.fetchval(backup.EMPTY)


async def test_without_the_key_there_is_nothing_to_read(
    old: str, new: str, owner: Connection, empty: Connection, key: pyrage.x25519.Identity
) -> None:
    """Nor is anything of it in the file as it is."""
    data = await dumped(owner, old, key)

    other = pyrage.x25519.Identity.generate()
    with pytest.raises(Refusal, match="hoort bij een andere sleutel"):
        await backup.read(empty, new, [other], io.BytesIO(data))

    assert b"loket-backup" not in data and b"gooi" not in data and b"PGDMP" not in data


async def test_what_is_not_a_backup_is_refused_though_the_key_fits(
    old: str, new: str, empty: Connection, key: pyrage.x25519.Identity
) -> None:
    for wrong in (b"", b"loket-backup 2\n{}\n", b"loket-backup 1\n{}\n", b"loket-backup 1\n" + b"x" * 5_000_000):
        data = pyrage.encrypt(wrong, [key.to_public()])
        with pytest.raises(Refusal, match="geen backup van het loket"):
            await backup.read(empty, new, [key], io.BytesIO(data))


async def test_a_database_with_something_in_it_is_not_touched(
    old: str, new: str, owner: Connection, key: pyrage.x25519.Identity
) -> None:
    url = old
    data = await dumped(owner, url, key)

    with pytest.raises(Refusal, match="De database is niet leeg"):
        await backup.read(owner, url, [key], io.BytesIO(data))


Run = Callable[..., Awaitable["subprocess.CompletedProcess[str]"]]


def ran(settings: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOKET_")}
    return subprocess.run(
        loket(*arguments), cwd=ROOT, env=kept | settings, capture_output=True, text=True, check=False, timeout=60
    )


async def test_the_commands_make_a_key_a_backup_and_put_it_back_with_its_chain(
    old: str,
    new: str,
    redis_url: str,
    owner: Connection,
    empty: Connection,
    pool: Pool,
    wie: Wie,
    tmp_path: Path,
) -> None:
    """As an operator does it. Who was logged in must log in again, and that it was done is in the log."""
    anker = tmp_path / "anker"
    await filled(pool, wie, Anker(anker))
    here, there = (
        {
            "LOKET_DATABASE_URL": url.replace(OWNER_ROLE, APP_ROLE),
            "LOKET_DATABASE_OWNER_URL": url,
            "LOKET_REDIS_URL": redis_url,
            "LOKET_LOG_ANKER": str(anker),
        }
        for url in (old, new)
    )
    secret, file = tmp_path / "sleutel", tmp_path / "loket.age"

    public = ran(here, "backup", "--nieuwe-sleutel", str(secret)).stdout.strip()
    again = ran(here, "backup", "--nieuwe-sleutel", str(secret))
    made = ran(here, "backup", "--voor", public, "--uit", str(file))
    back = ran(there, "restore", str(file), "--sleutel", str(secret))
    twice = ran(there, "restore", str(file), "--sleutel", str(secret))

    assert public.startswith("age1") and secret.stat().st_mode & 0o777 == 0o600
    assert (again.returncode, "wordt nooit vervangen" in again.stderr) == (1, True)
    assert made.returncode == 0 and file.stat().st_mode & 0o777 == 0o600, made.stderr
    assert sorted(os.listdir(tmp_path)) == ["anker", "loket.age", "sleutel"]
    assert back.returncode == 0, back.stdout + back.stderr
    assert "gooi-en-vechtstreek: 3 regels gecontroleerd. Het log klopt." in back.stdout
    assert (twice.returncode, "niet leeg" in twice.stderr) == (1, True)
    logged = "select count(*) from logregel where handeling = $1"
    assert await empty.fetchval(logged, "loket backup") == await empty.fetchval(logged, "loket restore") == 2


async def test_a_backup_that_is_older_than_the_log_says_what_is_gone(
    old: str,
    new: str,
    redis_url: str,
    owner: Connection,
    pool: Pool,
    wie: Wie,
    tmp_path: Path,
    key: pyrage.x25519.Identity,
) -> None:
    """The file outside of the database knows more seals than came back: exit code 1."""
    await filled(pool, wie)
    data = await dumped(owner, old, key)
    await filled_later(pool, wie)
    anker, secret, file = tmp_path / "anker", tmp_path / "sleutel", tmp_path / "loket.age"
    await Zegel(pool, Anker(anker), clock=lambda: NOW).round()
    secret.write_text(str(key))
    file.write_bytes(data)

    back = ran(
        {
            "LOKET_DATABASE_URL": new.replace(OWNER_ROLE, APP_ROLE),
            "LOKET_DATABASE_OWNER_URL": new,
            "LOKET_REDIS_URL": redis_url,
            "LOKET_LOG_ANKER": str(anker),
        },
        "restore",
        str(file),
        "--sleutel",
        str(secret),
    )

    assert back.returncode == 1, back.stdout + back.stderr
    assert "Het log klopt NIET" in back.stdout


async def filled_later(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        child = (await make.aanvraag(conn)).id
    await looked(pool, wie, child)
