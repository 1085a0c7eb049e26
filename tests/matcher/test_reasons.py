"""Reasons with their numbers, pages of what falls out, and the smallest changes."""

from __future__ import annotations

import pytest

from matcher.aanbod import Aanbod
from matcher.geo import Estimate
from matcher.problem import FOREVER, Aanvraag, Area, Group, Limits, Machtiging, Plek, Point
from matcher.reasons import Judged, changes, fallen_out, judge, why_not
from matcher.solution import RELAXABLE, REVEALING, Change, Rule, Step
from tests.matcher import make

TRAVEL = Estimate(omrijfactor=1.0, snelheid_kmh=60.0, vast_min=0.0)

FAR = Point(140.0, 500.0)
"""35 minutes from home."""


def judged(aanvraag: Aanvraag, *plekken: Plek) -> Judged:
    return judge(aanvraag, Aanbod.build(plekken, make.CODES), TRAVEL)


def params(aanvraag: Aanvraag, *plekken: Plek) -> dict[str, object]:
    """Of the only rule that the first plek fails."""
    (reason,) = why_not(judged(aanvraag, *plekken), plekken[0].id).reasons
    return dict(reason.params)


def only(found: Judged, **options: object) -> Change:
    (change,) = changes(found, **options).one  # type: ignore[arg-type]
    return change


# ── Reasons ──────────────────────────────────────────────────────────────────────────────────────


def test_reasons_carry_the_numbers_of_a_sentence() -> None:
    """Ages, minutes, days, codes: what the catalogue needs and no more."""
    trait = make.jeugdige(kenmerken=frozenset({"brandstichting"}))
    assert params(make.aanvraag(), make.plek(leeftijd_van=123)) == {"van": 123, "tot": 191, "maanden": 3}
    assert params(make.aanvraag(), make.plek(leeftijd_tot=115)) == {"van": 72, "tot": 115, "maanden": 5}
    assert params(make.aanvraag(), make.plek(zorgvorm="driemilieu")) == {"zorgvorm": "driemilieu"}
    assert params(make.aanvraag(), make.plek(groepssoort="jongens")) == {"groepssoort": "jongens"}
    assert params(make.aanvraag(maximale_reistijd=30), make.plek(point=FAR)) == {"minuten": 35.0, "maximum": 30}
    assert params(make.aanvraag(), make.plek(gesloten=True)) == {"zorgvorm": "gezinshuis", "gesloten": True}
    assert params(make.aanvraag(trait), make.plek(contra_indicaties=frozenset({"brandstichting"}))) == {
        "kenmerken": ("brandstichting",)
    }
    assert params(make.aanvraag(make.jeugdige(medisch=frozenset({"insuline"}))), make.plek()) == {
        "ontbreekt": ("insuline",)
    }
    assert params(make.aanvraag(trait), make.plek(group=Group(full=("brandstichting",)))) == {
        "kenmerken": ("brandstichting",)
    }
    assert params(make.aanvraag(), make.plek(leeftijdsverschil_max=71)) == {
        "kenmerken": (),
        "leeftijdsverschil": 72,
        "maximum": 71,
    }
    assert params(make.aanvraag(), make.plek(stop=(990, 1200))) == {"stop_van": 990, "stop_tot": 1200}
    assert params(make.aanvraag(), make.plek(stop=(990, FOREVER))) == {"stop_van": 990, "stop_tot": None}
    assert params(make.aanvraag(*[make.jeugdige()] * 3), *make.beds(2)) == {"bedden": 2, "nodig": 3}
    assert params(make.aanvraag(), make.plek(bemenst=False)) == {}


