"""Opschalingsvragen: of each provider where a child nearly fits, what it needs to be able to say yes.

It sees which of its own limits are in the way, by their codes, and nothing else of the child: not the aanvraag, and
none of the codes that would reveal somebody. The loket may write down an answer that it heard.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from service.aanvraag import gebeurtenissen
from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.days import today
from service.db import Connection, Wie, rows_as
from service.errors import FieldError, Kind, Refusal
from service.fields import AanvraagId, VrijeTekst, refuse
from service.plaatsing.vergrendel import vergrendel
from service.taal import gettext


class OpschalingNodig(StrEnum):
    """As type `opschaling_nodig` in schema.sql: what a provider needs."""

    KAN_TOCH = "kan_toch"
    EXTRA_PERSONEEL = "extra_personeel"
    DESKUNDIGHEID = "deskundigheid"
    AANPASSING = "aanpassing"
    ANDER_TARIEF = "ander_tarief"
    ANDERE_GROEP = "andere_groep"
    LATER = "later"
    MEER_WETEN = "meer_weten"
    KAN_NIET = "kan_niet"
    ANDERS = "anders"


class OpschalingAntwoord(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    nodig: OpschalingNodig
    vanaf: Annotated[date | None, Meta(description="Bij later: vanaf welke dag het kan.")] = None
    toelichting: (
        Annotated[
            VrijeTekst,
            Meta(max_length=300, description="Wat er dan precies nodig is. Niets over de kinderen die er wonen."),
        ]
        | None
    ) = None


class NieuweOpschalingsvraag(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    voorziening_id: UUID


class Opschalingsvraag(Struct, rename="camel", kw_only=True):
    id: UUID
    opschaling_id: UUID | None
    aanvraag_id: AanvraagId | None
    aanbieder_id: UUID
    voorziening_id: UUID
    voorziening: Annotated[str, Meta(description="Hoe zij heet.")]
    regels: Annotated[list[str], Meta(description="Codes van wat er in de weg staat; leeg: dat zegt het loket niet.")]
    gesteld_op: datetime
    antwoord_voor: date
    loopt: Annotated[bool, Meta(description="Een antwoord kan nog.")]
    nodig: OpschalingNodig | None
    vanaf: date | None
    toelichting: str | None
    beantwoord_op: datetime | None
    versie: int


VRAGEN = """
select q.id, q.opschaling_id, q.aanvraag_id, q.aanbieder_id, q.voorziening_id, v.naam as voorziening, q.regels,
       q.gesteld_op, q.antwoord_voor, q.gesloten_op is null as loopt, q.nodig, q.vanaf, q.toelichting, q.beantwoord_op,
       q.versie
from opschaling_vraag q join voorziening v on v.id = q.voorziening_id
"""

PAGE = f"""
{VRAGEN}
where ($1::uuid is null or q.aanvraag_id = $1)
  and ($2::boolean is null or (q.gesloten_op is null) = $2)
  and ($3::boolean is null or (q.nodig is not null) = $3)
  and ($4::uuid is null or (q.gesteld_op, q.id) < (select c.gesteld_op, c.id from opschaling_vraag c where c.id = $4))
order by q.gesteld_op desc, q.id desc
limit $5
"""


async def page(
    conn: Connection,
    *,
    aanvraag_id: UUID | None = None,
    loopt: bool | None = None,
    beantwoord: bool | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Opschalingsvraag]:
    """The last asked first."""
    return rows_as(await conn.fetch(PAGE, aanvraag_id, loopt, beantwoord, after, limit), Opschalingsvraag)


GET = f"{VRAGEN} where q.id = $1"


async def get(conn: Connection, id: UUID) -> Opschalingsvraag:
    """Refuses NOT_FOUND."""
    row = await conn.fetchrow(GET, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze vraag bestaat niet (meer)."))
    return msgspec.convert(row, Opschalingsvraag)


# ── Asking ───────────────────────────────────────────────────────────────────────────────────────

INSERT = """
insert into opschaling_vraag
    (regio, aanbod_regio, opschaling_id, aanvraag_id, aanbieder_id, voorziening_id, regels, gesteld_op, antwoord_voor)
