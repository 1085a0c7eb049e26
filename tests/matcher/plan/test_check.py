"""The specification itself: each rule broken by one plan and kept by another, and each tier counted by hand."""

from __future__ import annotations

import pytest

from matcher.check import Breach, Tier, Violation, value, violations
from matcher.pairs import CRISIS, NOBODY, REGULIER, SPOED, Mix, Pairs
from tests.matcher.plan.make import pairs

TWO: list[list[int | None]] = [[3, 4], [5, 6]]


@pytest.mark.parametrize(
    ("problem", "wrong", "right", "found"),
    [
        (pairs([[3, None]]), [1], [0], Violation(Breach.PAAR, (0,), 1)),
        (pairs([[3, 4]], verboden=[(0, 1)]), [1], [0], Violation(Breach.PAAR, (0,), 1)),
        (pairs(TWO), [0, 0], [0, 1], Violation(Breach.CAPACITEIT, (0, 1), 0)),
        (pairs(TWO, opties=[(1, 0)]), [0, 1], [1, 0], Violation(Breach.CAPACITEIT, (0,), 0)),
        (
            pairs(TWO, voor_crisis=[1, 0], urgentie=[SPOED, CRISIS]),
            [0, 1],
            [1, 0],
            Violation(Breach.CRISISPLEK, (0,), 0),
        ),
        (pairs(TWO, voorziening=[0, 0], ruimte=[1]), [0, 1], [0, NOBODY], Violation(Breach.RUIMTE, (0, 1), 0)),
        (
            pairs(TWO, voorziening=[0, 0], mix=[Mix(0, (0, 1), 1)]),
            [0, 1],
            [0, NOBODY],
            Violation(Breach.GROEPSMIX, (0, 1), 0),
        ),
        (
            pairs(TWO, groep=[0, 0], splitsbaar=[False]),
            [0, NOBODY],
            [NOBODY, NOBODY],
            Violation(Breach.SAMEN, (0, 1), 0),
        ),
        (
            pairs(TWO, groep=[0, 0], splitsbaar=[False], capaciteit=[2, 1]),
            [0, 1],
            [0, 0],
            Violation(Breach.SAMEN, (0, 1), 0),
        ),
        (pairs(TWO, vast=[(0, 1)]), [0, 1], [1, 0], Violation(Breach.VAST, (0,), 1)),
    ],
)
def test_each_rule_finds_the_plan_that_breaks_it_and_no_other(
    problem: Pairs, wrong: list[int], right: list[int], found: Violation
) -> None:
    """What is broken, by whom and where; mended it is allowed."""
    assert violations(problem, wrong) == [found]
    assert violations(problem, right) == []


def test_each_tier_counts_what_it_says() -> None:
    """Five children: crisis and regulier placed, one spoed not; a pair over two voorzieningen, points 1 + 2 + 3 + 4."""
    problem = pairs(
        [[1, None, 9], [None, 2, 9], [3, None, 9], [4, None, 9], [9, None, 9]],
        urgentie=[CRISIS, CRISIS, REGULIER, REGULIER, SPOED],
        wachtdagen=[1, 2, 4, 8, 16],
        capaciteit=[3, 1, 1],
        groep=[0, 0, NOBODY, 1, 1],
        splitsbaar=[False, True],
        locatie=[0, 0, 1],
        vorige=[0, 0, 0, 2, NOBODY],
        vast=[(2, 0)],
    )

    assert value(problem, [0, 1, 0, 0, NOBODY]) == {
        Tier.VAST: 1,
        Tier.CRISIS: 2,
        Tier.SPOED: 0,
        Tier.REGULIER: 2,
        Tier.WACHTDAGEN: 15,
        Tier.GESPLITST: -1,
        Tier.LOCATIE: -1,
        Tier.SCORE: 10,
        Tier.BEHOUDEN: 2,
    }


@pytest.mark.parametrize("plan", [[0], [0, 7], [0, -2]])
def test_what_is_no_plan_is_refused(plan: list[int]) -> None:
    """One slot per request, and slots that exist."""
    with pytest.raises(ValueError, match="plan: "):
        violations(pairs(TWO), plan)
