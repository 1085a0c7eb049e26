"""Stops: a plek that cannot be used for a while, with a reason and an expected end."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from service.aanbod.bezetting import claim, in_de_weg
from service.aanbod.plekken import QUEUE, BezettingSoort
from service.days import today
from service.db import Connection, rows_as
from service.errors import FieldError, Kind, Refusal
from service.fields import refuse
from service.taal import gettext


class StopReden(StrEnum):
    """As type `stop_reden` in schema.sql."""

    PERSONEEL = "personeel"
    VERBOUWING = "verbouwing"
    OVERMACHT = "overmacht"
    RUST_IN_DE_GROEP = "rust_in_de_groep"
    ANDERS = "anders"


class NieuweStop(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    reden: StopReden
    van: date
    tot: Annotated[date, Meta(description="Verwachte eerste dag dat de plek weer open is.")]


class WijzigingStop(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    tot: Annotated[date | UnsetType, Meta(description="Nieuw verwacht einde.")] = UNSET
    beeindigd: Annotated[
        bool, Meta(description="De stop eindigt vandaag; een stop die nog niet begon, gaat niet door.")
    ] = False


class Stop(Struct, rename="camel", kw_only=True):
    id: UUID
    plek_id: UUID
    reden: StopReden
    van: date
    tot: date
    ingetrokken_op: datetime | None
    versie: int


COLUMNS = """id, plek_id, stop_reden as reden, lower(periode) as van, upper(periode) as tot,
    vrijgegeven_op as ingetrokken_op, versie"""

INSERT = f"""
insert into bezetting (regio, vraag_regio, plek_id, soort, periode, stop_reden)
select p.regio, p.regio, p.id, 'stop', daterange($2, $3), $4
from plek p
where p.id = $1
returning {COLUMNS}
"""

EIGEN = "select exists (select from plek where id = $1 and regio = huidige_regio())"


# A provider sees the voorstellen that were sent to it, and of what else is held only that it is.
IN_DE_WEG = """
select b.soort::text as soort, b.van,
       exists (select from voorstel v where v.plek_id = $2 and b.soort = 'optie' and is_levend(v.status)) as voorstel
from bezette_perioden($1, array[$2::uuid]) b
where daterange(b.van, b.tot) && daterange($3, $4)
order by b.van limit 1
"""


async def add(conn: Connection, plek_id: UUID, nieuw: NieuweStop, *, now: datetime) -> Stop:
    """The plek cannot be used for a while. Refuses INVALID, NOT_FOUND, and CONFLICT when somebody has the plek then."""
    if not await conn.fetchval(EIGEN, plek_id):
        raise Refusal(Kind.NOT_FOUND, gettext("Deze plek bestaat niet in uw regio."))
    await claim(conn, plek_id, nieuw.van, nieuw.tot, now)
    there = await conn.fetchrow(IN_DE_WEG, today(now), plek_id, nieuw.van, nieuw.tot)
    if there is not None:
        why = in_de_weg(BezettingSoort(there["soort"]), there["van"], voorstel=there["voorstel"], now=now)
        raise Refusal(Kind.CONFLICT, gettext("%(why)s Wat nu wel kan: ook een andere periode voor deze stop.", why=why))
    return msgspec.convert(await conn.fetchrow(INSERT, plek_id, nieuw.van, nieuw.tot, nieuw.reden), Stop)


PAGE = f"""
select {COLUMNS}
from bezetting
where plek_id = $1 and soort = 'stop'
  and ($2::uuid is null or (lower(periode), id) < (select lower(c.periode), c.id from bezetting c where c.id = $2))
order by lower(periode) desc, id desc
limit $3
"""


async def page(conn: Connection, plek_id: UUID, *, after: UUID | None = None, limit: int = 50) -> list[Stop]:
    """Stops of a plek, the last one first."""
    return rows_as(await conn.fetch(PAGE, plek_id, after, limit), Stop)


GET = f"select {COLUMNS} from bezetting where plek_id = $1 and id = $2 and soort = 'stop'"

LOCK = f"{GET} for no key update"


async def get(conn: Connection, plek_id: UUID, id: UUID, *, lock: bool = False) -> Stop:
    """One stop of a plek; `lock` waits for our turn on the plek first, as who claims it does. Refuses NOT_FOUND."""
    if lock:
        await conn.execute(QUEUE, plek_id)
    row = await conn.fetchrow(LOCK if lock else GET, plek_id, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze stop bestaat niet."))
    return msgspec.convert(row, Stop)


ZET_TOT = f"""
update bezetting set periode = daterange(lower(periode), $2), versie = versie + 1 where id = $1 returning {COLUMNS}
"""

TREK_IN = f"""
update bezetting set vrijgegeven_op = $2, versie = versie + 1 where id = $1 returning {COLUMNS}
"""


async def change(conn: Connection, plek_id: UUID, id: UUID, wijziging: WijzigingStop, *, now: datetime) -> Stop:
    """Another expected end, or end it now. Refuses NOT_FOUND, INVALID and CONFLICT."""
    current = await get(conn, plek_id, id, lock=True)
    if wijziging.beeindigd and wijziging.tot is not UNSET:
        refuse([FieldError("/beeindigd", "dubbel", gettext("Geef een nieuw einde óf beëindig de stop nu."))])
    if current.ingetrokken_op is not None or (wijziging.beeindigd and current.tot <= today(now)):
        raise Refusal(
            Kind.CONFLICT, gettext("Deze stop is al voorbij of ging niet door. Wat nu wel kan: een nieuwe stop.")
        )
    if wijziging.beeindigd and current.van >= today(now):
        return msgspec.convert(await conn.fetchrow(TREK_IN, id, now), Stop)
    tot = today(now) if wijziging.beeindigd else wijziging.tot
    if tot is UNSET:
        return current
    await claim(conn, plek_id, current.van, tot, now)
    return msgspec.convert(await conn.fetchrow(ZET_TOT, id, tot), Stop)
