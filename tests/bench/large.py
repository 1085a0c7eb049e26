"""Large problems for the joint plan: seeded pairs as dense as the demo (ruim 6.7 beds per child, krap 1.1)."""

from __future__ import annotations

import numpy as np

from matcher.pairs import NOBODY, Pairs

REGIONS = 42
SAMEN = 0.2
LEAVE = 0.3
NARROW = 1 / 3
"""Of the beds when krap: these fit a twentieth as many children."""


def pairs(children: int, *, krap: bool, groups: bool, seed: int = 1) -> Pairs:
    """`children` requests in regions of about 140, each with places of its own region and its five neighbours."""
    rng = np.random.default_rng(seed)
    regions = max(1, round(REGIONS * children / 6000))
    beds = round(children * (1.1 if krap else 6.7))
    units = max(regions, round(beds / 2.6))
    unit_region = np.sort(rng.integers(0, regions, units))
    locatie = np.cumsum(np.concatenate(([True], (rng.random(units - 1) < 0.6) | (np.diff(unit_region) != 0)))) - 1
    sizes = np.bincount(np.concatenate((np.arange(units), rng.integers(0, units, max(0, beds - units)))))
    soort, age, gender = rng.integers(0, 6, units), rng.uniform(0, 12, units), rng.integers(0, 4, units)
    span = rng.uniform(4, 9, units)
    narrow = rng.random(units) < (NARROW if krap else 0.0)
    span[narrow] = 0.9
    unit_xy = _places(rng, unit_region, 6.0)
    # a voorziening has up to three windows: beds that are free from the same day on are one slot
    bed_unit = np.repeat(np.arange(units), sizes)
    key, beds_of = np.unique(bed_unit * 3 + rng.integers(0, 3, len(bed_unit)), return_counts=True)
    slot_unit, slot_day = key // 3, key % 3 * 14 + rng.integers(0, 10, len(key))

    family = _families(rng, children) if groups else np.arange(children)
    families = int(family.max()) + 1
    home = rng.integers(0, regions, families)
    home_xy = _places(rng, home, 8.0)
    asks = rng.random((families, 6)) < 0.3
    asks[np.arange(families), rng.integers(0, 6, families)] = True
    child_age = np.clip(rng.uniform(0, 18, families)[family] + rng.uniform(-3, 3, children), 0, 18)
    child_gender = rng.integers(0, 2, children)
    urgentie = np.array([0, 1, 2])[np.searchsorted([0.1, 0.35], rng.random(families))][family]
    wait = rng.integers(0, 400, families)[family]
    term = np.array([3, 10, 60])[urgentie]

    request, slot, value = [], [], []
    near = [
        np.flatnonzero(
            np.isin(slot_unit, np.flatnonzero(np.abs((unit_region - r + regions // 2) % regions - regions // 2) <= 2))
        )
        for r in range(regions)
    ]
    of = [(soort[u], age[u] + 3, span[u], gender[u], slot_day[at]) for at in near for u in (slot_unit[at],)]
    for child in range(children):
        own = family[child]
        kinds, ages, spans, genders, days = of[home[own]]
        fits = asks[own][kinds] & (np.abs(ages - child_age[child]) <= spans) & (days <= term[child])
        fits &= (genders >= 2) | (genders == child_gender[child])
        at = near[home[own]][fits]
        unit = slot_unit[at]
        away = np.hypot(*(unit_xy[unit] - home_xy[own]).T)
        request.append(np.full(len(at), child, np.int32))  # ten times a country has 30 million of these
        slot.append(at.astype(np.int32))
        value.append(
            np.rint(
                10_000 * (0.5 * np.exp(-away / 15) + 0.3 * rng.random(6)[soort[unit]] + 0.2 * (1 - slot_day[at] / 60))
            ).astype(np.int32)
        )
    sizes_of = np.bincount(family)
    together = np.flatnonzero(sizes_of > 1)
    number = np.full(families, NOBODY)
    number[together] = np.arange(len(together))
    columns = []
    for parts in (request, slot, value):  # and free of what they are made of before the next
        columns.append(np.concatenate(parts))
        parts.clear()
    return Pairs.build(
        urgentie=urgentie,
        wachtdagen=wait,
        groep=number[family],
        splitsbaar=rng.random(len(together)) < LEAVE,
        capaciteit=beds_of,
        voorziening=slot_unit,
        locatie=locatie,
        request=columns[0],
        slot=columns[1],
        value=columns[2],
    )


def _places(rng: np.random.Generator, region: np.ndarray, spread: float) -> np.ndarray:
    turn = 2 * np.pi * region / 42
    centre = np.stack((np.cos(turn), np.sin(turn)), 1) * 90
    return centre + rng.normal(0, spread, (len(region), 2))


def _families(rng: np.random.Generator, children: int) -> np.ndarray:
    """A fifth of the children in families of two to four."""
    family: list[int] = []
    number = 0
    while len(family) < children:
        size = 1
        if len(family) < SAMEN * children:
            size = min(int(rng.choice((2, 3, 4), p=(0.65, 0.25, 0.1))), children - len(family))
        family += [number] * size
        number += 1
    return np.array(family)
