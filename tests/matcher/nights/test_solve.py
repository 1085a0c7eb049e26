"""Stays night after night: equal to looking at every choice, with a bound that is one."""

from __future__ import annotations

from collections import Counter
from itertools import count
from time import monotonic

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from matcher.layers.linear import Solver
from matcher.layers.linear import solve as solve_model
from matcher.nights.best import allowed
from matcher.nights.bound import priced
from matcher.nights.cells import base, cells, kinds
from matcher.nights.check import value, violations, worth
from matcher.nights.model import build
from matcher.nights.options import Options, options, part
from matcher.nights.problem import Stay
from matcher.nights.solve import solve
from matcher.pairs import NOBODY, Ints
from tests.bench.nights import ihtc, mixed, province, spas
from tests.matcher.nights.make import cheapest, plans, problem, random, request


def test_the_cheapest_stays_are_found_and_proven() -> None:
    """Forty random problems of four requests and two places, each compared with every choice."""
    told = Counter()
    for seed in range(40):
        asked = random(seed)

        found = solve(asked, clock=lambda: 0.0, end=60.0)

        wanted = cheapest(asked)
        told[found.status] += 1
        if wanted is None:
            assert found.status == "infeasible"
            assert set(found.unplaceable) == set(found.reasons) != set()
        else:
            assert violations(asked, found.assignments) == []
            assert (found.status, found.value, found.bound) == ("optimal", pytest.approx(wanted, abs=1e-9), found.value)
    assert min(told["optimal"], told["infeasible"]) > 2


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), prices=st.integers(0, 10**6))
def test_no_plan_is_cheaper_than_the_bound_whatever_the_prices(seed: int, prices: int) -> None:
    """Random prices, also of rows about kinds: the bound is under every plan, and what an option loses it loses."""
    asked = random(seed)
    of = options(asked)
    on = cells(of)
    dice = np.random.default_rng(prices)
    rows = base(of, on)
    rows = rows.plus(kinds(of, on, dice.random(len(on.key))))

    found = priced(of, on, rows, dice.random(len(rows.limit)) * dice.choice((0, 1, 1000)))

    for stays in plans(asked):
        own = worth(asked, stays)
        chosen = {stay.request: stay for stay in stays}
        assert of.base + of.unit * found.bound <= own
        at = [n for n, stay in enumerate(of.stays(np.arange(len(of.cost)))) if chosen.get(stay.request) == stay]
        for option in at:  # options that cost no less than leaving out are not there
            assert of.base + of.unit * (found.exact + int(found.loss[option])) / found.scale <= own + of.unit / 1000


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_arrays_allow_what_the_check_allows(seed: int) -> None:
    """Random choices of options: `allowed` agrees with violations()."""
    asked = random(seed)
    of = options(asked)
    dice = np.random.default_rng(seed)
    chosen = np.full(len(of.out), NOBODY)
    for r in range(len(chosen)):
        if of.first[r + 1] > of.first[r] and dice.random() < 0.8:
            chosen[r] = dice.integers(of.first[r], of.first[r + 1])

    assert allowed(of, chosen) == (violations(asked, of.stays(chosen)) == [])


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("ihtc", ihtc(1, requests=60, places=6, nights=14)),
        ("spas", spas(1, requests=90, places=10, nights=14, kinds=True)),
        ("mixed", mixed(1, requests=80, places=8, nights=14)),
        ("province", province(1, requests=80, places=30, beds=80)),
    ],
)
def test_what_is_not_proven_in_time_is_allowed_and_has_a_bound(name: str, asked: object) -> None:
    """A clock that ends after a number of looks: an answer that passes the check, never below its bound."""
    looks = count()
    begin = monotonic()

    found = solve(asked, clock=lambda: monotonic() - begin + 0 * next(looks), end=1.0)  # type: ignore[arg-type]

    assert found.status in {"optimal", "feasible"}
    assert violations(asked, found.assignments) == []  # type: ignore[arg-type]
    assert found.bound is not None
    assert found.bound <= found.value  # type: ignore[operator]
    assert monotonic() - begin < 30, name


