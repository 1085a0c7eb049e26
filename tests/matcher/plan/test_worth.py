"""What a plan is worth by columns (matcher/layers/worth.py) is what its specification says."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from matcher.check import value
from matcher.layers.worth import worth
from tests.matcher.plan.make import every, random


@pytest.mark.parametrize("seed", range(60))
def test_a_plan_is_worth_the_same_by_columns_as_by_its_specification(seed: int) -> None:
    """Allowed or not, tier by tier, in the same order."""
    problem = random(seed, groups=True)

    for slots in islice(every(problem), 0, None, 7):
        assert list(worth(problem, np.array(slots)).items()) == list(value(problem, slots).items())
