"""Two years of the demo region (krap): who came in the first is expected in the second, where all is measured.

The part of the gap between plain re-solving and hindsight that prices close, for several seeds; with the value of each
policy, and the bound that is proven for hindsight.
"""

from __future__ import annotations

from datetime import date
from statistics import mean
from time import process_time

from service.demo.loading import SEED
from service.replay import Comparison, play
from tests.bench.entry import Entry, measured

TODAY = date(2026, 3, 2)
SEEDS = (SEED, 1)
TARGET = 0.60


def run() -> list[Entry]:
    begin = process_time()
    found = [play(seed=seed, today=TODAY) for seed in SEEDS]
    # against the bound: it is proven, and does not depend on how long a solver may look for the best
    closed = mean(one.gedicht for one in found)
    entries = [Entry("replay_gap_closed", closed, "share", "target", TARGET / closed if closed > 0 else None)]
    for one in found:
        entries += _seed(one)
    return entries + measured("replay_cpu_s", (process_time() - begin) / len(SEEDS), "s", {})


def _seed(one: Comparison) -> list[Entry]:
    own = f"replay_{one.getal}"
    values = [entry for name, of in one.beleid.items() for entry in measured(f"{own}_{name}", of.value, "points", {})]
    return [
        *measured(f"{own}_gap_closed", one.gedicht, "share", {}),
        *values,
        *measured(f"{own}_bound", one.grens, "points", {}),
    ]
