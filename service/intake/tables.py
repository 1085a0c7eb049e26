"""What a table of a kind looks like, and a sheet → records: columns found by name, every cell parsed.

Each kind (capaciteit.py, aanbieders.py, …) describes its columns once; reading, the template and the help
all follow from that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct, field
from openpyxl.utils import get_column_letter

from service.errors import Kind, Refusal
from service.intake import reading
from service.intake.cells import Parser, Raw, Wrong, blank, key, near, shown

MAX_FAULTS = 10_000
"""Wrong cells after which reading on helps nobody."""

Progress = Callable[[str, int, int | None], None]
"""Called with what is being done, how far it is, and of how many (None: unknown)."""


class Column(Struct, frozen=True):
    """A column: how people call it, how to read a cell, and what the help says."""

    name: str
    parse: Parser
    help: str
    synonyms: tuple[str, ...] = ()
    field: str = ""
    """Of the Struct of the aggregate, when the cell is a value of it."""
    filled: bool = False
    """Every row must have it."""
    choices: tuple[str, ...] = ()
    """For the dropdown list of the template."""
    examples: tuple[Any, ...] = ()
    """A value per example row of the template."""


class Table(Struct, frozen=True):
    """A kind of list."""

    soort: str
    title: str
    columns: tuple[Column, ...]
    needed: tuple[tuple[str, ...], ...]
    """Of each group at least one column must be in the header."""
    refuse_column: Callable[[str], str | None] = lambda _: None
    """Why a column with this header may not be in the file at all; None when it may."""

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


class Fout(Struct, frozen=True, rename="camel", omit_defaults=True):
    """One wrong cell: where the spreadsheet shows it, what is in it, and how to mend it."""

    code: str
    reden: str
    rij: int | None = None
    kolom: str | None = None
    cel: str | None = None
    waarde: str | None = None


class Record(Struct):
    """A row: values by name of the column. A blank cell is absent; a wrong one stands in `wrong`."""

    row: int
    values: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, Raw] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)

    def get(self, name: str) -> Any:
        return self.values.get(name)


class Parsed(Struct):
    """A file that was read: every cell has been looked at once."""

    table: Table
    file: str
    sheet: str | None
    how: str
    header_row: int
    headers: dict[str, tuple[str, str]]
    """Name of the column → its header in the file, and its letter."""
    ignored: list[str]
    """Headers of columns that the loket does not know."""
    records: list[Record]
    faults: list[Fout]

    def fault(self, record: Record | None, name: str | None, code: str, reason: str, value: Any = None) -> None:
        """One more wrong cell, found while looking at more than the cell alone."""
        header, letter = self.headers.get(name or "", (name, None))
        if record is not None and name is not None:
            record.wrong.add(name)
            value = record.raw.get(name) if value is None else value
        self.faults.append(
            Fout(
                code=code,
                reden=reason,
                rij=record.row if record else None,
                kolom=header,
                cel=f"{letter}{record.row}" if record and letter else None,
                # What should not have been in the file is not repeated either.
                waarde=shown(value) if value is not None and code != "privacy" else None,
            )
        )


HEADER = 200
"""Characters by which a header is known. Brackets are looked for in it, which takes the square of its length."""


def plain(header: Raw) -> str:
    """A header to compare by; what stands between brackets is an explanation."""
    text = str(header)[:HEADER]
    return key(re.sub(r"\(.*?\)|\[.*?\]", "", text)) or key(text)


def names_of(table: Table) -> dict[str, str]:
    """Every way to write a header → name of the column."""
    names: dict[str, str] = {}
    for column in table.columns:
        for name in (column.name, *column.synonyms):
            names.setdefault(plain(name), column.name)
    return names


def parse(
    table: Table, content: bytes, file: str, sheet: str | None = None, progress: Progress | None = None
) -> Parsed:
    """Every cell of the table in `content`, with all that is wrong with them. Raises Refusal for an unreadable file."""
    names = names_of(table)

    def score(cells: Sequence[Raw]) -> int:
        found = {names[plain(cell)] for cell in cells if isinstance(cell, str) and plain(cell) in names}
        return len(found) if len(found) >= min(2, len(table.columns)) else 0

    try:
        found = reading.read(content, score, sheet)
    except reading.NoHeader as refusal:
        raise Refusal(Kind.INVALID, _no_header(table, refusal.seen)) from None
    parsed = Parsed(table, file, found.name, found.how, found.header_row, {}, [], [], [])
    places = _columns(parsed, found.header, names)
    for number, cells in found.rows:
        record = _record(parsed, places, number, cells)
        if record is not None:
            parsed.records.append(record)
        if len(parsed.faults) >= MAX_FAULTS:
            reason = (
                f"Er zijn meer dan {MAX_FAULTS} fouten. Verbeter eerst deze; de rijen na {number} zijn niet bekeken."
            )
            parsed.fault(None, None, "te_veel_fouten", reason)
            break
        if progress and len(parsed.records) % 500 == 0:
            progress("Bestand lezen", len(parsed.records), None)
    if progress:
        progress("Bestand lezen", len(parsed.records), len(parsed.records))
    if not parsed.records and not parsed.faults:
        parsed.fault(None, None, "leeg", "Onder de namen van de kolommen staan geen rijen. Vul de lijst in.")
    return parsed


def _no_header(table: Table, seen: list[str]) -> str:
    wanted = ", ".join(" of ".join(group) for group in table.needed)
    found = f" Gevonden: {', '.join(shown(name) for name in seen)}." if seen else ""
    return (
        f"In het bestand staat geen rij met de namen van de kolommen. Nodig zijn: {wanted}.{found} "
        f"Een leeg voorbeeld maakt u met: loket import sjabloon {table.soort} --uit {table.soort}.xlsx"
    )


def _columns(parsed: Parsed, header: Sequence[Raw], names: dict[str, str]) -> list[tuple[int, Column]]:
    """Where each known column is; what is missing, double or forbidden becomes a fault."""
    table, places = parsed.table, []
    for i, cell in enumerate(header):
        if blank(cell):
            continue
        title, letter = shown(cell), get_column_letter(i + 1)
        name = names.get(plain(cell))
        if name is None and (reason := table.refuse_column(str(cell))) is not None:
            parsed.faults.append(
                Fout("privacy", reason, rij=parsed.header_row, kolom=title, cel=f"{letter}{parsed.header_row}")
            )
        elif name is None:
            parsed.ignored.append(title)
        elif name in parsed.headers:
            other, first = parsed.headers[name]
            reason = f"De kolommen {other} ({first}) en {title} ({letter}) betekenen hetzelfde. Haal er een weg."
            parsed.faults.append(
                Fout("dubbele_kolom", reason, rij=parsed.header_row, kolom=title, cel=f"{letter}{parsed.header_row}")
            )
        else:
            parsed.headers[name] = (title, letter)
            places.append((i, table.column(name)))
    for group in table.needed:
        if not any(name in parsed.headers for name in group):
            hints = [near(title, [n for n in names if names[n] in group]) for title in parsed.ignored]
            like = [title for title, hint in zip(parsed.ignored, hints, strict=True) if hint]
            hint = f" De kolom {like[0]} lijkt erop: verander die naam." if like else " Voeg die kolom toe."
            reason = f"De kolom {' of '.join(group)} ontbreekt.{hint}"
            parsed.faults.append(Fout("kolom_ontbreekt", reason, rij=parsed.header_row, kolom=group[0]))
    return places


def _record(parsed: Parsed, places: list[tuple[int, Column]], number: int, cells: Sequence[Raw]) -> Record | None:
    """One row; None when only columns that the loket does not know are filled."""
    record = Record(number)
    for i, column in places:
        value = cells[i] if i < len(cells) else None
        if blank(value):
            continue
        record.raw[column.name] = value
        try:
            record.values[column.name] = column.parse(value)
        except Wrong as wrong:
            parsed.fault(record, column.name, wrong.code, wrong.reason)
    if not record.raw:
        return None
    for _, column in places:
        if column.filled and column.name not in record.raw:
            parsed.fault(record, column.name, "verplicht", f"Vul {column.name} in: deze cel mag niet leeg zijn.")
    return record
