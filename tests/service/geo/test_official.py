"""Official files: postcodes of GeoNames and CBS/PDOK, gemeenten with their jeugdregio, product categories of iJw.

The files here are small ones in the forms that are published; GeoPackage and GeoJSON are made as their
specifications say.
"""

import io
import json
import sqlite3
import struct
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from matcher.geo import rd
from service.db import Connection, Pool, Wie, open_pool
from service.errors import Refusal
from service.geo.official import Unreadable, centre, recognise
from service.intake import soorten
from service.intake.preview import Rejected, Voorbeeld
from service.intake.soorten import OFFICIEEL

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
STANDARDS = Path(__file__).resolve().parents[3].parent / "shared" / "standards"

NL = (
    "NL\t1211\tHilversum\tNoord-Holland\t07\tHilversum\t0402\t\t\t52.2300\t5.1800\t6\n"
    "NL\t1211\tHilversum Centrum\tNoord-Holland\t07\tHilversum\t0402\t\t\t52.2310\t5.1810\t6\n"
    "NL\t1299\tNieuwstad\tNoord-Holland\t07\tHuizen\t0406\t\t\t52.3\t5.25\t6\n"
)

SQUARE = [(140.0, 470.0), (142.0, 470.0), (142.0, 472.0), (140.0, 472.0), (140.0, 470.0)]
"""Two by two kilometres near Hilversum, in the Rijksdriehoek; its middle is (141, 471)."""


def metres(ring: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(x * 1000, y * 1000) for x, y in ring]


def wkb(ring: list[tuple[float, float]], order: str = "<") -> bytes:
    """A MultiPolygon of one ring."""
    mark = b"\x01" if order == "<" else b"\x00"
    points = b"".join(struct.pack(f"{order}dd", x, y) for x, y in ring)
    polygon = mark + struct.pack(f"{order}III", 3, 1, len(ring)) + points
    return mark + struct.pack(f"{order}II", 6, 1) + polygon


def geopackage(*rows: tuple[object, bytes], column: str = "postcode", envelope: bool = True) -> bytes:
    """As CBS publishes: flags 3 is little-endian with an envelope of four numbers, before the WKB."""
    db = sqlite3.connect(":memory:")
    db.execute("create table gpkg_geometry_columns (table_name text, column_name text, srs_id integer)")
    db.execute("insert into gpkg_geometry_columns values ('postcode4', 'geom', 28992)")
    db.execute(f"create table postcode4 (fid integer primary key, geom blob, {column})")
    for code, shape in rows:
        head = b"GP\x00" + bytes([3 if envelope else 1]) + struct.pack("<i", 28992)
        blob = head + (struct.pack("<4d", 0, 1, 0, 1) if envelope else b"") + shape
        db.execute("insert into postcode4 values (null, ?, ?)", (blob, code))
    content = db.serialize()
    db.close()
    return content


def geojson(*features: tuple[object, object]) -> bytes:
    found = [{"type": "Feature", "properties": {"postcode": code}, "geometry": shape} for code, shape in features]
    return json.dumps({"type": "FeatureCollection", "features": found}).encode()


def rows_of(content: bytes) -> list[tuple[int, tuple[object, ...]]]:
    source = recognise(content)
    assert source is not None
    return list(source.rows)


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────


def test_geonames_gives_one_row_per_code_with_its_line_number() -> None:
    assert rows_of(NL.encode()) == [
        (1, ("1211", "Hilversum", "52.2300", "5.1800")),
        (3, ("1299", "Nieuwstad", "52.3", "5.25")),
    ]


def test_geonames_may_come_zipped_as_it_is_published() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("readme.txt", "Readme")
        archive.writestr("NL.txt", NL)
    assert rows_of(packed.getvalue()) == rows_of(NL.encode())


def test_another_zip_such_as_a_spreadsheet_is_left_to_the_reader_of_tables() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    assert recognise(packed.getvalue()) is None
    assert recognise(b"pc4;lat;lon\n1211;52;5\n") is None


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("envelope", [True, False])
def test_a_geopackage_gives_the_centre_of_each_area_in_degrees(order: str, envelope: bool) -> None:
    """Codes are numbers or text there; the area is in metres of the Rijksdriehoek."""
    ((number, (pc4, plaats, lat, lon)),) = rows_of(geopackage((1211, wkb(metres(SQUARE), order)), envelope=envelope))
    assert (number, pc4, plaats) == (1, 1211, None)
    assert isinstance(lat, float)
    assert isinstance(lon, float)
    assert rd(lat, lon) == (pytest.approx(141, abs=0.001), pytest.approx(471, abs=0.001))


