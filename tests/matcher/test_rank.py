"""The order of places, the rule for ties, and what is said with each."""

from __future__ import annotations

from random import Random

import pytest

from matcher.aanbod import Aanbod
from matcher.geo import Estimate
from matcher.judge import judge
from matcher.problem import Aanvraag, Criterium, Plek, Point
from matcher.rank import rank
from matcher.solution import Mark, Ranking
from tests.matcher import make

TRAVEL = Estimate(omrijfactor=1.0, snelheid_kmh=60.0, vast_min=0.0)

FLAT = make.only(Criterium.PERSPECTIEF)
"""Every place of make.plek scores a hundred."""


def ranked(aanvraag: Aanvraag, plekken: list[Plek], **options: int | bool) -> Ranking:
    return rank(aanvraag, Aanbod.build(plekken, make.CODES), FLAT, TRAVEL, make.NOW_HOUR, **options)  # type: ignore[arg-type]


def order(aanvraag: Aanvraag, plekken: list[Plek]) -> list[str]:
    return [place.plek for place in ranked(aanvraag, plekken, per_voorziening=False).places]


def test_a_higher_score_goes_first() -> None:
    """Half a perspectief is half the points."""
    half = make.plek("p1", voorziening="v1", maximaal_verblijf=1)
    assert order(make.aanvraag(), [half, make.plek("p2", voorziening="v2")]) == ["p2", "p1"]


def test_an_equal_score_goes_by_earlier_start_and_then_by_shorter_travel() -> None:
    """Start before travel; a travel time that is unknown goes last."""
    later = make.plek("p1", voorziening="v1", windows=((1001, 9999),))
    nowhere = make.plek("p2", voorziening="v2", point=None)
    near = make.plek("p3", voorziening="v3", point=Point(140.0, 466.0))
    far = make.plek("p4", voorziening="v4", point=Point(140.0, 500.0))
    assert order(make.aanvraag(), [later, nowhere, near, far]) == ["p3", "p4", "p2", "p1"]


def test_no_provider_always_wins_by_its_id() -> None:
    """What is equal in everything is ordered by a hash that differs per aanvraag: over 300 each of 3 wins its share."""
    equal = [make.plek(f"p{n}", voorziening=f"v{n}", aanbieder=f"a{n}") for n in range(3)]
    aanbod = Aanbod.build(equal, make.CODES)
    first = [rank(make.aanvraag(id=f"r{n}"), aanbod, FLAT, TRAVEL, make.NOW_HOUR).places[0].plek for n in range(300)]
    assert {plek: first.count(plek) > 60 for plek in ("p0", "p1", "p2")} == {"p0": True, "p1": True, "p2": True}


def test_more_beds_give_a_voorziening_no_better_chance_in_a_tie() -> None:
    """The tie is between voorzieningen first: one bed against nine wins about half of 300."""
    beds = [make.plek(f"b{n}", voorziening="groot") for n in range(9)]
    aanbod = Aanbod.build([*beds, make.plek("p1", voorziening="klein")], make.CODES)
    won = sum(
        rank(make.aanvraag(id=f"r{n}"), aanbod, FLAT, TRAVEL, make.NOW_HOUR).places[0].plek == "p1" for n in range(300)
    )
    assert 120 < won < 180


def test_the_order_of_the_rows_does_not_matter() -> None:
    """Any order in, the same order out."""
    plekken = [make.plek(f"p{n}", voorziening=f"v{n % 7}") for n in range(30)]
    shuffled = plekken.copy()
    Random(1).shuffle(shuffled)
    assert ranked(make.aanvraag(), plekken) == ranked(make.aanvraag(), shuffled)


def test_pages_follow_each_other_without_gap_or_double() -> None:
    """Ten voorzieningen in pages of 3, 3, 3 and 1 are the whole list."""
    plekken = [make.plek(f"p{n}", voorziening=f"v{n}", maximaal_verblijf=(None, 1)[n % 2]) for n in range(10)]
    whole = ranked(make.aanvraag(), plekken).places
    pages = [ranked(make.aanvraag(), plekken, limit=3, offset=offset).places for offset in (0, 3, 6, 9, 12)]
    assert [len(page) for page in pages] == [3, 3, 3, 1, 0]
    assert tuple(place for page in pages for place in page) == whole


