"""The chain of the log: every way to change it that somebody with all rights on the database has, is named."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from service.commands.log import verified
from service.db import SYSTEM, Connection, Pool, Rol, Wie, transaction
from service.log import logboek, logketen
from service.log.logboek import Gebeurtenis, Handeling
from service.worker.anker import Anker
from service.worker.zegel import Zegel
from tests import make
from tests.conftest import OTHER_REGIO, REGIO, Cluster

LEES = Handeling("haalAanvraag", Gebeurtenis.LEES, "aanvraag", "plek_zoeken", "bemiddelen")

Log = Callable[..., Awaitable[None]]


class Clock:
    """One second further each time, as the rounds of a worker."""

    def __init__(self) -> None:
        self.now = make.NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "anker"


@pytest.fixture
def zegel(pool: Pool, path: Path, clock: Clock) -> Zegel:
    return Zegel(pool, Anker(path), clock=clock)


@pytest.fixture
def log(pool: Pool, wie: Wie, clock: Clock) -> Log:
    """`await log(3)`: three lines, in a transaction each."""

    async def write(
        count: int = 1, *, wie: Wie = wie, now: datetime | None = None, object_id: UUID | None = None
    ) -> None:
        for _ in range(count):
            async with transaction(pool, wie) as conn:
                await logboek.schrijf_los(
                    conn, wie, LEES, now=now or clock.now, spoor=logboek.spoor(), object_id=object_id
                )

    return write


@pytest.fixture
async def superuser_here(cluster: Cluster, database: str) -> AsyncIterator[Connection]:
    """Whom no right and no trigger stops."""
    conn = await asyncpg.connect(cluster.url(database, "postgres"))
    yield conn
    await conn.close()


async def findings(pool: Pool, path: Path | None) -> list[str]:
    """What `loket log verify` would name."""
    found, notes = await verified(pool, path, make.NOW)
    return [zin for uitslag in found for zin in uitslag.bevindingen] + notes


def remove(path: Path) -> None:
    path.unlink()


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def empty(path: Path) -> None:
    path.write_text("")


def lines_of(path: Path) -> list[list[str]]:
    """The heads, without the first line, that says what the file is."""
    return [line.split() for line in path.read_text().splitlines() if not line.startswith("#")]


async def ids(owner: Connection) -> list[int]:
    return [row["regel_id"] for row in await owner.fetch("select regel_id from logketen order by volgnummer")]


async def sealed(zegel: Zegel, log: Log) -> None:
    """Three rounds of three lines, of which the last is about somebody."""
    for _ in range(3):
        await log(2)
        await log(1, object_id=UUID(int=1))
        await zegel.round()


# ── The bytes ────────────────────────────────────────────────────────────────────────────────────


def test_the_bytes_of_a_line_are_those_of_the_document() -> None:
    """Worked out by hand, as docs/toegang.md says it: an auditor needs no program of ours."""
    moment = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)
    who = UUID("00000000-0000-4000-8000-00000000000A")

    found = logketen.canonical(b"logregel 1", (7, "flevoland", moment, None, who, "é"))

    assert found == (
        b"logregel 1"
        b"\x00\x00\x00\x017"
        b"\x00\x00\x00\x09flevoland"
        b"\x00\x00\x00\x101772442000123456"
        b"\xff\xff\xff\xff"
        b"\x00\x00\x00\x2400000000-0000-4000-8000-00000000000a"
        b"\x00\x00\x00\x02\xc3\xa9"
    )
    assert logketen.hash_of_line((7, None, None)) == sha256(b"logregel 1\x00\x00\x00\x017\xff\xff\xff\xff").digest()
    assert (
        logketen.hash_of_line((7, None, "a"))
        == sha256(b"logregel 2\x00\x00\x00\x017\xff\xff\xff\xff\x00\x00\x00\x01a").digest()
    )
    assert (
        logketen.hash_of_seal(bytes(32), "x", 1, moment, bytes(32))
        == sha256(b"logketen 1\x00\x00\x00\x01x\x00\x00\x00\x011\x00\x00\x00\x101772442000123456" + bytes(64)).digest()
    )


def test_no_two_lines_have_the_same_bytes() -> None:
    """Lengths go first: what moves from one field to the next shows."""
    assert logketen.canonical(b"x", ("ab", "c")) != logketen.canonical(b"x", ("a", "bc"))
    assert logketen.canonical(b"x", (None,)) != logketen.canonical(b"x", ("",))


async def test_the_seal_is_the_same_whatever_the_database_is_set_to(
    pool: Pool, owner: Connection, zegel: Zegel, log: Log, path: Path
) -> None:
    """Another time zone or date style changes how PostgreSQL writes a moment, not the moment."""
    await log(1, now=make.NOW + timedelta(microseconds=1))
    await zegel.round()

    name = await owner.fetchval("select current_database()")
    await owner.execute(
        f"alter database {name} set datestyle = 'SQL, DMY'; alter database {name} set timezone = 'Asia/Tokyo'"
    )
    await pool.expire_connections()

    assert await findings(pool, path) == []


# ── Sealing ──────────────────────────────────────────────────────────────────────────────────────


async def test_every_committed_line_is_sealed_once_per_region(
    pool: Pool, owner: Connection, zegel: Zegel, log: Log, wie_als: Callable[..., Wie], path: Path
) -> None:
    """Numbered from one, in each region by itself."""
    await log(2)
    await log(1, wie=wie_als("schakelfunctionaris", regio=OTHER_REGIO))

    assert [await zegel.round(), await zegel.round()] == [3, 0]

    rows = await owner.fetch("select regio, volgnummer from logketen order by regio, volgnummer")
    assert [tuple(row) for row in rows] == [(OTHER_REGIO, 1), (REGIO, 1), (REGIO, 2)]
    assert [line[:2] for line in lines_of(path)] == [[OTHER_REGIO, "1"], [REGIO, "2"]]
    assert await findings(pool, path) == []


async def test_a_line_that_is_committed_after_younger_ones_is_sealed_too(
    pool: Pool, wie: Wie, owner: Connection, zegel: Zegel, log: Log, path: Path
) -> None:
    """A long transaction has a low number and comes late; another that never commits holds nobody up."""
    async with pool.acquire() as open_, transaction(pool, wie) as slow:
        await open_.execute("begin; select pg_current_xact_id()")
        await logboek.schrijf_los(slow, wie, LEES, now=make.NOW, spoor=logboek.spoor())
        await log(2)
        assert [await zegel.round(), await zegel.round()] == [2, 0]
    await log(1)

    assert await zegel.round() == 2
    assert await ids(owner) == [2, 3, 1, 4]
    assert await findings(pool, path) == []


async def test_any_number_of_workers_make_one_chain(
    pool: Pool, owner: Connection, log: Log, path: Path, clock: Clock
) -> None:
    """One region is sealed by one at a time; they share the file."""
    workers = [Zegel(pool, Anker(path), clock=clock) for _ in range(4)]
    for _ in range(5):
        await asyncio.gather(log(5), *(worker.round() for worker in workers))
    await workers[0].round()

    assert await owner.fetchval("select count(*) from logketen") == 25
    assert await findings(pool, path) == []
    numbers = [int(line[1]) for line in lines_of(path)]
    assert numbers == sorted(set(numbers)) and numbers[-1] == 25


async def test_more_lines_than_one_transaction_takes_are_all_sealed(
    pool: Pool, zegel: Zegel, log: Log, path: Path, monkeypatch: pytest.MonkeyPatch, owner: Connection
) -> None:
    """In parts."""
    monkeypatch.setattr(logketen, "BATCH", 2)
    await log(5)

    assert await zegel.round() == 5
    assert await findings(pool, path) == []


async def test_when_a_worker_dies_before_it_wrote_the_head_the_next_one_does(
    pool: Pool, log: Log, path: Path, clock: Clock
) -> None:
    """What is sealed and in no file yet, is looked for each round."""
    await log(2)
    dies = Zegel(pool, None, clock=clock)
    await dies.round()

    await Zegel(pool, Anker(path), clock=clock).round()

    assert [line[:2] for line in lines_of(path)] == [[REGIO, "2"]]


async def test_a_worker_that_dies_after_its_very_first_seal_leaves_no_alarm(
    pool: Pool, log: Log, path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """The file begins, on disk, before the first chain does: without a head it is not a file that was emptied."""
    await Zegel(pool, Anker(path), clock=clock).round()
    await log(2)
    dies = Zegel(pool, None, clock=clock)
    await dies.round()

    await Zegel(pool, Anker(path), clock=clock).round()

    assert [record.message for record in caplog.records if "alarm" in record.message] == []
    assert [line[:2] for line in lines_of(path)] == [[REGIO, "2"]]
    assert await findings(pool, path) == []


async def test_a_file_that_was_emptied_while_nobody_looked_is_an_alarm(
    pool: Pool, log: Log, path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Also with its first line gone, which every file of ours has."""
    await log()
    await Zegel(pool, Anker(path), clock=clock).round()
    caplog.clear()
    empty(path)

    await Zegel(pool, Anker(path), clock=clock).round()

    assert [f"{path} is empty" in record.message for record in caplog.records] == [True]


