"""loket privacy: what is held about a child, a page of it for the dossier, and its removal on request."""

from __future__ import annotations

from datetime import UTC, date, datetime
from html import escape
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from service.aanvraag import aanvragen, werklijst
from service.aanvraag.termijnen import Termijnen
from service.commands import connect, dutch
from service.commands.rank import find
from service.days import today
from service.db import SYSTEM, Connection, Pool, Rol, Wie, transaction
from service.dutch import age, day
from service.errors import FieldError, Kind, Refusal
from service.failures import waarom
from service.fields import VrijeTekst, read
from service.log import logboek
from service.log.doelen import Doel, Object, Verwerking
from service.log.logboek import Gebeurtenis, Handeling
from service.privacy import bewaren, dossiers
from service.privacy.bewaren import Bewaartermijnen
from service.rang.rangschikking import names
from service.regio import regiokeuzes
from service.settings import Settings
from service.web.pages import feiten, words

app = typer.Typer(
    name="privacy",
    cls=dutch.Group,
    no_args_is_help=True,
    help="De gegevens van een kind: laten zien, meegeven en verwijderen."
    "\n\nWat staat er over dit kind in het loket?\n\n  loket privacy dossier K7M-3PQ"
    "\n\nHoe lang bewaart de regio wat?\n\n  loket privacy termijnen",
)

DOSSIER = Handeling(
    "loket privacy dossier", Gebeurtenis.UITVOER, Object.AANVRAAG, Doel.VERANTWOORDEN, Verwerking.VERANTWOORDEN
)

WIS = Handeling("loket privacy wis", Gebeurtenis.VERWIJDER, Object.AANVRAAG, Doel.BEWAREN, Verwerking.BEWAREN)


class Reden(msgspec.Struct, forbid_unknown_fields=True):
    reden: Annotated[VrijeTekst, msgspec.Meta(description="Wie om de verwijdering vroeg en waarom.")]


LONGEST = 300


@app.command(cls=dutch.Command)
def dossier(
    aanvraag: str = typer.Argument(help="Nummer of id van de aanvraag."),
    uittreksel: Path | None = typer.Option(
        None, "--uittreksel", help="Schrijf één bladzijde in gewone taal naar dit bestand (.html of .txt)."
    ),
    wis: bool = typer.Option(False, "--wis", help="Verwijder nu alles wat naar het kind leidt. Dat kan niet terug."),
    reden: str | None = typer.Option(None, "--reden", help="Bij --wis: wie erom vroeg en waarom, zonder namen."),
    sluit: bool = typer.Option(False, "--sluit", help="Bij --wis: trek een aanvraag die nog open is eerst in."),
) -> None:
    """Geeft alles wat het loket over een kind heeft, als JSON: elke tabel met waar die voor is, en wie er keek.

    Met --uittreksel: één bladzijde voor het dossier van de GI of de aanbieder. Met --wis: verwijdert op verzoek alles
    wat naar het kind leidt, meteen; wat blijft, is anoniem. Dat het gebeurde blijft staan. Alles komt in het log.

    Voorbeelden:

      loket privacy dossier K7M-3PQ > dossier.json
      loket privacy dossier K7M-3PQ --uittreksel uittreksel.html
      loket privacy dossier K7M-3PQ --wis --reden "Op verzoek van de jeugdige"
    """
    check(uittreksel, wis, reden, sluit)

    async def work(settings: Settings, pool: Pool) -> str:
        now = datetime.now(UTC)
        wie = Wie(settings.regio, Rol.SCHAKELFUNCTIONARIS, SYSTEM)
        async with transaction(pool, wie) as conn:
            id = await find(conn, aanvraag)
            if wis:
                assert reden is not None
                await bewaren.wis(conn, id, reden, now, sluit=sluit)
                text = "Verwijderd. Wat er nog staat, is anoniem en telt alleen mee in aantallen."
            elif uittreksel is not None:
                lines = await page(conn, id, today(now))
                text = as_html(lines) if uittreksel.suffix == ".html" else as_text(lines)
            else:
                text = msgspec.json.format(msgspec.json.encode(await dossiers.gather(conn, id, now))).decode()
            await logboek.schrijf(conn, wie, WIS if wis else DOSSIER, [id], now=now, spoor=logboek.spoor())
        return text

    text = connect.run("privacy dossier", work)
    if uittreksel is None:
        print(text)
    else:
        try:
            uittreksel.write_text(text, encoding="utf-8")
        except OSError as error:
            why = f"{uittreksel} is niet te schrijven: {waarom(error)}. Kies een andere plaats."
            raise Refusal(Kind.INVALID, why) from None
        connect.say(f"Het uittreksel staat in {uittreksel}.")


def check(uittreksel: Path | None, wis: bool, reden: str | None, sluit: bool) -> None:
    """Refuses INVALID what does not go together, before anything is done."""
    wrong = []
    if wis and uittreksel is not None:
        wrong.append(FieldError("--uittreksel", "samen", "Maak eerst het uittreksel, en verwijder daarna."))
    if wis and not (reden or "").strip():
        wrong.append(FieldError("--reden", "verplicht", "Schrijf wie erom vroeg en waarom, zonder namen."))
    if not wis and (reden is not None or sluit):
        wrong.append(FieldError("--reden" if reden else "--sluit", "samen", "Dit hoort bij --wis."))
    if uittreksel is not None and uittreksel.suffix not in (".html", ".txt"):
        wrong.append(FieldError("--uittreksel", "vorm", "Geef een bestand dat op .html of .txt eindigt."))
    if reden is not None and len(reden) > LONGEST:
        wrong.append(FieldError("--reden", "te_lang", f"Gebruik hooguit {LONGEST} tekens."))
    if reden is not None:
        wrong += [FieldError("--reden", error.code, error.detail) for error in read(Reden, {"reden": reden})[1]]
    if wrong:
        raise Refusal(Kind.INVALID, "Zo kan het niet:", tuple(wrong))


