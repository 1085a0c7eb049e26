"""Each soft criterium with numbers worked out by hand, and how they add up."""

from __future__ import annotations

from typing import Any

import pytest

from matcher.aanbod import Aanbod
from matcher.geo import Estimate
from matcher.problem import Aanvraag, Anker, Criterium, Group, Plek, Point, Weging
from matcher.rank import rank
from matcher.solution import Band, Fit, Unknown
from tests.matcher import make

TRAVEL = Estimate(omrijfactor=1.0, snelheid_kmh=60.0, vast_min=0.0)
"""A minute per kilometre."""


def fit(aanvraag: Aanvraag, *plekken: Plek, weging: Weging = make.WEGING) -> Fit:
    """The first of these plekken, ranked."""
    aanbod = Aanbod.build(plekken, make.CODES)
    ranking = rank(aanvraag, aanbod, weging, TRAVEL, make.NOW_HOUR, per_voorziening=False)
    return next(place for place in ranking.places if place.plek == plekken[0].id)


def value(criterium: Criterium, aanvraag: Aanvraag, *plekken: Plek, **scales: Any) -> float:
    return fit(aanvraag, *plekken, weging=make.only(criterium, **scales)).values[criterium]


def test_ondersteuning_is_the_share_that_is_offered_of_what_all_need() -> None:
    """Needed: nachttoezicht and trauma (one child) and trauma and verslaving (the other): 3; offered: trauma: 1/3."""
    one = make.jeugdige(ondersteuning=frozenset({"nachttoezicht", "trauma"}))
    two = make.jeugdige(ondersteuning=frozenset({"trauma", "verslaving"}))
    beds = make.beds(2, ondersteuning=frozenset({"trauma"}))
    assert value(Criterium.ONDERSTEUNING, make.aanvraag(one, two), *beds) == pytest.approx(1 / 3)


def test_huiselijkheid_is_what_the_region_says_of_the_zorgvorm() -> None:
    """A setting, 0.9 for a gezinshuis; without a value a half, and said to be unknown."""
    assert value(Criterium.HUISELIJKHEID, make.aanvraag(), make.plek()) == 0.9
    unknown = fit(make.aanvraag(), make.plek(), weging=make.only(Criterium.HUISELIJKHEID, huiselijkheid={}))
    assert (unknown.values[Criterium.HUISELIJKHEID], unknown.unknown) == (0.5, (Unknown.HUISELIJKHEID,))


def test_afstand_weighs_home_school_and_network_over_what_is_known() -> None:
    """Home 10 min of 60 → 5/6, weight .5; school 30 min → 1/2, weight .3: (5/12 + 3/20) / .8 = 17/24."""
    home_and_school = make.aanvraag(school=Point(110.0, 475.0))
    assert value(Criterium.AFSTAND, home_and_school, make.plek()) == pytest.approx(17 / 24)
    # With the network at 12 min → 4/5, weight .2: 5/12 + 3/20 + 4/25 = 218/300.
    all_three = make.aanvraag(school=Point(110.0, 475.0), netwerk=Point(152.0, 475.0))
    assert value(Criterium.AFSTAND, all_three, make.plek()) == pytest.approx(218 / 300)


@pytest.mark.parametrize(("horizon", "worth"), [(10.0, 0.0), (20.0, 0.5), (5.0, 0.0)])
def test_afstand_is_worth_nothing_from_the_horizon_on(horizon: float, worth: float) -> None:
    """Ten minutes against a horizon of 10, 20 and 5."""
    assert value(Criterium.AFSTAND, make.aanvraag(), make.plek(), reishorizon_min=horizon) == worth


def test_afstand_to_school_is_none_where_the_voorziening_gives_that_schooling() -> None:
    """Driemilieu: home 5/6 at .5, school 1 at .3: (5/12 + .3) / .8 = 43/48, however far the own school is."""
    child = make.jeugdige(onderwijs="vso")
    asked = make.aanvraag(child, school=Point(20.0, 475.0))
    on_site = make.plek(onderwijs=frozenset({"vso", "praktijk"}))
    assert value(Criterium.AFSTAND, asked, on_site) == pytest.approx(43 / 48)
    # Another form than the child's: 120 minutes are worth nothing: (5/12) / .8 = 25/48.
    assert value(Criterium.AFSTAND, asked, make.plek(onderwijs=frozenset({"praktijk"}))) == pytest.approx(25 / 48)


def test_afstand_is_neutral_and_said_to_be_unknown_without_a_point() -> None:
    """A half, neither won nor lost."""
    place = fit(make.aanvraag(), make.plek(point=None), weging=make.only(Criterium.AFSTAND))
    assert (place.values[Criterium.AFSTAND], place.unknown, place.reistijd) == (0.5, (Unknown.REISTIJD,), {})
    assert fit(make.aanvraag(), make.plek()).reistijd == {Anker.THUIS: 10.0}


@pytest.mark.parametrize(("free_from", "worth"), [(900, 1.0), (1000, 1.0), (1001, 10 / 11), (1010, 1 / 11)])
def test_wachttijd_falls_from_the_wished_start_to_the_day_after_the_latest(free_from: int, worth: float) -> None:
    """Eleven possible days: the first is worth 1, each next one 1/11 less."""
    plek = make.plek(windows=((free_from, 5000),))
    assert value(Criterium.WACHTTIJD, make.aanvraag(), plek) == pytest.approx(worth)


def test_perspectief_is_half_for_naming_it_and_half_for_allowing_the_stay() -> None:
    """A hundred days, langdurig; a maximum of exactly a hundred holds it."""
    for named, maximum, worth in (
        ("langdurig", 100, 1.0),
        ("langdurig", 99, 0.5),
        ("onduidelijk", None, 0.5),
        ("onduidelijk", 99, 0.0),
    ):
        plek = make.plek(perspectieven=frozenset({named}), maximaal_verblijf=maximum)
        assert value(Criterium.PERSPECTIEF, make.aanvraag(), plek) == worth


