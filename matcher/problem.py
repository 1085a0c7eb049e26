"""What goes into the matcher. Nonsense is refused when a Struct is built, with what and where.

Units: a day is an integer as `datetime.date.toordinal` gives it, an hour is a float counted from the same
day 0, ages are whole months, distances kilometres, travel times minutes. Codes are the strings of the
region's code lists; `Codes` turns sets of them into bits.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

FOREVER = 2**31 - 1
"""Last day of a window that has no end."""

MAX_CODES = 63
"""Bits in one column of a set of codes."""


class Urgentie(StrEnum):
    CRISIS = "crisis"
    SPOED = "spoed"
    REGULIER = "regulier"


class Point(Struct, frozen=True):
    """A point in the plane of the Dutch grid (Rijksdriehoek), in kilometres."""

    x_km: float
    y_km: float


class Codes(Struct, frozen=True):
    """The code lists of a region, at most 63 codes each; the position of a code is its bit."""

    zorgvormen: tuple[str, ...]
    ondersteuning: tuple[str, ...] = ()
    kenmerken: tuple[str, ...] = ()
    medisch: tuple[str, ...] = ()
    onderwijs: tuple[str, ...] = ()


class Group(Struct, frozen=True):
    """Who lives in a voorziening now, as far as the group mix looks at it."""

    size: int = 0
    youngest: int = 0
    oldest: int = 0
    full: tuple[str, ...] = ()
    """Codes of `Codes.kenmerken` of which the voorziening takes no further child."""
    room: dict[str, int] = {}
    """Per code with a maximum that is not yet reached: how many more children with it."""
    unknown: int = 0
    """Residents of whom age and traits are not known here; they count in size only."""


class Plek(Struct, frozen=True, kw_only=True):
    """One bed with the admission profile of its voorziening."""

    id: str
    voorziening: str
    locatie: str
    aanbieder: str
    regio: str
    zorgvorm: str
    leeftijd_van: int
    leeftijd_tot: int
    """Months, inclusive."""
    groepssoort: str
    juridische_kaders: frozenset[str]
    perspectieven: frozenset[str]
    gesloten: bool = False
    ondersteuning: frozenset[str] = frozenset()
    contra_indicaties: frozenset[str] = frozenset()
    medisch: frozenset[str] = frozenset()
    rolstoeltoegankelijk: bool = False
    onderwijs: frozenset[str] = frozenset()
    maximaal_verblijf: int | None = None
    windows: tuple[tuple[int, int], ...] = ()
    """Periods in which the bed is free: first day, and the first day it is not free again (FOREVER when none)."""
    stop: tuple[int, int] | None = None
    """A stop that runs or is planned: first day, and the day on which it is expected to end."""
    bemenst: bool = True
    in_overleg: bool = False
    bevestigd_uur: float | None = None
    point: Point | None = None
    exact: bool = True
    """False: the point is coarse, because the locatie is secret or confidential."""
    group: Group = Group()
    leeftijdsverschil_max: int | None = None
    contract: bool = True
    """False: "alleen na overleg met de gemeente"; never a reason to fall out."""


class Jeugdige(Struct, frozen=True, kw_only=True):
    """One child of an aanvraag, as far as a place must know."""

    leeftijd_maanden: int
    """On the wished start."""
    groepssoorten: frozenset[str]
    ondersteuning: frozenset[str] = frozenset()
    kenmerken: frozenset[str] = frozenset()
    medisch: frozenset[str] = frozenset()
    rolstoel: bool = False
    onderwijs: str | None = None


class Machtiging(Struct, frozen=True):
    """The stays that a court allows: a zorgvorm outside it is blocked."""

    zorgvormen: frozenset[str]
    gesloten: bool = False


class Area(Struct, frozen=True):
    """Surroundings in which the child must not be."""

    point: Point
    radius_km: float


class Aanvraag(Struct, frozen=True, kw_only=True):
    """A request for one child, or for siblings who must stay together (more than one jeugdige)."""

    id: str
    urgentie: Urgentie
    jeugdigen: tuple[Jeugdige, ...]
    zorgvormen: frozenset[str]
    juridisch_kader: str
    perspectief: str
    gewenste_start: int
    uiterlijke_datum: int
    verblijf: int
    """Expected stay in days."""
    regios: frozenset[tuple[str, str | None]]
    """Regions whose places may be used, each with the agreed zorgvorm (None: all)."""
    machtiging: Machtiging | None = None
    thuis: Point | None = None
    school: Point | None = None
    netwerk: Point | None = None
    maximale_reistijd: int | None = None
    uitgesloten_aanbieders: frozenset[str] = frozenset()
    uitgesloten_voorzieningen: frozenset[str] = frozenset()
    uitgesloten_gebieden: tuple[Area, ...] = ()
    broers_zussen_bij: frozenset[str] = frozenset()
    """Voorzieningen where brothers or sisters already live."""
