"""What a plan that is followed is worth, tier after tier, and what no plan exceeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from matcher.check import Loss, Tier
from matcher.layers.exchange import Exchange
from matcher.layers.residual import TOP, WEIGHT
from matcher.pairs import CRISIS, MAX_WACHTDAGEN, REGULIER, SPOED
from matcher.plan import Level

WORTH = (
    Tier.VAST,
    Tier.CRISIS,
    Tier.SPOED,
    Tier.REGULIER,
    Tier.WACHTDAGEN,
    Tier.GESPLITST,
    Tier.LOCATIE,
    Tier.SCORE,
)
"""What is followed: all but BEHOUDEN."""

Worth = tuple[int, ...]
"""In the order of WORTH; the first that differs decides."""

NOTHING: Worth = (0,) * len(WORTH)

UNKNOWN = 2**62


class Standing(Struct, frozen=True):
    """What the plan is worth now, and what no plan exceeds, both in the order of WORTH."""

    worth: Worth
    bound: Worth

    @property
    def proven(self) -> bool:
        return self.worth == self.bound

    @property
    def tier(self) -> Tier | None:
        """The first that may be better; None when the plan is proven."""
        return next((t for t, own, top in zip(WORTH, self.worth, self.bound, strict=True) if own != top), None)

    @property
    def gap(self) -> float:
        """What may be missing in that tier, as a part of the bound."""
        for own, top in zip(self.worth, self.bound, strict=True):
            if own != top:
                return (top - own) / max(1, abs(top))
        return 0.0


def plus(one: Worth, two: Worth, times: int = 1) -> Worth:
    return tuple(a + b * times for a, b in zip(one, two, strict=True))


def loss(before: Worth, after: Worth) -> Loss:
    """In WORTH."""
    return dict(zip(WORTH, plus(before, after, -1), strict=True))


def placed(urgentie: int, wachtdagen: int, vast: bool, points: int) -> Worth:
    """Of one child that is placed for so many points, alone."""
    return (int(vast), *(int(one == urgentie) for one in (CRISIS, SPOED, REGULIER)), wachtdagen, 0, 0, points)


def total(exchange: Exchange) -> Worth:
    """Of everybody in an exchange who is placed."""
    rows = np.flatnonzero(exchange.here > TOP)
    rank = exchange.rank[rows]
    kind, wait = np.divmod(rank - 1, MAX_WACHTDAGEN + 1)  # as rank_of makes them
    counts = np.bincount(REGULIER - kind % 3, minlength=3).tolist()
    points = int((exchange.has[rows] - rank * WEIGHT).sum())
    return (int(np.count_nonzero(kind >= 3)), *counts, int(wait.sum()), 0, 0, points)


def known(levels: Sequence[Level]) -> Worth:
    """What no plan exceeds, by the levels of a plan; tiers after the first that is not proven are open."""
    bounds = []
    by_tier = {level.tier: level for level in levels}
    for tier in WORTH:
        level = by_tier.get(tier)
        bounds.append(UNKNOWN if level is None else level.bound)
        if level is None or not level.proven:
            break
    return (*bounds, *[UNKNOWN] * (len(WORTH) - len(bounds)))
