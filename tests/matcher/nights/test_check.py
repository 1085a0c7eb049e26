"""What is not allowed is told, one rule at a time."""

from __future__ import annotations

import pytest

from matcher.nights.check import value, violations
from matcher.nights.problem import Stay
from tests.matcher.nights.make import problem


@pytest.mark.parametrize(
    ("stays", "told"),
    [
        ([("p", "a", 0), ("q", "a", 2)], []),
        ([("p", "a", 2)], ["p: starts on night 2"]),
        ([("p", "a", -1)], ["p: starts on night -1"]),
        ([("p", "a", 0), ("q", "a", 1)], ["a on night 1: several kinds"]),
        ([("p", "a", 0), ("p", "a", 0)], ["p: is placed twice"]),
        ([("p", "b", 0)], ["p in b: is not an allowed pair", "p: is mandatory and not placed"]),
        ([("x", "a", 0), ("p", "a", 0)], ["x in a: is not an allowed pair"]),
        ([], ["p: is mandatory and not placed"]),
    ],
)
def test_each_rule_that_is_broken_is_told(stays: list[tuple[str, str, int]], told: list[str]) -> None:
    assert violations(problem(), [Stay(*one) for one in stays]) == told


def test_beds_that_are_occupied_count() -> None:
    asked = problem(occupied=[{"place": "a", "kind": "F", "from": 1, "nights": 1, "beds": 2}])

    assert violations(asked, [Stay("p", "a", 0)]) == ["a on night 1: 3 beds of 2"]


def test_what_it_costs_is_counted_with_those_left_out() -> None:
    """1.5 for the pair, 9 for q; with q: 1.5 + 2."""
    assert value(problem(), [Stay("p", "a", 1)]) == 10.5
    assert value(problem(), [Stay("p", "a", 1), Stay("q", "a", 0)]) == 3.5
