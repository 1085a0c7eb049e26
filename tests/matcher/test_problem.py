"""Nonsense is refused when it is built, with what and where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from matcher.aanbod import Aanbod
from matcher.geo import Estimate, Table
from matcher.problem import Anker, Area, Codes, Criterium, Group, Limits, Point
from tests.matcher import make

NAN = float("nan")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Point(155_000.0, 463_000.0), "not in kilometres of the Dutch grid"),
        (lambda: Point(NAN, 463.0), "not in kilometres of the Dutch grid"),
        (lambda: Codes(zorgvormen=()), "codes.zorgvormen: is empty"),
        (lambda: Codes(zorgvormen=("a", "a")), "codes.zorgvormen: a code stands in it twice"),
        (lambda: Codes(zorgvormen=tuple(str(n) for n in range(64))), "64 codes, at most 63 fit"),
        (lambda: Group(size=1, unknown=2), "group: 2 unknown of 1 residents"),
        (lambda: Group(size=1, youngest=100, oldest=99), "group: youngest 100 and oldest 99 months"),
        (lambda: Group(room={"x": 0}), "group: room for 0 with 'x'"),
        (lambda: Group(full=("x",), room={"x": 1}), "group: 'x' is full and has room"),
        (lambda: make.plek(leeftijd_van=20, leeftijd_tot=19), "plek p1: ages 20 to 19 months"),
        (lambda: make.plek(leeftijd_van=-1), "plek p1: ages -1 to 191 months"),
        (lambda: make.plek(groepssoort="dieren"), "plek p1: groepssoort 'dieren' is not one of gemengd"),
        (
            lambda: make.plek(juridische_kaders=frozenset({"x"})),
            "plek p1: juridisch kader 'x' is not one of vrijwillig",
        ),
        (lambda: make.plek(perspectieven=frozenset({"x"})), "plek p1: perspectief 'x' is not one of terug_naar_huis"),
        (lambda: make.plek(maximaal_verblijf=0), "plek p1: maximaal_verblijf is 0"),
        (lambda: make.plek(leeftijdsverschil_max=-1), "plek p1: leeftijdsverschil_max is -1"),
        (lambda: make.plek(windows=((10, 9),)), "plek p1: free from day 10 to 9"),
        (lambda: make.plek(windows=((10, 10),)), "plek p1: free from day 10 to 10"),
        (lambda: make.plek(windows=((10, 20), (19, 30))), "free from day 19, but the window before it ends on 20"),
        (lambda: make.plek(windows=((1, 5_000_000),)), "plek p1: free from day 1 to 5000000"),
        (lambda: make.plek(stop=(20, 10)), "plek p1: stop from day 20 to 10"),
        (lambda: make.plek(bevestigd_uur=NAN), "plek p1: confirmed at hour nan"),
        (lambda: make.jeugdige(leeftijd_maanden=277), "jeugdige: age 277 months"),
        (lambda: make.jeugdige(groepssoorten=frozenset()), "jeugdige: fits in no groepssoort"),
        (lambda: make.jeugdige(groepssoorten=frozenset({"x"})), "jeugdige: groepssoort 'x'"),
        (lambda: Area(Point(1.0, 1.0), 0.0), "area: radius of 0.0 km"),
        (lambda: Area(Point(1.0, 1.0), NAN), "area: radius of nan km"),
        (lambda: make.aanvraag(*[make.jeugdige()] * 9), "aanvraag r1: 9 jeugdigen, 1 to 8"),
        (lambda: make.aanvraag(zorgvormen=frozenset()), "aanvraag r1: asks for no zorgvorm"),
        (lambda: make.aanvraag(regios=frozenset()), "aanvraag r1: may use places of no region"),
        (lambda: make.aanvraag(juridische_kaders=frozenset({"x"})), "aanvraag r1: juridisch kader 'x'"),
        (lambda: make.aanvraag(juridische_kaders=frozenset()), "aanvraag r1: is under no juridisch kader"),
        (lambda: make.aanvraag(perspectief="x"), "aanvraag r1: perspectief 'x'"),
        (lambda: make.aanvraag(gewenste_start=0), "aanvraag r1: start between day 0 and 1010"),
        (lambda: make.aanvraag(uiterlijke_datum=999), "aanvraag r1: latest start 999 against wished start 1000"),
        (lambda: make.aanvraag(verblijf=0), "aanvraag r1: stay of 0 days"),
        (lambda: make.aanvraag(maximale_reistijd=0), "aanvraag r1: maximale_reistijd is 0 minutes"),
        (lambda: make.only(Criterium.SAMEN, gewichten={Criterium.SAMEN: -1.0}), "weging: weight of samen is -1.0"),
        (lambda: make.only(Criterium.SAMEN, gewichten={Criterium.SAMEN: NAN}), "weging: weight of samen is nan"),
        (lambda: make.only(Criterium.SAMEN, huiselijkheid={"x": 1.1}), "weging: huiselijkheid of x is 1.1"),
        (lambda: make.only(Criterium.SAMEN, ankers={Anker.THUIS: -0.1}), "weging: weight of anker thuis is -0.1"),
        (lambda: make.only(Criterium.SAMEN, goed=50.0, past=60.0), "weging: bands from 60.0 and 50.0"),
        (lambda: make.only(Criterium.SAMEN, reishorizon_min=0.0), "weging: reishorizon of 0.0 minutes"),
        (lambda: make.only(Criterium.SAMEN, leeftijdshorizon_maanden=0.0), "weging: leeftijdshorizon of 0.0 months"),
        (
            lambda: make.only(Criterium.SAMEN, vers_uur=9.0, oud_uur=9.0),
            "weging: fresh up to 9.0 hours and old from 9.0",
        ),
        (lambda: Limits(dagen_later=-1), "limits: dagen_later is -1"),
        (lambda: Estimate(omrijfactor=0.9), "estimate: omrijfactor is 0.9"),
        (lambda: Estimate(snelheid_kmh=0.0), "estimate: snelheid_kmh is 0.0"),
        (lambda: Estimate(vast_min=NAN), "estimate: vast_min is nan"),
    ],
)
def test_nonsense_is_refused(build: Callable[[], Any], message: str) -> None:
    """ValueError "<where>: <what>"."""
    with pytest.raises(ValueError) as refused:
        build()
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("plekken", "message"),
    [
        ([make.plek(), make.plek()], "plek p1: is given twice"),
        (
            [make.plek("p1", leeftijd_van=72), make.plek("p2", leeftijd_van=73)],
            "voorziening v1: leeftijd_van differs between plek p1 and plek p2",
        ),
        ([make.plek(zorgvorm="hotel")], "voorziening v1: zorgvorm: 'hotel' is not in the code list"),
        ([make.plek(medisch=frozenset({"x"}))], "voorziening v1: medisch: 'x' is not in the code list"),
        ([make.plek(group=Group(full=("x",)))], "voorziening v1: group: 'x' is not in the code list"),
    ],
)
def test_plekken_that_contradict_each_other_or_the_codes_are_refused(plekken: list[Any], message: str) -> None:
    """When the aanbod is built."""
    with pytest.raises(ValueError) as refused:
        Aanbod.build(plekken, make.CODES)
    assert message in str(refused.value)


def test_a_plek_cannot_move_into_an_aanbod_that_still_has_it() -> None:
    """Replacing v2 with a plek that v1 still holds would give it twice."""
    aanbod = Aanbod.build([make.plek("p1", voorziening="v1")], make.CODES)
    with pytest.raises(ValueError, match="plek p1: is in another voorziening as well"):
        aanbod.replace({"v2"}, [make.plek("p1", voorziening="v2")])


def test_a_table_of_travel_times_has_no_negative_minutes() -> None:
    """A sign that seconds or an error code were put in."""
    import numpy as np

    with pytest.raises(ValueError, match=r"table\.thuis: is not a row of minutes"):
        Table({Anker.THUIS: np.array([1.0, -1.0])})