def test_geojson_may_be_in_degrees_or_in_metres() -> None:
    degrees = {"type": "Polygon", "coordinates": [[[5.1, 52.2], [5.3, 52.2], [5.3, 52.4], [5.1, 52.4], [5.1, 52.2]]]}
    in_metres = {"type": "MultiPolygon", "coordinates": [[metres(SQUARE)]]}
    point = {"type": "Point", "coordinates": [5.5, 52.5]}
    one, two, three = (cells for _, cells in rows_of(geojson(("1211", degrees), ("1212", in_metres), ("1213", point))))
    assert one == ("1211", None, pytest.approx(52.3), pytest.approx(5.2))
    assert rd(two[2], two[3]) == (pytest.approx(141, abs=0.001), pytest.approx(471, abs=0.001))  # type: ignore[arg-type]
    assert three == ("1213", None, 52.5, 5.5)


def test_the_centre_counts_parts_by_their_size_and_leaves_holes_out() -> None:
    """4 km² around (1, 1) and 1 km² around (10.5, 0.5): x = (4 × 1 + 10.5) ÷ 5 = 2.9, y = (4 + 0.5) ÷ 5 = 0.9.

    With a hole of 1 km² at the left, x of the first becomes (4 × 1 - 0.5) ÷ 3.
    """
    large = [(0, 0), (2, 0), (2, 2), (0, 2), (0, 0)]
    small = [(10, 0), (10, 1), (11, 1), (11, 0), (10, 0)]
    hole = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
    assert centre([[large], [small]]) == (pytest.approx(2.9), pytest.approx(0.9))
    assert centre([[large, hole]])[0] == pytest.approx(3.5 / 3)


