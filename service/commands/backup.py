"""loket backup and loket restore: all data in one encrypted file, and back, checked."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import msgspec
import typer

from service import backup as backups
from service.backup import Identity, Inhoud, Recipient
from service.commands import connect, log
from service.db import SYSTEM, Rol, Wie, transaction
from service.dutch import count
from service.errors import Kind, Refusal
from service.log import logboek
from service.log.doelen import Doel, Object, Verwerking
from service.log.logboek import Gebeurtenis, Handeling
from service.settings import Settings

BACKUP = Handeling("loket backup", Gebeurtenis.UITVOER, Object.DATABASE, Doel.INRICHTEN, Verwerking.INRICHTEN)

RESTORE = msgspec.structs.replace(BACKUP, naam="loket restore", gebeurtenis=Gebeurtenis.MAAK)


def backup(
    voor: list[str] = typer.Option(
        [], "--voor", help="Openbare sleutel (age1…) van wie de backup mag lezen. Mag vaker."
    ),
    uit: Path | None = typer.Option(None, "--uit", dir_okay=False, help="Bestand. Standaard: de standaarduitvoer."),
    nieuwe_sleutel: Path | None = typer.Option(
        None,
        "--nieuwe-sleutel",
        dir_okay=False,
        help="Maak een geheime sleutel in dit bestand, toon de openbare, en stop.",
    ),
) -> None:
    """Schrijft alle gegevens naar één bestand dat alleen met de geheime sleutel te lezen is.

    Het loket werkt intussen door. Bewaar de geheime sleutel op een andere plaats dan de backups: zonder sleutel is een
    backup niets waard, en met sleutel ziet u alles van elk kind. Dat er een backup is gemaakt, komt in het log.

    Werkt op LOKET_DATABASE_OWNER_URL. Terugzetten: loket restore.

    Voorbeelden:

      loket backup --nieuwe-sleutel loket.sleutel
      loket backup --voor age1… --uit loket.age
    """
    now = datetime.now(UTC)
    if nieuwe_sleutel is not None:
        print(backups.new_key(nieuwe_sleutel, now))
        return
    if not voor:
        raise Refusal(Kind.INVALID, "Zeg met --voor wie de backup mag lezen. Een sleutel maakt u met --nieuwe-sleutel.")
    if uit is None and sys.stdout.isatty():
        raise Refusal(Kind.INVALID, "Zeg met --uit in welk bestand, of stuur de uitvoer naar een ander programma.")
    keys = backups.public_keys(voor)
    with connect.connected("backup") as data:
        made = asyncio.run(_backup(data.settings, keys, uit, now))
    connect.say(f"Klaar: {count(sum(made.rijen.values()), 'rij', 'rijen')} uit {len(made.rijen)} tabellen.")


async def _backup(settings: Settings, keys: list[Recipient], uit: Path | None, now: datetime) -> Inhoud:
    await _log(settings, BACKUP, now)
    async with connect.owner_connection(settings) as owner:
        url = str(settings.database_owner_url)
        if uit is None:
            made = await backups.write(owner, url, keys, sys.stdout.buffer, now)
            sys.stdout.buffer.flush()
            return made
        fresh = uit.with_name(f"{uit.name}.half")
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                made = await backups.write(owner, url, keys, file, now)
                file.flush()
                os.fsync(file.fileno())
            os.rename(fresh, uit)
        finally:
            fresh.unlink(missing_ok=True)
        return made


REGIOS = "select code from jeugdregio order by code"


async def _log(settings: Settings, what: Handeling, now: datetime) -> None:
    """In the log of each region: it is all in the file."""
    async with connect.service_pool(settings) as pool:
        for row in await pool.fetch(REGIOS):
            wie = Wie(row["code"], Rol.BEHEERDER, SYSTEM)
            async with transaction(pool, wie) as conn:
                await logboek.schrijf_los(conn, wie, what, now=now, spoor=logboek.spoor())


def restore(
    bestand: Path = typer.Argument(help="De backup; - leest de standaardinvoer."),
    sleutel: Path = typer.Option(help="Bestand met de geheime sleutel.", exists=True, dir_okay=False),
) -> None:
    """Zet een backup terug in een lege database, en controleert of alles er weer is.

    Telt elke tabel na, vergelijkt het log met zijn zegels en met het ankerbestand (LOKET_LOG_ANKER), en logt iedereen
    uit. Lukt er iets niet, dan blijft de database leeg. Voer daarna loket migrate uit, en start dan pas de dienst.

    Wat na de backup is gedaan, is er niet. Verwijder opnieuw wat daarna op verzoek was verwijderd: docs/runbook.md.

    Voorbeelden:

      LOKET_DATABASE_URL=… LOKET_DATABASE_OWNER_URL=… LOKET_REDIS_URL=… loket restore loket.age --sleutel loket.sleutel
    """
    settings = Settings.from_environ(os.environ)
    if settings.embedded:
        raise Refusal(
            Kind.INVALID,
            "Terugzetten kan alleen in een eigen, lege database. Zet LOKET_DATABASE_URL, LOKET_DATABASE_OWNER_URL en"
            " LOKET_REDIS_URL.",
        )
    keys = backups.secret_keys(sleutel)
    settings = connect.with_owner(settings)
    if str(bestand) == "-":
        code = asyncio.run(_restore(settings, keys, sys.stdin.buffer))
    else:
        with bestand.open("rb") as file:
            code = asyncio.run(_restore(settings, keys, file))
    if code:
        raise typer.Exit(code)


END_SESSIONS = "delete from sessie"


async def _restore(settings: Settings, keys: list[Identity], file: BinaryIO) -> int:
    now = datetime.now(UTC)
    async with connect.owner_connection(settings) as owner:
        held = await backups.read(owner, str(settings.database_owner_url), keys, file)
        # Who logged out since then, stays out.
        await owner.execute(END_SESSIONS)
    await _log(settings, RESTORE, now)
    rows = count(sum(held.rijen.values()), "rij", "rijen")
    print(f"Teruggezet: {rows} in {len(held.rijen)} tabellen, van {held.op.astimezone(UTC):%d-%m-%Y %H:%M} UTC.")
    async with connect.service_pool(settings) as pool:
        found, notes = await log.verified(pool, settings.log_anker, now)
    log.show(found, notes, now)
    return 1 if notes or any(uitslag.bevindingen for uitslag in found) else 0
