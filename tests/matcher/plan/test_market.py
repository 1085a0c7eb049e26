"""What the market knows of those who ask: parties, their ways to be placed, and what these are worth."""

from __future__ import annotations

import numpy as np

from matcher.market import known, parties, wholes
from tests.matcher.plan.make import pairs

FAMILY = pairs([[1, 5], [2, 6], [None, 7]], capaciteit=[2, 1], groep=[0, 0, -1], splitsbaar=[False])
"""Two brothers and a child alone: slot 0 has two beds, slot 1 one."""


def test_a_samenplaatsing_is_whole_only_where_there_is_a_bed_for_each() -> None:
    assert [(who.tolist(), unit) for who, unit, _ in wholes(FAMILY)] == [([0, 1], 0)]


def test_to_be_whole_is_worth_what_the_pairs_are_and_the_bonus_of_each_child() -> None:
    """The child alone: 7. The brothers: 1 + 2, and 50 for each."""
    found = parties(FAMILY, FAMILY.value, [50, 50, 50], np.array([10, 20, 30]))

    assert found.size.tolist() == [1, 2]
    assert found.gain.tolist() == [7, 103]
    assert found.stay.tolist() == [30, 10, 20]


def test_a_party_is_known_when_every_child_of_it_is() -> None:
    found = parties(FAMILY, FAMILY.value, [0, 0, 0], np.array([1, 1, 1]))

    assert known(found, np.array([True, False, True])).tolist() == [0]
    assert known(found, np.array([True, True, False])).tolist() == [1]
