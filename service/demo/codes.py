"""Code lists, weights and settings of the demo regions.

Values that a region must decide are examples and say so in `bron`; nothing here is a norm.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from service.aanvraag.termijnen import Termijnen
from service.demo.regions import Regio
from service.demo.rows import Instelling, Kenmerkcode, Rows, Weging, Zorgvorm
from service.opschaling.opschalingen import Opschaalregels
from service.opschaling.routesoorten import Routetermijnen
from service.privacy.bewaren import Bewaartermijnen
from service.regio import regiokeuzes
from service.regio.werkregels import Werkregels

EXAMPLE = "voorbeeldwaarde, nog vast te stellen door de regio"


class Vorm(Struct, frozen=True):
    """A zorgvorm, with what the generator must know of it."""

    naam: str
    huiselijkheid: float
    gezinsvorm: bool
    gebruikelijk_verblijf: int | None
    """Days, the value of the code list."""
    share: float
    """Part of all plekken. Numbers of domain.md: about half foster care, a tenth gezinshuizen."""
    stay: int
    """Median stay in days that the history shows."""
    beds: tuple[int, int]
    """Plekken in one voorziening, from and to."""
    van: tuple[int, int]
    """Lowest age of admission in years, from and to."""
    tot: tuple[int, int]
    """Highest age, inclusive."""


VORMEN: dict[str, Vorm] = {
    "pleegzorg-crisis": Vorm("Crisispleegzorg", 1.0, True, 28, 0.05, 35, (1, 2), (0, 0), (11, 17)),
    "pleegzorg-hulpverlening": Vorm(
        "Pleegzorg voor hulpverlening", 1.0, True, 180, 0.14, 270, (1, 2), (0, 4), (11, 17)
    ),
    "pleegzorg-opvoeding": Vorm("Pleegzorg voor opvoeding", 1.0, True, None, 0.22, 1100, (1, 3), (0, 4), (11, 17)),
    "pleegzorg-deeltijd": Vorm("Deeltijdpleegzorg", 1.0, True, None, 0.05, 365, (1, 2), (0, 4), (12, 17)),
    "gezinshuis": Vorm("Gezinshuis", 0.9, True, None, 0.14, 600, (3, 6), (0, 6), (14, 17)),
    "gezinsgroep": Vorm("Gezinsgroep", 0.7, False, 365, 0.04, 420, (4, 6), (4, 8), (15, 17)),
    "kleinschalig-verblijf": Vorm("Kleinschalig verblijf", 0.6, False, 270, 0.09, 330, (4, 6), (6, 12), (16, 17)),
    "driemilieu": Vorm("Driemilieu", 0.4, False, 365, 0.04, 300, (5, 8), (6, 12), (15, 17)),
    "crisis": Vorm("Crisisopvang", 0.3, False, 28, 0.05, 30, (4, 6), (0, 8), (12, 17)),
    "kamertraining": Vorm("Kamertraining", 0.5, False, 365, 0.05, 270, (3, 6), (16, 16), (17, 20)),
    "logeer": Vorm("Logeeropvang", 0.6, False, None, 0.02, 180, (3, 5), (4, 6), (14, 17)),
    "tussenvoorziening": Vorm("Tussenvoorziening", 0.4, False, 90, 0.02, 60, (3, 5), (6, 12), (17, 17)),
    "residentieel": Vorm("Residentieel verblijf", 0.2, False, 270, 0.04, 240, (6, 10), (8, 12), (17, 17)),
    "lvb-verblijf": Vorm("LVB-verblijf", 0.3, False, 365, 0.03, 400, (5, 8), (6, 10), (17, 17)),
    "ggz-verblijf": Vorm("GGZ-verblijf", 0.2, False, 180, 0.01, 150, (4, 8), (8, 12), (17, 17)),
    "jeugdzorgplus": Vorm("JeugdzorgPlus", 0.0, False, 180, 0.01, 180, (4, 8), (12, 12), (17, 17)),
}

CRISIS_FORMS = ("pleegzorg-crisis", "crisis")
NOT_RANKED = "jeugdzorgplus"

KENMERKCODES: dict[str, dict[str, str]] = {
    "ondersteuning": {
        "nachttoezicht": "Toezicht in de nacht",
        "traumabehandeling": "Behandeling van trauma",
        "hechting": "Hulp bij hechting",
        "gedragstraining": "Training in gedrag",
        "dagstructuur": "Vaste structuur van de dag",
        "een_op_een": "Begeleiding één op één",
        "begeleid_contact": "Begeleid contact met ouders",
        "ouderbegeleiding": "Begeleiding van ouders",
        "psychiatrische_behandeling": "Psychiatrische behandeling",
        "verslavingszorg": "Behandeling van verslaving",
        "zelfstandigheid": "Leren zelfstandig te wonen",
        "taal": "Hulp bij de Nederlandse taal",
    },
    "kenmerk": {
        "zware_gedragsproblemen": "Zware gedragsproblemen",
        "agressie": "Kan agressief zijn",
        "weglopen": "Loopt weg",
        "zelfbeschadiging": "Beschadigt zichzelf",
        "middelengebruik": "Gebruikt drugs of alcohol",
        "seksueel_grensoverschrijdend": "Gaat over grenzen van anderen, seksueel",
        "kwetsbaar_voor_misbruik": "Kwetsbaar voor misbruik",
        "brandstichting": "Heeft brand gesticht",
        "allergie_huisdieren": "Allergisch voor huisdieren",
    },
    "medisch": {
        "diabeteszorg": "Zorg bij diabetes",
        "epilepsie": "Zorg bij epilepsie",
        "medicatiebeheer": "Beheer van medicijnen",
        "sondevoeding": "Sondevoeding",
        "nachtelijke_zorg": "Verpleging in de nacht",
    },
    "onderwijs": {
        "regulier": "Regulier onderwijs",
        "speciaal": "Speciaal onderwijs",
        "praktijkonderwijs": "Praktijkonderwijs",
        "mbo": "Mbo",
        "op_locatie": "Onderwijs op de locatie",
    },
}

WEGINGEN: dict[str, dict[str, float]] = {
    # In a crisis certainty and distance count most: somebody must be able to go there tonight.
    "crisis": {
        "ondersteuning": 2, "huiselijkheid": 2, "afstand": 2, "wachttijd": 3,
        "perspectief": 1, "samen": 3, "groepsmix": 1, "zekerheid": 3,
    },
    "spoed": {
        "ondersteuning": 3, "huiselijkheid": 3, "afstand": 2, "wachttijd": 2,
        "perspectief": 2, "samen": 3, "groepsmix": 1, "zekerheid": 2,
    },
    "regulier": {
        "ondersteuning": 4, "huiselijkheid": 4, "afstand": 2, "wachttijd": 1,
        "perspectief": 4, "samen": 3, "groepsmix": 1, "zekerheid": 1,
    },
}  # fmt: skip

INSTELLINGEN: dict[str, tuple[Any, str]] = {
    **{
        keuze.sleutel: (keuze.waarde, keuze.bron)
        for shape in (Bewaartermijnen, Termijnen, Werkregels, Routetermijnen, Opschaalregels)
        for keuze in regiokeuzes.defaults(shape)
    },
    "banden": ({"goed": 75, "past": 50}, EXAMPLE),
    "reistijd_horizon_min": (60, EXAMPLE),
    "normen_dagen": ({"crisis": 1, "spoed": 7, "regulier": 70}, EXAMPLE),
    "ankers": ({"thuis": 0.5, "school": 0.3, "netwerk": 0.2}, EXAMPLE),
    "leeftijdshorizon_maanden": (60, EXAMPLE),
    "bevestiging_uren": ({"vers": 72, "oud": 672}, EXAMPLE),
    "optie_uren": ({"crisis": 4, "spoed": 24, "regulier": 72}, EXAMPLE),
    "vrijhouden_advies": ({"aan": False, "punten": 10}, EXAMPLE),
    "alarm_crisis_dagen": ([14, 21, 28], EXAMPLE),
}


def add_codes(rows: Rows, regio: Regio) -> None:
    """Each region has its own copy of every list, because each may change it."""
    rows.zorgvorm += [
        Zorgvorm(
            regio.code,
            code,
            v.naam,
            v.huiselijkheid,
            v.gezinsvorm,
            code != NOT_RANKED,
            v.gebruikelijk_verblijf,
            EXAMPLE,
        )
        for code, v in VORMEN.items()
    ]
    rows.kenmerkcode += [
        Kenmerkcode(regio.code, lijst, code, naam)
        for lijst, codes in KENMERKCODES.items()
        for code, naam in codes.items()
    ]
    rows.weging += [
        Weging(regio.code, urgentie, criterium, gewicht, EXAMPLE)
        for urgentie, gewichten in WEGINGEN.items()
        for criterium, gewicht in gewichten.items()
    ]
    rows.instelling += [
        Instelling(regio.code, sleutel, waarde, bron)
        for sleutel, (waarde, bron) in INSTELLINGEN.items()
        if waarde is not None  # what a region has not, such as a telephone number, it does not choose
    ]
