"""The format loket-plan/1: stays that follow each other, night after night, each in one place.

A request takes all its beds in one place from one start in its window; costs may be negative or have decimals.
Nonsense is refused when a problem is built (ValueError, what and where).
"""

from __future__ import annotations

from collections import Counter
from math import isfinite

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from matcher.problem import require

FORMAT = "loket-plan/1"
MANY = 10**6
"""Pairs for one request, and cells (place, night) in all, from which a file is a mistake."""
PAIRS = 5 * 10**6
DEAR = 1e12
"""Costs are counted in parts of at most 2^45 to the largest; more is no cost."""


class Place(Struct, frozen=True, rename="camel"):
    id: str
    beds: int
    one_kind_per_night: bool = False
    """On one night only requests of one kind."""


class Request(Struct, frozen=True, rename="camel"):
    id: str
    beds: int
    kind: str
    earliest: int
    """First and last night on which it may start, …"""
    latest: int
    stay: int
    """… and how many nights it stays; cut at the horizon."""
    mandatory: bool
    cost_per_night_late: float = 0
    cost_unplaced: float = 0


class Occupied(Struct, frozen=True, rename={"start": "from"}):
    place: str
    kind: str
    start: int
    nights: int
    beds: int


class Nights(Struct, frozen=True):
    """A problem as in the file."""

    format: str
    nights: int
    places: list[Place]
    requests: list[Request]
    pairs: list[tuple[str, str, float]]
    """What may be, with its cost; what is not listed may not be."""
    occupied: list[Occupied] = field(default_factory=list)

    def __post_init__(self) -> None:
        require(self.format == FORMAT, "format", f"is {self.format!r}, not {FORMAT!r}")
        require(0 < self.nights <= 10_000, "nights", f"is {self.nights}")
        require(len(self.places) * self.nights <= 20 * MANY, "places", f"{len(self.places)} × {self.nights} nights")
        require(len(self.pairs) <= PAIRS, "pairs", f"{len(self.pairs)} of them, {PAIRS} at most")
        for name, ids in (("places", [p.id for p in self.places]), ("requests", [r.id for r in self.requests])):
            twice = [one for one, count in Counter(ids).items() if count > 1]
            require(not twice, name, f"{twice[:1]} stands in it twice")
        for p in self.places:
            require(0 <= p.beds <= 10_000, f"place {p.id}", f"{p.beds} beds")
        for r in self.requests:
            where = f"request {r.id}"
            require(0 < r.beds <= 10_000, where, f"{r.beds} beds")
            require(0 < r.stay <= MANY, where, f"stay of {r.stay} nights")
            require(0 <= r.earliest <= r.latest <= MANY, where, f"start between night {r.earliest} and {r.latest}")
            require(abs(r.cost_per_night_late) <= DEAR, where, f"costPerNightLate is {r.cost_per_night_late}")
            require(abs(r.cost_unplaced) <= DEAR, where, f"costUnplaced is {r.cost_unplaced}")
        self._occupied({p.id: p.beds for p in self.places})
        self._pairs({p.id for p in self.places})

    def _occupied(self, beds: dict[str, int]) -> None:
        change: Counter[tuple[str, int]] = Counter()  # beds that are taken from that night on
        for o in self.occupied:
            where = f"occupied {o.place}"
            require(o.place in beds, "occupied", f"place {o.place!r} does not exist")
            require(0 <= o.start <= MANY, where, f"from night {o.start}")
            require(0 < o.nights <= MANY, where, f"{o.nights} nights")
            require(0 < o.beds <= 10_000, where, f"{o.beds} beds")
            change[o.place, o.start] += o.beds
            change[o.place, o.start + o.nights] -= o.beds
        taken: Counter[str] = Counter()
        for (place, night), more in sorted(change.items()):
            taken[place] += more
            fits = taken[place] <= beds[place] or night >= self.nights
            require(fits, f"occupied {place}", f"{taken[place]} beds on night {night} of {beds[place]}")

    def _pairs(self, places: set[str]) -> None:
        left = {r.id: MANY - 1 for r in self.requests}
        seen: set[tuple[str, str]] = set()
        for request, place, cost in self.pairs:
            if request not in left or place not in places or not isfinite(cost) or abs(cost) > DEAR:
                require(request in left, "pairs", f"request {request!r} does not exist")
                require(place in places, "pairs", f"place {place!r} does not exist")
                require(False, f"pair {request} {place}", f"cost is {cost}")
            left[request] -= 1
            seen.add((request, place))
        for request, count in left.items():
            require(count >= 0, f"request {request}", f"{MANY - 1 - count} pairs")
        if len(seen) < len(self.pairs):
            twice = Counter((request, place) for request, place, _ in self.pairs).most_common(1)[0][0]
            require(False, f"pair {twice[0]} {twice[1]}", "is given twice")


class Stay(Struct, frozen=True):
    request: str
    place: str
    start: int


class Result(Struct, frozen=True, omit_defaults=True):
    assignments: list[Stay]
    status: str
    """optimal, feasible, infeasible or timeout."""
    bound: float | None
    """Nothing is cheaper; null when unknown."""
    value: float | UnsetType = UNSET
    unplaceable: list[str] = field(default_factory=list)
    """Mandatory requests that cannot all be placed, few enough that each of them matters where time allowed …"""
    reasons: dict[str, str] = field(default_factory=dict)
    """… and why."""


def read(data: bytes) -> Nights:
    """A problem from its file; ValueError when it is not one."""
    try:
        return msgspec.json.decode(data, type=Nights)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(str(error) if data.strip() else "the file is empty") from error
