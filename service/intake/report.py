"""The wrong cells of a file as a list to open in a spreadsheet, beside the file itself."""

from __future__ import annotations

import csv
import io

from service.intake.cells import safe_to_open
from service.intake.preview import Voorbeeld


def report(voorbeeld: Voorbeeld) -> bytes:
    """CSV as a Dutch Excel opens it: semicolons, BOM; nothing in it runs as a formula."""
    out = io.StringIO()
    write = csv.writer(out, delimiter=";").writerow
    write(["Rij", "Cel", "Kolom", "Waarde", "Wat is er mis"])
    for fout in voorbeeld.fouten:
        write([safe_to_open(value) for value in (fout.rij, fout.cel, fout.kolom, fout.waarde, fout.reden)])
    return out.getvalue().encode("utf-8-sig")
