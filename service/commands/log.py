"""loket log: is the log still what was sealed, and who looked at a child."""

from __future__ import annotations

import textwrap
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import typer

from service.commands import connect, dutch, toegangslog
from service.commands.rank import find
from service.days import AMSTERDAM, today
from service.db import SYSTEM, Pool, Rol, Wie, transaction
from service.dutch import count, day
from service.failures import waarom
from service.log import logboek, logcontrole
from service.log.doelen import Doel, Object, Verwerking
from service.log.inzagen import Inzage
from service.log.logboek import Gebeurtenis, Handeling, Resultaat
from service.log.logcontrole import Anker, Uitslag
from service.privacy import dossiers
from service.settings import Settings

app = typer.Typer(
    name="log",
    cls=dutch.Group,
    no_args_is_help=True,
    help="Het log: wie zag of veranderde wat van welk kind."
    "\n\nKlopt het log nog?\n\n  loket log verify"
    "\n\nWie keek er naar dit kind?\n\n  loket log inzage K7M-3PQ"
    "\n\nWie kwam er binnen, en wie veranderde wiens toegang?\n\n  loket log toegang",
)
app.command("toegang", cls=dutch.Command)(toegangslog.toegang)

VERIFY = Handeling("loket log verify", Gebeurtenis.LEES, Object.LOGREGEL, Doel.VERANTWOORDEN, Verwerking.VERANTWOORDEN)

INZAGE = msgspec.structs.replace(VERIFY, naam="loket log inzage", gebeurtenis=Gebeurtenis.UITVOER)

CHUNK = 2000
"""Heads of the file that are compared at once."""

LATE_S = 60
"""A line that waits longer than this for a seal: there is no worker, or it cannot."""


def _as_loket(regio: str) -> Wie:
    return Wie(regio, Rol.SCHAKELFUNCTIONARIS, SYSTEM)


# ── Verify ───────────────────────────────────────────────────────────────────────────────────────


@app.command(cls=dutch.Command)
def verify(
    anker: Path = typer.Option(None, dir_okay=False, help="Het ankerbestand. Standaard LOKET_LOG_ANKER."),
    json: bool = typer.Option(False, "--json", help="Antwoord als JSON."),
) -> None:
    """Controleert of iemand het log heeft veranderd nadat het is verzegeld, in alle regio's.

    Vergelijkt elke regel met zijn zegel, elk zegel met dat ervoor, en de keten met het ankerbestand buiten de database.
    Noemt de regel die veranderd, weg of ingevoegd is, en wat nog op een zegel wacht. Afsluitcode 1: er klopt iets niet.

    Voorbeelden:

      loket log verify
      loket log verify --anker /mnt/ander/anker
    """

    async def work(settings: Settings, pool: Pool) -> int:
        now = datetime.now(UTC)
        path = anker or settings.log_anker
        found, notes = await verified(pool, path, now)
        if json:
            print(msgspec.json.encode({"regios": found, "anker": notes}).decode())
        else:
            show(found, notes, now)
        return 1 if notes or any(uitslag.bevindingen for uitslag in found) else 0

    code = connect.run("log verify", work)
    if code:
        raise typer.Exit(code)


async def verified(pool: Pool, path: Path | None, now: datetime) -> tuple[list[Uitslag], list[str]]:
    """Per region with a log what was found, and what is wrong with the file itself."""
    size = None if path is None else logcontrole.size_of(path)
    found: dict[str, Uitslag] = {}
    for row in await pool.fetch(REGIOS):
        wie = _as_loket(row["code"])
        async with transaction(pool, wie, readonly=True, snapshot=True) as conn:
            uitslag = await logcontrole.check_chain(conn, wie.regio)
        if uitslag.regels or uitslag.verwijderd or uitslag.wachtend or uitslag.bevindingen:
            found[wie.regio] = uitslag
    notes = []
    if path is not None and size is None and found:
        notes.append(f"Het ankerbestand {path} is er niet. Of er een staart is afgekapt, is niet te zien.")
    elif path is not None and size is not None:
        try:
            notes += await _anchored(pool, path, size, found)
        except OSError as error:
            notes.append(f"Het ankerbestand {path} is niet te lezen: {waarom(error)}.")
    for regio in found:
        async with transaction(pool, _as_loket(regio)) as conn:
            await logboek.schrijf_los(conn, _as_loket(regio), VERIFY, now=now, spoor=logboek.spoor())
    return list(found.values()), notes


