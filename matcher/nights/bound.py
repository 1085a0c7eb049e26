"""For any prices of rows ≥ 0 a bound, exact: each request takes its cheapest option, prices included, as if alone.

Weak duality in whole numbers: whatever a solver's floating point gave as prices, no solution is cheaper than
Σ cheapest − Σ price × limit. What an option costs above the cheapest of its request is lost by every solution with it.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from matcher.layers.linear import Floats
from matcher.nights.cells import Cells, Rows
from matcher.nights.options import Options
from matcher.pairs import NOBODY, Bools, Ints

NEVER = 2**61


class Priced(Struct, frozen=True, eq=False):
    bound: int
    """In units, rounded up."""
    exact: int
    """In parts of a unit."""
    scale: int
    loss: Ints
    """(O,) what a solution with this option costs above `exact`, at least."""
    out: Ints
    """(R,) the same for leaving the request out."""

    def keeps(self, better_than: int) -> tuple[Ints, Bools]:
        """The options, and requests that can be left out, of which a solution can cost less than this (in units)."""
        most = (better_than - 1) * self.scale - self.exact
        return np.flatnonzero(self.loss <= most), self.out <= most

    def rank(self, of: Options) -> Ints:
        """(O,) the number of each option among those of its request, the one that loses least first."""
        order = np.lexsort((self.loss, of.request))
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order)) - of.first[of.request[order]]
        return place


def priced(of: Options, on: Cells, rows: Rows, dual: Floats) -> Priced:
    largest = max(int(of.cost.max(initial=1)), int(of.out.max(initial=1)), 1)
    scale = 1 << min(20, 58 - largest.bit_length())
    cap = 2.0**58 / max(1, on.nights * int(rows.coefficient.max(initial=1)) * 64)
    price = np.rint(np.clip(dual * scale, 0, cap)).astype(np.int64)
    grid = np.zeros(len(on.request) * on.nights, np.int64)
    np.add.at(grid, on.key[rows.at], price[rows.row] * rows.coefficient)
    sums = np.zeros((len(on.request), on.nights + 1), np.int64)
    np.cumsum(grid.reshape(len(on.request), on.nights), axis=1, out=sums[:, 1:])
    full = of.cost * scale + sums[on.pair, of.end] - sums[on.pair, of.start]
    least = np.where(of.out == NOBODY, NEVER, of.out * scale)
    some = np.flatnonzero(of.first[1:] > of.first[:-1])
    if len(some):
        least[some] = np.minimum(least[some], np.minimum.reduceat(full, of.first[some]))
    total = sum(x for x in least.tolist() if x != NEVER)
    total -= sum(a * b for a, b in zip(price.tolist(), rows.limit.tolist(), strict=True) if a)
    out = np.where(of.out == NOBODY, NEVER, of.out * scale - least)
    return Priced(-(-total // scale), total, scale, full - least[of.request], out)
