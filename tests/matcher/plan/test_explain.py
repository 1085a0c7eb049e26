"""Why a child is in a place of the joint plan or not: what the parts say, in ids."""

from __future__ import annotations

import pytest

from matcher.candidates import Candidates
from matcher.explain import openings, slots_of, why
from matcher.follow import Follower
from matcher.pairs import NOBODY
from matcher.price import Prices
from matcher.proposal import Proposal, propose
from tests.matcher.make import NOW_HOUR
from tests.matcher.plan.situations import joint, situation

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
        for plek in sorted(set(found.aanbod.vensters.id.tolist())):
            seen = why(found, prices, aanvraag, plek, NOW_HOUR, follower)

            assert (seen.fit is None) == bool(seen.reasons) == (seen.place is None)
            choice = [slot for slot in slots_of(found, plek) if found.pair(who, slot) != NOBODY]
            if not choice:
                assert (seen.least, seen.most, seen.moves) == (None, None, ())
            elif prices.slots[who] == choice[0]:
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


def test_ids_that_are_not_there_are_refused() -> None:
    """With which."""
    found, made = proposed(0)
    prices = Prices(found.pairs, made.slots)
    with pytest.raises(ValueError, match="aanvraag nobody: is not in the plan"):
        why(found, prices, "nobody", "x", NOW_HOUR)
    with pytest.raises(ValueError, match="plek x: is not in the aanbod"):
        why(found, prices, found.aanvragen[0], "x", NOW_HOUR)
