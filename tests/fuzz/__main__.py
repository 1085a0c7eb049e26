"""`python -m tests.fuzz`: malformed requests and lists against a real web process; exit code 1 when one thing is wrong.

TEST_FUZZ_REQUESTS (100,000), TEST_FUZZ_SHEETS (10,000), TEST_SEED. `python -m tests.fuzz build/fuzz/….json` sends one
of those that failed again.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import sys
import time
from pathlib import Path

import msgspec
import uvloop

from tests.fuzz.place import OUT, place
from tests.fuzz.run import Run, again
from tests.fuzz.verdict import Failure, Report

SHOWN = 40


async def everything() -> bool:
    requests = int(os.environ.get("TEST_FUZZ_REQUESTS", "100000"))
    lists = int(os.environ.get("TEST_FUZZ_SHEETS", "10000"))
    seed = int(os.environ.get("TEST_SEED") or secrets.randbelow(10**6))
    print(f"TEST_SEED={seed}: {requests} requests, {lists} lists", flush=True)
    shutil.rmtree(OUT, ignore_errors=True)
    begun = time.monotonic()
    async with place() as there:
        run = Run(there, seed, requests, lists)
        report = await run.go()
        cpu = there.process.cpu_times()
        tell(report, run.tenths, time.monotonic() - begun, cpu.user + cpu.system)
    return not report.failures and not report.others


def tell(report: Report, tenths: list[float], seconds: float, cpu: float) -> None:
    for kind, counted in sorted(report.statuses.items()):
        print(f"{kind:8}", "  ".join(f"{status}: {number}" for status, number in sorted(counted.items())))
    print("reader  ", "  ".join(f"{outcome}: {number}" for outcome, number in report.reads.most_common()))
    for kind, (most, name) in sorted(report.slowest.items()):
        print(
            f"slowest {kind}: {most:.2f} s, {name}"
            if kind != "reader MB"
            else f"most memory of the reader: {most:.0f} MB, {name}"
        )
    print(
        f"RSS of the web process: {tenths[0]:.0f} MB, halfway {tenths[len(tenths) // 2]:.0f}, end {tenths[-1]:.0f}",
        end="; ",
    )
    print("by tenth:", " ".join(f"{rss:.0f}" for rss in tenths[1:]))
    print(f"{seconds:.0f} s; the web process took {cpu:.0f} s of the processor")
    for failure in report.failures[:SHOWN]:
        print(f"\nWRONG {failure.kind} {failure.number} ({failure.name}, as {failure.caller}): {failure.why}")
        print(f"  again: .venv/bin/python -m tests.fuzz build/fuzz/{failure.number}-{failure.kind}.json")
        print(f"  {failure.answer[:300].decode('utf-8', 'replace')}")
    for other in report.others:
        print(f"\nWRONG {other}")
    print(f"\n{len(report.failures) + len(report.others)} wrong")


async def one(failure: Failure) -> bool:
    async with place() as there:
        why = await again(there, failure)
    print("WRONG:" if why else "Good.", why or "")
    return why is None


if __name__ == "__main__":
    given = [msgspec.json.decode(Path(path).read_bytes(), type=Failure) for path in sys.argv[1:2]]
    work = one(given[0]) if given else everything()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(0 if runner.run(work) else 1)
