"""`python -m tests.bench [name …]`: runs the benchmarks, prints a table and writes build/bench.json."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from tests.bench.entry import Entry
from tests.bench.report import BUILD, save, show

OUT = BUILD / "bench.json"


def main(names: list[str]) -> None:
    modules = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    unknown = set(names) - {name.removeprefix("bench_") for name in modules}
    if unknown:
        raise SystemExit(f"no benchmark {', '.join(sorted(unknown))}; there is {', '.join(modules)}")
    entries: list[Entry] = []
    for module in modules:
        if not names or module.removeprefix("bench_") in names:
            entries += import_module(f"tests.bench.{module}").run()
            # After each: one that fails does not take the others along.
            save(OUT, entries, keep=bool(names))
    show(entries)


if __name__ == "__main__":
    main(sys.argv[1:])
