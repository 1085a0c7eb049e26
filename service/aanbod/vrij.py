"""Which plekken are free, or will be: from which day, how sure that is, and where; those of the region and those that
an agreement with another region shares."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct, convert

from service.aanbod import plekken
from service.aanbod.locaties import Zichtbaarheid
from service.aanbod.plekken import Beschikbaarheid, Zekerheid, zekerheid
from service.days import today
from service.db import Connection
from service.regio.werkregels import werkregels


class Vrij(Struct, frozen=True, kw_only=True):
    """A plek that a child can come to on `vrij_per`. Only a public one has a place and a point (WGS84)."""

    id: UUID
    naam: str
    voorziening_id: UUID
    voorziening: str
    aanbieder: str
    zorgvorm: str
    zorgvorm_naam: str
    zichtbaarheid: Zichtbaarheid
    plaats: str | None
    gemeente: str | None
    lat: float | None
    lon: float | None
    leeftijd_van: int
    leeftijd_tot: int
    beschikbaarheid: Beschikbaarheid
    vrij_per: date
    vrij_tot: date | None
    """First day on which it is taken again."""
    bevestigd_op: datetime | None
    zekerheid: Zekerheid = Zekerheid.ONBEKEND
    hoeveel: int
    """Of all that were asked for, whichever the page."""


# $1 now, $2 today, $3 zorgvorm, $4 gemeente, $5 the last day. Open but not staffed is not free. A plek whose stay
# should have ended counts as taken, until somebody says so. Those that are free for less than a day are not.
VRIJ = f"""
with kandidaat as materialized (
    {plekken.KANDIDAAT}
    join locatie l on l.id = v.locatie_id
    where p.beschikbaarheid <> 'onbemenst'
      and ($3::text is null or v.zorgvorm = $3)
      and ($4::text is null or l.gemeente_code = $4)
      and (p.regio = huidige_regio() or exists (
        select from regioafspraak r
        where r.aanbod_regio = p.regio and r.vraag_regio = huidige_regio() and r.geldigheid @> $2::date
          and coalesce(r.zorgvorm, v.zorgvorm) = v.zorgvorm))
){plekken.STAND},
vrij as (
    select s.*, case s.status when 'gepland' then s.bestaat_van
                              when 'bezet' then s.bezet_tot
                              when 'gestopt' then s.bezet_tot
                              when 'vervallen' then null
                              else $2::date end as vrij_per
    from stand s
    where not s.einde_verstreken
)
select s.id, s.naam, s.voorziening_id, v.naam as voorziening, a.naam as aanbieder, s.zorgvorm, z.naam as zorgvorm_naam,
       l.zichtbaarheid, l.plaats, g.naam as gemeente, k.lat, k.lon, v.leeftijd_van, v.leeftijd_tot, s.beschikbaarheid,
       s.vrij_per, least(s.volgende_bezetting_van, s.bestaat_tot) as vrij_tot, s.bevestigd_op,
       count(*) over ()::integer as hoeveel
from vrij s
join voorziening v on v.id = s.voorziening_id
join aanbieder a on a.id = s.aanbieder_id
join locatie l on l.id = v.locatie_id
join zorgvorm z on z.regio = v.regio and z.code = v.zorgvorm
left join gemeente g on g.code = l.gemeente_code
left join postcodegebied k on l.zichtbaarheid = 'openbaar' and k.pc4 = left(l.postcode, 4)
where s.vrij_per <= $5::date
  and (s.volgende_bezetting_van is null or s.volgende_bezetting_van > s.vrij_per)
  and (s.bestaat_tot is null or s.bestaat_tot > s.vrij_per)
order by s.vrij_per, s.bevestigd_op desc nulls last, s.voorziening_naam, s.voorziening_id, s.naam, s.id
limit $6 offset $7
"""


async def vrij(
    conn: Connection,
    now: datetime,
    *,
    zorgvorm: str | None = None,
    gemeente: str | None = None,
    binnen_dagen: int = 0,
    limit: int = 50,
    offset: int = 0,
) -> list[Vrij]:
    """The first free first, and of those the last confirmed. `gemeente`: its code; of public places only."""
    until = today(now) + timedelta(days=binnen_dagen)
    rows = await conn.fetch(VRIJ, now, today(now), zorgvorm, gemeente, until, limit, offset)
    rules = await werkregels(conn)

    def sure(row: Any) -> Zekerheid:
        return zekerheid(row["zorgvorm"], row["bevestigd_op"], rules, now)

    return [convert({**row, "zekerheid": sure(row)}, Vrij) for row in rows]


GEMEENTEN = """
select distinct g.code, g.naam from locatie l join gemeente g on g.code = l.gemeente_code
where l.zichtbaarheid = 'openbaar' order by g.naam
"""


async def gemeenten(conn: Connection) -> list[tuple[str, str]]:
    """Code and name of those in which a public place lies that who asks may know."""
    return [(row["code"], row["naam"]) for row in await conn.fetch(GEMEENTEN)]
