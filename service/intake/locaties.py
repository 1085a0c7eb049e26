"""Where the voorzieningen of a list are: the locatie that a row names, and what the rows together say of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from msgspec import Struct

from service.aanbod import locaties
from service.aanbod.locaties import Locatie, Zichtbaarheid
from service.db import Connection, rows_as
from service.intake import rows
from service.intake.cells import key, shown
from service.intake.parsers import choice, gemeente, postcode, text
from service.intake.preview import Veld
from service.intake.rows import Fields, Item, Lookup
from service.intake.tables import Column, Parsed
from service.intake.woorden import ZICHTBAARHEDEN

COLUMNS = (
    Column(
        "postcode", postcode, "Postcode met letters.", ("pc", "pc6"), field="postcode", examples=("1211 AB", "1271 CD")
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
)

FIELDS = Fields.of(COLUMNS)


class Place(Struct):
    """The locatie of one or more rows: what is there, and what the rows say of it."""

    aanbieder_id: UUID
    naam: str
    current: Locatie | None
    wanted: dict[str, Any]
    row: int
    """The first that is about it: there its changes are shown and its faults told."""
    made: UUID | None = None

    @property
    def unreadable(self) -> bool:
        """Whether the postcode that the file has cannot be compared with the one that is stored."""
        return self.current is not None and self.current.postcode is None and "postcode" in self.wanted

    def changes(self) -> dict[str, Any]:
        """The fields of the locatie that must change."""
        if self.current is None:
            return self.wanted
        changed = {field: value for field, value in self.wanted.items() if getattr(self.current, field) != value}
        if self.unreadable and changed.get("zichtbaarheid") is not Zichtbaarheid.OPENBAAR:
            changed.pop("postcode")
        return changed

    def shown(self) -> tuple[Veld, ...]:
        """Those changes, as a person reads them."""
        new = () if self.current else (Veld("locatie", None, self.naam),)
        return new + tuple(
            Veld(
                f"{FIELDS.column_of(field)} van locatie",
                shown(getattr(self.current, field)) or None if self.current else None,
                shown(value),
            )
            for field, value in self.changes().items()
        )


class Places(Struct):
    """All locaties of the region, and those that the file is about."""

    known: dict[tuple[UUID, str], Locatie]
    names: dict[UUID, str]
    lookups: dict[str, Lookup]
    places: dict[tuple[UUID, str], Place] = {}

    def put(self, parsed: Parsed, item: Item, aanbieder_id: UUID) -> None:
        """Gives the voorziening of a row its place: the locatie it names, its own one, or a new one of its name."""
        record = item.record
        own = self.names[item.current.locatie_id] if item.current else None
        naam = record.get("locatie") or own or item.name
        same = aanbieder_id, key(naam)
        wanted = rows.wanted(parsed, record, FIELDS, self.lookups)
        place = self.places.get(same)
        if place is None:
            place = self.places[same] = Place(aanbieder_id, naam, self.known.get(same), wanted, record.row)
            item.extra = place.shown()
        for field, value in wanted.items():
            if place.wanted.setdefault(field, value) != value:
                said = f"Rij {place.row} zegt iets anders over locatie {naam}: {shown(place.wanted[field])}."
                parsed.fault(record, FIELDS.column_of(field), "tegenspraak", f"{said} Maak ze gelijk.")
        item.data = place
        if place.current is not None:
            item.wanted["locatie_id"] = place.current.id
        elif own is not None:
            item.extra = (*item.extra, Veld("locatie", own, naam))

    def notes(self) -> list[str]:
        if not any(place.unreadable for place in self.places.values()):
            return []
        return [
            "De postcode van een vertrouwelijke of geheime locatie kan alleen de eigen aanbieder lezen. "
            "Van zulke locaties die al bestaan, verandert de postcode niet."
        ]


ALL = f"{locaties.LOCATIES} where l.regio = huidige_regio()"


async def load(conn: Connection) -> Places:
    """What is there, once per file."""
    found: list[Locatie] = rows_as(await conn.fetch(ALL), Locatie)
    return Places(
        known={(locatie.aanbieder_id, key(locatie.naam)): locatie for locatie in found},
        names={locatie.id: locatie.naam for locatie in found},
        lookups={"gemeente": await rows.load_gemeenten(conn)},
    )


async def check(conn: Connection, parsed: Parsed, item: Item) -> None:
    """What the aggregate has against the locatie as it would be, told once."""
    place: Place = item.data
    if place.row != item.record.row:
        return
    if place.current is None and "postcode" not in item.record.raw:
        reason = f"Vul postcode in: dat is nodig, want locatie {place.naam} is nieuw."
        parsed.fault(item.record, "postcode", "verplicht", reason)
        return
    zichtbaarheid = place.wanted.get("zichtbaarheid", Zichtbaarheid.OPENBAAR)
    wanted = place.wanted
    if place.current is None:
        wanted = {"aanbieder_id": place.aanbieder_id, "zichtbaarheid": zichtbaarheid, **wanted}
    elif zichtbaarheid is not Zichtbaarheid.OPENBAAR:
        # What a locatie that stops to be public had on the map, goes by itself.
        wanted = {"plaats": None, "gemeente_code": None, **wanted}
    nieuw = rows.would_be(locaties.NieuweLocatie, place.current, wanted)
    rows.report(parsed, item.record, FIELDS, await locaties.errors(conn, nieuw))
    if place.current and nieuw.zichtbaarheid is Zichtbaarheid.OPENBAAR and nieuw.postcode is None:
        reason = "Vul de postcode in: een openbare locatie staat op de kaart."
        parsed.fault(item.record, "postcode", "verplicht", reason)


async def write(conn: Connection, item: Item) -> UUID:
    """Makes or changes the locatie of a row, once; gives its id."""
    place: Place = item.data
    if place.current is None:
        if place.made is None:
            nieuw = locaties.NieuweLocatie(aanbieder_id=place.aanbieder_id, naam=place.naam, **place.wanted)
            place.made = (await locaties.add(conn, nieuw)).id
        return place.made
    if place.row == item.record.row and (changed := place.changes()):
        await locaties.change(conn, place.current.id, locaties.WijzigingLocatie(**changed))
    return place.current.id
