"""loket toegang: who may do what, over which rows, and who sees which field; the tables of docs/beveiliging.md."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import typer

from service import toegang
from service.db import Rol
from service.errors import Kind, Refusal
from service.log.doelen import DOELEN
from service.toegang import Handeling

BEGIN, END = "<!-- begin: loket toegang -->\n", "<!-- einde: loket toegang -->\n"

SHORT = {
    Rol.SCHAKELFUNCTIONARIS: "schakelf.",
    Rol.CRISISDIENST: "crisisd.",
    Rol.AANBIEDER: "aanbieder",
    Rol.VERWIJZER: "verwijzer",
    Rol.CONTRACTBEHEER: "contractb.",
    Rol.BEHEERDER: "beheerder",
}
"""Heads of columns."""


def toegang_tonen(
    bijwerken: Path | None = typer.Option(
        None, "--bijwerken", help="Zet de tabellen in dit bestand, tussen de twee merken."
    ),
) -> None:
    """Toon wie wat mag: per handeling, per rij en per veld.

    Dit is de tabel waarmee het loket zelf beslist (service/toegang).

    Voorbeelden:

      loket toegang
      loket toegang --bijwerken docs/beveiliging.md
    """
    if bijwerken is None:
        print(as_markdown(), end="")
        return
    bijwerken.write_text(filled(bijwerken.read_text(encoding="utf-8")), encoding="utf-8")


def filled(document: str) -> str:
    """The document with the tables of now between its marks. Refuses INVALID when there are none."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Refusal(Kind.INVALID, f"In dit bestand staan geen regels {BEGIN.strip()} en {END.strip()}.")
    return before + BEGIN + as_markdown() + END + after


def as_markdown() -> str:
    """Function, row and field."""
    return "\n".join(
        [
            "### Wie wat mag\n",
            "Per handeling: wie, en of het systeem van een aanbieder (koppeling) het ook mag. De nummers staan onder",
            "de tabel: over welke rijen, en waarvoor. Wat hier niet staat, mag niemand.\n",
            *_functions(),
            "\n### Over welke rijen, en waarvoor\n",
            *_grounds(),
            "\n### Waarvoor\n",
            *_table(("doel", "betekenis"), ((f"`{doel}`", text) for doel, text in DOELEN.items())),
            "\n### Zonder inloggen\n",
            *_table(("handeling", "wat"), ((f"`{id}`", text) for id, text in sorted(toegang.OPENBAAR.items()))),
            "\n### Wie welk veld ziet\n",
            "Wat een rol niet ziet, is leeg. Van een object dat hier niet staat, ziet wie het mag opvragen alles.\n",
            *_fields(),
            "",
        ]
    )


def _all_grounds() -> list[toegang.Grond]:
    """In the order in which the table names them."""
    return list(
        dict.fromkeys(
            grond
            for line in toegang.HANDELINGEN
            for grond in (*line.rollen.values(), *([line.zelf] if line.zelf else []))
        )
    )


def _functions() -> list[str]:
    numbers = {grond: str(number) for number, grond in enumerate(_all_grounds(), 1)}

    def cells(line: Handeling) -> tuple[str, ...]:
        who = (numbers[line.rollen[rol]] if rol in line.rollen else "" for rol in Rol)
        return (
            f"`{line.id}`",
            f"{line.gebeurtenis} {line.object}",
            *who,
            numbers[line.zelf] if line.zelf else "ja" if line.koppeling else "",
        )

    head = ("handeling", "in het log", *SHORT.values(), "koppeling")
    return _table(head, (cells(line) for line in toegang.HANDELINGEN))


def _grounds() -> list[str]:
    rows = ((str(number), g.rijen, f"`{g.doel}`") for number, g in enumerate(_all_grounds(), 1))
    return _table(("nummer", "rijen", "doel"), rows)


def _fields() -> list[str]:
    rows = [
        (shape.__name__, " ".join(f"`{veld}`" for veld in zicht.velden.split()), _who(zicht.rollen), zicht.waarom)
        for shape, parts in toegang.VELDEN.items()
        for zicht in parts
    ]
    return _table(("object", "velden", "wie", "waarom"), rows)


def _who(rollen: Iterable[Rol]) -> str:
    return ", ".join(rol for rol in Rol if rol in rollen)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows)]
