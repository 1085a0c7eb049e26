"""Files as they come from spreadsheets, and files that are none."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import pytest

from service.errors import Kind, Refusal
from service.intake import archive, reading
from service.intake.capaciteit import TABLE
from service.intake.tables import Parsed, parse
from tests.service.intake import files

HEADER = ["Voorziening", "Plek", "Status"]
ROWS = [HEADER, ["Café Zuid", "1", "vrij"], ["Café Zuid", "2", "bezet"]]


def read(content: bytes, **rest: Any) -> Parsed:
    return parse(TABLE, content, "lijst", **rest)


def values(parsed: Parsed) -> list[tuple[int, Any, Any]]:
    return [(record.row, record.get("voorziening"), record.get("plek")) for record in parsed.records]


def faults(parsed: Parsed) -> list[tuple[str | None, str]]:
    return [(fault.cel, fault.code) for fault in parsed.faults]


# ── Text files ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_text_file_is_read_whatever_its_separator_and_character_set(separator: str, charset: str) -> None:
    parsed = read(files.text(ROWS, separator=separator, charset=charset))

    assert values(parsed) == [(2, "Café Zuid", "1"), (3, "Café Zuid", "2")]
    assert parsed.faults == []


def test_the_separator_is_the_one_that_makes_the_header_readable() -> None:
    """More commas than semicolons do not make it a file with commas."""
    content = b'Voorziening;Plek;Status;"Opmerking, uitleg, en meer"\nDe Linde, Hilversum, Noord;1;vrij;a,b,c,d\n'

    assert values(read(content)) == [(2, "De Linde, Hilversum, Noord", "1")]


def test_a_first_line_that_states_the_separator_is_not_a_row() -> None:
    assert values(read(b"sep=,\r\nVoorziening,Plek,Status\r\nDe Linde,1,vrij\r\n")) == [(3, "De Linde", "1")]


def test_rows_are_numbered_as_the_spreadsheet_shows_them() -> None:
    """A line break within quotes starts no row; an empty row counts; titles above the header do too."""
    content = b'Lijst van "De Bomen"\r\n\r\nVoorziening;Plek;Status\r\n;;\r\n"De\nLinde";1;vrij\r\nDe Linde;2;bezet\r\n'

    parsed = read(content)

    assert parsed.header_row == 3
    assert values(parsed) == [(5, "De Linde", "1"), (6, "De Linde", "2")]


def test_hard_spaces_and_zero_width_ones_do_not_matter() -> None:
    assert values(read("voor ziening;plek;\ufeffstatus\n\u00a0De\u00a0Linde\u200b;1;vrij\n".encode())) == [
        (2, "De Linde", "1")
    ]


@pytest.mark.parametrize(
    "header", ["Plek nr", "PLEKNUMMER", "plek_nr.", "Bed", "Plek (nummer)", "pleknr*", "\u00a0plek"]
)
def test_a_column_is_found_under_other_names(header: str) -> None:
    parsed = read(files.text([["Groep", header, "STATUS*"], ["De Linde", "1", "vrij"]]))

    assert values(parsed) == [(2, "De Linde", "1")]


def test_columns_that_the_loket_does_not_know_are_named_and_passed_over() -> None:
    parsed = read(files.text([[*HEADER, "Opmerking", "Kleur"], ["De Linde", "1", "vrij", "#N/A", "=1+1"]]))

    assert parsed.ignored == ["Opmerking", "Kleur"]
    assert parsed.faults == []


def test_two_columns_that_mean_the_same_are_wrong() -> None:
    parsed = read(files.text([[*HEADER, "Bed"], ["De Linde", "1", "vrij", "2"]]))

    assert faults(parsed) == [("D1", "dubbele_kolom")]
    assert "Plek (B) en Bed (D)" in parsed.faults[0].reden


def test_a_missing_column_is_named_with_the_one_that_looks_like_it() -> None:
    parsed = read(files.text([["Voorziening", "Plek", "Stattus"], ["De Linde", "1", "vrij"]]))

    assert [fault.code for fault in parsed.faults] == ["kolom_ontbreekt"]
    assert "Stattus lijkt erop" in parsed.faults[0].reden


def test_without_any_header_the_answer_says_what_is_needed_and_what_was_found() -> None:
    with pytest.raises(Refusal, match=r"voorziening, plek of aantal plekken.*Gevonden: a, b\..*sjabloon capaciteit"):
        read(b"Titel\na;b\n1;2\n")


def test_a_list_without_rows_is_wrong() -> None:
    assert faults(read(files.text([HEADER]))) == [(None, "leeg")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "leeg"),
        (b" \r\n ", "leeg"),
        (b"Voorziening;Plek\x00;Status\n", "horen"),
        ("Voorziening;Plek;Status\n".encode("utf-16-le"), "horen"),
        (b"\xff\xfeV", "beschadigd"),
        (b"\xef\xbb\xbfVoorziening;Plek;Status\nCaf\xe9;1;vrij", "beschadigd"),
        (b"Voorziening;Plek;Status\nCaf\x81;1;vrij", "regel 2"),
        (b'Voorziening;Plek;Status\n"De Linde;1;vrij\n', "aanhalingstekens"),
        (b"Voorziening;Plek;Status\n" + b"x" * 200_000 + b";1;vrij\n", "te lang"),
        (b"%PDF-1.4", "PDF"),
        (b"<html><table>", "geen rekenblad"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, r"oud Excel-bestand \(\.xls\)"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "wachtwoord"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(content: bytes, says: str) -> None:
    with pytest.raises(Refusal, match=says) as refused:
        list(read(content).records)
    assert refused.value.kind is Kind.INVALID


def test_more_columns_than_the_limit_are_refused_and_just_as_many_are_read() -> None:
    fits = [*HEADER, *("x" for _ in range(reading.MAX_COLUMNS - 3))]

    assert read(files.text([fits, ["De Linde", "1", "vrij"]])).faults == []
    with pytest.raises(Refusal, match="meer dan 200 kolommen"):
        read(files.text([[*fits, "y"], ["De Linde", "1", "vrij"]]))


def test_more_rows_than_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_ROWS", 3)

    assert len(read(files.text(ROWS)).records) == 2
    with pytest.raises(Refusal, match="meer dan 3 rijen"):
        read(files.text([*ROWS, ["De Linde", "3", "vrij"]]))


# ── Workbooks ────────────────────────────────────────────────────────────────────────────────────


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


# ── Bombs ────────────────────────────────────────────────────────────────────────────────────────


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
