"""Each rule and each tier of the joint plan by an example that can be checked by hand.

docs/plan.md lists the mutations tried, each of which breaks a test here or in test_brute.py.
"""

from __future__ import annotations

from itertools import pairwise
from threading import Event
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from matcher.check import Breach, Tier, Violation, value, violations
from matcher.layers import search
from matcher.layers.flow import flow, ranks
from matcher.layers.linear import Answer, Model, Solver, solve
from matcher.layers.network import network
from matcher.layers.relaxation import Budget
from matcher.pairs import CRISIS, NOBODY, REGULIER, SPOED, Mix, Pairs
from matcher.plan import Level, Limit, plan
from tests.bench import large
from tests.matcher.plan.make import brute, pairs, random, solved


def slots(problem: Pairs) -> list[int]:
    return solved(problem).slots.tolist()


def test_crisis_goes_first() -> None:
    """One bed: the child in crisis gets it, however long the other waited and however much better it fits."""
    assert slots(pairs([[99], [1]], urgentie=[SPOED, CRISIS], wachtdagen=[300, 0])) == [NOBODY, 0]


def test_a_child_in_crisis_moves_others_only_as_far_as_needed() -> None:
    """Crisis fits one bed only; who would be better there goes to the other bed."""
    assert slots(pairs([[9, 1], [5, None]], urgentie=[REGULIER, CRISIS])) == [1, 0]


def test_more_children_placed_of_an_urgentie_comes_before_points() -> None:
    """Two placed for 2 points rather than one for 100."""
    assert slots(pairs([[100, 1], [1, None]])) == [1, 0]


def test_who_waited_longer_gets_the_place_that_only_these_two_can_use() -> None:
    """The fairness rule: among equal urgentie the days waited by those who are placed are as many as can be."""
    assert slots(pairs([[99], [1]], wachtdagen=[10, 11])) == [NOBODY, 0]


def test_who_waited_longer_also_gets_it_when_another_must_move_along() -> None:
    """The longest waiting fits bed 0 only; its taker moves to bed 1, whose taker waited least and stays out."""
    problem = pairs([[9, 9], [None, 9], [9, None]], wachtdagen=[20, 10, 30])
    assert slots(problem) == [1, NOBODY, 0]


def test_equal_waiting_is_decided_by_points() -> None:
    """Neither waited longer: the better pair."""
    assert slots(pairs([[8], [9]], wachtdagen=[4, 4])) == [NOBODY, 0]


def test_a_samenplaatsing_without_leave_is_whole_or_not_placed() -> None:
    """Two for two beds at different locaties: neither; with one more bed beside the first: both there."""
    apart = pairs([[5, 5], [5, 5]], groep=[0, 0], splitsbaar=[False])
    together = pairs([[5, 5], [5, 5]], groep=[0, 0], splitsbaar=[False], capaciteit=[2, 1])

    assert slots(apart) == [NOBODY, NOBODY]
    assert slots(together) == [0, 0]


def test_a_samenplaatsing_with_leave_is_split_only_when_that_places_more() -> None:
    """Apart for 18 points when nothing else can be; together for 2 when it can."""
    apart = pairs([[9, None], [None, 9]], groep=[0, 0], splitsbaar=[True])
    together = pairs([[9, None, 1], [None, 9, 1]], groep=[0, 0], splitsbaar=[True], capaciteit=[1, 1, 2])

    assert slots(apart) == [0, 1]
    assert slots(together) == [2, 2]


def test_one_voorziening_is_better_than_one_locatie_which_is_better_than_apart() -> None:
    """Three choices for two: over two voorzieningen of one locatie for 20 points, in one voorziening for 2."""
    table: list[list[int | None]] = [[10, 10, 1], [10, 10, 1]]
    far = {"groep": [0, 0], "splitsbaar": [True], "capaciteit": [1, 1, 2]}

    assert slots(pairs(table, **far, locatie=[0, 0, 1])) == [2, 2]
    assert sorted(slots(pairs([row[:2] for row in table], **far | {"capaciteit": [1, 1]}, locatie=[0, 0]))) == [0, 1]
    levels = {level.tier: level.value for level in solved(pairs(table, **far, locatie=[0, 0, 1])).levels}
    assert (levels[Tier.GESPLITST], levels[Tier.LOCATIE], levels[Tier.SCORE]) == (0, 0, 2)


def test_a_group_does_not_lie_with_two_in_one_bed() -> None:
    """Two beds of different kind in one voorziening: both like bed 0 best, one of them takes bed 1."""
    problem = pairs([[10, 1], [10, 3]], groep=[0, 0], splitsbaar=[False], voorziening=[0, 0])
    assert slots(problem) == [0, 1]


