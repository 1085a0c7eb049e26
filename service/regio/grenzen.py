"""The border of the region on a map: of each of its gemeenten, when `loket import grenzen` has read them in."""

from __future__ import annotations

from service.db import Connection

Ringen = list[list[list[float]]]
"""Rings of points (latitude, longitude), WGS84; holes are rings too."""

GRENZEN = """
select g.naam, r.ringen
from gemeentegrens r join gemeente g on g.code = r.gemeente_code
where g.regio = huidige_regio()
order by g.code
"""


async def grenzen(conn: Connection) -> list[dict[str, str | Ringen]]:
    """Name and rings of each gemeente of the region, for static/kaart.js; empty when nobody has read them in."""
    return [{"naam": row["naam"], "ringen": row["ringen"]} for row in await conn.fetch(GRENZEN)]
