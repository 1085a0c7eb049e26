"""Plannen: joint proposals for all open aanvragen of a region, made by `loket worker`, looked at by a person.

Here stands how far a plan is and what it is worth; its lines are in planregels.py, how one is asked for in
plankeuzes.py, what the worker makes of it in planuitkomst.py, and the sentences in plantekst.py. Each change of a
plan is an event with a number, so that who follows it misses nothing.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from service import taken
from service.db import Connection, rows_as
from service.errors import Kind, Refusal
from service.fields import AanvraagId, VrijeTekst
from service.taal import gettext

CHANNEL = "loket_plan"
"""Notified with the id of a plan and its step."""


class PlanStatus(StrEnum):
    """As type `plan_status` in schema.sql."""

    WACHT = "wacht"
    BEZIG = "bezig"
    KLAAR = "klaar"
    GESTOPT = "gestopt"
    MISLUKT = "mislukt"


RUNNING = (PlanStatus.WACHT, PlanStatus.BEZIG)


class PlanLimiet(StrEnum):
    """As type `plan_limiet` in schema.sql."""

    GEEN = "geen"
    TIJD = "tijd"
    GESTOPT = "gestopt"
    INSPANNING = "inspanning"


class KeuzeSoort(StrEnum):
    """As type `keuze_soort` in schema.sql."""

    VAST = "vast"
    VERBODEN = "verboden"


class PlanStap(StrEnum):
    """As type `plan_stap` in schema.sql."""

    WACHT = "wacht"
    BEGONNEN = "begonnen"
    VOORTGANG = "voortgang"
    STOPT = "stopt"
    OPNIEUW = "opnieuw"
    EINDE = "einde"


Reden = Annotated[
    VrijeTekst,
    Meta(max_length=300, pattern="^\\S", description="Waarom u dit kiest, voor wie het plan leest. Geen namen."),
]


class WijzigingPlan(Struct, kw_only=True, forbid_unknown_fields=True):
    status: Annotated[PlanStatus | UnsetType, Meta(description="Alleen gestopt: stop met zoeken.")] = UNSET


class Niveau(Struct, frozen=True):
    """One tier; more is better."""

    niveau: str
    waarde: int
    beste: int
    grens: int


class Verlies(Struct, frozen=True):
    """What is lost on one tier, negative what is won."""

    niveau: str
    verlies: int


class Botsing(Struct, frozen=True):
    """Rules that stand in the way of what was fixed."""

    regels: list[str]
    aanvragen: list[AanvraagId]
    voorziening: UUID | None = None
    plek: UUID | None = None


class Vrijhouden(Struct, frozen=True, kw_only=True):
    """Advice: this plek, which the plan uses, had better stay free."""

    plek_id: UUID
    voorziening_id: UUID
    soort: str
    """Of children for whom there are few other places (worker.advice.kinds) …"""
    code: str
    """… and which of them."""
    anderen: int
    """Other places, in the plan or not, that these can use."""
    kosten: list[Verlies]
    """What the plan loses by it."""


class Keuze(Struct, frozen=True, kw_only=True):
    """What a person decided before the plan was made."""

    aanvraag_id: AanvraagId
    soort: KeuzeSoort
    voorziening_id: UUID
    plek_id: UUID | None
    reden: str
    prijs: list[Verlies] | None = None


class Stand(Struct, frozen=True, kw_only=True):
    """A plan as it is now."""

    id: UUID
    gebruiker_id: UUID
    vorig_plan_id: UUID | None
    status: PlanStatus
    seconden: float
    zaad: int
    behoud: float
    peilmoment: datetime | None
    aanvragen: int | None
    geplaatst: int | None
    niveaus: list[Niveau]
    gat: float | None
    rekentijd: float | None
    limiet: PlanLimiet | None
    conflicten: list[Botsing]
    let_op: list[str]
    vrijhouden: list[Vrijhouden] | None
    fout: str | None
    aangemaakt_op: datetime
    gestart_op: datetime | None
    klaar_op: datetime | None
    versie: int
    werker: bool
    """Whether any worker is there now."""
    keuzes: list[Keuze]


# `real` as float8 through its text, so that 0.001 stays 0.001.
STANDEN = f"""
select p.id, p.gebruiker_id, p.vorig_plan_id, p.status, p.seconden::text::float8 as seconden, p.zaad,
       p.behoud::text::float8 as behoud, p.peilmoment, p.aanvragen, p.geplaatst, p.niveaus, p.gat,
       p.rekentijd::text::float8 as rekentijd, p.limiet, p.conflicten, p.let_op, p.vrijhouden, p.fout, p.aangemaakt_op,
       p.gestart_op, p.klaar_op, p.versie,
       exists (select from pg_locks l where l.locktype = 'advisory' and l.classid = 0 and l.objsubid = 1
               and l.objid = {taken.PRESENCE}::bigint::oid and l.granted
               and l.database = (select oid from pg_database where datname = current_database())) as werker,
       (select coalesce(jsonb_agg(jsonb_build_object(
                   'aanvraag_id', k.aanvraag_id, 'soort', k.soort, 'voorziening_id', k.voorziening_id,
                   'plek_id', k.plek_id, 'reden', k.reden, 'prijs', k.prijs)
                   order by k.soort, k.aanvraag_id, k.voorziening_id, k.plek_id), '[]')
        from plan_keuze k where k.plan_id = p.id) as keuzes