def test_no_more_children_than_beds() -> None:
    """Three for two beds; with a third bed all."""
    assert slots(pairs([[3], [2], [1]], capaciteit=[2])) == [0, 0, NOBODY]
    assert slots(pairs([[3], [2], [1]], capaciteit=[3])) == [0, 0, 0]


def test_no_more_children_than_the_voorziening_can_take() -> None:
    """Two slots of one voorziening, room for one; with room for two both."""
    table: list[list[int | None]] = [[3, None], [None, 2]]
    assert slots(pairs(table, voorziening=[0, 0], ruimte=[1])) == [0, NOBODY]
    assert slots(pairs(table, voorziening=[0, 0], ruimte=[2])) == [0, 1]


def test_beds_kept_for_crisis_stay_free_for_crisis() -> None:
    """One of two beds is kept: of two in spoed one comes; of one in spoed and one in crisis both."""
    table: list[list[int | None]] = [[3], [2]]
    assert slots(pairs(table, capaciteit=[2], voor_crisis=[1], urgentie=[SPOED, SPOED])) == [0, NOBODY]
    assert slots(pairs(table, capaciteit=[2], voor_crisis=[1], urgentie=[SPOED, CRISIS])) == [0, 0]


def test_a_bed_with_an_optie_is_for_its_holder_only() -> None:
    """The only bed is held for child 1, who may go elsewhere: then it stays empty; without the optie child 0 comes."""
    table: list[list[int | None]] = [[9, None], [1, 9]]
    assert slots(pairs(table, opties=[(1, 0)])) == [NOBODY, 1]
    assert slots(pairs(table)) == [0, 1]


def test_group_mix_counts_those_who_are_placed_together() -> None:
    """Room for one of children 0 and 1 in voorziening 0: the other stays out; with room for two both come."""
    table: list[list[int | None]] = [[9], [8]]
    assert slots(pairs(table, capaciteit=[2], mix=[Mix(0, (0, 1), 1)])) == [0, NOBODY]
    assert slots(pairs(table, capaciteit=[2], mix=[Mix(0, (0, 1), 2)])) == [0, 0]


def test_a_forbidden_pair_is_not_made_and_a_fixed_pair_is() -> None:
    """Forbidding the best gives the second; fixing the worst keeps it, whoever has to go."""
    table: list[list[int | None]] = [[9, 5], [9, 5]]
    assert slots(pairs(table, verboden=[(0, 0)])) == [1, 0]
    assert slots(pairs([[1], [9]], vast=[(0, 0)], urgentie=[REGULIER, CRISIS])) == [0, NOBODY]


def test_fixed_pairs_that_conflict_are_named_with_the_rule() -> None:
    """Two fixed to one bed; with two beds no conflict."""
    both = [(0, 0), (1, 0)]
    tight = solved(pairs([[1], [1]], vast=both))

    assert tight.conflicts == (Violation(Breach.CAPACITEIT, (0, 1), 0),)
    assert solved(pairs([[1], [1]], vast=both, capaciteit=[2])).conflicts == ()


def test_a_fixed_pair_that_is_forbidden_is_a_conflict() -> None:
    """Fixed and forbidden at once."""
    found = solved(pairs([[1, 1]], vast=[(0, 0)], verboden=[(0, 0)]))
    assert found.conflicts == (Violation(Breach.PAAR, (0,), 0),)


def test_a_fixed_pair_that_leaves_no_room_for_a_brother_is_a_conflict_of_the_samenplaatsing() -> None:
    """One bed at the locatie where the first is fixed, and no leave to split; with leave no conflict."""
    fields = {"groep": [0, 0], "vast": [(0, 0)]}
    table: list[list[int | None]] = [[1, 1], [1, 1]]

    tight = solved(pairs(table, **fields, splitsbaar=[False]))

    assert tight.conflicts[0] == Violation(Breach.SAMEN, (0, 1), 0)
    assert solved(pairs(table, **fields, splitsbaar=[True])).conflicts == ()


def test_an_old_place_is_kept_when_that_costs_little() -> None:
    """1 of 1,999 points is within 0.1 %, 2 of 1,999 is not; without an old plan the best."""
    better, old = [1000, 999], [0, 1]
    assert slots(pairs([better, better[::-1]], vorige=[1, 1])) == [0, 1]
    assert slots(pairs([[1000, 999], [5, 999]], vorige=old[::-1])) == [0, 1]
    near: list[list[int | None]] = [[1000, 999, None], [None, None, 999]]
    assert slots(pairs(near, vorige=[1, NOBODY])) == [1, 2]
    assert slots(pairs([[1000, 998, None], [None, None, 999]], vorige=[1, NOBODY])) == [0, 2]


