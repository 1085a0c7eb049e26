"""Official files with postcodes → points. Pure: bytes in, rows out; what is wrong with a row is said per row.

* GeoNames, https://download.geonames.org/export/zip/NL.zip (CC BY 4.0), as it is or the NL.txt in it: tab-separated,
  no header; country, postal code, place, three times admin name and code, latitude, longitude, accuracy.
* CBS/PDOK "Postcode 4" (CC BY 4.0) as GeoPackage (SQLite with areas in Rijksdriehoek, EPSG:28992) or as GeoJSON of its
  OGC API (degrees, or Rijksdriehoek when asked so). Column `postcode`, `postcode4` or `pc4`. The point is the
  centre of gravity of the area. It has no names of places.
"""

from __future__ import annotations

import io
import re
import sqlite3
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from matcher.geo import wgs84

MAX_BYTES = 400 * 1024 * 1024
"""The areas of the whole country with every figure of CBS take some hundred megabytes."""

COLUMNS = ("pc4", "plaats", "lat", "lon")

CODE_COLUMNS = ("postcode4", "postcode", "pc4", "pc4code")

Ring: TypeAlias = Sequence[Sequence[float]]
Polygon: TypeAlias = Sequence[Ring]
"""The outer ring and the holes in it."""


class Unreadable(ValueError):
    """The file is not what it says it is; the text says in Dutch what is wrong and what to do."""


class Source(Struct, frozen=True):
    """A file that was recognised: how it was read, what a row is called by number, and its rows."""

    how: str
    rows: Iterator[tuple[int, tuple[Any, ...]]]
    """Number in the file and values of COLUMNS, not yet checked; None where the file has none."""


def recognise(content: bytes) -> Source | None:
    """What kind of official file this is; None when it is none of them (a table with a header, perhaps)."""
    if content.startswith(b"SQLite format 3\x00"):
        return Source("GeoPackage van CBS/PDOK", _geopackage(content))
    if content.startswith(b"PK\x03\x04"):
        text = _from_zip(content)
        return Source("GeoNames-bestand NL.txt", _geonames(text)) if text is not None else None
    if content.lstrip()[:1] == b"{":
        return Source("GeoJSON van CBS/PDOK", _geojson(content))
    if re.match(rb"(\xef\xbb\xbf)?NL\t[0-9]{4}", content):
        return Source("GeoNames-bestand NL.txt", _geonames(content))
    return None


# ── GeoNames ─────────────────────────────────────────────────────────────────────────────────────


def _from_zip(content: bytes) -> bytes | None:
    """NL.txt out of NL.zip, never more than MAX_BYTES of it; None when it is another zip, such as a spreadsheet."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open("NL.txt") as file:
            text = file.read(MAX_BYTES + 1)
    except (KeyError, zipfile.BadZipFile):
        return None
    if len(text) > MAX_BYTES:
        raise Unreadable("NL.txt in dit zip-bestand is te groot.")
    return text


def _geonames(content: bytes) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """One row per code: the first place of each."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("Dit bestand is geen UTF-8. Gebruik NL.txt zoals GeoNames het geeft.") from None
    seen = set()
    for number, line in enumerate(text.splitlines(), 1):
        cells = line.split("\t")
        if not line.strip() or (len(cells) > 1 and cells[1] in seen):
            continue
        if len(cells) < 11:
            yield number, (line[:40], None, None, None)
            continue
        seen.add(cells[1])
        yield number, (cells[1], cells[2], cells[9], cells[10])


# ── CBS / PDOK ───────────────────────────────────────────────────────────────────────────────────


def _geopackage(content: bytes) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Of the first table with areas. https://www.geopackage.org/spec/, clauses 2.1.3 (blob) and 2.1.5 (columns)."""
    with sqlite3.connect(":memory:") as db:
        try:
            db.deserialize(content)
            found = db.execute("select table_name, column_name, srs_id from gpkg_geometry_columns").fetchone()
            if found is None:
                raise Unreadable("In dit GeoPackage staat geen kaartlaag.")
            table, geometry, srs = found
            names = [row[1] for row in db.execute(f"pragma table_info({_quoted(table)})")]
            code = _code_column(names)
            rows = db.execute(f"select {_quoted(code)}, {_quoted(geometry)} from {_quoted(table)}")  # nosec B608
            for number, (pc4, blob) in enumerate(rows, 1):
                yield number, (pc4, None, *_point_of(partial(_areas_of_blob, blob), rd=srs == 28992))
        except sqlite3.DatabaseError as error:
            raise Unreadable(f"Dit GeoPackage is niet te lezen ({error}). Haal het opnieuw op.") from None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _code_column(names: Iterable[str]) -> str:
    by_name = {name.lower(): name for name in names}
    for wanted in CODE_COLUMNS:
        if wanted in by_name:
            return by_name[wanted]
    raise Unreadable(f"In dit bestand staat geen kolom met de postcode. Nodig is: {' of '.join(CODE_COLUMNS)}.")


