"""Organisaties: a GI, gemeente or Veilig Thuis, whose people are verwijzers, or the loket itself."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from service.db import Connection, rows_as
from service.errors import Kind, Refusal
from service.fields import Naam
from service.taal import gettext


class OrganisatieSoort(StrEnum):
    """As type `organisatie_soort` in schema.sql."""

    GI = "gi"
    GEMEENTE = "gemeente"
    VEILIG_THUIS = "veilig_thuis"
    LOKET = "loket"


class NieuweOrganisatie(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    naam: Annotated[Naam, Meta(examples=["Jeugdbescherming Het Gooi"])]
    soort: OrganisatieSoort


class Organisatie(Struct, rename="camel", kw_only=True):
    id: UUID
    naam: str
    soort: OrganisatieSoort


PAGE = """
select id, naam, soort::text as soort
from organisatie
where regio = huidige_regio()
  and ($1::uuid is null
       or (lower(unaccent(naam)), id) > (select lower(unaccent(c.naam)), c.id from organisatie c where c.id = $1))
order by lower(unaccent(naam)), id
limit $2
"""


async def page(conn: Connection, *, after: UUID | None = None, limit: int = 50) -> list[Organisatie]:
    """By name, from the one after `after`."""
    return rows_as(await conn.fetch(PAGE, after, limit), Organisatie)


VERWIJZERS = """
select id, naam, soort::text as soort
from organisatie
where regio = huidige_regio() and soort <> 'loket'
order by soort <> 'veilig_thuis', soort <> 'gi', lower(unaccent(naam)), id
"""


async def verwijzers(conn: Connection) -> list[Organisatie]:
    """Who may ask for a place: who calls at night first."""
    return rows_as(await conn.fetch(VERWIJZERS), Organisatie)


GET = "select id, naam, soort::text as soort from organisatie where id = $1"


async def get(conn: Connection, id: UUID) -> Organisatie:
    """Refuses NOT_FOUND."""
    row = await conn.fetchrow(GET, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze organisatie bestaat niet (meer)."))
    return msgspec.convert(row, Organisatie)


INSERT = """
insert into organisatie (regio, soort, naam) values (huidige_regio(), $1, $2)
returning id, naam, soort::text as soort
"""


async def add(conn: Connection, nieuw: NieuweOrganisatie) -> Organisatie:
    """Refuses CONFLICT when the name is taken."""
    return msgspec.convert(await conn.fetchrow(INSERT, nieuw.soort, nieuw.naam), Organisatie)
