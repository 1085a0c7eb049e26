"""`python -m tests.bench [name …]`: runs the benchmarks, prints a table and writes build/bench.json."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from tests.bench.entry import Entry

HERE = Path(__file__).parent
OUT = HERE.parent.parent / "build" / "bench.json"


def main(names: list[str]) -> None:
    modules = sorted(path.stem for path in HERE.glob("bench_*.py"))
    unknown = set(names) - {name.removeprefix("bench_") for name in modules}
    if unknown:
        raise SystemExit(f"no benchmark {', '.join(sorted(unknown))}; there is {', '.join(modules)}")
    entries: list[Entry] = []
    for module in modules:
        if not names or module.removeprefix("bench_") in names:
            entries += import_module(f"tests.bench.{module}").run()
            # After each: one that fails does not take the others along.
            save(entries, keep=bool(names))
    show(entries)


def show(entries: list[Entry]) -> None:
    load = os.getloadavg()[0]
    table = Table("name", "value", "unit", "against", "ratio", title=f"load {load:.1f} on {os.cpu_count()} cores")
    for column in (1, 4):
        table.columns[column].justify = "right"
    for entry in entries:
        ratio = "" if entry.ratio is None else f"{entry.ratio:,.2f} ×"
        table.add_row(entry.name, f"{entry.value:,.3f}", entry.unit, entry.against, ratio)
    Console().print(table)


def save(entries: list[Entry], *, keep: bool) -> None:
    """name → {value, unit, against, ratio}; with `keep` what other benchmarks wrote before stays."""
    OUT.parent.mkdir(exist_ok=True)
    found = msgspec.json.decode(OUT.read_bytes(), type=dict[str, object]) if keep and OUT.exists() else {}
    for entry in entries:
        found[entry.name] = {
            "value": entry.value,
            "unit": entry.unit,
            "against": entry.against,
            "ratio": entry.ratio,
        }
    OUT.write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")


if __name__ == "__main__":
    main(sys.argv[1:])
