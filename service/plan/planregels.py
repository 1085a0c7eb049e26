"""The lines of a plan: where it puts each aanvraag, and what a person makes of that."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from service.db import Connection, rows_as
from service.errors import Kind, Refusal
from service.fields import AanvraagId
from service.plan.plannen import Reden, Verlies
from service.taal import gettext


class WijzigingPlanregel(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    vast: Annotated[bool | UnsetType, Meta(description="Of een volgend plan dit zo laat.")] = UNSET
    plek_id: Annotated[UUID | UnsetType, Meta(description="Verander het voorstel: naar deze plek.")] = UNSET
    voorziening_id: Annotated[UUID | UnsetType, Meta(description="Verander het voorstel: naar deze voorziening.")] = (
        UNSET
    )
    reden: Annotated[Reden | UnsetType, Meta(description="Verplicht bij vastzetten en veranderen.")] = UNSET


class Planregel(Struct, frozen=True, kw_only=True):
    """Where the plan puts one aanvraag."""

    aanvraag_id: AanvraagId
    nummer: str
    urgentie: str
    samenplaatsing_id: UUID | None
    plek_id: UUID | None
    plek: str | None
    voorziening_id: UUID | None
    voorziening: str | None
    locatie_id: UUID | None
    aanbieder: str | None
    eerste_dag: date | None
    score: float | None
    waarom_niet: str | None
    voorstel_plek_id: UUID | None
    vorige_plek_id: UUID | None
    """In the plan before this one."""
    gewijzigd: bool
    """Whether that was another, or there was no such plan."""
    vast: bool
    reden: str | None
    prijs: list[Verlies] | None
    versie: int

    @property
    def id(self) -> UUID:
        return self.aanvraag_id


# A plek that the region may no longer see, as when an agreement with another region ended, is gone.
REGELS = """
select r.aanvraag_id, a.nummer, a.urgentie, a.samenplaatsing_id, k.id as plek_id, k.naam as plek, k.voorziening_id,
       v.naam as voorziening, v.locatie_id, b.naam as aanbieder,
       case when k.id is not null then r.eerste_dag end as eerste_dag,
       case when k.id is not null then r.score::text::float8 end as score,
       case when r.plek_id is not null and k.id is null then 'plek_weg' else r.waarom_niet end as waarom_niet,
       r.voorstel_plek_id, o.plek_id as vorige_plek_id,
       o.plan_id is null or o.plek_id is distinct from r.plek_id as gewijzigd, r.vast, r.reden, r.prijs, r.versie
from plan_regel r
join plan p on p.id = r.plan_id
join aanvraag a on a.id = r.aanvraag_id
left join (plek k join voorziening v on v.id = k.voorziening_id join aanbieder b on b.id = v.aanbieder_id)
    on k.id = r.plek_id
left join plan_regel o on o.plan_id = p.vorig_plan_id and o.aanvraag_id = r.aanvraag_id
"""

REGELS_PAGE = f"""
{REGELS}
where r.plan_id = $1
  and ($2::boolean is null or (k.id is not null) = $2)
  and ($3::boolean is null or (o.plan_id is null or o.plek_id is distinct from r.plek_id) = $3)
  and ($4::uuid is null
       or (a.urgentie, a.aangemeld_op, a.id) >
          (select c.urgentie, c.aangemeld_op, c.id from aanvraag c where c.id = $4))
order by a.urgentie, a.aangemeld_op, a.id
limit $5
"""


async def regels(
    conn: Connection,
    plan_id: UUID,
    *,
    geplaatst: bool | None = None,
    gewijzigd: bool | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Planregel]:
    """The lines of a plan, the most urgent aanvraag first and then who waits longest."""
    return rows_as(await conn.fetch(REGELS_PAGE, plan_id, geplaatst, gewijzigd, after, limit), Planregel)


REGEL = f"{REGELS} where r.plan_id = $1 and r.aanvraag_id = $2"

REGEL_LOCK = f"{REGEL} for no key update of r"


async def regel(conn: Connection, plan_id: UUID, aanvraag_id: UUID, *, lock: bool = False) -> Planregel:
    """One line. Refuses NOT_FOUND."""
    row = await conn.fetchrow(REGEL_LOCK if lock else REGEL, plan_id, aanvraag_id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Dit plan heeft geen regel (meer) voor deze aanvraag."))
    return msgspec.convert(row, Planregel)


FIX = """
update plan_regel set vast = $3, reden = $4, versie = versie + 1
where plan_id = $1 and aanvraag_id = $2
  and (not $3 or exists (select from aanvraag where id = $2 and is_open(status)))
returning true
"""


async def fix(conn: Connection, plan_id: UUID, aanvraag_id: UUID, vast: bool, reden: str | None) -> None:
    """Lock a line as it is, or let it go. Refuses CONFLICT when the next plan would not look at it."""
    if not await conn.fetchval(FIX, plan_id, aanvraag_id, vast, reden if vast else None):
        raise Refusal(Kind.CONFLICT, gettext("Deze aanvraag is niet meer open. Maak een nieuw plan."))


MOVE = """
update plan_regel
set plek_id = $3, eerste_dag = $4, score = $5, waarom_niet = null, vast = true, reden = $6, prijs = $7,
    versie = versie + 1
where plan_id = $1 and aanvraag_id = $2
"""


async def move(
    conn: Connection,
    plan_id: UUID,
    aanvraag_id: UUID,
    *,
    plek_id: UUID,
    eerste_dag: date,
    score: float,
    reden: str,
    prijs: list[Verlies],
) -> None:
    """A person puts it elsewhere, and so fixes it."""
    await conn.execute(
        MOVE, plan_id, aanvraag_id, plek_id, eerste_dag, score, reden, [msgspec.to_builtins(part) for part in prijs]
    )
