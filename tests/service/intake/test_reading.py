"""Files as they come from spreadsheets, and files that are none."""

from __future__ import annotations

import pytest

from service.errors import Kind, Refusal
from service.intake import reading
from tests.service.intake import files
from tests.service.intake.files import HEADER, ROWS, faults, read, values


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


@pytest.mark.parametrize("cell", ["[" * 130_000, ";".join(["(" * 130_000] * 20), "[(" * 65_000])
def test_a_first_row_of_nothing_but_brackets_is_no_header_and_takes_no_time(cell: str) -> None:
    """To look for the other bracket from each of them would keep a process busy for an hour."""
    with pytest.raises(Refusal, match="geen rij met de namen van de kolommen"):
        read(cell.encode())
