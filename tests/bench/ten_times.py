"""Ten times the country (60,000 children, 400,000 beds): prints seconds, the most megabytes in use, and the gap."""

from __future__ import annotations

import resource
import sys
from time import perf_counter

from matcher.check import violations
from matcher.plan import plan
from tests.bench.large import pairs


def main(seconds: float) -> None:
    problem = pairs(60_000, krap=False, groups=True)
    found = plan(problem, clock=perf_counter, seconds=seconds, enough=0.001)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert violations(problem, found.slots.tolist()) == []
    print(f"{found.seconds:.1f} {most:.0f} {found.gap:.6f}")


if __name__ == "__main__":
    main(float(sys.argv[1]))
