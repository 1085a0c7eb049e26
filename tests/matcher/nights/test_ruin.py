"""Annealing: what it keeps of a solution is what that solution is, step after step."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.nights.best import Best, allowed
from matcher.nights.check import violations, worth
from matcher.nights.greedy import greedy, order
from matcher.nights.options import options
from matcher.nights.problem import Nights
from matcher.nights.ruin import Ruin, anneal
from matcher.pairs import NOBODY, Ints
from tests.bench.nights import ihtc, mixed, spas

PROBLEMS = {
    "sizes and kinds": mixed(3, requests=60, places=6, nights=14, tight=1.5),
    "kinds": ihtc(4, requests=60, places=6, nights=14),
    "all must": spas(5, requests=60, places=10, nights=10, kinds=True),
}


@pytest.mark.parametrize("asked", PROBLEMS.values(), ids=PROBLEMS.keys())
def test_after_every_step_the_state_is_that_of_its_solution(asked: Nights) -> None:
    """Beds, kinds, bits, who is where and the total, also after steps that are not kept: as laid anew, and allowed."""
    of = options(asked)
    ruin = Ruin(of, greedy(of, of.cost.astype(float), order(of)), seed=1)
    kept = 0

    for _ in range(150):
        before = ruin.chosen.copy()
        ruin.step(float(of.cost.mean()) * 0.05)
        kept += ruin.chosen != before

        chosen = np.array(ruin.chosen)
        anew = Ruin(of, chosen, seed=2)
        for name in ("room", "short", "shut", "there", "own", "inside", "absent", "total"):
            assert getattr(ruin, name) == getattr(anew, name), name
        stays = of.stays(chosen)
        left_out = sum(r.mandatory for n, r in enumerate(asked.requests) if chosen[n] == NOBODY)
        assert len(violations(asked, stays)) == left_out
        if not left_out:
            assert of.base + of.unit * ruin.total == worth(asked, stays)
    assert 0 < kept < 150


@pytest.mark.parametrize("asked", PROBLEMS.values(), ids=PROBLEMS.keys())
def test_annealing_betters_the_first_solution_and_is_the_same_for_the_same_seed(asked: Nights) -> None:
    of = options(asked)
    begin = greedy(of, of.cost.astype(float), order(of))
    found: list[Ints] = []

    for _ in range(2):
        best = Best(of, lambda: 0.0, 1.0, 1.0)
        best.offer(begin)
        anneal(best, 7, seconds=0, steps=400)
        assert best.chosen is not None
        found.append(best.chosen)

    assert np.array_equal(found[0], found[1])
    assert allowed(of, found[0])
    assert not allowed(of, begin) or of.total(found[0]) < of.total(begin)
