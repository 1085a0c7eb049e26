"""loket gebruiker: the first beheerder of a region, who adds the others."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import typer

from service.commands import connect, dutch
from service.db import SYSTEM, Connection, Rol, Wie
from service.errors import Kind, Refusal
from service.geo import regios
from service.log import logboek
from service.log.doelen import Doel, Object, Verwerking

app = typer.Typer(
    name="gebruiker",
    cls=dutch.Group,
    no_args_is_help=True,
    help="Voeg gebruikers toe. De eerste beheerder van een regio voegt daarna zelf de anderen toe."
    "\n\nBegin met:\n\n  loket gebruiker voeg-toe --help",
)

PROVIDERS = "select id from identiteitsprovider where (naam = $1 or id::text = $1) and actief"

ORGANISATIES = "select id from organisatie where regio = $1 and naam = $2"

AANBIEDERS = "select id from aanbieder where regio = $1 and naam = $2"

KNOWN = "select exists (select from jeugdregio where code = $1)"

THERE = """
select exists (
    select from gebruiker
    where regio = $1 and rol = $2 and coalesce(organisatie_id, aanbieder_id) is not distinct from $3
      and identiteitsprovider_id = $4 and (email = $5 or subject = $6))
"""

ADD = """
insert into gebruiker (regio, naam, rol, organisatie_id, aanbieder_id, identiteitsprovider_id, email, subject)
values ($1, $2, $3, $4, $5, $6, $7, $8)
returning id
"""


@app.callback()
def _group() -> None:
    """A group with one command is still a group."""


@app.command(name="voeg-toe", cls=dutch.Command)
def voeg_toe(
    naam: str = typer.Argument(help="Naam van de medewerker.", metavar="NAAM"),
    rol: Rol = typer.Option(..., help="Wat deze persoon in het loket doet."),
    bij: str = typer.Option(..., help="Waar deze persoon inlogt: naam uit loket inlog lijst."),
    email: str | None = typer.Option(None, help="E-mailadres waaraan de eerste inlog wordt herkend."),
    subject: str | None = typer.Option(None, help="Of: hoe de provider deze persoon noemt (sub)."),
    organisatie: str | None = typer.Option(None, help="Naam van de organisatie, voor een verwijzer."),
    aanbieder: str | None = typer.Option(None, help="Naam van de aanbieder, voor een medewerker daarvan."),
) -> None:
    """Voeg iemand toe in de regio van LOKET_REGIO. Wie twee rollen heeft, voegt u twee keer toe.

    Voorbeelden:

      loket gebruiker voeg-toe 'Anja Kok' --rol beheerder --bij 'Gemeente Hilversum' --email a.kok@hilversum.example
    """
    with connect.connected("gebruiker") as data:

        async def work(owner: Connection) -> None:
            await add(
                owner,
                data.settings.regio,
                naam,
                rol,
                bij,
                email.lower() if email else None,
                subject,
                organisatie,
                aanbieder,
                now=datetime.now(UTC),
            )

        asyncio.run(connect.with_owner_connection(data.settings, work))
    print(f"Toegevoegd: {naam}, {rol} in {data.settings.regio}.")


async def add(
    owner: Connection,
    regio: str,
    naam: str,
    rol: Rol,
    provider: str,
    email: str | None,
    subject: str | None,
    organisatie: str | None,
    aanbieder: str | None,
    *,
    now: datetime,
) -> None:
    """One gebruiker, with a line in the log. Refusal when something is missing, unknown or there already."""
    if not await owner.fetchval(KNOWN, regio):
        raise Refusal(Kind.NOT_FOUND, regios.unknown(regio))
    if not 1 <= len(naam.strip()) <= 120:
        raise Refusal(Kind.INVALID, "Geef een naam van hooguit 120 tekens.")
    if (email is None) == (subject is None):
        raise Refusal(Kind.INVALID, "Geef --email of --subject, zodat de eerste inlog herkend wordt.")
    if email is not None and not (0 < email.find("@") < len(email) - 1 and email.count("@") == 1):
        raise Refusal(Kind.INVALID, f"{email} is geen e-mailadres.")
    if (rol is Rol.AANBIEDER) != (aanbieder is not None) or (rol is Rol.VERWIJZER and organisatie is None):
        raise Refusal(Kind.INVALID, "Geef --aanbieder bij de rol aanbieder, en --organisatie bij de rol verwijzer.")
    provider_id = await _one(owner, "provider", provider, PROVIDERS, provider)
    organisatie_id = await _one(owner, "organisatie", organisatie, ORGANISATIES, regio, organisatie)
    aanbieder_id = await _one(owner, "aanbieder", aanbieder, AANBIEDERS, regio, aanbieder)
    if await owner.fetchval(THERE, regio, rol, organisatie_id or aanbieder_id, provider_id, email, subject):
        raise Refusal(Kind.CONFLICT, f"{naam} is er al in deze rol.")
    async with owner.transaction():
        id = await owner.fetchval(ADD, regio, naam, rol, organisatie_id, aanbieder_id, provider_id, email, subject)
        who = Wie(regio, Rol.SCHAKELFUNCTIONARIS, SYSTEM)
        what = logboek.Handeling(
            "voegGebruikerToe", logboek.Gebeurtenis.MAAK, Object.GEBRUIKER, Doel.TOEGANG, Verwerking.TOEGANG
        )
        await logboek.schrijf_los(owner, who, what, now=now, spoor=logboek.spoor(), object_id=id)


async def _one(owner: Connection, what: str, naam: str | None, query: str, *arguments: str | None) -> UUID | None:
    if naam is None:
        return None
    rows = await owner.fetch(query, *arguments)
    if len(rows) != 1:
        known = " Zie loket inlog lijst." if what == "provider" else ""
        raise Refusal(Kind.NOT_FOUND, f"Er is {'meer dan één' if rows else 'geen'} {what} met de naam {naam}.{known}")
    id: UUID = rows[0]["id"]
    return id
