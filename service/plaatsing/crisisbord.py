"""What stands beside the free crisis places at night: where they are, what is held, who is in crisis, and what must
still be written down of who was placed by telephone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from service.aanbod.locaties import Zichtbaarheid
from service.aanvraag import termijnen
from service.aanvraag.gebeurtenissen import AanvraagStatus
from service.days import today
from service.db import Connection, rows_as
from service.fields import AanvraagId
from service.regio.werkregels import werkregels

# ── Where ────────────────────────────────────────────────────────────────────────────────────────


class Waar(Struct, frozen=True, kw_only=True):
    """Of a voorziening. Only a public one has a place and a point (WGS84): the centre of its postcode."""

    voorziening_id: UUID
    zichtbaarheid: Zichtbaarheid
    plaats: str | None
    lat: float | None
    lon: float | None
    gesloten: bool


# A secret or confidential locatie has no postcode here at all (locatie_adres_naar_zichtbaarheid); said again, because
# a map tells more than a list.
WAAR = """
select v.id as voorziening_id, l.zichtbaarheid, l.plaats, p.lat, p.lon, v.gesloten
from voorziening v
join locatie l on l.id = v.locatie_id
left join postcodegebied p on l.zichtbaarheid = 'openbaar' and p.pc4 = left(l.postcode, 4)
where v.id = any ($1)
"""


async def waar(conn: Connection, voorzieningen: Sequence[UUID]) -> dict[UUID, Waar]:
    """By voorziening, those that who asks may see."""
    found: list[Waar] = rows_as(await conn.fetch(WAAR, list(voorzieningen)), Waar)
    return {one.voorziening_id: one for one in found}


# ── Who is in crisis ─────────────────────────────────────────────────────────────────────────────


class Kind(Struct, frozen=True, kw_only=True):
    """An open aanvraag with urgentie crisis."""

    id: AanvraagId
    nummer: str
    organisatie: str
    status: AanvraagStatus
    leeftijd_maanden: int
    leeftijd_peildatum: date
    groepssoorten: list[str]
    aangemeld_op: datetime


KINDEREN = """
select a.id, a.nummer, o.naam as organisatie, a.status, a.leeftijd_maanden, a.leeftijd_peildatum, a.groepssoorten,
       a.aangemeld_op
from aanvraag a
join organisatie o on o.id = a.organisatie_id
where a.regio = huidige_regio() and a.urgentie = 'crisis' and is_open(a.status)
order by a.aangemeld_op, a.id
"""


async def kinderen(conn: Connection) -> list[Kind]:
    """Who waits longest first."""
    return rows_as(await conn.fetch(KINDEREN), Kind)


# ── What is held ─────────────────────────────────────────────────────────────────────────────────


class Vastgehouden(Struct, frozen=True, kw_only=True):
    """A crisis place that is kept for a child; for which one, only who may see that child."""

    plek_id: UUID
    plek: str
    voorziening: str
    aanbieder: str
    bellen_naam: str | None
    bellen_telefoon: str | None
    vervalt_op: datetime
    optie_id: UUID | None
    aanvraag_id: AanvraagId | None
    nummer: str | None
    met_voorstel: bool
    """Then it cannot be released by itself."""


VASTGEHOUDEN = """
select p.id as plek_id, p.naam as plek, v.naam as voorziening, a.naam as aanbieder, v.bellen_naam,
       coalesce(v.bellen_telefoon, a.telefoon) as bellen_telefoon, b.vervalt_op, o.id as optie_id,
       k.id as aanvraag_id, k.nummer,
       exists (select from voorstel x where x.optie_id = o.id and is_levend(x.status)) as met_voorstel
from plek p
join voorziening v on v.id = p.voorziening_id
join aanbieder a on a.id = p.aanbieder_id
join bezette_perioden($1::date, array(
    select c.id from plek c join voorziening w on w.id = c.voorziening_id where w.zorgvorm = any ($3)
)) b on b.plek_id = p.id and b.soort = 'optie' and b.vervalt_op > $2
left join bezetting o on o.plek_id = p.id and o.soort = 'optie' and o.vrijgegeven_op is null
  and o.vervalt_op = b.vervalt_op and lower(o.periode) = b.van
