"""Stroom: gebeurtenissen as they come, for who follows them live and goes on where it was.

The order is (transactie, nummer), and only what lies below the oldest transaction that still writes is read: whatever
commits later has a higher number there, so a reader that goes on from its last place misses nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from service.aanvraag.gebeurtenissen import AanvraagStatus, GebeurtenisSoort
from service.bus import LOST
from service.db import Connection, Pool, Rol, Wie, rows_as
from service.fields import AanvraagId

CHANNEL = "loket_gebeurtenis"
"""Notified when something happened, with each key by which somebody waits for it (`sleutel`)."""

MOST = 200
"""In one go."""


SOON_S = 0.5
"""What happened while something older was still being written, is looked for again so soon."""


def sleutel(wie: Wie) -> str:
    """By which somebody is woken: for who sees no more of the region than its own, that is its organisatie."""
    own = wie.rol in (Rol.AANBIEDER, Rol.VERWIJZER) and wie.organisatie is not None
    return str(wie.organisatie) if own else wie.regio


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
select transactie::text from gebeurtenis
where regio = huidige_regio() and transactie >= pg_snapshot_xmin(pg_current_snapshot())
order by gebeurtenis.transactie limit 1
"""

KOMT_AANBIEDER = """
select transactie::text from gebeurtenis
where aanbieder_id = huidige_organisatie() and transactie >= pg_snapshot_xmin(pg_current_snapshot())
order by gebeurtenis.transactie limit 1
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


async def komt(conn: Connection, rol: Rol) -> int | None:
    """The transaction of what happened and cannot be told yet, because something older is still being written; of
    several the first."""
    found = await conn.fetchval(KOMT_AANBIEDER if rol is Rol.AANBIEDER else KOMT_REGIO)
    return None if found is None else int(found)


# ── Until something older is written ─────────────────────────────────────────────────────────────

OUDSTE = "select pg_snapshot_xmin(pg_current_snapshot())::text"


class Oudste:
    """Tells all streams of a process when the oldest transaction that still writes is past what they wait for. One
    query for all of them, twice a second, as long as anybody waits."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: dict[int, set[asyncio.Event]] = {}
        self._looking: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def past(self, transactie: int) -> Iterator[asyncio.Event]:
        """An event that is set when everything up to this transaction has ended, or the database is away."""
        event = asyncio.Event()
        self._waiting.setdefault(transactie, set()).add(event)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            yield event
        finally:
            events = self._waiting.get(transactie, set())
            events.discard(event)
            if not events:
                self._waiting.pop(transactie, None)

    async def _look(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(SOON_S)
                oldest = int(await self._pool.fetchval(OUDSTE))
                for transactie in [one for one in self._waiting if one < oldest]:
                    for event in self._waiting.pop(transactie):
                        event.set()
        except LOST:
            # The database is away, as everybody finds out who looks now.
            for event in [event for events in self._waiting.values() for event in events]:
                event.set()
            self._waiting.clear()
        finally:
            self._looking = None
