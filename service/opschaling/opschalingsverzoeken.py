"""Opschalingsverzoeken: a verwijzer asks that more people look. One at a time, with a reason; it stands until the loket
opened an opschaling, or said no and why."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from service.aanvraag import gebeurtenissen
from service.aanvraag.gebeurtenissen import OPEN, AanvraagStatus, GebeurtenisSoort
from service.db import Connection, Wie, rows_as
from service.errors import Kind, Refusal
from service.fields import AanvraagId, VrijeTekst, herkenbare, refuse
from service.opschaling import opschalingen
from service.opschaling.opschalingen import OpschalingAanleiding
from service.taal import gettext

Kort = Annotated[VrijeTekst, Meta(max_length=300)]


class NieuwOpschalingsverzoek(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    aanleiding: OpschalingAanleiding
    toelichting: Annotated[Kort, Meta(description="In een zin waarom, zonder naam of adres.")]


class Weigering(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    reden: Annotated[Kort, Meta(description="Waarom het loket niet opschaalt. De verwijzer leest dit.")]


class Opschalingsverzoek(Struct, rename="camel", kw_only=True):
    id: UUID
    aanvraag_id: AanvraagId
    nummer: Annotated[str, Meta(description="Van de aanvraag.")]
    aanleiding: OpschalingAanleiding
    toelichting: str
    gevraagd_op: datetime
    loopt: Annotated[bool, Meta(description="Het loket heeft nog niet geantwoord, en zoekt nog een plek.")]
    opschaling_id: Annotated[UUID | None, Meta(description="Het antwoord was ja: deze opschaling.")]
    geweigerd: Annotated[str | None, Meta(description="Het antwoord was nee: daarom.")]
    beantwoord_op: datetime | None
    versie: int


VERZOEKEN = """
select v.id, v.aanvraag_id, a.nummer, v.aanleiding, v.toelichting, v.gevraagd_op,
       v.beantwoord_op is null and is_open(a.status) as loopt, v.opschaling_id, v.geweigerd, v.beantwoord_op, v.versie
from opschalingsverzoek v join aanvraag a on a.id = v.aanvraag_id
"""

PAGE = f"""
{VERZOEKEN}
where v.regio = huidige_regio()
  and ($1::uuid is null or v.aanvraag_id = $1)
  and ($2::boolean is null or (v.beantwoord_op is null and is_open(a.status)) = $2)
  and ($3::uuid is null
       or (v.gevraagd_op, v.id) > (select c.gevraagd_op, c.id from opschalingsverzoek c where c.id = $3))
order by v.gevraagd_op, v.id
limit $4
"""


async def page(
    conn: Connection,
    *,
    aanvraag_id: UUID | None = None,
    loopt: bool | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Opschalingsverzoek]:
    """Who asked first, first."""
    return rows_as(await conn.fetch(PAGE, aanvraag_id, loopt, after, limit), Opschalingsverzoek)


GET = f"{VERZOEKEN} where v.id = $1"


async def get(conn: Connection, id: UUID) -> Opschalingsverzoek:
    """Refuses NOT_FOUND."""
    row = await conn.fetchrow(GET, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Dit verzoek bestaat niet (meer), of niet voor u."))
    return msgspec.convert(row, Opschalingsverzoek)


# ── Asking ───────────────────────────────────────────────────────────────────────────────────────

AL_OPEN = "select tafel from opschaling where aanvraag_id = $1 and gesloten_op is null order by geopend_op, id limit 1"

INSERT = """
insert into opschalingsverzoek (regio, aanvraag_id, aanleiding, toelichting, gevraagd_op, gevraagd_door)
values (huidige_regio(), $1, $2, $3, $4, huidige_gebruiker())
returning id
"""


async def vraag(
    conn: Connection, aanvraag_id: UUID, nieuw: NieuwOpschalingsverzoek, *, now: datetime
) -> Opschalingsverzoek:
    """Refuses NOT_FOUND, INVALID, and CONFLICT: while another stands, somebody looks already, or nobody searches."""
    refuse(herkenbare(nieuw))
    await opschalingen.may_look(conn, aanvraag_id, nieuw.aanleiding)
    tafel = await conn.fetchval(AL_OPEN, aanvraag_id)
    if tafel is not None:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Deze aanvraag is al opgeschaald (%(tafel)s). Wat nu wel kan: overleggen met wie die opschaling doet.",
                tafel=gettext(opschalingen.TAFEL[tafel]),
            ),
        )
    id: UUID = await conn.fetchval(INSERT, aanvraag_id, nieuw.aanleiding, nieuw.toelichting, now)
    about = {"verzoek": str(id), "aanleiding": nieuw.aanleiding}
    await gebeurtenissen.record(conn, aanvraag_id, GebeurtenisSoort.OPSCHALING_GEVRAAGD, now=now, gegevens=about)
    return await get(conn, id)


# ── Answering ────────────────────────────────────────────────────────────────────────────────────

JA = """
update opschalingsverzoek
set opschaling_id = $2, beantwoord_op = $3, beantwoord_door = $4, versie = versie + 1
where aanvraag_id = $1 and beantwoord_op is null
"""


async def ja(conn: Connection, aanvraag_id: UUID, opschaling_id: UUID, wie: Wie, *, now: datetime) -> None:
    """An opschaling was opened, whoever asked for it: what stood, is answered by it."""
    await conn.execute(JA, aanvraag_id, opschaling_id, now, wie.gebruiker)


STATUS = "select status from aanvraag where id = $1 for no key update"

NEE = """
update opschalingsverzoek
set geweigerd = $2, beantwoord_op = $3, beantwoord_door = $4, versie = versie + 1
where id = $1 and beantwoord_op is null
returning true
"""


async def weiger(conn: Connection, id: UUID, weigering: Weigering, wie: Wie, *, now: datetime) -> Opschalingsverzoek:
    """Refuses NOT_FOUND, INVALID, and CONFLICT: answered already, or nobody searches, and then it needs no answer."""
    refuse(herkenbare(weigering))
    verzoek = await get(conn, id)
    status = AanvraagStatus(await conn.fetchval(STATUS, verzoek.aanvraag_id))
    if status not in OPEN and verzoek.beantwoord_op is None:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Deze aanvraag is %(status)s: er wordt geen plek meer gezocht. Wat nu wel kan: niets, dit verzoek"
                " hoeft geen antwoord meer.",
                status=gettext(gebeurtenissen.STATUS[AanvraagStatus(status)]),
            ),
        )
    if not await conn.fetchval(NEE, id, weigering.reden, now, wie.gebruiker):
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Dit verzoek is al beantwoord. Wat nu wel kan: een opschaling openen, of wachten op een nieuw verzoek."
            ),
        )
    await gebeurtenissen.record(
        conn,
        verzoek.aanvraag_id,
        GebeurtenisSoort.OPSCHALING_GEWEIGERD,
        now=now,
        reden=weigering.reden,
        gegevens={"verzoek": str(id), "aanleiding": verzoek.aanleiding},
    )
    return await get(conn, id)
