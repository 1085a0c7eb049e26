"""A file → rows with the numbers that the spreadsheet shows. What a file is, its content says, not its name.

The caller gives the bytes (at most `MAX_BYTES`) and a function that says how much a row looks like the header;
with it the separator of a text file and the sheet of a workbook are chosen.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice

from msgspec import Struct

from service.errors import Kind, Refusal
from service.intake import workbook
from service.intake.cells import Raw, blank

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 100_000
MAX_COLUMNS = 200
HEADER_WITHIN = 30
"""Rows at the top in which the header is looked for: titles and explanations may stand above it."""

Row = tuple[int, Sequence[Raw]]
Score = Callable[[Sequence[Raw]], int]
"""How many columns of the table a row names; 0 when it cannot be the header."""


class Sheet(Struct):
    """Rows of one table: the header, and below it the rows as they are read."""

    name: str | None
    """Name of the sheet; None for a text file."""
    how: str
    """How the file was read, in Dutch, for the preview."""
    header_row: int
    header: Sequence[Raw]
    rows: Iterator[Row]


class NoHeader(Refusal):
    """Nowhere in the file is a row that looks like the header."""

    def __init__(self, seen: list[str]) -> None:
        super().__init__(Kind.INVALID, "In dit bestand staat geen rij met de namen van de kolommen.")
        self.seen = seen


def read(content: bytes, score: Score, sheet: str | None = None) -> Sheet:
    """The sheet (or the only table) whose header scores; `sheet` names the one to take.

    Raises Refusal for what is not a readable spreadsheet, with what to do about it.
    """
    refuse_other_kinds(content)
    if content[:4] == b"PK\x03\x04":
        return _from_workbook(content, score, sheet)
    if sheet is not None:
        raise Refusal(Kind.INVALID, "Een tekstbestand heeft geen bladen. Laat de naam van het blad weg.")
    return _from_text(content, score)


def refuse_other_kinds(content: bytes) -> None:
    """Says of files that are not .csv or .xlsx what they are and how to make one of them."""
    if not content.strip():
        raise Refusal(Kind.INVALID, "Het bestand is leeg.")
    if len(content) > MAX_BYTES:
        raise Refusal(Kind.TOO_LARGE, "Het bestand is groter dan 10 MB. Splits het in delen of haal plaatjes weg.")
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise Refusal(
                Kind.INVALID,
                "Het bestand is beveiligd met een wachtwoord. Haal het wachtwoord weg en bewaar het opnieuw.",
            )
        raise Refusal(Kind.INVALID, "Dit is een oud Excel-bestand (.xls). Bewaar het in Excel als .xlsx of als .csv.")
    if content[:5] == b"%PDF-":
        raise Refusal(Kind.INVALID, "Dit is een PDF. Stuur het rekenblad zelf, als .xlsx of als .csv.")
    if content[:5] in (b"{\\rtf", b"<html", b"<!DOC", b"<?xml"):
        raise Refusal(Kind.INVALID, "Dit is geen rekenblad. Bewaar het in uw rekenprogramma als .xlsx of als .csv.")


def _find_header(rows: Iterator[Row], score: Score, *, sniffing: bool = False) -> tuple[Row, int, list[Row]] | None:
    """The best of the first rows as header, its score, and the rows read after it.

    While sniffing, what is wrong further on does not matter yet: it will be told when the rows are read.
    """
    first: list[Row] = []
    try:
        for row in rows:
            first.append(row)
            if len(first) >= HEADER_WITHIN:
                break
    except Refusal:
        if not sniffing:
            raise
    scores = [score(cells) for _, cells in first]
    best = max(scores, default=0)
    if best == 0:
        return None
    at = scores.index(best)
    return first[at], best, first[at + 1 :]


def _bounded(rows: Iterator[Row]) -> Iterator[Row]:
    """Rows without the blank ones; refuses more than the service can hold."""
    count = 0
    for number, cells in rows:
        if all(map(blank, cells)):
            continue
        count += 1
        if count > MAX_ROWS:
            raise Refusal(Kind.TOO_LARGE, f"Het bestand heeft meer dan {MAX_ROWS} rijen. Splits het in delen.")
        if len(cells) > MAX_COLUMNS and not all(map(blank, cells[MAX_COLUMNS:])):
            raise Refusal(
                Kind.TOO_LARGE, f"Rij {number} heeft meer dan {MAX_COLUMNS} kolommen. Haal de overbodige kolommen weg."
            )
        yield number, cells[:MAX_COLUMNS]


def _seen(rows: Iterator[Row]) -> list[str]:
    """What stands in the fullest of the first rows, to show that it was read."""
    first = [[str(cell) for cell in cells if not blank(cell)] for _, cells in islice(rows, HEADER_WITHIN)]
    return max(first, key=len, default=[])[:20]


# ── Workbooks ────────────────────────────────────────────────────────────────────────────────────


def _from_workbook(content: bytes, score: Score, wanted: str | None) -> Sheet:
    sheets = workbook.open_book(content)
    chosen = [sheet for sheet in sheets if sheet.visible]
    if wanted is not None:
        chosen = [sheet for sheet in sheets if sheet.name.casefold() == wanted.strip().casefold()]
        if not chosen:
            names = ", ".join(sheet.name for sheet in sheets)
            raise Refusal(Kind.INVALID, f"Het blad {wanted!r} staat niet in het bestand. Wel: {names}.")
    seen: list[str] = []
    for sheet in chosen:
        rows = _bounded(sheet.rows())
        if found := _find_header(rows, score):
            (number, header), _, first = found
            return Sheet(sheet.name, "Excel-bestand", number, header, chain(first, rows))
        seen = seen or _seen(_bounded(sheet.rows()))
    raise NoHeader(seen)


# ── Text files ───────────────────────────────────────────────────────────────────────────────────

SEPARATORS = {";": "puntkomma's", ",": "komma's", "\t": "tabs", "|": "streepjes"}
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def decode(content: bytes) -> tuple[str, str]:
    """The text and the name of its character set: by BOM, else UTF-8, else Windows-1252."""
    for bom, charset in BOMS:
        if content.startswith(bom):
            try:
                text, name = content.decode(charset), "UTF-16" if charset == "utf-16" else "UTF-8"
            except UnicodeDecodeError:
                raise Refusal(Kind.INVALID, f"Het bestand is beschadigd. {SAVE_AGAIN}") from None
            break
    else:
        try:
            text, name = content.decode("utf-8"), "UTF-8"
        except UnicodeDecodeError:
            try:
                text, name = content.decode("cp1252"), "Windows-1252"
            except UnicodeDecodeError as error:
                line = content.count(b"\n", 0, error.start) + 1
                raise Refusal(
                    Kind.INVALID, f"Op regel {line} staat een teken dat niet te lezen is. {SAVE_AGAIN}"
                ) from None
    if "\0" in text:
        raise Refusal(Kind.INVALID, f"Dit bestand bevat tekens die niet in een tekstbestand horen. {SAVE_AGAIN}")
    return text, name


SAVE_AGAIN = "Bewaar het in uw rekenprogramma als .xlsx, of als .csv met tekenset UTF-8."


def _from_text(content: bytes, score: Score) -> Sheet:
    text, charset = decode(content)
    separators = list(SEPARATORS)
    skip = 0
    # Excel's own way to say which separator the file has.
    if stated := re.match(r"sep=(.)\r?\n", text, re.IGNORECASE):
        separators, skip = [stated[1]], 1
    # Not a guess from how often a character occurs: the separator is the one that makes the header readable.
    best: tuple[int, str] | None = None
    for separator in separators:
        found = _find_header(_records(text, separator, skip), score, sniffing=True)
        if found and (best is None or found[1] > best[0]):
            best = (found[1], separator)
    if best is None:
        raise NoHeader(_seen(_records(text, separators[0], skip, strict=False)))
    rows = _records(text, best[1], skip)
    found = _find_header(rows, score)
    assert found is not None
    (number, header), _, first = found
    how = f"tekstbestand met {SEPARATORS.get(best[1], best[1])}, {charset}"
    return Sheet(None, how, number, header, chain(first, rows))


def _records(text: str, separator: str, skip: int, *, strict: bool = True) -> Iterator[Row]:
    """Rows by record: a line break within quotes does not start a new row, in a spreadsheet neither."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)

    def numbered() -> Iterator[Row]:
        number = 0
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                raise Refusal(
                    Kind.INVALID,
                    f"In rij {number} kloppen de aanhalingstekens niet, of een cel is veel te lang. "
                    'Een aanhalingsteken binnen een cel schrijft u dubbel: "".',
                ) from None
            if number > skip:
                yield number, cells

    return _bounded(numbered())
