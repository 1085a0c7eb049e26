"""Borders of gemeenten, for the map: a GeoJSON file in, few points out."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from matcher.geo import rd
from service.db import Connection, Pool, Wie, open_pool, transaction
from service.errors import Refusal
from service.geo.grenzen import grenzen, vereenvoudig
from service.geo.official import Unreadable
from service.intake import soorten
from service.intake.preview import Voorbeeld
from service.intake.soorten import OFFICIEEL
from service.regio import grenzen as regio

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)

RING = [(5.10, 52.20), (5.20, 52.20), (5.20, 52.25), (5.10, 52.25), (5.10, 52.20)]
"""Degrees, as GeoJSON has them: longitude first."""


def geojson(*features: tuple[dict[str, Any], Any]) -> bytes:
    found = [{"type": "Feature", "properties": names, "geometry": shape} for names, shape in features]
    return json.dumps({"type": "FeatureCollection", "features": found}).encode()


def area(ring: list[tuple[float, float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [ring]}


def test_a_ring_comes_out_as_latitude_and_longitude_under_the_code_of_the_gemeente() -> None:
    [grens] = grenzen(geojson(({"statcode": "GM0402", "statnaam": "Hilversum"}, area(RING))))
    assert (grens.number, grens.code) == (1, "GM0402")
    assert grens.ringen == [[(52.2, 5.1), (52.2, 5.2), (52.25, 5.2), (52.25, 5.1), (52.2, 5.1)]]


def test_metres_of_the_rijksdriehoek_come_out_as_degrees() -> None:
    """As CBS publishes: x and y in metres."""
    metres = [(x * 1000, y * 1000) for x, y in (rd(lat, lon) for lon, lat in RING)]
    [grens] = grenzen(geojson(({"code": "402"}, {"type": "MultiPolygon", "coordinates": [[metres]]})))
    assert grens.ringen is not None
    assert [(round(lat, 2), round(lon, 2)) for lat, lon in grens.ringen[0]] == [(lat, lon) for lon, lat in RING]


def test_a_point_on_the_line_goes_and_one_that_is_off_it_stays() -> None:
    """A tenth of a kilometre is more than the tolerance, a hundredth is less."""
    off = 0.1 / 111.2
    ring = [(52.0, 5.0), (52.0 + off / 10, 5.1), (52.0, 5.2), (52.1, 5.2), (52.1 + off, 5.1), (52.1, 5.0), (52.0, 5.0)]
    assert vereenvoudig(ring, 0.06) == [ring[0], *ring[2:]]


def test_a_circle_of_a_thousand_points_becomes_few_that_lie_near_it() -> None:
    angles = [2 * math.pi * at / 1000 for at in range(1000)] + [0.0]
    ring = [(52.2 + 5 / 111.2 * math.sin(a), 5.1 + 5 / 68.1 * math.cos(a)) for a in angles]
    small = vereenvoudig(ring, 0.06)
    assert 10 < len(small) < 60 and small[0] == small[-1]


@pytest.mark.parametrize(
    "shape",
    [None, {"type": "Point", "coordinates": [5.1, 52.2]}, area([(1.0, 2.0)] * 5), area([("x", "y")] * 4)],  # type: ignore[list-item]
    ids=["none", "a point", "not in the Netherlands", "no numbers"],
)
def test_what_has_no_border_that_can_be_read_is_told_per_feature(shape: Any) -> None:
    [grens] = grenzen(geojson(({"code": "0402"}, shape)))
    assert grens.ringen is None


@pytest.mark.parametrize("content", [b"{}", b'{"features": 1}', geojson(({"naam": "Hilversum"}, area(RING)))])
def test_a_file_of_something_else_is_refused_as_a_whole(content: bytes) -> None:
    with pytest.raises(Unreadable):
        list(grenzen(content))


# ── Read in ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def owner_pool(owner_url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(owner_url, size=2)
    yield pool
    await pool.close()


async def take_in(pool: Pool, wie: Wie, content: bytes) -> Voorbeeld:
    """What would change; and when nothing is wrong, it changes."""
    soort = OFFICIEEL["grenzen"]
    parsed = await soorten.read(soort, content, "gemeenten.json")
    shown = await soorten.show(pool, wie, soort, parsed, now=NOW)
    if not shown.fouten and shown.wijzigingen:
        await soorten.take_in(pool, wie, soort, parsed, now=NOW, fingerprint=shown.vingerafdruk or "")
    return shown


async def test_what_was_read_in_is_on_the_map_of_the_own_region_and_again_changes_nothing(
    owner_pool: Pool, pool: Pool, wie: Wie
) -> None:
    """Gemeenten that the loket does not know are passed over."""
    content = geojson(({"statcode": "GM0402"}, area(RING)), ({"statcode": "GM9999"}, area(RING)))

    first, again = [await take_in(owner_pool, wie, content) for _ in range(2)]

    assert [change.wat for change in first.wijzigingen] == ["grens van Hilversum"]
    assert again.wijzigingen == ()
    async with transaction(pool, wie) as conn:
        [border] = await regio.grenzen(conn)
    assert border["naam"] == "Hilversum" and border["ringen"][0][1] == [52.2, 5.2]


async def test_a_file_with_a_fault_or_without_a_known_gemeente_is_not_read_in(
    owner: Connection, owner_pool: Pool, wie: Wie
) -> None:
    twice = geojson(({"code": "0402"}, area(RING)), ({"code": "402"}, area(RING)), ({"code": "X"}, None))
    unknown = geojson(({"code": "9999"}, area(RING)))

    faults = [
        [(fout.rij, fout.code) for fout in (await take_in(owner_pool, wie, content)).fouten]
        for content in (twice, unknown)
    ]

    assert sorted(faults[0]) == [(2, "dubbel"), (3, "geen_grens"), (3, "gemeentecode")]
    assert faults[1] == [(None, "onbekend")]
    assert await owner.fetchval("select count(*) from gemeentegrens") == 0


async def test_what_is_no_geojson_is_refused_in_plain_words(owner_pool: Pool, wie: Wie) -> None:
    with pytest.raises(Refusal, match="geen GeoJSON"):
        await take_in(owner_pool, wie, b"statcode;naam")