# ── One page, for the dossier of the GI or the aanbieder ─────────────────────────────────────────

Line = tuple[str, str]
"""A term and what it is; without a term a paragraph, without a text a heading."""

VERBLIJVEN = """
select lower(b.periode) as van, b.beeindigd_op as einde, z.naam as zorgvorm, a.naam as aanbieder,
       b.definitief_op is not null as definitief
from bezetting b
join plek p on p.id = b.plek_id
join voorziening v on v.id = p.voorziening_id
join zorgvorm z on z.regio = v.regio and z.code = v.zorgvorm
join aanbieder a on a.id = p.aanbieder_id
where b.aanvraag_id = $1 and b.soort = 'plaatsing'
order by lower(b.periode)
"""


async def page(conn: Connection, id: UUID, vandaag: date) -> list[Line]:
    """What was asked, on what it rests and what came of it. No name of a house: that could lead to a secret address."""
    a = await aanvragen.get(conn, id)
    if a.pc4 is None:
        raise Refusal(Kind.CONFLICT, "Deze aanvraag is anoniem: er is niets meer om mee te geven.")
    codes, namen = await names(conn), await werklijst.namen(conn, id)
    now = day(vandaag, vandaag)
    lines: list[Line] = [
        (f"Uittreksel van aanvraag {a.nummer}", ""),
        (
            "",
            f"Opgemaakt op {now} {vandaag.year}, voor het dossier van de GI of de aanbieder. Het loket zelf is geen"
            " dossier.",
        ),
        ("Wat is er gevraagd?", ""),
        ("Leeftijd", f"{age(a.leeftijd_maanden)} op {day(a.leeftijd_peildatum, vandaag)}"),
        ("Urgentie", words.URGENTIE[a.urgentie]),
        ("Aangemeld", day(today(a.aangemeld_op), vandaag)),
        *feiten.facts(a, codes, vandaag),
        *feiten.more(a, codes, namen, vandaag),
        ("In het kort", ""),
        *feiten.stories(a),
        ("Wat is ervan gekomen?", ""),
    ]
    rows = await conn.fetch(VERBLIJVEN, id)
    for row in rows:
        until = f" tot {day(row['einde'], vandaag)}" if row["einde"] else ", nu nog"
        proof = "" if row["definitief"] else " (nog niet definitief)"
        lines.append((f"{row['zorgvorm']} bij {row['aanbieder']}", f"vanaf {day(row['van'], vandaag)}{until}{proof}"))
    if not rows:
        lines.append(("", "Er is nog geen plek gevonden."))
    return [
        *lines,
        ("Wat mag u vragen?", ""),
        (
            "",
            "Een jeugdige en de ouders mogen zien wat het loket heeft, wie er keek, en vragen of het weg kan of anders"
            " moet. Dat kan bij het loket of bij de gemeente. Klagen kan bij de functionaris gegevensbescherming van"
            " de gemeente en bij de Autoriteit Persoonsgegevens.",
        ),
    ]


def as_text(lines: list[Line]) -> str:
    told = []
    for term, text in lines:
        if not text:
            told += ["", term, "-" * len(term)]
        else:
            told.append(f"{term}: {text}" if term else text)
    return "\n".join(told).lstrip("\n") + "\n"


STYLE = (
    "body{font:11pt/1.35 sans-serif;margin:2cm;max-width:17cm}h1{font-size:15pt}h2{font-size:12pt;margin:.8em 0 .2em}"
    "p{margin:.2em 0}dl{margin:0;display:grid;grid-template-columns:5.5cm 1fr;gap:.1cm .4cm}dt{font-weight:bold}"
    "dd{margin:0}@page{size:A4;margin:1.5cm}"
)


def as_html(lines: list[Line]) -> str:
    """Stands on its own, for a printer: no script, no picture, nothing that is fetched."""
    title = escape(lines[0][0])
    told = []
    for term, text in lines[1:]:
        if not text:
            told.append(f"<h2>{escape(term)}</h2>")
        else:
            told.append(
                f"<dl><dt>{escape(term)}</dt><dd>{escape(text)}</dd></dl>" if term else f"<p>{escape(text)}</p>"
            )
    return (
        f'<!doctype html>\n<html lang="nl"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body><h1>{title}</h1>\n{chr(10).join(told)}\n</body></html>\n"
    )


# ── Terms ────────────────────────────────────────────────────────────────────────────────────────


@app.command("termijnen", cls=dutch.Command)
def termijnen_tonen() -> None:
    """Toont hoe lang de regio wat bewaart en wanneer wat vervalt, elk met de bron.

    Een regio kiest zelf met een instelling van dezelfde naam.

    Voorbeeld:

      loket privacy termijnen
    """

    async def work(settings: Settings, pool: Pool) -> None:
        async with transaction(pool, Wie(settings.regio, Rol.SCHAKELFUNCTIONARIS, SYSTEM), readonly=True) as conn:
            found = [
                *await regiokeuzes.explained(conn, Bewaartermijnen),
                *await regiokeuzes.explained(conn, Termijnen),
            ]
        table = Table("instelling", "nu", "wat", "bron")
        for keuze in found:
            table.add_row(keuze.sleutel, shown(keuze.waarde), keuze.omschrijving, keuze.bron)
        Console().print(table)

    connect.run("privacy termijnen", work)


def shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