def test_a_reason_of_safety_says_what_was_excluded() -> None:
    """Only for who may see it; the service leaves it out for others."""
    area = (Area(Point(140.0, 475.0), 1.0),)
    assert params(make.aanvraag(uitgesloten_aanbieders=frozenset({"a1"})), make.plek()) == {"soort": "aanbieder"}
    assert params(make.aanvraag(uitgesloten_voorzieningen=frozenset({"v1"})), make.plek()) == {"soort": "voorziening"}
    assert params(make.aanvraag(uitgesloten_gebieden=area), make.plek()) == {"soort": "gebied"}


@pytest.mark.parametrize(
    ("windows", "numbers"),
    [
        (((1025, FOREVER),), {"vrij_van": 1025, "vrij_tot": None, "dagen_later": 15, "dagen_korter": 0}),
        (((900, 1080),), {"vrij_van": 900, "vrij_tot": 1080, "dagen_later": 0, "dagen_korter": 20}),
        (((900, 950),), {"vrij_van": 900, "vrij_tot": 950}),
        ((), {"vrij_van": None, "vrij_tot": None}),
    ],
)
def test_a_reason_of_periode_says_when_the_bed_is_free(
    windows: tuple[tuple[int, int], ...], numbers: dict[str, int | None]
) -> None:
    """And how much later or shorter would do; nothing of that when it is not free after the wished start."""
    assert params(make.aanvraag(), make.plek(windows=windows)) == numbers


def test_of_several_windows_the_one_that_fails_least_is_told() -> None:
    """The first window is too short and unstaffed, the second only unstaffed."""
    plek = make.plek(windows=((1, 1050), (1060, FOREVER)), bemenst=False)
    reasons = why_not(judged(make.aanvraag(uiterlijke_datum=1060), plek), "p1").reasons
    assert [reason.rule for reason in reasons] == [Rule.ONBEMENST]


def test_a_plek_that_nobody_knows_is_an_error() -> None:
    """Not an empty answer, which would mean that it fits."""
    with pytest.raises(KeyError, match="p9"):
        why_not(judged(make.aanvraag(), make.plek()), "p9")


# ── Pages ────────────────────────────────────────────────────────────────────────────────────────


def test_what_falls_out_is_counted_per_rule_and_shown_nearest_first() -> None:
    """One fits, one fails one rule, one fails two: the page begins with the one that is nearest."""
    fits = make.plek("p1", voorziening="v1")
    one = make.plek("p2", voorziening="v2", bemenst=False)
    two = make.plek("p3", voorziening="v3", bemenst=False, zorgvorm="driemilieu")
    found = judged(make.aanvraag(), two, one, fits)
    out = fallen_out(found)
    assert (out.plekken, out.per_rule, out.alone) == (
        2,
        {Rule.ZORGVORM: 1, Rule.ONBEMENST: 2},
        {Rule.ONBEMENST: 1},
    )
    assert [place.plek for place in out.places] == ["p2", "p3"]
    assert [place.plek for place in fallen_out(found, limit=1, offset=1).places] == ["p3"]


def test_a_plek_that_fails_two_revealing_rules_is_counted_once_for_who_may_not_read_which() -> None:
    """One fails safety and group mix, one safety and age, one age: two reveal, one of them nothing else."""
    both = make.plek("p1", voorziening="v1", leeftijdsverschil_max=10)
    safety = make.plek("p2", voorziening="v2", leeftijd_van=123)
    age = make.plek("p3", voorziening="v3", leeftijd_van=123)
    out = fallen_out(judged(make.aanvraag(uitgesloten_voorzieningen=frozenset({"v1", "v2"})), both, safety, age))
    assert out.per_rule == {Rule.LEEFTIJD: 2, Rule.GROEPSMIX: 1, Rule.VEILIGHEID: 2}
    assert (out.revealing, out.revealing_alone) == (2, 1)
    assert out.alone == {Rule.LEEFTIJD: 1}


def test_a_voorziening_with_a_plek_that_fits_has_not_fallen_out() -> None:
    """Per plek the other bed is shown; per voorziening there is nothing to tell."""
    found = judged(make.aanvraag(), make.plek("p1"), make.plek("p2", bemenst=False))
    assert fallen_out(found).places == ()
    assert [place.plek for place in fallen_out(found, per_voorziening=False).places] == ["p2"]


