"""Stays night after night: seconds to a proof, and what is left of the gap of large files after ten seconds.

The four public files stand outside the project (../shared/instances) and are left out where they are not.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from matcher.nights.check import violations
from matcher.nights.problem import Nights, Result, read
from matcher.nights.solve import solve
from tests.bench.entry import Entry
from tests.bench.nights import FAMILIES, province

FILES = Path(__file__).parents[3] / "shared" / "instances"
OPTIMA = {"spas-ss": 2280, "spas-ss-gender": 2360, "ihtc-i01": 900, "ihtc-i02": 270}
LARGE = ("spas_gender", "mixed_mid", "mixed_slack")
SECONDS, LARGE_S = 60.0, 10.0


def run() -> list[Entry]:
    entries = [_proven("plan_nights_province_s", province(), None)]
    for name, optimum in OPTIMA.items():
        path = FILES / f"{name}.json"
        if path.exists():
            entries.append(_proven(name.replace("-", "_"), read(path.read_bytes()), optimum))
        else:
            print(f"{name}: left out, {path} is not there")
    for name in LARGE:
        found, _ = _solve(FAMILIES[name](), LARGE_S)
        assert isinstance(found.value, int | float)
        assert found.bound is not None
        gap = (found.value - found.bound) / max(1.0, abs(found.value))
        entries.append(Entry(f"nights_{name}_10s_gap", gap, "share", f"value {found.value}, bound {found.bound}"))
    return entries


def _proven(name: str, problem: Nights, optimum: float | None) -> Entry:
    found, took = _solve(problem, SECONDS)
    assert found.status == "optimal"
    assert optimum is None or found.value == optimum
    return Entry(name, took, "s", f"optimum {found.value}")


def _solve(problem: Nights, seconds: float) -> tuple[Result, float]:
    begin = perf_counter()
    found = solve(problem, clock=perf_counter, end=begin + seconds)
    took = perf_counter() - begin
    assert violations(problem, found.assignments) == []
    return found, took
