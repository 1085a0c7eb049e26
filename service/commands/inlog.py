"""loket inlog: where people log in, and the keys with which the loket proves itself there."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from service.commands import connect, dutch
from service.db import Connection
from service.errors import Kind, Refusal
from service.inloggen import identiteitsproviders
from service.settings import Settings

app = typer.Typer(
    name="inlog",
    cls=dutch.Group,
    no_args_is_help=True,
    help="Regel waar mensen inloggen: bij welke identiteitsproviders (OpenID Connect)."
    "\n\nBegin met:\n\n  loket inlog sleutel"
    "\n\n  loket inlog voeg-toe 'Gemeente Hilversum' --issuer https://login.example --client-id loket"
    "\n\n  loket gebruiker voeg-toe 'Anja Kok' --rol beheerder --bij 'Gemeente Hilversum' --email a.kok@loket.example",
)

ADD = """
insert into identiteitsprovider (naam, issuer, client_id, acr) values ($1, $2, $3, $4)
on conflict on constraint identiteitsprovider_uniek do nothing returning id
"""


@app.command(name="voeg-toe", cls=dutch.Command)
def voeg_toe(
    naam: str = typer.Argument(help="Zoals mensen die kennen; staat op de inlogpagina.", metavar="NAAM"),
    issuer: str = typer.Option(..., help="Adres van de provider, precies zoals die zichzelf noemt."),
    client_id: str = typer.Option(..., help="Naam van het loket bij de provider."),
    acr: list[str] = typer.Option([], help="Niveau van inloggen dat minstens nodig is. Mag vaker: dan is één genoeg."),
) -> None:
    """Voeg een identiteitsprovider toe. Mensen kunnen daar dan inloggen, als zij gebruiker van het loket zijn.

    Geef de provider het adres <LOKET_ADRES>/inloggen/terug om naar terug te komen, en
    <LOKET_ADRES>/inloggen/sleutels.json met de sleutels van het loket. De provider moet private_key_jwt kennen.
    Kan de provider melden dat iemand daar is uitgelogd (back-channel logout)? Geef dan ook het adres dat loket inlog
    lijst toont.

    Voorbeelden:

      loket inlog voeg-toe 'Gemeente Hilversum' --issuer https://login.example --client-id loket
    """
    if not identiteitsproviders.may_be_asked(issuer, issuer) or "?" in issuer:
        raise Refusal(Kind.INVALID, "Het adres van de provider begint met https:// en heeft geen ? of #.")
    if not 1 <= len(naam) <= 120:
        raise Refusal(Kind.INVALID, "Geef een naam van hooguit 120 tekens.")

    async def work(owner: Connection) -> None:
        if await owner.fetchval(ADD, naam, issuer, client_id, acr) is None:
            raise Refusal(Kind.CONFLICT, "Deze provider is er al, met deze client-id. Zie loket inlog lijst.")

    _as_owner(work)
    print(f"Toegevoegd: {naam}.")
    print("Het adres om te melden dat iemand is uitgelogd, staat in: loket inlog lijst")


@app.command(cls=dutch.Command)
def lijst(json: bool = typer.Option(False, "--json", help="Antwoord als JSON.")) -> None:
    """Toon waar mensen kunnen inloggen.

    Voorbeelden:

      loket inlog lijst
    """
    found: list[identiteitsproviders.Identiteitsprovider] = []

    async def work(owner: Connection) -> None:
        found.extend(await identiteitsproviders.all(owner))

    _as_owner(work)
    if json:
        print(msgspec.json.encode(found).decode())
        return
    if not found:
        print("Mensen kunnen nog nergens inloggen. Voeg een provider toe met loket inlog voeg-toe.")
        return
    table = Table("naam", "issuer", "client-id", "niveau", "")
    for one in found:
        table.add_row(one.naam, one.issuer, one.client_id, ", ".join(one.acr), "" if one.actief else "uitgezet")
    Console().print(table)
    print("Hier meldt een provider dat iemand daar is uitgelogd (back-channel logout, na het adres van het loket):")
    for one in found:
        print(f"  {one.naam}: /inloggen/afmelden/{one.id}")


SWITCH = "update identiteitsprovider set actief = $2 where naam = $1 or id::text = $1 returning id"

END = """
update sessie s set beeindigd_op = $2 from gebruiker g
where g.id = s.gebruiker_id and g.identiteitsprovider_id = any ($1) and s.beeindigd_op is null
"""


@app.command(name="zet-uit", cls=dutch.Command)
def zet_uit(naam: str = typer.Argument(help="Naam of id.", metavar="NAAM")) -> None:
    """Laat niemand meer inloggen bij deze provider. Wie daar is ingelogd, is meteen uit.

    Voorbeelden:

      loket inlog zet-uit 'Gemeente Hilversum'
    """
    _as_owner(lambda owner: switch(owner, naam, on=False, now=datetime.now(UTC)))
    print(f"{naam} staat uit. Iedereen die daar inlogde, is uit het loket.")


@app.command(name="zet-aan", cls=dutch.Command)
def zet_aan(naam: str = typer.Argument(help="Naam of id.", metavar="NAAM")) -> None:
    """Laat mensen weer inloggen bij deze provider.

    Voorbeelden:

      loket inlog zet-aan 'Gemeente Hilversum'
    """
    _as_owner(lambda owner: switch(owner, naam, on=True, now=datetime.now(UTC)))
    print(f"{naam} staat aan.")


async def switch(owner: Connection, naam: str, *, on: bool, now: datetime) -> None:
    async with owner.transaction():
        ids: list[UUID] = [row["id"] for row in await owner.fetch(SWITCH, naam, on)]
        if not ids:
            raise Refusal(Kind.NOT_FOUND, f"Er is geen provider {naam}. Zie loket inlog lijst.")
        if not on:
            await owner.execute(END, ids, now)


@app.command(cls=dutch.Command)
def sleutel(
    gebruik: str | None = typer.Option(None, help="Onderteken voortaan met de sleutel met deze kid."),
    weg: str | None = typer.Option(None, help="Haal de sleutel met deze kid weg."),
) -> None:
    """Maak een sleutel in het bestand LOKET_OIDC_KEYS. De eerste die u maakt, gebruikt het loket meteen.

    Wisselen van sleutel gaat zonder onderbreking: maak er een bij, wacht tot de providers die hebben opgehaald
    (<LOKET_ADRES>/inloggen/sleutels.json), gebruik die, en haal een dag later de oude weg.

    Voorbeelden:

      loket inlog sleutel
      loket inlog sleutel --gebruik xY3…
      loket inlog sleutel --weg 9aB…
    """
    path = Settings.from_environ(os.environ).oidc_keys
    if path is None:
        raise Refusal(Kind.INVALID, "Zet eerst LOKET_OIDC_KEYS: het bestand waarin de sleutels komen.")
    for line in change_keys(path, use=gebruik, remove=weg):
        print(line)


def change_keys(path: Path, *, use: str | None, remove: str | None) -> list[str]:
    """The keys in the file afterwards, in words; a new one when nothing else is asked."""
    from service.inloggen import oidcsleutels  # noqa: PLC0415  loads cryptography: not for `loket --help`

    keys = oidcsleutels.read(path) if path.exists() else []
    known = {key.kid for key in keys}
    for kid in (use, remove):
        if kid is not None and kid not in known:
            raise Refusal(Kind.NOT_FOUND, f"Er is geen sleutel {kid} in {path}.")
    if remove is not None and len(keys) == 1:
        raise Refusal(Kind.CONFLICT, "Dit is de enige sleutel. Maak eerst een nieuwe: loket inlog sleutel")
    if use is None and remove is None:
        keys.append(oidcsleutels.new())
    keys = sorted((key for key in keys if key.kid != remove), key=lambda key: use is not None and key.kid != use)
    oidcsleutels.write(path, keys)
    return [f"{key.kid}{' (in gebruik)' if number == 0 else ''}" for number, key in enumerate(keys)]


def _as_owner(work: connect.OwnerWork) -> None:
    with connect.connected("inlog") as data:
        asyncio.run(connect.with_owner_connection(data.settings, work))
