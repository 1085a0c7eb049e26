"""A machtiging is used (ten uitvoer gelegd) when the child lives where it is for: then it does not lapse unused."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from service.aanvraag.termijnen import Termijnen
from service.db import Connection

GEBRUIK = "select gebruik_machtigingen($1, $2, $3, $4, $5, $6)"


async def gebruik(conn: Connection, aanvraag_id: UUID, *, now: datetime, was: date | None = None) -> None:
    """Of each machtiging that names the zorgvorm where the child lives (for a closed place a closed one), the first day
    on which both were so; not of one that had lapsed by then. `was`: the day of coming that is put right now.

    The database knows the terms of the region of the child, which a provider may not be of; these are the usual ones.
    """
    usual = Termijnen()
    await conn.execute(
        GEBRUIK,
        aanvraag_id,
        was,
        usual.machtiging_ongebruikt_maanden,
        usual.gesloten_ongebruikt_maanden,
        usual.spoedmachtiging_dagen,
        now,
    )
