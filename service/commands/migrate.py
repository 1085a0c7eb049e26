"""loket migrate: bring the schema of the database up to date."""

from __future__ import annotations

import asyncio
import sys

import msgspec
import typer

from service import migrations
from service.commands import connect
from service.geo.postcodes import load_postcodes


def migrate(
    controleer: bool = typer.Option(False, "--controleer", help="Wijzig niets. Afsluitcode 1 als er iets te doen is."),
    json: bool = typer.Option(False, "--json", help="Antwoord als JSON."),
) -> None:
    """Breng het schema van de database op de stand van dit programma.

    Vult ook de postcodes aan die ontbreken: zonder postcodes is er geen reistijd.

    Werkt op LOKET_DATABASE_OWNER_URL (anders LOKET_DATABASE_URL), of op de meegeleverde database. Maakt de rollen
    loket_eigenaar en loket_app als die ontbreken en als dat mag.

    Voorbeelden:

      loket migrate
      loket migrate --controleer
    """
    with connect.connected("migrate") as data:

        async def work() -> list[str]:
            async with connect.owner_connection(data.settings) as owner:
                if controleer:
                    return await migrations.pending(owner)
                applied = await migrations.migrate(owner)
                await load_postcodes(owner)
                return applied

        names = asyncio.run(work())
    if json:
        key = "teDoen" if controleer else "toegepast"
        print(msgspec.json.encode({key: names}).decode())
    else:
        verb = "Nog te doen" if controleer else "Toegepast"
        print(f"{verb}: {', '.join(names)}." if names else "Het schema is bij.")
    if controleer and names:
        sys.exit(1)
