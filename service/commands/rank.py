"""loket rank: the rangschikking of one aanvraag on the terminal."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg
import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from service.aanvraag import werklijst
from service.commands import connect
from service.days import today
from service.db import APP_ROLE, SYSTEM, Connection, Pool, Rol, Wie, transaction
from service.dutch import count, day, listing, moment
from service.errors import Kind, Refusal
from service.log import betrokkenen, logboek
from service.log.doelen import Doel, Object, Verwerking
from service.log.logboek import Gebeurtenis, Handeling
from service.rang.matches import Page, rank_aanvraag
from service.rang.rangschikking import PassendePlek, Rangschikking
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller
from service.settings import Settings

MOST = 200
"""Open aanvragen in one list."""

RANK = Handeling("loket rank", Gebeurtenis.LEES, Object.RANGSCHIKKING, Doel.PLEK_ZOEKEN, Verwerking.BEMIDDELEN)

# A kenmerk is found by who may know it.
GEZOCHT = """
select id from aanvraag where nummer = upper($1)
union
select id from aanvraag where id::text = lower($1)
union
select aanvraag_id from aanvraag_kenmerk where kenmerk = $1
limit 2
"""


def rank(
    aanvraag: str = typer.Argument(None, help="Nummer of id. Leeg: laat zien welke aanvragen open staan."),
    aantal: int = typer.Option(10, min=0, max=200, help="Hoeveel plekken die passen."),
    afgevallen: int = typer.Option(5, min=0, max=200, help="Hoeveel plekken die afvallen."),
    json: bool = typer.Option(False, "--json", help="Antwoord als JSON, zoals de API het geeft."),
) -> None:
    """Laat zien welke plekken bij een aanvraag passen, en waarom de andere afvallen.

    U kijkt als schakelfunctionaris van de regio van LOKET_REGIO.

    Voorbeelden:

      loket rank
      loket rank K7M-3PQ
      loket rank K7M-3PQ --aantal 3 --json
    """
    console = Console()

    async def work(settings: Settings, pool: Pool) -> None:
        now = datetime.now(UTC)
        wie = Wie(settings.regio, Rol.SCHAKELFUNCTIONARIS, SYSTEM)
        # Nobody listens for changes in so short a life: the snapshot reads everything afresh.
        snapshots = Snapshots(pool, lambda: asyncpg.connect(settings.database_url, server_settings={"role": APP_ROLE}))
        async with transaction(pool, wie) as conn, Traveller.opened(settings) as travel:
            found = (
                await rank_aanvraag(
                    conn,
                    snapshots,
                    travel,
                    wie=wie,
                    aanvraag_id=await find(conn, aanvraag),
                    now=now,
                    page=Page(aantal),
                    fallen_page=Page(afgevallen),
                )
                if aanvraag
                else None
            )
            regels = [] if found else await werklijst.regels(conn, None, MOST, 0)
            seen = betrokkenen.found([found, regels])
            await logboek.schrijf(conn, wie, RANK, seen, now=now, spoor=logboek.spoor())
        if json:
            print(msgspec.json.encode(found or regels).decode())
        elif found:
            show(found, console, today(now))
        else:
            show_open(regels, console, today(now))

    connect.run("rank", work)


async def find(conn: Connection, text: str) -> UUID:
    """The id of the aanvraag with this nummer, id or kenmerk. Refuses NOT_FOUND, and CONFLICT when two have it."""
    rows = await conn.fetch(GEZOCHT, text)
    if not rows:
        raise Refusal(Kind.NOT_FOUND, f"Er is geen aanvraag {text!r}. Met `loket rank` ziet u welke open staan.")
    if len(rows) > 1:
        raise Refusal(Kind.CONFLICT, f"Meer dan een aanvraag heet {text!r}. Geef het id.")
    id: UUID = rows[0]["id"]
    return id


def show_open(regels: list[werklijst.Regel], console: Console, vandaag: date) -> None:
    """The open aanvragen, most urgent first."""
    table = Table("Nummer", "Urgentie", "Gewenste start", "Uiterlijk", "Zorgvormen", title="Open aanvragen")
    for regel in regels:
        table.add_row(
            regel.nummer,
            regel.urgentie,
            day(regel.gewenste_start, vandaag),
            day(regel.uiterlijke_datum, vandaag),
            escape("; ".join(regel.zorgvormen)),
        )
    console.print(table)
    if len(regels) == MOST:
        console.print(f"Dit zijn de eerste {MOST}. Alle open aanvragen staan op het scherm van het loket.")
    console.print("Kies er een: [bold]loket rank NUMMER[/bold]")


def show(found: Rangschikking, console: Console, vandaag: date) -> None:
    """For a person: what fits, what would help, what falls out."""
    if not found.actueel:
        since = moment(found.peilmoment, vandaag)
        console.print(
            f"[bold]Let op:[/bold] dit zijn gegevens van {since}. Of er daarna iets is veranderd, is onbekend."
        )
    if found.reistijd_reden is not None:
        console.print(f"[bold]Let op:[/bold] {escape(found.reistijd_reden)}", highlight=False)
    console.print(
        f"{count(found.aantal_passend, 'plek past', 'plekken passen')}, "
        f"{count(found.aantal_afgevallen, 'plek valt af', 'plekken vallen af')}.\n"
    )
    for number, line in enumerate(found.plekken, 1):
        show_place(number, line, console, vandaag)
    if found.kleinste_wijzigingen:
        console.print("[bold]Kleine wijzigingen die helpen[/bold]")
        for change in found.kleinste_wijzigingen:
            console.print(f"  {change.advies} {change.gevolg}", highlight=False, markup=False)
        console.print()
    if found.afgevallen:
        console.print("[bold]Vallen af[/bold], wat het minst scheelt eerst")
        for out in found.afgevallen:
            said = f"  {out.plek.naam} ({out.plek.aanbieder}): {' '.join(out.redenen)}"
            console.print(said, highlight=False, markup=False)


def decimal(number: float) -> str:
    """`94,7`."""
    return f"{number:.1f}".replace(".", ",")


def show_place(number: int, line: PassendePlek, console: Console, vandaag: date) -> None:
    plek = line.plek
    where = f", {plek.plaats}" if plek.plaats else ""
    about = f"{plek.zorgvorm_naam}, {plek.aanbieder}{where}"
    score = "" if line.score is None else f", {decimal(line.score)} punten"
    console.print(
        f"[bold]{number}. {escape(plek.naam)}[/bold] ({line.band_naam}{score}) {escape(about)}", highlight=False
    )
    points = [f"{b.naam.lower()} {decimal(b.punten)} van {decimal(b.maximum)}" for b in line.bijdragen]
    console.print(f"   vanaf {day(line.eerste_dag, vandaag)}; {listing(points)}", highlight=False)
    for sentence in (*line.waarom, *line.onbekend, *line.let_op):
        console.print(f"   - {sentence}", highlight=False, markup=False)
    console.print()