def test_a_voorziening_is_shown_by_its_nearest_plek() -> None:
    """Of three beds the one with one failing rule; the line stands for all three."""
    beds = [
        make.plek("p1", bemenst=False, windows=()),
        make.plek("p2", bemenst=False),
        make.plek("p3", windows=(), bemenst=False),
    ]
    (place,) = fallen_out(judged(make.aanvraag(), *beds)).places
    assert (place.plek, place.plekken) == ("p2", 3)


# ── Smallest changes ─────────────────────────────────────────────────────────────────────────────


def test_a_change_says_how_much_and_how_many_in_steps() -> None:
    """Limits of 30 minutes: places at 35 and at 45 minutes open with 5 and with 15 more."""
    near = make.plek("p1", voorziening="v1", point=FAR)
    far = [make.plek(f"p{n}", voorziening="v2", point=Point(140.0, 510.0)) for n in (2, 3)]
    change = only(judged(make.aanvraag(maximale_reistijd=30), near, *far))
    assert (change.rules, change.voorzieningen, change.plekken) == ((Rule.REISTIJD,), 2, 3)
    assert change.steps == {"minuten": (Step(5, 1, 1), Step(15, 3, 2))}
    assert [(place.plek in {"p1", "p2", "p3"}, place.plekken) for place in change.places] == [(True, 1), (True, 2)]
    assert change.places[0].plek == "p1"


@pytest.mark.parametrize(
    ("plek", "rule", "steps"),
    [
        (make.plek(windows=((1025, FOREVER),)), Rule.PERIODE, {"dagen_later": (Step(15, 1, 1),)}),
        (make.plek(windows=((900, 1080),)), Rule.PERIODE, {"dagen_korter": (Step(20, 1, 1),)}),
        (make.plek(leeftijd_van=123), Rule.LEEFTIJD, {"maanden": (Step(3, 1, 1),)}),
        (make.plek(zorgvorm="driemilieu"), Rule.ZORGVORM, {"zorgvorm": (Step("driemilieu", 1, 1),)}),
        (make.plek(groepssoort="jongens"), Rule.GESLACHT, {"groepssoort": (Step("jongens", 1, 1),)}),
        (make.plek(bemenst=False), Rule.ONBEMENST, {}),
        (make.plek(leeftijdsverschil_max=10), Rule.GROEPSMIX, {}),
        (make.plek(stop=(990, FOREVER)), Rule.GESTOPT, {}),
    ],
)
def test_each_rule_that_may_give_way_opens_a_place(plek: Plek, rule: Rule, steps: dict[str, object]) -> None:
    """Dates, zorgvorm, ages, gender policy, staff, group mix, a stop: alone and with its own amount."""
    change = only(judged(make.aanvraag(), plek))
    assert (change.rules, change.steps) == ((rule,), steps)


def test_a_stopped_plek_opens_by_lifting_the_stop_or_by_waiting_for_its_end() -> None:
    """A stop until day 1030: 20 days after the latest start."""
    found = changes(judged(make.aanvraag(), make.plek(stop=(990, 1030))))
    assert {change.rules: dict(change.steps) for change in found.one} == {
        (Rule.GESTOPT,): {},
        (Rule.PERIODE,): {"dagen_later": (Step(20, 1, 1),)},
    }


def test_a_stop_further_on_is_in_the_way_of_a_later_start() -> None:
    """Taken until day 1020, stopped from 1050 on: later alone is too short, lifting the stop alone is too late."""
    plek = make.plek(windows=((1020, FOREVER),), stop=(1050, 1300))
    found = changes(judged(make.aanvraag(), plek), limits=Limits(dagen_korter=0))
    assert (found.one, [change.rules for change in found.two]) == ((), [(Rule.PERIODE, Rule.GESTOPT)])


