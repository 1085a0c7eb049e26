"""Files that are wrong are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from matcher.nights import problem
from matcher.nights.problem import read
from tests.matcher.nights.make import GOOD

P = GOOD["requests"][0]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"format": "other"}, "format: is 'other'"),
        ({"nights": 0}, "nights: is 0"),
        ({"places": [{"id": "a", "beds": -1}]}, "place a: -1 beds"),
        ({"places": [{"id": "a", "beds": "2"}]}, "Expected `int`"),
        ({"places": [{"id": "b", "beds": 1}]}, "pairs: place 'a' does not exist"),
        ({"places": GOOD["places"] * 2}, r"places: \['a'\] stands in it twice"),
        ({"pairs": [["x", "a", 1]]}, "pairs: request 'x' does not exist"),
        ({"pairs": [["p", "a", 1], ["p", "a", 2]]}, "pair p a: is given twice"),
        ({"pairs": [["p", "a", "1"]]}, "Expected `float`"),
        ({"pairs": [["p", "a", 1e300]]}, "pair p a: cost is 1e\\+300"),
        ({"requests": [P | {"latest": -1}]}, "request p: start between night 0 and -1"),
        ({"requests": [P | {"earliest": 2}]}, "request p: start between night 2 and 1"),
        ({"requests": [P | {"stay": 0}]}, "request p: stay of 0 nights"),
        ({"requests": [P | {"beds": 0}]}, "request p: 0 beds"),
        ({"requests": [P | {"costUnplaced": 1e13}]}, "request p: costUnplaced is"),
        ({"requests": [P | {"costPerNightLate": -1e13}]}, "request p: costPerNightLate is"),
        ({"requests": [P, P]}, r"requests: \['p'\] stands in it twice"),
        ({"occupied": [{"place": "z", "kind": "F", "from": 0, "nights": 1, "beds": 1}]}, "place 'z' does not exist"),
        ({"occupied": [{"place": "a", "kind": "F", "from": 0, "nights": 1, "beds": 0}]}, "occupied a: 0 beds"),
        ({"occupied": [{"place": "a", "kind": "F", "from": -1, "nights": 1, "beds": 1}]}, "occupied a: from night -1"),
    ],
)
def test_a_wrong_file_is_refused_with_what_and_where(wrong: dict[str, Any], message: str) -> None:
    """One wrong field at a time; the same file without it is read."""
    read(json.dumps(GOOD).encode())

    with pytest.raises(ValueError, match=message):
        read(json.dumps(GOOD | wrong).encode())


def test_no_more_beds_are_occupied_on_a_night_than_there_are() -> None:
    """Place a has 2 beds, nights 0 to 2. 1 bed on 0 and 1, 2 beds from 2 on: full, and read; what is past the last
    night does not count. One night more of the first: 3 of 2 on night 2."""
    two = {"place": "a", "kind": "F", "from": 2, "nights": 9, "beds": 2}
    one = {"place": "a", "kind": "F", "from": 0, "nights": 2, "beds": 1}
    read(json.dumps(GOOD | {"occupied": [two, one, two | {"from": 3}]}).encode())

    with pytest.raises(ValueError, match="occupied a: 3 beds on night 2 of 2"):
        read(json.dumps(GOOD | {"occupied": [two, one | {"nights": 3}]}).encode())


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"", "the file is empty"), (b"{", "truncated"), (b"[]", "Expected `object`"), (b'{"nights": NaN}', "malformed")],
)
def test_what_is_not_json_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(data)


def test_a_request_with_too_many_pairs_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit made small: 10⁶ pairs take long to write."""
    monkeypatch.setattr(problem, "MANY", 10)
    many = {"places": [{"id": f"a{n}", "beds": 1} for n in range(10)], "pairs": [["p", f"a{n}", 1] for n in range(10)]}

    with pytest.raises(ValueError, match="request p: 10 pairs"):
        read(json.dumps(GOOD | many).encode())
