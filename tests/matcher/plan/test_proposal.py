"""From aanvragen to plekken: each proposal is what the plain specification (plain_plan.py) allows, and the best."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

import matcher.proposal.fits
from matcher import plain_plan
from matcher.aanbod import Aanbod
from matcher.check import Breach, Tier, violations
from matcher.pairs import CRISIS, NOBODY, Ints
from matcher.plan import Limit
from matcher.problem import FOREVER, Area, Group, Plek, Point, Urgentie
from matcher.proposal import family
from matcher.proposal.candidates import Asked, Candidates, candidates
from matcher.proposal.company import clashes, mended
from matcher.proposal.propose import Proposal, propose
from tests.matcher.make import CODES, NOW_HOUR, START, aanvraag, beds, jeugdige, plek
from tests.matcher.plan.situations import PLANS, asked, best, child, count, joint, situation

SEEDS = st.integers(min_value=0, max_value=2**32)


def proposed(s: plain_plan.Situation, **options: object) -> Proposal:
    """With a clock that stands still; passes the specification."""
    found = propose(joint(s), clock=lambda: 0.0, seconds=3600.0, keep=0.0, **options)  # type: ignore[arg-type]
    plan = {place.aanvraag: (place.plek, place.start) for place in found.places}
    assert plain_plan.wrong(s, plan) == []
    assert len(found.places) + len(found.unplaced) == sum(len(one.kinderen) for one in s.asked)
    for place in found.places:
        assert place.score == pytest.approx(plain_plan.score(s, place.aanvraag, plan[place.aanvraag]), abs=0.0051)
        assert {plek.id: plek.voorziening for plek in s.plekken}[place.plek] == place.voorziening
    missed = {id for id, _ in plain_plan.fixed(s, plan)}
    told = {id for conflict in found.conflicts for id in conflict.aanvragen}
    assert missed <= told
    assert bool(missed) == bool(told)
    return found


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_the_pairs_are_the_places_of_the_specification(seed: int) -> None:
    """Every child, plek and first day that the rules leave, with the points of rank; nothing else."""
    s = situation(seed)

    found = joint(s)

    can = plain_plan.places(s)
    held = {plek: id for id, plek in s.opties}
    given_ = set(held) | {where for _, where in s.vast}
    made: dict[str, list[tuple[str, int]]] = {id: [] for id in can}
    for pair, (who, slot) in enumerate(zip(found.pairs.request.tolist(), found.pairs.slot.tolist(), strict=True)):
        for row in found.beds(slot).tolist():
            id, bed = found.aanvragen[who], (found.aanbod.vensters.id[row], int(found.start[pair]))
            kept = bed[0] in s.voor_crisis and bed[0] not in given_ and found.pairs.urgentie[who] != CRISIS
            if held.get(bed[0], id) == id and not kept and found.pairs.capaciteit[slot]:
                made[id].append(bed)
                assert found.pairs.value[pair] == pytest.approx(100 * plain_plan.score(s, id, bed), abs=0.51)
    assert {id: sorted(beds) for id, beds in made.items()} == {id: sorted(beds) for id, beds in can.items()}


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_no_allowed_plan_is_better(seed: int) -> None:
    """In any tier, by looking at every plan over plekken where there are few enough; and all is proven."""
    s = situation(seed)

    found = proposed(s)

    can = plain_plan.places(s)
    if count(can) <= PLANS:
        fixed, *tiers, points = best(s, can)
        levels = {level.tier: level for level in found.levels}
        reached = [levels[tier].best for tier in Tier if tier not in {Tier.VAST, Tier.BEHOUDEN}]
        plan = {place.aanvraag: (place.plek, place.start) for place in found.places}
        assert len(s.vast) - len(list(plain_plan.fixed(s, plan))) == fixed
        assert reached[:-1] == tiers
        assert reached[-1] == pytest.approx(points, abs=len(found.places))
        assert found.proven


# ── By hand ──────────────────────────────────────────────────────────────────────────────────────


def beds_of(families: list[Asked], plekken: list[Plek], **said: Any) -> dict[str, tuple[str, int]]:
    """Per aanvraag plek and first day, of a proposal that the specification allows."""
    s = plain_plan.Situation(asked=families, plekken=plekken, now_hour=NOW_HOUR, **said)
    return {place.aanvraag: (place.plek, place.start) for place in proposed(s).places}


def test_brothers_and_sisters_start_on_the_first_day_that_one_voorziening_has_a_bed_for_each() -> None:
    """The second bed is free from day 1004 on: both start then, though one could come on day 1000."""
    plekken = [plek("p1"), plek("p2", windows=((START + 4, FOREVER),))]

    assert beds_of([asked(child("a"), child("b"), id="s")], plekken) in (
        {"a": ("p1", START + 4), "b": ("p2", START + 4)},
        {"a": ("p2", START + 4), "b": ("p1", START + 4)},
    )


def test_without_a_voorziening_for_all_the_locatie_as_a_whole_counts() -> None:
    """Two voorzieningen of one bed on one locatie, free from day 1000 and from day 1002 on."""
    plekken = [plek("p1"), plek("q1", voorziening="v2", windows=((START + 2, FOREVER),))]

    days = beds_of([asked(child("a"), child("b"), id="s")], plekken)

    assert {day for _, day in days.values()} == {START + 2}


def test_the_day_for_a_locatie_is_one_on_which_each_group_is_right() -> None:
    """v1 has two beds on day 1000, but not for these two together; with the bed of v2 they can come on day 1004."""
    plekken = [
        *beds(2, group=Group(), leeftijdsverschil_max=12),
        plek("q1", voorziening="v2", windows=((START + 4, FOREVER),)),
    ]

    days = beds_of([asked(child("a", 96), child("b", 120), id="s")], plekken)

    assert [day for _, day in days.values()] == [START + 4] * 2


@pytest.mark.parametrize("staffed", ["p1", "p2"])
def test_a_bed_without_staff_is_not_one_of_equal_beds(staffed: str) -> None:
    """Two children, two beds of which one is staffed."""
    plekken = [plek(id, bemenst=id == staffed) for id in ("p1", "p2")]

    assert [bed for bed, _ in beds_of([asked(child("a")), asked(child("b"))], plekken).values()] == [staffed]


def test_a_later_day_in_one_voorziening_goes_before_an_earlier_one_over_two() -> None:
    """On day 1000 one bed here and one there; on day 1006 both in v1: that is the day, and who is whole is there."""
    plekken = [plek("p1"), plek("p2", windows=((START + 6, FOREVER),)), plek("q1", voorziening="v2")]

    found = beds_of([asked(child("a"), child("b"), id="s")], plekken)

    assert {bed for bed, _ in found.values()} == {"p1", "p2"}
    assert {day for _, day in found.values()} == {START + 6}


def test_who_must_stay_together_shares_what_is_common() -> None:
    """Zorgvorm, start, latest start, stay, exclusions and travel are those of both."""
    one = child(
        "a", zorgvormen=frozenset({"gezinshuis"}), gewenste_start=START, uiterlijke_datum=START + 10, verblijf=5
    )
    two = child("b", gewenste_start=START + 2, uiterlijke_datum=START + 3, verblijf=30, maximale_reistijd=40)
    area = Area(Point(140.0, 475.0), 2.0)
    three = child("c", uitgesloten_voorzieningen=frozenset({"v2"}), uitgesloten_aanbieders=frozenset({"a2"}))
    three = structs.replace(three, uitgesloten_gebieden=(area,))

    shared = family.shared((one, two, three), mag_splitsen=False)

    for who in shared:
        assert who.zorgvormen == {"gezinshuis"}
        assert (who.gewenste_start, who.uiterlijke_datum, who.verblijf) == (START + 2, START + 3, 100)
        assert who.maximale_reistijd == 40
        assert who.uitgesloten_voorzieningen == {"v2"}
        assert who.uitgesloten_aanbieders == {"a2"}
        assert who.uitgesloten_gebieden == (area,)


def test_without_a_zorgvorm_in_common_a_family_fits_nowhere_unless_it_may_be_split() -> None:
    """One asks pleegzorg, the other a gezinshuis; a locatie with both is not together."""
    children = child("a", zorgvormen=frozenset({"pleegzorg"})), child("b", zorgvormen=frozenset({"gezinshuis"}))
    both = [*beds(2), plek("q1", voorziening="v2", zorgvorm="pleegzorg")]

    assert beds_of([asked(*children, id="s")], both) == {}
    assert beds_of([asked(*children, id="s", mag_splitsen=True)], beds(1)) == {"b": ("p1", START)}


def test_a_bed_with_an_optie_is_only_for_its_holder() -> None:
    """The other waited longer, and stays out; the holder goes to the bed that is held for it."""
    families = [asked(child("a")), asked(child("b"), wachtdagen=(900,))]

    assert beds_of(families, beds(1), opties=[("a", "p1")]) == {"a": ("p1", START)}


def test_a_bed_kept_for_crisis_is_only_for_crisis() -> None:
    """Two beds, one of them kept."""
    families = [
        asked(child(id, urgentie=urgentie))
        for id, urgentie in (("a", Urgentie.SPOED), ("b", Urgentie.SPOED), ("c", Urgentie.CRISIS))
    ]
    calm = [one for one in families if one.id != "c"]

    assert len(beds_of(calm, beds(2), voor_crisis=["p2"])) == 1
    assert beds_of(families, beds(2), voor_crisis=["p2"])["c"][0] == "p2"


def test_a_bed_kept_for_crisis_that_a_person_gives_away_is_no_longer_kept() -> None:
    """Fixed for a child that is not in crisis."""
    assert beds_of([asked(child("a"))], beds(1), voor_crisis=["p1"], vast=[("a", "p1")]) == {"a": ("p1", START)}


def test_kenmerken_with_a_maximum_are_counted_among_those_who_come_together() -> None:
    """Room for one more child who sets fires: three beds, but two of them stay out."""
    plekken = beds(3, group=Group(room={"brandstichting": 1}))
    families = [asked(child(id, kenmerken=("brandstichting",))) for id in "abc"]

    assert len(beds_of(families, plekken)) == 1


def test_a_kenmerk_with_room_for_more_than_eight_is_counted_as_well() -> None:
    """Room for nine and ten beds: the tenth stays out."""
    plekken = beds(10, group=Group(room={"brandstichting": 9}))
    families = [asked(child(id, kenmerken=("brandstichting",))) for id in "abcdefghij"]

    assert len(beds_of(families, plekken)) == 9


def test_ages_too_far_apart_do_not_come_together() -> None:
    """At most five years between the oldest and the youngest: 8 and 13 fit, 14 does not."""
    plekken = beds(3, group=Group(), leeftijdsverschil_max=60)
    families = [asked(child("a", 96)), asked(child("b", 156)), asked(child("c", 168), wachtdagen=(0,))]

    assert beds_of(families, plekken).keys() == {"a", "b"}


def test_brothers_who_do_not_fit_in_one_group_are_not_put_there() -> None:
    """Their ages are too far apart for v1, so they go to v2, which scores less and comes later."""
    plekken = [
        *beds(2, group=Group(), leeftijdsverschil_max=12),
        *(plek(id, voorziening="v2", zorgvorm="pleegzorg", windows=((START + 3, FOREVER),)) for id in ("q1", "q2")),
    ]

    found = beds_of([asked(child("a", 96), child("b", 120), id="s")], plekken)

    assert {bed for bed, _ in found.values()} == {"q1", "q2"}


def stopped(s: plain_plan.Situation) -> Proposal:
    """After its first round."""
    told: list[int] = []
    return proposed(s, report=lambda number, _: told.append(number), stop=lambda: bool(told))


def test_out_of_time_children_who_clash_are_taken_out_and_named() -> None:
    """The least urgent goes, and the answer is allowed."""
    plekken = beds(2, group=Group(), leeftijdsverschil_max=12)
    families = [asked(child("a", 96, urgentie=Urgentie.SPOED)), asked(child("b", 168))]
    s = plain_plan.Situation(asked=families, plekken=plekken, now_hour=NOW_HOUR)

    found = stopped(s)

    assert found.dropped == ("b",)
    assert found.unplaced == ("b",)
    assert found.limit is not Limit.NONE


@settings(max_examples=20, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_what_is_proven_in_one_round_holds_for_the_best_plan(seed: int) -> None:
    """In a crowd many clash. Stopped after one round a plan is allowed, and no better plan exceeds its bounds."""
    s = situation(seed, crowd=True)

    early, best_ = stopped(s), proposed(s)

    assert best_.proven and not best_.dropped
    assert set(early.dropped) <= set(early.unplaced)
    for at, level in enumerate(best_.levels):
        if [one.best for one in early.levels[:at]] == [one.best for one in best_.levels[:at]]:
            assert early.levels[at].best <= level.best <= early.levels[at].bound


def test_who_clashes_goes_where_it_fits_when_time_is_out() -> None:
    """`mended`: v1 takes only one of them, v2 has a bed."""
    plekken = [*beds(2, group=Group(), leeftijdsverschil_max=12), plek("q1", voorziening="v2", zorgvorm="pleegzorg")]
    families = [asked(child("a", 96)), asked(child("b", 168))]
    c = joint(plain_plan.Situation(asked=families, plekken=plekken, now_hour=NOW_HOUR))

    assert sorted(mended(c, np.array([0, 0])).tolist()) == [0, 1]


@settings(max_examples=80, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_a_mended_plan_is_allowed_and_changes_only_where_children_clash(seed: int) -> None:
    """From any plan that breaks nothing but who comes together; fixed children stay when others can go."""
    dice, s = Random(seed), situation(seed, crowd=True)
    found = joint(s)
    slots = anyhow(dice, found)
    wrong = clashes(found, slots)

    out = mended(found, slots)

    pairs = found.pairs
    assert clashes(found, out) == []
    assert {one.rule for one in violations(pairs, out.tolist())} <= {Breach.VAST}
    near = {who for clash in wrong for who in clash.children}
    mates = {who for who in range(pairs.requests) if any(0 <= pairs.groep[who] == pairs.groep[one] for one in near)}
    changed = set(np.flatnonzero(out != slots).tolist())
    assert changed <= near | mates
    assert {who for who in changed if out[who] >= 0} <= near
    fixed = set(pairs.vast[:, 0].tolist())
    assert all(out[who] == NOBODY for who in changed & fixed)


@pytest.mark.parametrize(
    ("one", "two", "fixed", "stays"),
    [
        ({"urgentie": Urgentie.SPOED}, {"wachtdagen": 99}, "", "a"),
        ({"wachtdagen": 4}, {"wachtdagen": 5}, "", "b"),
        ({"wachtdagen": 5}, {"wachtdagen": 4}, "", "a"),
        ({"urgentie": Urgentie.CRISIS}, {}, "b", "b"),
    ],
)
def test_of_those_who_clash_the_fixed_then_the_urgent_then_the_longest_waiting_stay(
    one: dict[str, Any], two: dict[str, Any], fixed: str, stays: str
) -> None:
    """Two beds, ages too far apart, and no other voorziening."""
    families = [
        asked(
            child(id, months, urgentie=given.get("urgentie", Urgentie.REGULIER)),
            wachtdagen=(given.get("wachtdagen", 3),),
        )
        for id, months, given in (("a", 96, one), ("b", 168, two))
    ]
    vast = [(fixed, "v1")] if fixed else []
    plekken = beds(2, group=Group(), leeftijdsverschil_max=12)
    found = joint(plain_plan.Situation(asked=families, plekken=plekken, now_hour=NOW_HOUR, vast=vast))

    out = mended(found, np.array([0, 0]))

    assert [id for id, slot in zip(found.aanvragen, out.tolist(), strict=True) if slot >= 0] == [stays]


def anyhow(dice: Random, found: Candidates) -> Ints:
    """A plan by chance that is allowed for the pairs."""
    pairs, slots = found.pairs, np.full(found.pairs.requests, NOBODY)
    fixed = dict(pairs.vast.tolist())
    groups = [[who] for who in np.flatnonzero(pairs.groep < 0).tolist()]
    groups += [np.flatnonzero(pairs.groep == group).tolist() for group in range(len(pairs.splitsbaar))]
    dice.shuffle(groups)
    groups.sort(key=lambda members: not fixed.keys() & set(members))
    for members in groups:
        for _ in range(20):
            trial = slots.copy()
            for who in members:
                own = pairs.slot[pairs.first[who] : pairs.first[who + 1]].tolist()
                if own:
                    trial[who] = fixed.get(who, dice.choice(own))
            if {one.rule for one in violations(pairs, trial.tolist())} <= {Breach.VAST}:
                slots = trial
                break
    return slots


def test_who_has_somewhere_else_goes_there_though_the_other_is_less_urgent() -> None:
    """Only the urgent one fits in v2: both are placed."""
    group: dict[str, Any] = {"group": Group(), "leeftijdsverschil_max": 12}
    plekken = [*beds(2, **group), plek("q1", voorziening="v2", leeftijd_tot=130)]
    families = [asked(child("a", 96, urgentie=Urgentie.SPOED)), asked(child("b", 168))]
    found = joint(plain_plan.Situation(asked=families, plekken=plekken, now_hour=NOW_HOUR))

    assert mended(found, np.array([0, 0])).tolist() == [1, 0]


def test_who_clashed_with_a_brother_that_left_along_stays() -> None:
    """a leaves v1 for the more urgent c, and b in v2 with it: so d, who waited least, clashes with nobody."""
    group: dict[str, Any] = {"group": Group(), "leeftijdsverschil_max": 12}
    plekken = [*beds(2, **group), *(plek(id, voorziening="v2", **group) for id in ("q1", "q2"))]
    families = [
        asked(child("c", 168, urgentie=Urgentie.SPOED)),
        asked(child("a", 96), child("b", 96), id="s", wachtdagen=(1, 99)),
        asked(child("d", 168), wachtdagen=(0,)),
    ]
    found = joint(plain_plan.Situation(asked=families, plekken=plekken, now_hour=NOW_HOUR))

    assert mended(found, np.array([0, 0, 1, 1])).tolist() == [0, NOBODY, NOBODY, 1]


def test_a_child_keeps_the_bed_that_it_had() -> None:
    """Three beds alike: the plek of the plan before this one."""
    for bed in ("p1", "p2", "p3"):
        assert beds_of([asked(child("a"))], beds(3), vorige={"a": bed})["a"][0] == bed


def test_a_bed_that_need_not_be_asked_first_goes_before_one_in_overleg() -> None:
    """They score the same."""
    plekken = [plek("p1", in_overleg=True), plek("p2"), plek("p3", in_overleg=True)]

    assert beds_of([asked(child("a"))], plekken) == {"a": ("p2", START)}


def test_a_child_goes_where_a_person_fixed_it() -> None:
    """A plek, or any bed of a voorziening: also the worse one, and with others out."""
    plekken = [plek("p1"), *(plek(id, voorziening="v2", leeftijd_tot=130) for id in ("q1", "q2"))]
    families = [asked(child("a")), asked(child("b"), wachtdagen=(99,))]

    assert beds_of(families, plekken, vast=[("a", "q1")])["a"][0] == "q1"
    assert beds_of(families, plekken[:1], vast=[("a", "v1")]) == {"a": ("p1", START)}


def test_two_children_fixed_in_one_voorziening_get_a_bed_each() -> None:
    """Beds that differ: the second one is free a day later, and both would be best in the first."""
    plekken = [plek("p1"), plek("p2", windows=((START + 1, FOREVER),))]
    families = [asked(child("a")), asked(child("b"))]

    found = beds_of(families, plekken, vast=[("a", "v1"), ("b", "v1")])

    assert {bed for bed, _ in found.values()} == {"p1", "p2"}


def test_a_child_fixed_in_a_voorziening_gets_its_best_bed_that_is_not_held() -> None:
    """The first bed comes too late to be best, the second is held for another child."""
    plekken = [
        plek("p1", windows=((START + 2, FOREVER),)),
        plek("p2"),
        plek("p3", windows=((START + 1, FOREVER),)),
    ]
    families = [asked(child("a")), asked(child("b"))]

    assert beds_of(families, plekken, vast=[("a", "v1")], opties=[("b", "p2")])["a"] == ("p3", START + 1)


def test_a_child_stays_in_the_voorziening_that_it_had() -> None:
    """Two that score the same: as few changes as possible."""
    plekken = [plek("p1"), plek("q1", voorziening="v2")]
    families = [asked(child("a")), asked(child("b"))]

    for one, two in (("p1", "q1"), ("q1", "p1")):
        found = beds_of(families, plekken, vorige={"a": one, "b": two})
        assert found == {"a": (one, START), "b": (two, START)}


def test_what_is_forbidden_is_not_made() -> None:
    """A plek for one child only; a voorziening as a whole."""
    assert beds_of([asked(child("a"))], beds(2), verboden=[("a", "p1")]) == {"a": ("p2", START)}
    assert beds_of([asked(child("a"))], beds(2), verboden=[("a", "v1")]) == {}


def conflicts(families: list[Asked], plekken: list[Plek], **said: Any) -> list[tuple[set[str], set[str], str | None]]:
    s = plain_plan.Situation(asked=families, plekken=plekken, now_hour=NOW_HOUR, **said)
    return [(set(one.aanvragen), set(one.rules), one.plek) for one in proposed(s).conflicts]


def test_a_fixed_place_that_falls_out_is_named_with_its_rules() -> None:
    """Too young and without staff."""
    found = conflicts([asked(child("a", 60))], [plek("p1", bemenst=False)], vast=[("a", "p1")])
    assert found == [({"a"}, {"leeftijd", "onbemenst"}, "p1")]


def test_of_a_voorziening_the_rules_of_its_nearest_plek_are_named() -> None:
    """One is not staffed, the other is free too late as well."""
    plekken = [plek("p1", bemenst=False), plek("p2", bemenst=False, windows=((START + 99, FOREVER),))]
    assert conflicts([asked(child("a"))], plekken, vast=[("a", "v1")]) == [({"a"}, {"onbemenst"}, None)]


def test_two_children_fixed_in_one_bed_are_both_named() -> None:
    found = conflicts([asked(child("a")), asked(child("b"))], beds(2), vast=[("a", "p1"), ("b", "p1")])
    assert found == [({"a", "b"}, {"capaciteit"}, "p1")]


def test_a_child_fixed_in_a_bed_that_is_held_for_another_is_named() -> None:
    found = conflicts([asked(child("a")), asked(child("b"))], beds(2), vast=[("a", "p1")], opties=[("b", "p1")])
    assert found == [({"a"}, {"capaciteit"}, "p1")]


def test_two_children_fixed_who_do_not_go_together_are_both_named() -> None:
    """Their ages; found only when both are there."""
    plekken = beds(2, group=Group(), leeftijdsverschil_max=12)
    found = conflicts([asked(child("a", 96)), asked(child("b", 168))], plekken, vast=[("a", "v1"), ("b", "v1")])
    assert found == [({"a", "b"}, {"groepsmix"}, None)]


def test_a_brother_without_a_bed_beside_a_fixed_one_is_a_conflict() -> None:
    """One bed: they cannot be there together, so no day suits both."""
    found = conflicts([asked(child("a"), child("b"), id="s")], beds(1), vast=[("a", "p1")])
    assert found == [({"a"}, {"bedden"}, "p1")]


def test_fixed_and_forbidden_is_a_conflict() -> None:
    assert conflicts([asked(child("a"))], beds(1), vast=[("a", "p1")], verboden=[("a", "v1")]) == [
        ({"a"}, {"paar"}, "p1")
    ]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"opties": [("nobody", "p1")]}, "opties: aanvraag nobody is not asked for"),
        ({"opties": [("a", "v1")]}, "opties: plek v1 is not in the aanbod"),
        ({"opties": [("a", "p1"), ("b", "p1")]}, "plek p1: is held for two aanvragen"),
        ({"vast": [("a", "p9")]}, "vast: plek or voorziening p9 is not in the aanbod"),
        ({"vast": [("a", "p1"), ("a", "p2")]}, "aanvraag a: is fixed to p2 and somewhere else"),
        ({"verboden": [("a", "p9")]}, "verboden: plek or voorziening p9"),
        ({"voor_crisis": ["p9"]}, "voor_crisis: plek p9 is not in the aanbod"),
    ],
)
def test_what_is_said_of_ids_that_are_not_there_is_refused(said: dict[str, Any], message: str) -> None:
    """With what and where."""
    with pytest.raises(ValueError, match=message):
        candidates([asked(child("a")), asked(child("b"))], Aanbod.build(beds(2), CODES), NOW_HOUR, **said)


def test_an_aanvraag_in_two_families_is_refused() -> None:
    with pytest.raises(ValueError, match="aanvraag a: is asked for twice"):
        candidates([asked(child("a")), asked(child("a"), child("b"), id="s")], Aanbod.build(beds(2), CODES), NOW_HOUR)


def test_two_jeugdigen_in_one_aanvraag_are_refused() -> None:
    """Each child is a request of its own."""
    with pytest.raises(ValueError, match="aanvraag a: 2 jeugdigen, not 1"):
        asked(aanvraag(jeugdige(), jeugdige(), id="a"))


@pytest.mark.parametrize("days", [-1, 10_001, float("nan")])
def test_days_waited_that_are_none_are_refused(days: int) -> None:
    """With whose."""
    with pytest.raises(ValueError, match="aanvraag a: waited"):
        asked(child("a"), wachtdagen=(days,))


@pytest.mark.parametrize("hour", [float("nan"), float("inf")])
def test_an_hour_that_is_none_is_refused(hour: float) -> None:
    with pytest.raises(ValueError, match=f"now_hour: is {hour}"):
        candidates([asked(child("a"))], Aanbod.build(beds(1), CODES), hour)


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_time_that_is_none_is_refused(seconds: float) -> None:
    found = candidates([asked(child("a"))], Aanbod.build(beds(1), CODES), NOW_HOUR)
    with pytest.raises(ValueError, match=f"seconds: is {seconds}"):
        propose(found, clock=lambda: 0.0, seconds=seconds)


def test_more_candidates_than_make_sense_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is 100,000 places for one child."""
    plekken = [plek(f"p{n}", voorziening=f"v{n}") for n in range(4)]
    monkeypatch.setattr(matcher.proposal.fits, "MAX_CANDIDATES", 3)
    with pytest.raises(ValueError, match="aanvraag a: 4 candidates, at most 3"):
        candidates([asked(child("a"))], Aanbod.build(plekken, CODES), NOW_HOUR)


