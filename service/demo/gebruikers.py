"""As whom one may look around in the demo: somebody in every role."""

from __future__ import annotations

from uuid import UUID

from msgspec import Struct

from service.db import Connection, rows_as


class Demogebruiker(Struct, frozen=True):
    id: UUID
    rol: str
    naam: str
    waar: str | None
    """The aanbieder or organisatie."""


MISSING = """
insert into gebruiker (regio, naam, rol, organisatie_id, aanbieder_id)
select $1, v.naam, v.rol::rol,
       case when v.rol = 'verwijzer' then (
           select o.id from organisatie o left join aanvraag a on a.organisatie_id = o.id
           where o.regio = $1 and o.soort = 'gi' group by o.id, o.naam order by count(a.id) desc, o.naam limit 1) end,
       case when v.rol = 'aanbieder' then (
           select a.id from aanbieder a left join plek p on p.aanbieder_id = a.id
           where a.regio = $1 group by a.id, a.naam order by count(p.id) desc, a.naam limit 1) end
from (values ('schakelfunctionaris', 'Sanne de Wit'), ('crisisdienst', 'Karim Bos'), ('aanbieder', 'Anouk Smit'),
             ('verwijzer', 'Joost Visser'), ('contractbeheer', 'Priya Mulder'), ('beheerder', 'Tom Dekker')
     ) as v (rol, naam)
where exists (select from jeugdregio where code = $1)
  and not exists (select from gebruiker g where g.regio = $1 and g.rol = v.rol::rol and g.actief)
  and (v.rol <> 'verwijzer' or exists (select from organisatie o where o.regio = $1 and o.soort = 'gi'))
  and (v.rol <> 'aanbieder' or exists (select from aanbieder a where a.regio = $1))
"""

ONE_PER_ROLE = """
select distinct on (g.rol) g.id, g.rol::text as rol, g.naam, coalesce(o.naam, a.naam) as waar
from gebruiker g
left join organisatie o on o.id = g.organisatie_id
left join aanbieder a on a.id = g.aanbieder_id
left join plek p on p.aanbieder_id = a.id
left join aanvraag v on v.organisatie_id = o.id
where g.regio = $1 and g.actief
group by g.id, o.naam, a.naam
order by g.rol, count(p.id) + count(v.id) desc, g.aangemaakt_op, g.id
"""


async def one_per_role(owner_conn: Connection, regio: str) -> list[Demogebruiker]:
    """Somebody in every role of the region, in the order of the roles; made where nobody is yet. An aanbieder or a
    verwijzer only when the region has one to be of."""
    await owner_conn.execute(MISSING, regio)
    return rows_as(await owner_conn.fetch(ONE_PER_ROLE, regio), Demogebruiker)
