"""`loket privacy`: what is held about a child, a page of it, and its removal on request."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from service.aanbod import bezetting
from service.commands import privacy
from service.db import SYSTEM, Connection, Pool, Rol, Wie, transaction
from service.errors import Refusal
from service.privacy import dossiers
from tests import make, search
from tests.conftest import OTHER_REGIO, REGIO, ROOT
from tests.service import canary
from tests.service.running import loket

DIENST = Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, SYSTEM)

Run = Callable[..., Awaitable["subprocess.CompletedProcess[str]"]]


@pytest.fixture
def run(database_url: str, redis_url: str) -> Run:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOKET_")}
    urls = {"LOKET_DATABASE_URL": database_url, "LOKET_REDIS_URL": redis_url}

    async def start(*arguments: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(
            lambda: subprocess.run(
                loket(*arguments), cwd=ROOT, env=kept | urls, capture_output=True, text=True, check=False, timeout=60
            )
        )

    return start


@pytest.fixture
async def kanarie(pool: Pool, owner: Connection) -> UUID:
    """A child with everything around it, that lives somewhere since yesterday; with a brother in the plan."""
    await canary.codes(owner)
    async with transaction(pool, DIENST) as conn:
        id = await canary.child(conn)
        brother = (await make.aanvraag(conn, kenmerk="BROER", praktisch="van de broer")).id
        await canary.name(conn, id, brother)
        await bezetting.houd(
            conn,
            (await make.plek(conn)).id,
            id,
            make.day(100),
            make.day(160),
            vervalt_op=make.NOW + timedelta(hours=1),
            now=make.NOW,
        )
        await canary.surround(conn, id)
    return id


async def last_line(owner: Connection) -> tuple[str, str]:
    row = await owner.fetchrow(
        "select handeling, gebeurtenis from logregel where betrokkene is not null order by id desc"
    )
    assert row is not None
    return row["handeling"], row["gebeurtenis"]


async def test_the_dossier_has_everything_that_is_held(run: Run, owner: Connection, kanarie: UUID) -> None:
    """Each token, but for an answer kept for a repeat, which may be about others too: that it is there, is told."""
    done = await run("privacy", "dossier", str(kanarie))

    assert done.returncode == 0, done.stderr
    held = msgspec.json.decode(done.stdout, type=dossiers.Dossier)
    shown = {token for token in canary.TOKENS if search.stands(token, done.stdout)}
    assert shown == set(canary.TOKENS) - {"kanarie_antwoord"}
    by_name = {tabel.naam: tabel for tabel in held.tabellen}
    assert by_name.keys() >= {table for table, _ in await canary.found(owner)}
    assert all(tabel.waarvoor and tabel.rijen for tabel in held.tabellen)
    assert await last_line(owner) == ("loket privacy dossier", "uitvoer")


async def test_the_dossier_tells_of_kept_answers_of_another_region(
    pool: Pool, owner: Connection, kanarie: UUID
) -> None:
    """A provider there may have been answered about this child; what it was, stays with who asked."""
    await owner.execute(
        "insert into herhaling (regio, gebruiker_id, sleutel, verzoek_hash, status, koppen, antwoord, betrokkenen)"
        " values ($1, $2, 'twee', '\\x00', 200, '{}', 'kanarie_elders', array[$3::uuid])", OTHER_REGIO, SYSTEM, kanarie
    )  # fmt: skip

    async with transaction(pool, Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, SYSTEM)) as conn:
        held = await dossiers.gather(conn, kanarie, make.NOW)

    [kept] = [tabel for tabel in held.tabellen if tabel.naam == "herhaling"]
    assert {row["regio"] for row in kept.rijen} == {REGIO, OTHER_REGIO}
    assert "kanarie_elders" not in str(held)


async def test_the_dossier_has_nothing_of_another_child(run: Run, owner: Connection, kanarie: UUID) -> None:
    """Not in the plans in which both stand, nor the name of a person who looked."""
    brother = await owner.fetchval("select aanvraag_id from aanvraag_kenmerk where kenmerk = 'BROER'")
    out = (await run("privacy", "dossier", str(kanarie))).stdout
    assert str(brother) not in out and "van de broer" not in out and "BROER" not in out
    first, second = [(await run("privacy", "dossier", str(kanarie))).stdout for _ in range(2)]
    assert len(msgspec.json.decode(second)["inzagen"]) == len(msgspec.json.decode(first)["inzagen"]) + 1


async def test_every_table_about_a_child_says_what_it_is_for(owner: Connection) -> None:
    """A new one with an aanvraag_id is named in dossiers.WAARVOOR, or the dossier of its first child fails."""
    rows = await owner.fetch(
        "select c.relname::text as tabel from pg_class c join pg_attribute a on a.attrelid = c.oid"
        " where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attname = 'aanvraag_id'"
    )
    assert {row["tabel"] for row in rows} <= dossiers.WAARVOOR.keys()
    assert len(rows) > 9


@pytest.mark.parametrize("rol", list(Rol))
async def test_nobody_but_the_service_itself_gathers_a_dossier(pool: Pool, kanarie: UUID, rol: Rol) -> None:
    """It passes the policies by; a person has the screens."""
    with pytest.raises(Exception, match="only the service itself"):
        async with transaction(pool, Wie(REGIO, rol, UUID(int=3))) as conn:
            await dossiers.gather(conn, kanarie, make.NOW)
    with pytest.raises(Refusal, match="bestaat niet"):
        async with transaction(pool, Wie("flevoland", Rol.SCHAKELFUNCTIONARIS, SYSTEM)) as conn:
            await dossiers.gather(conn, kanarie, make.NOW)


async def test_the_uittreksel_is_one_page_without_what_leads_to_a_place(
    run: Run, owner: Connection, kanarie: UUID, tmp_path: Path
) -> None:
    """In words and not in codes; no postcode, no name of a house, nothing that a browser fetches or runs."""
    await owner.execute("update aanvraag set praktisch = '<script>alert(1)</script>' where id = $1", kanarie)
    html, text = tmp_path / "u.html", tmp_path / "u.txt"
    for path in (html, text):
        done = await run("privacy", "dossier", str(kanarie), "--uittreksel", str(path))
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert await last_line(owner) == ("loket privacy dossier", "uitvoer")

    page, plain = html.read_text(encoding="utf-8"), text.read_text(encoding="utf-8")
    house = await owner.fetchval("select string_agg(naam, '|') from voorziening")
    assert "<script" not in page and "http" not in page and "&lt;script&gt;" in page
    assert len(plain.splitlines()) < 60
    for told in (
        "Uittreksel van aanvraag",
        "Gezinshuis bij Aanbieder",
        "kanarie_mening",
        "bepaling van de GI",
        "Spoed",
    ):
        assert told in page and told in plain
    for kept in ("9991", "9992", "9993", "9994", "KANARIE-KENMERK", *house.split("|")):
        assert kept not in page and kept not in plain


async def test_a_child_is_removed_on_request_with_a_record(run: Run, pool: Pool, owner: Connection) -> None:
    """An open aanvraag only when one says so; afterwards it is not there any more."""
    await canary.codes(owner)
    async with transaction(pool, DIENST) as conn:
        id = await canary.child(conn)
    why = ("--wis", "--reden", "Op verzoek van de jeugdige")

    refused = await run("privacy", "dossier", str(id), *why)
    assert refused.returncode == 1 and "nog open" in refused.stderr and "--sluit" in refused.stderr
    done = await run("privacy", "dossier", str(id), *why, "--sluit")

    assert done.returncode == 0, done.stderr
    assert await canary.found(owner) == set()
    assert await owner.fetchval("select reden from wissing") == why[2]
    assert await last_line(owner) == ("loket privacy wis", "verwijder")
    again = await run("privacy", "dossier", str(id), *why)
    assert again.returncode == 1 and "al anoniem" in again.stderr


@pytest.mark.parametrize(
    ("uittreksel", "wis", "reden", "sluit", "says"),
    [
        (None, True, None, False, "--reden"),
        (None, True, " ", False, "--reden"),
        (None, True, "Bel 06-12345678", False, "telefoonnummer"),
        (None, True, "x" * 301, False, "300 tekens"),
        (None, False, "waarom", False, "hoort bij --wis"),
        (None, False, None, True, "hoort bij --wis"),
        (Path("u.pdf"), False, None, False, ".html of .txt"),
        (Path("u.txt"), True, "waarom", False, "eerst het uittreksel"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_done(
    uittreksel: Path | None, wis: bool, reden: str | None, sluit: bool, says: str
) -> None:
    with pytest.raises(Refusal) as refused:
        privacy.check(uittreksel, wis, reden, sluit)
    assert says in str([(field.pointer, field.detail) for field in refused.value.fields])


async def test_the_terms_are_shown_with_their_source(run: Run) -> None:
    done = await run("privacy", "termijnen")
    assert done.returncode == 0, done.stderr
    flat = " ".join(done.stdout.split())
    assert "NEN" in flat and "machtig" in flat and "1827" in flat


async def test_a_page_that_cannot_be_written_is_told_in_a_sentence(run: Run, kanarie: UUID, tmp_path: Path) -> None:
    """With where else."""
    done = await run("privacy", "dossier", str(kanarie), "--uittreksel", str(tmp_path / "nergens" / "u.txt"))

    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert "is niet te schrijven: die map of dat bestand is er niet. Kies een andere plaats." in done.stderr
