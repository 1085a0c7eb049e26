"""What goes into the matcher. Nonsense is refused when a Struct is built, with what and where (ValueError).

Units: a day is an integer as `datetime.date.toordinal` gives it, an hour is a float counted from the same
day 0 (day × 24), ages are whole months, distances kilometres, travel times minutes. Codes are the strings of
the region's code lists; `Codes` turns sets of them into bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from math import isfinite

from msgspec import Struct, field

FOREVER = 2**31 - 1
"""Last day of a window that has no end."""

LAST_DAY = 3_652_059
"""31 December 9999: any other number is not a day."""

MAX_CODES = 63
"""Bits in one column of a set of codes."""

MAX_SAMEN = 8
"""Jeugdigen in one samenplaatsing."""

MAX_MONTHS = 276
"""Youth care ends at 23."""

JURIDISCHE_KADERS = ("vrijwillig", "vots", "ots", "voogdij", "voorlopige_voogdij", "jeugdreclassering")
PERSPECTIEVEN = ("terug_naar_huis", "langdurig", "onduidelijk")
GROEPSSOORTEN = ("gemengd", "meisjes", "jongens")


class Urgentie(StrEnum):
    CRISIS = "crisis"
    SPOED = "spoed"
    REGULIER = "regulier"


class Criterium(StrEnum):
    """The soft criteria, in the order in which contributions are added up; each is explained in score.py."""

    ONDERSTEUNING = "ondersteuning"
    HUISELIJKHEID = "huiselijkheid"
    AFSTAND = "afstand"
    WACHTTIJD = "wachttijd"
    PERSPECTIEF = "perspectief"
    SAMEN = "samen"
    GROEPSMIX = "groepsmix"
    ZEKERHEID = "zekerheid"


class Anker(StrEnum):
    """Where the child travels to."""

    THUIS = "thuis"
    SCHOOL = "school"
    NETWERK = "netwerk"


def require(holds: bool, where: str, what: str) -> None:
    """Refuses nonsense: ValueError "<where>: <what>"."""
    if not holds:
        raise ValueError(f"{where}: {what}")


def _known(where: str, what: str, codes: Iterable[str], allowed: tuple[str, ...]) -> None:
    for code in codes:
        if code not in allowed:
            raise ValueError(f"{where}: {what} {code!r} is not one of {', '.join(allowed)}")


class Point(Struct, frozen=True):
    """A point in the plane of the Dutch grid (Rijksdriehoek), in kilometres."""

    x_km: float
    y_km: float

    def __post_init__(self) -> None:
        inside = abs(self.x_km) < 1000 and abs(self.y_km) < 1000  # also false for NaN
        require(inside, "point", f"({self.x_km}, {self.y_km}) is not in kilometres of the Dutch grid")


class Codes(Struct, frozen=True):
    """The code lists of a region, at most 63 codes each; the position of a code is its bit."""

    zorgvormen: tuple[str, ...]
    ondersteuning: tuple[str, ...] = ()
    kenmerken: tuple[str, ...] = ()
    medisch: tuple[str, ...] = ()
    onderwijs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            codes = getattr(self, name)
            require(len(codes) <= MAX_CODES, f"codes.{name}", f"{len(codes)} codes, at most {MAX_CODES} fit")
            require(len(set(codes)) == len(codes), f"codes.{name}", "a code stands in it twice")
        require(bool(self.zorgvormen), "codes.zorgvormen", "is empty")


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

    def __post_init__(self) -> None:
        require(0 <= self.unknown <= self.size, "group", f"{self.unknown} unknown of {self.size} residents")
        if self.size > self.unknown:
            ages = 0 <= self.youngest <= self.oldest
            require(ages, "group", f"youngest {self.youngest} and oldest {self.oldest} months")
        for code, room in self.room.items():
            require(room > 0, "group", f"room for {room} with {code!r}: name it in `full` instead")
            require(code not in self.full, "group", f"{code!r} is full and has room")


class Plek(Struct, frozen=True, kw_only=True):
    """One bed, with the admission profile of its voorziening: plekken of one voorziening agree on it."""

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
    """Periods in which the bed is free: first day, and the first day it is not free again (FOREVER when none).

    In order, without overlap. The days of `stop` may be in them or left out, that makes no difference.
    """
    stop: tuple[int, int] | None = None
    """A stop that runs or is planned: first day, and the day on which it is expected to end (FOREVER: unknown).

    A stop never overlaps a stay (bezetting_geen_overlap): without it the bed would be free on those days. So leave
    out a stop in days that a child, against expectation, still takes.
    """
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

    def __post_init__(self) -> None:
        where = f"plek {self.id}"
        ages = 0 <= self.leeftijd_van <= self.leeftijd_tot <= MAX_MONTHS
        require(ages, where, f"ages {self.leeftijd_van} to {self.leeftijd_tot} months")
        _known(where, "groepssoort", (self.groepssoort,), GROEPSSOORTEN)
        _known(where, "juridisch kader", self.juridische_kaders, JURIDISCHE_KADERS)
        _known(where, "perspectief", self.perspectieven, PERSPECTIEVEN)
        for name in ("maximaal_verblijf", "leeftijdsverschil_max"):
            value = getattr(self, name)
            require(value is None or 0 < value <= LAST_DAY, where, f"{name} is {value}")
        free_until = 0
        for start, end in self.windows:
            require(_is_period(start, end), where, f"free from day {start} to {end}")
            require(start >= free_until, where, f"free from day {start}, but the window before it ends on {free_until}")
            free_until = end
        if self.stop is not None:
            require(_is_period(*self.stop), where, f"stop from day {self.stop[0]} to {self.stop[1]}")
        if self.bevestigd_uur is not None:
            require(isfinite(self.bevestigd_uur), where, f"confirmed at hour {self.bevestigd_uur}")


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

    def __post_init__(self) -> None:
        ages = 0 <= self.leeftijd_maanden <= MAX_MONTHS
        require(ages, "jeugdige", f"age {self.leeftijd_maanden} months")
        require(bool(self.groepssoorten), "jeugdige", "fits in no groepssoort")
        _known("jeugdige", "groepssoort", self.groepssoorten, GROEPSSOORTEN)


class Machtiging(Struct, frozen=True):
    """The stays that a court allows: a zorgvorm outside it is blocked."""

    zorgvormen: frozenset[str]
    gesloten: bool = False


class Nee(Struct, frozen=True):
    """What a voorziening said of this child, as long as that holds."""

    reden: str
    """A code; its sentence is in the catalogue."""
    vanaf: int | None = None
    """The day from which on it would be another answer."""


class Area(Struct, frozen=True):
    """Surroundings in which the child must not be."""

    point: Point
    radius_km: float

    def __post_init__(self) -> None:
        require(0 < self.radius_km < 1000, "area", f"radius of {self.radius_km} km")


class Aanvraag(Struct, frozen=True, kw_only=True):
    """A request for one child, or for siblings who must stay together (more than one jeugdige)."""

    id: str
    urgentie: Urgentie
    jeugdigen: tuple[Jeugdige, ...]
    zorgvormen: frozenset[str]
    juridische_kaders: frozenset[str]
    """Of all jeugdigen together: brothers and sisters may be under different ones."""
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
    """Minutes from thuis."""
    uitgesloten_aanbieders: frozenset[str] = frozenset()
    uitgesloten_voorzieningen: frozenset[str] = frozenset()
    uitgesloten_gebieden: tuple[Area, ...] = ()
    afgewezen_bij: dict[str, Nee] = {}
    """Voorzieningen that said no, as long as that holds."""
    broers_zussen_bij: frozenset[str] = frozenset()
    """Voorzieningen where brothers or sisters already live."""

    def __post_init__(self) -> None:
        where = f"aanvraag {self.id}"
        count = len(self.jeugdigen)
        require(1 <= count <= MAX_SAMEN, where, f"{count} jeugdigen, 1 to {MAX_SAMEN} can be asked for together")
        require(bool(self.zorgvormen), where, "asks for no zorgvorm")
        require(bool(self.regios), where, "may use places of no region")
        require(bool(self.juridische_kaders), where, "is under no juridisch kader")
        _known(where, "juridisch kader", self.juridische_kaders, JURIDISCHE_KADERS)
        _known(where, "perspectief", (self.perspectief,), PERSPECTIEVEN)
        days = _is_day(self.gewenste_start) and _is_day(self.uiterlijke_datum)
        require(days, where, f"start between day {self.gewenste_start} and {self.uiterlijke_datum}")
        ordered = 0 <= self.uiterlijke_datum - self.gewenste_start <= 3650
        require(ordered, where, f"latest start {self.uiterlijke_datum} against wished start {self.gewenste_start}")
        require(0 < self.verblijf <= 10_000, where, f"stay of {self.verblijf} days")
        limit = self.maximale_reistijd
        require(limit is None or limit > 0, where, f"maximale_reistijd is {limit} minutes")


class Weging(Struct, frozen=True, kw_only=True):
    """How a region weighs the criteria for one urgentie, and the scales on which they are measured."""

    gewichten: dict[Criterium, float]
    """Per criterium a weight of 0 or more; a criterium that is not named weighs 0."""
    huiselijkheid: dict[str, float]
    """Per zorgvorm how home-like it is, 0 to 1 ("zo thuis mogelijk")."""
    goed: float = 75.0
    """From this score on the band is `goed` …"""
    past: float = 50.0
    """… from this one on `past`, and below it `deels`."""
    reishorizon_min: float = 60.0
    """At this travel time or more a place is worth nothing for afstand."""
    ankers: dict[Anker, float] = field(
        default_factory=lambda: {Anker.THUIS: 0.5, Anker.SCHOOL: 0.3, Anker.NETWERK: 0.2}
    )
    """How much each known anker counts for afstand."""
    leeftijdshorizon_maanden: float = 60.0
    """At this distance in age from the group or more a place is worth nothing for groepsmix."""
    vers_uur: float = 72.0
    """Confirmed less than this many hours ago counts as certain …"""
    oud_uur: float = 672.0
    """… and this many or more as unknown."""

    def __post_init__(self) -> None:
        for criterium, gewicht in self.gewichten.items():
            require(0 <= gewicht < 1e6, "weging", f"weight of {criterium} is {gewicht}")
        for zorgvorm, value in self.huiselijkheid.items():
            require(0 <= value <= 1, "weging", f"huiselijkheid of {zorgvorm} is {value}")
        for anker, gewicht in self.ankers.items():
            require(0 <= gewicht < 1e6, "weging", f"weight of anker {anker} is {gewicht}")
        require(0 <= self.past <= self.goed <= 100, "weging", f"bands from {self.past} and {self.goed}")
        require(0 < self.reishorizon_min < 1e6, "weging", f"reishorizon of {self.reishorizon_min} minutes")
        horizon = self.leeftijdshorizon_maanden
        require(0 < horizon < 1e6, "weging", f"leeftijdshorizon of {horizon} months")
        fresh = 0 <= self.vers_uur < self.oud_uur < 1e9
        require(fresh, "weging", f"fresh up to {self.vers_uur} hours and old from {self.oud_uur}")


class Limits(Struct, frozen=True):
    """How far a suggested change may go; beyond it a place is too far off to speak of a smallest change."""

    dagen_later: int = 90
    dagen_korter: int = 90
    """And never more than half of the stay."""
    minuten: int = 60
    maanden: int = 24

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            require(0 <= getattr(self, name) <= 3650, "limits", f"{name} is {getattr(self, name)}")


def _is_day(day: int) -> bool:
    return 0 < day <= LAST_DAY


def _is_period(start: int, end: int) -> bool:
    return 0 < start < end and start <= LAST_DAY and (end <= LAST_DAY + 1 or end == FOREVER)
