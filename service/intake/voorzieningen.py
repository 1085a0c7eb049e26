"""The list of voorzieningen with their admission profile, and the locaties where they are.

Found by aanbieder and name. A locatie that does not exist yet is made from postcode, plaats and gemeente.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from service.aanbod import voorzieningen
from service.aanbod.voorzieningen import NieuweVoorziening, Voorziening
from service.db import Connection, rows_as
from service.intake import locaties, names, rows
from service.intake.cells import Raw, Wrong, key
from service.intake.names import Named
from service.intake.parsers import (
    agb,
    boolean,
    choice,
    day,
    days,
    integer,
    months_from,
    months_through,
    phone,
    several,
    several_of,
    text,
)
from service.intake.preview import Context, Plan
from service.intake.rows import CodeLists, Fields, Item, Lookup
from service.intake.tables import Column, Parsed, Record, Table
from service.intake.woorden import GROEPSSOORTEN, KADERS, PERSPECTIEVEN
from service.regio.codes import Lijst


def group_mix(value: Raw) -> dict[str, int]:
    """zware gedragsproblemen: 2; brandstichting: 0."""
    found = {}
    for part in several(value):
        name, mark, count = part.rpartition(":")
        if not mark or not count.strip().isascii() or not count.strip().isdecimal() or int(count[:5]) > 99:
            raise Wrong(
                "vorm", "Schrijf het kenmerk, een dubbele punt en het hoogste aantal, zoals: brandstichting: 1."
            )
        found[name.strip()] = int(count[:5])
    return found


TABLE = Table(
    soort="voorzieningen",
    title="Voorzieningen: huizen, groepen en profielen, met wie er terechtkan",
    columns=(
        Column(
            "aanbieder",
            text(120),
            "Naam of AGB-code van de aanbieder. Bent u zelf de aanbieder, dan mag dit leeg blijven.",
            ("zorgaanbieder", "organisatie", "instelling", "naam aanbieder", "jeugdhulpaanbieder"),
            examples=("Gezinshuis De Linde", "Jeugdhulp Het Gooi"),
        ),
        Column("agb-code", agb, "AGB-code van de aanbieder, in plaats van de naam.", ("agb", "agbcode", "agb nummer")),
        Column(
            "voorziening",
            text(120),
            "Naam van het huis, de groep of het profiel.",
            ("naam voorziening", "naam", "groep", "woongroep", "leefgroep", "huis", "unit", "afdeling", "profiel"),
            field="naam",
            filled=True,
            examples=("De Linde", "Groep Noord"),
        ),
        Column(
            "zorgvorm",
            text(80),
            "Soort verblijf, zoals uw regio die noemt.",
            ("type zorg", "soort zorg", "vorm", "type verblijf", "soort verblijf", "zorgtype", "woonvorm"),
            field="zorgvorm",
            examples=("Gezinshuis", "Kleinschalig verblijf"),
        ),
        Column(
            "locatie",
            text(120),
            "Naam van de plaats op de kaart. Leeg: de naam van de voorziening.",
            ("naam locatie", "vestiging"),
            field="locatie_id",
            examples=("De Linde, Hilversum", "Noord, Huizen"),
        ),
        *locaties.COLUMNS,
        Column(
            "leeftijd van",
            months_from,
            "Jongste leeftijd, in jaren. Of in maanden: 18 maanden.",
            ("vanaf leeftijd", "minimumleeftijd", "leeftijd vanaf", "min leeftijd", "leeftijd min"),
            field="leeftijd_van",
            examples=(6, 12),
        ),
        Column(
            "leeftijd tot en met",
            months_through,
            "Oudste leeftijd, in jaren: 12 is tot de dertiende verjaardag.",
            ("leeftijd tot", "leeftijd t/m", "tot en met leeftijd", "maximumleeftijd", "max leeftijd", "leeftijd max"),
            field="leeftijd_tot",
            examples=(15, 17),
        ),
        Column(
            "groepssoort",
            choice(GROEPSSOORTEN),
            "Voor wie de groep is. Leeg: gemengd.",
            ("geslacht", "soort groep", "jongens/meisjes"),
            field="groepssoort",
            choices=("gemengd", "meisjes", "jongens"),
            examples=("gemengd", "meisjes"),
        ),
        Column(
            "juridische kaders",
            several_of(KADERS),
            "Welke kaders hier kunnen, met komma's ertussen; of alle.",
            ("juridisch kader", "kader", "kaders"),
            field="juridische_kaders",
            examples=("alle", "vrijwillig, OTS, VOTS"),
        ),
        Column(
            "perspectieven",
            several_of(PERSPECTIEVEN),
            "terug naar huis, langdurig, onduidelijk; met komma's ertussen, of alle.",
            ("perspectief",),
            field="perspectieven",
            examples=("langdurig", "terug naar huis, onduidelijk"),
        ),
        Column(
            "gesloten",
            boolean,
            "ja als een machtiging gesloten jeugdhulp nodig is.",
            field="gesloten",
            choices=("ja", "nee"),
            examples=("nee", "nee"),
        ),
        Column(
            "ondersteuning",
            several,
            "Wat u biedt, met komma's ertussen, uit de lijst van de regio.",
            ("geboden ondersteuning", "aanbod", "specialisatie", "hulp"),
            field="ondersteuning",
        ),
        Column(
            "contra-indicaties",
            several,
            "Met welke kenmerken een jeugdige hier niet terecht kan, met komma's ertussen.",
            ("contraindicatie", "contra indicatie", "uitsluitingscriteria", "niet geschikt voor"),
            field="contra_indicaties",
        ),
        Column(
            "medisch",
            several,
            "Welke medische zorg hier kan, met komma's ertussen.",
            ("medische zorg",),
            field="medisch",
        ),
        Column(
            "rolstoeltoegankelijk",
            boolean,
            "ja of nee.",
            ("rolstoel", "toegankelijk", "rolstoel toegankelijk"),
            field="rolstoeltoegankelijk",
            choices=("ja", "nee"),
            examples=("nee", "ja"),
        ),
        Column(
            "onderwijs",
            several,
            "Welk onderwijs hier is, met komma's ertussen.",
            ("school", "onderwijsvorm"),
            field="onderwijs",
        ),
        Column(
            "maximaal verblijf",
            days,
            "In dagen, of bijvoorbeeld 6 maanden. Leeg: zo lang als nodig.",
            ("maximale verblijfsduur", "max verblijf", "verblijfsduur", "maximale duur"),
            field="maximaal_verblijf",
            examples=(None, "9 maanden"),
        ),
        Column(
            "opname vanaf",
            day,
            "Eerste dag van opname. Leeg: vandaag.",
            ("opnamedatum", "open vanaf", "start opname"),
            field="opname_vanaf",
        ),
        Column(
            "leeftijdsverschil",
            months_from,
            "Grootste verschil tussen de jongste en de oudste, in jaren. Leeg: geen grens.",
            ("maximaal leeftijdsverschil", "leeftijdsverschil max", "max leeftijdsverschil"),
            field="leeftijdsverschil_max",
        ),
        Column(
            "groepsmix",
            group_mix,
            "Hoeveel jeugdigen met een kenmerk er hooguit wonen, zoals: brandstichting: 1.",
            field="groepsmix",
        ),
        Column(
            "wie bellen",
            text(120),
            "Naam van wie het loket belt.",
            ("contactpersoon", "contact", "bellen naam", "aanspreekpunt"),
            field="bellen_naam",
            examples=("Sam de Wit", "Teamleider Noord"),
        ),
        Column(
            "telefoon",
            phone,
            "Telefoonnummer voor een opname.",
            ("telefoonnummer", "tel", "bellen telefoon", "telefoon contactpersoon"),
            field="bellen_telefoon",
            examples=("035 123 45 67", "035 765 43 21"),
        ),
        Column(
            "plekken",
            integer(0, 500),
            "Wordt niet ingelezen: plekken geeft u op met de lijst capaciteit.",
            ("aantal plekken", "capaciteit"),
        ),
    ),
    needed=(("voorziening",),),
)

FIELDS = Fields.of(column for column in TABLE.columns if column not in locaties.COLUMNS)

NEW_NEEDS = ("zorgvorm", "leeftijd van", "leeftijd tot en met", "juridische kaders", "perspectieven")

ALL = f"select {voorzieningen.COLUMNS} from voorziening where regio = huidige_regio()"

ALL_LOCKED = f"{ALL} order by id for no key update"


async def plan(conn: Connection, parsed: Parsed, context: Context) -> Plan:
    """Each row against the voorziening of that name, and its locatie."""
    found: list[Voorziening] = rows_as(await conn.fetch(ALL_LOCKED if context.lock else ALL), Voorziening)
    known = {voorziening.id: voorziening for voorziening in found}
    aanbod = await names.load(conn, context.wie)
    lookups = _lookups(await rows.load_codes(conn))
    places = await locaties.load(conn)
    items = []
    for record in parsed.records:
        naam, aanbieder_id = record.get("voorziening"), _aanbieder_id(parsed, record, aanbod)
        if naam is None or aanbieder_id is None:
            continue
        named = aanbod.voorzieningen.get(aanbieder_id, Named.of([])).find(naam)
        current = known.get(named.id) if named else None
        new = {} if current else {"aanbieder_id": aanbieder_id}
        item = Item(record, naam, current, new | rows.wanted(parsed, record, FIELDS, lookups))
        places.put(parsed, item, aanbieder_id)
        items.append(item)
    items = rows.once(parsed, items, _identity, "voorziening")
    for item in items:
        rows.required(parsed, item, NEW_NEEDS)
        nieuw = rows.would_be(NieuweVoorziening, item.current, item.wanted)
        rows.report(parsed, item.record, FIELDS, await voorzieningen.errors(conn, nieuw))
        await locaties.check(conn, parsed, item)
    plan = rows.plan_of(items, FIELDS, context, partial(_write, now=context.now), names=places.names)
    plan.notes.extend(places.notes())
    return plan


def _lookups(codes: CodeLists) -> dict[str, Lookup]:
    def group_mix(parsed: Parsed, record: Record, column: str) -> dict[str, int]:
        mix: dict[str, int] = record.get(column)
        found = {codes.find(parsed, record, column, Lijst.KENMERK, name): most for name, most in mix.items()}
        return {code: most for code, most in found.items() if code}

    return {
        "zorgvorm": codes.one("zorgvorm"),
        "ondersteuning": codes.several(Lijst.ONDERSTEUNING),
        "contra-indicaties": codes.several(Lijst.KENMERK),
        "medisch": codes.several(Lijst.MEDISCH),
        "onderwijs": codes.several(Lijst.ONDERWIJS),
        "groepsmix": group_mix,
        # Its id comes from where the voorziening is put.
        "locatie": lambda *_: None,
    }


def _aanbieder_id(parsed: Parsed, record: Record, aanbod: names.Aanbod) -> UUID | None:
    """Whose voorziening it is; None after a fault."""
    aanbieder = names.find_aanbieder(aanbod, parsed, record)
    if record.get("voorziening") is None or record.wrong & {"aanbieder", "agb-code"}:
        return None
    if aanbieder is None and aanbod.own is None:
        column = "aanbieder" if "aanbieder" in parsed.headers else "voorziening"
        parsed.fault(record, column, "verplicht", "Vul in van welke aanbieder deze voorziening is.")
        return None
    return aanbieder.id if aanbieder else aanbod.own


def _identity(item: Item) -> tuple[object, object]:
    if item.current is not None:
        return item.current.id, None
    return item.wanted["aanbieder_id"], key(item.name)


async def _write(conn: Connection, item: Item, fields: dict[str, Any], *, now: datetime) -> None:
    locatie_id = await locaties.write(conn, item)
    if item.current is None:
        await voorzieningen.add(conn, NieuweVoorziening(**{**fields, "locatie_id": locatie_id}))
        return
    if item.current.locatie_id != locatie_id:
        fields = {**fields, "locatie_id": locatie_id}
    if fields:
        await voorzieningen.change(conn, item.current.id, voorzieningen.WijzigingVoorziening(**fields), now=now)