def _geojson(content: bytes) -> Iterator[tuple[int, tuple[Any, ...]]]:
    try:
        features = msgspec.json.decode(content, type=_Collection).features
    except msgspec.DecodeError:
        raise Unreadable("Dit is geen GeoJSON met een lijst van gebieden (features).") from None
    for number, feature in enumerate(features, 1):
        code = feature.properties[_code_column(feature.properties)]
        yield number, (code, None, *_point_of(partial(_areas_of_json, feature.geometry), rd=None))


class _Geometry(Struct):
    type: str
    coordinates: Any


class _Feature(Struct):
    properties: dict[str, Any]
    geometry: _Geometry | None


class _Collection(Struct):
    features: list[_Feature]


def _areas_of_json(geometry: _Geometry | None) -> list[Polygon]:
    if geometry is None:
        return []
    if geometry.type == "Point":
        return [[[geometry.coordinates]]]
    if geometry.type == "Polygon":
        return [geometry.coordinates]
    return list(geometry.coordinates) if geometry.type == "MultiPolygon" else []


def _areas_of_blob(blob: bytes) -> list[Polygon]:
    """A GeoPackage blob: a header of 8 bytes and an envelope, whose size the flags tell, before the WKB."""
    if blob[:2] != b"GP":
        return []
    envelope = (0, 32, 48, 48, 64)[(blob[3] >> 1) & 7]
    return _Wkb(blob[8 + envelope :]).areas()


class _Wkb:
    """Well-known binary of Point, Polygon and MultiPolygon in two dimensions (OGC 06-103r4, 8.2)."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.order = data, 0, "<"

    def take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(self.order + form, self.data, self.at)
        self.at += struct.calcsize(self.order + form)
        return values

    def areas(self) -> list[Polygon]:
        self.order = "<" if self.data[self.at] == 1 else ">"
        self.at += 1
        (kind,) = self.take("I")
        if kind == 1:
            return [[[self.take("dd")]]]
        if kind == 3:
            return [[self.ring() for _ in range(self.take("I")[0])]]
        if kind == 6:
            return [area for _ in range(self.take("I")[0]) for area in self.areas()]
        return []

    def ring(self) -> Ring:
        (n,) = self.take("I")
        flat = self.take(f"{2 * n}d")
        return list(zip(flat[::2], flat[1::2], strict=True))


def _point_of(areas_of: Callable[[], list[Polygon]], *, rd: bool | None) -> tuple[float | None, float | None]:
    """Latitude and longitude of the centre; (None, None) for what has none. `rd` None: large numbers are metres."""
    try:
        x, y = centre(areas_of())
    except (IndexError, TypeError, ValueError, ZeroDivisionError, struct.error):
        return None, None
    if rd or (rd is None and abs(x) > 180):
        return wgs84(x / 1000, y / 1000)
    return y, x


def centre(areas: Sequence[Polygon]) -> tuple[float, float]:
    """Centre of gravity of areas with their holes; of a point the point. ValueError when there is nothing."""
    if not areas:
        raise ValueError("no area")
    if len(areas[0][0]) == 1:
        x, y = areas[0][0][0][:2]
        return float(x), float(y)
    x0, y0 = areas[0][0][0][:2]  # from a corner near by: sums of large numbers lose digits
    total = cx = cy = 0.0
    for rings in areas:
        for i, ring in enumerate(rings):
            area, mx, my = _moments(ring, x0, y0)
            sign = (1 if area >= 0 else -1) * (1 if i == 0 else -1)  # rings may run either way round
            total, cx, cy = total + sign * area, cx + sign * mx, cy + sign * my
    return x0 + cx / total, y0 + cy / total


def _moments(ring: Ring, x0: float, y0: float) -> tuple[float, float, float]:
    """Signed area and its first moments, by the shoelace formula."""
    area = mx = my = 0.0
    for (xa, ya, *_), (xb, yb, *_) in zip(ring, [*ring[1:], ring[0]], strict=True):
        ax, ay, bx, by = xa - x0, ya - y0, xb - x0, yb - y0
        cross = ax * by - bx * ay
        area, mx, my = area + cross / 2, mx + (ax + bx) * cross / 6, my + (ay + by) * cross / 6
    return area, mx, my
