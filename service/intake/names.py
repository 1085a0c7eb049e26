"""Which aanbieder and voorziening a row means: by name or AGB-code, with the nearest names when there is none."""

from __future__ import annotations

from typing import Any, Generic, TypeVar
from uuid import UUID

from msgspec import Struct

from service.db import Connection, Rol, Wie, rows_as
from service.intake.cells import HINTS, key, near, squeeze
from service.intake.tables import Parsed, Record

T = TypeVar("T")


class Named(Struct, Generic[T]):
    """Things found by name: exactly as written, or else however spelled as long as only one fits."""

    exact: dict[str, T]
    loose: dict[str, list[T]]
    names: dict[str, None]

    @classmethod
    def of(cls, pairs: list[tuple[str, T]]) -> Named[T]:
        named: Named[T] = cls({}, {}, {})
        for name, thing in pairs:
            named.add(name, thing)
        return named

    def add(self, name: str, thing: T) -> None:
        self.exact.setdefault(squeeze(name).casefold(), thing)
        self.loose.setdefault(key(name), []).append(thing)
        self.names[name] = None

    def find(self, name: str) -> T | None:
        found = self.exact.get(squeeze(name).casefold())
        if found is not None:
            return found
        close = self.loose.get(key(name), [])
        return close[0] if len(close) == 1 else None


class Aanbieder(Struct, frozen=True):
    id: UUID
    naam: str
    agb_code: str | None


class Voorziening(Struct, frozen=True):
    id: UUID
    naam: str
    aanbieder_id: UUID


class Aanbod(Struct):
    """The aanbieders and voorzieningen that somebody may import for."""

    aanbieders: Named[Aanbieder]
    by_agb: dict[int, Aanbieder]
    voorzieningen: dict[UUID, Named[Voorziening]]
    """Per aanbieder."""
    everywhere: Named[list[Voorziening]]
    own: UUID | None
    """The only aanbieder that the user may import for; None: any of the region."""
    above: Aanbieder | None = None
    """The last one that a row named."""


AANBIEDERS = "select id, naam, agb_code from aanbieder where regio = huidige_regio()"

VOORZIENINGEN = "select id, naam, aanbieder_id from voorziening where regio = huidige_regio()"


async def load(conn: Connection, wie: Wie) -> Aanbod:
    """All names of the region, once per file."""
    aanbieders: list[Aanbieder] = rows_as(await conn.fetch(AANBIEDERS), Aanbieder)
    voorzieningen: list[Voorziening] = rows_as(await conn.fetch(VOORZIENINGEN), Voorziening)
    own = wie.organisatie if wie.rol is Rol.AANBIEDER else None
    per_aanbieder: dict[UUID, Named[Voorziening]] = {aanbieder.id: Named.of([]) for aanbieder in aanbieders}
    same_name: dict[str, tuple[str, list[Voorziening]]] = {}
    for voorziening in voorzieningen:
        per_aanbieder[voorziening.aanbieder_id].add(voorziening.naam, voorziening)
        if own is None or voorziening.aanbieder_id == own:
            same_name.setdefault(key(voorziening.naam), (voorziening.naam, []))[1].append(voorziening)
    return Aanbod(
        aanbieders=Named.of([(aanbieder.naam, aanbieder) for aanbieder in aanbieders]),
        by_agb={int(aanbieder.agb_code): aanbieder for aanbieder in aanbieders if aanbieder.agb_code},
        voorzieningen=per_aanbieder,
        everywhere=Named.of(list(same_name.values())),
        own=own,
    )


def find_aanbieder(aanbod: Aanbod, parsed: Parsed, record: Record) -> Aanbieder | None:
    """The aanbieder that a row names (`aanbieder`: name or AGB-code, or `agb-code`); None after a fault.

    Also None, without a fault, when the row names none.
    """
    found = None
    for column in ("agb-code", "aanbieder"):
        value: Any = record.get(column)
        if value is None:
            continue
        digits = str(value).replace(" ", "")
        if digits.isdecimal():
            other = aanbod.by_agb.get(int(digits)) if len(digits) <= 8 else None
        else:
            other = aanbod.aanbieders.find(value)
        if other is None:
            hint = near(str(value), aanbod.aanbieders.names) if len(parsed.faults) < HINTS else ""
            reason = f"Deze aanbieder kent het loket niet. {hint}Verbeter de naam, of voeg de aanbieder eerst toe."
            parsed.fault(record, column, "aanbieder_onbekend", reason)
            return None
        if found is not None and other.id != found.id:
            reason = f"De AGB-code in deze rij is van {found.naam}. Verbeter de naam of de code."
            parsed.fault(record, column, "aanbieder_dubbel", reason)
            return None
        if aanbod.own is not None and other.id != aanbod.own:
            reason = "U kunt alleen gegevens van uw eigen organisatie inlezen. Haal deze rij weg."
            parsed.fault(record, column, "andere_aanbieder", reason)
            return None
        found = other
    return found


def find_voorziening(aanbod: Aanbod, parsed: Parsed, record: Record) -> Voorziening | None:
    """The voorziening of a row, within its aanbieder when it names one; None after a fault.

    A row that names none and needs one is of the aanbieder that a row above it names, as in a list with one heading
    for several rows.
    """
    aanbieder = find_aanbieder(aanbod, parsed, record)
    aanbod.above = aanbieder or aanbod.above
    name = record.get("voorziening")
    if name is None or record.wrong & {"aanbieder", "agb-code", "voorziening"}:
        return None
    if aanbieder is not None or aanbod.own is not None:
        own = aanbod.voorzieningen.get(aanbieder.id if aanbieder else aanbod.own or UUID(int=0), Named.of([]))
        found, names = own.find(name), own.names
    else:
        same = aanbod.everywhere.find(name) or []
        if len(same) > 1 and aanbod.above is not None:
            same = [voorziening for voorziening in same if voorziening.aanbieder_id == aanbod.above.id] or same
        if len(same) > 1:
            column = "aanbieder" if "aanbieder" in parsed.headers else None
            reason = f"Meer aanbieders hebben een voorziening {name}. Vul in de kolom aanbieder in welke u bedoelt."
            parsed.fault(record, column or "voorziening", "voorziening_dubbel", reason)
            return None
        found, names = (same[0] if same else None), aanbod.everywhere.names
    if found is None:
        of = f" van {aanbieder.naam}" if aanbieder else ""
        hint = near(name, names) if len(parsed.faults) < HINTS else ""
        reason = f"Deze voorziening{of} kent het loket niet. {hint}Verbeter de naam, of voeg de voorziening eerst toe."
        parsed.fault(record, "voorziening", "voorziening_onbekend", reason)
    return found
