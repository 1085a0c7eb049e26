"""Wijzigingen: settings that were changed, with who, when, why and where it comes from; nothing is ever taken out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from service.db import Connection, Wie
from service.fields import VrijeTekst, refuse
from service.inloggen import gebruikers
from service.instellingen import keuzes
from service.instellingen.keuzes import CAMEL, Verandering

EIGEN = "Keuze van de regio"

Waarom = Annotated[VrijeTekst, Meta(max_length=300, description="Waarom dit verandert, in een zin.")]
Bron = Annotated[
    VrijeTekst, Meta(max_length=200, description="Een besluit, een contract, een wet. Leeg: de regio zelf.")
]

WijzigingInstellingen: type[Struct] = msgspec.defstruct(
    "WijzigingInstellingen",
    [("waarom", Waarom), ("bron", Bron | None, None)],
    bases=(keuzes.Deel,),
    kw_only=True,
    rename="camel",
    forbid_unknown_fields=True,
    module=__name__,
)
"""Settings that change; what is left out stays."""


class Instellingwijziging(Struct, rename="camel", kw_only=True):
    """One change, of one or more settings."""

    id: UUID
    op: datetime
    gebruiker_id: UUID
    door: Annotated[str | None, Meta(description="Naam van de beheerder, voor wie die mag weten.")]
    waarom: str
    bron: str
    veranderd: list[Verandering]
    terug_van: Annotated[UUID | None, Meta(description="Deze zette die andere wijziging terug.")]


SCHRIJF = """
insert into instelling_wijziging (regio, op, gebruiker_id, namens_id, waarom, bron, voor, na, bronnen_voor, terug_van)
values (huidige_regio(), $1, $2, $3, $4, $5, $6, $7, $8, $9)
returning id
"""


async def wijzig(conn: Connection, wijziging: Any, *, wie: Wie, now: datetime) -> Any:
    """Apply a WijzigingInstellingen: what differs is written, and kept beside what it was. The Instellingen as they are
    then. Refuses INVALID. Who calls this holds `keuzes.alleen`."""
    refuse(await keuzes.check(conn, wijziging))
    bron = wijziging.bron or EIGEN
    asked = keuzes.gegeven(wijziging)
    return await leg_vast(conn, asked, dict.fromkeys(asked, bron), wijziging.waarom, bron, wie=wie, now=now)


async def leg_vast(
    conn: Connection,
    waarden: Mapping[str, Any],
    bronnen: Mapping[str, str],
    waarom: str,
    bron: str,
    *,
    wie: Wie,
    now: datetime,
    terug_van: UUID | None = None,
) -> Any:
    """As `wijzig`, with a source for each."""
    was = await keuzes.load(conn)
    anders = {
        name: value
        for name, value in waarden.items()
        if not keuzes.zelfde(getattr(was, name), value) or CAMEL[name] in was.ongeldig
    }
    if not anders:
        return was
    await keuzes.schrijf(conn, anders, bronnen)
    voor = {name: msgspec.to_builtins(getattr(was, name)) for name in anders}
    na = {name: msgspec.to_builtins(value) for name, value in anders.items()}
    bronnen_voor = {name: was.bronnen[CAMEL[name]] for name in anders}
    await conn.fetchval(SCHRIJF, now, wie.gebruiker, wie.namens, waarom, bron, voor, na, bronnen_voor, terug_van)
    return await keuzes.load(conn)


COLUMNS = "id, op, gebruiker_id, waarom, bron, voor, na, bronnen_voor, terug_van"

PAGE = f"""
select {COLUMNS}
from instelling_wijziging
where regio = huidige_regio()
  and ($1::uuid is null or volgnummer < (select c.volgnummer from instelling_wijziging c where c.id = $1))
order by volgnummer desc
limit $2
"""


async def page(conn: Connection, *, after: UUID | None = None, limit: int = 50) -> list[Instellingwijziging]:
    """The last first, from the one after `after`."""
    rows = await conn.fetch(PAGE, after, limit)
    names = await gebruikers.namen(conn, {row["gebruiker_id"] for row in rows})
    return [
        Instellingwijziging(
            id=row["id"],
            op=row["op"],
            gebruiker_id=row["gebruiker_id"],
            door=names.get(row["gebruiker_id"]),
            waarom=row["waarom"],
            bron=row["bron"],
            veranderd=keuzes.veranderd(row["voor"], row["na"]),
            terug_van=row["terug_van"],
        )
        for row in rows
    ]


def samen(was: Any, deel: Struct) -> list[Verandering]:
    """What a Deel would change, in words."""
    asked = {
        name: value for name, value in keuzes.gegeven(deel).items() if not keuzes.zelfde(getattr(was, name), value)
    }
    return keuzes.veranderd(
        {name: msgspec.to_builtins(getattr(was, name)) for name in asked}, msgspec.to_builtins(asked)
    )