def test_one_line_per_voorziening_is_its_best_plek_and_how_many_fit() -> None:
    """Three beds of which one falls out; the one that is free first is the line."""
    early, late = make.plek("p1"), make.plek("p2", windows=((1005, 9999),))
    found = ranked(make.aanvraag(), [late, early, make.plek("p3", bemenst=False)])
    assert [(place.plek, place.plekken) for place in found.places] == [("p1", 2)]
    assert (found.voorzieningen, found.plekken, found.weggevallen) == (1, 2, 1)


def test_of_a_plek_with_several_windows_the_best_one_counts_once() -> None:
    """Free on day 1002 and again on day 1008: the first."""
    plek = make.plek(windows=((1002, 1005), (1006, 1008), (1009, 9999)), stop=(1003, 1004))
    asked = make.aanvraag(verblijf=1)
    found = ranked(asked, [plek], per_voorziening=False)
    assert [(place.plek, place.start) for place in found.places] == [("p1", 1002)]
    assert found.plekken == 1


def test_a_samenplaatsing_gets_the_first_common_start_and_the_other_beds() -> None:
    """Beds from day 1000, 1003 and 1006 on, for two: the first common day of the best two is 1003."""
    beds = [make.plek(f"p{n}", windows=((day, 9999),)) for n, day in enumerate((1000, 1003, 1006))]
    # The hash that orders equal beds differs per aanvraag; what is free does not.
    for number in range(8):
        asked = make.aanvraag(make.jeugdige(), make.jeugdige(), id=f"r{number}")
        places = {place.plek: place for place in ranked(asked, beds, per_voorziening=False).places}
        assert {plek: place.start for plek, place in places.items()} == {"p0": 1003, "p1": 1003, "p2": 1006}
        assert (places["p0"].samen_met, places["p1"].samen_met) == (("p1",), ("p0",))
        assert places["p2"].samen_met[0] in {"p0", "p1"}


def test_what_must_be_said_with_a_place_is_said() -> None:
    """No contract, to be discussed, a coarse point; none of them when there is nothing to say."""
    marked = make.plek(contract=False, in_overleg=True, exact=False)
    assert ranked(make.aanvraag(), [marked]).places[0].marks == (
        Mark.OVERLEG_GEMEENTE,
        Mark.IN_OVERLEG,
        Mark.LOCATIE_GROF,
    )
    assert ranked(make.aanvraag(), [make.plek()]).places[0].marks == ()


def test_no_places_at_all_is_an_empty_ranking() -> None:
    """An empty aanbod, and one in which nothing fits."""
    nothing = Ranking(places=(), voorzieningen=0, plekken=0, weggevallen=0)
    assert ranked(make.aanvraag(), []) == nothing
    assert ranked(make.aanvraag(), [make.plek(bemenst=False)]).weggevallen == 1


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"zorgvormen": frozenset({"hotel"})}, "zorgvormen: 'hotel'"),
        ({"regios": frozenset({("gooi", "hotel")})}, "regios: 'hotel'"),
    ],
)
def test_codes_that_the_aanbod_does_not_know_are_refused(wrong: dict[str, frozenset[str]], what: str) -> None:
    """With the aanvraag, the field and the code."""
    with pytest.raises(ValueError, match=f"aanvraag r1: {what} is not in the code list"):
        ranked(make.aanvraag(**wrong), [make.plek()])


def test_what_was_judged_for_another_aanvraag_is_refused() -> None:
    """The rules of one child never decide about the places of another."""
    aanbod = Aanbod.build([make.plek()], make.CODES)
    judged = judge(make.aanvraag(), aanbod, Estimate())

    with pytest.raises(ValueError, match="judged is of another aanvraag"):
        rank(make.aanvraag(), aanbod, make.WEGING, Estimate(), make.NOW_HOUR, judged=judged)


def test_a_page_of_less_than_nothing_is_refused() -> None:
    """Negative limits are a mistake, not an empty page."""
    with pytest.raises(ValueError, match="rank: limit -1, offset 0"):
        ranked(make.aanvraag(), [make.plek()], limit=-1)
