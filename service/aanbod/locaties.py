"""Locaties: places on the map. Where a secret or confidential one is, only its own provider may read."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct

from service.db import Connection, rows_as
from service.errors import FieldError, Kind, Refusal
from service.fields import Gemeentecode, Naam, Postcode, given, merge, patch_of, refuse
from service.taal import gettext


class Zichtbaarheid(StrEnum):
    """As type `zichtbaarheid` in schema.sql."""

    OPENBAAR = "openbaar"
    VERTROUWELIJK = "vertrouwelijk"
    GEHEIM = "geheim"


class NieuweLocatie(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    aanbieder_id: UUID
    naam: Annotated[Naam, Meta(examples=["De Linde, Hilversum"])]
    zichtbaarheid: Zichtbaarheid = Zichtbaarheid.OPENBAAR
    postcode: Annotated[
        Postcode,
        Meta(description="Van een vertrouwelijke of geheime locatie leest alleen de eigen aanbieder dit terug."),
    ]
    plaats: Annotated[
        Annotated[str, Meta(min_length=1, max_length=80, pattern="^\\S")] | None,
        Meta(description="Alleen bij een openbare locatie."),
    ] = None
    gemeente_code: Annotated[Gemeentecode | None, Meta(description="Alleen bij een openbare locatie.")] = None


WijzigingLocatie = patch_of(NieuweLocatie, "aanbieder_id")


class Locatie(Struct, rename="camel", kw_only=True):
    id: UUID
    aanbieder_id: UUID
    naam: str
    zichtbaarheid: Zichtbaarheid
    postcode: Annotated[
        str | None, Meta(description="Leeg als de locatie vertrouwelijk of geheim is en u niet van de aanbieder bent.")
    ]
    plaats: str | None
    gemeente_code: str | None
    versie: int


# locatie_adres shows nothing but to the provider itself: row-level security decides, not this file.
LOCATIES = """
select l.id, l.aanbieder_id, l.naam, l.zichtbaarheid, coalesce(l.postcode, a.postcode) as postcode, l.plaats,
       l.gemeente_code, l.versie
from locatie l
left join locatie_adres a on a.locatie_id = l.id
"""

PAGE = f"""
{LOCATIES}
where l.regio = huidige_regio()
  and ($1::uuid is null or l.aanbieder_id = $1)
  and ($2::uuid is null
       or (lower(unaccent(l.naam)), l.id) > (select lower(unaccent(c.naam)), c.id from locatie c where c.id = $2))
order by lower(unaccent(l.naam)), l.id
limit $3
"""


async def page(
    conn: Connection, *, aanbieder_id: UUID | None = None, after: UUID | None = None, limit: int = 50
) -> list[Locatie]:
    """Locaties of the region by name, from the one after `after`."""
    return rows_as(await conn.fetch(PAGE, aanbieder_id, after, limit), Locatie)


GET = f"{LOCATIES} where l.id = $1"

LOCK = f"{LOCATIES} where l.id = $1 for no key update of l"


async def get(conn: Connection, id: UUID, *, lock: bool = False) -> Locatie:
    """One locatie; `lock` keeps others from changing it until the transaction ends. Refuses NOT_FOUND."""
    row = await conn.fetchrow(LOCK if lock else GET, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze locatie bestaat niet (meer)."))
    return msgspec.convert(row, Locatie)


BEKEND = """
select exists (select from aanbieder where id = $1 and regio = huidige_regio()) as aanbieder,
       $2::text is null or exists (select from gemeente where code = $2) as gemeente
"""


async def errors(conn: Connection, nieuw: NieuweLocatie) -> list[FieldError]:
    """What is wrong with a locatie beyond the form of its fields."""
    found = []
    if given(nieuw.zichtbaarheid) and nieuw.zichtbaarheid is not Zichtbaarheid.OPENBAAR:
        found += [
            FieldError(
                pointer,
                "verraadt_plek",
                gettext("Laat dit leeg: de locatie is %(zichtbaarheid)s.", zichtbaarheid=nieuw.zichtbaarheid),
            )
            for pointer, value in (("/plaats", nieuw.plaats), ("/gemeenteCode", nieuw.gemeente_code))
            if given(value)
        ]
    known = await conn.fetchrow(
        BEKEND,
        nieuw.aanbieder_id if given(nieuw.aanbieder_id) else None,
        nieuw.gemeente_code if given(nieuw.gemeente_code) else None,
    )
    assert known is not None
    if given(nieuw.aanbieder_id) and not known["aanbieder"]:
        found.append(FieldError("/aanbiederId", "bestaat_niet", gettext("Deze aanbieder bestaat niet in uw regio.")))
    if not known["gemeente"]:
        found.append(FieldError("/gemeenteCode", "bestaat_niet", gettext("Deze gemeentecode kent het loket niet.")))
    return found


INSERT = """
insert into locatie (regio, aanbieder_id, naam, zichtbaarheid, postcode, plaats, gemeente_code)
values (huidige_regio(), $1, $2, $3, $4, $5, $6)
returning id
"""

BEWAAR_ADRES = "select bewaar_adres($1, $2)"


async def add(conn: Connection, nieuw: NieuweLocatie) -> Locatie:
    """Refuses INVALID (see `errors`) and CONFLICT when the aanbieder already has a locatie of this name."""
    refuse(await errors(conn, nieuw))
    openbaar = nieuw.zichtbaarheid is Zichtbaarheid.OPENBAAR
    id = await conn.fetchval(
        INSERT,
        nieuw.aanbieder_id,
        nieuw.naam,
        nieuw.zichtbaarheid,
        nieuw.postcode if openbaar else None,
        nieuw.plaats,
        nieuw.gemeente_code,
    )
    if not openbaar:
        await conn.execute(BEWAAR_ADRES, id, nieuw.postcode)
    return await get(conn, id)


UPDATE = """
update locatie
set naam = $2, zichtbaarheid = $3, postcode = $4, plaats = $5, gemeente_code = $6, versie = versie + 1
where id = $1
"""


async def change(conn: Connection, id: UUID, wijziging: Struct) -> Locatie:
    """Apply a WijzigingLocatie. Refuses NOT_FOUND, INVALID and CONFLICT.

    A locatie that becomes secret or confidential loses plaats and gemeente here; one that becomes public must
    be given its postcode, because whoever changes it may not read the old one.
    """
    current = await get(conn, id, lock=True)
    changes: Any = wijziging
    if given(changes.zichtbaarheid) and changes.zichtbaarheid is not Zichtbaarheid.OPENBAAR:
        current.plaats = current.gemeente_code = None
    nieuw = merge(current, wijziging, NieuweLocatie)
    found = await errors(conn, nieuw)
    openbaar = nieuw.zichtbaarheid is Zichtbaarheid.OPENBAAR
    if openbaar and not given(nieuw.postcode):
        found.append(
            FieldError("/postcode", "verplicht", gettext("Geef de postcode: een openbare locatie staat op de kaart."))
        )
    refuse(found)
    await conn.execute(
        UPDATE,
        id,
        nieuw.naam,
        nieuw.zichtbaarheid,
        nieuw.postcode if openbaar else None,
        nieuw.plaats,
        nieuw.gemeente_code,
    )
    if openbaar:
        await conn.execute(BEWAAR_ADRES, id, None)
    elif changes.postcode is not UNSET or current.zichtbaarheid is Zichtbaarheid.OPENBAAR:
        await conn.execute(BEWAAR_ADRES, id, nieuw.postcode)
    return await get(conn, id)
