"""Uitsluitingen: where a child must not be, for its safety. Parts of an aanvraag, that come and go with it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from service.db import Connection
from service.errors import FieldError
from service.fields import Pc4, given, numbered
from service.taal import gettext


class UitsluitingSoort(StrEnum):
    """As type `uitsluiting_soort` in schema.sql."""

    AANBIEDER = "aanbieder"
    VOORZIENING = "voorziening"
    GEBIED = "gebied"


class Uitsluiting(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    soort: UitsluitingSoort
    aanbieder_id: Annotated[UUID | None, Meta(description="Alleen bij soort aanbieder.")] = None
    voorziening_id: Annotated[UUID | None, Meta(description="Alleen bij soort voorziening.")] = None
    pc4: Annotated[Pc4 | None, Meta(description="Alleen bij soort gebied.")] = None
    straal_km: Annotated[float, Meta(ge=0.1, le=300, description="Alleen bij soort gebied.")] | None = None


# Of one aanvraag `a`, as json with the names of the API.
UITSLUITINGEN = """
(select coalesce(json_agg(json_build_object('soort', u.soort, 'aanbiederId', u.aanbieder_id,
                                              'voorzieningId', u.voorziening_id, 'pc4', u.pc4,
                                              'straalKm', u.straal_km) order by u.soort, u.id), '[]')
 from uitsluiting u where u.aanvraag_id = a.id)"""

WIS = "delete from uitsluiting where aanvraag_id = $1"

INSERT = """
insert into uitsluiting (regio, aanvraag_id, soort, aanbieder_id, voorziening_id, pc4, straal_km)
select huidige_regio(), $1, soort, aanbieder_id, voorziening_id, pc4, straal_km
from jsonb_populate_recordset(null::uitsluiting, $2)
"""

BEKEND = """
select array(select id from aanbieder where id = any ($1)) as aanbieders,
       array(select id from voorziening where id = any ($2)) as voorzieningen,
       array(select pc4 from postcodegebied where pc4 = any ($3)) as pc4s
"""


async def errors(conn: Connection, uitsluitingen: list[Uitsluiting]) -> list[FieldError]:
    """What is wrong with the list of one aanvraag beyond the form of its fields; the list may be UNSET."""
    parts = numbered(uitsluitingen)
    if not parts:
        return []
    known = await conn.fetchrow(
        BEKEND,
        *(
            [getattr(part, name) for _, part in parts if given(getattr(part, name))]
            for name in ("aanbieder_id", "voorziening_id", "pc4")
        ),
    )
    return [e for i, part in parts for e in _of_uitsluiting(part, f"/uitsluitingen/{i}", known)]


NEEDS = {
    UitsluitingSoort.AANBIEDER: ("aanbieder_id",),
    UitsluitingSoort.VOORZIENING: ("voorziening_id",),
    UitsluitingSoort.GEBIED: ("pc4", "straal_km"),
}
"""As constraint uitsluiting_vorm in schema.sql."""


def _of_uitsluiting(part: Uitsluiting, pointer: str, known: Any) -> list[FieldError]:
    found = []
    for name, json_name in zip(part.__struct_fields__[1:], part.__struct_encode_fields__[1:], strict=True):
        needed = name in NEEDS.get(part.soort, ())
        if given(part.soort) and getattr(part, name) is None and needed:
            found.append(
                FieldError(
                    f"{pointer}/{json_name}",
                    "verplicht",
                    gettext("Dit hoort bij deze soort. Vul het in."),
                )
            )
        if given(part.soort, getattr(part, name)) and not needed:
            found.append(
                FieldError(
                    f"{pointer}/{json_name}",
                    "past_niet",
                    gettext("Dit hoort niet bij deze soort. Laat het weg."),
                )
            )
    for name, json_name, list_name, what in (
        ("aanbieder_id", "aanbiederId", "aanbieders", gettext("Deze aanbieder")),
        ("voorziening_id", "voorzieningId", "voorzieningen", gettext("Deze voorziening")),
        ("pc4", "pc4", "pc4s", gettext("Deze postcode")),
    ):
        if given(getattr(part, name)) and getattr(part, name) not in known[list_name]:
            found.append(
                FieldError(
                    f"{pointer}/{json_name}", "bestaat_niet", gettext("%(what)s kent het loket niet.", what=what)
                )
            )
    return found
