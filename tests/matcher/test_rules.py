"""Each hard rule of domain.md by hand: what passes, what falls out, and both sides of each boundary."""

from __future__ import annotations

import pytest

from matcher.aanbod import Aanbod
from matcher.geo import Estimate
from matcher.problem import FOREVER, Aanvraag, Area, Group, Machtiging, Nee, Plek, Point
from matcher.rank import rank
from matcher.reasons import judge, why_not
from matcher.rules import COARSE_KM
from matcher.solution import Rule
from tests.matcher import make

TRAVEL = Estimate(omrijfactor=1.0, snelheid_kmh=60.0, vast_min=0.0)
"""A minute per kilometre: from home to the place of make.plek is 10 minutes."""


def broken(aanvraag: Aanvraag, *plekken: Plek) -> set[str]:
    """The rules that the first of these plekken fails; rank and explain must agree on it."""
    aanbod = Aanbod.build(plekken, make.CODES)
    out = why_not(judge(aanvraag, aanbod, TRAVEL), plekken[0].id)
    ranking = rank(aanvraag, aanbod, make.WEGING, TRAVEL, make.NOW_HOUR, per_voorziening=False)
    assert (plekken[0].id in {place.plek for place in ranking.places}) == (not out.reasons)
    return {reason.rule.value for reason in out.reasons}


def test_a_place_that_fits_fails_no_rule() -> None:
    """The builders' place and aanvraag fit, so that each test below shows one thing."""
    assert broken(make.aanvraag(), make.plek()) == set()


def test_zorgvorm_is_one_that_is_asked_for() -> None:
    """Any of the zorgvormen of the aanvraag will do, no other."""
    assert broken(make.aanvraag(), make.plek(zorgvorm="pleegzorg")) == set()
    assert broken(make.aanvraag(), make.plek(zorgvorm="driemilieu")) == {"zorgvorm"}


@pytest.mark.parametrize(("age", "rules"), [(119, {"leeftijd"}), (120, set()), (132, set()), (133, {"leeftijd"})])
def test_leeftijd_is_within_the_ages_of_the_place_both_inclusive(age: int, rules: set[str]) -> None:
    """120 … 132 months: one less and one more fall out."""
    assert (
        broken(make.aanvraag(make.jeugdige(leeftijd_maanden=age)), make.plek(leeftijd_van=120, leeftijd_tot=132))
        == rules
    )


def test_leeftijd_holds_for_every_brother_and_sister() -> None:
    """One of them too old is enough."""
    young, old = make.jeugdige(leeftijd_maanden=120), make.jeugdige(leeftijd_maanden=133)
    assert broken(make.aanvraag(young, old), *make.beds(2, leeftijd_van=120, leeftijd_tot=132)) == {"leeftijd"}


def test_geslacht_is_a_kind_of_group_in_which_everyone_fits() -> None:
    """The verwijzer names the kinds of group that fit; for brother and sister only what both have."""
    sister = make.jeugdige(groepssoorten=frozenset({"gemengd", "meisjes"}))
    brother = make.jeugdige(groepssoorten=frozenset({"gemengd", "jongens"}))
    assert broken(make.aanvraag(sister), make.plek(groepssoort="meisjes")) == set()
    assert broken(make.aanvraag(sister), make.plek(groepssoort="jongens")) == {"geslacht"}
    assert broken(make.aanvraag(sister, brother), *make.beds(2, groepssoort="meisjes")) == {"geslacht"}
    assert broken(make.aanvraag(sister, brother), *make.beds(2)) == set()


def test_juridisch_kader_is_one_that_the_place_takes() -> None:
    """A place only for voluntary care takes nobody under OTS."""
    assert broken(make.aanvraag(), make.plek(juridische_kaders=frozenset({"vrijwillig"}))) == {"juridisch_kader"}


def test_juridisch_kader_of_every_brother_and_sister_is_one_that_the_place_takes() -> None:
    """One under OTS and one voluntary: a place that takes only one of the two kinds takes neither child."""
    both = make.aanvraag(*[make.jeugdige()] * 2, juridische_kaders=frozenset({"ots", "vrijwillig"}))
    assert broken(both, *make.beds(2)) == set()
    for only in ("ots", "vrijwillig"):
        assert broken(both, *make.beds(2, juridische_kaders=frozenset({only}))) == {"juridisch_kader"}


