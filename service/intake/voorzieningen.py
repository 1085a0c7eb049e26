"""The list of voorzieningen with their admission profile, and the locaties where they are.

Found by aanbieder and name. A locatie that does not exist yet is made from postcode, plaats and gemeente.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from msgspec import UNSET, Struct

from service import locaties, voorzieningen
from service.codes import Lijst
from service.db import Connection, rows_as
from service.errors import FieldError
from service.intake import names, rows
from service.intake.cells import (
    Raw,
    Wrong,
    agb,
    boolean,
    choice,
    day,
    days,
    gemeente,
    integer,
    key,
    months_from,
    months_through,
    phone,
    postcode,
    several,
    several_of,
    shown,
    text,
)  # fmt: skip
from service.intake.names import Named
from service.intake.preview import Context, Plan, Veld
from service.intake.rows import CodeLists, Fields, Item
from service.intake.tables import Column, Parsed, Record, Table
from service.locaties import Locatie, Zichtbaarheid
from service.voorzieningen import Groepssoort, JuridischKader, NieuweVoorziening, Perspectief, Voorziening

KADERS = {
    "vrijwillig": JuridischKader.VRIJWILLIG, "VOTS": JuridischKader.VOTS, "OTS": JuridischKader.OTS,
    "voogdij": JuridischKader.VOOGDIJ, "voorlopige voogdij": JuridischKader.VOORLOPIGE_VOOGDIJ,
    "jeugdreclassering": JuridischKader.JEUGDRECLASSERING,
    "vrijwillig kader": JuridischKader.VRIJWILLIG, "ondertoezichtstelling": JuridischKader.OTS,
    "voorlopige ondertoezichtstelling": JuridischKader.VOTS, "voorlopige ots": JuridischKader.VOTS,
    "jr": JuridischKader.JEUGDRECLASSERING,
}  # fmt: skip

PERSPECTIEVEN = {
    "terug naar huis": Perspectief.TERUG_NAAR_HUIS, "langdurig": Perspectief.LANGDURIG,
    "onduidelijk": Perspectief.ONDUIDELIJK,
    "thuis": Perspectief.TERUG_NAAR_HUIS, "kort": Perspectief.TERUG_NAAR_HUIS, "opgroeien": Perspectief.LANGDURIG,
    "lang": Perspectief.LANGDURIG, "onbekend": Perspectief.ONDUIDELIJK,
}  # fmt: skip

GROEPSSOORTEN = {
    "gemengd": Groepssoort.GEMENGD, "meisjes": Groepssoort.MEISJES, "jongens": Groepssoort.JONGENS,
    "meisje": Groepssoort.MEISJES, "jongen": Groepssoort.JONGENS, "beide": Groepssoort.GEMENGD,
}  # fmt: skip

ZICHTBAARHEDEN = {
    "openbaar": Zichtbaarheid.OPENBAAR, "vertrouwelijk": Zichtbaarheid.VERTROUWELIJK, "geheim": Zichtbaarheid.GEHEIM,
}  # fmt: skip


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
        Column(
            "postcode",
            postcode,
            "Postcode met letters.",
            ("pc", "pc6"),
            field="postcode",
            examples=("1211 AB", "1271 CD"),
        ),
        Column(
            "plaats",
            text(80),
            "Alleen bij een openbare locatie.",
            ("woonplaats", "plaatsnaam"),
            field="plaats",
            examples=("Hilversum", "Huizen"),
        ),
        Column(
            "gemeente",
            gemeente,
            "Naam of CBS-code. Alleen bij een openbare locatie.",
            ("gemeentecode", "cbs code", "gemeente code"),
            field="gemeente_code",
            examples=("0402", "Huizen"),
        ),
        Column(
            "zichtbaarheid",
            choice(ZICHTBAARHEDEN),
            "openbaar, vertrouwelijk (een pleeggezin) of geheim. Leeg: openbaar.",
            ("adres zichtbaar", "openbaarheid"),
            field="zichtbaarheid",
            choices=tuple(ZICHTBAARHEDEN),
            examples=("openbaar", "openbaar"),
        ),
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

OF_LOCATIE = ("postcode", "plaats", "gemeente", "zichtbaarheid")

FIELDS = Fields.of(column for column in TABLE.columns if column.name not in OF_LOCATIE)

LOCATIE_FIELDS = Fields.of(TABLE.column(name) for name in OF_LOCATIE)

LISTS = {
    "ondersteuning": Lijst.ONDERSTEUNING, "contra-indicaties": Lijst.KENMERK, "medisch": Lijst.MEDISCH,
    "onderwijs": Lijst.ONDERWIJS,
}  # fmt: skip

NEW_NEEDS = ("zorgvorm", "leeftijd van", "leeftijd tot en met", "juridische kaders", "perspectieven")

ALL = f"select {voorzieningen.COLUMNS} from voorziening where regio = huidige_regio()"

ALL_LOCKED = f"{ALL} order by id for no key update"

ALL_LOCATIES = f"{locaties.LOCATIES} where l.regio = huidige_regio()"


class Place(Struct):
    """The locatie of one or more rows: what is there, and what the rows say of it."""

    aanbieder_id: UUID
    naam: str
    current: Locatie | None
    wanted: dict[str, Any]
    row: int
    made: UUID | None = None


class Known(Struct):
    """What is there already."""

    aanbod: names.Aanbod
    voorzieningen: dict[UUID, Voorziening]
    locaties: dict[tuple[UUID, str], Locatie]
    names: dict[UUID, str]
    codes: CodeLists
    gemeenten: Named[str]
    places: dict[tuple[UUID, str], Place]


async def plan(conn: Connection, parsed: Parsed, context: Context) -> Plan:
    """Each row against the voorziening of that name, and its locatie."""
    all_locaties: list[Locatie] = rows_as(await conn.fetch(ALL_LOCATIES), Locatie)
    all_voorzieningen = rows_as(await conn.fetch(ALL_LOCKED if context.lock else ALL), Voorziening)
    known = Known(
        aanbod=await names.load(conn, context.wie),
        voorzieningen={voorziening.id: voorziening for voorziening in all_voorzieningen},
        locaties={(locatie.aanbieder_id, key(locatie.naam)): locatie for locatie in all_locaties},
        names={locatie.id: locatie.naam for locatie in all_locaties},
        codes=await rows.load_codes(conn),
        gemeenten=await rows.load_gemeenten(conn),
        places={},
    )
    items = [item for record in parsed.records if (item := _item(parsed, record, known)) is not None]
    items = rows.once(parsed, items, _identity, "voorziening")
    for item in items:
        rows.required(parsed, item, NEW_NEEDS)
        rows.report(parsed, item.record, FIELDS, await _errors(conn, item))
        await _check_place(conn, parsed, item)
    plan = rows.plan_of(items, FIELDS, context, _write, names=known.names)
    if any(_unreadable(place) for place in known.places.values()):
        plan.notes.append(
            "De postcode van een vertrouwelijke of geheime locatie kan alleen de eigen aanbieder lezen. "
            "Van zulke locaties die al bestaan, verandert de postcode niet."
        )
    return plan


def _identity(item: Item) -> tuple[object, object]:
    if isinstance(item.current, Voorziening):
        return item.current.id, None
    return item.wanted["aanbieder_id"], key(item.name)


def _item(parsed: Parsed, record: Record, known: Known) -> Item | None:
    aanbieder = names.find_aanbieder(known.aanbod, parsed, record)
    naam = record.get("voorziening")
    if naam is None or record.wrong & {"aanbieder", "agb-code"}:
        return None
    aanbieder_id = aanbieder.id if aanbieder else known.aanbod.own
    if aanbieder_id is None:
        column = "aanbieder" if "aanbieder" in parsed.headers else "voorziening"
        parsed.fault(record, column, "verplicht", "Vul in van welke aanbieder deze voorziening is.")
        return None
    found = known.aanbod.voorzieningen.get(aanbieder_id, Named.of([])).find(naam)
    current = known.voorzieningen.get(found.id) if found else None
    wanted: dict[str, Any] = {} if current else {"aanbieder_id": aanbieder_id}
    for column, field in FIELDS.field_of.items():
        value = record.get(column)
        if value is None or column in ("locatie", "zorgvorm", "groepsmix", *LISTS):
            continue
        wanted[field] = list(value) if isinstance(value, tuple) else value
    if (zorgvorm := record.get("zorgvorm")) is not None:
        wanted["zorgvorm"] = known.codes.find(parsed, record, "zorgvorm", "zorgvorm", zorgvorm)
    for column, lijst in LISTS.items():
        if (codes := known.codes.find_all(parsed, record, column, lijst)) is not None:
            wanted[FIELDS.field_of[column]] = codes
    if (mix := record.get("groepsmix")) is not None:
        found_codes = {name: known.codes.find(parsed, record, "groepsmix", Lijst.KENMERK, name) for name in mix}
        wanted["groepsmix"] = {code: mix[name] for name, code in found_codes.items() if code}
    wanted = {field: value for field, value in wanted.items() if value is not None}
    item = Item(record, naam, current, wanted)
    _place(parsed, item, aanbieder_id, known)
    return item


def _place(parsed: Parsed, item: Item, aanbieder_id: UUID, known: Known) -> None:
    """Where the voorziening is: the locatie that the row names, its own one, or a new one of the same name."""
    record = item.record
    own = None
    if isinstance(item.current, Voorziening) and record.get("locatie") is None:
        naam = known.names[item.current.locatie_id]
        own = known.locaties[aanbieder_id, key(naam)]
    else:
        naam = record.get("locatie") or item.name
    place_key = aanbieder_id, key(naam)
    wanted = {
        field: record.get(column) for column, field in LOCATIE_FIELDS.field_of.items() if record.get(column) is not None
    }
    if "gemeente" in record.values:
        wanted["gemeente_code"] = rows.find_gemeente(known.gemeenten, parsed, record, "gemeente")
    place = known.places.get(place_key)
    if place is None:
        place = Place(aanbieder_id, naam, own or known.locaties.get(place_key), wanted, record.row)
        known.places[place_key] = place
        item.extra = _place_changes(place)
    else:
        for field, value in wanted.items():
            if place.wanted.setdefault(field, value) != value:
                column = LOCATIE_FIELDS.column_of(field)
                reason = (
                    f"Rij {place.row} zegt iets anders over locatie {naam}: {shown(place.wanted[field])}. "
                    "Maak ze gelijk."
                )
                parsed.fault(record, column, "tegenspraak", reason)
    item.data = place
    if place.current is not None:
        item.wanted["locatie_id"] = place.current.id
    elif item.current is not None:
        item.extra = (*item.extra, Veld("locatie", known.names[item.current.locatie_id], naam))  # type: ignore[attr-defined]


def _unreadable(place: Place) -> bool:
    return place.current is not None and place.current.postcode is None and "postcode" in place.wanted


def _place_fields(place: Place) -> dict[str, Any]:
    """What must change of the locatie."""
    if place.current is None:
        return place.wanted
    changed = {field: value for field, value in place.wanted.items() if getattr(place.current, field) != value}
    if _unreadable(place) and changed.get("zichtbaarheid") is not Zichtbaarheid.OPENBAAR:
        changed.pop("postcode")
    return changed


def _place_changes(place: Place) -> tuple[Veld, ...]:
    current = place.current
    new = () if current else (Veld("locatie", None, place.naam),)
    return new + tuple(
        Veld(
            f"{LOCATIE_FIELDS.column_of(field)} van locatie",
            shown(getattr(current, field)) or None if current else None,
            shown(value),
        )
        for field, value in _place_fields(place).items()
    )


async def _check_place(conn: Connection, parsed: Parsed, item: Item) -> None:
    place: Place = item.data
    if place.row != item.record.row:
        return
    if place.current is None and "postcode" not in item.record.raw:
        reason = f"Vul postcode in: dat is nodig, want locatie {place.naam} is nieuw."
        parsed.fault(item.record, "postcode", "verplicht", reason)
        return
    shape = locaties.NieuweLocatie
    old = {name: getattr(place.current, name, UNSET) for name in shape.__struct_fields__} if place.current else {}
    values = {"aanbieder_id": place.aanbieder_id, "zichtbaarheid": Zichtbaarheid.OPENBAAR, **old, **place.wanted}
    if place.current and place.wanted.get("zichtbaarheid", Zichtbaarheid.OPENBAAR) is not Zichtbaarheid.OPENBAAR:
        values = {**values, "plaats": place.wanted.get("plaats"), "gemeente_code": place.wanted.get("gemeente_code")}
    rows.report(parsed, item.record, LOCATIE_FIELDS, await locaties.errors(conn, rows.unset(shape, values)))
    if place.current and values["zichtbaarheid"] is Zichtbaarheid.OPENBAAR and values.get("postcode") is None:
        reason = "Vul de postcode in: een openbare locatie staat op de kaart."
        parsed.fault(item.record, "postcode", "verplicht", reason)


async def _errors(conn: Connection, item: Item) -> list[FieldError]:
    """What the aggregate has against the voorziening as it would be."""
    shape = NieuweVoorziening
    old = {name: getattr(item.current, name) for name in shape.__struct_fields__} if item.current else {}
    return await voorzieningen.errors(conn, rows.unset(shape, {**old, **item.wanted}))


async def _write(conn: Connection, item: Item, fields: dict[str, Any]) -> None:
    place: Place = item.data
    locatie_id = place.current.id if place.current else place.made
    if locatie_id is None:
        nieuw = locaties.NieuweLocatie(aanbieder_id=place.aanbieder_id, naam=place.naam, **place.wanted)
        locatie_id = place.made = (await locaties.add(conn, nieuw)).id
    elif place.row == item.record.row and place.current and (changed := _place_fields(place)):
        await locaties.change(conn, locatie_id, locaties.WijzigingLocatie(**changed))
    if item.current is None:
        await voorzieningen.add(conn, NieuweVoorziening(**{**fields, "locatie_id": locatie_id}))
    else:
        if item.current.locatie_id != locatie_id:  # type: ignore[attr-defined]
            fields = {**fields, "locatie_id": locatie_id}
        if fields:
            await voorzieningen.change(conn, item.current.id, voorzieningen.WijzigingVoorziening(**fields))  # type: ignore[attr-defined]
