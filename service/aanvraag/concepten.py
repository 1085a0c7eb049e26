"""Concepten: what somebody filled in of an aanvraag and has not filed yet. One per person, for nobody else to see; gone
when it is filed, and after a term of the region (service/privacy/bewaren.py)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from service.db import Connection
from service.fields import VrijeTekst, herkenbare, refuse


class Conceptveld(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    naam: Annotated[
        str,
        Meta(
            max_length=60,
            pattern="^[A-Za-z0-9.]+$",
            description="Zoals het veld in de API heet; een lijst noemt het vaker.",
            examples=["kinderen.0.geslacht"],
        ),
    ]
    waarde: Annotated[VrijeTekst, Meta(max_length=600, description="Wat er is ingevuld, om later verder te gaan.")]


class NieuwConcept(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    velden: Annotated[list[Conceptveld], Meta(max_length=500, description="Leeg: wis het concept.")]


class Concept(Struct, rename="camel", kw_only=True):
    velden: list[Conceptveld]
    bewaard_op: datetime
    versie: int


EIGEN = "select velden, bewaard_op, versie from concept where gebruiker_id = huidige_gebruiker()"


async def eigen(conn: Connection) -> Concept | None:
    row = await conn.fetchrow(EIGEN)
    return None if row is None else msgspec.convert(row, Concept)


BEWAAR = """
insert into concept (gebruiker_id, regio, velden, bewaard_op) values (huidige_gebruiker(), huidige_regio(), $1, $2)
on conflict (gebruiker_id) do update
set velden = excluded.velden, bewaard_op = excluded.bewaard_op, versie = concept.versie + 1
"""


async def bewaar(conn: Connection, nieuw: NieuwConcept, *, now: datetime) -> Concept:
    """In place of what there was. Refuses INVALID what says who a child is: not even for a while."""
    refuse(herkenbare(nieuw))
    if not nieuw.velden:
        await wis(conn)
        return Concept(velden=[], bewaard_op=now, versie=0)
    await conn.execute(BEWAAR, msgspec.to_builtins(nieuw.velden), now)
    kept = await eigen(conn)
    assert kept is not None
    return kept


WIS = "delete from concept where gebruiker_id = huidige_gebruiker()"


async def wis(conn: Connection) -> None:
    await conn.execute(WIS)
