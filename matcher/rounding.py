"""Rows that whole plans keep and halves of them do not: rows that bind, added up and rounded down.

With u >= 0, and A and b whole, each whole x >= 0 with A x <= b has floor(u A) x <= floor(u b): a Chvátal-Gomory cut.
The multipliers come from the basis of the relaxation: where a basic column is not whole, its row of the inverse gives
one that cuts the relaxed plan off (Gomory 1958). Only u is kept, in whole parts of PARTS: so it can be worked out for
columns that are not in the relaxation yet, without a rounding error.
"""

from __future__ import annotations

import numpy as np

from matcher.layers.linear import BASIC, Answer, Basis, Floats, Model
from matcher.pairs import Ints

PARTS = 5040
"""Of multipliers; 2 to 10 divide it."""

LEAST = 0.05
"""By so much the relaxed plan must break a row for it to be added."""

LARGEST = 6
"""Coefficients above this make rows that bind nowhere else."""

ALIKE = 0.8
"""Rows with a cosine above this do the same."""


def multipliers(model: Model, found: Answer, most: int) -> list[Ints]:
    """(rows,) parts of PARTS for each row that cuts `found` off, the deepest first, at most `most`.

    The model has whole coefficients, rows with an upper limit only, and columns from 0 up without one."""
    assert found.x is not None and found.basis is not None
    tight = np.flatnonzero(found.basis.row != BASIC)
    number = np.full(len(model.row_upper), -1)
    number[tight] = np.arange(len(tight))
    entry = number[model.row] >= 0
    row, column, coefficient = number[model.row[entry]], model.column[entry], model.coefficient[entry]
    limit = model.row_upper[tight].astype(np.int64)
    cuts = []
    for parts in _of_halves(found.x, found.basis, row, column, coefficient):
        left = np.bincount(column, weights=parts[row] * coefficient, minlength=len(found.x)).astype(np.int64) // PARTS
        broken = float(left @ found.x) - int(parts @ limit) // PARTS
        if broken > LEAST and left.max() <= LARGEST:
            length = float(np.sqrt((left * left).sum()))
            cuts.append((broken / length, left / length, parts))
    cuts.sort(key=lambda cut: -cut[0])
    kept: list[tuple[Floats, Ints]] = []
    for _, direction, parts in cuts:
        if len(kept) < most and all(float(direction @ other) <= ALIKE for other, _ in kept):
            every = np.zeros(len(number), np.int64)
            every[tight] = parts
            kept.append((direction, every))
    return [parts for _, parts in kept]


def _of_halves(x: Floats, basis: Basis, row: Ints, column: Ints, coefficient: Floats) -> list[Ints]:
    """Of each basic column that is not whole its row of the inverse and that of its negative, without whole parts."""
    basic = np.flatnonzero(basis.column == BASIC)
    at = np.full(len(x), -1)
    at[basic] = np.arange(len(basic))
    entry = at[column] >= 0
    matrix = np.zeros((len(basic), len(basic)))
    matrix[at[column[entry]], row[entry]] = coefficient[entry]
    part = x[basic] - np.floor(x[basic])
    halves = np.flatnonzero((part > LEAST) & (part < 1 - LEAST))
    unit = np.zeros((len(basic), len(halves)))
    unit[halves, np.arange(len(halves))] = 1.0
    parts = np.rint(np.linalg.solve(matrix, unit).T * PARTS).astype(np.int64)
    return list(np.unique(np.concatenate((parts % PARTS, -parts % PARTS)), axis=0))
