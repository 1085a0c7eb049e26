"""The plan that follows changes is that of a full solve: for children alone, and for groups within what is proven."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from matcher.check import Tier, value, violations
from matcher.follow import WORTH, Child, Follower, Worth
from matcher.pairs import CRISIS, REGULIER, SPOED
from tests.matcher.plan.make import pairs, random, solved

SEEDS = st.integers(min_value=0, max_value=2**32)
CHANGES = 8


def child(dice: Random, slots: int) -> Child:
    at = [slot for slot in range(slots) if dice.random() < 0.6]
    fixed = bool(at) and dice.random() < 0.1
    at = at[:1] if fixed else at
    return Child(
        urgentie=dice.choice((CRISIS, SPOED, REGULIER, REGULIER)),
        wachtdagen=dice.randint(0, 60),
        slots=np.array(at, np.int64),
        values=np.array([dice.choice((0, 3, 10, 11, 25, -4)) for _ in at], np.int64),
        vast=fixed,
    )


def change(dice: Random, follower: Follower, alive: set[int], *, groups: bool) -> None:
    """One change of any kind."""
    problem = follower.problem()
    kind = dice.choice(("come", "go", "change", "beds", "plek", "group" if groups else "come"))
    who = dice.choice(sorted(alive)) if alive else None
    match kind:
        case "come":
            alive.update(follower.come([child(dice, problem.slots)]))
        case "group":
            members = [child(dice, problem.slots) for _ in range(dice.randint(2, 3))]
            alive.update(follower.come(members, splitsbaar=dice.random() < 0.5))
        case "go" if who is not None:
            follower.go(who)
            alive.discard(who)
        case "change" if who is not None:
            follower.change(who, child(dice, problem.slots))
        case "beds":
            slot = dice.randrange(problem.slots)
            least = int(problem.voor_crisis[slot]) + int((problem.opties[:, 1] == slot).sum())
            follower.beds(slot, max(least, dice.randint(0, 3)))
        case "plek":
            some = np.array([one for one in sorted(alive) if dice.random() < 0.5], np.int64)
            points = np.array([dice.choice((1, 8, 30)) for _ in some], np.int64)
            follower.plek(
                dice.randint(0, 2), some, points, voorziening=dice.choice((None, 0)), locatie=dice.choice((None, 0))
            )


def ask(dice: Random, follower: Follower) -> None:
    """The price of two pairs, which changes nothing."""
    now = follower.problem()
    for at in dice.sample(range(len(now.request)), min(2, len(now.request))):
        follower.price(int(now.request[at]), int(now.slot[at]))


def checked(follower: Follower) -> tuple[Worth, Worth]:
    """What the plan is worth, which is allowed and is what it says, and what a full solve finds."""
    problem, slots = follower.problem(), follower.slots
    assert [one for one in violations(problem, slots) if one.rule != "vast"] == []
    worth = value(problem, slots)
    assert follower.standing().worth == tuple(worth[tier] for tier in WORTH)
    best = {level.tier: level.best for level in solved(problem).levels}
    return tuple(worth[tier] for tier in WORTH), tuple(best[tier] for tier in WORTH)


@settings(max_examples=70, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_without_groups_the_plan_is_that_of_a_full_solve_after_every_change(seed: int) -> None:
    """Requests and beds come, go and change: equal in every tier, and proven. To ask for a price changes nothing."""
    problem, dice = random(seed, groups=False), Random(seed)
    follower, alive = Follower(problem, solved(problem).slots), set(range(problem.requests))

    for _ in range(CHANGES):
        ask(dice, follower)
        change(dice, follower, alive, groups=False)

        worth, best = checked(follower)
        assert worth == best
        assert follower.standing().proven


@settings(max_examples=16, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_with_groups_a_full_solve_is_within_the_gap_that_is_told(seed: int) -> None:
    """Never better than a full solve, which is never above the bound; the plan is allowed. Prices in between too."""
    problem, dice = random(seed, groups=True), Random(seed)
    plan = solved(problem)
    follower, alive = Follower(problem, plan.slots, plan.levels), set(range(problem.requests))

    for _ in range(CHANGES // 2):
        ask(dice, follower)
        change(dice, follower, alive, groups=True)
        change(dice, follower, alive, groups=True)

        worth, best = checked(follower)
        assert worth <= best <= follower.standing().bound


@settings(max_examples=20, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_with_groups_the_price_of_a_pair_lies_between_what_is_told(seed: int) -> None:
    """Of every pair: against the best plan with the pair fixed. And the plan is as it was."""
    problem = random(seed, groups=True)
    plan = solved(problem)
    follower = Follower(problem, plan.slots, plan.levels)
    before = {level.tier: level.best for level in plan.levels}
    slots, standing = follower.slots.tolist(), follower.standing()
    beds = follower._exchange.price.tolist()  # wrong ones would only show in a later, larger search

    for who, slot in zip(problem.request.tolist(), problem.slot.tolist(), strict=True):
        found = follower.price(who, slot)

        fixed = structs.replace(problem, vast=np.array([(who, slot)]))
        after = {level.tier: level.best for level in solved(fixed).levels}
        if not after[Tier.VAST]:
            assert found.most is None
            continue
        loss = [before[tier] - after[tier] for tier in WORTH[1:]]
        assert list(found.least.values())[1:] <= loss
        if found.most is not None and found.slots is not None:
            assert loss <= list(found.most.values())[1:]
            assert violations(fixed, found.slots) == []
            worth = value(problem, found.slots)
            assert [before[tier] - worth[tier] for tier in WORTH] == list(found.most.values())
        assert (follower.slots.tolist(), follower.standing()) == (slots, standing)
        assert follower._exchange.price.tolist() == beds


def test_only_who_is_on_the_chain_moves() -> None:
    """A child in crisis comes for bed 0: its taker moves to bed 1, the child in bed 2 stays, though 3 is as good."""
    problem = pairs([[9, 5, None, None], [None, None, 7, 7]])
    follower = Follower(problem, np.array([0, 2]))

    new = follower.come([Child(CRISIS, 0, np.array([0]), np.array([1]))])

    assert new == [2]
    assert follower.slots.tolist() == [1, 2, 0]


def test_a_samenplaatsing_that_waits_gets_the_beds_that_come() -> None:
    """One bed is too few for both; with two they are placed, and no plan is better."""
    problem = pairs([[9], [8]], groep=[0, 0], splitsbaar=[False])
    plan = solved(problem)
    follower = Follower(problem, plan.slots, plan.levels)
    assert follower.slots.tolist() == [-1, -1]

    follower.beds(0, 2)

    assert follower.slots.tolist() == [0, 0]
    assert follower.standing().proven


def test_who_is_left_of_a_samenplaatsing_may_do_better_than_all_of_it() -> None:
    """The sister has no place at all; when she goes her brother is placed, which was proven not to be possible."""
    problem = pairs([[9], [None]], groep=[0, 0], splitsbaar=[False])
    plan = solved(problem)
    follower = Follower(problem, plan.slots, plan.levels)
    assert follower.standing().proven

    follower.go(1)

    assert follower.slots.tolist() == [0, -1]
    assert follower.standing().worth <= follower.standing().bound


def one(*slots: int, values: tuple[float, ...] = (1,), **fields: Any) -> Child:
    whole = all(value == int(value) for value in values)
    known = {"urgentie": REGULIER, "wachtdagen": 0} | fields
    return Child(slots=np.array(slots, np.int64), values=np.array(values, np.int64 if whole else np.float64), **known)


NOBODY_ELSE = np.zeros(0, np.int64)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda it: it.beds(0, -1), "-1 beds"),
        (lambda it: it.beds(9, 1), "slot 9 does not exist"),
        (lambda it: it.go(5), "request 5: does not exist"),
        (lambda it: it.go(1), "request 1: has gone"),
        (lambda it: it.change(1, one(0)), "request 1: has gone"),
        (lambda it: it.come([]), "0 children"),
        (lambda it: it.come([one(0, urgentie=7)]), "urgentie 7"),
        (lambda it: it.come([one(0, wachtdagen=-1)]), "-1 days waited"),
        (lambda it: it.come([one(0, wachtdagen=1.5)]), "1.5 days waited"),
        (lambda it: it.come([one(0, wachtdagen=math.nan)]), "nan days waited"),
        (lambda it: it.come([one(3)]), "slot .3. does not exist"),
        (lambda it: it.come([one(0, 0, values=(1, 1))]), "a slot is given twice"),
        (lambda it: it.come([one(0, values=(1.5,))]), "int64 and float64, not whole numbers"),
        (lambda it: it.come([one(0), one(0, values=(10**9,))]), "a value is too large"),
        (lambda it: it.come([one(vast=True, values=())]), "is fixed and has 0 pairs"),
        (lambda it: it.plek(1, np.array([0, 0]), np.array([1, 1])), "names a request twice"),
        (lambda it: it.plek(1, np.array([1]), np.array([1])), "request 1: has gone"),
        (lambda it: it.plek(1, np.array([-1]), np.array([1])), "request -1: does not exist"),
        (lambda it: it.plek(1, np.array([0]), np.array([1.5])), "int64 and float64, not whole numbers"),
        (lambda it: it.plek(1, np.array([0]), np.array([1, 2])), r"\(1,\) and \(2,\) do not agree"),
        (lambda it: it.plek(-1, NOBODY_ELSE, NOBODY_ELSE), "plek: -1 beds"),
        (lambda it: it.plek(1, NOBODY_ELSE, NOBODY_ELSE, voorziening=4), "voorziening 4 does not exist"),
        (lambda it: it.plek(1, NOBODY_ELSE, NOBODY_ELSE, locatie=-5), "locatie -5"),
        (lambda it: it.price(0, 7), "request 0: slot 7 is not one of its pairs"),
    ],
)
def test_nonsense_is_refused_with_what_and_where(wrong: Callable[[Follower], object], why: str) -> None:
    """And the plan is as it was."""
    follower = Follower(pairs([[9], [8]]), np.array([0, -1]))
    follower.go(1)
    before = structs.astuple(follower.problem())

    with pytest.raises(ValueError, match=why):
        wrong(follower)

    assert (follower.slots.tolist(), follower.standing().worth[-1]) == ([0, -1], 9)
    for was, now in zip(before, structs.astuple(follower.problem()), strict=True):
        assert np.array_equal(was, now)


@pytest.mark.parametrize(
    ("slots", "why"),
    [([0, 0], "is not allowed: .Violation.rule=<Breach.CAPACITEIT"), ([0], "1 rows"), ([0, 9], "does not exist")],
)
def test_a_plan_that_is_not_allowed_is_not_followed(slots: list[int], why: str) -> None:
    """Two in one bed, a child too few, a slot that is not there."""
    with pytest.raises(ValueError, match=why):
        Follower(pairs([[9], [8]]), np.array(slots))
