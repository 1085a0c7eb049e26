"""Plain builders for the matcher: everything fits unless a test says otherwise. Day 1000 is the wished start."""

from __future__ import annotations

from typing import Any

from matcher.problem import FOREVER, Aanvraag, Codes, Criterium, Group, Jeugdige, Plek, Point, Urgentie, Weging

START = 1000
NOW_HOUR = START * 24.0

CODES = Codes(
    zorgvormen=("pleegzorg", "gezinshuis", "driemilieu"),
    ondersteuning=("nachttoezicht", "trauma", "verslaving"),
    kenmerken=("brandstichting", "zware_gedragsproblemen"),
    medisch=("sondevoeding", "insuline"),
    onderwijs=("vso", "praktijk"),
)

WEGING = Weging(
    gewichten=dict.fromkeys(Criterium, 1.0), huiselijkheid={"pleegzorg": 1.0, "gezinshuis": 0.9, "driemilieu": 0.3}
)


def only(criterium: Criterium, **fields: Any) -> Weging:
    """A weging in which one criterium is worth all 100 points."""
    return Weging(**{"gewichten": {criterium: 2.0}, "huiselijkheid": WEGING.huiselijkheid, **fields})


def plek(id: str = "p1", **fields: Any) -> Plek:
    """A bed in a gezinshuis for 6 up to and including 15 years that is free for ever."""
    given: dict[str, Any] = {
        "voorziening": "v1",
        "locatie": "l1",
        "aanbieder": "a1",
        "regio": "gooi",
        "zorgvorm": "gezinshuis",
        "leeftijd_van": 72,
        "leeftijd_tot": 191,
        "groepssoort": "gemengd",
        "juridische_kaders": frozenset({"ots", "vrijwillig"}),
        "perspectieven": frozenset({"langdurig"}),
        "windows": ((1, FOREVER),),
        "bevestigd_uur": NOW_HOUR,
        "point": Point(140.0, 475.0),
        "group": Group(size=2, youngest=96, oldest=168),
        **fields,
    }
    return Plek(id=id, **given)


def beds(count: int, **fields: Any) -> list[Plek]:
    """So many alike in one voorziening: p1, p2, …"""
    return [plek(f"p{number}", **fields) for number in range(1, count + 1)]


def jeugdige(**fields: Any) -> Jeugdige:
    """Ten years old."""
    return Jeugdige(**{"leeftijd_maanden": 120, "groepssoorten": frozenset({"gemengd", "meisjes"}), **fields})


def aanvraag(*jeugdigen: Jeugdige, **fields: Any) -> Aanvraag:
    """For a hundred days from day 1000 on, at the latest from day 1010 on, living 10 km from the place of `plek`."""
    given: dict[str, Any] = {
        "id": "r1",
        "urgentie": Urgentie.REGULIER,
        "zorgvormen": frozenset({"gezinshuis", "pleegzorg"}),
        "juridische_kaders": frozenset({"ots"}),
        "perspectief": "langdurig",
        "gewenste_start": START,
        "uiterlijke_datum": START + 10,
        "verblijf": 100,
        "regios": frozenset({("gooi", None)}),
        "thuis": Point(140.0, 465.0),
        **fields,
    }
    return Aanvraag(jeugdigen=jeugdigen or (jeugdige(),), **given)