def test_the_model_alone_finds_the_cheapest() -> None:
    """Without prices: beds, sizes and kinds all stand in the model itself."""
    for seed in range(40):
        asked = random(seed)
        of = options(asked)
        on = cells(of)
        built = build(of, on, base(of, on), np.arange(len(of.cost)), np.ones(len(of.out), np.bool_), whole=True)

        answer = solve_model(built.model, Solver.CP_SAT, seconds=60.0)

        wanted = cheapest(asked)
        assert answer.infeasible == (wanted is None)
        if answer.x is not None:
            stays = of.stays(built.chosen(of, answer.x))
            assert violations(asked, stays) == []
            assert value(asked, stays) == wanted


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_what_stays_takes_its_beds_from_the_others(seed: int) -> None:
    """One request stays where it is: what is left of another one's options is what may be beside it."""
    asked = random(seed)
    of = options(asked)
    for fixed in range(of.first[1]):
        chosen = np.array([fixed, NOBODY, NOBODY, NOBODY])

        _, requests, at = part(of, chosen, chosen == NOBODY, np.ones(len(of.cost), np.bool_))

        every = np.arange(of.first[1], len(of.cost))
        beside = [bool(allowed(of_free(of), with_(chosen, of, option))) for option in every.tolist()]
        assert requests.tolist() == [1, 2, 3]
        assert at.tolist() == every[beside].tolist()


def with_(chosen: Ints, of: Options, option: int) -> Ints:
    both = chosen.copy()
    both[of.request[option]] = option
    return both


def of_free(of: Options) -> Options:
    """The same with nobody mandatory."""
    return replace(of, out=np.maximum(of.out, 0))


def test_the_same_file_seed_and_effort_give_the_same_answer() -> None:
    """No clock decides."""
    asked = mixed(3, requests=120, places=8, nights=14, tight=2.0)

    one, two = (solve(asked, clock=lambda: 0.0, end=1e5, seed=5, effort=0.1) for _ in range(2))

    assert one == two
    assert one.status == "feasible"


def test_only_those_that_compete_are_named() -> None:
    """Three want one bed on night 1; the fourth has a place of its own, the fifth comes when they are gone."""
    asked = problem(
        places=[{"id": "a", "beds": 2}, {"id": "b", "beds": 1}],
        requests=[*(request(f"x{n}", last=1, stay=2) for n in range(3)), request("y"), request("z", start=2, last=2)],
        pairs=[*([f"x{n}", "a", 1] for n in range(3)), ["y", "b", 1], ["z", "a", 1]],
    )

    found = solve(asked, clock=lambda: 0.0, end=60.0)

    assert (found.status, sorted(found.unplaceable)) == ("infeasible", ["x0", "x1", "x2"])
    assert found.reasons["x0"] == "wants beds in a on nights that x1, x2 want them too; they do not all fit"


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"pairs": []}, "no place is allowed: no pair names it"),
        ({"requests": [request("p", start=3, last=4)], "pairs": [["p", "a", 1]]}, "its first night 3 is after"),
        ({"requests": [request("p", beds=3)], "pairs": [["p", "a", 1]]}, "it needs 3 beds in one place"),
        ({"occupied": [{"place": "a", "kind": "M", "from": 0, "nights": 3, "beds": 1}]}, "in each of its 1 allowed"),
    ],
)
def test_one_that_has_nowhere_to_go_is_told_why(asked: dict[str, object], reason: str) -> None:
    found = solve(problem(**asked), clock=lambda: 0.0, end=60.0)

    assert (found.status, found.assignments, list(found.reasons)) == ("infeasible", [], ["p"])
    assert found.reasons["p"].startswith(reason)


def test_out_of_time_at_once_is_said() -> None:
    """No time at all: nothing is claimed that is not so."""
    asked = spas(1, requests=90, places=10, nights=14, kinds=True)

    found = solve(asked, clock=lambda: 1.0, end=1.0)

    if found.status == "timeout":
        assert found.assignments == []
    else:
        assert found.status == "feasible"
        assert violations(asked, found.assignments) == []


def test_decimals_are_exact() -> None:
    """0.1 + 0.2 is 0.3, also where a cost has twelve decimals."""
    asked = problem(requests=[request("p", stay=3), request("q", stay=3)], pairs=[["p", "a", 0.1], ["q", "a", 0.2]])
    fine = problem(requests=[request("p")], pairs=[["p", "a", 1.000000000001]])

    found, small = (solve(one, clock=lambda: 0.0, end=60.0) for one in (asked, fine))

    assert (found.status, found.value, found.bound) == ("optimal", 0.3, 0.3)
    assert (small.status, small.value) == ("optimal", 1.000000000001)
    assert small.assignments == [Stay("p", "a", 0)]
