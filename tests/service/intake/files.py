"""Files as people make them: plain builders of text files and workbooks for the tests of the intake."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from typing import Any

import openpyxl

from service.db import Pool, Wie
from service.intake import soorten
from service.intake.preview import Voorbeeld
from tests import make

Rows = Sequence[Sequence[Any]]


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


def archive(**parts: bytes | str) -> bytes:
    """A zip with these parts; __ in a name stands for /."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in parts.items():
            zipped.writestr(name.replace("__", "/"), content)
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
