"""loket import: read in a spreadsheet. First what would change, then, after a yes, all of it or nothing."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import msgspec
import typer
from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from service.commands import connect, dutch
from service.db import Pool, Rol, Wie, open_pool
from service.dutch import count
from service.errors import Kind, Refusal
from service.failures import waarom
from service.intake import soorten
from service.intake.preview import Actie, Rejected, Voorbeeld
from service.intake.report import report
from service.intake.soorten import BEHEERD, OFFICIEEL, SOORTEN, Soort
from service.intake.template import template
from service.settings import Settings

OK, WRONG, SHOWN_ONLY = 0, 1, 4
"""Exit codes; the others are those of service/cli.py."""

LINES = 100
"""Changes and faults that the terminal shows; --json and --fouten give all."""

TEMPLATES = SOORTEN | BEHEERD
"""Lists of which there is an empty example."""

COMMAND_LINE = uuid5(NAMESPACE_URL, "urn:een-loket:gebruiker:opdrachtregel")

app = typer.Typer(
    name="import",
    cls=dutch.Group,
    no_args_is_help=True,
    help="Lees een lijst in: .xlsx of .csv."
    "\n\nU ziet eerst wat er verandert. Pas na uw ja wordt alles ingelezen, of niets als er één cel fout is."
    " Dezelfde lijst nog eens inlezen verandert niets."
    "\n\nBegin met een leeg voorbeeld:\n\n  loket import sjabloon capaciteit --uit capaciteit.xlsx"
    "\n\n  loket import capaciteit capaciteit.xlsx"
    "\n\nAfsluitcodes: 0 ingelezen, of er was niets te veranderen; 1 fouten in het bestand; 2 verkeerd aangeroepen;"
    " 4 alleen het voorbeeld getoond, er is niets ingelezen.",
)


class Request(Struct, frozen=True):
    """What somebody typed."""

    soort: Soort
    path: Path
    sheet: str | None
    yes: bool
    json: bool
    faults: Path | None


FILE = typer.Argument(help="Het bestand, .xlsx of .csv.", metavar="BESTAND", show_default=False)
SHEET = typer.Option(None, "--blad", help="Naam van het blad. Standaard het eerste blad met de goede kolommen.")
YES = typer.Option(False, "--ja", help="Lees in zonder te vragen, voor scripts.")
JSON = typer.Option(False, "--json", help="Antwoord als JSON.")
FAULTS = typer.Option(None, "--fouten", help="Schrijf de fouten ook naar dit .csv-bestand.")


def _command(name: str, what: str) -> None:
    def command(
        bestand: Path = FILE,
        blad: str | None = SHEET,
        ja: bool = YES,
        json: bool = JSON,
        fouten: Path | None = FAULTS,
    ) -> None:
        sys.exit(import_file(Request((TEMPLATES | OFFICIEEL)[name], bestand, blad, ja, json, fouten)))

    command.__doc__ = (
        f"{what}\n\nVoorbeelden:\n\n  loket import {name} lijst.xlsx\n\n  loket import {name} lijst.csv --ja --json"
    )
    app.command(name=name, cls=dutch.Command)(command)


_command("capaciteit", "Lees in welke plekken vrij, bezet of gestopt zijn. Plekken die uit de lijst zijn, eindigen.")
_command("aanbieders", "Lees aanbieders in: naam, AGB-code, telefoon.")
_command("voorzieningen", "Lees voorzieningen in met hun opnameprofiel en locatie.")
_command("aanvragen", "Lees aanvragen in, op kenmerk. Zonder namen, BSN, geboortedatums en adressen.")

_command("contracten", "Lees contracten in: welke aanbieder welke zorgvorm mag geven, en wanneer.")

_command("postcodes", "Lees het officiële bestand met postcodes in: van CBS/PDOK (.gpkg, .json) of GeoNames (NL.zip).")
_command("gemeenten", "Lees gemeenten in met hun jeugdregio. Regio's die er nog niet zijn, worden gemaakt.")
_command("grenzen", "Lees de grenzen van gemeenten in voor de kaart: GeoJSON, zoals CBS/PDOK die geeft.")
_command("productcategorieen", "Lees de productcategorieën van iJw in. De versie staat in de naam van het bestand.")


@app.command(name="sjabloon", cls=dutch.Command)
def sjabloon(
    soort: str = typer.Argument(help=f"Een van: {', '.join(TEMPLATES)}.", metavar="SOORT", show_default=False),
    uit: Path = typer.Option(..., "--uit", help="Waarheen, bijvoorbeeld capaciteit.xlsx."),
    json: bool = JSON,
) -> None:
    """Maak een leeg voorbeeld met uitleg en keuzelijsten.

    Voorbeelden:

      loket import sjabloon capaciteit --uit capaciteit.xlsx
    """
    if soort not in TEMPLATES:
        raise dutch.UsageError(f"{soort} is geen soort lijst. Kies uit: {', '.join(TEMPLATES)}.")
    _write(uit, template(TEMPLATES[soort].table))
    print(msgspec.json.encode({"bestand": str(uit)}).decode() if json else f"Gemaakt: {uit}")


def import_file(request: Request) -> int:
    """The whole command; the exit code."""
    content = _read(request.path, request.soort.max_bytes)

    async def work(settings: Settings, app_pool: Pool) -> int:
        async with _pool_of(request, settings, app_pool) as pool:
            return await with_pool(settings, pool)

    async def with_pool(settings: Settings, pool: Pool) -> int:
        wie = Wie(settings.regio, Rol.SCHAKELFUNCTIONARIS, COMMAND_LINE)
        with _bar(request) as progress:
            parsed = await soorten.read(
                request.soort, content, request.path.name, sheet=request.sheet, progress=progress
            )
            voorbeeld = await soorten.show(pool, wie, request.soort, parsed, now=datetime.now(UTC), progress=progress)
        if request.faults is not None:
            _write(request.faults, report(voorbeeld))
        if not request.json:
            _print(voorbeeld)
        if voorbeeld.fouten:
            return _answer(request, voorbeeld, WRONG)
        if not voorbeeld.wijzigingen:
            return _answer(request, voorbeeld, OK)
        if not request.yes and not _asked(request):
            return _answer(request, voorbeeld, SHOWN_ONLY)
        assert voorbeeld.vingerafdruk is not None
        with _bar(request) as progress:
            try:
                done = await soorten.take_in(
                    pool,
                    wie,
                    request.soort,
                    parsed,
                    now=datetime.now(UTC),
                    fingerprint=voorbeeld.vingerafdruk,
                    progress=progress,
                )
            except Rejected as rejected:
                if not request.json:
                    _print_faults(rejected.voorbeeld)
                return _answer(request, rejected.voorbeeld, WRONG)
        if not request.json:
            print(f"Ingelezen: {_counts(done)}.")
        return _answer(request, done, OK)

    return connect.run("import", work)


@asynccontextmanager
async def _pool_of(request: Request, settings: Settings, app_pool: Pool) -> AsyncIterator[Pool]:
    """Tables that all regions share are written by the owner of the schema, everything else by the app role."""
    if request.soort.table.soort not in OFFICIEEL:
        yield app_pool
        return
    assert settings.database_owner_url is not None
    pool = await open_pool(settings.database_owner_url, size=2)
    try:
        yield pool
    finally:
        await pool.close()


def _read(path: Path, most: int) -> bytes:
    """The file, at most one byte more than is allowed. Refuses what is not a file that can be read."""
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except IsADirectoryError:
        raise dutch.UsageError(f"{path} is een map. Geef een bestand, .xlsx of .csv.") from None
    except FileNotFoundError:
        raise dutch.UsageError(f"{path} bestaat niet. Controleer de naam en de map.") from None
    except OSError as error:
        raise dutch.UsageError(f"{path} is niet te lezen: {waarom(error)}.") from None


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Refusal(Kind.INVALID, f"{path} is niet te schrijven: {waarom(error)}. Kies een andere plaats.") from None


def _asked(request: Request) -> bool:
    """Whether a person at a terminal says yes; without one nobody can."""
    if request.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        if not request.json:
            print("Er is niets ingelezen. Voeg --ja toe om dit in te lezen.")
        return False
    try:
        answer = input("Inlezen? [j/N] ").strip().casefold()
    except EOFError:
        answer = ""
    if answer in ("j", "ja"):
        return True
    print("Er is niets ingelezen.")
    return False


def _answer(request: Request, voorbeeld: Voorbeeld, code: int) -> int:
    if request.json:
        print(msgspec.json.encode(voorbeeld).decode())
    return code


# ── For a person ─────────────────────────────────────────────────────────────────────────────────

WORDS = {
    Actie.TOEGEVOEGD: "nieuw",
    Actie.GEWIJZIGD: "anders",
    Actie.BEEINDIGD: "eindigt",
    Actie.BEVESTIGD: "klopt nog",
}


def _counts(voorbeeld: Voorbeeld) -> str:
    words = {action.value: word for action, word in WORDS.items()} | {"ongewijzigd": "ongewijzigd"}
    return ", ".join(f"{count} {words[name]}" for name, count in voorbeeld.aantallen.items() if count) or "niets"


def _print(voorbeeld: Voorbeeld) -> None:
    where = f", blad {voorbeeld.blad}" if voorbeeld.blad else ""
    _say(
        f"{voorbeeld.bestand}{where}: {count(voorbeeld.rijen, 'rij', 'rijen')}, kop in rij {voorbeeld.koprij} "
        f"({voorbeeld.gelezen_als})."
    )
    if voorbeeld.genegeerd:
        _say(f"Niet gelezen, want onbekend: {', '.join(voorbeeld.genegeerd)}.")
    for note in voorbeeld.meldingen[:LINES]:
        _say(f"Let op. {note}")
    if voorbeeld.fouten:
        _print_faults(voorbeeld)
        return
    shown = [change for change in voorbeeld.wijzigingen if change.actie is not Actie.BEVESTIGD]
    if shown:
        table = Table("rij", "", "wat", "verandert")
        for change in shown[:LINES]:
            fields = "\n".join(f"{veld.naam}: {veld.oud or 'leeg'} → {veld.nieuw or 'leeg'}" for veld in change.velden)
            new = change.actie is Actie.TOEGEVOEGD
            if new:
                fields = "\n".join(f"{veld.naam}: {veld.nieuw}" for veld in change.velden if veld.nieuw)
            table.add_row(*map(_text, (change.rij, WORDS[change.actie], change.wat, fields)))
        Console().print(table)
    if len(shown) > LINES:
        _say(f"… en nog {len(shown) - LINES}. Met --json ziet u ze allemaal.")
    _say(f"Samen: {_counts(voorbeeld)}." if voorbeeld.wijzigingen else "Er is niets te veranderen.")


def _print_faults(voorbeeld: Voorbeeld) -> None:
    table = Table("rij", "kolom", "waarde", "wat is er mis")
    for fout in voorbeeld.fouten[:LINES]:
        table.add_row(*map(_text, (fout.rij, fout.kolom, fout.waarde, fout.reden)))
    Console().print(table)
    count = len(voorbeeld.fouten)
    if count > LINES:
        _say(f"… en nog {count - LINES}. Met --fouten fouten.csv krijgt u ze allemaal in een lijst.")
    _say(f"{'1 fout' if count == 1 else f'{count} fouten'}. Er is niets ingelezen.")


def _text(value: object) -> Text:
    """Without markup and control characters: what stands in a file does not steer the terminal."""
    return Text("" if value is None else "".join(char for char in str(value) if char.isprintable() or char == "\n"))


def _say(line: str) -> None:
    print(_text(line).plain)


@contextmanager
def _bar(request: Request) -> Iterator[Callable[[str, int, int | None], None] | None]:
    """A progress bar on a terminal; nothing for a script."""
    console = Console(stderr=True)
    if request.json or not console.is_terminal:
        yield None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Bestand lezen", total=None)
        yield lambda step, done, total: bar.update(task, description=step, completed=done, total=total)
