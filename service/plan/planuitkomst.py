"""What the worker makes of a plan: begun, how far, and what came of it, once."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Struct, field

from service.db import Connection
from service.fields import AanvraagId
from service.plan.plannen import Botsing, Niveau, PlanLimiet, PlanStap, Verlies, Vrijhouden, tell

BEGIN = """
update plan set status = 'bezig', gestart_op = $2, niveaus = '[]', versie = versie + 1
where id = $1 and status in ('wacht', 'bezig')
returning versie
"""


async def begin(conn: Connection, id: UUID, *, now: datetime, again: bool) -> bool:
    """It is being made from now on; `again`: another worker had it before. False when it need not be (any more)."""
    nummer = await conn.fetchval(BEGIN, id, now)
    if nummer is not None:
        await tell(conn, id, PlanStap.OPNIEUW if again else PlanStap.BEGONNEN, {}, nummer)
    return nummer is not None


PROGRESS = """
update plan set niveaus = $2, rekentijd = $3, versie = versie + 1 where id = $1 returning versie
"""


async def progress(conn: Connection, id: UUID, niveaus: list[Niveau], rekentijd: float) -> None:
    """The best so far."""
    told = msgspec.to_builtins(niveaus)
    nummer = await conn.fetchval(PROGRESS, id, told, rekentijd)
    await tell(conn, id, PlanStap.VOORTGANG, {"niveaus": told, "rekentijd": round(rekentijd, 2)}, nummer)


Opening: TypeAlias = dict[str, Any]
"""A matcher.solution.Change, of which the places are free in the plan."""


class Uitkomstregel(Struct, frozen=True, kw_only=True):
    """What came of one aanvraag."""

    aanvraag_id: AanvraagId
    plek_id: UUID | None = None
    eerste_dag: date | None = None
    score: float | None = None
    waarom_niet: str | None = None
    openingen: list[Opening] | None = None
    """Of an aanvraag without a plek; None: there was no time to look."""


class Keuzeprijs(Struct, frozen=True, kw_only=True):
    """The price of one choice."""

    aanvraag_id: AanvraagId
    voorziening_id: UUID
    plek_id: UUID | None
    prijs: list[Verlies]


class Paarprijs(Struct, frozen=True, kw_only=True):
    """The price of forcing an aanvraag into a voorziening, and who then has no place."""

    aanvraag_id: AanvraagId
    voorziening_id: UUID
    minstens: list[Verlies]
    hoogstens: list[Verlies] | None
    """None: no plan with it was found."""
    verliezers: list[AanvraagId] = field(default_factory=list)


class Uitkomst(Struct, frozen=True, kw_only=True):
    """What came of a plan."""

    peilmoment: datetime
    niveaus: list[Niveau]
    gat: float
    rekentijd: float
    limiet: PlanLimiet
    regels: list[Uitkomstregel]
    conflicten: list[Botsing] = field(default_factory=list)
    let_op: list[str] = field(default_factory=list)
    keuzeprijzen: list[Keuzeprijs] = field(default_factory=list)
    paarprijzen: list[Paarprijs] = field(default_factory=list)
    vrijhouden: list[Vrijhouden] | None = None
    """None: the region does not ask for it."""


END = """
update plan
set status = case when status = 'gestopt' then status else 'klaar' end, peilmoment = $2, niveaus = $3, gat = $4,
    rekentijd = $5, limiet = $6, conflicten = $7, let_op = $8, aanvragen = $9, geplaatst = $10, klaar_op = $11,
    vrijhouden = $12, versie = versie + 1
where id = $1
returning versie
"""

# An aanvraag or plek that went away meanwhile is left out.
REGELS_NIEUW = """
insert into plan_regel
    (plan_id, regio, aanvraag_id, plek_id, voorstel_plek_id, eerste_dag, score, waarom_niet, vast, reden, openingen)
