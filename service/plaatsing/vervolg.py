"""Vervolgaanvragen: who stays in crisis or in closed care needs a place to go on to, and that search begins on the
first day. The database makes it (open_vervolg): the crisisdienst may not read all that goes along."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from service.db import Connection
from service.regio.werkregels import werkregels

OPEN_VERVOLG = "select open_vervolg($1, $2, $3, $4, $5, $6, $7)"


async def open(conn: Connection, plaatsing_id: UUID, *, now: datetime, crisis: bool = False) -> UUID | None:
    """The vervolgaanvraag of a plaatsing that is crisis (by its zorgvorm, or because somebody says so) or closed; None
    for another, and when there was one. It is to be completed by the verwijzer."""
    rules = await werkregels(conn)
    made: UUID | None = await conn.fetchval(
        OPEN_VERVOLG,
        plaatsing_id,
        now,
        crisis,
        list(rules.crisis_zorgvormen),
        list(rules.gesloten_zorgvormen),
        list(rules.geen_vervolg_zorgvormen),
        [rules.vervolg_verblijf_dagen, rules.vervolg_speling_dagen],
    )
    return made


VOLG_VERVOLG = "select volg_vervolg($1)"


async def volg(conn: Connection, plaatsing_id: UUID) -> None:
    """Another end, or ended: who waits for a place to go on to waits there until then, or somewhere else."""
    await conn.execute(VOLG_VERVOLG, plaatsing_id)


TREK_VERVOLG_IN = "select trek_vervolg_in($1, $2)"


async def trek_in(conn: Connection, plaatsing_id: UUID, *, now: datetime) -> None:
    """Of a plaatsing that did not go on, as long as nobody has begun on it."""
    await conn.execute(TREK_VERVOLG_IN, plaatsing_id, now)