def test_with_groups_an_old_place_is_kept_by_the_same_rule() -> None:
    """The same numbers, with a pair of children who stay together."""
    table: list[list[int | None]] = [[1000, 999, None], [None, None, 500], [None, None, 499]]
    fields = {"groep": [NOBODY, 0, 0], "splitsbaar": [False], "capaciteit": [1, 1, 2]}
    assert slots(pairs(table, **fields, vorige=[1, NOBODY, NOBODY])) == [1, 2, 2]
    table[0][1] = 998
    assert slots(pairs(table, **fields, vorige=[1, NOBODY, NOBODY])) == [0, 2, 2]


def test_a_child_is_placed_even_where_the_pair_is_worth_less_than_nothing() -> None:
    """Being placed counts before points, also below zero."""
    assert slots(pairs([[-50]])) == [0]


def test_nobody_and_nothing_is_a_plan_too() -> None:
    """No requests; no slots; no pairs."""
    nothing: list[list[int | None]] = [[None], [None]]
    assert slots(pairs(nothing)) == [NOBODY, NOBODY]
    assert slots(pairs(nothing, groep=[0, 0], splitsbaar=[False])) == [NOBODY, NOBODY]
    assert slots(Pairs.build(urgentie=[], capaciteit=[], request=[], slot=[], value=[])) == []


@pytest.mark.parametrize("limit", [Limit.TIME, Limit.STOPPED])
def test_cut_short_gives_the_best_found_with_bounds_that_hold_and_says_so(limit: Limit) -> None:
    """Allowed; each tier's bound is not below the best of all plans that are equal in the tiers before."""
    unproven = 0
    for seed in range(60):
        problem = random(seed, groups=True)
        ticks = iter([0.0, 0.0, *[100.0] * 10_000] if limit is Limit.TIME else [0.0] * 10_000)

        found = plan(problem, clock=lambda ticks=ticks: next(ticks), seconds=1, stop=lambda: limit is Limit.STOPPED)

        assert violations(problem, found.slots.tolist()) == []
        wanted, _ = brute(problem, 0.001)
        for level, best in zip(found.levels, wanted, strict=True):
            assert level.bound >= best >= level.best
            if level.best < best:
                assert level.gap > 0
                break
        unproven += not found.proven
        assert found.limit is (Limit.NONE if found.proven else limit)
    assert unproven > 10


def test_the_same_problem_gives_the_same_plan() -> None:
    """Twice the same slots, also where several plans are equally good."""
    for seed in range(20):
        problem = random(seed, groups=True)
        assert solved(problem).slots.tolist() == solved(problem).slots.tolist()


def test_stopping_ends_a_long_solve_with_the_best_plan_so_far() -> None:
    """`stop` first says yes while a mixed integer program runs that by itself would take minutes."""
    problem, running = large.pairs(1500, krap=True, groups=True), Event()

    def watched(*args: Any, **options: Any) -> Answer:
        if args[1] is not Solver.SCIP:
            return solve(*args, **options)
        running.set()
        ended.append(solve(_endless(), Solver.SCIP, seconds=600, interrupter=options["interrupter"]))
        return structs.replace(ended[-1], x=None)

    ended: list[Answer] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "solve", watched)

        found = plan(problem, clock=perf_counter, seconds=600, stop=running.is_set)

    assert found.limit is Limit.STOPPED
    assert [answer.optimal for answer in ended] == [False]
    assert violations(problem, found.slots.tolist()) == []
    assert np.count_nonzero(found.slots != NOBODY) > 1000


def _endless() -> Model:
    """Three hundred things to choose from, with sixty limits at once: no solver ends it soon."""
    dice, things, limits = np.random.default_rng(1), 300, 60
    weights = dice.integers(1, 1000, (limits, things)).astype(float)
    return Model(
        cost=dice.integers(1, 1000, things).astype(float),
        lower=np.zeros(things),
        upper=np.ones(things),
        integer=np.ones(things, np.bool_),
        row_lower=np.full(limits, -np.inf),
        row_upper=weights.sum(1) / 3,
        row=np.repeat(np.arange(limits), things),
        column=np.tile(np.arange(things), limits),
        coefficient=weights.ravel(),
    )


def test_with_a_limit_in_effort_two_runs_give_the_same_plan_and_levels() -> None:
    """The clock stands still; at most so many branches. Fewer branches prove less, with bounds that hold."""
    problem = large.pairs(200, krap=True, groups=True)

    first, second = (solved(problem, effort=1) for _ in range(2))

    assert first.slots.tolist() == second.slots.tolist()
    assert first.levels == second.levels
    for level, best in zip(first.levels, solved(problem).levels, strict=True):
        assert level.bound >= best.best
        if level.best < best.best:
            break


