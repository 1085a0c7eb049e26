"""Lists in which a row is a thing (aanbieders, voorzieningen, aanvragen): compare each with what is there.

A blank cell leaves a field as it is. What a row adds or changes goes through the functions of the aggregate, so
that the same rules hold as over the API; `errors` of the aggregate are asked beforehand, to tell them all at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import UNSET, Struct

from service.db import Connection
from service.errors import FieldError
from service.intake.cells import key, near, shown
from service.intake.names import Named
from service.intake.parsers import months_from, months_through
from service.intake.preview import Actie, Context, Plan, Veld, Wijziging
from service.intake.tables import Column, Parsed, Record
from service.regio import codes
from service.regio.codes import Lijst


class Fields(Struct, frozen=True):
    """How columns and fields of the Struct correspond."""

    field_of: Mapping[str, str]
    """Column → field; columns without a field of their own are absent."""
    in_months: frozenset[str]
    """Fields that a person reads as years and months."""

    @classmethod
    def of(cls, columns: Iterable[Column]) -> Fields:
        ages = (months_from, months_through)
        named = [column for column in columns if column.field]
        return cls(
            {column.name: column.field for column in named},
            frozenset(column.field for column in named if column.parse in ages),
        )

    def column_of(self, field: str) -> str | None:
        return next((column for column, name in self.field_of.items() if name == field), None)


class Item(Struct):
    """One row, resolved: what is there (of the aggregate; None: nothing yet) and the fields that the row names."""

    record: Record
    name: str
    current: Any
    wanted: dict[str, Any]
    extra: tuple[Veld, ...] = ()
    """Changes to show that are not fields of the Struct."""
    data: Any = None
    """What `write` of the kind needs besides."""


def differing(item: Item, same: Mapping[str, Callable[[Any, Any], bool]] | None = None) -> dict[str, Any]:
    """Fields that the row changes."""
    if item.current is None:
        return item.wanted
    changed = {}
    for name, value in item.wanted.items():
        old = getattr(item.current, name)
        equal = (same or {}).get(name)
        if not (equal(old, value) if equal else _plain(old) == _plain(value)):
            changed[name] = value
    return changed


def _plain(value: Any) -> Any:
    """Order says nothing in a set of codes."""
    if isinstance(value, (list, tuple)):
        return sorted(str(part) for part in value)
    return value


def required(parsed: Parsed, item: Item, columns: tuple[str, ...]) -> None:
    """A fault for each column that something new must have."""
    if item.current is not None:
        return
    for name in columns:
        if name not in item.record.raw:
            reason = f"Vul {name} in: dat is nodig, want {item.name} is nieuw."
            if name not in parsed.headers:
                reason += " Voeg de kolom toe."
            parsed.fault(item.record, name, "verplicht", reason)


def report(parsed: Parsed, record: Record, fields: Fields, errors: list[FieldError]) -> None:
    """Errors of an aggregate as faults of the cells they are about; what is wrong already is not told twice."""
    for error in errors:
        field = _snake(error.pointer.strip("/").split("/")[0])
        column = fields.column_of(field)
        if column is None or column not in record.wrong:
            parsed.fault(record, column, error.code, error.detail)


def _snake(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)


def once(parsed: Parsed, items: list[Item], same: Callable[[Item], object], column: str) -> list[Item]:
    """The items without those that an earlier row is about as well; each of those a fault."""
    seen: dict[object, int] = {}
    kept = []
    for item in items:
        what = same(item)
        if what in seen:
            parsed.fault(
                item.record, column, "dubbel", f"{item.name} staat ook in rij {seen[what]}. Haal een van de twee weg."
            )
            continue
        seen[what] = item.record.row
        kept.append(item)
    return kept


Lookup = Callable[[Parsed, Record, str], Any]
"""The value that a cell stands for, by column; None after a fault."""


def wanted(parsed: Parsed, record: Record, fields: Fields, lookups: Mapping[str, Lookup]) -> dict[str, Any]:
    """The fields that a row names; `lookups` has the columns whose cells are names of something else."""
    found: dict[str, Any] = {}
    for column, field in fields.field_of.items():
        value = record.get(column)
        if value is not None and column in lookups:
            value = lookups[column](parsed, record, column)
        if value is not None:
            found[field] = list(value) if isinstance(value, tuple) else value
    return found


Write = Callable[[Connection, Item, dict[str, Any]], Awaitable[None]]


def plan_of(
    items: list[Item],
    labels: Fields,
    context: Context,
    write: Write,
    *,
    same: Mapping[str, Callable[[Any, Any], bool]] | None = None,
    names: Mapping[UUID, str] | None = None,
) -> Plan:
    """The changes of all items; `write` does one of them with the fields that differ."""
    changes: list[Wijziging] = []
    todo: list[tuple[Item, dict[str, Any]]] = []
    unchanged = 0

    def text(field: str, value: Any) -> str | None:
        if isinstance(value, UUID):
            return (names or {}).get(value)
        if field in labels.in_months and isinstance(value, int):
            return age_text(value)
        return readable(value)

    for item in items:
        old, fields = item.current, differing(item, same)
        velden = tuple(
            Veld(column, text(name, getattr(old, name)) if old is not None else None, text(name, value))
            for name, value in fields.items()
            if (column := labels.column_of(name)) is not None
        )
        if old is not None and not fields and not item.extra:
            unchanged += 1
            continue
        actie = Actie.TOEGEVOEGD if old is None else Actie.GEWIJZIGD
        changes.append(Wijziging(actie, item.name, item.record.row, velden + item.extra))
        todo.append((item, fields))

    async def write_all(conn: Connection) -> None:
        for i, (item, fields) in enumerate(todo):
            await write(conn, item, fields)
            if context.progress:
                context.progress("Opslaan", i + 1, len(todo))

    return Plan(changes=changes, notes=[], unchanged=unchanged, write=write_all)


def readable(value: Any) -> str | None:
    """A value of a field as people write it: non_binair is non binair, {"brand": 1} is brand: 1."""
    match value:
        case StrEnum():
            return value.value.replace("_", " ")
        case list():
            return ", ".join(readable(part) or "" for part in value) or "geen"
        case dict():
            return ", ".join(f"{name}: {count}" for name, count in value.items()) or "geen"
        case _:
            return shown(value) or None


def age_text(months: int) -> str:
    """6 jaar, or 12 jaar en 11 maanden."""
    years, rest = divmod(months, 12)
    return " en ".join(
        part for part in (f"{years} jaar" if years or not rest else "", f"{rest} maanden" if rest else "") if part
    )


def would_be(shape: type[Struct], current: Struct | None, wanted: Mapping[str, Any]) -> Any:
    """What is there as it would be, as the Struct of something new, to ask the aggregate what is wrong with it."""
    old = {name: getattr(current, name, UNSET) for name in shape.__struct_fields__} if current else {}
    values = {**old, **wanted}
    return shape(**{name: values.get(name, UNSET) for name in shape.__struct_fields__})


# ── Codes of the region ──────────────────────────────────────────────────────────────────────────


class CodeLists(Struct):
    """Per list (`zorgvorm` or a Lijst): code by code or by name, and the code that each name stands for."""

    known: dict[str, Named[str]]
    names: dict[str, list[str]]

    def find(self, parsed: Parsed, record: Record, column: str, lijst: str, name: str) -> str | None:
        """The code; None after a fault."""
        code = self.known.get(lijst, Named[str].of([])).find(name)
        if code is None:
            options = self.names.get(lijst, [])
            reason = f"{shown(name)} kent de regio niet. {near(name, options)}Kies uit: {', '.join(options)}."
            parsed.fault(record, column, "onbekend", reason)
        return code

    def one(self, lijst: str) -> Lookup:
        """For a cell with one name."""
        return lambda parsed, record, column: self.find(parsed, record, column, lijst, record.get(column))

    def several(self, lijst: str) -> Lookup:
        """For a cell with several names; `geen` is none of them."""

        def look_up(parsed: Parsed, record: Record, column: str) -> list[str] | None:
            names = record.get(column)
            if [key(name) for name in names] in (["geen"], ["nvt"]):
                return []
            found = [self.find(parsed, record, column, lijst, name) for name in names]
            return None if column in record.wrong else list(dict.fromkeys(code for code in found if code))

        return look_up


async def load_codes(conn: Connection) -> CodeLists:
    """The code lists of the region."""
    pairs: dict[str, list[tuple[str, str]]] = {"zorgvorm": [(z.code, z.naam) for z in await codes.zorgvormen(conn)]}
    pairs |= {lijst.value: [] for lijst in Lijst}
    for kenmerkcode in await codes.kenmerkcodes(conn):
        pairs[kenmerkcode.lijst].append((kenmerkcode.code, kenmerkcode.naam))
    known = {}
    for lijst, rows in pairs.items():
        named: Named[str] = Named.of([(code, code) for code, _ in rows])
        for code, naam in rows:
            if key(naam) != key(code):
                named.add(naam, code)
        known[lijst] = named
    return CodeLists(known, {lijst: [naam for _, naam in rows] for lijst, rows in pairs.items()})


GEMEENTEN = "select code, naam from gemeente order by code"


async def load_gemeenten(conn: Connection) -> Lookup:
    """For a cell with a gemeente: its code, by code or by name."""
    named: Named[str] = Named.of([])
    for row in await conn.fetch(GEMEENTEN):
        named.add(row["code"], row["code"])
        named.add(row["naam"], row["code"])

    def look_up(parsed: Parsed, record: Record, column: str) -> str | None:
        code = named.find(record.get(column))
        if code is None:
            hint = near(record.get(column), [name for name in named.names if not name.isdecimal()])
            reason = f"Deze gemeente kent het loket niet. {hint}Schrijf de naam of de CBS-code."
            parsed.fault(record, column, "onbekend", reason)
        return code

    return look_up
