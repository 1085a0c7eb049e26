"""Overleving: how long something takes when of some it is only known that it took longer. Pure numbers.

The product-limit estimate (Kaplan & Meier, J. Am. Stat. Assoc. 53, 1958), its variance (Greenwood, 1926) on the scale
log(-log), and the interval of the median that both bands give (Brookmeyer & Crowley, Biometrics 38, 1982). Who leaves
the list without a place counts as far as was seen: the estimate is of the wait of who stays on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from math import exp, log, sqrt

from msgspec import Struct

Z = 1.959963984540054
"""Of a normal distribution: 95 % lies within."""


class Duur(Struct, frozen=True):
    """Days; not `voorbij`: it took at least this long, and nobody knows more."""

    dagen: int
    voorbij: bool


class Stap(Struct, frozen=True):
    """From `dagen` on, this part still waits; between `laag` and `hoog` with 95 % certainty."""

    dagen: int
    deel: float
    laag: float
    hoog: float


class Mediaan(Struct, frozen=True, kw_only=True):
    """Days after which half is there, between `laag` and `hoog`. None: so long was not seen."""

    aantal: int
    gezien: int
    """Of those it is known how long it took."""
    dagen: int | None
    laag: int | None
    hoog: int | None


def kromme(duren: Iterable[Duur]) -> Iterator[Stap]:
    """A step for each day on which something ended. Who was seen until that same day, was there still."""
    ends: Counter[int] = Counter()
    leaves: Counter[int] = Counter()
    for duur in duren:
        leaves[duur.dagen] += 1
        ends[duur.dagen] += duur.voorbij
    there, left, spread = leaves.total(), 1.0, 0.0
    low, high = 1.0, 1.0
    for day in sorted(leaves):
        if ended := ends[day]:
            if ended == there:
                # Nobody is left, and of nobody the spread is not known: the upper band stays where it was.
                yield Stap(day, 0.0, 0.0, high)
            else:
                left *= 1 - ended / there
                spread += ended / (there * (there - ended))
                reach = Z * sqrt(spread) / log(left)
                low, high = left ** exp(-reach), left ** exp(reach)
                yield Stap(day, left, low, high)
        there -= leaves[day]


def mediaan(duren: Iterable[Duur]) -> Mediaan:
    found = list(duren)
    steps = list(kromme(found))
    return Mediaan(
        aantal=len(found),
        gezien=sum(duur.voorbij for duur in found),
        dagen=_first(steps, "deel"),
        laag=_first(steps, "laag"),
        hoog=_first(steps, "hoog"),
    )


HALF = 0.5 + 1e-12
"""Thirds and sevenths do not multiply to exactly a half."""


def _first(steps: list[Stap], what: str) -> int | None:
    """The first day on which no more than half is left."""
    return next((step.dagen for step in steps if getattr(step, what) <= HALF), None)


def daarna(duren: Iterable[Duur], dagen: int) -> list[Duur]:
    """How much longer it took for who was there after so many days: what somebody who waited so long may expect."""
    return [Duur(duur.dagen - dagen, duur.voorbij) for duur in duren if duur.dagen >= dagen]
