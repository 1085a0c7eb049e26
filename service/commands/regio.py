"""loket regio: a region begins, with all that must be there before anybody can file anything."""

from __future__ import annotations

import asyncio

import typer

from service.commands import connect, dutch
from service.db import Connection
from service.errors import Kind, Refusal
from service.geo.regios import slug
from service.instellingen import begin as lijsten

app = typer.Typer(
    name="regio",
    cls=dutch.Group,
    no_args_is_help=True,
    help="Begin met een regio.\n\nBegin met:\n\n  loket regio begin 'Gooi en Vechtstreek'",
)

REGIO = "insert into jeugdregio (code, naam) values ($1, $2) on conflict do nothing"


@app.callback()
def _group() -> None:
    """A group with one command is still a group."""


@app.command(cls=dutch.Command)
def begin(naam: str = typer.Argument(help="Naam van de jeugdregio.", metavar="NAAM")) -> None:
    """Maak een regio, met zorgvormen, codes en gewichten om mee te beginnen.

    Het zijn voorbeeldwaarden, en dat staat er ook bij. De gewichten stelt een beheerder vast op de pagina Instellingen.
    Wat een regio al heeft, blijft zoals het is: u kunt deze opdracht nog een keer doen.

    Lees daarna de gemeenten in met loket import gemeenten, en zeg waar mensen inloggen met loket inlog voeg-toe.

    Voorbeelden:

      loket regio begin 'Gooi en Vechtstreek'
    """
    with connect.connected("regio") as data:
        added: list[int] = []

        async def work(owner: Connection) -> None:
            added.append(await add(owner, naam))

        asyncio.run(connect.with_owner_connection(data.settings, work))
    print(f"Regio {naam}: LOKET_REGIO={slug(naam)}")
    print(f"{added[0]} codes en gewichten toegevoegd." if added[0] else "Er was niets toe te voegen.")


async def add(owner: Connection, naam: str) -> int:
    """How many rows its lists were given. Refuses INVALID for what is no name."""
    code = slug(naam)
    if not code or len(naam) > 120:
        raise Refusal(Kind.INVALID, "Geef de naam van een jeugdregio, met letters, van hooguit 120 tekens.")
    await owner.execute(REGIO, code, naam.strip())
    return await lijsten.begin(owner, code)
