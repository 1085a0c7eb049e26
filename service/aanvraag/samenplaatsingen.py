"""Samenplaatsingen: siblings asked for together. Who belongs to one is said in the aanvragen themselves."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from service.db import Connection, rows_as
from service.errors import FieldError, Kind, Refusal
from service.fields import AanvraagId, VrijeTekst, given, herkenbare, merge, patch_of, refuse
from service.taal import gettext


class NieuweSamenplaatsing(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    organisatie_id: Annotated[UUID, Meta(description="De verwijzer.")]
    mag_splitsen: Annotated[bool, Meta(description="Alleen met een contra-indicatie of akkoord op deze splitsing.")] = (
        False
    )
    splitsreden: (
        Annotated[
            VrijeTekst,
            Meta(
                max_length=300,
                description="Waarom zij niet samen hoeven te blijven. Verplicht als splitsen mag; anders leeg.",
            ),
        ]
        | None
    ) = None


WijzigingSamenplaatsing = patch_of(NieuweSamenplaatsing, "organisatie_id")


class Samenplaatsing(Struct, rename="camel", kw_only=True):
    id: UUID
    organisatie_id: UUID
    mag_splitsen: bool
    splitsreden: str | None
    aanvraag_ids: list[AanvraagId]


SAMENPLAATSINGEN = """
select s.id, s.organisatie_id, s.mag_splitsen, s.splitsreden,
       array(select a.id from aanvraag a where a.samenplaatsing_id = s.id order by a.id) as aanvraag_ids
from samenplaatsing s
"""

PAGE = f"""
{SAMENPLAATSINGEN}
where s.regio = huidige_regio()
  and ($1::uuid is null
       or (s.aangemaakt_op, s.id) > (select c.aangemaakt_op, c.id from samenplaatsing c where c.id = $1))
order by s.aangemaakt_op, s.id
limit $2
"""


async def page(conn: Connection, *, after: UUID | None = None, limit: int = 50) -> list[Samenplaatsing]:
    """Samenplaatsingen in the order in which they came, from the one after `after`."""
    return rows_as(await conn.fetch(PAGE, after, limit), Samenplaatsing)


GET = f"{SAMENPLAATSINGEN} where s.id = $1"

LOCK = f"{SAMENPLAATSINGEN} where s.id = $1 for no key update of s"


async def get(conn: Connection, id: UUID, *, lock: bool = False) -> Samenplaatsing:
    """One samenplaatsing; `lock` keeps others from changing it until the transaction ends. Refuses NOT_FOUND."""
    row = await conn.fetchrow(LOCK if lock else GET, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze samenplaatsing bestaat niet (meer)."))
    return msgspec.convert(row, Samenplaatsing)


ORGANISATIE_BEKEND = "select exists (select from organisatie where id = $1 and regio = huidige_regio())"


async def errors(conn: Connection, nieuw: NieuweSamenplaatsing) -> list[FieldError]:
    """What is wrong with a samenplaatsing beyond the form of its fields."""
    found = herkenbare(nieuw)
    if given(nieuw.organisatie_id) and not await conn.fetchval(ORGANISATIE_BEKEND, nieuw.organisatie_id):
        found.append(
            FieldError("/organisatieId", "bestaat_niet", gettext("Deze organisatie bestaat niet in uw regio."))
        )
    if nieuw.mag_splitsen is True and nieuw.splitsreden is None:
        found.append(FieldError("/splitsreden", "verplicht", gettext("Schrijf waarom splitsen mag.")))
    if nieuw.mag_splitsen is False and given(nieuw.splitsreden):
        found.append(FieldError("/splitsreden", "past_niet", gettext("Laat dit leeg: splitsen mag niet.")))
    return found


INSERT = """
insert into samenplaatsing (regio, organisatie_id, mag_splitsen, splitsreden)
values (huidige_regio(), $1, $2, $3)
returning id
"""


async def add(conn: Connection, nieuw: NieuweSamenplaatsing) -> Samenplaatsing:
    """Refuses INVALID (see `errors`)."""
    refuse(await errors(conn, nieuw))
    return await get(conn, await conn.fetchval(INSERT, nieuw.organisatie_id, nieuw.mag_splitsen, nieuw.splitsreden))


UPDATE = "update samenplaatsing set mag_splitsen = $2, splitsreden = $3 where id = $1"


async def change(conn: Connection, id: UUID, wijziging: Struct) -> Samenplaatsing:
    """Apply a WijzigingSamenplaatsing. Refuses NOT_FOUND and INVALID."""
    nieuw = merge(await get(conn, id, lock=True), wijziging, NieuweSamenplaatsing)
    refuse(await errors(conn, nieuw))
    await conn.execute(UPDATE, id, nieuw.mag_splitsen, nieuw.splitsreden)
    return await get(conn, id)
