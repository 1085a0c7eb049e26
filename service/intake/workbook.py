""".xlsx → rows, without trusting the file: no unpacking beyond a limit, no DTD, no formula that was not computed.

Read directly with expat: constant memory, and it shows what openpyxl's reader hides (a formula without a
stored outcome looks like an empty cell there). A DTD is refused, so no entity is ever expanded.
Source: ECMA-376 part 1, chapter 18; part 2 forbids a DTD.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from posixpath import join, normpath
from typing import IO
from xml.parsers import expat  # nosec B407

from msgspec import Struct
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format

from service.errors import Kind, Refusal
from service.intake.cells import FAULT_REASON, Fault, Raw

MAX_PARTS = 1_000
MAX_UNPACKED = 150 * 1024 * 1024
MAX_RATIO = 400
"""Of a part of more than 1 MB. A sheet of equal rows packs to about a hundredth; a bomb to a thousandth."""
MAX_STRINGS = 30_000_000
"""Characters in the table of texts."""
MAX_TOKEN = 1024 * 1024
"""Bytes without any element: expat would look at them again with each piece."""
MAX_DEPTH = 64
MAX_CELL = 32_767
"""Characters in a cell, as Excel has it."""
MAX_COLUMN = 16_384
CHUNK = 64 * 1024

BROKEN = (
    "Het Excel-bestand is beschadigd of geen echt .xlsx-bestand. Open het in Excel en bewaar het opnieuw als .xlsx."
)
UNCOMPUTED = "De formule heeft geen uitkomst. Open het bestand in Excel en bewaar het, of typ de waarde zelf."


class Broken(Exception):
    """The parts do not make a workbook."""


UNREADABLE = (
    Broken,
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    KeyError,
    ValueError,
    IndexError,
    OverflowError,
    EOFError,
    RuntimeError,  # an encrypted part
    NotImplementedError,  # a way of packing that no spreadsheet uses
)
"""What zipfile, zlib and expat raise for bytes that are no workbook."""


class BookSheet(Struct):
    name: str
    part: str
    visible: bool


class Book(Struct):
    """A checked archive, and what its cells refer to."""

    archive: zipfile.ZipFile
    sheets: list[BookSheet]
    strings: list[str]
    dates: dict[int, bool]
    """Style → whether it shows a length of time instead of a day; styles without a date are absent."""
    epoch: date


def open_book(content: bytes) -> Book:
    """The workbook in `content`; raises Refusal for what is not one, or not safe to unpack."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        _refuse_other_archives(archive)
        _refuse_bombs(archive)
        return _index(archive)
    except UNREADABLE:
        raise Refusal(Kind.INVALID, BROKEN) from None


def _refuse_other_archives(archive: zipfile.ZipFile) -> None:
    names = set(archive.namelist())
    if "mimetype" in names and "content.xml" in names:
        raise Refusal(Kind.INVALID, "Dit is een OpenDocument-bestand (.ods). Bewaar het als .xlsx of als .csv.")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Refusal(Kind.INVALID, "In dit bestand zitten macro's (.xlsm). Bewaar het als .xlsx, zonder macro's.")
    if "xl/workbook.bin" in names:
        raise Refusal(Kind.INVALID, "Dit is een binair Excel-bestand (.xlsb). Bewaar het als .xlsx of als .csv.")
    if "[Content_Types].xml" not in names:
        raise Refusal(
            Kind.INVALID, "Dit is een zip-bestand zonder Excel-werkmap. Pak het uit en stuur het rekenblad zelf."
        )


