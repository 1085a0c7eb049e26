"""Where a relaxation ended, for the next over other pairs and with other rows to begin from."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from matcher.layers.linear import AT_LOWER, BASIC, Basis
from matcher.pairs import Ints


class Warm(Struct, frozen=True, eq=False):
    """By column and by key of row."""

    which: Ints
    keys: Ints
    basis: Basis

    def on(self, which: Ints, keys: Ints) -> Basis:
        """New columns stay 0, new rows have room; what went is made up for, as a basis has one for each row."""
        column = _found(self.which, self.basis.column, which, AT_LOWER)
        row = _found(self.keys, self.basis.row, keys, BASIC)
        over = np.count_nonzero(column == BASIC) + np.count_nonzero(row == BASIC) - len(row)
        column[np.flatnonzero(column == BASIC)[: max(over, 0)]] = AT_LOWER
        row[np.flatnonzero(row != BASIC)[: max(-over, 0)]] = BASIC
        return Basis(column, row)


def _found(known: Ints, values: Ints, wanted: Ints, default: int) -> Ints:
    """Per wanted key its value, or the default."""
    order = np.argsort(known, kind="stable")
    at = np.minimum(np.searchsorted(known[order], wanted), max(len(known) - 1, 0))
    if not len(known):
        return np.full(len(wanted), default)
    hit = known[order][at] == wanted
    return np.where(hit, values[order][at], default)
