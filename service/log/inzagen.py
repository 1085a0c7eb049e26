"""Inzagen: who looked at a child or changed something, out of the log, for the child, its parents and its verwijzer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from service.db import Connection, Rol, rows_as
from service.log.logboek import Gebeurtenis, Resultaat


class Inzage(Struct, rename="camel", kw_only=True):
    nummer: Annotated[int, Meta(description="Van de regel in het log.")]
    moment: datetime
    gebeurtenis: Gebeurtenis
    resultaat: Resultaat
    organisatie: Annotated[str | None, Meta(description="Leeg: het loket zelf.")]
    rol: Rol | None
    persoon: Annotated[str | None, Meta(description="Alleen voor de schakelfunctionaris.")]
    namens: Annotated[str | None, Meta(description="Wie deze persoon verving; alleen voor de schakelfunctionaris.")]
    systeem: Annotated[bool, Meta(description="Een programma, niet een mens.")]
    object: Annotated[str, Meta(description="Wat er is gezien of veranderd.")]
    handeling: str
    doel: str


INZAGEN = "select * from inzagen($1, $2, $3)"


async def inzagen(conn: Connection, aanvraag_id: UUID, *, voor: int | None = None, limit: int = 50) -> list[Inzage]:
    """The lines about one aanvraag, the last first, from before line `voor` on. For the schakelfunctionaris, and
    without names of persons for the verwijzer whose child it is; none for others."""
    return rows_as(await conn.fetch(INZAGEN, aanvraag_id, voor, limit), Inzage)
