"""Haken: where the system of an aanbieder or an organisatie wants to be told what happens (webhooks)."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.bericht import uitgaand
from service.db import Connection, Wie, rows_as
from service.errors import FieldError, Kind, Refusal
from service.fields import merge, patch_of, refuse
from service.taal import gettext

OVERLAP = timedelta(days=1)
"""So long a secret that was replaced still signs beside the new one."""

Soorten = Annotated[
    list[GebeurtenisSoort],
    Meta(
        max_length=100,
        description="Alleen deze gebeurtenissen. Leeg: alles waarvan mensen van de aanbieder of de organisatie ook"
        " bericht krijgen.",
        extra_json_schema={"uniqueItems": True},
    ),
]


class NieuweHaak(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    aanbieder_id: Annotated[UUID, Meta(description="Van wie het systeem is.")] | None = None
    organisatie_id: Annotated[UUID, Meta(description="Van wie het systeem is, als dat een verwijzer is.")] | None = None
    url: Annotated[
        str,
        Meta(
            min_length=10,
            max_length=400,
            description="Adres dat de gebeurtenissen ontvangt: https, en te bereiken vanaf internet.",
            examples=["https://ecd.example/loket"],
        ),
    ]
    soorten: Soorten = msgspec.field(default_factory=list)
    actief: Annotated[bool, Meta(description="Onwaar: er gaat niets meer naar dit adres.")] = True


WijzigingHaak = patch_of(NieuweHaak, "aanbieder_id", "organisatie_id")


class Haak(Struct, rename="camel", kw_only=True):
    id: UUID
    aanbieder_id: UUID | None
    organisatie_id: UUID | None
    url: str
    soorten: list[GebeurtenisSoort]
    actief: bool
    versie: int


class HaakGeheim(Struct, rename="camel", kw_only=True):
    """Shown once: afterwards only the loket itself can read it."""

    id: Annotated[UUID, Meta(description="Van de haak.")]
    geheim: Annotated[
        str,
        Meta(
            description="Hiermee ondertekent het loket elke gebeurtenis. Bewaar het in uw systeem: u krijgt het één"
            " keer te zien.",
            examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"],
        ),
    ]
    vorig_tot: Annotated[datetime, Meta(description="Tot dan ondertekent het loket ook met het vorige geheim.")]


COLUMNS = "id, aanbieder_id, organisatie_id, url, soorten::text[] as soorten, actief, versie"

PAGE = f"""
select {COLUMNS} from haak
where regio = huidige_regio()
  and ($1::uuid is null or (url, id) > (select c.url, c.id from haak c where c.id = $1))
order by url, id
limit $2
"""


async def page(conn: Connection, *, after: UUID | None = None, limit: int = 50) -> list[Haak]:
    """By address."""
    return rows_as(await conn.fetch(PAGE, after, limit), Haak)


GET = f"select {COLUMNS} from haak where id = $1"

LOCK = f"{GET} for no key update"


async def get(conn: Connection, id: UUID, *, lock: bool = False) -> Haak:
    """Refuses NOT_FOUND."""
    row = await conn.fetchrow(LOCK if lock else GET, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze haak bestaat niet (meer)."))
    return msgspec.convert(row, Haak)


def check(nieuw: NieuweHaak, *, intern: bool) -> list[FieldError]:
    """What is wrong with it. `intern`: LOKET_HAAK_INTERN."""
    errors = []
    if why := uitgaand.wrong(nieuw.url, intern=intern):
        errors.append(FieldError("/url", "waarde", why))
    if (nieuw.aanbieder_id is None) == (nieuw.organisatie_id is None):
        errors.append(FieldError("/aanbiederId", "samen", gettext("Geef één van beide: aanbiederId of organisatieId.")))
    return errors


ZET_GEHEIM = "select zet_haakgeheim($1, $2, $3)"

INSERT = f"""
insert into haak (regio, aanbieder_id, organisatie_id, url, soorten, actief)
values (huidige_regio(), $1, $2, $3, $4::text[]::gebeurtenis_soort[], $5)
returning {COLUMNS}
"""


async def add(conn: Connection, nieuw: NieuweHaak, *, wie: Wie, intern: bool) -> Haak:
    """A machine makes one for its own aanbieder. Refuses INVALID and CONFLICT."""
    if wie.koppeling is not None and nieuw.aanbieder_id is None and nieuw.organisatie_id is None:
        nieuw = msgspec.structs.replace(nieuw, aanbieder_id=wie.organisatie)
    errors = check(nieuw, intern=intern)
    if wie.koppeling is not None and (nieuw.aanbieder_id != wie.organisatie or nieuw.organisatie_id is not None):
        errors.append(
            FieldError("/aanbiederId", "waarde", gettext("Een koppeling maakt alleen haken voor de eigen aanbieder."))
        )
    refuse(errors)
    row = await conn.fetchrow(
        INSERT, nieuw.aanbieder_id, nieuw.organisatie_id, nieuw.url, list(nieuw.soorten), nieuw.actief
    )
    haak = msgspec.convert(row, Haak)
    # So that nothing is ever sent unsigned; nobody has seen this one.
    await conn.execute(ZET_GEHEIM, haak.id, _secret(), None)
    return haak


UPDATE = f"""
update haak set url = $2, soorten = $3::text[]::gebeurtenis_soort[], actief = $4, versie = versie + 1 where id = $1
returning {COLUMNS}
"""


async def change(conn: Connection, id: UUID, wijziging: Struct, *, intern: bool) -> Haak:
    """Apply a WijzigingHaak. Refuses NOT_FOUND, INVALID and CONFLICT."""
    nieuw: Any = merge(await get(conn, id, lock=True), wijziging, NieuweHaak)
    refuse(check(nieuw, intern=intern))
    row = await conn.fetchrow(UPDATE, id, nieuw.url, list(nieuw.soorten), nieuw.actief)
    return msgspec.convert(row, Haak)


async def nieuw_geheim(conn: Connection, id: UUID, *, now: datetime) -> HaakGeheim:
    """The secret, shown this once; the one before still signs for a day, so that nothing is missed. Refuses
    NOT_FOUND."""
    await get(conn, id, lock=True)
    geheim, until = _secret(), now + OVERLAP
    if not await conn.fetchval(ZET_GEHEIM, id, geheim, until):
        raise Refusal(Kind.NOT_FOUND, gettext("Deze haak bestaat niet (meer)."))
    return HaakGeheim(id=id, geheim=geheim, vorig_tot=until)


def _secret() -> str:
    """As Standard Webhooks writes it."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
