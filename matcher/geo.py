"""Distances in the plane of the Dutch grid, and travel times."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from matcher.problem import Anker, Point, require

Floats = NDArray[np.float64]

# F.H. Schreutelkamp and G.L. Strang van Hees, "Benaderingsformules voor de transformatie tussen RD- en
# WGS84-kaartcoördinaten", Geodesia 2001-2: powers of latitude and longitude, and their coefficient in metres.
_X = (
    (0, 1, 190094.945),
    (1, 1, -11832.228),
    (2, 1, -114.221),
    (0, 3, -32.391),
    (1, 0, -0.705),
    (3, 1, -2.340),
    (1, 3, -0.608),
    (0, 2, -0.008),
    (2, 3, 0.148),
)
_Y = (
    (1, 0, 309056.544),
    (0, 2, 3638.893),
    (2, 0, 73.077),
    (1, 2, -157.984),
    (3, 0, 59.788),
    (0, 1, 0.433),
    (2, 2, -6.439),
    (1, 1, -0.032),
    (0, 4, 0.092),
    (1, 4, -0.054),
)

# The same, back: powers of x and y in 100 km from Amersfoort, and their coefficient in seconds of arc.
_LAT = (
    (0, 1, 3235.65389),
    (2, 0, -32.58297),
    (0, 2, -0.24750),
    (2, 1, -0.84978),
    (0, 3, -0.06550),
    (2, 2, -0.01709),
    (1, 0, -0.00738),
    (4, 0, 0.00530),
    (2, 3, -0.00039),
    (4, 1, 0.00033),
    (1, 1, -0.00012),
)
_LON = (
    (1, 0, 5260.52916),
    (1, 1, 105.94684),
    (1, 2, 2.45656),
    (3, 0, -0.81885),
    (1, 3, 0.05594),
    (3, 1, -0.05607),
    (0, 1, 0.01199),
    (3, 2, -0.00256),
    (1, 4, 0.00128),
    (0, 2, 0.00022),
    (2, 0, -0.00022),
    (5, 0, 0.00026),
)


def rd(lat: float, lon: float) -> tuple[float, float]:
    """WGS84 degrees → x and y in kilometres of the Rijksdriehoek; within 1 m. ValueError outside the Netherlands."""
    inside = 50 <= lat <= 54.5 and 2.5 <= lon <= 8
    require(inside, "rd", f"latitude {lat}, longitude {lon} is not in the European Netherlands")
    phi, lam = 0.36 * (lat - 52.15517440), 0.36 * (lon - 5.38720621)
    x = 155_000 + sum(c * phi**p * lam**q for p, q, c in _X)
    y = 463_000 + sum(c * phi**p * lam**q for p, q, c in _Y)
    return x / 1000, y / 1000


def wgs84(x_km: float, y_km: float) -> tuple[float, float]:
    """Kilometres of the Rijksdriehoek → latitude and longitude in degrees; the inverse of `rd`, within 1 m."""
    x, y = (x_km - 155) / 100, (y_km - 463) / 100
    lat = 52.15517440 + sum(c * x**p * y**q for p, q, c in _LAT) / 3600
    lon = 5.38720621 + sum(c * x**p * y**q for p, q, c in _LON) / 3600
    return lat, lon


def distance_km(point: Point, x_km: Floats, y_km: Floats) -> Floats:
    """Straight distance; NaN where the coordinates are."""
    dx, dy = x_km - point.x_km, y_km - point.y_km
    km: Floats = np.sqrt(dx * dx + dy * dy)
    return km


class Estimate(Struct, frozen=True):
    """Travel time by car from the straight distance: `vast_min` + distance × `omrijfactor` ÷ `snelheid_kmh`.

    A road network is about 1.2 to 1.4 times the straight line (Newell 1980: 1.2 in cities; Ballou e.a. 2002 measured
    it per country); 45 km/h with 4 minutes to leave and arrive is an assumption for a region of towns. Settings.
    """

    omrijfactor: float = 1.3
    snelheid_kmh: float = 45.0
    vast_min: float = 4.0

    def __post_init__(self) -> None:
        require(1 <= self.omrijfactor < 10, "estimate", f"omrijfactor is {self.omrijfactor}")
        require(0 < self.snelheid_kmh < 500, "estimate", f"snelheid_kmh is {self.snelheid_kmh}")
        require(0 <= self.vast_min < 600, "estimate", f"vast_min is {self.vast_min}")

    def minutes(self, anker: Anker, point: Point | None, locatie: NDArray[np.int64], x: Floats, y: Floats) -> Floats:
        """Minutes between `point` and each place; NaN where either is not known."""
        if point is None:
            return np.full(len(x), np.nan)
        return self.vast_min + distance_km(point, x, y) * (self.omrijfactor * 60 / self.snelheid_kmh)


class Table(Struct, frozen=True):
    """Minutes from somewhere else, such as OSRM: per anker an array aligned with `Aanbod.locaties`.

    A locatie with NaN, or added to the aanbod after the table was made, takes the estimate.
    """

    minuten: dict[Anker, Floats]
    fallback: Estimate = Estimate()

    def __post_init__(self) -> None:
        for anker, minuten in self.minuten.items():
            require(minuten.ndim == 1 and not (minuten < 0).any(), f"table.{anker}", "is not a row of minutes")

    def minutes(self, anker: Anker, point: Point | None, locatie: NDArray[np.int64], x: Floats, y: Floats) -> Floats:
        """Minutes between the anker and each place; NaN where not known."""
        estimate = self.fallback.minutes(anker, point, locatie, x, y)
        table = self.minuten.get(anker)
        if point is None or table is None:
            return estimate
        found = np.full(len(locatie), np.nan)
        inside = locatie < len(table)
        found[inside] = table[locatie[inside]]
        return np.where(np.isnan(found), estimate, found)


Travel = Estimate | Table