def test_an_earlier_plan_is_gone_on_from_with_its_bounds() -> None:
    """A plan that was cut short is no worse after, and what it had proven need not be proven again."""
    problem = large.pairs(60, krap=True, groups=True)
    done = solved(problem)

    again = plan(problem, clock=lambda: 0.0, seconds=1, stop=lambda: True, begun=done)

    assert again.proven
    assert again.slots.tolist() == done.slots.tolist()
    cut = plan(problem, clock=lambda: 0.0, seconds=1, stop=lambda: True)
    assert not cut.proven
    assert solved(problem, begun=cut).levels == done.levels


def test_a_plan_of_another_problem_is_not_gone_on_from() -> None:
    """Its levels are not what the plan is worth here."""
    with pytest.raises(ValueError, match="begun"):
        plan(pairs([[2]]), clock=lambda: 0.0, seconds=1, begun=solved(pairs([[1]])))


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ([np.nan], r"known\[0\]: is nan"),
        ([0.5], r"known\[0\]: is 0.5, not a whole number"),
        ([1], r"known\[0\]: is 1, not within -1 … 0"),
        ([0, 0], "known: has 2 rows, not 1"),
    ],
)
def test_a_known_plan_that_is_none_is_refused(known: list[float], message: str) -> None:
    """One request, one slot: there is slot 0 or nobody."""
    with pytest.raises(ValueError, match=message):
        plan(pairs([[2]]), clock=lambda: 0.0, seconds=1, known=np.array(known))


def test_a_group_that_is_placed_and_can_be_whole_nowhere_is_known_to_be_split() -> None:
    """Both brothers have one place each, at two locaties, and leave: placing comes first, so they are split."""
    found = solved(pairs([[5, None], [None, 5]], groep=[0, 0], splitsbaar=[True]))

    assert found.slots.tolist() == [0, 1]
    assert found.proven and found.levels[5].value == -1


def test_only_a_group_that_can_be_whole_nowhere_counts_as_split_before_anything_is_solved() -> None:
    """The first two can be whole in slot 0, the last two nowhere. From a plan that splits both, one is made whole."""
    table = [[1, None, None, None], [1, 9, None, None], [None, None, 1, None], [None, None, None, 1]]
    problem = pairs(table, capaciteit=[2, 2, 2, 2], groep=[0, 0, 1, 1], splitsbaar=[True, True])
    net = network(problem)
    relaxed = flow(net, ranks(problem), net.value)
    searched = search.Search(problem, relaxed, Budget(lambda: False, lambda: 60.0, None, None, 0.0, 0))
    assert searched.start(net, value(problem, [0, 1, 2, 3]))
    assert searched.lp.torn.tolist() == [1]
    searched.plan = np.array([0, 1, 2, 3])
    searched.worth = value(problem, searched.plan)

    bound = searched.raise_(Tier.GESPLITST, [], 0)

    assert bound == searched.worth[Tier.GESPLITST] == -1
    assert searched.plan.tolist() == [0, 0, 2, 3]


@pytest.mark.parametrize(
    ("best", "bound", "gap"), [(90, 100, 0.1), (100, 100, 0.0), (-10, -8, 0.2), (-3, 0, 1.0), (0, 0, 0.0)]
)
def test_a_gap_is_a_part_of_the_most_and_of_what_should_be_few_a_part_of_what_there_is(
    best: int, bound: int, gap: float
) -> None:
    """90 of at most 100; 10 split of at least 8; 3 split of which perhaps none is needed."""
    assert Level(Tier.GESPLITST, best, best, bound).gap == pytest.approx(gap)


@pytest.mark.parametrize(
    "wrong", [{"seconds": 0.0}, {"seconds": float("nan")}, {"keep": -0.1}, {"keep": 1.5}, {"effort": 0}]
)
def test_limits_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    """With the name of the one that is wrong."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        plan(pairs([[1]]), clock=lambda: 0.0, **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(40))
def test_each_better_plan_is_told_while_it_is_made_with_bounds_that_hold(seed: int) -> None:
    """What is told only gets better, and never passes a bound that was told before."""
    problem = random(seed, groups=True)
    told = []

    found = solved(problem, seen=told.append)

    worths = [tuple(level.value for level in levels) for levels in (*told, found.levels)]
    if told:
        assert [level.tier for level in told[0]] == list(Tier)
        assert all(one[:-2] <= two[:-2] for one, two in pairwise(worths))
    for levels in told:
        first = next((n for n, level in enumerate(levels) if level.value < found.levels[n].value), None)
        assert first is None or found.levels[first].value <= levels[first].bound