def test_machtiging_blocks_a_zorgvorm_outside_its_type() -> None:
    """Without a machtiging none is needed; with one only what it names."""
    for zorgvormen, rules in ((frozenset({"gezinshuis"}), set()), (frozenset({"pleegzorg"}), {"machtiging"})):
        assert broken(make.aanvraag(machtiging=Machtiging(zorgvormen)), make.plek()) == rules


def test_machtiging_for_a_closed_place_must_be_gesloten() -> None:
    """Neither no machtiging nor an open one opens a closed door."""
    closed, named = make.plek(gesloten=True), frozenset({"gezinshuis"})
    assert broken(make.aanvraag(), closed) == {"machtiging"}
    assert broken(make.aanvraag(machtiging=Machtiging(named)), closed) == {"machtiging"}
    assert broken(make.aanvraag(machtiging=Machtiging(named, gesloten=True)), closed) == set()


@pytest.mark.parametrize(
    ("window", "rules"),
    [
        ((1000, 1100), set()),  # exactly the stay
        ((1000, 1099), {"periode"}),  # a day short
        ((1010, 1110), set()),  # free on the latest start
        ((1011, 1200), {"periode"}),  # a day later
        ((900, 1100), set()),
        ((900, 1099), {"periode"}),
        ((1005, 1105), set()),
        ((1005, 1104), {"periode"}),
    ],
)
def test_periode_holds_the_whole_stay_from_a_start_in_time(window: tuple[int, int], rules: set[str]) -> None:
    """A hundred days, starting on day 1000 … 1010; the end of a window is the first day that is not free."""
    assert broken(make.aanvraag(), make.plek(windows=(window,))) == rules


def test_periode_fails_for_a_bed_that_is_never_free() -> None:
    """No window at all."""
    assert broken(make.aanvraag(), make.plek(windows=())) == {"periode"}


def test_periode_needs_one_window_that_does() -> None:
    """Two windows that together are long enough are not."""
    assert broken(make.aanvraag(), make.plek(windows=((1000, 1050), (1051, 1120)))) == {"periode"}
    assert broken(make.aanvraag(), make.plek(windows=((1000, 1050), (1051, 1120), (1130, FOREVER)))) == {"periode"}
    assert broken(make.aanvraag(uiterlijke_datum=1130), make.plek(windows=((1000, 1050), (1130, FOREVER)))) == set()


@pytest.mark.parametrize(
    ("stop", "rules"),
    [
        ((990, 1010), set()),  # over on the latest start
        ((990, 1011), {"gestopt"}),  # a day later
        ((1100, 1200), set()),  # begins when the stay from day 1000 on is over
        ((1099, 1200), {"gestopt"}),  # a day earlier
        ((900, FOREVER), {"gestopt"}),
    ],
)
def test_gestopt_when_a_stop_takes_every_start_away(stop: tuple[int, int], rules: set[str]) -> None:
    """Whether the windows leave out the days of the stop or not."""
    assert broken(make.aanvraag(), make.plek(stop=stop)) == rules
    around = tuple(w for w in ((1, stop[0]), (stop[1], FOREVER)) if w[0] < w[1])
    assert broken(make.aanvraag(), make.plek(stop=stop, windows=around)) == rules


def test_gestopt_is_not_the_reason_when_the_bed_is_taken_anyway() -> None:
    """Taken from day 1050 on: too short a stay, stop or no stop."""
    assert broken(make.aanvraag(), make.plek(windows=((900, 1050),), stop=(1000, 1020))) == {"periode"}


def test_onbemenst_falls_out_and_in_overleg_does_not() -> None:
    """Empty is not available; to be discussed is only marked."""
    assert broken(make.aanvraag(), make.plek(bemenst=False)) == {"onbemenst"}
    assert broken(make.aanvraag(), make.plek(in_overleg=True)) == set()


def test_no_contract_never_hides_a_place() -> None:
    """It is marked: only after overleg with the gemeente."""
    assert broken(make.aanvraag(), make.plek(contract=False)) == set()


def test_a_shorter_maximum_stay_is_a_criterium_and_not_a_rule() -> None:
    """It counts in perspectief."""
    assert broken(make.aanvraag(), make.plek(maximaal_verblijf=10)) == set()


def test_bedden_are_enough_in_one_voorziening() -> None:
    """Three children: three beds fit, two do not, nor three in two voorzieningen."""
    three = make.aanvraag(*[make.jeugdige()] * 3)
    assert broken(three, *make.beds(3)) == set()
    assert broken(three, *make.beds(2)) == {"bedden"}
    assert broken(three, *make.beds(2), make.plek("p3", voorziening="v2")) == {"bedden"}


