"""python -m matcher plan instance.json --seconds 60 > result.json; python -m matcher check instance.json result.json.

The only part of the library with input, output and a clock: files of the format loket-plan/1.
"""

from __future__ import annotations

import time

BEGIN = time.monotonic() - time.process_time()
"""About when the process began: start-up counts."""

import argparse  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import msgspec  # noqa: E402

from matcher import nights  # noqa: E402

ENDING_S = 0.5
"""Kept for stopping the solver, writing and leaving."""


class Given(msgspec.Struct):
    """What `check` reads of a result; other fields may be there."""

    assignments: list[nights.Stay]
    value: float | None = None
    bound: float | None = None


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m matcher", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    planning = commands.add_parser("plan", help="solve an instance, the result on standard output")
    planning.add_argument("instance", type=Path)
    planning.add_argument("--seconds", type=float, default=60.0, help="wall clock, start-up included")
    planning.add_argument("--seed", type=int, default=0)
    checking = commands.add_parser("check", help="judge a result")
    checking.add_argument("instance", type=Path)
    checking.add_argument("result", type=Path)
    given = parser.parse_args(arguments)
    try:
        problem = nights.read(given.instance.read_bytes())
        if given.command == "plan":
            if not 0 < given.seconds < 1e6:
                raise ValueError(f"--seconds: is {given.seconds}")
            end = BEGIN + max(0.1, given.seconds - ENDING_S)
            result = nights.solve(problem, clock=time.monotonic, end=end, seed=given.seed)
            sys.stdout.write(msgspec.json.format(msgspec.json.encode(result), indent=1).decode() + "\n")
            return 0
        return _check(problem, msgspec.json.decode(given.result.read_bytes(), type=Given))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _check(problem: nights.Nights, result: Given) -> int:
    found = nights.violations(problem, result.assignments)
    if not found:
        worth = nights.value(problem, result.assignments)
        sys.stdout.write(f"allowed, value {worth}\n")
        if result.value is not None and abs(result.value - worth) > 1e-6 * max(1.0, abs(worth)):
            found.append(f"value: the result says {result.value}, it is {worth}")
        if result.bound is not None and result.bound > worth + 1e-6 * max(1.0, abs(worth)):
            found.append(f"bound: {result.bound} is above the value {worth}")
    for line in found:
        sys.stdout.write(f"{line}\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
