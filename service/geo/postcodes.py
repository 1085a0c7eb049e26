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


COUNT_POSTCODES = "select count(*) from postcodegebied"

ADD_POSTCODES = """
insert into postcodegebied (pc4, plaats, lat, lon, herkomst)
select * from unnest($1::text[], $2::text[], $3::real[], $4::real[], $5::text[])
on conflict do nothing
"""


async def load_postcodes(owner_conn: Connection) -> int:
    """Adds the codes that table postcodegebied lacks; returns how many. Runs as the owner role.

    A code that is there is left alone: an official file may have improved it. With every code there it only counts.
    """
    rows = read_table()
    if await owner_conn.fetchval(COUNT_POSTCODES) >= len(rows):
        return 0
    columns = zip(*((row.pc4, row.plaats, row.lat, row.lon, row.herkomst) for row in rows), strict=True)
    status = await owner_conn.execute(ADD_POSTCODES, *columns)
    return int(status.split()[-1])
