"""Stays night after night: equal to looking at every choice, and files that are wrong are refused."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from matcher.nights import Nights, Stay, read, solve, value, violations

GOOD: dict[str, Any] = {
    "format": "loket-plan/1",
    "nights": 3,
    "places": [{"id": "a", "beds": 2, "oneKindPerNight": True}],
    "requests": [
        {"id": "p", "beds": 1, "kind": "F", "earliest": 0, "latest": 1, "stay": 2, "mandatory": True},
        {
            "id": "q",
            "beds": 1,
            "kind": "M",
            "earliest": 0,
            "latest": 2,
            "stay": 1,
            "mandatory": False,
            "costUnplaced": 9,
        },
    ],
    "pairs": [["p", "a", 1.5], ["q", "a", 2]],
}


def random(seed: int) -> Nights:
    dice = Random(seed)
    places = [{"id": f"a{n}", "beds": dice.randint(0, 3), "oneKindPerNight": dice.random() < 0.5} for n in range(2)]
    requests = []
    for n in range(4):
        first = dice.randint(0, 2)
        requests.append(
            {
                "id": f"p{n}",
                "beds": dice.choice((1, 1, 2)),
                "kind": dice.choice("FM"),
                "earliest": first,
                "latest": first + dice.randint(0, 1),
                "stay": dice.randint(1, 3),
                "mandatory": dice.random() < 0.3,
                "costPerNightLate": dice.choice((0, 0.5, 3)),
                "costUnplaced": dice.choice((0, 5, 20.25)),
            }
        )
    pairs = [
        [f"p{n}", f"a{m}", dice.choice((-2, 0, 1.5, 7))] for n in range(4) for m in range(2) if dice.random() < 0.8
    ]
    occupied = [{"place": "a0", "kind": "F", "from": 0, "nights": 2, "beds": 1}] if dice.random() < 0.5 else []
    problem = {"format": "loket-plan/1", "nights": 4, "places": places, "requests": requests}
    return read(json.dumps(problem | {"pairs": pairs, "occupied": occupied}).encode())


def cheapest(problem: Nights) -> float | None:
    choices: list[list[Stay | None]] = []
    for r in problem.requests:
        mine = [p for q, p, _ in problem.pairs if q == r.id]
        choices.append([None, *(Stay(r.id, p, s) for p in mine for s in range(r.earliest, r.latest + 1))])
    plans = ([stay for stay in stays if stay is not None] for stays in product(*choices))
    costs = [value(problem, stays) for stays in plans if not violations(problem, stays)]
    return min(costs) if costs else None


def test_the_cheapest_stays_are_found_and_proven() -> None:
    """Forty random problems of four requests and two places, each compared with every choice."""
    infeasible = 0
    for seed in range(40):
        problem = random(seed)

        found = solve(problem, clock=lambda: 0.0, end=60.0, workers=1)

        wanted = cheapest(problem)
        if wanted is None:
            infeasible += 1
            assert found.status == "infeasible"
            assert set(found.unplaceable) == set(found.reasons) != set()
        else:
            assert violations(problem, found.assignments) == []
            assert (found.status, found.value, found.bound) == ("optimal", wanted, wanted)
    assert 0 < infeasible < 20


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"format": "other"}, "format: is 'other'"),
        ({"nights": 0}, "nights: is 0"),
        ({"places": [{"id": "a", "beds": -1}]}, "place a: -1 beds"),
        ({"places": [{"id": "b", "beds": 1}]}, "pairs: place 'a' does not exist"),
        ({"pairs": [["x", "a", 1]]}, "pairs: request 'x' does not exist"),
        ({"pairs": [["p", "a", 1], ["p", "a", 2]]}, "pair p a: is given twice"),
        ({"pairs": [["p", "a", "1"]]}, "Expected `float`"),
        ({"requests": [GOOD["requests"][0] | {"latest": -1}]}, "request p: start between night 0 and -1"),
        ({"requests": [GOOD["requests"][0] | {"stay": 0}]}, "request p: stay of 0 nights"),
        ({"requests": [GOOD["requests"][0], GOOD["requests"][0]]}, "requests: an id stands in it twice"),
        ({"occupied": [{"place": "z", "kind": "F", "from": 0, "nights": 1, "beds": 1}]}, "place 'z' does not exist"),
    ],
)
def test_a_wrong_file_is_refused_with_what_and_where(wrong: dict[str, Any], message: str) -> None:
    """One wrong field at a time; the same file without it is read."""
    read(json.dumps(GOOD).encode())

    with pytest.raises(ValueError, match=message):
        read(json.dumps(GOOD | wrong).encode())


def test_the_command_solves_a_file_and_judges_the_result(tmp_path: Path) -> None:
    """From file to file: F and M may not share a night, so q comes when p is gone; a wrong result is told."""
    instance, result = tmp_path / "instance.json", tmp_path / "result.json"
    instance.write_text(json.dumps(GOOD))
    command = [sys.executable, "-m", "matcher"]

    done = subprocess.run([*command, "plan", instance, "--seconds", "30"], capture_output=True, check=True)
    result.write_bytes(done.stdout)
    judged = subprocess.run([*command, "check", instance, result], capture_output=True, text=True, check=False)

    answer = json.loads(done.stdout)
    assert (answer["status"], answer["value"], answer["bound"]) == ("optimal", 3.5, 3.5)
    assert answer["assignments"] == [
        {"request": "p", "place": "a", "start": 0},
        {"request": "q", "place": "a", "start": 2},
    ]
    assert (judged.returncode, judged.stdout) == (0, "allowed, value 3.5\n")
    result.write_text(json.dumps(answer | {"assignments": answer["assignments"][1:]}))
    wrong = subprocess.run([*command, "check", instance, result], capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stdout) == (1, "p: is mandatory and not placed\n")
