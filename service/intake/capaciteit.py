"""The capacity list of a provider: one row per plek, or one row per voorziening with how many are free.

What a row says becomes a `Wish` for one plek; what the loket knows of it is its `Stand`; wishes.decide compares
the two. Beds of a voorziening that the file names but that are no longer in it, end. The file also confirms
each plek that it names, once a day: the same file again changes nothing.
"""

from __future__ import annotations

import asyncio
from datetime import date

from msgspec import Struct

from service.db import Connection
from service.intake import counts, decision, names, standen, wishes
from service.intake.cells import day_text, key
from service.intake.decision import Decision
from service.intake.names import Aanbod, Voorziening
from service.intake.parsers import agb, choice, day, integer, text
from service.intake.preview import Context, Plan
from service.intake.standen import Stand, Status
from service.intake.tables import Column, Parsed, Record, Table
from service.intake.wishes import Wish

STATUS = {
    "vrij": Status.VRIJ, "bezet": Status.BEZET, "in overleg": Status.IN_OVERLEG, "niet bemenst": Status.ONBEMENST,
    "gestopt": Status.GESTOPT,
    "beschikbaar": Status.VRIJ, "open": Status.VRIJ, "leeg": Status.VRIJ, "bemenst": Status.VRIJ,
    "vrije plek": Status.VRIJ,
    "vol": Status.BEZET, "niet vrij": Status.BEZET, "niet beschikbaar": Status.BEZET, "geplaatst": Status.BEZET,
    "overleg": Status.IN_OVERLEG, "na overleg": Status.IN_OVERLEG, "op overleg": Status.IN_OVERLEG,
    "onbemenst": Status.ONBEMENST, "geen personeel": Status.ONBEMENST, "geen bezetting": Status.ONBEMENST,
    "stop": Status.GESTOPT, "gesloten": Status.GESTOPT, "dicht": Status.GESTOPT, "opnamestop": Status.GESTOPT,
    "tijdelijk gestopt": Status.GESTOPT, "buiten gebruik": Status.GESTOPT,
}  # fmt: skip

REDEN = {
    "personeel": "personeel", "verbouwing": "verbouwing", "overmacht": "overmacht",
    "rust in de groep": "rust_in_de_groep",
    "anders": "anders",
    "personeelstekort": "personeel", "geen personeel": "personeel", "tekort aan personeel": "personeel",
    "ziekte": "personeel", "verzuim": "personeel", "verbouw": "verbouwing", "renovatie": "verbouwing",
    "onderhoud": "verbouwing", "brand": "overmacht", "waterschade": "overmacht", "rust": "rust_in_de_groep",
    "groepsrust": "rust_in_de_groep", "overig": "anders",
}  # fmt: skip

