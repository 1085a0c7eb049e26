"""The best that is known of countries that are krap: `python -m tests.bench.best_known demo 160` looks so many seconds.

It goes on from nothing each time, and writes best_known.json beside it, for bench_plan to compare with. `demo` is what
service/demo makes, `large` what large.py makes.
"""

from __future__ import annotations

import os
import sys
from hashlib import blake2b
from pathlib import Path
from time import perf_counter

import msgspec
from msgspec import Struct

from matcher.check import Tier, violations
from matcher.pairs import Pairs
from matcher.plan import plan
from service.demo.generate import Size
from service.demo.scarcity import Scarcity
from tests.bench import demo, large

FILE = Path(__file__).with_suffix(".json")
CHILDREN, SEED = 6000, 1


class Known(Struct, frozen=True):
    instance: str
    """blake2b of its columns."""
    children: int
    seed: int
    seconds: float
    load: float | None
    """On two cores, when it ended."""
    value: dict[Tier, int]
    bound: dict[Tier, int]


def digest(problem: Pairs) -> str:
    own = blake2b(digest_size=8)
    for column in (problem.request, problem.slot, problem.value, problem.capaciteit, problem.groep, problem.wachtdagen):
        own.update(column.tobytes())
    return own.hexdigest()


def known(name: str) -> Known:
    return _all()[name]


def _all() -> dict[str, Known]:
    return msgspec.json.decode(FILE.read_bytes(), type=dict[str, Known])


def problem_of(name: str) -> Pairs:
    if name == "large":
        return large.pairs(CHILDREN, krap=True, groups=True, seed=SEED)
    return demo.joint(Size.COUNTRY, Scarcity.KRAP, SEED).pairs


def main(name: str, seconds: float) -> None:
    problem = problem_of(name)
    first = plan(problem, clock=perf_counter, seconds=seconds / 3, enough=0.0005)
    found = plan(problem, clock=perf_counter, seconds=seconds * 2 / 3, begun=first)
    assert violations(problem, found.slots.tolist()) == []
    record = Known(
        instance=digest(problem),
        children=problem.requests,
        seed=SEED,
        seconds=round(first.seconds + found.seconds, 1),
        load=round(os.getloadavg()[0], 1),
        value={level.tier: level.value for level in found.levels},
        bound={level.tier: level.bound for level in found.levels},
    )
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(_all() | {name: record}), indent=2) + b"\n")


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
