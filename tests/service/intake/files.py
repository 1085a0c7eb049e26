"""Files as people make them: plain builders of text files and workbooks for the tests of the intake."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import openpyxl

from service.db import Pool, Wie
from service.intake import soorten
from service.intake.capaciteit import TABLE
from service.intake.preview import Voorbeeld
from service.intake.tables import Parsed, parse
from tests import make

Rows = Sequence[Sequence[Any]]

HEADER = ["Voorziening", "Plek", "Status"]
ROWS = [HEADER, ["Café Zuid", "1", "vrij"], ["Café Zuid", "2", "bezet"]]
"""The smallest list of plekken."""


def text(rows: Rows, *, separator: str = ";", charset: str = "utf-8") -> bytes:
    """A text file as Excel saves it."""
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(rows)
    return out.getvalue().encode(charset)


def workbook(*sheets: tuple[str, Rows], hidden: Sequence[str] = ()) -> bytes:
    """A workbook of sheets by name."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
        for row in rows:
            sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def shared(content: bytes) -> bytes:
    """The same workbook with its texts in one table, as Excel saves them (openpyxl writes them in place)."""
    texts: list[str] = []

    def refer(match: re.Match[str]) -> str:
        texts.append(match[2])
        return f'{match[1]}t="s"><v>{len(texts) - 1}</v></c>'

    content = replace_part(
        content,
        "xl/worksheets/sheet1.xml",
        lambda xml: re.sub(r'(<c [^>]*)t="inlineStr"[^>]*><is>(.*?)</is></c>', refer, xml),
    )
    relation = (
        '<Relationship Id="rIdS" Target="sharedStrings.xml" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" /></Relationships>'
    )
    content = replace_part(content, "xl/_rels/workbook.xml.rels", lambda xml: xml.replace("</Relationships>", relation))
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as zipped:
        items = "".join(f"<si>{text}</si>" for text in texts)
        namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        zipped.writestr("xl/sharedStrings.xml", f'<sst xmlns="{namespace}">{items}</sst>')
    return out.getvalue()


def read(content: bytes, **rest: Any) -> Parsed:
    """A list of plekken."""
    return parse(TABLE, content, "lijst", **rest)


def values(parsed: Parsed) -> list[tuple[int, Any, Any]]:
    return [(record.row, record.get("voorziening"), record.get("plek")) for record in parsed.records]


def faults(parsed: Parsed) -> list[tuple[str | None, str]]:
    return [(fault.cel, fault.code) for fault in parsed.faults]


def archive(parts: Mapping[str, str]) -> bytes:
    """A zip with these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in parts.items():
            zipped.writestr(name, content)
    return out.getvalue()


def replace_part(content: bytes, name: str, change: Any) -> bytes:
    """A workbook of which one part is changed: `change` gets its text and gives the new one."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            data = old.read(part)
            new.writestr(part, change(data.decode()) if part == name else data)
    return out.getvalue()


async def show(pool: Pool, wie: Wie, soort: str, content: bytes, now: Any = make.NOW) -> Voorbeeld:
    """The preview of a file."""
    kind = soorten.SOORTEN[soort]
    return await soorten.show(pool, wie, kind, await soorten.read(kind, content, "lijst"), now=now)


async def take_in(pool: Pool, wie: Wie, soort: str, content: bytes, now: Any = make.NOW) -> Voorbeeld:
    """Preview and apply, as somebody who says yes at once; a file with faults is not applied."""
    voorbeeld = await show(pool, wie, soort, content, now)
    assert voorbeeld.vingerafdruk is not None, voorbeeld.fouten
    kind = soorten.SOORTEN[soort]
    parsed = await soorten.read(kind, content, "lijst")
    return await soorten.take_in(pool, wie, kind, parsed, now=now, fingerprint=voorbeeld.vingerafdruk)
