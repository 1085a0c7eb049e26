"""The fast library says the same as its plain specification (matcher/plain.py), on seeded random problems."""

from __future__ import annotations

from itertools import combinations
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import plain
from matcher.aanbod import Aanbod
from matcher.geo import Estimate
from matcher.problem import Plek
from matcher.rank import rank
from matcher.reasons import broken, changes, fallen_out, judge, why_not
from matcher.rules import ALL, BED_RULES, BIT, PROFILE_RULES, WINDOWS, ask, profile_rules
from matcher.solution import RELAXABLE, REVEALING, Change, Rule
from tests.matcher import problems
from tests.matcher.make import CODES, NOW_HOUR

SEEDS = st.integers(min_value=0, max_value=2**32)
TRAVEL = Estimate()
VOORZIENINGEN = 4


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_the_same_places_fit_in_the_same_order_with_the_same_points(seed: int) -> None:
    """Places, first days, contributions and order of rank are those of the specification."""
    random = Random(seed)
    supply = problems.plekken(random, VOORZIENINGEN)
    aanvraag, weging = problems.aanvraag(random, VOORZIENINGEN), problems.weging(random)

    ranking = rank(aanvraag, Aanbod.build(supply, CODES), weging, TRAVEL, NOW_HOUR, per_voorziening=False, limit=100)

    wanted = plain.fitting(aanvraag, supply, TRAVEL)
    by_id = {plek.id: plek for plek in supply}
    assert {place.plek for place in ranking.places} == wanted.keys()
    assert (ranking.plekken, ranking.weggevallen) == (len(wanted), len(supply) - len(wanted))
    assert ranking.voorzieningen == len({by_id[id].voorziening for id in wanted})
    for place in ranking.places:
        assert place.start == wanted[place.plek]
        points = plain.contributions(
            aanvraag, by_id[place.plek], supply, weging=weging, travel=TRAVEL, start=place.start, now_hour=NOW_HOUR
        )
        assert place.contributions == pytest.approx(points, abs=1e-9)
        assert place.score == sum(place.contributions.values())
    keys = [
        (-round(place.score * 1e9), place.start, _home(aanvraag.thuis, by_id[place.plek])) for place in ranking.places
    ]
    assert keys == sorted(keys)


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_the_same_rules_fail(seed: int) -> None:
    """Per plek all the rules that fail, their counts, and nothing for what fits."""
    random = Random(seed)
    supply = problems.plekken(random, VOORZIENINGEN)
    aanvraag = problems.aanvraag(random, VOORZIENINGEN)

    judged = judge(aanvraag, Aanbod.build(supply, CODES), TRAVEL)

    wanted = plain.judged(aanvraag, supply, TRAVEL)
    for plek in supply:
        assert {reason.rule for reason in why_not(judged, plek.id).reasons} == wanted[plek.id]
        assert broken(judged, plek.id) == len(wanted[plek.id])
    out = fallen_out(judged, per_voorziening=False, limit=100)
    assert {place.plek: len(place.reasons) for place in out.places} == {
        id: len(wrong) for id, wrong in wanted.items() if wrong
    }
    assert [len(place.reasons) for place in out.places] == sorted(len(place.reasons) for place in out.places)
    assert out.per_rule == {rule: count for rule in BIT if (count := sum(rule in wrong for wrong in wanted.values()))}
    assert out.alone == {rule: count for rule in BIT if (count := sum({rule} == wrong for wrong in wanted.values()))}
    assert out.revealing == sum(bool(wrong & REVEALING) for wrong in wanted.values())
    assert out.revealing_alone == sum(bool(wrong) and wrong <= REVEALING for wrong in wanted.values())
    assert {id for id, wrong in wanted.items() if not wrong} == plain.fitting(aanvraag, supply, TRAVEL).keys()


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_rank_says_the_same_with_the_rules_already_judged(seed: int) -> None:
    """Who wants the reasons as well judges first; that changes nothing about the order, the points or the numbers."""
    random = Random(seed)
    aanbod = Aanbod.build(problems.plekken(random, VOORZIENINGEN), CODES)
    aanvraag, weging = problems.aanvraag(random, VOORZIENINGEN), problems.weging(random)

    judged = judge(aanvraag, aanbod, TRAVEL)

    assert rank(aanvraag, aanbod, weging, TRAVEL, NOW_HOUR, judged=judged) == rank(
        aanvraag, aanbod, weging, TRAVEL, NOW_HOUR
    )


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_no_place_fails_a_rule_that_is_left_out(seed: int) -> None:
    """Rules of the profile that ask nothing of an aanvraag, and windows without a stop or with staff, are skipped."""
    random = Random(seed)
    aanbod = Aanbod.build(problems.plekken(random, VOORZIENINGEN), CODES)
    q = ask(problems.aanvraag(random, VOORZIENINGEN), aanbod, TRAVEL)

    for rule in PROFILE_RULES.keys() - profile_rules(q).keys():
        assert not PROFILE_RULES[rule](q, ALL).any()
    for rule, rows in WINDOWS.items():
        assert set(np.flatnonzero(BED_RULES[rule](q, ALL))) <= set(np.arange(len(aanbod.vensters.id))[rows(aanbod)])


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_the_same_changes_open_the_same_places(seed: int) -> None:
    """One rule, then two: what opens is what the specification lets open, and not what a smaller change opens."""
    random = Random(seed)
    supply = problems.plekken(random, VOORZIENINGEN)
    aanvraag, limits = problems.aanvraag(random, VOORZIENINGEN), problems.limits(random)
    units = {plek.id: plek.voorziening for plek in supply}

    found = changes(
        judge(aanvraag, Aanbod.build(supply, CODES), TRAVEL), limits=limits, few=10**6, examples=100, most=100
    )

    usable = sorted(RELAXABLE if len(aanvraag.jeugdigen) > 1 else RELAXABLE - {Rule.BEDDEN})
    told: dict[frozenset[Rule], set[str]] = {frozenset(): plain.opened(aanvraag, supply, TRAVEL, frozenset(), limits)}
    wanted = {}
    for gone in [frozenset(some) for size in (1, 2) for some in combinations(usable, size)]:
        told[gone] = plain.opened(aanvraag, supply, TRAVEL, gone, limits)
        new = told[gone].difference(*(opened for smaller, opened in told.items() if smaller < gone))
        if new:
            wanted[gone] = (len(new), {units[id] for id in new})
    assert {frozenset(change.rules): _opened(change) for change in (*found.one, *found.two)} == wanted


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_a_replaced_voorziening_is_as_if_it_were_built_so(seed: int) -> None:
    """`replace` drops, changes and adds voorzieningen; rank, reasons and numbers are those of a fresh build."""
    random = Random(seed)
    aanvraag, weging = problems.aanvraag(random, VOORZIENINGEN), problems.weging(random)
    before = problems.plekken(random, VOORZIENINGEN)
    changed = [plek for plek in problems.plekken(random, VOORZIENINGEN) if plek.voorziening in {"v0", "v2"}]
    after = [plek for plek in before if plek.voorziening not in {"v0", "v1", "v2"}] + changed
    random.shuffle(after)

    replaced = Aanbod.build(before, CODES).replace({"v0", "v1", "v9"}, changed)

    fresh = Aanbod.build(after, CODES)
    assert replaced.plekken == fresh.plekken == len(after)
    one, two = (rank(aanvraag, aanbod, weging, TRAVEL, NOW_HOUR) for aanbod in (replaced, fresh))
    assert one == two
    assert fallen_out(judge(aanvraag, replaced, TRAVEL)) == fallen_out(judge(aanvraag, fresh, TRAVEL))
    assert changes(judge(aanvraag, replaced, TRAVEL)) == changes(judge(aanvraag, fresh, TRAVEL))


def _home(thuis: object, plek: Plek) -> float:
    away = plain.minutes(TRAVEL, thuis, plek.point)  # type: ignore[arg-type]
    return float("inf") if away is None else away


def _opened(change: Change) -> tuple[int, set[str]]:
    assert change.voorzieningen == len(change.places)
    assert change.plekken == sum(place.plekken for place in change.places)
    return change.plekken, {place.voorziening for place in change.places}