select $1, huidige_regio(), n.aanvraag_id, k.id, k.id, case when k.id is not null then n.eerste_dag end,
       case when k.id is not null then n.score end,
       case when k.id is null then coalesce(n.waarom_niet, 'plek_weg') end,
       k.id is not null and z.id is not null, case when k.id is not null then z.reden end,
       nullif(n.openingen, 'null')
from jsonb_to_recordset($2)
     as n (aanvraag_id uuid, plek_id uuid, eerste_dag date, score real, waarom_niet text, openingen jsonb)
join aanvraag a on a.id = n.aanvraag_id
left join plek k on k.id = n.plek_id
left join plan_keuze z on z.plan_id = $1 and z.aanvraag_id = n.aanvraag_id and z.soort = 'vast'
"""

KEUZEPRIJZEN = """
update plan_keuze k set prijs = n.prijs
from jsonb_to_recordset($2) as n (aanvraag_id uuid, voorziening_id uuid, plek_id uuid, prijs jsonb)
where k.plan_id = $1 and k.aanvraag_id = n.aanvraag_id and k.voorziening_id = n.voorziening_id
  and k.plek_id is not distinct from n.plek_id
"""

PAARPRIJZEN = """
insert into plan_prijs (plan_id, regio, aanvraag_id, voorziening_id, minstens, hoogstens, verliezers)
select $1, huidige_regio(), n.aanvraag_id, n.voorziening_id, n.minstens, nullif(n.hoogstens, 'null'),
       array(select jsonb_array_elements_text(n.verliezers)::uuid)
from jsonb_to_recordset($2)
     as n (aanvraag_id uuid, voorziening_id uuid, minstens jsonb, hoogstens jsonb, verliezers jsonb)
join aanvraag a on a.id = n.aanvraag_id
join voorziening v on v.id = n.voorziening_id
"""


async def end(conn: Connection, id: UUID, found: Uitkomst, *, now: datetime) -> None:
    """The result, once. A plan that a person stopped stays so, with what was found till then."""
    placed = sum(regel.plek_id is not None for regel in found.regels)
    nummer = await conn.fetchval(
        END,
        id,
        found.peilmoment,
        msgspec.to_builtins(found.niveaus),
        found.gat,
        found.rekentijd,
        found.limiet,
        msgspec.to_builtins(found.conflicten),
        found.let_op,
        len(found.regels),
        placed,
        now,
        msgspec.to_builtins(found.vrijhouden),
    )
    await conn.execute(REGELS_NIEUW, id, msgspec.to_builtins(found.regels))
    await conn.execute(KEUZEPRIJZEN, id, msgspec.to_builtins(found.keuzeprijzen))
    await conn.execute(PAARPRIJZEN, id, msgspec.to_builtins(found.paarprijzen))
    await tell(conn, id, PlanStap.EINDE, {"aanvragen": len(found.regels), "geplaatst": placed}, nummer)


STOPPED = """
update plan set klaar_op = $2, versie = versie + 1
where id = $1 and status = 'gestopt' and klaar_op is null
returning versie
"""


async def end_without(conn: Connection, id: UUID, *, now: datetime) -> None:
    """A stopped plan of which there is no result."""
    nummer = await conn.fetchval(STOPPED, id, now)
    if nummer is not None:
        await tell(conn, id, PlanStap.EINDE, {}, nummer)


FAIL = """
update plan
set status = case when status = 'gestopt' then status else 'mislukt' end,
    fout = case when status <> 'gestopt' then $2 end, klaar_op = now(), versie = versie + 1
where id = $1 and klaar_op is null
returning versie
"""


async def fail(conn: Connection, id: UUID, fout: str) -> None:
    """It could not be made; `fout` is for people. What a person stopped meanwhile stays so, and has ended."""
    nummer = await conn.fetchval(FAIL, id, fout)
    if nummer is not None:
        await tell(conn, id, PlanStap.EINDE, {}, nummer)