REGIOS = "select code from jeugdregio order by code"


async def _anchored(pool: Pool, path: Path, size: int, found: dict[str, Uitslag]) -> list[str]:
    """Compares the file with the chains; gives what cannot be read in it."""
    waiting: dict[str, list[Anker]] = {}
    notes = []

    async def compare(regio: str) -> None:
        uitslag = found.setdefault(regio, Uitslag(regio=regio))
        async with transaction(pool, _as_loket(regio), readonly=True) as conn:
            await logcontrole.check_anchors(conn, uitslag, waiting.pop(regio))

    for anker in logcontrole.read(path, size):
        if isinstance(anker, int):
            notes.append(f"Regel {anker} van {path} is niet te lezen.")
            continue
        of_region = waiting.setdefault(anker.kop.regio, [])
        of_region.append(anker)
        if len(of_region) == CHUNK:
            await compare(anker.kop.regio)
    for regio in list(waiting):
        await compare(regio)
    return notes


def show(found: list[Uitslag], notes: list[str], now: datetime) -> None:
    for uitslag in found:
        gone = uitslag.verwijderd
        after = f", {count(gone, 'regel', 'regels')} na de bewaartermijn verwijderd" if gone else ""
        good = "klopt NIET" if uitslag.bevindingen else "klopt"
        print(f"{uitslag.regio}: {count(uitslag.regels, 'regel', 'regels')} gecontroleerd{after}. Het log {good}.")
        for zin in uitslag.bevindingen:
            print(f"  - {zin}")
        if uitslag.meer:
            print(f"  - … en nog {count(uitslag.meer, 'bevinding', 'bevindingen')}.")
        if uitslag.oudste is not None:
            age = max(0, round((now - uitslag.oudste).total_seconds()))
            since = f"{age} seconden" if age < 120 else f"{age // 60} minuten" if age < 7200 else f"{age // 3600} uur"
            print(f"  {count(uitslag.wachtend, 'regel wacht', 'regels wachten')} op een zegel, de oudste {since}.")
            if age > LATE_S:
                print("  Draait er een `loket worker`?")
    for zin in notes:
        print(zin)
    if not found:
        print("Er staat nog niets in het log.")


# ── For a parent or a youth ──────────────────────────────────────────────────────────────────────

WAT = {
    Object.AANVRAAG: "de aanvraag",
    Object.RANGSCHIKKING: "de plekken die passen",
    Object.INSTELLING: "of een andere plek bovenaan zou staan, als de regio iets anders kiest",
    Object.PLAN: "een voorstel voor alle kinderen die wachten",
    Object.PLANREGEL: "de plek in een voorstel",
    Object.VOORSTEL: "een voorstel aan een aanbieder",
    Object.OPTIE: "een plek die voor het kind werd vastgehouden",
    Object.PLAATSING: "waar het kind woont, woonde of gaat wonen",
    Object.PLEK: "de plekken die vrij zijn, om er een te kiezen",
    Object.ROUTE: "een andere weg dan een plek, zoals hulp thuis of wonen bij familie",
    Object.OPSCHALING: "wie er extra meekijken om een plek te vinden",
    Object.SAMENPLAATSING: "wie er samen een plek zoekt",
    Object.GEBEURTENIS: "wat er met de aanvraag gebeurde",
    Object.BERICHT: "een bericht dat er iets was gebeurd",
    Object.LIJST: "een lijst met aanvragen",
    Object.CIJFER: "aantallen waarin niemand te herkennen is",
    Object.LOGREGEL: "wie er heeft gekeken",
}
"""Objects as a parent reads them."""

