"""Nonsense is refused when the problem is built, with what and where."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from matcher.pairs import MAX_CANDIDATES, Mix, Pairs
from tests.matcher.plan.make import pairs

GOOD: dict[str, Any] = {"urgentie": [2, 2], "capaciteit": [1, 2], "request": [0, 1], "slot": [0, 1], "value": [5, 7]}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"capaciteit": [1, -1]}, r"capaciteit\[1\]: is -1"),
        ({"urgentie": [2, 3]}, r"urgentie\[1\]: is 3"),
        ({"request": [0, 2]}, r"request\[1\]: is 2, not within 0 … 1"),
        ({"slot": [0, 9]}, r"slot\[1\]: is 9, not within 0 … 1"),
        ({"slot": [0]}, "slot: has 1 rows, not 2"),
        ({"value": [5, float("nan")]}, r"value\[1\]: is nan"),
        ({"value": [5, float("inf")]}, r"value\[1\]: is inf"),
        ({"value": [5, 7.5]}, r"value\[1\]: is 7.5, not a whole number"),
        ({"value": [5, 2**60]}, r"value\[1\]: is"),
        ({"value": ["a", "b"]}, "value: holds .* not numbers"),
        ({"request": [0, 0], "slot": [1, 1]}, "request 0: slot 1 is given twice"),
        ({"wachtdagen": [1, -1]}, r"wachtdagen\[1\]: is -1"),
        ({"groep": [0, -1], "splitsbaar": [True]}, "samenplaatsing 0: 1 requests"),
        ({"groep": [1, 1], "splitsbaar": [True]}, r"groep\[0\]: is 1, not within -1 … 0"),
        ({"voor_crisis": [0, 3]}, "slot 1: 3 beds kept for crisis of 2"),
        ({"voorziening": [0, 4], "locatie": [0]}, r"voorziening\[1\]: is 4"),
        ({"ruimte": [-1, 3]}, r"ruimte\[0\]: is -1"),
        ({"mix": [Mix(5, (0,), 1)]}, "mix 0: voorziening 5 does not exist"),
        ({"mix": [Mix(0, (0, 7), 1)]}, "mix 0: names a request that does not exist"),
        ({"vorige": [0, 2]}, r"vorige\[1\]: is 2"),
        ({"vast": [(0, 0), (0, 1)]}, "vast request 0: is fixed to slot 0 and to slot 1"),
        ({"vast": [(0, 9)]}, r"vast slot\[0\]: is 9"),
        ({"vast": [(0, 0), (1,)]}, r"vast: is not a list of \(request, slot\)"),
        ({"groep": [0, 0], "splitsbaar": [float("nan")]}, r"splitsbaar\[0\]: is nan"),
        ({"groep": [0, 0], "splitsbaar": [2]}, r"splitsbaar\[0\]: is 2"),
        ({"opties": [(0, 1)]}, "optie of request 0: on slot 1, which is not one of its pairs"),
        ({"opties": [(0, 0)], "voor_crisis": [1, 0]}, "slot 0: 2 beds held or kept for crisis of 1"),
    ],
)
def test_what_cannot_be_is_refused_with_what_and_where(wrong: dict[str, Any], message: str) -> None:
    """One wrong field at a time; the same problem without it is built."""
    Pairs.build(**GOOD)

    with pytest.raises(ValueError, match=message):
        Pairs.build(**GOOD | wrong)


def test_a_request_with_a_million_candidates_is_refused() -> None:
    """The largest number is stated; one more is refused."""
    many = 1_000_000
    with pytest.raises(ValueError, match="request 0: 1,000,000 candidates, at most 100,000 make sense"):
        Pairs.build(
            urgentie=[2],
            capaciteit=np.ones(many, np.int64),
            request=np.zeros(many, np.int64),
            slot=np.arange(many),
            value=np.ones(many, np.int64),
        )
    most = MAX_CANDIDATES
    fine = Pairs.build(
        urgentie=[2],
        capaciteit=np.ones(most, np.int64),
        request=np.zeros(most, np.int64),
        slot=np.arange(most),
        value=np.ones(most, np.int64),
    )
    assert len(fine.request) == most


def test_the_order_of_pairs_makes_no_difference() -> None:
    """They are sorted by request and slot."""
    one = pairs([[1, 2], [3, 4]])
    two = Pairs.build(urgentie=[2, 2], capaciteit=[1, 1], request=[1, 0, 1, 0], slot=[1, 1, 0, 0], value=[4, 2, 3, 1])
    assert (one.request.tolist(), one.slot.tolist(), one.value.tolist()) == (
        two.request.tolist(),
        two.slot.tolist(),
        two.value.tolist(),
    )
