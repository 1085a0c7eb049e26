"""Workbooks that are made to hurt: nothing unpacks or grows beyond its limit, and no entity is expanded."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from service.errors import Kind, Refusal
from service.intake import archive, workbook
from tests.service.intake import files
from tests.service.intake.files import ROWS, read


def test_a_part_that_unpacks_to_far_more_than_it_holds_is_refused() -> None:
    bomb = files.replace_part(
        files.workbook(("Lijst", ROWS)), "xl/worksheets/sheet1.xml", lambda xml: xml + " " * 50_000_000
    )

    assert len(bomb) < 100_000
    with pytest.raises(Refusal, match="uitgepakt veel te groot") as refused:
        read(bomb)
    assert refused.value.kind is Kind.TOO_LARGE


def test_parts_that_together_unpack_to_too_much_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """By what the directory of the archive says, before anything is unpacked."""
    content = files.workbook(("Lijst", ROWS))
    size = sum(part.file_size for part in zipfile.ZipFile(BytesIO(content)).infolist())

    monkeypatch.setattr(archive, "MAX_UNPACKED", size)
    assert len(read(content).records) == 2
    monkeypatch.setattr(archive, "MAX_UNPACKED", size - 1)
    with pytest.raises(Refusal, match="uitgepakt veel te groot"):
        read(content)


def test_an_archive_that_lies_about_its_size_is_refused() -> None:
    """The directory says a small size, the packed data hold more: what is unpacked does not fit its checksum."""
    content = bytearray(
        files.replace_part(files.workbook(("Lijst", ROWS)), "xl/styles.xml", lambda xml: xml + " " * 100_000)
    )
    for signature, size_at, name_at, name_length_at in ((b"PK\x03\x04", 22, 30, 26), (b"PK\x01\x02", 24, 46, 28)):
        start = 0
        while (start := content.find(signature, start)) >= 0:
            length = int.from_bytes(content[start + name_length_at : start + name_length_at + 2], "little")
            if content[start + name_at : start + name_at + length] == b"xl/styles.xml":
                content[start + size_at : start + size_at + 4] = (100).to_bytes(4, "little")
            start += 4

    with pytest.raises(Refusal, match="beschadigd"):
        read(bytes(content))


def test_an_archive_of_very_many_parts_is_refused() -> None:
    parts = {f"part{i}": "" for i in range(archive.MAX_PARTS)}

    with pytest.raises(Refusal, match="uitgepakt veel te groot"):
        read(files.archive({"[Content_Types].xml": "<a/>", **parts}))


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"]
)
@pytest.mark.parametrize(
    "dtd",
    [
        '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;">]>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
    ],
    ids=["entities", "external"],
)
def test_a_dtd_is_refused_in_every_part(part: str, dtd: str) -> None:
    """So no entity is ever expanded, and nothing outside the file is ever read."""

    def with_dtd(xml: str) -> str:
        head = re.match(r"<\?xml.*?\?>", xml)
        return xml[: head.end()] + dtd + xml[head.end() :] if head else dtd + xml

    with pytest.raises(Refusal, match="DTD"):
        read(files.replace_part(files.shared(files.workbook(("Lijst", ROWS))), part, with_dtd))


def test_a_cell_far_to_the_right_or_down_takes_no_room() -> None:
    rows: Sequence[Sequence[Any]] = ROWS
    content = files.replace_part(
        files.workbook(("Lijst", rows)),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(
            "</sheetData>", '<row r="1048576"><c r="A1048576" t="n"><v>1</v></c></row></sheetData>'
        ),
    )

    assert [record.row for record in read(content).records] == [2, 3, 1048576]


def test_entities_are_refused_in_every_character_set() -> None:
    """openpyxl reads XML through defusedxml, which looks at what the parser sees and not at bytes."""
    dtd = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">]>'
    for part in ("xl/workbook.xml", "xl/worksheets/sheet1.xml"):
        content = files.replace_part(
            files.workbook(("Lijst", ROWS)), part, lambda xml: (dtd + xml.partition("?>")[2]).encode("utf-16")
        )
        with pytest.raises(Refusal, match="DTD"):
            read(content)
    assert openpyxl.DEFUSEDXML is True


def grown(name: str, before: str, growth: str) -> bytes:
    return files.replace_part(
        files.shared(files.workbook(("Lijst", ROWS))), name, lambda xml: xml.replace(before, growth + before)
    )


@pytest.mark.parametrize(
    ("limit", "most", "part", "before", "growth"),
    [
        ("MAX_RUN", 20_000, "xl/worksheets/sheet1.xml", "</sheetData>", f"<row>{'<c/>' * 10_000}</row>"),
        ("MAX_RUN", 20_000, "xl/sharedStrings.xml", "</sst>", f"<si>{'<r/>' * 10_000}</si>"),
        ("MAX_ELEMENTS", 20, "xl/worksheets/sheet1.xml", "</sheetData>", '<row r="2"/>' * 20),
        ("MAX_ELEMENTS", 20, "xl/sharedStrings.xml", "</sst>", "<si/>" * 20),
        ("MAX_WHOLE", 20_000, "xl/styles.xml", "</cellXfs>", "<xf/>" * 4_000),
        ("MAX_WHOLE", 20_000, "xl/workbook.xml", "</sheets>", '<sheet name="a" sheetId="9"/>' * 1_000),
    ],
    ids=["one row", "one text", "rows", "texts", "styles", "sheets"],
)
def test_what_openpyxl_would_make_too_much_of_is_refused(
    monkeypatch: pytest.MonkeyPatch, limit: str, most: int, part: str, before: str, growth: str
) -> None:
    """An element of four bytes becomes an object of a hundred: these limits keep one file under a few hundred MB."""
    monkeypatch.setattr(archive, limit, most)

    assert len(read(grown(part, before, "")).records) == 2
    with pytest.raises(Refusal, match="uitgepakt veel te groot"):
        read(grown(part, before, growth))


def test_many_sheets_of_one_part_are_one_sheet() -> None:
    """So that no part is read more often than it is packed."""
    content = files.replace_part(
        files.workbook(("Lijst", [["niets"]])),
        "xl/workbook.xml",
        lambda xml: re.sub(r"<sheet .*?/>", lambda sheet: sheet[0] * 9_000, xml),
    )

    with pytest.raises(Refusal, match="geen rij met de namen"):
        read(content)
    assert len(workbook.open_book(content)) == 1


def test_a_shared_formula_is_not_written_out_for_each_cell() -> None:
    """That would take the length of the formula times the number of cells: an hour for a file of 300 KB."""
    formula = f'<row r="9"><c r="A9"><f t="shared" si="0" ref="A9:A3008">{"1+" * 50_000}1</f><v>1</v></c></row>'
    cells = "".join(f'<row r="{i}"><c r="A{i}"><f t="shared" si="0"/><v>1</v></c></row>' for i in range(10, 3_009))

    parsed = read(grown("xl/worksheets/sheet1.xml", "</sheetData>", formula + cells))

    assert len(parsed.records) == 3_002


def test_a_workbook_is_never_read_by_lxml() -> None:
    """openpyxl would take it when it is there, and then entities and depth are not what defusedxml allows."""
    assert openpyxl.xml.LXML is False
    assert openpyxl.xml.DEFUSEDXML is True
