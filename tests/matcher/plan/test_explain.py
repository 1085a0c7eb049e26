"""Why a child is in a place of the joint plan or not: what the parts say, in ids."""

from __future__ import annotations

from typing import Any

import pytest

from matcher.candidates import Candidates
from matcher.explain import openings, slots_of, why
from matcher.follow import Follower
from matcher.pairs import NOBODY
from matcher.plain_plan import Situation
from matcher.price import Prices
from matcher.problem import FOREVER
from matcher.proposal import Proposal, propose
from tests.matcher.make import NOW_HOUR, START, beds, plek
from tests.matcher.plan.situations import asked, child, joint, situation

SEEDS = range(7)


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
    """Over the seeds: beds that nobody has; and some change opens one for a child that is left out."""
    some = 0
    for seed in SEEDS:
        found, made = proposed(seed)
        for aanvraag in made.unplaced:
            for opening in openings(found, made.slots, aanvraag):
                for out in opening.free:
                    taken = [int((made.slots == slot).sum()) for slot in slots_of(found, out.plek)]
                    beds = [int(found.pairs.capaciteit[slot]) for slot in slots_of(found, out.plek)]
                    assert any(there < count for there, count in zip(taken, beds, strict=True))
                    assert opening.change.rules
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
    return [out.plek for one in openings(made.candidates, made.slots, "a") for out in one.free]


def test_a_bed_that_is_held_or_kept_does_not_open() -> None:
    """Nobody has it in the plan; but it is for the holder of the optie, or for crisis."""
    nobody = {"verboden": [("b", "p1")]}
    assert opened(**nobody) == ["p1"]
    assert opened(**nobody, opties=[("b", "p1")]) == []
    assert opened(**nobody, voor_crisis=["p1"]) == []


def test_ids_that_are_not_there_are_refused() -> None:
    """With which."""
    found, made = proposed(0)
    prices = Prices(found.pairs, made.slots)
    with pytest.raises(ValueError, match="aanvraag nobody: is not in the plan"):
        why(found, prices, "nobody", "x", NOW_HOUR)
    with pytest.raises(ValueError, match="plek x: is not in the aanbod"):
        why(found, prices, found.aanvragen[0], "x", NOW_HOUR)
