"""Mislukt: what somebody should have been told and was not. One list for the beheerder: a mail that did not arrive, a
levering to a haak, and what the service itself gave up. Each says why, nothing of a child, and can be done again."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.bericht import berichten, leveringen
from service.bericht.berichten import OVERZICHT, Poging
from service.db import Connection, rows_as
from service.errors import Kind, Refusal
from service.taal import Teksten, gettext, later


class MisluktSoort(StrEnum):
    """As the taak that was given up: `taak_soort` in schema.sql, but for a plan."""

    MAIL = "mail"
    HAAK = "haak"
    MELDING = "melding"
    TERMIJN = "termijn"
    DAGRONDE = "dagronde"


WAT = Teksten(
    {
        MisluktSoort.MAIL: later("Een mail kwam niet aan."),
        MisluktSoort.HAAK: later("Een systeem kreeg niet te horen wat er gebeurde."),
        MisluktSoort.MELDING: later("Er is iets gebeurd, en niemand heeft daarover bericht gekregen."),
        MisluktSoort.TERMIJN: later("Een termijn liep af, en er is niets mee gedaan."),
        MisluktSoort.DAGRONDE: later("De ronde van een dag is niet gedaan: waarschuwingen en mails van die dag."),
    }
)


class Mislukt(Struct, rename="camel", kw_only=True):
    id: UUID
    soort: MisluktSoort
    wat: Annotated[str, Meta(description="Wat er niet lukte.")] = ""
    gebeurtenis: Annotated[GebeurtenisSoort | None, Meta(description="Waar het over ging, zonder over wie.")]
    op: Annotated[datetime, Meta(description="Wanneer dat gebeurde.")]
    fout: Annotated[str, Meta(description="Waarom het niet lukte.")]
    mislukt_op: datetime
    gebruiker_id: Annotated[UUID | None, Meta(description="Bij een mail: aan wie.")]
    haak_id: Annotated[UUID | None, Meta(description="Bij een haak: welke.")]


PAGE = f"""
with mislukt as (
    select id, soort::text as soort, gebeurtenis::text as gebeurtenis, op, fout, klaar_op as mislukt_op,
           null::uuid as gebruiker_id, null::uuid as haak_id
    from mislukte_taken()
    union all
    select id, 'mail', null, op, fout, klaar_op, gebruiker_id, null from bericht
    where status = 'mislukt' and regio = huidige_regio() and soort <> '{OVERZICHT}'
    union all
    select id, 'haak', soort::text, op, fout, klaar_op, null, haak_id from levering
    where status = 'mislukt' and regio = huidige_regio())
select id, soort, gebeurtenis, op, coalesce(fout, '') as fout, mislukt_op, gebruiker_id, haak_id
from mislukt
where not exists (select from mislukt c where c.id = $1)
   or (mislukt_op, id) < (select c.mislukt_op, c.id from mislukt c where c.id = $1)
order by mislukt_op desc, id desc
limit $2
"""


async def page(conn: Connection, *, after: UUID | None = None, limit: int = 50) -> list[Mislukt]:
    """What failed last, first. When `after` was done again meanwhile it is from the beginning: twice is not lost."""
    rows = rows_as(await conn.fetch(PAGE, after, limit), Mislukt)
    for row in rows:
        row.wat = WAT[row.soort]
    return rows


SOORT = """
select soort::text from mislukte_taken() where id = $1
union all select 'mail' from bericht where id = $1 and status = 'mislukt'
union all select 'haak' from levering where id = $1 and status = 'mislukt'
"""

PROBEER = "select probeer_taak($1)"


async def opnieuw(conn: Connection, id: UUID) -> Poging:
    """Off the list, and done again; who was told already is not told twice. Refuses NOT_FOUND, and CONFLICT when
    another did so a moment ago."""
    soort = await conn.fetchval(SOORT, id)
    if soort is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Dit staat niet (meer) op de lijst van wat mislukte."))
    if soort == MisluktSoort.MAIL:
        await berichten.opnieuw(conn, id)
    elif soort == MisluktSoort.HAAK:
        await leveringen.opnieuw(conn, id)
    elif not await conn.fetchval(PROBEER, id):
        raise Refusal(Kind.CONFLICT, gettext("Dit wordt al opnieuw gedaan. Wat nu wel kan: afwachten of het lukt."))
    return Poging(id=id, status=berichten.Bezorging.WACHT)
