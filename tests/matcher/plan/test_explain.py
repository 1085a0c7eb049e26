"""Why a child is in a place of the joint plan or not: what the parts say, in ids."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from matcher.explain import openings, slots_of, why
from matcher.follow import Follower
from matcher.pairs import NOBODY
from matcher.plain_plan import Situation
from matcher.price import Prices
from matcher.problem import FOREVER
from matcher.proposal.candidates import Candidates
from matcher.proposal.propose import Proposal, propose
from matcher.solution import Rule
from tests.matcher.make import NOW_HOUR, START, beds, plek
from tests.matcher.plan.situations import asked, child, joint, situation

SEEDS = range(7)


@cache
def proposed(seed: int) -> tuple[Candidates, Proposal]:
    made = propose(joint(situation(seed, crowd=True)), clock=lambda: 0.0, seconds=3600.0)
    return made.candidates, made


@pytest.mark.parametrize("seed", SEEDS)
def test_a_plek_fits_with_a_rank_or_falls_out_with_reasons_and_a_choice_of_the_plan_has_a_price(seed: int) -> None:
    """Of every child and plek. What the plan has costs nothing; who loses the place is one of those who move."""
    found, made = proposed(seed)
    prices, follower = Prices(found.pairs, made.slots), Follower(found.pairs, made.slots, made.levels)

    for who, aanvraag in enumerate(found.aanvragen):
        for bed in sorted(set(found.aanbod.vensters.id.tolist())):
            seen = why(found, prices, aanvraag, bed, NOW_HOUR, follower)

            assert (seen.fit is None) == bool(seen.reasons) == (seen.place is None)
            choice = [slot for slot in slots_of(found, bed) if found.pair(who, slot) != NOBODY]
            if not choice:
                assert (seen.least, seen.most, seen.moves) == (None, None, ())
            elif prices.slots[who] in choice:
                assert seen.least == seen.most and set((seen.most or {}).values()) == {0}
            elif seen.most is not None and seen.least is not None:
                assert list(seen.least.values())[1:] <= list(seen.most.values())[1:]
                assert aanvraag in {move.aanvraag for move in seen.moves}
            assert seen.loser is None or seen.loser in {move.aanvraag for move in seen.moves if move.end is None}


def test_what_opens_by_a_change_is_free_in_the_plan() -> None:
    """Over the seeds: beds that nobody has, or in a period that no child can use; and some open for who is left out."""
    some = 0
    for seed in SEEDS:
        found, made = proposed(seed)
        taken = np.bincount(made.slots[made.slots != NOBODY], minlength=found.pairs.slots)
        for aanvraag in made.unplaced:
            for change in openings(found, made.slots, aanvraag):
                for out in change.places:
                    of = slots_of(found, out.plek)
                    periods = int((found.aanbod.vensters.id == out.plek).sum())
                    assert periods > len(of) or any(taken[slot] < found.pairs.capaciteit[slot] for slot in of)
                    assert change.rules
                    some += 1
    assert some


def test_a_plek_that_is_free_twice_costs_what_the_cheaper_period_costs() -> None:
    """p1 has days 1000 to 1003 and from 1005 on: b, who waited longer, needs the first; a could have the second."""
    families = [
        asked(child("a", verblijf=4)),
        asked(child("b", verblijf=4, uiterlijke_datum=START), wachtdagen=(9,)),
    ]
    plekken = [plek("p1", windows=((START, START + 4), (START + 5, FOREVER)))]
    made = propose(joint(Situation(asked=families, plekken=plekken, now_hour=NOW_HOUR)), clock=lambda: 0.0)
    found, prices = made.candidates, Prices(made.candidates.pairs, made.slots)
    each = [prices.pair(0, slot) for slot in slots_of(found, "p1") if found.pair(0, slot) != NOBODY]
    assert len(each) == 2

    seen = why(found, prices, "a", "p1", NOW_HOUR)

    assert seen.most == min((one for one in each if one), key=lambda one: one.cost).loss


def opened(**said: Any) -> list[str]:
    """The plekken that open to a, who is too young for p1 by a month."""
    families = [asked(child("a", 95)), asked(child("b", 120))]
    s = Situation(asked=families, plekken=beds(1, leeftijd_van=96), now_hour=NOW_HOUR, **said)
    made = propose(joint(s), clock=lambda: 0.0)
    return [out.plek for one in openings(made.candidates, made.slots, "a") for out in one.places]


def test_a_bed_that_is_held_or_kept_does_not_open() -> None:
    """Nobody has it in the plan; but it is for the holder of the optie, or for crisis."""
    nobody = {"verboden": [("b", "p1")]}
    assert opened(**nobody) == ["p1"]
    assert opened(**nobody, opties=[("b", "p1")]) == []
    assert opened(**nobody, voor_crisis=["p1"]) == []


def test_of_a_home_with_one_bed_taken_the_other_opens() -> None:
    """b has either; the other is as free as that of a home where nobody is."""
    families = [asked(child("a", 95)), asked(child("b", 120))]
    s = Situation(asked=families, plekken=beds(2, leeftijd_van=96), now_hour=NOW_HOUR)
    made = propose(joint(s), clock=lambda: 0.0)

    (change,) = openings(made.candidates, made.slots, "a")

    assert (change.rules, change.plekken) == ((Rule.LEEFTIJD,), 1)


def test_a_bed_that_no_child_can_use_can_open() -> None:
    """Without staff, or free a week after the last day: no choice of the plan, and the first that comes to mind."""
    plekken = [plek("p1", bemenst=False), plek("p2", windows=((START + 40, FOREVER),))]
    s = Situation(asked=[asked(child("a", uiterlijke_datum=START + 33))], plekken=plekken, now_hour=NOW_HOUR)
    made = propose(joint(s), clock=lambda: 0.0)

    found = {change.rules: [out.plek for out in change.places] for change in openings(made.candidates, made.slots, "a")}

    assert found == {(Rule.ONBEMENST,): ["p1"], (Rule.PERIODE,): ["p2"]}


def test_a_samenplaatsing_that_may_not_be_split_is_looked_at_as_a_whole() -> None:
    """Two beds for older children open for both when they do; one bed opens when they may live apart."""
    both = [asked(child("a", 95), child("b", 90), mag_splitsen=False)]

    def rules(count: int) -> set[tuple[Rule, ...]]:
        s = Situation(asked=both, plekken=beds(count, leeftijd_van=96), now_hour=NOW_HOUR)
        made = propose(joint(s), clock=lambda: 0.0)
        return {change.rules for change in openings(made.candidates, made.slots, "a")}

    assert rules(2) == {(Rule.LEEFTIJD,)}
    assert rules(1) == {(Rule.LEEFTIJD, Rule.BEDDEN)}


def test_ids_that_are_not_there_are_refused() -> None:
    """With which."""
    found, made = proposed(0)
    prices = Prices(found.pairs, made.slots)
    with pytest.raises(ValueError, match="aanvraag nobody: is not in the plan"):
        why(found, prices, "nobody", "x", NOW_HOUR)
    with pytest.raises(ValueError, match="plek x: is not in the aanbod"):
        why(found, prices, found.aanvragen[0], "x", NOW_HOUR)
