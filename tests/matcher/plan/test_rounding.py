"""matcher.rounding: rows that whole plans keep and relaxed ones do not, and the bound of hindsight that they prove."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.hindsight import hindsight
from matcher.layers.linear import Model, Solver, solve
from matcher.replay import Worth, nothing
from matcher.rounding import PARTS, multipliers
from tests.matcher.plan.streams import random, stream


def conflicts(pairs: list[tuple[int, int]], columns: int) -> Model:
    """As many columns as can be, of each of these pairs at most one."""
    rows = len(pairs)
    return Model(
        cost=np.ones(columns),
        lower=np.zeros(columns),
        upper=np.full(columns, np.inf),
        integer=np.zeros(columns, np.bool_),
        row_lower=np.full(rows, -np.inf),
        row_upper=np.ones(rows),
        row=np.repeat(np.arange(rows), 2),
        column=np.array(pairs).ravel(),
        coefficient=np.ones(2 * rows),
    )


def test_three_that_exclude_each_other_are_one_together() -> None:
    """Relaxed a half of each, 1.5. Half of each row, rounded down: at most one of the three."""
    model = conflicts([(0, 1), (0, 2), (1, 2)], 3)
    found = solve(model, Solver.GLOP, seconds=10.0)
    assert found.bound == pytest.approx(1.5)
    assert [cut.tolist() for cut in multipliers(model, found, 10)] == [[PARTS // 2] * 3]


def test_a_plan_that_is_whole_is_left_alone() -> None:
    """One of two: nothing to cut off."""
    model = conflicts([(0, 1)], 2)
    assert multipliers(model, solve(model, Solver.GLOP, seconds=10.0), 10) == []


def test_siblings_in_halves_do_not_count_in_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two homes of two beds, in each of which a child can come that can go nowhere else. Siblings in halves would take
    the other bed in both. By hand (without integer programs that prove): the siblings in one, the child in the other.
    """
    monkeypatch.setattr("matcher.hindsight.PROVE", -1)
    alone = {"arrival": 0, "stay": 300, "patience": 0}
    mates = [alone | {"groep": 0}] * 2
    table: list[list[int | None]] = [[50, 50], [50, 50], [50, None], [None, 50]]
    given = stream([*mates, alone, alone], table, beds=[2, 2], days=300, splitsbaar=[False])
    relaxed = hindsight(given, Worth(), begin=0, end=300, before=nothing(given))
    assert relaxed.value == pytest.approx(2 * (150.2 + 50) + 150.2)
    assert relaxed.bound == pytest.approx(relaxed.value)


@pytest.mark.parametrize("seed", range(12))
def test_no_plan_is_worth_more_than_the_bound_of_the_relaxation(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best of small streams, proven by integer programs, against the bound without these."""
    given = random(seed, days=30, children=30)
    best = hindsight(given, Worth(), begin=0, end=30, before=nothing(given))
    assert best.value == pytest.approx(best.bound, rel=1e-3)
    monkeypatch.setattr("matcher.hindsight.PROVE", -1)
    relaxed = hindsight(given, Worth(), begin=0, end=30, before=nothing(given))
    assert relaxed.bound >= best.value - 1e-6
