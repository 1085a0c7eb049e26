"""Gevolgen: what a change of an aanvraag means for what is held for the child and where it lives, at once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from service.aanvraag import aanvragen
from service.aanvraag.aanvragen import Aanvraag
from service.db import Connection
from service.fields import given
from service.plaatsing import machtigingen, uitgesloten


async def wacht(conn: Connection, aanvraag_id: UUID, wijziging: Struct, *, now: datetime) -> None:
    """Our turn on all that it may end; before the aanvraag itself is locked."""
    if _names(wijziging, "uitsluitingen"):
        await uitgesloten.wacht(conn, aanvraag_id, now=now)


async def wijzig(conn: Connection, aanvraag_id: UUID, wijziging: Struct, *, now: datetime) -> Aanvraag:
    """`aanvragen.change`, and what follows of it. After `wacht`; refuses what that refuses."""
    changed = await aanvragen.change(conn, aanvraag_id, wijziging, now=now)
    follows = False
    if _names(wijziging, "machtigingen"):
        await machtigingen.gebruik(conn, aanvraag_id, now=now)
        follows = True
    if _names(wijziging, "uitsluitingen"):
        follows = await uitgesloten.sluit_uit(conn, aanvraag_id, now=now) or follows
    return await aanvragen.get(conn, aanvraag_id) if follows else changed


def _names(wijziging: Struct, field: str) -> bool:
    return given(getattr(wijziging, field))