TABLE = Table(
    soort="capaciteit",
    title="Capaciteit: welke plekken zijn vrij",
    columns=(
        Column(
            "aanbieder",
            text(120),
            "Naam of AGB-code van uw organisatie. Mag leeg blijven als maar één aanbieder een voorziening "
            "met deze naam heeft.",
            ("zorgaanbieder", "organisatie", "instelling", "naam aanbieder", "jeugdhulpaanbieder"),
            examples=("Gezinshuis De Linde", "Gezinshuis De Linde", "Jeugdhulp Het Gooi"),
        ),
        Column(
            "agb-code",
            agb,
            "AGB-code van uw organisatie, in plaats van de naam.",
            ("agb", "agbcode", "agb code aanbieder", "agb nummer"),
        ),
        Column(
            "voorziening",
            text(120),
            "Naam van het huis, de groep of het profiel, zoals het loket die kent.",
            (
                "naam voorziening",
                "groep",
                "woongroep",
                "leefgroep",
                "huis",
                "unit",
                "afdeling",
                "locatie",
                "gezinshuis",
                "profiel",
            ),
            filled=True,
            examples=("De Linde", "De Linde", "Groep Noord"),
        ),
        Column(
            "plek",
            text(60),
            "Naam of nummer van het bed. Geen rij per bed? Laat deze kolom leeg en vul aantal plekken en "
            "aantal vrij in.",
            (
                "bed",
                "kamer",
                "plaats",
                "plek nr",
                "pleknummer",
                "plek nummer",
                "bednummer",
                "bed nr",
                "kamernummer",
                "naam plek",
            ),
            examples=("1", "2", None),
        ),
        Column(
            "aantal plekken",
            integer(0, 500),
            "Hoeveel plekken de voorziening heeft. Alleen als u geen rij per plek maakt.",
            ("capaciteit", "plekken", "totaal", "totaal plekken", "aantal bedden", "bedden", "totaal aantal plekken"),
            examples=(None, None, 8),
        ),
        Column(
            "aantal vrij",
            integer(0, 500),
            "Hoeveel daarvan vandaag vrij zijn.",
            ("vrije plekken", "vrij", "aantal vrije plekken", "waarvan vrij", "aantal beschikbaar", "beschikbaar"),
            examples=(None, None, 3),
        ),
        Column(
            "status",
            choice(STATUS),
            "vrij: open en bemenst. bezet: er woont iemand. in overleg: misschien. niet bemenst: leeg, maar er is geen "
            "personeel. gestopt: tijdelijk dicht; vul dan ook reden en verwacht einde in.",
            ("stand", "situatie", "beschikbaarheid", "plek status", "status plek"),
            choices=("vrij", "bezet", "in overleg", "niet bemenst", "gestopt"),
            examples=("vrij", "bezet", None),
        ),
        Column(
            "vrij vanaf",
            day,
            "Eerste dag waarop de plek vrij is. Leeg bij een vrije plek: vandaag.",
            ("beschikbaar vanaf", "vrij per", "beschikbaar per", "per", "vanaf", "datum vrij"),
            examples=(None, None, None),
        ),
        Column(
            "bezet tot",
            day,
            "Eerste dag waarop een bezette plek weer vrij is. Leeg: onbekend.",
            ("verwachte uitstroom", "uitstroomdatum", "verwacht vertrek", "verwachte einddatum", "einddatum"),
            examples=(None, date(2027, 7, 1), None),
        ),
        Column(
            "reden",
            choice(REDEN),
            "Waarom een plek gestopt is.",
            ("reden stop", "stopreden", "reden van stop", "reden gestopt"),
            choices=("personeel", "verbouwing", "overmacht", "rust in de groep", "anders"),
        ),
        Column(
            "verwacht einde",
            day,
            "Eerste dag waarop een gestopte plek naar verwachting weer open is.",
            ("verwacht einde stop", "einde stop", "gestopt tot", "stop tot", "weer open", "weer open op", "dicht tot"),
        ),
        Column(
            "bevestigd op",
            day,
            "Dag waarop deze stand klopte. Leeg: vandaag.",
            ("peildatum", "bijgewerkt op", "laatst bijgewerkt", "stand per", "datum stand", "gecontroleerd op"),
        ),
    ),
    needed=(("voorziening",), ("plek", "aantal plekken"), ("status", "aantal vrij", "vrij vanaf", "bezet tot")),
)


class Unit(Struct):
    """What the file says of one voorziening."""

    voorziening: Voorziening
    wishes: list[Wish]
    counted: Record | None = None
    sound: bool = True
    """False when a row of it is wrong: then what is missing from the file says nothing."""


async def plan(conn: Connection, parsed: Parsed, context: Context) -> Plan:
    """The changes that the list asks for, compared with what the loket knows now."""
    aanbod = await names.load(conn, context.wie)
    units = await asyncio.to_thread(_units, parsed, aanbod, context.today)
    stands = await standen.load(conn, list(units), context.now, lock=context.lock)
    decided = await asyncio.to_thread(_decide, parsed, list(units.values()), stands, context)
    return Plan(
        changes=decided.changes,
        notes=decided.notes,
        unchanged=decided.unchanged,
        write=lambda conn: decision.write(conn, decided, context.progress),
    )


def _decide(parsed: Parsed, units: list[Unit], stands: dict[object, list[Stand]], context: Context) -> Decision:
    decided = Decision(parsed, context.now, context.today)
    for number, unit in enumerate(units):
        known = stands.get(unit.voorziening.id, [])
        if unit.counted is not None:
            counts.decide(decided, unit.voorziening, unit.counted, known)
        else:
            wishes.decide(decided, unit.voorziening, unit.wishes, known, complete=unit.sound)
        if context.progress and number % 100 == 0:
            context.progress("Vergelijken", number, len(units))
    return decided


