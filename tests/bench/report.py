"""What was measured: a table on the screen, and a file for whoever compares."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from tests.bench.entry import Entry

BUILD = Path(__file__).resolve().parents[2] / "build"


def show(entries: Iterable[Entry]) -> None:
    load = os.getloadavg()[0]
    table = Table("name", "value", "unit", "against", "ratio", title=f"load {load:.1f} on {os.cpu_count()} cores")
    for column in (1, 4):
        table.columns[column].justify = "right"
    for entry in entries:
        ratio = "" if entry.ratio is None else f"{entry.ratio:,.2f} ×"
        table.add_row(entry.name, f"{entry.value:,.3f}", entry.unit, entry.against, ratio)
    Console().print(table)


def save(path: Path, entries: Iterable[Entry], *, keep: bool) -> None:
    """name → {value, unit, against, ratio}; with `keep` what was written before stays."""
    path.parent.mkdir(exist_ok=True)
    found = msgspec.json.decode(path.read_bytes(), type=dict[str, object]) if keep and path.exists() else {}
    for entry in entries:
        found[entry.name] = {
            "value": entry.value,
            "unit": entry.unit,
            "against": entry.against,
            "ratio": entry.ratio,
        }
    path.write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