@pytest.mark.parametrize(("first", "rules"), [(1010, set()), (1011, {"bedden"})])
def test_bedden_are_free_on_one_common_start(first: int, rules: set[str]) -> None:
    """One bed until day 1110 (start at the latest on day 1010), the other from `first` on."""
    two = make.aanvraag(make.jeugdige(), make.jeugdige(), uiterlijke_datum=1020)
    early, late = make.plek("p1", windows=((1, 1110),)), make.plek("p2", windows=((first, FOREVER),))
    assert broken(two, early, late) == rules
    assert broken(two, late, early) == rules


def test_bedden_that_fail_another_rule_are_no_company() -> None:
    """The unstaffed one itself would have company; the staffed one has none."""
    two = make.aanvraag(make.jeugdige(), make.jeugdige())
    staffed, unstaffed = make.plek("p1"), make.plek("p2", bemenst=False)
    assert broken(two, staffed, unstaffed) == {"bedden"}
    assert broken(two, unstaffed, staffed) == {"onbemenst"}


def test_bedden_are_counted_by_plek_and_not_by_window() -> None:
    """One bed with two windows around a stop is one bed."""
    two = make.aanvraag(make.jeugdige(), make.jeugdige(), verblijf=5, uiterlijke_datum=1060)
    assert broken(two, make.plek(windows=((1000, 1020), (1030, 1060)))) == {"bedden"}


def test_toegankelijkheid_for_who_uses_a_wheelchair() -> None:
    """One of the jeugdigen is enough to need it."""
    wheels = make.jeugdige(rolstoel=True)
    assert broken(make.aanvraag(make.jeugdige(), wheels), *make.beds(2)) == {"toegankelijkheid"}
    assert broken(make.aanvraag(wheels), make.plek(rolstoeltoegankelijk=True)) == set()


def test_medisch_all_care_that_is_needed_is_given() -> None:
    """Two needs and one offered is not enough."""
    needs = make.jeugdige(medisch=frozenset({"sondevoeding", "insuline"}))
    assert broken(make.aanvraag(needs), make.plek(medisch=frozenset({"sondevoeding"}))) == {"medisch"}
    assert broken(make.aanvraag(needs), make.plek(medisch=frozenset({"sondevoeding", "insuline"}))) == set()


def test_contra_indicatie_of_the_provider() -> None:
    """Any kenmerk of any jeugdige that the provider does not take."""
    fire = make.jeugdige(kenmerken=frozenset({"brandstichting"}))
    assert broken(make.aanvraag(fire), make.plek(contra_indicaties=frozenset({"brandstichting"}))) == {
        "contra_indicatie"
    }
    assert broken(make.aanvraag(fire), make.plek(contra_indicaties=frozenset({"zware_gedragsproblemen"}))) == set()


def test_groepsmix_has_room_for_the_kenmerken_of_all_together() -> None:
    """Room for one more: one fits, two do not, and with `full` none."""
    trait = make.jeugdige(kenmerken=frozenset({"zware_gedragsproblemen"}))
    room, full = Group(room={"zware_gedragsproblemen": 1}), Group(full=("zware_gedragsproblemen",))
    assert broken(make.aanvraag(trait), make.plek(group=room)) == set()
    assert broken(make.aanvraag(trait, make.jeugdige()), *make.beds(2, group=room)) == set()
    assert broken(make.aanvraag(trait, trait), *make.beds(2, group=room)) == {"groepsmix"}
    assert broken(make.aanvraag(trait), make.plek(group=full)) == {"groepsmix"}


@pytest.mark.parametrize(("limit", "rules"), [(48, set()), (47, {"groepsmix"})])
def test_groepsmix_keeps_ages_close(limit: int, rules: set[str]) -> None:
    """Residents of 96 … 120 months and a child of 144: 48 months apart."""
    child = make.jeugdige(leeftijd_maanden=144)
    group = Group(size=2, youngest=96, oldest=120)
    assert broken(make.aanvraag(child), make.plek(group=group, leeftijdsverschil_max=limit)) == rules
    siblings = make.aanvraag(child, make.jeugdige(leeftijd_maanden=96))
    assert broken(siblings, *make.beds(2, group=Group(), leeftijdsverschil_max=limit)) == rules


