"""Stroom: gebeurtenissen as they come, for who follows them live and goes on where it was.

The order is (transactie, nummer), and only what lies below the oldest transaction that still writes is read: whatever
commits later has a higher number there, so a reader that goes on from its last place misses nothing.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from service.aanvraag.gebeurtenissen import AanvraagStatus, GebeurtenisSoort
from service.db import Connection, Rol, rows_as
from service.fields import AanvraagId

CHANNEL = "loket_gebeurtenis"
"""Notified with the region when something happened there."""

MOST = 200
"""In one go."""


class Gebeurd(Struct, rename="camel", kw_only=True):
    """What happened."""

    id: UUID
    soort: GebeurtenisSoort
    op: datetime
    rol: Annotated[Rol, Meta(description="In welke rol iemand het deed.")]
    aanvraag_id: AanvraagId | None
    voorstel_id: UUID | None
    plek_id: UUID | None
    van: AanvraagStatus | None
    naar: AanvraagStatus | None


class Plaats(Struct, frozen=True):
    """Where a reader is; as `Last-Event-ID` it is `transactie,nummer`."""

    transactie: int
    nummer: int

    def __str__(self) -> str:
        return f"{self.transactie},{self.nummer}"


FORM = re.compile(r"([0-9]{1,19}),([0-9]{1,18})")


def plaats(text: str) -> Plaats | None:
    """None when it is no place that we gave."""
    match = FORM.fullmatch(text)
    return None if match is None else Plaats(int(match[1]), int(match[2]))


# Not the oldest that still runs: of what was rolled back before that, a crash gives the numbers again.
GRENS = "select vaste_grens()::text"


async def nu(conn: Connection) -> Plaats:
    """The place of who has seen all that can be seen now, and nothing of what comes: also when the database crashes."""
    return Plaats(int(await conn.fetchval(GRENS)), 0)


KOMT_NOG = "select $1::text::xid8 > pg_snapshot_xmin(pg_current_snapshot())"


async def verder(conn: Connection, last: Plaats) -> Plaats:
    """Where who has all until `last` goes on. A place that this database has yet to come to is of another life of it,
    before a backup was put back: then from now, or nothing would be heard until it has come there."""
    return await nu(conn) if await conn.fetchval(KOMT_NOG, str(last.transactie)) else last


COLUMNS = """id, soort::text as soort, op, rol::text as rol, aanvraag_id, voorstel_id, plek_id,
    van::text as van, naar::text as naar, transactie::text as transactie, nummer"""

AFTER = """(transactie, nummer) > ($1::text::xid8, $2) and transactie < pg_snapshot_xmin(pg_current_snapshot())
order by gebeurtenis.transactie, gebeurtenis.nummer
limit $3"""
# With the name of the table: the columns above make a text of the number, and as texts 10 comes before 9.

NA_REGIO = f"select {COLUMNS} from gebeurtenis where regio = huidige_regio() and {AFTER}"

# Also of a child of another region.
NA_AANBIEDER = f"select {COLUMNS} from gebeurtenis where aanbieder_id = huidige_organisatie() and {AFTER}"

KOMT_REGIO = """
select exists (
    select from gebeurtenis
    where regio = huidige_regio() and transactie >= pg_snapshot_xmin(pg_current_snapshot()))
"""

KOMT_AANBIEDER = """
select exists (
    select from gebeurtenis
    where aanbieder_id = huidige_organisatie() and transactie >= pg_snapshot_xmin(pg_current_snapshot()))
"""


class Geplaatst(Gebeurd, kw_only=True):
    """With where it stands in the stream."""

    transactie: int
    nummer: int

    @property
    def plaats(self) -> Plaats:
        return Plaats(self.transactie, self.nummer)

    @property
    def gebeurd(self) -> Gebeurd:
        return Gebeurd(**{name: getattr(self, name) for name in Gebeurd.__struct_fields__})


async def na(conn: Connection, last: Plaats, rol: Rol) -> list[Geplaatst]:
    """What happened after `last`, as far as who asks may see it."""
    query = NA_AANBIEDER if rol is Rol.AANBIEDER else NA_REGIO
    return rows_as(await conn.fetch(query, str(last.transactie), last.nummer, MOST), Geplaatst)


async def komt(conn: Connection, rol: Rol) -> bool:
    """Whether something happened that cannot be told yet, because something older is still being written."""
    found: bool = await conn.fetchval(KOMT_AANBIEDER if rol is Rol.AANBIEDER else KOMT_REGIO)
    return found
