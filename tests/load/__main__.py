"""`python -m tests.load [stage …]`: the service under load, as processes that others ask over HTTP. Runs the stages in
order, prints a table and writes build/load.json. A stage is a module here with `run() -> list[Entry]`.

A stage that fails does not take the others along, but the exit code is then 1. A figure that is not what was asked
(ratio below 1) is no failure: it depends on the computer, and on what else that does.
"""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from time import perf_counter

from tests.bench.entry import Entry
from tests.bench.report import BUILD, save, show

STAGES = ("figures", "overload", "streams", "mixed")
"""In this order; all of them in 20 minutes at most."""

OUT = BUILD / "load.json"


def main(names: list[str]) -> int:
    unknown = set(names) - set(STAGES)
    if unknown:
        print(f"no stage {', '.join(sorted(unknown))}; there is {', '.join(STAGES)}", file=sys.stderr)
        return 2
    entries: list[Entry] = []
    failed: list[str] = []
    for stage in [stage for stage in STAGES if not names or stage in names]:
        print(f"── {stage}", flush=True)
        begin = perf_counter()
        try:
            entries += import_module(f"tests.load.{stage}").run()
        except Exception:
            traceback.print_exc()
            failed.append(stage)
        entries.append(Entry(f"stage_{stage}_s", perf_counter() - begin, "s"))
        save(OUT, entries, keep=bool(names))
    show(entries)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
