"""Every code of the matcher has its words, and nobody reads a reason that would reveal a child."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from matcher.problem import Anker, Criterium
from matcher.solution import RELAXABLE, REVEALING, Band, Change, Fit, Mark, Reason, Rule, Step, Unknown
from service.db import Rol
from service.rang import catalogue

TODAY = date(2026, 11, 23)  # a Monday

NAMES = {
    ("zorgvorm", "gezinshuis"): "Gezinshuis",
    ("zorgvorm", "ggz-verblijf"): "GGZ-verblijf",
    ("kenmerk", "wegloper"): "Loopt weg",
    ("medisch", "diabeteszorg"): "Zorg bij diabetes",
}


def said(rule: Rule, *, exact: bool = True, **params: Any) -> str:
    return catalogue.reason(Reason(rule, params), NAMES, TODAY, exact=exact)


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        (catalogue.RULES, Rule),
        (catalogue.REASONS, Rule),
        (catalogue.CRITERIA, Criterium),
        (catalogue.BANDS, Band),
        (catalogue.MARKS, Mark),
        (catalogue.UNKNOWNS, Unknown),
        (catalogue.ANKERS, Anker),
        (catalogue.ADVICE, RELAXABLE),
    ],
)
def test_every_code_has_its_words_and_no_words_are_for_a_code_that_is_gone(table: dict[Any, Any], codes: Any) -> None:
    assert set(table) == set(codes)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (said(Rule.ZORGVORM, zorgvorm="gezinshuis"), "De zorgvorm is gezinshuis. Die is niet gevraagd."),
        (said(Rule.ZORGVORM, zorgvorm="ggz-verblijf"), "De zorgvorm is GGZ-verblijf. Die is niet gevraagd."),
        (
            said(Rule.LEEFTIJD, van=72, tot=155, maanden=2),
            "Is voor kinderen van 6 jaar tot en met 12 jaar. Het scheelt 2 maanden.",
        ),
        (said(Rule.GESLACHT, groepssoort="meisjes"), "Dit is een meisjesgroep. Daar past het kind niet in."),
        (
            said(Rule.MACHTIGING, zorgvorm="gezinshuis", gesloten=False),
            "De machtiging geldt niet voor gezinshuis.",
        ),
        (
            said(Rule.MACHTIGING, zorgvorm="gezinshuis", gesloten=True),
            "Dit is een gesloten plek. Daarvoor is een gesloten machtiging nodig.",
        ),
        (
            said(Rule.PERIODE, vrij_van=None, vrij_tot=None),
            "Is bezet. We weten niet wanneer de plek vrijkomt.",
        ),
        (
            said(Rule.PERIODE, vrij_van=date(2026, 12, 7).toordinal(), vrij_tot=None, dagen_later=10, dagen_korter=0),
            "Is vrij vanaf ma 7 dec. Dat is 10 dagen te laat.",
        ),
        (
            said(
                Rule.PERIODE,
                vrij_van=date(2026, 11, 1).toordinal(),
                vrij_tot=date(2026, 12, 7).toordinal(),
                dagen_later=0,
                dagen_korter=1,
            ),
            "Is nu vrij, tot ma 7 dec. Dat is 1 dag te kort.",
        ),
        (
            said(Rule.PERIODE, gevraagd=date(2026, 12, 1).toordinal(), dagen_later=7),
            "U vraagt om te beginnen op di 1 dec. Dat is 7 dagen na de uiterlijke datum van de aanvraag.",
        ),
        (said(Rule.BEDDEN, bedden=1, nodig=3), "Er is 1 plek tegelijk vrij. Nodig zijn 3 plekken."),
        (said(Rule.BEDDEN, bedden=0, nodig=2), "Er is geen plek tegelijk vrij. Nodig zijn 2 plekken."),
        (said(Rule.MEDISCH, ontbreekt=("diabeteszorg",)), "Biedt deze zorg niet: zorg bij diabetes."),
        (said(Rule.CONTRA_INDICATIE, kenmerken=("wegloper",)), "De aanbieder neemt dit niet aan: loopt weg."),
        (
            said(Rule.GROEPSMIX, kenmerken=("wegloper",), leeftijdsverschil=61, maximum=60),
            "In de groep is geen ruimte meer voor nog een kind met: loopt weg. "
            "Het verschil in leeftijd in de groep wordt 5 jaar en 1 maand. Hoogstens 5 jaar mag.",
        ),
        (
            said(Rule.REISTIJD, minuten=41.6, maximum=30),
            "De reis van thuis duurt 42 minuten. Hoogstens 30 minuten mag.",
        ),
        (said(Rule.REISTIJD, minuten=float("nan"), maximum=30), "We weten niet hoe lang de reis is."),
        (
            said(Rule.GESTOPT, stop_van=1, stop_tot=date(2026, 12, 1).toordinal()),
            "Is tijdelijk gestopt, naar verwachting tot di 1 dec.",
        ),
    ],
)
def test_a_reason_reads_as_a_plain_sentence(sentence: str, expected: str) -> None:
    assert sentence == expected


def test_the_way_to_a_secret_place_is_told_in_quarters_of_an_hour() -> None:
    """Minutes from several known points would tell where it is."""
    assert said(Rule.REISTIJD, minuten=41.6, maximum=30, exact=False) == (
        "De reis van thuis duurt ongeveer 45 minuten. Hoogstens 30 minuten mag."
    )
    assert catalogue.minutes(2, exact=False) == "ongeveer 15 minuten"


@pytest.mark.parametrize("rol", [rol for rol in Rol if rol is not Rol.SCHAKELFUNCTIONARIS])
def test_only_the_schakelfunctionaris_reads_reasons_of_safety_and_group_mix(rol: Rol) -> None:
    reasons = (Reason(Rule.LEEFTIJD, {}), Reason(Rule.VEILIGHEID, {}), Reason(Rule.GROEPSMIX, {}))
    assert [reason.rule for reason in catalogue.visible(reasons, rol)] == [Rule.LEEFTIJD]
    assert catalogue.visible(reasons, Rol.SCHAKELFUNCTIONARIS) == reasons


def test_hidden_reasons_are_counted_under_one_name_that_says_nothing() -> None:
    """Of 2 plekken with safety and 3 with group mix one is the same: 4 plekken, and not 5 reasons."""
    counts = {Rule.LEEFTIJD: 3, Rule.VEILIGHEID: 2, Rule.GROEPSMIX: 3}
    assert list(catalogue.rule_names(counts, 4, Rol.VERWIJZER).items()) == [("Niet beschikbaar", 4), ("Leeftijd", 3)]
    assert catalogue.rule_names(counts, 4, Rol.SCHAKELFUNCTIONARIS) == {
        "Leeftijd": 3,
        "Samenstelling van de groep": 3,
        "Veiligheid": 2,
    }


def test_without_a_hidden_reason_there_is_no_name_for_it() -> None:
    assert catalogue.rule_names({Rule.LEEFTIJD: 3}, 0, Rol.VERWIJZER) == {"Leeftijd": 3}


def test_a_change_says_what_to_do_how_much_of_it_and_what_it_brings() -> None:
    change = Change(
        rules=(Rule.REISTIJD,),
        plekken=3,
        voorzieningen=2,
        steps={"minuten": (Step(7.2, 1, 1), Step(15.0, 3, 2))},
        places=(),
    )
    assert catalogue.advice(change, NAMES) == "Sta een langere reis toe (vanaf 8 minuten meer)."
    assert catalogue.opened(change) == "Dan passen er 3 plekken bij, in 2 voorzieningen."


def test_no_advice_touches_what_may_never_give_way() -> None:
    """Machtiging, safety and contra-indications are never suggested (domain, Smallest change)."""
    assert not set(catalogue.ADVICE) & {Rule.MACHTIGING, Rule.VEILIGHEID, Rule.CONTRA_INDICATIE}
    assert {Rule.VEILIGHEID, Rule.GROEPSMIX} == REVEALING


def fit(**values: float) -> Fit:
    found = {Criterium(name): value for name, value in values.items()}
    return Fit(
        plek="p",
        voorziening="v",
        score=50,
        band=Band.PAST,
        start=TODAY.toordinal(),
        contributions=dict.fromkeys(found, 0.0),
        values=found,
        reistijd={Anker.THUIS: 12.4},
        unknown=(),
        marks=(),
        plekken=1,
    )


def test_why_a_place_fits_is_told_per_criterium_and_nothing_of_who_lives_there() -> None:
    found = fit(ondersteuning=2 / 3, huiselijkheid=0.9, afstand=0.8, perspectief=1, samen=1, groepsmix=0.2)
    assert catalogue.why(found, TODAY, TODAY, TODAY, 3, exact=True) == [
        "Biedt 2 van de 3 soorten ondersteuning die nodig zijn.",
        "Lijkt veel op een gewoon thuis.",
        "Reistijd: 12 minuten van thuis.",
        "Kan op de gewenste dag beginnen, ma 23 nov.",
        "Het kind kan hier de hele periode blijven.",
        "Een broer of zus woont hier al.",
    ]


def test_a_later_start_is_told_with_how_much_later() -> None:
    assert "Kan beginnen op ma 30 nov, 7 dagen later dan gewenst." in catalogue.why(
        fit(), date(2026, 11, 30), TODAY, TODAY, 0, exact=True
    )
