"""python -m matcher plan instance.json --seconds 60 > result.json; python -m matcher check instance.json result.json.

The only part of the library with input, output and a clock: files of the format loket-plan/1.
"""

from __future__ import annotations

import time

IMPORTED = time.monotonic()
USED = time.process_time()

import argparse  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import msgspec  # noqa: E402

from matcher.nights.check import value, violations  # noqa: E402
from matcher.nights.problem import Nights, Stay, read  # noqa: E402
from matcher.nights.solve import solve  # noqa: E402

ENDING_S = 0.4
"""Kept for checking, writing and leaving, …"""
ENDING_PAIR_S = 3e-6
"""… and this for each pair."""


class Given(msgspec.Struct):
    """What `check` reads of a result; other fields may be there."""

    assignments: list[Stay]
    value: float | None = None
    bound: float | None = None
    status: str | None = None


class Clock:
    """Seconds; far in the future once the process is asked to stop, so that what is there is written."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self) -> float:
        return float("inf") if self.asked else time.monotonic()

    def stop(self, number: int, _: Any) -> None:
        self.asked = True
        signal.signal(number, signal.SIG_DFL)  # asked twice: at once


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m matcher", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    planning = commands.add_parser("plan", help="solve an instance, the result on standard output")
    planning.add_argument("instance", type=Path)
    planning.add_argument("--seconds", type=float, default=60.0, help="wall clock, start-up included")
    planning.add_argument("--seed", type=int, default=0)
    planning.add_argument(
        "--effort", type=float, help="always the same answer for the same file and seed: work of about so many seconds"
    )
    checking = commands.add_parser("check", help="judge a result")
    checking.add_argument("instance", type=Path)
    checking.add_argument("result", type=Path)
    given = parser.parse_args(arguments)
    try:
        return _plan(given) if given.command == "plan" else _check(given)
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}\n")
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
    return 2


def _plan(given: argparse.Namespace) -> int:
    if not 0 < given.seconds < 1e6:
        raise ValueError(f"--seconds: is {given.seconds}")
    if given.effort is not None and not 0 < given.effort < 1e6:
        raise ValueError(f"--effort: is {given.effort}")
    if not 0 <= given.seed < 2**31:
        raise ValueError(f"--seed: is {given.seed}")
    clock = Clock()
    problem = _read(given.instance)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, clock.stop)
    end = _begin() + given.seconds - min(given.seconds / 2, ENDING_S + ENDING_PAIR_S * len(problem.pairs))
    result = solve(problem, clock=clock, end=end, seed=given.seed, effort=given.effort)
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(result), indent=1).decode() + "\n")
    return 0


def _begin() -> float:
    """When the process began, on the clock of time.monotonic: start-up counts."""
    try:
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        up = float(Path("/proc/uptime").read_text().split()[0])
        return min(IMPORTED, time.monotonic() - (up - ticks / os.sysconf("SC_CLK_TCK")))
    except (OSError, ValueError, IndexError):  # no Linux: what it worked so far is the least that it took
        return IMPORTED - USED


def _read(path: Path) -> Nights:
    try:
        return read(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _check(given: argparse.Namespace) -> int:
    problem = _read(given.instance)
    try:
        result = msgspec.json.decode(given.result.read_bytes(), type=Given)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(f"{given.result}: {error}") from error
    if not result.assignments and result.value is None and result.status in {"infeasible", "timeout"}:
        sys.stdout.write(f"no solution is claimed: {result.status}\n")
        return 0
    found = violations(problem, result.assignments)
    if not found:
        worth = value(problem, result.assignments)
        sys.stdout.write(f"allowed, value {worth}\n")
        if result.value is not None and abs(result.value - worth) > 1e-6 * max(1.0, abs(worth)):
            found.append(f"value: the result says {result.value}, it is {worth}")
        if result.bound is not None and result.bound > worth + 1e-6 * max(1.0, abs(worth)):
            found.append(f"bound: {result.bound} is above the value {worth}")
    for line in found:
        sys.stdout.write(f"{line}\n")
    return 1 if found else 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # a solver that has not heard yet that it may stop is not waited for