def test_a_stop_can_keep_beds_from_a_common_start_that_each_has() -> None:
    """One bed can start on day 1000 only, the other from 1005 on, when its stop is over: without it they can."""
    two = make.aanvraag(make.jeugdige(), make.jeugdige())
    early = make.plek("p1", windows=((1, 1100),))
    stopped = make.plek("p2", windows=((990, FOREVER),), stop=(990, 1005))
    found = changes(judged(two, early, stopped), limits=Limits(dagen_korter=0))
    assert {change.rules: change.plekken for change in found.one} == {(Rule.GESTOPT,): 2, (Rule.BEDDEN,): 2}


def test_a_shorter_stay_can_bring_beds_together_that_each_fit_alone() -> None:
    """One bed can start until day 1005, the other from 1008 on: three days shorter in the first."""
    two = make.aanvraag(make.jeugdige(), make.jeugdige())
    found = judged(two, make.plek("p1", windows=((1, 1105),)), make.plek("p2", windows=((1008, FOREVER),)))
    opened = {change.rules: dict(change.steps) for change in changes(found).one}
    assert opened == {(Rule.PERIODE,): {"dagen_korter": (Step(3, 2, 1),)}, (Rule.BEDDEN,): {"bedden": (Step(1, 2, 1),)}}


def test_fewer_beds_open_a_place_for_a_samenplaatsing() -> None:
    """Two beds together where three are needed; said per number of beds."""
    change = only(judged(make.aanvraag(*[make.jeugdige()] * 3), *make.beds(2)))
    assert (change.rules, change.steps) == ((Rule.BEDDEN,), {"bedden": (Step(2, 2, 1),)})
    assert dict(change.places[0].reasons[0].params) == {"bedden": 2, "nodig": 3}


def test_for_a_samenplaatsing_staff_for_one_bed_opens_the_voorziening() -> None:
    """One bed fits and is alone, the other is unstaffed: staffing it opens both."""
    two = make.aanvraag(make.jeugdige(), make.jeugdige())
    found = changes(judged(two, make.plek("p1"), make.plek("p2", bemenst=False)))
    opened = {change.rules: (change.plekken, change.voorzieningen) for change in found.one}
    assert opened == {(Rule.ONBEMENST,): (2, 1), (Rule.BEDDEN,): (1, 1)}


@pytest.mark.parametrize(
    ("asked", "plek"),
    [
        (make.aanvraag(machtiging=Machtiging(frozenset({"pleegzorg"}))), make.plek()),
        (make.aanvraag(), make.plek(regio="utrecht")),
        (make.aanvraag(), make.plek(juridische_kaders=frozenset())),
        (make.aanvraag(uitgesloten_voorzieningen=frozenset({"v1"})), make.plek()),
        (make.aanvraag(make.jeugdige(rolstoel=True)), make.plek()),
        (make.aanvraag(make.jeugdige(medisch=frozenset({"insuline"}))), make.plek()),
        (
            make.aanvraag(make.jeugdige(kenmerken=frozenset({"brandstichting"}))),
            make.plek(contra_indicaties=frozenset({"brandstichting"})),
        ),
    ],
)
def test_some_rules_never_give_way(asked: Aanvraag, plek: Plek) -> None:
    """Machtiging, safety, contra-indications (domain), region and kader, and what the child needs."""
    found = changes(judged(asked, plek))
    assert (found.one, found.two) == ((), ())


def test_rules_that_never_give_way_cannot_be_asked_for() -> None:
    """Asking for it is a mistake in the program."""
    with pytest.raises(ValueError, match="changes: machtiging may never give way"):
        changes(judged(make.aanvraag(), make.plek()), allowed=RELAXABLE | {Rule.MACHTIGING})


