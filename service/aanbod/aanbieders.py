"""Aanbieders: the providers of a region."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from service.db import Connection, rows_as
from service.errors import Kind, Refusal
from service.fields import Naam, Telefoon, merge, patch_of
from service.taal import gettext

AGB_CODE = Annotated[
    str, Meta(pattern="^[0-9]{1,8}$", description="AGB-code van hooguit 8 cijfers.", examples=["73730421"])
]


class NieuweAanbieder(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    naam: Annotated[Naam, Meta(examples=["Gezinshuis De Linde"])]
    agb_code: AGB_CODE | None = None
    telefoon: Telefoon | None = None
    pleegzorg: Annotated[bool, Meta(description="Plaatst profielen van pleeggezinnen en vraagt die gezinnen zelf.")] = (
        False
    )


WijzigingAanbieder = patch_of(NieuweAanbieder)


class Aanbieder(Struct, rename="camel", kw_only=True):
    id: UUID
    naam: str
    agb_code: str | None
    telefoon: str | None
    pleegzorg: bool
    versie: int


COLUMNS = "id, naam, agb_code, telefoon, pleegzorg, versie"

PAGE = f"""
select {COLUMNS}
from aanbieder
where regio = huidige_regio()
  and ($1::uuid is null
       or (lower(unaccent(naam)), id) > (select lower(unaccent(c.naam)), c.id from aanbieder c where c.id = $1))
order by lower(unaccent(naam)), id
limit $2
"""


async def page(conn: Connection, *, after: UUID | None = None, limit: int = 50) -> list[Aanbieder]:
    """Aanbieders of the region by name, from the one after `after`."""
    return rows_as(await conn.fetch(PAGE, after, limit), Aanbieder)


GET = f"select {COLUMNS} from aanbieder where id = $1"

LOCK = f"select {COLUMNS} from aanbieder where id = $1 for no key update"


async def get(conn: Connection, id: UUID, *, lock: bool = False) -> Aanbieder:
    """One aanbieder; `lock` keeps others from changing it until the transaction ends. Refuses NOT_FOUND."""
    row = await conn.fetchrow(LOCK if lock else GET, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze aanbieder bestaat niet (meer)."))
    return msgspec.convert(row, Aanbieder)


INSERT = f"""
insert into aanbieder (regio, naam, agb_code, telefoon, pleegzorg)
values (huidige_regio(), $1, $2, $3, $4)
returning {COLUMNS}
"""


async def add(conn: Connection, nieuw: NieuweAanbieder) -> Aanbieder:
    """Refuses CONFLICT when the name or the AGB-code is taken."""
    row = await conn.fetchrow(INSERT, nieuw.naam, nieuw.agb_code, nieuw.telefoon, nieuw.pleegzorg)
    return msgspec.convert(row, Aanbieder)


UPDATE = f"""
update aanbieder
set naam = $2, agb_code = $3, telefoon = $4, pleegzorg = $5, versie = versie + 1
where id = $1
returning {COLUMNS}
"""


async def change(conn: Connection, id: UUID, wijziging: Struct) -> Aanbieder:
    """Apply a WijzigingAanbieder. Refuses NOT_FOUND and CONFLICT."""
    nieuw: Any = merge(await get(conn, id, lock=True), wijziging, NieuweAanbieder)
    row = await conn.fetchrow(UPDATE, id, nieuw.naam, nieuw.agb_code, nieuw.telefoon, nieuw.pleegzorg)
    return msgspec.convert(row, Aanbieder)