def test_samen_is_where_brothers_and_sisters_live_and_half_on_that_locatie() -> None:
    """In their voorziening 1, in another of that locatie a half, elsewhere nothing."""
    sister = make.plek("p9", voorziening="v9", locatie="l9")
    asked = make.aanvraag(broers_zussen_bij=frozenset({"v9"}))
    for voorziening, locatie, worth in (("v9", "l9", 1.0), ("v2", "l9", 0.5), ("v2", "l2", 0.0)):
        assert value(Criterium.SAMEN, asked, make.plek("p1", voorziening=voorziening, locatie=locatie), sister) == worth


def test_groepsmix_is_how_close_the_ages_are_to_the_group() -> None:
    """Group of 96 … 108 months, horizon 60: 120 is 12 off → 0.8; 72 is 24 off → 0.6; together 0.7; 100 is among."""
    group = Group(size=2, youngest=96, oldest=108)
    older, younger = make.jeugdige(leeftijd_maanden=120), make.jeugdige(leeftijd_maanden=72)
    assert value(Criterium.GROEPSMIX, make.aanvraag(older), make.plek(group=group)) == pytest.approx(0.8)
    assert value(Criterium.GROEPSMIX, make.aanvraag(older, younger), *make.beds(2, group=group)) == pytest.approx(0.7)
    among = make.jeugdige(leeftijd_maanden=100)
    assert value(Criterium.GROEPSMIX, make.aanvraag(among), make.plek(group=group)) == 1.0


def test_groepsmix_of_nobody_known_is_neutral() -> None:
    """Empty, or only residents of whom nothing is known: a half and unknown; partly known: by what is, and unknown."""
    for group, worth in (
        (Group(), 0.5),
        (Group(size=1, unknown=1), 0.5),
        (Group(size=2, unknown=1, youngest=120, oldest=120), 1.0),
    ):
        place = fit(make.aanvraag(), make.plek(group=group), weging=make.only(Criterium.GROEPSMIX))
        assert (place.values[Criterium.GROEPSMIX], place.unknown) == (worth, (Unknown.GROEP,))


@pytest.mark.parametrize(
    ("hours", "worth", "unknown"),
    [
        (-3, 1.0, ()),
        (72, 1.0, ()),
        (372, 0.75, ()),
        (671, 0.5 + 0.5 / 600, ()),
        (672, 0.5, (Unknown.BEVESTIGING,)),
        (9999, 0.5, (Unknown.BEVESTIGING,)),
    ],
)
def test_zekerheid_falls_from_fresh_to_neutral(hours: int, worth: float, unknown: tuple[Unknown, ...]) -> None:
    """Fresh up to 72 hours, unknown from 672 hours on, halfway (372) three quarters; a clock ahead is fresh."""
    plek = make.plek(bevestigd_uur=make.NOW_HOUR - hours)
    place = fit(make.aanvraag(), plek, weging=make.only(Criterium.ZEKERHEID))
    assert place.values[Criterium.ZEKERHEID] == pytest.approx(worth)
    assert place.unknown == unknown


def test_zekerheid_never_confirmed_is_neutral() -> None:
    """A half, as long ago is: large providers with feeds do not win by it."""
    place = fit(make.aanvraag(), make.plek(bevestigd_uur=None), weging=make.only(Criterium.ZEKERHEID))
    assert (place.values[Criterium.ZEKERHEID], place.unknown) == (0.5, (Unknown.BEVESTIGING,))


def test_contributions_are_shares_of_a_hundred_and_the_score_is_their_sum() -> None:
    """Weights 3 (huiselijkheid 0.9) and 1 (wachttijd 1): 75 × 0.9 + 25 × 1 = 92.5."""
    weging = make.only(Criterium.WACHTTIJD, gewichten={Criterium.HUISELIJKHEID: 3.0, Criterium.WACHTTIJD: 1.0})
    place = fit(make.aanvraag(), make.plek(), weging=weging)
    assert place.contributions[Criterium.HUISELIJKHEID] == pytest.approx(67.5)
    assert place.contributions[Criterium.WACHTTIJD] == pytest.approx(25.0)
    assert place.score == sum(place.contributions.values()) == pytest.approx(92.5)


def test_a_criterium_that_does_not_apply_leaves_its_weight_to_the_others() -> None:
    """No support, no brothers or sisters, nowhere to travel to: the rest can still reach a hundred."""
    asked = make.aanvraag(thuis=None)
    place = fit(asked, make.plek(zorgvorm="pleegzorg"))
    assert place.contributions.keys() == set(Criterium) - {Criterium.ONDERSTEUNING, Criterium.AFSTAND, Criterium.SAMEN}
    assert place.score == pytest.approx(100.0)


def test_nothing_that_weighs_is_a_score_of_nothing() -> None:
    """All weights that apply are 0: everything is equal, nothing breaks."""
    place = fit(make.aanvraag(), make.plek(), weging=make.only(Criterium.SAMEN))
    assert (place.score, set(place.contributions.values())) == (0.0, {0.0})


@pytest.mark.parametrize(
    ("goed", "past", "band"),
    [(90.0, 50.0, Band.GOED), (90.1, 50.0, Band.PAST), (95.0, 90.0, Band.PAST), (95.0, 90.1, Band.DEELS)],
)
def test_bands_begin_at_their_settings(goed: float, past: float, band: Band) -> None:
    """A score of 90: from the border on it is in the band."""
    weging = make.only(Criterium.HUISELIJKHEID, goed=goed, past=past)
    assert fit(make.aanvraag(), make.plek(), weging=weging).band is band
