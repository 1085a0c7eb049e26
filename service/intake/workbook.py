""".xlsx → rows with the numbers that Excel shows, by openpyxl.

Not by its `load_workbook`: that reads what no list needs (charts, themes, links), and gives a formula without a stored
outcome as an empty cell. Asked for the formulas too, it writes out each shared one, an hour for a file of 300 KB.
So its parts are called one by one here, and one method of its sheet parser is extended.
"""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from lzma import LZMAError
from typing import Any
from xml.etree.ElementTree import ParseError  # nosec B405

from defusedxml import DefusedXmlException
from msgspec import Struct
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils.escape import unescape
from openpyxl.worksheet._reader import DATA_TAG, FORMULA_TAG, ROW_TAG, VALUE_TAG, WorkSheetParser
from openpyxl.xml.constants import SHEET_MAIN_NS

from service.errors import Kind, Refusal
from service.intake.archive import Archive
from service.intake.cells import FAULT_REASON, Fault, Raw

MAX_CELL = 32_767
"""Characters in a cell, as Excel has it. The rest is dropped; the parser of the column says that it is too long."""
NS = f"{{{SHEET_MAIN_NS}}}"
PIECES = (f"{NS}t", f"{NS}r/{NS}t")

BROKEN = (
    "Het Excel-bestand is beschadigd of geen echt .xlsx-bestand. Open het in Excel en bewaar het opnieuw als .xlsx."
)
DTD = "Het Excel-bestand bevat onderdelen die er niet in horen (een DTD). Bewaar het opnieuw in Excel."
STRICT = "Dit is een Strict Open XML-bestand. Bewaar het in Excel als gewone Excel-werkmap (.xlsx), of als .csv."
UNCOMPUTED = "De formule heeft geen uitkomst. Open het bestand in Excel en bewaar het, of typ de waarde zelf."
NO_DAY = "Dit getal is geen datum. Schrijf de datum als dag-maand-jaar, bijvoorbeeld 12-3-2026."

UNREADABLE = (
    zipfile.BadZipFile, zlib.error, LZMAError, ParseError, LookupError, ValueError, TypeError, AttributeError,
    ArithmeticError, OSError, EOFError,
    RuntimeError,  # an encrypted part, or a way of packing that no spreadsheet uses
)  # fmt: skip
"""What zipfile and openpyxl raise for bytes that are no workbook."""

# That a workbook has no default style or something that openpyxl would not save, is nothing to a list.
warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")


class BookSheet(Struct):
    name: str
    visible: bool
    rows: Callable[[], Iterator[tuple[int, list[Raw]]]]
    """Rows with the number that Excel shows; raises Refusal when the sheet turns out broken."""


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except DefusedXmlException:
        raise Refusal(Kind.INVALID, DTD) from None
    except UNREADABLE:
        raise Refusal(Kind.INVALID, BROKEN) from None


def open_book(content: bytes) -> list[BookSheet]:
    """The sheets of the workbook in `content`; raises Refusal for what is not one, or not safe to unpack."""
    with _in_words():
        archive = Archive(content)
        reader = ExcelReader(io.BytesIO(content), data_only=True, keep_links=False)
        reader.archive = archive
        reader.read_manifest()
        reader.read_workbook()
        if b"purl.oclc.org/ooxml" in archive.read(reader.parser.workbook_part_name):
            raise Refusal(Kind.INVALID, STRICT)
        book: Any = reader.wb
        apply_stylesheet(archive, book)
        parts: Any = reader.parser.rels
        texts = [part.target for part in parts.values() if part.Type.endswith("/sharedStrings")]
        parser = partial(
            _Parser,
            io.BytesIO(),
            _strings(archive, texts[0]) if texts else [],
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        # By part, so that none is read more often than it is in the archive.
        sheets = {
            part.target: BookSheet(sheet.name, sheet.state == "visible", partial(_rows, archive, part.target, parser))
            for sheet, part in reader.parser.find_sheets()
            if part.Type.endswith("/worksheet") and part.target in archive.NameToInfo
        }
    if not sheets:
        raise Refusal(Kind.INVALID, BROKEN)
    return list(sheets.values())


def _strings(archive: Archive, part: str) -> list[str]:
    """The table of texts that cells refer to by number."""
    # A text stands in one piece or in pieces with a style each; beside it may stand how to pronounce it.
    return [
        _text("".join(piece.text or "" for path in PIECES for piece in text.iterfind(path)))
        for text in archive.elements(part, f"{NS}si", end=f"{NS}sst")
    ]


def _text(value: str) -> str:
    """_x000D_ is how the format writes what XML cannot hold."""
    return unescape(value[:MAX_CELL])


def _rows(archive: Archive, part: str, make_parser: Callable[[], _Parser]) -> Iterator[tuple[int, list[Raw]]]:
    parser = make_parser()
    with _in_words():
        for row in archive.elements(part, ROW_TAG, end=DATA_TAG):
            number, cells = parser.parse_row(row)
            parser.row_dimensions.clear()
            values: list[Raw] = []
            for cell in cells:
                if cell["value"] is not None:
                    values.extend([None] * (cell["column"] - len(values)))
                    values[cell["column"] - 1] = cell["value"]
            yield number, values


class _Parser(WorkSheetParser):
    """openpyxl's parser of a sheet, that also tells what is wrong with a cell."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        cell = super().parse_cell(element)
        value, kind = cell["value"], element.get("t")
        if value is None:
            # "str" is the outcome of a formula that is a text: without any, that text is empty.
            if kind != "str" and element.find(FORMULA_TAG) is not None:
                cell["value"] = Fault("formule", UNCOMPUTED)
        elif cell["data_type"] == "e":
            # A number too large for a date, openpyxl calls an error too.
            shown = value if kind == "e" else element.findtext(VALUE_TAG, "")
            cell["value"] = Fault(shown[:20], FAULT_REASON if kind == "e" else NO_DAY)
        elif isinstance(value, str) and kind != "s":
            cell["value"] = _text(value)
        return cell
