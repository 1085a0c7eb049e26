"""Seeded files of the format loket-plan/1: a province in weeks, and families of large ones.

`python -m tests.bench.nights FOLDER` writes each of `FAMILIES` as a file.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
from numpy.random import default_rng

from matcher.nights.problem import FORMAT, Nights, Occupied, Place, Request


def province(seed: int = 1, *, requests: int = 600, places: int = 260, beds: int = 700, weeks: int = 26) -> Nights:
    """Nights are weeks. Crisis stays about 4 weeks, others 12 to 60; most beds are taken and come free.

    Tiers are not part of the format: being left out is dear by urgentie, waiting costs per week, the rest is how well
    a place fits (0 to 100, less is better).
    """
    dice = default_rng(seed)
    size = np.bincount(np.concatenate((np.arange(places), dice.integers(0, places, beds - places))))
    zorgvorm, span, centre = dice.integers(0, 6, places), dice.uniform(3, 6, places), dice.uniform(1, 17, places)
    where = dice.uniform(0, 60, (places, 2))
    rooms = [Place(f"v{n}", int(b)) for n, b in enumerate(size)]
    taken = [
        Occupied(f"v{n}", "", 0, int(left), 1)
        for n, b in enumerate(size)
        for left in dice.integers(1, 60, b)[dice.random(b) < 0.85]
    ]
    asked, pairs = [], []
    for n in range(requests):
        urgent = int(np.searchsorted([0.1, 0.35], dice.random()))
        stay = int(dice.integers(3, 6)) if urgent == 0 else int(dice.integers(12, 61))
        first = int(dice.integers(0, weeks - 10))
        window = int((dice.integers(1, 2), dice.integers(2, 5), dice.integers(4, 11))[urgent])
        late, out = ((40, 20_000), (10, 6_000), (3, 2_000))[urgent]
        asked.append(Request(f"a{n}", 1, "", first, first + window - 1, stay, False, late, out))
        age, home = dice.uniform(0, 18), dice.uniform(0, 60, 2)
        forms = dice.choice(6, 2, replace=False)
        fits = np.isin(zorgvorm, forms) & (np.abs(centre - age) <= span)
        away = np.hypot(*(where - home).T)
        cost = np.rint(50 * (1 - np.exp(-away / 20)) + 50 * np.abs(centre - age) / span)
        pairs += [(f"a{n}", f"v{p}", float(cost[p])) for p in np.flatnonzero(fits & (away < 40)).tolist()]
    return Nights(FORMAT, weeks, rooms, asked, pairs, taken)


def ihtc(seed: int, *, requests: int, places: int, nights: int, kinds: bool = True, forced: float = 0.3) -> Nights:
    """As in the Integrated Healthcare Timetabling Competition: wide windows, late costs, all places are as good."""
    dice = default_rng(seed)
    rooms = [Place(f"r{n}", int(b), kinds) for n, b in enumerate(dice.integers(1, 5, places))]
    late, out = int(dice.choice((5, 10, 15))), int(dice.choice((150, 250, 350)))
    asked, pairs = [], []
    for n in range(requests):
        first, must = int(dice.integers(0, nights)), bool(dice.random() < forced)
        last = min(nights - 1, first + int(dice.integers(4, 15))) if must else nights - 1
        kind, stay = str(dice.choice(("A", "B"))), int(np.clip(dice.geometric(0.22), 1, 12))
        asked.append(Request(f"p{n}", 1, kind, first, last, stay, must, late, 0 if must else out))
        pairs += [(f"p{n}", f"r{p}", 0.0) for p in np.flatnonzero(dice.random(places) < 0.88).tolist()]
    occupied, free = [], {}
    for p in rooms:
        free[p.id] = str(dice.choice(("A", "B")))
        stays = dice.integers(1, 7, p.beds)[dice.random(p.beds) < 0.5].tolist()
        occupied += [Occupied(p.id, free[p.id], 0, left, 1) for left in stays]
    return Nights(FORMAT, nights, rooms, asked, pairs, occupied)


def spas(seed: int, *, requests: int, places: int, nights: int, kinds: bool, load: float = 0.75) -> Nights:
    """As in patient admission scheduling: a fixed start, everybody must be placed, costs of a room that fits less."""
    dice = default_rng(seed)
    beds = dice.choice((1, 2, 4), places, p=(0.2, 0.45, 0.35))
    rooms = [Place(f"r{n}", int(b), kinds and bool(dice.random() < 0.6)) for n, b in enumerate(beds)]
    stay = np.clip(np.rint(dice.lognormal(1.2, 0.7, requests)), 1, nights).astype(int)
    start = dice.integers(0, nights, requests)
    keep, used = [], np.zeros(nights)
    for n in range(requests):
        end = min(nights, start[n] + stay[n])
        if used[start[n] : end].max() + 1 <= load * beds.sum():
            used[start[n] : end] += 1
            keep.append(n)
    asked, pairs = [], []
    for n in keep:
        first = int(start[n])
        asked.append(Request(f"p{n}", 1, str(dice.choice(("F", "M"))), first, first, int(stay[n]), True))
        cost = dice.choice((0, 10, 20, 50, 60, 70, 80, 90, 100), places) + np.where(beds > 2, 10, 0)
        pairs += [(f"p{n}", f"r{p}", float(cost[p])) for p in np.flatnonzero(dice.random(places) < 0.8).tolist()]
    return Nights(FORMAT, nights, rooms, asked, pairs)


def mixed(
    seed: int, *, requests: int, places: int, nights: int, most: int = 3, fractions: bool = True, tight: float = 1.2
) -> Nights:
    """Requests of several beds, windows, costs below zero and with decimals, some mandatory, some places of one kind.

    `tight`: about how many times the beds there are is asked for.
    """
    dice = default_rng(seed)
    beds = dice.integers(1, 7, places)
    rooms = [Place(f"r{n}", int(b), bool(dice.random() < 0.3)) for n, b in enumerate(beds)]
    mean = tight * beds.sum() * nights / requests
    asked, pairs = [], []
    for n in range(requests):
        size = int(dice.integers(1, most + 1))
        stay = int(np.clip(round(dice.exponential(mean / (1 + most) * 2)), 1, nights))
        first = int(dice.integers(0, nights))
        last = first + int(dice.integers(0, 8))
        out = round(float(dice.uniform(20, 60)) * size, 2 if fractions else 0)
        late = round(float(dice.uniform(0, 4)), 2 if fractions else 0)
        must = bool(dice.random() < 0.05 and size <= 2)
        asked.append(Request(f"p{n}", size, str(dice.choice(("A", "B", "C"))), first, last, stay, must, late, out))
        cost = dice.uniform(-15, 30, places).round(2 if fractions else 0)
        able = (beds >= size) & (dice.random(places) < 0.6)
        pairs += [(f"p{n}", f"r{p}", float(cost[p])) for p in np.flatnonzero(able).tolist()]
    return Nights(FORMAT, nights, rooms, asked, pairs)


def impossible(seed: int, **size: int) -> Nights:
    """Too many that must be placed in one place at one time, among others that can be."""
    base = mixed(seed, requests=size["requests"], places=size["places"], nights=size["nights"], tight=0.6)
    extra = [Request(f"x{n}", 1, "A", 2, 3, 4, True) for n in range(base.places[0].beds + 1)]
    rows = [(r.id, base.places[0].id, 1.0) for r in extra]
    return Nights(FORMAT, base.nights, base.places, [*base.requests, *extra], [*base.pairs, *rows])


FAMILIES: dict[str, Callable[[], Nights]] = {
    "province": province,
    "ihtc_mid": lambda: ihtc(2, requests=150, places=14, nights=21),
    "ihtc_large": lambda: ihtc(3, requests=400, places=35, nights=28),
    "ihtc_tight": lambda: ihtc(4, requests=600, places=30, nights=28, forced=0.1),
    "ihtc_open": lambda: ihtc(5, requests=500, places=40, nights=28, kinds=False),
    "spas_large": lambda: spas(6, requests=900, places=45, nights=30, kinds=False, load=0.9),
    "spas_gender": lambda: spas(7, requests=700, places=45, nights=30, kinds=True, load=0.8),
    "mixed_large": lambda: mixed(8, requests=700, places=45, nights=30),
    "mixed_tight": lambda: mixed(9, requests=700, places=45, nights=30, most=4, tight=2.0),
    "mixed_mid": lambda: mixed(10, requests=150, places=12, nights=21, tight=1.5),
    "mixed_slack": lambda: mixed(11, requests=500, places=45, nights=30, tight=0.7),
    "impossible": lambda: impossible(12, requests=300, places=25, nights=28),
}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in FAMILIES.items():
        (folder / f"{name}.json").write_bytes(msgspec.json.encode(make()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