@settings(max_examples=25, derandomize=True, deadline=None, database=None)
@given(SEEDS)
def test_a_bed_is_open_to_a_child_when_the_plan_with_that_child_there_is_allowed(seed: int) -> None:
    """From any plan, of every pair of every child: the beds that others hold or that are kept for crisis are not."""
    dice = Random(seed)
    found = joint(situation(seed, crowd=True))
    slots = anyhow(dice, found)

    for who in range(found.pairs.requests):
        free = found.open_to(who, slots)
        for slot in found.pairs.slot[found.pairs.first[who] : found.pairs.first[who + 1]].tolist():
            trial = slots.copy()
            trial[who] = slot
            broken = {one.rule for one in violations(found.pairs, trial) if one.where == slot}
            assert free[slot] == (not broken & {Breach.CAPACITEIT, Breach.CRISISPLEK})


def test_the_order_of_plekken_and_aanvragen_changes_nothing_that_counts() -> None:
    """The same levels."""
    for seed in range(8):
        s = situation(seed)
        turned = structs.replace(s, asked=s.asked[::-1], plekken=s.plekken[::-1])
        assert proposed(s).levels == proposed(turned).levels


@pytest.mark.parametrize("children", [0, 1, 2])
def test_without_aanvragen_or_plekken_there_is_an_empty_plan(children: int) -> None:
    """Nobody is placed, and that is proven."""
    families = [asked(*(child(f"r{at}") for at in range(children)), id="s")] if children else []

    for plekken in ([], beds(2)) if not children else ([],):
        found = propose(candidates(families, Aanbod.build(plekken, CODES), NOW_HOUR), clock=lambda: 0.0)
        assert (found.places, len(found.unplaced), found.proven) == ((), children, True)
