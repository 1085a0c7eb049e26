"""Toegangslog: what the log has that is about no child: who came in or could not, and who changed whose account."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from service.db import Connection, Rol, rows_as
from service.log.logboek import Gebeurtenis, Resultaat


class Toegangsregel(Struct, rename="camel", kw_only=True):
    nummer: int
    moment: datetime
    gebeurtenis: Gebeurtenis
    resultaat: Resultaat
    gebruiker_id: UUID | None
    """None: somebody who could not log in."""
    wie: str | None
    """Name of the gebruiker or koppeling; None also for the service itself."""
    rol: Rol | None
    namens: str | None
    object: str
    object_id: UUID | None
    wat: str | None
    """Name of the object, when it has one."""
    handeling: str


REGELS = """
select r.id as nummer, r.moment, r.gebeurtenis::text as gebeurtenis, r.resultaat::text as resultaat, r.gebruiker_id,
       coalesce(g.naam, k.naam) as wie, r.rol::text as rol, n.naam as namens, r.object, r.object_id,
       coalesce(over.naam, systeem.naam, van.naam, o.naam, p.naam) as wat, r.handeling
from logregel r
left join gebruiker g on g.id = r.gebruiker_id
left join koppeling k on k.id = r.koppeling_id
left join gebruiker n on n.id = r.namens_id
left join gebruiker over on over.id = r.object_id
left join koppeling systeem on systeem.id = r.object_id
left join koppelingsleutel s on s.id = r.object_id
left join koppeling van on van.id = s.koppeling_id
left join organisatie o on o.id = r.object_id
left join identiteitsprovider p on p.id = r.object_id
where r.regio = huidige_regio() and r.betrokkene is null and r.moment >= $1
  and ($2::text is null or $2 in (lower(g.naam), lower(k.naam), lower(over.naam), lower(systeem.naam), lower(van.naam),
                                  r.gebruiker_id::text, r.object_id::text))
  and (not $3 or r.resultaat <> 'gelukt')
order by r.id desc
limit $4
"""


async def regels(
    conn: Connection, *, since: datetime, van: str | None = None, mislukt: bool = False, limit: int
) -> list[Toegangsregel]:
    """The lines since a moment, the last first, in a transaction of a beheerder. `van`: only those by or about who has
    this name or id; `mislukt`: only what was refused or failed."""
    return rows_as(await conn.fetch(REGELS, since, van.lower() if van else None, mislukt, limit), Toegangsregel)