def test_a_change_that_would_reveal_a_child_can_be_left_out() -> None:
    """Group mix is only for the schakelfunctionaris."""
    full = judged(make.aanvraag(), make.plek(leeftijdsverschil_max=10))
    assert [change.rules for change in changes(full).one] == [(Rule.GROEPSMIX,)]
    assert changes(full, allowed=RELAXABLE - REVEALING).one == ()


def test_two_rules_are_told_only_when_one_opens_few() -> None:
    """Three voorzieningen by one rule are enough; with two of them the pair is told as well."""
    single = [make.plek(f"p{n}", voorziening=f"v{n}", bemenst=False) for n in range(3)]
    double = make.plek("p9", voorziening="v9", bemenst=False, zorgvorm="driemilieu")
    assert changes(judged(make.aanvraag(), *single, double)).two == ()
    (pair,) = changes(judged(make.aanvraag(), *single[:2], double)).two
    assert (pair.rules, pair.voorzieningen, pair.steps) == ((Rule.ZORGVORM, Rule.ONBEMENST), 1, {})
    assert [reason.rule for reason in pair.places[0].reasons] == [Rule.ZORGVORM, Rule.ONBEMENST]


def test_three_rules_are_too_many() -> None:
    """A place that fails three is not near."""
    worst = make.plek(bemenst=False, zorgvorm="driemilieu", leeftijd_van=123)
    found = changes(judged(make.aanvraag(), worst))
    assert (found.one, found.two) == ((), ())


@pytest.mark.parametrize(
    ("plek", "limits", "opens"),
    [
        (make.plek(windows=((1025, FOREVER),)), Limits(dagen_later=15), True),
        (make.plek(windows=((1025, FOREVER),)), Limits(dagen_later=14), False),
        (make.plek(windows=((900, 1080),)), Limits(dagen_korter=20), True),
        (make.plek(windows=((900, 1080),)), Limits(dagen_korter=19), False),
        (make.plek(windows=((900, 1050),)), Limits(dagen_korter=99), True),  # exactly half of the stay
        (make.plek(windows=((900, 1049),)), Limits(dagen_korter=99), False),
        (make.plek(point=FAR), Limits(minuten=5), True),
        (make.plek(point=FAR), Limits(minuten=4), False),
        (make.plek(leeftijd_van=123), Limits(maanden=3), True),
        (make.plek(leeftijd_van=123), Limits(maanden=2), False),
        (make.plek(windows=()), Limits(dagen_later=3650, dagen_korter=3650), False),
    ],
)
def test_a_change_goes_no_further_than_its_limits(plek: Plek, limits: Limits, opens: bool) -> None:
    """Beyond them a place is too far off to speak of a smallest change; never free stays never free."""
    found = changes(judged(make.aanvraag(maximale_reistijd=30), plek), limits=limits)
    assert bool(found.one) == opens


def test_the_smallest_changes_come_first_and_examples_are_few() -> None:
    """The rule that opens most voorzieningen first; of each at most the number of examples asked, nearest first."""
    ages = [make.plek(f"p{n}", voorziening=f"v{n}", leeftijd_van=121 + n) for n in range(6)]
    found = changes(judged(make.aanvraag(), *ages, make.plek("p9", voorziening="v9", bemenst=False)), examples=2)
    assert [change.rules for change in found.one] == [(Rule.LEEFTIJD,), (Rule.ONBEMENST,)]
    assert [place.plek for place in found.one[0].places] == ["p0", "p1"]


def test_many_steps_are_thinned_from_the_smallest_to_the_largest() -> None:
    """Twenty different ages: eight steps, 1 month and 20 months among them, counts cumulative."""
    ages = [make.plek(f"p{n}", voorziening=f"v{n}", leeftijd_van=120 + n) for n in range(1, 21)]
    steps = only(judged(make.aanvraag(), *ages)).steps["maanden"]
    assert len(steps) == 8
    assert (steps[0], steps[-1]) == (Step(1, 1, 1), Step(20, 20, 20))
    assert all(step.plekken == step.amount for step in steps)