async def test_a_file_that_is_gone_or_cannot_be_written_is_an_alarm_and_stops_nothing(
    pool: Pool, owner: Connection, log: Log, path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Sealing goes on; the head is written as soon as it can be."""
    zegel = Zegel(pool, Anker(path / "nergens" / "anker"), clock=clock)
    await log()
    await zegel.round()
    assert await owner.fetchval("select count(*) from logketen") == 1
    assert ["alarm" in record.message for record in caplog.records] == [True]

    caplog.clear()
    zegel = Zegel(pool, Anker(path), clock=clock)
    await zegel.round()
    remove(path)
    await log()
    await zegel.round()
    assert any("gone" in record.message for record in caplog.records)
    assert [line[1] for line in lines_of(path)] == ["2"]


async def test_half_a_line_of_a_computer_that_went_down_is_passed_by(
    pool: Pool, log: Log, path: Path, clock: Clock
) -> None:
    """It stays where it is, and is told."""
    await log()
    await Zegel(pool, Anker(path), clock=clock).round()
    append(path, f"{REGIO} 2 ab")
    await log()

    await Zegel(pool, Anker(path), clock=clock).round()

    assert [line[1] for line in lines_of(path)] == ["1", "2", "2"]
    assert await findings(pool, path) == [f"Regel 3 van {path} is niet te lezen."]


# ── Verify ───────────────────────────────────────────────────────────────────────────────────────


async def test_what_waits_for_a_seal_is_told_and_is_no_fault(pool: Pool, zegel: Zegel, log: Log, path: Path) -> None:
    """How many, and since when."""
    await log(2)
    await zegel.round()
    await log(3)

    (uitslag,), notes = await verified(pool, path, make.NOW)

    assert (uitslag.regels, uitslag.wachtend, uitslag.oudste) == (2, 3, make.NOW + timedelta(seconds=3))
    assert (uitslag.bevindingen, notes) == ([], [])


CHANGES = {
    "a line that was changed": (
        "update logregel set doel = 'anders' where id = 5",
        ["Regel 5 (zegel 5) is veranderd nadat hij is verzegeld."],
    ),
    "an object that was put in": (
        f"update logregel set object_id = '{UUID(int=2)}' where id = 5",
        ["Regel 5 (zegel 5) is veranderd nadat hij is verzegeld."],
    ),
    "an object that was taken away": (
        "update logregel set object_id = null where id = 6",
        ["Regel 6 (zegel 6) is veranderd nadat hij is verzegeld."],
    ),
    "another object": (
        f"update logregel set object_id = '{UUID(int=2)}' where id = 6",
        ["Regel 6 (zegel 6) is veranderd nadat hij is verzegeld."],
    ),
    "a moment that was moved by a microsecond": (
        "update logregel set moment = moment + interval '1 microsecond' where id = 5",
        ["Regel 5 (zegel 5) is veranderd nadat hij is verzegeld."],
    ),
    "a line that is gone": ("delete from logregel where id = 5", ["Regel 5 (zegel 5) is weg."]),
    "a line that is gone with its seal": (
        "delete from logregel where id = 5; delete from logketen where regel_id = 5",
        ["Zegel 5 van de keten ontbreekt: er is iets weggehaald."],
    ),
    "seals that are gone": (
        "delete from logketen where volgnummer in (4, 5, 6)",
        [
            "Zegels 4 tot en met 6 van de keten ontbreken: er is iets weggehaald.",
            "Zegel 6 staat in regel 3 van het ankerbestand, maar niet meer in de keten.",
        ],
    ),
    "two lines that changed places": (
        "update logketen set regel_id = 100 - regel_id where regel_id in (4, 5);"
        "update logketen set regel_id = case regel_id when 96 then 5 else 4 end where regel_id > 90",
        [
            "Regel 5 (zegel 4) is veranderd nadat hij is verzegeld.",
            "Regel 4 (zegel 5) is veranderd nadat hij is verzegeld.",
        ],
    ),
    "two seals that changed places": (
        "update logketen set volgnummer = 100 - volgnummer where volgnummer in (4, 5);"
        "update logketen set volgnummer = case volgnummer when 96 then 5 else 4 end where volgnummer > 90",
        [
            f"Zegel {number} (regel {line}) sluit niet aan op het zegel ervoor: hier is een zegel veranderd,"
            " ingevoegd of verplaatst."
            for number, line in ((4, 5), (5, 4), (6, 6))
        ],
    ),
    "a line that was put in with a seal": (
        "update logketen set volgnummer = volgnummer + 100 where volgnummer > 4;"
        "update logketen set volgnummer = volgnummer - 99 where volgnummer > 100;"
        "insert into logregel"
        " (regio, moment, gebeurtenis, resultaat, object, handeling, doel, verwerking, trace_id, span_id)"
        " select regio, moment, gebeurtenis, resultaat, object, handeling, doel, verwerking, trace_id, span_id"
        " from logregel where id = 4;"
        "insert into logketen select regio, 5, 10, regel_hash, hash, verzegeld_op from logketen where volgnummer = 4",
        None,
    ),
    "a seal of another moment": (
        "update logketen set verzegeld_op = verzegeld_op + interval '1 second' where volgnummer = 9",
        ["Zegel 9 (regel 9) sluit niet aan op het zegel ervoor: hier is een zegel veranderd, ingevoegd of verplaatst."],
    ),
    "a tail that was cut off": (
        "delete from logregel where id > 6; delete from logketen where regel_id > 6",
        ["De keten stopt bij zegel 6, maar regel 4 van het ankerbestand kent zegel 9: de staart is afgekapt."],
    ),
    "a removal that is only said": (
        "insert into logwissing (regio, op, tot_volgnummer, termijn_dagen)"
        " values ('gooi-en-vechtstreek', '2026-03-02 10:00Z', 3, 365); delete from logregel where id <= 3",
        ["Regels tot en met zegel 3 zijn verwijderd voordat hun termijn voorbij was."],
    ),
    "a removal of more than there is": (
        "insert into logwissing (regio, op, tot_volgnummer, termijn_dagen)"
        " values ('gooi-en-vechtstreek', '2036-03-02 10:00Z', 99, 365)",
        ["Er staat dat regels tot en met zegel 99 zijn verwijderd, maar de keten stopt bij 9."],
    ),
}


@pytest.mark.parametrize("change", list(CHANGES))
async def test_whoever_may_do_everything_with_the_database_is_found_out(
    change: str, pool: Pool, zegel: Zegel, log: Log, path: Path, superuser_here: Connection
) -> None:
    """The line or the seal is named."""
    await sealed(zegel, log)
    assert await findings(pool, path) == []
    statement, told = CHANGES[change]

    await superuser_here.execute(statement)

    found = await findings(pool, path)
    if told is None:
        assert any("Regel 10 (zegel 5) is veranderd" in zin for zin in found)
        assert any(zin.startswith("Zegel 5 (regel 10) sluit niet aan") for zin in found)
    else:
        assert found == told


async def test_a_chain_that_was_made_again_contradicts_the_file(
    pool: Pool, zegel: Zegel, log: Log, path: Path, superuser_here: Connection, clock: Clock
) -> None:
    """All hashes are right, and only the file outside knows better. Without it nothing shows."""
    await sealed(zegel, log)
    await superuser_here.execute("update logregel set doel = 'anders' where id = 5; delete from logketen")

    await Zegel(pool, None, clock=clock).round()

    assert await findings(pool, None) == []
    found = await findings(pool, path)
    assert len(found) == 3
    assert all("de keten is opnieuw gemaakt" in zin for zin in found)


async def test_a_line_that_is_put_in_later_with_an_old_moment_is_named(
    pool: Pool, zegel: Zegel, log: Log, path: Path
) -> None:
    """Also when a worker has sealed it since: by then all of that time was sealed already."""
    await log(2)
    await zegel.round()
    early = make.NOW - timedelta(days=3)
    await log(1, now=early)

    before = await findings(pool, path)
    await zegel.round()

    assert [zin.startswith("1 regels zonder zegel, de eerste is regel 3") for zin in before] == [True]
    assert [
        zin.startswith("Regel 3 (zegel 3) zegt van 2026-02-27 09:00 te zijn") for zin in await findings(pool, path)
    ] == [True]


async def test_lines_that_were_removed_after_their_term_are_no_fault(
    pool: Pool, zegel: Zegel, log: Log, path: Path, clock: Clock
) -> None:
    """Only sealed ones, from the start; their seals stay, and the rest still holds."""
    await log(3)
    await zegel.round()
    clock.now += timedelta(days=400)
    await log(2)
    await zegel.round()

    async with transaction(pool, Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, SYSTEM)) as conn:
        tot = clock.now - timedelta(days=365)
        assert await conn.fetchval("select wis_logregels($1, 365, $2)", tot, clock.now) == 3

    (uitslag,), notes = await verified(pool, path, clock.now)
    assert (uitslag.regels, uitslag.verwijderd, uitslag.wachtend) == (2, 3, 0)
    assert (uitslag.bevindingen, notes) == ([], [])


async def test_a_file_that_is_not_there_is_told(pool: Pool, zegel: Zegel, log: Log, path: Path) -> None:
    """Without it nobody can see that a tail was cut off."""
    await log()
    await zegel.round()

    assert await findings(pool, path.with_name("weg")) == [
        f"Het ankerbestand {path.with_name('weg')} is er niet. Of er een staart is afgekapt, is niet te zien."
    ]


async def test_looking_into_the_log_is_logged(
    pool: Pool, owner: Connection, zegel: Zegel, log: Log, path: Path
) -> None:
    """Also to verify it."""
    await log()
    await findings(pool, path)

    assert await owner.fetchval("select handeling from logregel order by id desc limit 1") == "loket log verify"
