"""The lines of a plan: where it puts each aanvraag, and what a person makes of that."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, structs

from service.db import Connection, rows_as
from service.errors import Kind, Refusal
from service.fields import AanvraagId
from service.plan.plannen import Reden, Verlies
from service.taal import gettext, later


class WijzigingPlanregel(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    vast: Annotated[bool | UnsetType, Meta(description="Of een volgend plan dit zo laat.")] = UNSET
    plek_id: Annotated[UUID | UnsetType, Meta(description="Verander het voorstel: naar deze plek.")] = UNSET
    voorziening_id: Annotated[UUID | UnsetType, Meta(description="Verander het voorstel: naar deze voorziening.")] = (
        UNSET
    )
    verboden: Annotated[
        bool | UnsetType,
        Meta(description="Of een volgend plan deze aanvraag juist niet bij deze voorziening mag zetten."),
    ] = UNSET
    reden: Annotated[Reden | UnsetType, Meta(description="Verplicht bij vastzetten, verbieden en veranderen.")] = UNSET


class Planregel(Struct, frozen=True, kw_only=True):
    """Where the plan puts one aanvraag."""

    aanvraag_id: AanvraagId
    nummer: str
    urgentie: str
    aangemeld_op: datetime
    leeftijd_maanden: int
    leeftijd_peildatum: date
    samenplaatsing_id: UUID | None
    samen_met: int
    """Brothers and sisters of whom the plan has a line too."""
    is_open: bool
    """Whether a place is still sought for it."""
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
    """In the plan before this one …"""
    vorige_voorziening: str | None
    """… by name, as long as the region may see it."""
    gewijzigd: bool
    """Whether that was another, or there was no such plan."""
    vast: bool
    verboden: bool
    """A next plan does not put it in this voorziening."""
    reden: str | None
    """Of vast or verboden."""
    prijs: list[Verlies] | None
    versie: int

    @property
    def id(self) -> UUID:
        return self.aanvraag_id


# A plek that the region may no longer see, as when an agreement with another region ended, is gone.
VAN = """from plan_regel r
join plan p on p.id = r.plan_id
join aanvraag a on a.id = r.aanvraag_id
left join (plek k join voorziening v on v.id = k.voorziening_id join aanbieder b on b.id = v.aanbieder_id)
    on k.id = r.plek_id
left join plan_regel o on o.plan_id = p.vorig_plan_id and o.aanvraag_id = r.aanvraag_id
left join plan_keuze n on n.plan_id = r.plan_id and n.aanvraag_id = r.aanvraag_id and n.soort = 'verboden'
    and n.voorziening_id = k.voorziening_id and n.plek_id is null
"""

REGELS = f"""
select r.aanvraag_id, a.nummer, a.urgentie, a.aangemeld_op, a.leeftijd_maanden, a.leeftijd_peildatum,
       a.samenplaatsing_id, is_open(a.status) as is_open,
       (select count(*)::int from plan_regel x join aanvraag b on b.id = x.aanvraag_id
        where x.plan_id = r.plan_id and b.samenplaatsing_id = a.samenplaatsing_id and b.id <> a.id) as samen_met,
       k.id as plek_id, k.naam as plek, k.voorziening_id,
       v.naam as voorziening, v.locatie_id, b.naam as aanbieder,
       case when k.id is not null then r.eerste_dag end as eerste_dag,
       case when k.id is not null then r.score::text::float8 end as score,
       case when r.plek_id is not null and k.id is null then 'plek_weg' else r.waarom_niet end as waarom_niet,
       r.voorstel_plek_id, o.plek_id as vorige_plek_id,
       (select w.naam from plek q join voorziening w on w.id = q.voorziening_id
        where q.id = o.plek_id) as vorige_voorziening,
       o.plan_id is null or o.plek_id is distinct from r.plek_id as gewijzigd, r.vast, n.reden is not null as verboden,
       coalesce(r.reden, n.reden) as reden, r.prijs, r.versie
{VAN}"""

# Of what the plan placed, what nobody put to a provider yet.
TE_DOEN = """k.id is not null and is_open(a.status) and not exists (
    select from voorstel u where u.aanvraag_id = r.aanvraag_id and (u.status = 'concept' or is_levend(u.status)))"""

WELKE = f"""r.plan_id = $1
  and ($2::boolean is null or (k.id is not null) = $2)
  and ($3::boolean is null or (o.plan_id is null or o.plek_id is distinct from r.plek_id) = $3)
  and ($4::boolean is null or ({TE_DOEN}) = $4)
  and ($5::boolean is null or (r.vast or n.reden is not null) = $5)"""


class Welke(Struct, frozen=True, kw_only=True):
    """Lines of a plan; None: does not matter."""

    geplaatst: bool | None = None
    gewijzigd: bool | None = None
    te_doen: bool | None = None
    """Placed, and put to no provider yet."""
    besloten: bool | None = None
    """Fixed or forbidden by a person."""


REGELS_PAGE = f"""
{REGELS}
where {WELKE}
  and ($6::uuid is null
       or (a.urgentie, a.aangemeld_op, a.id) >
          (select c.urgentie, c.aangemeld_op, c.id from aanvraag c where c.id = $6))