select huidige_regio(), v.regio, $1, $2, v.aanbieder_id, v.id, $4, $5, $6
from voorziening v where v.id = $3
returning id
"""

LOPEND = "select voorziening_id from opschaling_vraag where aanvraag_id = $1 and gesloten_op is null"


async def gevraagd(conn: Connection, aanvraag_id: UUID) -> set[UUID]:
    """Voorzieningen that were asked about this child and may still answer."""
    return {row["voorziening_id"] for row in await conn.fetch(LOPEND, aanvraag_id)}


EEN_PLEK = "select id from plek where voorziening_id = $1 order by naam, id limit 1"


async def stel(
    conn: Connection,
    *,
    opschaling_id: UUID,
    aanvraag_id: UUID,
    voorziening_id: UUID,
    regels: list[str],
    dagen: int,
    now: datetime,
) -> UUID:
    """`regels`: only what a provider may read. Refuses INVALID, and CONFLICT when it was asked there before."""
    voor = today(now) + timedelta(days=dagen)
    id: UUID | None = await conn.fetchval(INSERT, opschaling_id, aanvraag_id, voorziening_id, regels, now, voor)
    if id is None:
        refuse([FieldError("/voorzieningId", "bestaat_niet", gettext("Deze voorziening kent het loket niet."))])
    assert id is not None
    # By its plek the provider is found who is told.
    plek_id = await conn.fetchval(EEN_PLEK, voorziening_id)
    await gebeurtenissen.record(
        conn,
        aanvraag_id,
        GebeurtenisSoort.OPSCHALING_VRAAG,
        now=now,
        plek_id=plek_id,
        gegevens={"opschaling": str(opschaling_id), "vraag": str(id)},
    )
    return id


# ── Answering ────────────────────────────────────────────────────────────────────────────────────

LOOPT = "select true from opschaling_vraag where id = $1 and gesloten_op is null for no key update"

ANTWOORD = """
update opschaling_vraag
set nodig = $2, vanaf = $3, toelichting = $4, beantwoord_op = $5, beantwoord_door = $6, versie = versie + 1
where id = $1
"""


async def antwoord(
    conn: Connection, id: UUID, gegeven: OpschalingAntwoord, wie: Wie, *, now: datetime
) -> Opschalingsvraag:
    """The last answer counts, until the opschaling closes. Refuses NOT_FOUND, INVALID, CONFLICT."""
    vraag = await get(conn, id)
    assert vraag.aanvraag_id is not None
    # The aanvraag before what hangs on it, as who closes the opschaling does.
    await vergrendel(conn, now=now, aanvragen=[vraag.aanvraag_id])
    if not await conn.fetchval(LOOPT, id):
        raise Refusal(
            Kind.CONFLICT,
            gettext("Er is geen antwoord meer nodig: de opschaling is gesloten. Wat nu wel kan: het loket bellen."),
        )
    refuse(_wrong(gegeven, now))
    await conn.execute(ANTWOORD, id, gegeven.nodig, gegeven.vanaf, gegeven.toelichting, now, wie.gebruiker)
    await gebeurtenissen.record(
        conn,
        vraag.aanvraag_id,
        GebeurtenisSoort.OPSCHALING_ANTWOORD,
        now=now,
        gegevens={"opschaling": str(vraag.opschaling_id), "vraag": str(id), "nodig": gegeven.nodig},
    )
    return await get(conn, id)


def _wrong(gegeven: OpschalingAntwoord, now: datetime) -> list[FieldError]:
    """As the constraints of opschaling_vraag."""
    found = []
    later = gegeven.nodig is OpschalingNodig.LATER
    if later and gegeven.vanaf is None:
        found.append(FieldError("/vanaf", "verplicht", gettext("Schrijf vanaf welke dag het kan.")))
    if not later and gegeven.vanaf is not None:
        found.append(FieldError("/vanaf", "past_niet", gettext("Laat dit leeg, of kies later.")))
    if gegeven.vanaf is not None and gegeven.vanaf <= today(now):
        found.append(FieldError("/vanaf", "verstreken", gettext("Geef een dag die nog komt.")))
    if gegeven.nodig is OpschalingNodig.ANDERS and gegeven.toelichting is None:
        found.append(FieldError("/toelichting", "verplicht", gettext("Schrijf wat er nodig is.")))
    return found
