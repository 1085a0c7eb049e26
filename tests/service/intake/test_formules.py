"""Nothing in a file that people open in a spreadsheet runs as a formula (CSV injection)."""

from __future__ import annotations

import ast
import csv
import io

import openpyxl
import pytest

from service.intake.cells import safe_to_open
from service.intake.preview import Voorbeeld
from service.intake.report import report
from service.intake.soorten import SOORTEN
from service.intake.tables import Column, Fout, Table
from service.intake.template import template
from tests.conftest import ROOT

HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "\u00a0=1+1",
    "＝1+1",
    "﹢1",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_that_would_run_gets_a_quote_before_it(text: str) -> None:
    assert safe_to_open(text) == "'" + text


@pytest.mark.parametrize("value", ["Jeugdhulp = goed", "", "035 - 123", -5, 2.5, None, True])
def test_what_runs_nowhere_stays_as_it_is(value: object) -> None:
    assert safe_to_open(value) == value


@pytest.mark.parametrize("text", HOSTILE)
def test_the_list_of_wrong_cells_repeats_no_formula(text: str) -> None:
    """It repeats what somebody else put in the file: the value, and the name of the column."""
    voorbeeld = Voorbeeld(
        soort="capaciteit",
        bestand=text,
        blad=None,
        gelezen_als="",
        koprij=1,
        rijen=1,
        genegeerd=(text,),
        aantallen={},
        wijzigingen=(),
        meldingen=(text,),
        fouten=(Fout(code="waarde", reden=text, rij=2, kolom=text, cel="A2", waarde=text),),
        vingerafdruk=None,
    )

    rows = list(csv.reader(io.StringIO(report(voorbeeld).decode("utf-8-sig"), newline=""), delimiter=";"))

    assert rows[1] == ["2", "A2", "'" + text, "'" + text, "'" + text]


@pytest.mark.parametrize("text", [text for text in HOSTILE if text[0] not in "\t\r\n"])
def test_a_template_has_no_formula_whatever_the_codes_of_a_region_are(text: str) -> None:
    """Names and choices come from lists that a region extends."""
    column = Column(text, str, text, synonyms=(text,), choices=(), examples=(text,))
    book = openpyxl.load_workbook(io.BytesIO(template(Table("proef", text, (column,), ()))))

    cells = [cell for sheet in book for row in sheet for cell in row if cell.value is not None]
    assert len(cells) > 8
    assert [cell.coordinate for cell in cells if cell.data_type == "f" or str(cell.value).startswith(text)] == []


@pytest.mark.parametrize("soort", SOORTEN)
def test_the_templates_that_there_are_have_no_formula(soort: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(template(SOORTEN[soort].table)))

    assert [cell.coordinate for sheet in book for row in sheet for cell in row if cell.data_type == "f"] == []


def test_whatever_writes_a_spreadsheet_makes_its_cells_safe() -> None:
    """A new export that forgets it is found by what it imports."""
    writes = {"csv", "openpyxl"}
    forgot = []
    for path in (ROOT / "service").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        names = {
            (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        makes = "writer(" in text or "DictWriter(" in text or "Workbook()" in text
        if makes and {name.partition(".")[0] for name in names} & writes and "safe_to_open(" not in text:
            forgot.append(str(path.relative_to(ROOT)))

    assert forgot == []
