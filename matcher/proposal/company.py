"""Who cannot come together in one voorziening: kenmerken with a maximum, and ages too far apart.

Each child fits with those who live there, that is in the pairs. Ages: the spread of a group is that of its youngest and
oldest, so a group is right when every two in it are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from msgspec import Struct, structs

from matcher.aanbod import NO_LIMIT, Bools
from matcher.pairs import NOBODY, Ints, Mix
from matcher.proposal.candidates import Candidates


class Clash(Struct, frozen=True):
    """Of these children at most `room` can be in this voorziening."""

    unit: int
    children: tuple[int, ...]
    room: int
    bit: int | None
    """Of the kenmerk that they have; None: the ages of these two."""


def limited(found: Candidates) -> Bools:
    """(V,) voorzieningen with beds for two, where it matters who they are."""
    p, pairs = found.aanbod.profielen, found.pairs
    beds = np.bincount(pairs.voorziening, weights=pairs.capaciteit, minlength=len(p.id))
    out: Bools = (beds > 1) & ((p.leeftijdsverschil_max < NO_LIMIT) | p.ruimte.astype(np.bool_))
    return out


def clashes(found: Candidates, slots: Ints) -> list[Clash]:
    """All that is wrong in a plan."""
    return [clash for unit, there in _together(found, slots) for clash in _clashing(found, unit, there)]


def _together(found: Candidates, slots: Ints) -> list[tuple[int, list[int]]]:
    """Per voorziening where it matters, who comes there."""
    who = np.flatnonzero(slots != NOBODY)
    unit = found.pairs.voorziening[slots[who]]
    matters = limited(found)[unit]
    there: dict[int, list[int]] = {}
    for child, place in zip(who[matters].tolist(), unit[matters].tolist(), strict=True):
        there.setdefault(place, []).append(child)
    return list(there.items())


def _clashing(found: Candidates, unit: int, children: Sequence[int]) -> Iterator[Clash]:
    p = found.aanbod.profielen
    apart = int(p.leeftijdsverschil_max[unit])
    for one, two in combinations(children, 2):
        if abs(int(found.leeftijd[one] - found.leeftijd[two])) > apart:
            yield Clash(unit, (one, two), 1, None)
    for bit, room in p.ruimte[unit].items():
        with_it = tuple(child for child in children if int(found.kenmerken[child]) >> bit & 1)
        if len(with_it) > room:
            yield Clash(unit, with_it, room, bit)


def with_rows(found: Candidates, wrong: Sequence[Clash]) -> Candidates:
    """With rows that forbid these clashes, and all like them: of a kenmerk for everybody who can come there, of ages
    for each of the two with everybody who can."""
    pairs = found.pairs
    seen = {(mix.voorziening, mix.requests) for mix in pairs.mix}
    rows = []
    units = np.unique([clash.unit for clash in wrong])
    near = np.flatnonzero(np.isin(pairs.voorziening, units)[pairs.slot])
    unit_of, request = pairs.voorziening[pairs.slot[near]], pairs.request[near]
    can_come = {unit: np.unique(request[unit_of == unit]) for unit in units.tolist()}
    for clash in wrong:
        there = can_come[clash.unit]
        if clash.bit is not None:
            with_it = there[(found.kenmerken[there] >> np.uint64(clash.bit) & np.uint64(1)) != 0]
            new = [tuple(with_it.tolist())]
        else:
            apart = int(found.aanbod.profielen.leeftijdsverschil_max[clash.unit])
            new = [
                (min(one, other), max(one, other))
                for one in clash.children
                for other in there[np.abs(found.leeftijd[there] - found.leeftijd[one]) > apart].tolist()
            ]
        for requests in new:
            if (clash.unit, requests) not in seen:
                seen.add((clash.unit, requests))
                rows.append(Mix(clash.unit, requests, clash.room))
    return structs.replace(found, pairs=structs.replace(pairs, mix=(*pairs.mix, *rows)))


def mended(found: Candidates, slots: Ints) -> Ints:
    """The plan with one child fewer where children clash: who has somewhere else to go, goes there.

    Of those who have not, the fixed ones stay longest, then the most urgent, then who waited longest; a samenplaatsing
    without leave goes as a whole.
    """
    pairs, out = found.pairs, slots.copy()
    fixed = set(pairs.vast[:, 0].tolist())

    def cost(way: tuple[int, int]) -> tuple[bool, bool, int, int, int]:
        who, pair = way
        lost = _points(found, who, int(out[who])) - (int(pairs.value[pair]) if pair != NOBODY else 0)
        return who in fixed, pair == NOBODY, -int(pairs.urgentie[who]), int(pairs.wachtdagen[who]), lost

    for unit, there in _together(found, slots):
        stay = [who for who in there if out[who] == slots[who]]
        while guilty := {who for clash in _clashing(found, unit, stay) for who in clash.children}:
            who, pair = min(((who, _elsewhere(found, out, who)) for who in sorted(guilty)), key=cost)
            out[who] = NOBODY if pair == NOBODY else pairs.slot[pair]
            group = pairs.groep[who]
            if pair == NOBODY and group != NOBODY and not pairs.splitsbaar[group]:
                out[pairs.groep == group] = NOBODY
            stay = [other for other in stay if other != who and out[other] != NOBODY]
    return out


def _points(found: Candidates, who: int, slot: int) -> int:
    return int(found.pairs.value[found.pair(who, slot)])


def _elsewhere(found: Candidates, slots: Ints, who: int) -> int:
    """The best pair of a child in another voorziening with a free bed where it clashes with nobody, or NOBODY.

    A member of a samenplaatsing stays at its locatie. A fixed child has no pairs elsewhere.
    """
    pairs = found.pairs
    here = pairs.voorziening[slots[who]]
    at = np.arange(pairs.first[who], pairs.first[who + 1])
    slot = pairs.slot[at]
    unit = pairs.voorziening[slot]
    free = found.open_to(who, slots)[slot] & (unit != here)
    if pairs.groep[who] != NOBODY:
        free &= pairs.locatie[unit] == pairs.locatie[here]
    for pair in at[free][np.argsort(-pairs.value[at[free]], kind="stable")].tolist():
        place = int(pairs.voorziening[pairs.slot[pair]])
        there = np.flatnonzero((slots != NOBODY) & (pairs.voorziening[slots] == place)).tolist()
        if next(_clashing(found, place, [*there, who]), None) is None:
            return int(pair)
    return NOBODY