def test_groepsmix_does_not_guess_the_age_of_who_is_unknown() -> None:
    """Residents of whom nothing is known do not count in the spread."""
    unknown = Group(size=2, unknown=2)
    assert broken(make.aanvraag(), make.plek(group=unknown, leeftijdsverschil_max=1)) == set()


def test_regio_is_one_of_which_places_may_be_used_for_this_zorgvorm() -> None:
    """An agreement can be for one zorgvorm only."""
    elsewhere = make.plek(regio="utrecht")
    assert broken(make.aanvraag(), elsewhere) == {"regio"}
    for zorgvorm, rules in (("gezinshuis", set()), ("pleegzorg", {"regio"}), (None, set())):
        regios = frozenset({("gooi", None), ("utrecht", zorgvorm)})
        assert broken(make.aanvraag(regios=regios), elsewhere) == rules


@pytest.mark.parametrize(("limit", "rules"), [(11, set()), (10, set()), (9, {"reistijd"})])
def test_reistijd_from_thuis_is_at_most_what_the_verwijzer_allows(limit: int, rules: set[str]) -> None:
    """Ten kilometres, ten minutes."""
    assert broken(make.aanvraag(maximale_reistijd=limit), make.plek()) == rules


def test_reistijd_that_is_unknown_is_no_reason() -> None:
    """Unknown is said with the place, not held against it."""
    assert broken(make.aanvraag(maximale_reistijd=1), make.plek(point=None)) == set()
    assert broken(make.aanvraag(maximale_reistijd=1, thuis=None), make.plek()) == set()


def test_veiligheid_excludes_an_aanbieder_and_a_voorziening() -> None:
    """Only the ones that are named."""
    assert broken(make.aanvraag(uitgesloten_aanbieders=frozenset({"a1"})), make.plek()) == {"veiligheid"}
    assert broken(make.aanvraag(uitgesloten_aanbieders=frozenset({"a2"})), make.plek()) == set()
    assert broken(make.aanvraag(uitgesloten_voorzieningen=frozenset({"v1"})), make.plek()) == {"veiligheid"}
    assert broken(make.aanvraag(uitgesloten_voorzieningen=frozenset({"v2"})), make.plek()) == set()


def test_veiligheid_excludes_an_area_up_to_and_including_its_edge() -> None:
    """Five kilometres away: a radius of 5 excludes it, of 4.9 not."""
    area = Point(143.0, 471.0)
    for radius, rules in ((5.0, {"veiligheid"}), (4.9, set())):
        assert broken(make.aanvraag(uitgesloten_gebieden=(Area(area, radius),)), make.plek()) == rules


def test_veiligheid_goes_before_completeness() -> None:
    """A coarse point is kept further away by how coarse it is; a place that is nowhere known falls out."""
    area = Area(Point(143.0, 471.0), 5.0 - COARSE_KM + 0.1)
    assert broken(make.aanvraag(uitgesloten_gebieden=(area,)), make.plek()) == set()
    assert broken(make.aanvraag(uitgesloten_gebieden=(area,)), make.plek(exact=False)) == {"veiligheid"}
    assert broken(make.aanvraag(uitgesloten_gebieden=(area,)), make.plek(point=None)) == {"veiligheid"}


def test_all_the_rules_that_fail_are_told() -> None:
    """Not only the first one."""
    worst = make.plek(zorgvorm="driemilieu", leeftijd_van=130, bemenst=False, windows=())
    assert broken(make.aanvraag(), worst) == {"zorgvorm", "leeftijd", "onbemenst", "periode"}


def test_a_voorziening_that_said_no_falls_out_and_no_other() -> None:
    """As long as the service says that it holds; the reason is told as a code."""
    aanvraag = make.aanvraag(afgewezen_bij={"v1": Nee("later_vanaf", 740_000)})

    assert broken(aanvraag, make.plek()) == {"besluit"}
    assert broken(make.aanvraag(afgewezen_bij={"v2": Nee("afstand")}), make.plek()) == set()


def test_every_rule_has_a_bit_and_a_predicate() -> None:
    """Bedden has its own file; all others stand in one of two tables."""
    from matcher.rules import BED_RULES, BIT, PROFILE_RULES

    assert {*BED_RULES, *PROFILE_RULES, Rule.BEDDEN} == set(Rule) == set(BIT)
    assert sum(BIT.values()) < 2**32