def _units(parsed: Parsed, aanbod: Aanbod, today: date) -> dict[object, Unit]:
    """Per voorziening what its rows say; what rows contradict becomes a fault."""
    units: dict[object, Unit] = {}
    unknown: set[str] = set()
    for record in parsed.records:
        voorziening = names.find_voorziening(aanbod, parsed, record)
        if voorziening is None:
            unknown.add(key(record.get("voorziening") or ""))
            continue
        unit = units.setdefault(voorziening.id, Unit(voorziening, []))
        _check_confirmed(parsed, record, today)
        if "plek" in record.raw:
            wish = _wish(parsed, record, today)
            if wish is not None:
                unit.wishes.append(wish)
        elif "aantal plekken" in record.raw:
            _check_counted(parsed, record, unit)
        else:
            parsed.fault(
                record, "plek", "verplicht", "Vul de naam of het nummer van de plek in, of het aantal plekken."
            )
        unit.sound = unit.sound and not record.wrong
        if unit.counted is not None and unit.wishes:
            other = unit.wishes[0].record.row if record is unit.counted else unit.counted.row
            reason = (
                f"Rij {other} geeft deze voorziening op de andere manier op. Kies: een rij per plek, of één "
                "rij met aantallen."
            )
            parsed.fault(record, "voorziening", "twee_manieren", reason)
            unit.counted = None
            unit.sound = False
    for unit in units.values():
        unit.sound = unit.sound and key(unit.voorziening.naam) not in unknown
    return units


def _check_confirmed(parsed: Parsed, record: Record, today: date) -> None:
    confirmed = record.get("bevestigd op")
    if confirmed is not None and confirmed > today:
        parsed.fault(
            record, "bevestigd op", "toekomst", "Deze dag moet nog komen. Vul de dag in waarop de stand klopte."
        )


def _check_counted(parsed: Parsed, record: Record, unit: Unit) -> None:
    if unit.counted is not None:
        reason = f"Deze voorziening staat ook in rij {unit.counted.row}. Maak er één rij van."
        parsed.fault(record, "voorziening", "dubbel", reason)
        return
    unit.counted = record
    total, free = record.get("aantal plekken"), record.get("aantal vrij")
    if "aantal vrij" not in record.raw:
        parsed.fault(record, "aantal vrij", "verplicht", "Vul in hoeveel plekken vrij zijn; 0 mag.")
    elif total is not None and free is not None and free > total:
        parsed.fault(
            record, "aantal vrij", "te_veel", f"Er zijn meer plekken vrij ({free}) dan er plekken zijn ({total})."
        )
    if record.get("status") in (Status.BEZET, Status.GESTOPT):
        reason = (
            "Bij aantallen geldt de status voor de vrije plekken: vrij, in overleg of niet bemenst. Of maak "
            "een rij per plek."
        )
        parsed.fault(record, "status", "niet_bij_aantal", reason)


def _wish(parsed: Parsed, record: Record, today: date) -> Wish | None:
    """What a row wants for its plek; None when a cell that matters is wrong."""
    if record.wrong & {"plek", "status", "vrij vanaf", "bezet tot", "reden", "verwacht einde"}:
        return None
    free, until = record.get("vrij vanaf"), record.get("bezet tot")
    status = record.get("status") or (Status.BEZET if until else Status.VRIJ if free else None)
    if status is None:
        column = "status" if "status" in parsed.headers else "plek"
        parsed.fault(
            record, column, "verplicht", "Vul een status in: vrij, bezet, in overleg, niet bemenst of gestopt."
        )
        return None
    wish = Wish(record, record.get("plek"), status, confirmed=record.get("bevestigd op") or today)
    if status is Status.GESTOPT:
        return _stopped(parsed, wish, today)
    if free is not None and until is not None and free != until:
        reason = f"Bezet tot {day_text(until)} en vrij vanaf {day_text(free)} spreken elkaar tegen. Vul er één in."
        parsed.fault(record, "bezet tot", "tegenspraak", reason)
        return None
    first_free = free or until
    if status is Status.BEZET and first_free is not None and first_free <= today:
        column = "bezet tot" if until else "vrij vanaf"
        reason = (
            "Deze dag is voorbij. Is de plek vrij, zet de status dan op vrij. Woont er nog iemand, vul dan "
            "een nieuwe dag in."
        )
        parsed.fault(record, column, "voorbij", reason)
        return None
    wish.until = first_free if first_free is not None and first_free > today else None
    return wish


def _stopped(parsed: Parsed, wish: Wish, today: date) -> Wish | None:
    record = wish.record
    end = record.get("verwacht einde") or record.get("vrij vanaf")
    column = "verwacht einde" if record.get("verwacht einde") or not end else "vrij vanaf"
    if record.get("reden") is None:
        parsed.fault(
            record,
            "reden",
            "verplicht",
            f"Vul in waarom de plek gestopt is: {', '.join(TABLE.column('reden').choices)}.",
        )
    if end is None:
        parsed.fault(record, "verwacht einde", "verplicht", "Vul in wanneer de plek naar verwachting weer open is.")
    elif end <= today:
        parsed.fault(record, column, "voorbij", "Deze dag is voorbij. Is de plek weer open, zet de status dan op vrij.")
    if record.wrong:
        return None
    wish.until, wish.reason = end, record.get("reden")
    return wish
