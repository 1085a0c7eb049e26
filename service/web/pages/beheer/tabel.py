"""A table of figures: the page shows it, and a download holds exactly the same. Nothing is counted or added up here:
what is small was hidden before (service/cijfers/onderdrukking.py)."""

from __future__ import annotations

import csv
import io

from msgspec import Struct
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from service.intake.cells import safe_to_open
from service.taal import gettext

Cel = str | int | float | None
"""None: not told, or not known; the column says which."""


class Kolom(Struct, frozen=True):
    naam: str
    getal: bool = False
    leeg: str = "–"
    """What stands where there is nothing."""


class Staaf(Struct, frozen=True):
    """A bar. Of several values each lies over the one before, from long to short."""

    naam: str
    waarden: tuple[float, ...]
    tekst: str


class Tabel(Struct, frozen=True, kw_only=True):
    code: str
    titel: str
    uitleg: str
    leeg: str
    """What to read when there are no rows."""
    kolommen: tuple[Kolom, ...]
    rijen: list[tuple[Cel, ...]]
    staven: list[Staaf] = []
    legenda: tuple[str, ...] = ()
    """Of the values of a bar, in their order."""

    @property
    def grafiek(self) -> list[Staaf]:
        """The largest: a chart of everything is no chart."""
        return sorted(self.staven, key=lambda staaf: -staaf.waarden[0])[:MOST]

    @property
    def schaal(self) -> float:
        """What fills the whole width."""
        return max((staaf.waarden[0] for staaf in self.staven), default=0) or 1


MOST = 12
"""Bars in a chart."""


def getal(value: float) -> str:
    """As people here write it: `3,25`."""
    return f"{value:.15g}".replace(".", ",")


def cel(value: Cel, kolom: Kolom) -> str:
    """A cell in words."""
    if value is None:
        return gettext(kolom.leeg)
    return value if isinstance(value, str) else getal(value)


def als_csv(tabel: Tabel) -> bytes:
    """As a Dutch Excel opens it: semicolons, decimal commas, BOM; nothing in it runs as a formula."""
    out = io.StringIO()
    write = csv.writer(out, delimiter=";").writerow
    write([gettext(kolom.naam) for kolom in tabel.kolommen])
    for rij in tabel.rijen:
        write([safe_to_open(cel(value, kolom)) for value, kolom in zip(rij, tabel.kolommen, strict=True)])
    return out.getvalue().encode("utf-8-sig")


def als_xlsx(tabel: Tabel) -> bytes:
    """The same with numbers as numbers."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)  # a new workbook has one
    sheet.title = tabel.code
    sheet.append([gettext(kolom.naam) for kolom in tabel.kolommen])
    for rij in tabel.rijen:
        cells = zip(rij, tabel.kolommen, strict=True)
        sheet.append([safe_to_open(cel(v, k) if v is None or isinstance(v, str) else v) for v, k in cells])
    for head in sheet[1]:
        head.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    for number, kolom in enumerate(tabel.kolommen, 1):
        sheet.column_dimensions[get_column_letter(number)].width = 14 if kolom.getal else 36
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
