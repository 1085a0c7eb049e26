"""An empty list to fill in: header, example rows, dropdown lists and a sheet with help, made from the description.

The examples are of a region that does not exist: whoever reads the template in unchanged is told that row by row.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from service.intake.cells import safe_to_open
from service.intake.reading import MAX_BYTES, MAX_ROWS
from service.intake.tables import Table

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS_WITH_LISTS = 2_000
HEAD = PatternFill("solid", fgColor="FF154273")


def template(table: Table) -> bytes:
    """The template of a kind of list, as .xlsx."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)  # a new workbook has one
    sheet.title = table.soort.capitalize()
    _fill(sheet, table)
    _explain(book.create_sheet("Uitleg"), table)
    out = io.BytesIO()
    book.save(out)
    return _timeless(out.getvalue())


WRITTEN = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")


def _timeless(xlsx: bytes) -> bytes:
    """The same bytes whenever it is made: openpyxl writes down when that was."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            content = before.read(name)
            if name == "docProps/core.xml":
                content = WRITTEN.sub(rb"\g<1>2026-01-01T00:00:00Z", content)
            after.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _fill(sheet: Worksheet, table: Table) -> None:
    _row(sheet, 1, [column.name.capitalize() for column in table.columns])
    for number in range(max(len(column.examples) for column in table.columns)):
        _row(sheet, 2 + number, [column.examples[number] if column.examples else None for column in table.columns])
    sheet.freeze_panes = "A2"
    for i, column in enumerate(table.columns, 1):
        letter = get_column_letter(i)
        sheet.column_dimensions[letter].width = max(12, len(column.name) + 4)
        head = sheet.cell(1, i)
        head.font, head.fill = Font(bold=True, color="FFFFFFFF"), HEAD
        if column.choices:
            listed = DataValidation(type="list", formula1=f'"{",".join(column.choices)}"', allow_blank=True)
            listed.errorTitle, listed.error = "Kies uit de lijst", f"Kies uit: {', '.join(column.choices)}."
            listed.add(f"{letter}2:{letter}{ROWS_WITH_LISTS}")
            sheet.add_data_validation(listed)


def _explain(sheet: Worksheet, table: Table) -> None:
    lines: list[list[Any]] = [
        [f"{table.title}: hoe vult u deze lijst in?"],
        [f"Vul het blad {table.soort.capitalize()} in. De rijen die er staan zijn een voorbeeld: haal ze weg."],
        ["De volgorde van de kolommen maakt niet uit. Kolommen die u niet nodig hebt, mag u weghalen."],
        [
            "Datums schrijft u als dag-maand-jaar, bijvoorbeeld 12-3-2027. Een lege cel laat in het loket "
            "staan wat er stond."
        ],
        ["Voor het inlezen ziet u eerst wat er verandert. Is één cel fout, dan verandert er niets."],
        [f"Een bestand is hooguit {MAX_BYTES // 1024 // 1024} MB en heeft hooguit {MAX_ROWS} rijen."],
        [],
        ["Welke kolom", "Wat u invult", "Kies uit", "Mag ook heten"],
    ]
    lines += [
        [column.name.capitalize() + (" (verplicht)" if column.filled else ""), column.help, ", ".join(column.choices),
         ", ".join(column.synonyms)]
        for column in table.columns
    ]  # fmt: skip
    for number, line in enumerate(lines, 1):
        _row(sheet, number, line)
    sheet["A1"].font = Font(bold=True, size=14)
    for cell in sheet[8]:
        cell.font = Font(bold=True)
    for letter, width in zip("ABCD", (28, 70, 40, 50), strict=True):
        sheet.column_dimensions[letter].width = width
        for cell in sheet[letter][8:]:
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def _row(sheet: Worksheet, number: int, values: list[Any]) -> None:
    """Values that nothing runs as a formula."""
    for i, value in enumerate(values, 1):
        cell = sheet.cell(number, i, safe_to_open(value))
        if isinstance(value, str):
            # Text stays text: 06290456 keeps its zero.
            cell.number_format = "@"
        elif hasattr(value, "year"):
            cell.number_format = "d-m-yyyy"
