"""Small problems of stays, at random and by hand."""

from __future__ import annotations

import json
from itertools import product
from random import Random
from typing import Any

from matcher.nights.check import value, violations
from matcher.nights.problem import Nights, Stay, read

GOOD: dict[str, Any] = {
    "format": "loket-plan/1",
    "nights": 3,
    "places": [{"id": "a", "beds": 2, "oneKindPerNight": True}],
    "requests": [
        {"id": "p", "beds": 1, "kind": "F", "earliest": 0, "latest": 1, "stay": 2, "mandatory": True},
        {"id": "q", "beds": 1, "kind": "M", "earliest": 0, "latest": 2, "stay": 1, "mandatory": False}
        | {"costUnplaced": 9},
    ],
    "pairs": [["p", "a", 1.5], ["q", "a", 2]],
}


def request(name: str, *, beds: int = 1, kind: str = "F", start: int = 0, last: int = 0, stay: int = 1) -> Any:
    own = {"id": name, "beds": beds, "kind": kind, "earliest": start, "latest": last, "stay": stay}
    return own | {"mandatory": True}


def problem(**changed: Any) -> Nights:
    return read(json.dumps(GOOD | changed).encode())


def random(seed: int) -> Nights:
    """Four requests of one to three beds in two places of up to four; costs with decimals and below zero."""
    dice = Random(seed)
    places = [{"id": f"a{n}", "beds": dice.randint(0, 4), "oneKindPerNight": dice.random() < 0.5} for n in range(2)]
    requests = []
    for n in range(4):
        first = dice.randint(0, 2)
        requests.append(
            {
                "id": f"p{n}",
                "beds": dice.choice((1, 1, 2, 3)),
                "kind": dice.choice("FM"),
                "earliest": first,
                "latest": first + dice.randint(0, 1),
                "stay": dice.randint(1, 3),
                "mandatory": dice.random() < 0.3,
                "costPerNightLate": dice.choice((0, 0.5, 3, -1.25)),
                "costUnplaced": dice.choice((0, 5, 20.25)),
            }
        )
    pairs = [
        [f"p{n}", f"a{m}", dice.choice((-2, 0, 1.5, 7, 0.1))] for n in range(4) for m in range(2) if dice.random() < 0.8
    ]
    taken = [{"place": "a0", "kind": dice.choice("FX"), "from": dice.randint(0, 1), "nights": 2, "beds": 1}]
    some = dice.random() < 0.5 and places[0]["beds"] > 0
    return problem(nights=4, places=places, requests=requests, pairs=pairs, occupied=taken if some else [])


def plans(given: Nights) -> list[list[Stay]]:
    """Every choice that is allowed."""
    choices: list[list[Stay | None]] = []
    for r in given.requests:
        mine = [p for q, p, _ in given.pairs if q == r.id]
        choices.append([None, *(Stay(r.id, p, s) for p in mine for s in range(r.earliest, r.latest + 1))])
    every = ([stay for stay in stays if stay is not None] for stays in product(*choices))
    return [stays for stays in every if not violations(given, stays)]


def cheapest(given: Nights) -> float | None:
    return min((value(given, stays) for stays in plans(given)), default=None)
