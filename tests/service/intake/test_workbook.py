"""Workbooks as Excel and other programs save them, and damaged ones."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from openpyxl.chart import BarChart

from service.errors import Refusal
from tests.service.intake import files
from tests.service.intake.files import HEADER, ROWS, faults, read, values


def test_the_first_visible_sheet_with_the_right_columns_is_read() -> None:
    content = files.workbook(
        ("Uitleg", [["Vul dit in"]]),
        ("Verborgen", ROWS),
        ("Noord", [["Titel"], [], *ROWS]),
        ("Zuid", ROWS),
        hidden=["Verborgen"],
    )

    first = read(content)
    asked = read(content, sheet="zuid")

    assert (first.sheet, first.header_row, asked.sheet) == ("Noord", 3, "Zuid")
    assert values(first) == [(4, "Café Zuid", "1"), (5, "Café Zuid", "2")]
    with pytest.raises(Refusal, match="Wel: Uitleg, Verborgen, Noord, Zuid"):
        read(content, sheet="Oost")


def test_numbers_dates_and_booleans_of_a_workbook_are_values() -> None:
    header = ["voorziening", "plek", "status", "vrij vanaf", "bezet tot"]
    content = files.workbook(
        ("Lijst", [header, ["De Linde", 3.0, "vrij", date(2027, 1, 2), datetime.combine(date(2027, 1, 2), time(9))]])
    )

    (record,) = read(content).records

    assert record.values["plek"] == "3"
    assert record.values["vrij vanaf"] == record.values["bezet tot"] == date(2027, 1, 2)


def test_the_day_count_of_an_old_mac_is_followed() -> None:
    """Workbooks with date1904 start to count four years later."""
    content = files.workbook(("Lijst", [[*HEADER, "vrij vanaf"], ["De Linde", 1, "vrij", date(2027, 1, 2)]]))
    mac = files.replace_part(
        content, "xl/workbook.xml", lambda xml: xml.replace("<workbookPr ", '<workbookPr date1904="1" ')
    )

    assert read(mac).records[0].values["vrij vanaf"] == date(2031, 1, 3)


def test_a_formula_without_outcome_and_an_error_cell_are_wrong_by_the_name_of_the_cell() -> None:
    content = files.workbook(("Lijst", [HEADER, ["De Linde", "=A1", "#N/A"], ["De Linde", 2, "#REF!"]]))

    parsed = read(content)

    assert faults(parsed) == [("B2", "foutwaarde"), ("C2", "foutwaarde"), ("C3", "foutwaarde")]
    assert "formule" in parsed.faults[0].reden


def test_a_formula_with_a_stored_outcome_is_its_outcome() -> None:
    content = files.workbook(("Lijst", [HEADER, ["De Linde", "=1+2", "vrij"]]))
    saved = files.replace_part(
        content, "xl/worksheets/sheet1.xml", lambda xml: re.sub(r"<v\s*/>|<v></v>", "<v>3</v>", xml)
    )

    assert values(read(saved)) == [(2, "De Linde", "3")]


def test_rich_text_inline_text_and_escaped_characters_are_text() -> None:
    content = files.workbook(("Lijst", [HEADER, ["De Linde", 1, "vrij"]]))
    rich = files.replace_part(
        files.shared(content),
        "xl/sharedStrings.xml",
        lambda xml: xml.replace("<t>De Linde</t>", "<r><t>De_x000D_ </t></r><r><t>Linde</t></r><rPh><t>niet</t></rPh>"),
    )

    assert values(read(content)) == values(read(rich)) == [(2, "De Linde", "1")]


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": ""}, r"\.ods"),
        ({"[Content_Types].xml": "", "xl/vbaProject.bin": ""}, "macro"),
        ({"xl/workbook.bin": ""}, r"\.xlsb"),
        ({"lijst.csv": "a;b"}, "zip-bestand"),
        ({"[Content_Types].xml": "<a/>"}, "beschadigd"),
    ],
)
def test_other_kinds_of_archives_are_refused_by_name(parts: dict[str, str], says: str) -> None:
    with pytest.raises(Refusal, match=says):
        read(files.archive(parts))


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml"]
)
@pytest.mark.parametrize(
    "change",
    [
        lambda xml: xml[: len(xml) // 2],
        lambda xml: "",
        lambda xml: xml.replace('r="', 'r="!').replace('s="', 's="x').replace('Id="', 'Id="x'),
        lambda xml: "<a>" * 5000,
        lambda xml: "<a b='" + "x" * 3_000_000 + "'/>",
    ],
    ids=["half", "empty", "odd attributes", "deep", "long"],
)
def test_a_damaged_workbook_is_refused_in_words_or_read(part: str, change: Any) -> None:
    content = files.replace_part(files.shared(files.workbook(("Lijst", ROWS))), part, change)

    try:
        said = [fault.reden for fault in read(content).faults]
    except Refusal as refused:
        said = [refused.detail]
    assert all(sentence.endswith(".") for sentence in said)


def sheet_with(xml: str, **rest: str) -> bytes:
    """The workbook of ROWS with `xml` as further rows, and words in the sheet replaced."""

    def change(sheet: str) -> str:
        for old, new in rest.items():
            sheet = sheet.replace(old, new)
        return sheet.replace("</sheetData>", f"{xml}</sheetData>")

    return files.replace_part(files.workbook(("Lijst", ROWS)), "xl/worksheets/sheet1.xml", change)


def text_cell(reference: str, text: str) -> str:
    return f'<c{reference} t="inlineStr"><is><t>{text}</t></is></c>'


def test_rows_keep_their_number_whatever_the_sheet_says_of_its_size() -> None:
    """Rows may be missing, double, out of order or without number; cells without reference follow each other."""
    cells = "".join(text_cell("", text) for text in ("Zuid", "9", "vrij"))
    rows = f'<row r="40">{cells}</row><row>{cells}</row><row r="9">{cells}</row><row r="9">{cells}</row>'

    parsed = read(sheet_with(rows, **{'ref="A1:C3"': 'ref="B2:B2"'}))

    assert [record.row for record in parsed.records] == [2, 3, 40, 41, 9, 9]


def test_a_formula_of_which_the_outcome_is_an_empty_text_is_a_blank_cell() -> None:
    """Excel stores such an outcome as a text without characters; only a formula without any outcome is wrong."""
    row = f'<row r="4">{text_cell("", "Zuid")}{text_cell("", "9")}{text_cell("", "vrij")}'
    blank, uncomputed = '<c t="str"><f>""</f><v></v></c></row>', '<c><f t="shared" si="0"/></c></row>'
    headed = {"Status</t></is></c>": f"Status</t></is></c>{text_cell('', 'Vrij vanaf')}"}

    assert faults(read(sheet_with(row + blank, **headed))) == []
    assert faults(read(sheet_with(row + uncomputed, **headed))) == [("D4", "foutwaarde")]


def test_a_number_too_large_for_a_date_is_wrong_by_the_name_of_the_cell() -> None:
    content = files.workbook(("Lijst", [[*HEADER, "vrij vanaf"], ["De Linde", 1, "vrij", date(2027, 1, 2)]]))
    broken = files.replace_part(content, "xl/worksheets/sheet1.xml", lambda xml: xml.replace("<v>46389<", "<v>9e9<"))

    parsed = read(broken)

    assert faults(parsed) == [("D2", "foutwaarde")]
    assert parsed.faults[0].reden.startswith("Dit getal is geen datum.")


def test_a_workbook_of_another_program_without_default_style_is_read() -> None:
    content = files.replace_part(
        files.workbook(("Lijst", ROWS)), "xl/styles.xml", lambda xml: re.sub(r"<cellStyles.*?</cellStyles>", "", xml)
    )

    assert values(read(content)) == [(2, "Café Zuid", "1"), (3, "Café Zuid", "2")]


def test_a_sheet_that_only_shows_a_chart_is_passed_over() -> None:
    book = openpyxl.Workbook()
    book.active.append(["x"])
    book.create_chartsheet("Grafiek", 0).add_chart(BarChart())
    for row in ROWS:
        book.create_sheet("Lijst") if row is HEADER else None
        book["Lijst"].append(row)
    out = BytesIO()
    book.save(out)

    assert read(out.getvalue()).sheet == "Lijst"


def test_a_workbook_in_the_strict_form_is_refused_with_how_to_save_it() -> None:
    """openpyxl does not know its names."""
    content = files.workbook(("Lijst", ROWS))
    for part in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"):
        content = files.replace_part(
            content,
            part,
            lambda xml: xml.replace(
                "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
                "http://purl.oclc.org/ooxml/spreadsheetml/main",
            ).replace(
                "http://schemas.openxmlformats.org/officeDocument/2006/", "http://purl.oclc.org/ooxml/officeDocument/"
            ),
        )

    with pytest.raises(Refusal, match="gewone Excel-werkmap"):
        read(content)
