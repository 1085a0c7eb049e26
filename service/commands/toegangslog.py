"""loket log toegang: who came in or could not, and who changed whose account."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import typer

from service.commands import connect
from service.days import today
from service.db import SYSTEM, Pool, Rol, Wie, transaction
from service.dutch import moment
from service.log import logboek, toegangslog
from service.log.doelen import Doel, Object, Verwerking
from service.log.logboek import Gebeurtenis, Handeling, Resultaat
from service.log.toegangslog import Toegangsregel
from service.settings import Settings

TOEGANG = Handeling("loket log toegang", Gebeurtenis.LEES, Object.LOGREGEL, Doel.TOEGANG, Verwerking.TOEGANG)


def toegang(
    dagen: int = typer.Option(7, min=1, max=3650, help="Zo veel dagen terug."),
    van: str | None = typer.Option(
        None, "--van", help="Alleen wat deze gebruiker of koppeling deed, of wat er aan die veranderde: naam of id."
    ),
    mislukt: bool = typer.Option(False, "--mislukt", help="Alleen wat niet mocht of niet lukte."),
    aantal: int = typer.Option(200, min=1, max=100_000, help="Hooguit zo veel regels, de nieuwste."),
    json: bool = typer.Option(False, "--json", help="Antwoord als JSON."),
) -> None:
    """Laat zien wie er inlogde of dat niet kon, en wie de toegang van wie veranderde. Ook dit komt in het log.

    Alleen wat niet over een kind gaat, in de regio van LOKET_REGIO. U kijkt als beheerder.

    Voorbeelden:

      loket log toegang
      loket log toegang --van 'Sam de Boer' --dagen 90
      loket log toegang --mislukt
    """

    async def work(settings: Settings, pool: Pool) -> list[Toegangsregel]:
        now = datetime.now(UTC)
        wie = Wie(settings.regio, Rol.BEHEERDER, SYSTEM)
        async with transaction(pool, wie) as conn:
            since = now - timedelta(days=dagen)
            rows = await toegangslog.regels(conn, since=since, van=van, mislukt=mislukt, limit=aantal)
            await logboek.schrijf_los(conn, wie, TOEGANG, now=now, spoor=logboek.spoor())
        return rows

    rows = connect.run("log toegang", work)
    if json:
        print(msgspec.json.encode(rows).decode())
    else:
        print("\n".join(page(rows, today(datetime.now(UTC)))))


WAT = {
    Object.GEBRUIKER: "gebruiker",
    Object.KOPPELING: "koppeling",
    Object.SLEUTEL: "een sleutel van koppeling",
    Object.HAAK: "een haak",
    Object.ORGANISATIE: "organisatie",
    Object.SESSIE: "een sessie",
    Object.LOGREGEL: "het log",
    Object.DATABASE: "de database",
    Object.CIJFER: "een bestand met cijfers",
    Object.INSTELLING: "de instellingen",
}
"""Objects as a beheerder reads them; others by their own name."""

DEED = {
    Gebeurtenis.LEES: ("bekeek {}", "{} bekijken"),
    Gebeurtenis.MAAK: ("voegde toe: {}", "{} toevoegen"),
    Gebeurtenis.WIJZIG: ("veranderde {}", "{} veranderen"),
    Gebeurtenis.VERWIJDER: ("verwijderde {}", "{} verwijderen"),
    Gebeurtenis.UITVOER: ("haalde op: {}", "{} ophalen"),
    Gebeurtenis.SLEUTEL: ("veranderde {}", "{} veranderen"),
    Gebeurtenis.INLOG: ("logde in", "inloggen"),
    Gebeurtenis.UITLOG: ("logde uit", "uitloggen"),
}


def page(rows: list[Toegangsregel], vandaag: date) -> list[str]:
    """One line each, the oldest first."""
    return [f"{moment(row.moment, vandaag)}: {sentence(row)}." for row in reversed(rows)] or ["Geen regels gevonden."]


def sentence(row: Toegangsregel) -> str:
    if row.gebruiker_id is None:
        machine = row.object == Object.KOPPELING
        who = f"een systeem dat zegt {row.wat} te zijn" if machine else f"iemand bij {row.wat}"
        why = "mocht niet inloggen" if row.resultaat is Resultaat.GEWEIGERD else "kon niet inloggen: er ging iets mis"
        return f"{who} {why}"
    who = row.wie or ("het loket zelf" if row.gebruiker_id == SYSTEM else f"gebruiker {row.gebruiker_id}")
    who += f" ({row.rol})" if row.wie and row.rol else ""
    who += f" namens {row.namens}" if row.namens else ""
    did, would = DEED[row.gebeurtenis]
    known = row.object in list(Object)
    what = WAT.get(Object(row.object), row.object) if known else row.object
    what += f" {row.wat or row.object_id}" if row.object_id else ""
    if row.resultaat is Resultaat.GELUKT:
        return f"{who} {did.format(what)}"
    why = "dat mocht niet" if row.resultaat is Resultaat.GEWEIGERD else "er ging iets mis"
    return f"{who} wilde {would.format(what)}, maar {why}"