order by a.urgentie, a.aangemeld_op, a.id
limit $7 offset $8
"""


async def regels(
    conn: Connection,
    plan_id: UUID,
    welke: Welke | None = None,
    *,
    after: UUID | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[Planregel]:
    """The lines of a plan, the most urgent aanvraag first and then who waits longest."""
    chosen = structs.astuple(welke or Welke())
    return rows_as(await conn.fetch(REGELS_PAGE, plan_id, *chosen, after, limit, offset), Planregel)


class Buren(Struct, frozen=True):
    """A page that leads to them, tells that they are there: so the log says that too."""

    vorige: AanvraagId | None
    volgende: AanvraagId | None


BUREN = f"""
select vorige, volgende
from (select r.aanvraag_id, lag(r.aanvraag_id) over volgorde as vorige, lead(r.aanvraag_id) over volgorde as volgende
      {VAN}
      where {WELKE} or r.plan_id = $1 and r.aanvraag_id = $6
      window volgorde as (order by a.urgentie, a.aangemeld_op, a.id)) as rij
where aanvraag_id = $6
"""


async def buren(conn: Connection, plan_id: UUID, aanvraag_id: UUID, welke: Welke) -> Buren:
    """The lines before and after this one, of those that are chosen."""
    found: list[Buren] = rows_as(await conn.fetch(BUREN, plan_id, *structs.astuple(welke), aanvraag_id), Buren)
    return found[0] if found else Buren(None, None)


class Tellingen(Struct, frozen=True):
    """Of the lines of one plan."""

    alle: int
    te_doen: int
    gewijzigd: int
    besloten: int
    zonder: int


TELLINGEN = f"""
select count(*)::int as alle, (count(*) filter (where {TE_DOEN}))::int as te_doen,
       (count(*) filter (where o.plan_id is null or o.plek_id is distinct from r.plek_id))::int as gewijzigd,
       (count(*) filter (where r.vast or n.reden is not null))::int as besloten,
       (count(*) filter (where k.id is null))::int as zonder
{VAN}
where r.plan_id = $1
"""


async def tellingen(conn: Connection, plan_id: UUID) -> Tellingen:
    return msgspec.convert(await conn.fetchrow(TELLINGEN, plan_id), Tellingen)


REGEL = f"{REGELS} where r.plan_id = $1 and r.aanvraag_id = $2"

REGEL_LOCK = f"{REGEL} for no key update of r"


async def regel(conn: Connection, plan_id: UUID, aanvraag_id: UUID, *, lock: bool = False) -> Planregel:
    """One line. Refuses NOT_FOUND."""
    row = await conn.fetchrow(REGEL_LOCK if lock else REGEL, plan_id, aanvraag_id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Dit plan heeft geen regel (meer) voor deze aanvraag."))
    return msgspec.convert(row, Planregel)


CLOSED = later("Deze aanvraag is niet meer open. Maak een nieuw plan.")

NIET_DAAR = """
insert into plan_keuze (regio, plan_id, aanvraag_id, soort, voorziening_id, reden)
values (huidige_regio(), $1, $2, 'verboden', $3, $4)
on conflict (plan_id, aanvraag_id, voorziening_id, coalesce(plek_id, voorziening_id))
do update set soort = 'verboden', reden = excluded.reden, prijs = null
"""

WEL_DAAR = """
delete from plan_keuze
where plan_id = $1 and aanvraag_id = $2 and voorziening_id = $3 and plek_id is null and soort = 'verboden'
"""


async def forbid(conn: Connection, plan_id: UUID, regel: Planregel, reden: str) -> None:
    """The next plan does not put it in this voorziening. Refuses CONFLICT as `fix` does."""
    if not regel.is_open:
        raise Refusal(Kind.CONFLICT, gettext(CLOSED))
    await fix(conn, plan_id, regel.aanvraag_id, False, None)
    await conn.execute(NIET_DAAR, plan_id, regel.aanvraag_id, regel.voorziening_id, reden)


async def allow(conn: Connection, plan_id: UUID, regel: Planregel) -> None:
    """The other way around."""
    await conn.execute(WEL_DAAR, plan_id, regel.aanvraag_id, regel.voorziening_id)


FIX = """
update plan_regel set vast = $3, reden = $4, versie = versie + 1
where plan_id = $1 and aanvraag_id = $2
  and (not $3 or exists (select from aanvraag where id = $2 and is_open(status)))
returning true
"""


async def fix(conn: Connection, plan_id: UUID, aanvraag_id: UUID, vast: bool, reden: str | None) -> None:
    """Lock a line as it is, or let it go. Refuses CONFLICT when the next plan would not look at it."""
    if not await conn.fetchval(FIX, plan_id, aanvraag_id, vast, reden if vast else None):
        raise Refusal(Kind.CONFLICT, gettext(CLOSED))


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
