"""The committed table of postcodes, and how far off it is."""

import csv
from collections import defaultdict
from math import cos, hypot, radians
from pathlib import Path

import pytest

from service.db import Connection
from service.geo.postcodes import Postcodegebied, load_postcodes, read_table

REFERENCE = Path(__file__).resolve().parents[3].parent / "shared" / "geo" / "pc4.csv"


def km(a: Postcodegebied, lat: float, lon: float) -> float:
    return 111.195 * hypot(a.lat - lat, (a.lon - lon) * cos(radians((a.lat + lat) / 2)))


def test_the_table_has_one_point_per_code_and_says_where_it_comes_from() -> None:
    """4,072 codes of the package, 10 of which can be counted on: Hilversum lies where Hilversum lies."""
    table = read_table()
    assert len({row.pc4 for row in table}) == len(table) > 4072
    assert {row.herkomst for row in table} == {"exact", "afgeleid"}
    assert sum(row.herkomst == "exact" for row in table) > 2900


@pytest.mark.parametrize(
    ("pc4", "plaats", "lat", "lon"),
    [
        ("1211", "Hilversum", 52.224, 5.176),
        ("3511", "Utrecht", 52.091, 5.122),
        ("9711", "Groningen", 53.219, 6.568),
        ("6211", "Maastricht", 50.848, 5.689),
        ("4381", "Vlissingen", 51.443, 3.573),
    ],
)
def test_a_city_lies_where_the_atlas_has_it(pc4: str, plaats: str, lat: float, lon: float) -> None:
    """Coordinates of the town halls, by hand."""
    row = {row.pc4: row for row in read_table()}[pc4]
    assert (row.plaats, row.herkomst) == (plaats, "exact")
    assert km(row, lat, lon) < 3


def test_a_post_office_box_belongs_to_the_place_whose_range_it_opens() -> None:
    table = {row.pc4: row for row in read_table()}
    assert [table[code].plaats for code in ("1000", "1200", "3500", "9700")] == [
        "Amsterdam",
        "Hilversum",
        "Utrecht",
        "Groningen",
    ]
    assert table["1200"].herkomst == "afgeleid"


async def test_loading_adds_what_is_missing_and_leaves_the_rest(owner: Connection) -> None:
    """An official file may have improved a row; a second time there is nothing to do."""
    await owner.execute("update postcodegebied set lat = 52.5 where pc4 = '1211'")
    before = await owner.fetchval("select count(*) from postcodegebied")
    added = await load_postcodes(owner)
    assert added == len(read_table()) - before
    assert await owner.fetchval("select lat from postcodegebied where pc4 = '1211'") == 52.5
    assert await load_postcodes(owner) == 0


@pytest.mark.shared
def test_the_median_error_over_all_reference_codes_is_under_two_kilometres(capsys: pytest.CaptureFixture[str]) -> None:
    """Against 4,766 means of addresses, post-office boxes included; the reference measures and never made the table."""
    table = {row.pc4: row for row in read_table()}
    errors: dict[str, list[float]] = defaultdict(list)
    with REFERENCE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            mine = table[row["pc4"]]
            error = km(mine, float(row["lat"]), float(row["lon"]))
            errors[mine.herkomst].append(error)
            errors["all"].append(error)
    with capsys.disabled():
        for herkomst, found in sorted(errors.items()):
            found.sort()
            median, p90 = found[len(found) // 2], found[len(found) * 9 // 10]
            print(f"\npc4 {herkomst}: {len(found)} codes, median {median:.2f} km, p90 {p90:.2f} km", end="")
    assert len(errors["all"]) == 4766
    assert errors["all"][4766 // 2] < 2
