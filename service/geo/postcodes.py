"""The table of postcodes: a point for every four-digit postcode of the country."""

from __future__ import annotations

import csv
from importlib.resources import files

from msgspec import Struct

from service.db import Connection


class Postcodegebied(Struct, frozen=True):
    """As table postcodegebied: centre of a four-digit postcode, degrees WGS84."""

    pc4: str
    plaats: str
    lat: float
    lon: float
    herkomst: str
    """`exact` or `afgeleid`."""


def read_table() -> list[Postcodegebied]:
    """The committed table; sources, licences and accuracy in README.md beside it."""
    text = (files(__package__) / "pc4.csv").read_text(encoding="utf-8")
    return [
        Postcodegebied(row["pc4"], row["plaats"], float(row["lat"]), float(row["lon"]), row["herkomst"])
        for row in csv.DictReader(text.splitlines())
    ]


ANY_POSTCODE = "select exists (select from postcodegebied)"


async def load_postcodes(owner_conn: Connection) -> int:
    """Fills an empty table postcodegebied; returns how many rows it added (0 when there were any).

    Runs as the owner role. A table that was filled before is left alone: an official file may have improved it.
    """
    if await owner_conn.fetchval(ANY_POSTCODE):
        return 0
    rows = read_table()
    await owner_conn.copy_records_to_table(
        "postcodegebied",
        records=[(row.pc4, row.plaats, row.lat, row.lon, row.herkomst) for row in rows],
        columns=["pc4", "plaats", "lat", "lon", "herkomst"],
    )
    return len(rows)
