"""Chance, from a seed: the same throws in the same order, on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from math import exp, log
from random import Random
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")


def apportion(shares: dict[T, float], n: int) -> dict[T, int]:
    """n things over shares that add up to 1: whole numbers, largest remainders first."""
    exact = {key: share * n for key, share in shares.items()}
    whole = {key: int(value) for key, value in exact.items()}
    by_rest = sorted(exact, key=lambda key: whole[key] - exact[key])
    for key in by_rest[: n - sum(whole.values())]:
        whole[key] += 1
    return whole


class Dice:
    """A generator of its own per seed and scope, so that a region comes out the same whatever is made beside it."""

    def __init__(self, seed: int, scope: str) -> None:
        self.rng = Random(f"{seed}/{scope}")

    def id(self) -> UUID:
        return UUID(int=self.rng.getrandbits(128), version=4)

    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    def pick(self, options: Sequence[T]) -> T:
        return options[int(self.rng.random() * len(options))]

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self.rng.random() * (high - low + 1))

    def weighted(self, weights: dict[T, float]) -> T:
        at = self.rng.random() * sum(weights.values())
        for option, weight in weights.items():
            at -= weight
            if at < 0:
                return option
        return next(reversed(weights))

    def some(self, chances: dict[str, float]) -> list[str]:
        """Each code with its own chance."""
        return [code for code, p in chances.items() if self.rng.random() < p]

    def days(self, median: float, spread: float = 0.6) -> int:
        """A duration: log-normal, as stays and waits are; at least one day."""
        return max(1, round(exp(self.rng.gauss(log(median), spread))))

    def moment(self, day: date) -> datetime:
        """Some moment in office hours."""
        return datetime.combine(day, time(8), UTC) + timedelta(minutes=self.between(0, 540))