def test_a_row_without_an_area_that_can_be_read_has_no_point() -> None:
    assert rows_of(geopackage(("1211", b"\x01\x63")))[0][1] == ("1211", None, None, None)
    assert rows_of(geojson(("1211", None)))[0][1] == ("1211", None, None, None)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"SQLite format 3\x00 and then nothing", "Dit GeoPackage is niet te lezen"),
        (b'{"type": "Topology"}', "geen GeoJSON"),
        (geopackage(column="wijk"), "geen kolom met de postcode"),
    ],
)
def test_a_file_that_is_not_what_it_seems_is_refused_with_what_is_wrong(content: bytes, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        rows_of(content)


# ── Reading in ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def owner_pool(owner_url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(owner_url, size=2)
    yield pool
    await pool.close()


async def show(pool: Pool, wie: Wie, soort: str, content: bytes, file: str) -> Voorbeeld:
    parsed = await soorten.read(OFFICIEEL[soort], content, file)
    return await soorten.show(pool, wie, OFFICIEEL[soort], parsed, now=NOW)


async def take_in(pool: Pool, wie: Wie, soort: str, content: bytes, file: str) -> Voorbeeld:
    parsed = await soorten.read(OFFICIEEL[soort], content, file)
    shown = await soorten.show(pool, wie, OFFICIEEL[soort], parsed, now=NOW)
    return await soorten.take_in(
        pool, wie, OFFICIEEL[soort], parsed, now=NOW, fingerprint=shown.vingerafdruk or "", progress=None
    )


async def test_postcodes_are_shown_first_and_then_moved_or_added_as_exact(
    owner: Connection, owner_pool: Pool, wie: Wie
) -> None:
    await owner.execute("update postcodegebied set herkomst = 'afgeleid' where pc4 = '1211'")
    shown = await show(owner_pool, wie, "postcodes", NL.encode(), "NL.txt")
    assert (shown.aantallen["toegevoegd"], shown.aantallen["gewijzigd"], shown.fouten) == (1, 1, ())
    assert not await owner.fetchval("select exists (select from postcodegebied where pc4 = '1299')")
    await take_in(owner_pool, wie, "postcodes", NL.encode(), "NL.txt")
    rows = await owner.fetch(
        "select pc4, plaats, lat::text, herkomst from postcodegebied where pc4 in ('1211', '1299') order by pc4"
    )
    assert [tuple(row) for row in rows] == [
        ("1211", "Hilversum", "52.23", "exact"),
        ("1299", "Nieuwstad", "52.3", "exact"),
    ]


async def test_a_file_without_names_keeps_the_name_that_was_known(
    owner: Connection, owner_pool: Pool, wie: Wie
) -> None:
    content = geopackage((1211, wkb(metres(SQUARE))), (1298, wkb(metres(SQUARE))))
    await take_in(owner_pool, wie, "postcodes", content, "cbs_pc4_2024.gpkg")
    rows = await owner.fetch("select plaats from postcodegebied where pc4 in ('1211', '1298') order by pc4")
    assert [row["plaats"] for row in rows] == ["Hilversum", "onbekend"]


@pytest.mark.parametrize(
    ("soort", "content", "file"),
    [
        ("postcodes", NL.encode(), "NL.txt"),
        ("gemeenten", b"gemeentecode,naam,jeugdregio\n402,Hilversum,Gooi en Vechtstreek\n1,Nieuw,Nieuwland\n", "g.csv"),
        ("productcategorieen", b"code;omschrijving\n43;Verblijf\n", "ijw-3.2.csv"),
    ],
)
async def test_reading_in_the_same_file_again_changes_nothing(
    owner_pool: Pool, wie: Wie, soort: str, content: bytes, file: str
) -> None:
    await take_in(owner_pool, wie, soort, content, file)
    assert (await show(owner_pool, wie, soort, content, file)).wijzigingen == ()


async def test_every_wrong_row_of_an_official_file_is_told_at_once_and_nothing_is_read_in(
    owner: Connection, owner_pool: Pool, wie: Wie
) -> None:
    content = NL + "NL\t12\tX\t\t\t\t\t\t\t52.1\t5.1\t1\nNL\t1300\tY\t\t\t\t\t\t\t48.1\t5.1\t1\nNL\t1301\tafgebroken\n"
    shown = await show(owner_pool, wie, "postcodes", content.encode(), "NL.txt")
    assert [(fout.rij, fout.kolom, fout.code) for fout in shown.fouten] == [
        (4, "pc4", "postcode"),
        (5, "lat", "buiten_nederland"),
        (6, "pc4", "postcode"),
    ]
    before = await owner.fetchval("select count(*) from postcodegebied")
    with pytest.raises(Rejected):
        await take_in(owner_pool, wie, "postcodes", content.encode(), "NL.txt")
    assert await owner.fetchval("select count(*) from postcodegebied") == before


async def test_an_unreadable_file_is_refused_in_plain_words(owner_pool: Pool, wie: Wie) -> None:
    with pytest.raises(Refusal, match="Haal het opnieuw op"):
        await show(owner_pool, wie, "postcodes", b"SQLite format 3\x00", "x.gpkg")


async def test_gemeenten_bring_their_jeugdregio_and_move_to_another(
    owner: Connection, owner_pool: Pool, wie: Wie
) -> None:
    """CBS spells a regio in its own way; its code is made of letters. A zero that a spreadsheet ate comes back."""
    content = "Gemeentecode;Gemeentenaam;Jeugdregio\nGM0402;Hilversum;Gooi-en Vechtstreek\n317;Eemnes;Eemland\n"
    shown = await take_in(owner_pool, wie, "gemeenten", content.encode(), "gemeenten.csv")
    assert [(w.actie.value, w.wat) for w in shown.wijzigingen] == [
        ("toegevoegd", "jeugdregio Eemland"),
        ("gewijzigd", "gemeente Eemnes"),
    ]
    assert await owner.fetchval("select regio from gemeente where code = '0317'") == "eemland"
    assert await owner.fetchval("select regio from gemeente where code = '0402'") == "gooi-en-vechtstreek"


async def test_a_gemeente_that_stands_in_the_file_twice_or_without_a_code_is_a_fault(
    owner_pool: Pool, wie: Wie
) -> None:
    content = b"gemeentecode,naam,jeugdregio\n0402,Hilversum,Gooi\n402,Hilversum,Gooi\nX,Laren,Gooi\n,Huizen,Gooi\n"
    shown = await show(owner_pool, wie, "gemeenten", content, "gemeenten.csv")
    assert [(fout.rij, fout.kolom, fout.code) for fout in shown.fouten] == [
        (3, "gemeentecode", "dubbel"),
        (4, "gemeentecode", "gemeentecode"),
        (5, "gemeentecode", "verplicht"),
    ]


async def test_product_categories_carry_the_version_in_the_name_of_the_file(
    owner: Connection, owner_pool: Pool, wie: Wie
) -> None:
    content = b"code,omschrijving\n43,Jeugdhulp verblijf (incl. behandeling)\n"
    await take_in(owner_pool, wie, "productcategorieen", content, "ijw-3.2-JZ020-productcategorie.csv")
    assert await owner.fetchval("select versie from productcategorie where code = '43'") == "3.2"
    shown = await show(owner_pool, wie, "productcategorieen", content, "categorieen.csv")
    assert [fout.code for fout in shown.fouten] == ["versie"]


@pytest.mark.shared
async def test_the_published_lists_of_gemeenten_and_categories_are_read_in_whole(
    owner: Connection, owner_pool: Pool, wie: Wie
) -> None:
    """342 gemeenten in 42 jeugdregio's (domain.md), and the stays 43 and 44 and crisis 46."""
    file = STANDARDS / "gemeenten-2026-jeugdregio.csv"
    shown = await take_in(owner_pool, wie, "gemeenten", file.read_bytes(), file.name)
    assert shown.rijen == 342
    file = STANDARDS / "ijw-3.2-JZ020-productcategorie.csv"
    await take_in(owner_pool, wie, "productcategorieen", file.read_bytes(), file.name)
    assert await owner.fetchval("select count(*) from productcategorie where code in ('43', '44', '46')") == 3
