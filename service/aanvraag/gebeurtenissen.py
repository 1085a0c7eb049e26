"""Gebeurtenissen: what happened to an aanvraag, who did it and why; docs/werkstroom.md draws which follow on which.

Facts are rows (an optie, a voorstel, a plaatsing, an opschaling). Whoever changes one calls `record` in the same
transaction: it writes what happened and the status of the aanvraag that follows from the facts. Nothing else can write
either. Row locks are taken in this order, so that no two wait for each other: plekken (by id), voorziening, aanvragen
(by id), voorstellen.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from service.db import Connection, Rol, rows_as
from service.taal import later


class AanvraagStatus(StrEnum):
    """As type `aanvraag_status` in schema.sql."""

    INGEDIEND = "ingediend"
    IN_BEHANDELING = "in_behandeling"
    OPTIE = "optie"
    VOORSTEL = "voorstel"
    AKKOORD = "akkoord"
    TOESTEMMING = "toestemming"
    KENNISMAKING = "kennismaking"
    DEFINITIEF = "definitief"
    GEPLAATST = "geplaatst"
    BEEINDIGD = "beeindigd"
    AFGEWEZEN = "afgewezen"
    INGETROKKEN = "ingetrokken"
    OPGESCHAALD = "opgeschaald"


STATUS: dict[AanvraagStatus, str] = {
    AanvraagStatus.INGEDIEND: later("nieuw"),
    AanvraagStatus.IN_BEHANDELING: later("in behandeling"),
    AanvraagStatus.OPTIE: later("plek vastgehouden"),
    AanvraagStatus.VOORSTEL: later("voorgesteld"),
    AanvraagStatus.AKKOORD: later("aanbieder zegt ja"),
    AanvraagStatus.TOESTEMMING: later("toestemming gegeven"),
    AanvraagStatus.KENNISMAKING: later("kennismaking"),
    AanvraagStatus.DEFINITIEF: later("definitief"),
    AanvraagStatus.GEPLAATST: later("geplaatst"),
    AanvraagStatus.BEEINDIGD: later("beëindigd"),
    AanvraagStatus.AFGEWEZEN: later("afgewezen"),
    AanvraagStatus.INGETROKKEN: later("ingetrokken"),
    AanvraagStatus.OPGESCHAALD: later("opgeschaald"),
}
"""Each as people read it; all words of codes are to be said with `gettext`."""

OPEN = (
    AanvraagStatus.INGEDIEND,
    AanvraagStatus.IN_BEHANDELING,
    AanvraagStatus.OPTIE,
    AanvraagStatus.VOORSTEL,
    AanvraagStatus.AKKOORD,
    AanvraagStatus.TOESTEMMING,
    AanvraagStatus.KENNISMAKING,
    AanvraagStatus.OPGESCHAALD,
)
"""Still looking for a place, as function is_open in schema.sql."""


class GebeurtenisSoort(StrEnum):
    """As type `gebeurtenis_soort` in schema.sql."""

    INGEDIEND = "ingediend"
    IN_BEHANDELING = "in_behandeling"
    OVERGEDRAGEN = "overgedragen"
    AFGEWEZEN = "afgewezen"
    INGETROKKEN = "ingetrokken"
    URGENTIE = "urgentie"
    VERVOLG = "vervolg"
    OPTIE = "optie"
    OPTIE_VERLENGD = "optie_verlengd"
    OPTIE_VRIJ = "optie_vrij"
    OPTIE_VERLOPEN = "optie_verlopen"
    VOORSTEL_KLAARGEZET = "voorstel_klaargezet"
    VOORSTEL_VERZONDEN = "voorstel_verzonden"
    VOORSTEL_INTERESSE = "voorstel_interesse"
    VOORSTEL_AKKOORD = "voorstel_akkoord"
    VOORSTEL_AFGEWEZEN = "voorstel_afgewezen"
    VOORSTEL_INGETROKKEN = "voorstel_ingetrokken"
    VOORSTEL_VERVALLEN = "voorstel_vervallen"
    TOESTEMMING = "toestemming"
    KENNISMAKING = "kennismaking"
    DEFINITIEF = "definitief"
    GEPLAATST = "geplaatst"
    BEGONNEN = "begonnen"
    VERLENGD = "verlengd"
    BEEINDIGD = "beeindigd"
    AFGEZEGD = "afgezegd"
    ROUTE = "route"
    ROUTE_STAP = "route_stap"
    OPSCHALING = "opschaling"
    OPSCHALING_STAP = "opschaling_stap"
    OPSCHALING_VRAAG = "opschaling_vraag"
    OPSCHALING_ANTWOORD = "opschaling_antwoord"
    OPSCHALING_GESLOTEN = "opschaling_gesloten"
    HERINNERING = "herinnering"
    ALARM = "alarm"
    AANBIEDER_STOPT = "aanbieder_stopt"
    OVERDRACHT = "overdracht"
    BEVESTIGING_GEVRAAGD = "bevestiging_gevraagd"
    OPSCHALING_GEVRAAGD = "opschaling_gevraagd"
    OPSCHALING_GEWEIGERD = "opschaling_geweigerd"
    AANBIEDER_GAAT_DOOR = "aanbieder_gaat_door"
    PLEK_BLIJFT = "plek_blijft"
    OVERDRACHT_VERVALT = "overdracht_vervalt"


LEG_VAST = "select leg_vast($1, $2, $3, $4, $5, $6, $7, $8)"


async def record(
    conn: Connection,
    aanvraag_id: UUID,
    soort: GebeurtenisSoort,
    *,
    now: datetime,
    reden: str | None = None,
    naar: AanvraagStatus | None = None,
    voorstel_id: UUID | None = None,
    plek_id: UUID | None = None,
    gegevens: dict[str, Any] | None = None,
) -> AanvraagStatus:
    """What happened, and the status that follows. `naar` only for what people decide themselves: in_behandeling,
    afgewezen, ingetrokken. `gegevens` are ids, days and codes, never a text of a person."""
    status = await conn.fetchval(LEG_VAST, aanvraag_id, soort, now, reden, naar, voorstel_id, plek_id, gegevens or {})
    return AanvraagStatus(status)


# ── The history of one aanvraag ──────────────────────────────────────────────────────────────────


class AanvraagGebeurtenis(Struct, rename="camel", kw_only=True):
    """One thing that happened."""

    id: UUID
    op: datetime
    soort: GebeurtenisSoort
    van: Annotated[AanvraagStatus | None, Meta(description="Status van de aanvraag daarvoor.")]
    naar: Annotated[AanvraagStatus | None, Meta(description="En daarna.")]
    rol: Rol
    gebruiker_id: Annotated[UUID | None, Meta(description="Wie het deed; alleen nullen: het loket zelf.")]
    namens_id: Annotated[UUID | None, Meta(description="De collega voor wie.")]
    reden: str | None
    voorstel_id: UUID | None
    plek_id: UUID | None
    gegevens: Annotated[dict[str, str], Meta(description="Dagen, codes en nummers die erbij horen.")]


# From which rule a person deviated, and why, can tell of others: for the loket only.
PAGE = """
select g.id, g.op, g.soort, g.van, g.naar, g.rol, g.gebruiker_id, g.namens_id, g.voorstel_id, g.plek_id,
       case when g.soort <> 'optie' or huidige_rol() = 'schakelfunctionaris' then g.reden end as reden,
       coalesce((select jsonb_object_agg(key, value) from jsonb_each_text(g.gegevens)
                 where value is not null and (key <> 'afwijkingVan' or huidige_rol() = 'schakelfunctionaris')), '{}')
           as gegevens
from gebeurtenis g
where g.aanvraag_id = $1
  and ($2::uuid is null or g.nummer < (select c.nummer from gebeurtenis c where c.id = $2))
order by g.nummer desc
limit $3
"""


async def page(
    conn: Connection, aanvraag_id: UUID, *, after: UUID | None = None, limit: int = 50
) -> list[AanvraagGebeurtenis]:
    """What happened to an aanvraag as far as who asks may know it, the last first."""
    return rows_as(await conn.fetch(PAGE, aanvraag_id, after, limit), AanvraagGebeurtenis)
