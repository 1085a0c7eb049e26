"""Meldkeuzes: how somebody wants to be told, per urgentie of the aanvraag: at once, once a day, or not."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from service.db import Connection
from service.urgentie import Urgentie


class Wijze(StrEnum):
    """As type `melding_wijze` in schema.sql."""

    DIRECT = "direct"
    DAGELIJKS = "dagelijks"
    UIT = "uit"


class Meldkeuzes(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """Of oneself. The defaults hold for who chose nothing."""

    crisis: Annotated[Wijze, Meta(description="Een plek binnen 24 uur.")] = Wijze.DIRECT
    spoed: Annotated[Wijze, Meta(description="Een plek binnen een week.")] = Wijze.DIRECT
    regulier: Annotated[
        Wijze, Meta(description="Al het andere, ook wat niet over één aanvraag gaat. `dagelijks`: één mail per dag.")
    ] = Wijze.DAGELIJKS

    def voor(self, urgentie: Urgentie) -> Wijze:
        found: Wijze = getattr(self, urgentie)
        return found


GEWOON = Meldkeuzes()

EIGEN = """
select urgentie::text as urgentie, wijze::text as wijze from meldkeuze where gebruiker_id = huidige_gebruiker()
"""


async def eigen(conn: Connection) -> Meldkeuzes:
    return Meldkeuzes(**{row["urgentie"]: Wijze(row["wijze"]) for row in await conn.fetch(EIGEN)})


KIES = """
insert into meldkeuze (gebruiker_id, regio, urgentie, wijze)
select huidige_gebruiker(), huidige_regio(), k.urgentie, k.wijze
from unnest($1::urgentie[], $2::melding_wijze[]) as k (urgentie, wijze)
on conflict (gebruiker_id, urgentie) do update set wijze = excluded.wijze
"""


async def kies(conn: Connection, keuzes: Meldkeuzes) -> Meldkeuzes:
    """All three at once; from the next notice on."""
    await conn.execute(KIES, list(Urgentie), [keuzes.voor(urgentie) for urgentie in Urgentie])
    return keuzes