left join aanvraag k on k.id = o.aanvraag_id
order by b.vervalt_op, v.naam, p.naam, p.id
"""


async def vastgehouden(conn: Connection, now: datetime) -> list[Vastgehouden]:
    """What is free again first, comes first."""
    rules = await werkregels(conn)
    rows = await conn.fetch(VASTGEHOUDEN, today(now), now, list(rules.crisis_zorgvormen))
    return rows_as(rows, Vastgehouden)


# ── What must still be written down ──────────────────────────────────────────────────────────────


class Onaf(Struct, frozen=True, kw_only=True):
    """A plaatsing by telephone that is not definitief yet."""

    plaatsing_id: UUID
    aanvraag_id: AanvraagId
    nummer: str
    plek: str
    voorziening: str
    van: date
    gebeld_op: datetime
    door: str | None
    met: str
    aan_te_vullen: list[str]
    """Fields of the aanvraag about which nobody could say anything that night."""
    mist: list[str]
    """Sentences; empty: it can be made definitief."""


# The few that are not definitief first: the planner takes the plekken of all regions for fewer.
ONAF = """
with onaf as materialized (
    select b.id, b.aanvraag_id, b.plek_id, lower(b.periode) as van
    from bezetting b
    where b.soort = 'plaatsing' and b.vraag_regio = huidige_regio() and b.definitief_op is null
      and b.beeindigd_op is null and b.vrijgegeven_op is null
)
select b.id as plaatsing_id, a.id as aanvraag_id, a.nummer, p.naam as plek, v.naam as voorziening, b.van, t.gebeld_op,
       g.naam as door, t.met, v.zorgvorm, v.gesloten, a.aan_te_vullen
from onaf b
join lateral (
    select * from telefoongesprek c
    where c.aanvraag_id = b.aanvraag_id and c.bezetting_id = b.id
    order by c.gebeld_op desc
    limit 1
) t on true
join aanvraag a on a.id = b.aanvraag_id
join plek p on p.id = b.plek_id
join voorziening v on v.id = p.voorziening_id
left join gebruiker g on g.id = t.gebruiker_id
order by t.gebeld_op, b.id
"""


async def aan_te_vullen(conn: Connection, now: datetime) -> list[Onaf]:
    """Who was placed first, comes first."""
    found = []
    for row in await conn.fetch(ONAF):
        dag = max(today(now), row["van"])
        mist = await termijnen.mist_voor_definitief(
            conn, row["aanvraag_id"], dag, row["zorgvorm"], gesloten=row["gesloten"]
        )
        found.append(msgspec.convert({**row, "mist": [zin for _, zin in mist]}, Onaf))
    return found


class Belplek(Struct, frozen=True, kw_only=True):
    """A crisis place with whom one calls about it."""

    id: UUID
    plek: str
    voorziening: str
    aanbieder: str
    bellen_naam: str | None
    bellen_telefoon: str | None
    dagen: int
    """For how long a child usually stays."""


PLEK = """
select p.id, p.naam as plek, v.naam as voorziening, a.naam as aanbieder, v.bellen_naam,
       coalesce(v.bellen_telefoon, a.telefoon) as bellen_telefoon, coalesce(z.gebruikelijk_verblijf, 28) as dagen
from plek p
join voorziening v on v.id = p.voorziening_id
join aanbieder a on a.id = p.aanbieder_id
join zorgvorm z on z.regio = v.regio and z.code = v.zorgvorm
where p.id = $1 and v.zorgvorm = any ($2)
"""


async def plek(conn: Connection, id: UUID) -> Belplek | None:
    """None when it is no crisis place, or not for who asks."""
    rules = await werkregels(conn)
    rows: list[Belplek] = rows_as(await conn.fetch(PLEK, id, list(rules.crisis_zorgvormen)), Belplek)
    return rows[0] if rows else None


IK = "select naam from gebruiker where id = huidige_gebruiker()"


async def beller(conn: Connection) -> str | None:
    """Who calls: the name of who asks."""
    naam: str | None = await conn.fetchval(IK)
    return naam
