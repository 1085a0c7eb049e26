"""One measurement, always beside something that it is measured against in the same run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median, quantiles
from time import perf_counter
from typing import TypeVar

from msgspec import Struct

Case = TypeVar("Case")


class Entry(Struct, frozen=True):
    name: str
    value: float
    unit: str
    against: str = ""
    """What `ratio` compares with."""
    ratio: float | None = None
    """How many times as much the other one takes."""


def measured(name: str, value: float, unit: str, others: dict[str, float]) -> list[Entry]:
    """One entry, with a line of its own for each thing that it is compared with after the first."""
    pairs = list(others.items()) or [("", 0.0)]
    return [
        Entry(name if at == 0 else f"{name}:{other}", value, unit, other, took / value if other and value else None)
        for at, (other, took) in enumerate(pairs)
    ]


def milliseconds(work: Callable[[Case], object], cases: Iterable[Case], repeat: int = 3) -> tuple[float, float]:
    """Median and 95th percentile over the cases, each the best of `repeat`, so that other work is left out."""
    times = []
    for case in cases:
        best = float("inf")
        for _ in range(repeat):
            begin = perf_counter()
            work(case)
            best = min(best, perf_counter() - begin)
        times.append(best * 1000)
    return median(times), quantiles(times, n=20)[-1]
