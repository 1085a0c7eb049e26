"""Random small problems in which nearly every rule and criterion is close to its edge."""

from __future__ import annotations

from random import Random
from typing import Any

from matcher.problem import (
    FOREVER,
    GROEPSSOORTEN,
    PERSPECTIEVEN,
    Aanvraag,
    Anker,
    Area,
    Criterium,
    Group,
    Jeugdige,
    Limits,
    Machtiging,
    Nee,
    Plek,
    Point,
    Urgentie,
    Weging,
)
from tests.matcher.make import CODES, NOW_HOUR, START

REGIOS = ("gooi", "utrecht")


def some(random: Random, codes: tuple[str, ...], chance: float = 0.3) -> frozenset[str]:
    return frozenset(code for code in codes if random.random() < chance)


def often(random: Random, codes: tuple[str, ...], chance: float = 0.85) -> frozenset[str]:
    """Nearly all of them, never none."""
    return some(random, codes, chance) or frozenset(codes[:1])


def point(random: Random) -> Point:
    return Point(140.0 + random.randint(0, 9), 470.0 + random.randint(0, 9))


def plekken(random: Random, voorzieningen: int, *, prefix: str = "v", beds: int = 4) -> list[Plek]:
    return [bed for number in range(voorzieningen) for bed in _unit(random, f"{prefix}{number}", beds)]


def _unit(random: Random, name: str, beds: int) -> list[Plek]:
    youngest = random.randint(60, 140)
    size = random.randint(0, 3)
    mix = {code: random.randint(0, 2) for code in some(random, CODES.kenmerken, 0.4)}
    profile = {
        "voorziening": name,
        "locatie": f"l{random.randint(1, 3)}",
        "aanbieder": f"a{random.randint(1, 3)}",
        "regio": random.choice((*REGIOS, *REGIOS[:1] * 3)),
        "zorgvorm": random.choice((*CODES.zorgvormen, "gezinshuis")),
        "leeftijd_van": (age := random.randint(60, 120)),
        "leeftijd_tot": age + random.randint(20, 90),
        "groepssoort": random.choice((*GROEPSSOORTEN, "gemengd", "gemengd")),
        "juridische_kaders": often(random, ("ots", "vrijwillig")),
        "perspectieven": often(random, PERSPECTIEVEN, 0.5),
        "gesloten": random.random() < 0.1,
        "ondersteuning": some(random, CODES.ondersteuning, 0.5),
        "contra_indicaties": some(random, CODES.kenmerken, 0.15),
        "medisch": often(random, CODES.medisch),
        "rolstoeltoegankelijk": random.random() < 0.8,
        "onderwijs": some(random, CODES.onderwijs),
        "maximaal_verblijf": random.choice((None, 9, 10, 11)),
        "point": None if random.random() < 0.1 else point(random),
        "exact": random.random() < 0.8,
        "group": Group(
            size=size,
            unknown=random.randint(0, size),
            youngest=youngest,
            oldest=youngest + random.randint(0, 50),
            full=tuple(code for code, room in mix.items() if not room),
            room={code: room for code, room in mix.items() if room},
        ),
        "leeftijdsverschil_max": random.choice((None, None, 40, 80)),
        "contract": random.random() < 0.8,
    }
    return [_bed(random, f"{name}b{number}", profile) for number in range(random.randint(1, beds))]


def _bed(random: Random, id: str, profile: dict[str, object]) -> Plek:
    days = sorted(random.sample(range(START - 20, START + 45), 4))
    choices = [
        ((1, FOREVER),),
        ((days[0], days[1]), (days[2], days[3])),
        ((days[0], FOREVER),),
        ((days[0], days[3]),),
        (),
    ]
    stop = random.randint(START - 10, START + 20)
    return Plek(
        id=id,
        windows=random.choice(choices),
        stop=(stop, random.choice((stop + random.randint(1, 25), FOREVER))) if random.random() < 0.3 else None,
        bemenst=random.random() < 0.8,
        in_overleg=random.random() < 0.2,
        bevestigd_uur=random.choice((None, NOW_HOUR + 3, NOW_HOUR - random.randint(0, 900))),
        **profile,  # type: ignore[arg-type]
    )