def _refuse_bombs(archive: zipfile.ZipFile) -> None:
    """Looks at what the directory says, then unpacks all of it once to see that it is true."""
    parts = archive.infolist()
    too_big = Refusal(
        Kind.TOO_LARGE,
        "Het bestand wordt uitgepakt veel te groot. Bewaar alleen het blad met de lijst in een nieuw bestand.",
    )
    if len(parts) > MAX_PARTS or len({part.filename for part in parts}) < len(parts):
        raise too_big
    if sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise too_big
    if any(part.file_size > 1024 * 1024 and part.file_size > MAX_RATIO * max(part.compress_size, 1) for part in parts):
        raise too_big
    left = MAX_UNPACKED
    for part in parts:
        with archive.open(part) as stream:
            while chunk := stream.read(CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise too_big


# ── XML ──────────────────────────────────────────────────────────────────────────────────────────

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


def _refuse_dtd(*_: object) -> None:
    raise Refusal(
        Kind.INVALID, "Het Excel-bestand bevat onderdelen die er niet in horen (een DTD). Bewaar het opnieuw in Excel."
    )


def _scan(stream: IO[bytes], start: Start, end: End, text: Text) -> Iterator[None]:
    """Parses in pieces, calling back with names without prefix; yields after each piece."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    local: dict[str, str] = {}
    depth = 0
    fed = 0

    def on_start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise Broken
        start(local.setdefault(name, name.rpartition(":")[2]), attributes)

    def on_end(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(local.setdefault(name, name.rpartition(":")[2]))

    parser.StartElementHandler = on_start
    parser.EndElementHandler = on_end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse_dtd
    while chunk := stream.read(CHUNK):
        parser.Parse(chunk, False)
        fed += len(chunk)
        if fed - parser.CurrentByteIndex > MAX_TOKEN:
            raise Broken
        yield
    parser.Parse(b"", True)
    yield


def _elements(archive: zipfile.ZipFile, part: str, *wanted: str) -> list[tuple[str, dict[str, str]]]:
    """Name and attributes of each element that has one of the names, in document order."""
    found: list[tuple[str, dict[str, str]]] = []
    with archive.open(part) as stream:
        for _ in _scan(
            stream, lambda name, attributes: found.append((name, attributes)) if name in wanted else None, _skip, _skip
        ):
            if len(found) > 200_000:
                raise Broken
    return found


def _skip(_: str) -> None:
    pass


# ── Parts ────────────────────────────────────────────────────────────────────────────────────────


def _relations(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Id → kind and target of what a part refers to."""
    folder, _, name = part.rpartition("/")
    listing = f"{folder}/_rels/{name}.rels".lstrip("/")
    found = {}
    for _, attributes in _elements(archive, listing, "Relationship"):
        if attributes.get("TargetMode") == "External":
            continue
        target = attributes["Target"]
        path = target.lstrip("/") if target.startswith("/") else normpath(join(folder, target))
        found[attributes["Id"]] = (attributes["Type"].rpartition("/")[2], path)
    return found


def _index(archive: zipfile.ZipFile) -> Book:
    names = set(archive.namelist())
    main = next(
        (path for kind, path in _relations(archive, "").values() if kind == "officeDocument"), "xl/workbook.xml"
    )
    relations = _relations(archive, main)
    sheets = []
    epoch = date(1899, 12, 30)
    for name, attributes in _elements(archive, main, "sheet", "workbookPr"):
        if name == "workbookPr":
            if attributes.get("date1904") in ("1", "true"):
                epoch = date(1904, 1, 1)
            continue
        relation = next((value for attribute, value in attributes.items() if attribute.endswith(":id")), "")
        kind, path = relations.get(relation, ("", ""))
        if kind == "worksheet" and path in names:
            sheets.append(BookSheet(attributes["name"], path, attributes.get("state", "visible") == "visible"))
    if not sheets:
        raise Broken
    parts = {kind: path for kind, path in relations.values() if path in names}
    strings = _strings(archive, parts["sharedStrings"]) if "sharedStrings" in parts else []
    dates = _date_styles(archive, parts["styles"]) if "styles" in parts else {}
    return Book(archive, sheets, strings, dates, epoch)


ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def _unescape(text: str) -> str:
    """_x000D_ is how the format writes what XML cannot hold."""
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _strings(archive: zipfile.ZipFile, part: str) -> list[str]:
    """The table of texts that cells refer to by number, without the phonetic ones."""
    strings: list[str] = []
    pieces: list[str] = []
    state = {"t": False, "phonetic": False}
    total = 0

    def start(name: str, _: dict[str, str]) -> None:
        if name == "si":
            pieces.clear()
        elif name == "rPh":
            state["phonetic"] = True
        elif name == "t":
            state["t"] = not state["phonetic"]

    def end(name: str) -> None:
        if name == "si":
            strings.append(_unescape("".join(pieces))[:MAX_CELL])
        elif name == "rPh":
            state["phonetic"] = False
        elif name == "t":
            state["t"] = False

    def text(piece: str) -> None:
        nonlocal total
        if state["t"]:
            pieces.append(piece)
            total += len(piece)

    with archive.open(part) as stream:
        for _ in _scan(stream, start, end, text):
            if total + len(strings) > MAX_STRINGS:
                raise Broken
    return strings


def _date_styles(archive: zipfile.ZipFile, part: str) -> dict[int, bool]:
    formats = dict(BUILTIN_FORMATS)
    styles: list[int] = []
    inside = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        if name == "numFmt" and "numFmtId" in attributes:
            formats[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            inside = True
        elif name == "xf" and inside:
            styles.append(int(attributes.get("numFmtId", "0")))

    def end(name: str) -> None:
        nonlocal inside
        inside = inside and name != "cellXfs"

    with archive.open(part) as stream:
        for _ in _scan(stream, start, end, _skip):
            pass
    shown = {number: formats.get(number, "") for number in set(styles)}
    return {
        i: bool(is_timedelta_format(shown[number]))
        for i, number in enumerate(styles)
        # 14–17, 22, 27–36 and 50–58 are dates of which some regions' formats are not in the table.
        if is_date_format(shown[number])
        or is_timedelta_format(shown[number])
        or 27 <= number <= 36
        or 50 <= number <= 58
    }


# ── Cells ────────────────────────────────────────────────────────────────────────────────────────

COLUMN = re.compile(r"([A-Z]{1,3})[0-9]*")


def column_index(reference: str) -> int:
    """B7 → 1."""
    match = COLUMN.match(reference)
    if match is None:
        raise Broken
    index = 0
    for letter in match[1]:
        index = index * 26 + ord(letter) - 64
    return index - 1


def rows(book: Book, sheet: BookSheet) -> Iterator[tuple[int, list[Raw]]]:
    """Rows with the number that Excel shows; raises Refusal when the sheet turns out broken."""
    try:
        yield from _rows(book, sheet)
    except UNREADABLE:
        raise Refusal(Kind.INVALID, BROKEN) from None


class _Reader:
    """Collects the cells of a sheet while expat walks through it."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.done: list[tuple[int, list[Raw]]] = []
        self.number = 0
        self.cells: list[Raw] = []
        self.kind = "n"
        self.style = 0
        self.column = -1
        self.formula = False
        self.reading = False
        self.pieces: list[str] = []
        self.length = 0
        self.columns: dict[str, int] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            reference = attributes.get("r")
            self.column = self.column + 1 if reference is None else self._column(reference)
            if self.column >= MAX_COLUMN:
                raise Broken
            self.kind = attributes.get("t", "n")
            self.style = int(attributes.get("s", 0))
            self.formula = False
            self.pieces = []
            self.length = 0
        elif name == "v" or (name == "t" and self.kind == "inlineStr"):
            self.reading = True
        elif name == "f":
            self.formula = True
        elif name == "row":
            self.number = int(attributes.get("r", self.number + 1))
            self.column = -1
            self.cells = []

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self.reading = False
        elif name == "c":
            value = self._value("".join(self.pieces))
            if value is not None:
                self.cells.extend([None] * (self.column + 1 - len(self.cells)))
                self.cells[self.column] = value
        elif name == "row":
            self.done.append((self.number, self.cells))

    def text(self, piece: str) -> None:
        # What does not fit in a cell is dropped; the parser of the column says that it is too long.
        if self.reading and self.length <= MAX_CELL:
            self.pieces.append(piece)
            self.length += len(piece)

    def _column(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")
        if letters not in self.columns:
            self.columns[letters] = column_index(letters)
        return self.columns[letters]

    def _value(self, text: str) -> Raw:
        if not text:
            return Fault("formule", UNCOMPUTED) if self.formula and self.kind != "str" else None
        match self.kind:
            case "s":
                return self.book.strings[int(text)]
            case "str" | "inlineStr":
                return _unescape(text)[:MAX_CELL]
            case "b":
                return text in ("1", "true")
            case "e":
                return Fault(text[:20], FAULT_REASON)
            case "d":
                return text
            case _:
                return self._number(float(text))

    def _number(self, number: float) -> Raw:
        length = self.book.dates.get(self.style)
        if length is None:
            return int(number) if number.is_integer() and abs(number) < 1e15 else number
        if not 0 <= number < 2_958_466:  # 31-12-9999
            return Fault(
                f"{number:.15g}",
                "Dit getal is geen datum. Schrijf de datum als dag-maand-jaar, bijvoorbeeld 12-3-2026.",
            )
        if length:
            return timedelta(days=number)
        moment = datetime.combine(self.book.epoch, datetime.min.time()) + timedelta(seconds=round(number * 86_400))
        # Only a time of day: the day before the first one.
        return moment.time() if number < 1 else moment


def _rows(book: Book, sheet: BookSheet) -> Iterator[tuple[int, list[Raw]]]:
    reader = _Reader(book)
    with book.archive.open(sheet.part) as stream:
        for _ in _scan(stream, reader.start, reader.end, reader.text):
            yield from reader.done
            reader.done.clear()
