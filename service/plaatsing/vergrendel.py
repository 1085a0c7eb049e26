"""Waiting for one's turn on plekken, aanvragen and voorstellen, in one order, so that no two wait for each other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from service.db import Connection

VERGRENDEL = "select vergrendel($1, $2, $3, $4)"


async def vergrendel(
    conn: Connection,
    *,
    now: datetime,
    plekken: Sequence[UUID] = (),
    aanvragen: Sequence[UUID] = (),
    voorstellen: Sequence[UUID] = (),
) -> None:
    """Until the end of the transaction nobody else claims these plekken, changes the group of their voorzieningen, or
    changes these aanvragen and voorstellen. Once per transaction, before anything is changed; read afterwards."""
    await conn.execute(VERGRENDEL, list(plekken), list(aanvragen), list(voorstellen), now)
