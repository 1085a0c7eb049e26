"""loket instellingen: every setting, its value now and what it may be."""

from __future__ import annotations

import os

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from service.settings import Settings, as_markdown, descriptions


def instellingen(
    markdown: bool = typer.Option(False, "--markdown", help="De tabel van docs/instellingen.md."),
    json: bool = typer.Option(False, "--json", help="De waarden als JSON."),
) -> None:
    """Toon alle instellingen: de waarde nu, wat er mag staan en wat die doet.

    Een instelling is een variabele die met LOKET_ begint. Een verkeerde waarde geeft afsluitcode 2.

    Voorbeelden:

      loket instellingen
      LOKET_PORT=8001 loket instellingen --json
    """
    if markdown:
        print(as_markdown(), end="")
        return
    settings = Settings.from_environ(os.environ)
    values = {name: shown(name, value) for name, value in msgspec.structs.asdict(settings).items()}
    if json:
        print(msgspec.json.encode(values).decode())
        return
    table = Table("variabele", "waarde", "mag zijn", "betekenis")
    for name, variable, allowed, meaning in descriptions():
        table.add_row(variable, "(leeg)" if values[name] is None else str(values[name]), allowed, meaning)
    Console().print(table)


def shown(name: str, value: object) -> object:
    """An address may hold a password."""
    if value is None or isinstance(value, int | float):
        return value
    return "(gezet)" if name.endswith("_url") else str(value)
