"""loket regio: a region begins, with all that must be there before anybody can file anything."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta

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
    help="Maak een regio, en leg vast welke regio de plekken van een andere mag gebruiken."
    "\n\nBegin met:\n\n  loket regio begin 'Gooi en Vechtstreek'",
)

REGIO = "insert into jeugdregio (code, naam) values ($1, $2) on conflict do nothing"


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


@app.command(cls=dutch.Command)
def afspraak(
    naam: str = typer.Argument(help="De regio die plekken deelt.", metavar="NAAM"),
    voor: str = typer.Option(..., help="De regio die ze mag gebruiken."),
    zorgvorm: str | None = typer.Option(None, help="Code van één zorgvorm. Zonder: elke zorgvorm."),
    van: datetime = typer.Option(..., formats=["%Y-%m-%d"], help="Eerste dag, zoals 2027-01-31."),
    tot_en_met: datetime | None = typer.Option(None, formats=["%Y-%m-%d"], help="Laatste dag. Zonder: geen einde."),
) -> None:
    """Leg vast dat een regio plekken van een andere regio mag zien en gebruiken. Beide regio's zien die afspraak.

    Voorbeelden:

      loket regio afspraak Utrecht --voor 'Gooi en Vechtstreek' --zorgvorm crisis --van 2027-01-01
    """
    first, last = van.date(), tot_en_met.date() if tot_en_met else None
    with connect.connected("regio") as data:

        async def work(owner: Connection) -> None:
            await agree(owner, slug(naam), slug(voor), zorgvorm, first, last)

        asyncio.run(connect.with_owner_connection(data.settings, work))
    print(f"Vastgelegd: {voor} mag plekken van {naam} gebruiken.")


KNOWN = "select exists (select from jeugdregio where code = $1)"

VORMEN = "select array(select code from zorgvorm where regio = $1 order by code)"

AGREED = """
select exists (
    select from regioafspraak
    where aanbod_regio = $1 and vraag_regio = $2 and (zorgvorm is null or zorgvorm = $3)
      and geldigheid @> daterange($4, $5))
"""

AGREE = """
insert into regioafspraak (aanbod_regio, vraag_regio, zorgvorm, geldigheid) values ($1, $2, $3, daterange($4, $5))
"""


async def agree(
    owner: Connection, aanbod: str, vraag: str, zorgvorm: str | None, first: date, last: date | None
) -> None:
    """One agreement. Refuses NOT_FOUND a region or zorgvorm that is not there, INVALID and CONFLICT what cannot be."""
    for code in (aanbod, vraag):
        if not await owner.fetchval(KNOWN, code):
            raise Refusal(
                Kind.NOT_FOUND,
                f"Regio {code} is er niet. Verbeter de naam, of begin met die regio: loket regio begin NAAM",
            )
    if aanbod == vraag:
        raise Refusal(Kind.INVALID, "Een regio heeft geen afspraak met zichzelf nodig. Noem twee regio's.")
    known = await owner.fetchval(VORMEN, aanbod)
    if zorgvorm is not None and zorgvorm not in known:
        raise Refusal(Kind.NOT_FOUND, f"Regio {aanbod} kent zorgvorm {zorgvorm} niet. Kies uit: {', '.join(known)}.")
    if last is not None and last < first:
        raise Refusal(Kind.INVALID, "De laatste dag ligt voor de eerste. Verbeter een van beide.")
    until = None if last is None else last + timedelta(days=1)
    if await owner.fetchval(AGREED, aanbod, vraag, zorgvorm, first, until):
        raise Refusal(Kind.CONFLICT, "Dit is al afgesproken. Er is niets veranderd.")
    await owner.execute(AGREE, aanbod, vraag, zorgvorm, first, until)
