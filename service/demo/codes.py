"""What the generator must know of each zorgvorm, and the settings of the demo regions: code lists and weights are those
that every region begins with (service/instellingen/begin.py)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from service.aanvraag.termijnen import Termijnen
from service.demo.regions import Regio
from service.demo.rows import Instelling, Kenmerkcode, Rows, Weging, Zorgvorm
from service.instellingen import begin
from service.opschaling.opschalingen import Opschaalregels
from service.opschaling.routesoorten import Routetermijnen
from service.privacy.bewaren import Bewaartermijnen
from service.regio import regiokeuzes
from service.regio.werkregels import Werkregels

EXAMPLE = begin.VOORBEELD


class Vorm(Struct, frozen=True):
    """What the generator must know of a zorgvorm."""

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
    "pleegzorg-crisis": Vorm(0.05, 35, (1, 2), (0, 0), (11, 17)),
    "pleegzorg-hulpverlening": Vorm(0.14, 270, (1, 2), (0, 4), (11, 17)),
    "pleegzorg-opvoeding": Vorm(0.22, 1100, (1, 3), (0, 4), (11, 17)),
    "pleegzorg-deeltijd": Vorm(0.05, 365, (1, 2), (0, 4), (12, 17)),
    "gezinshuis": Vorm(0.14, 600, (3, 6), (0, 6), (14, 17)),
    "gezinsgroep": Vorm(0.04, 420, (4, 6), (4, 8), (15, 17)),
    "kleinschalig-verblijf": Vorm(0.09, 330, (4, 6), (6, 12), (16, 17)),
    "driemilieu": Vorm(0.04, 300, (5, 8), (6, 12), (15, 17)),
    "crisis": Vorm(0.05, 30, (4, 6), (0, 8), (12, 17)),
    "kamertraining": Vorm(0.05, 270, (3, 6), (16, 16), (17, 20)),
    "logeer": Vorm(0.02, 180, (3, 5), (4, 6), (14, 17)),
    "tussenvoorziening": Vorm(0.02, 60, (3, 5), (6, 12), (17, 17)),
    "residentieel": Vorm(0.04, 240, (6, 10), (8, 12), (17, 17)),
    "lvb-verblijf": Vorm(0.03, 400, (5, 8), (6, 10), (17, 17)),
    "ggz-verblijf": Vorm(0.01, 150, (4, 8), (8, 12), (17, 17)),
    "jeugdzorgplus": Vorm(0.01, 180, (4, 8), (12, 12), (17, 17)),
}

CRISIS_FORMS = ("pleegzorg-crisis", "crisis")
NOT_RANKED = begin.GESLOTEN

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
    rows.zorgvorm += [Zorgvorm(regio.code, *row) for row in begin.zorgvormen()]
    rows.kenmerkcode += [Kenmerkcode(regio.code, *row) for row in begin.kenmerkcodes()]
    rows.weging += [Weging(regio.code, *row) for row in begin.wegingen()]
    rows.instelling += [
        Instelling(regio.code, sleutel, waarde, bron)
        for sleutel, (waarde, bron) in INSTELLINGEN.items()
        if waarde is not None  # what a region has not, such as a telephone number, it does not choose
    ]
