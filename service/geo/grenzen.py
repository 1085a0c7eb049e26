"""Borders of gemeenten out of a GeoJSON file, made small enough to stand in a page. Pure: bytes in, rows out.

CBS/PDOK "Gebiedsindelingen" (CC BY 4.0) or any other FeatureCollection with a Polygon or MultiPolygon per gemeente and
its CBS code (`statcode`, `gemeentecode`, `identificatie` or `code`; with or without GM), in degrees (WGS84) or in
Rijksdriehoek (EPSG:28992).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from matcher.geo import wgs84
from service.geo.official import Unreadable

CODE = ("statcode", "gemeentecode", "gm_code", "identificatie", "code")

TOLERANTIE_KM = 0.06
"""A point that lies nearer than this to the line between its neighbours is left out: less than a pixel of a region."""

KLEINST = 4
"""Points of a ring, the first again at the end: a triangle. What is smaller is an islet that nobody misses."""

Punt = tuple[float, float]


class _Geometry(Struct):
    type: str
    coordinates: Any


class _Feature(Struct):
    properties: dict[str, Any]
    geometry: _Geometry | None


class _Collection(Struct):
    features: list[_Feature]


class Grens(Struct, frozen=True):
    number: int
    """Of the feature in the file."""
    code: Any
    ringen: list[list[Punt]] | None
    """(latitude, longitude) to four decimals; None when the shape cannot be read."""


def grenzen(content: bytes) -> Iterator[Grens]:
    """Raises Unreadable for what is no GeoJSON of areas with a code."""
    try:
        features = msgspec.json.decode(content, type=_Collection).features
    except msgspec.DecodeError:
        raise Unreadable("Dit is geen GeoJSON met een lijst van gebieden (features).") from None
    for number, feature in enumerate(features, 1):
        by_name = {name.lower(): value for name, value in feature.properties.items()}
        code = next((by_name[name] for name in CODE if name in by_name), None)
        if code is None:
            raise Unreadable(f"In dit bestand staat geen gemeentecode. Nodig is: {' of '.join(CODE)}.")
        yield Grens(number, code, _ringen(feature.geometry))


def _ringen(geometry: _Geometry | None) -> list[list[Punt]] | None:
    if geometry is None or geometry.type not in ("Polygon", "MultiPolygon"):
        return None
    areas = [geometry.coordinates] if geometry.type == "Polygon" else geometry.coordinates
    try:
        rings = [[_degrees(point) for point in ring] for area in areas for ring in area]
    except (TypeError, ValueError, IndexError):
        return None
    small = [[(round(lat, 4), round(lon, 4)) for lat, lon in vereenvoudig(ring, TOLERANTIE_KM)] for ring in rings]
    found = [ring for ring in small if len(ring) >= KLEINST]
    inside = all(50.5 <= lat <= 53.8 and 3.0 <= lon <= 7.5 for ring in found for lat, lon in ring)
    return found if found and inside else None


def _degrees(point: Sequence[float]) -> Punt:
    """Large numbers are metres of Rijksdriehoek."""
    x, y = float(point[0]), float(point[1])
    return wgs84(x / 1000, y / 1000) if abs(x) > 180 else (y, x)


def vereenvoudig(ring: Sequence[Punt], tolerantie_km: float) -> list[Punt]:
    """Douglas and Peucker (1973), without recursion: keeps what lies further than `tolerantie_km` from the line that is
    left. The first and last point, which are one in a ring, stay."""
    if len(ring) < 3:
        return list(ring)
    keep = {0, len(ring) - 1}
    # A ring begins where it ends: it is cut where it is furthest from there, or all of it would lie near one point.
    furthest = max(range(len(ring)), key=lambda at: _length(ring[0], ring[at]))
    keep.add(furthest)
    todo = [(0, furthest), (furthest, len(ring) - 1)]
    while todo:
        first, last = todo.pop()
        if last - first < 2:
            continue
        far = max(range(first + 1, last), key=lambda at: _distance(ring[at], ring[first], ring[last]))
        if _distance(ring[far], ring[first], ring[last]) > tolerantie_km:
            keep.add(far)
            todo += [(first, far), (far, last)]
    return [ring[at] for at in sorted(keep)]


KM = (111.2, 68.1)
"""Of a degree of latitude and of longitude, in the middle of the Netherlands."""


def _length(a: Punt, b: Punt) -> float:
    return float((((a[0] - b[0]) * KM[0]) ** 2 + ((a[1] - b[1]) * KM[1]) ** 2) ** 0.5)


def _distance(point: Punt, a: Punt, b: Punt) -> float:
    """In km from `point` to the line piece from `a` to `b`."""
    y, x = (point[0] - a[0]) * KM[0], (point[1] - a[1]) * KM[1]
    dy, dx = (b[0] - a[0]) * KM[0], (b[1] - a[1]) * KM[1]
    whole = dx * dx + dy * dy
    along = min(1.0, max(0.0, (x * dx + y * dy) / whole)) if whole else 0.0
    return float(((x - along * dx) ** 2 + (y - along * dy) ** 2) ** 0.5)