DEED = {
    Gebeurtenis.LEES: "bekeken",
    Gebeurtenis.MAAK: "gemaakt",
    Gebeurtenis.WIJZIG: "veranderd",
    Gebeurtenis.VERWIJDER: "verwijderd",
    Gebeurtenis.UITVOER: "op papier gezet",
}

ROLLEN = {
    Rol.SCHAKELFUNCTIONARIS: "schakelfunctionaris: zoekt een plek die past",
    Rol.CRISISDIENST: "crisisdienst: zoekt snel een veilige plek",
    Rol.AANBIEDER: "aanbieder: geeft de jeugdhulp",
    Rol.VERWIJZER: "verwijzer: doet de aanvraag",
    Rol.CONTRACTBEHEER: "contractbeheer: kijkt of er genoeg plekken zijn",
    Rol.BEHEERDER: "beheerder: zorgt dat het loket werkt",
}


@app.command(cls=dutch.Command)
def inzage(nummer: str = typer.Argument(help="Nummer of id van de aanvraag.")) -> None:
    """Schrijft voor een ouder of jeugdige op wie er wanneer naar de gegevens keek. Ook dit komt in het log.

    Zonder namen van medewerkers. U kijkt als schakelfunctionaris van de regio van LOKET_REGIO.

    Voorbeeld:

      loket log inzage K7M-3PQ > inzage.txt
    """

    async def work(settings: Settings, pool: Pool) -> None:
        now = datetime.now(UTC)
        wie = _as_loket(settings.regio)
        async with transaction(pool, wie) as conn:
            id = await find(conn, nummer)
            naam = await conn.fetchval(NUMMER, id)
            rows = await dossiers.all_inzagen(conn, id)
            await logboek.schrijf(conn, wie, INZAGE, [id], now=now, spoor=logboek.spoor())
        print("\n".join(page(naam, rows, today(now))))

    connect.run("log inzage", work)


NUMMER = "select nummer from aanvraag where id = $1"


def page(nummer: str, rows: list[Inzage], vandaag: date) -> list[str]:
    """What happened on one day by one organisation in one rol is one line."""
    told: dict[tuple[date, str], dict[str, int]] = {}
    for row in reversed(rows):
        who = row.organisatie or ("Het loket, een programma" if row.systeem else "Het loket")
        rol = f" ({ROLLEN[row.rol]})" if row.rol is not None and not (row.systeem and row.organisatie is None) else ""
        what = f"{WAT.get(Object(row.object), 'gegevens')} {DEED.get(row.gebeurtenis, 'gebruikt')}"
        if row.resultaat is not Resultaat.GELUKT:
            what = f"wilde {WAT.get(Object(row.object), 'gegevens')} zien, maar dat mocht of lukte niet"
        deeds = told.setdefault((row.moment.astimezone(AMSTERDAM).date(), f"{who}{rol}"), {})
        deeds[what] = deeds.get(what, 0) + 1
    lines = [
        f"Wie keek er naar aanvraag {nummer}?",
        "",
        f"Opgeschreven op {day(vandaag, vandaag)} {vandaag.year}. Elke keer dat iemand in het loket gegevens van dit",
        "kind ziet of verandert, schrijft het loket dat op. Wie die lijst later verandert, valt op.",
        "",
    ]
    for (when, who), deeds in told.items():
        what = "; ".join(text if times == 1 else f"{text} ({times} keer)" for text, times in deeds.items())
        lines += textwrap.wrap(f"{day(when, vandaag)}: {who}: {what}.", 100, subsequent_indent="  ")
    if not told:
        lines.append("Nog niemand heeft naar deze aanvraag gekeken.")
    lines += [
        "",
        "Klopt er iets niet, of wilt u weten waarom iemand keek? Vraag het aan het loket of aan uw gemeente.",
        "U mag ook naar de functionaris gegevensbescherming van de gemeente, of naar de Autoriteit Persoonsgegevens.",
    ]
    return lines