def aanvraag(random: Random, voorzieningen: int) -> Aanvraag:
    """Two of three ask little, so that places are left for criteria, groups and changes to differ on."""
    mild = random.random() < 0.67
    names = tuple(f"v{number}" for number in range(voorzieningen))
    hard: dict[str, Any] = {}
    if not mild:
        allowed = Machtiging(often(random, CODES.zorgvormen), gesloten=random.random() < 0.5)
        hard = {
            "machtiging": allowed if random.random() < 0.6 else None,
            "maximale_reistijd": random.choice((None, 8, 12)),
            "uitgesloten_aanbieders": some(random, ("a1", "a9"), 0.15),
            "uitgesloten_voorzieningen": some(random, ("v1", "v9"), 0.15),
            "afgewezen_bij": dict.fromkeys(some(random, ("v2", "v8"), 0.15), Nee("afstand")),
            "uitgesloten_gebieden": (Area(point(random), random.choice((1.0, 3.0))),) if random.random() < 0.2 else (),
        }
    return Aanvraag(
        id=f"r{random.randint(1, 99)}",
        urgentie=random.choice(list(Urgentie)),
        jeugdigen=tuple(_jeugdige(random, mild=mild) for _ in range(random.choice((1, 1, 1, 2, 2, 3)))),
        zorgvormen=often(random, CODES.zorgvormen, 0.9 if mild else 0.7),
        juridische_kaders=often(random, ("ots", "vrijwillig"), 0.3),
        perspectief=random.choice(PERSPECTIEVEN),
        gewenste_start=START,
        uiterlijke_datum=START + random.choice((0, 3, 10)),
        verblijf=random.choice((1, 5, 10)),
        regios=frozenset({("gooi", None), *([("utrecht", "gezinshuis")] if mild or random.random() < 0.5 else [])}),
        thuis=point(random) if random.random() < 0.8 else None,
        school=point(random) if random.random() < 0.5 else None,
        netwerk=point(random) if random.random() < 0.3 else None,
        broers_zussen_bij=some(random, names, 0.15),
        **hard,
    )


def _jeugdige(random: Random, *, mild: bool) -> Jeugdige:
    if mild:
        return Jeugdige(
            leeftijd_maanden=random.randint(100, 125),
            groepssoorten=often(random, GROEPSSOORTEN, 0.9) | {"gemengd"},
            ondersteuning=some(random, CODES.ondersteuning),
            kenmerken=some(random, CODES.kenmerken, 0.15),
            onderwijs=random.choice((None, *CODES.onderwijs)),
        )
    return Jeugdige(
        leeftijd_maanden=random.randint(85, 140),
        groepssoorten=often(random, GROEPSSOORTEN, 0.7),
        ondersteuning=some(random, CODES.ondersteuning),
        kenmerken=some(random, CODES.kenmerken),
        medisch=some(random, CODES.medisch, 0.15),
        rolstoel=random.random() < 0.1,
        onderwijs=random.choice((None, *CODES.onderwijs)),
    )


def weging(random: Random) -> Weging:
    return Weging(
        gewichten={criterium: random.choice((0.0, 1.0, 2.5)) for criterium in Criterium if random.random() < 0.9},
        huiselijkheid={code: random.random() for code in CODES.zorgvormen if random.random() < 0.8},
        ankers={anker: random.choice((0.0, 0.3, 0.5)) for anker in Anker if random.random() < 0.9},
        reishorizon_min=15.0,
        leeftijdshorizon_maanden=30.0,
    )


def limits(random: Random) -> Limits:
    return Limits(
        dagen_later=random.choice((0, 5, 20)),
        dagen_korter=random.choice((0, 2, 90)),
        minuten=random.choice((0, 3)),
        maanden=random.choice((0, 10, 24)),
    )