from plan p
"""

PAGE = f"""
{STANDEN}
where p.regio = huidige_regio()
  and ($1::plan_status is null or p.status = $1)
  and ($2::uuid is null or (p.aangemaakt_op, p.id) < (select c.aangemaakt_op, c.id from plan c where c.id = $2))
order by p.aangemaakt_op desc, p.id desc
limit $3
"""


async def page(
    conn: Connection, *, status: PlanStatus | None = None, after: UUID | None = None, limit: int = 50
) -> list[Stand]:
    """Plannen, the newest first."""
    return rows_as(await conn.fetch(PAGE, status, after, limit), Stand)


GET = f"{STANDEN} where p.id = $1"

LOCK = f"{STANDEN} where p.id = $1 for no key update of p"


async def get(conn: Connection, id: UUID, *, lock: bool = False) -> Stand:
    """One plan. Refuses NOT_FOUND."""
    row = await conn.fetchrow(LOCK if lock else GET, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Dit plan bestaat niet (meer)."))
    return msgspec.convert(row, Stand)


TELL = """
insert into plan_gebeurtenis (plan_id, nummer, regio, stap, gegevens) values ($1, $2, huidige_regio(), $3, $4)
"""


async def tell(conn: Connection, id: UUID, stap: PlanStap, gegevens: dict[str, Any], nummer: int) -> None:
    await conn.execute(TELL, id, nummer, stap, gegevens)


class Gebeurtenis(Struct, frozen=True):
    nummer: int
    op: datetime
    stap: PlanStap
    gegevens: dict[str, Any]


GEBEURTENISSEN = """
select nummer, op, stap, gegevens from plan_gebeurtenis where plan_id = $1 and nummer > $2 order by nummer limit 500
"""


async def gebeurtenissen(conn: Connection, id: UUID, na: int) -> list[Gebeurtenis]:
    """What happened after the event with this number, at most 500."""
    return rows_as(await conn.fetch(GEBEURTENISSEN, id, na), Gebeurtenis)


async def goes_on(conn: Connection, id: UUID) -> bool:
    """Whether more will happen to this plan as things are: it is not at its end, and there are workers."""
    stand = await get(conn, id)
    return stand.werker and (stand.status in RUNNING or (stand.status is PlanStatus.GESTOPT and stand.klaar_op is None))


STOP = """
update plan set status = 'gestopt', klaar_op = case when status = 'wacht' then $2::timestamptz end, versie = versie + 1
where id = $1
returning versie
"""


async def stop(conn: Connection, id: UUID, *, now: datetime) -> Stand:
    """Stop searching; who is at it keeps what was found. Nothing happens when it has stopped. Refuses CONFLICT."""
    stand = await get(conn, id, lock=True)
    if stand.status is PlanStatus.GESTOPT:
        return stand
    if stand.status not in RUNNING:
        raise Refusal(Kind.CONFLICT, gettext("Dit plan rekent niet meer. Er valt niets meer te stoppen."))
    nummer = await conn.fetchval(STOP, id, now)
    await tell(conn, id, PlanStap.EINDE if stand.status is PlanStatus.WACHT else PlanStap.STOPT, {}, nummer)
    return await get(conn, id)
