"""Better solutions by many small steps: some stays are taken away, then whoever fits comes where it costs least.

Slack induction by string removals (Christiaens and Vanden Berghe 2020) for beds instead of routes: what is taken away
lies together, in a few places around one time; a step that makes it worse is kept with a chance that falls (annealing).
Nights are bits of a number, so that whether a stay fits is one operation.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import log

import numpy as np

from matcher.nights.best import Best
from matcher.nights.greedy import greedy, order
from matcher.nights.options import Options
from matcher.pairs import NOBODY, Bools, Ints

HOT, COLD = 0.4, 0.01
"""Heat at the beginning and at the end, in mean costs of an option."""
MOST = 20
"""Requests that one step takes away, at most, besides …"""
MORE = 8
"""… those that were left out and are tried again."""
BLINK = 0.03
"""Chance that a stay that fits is not seen."""
FEW = 100
"""Options of a request that are looked at: those that lose least."""
CHUNK = 50
"""Steps between looks at the clock."""
PACE = 1500
"""Steps in a second of effort."""
NEW_S = 4.0
"""New prices are used after this."""

Way = tuple[int, int, int]
"""Place, nights as bits, option."""


def draws(seed: int) -> Iterator[float]:
    """From 0 up to 1, without end."""
    dice = np.random.default_rng(seed)
    while True:
        yield from dice.random(4096).tolist()


class Ruin:
    """A solution that changes; `cost` (R,) of each request where it is, `out` what leaving it out counts for."""

    def __init__(self, of: Options, chosen: Ints, seed: int) -> None:
        self.of, self.random = of, draws(seed).__next__
        largest = max(int(of.cost.max(initial=1)), int(of.out.max(initial=1)))
        self.out: list[int] = np.where(of.must, 8 * largest + 1, of.out).tolist()
        self.price: list[int] = of.cost.tolist()
        self.place: list[int] = of.place.tolist()
        self.request: list[int] = of.request.tolist()
        self.start: list[int] = of.start.tolist()
        self.end: list[int] = of.end.tolist()
        self.first: list[int] = of.first.tolist()
        self.beds: list[int] = of.beds.tolist()
        self.kind: list[int] = of.kind.tolist()
        self.single: list[bool] = of.single.tolist()
        self.bits = [(1 << e) - (1 << s) for s, e in zip(self.start, self.end, strict=True)]
        self.sizes = sorted(set(self.beds))
        self.numbered = list(enumerate(self.sizes))
        self.largest = max(self.sizes, default=0)
        self.saved: dict[int, tuple[list[int], list[int], list[list[int]], list[int], set[int]]] = {}
        groups = sorted(set(zip(self.beds, self.kind, strict=True)))
        at = {group: n for n, group in enumerate(groups)}
        self.group = [at[group] for group in zip(self.beds, self.kind, strict=True)]
        self.groups = [(self.sizes.index(b), k) for b, k in groups]
        self.kinds = max(self.kind, default=0) + 1
        self.rank(of.cost, np.ones(len(of.cost), np.bool_))
        nights = np.bincount(of.request, of.end - of.start, len(of.out)) / np.maximum(1, np.diff(of.first))
        self.size: list[float] = (np.maximum(1, nights) * of.beds).tolist()
        self.lay(chosen)

    def rank(self, by: Ints, keep: Bools) -> None:
        """Who comes takes what is least by `by` (O,) of what it may `keep` (O,); ties by chance."""
        of = self.of
        tie = np.random.default_rng(int(self.random() * 2**32)).random(len(by))
        order = np.lexsort((tie, by, ~keep, of.request))
        least = np.arange(len(order)) - of.first[of.request[order]] < FEW
        order = order[least & keep[order]]
        cut = np.searchsorted(of.request[order], np.arange(len(of.out) + 1)).tolist()
        ways = [(self.place[o], self.bits[o], o) for o in order.tolist()]
        self.ways = [ways[low:high] for low, high in pairwise(cut)]

    def lay(self, chosen: Ints) -> None:
        """Begins again from this."""
        of = self.of
        self.room: list[list[int]] = of.room.tolist()
        places, nights = of.room.shape
        self.there = [[[0] * nights for _ in range(self.kinds)] if one else [] for one in self.single]
        self.own = [[0] * self.kinds for _ in range(places)]
        short = [[sum(1 << n for n, free in enumerate(row) if free < size) for size in self.sizes] for row in self.room]
        self.short = short
        self.shut = [[short[p][size] for size, _ in self.groups] for p in range(places)]
        self.inside: list[set[int]] = [set() for _ in range(places)]
        self.chosen = [NOBODY] * len(of.out)
        self.absent = set(range(len(of.out)))
        self.total = sum(self.out)
        for option in chosen[chosen != NOBODY].tolist():
            self.take(option)

    def _save(self, p: int) -> None:
        """A place as it is before a step, for when the step is not kept."""
        there = [row.copy() for row in self.there[p]]
        self.saved[p] = self.room[p].copy(), self.short[p].copy(), there, self.own[p].copy(), self.inside[p].copy()

    def take(self, option: int) -> None:
        r, p = self.request[option], self.place[option]
        if p not in self.saved:
            self._save(p)
        beds, room, short = self.beds[r], self.room[p], self.short[p]
        nights = range(self.start[option], self.end[option])
        for night in nights:
            left = room[night] - beds
            room[night] = left
            if left < self.largest:
                for n, size in self.numbered:
                    if left < size:
                        short[n] |= 1 << night
        if self.single[p]:
            k = self.kind[r]
            there = self.there[p][k]
            for night in nights:
                there[night] += 1
            self.own[p][k] |= self.bits[option]
        self._shut(p)
        self.inside[p].add(r)
        self.chosen[r] = option
        self.absent.discard(r)
        self.total += self.price[option] - self.out[r]

    def leave(self, r: int) -> int:
        """`_shut` of its place is for who calls."""
        option = self.chosen[r]
        p = self.place[option]
        if p not in self.saved:
            self._save(p)
        beds, room, short = self.beds[r], self.room[p], self.short[p]
        nights = range(self.start[option], self.end[option])
        for night in nights:
            left = room[night]
            room[night] = left + beds
            if left < self.largest:
                for n, size in self.numbered:
                    if left < size <= left + beds:
                        short[n] ^= 1 << night
        if self.single[p]:
            k = self.kind[r]
            there = self.there[p][k]
            for night in nights:
                there[night] -= 1
                if not there[night]:
                    self.own[p][k] ^= 1 << night
        self.inside[p].discard(r)
        self.chosen[r] = NOBODY
        self.absent.add(r)
        self.total += self.out[r] - self.price[option]
        return option

    def back(self, before: int, gone: list[tuple[int, int]], came: list[int]) -> None:
        """As it was before the step."""
        for p, (room, short, there, own, inside) in self.saved.items():
            self.room[p], self.short[p], self.there[p], self.own[p], self.inside[p] = room, short, there, own, inside
            self._shut(p)
        for r in came:
            self.chosen[r] = NOBODY
            self.absent.add(r)
        for r, option in gone:
            self.chosen[r] = option
            self.absent.discard(r)
        self.total = before

    def _shut(self, p: int) -> None:
        short, own = self.short[p], self.own[p]
        if not self.single[p]:
            self.shut[p] = [short[size] for size, _ in self.groups]
            return
        others = [0] * self.kinds
        for k, bits in enumerate(own):
            if bits:
                for other in range(self.kinds):
                    if other != k:
                        others[other] |= bits
        self.shut[p] = [short[size] | others[k] for size, k in self.groups]

    def ruined(self, most: int) -> list[int]:
        """Requests that are together in a few places around one time."""
        random, absent = self.random, tuple(self.absent)
        some = absent if absent and random() < 0.5 else range(len(self.chosen))
        r = some[int(random() * len(some))]
        ways = self.ways[r]
        if not ways:
            return []
        wanted = 1 + int(random() * most)
        found: list[int] = []
        seen: set[int] = set()
        _, bits, _ = ways[int(len(ways) * random() ** 2)]
        widen = int(random() * 4)
        span = bits | bits << widen | bits >> widen
        if self.chosen[r] != NOBODY:
            found.append(r)
            seen.add(self.place[self.chosen[r]])
            span |= self.bits[self.chosen[r]]
            p = self.place[self.chosen[r]]
            found += [q for q in self.inside[p] if q != r and self.bits[self.chosen[q]] & span]
        for _ in range(8):
            if len(found) >= wanted:
                break
            p = ways[int(len(ways) * random() ** 2)][0]
            if p not in seen:
                seen.add(p)
                found += [q for q in self.inside[p] if self.bits[self.chosen[q]] & span]
        if len(found) > wanted:
            found.sort(key=lambda _: random())
            del found[wanted:]
        return found

    def step(self, heat: float) -> None:
        """Some go, they and some of those left out come again; not kept when that is worse, unless `heat` allows it."""
        random, before, out, size = self.random, self.total, self.out, self.size
        self.saved.clear()
        gone = [(r, self.leave(r)) for r in self.ruined(MOST)]
        for p in self.saved:
            self._shut(p)
        coming = [r for r, _ in gone]
        rest = list(self.absent.difference(coming))
        coming += {rest[int(random() * len(rest))] for _ in range(min(MORE, len(rest)))}
        how = int(random() * 5)
        if how == 0:
            coming.sort(key=lambda _: random())
        elif how == 1:
            coming.sort(key=lambda r: -out[r])
        elif how == 2:
            coming.sort(key=lambda r: -out[r] / size[r] * (0.8 + 0.4 * random()))
        elif how == 3:
            coming.sort(key=lambda r: -size[r])
        else:
            coming.sort(key=lambda r: -out[r] / size[r] ** 0.5 * (0.8 + 0.4 * random()))
        came = []
        shut, group, ways = self.shut, self.group, self.ways
        for r in coming:
            g = group[r]
            for p, bits, option in ways[r]:
                if not shut[p][g] & bits and random() > BLINK:
                    self.take(option)
                    came.append(r)
                    break
        if self.total > before - heat * log(1.0 - random()):
            self.back(before, gone, came)


def anneal(best: Best, seed: int, *, seconds: float, steps: int | None = None, hot: float = HOT) -> None:
    """From the best solution, or from nothing, to better ones; `steps`: no clock, the same each time."""
    of = best.of
    if not len(of.cost):
        return
    chosen = greedy(of, of.cost.astype(np.float64), order(of)) if best.chosen is None else best.chosen
    ruin = Ruin(of, chosen, seed)
    mean = float(of.cost.mean()) or 1.0
    least, priced, done = ruin.total, None, 0
    begin = ranked = best.clock()
    while not best.done:
        now = best.clock()
        new = best.priced
        if new is not None and new is not priced and (priced is None or now - ranked > NEW_S):
            priced, ranked = new, now
            ruin.rank(new.loss, best.keep)
        part = (now - begin) / seconds if steps is None else done / steps
        if part >= 1:
            return
        heat = mean * hot * (COLD / HOT) ** part
        found = None
        for _ in range(CHUNK):
            ruin.step(heat)
            if ruin.total < least:
                least, found = ruin.total, ruin.chosen.copy()
        done += CHUNK
        if found is not None:
            best.offer(np.array(found))
        elif part > 0.5 and best.chosen is not None and best.total is not None and best.total < least:
            ruin.lay(best.chosen)
            least = best.total
