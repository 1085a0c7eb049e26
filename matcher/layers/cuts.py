"""Rows that every plan keeps and a relaxed one need not: beds that a samenplaatsing takes are gone for others at once.

Take some slots of one voorziening, with C beds together; ways to be whole there that need at least m of these beds, of
which Y are chosen; and s others, with C - m < s ≤ C. Then (Σ others there) + (s - (C - m)) Y ≤ s. For Y = 0 all s can
come. For Y ≥ 1 no more than C - mY of them, and C - mY + Y (s - C + m) = C + Y (s - C) ≤ s, as (Y - 1)(s - C) ≤ 0.
A relaxed plan takes half a family of two and one whole child for two beds; with this row it cannot. These rows close
more than half of what is left between the relaxation and the best plan.
"""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
from msgspec import Struct

from matcher.layers.bound import Index
from matcher.layers.columns import Cuts
from matcher.layers.linear import Floats
from matcher.pairs import Ints

SLOTS = 4
"""In a voorziening with more slots only each slot by itself and all together are looked at."""
LEAST = 0.01
"""By how much a relaxed plan must break a row for it to be added."""


class _Spot(Struct, frozen=True, eq=False):
    """Some slots of a voorziening."""

    pairs: Ints
    """All pairs with them."""
    beds: int
    need: dict[int, int]
    """Of each whole there how many of these beds it takes at least, when any."""


class Finder:
    """Knows the voorzieningen of an index as far as they were looked at."""

    def __init__(self, of: Index) -> None:
        self.of = of
        self.spots: dict[int, list[_Spot]] = {}

    def broken(self, x: Floats) -> Cuts:
        """Rows that x (over all columns) breaks, the worst for each choice of slots and m."""
        of, (begin, splits, apart) = self.of, self.of.of.begins
        there = x[:begin].copy()
        there[of.of.apart] += x[apart:]
        whole = x[begin:splits]
        units = np.unique(of.of.unit[(whole > LEAST) & (whole < 1 - LEAST) & (of.of.unit >= 0)])
        found = [cut for unit in units.tolist() for cut in self._broken_at(unit, there, whole)]
        most, columns, coefficients = zip(*found, strict=True) if found else ((), (), ())
        sizes = [len(one) for one in columns]
        return Cuts(
            most=np.array(most, np.int64),
            row=np.repeat(np.arange(len(sizes)), sizes),
            column=np.array(list(chain(*columns)), np.int64),
            coefficient=np.array(list(chain(*coefficients)), np.int64),
        )

    def _broken_at(self, unit: int, there: Floats, whole: Floats) -> list[tuple[int, list[int], list[int]]]:
        of, net = self.of, self.of.net
        if unit not in self.spots:
            self.spots[unit] = self._look(unit)
        found = []
        for spot in self.spots[unit]:
            come: dict[int, float] = {}
            for pair in spot.pairs.tolist():
                if there[pair] > 1e-6:
                    who = int(net.request[pair])
                    come[who] = come.get(who, 0.0) + float(there[pair])
            order = sorted(come, key=lambda who: (-come[who], who))
            for need in sorted(set(spot.need.values())):
                wholes = [q for q, own in spot.need.items() if own >= need]
                chosen = float(whole[wholes].sum())
                if need > spot.beds or chosen <= LEAST:
                    continue
                used = {int(of.of.group[q]) for q in wholes if whole[q] > 1e-6}
                others = [who for who in order if int(of.problem.groep[who]) not in used]
                free, best, count = spot.beds - need, LEAST, 0
                over = sum(come[who] - 1 for who in others[:free])
                for number in range(free + 1, min(spot.beds, len(others)) + 1):
                    over += come[others[number - 1]] - 1
                    if over + (number - free) * chosen > best:
                        best, count = over + (number - free) * chosen, number
                if count:
                    found.append(self._row(spot, others[:count], wholes, count - free))
        return found

    def _row(self, spot: _Spot, others: list[int], wholes: list[int], times: int) -> tuple[int, list[int], list[int]]:
        of, (begin, _, apart) = self.of, self.of.of.begins
        among = set(others)
        mates = {int(of.problem.groep[who]) for who in others} - {-1}
        pairs = [pair for pair in spot.pairs.tolist() if int(of.net.request[pair]) in among]
        at = np.searchsorted(of.of.apart, pairs)
        at = at[at < len(of.of.apart)]
        both = at[np.isin(of.of.apart[at], pairs)]
        columns = [*pairs, *(apart + np.unique(both)).tolist()]
        ways = [begin + q for q in wholes if int(of.of.group[q]) not in mates]
        return len(others), columns + ways, [1] * len(columns) + [times] * len(ways)

    def _look(self, unit: int) -> list[_Spot]:
        """The choices of slots of a voorziening, with what each whole there takes of them."""
        of, problem, areas = self.of, self.of.problem, self.of.unit
        slots = np.flatnonzero(problem.voorziening == unit).tolist()
        beds = {slot: int(problem.capaciteit[slot]) for slot in slots}
        holds: dict[int, dict[int, int]] = {}
        for whole in np.flatnonzero(of.of.unit == unit).tolist():
            low, high = np.searchsorted(areas.slot_whole, (whole, whole + 1)).tolist()
            own: Ints = of.net.slot[areas.by_slot[areas.slot_starts[low:high]]]
            holds[whole] = dict(zip(own.tolist(), areas.slot_beds[low:high].tolist(), strict=True))
        pairs = np.flatnonzero(np.isin(of.net.slot, slots))
        sizes = range(1, len(slots) + 1) if len(slots) <= SLOTS else (1, len(slots))
        spots = []
        for some in chain(*(combinations(slots, size) for size in sizes)):
            need = {
                q: int(areas.need[q]) - sum(b for slot, b in own.items() if slot not in some)
                for q, own in holds.items()
            }
            room = min(int(problem.ruimte[unit]), sum(beds[slot] for slot in some))
            here = pairs[np.isin(of.net.slot[pairs], some)]
            spots.append(_Spot(here, room, {q: most for q, most in need.items() if most > 0}))
        return spots
