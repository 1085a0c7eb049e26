"""All changes that a capacity list asks for, as they are shown and as they are written."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct, field

from service.days import noon
from service.db import Connection
from service.intake.names import Voorziening
from service.intake.preview import Wijziging
from service.intake.tables import Parsed, Progress


class NewPlek(Struct):
    id: UUID
    voorziening: Voorziening
    naam: str
    beschikbaarheid: str


class NewPeriod(Struct):
    plek_id: UUID
    soort: str
    van: date
    tot: date | None
    stop_reden: str | None


class Decision(Struct):
    """All changes, as shown and as written."""

    parsed: Parsed
    now: datetime
    today: date
    changes: list[Wijziging] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unchanged: int = 0
    new: list[NewPlek] = field(default_factory=list)
    beschikbaarheid: dict[UUID, str] = field(default_factory=dict)
    bestaat_tot: dict[UUID, date | None] = field(default_factory=dict)
    confirmed: dict[UUID, date] = field(default_factory=dict)
    withdrawn: list[UUID] = field(default_factory=list)
    """Periods that would have ended before they began."""
    ended: dict[UUID, tuple[date, bool]] = field(default_factory=dict)
    """Period → its last day (exclusive), and whether it is a plaatsing of which the child left."""
    prolonged: dict[UUID, tuple[date | None, str | None]] = field(default_factory=dict)
    """Period → its new expected end, and for a stop its reason."""
    periods: list[NewPeriod] = field(default_factory=list)
    claimed: set[UUID] = field(default_factory=set)
    """Plekken of which something takes more days than it did."""


# As service/aanbod/bezetting.py does for one plek: who claims waits for its turn, so that no two wait for each other.
QUEUE = """
select count(pg_advisory_xact_lock(hashtextextended('bezetting ' || c.id, 0)))
from (select unnest($1::uuid[])::text as id order by 1) c
"""

QUEUE_AT_MOST = 1_000
"""Locks are room in shared memory; a longer list takes the chance that the database breaks a deadlock."""

RELEASE_EXPIRED = """
update bezetting
set vrijgegeven_op = $2, versie = versie + 1
where plek_id = any ($1::uuid[]) and soort = 'optie' and vrijgegeven_op is null and vervalt_op <= $2
"""

WITHDRAW = "update bezetting set vrijgegeven_op = $2, versie = versie + 1 where id = any ($1::uuid[])"

END = """
update bezetting b
set periode = daterange(lower(b.periode), e.tot), beeindigd_op = case when e.vertrokken then e.tot end,
    einde_reden = case when e.vertrokken then 'anders'::einde_reden end, versie = b.versie + 1
from unnest($1::uuid[], $2::date[], $3::boolean[]) as e (id, tot, vertrokken)
where b.id = e.id
"""

PROLONG = """
update bezetting b
set periode = daterange(lower(b.periode), e.tot), stop_reden = e.reden::stop_reden, versie = b.versie + 1
from unnest($1::uuid[], $2::date[], $3::text[]) as e (id, tot, reden)
where b.id = e.id
"""

ADD_PLEK = """
insert into plek (id, regio, aanbieder_id, voorziening_id, naam, beschikbaarheid, bestaat)
select n.id, huidige_regio(), n.aanbieder_id, n.voorziening_id, n.naam, n.beschikbaarheid::beschikbaarheid,
       daterange($6, null)
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[])
    as n (id, aanbieder_id, voorziening_id, naam, beschikbaarheid)
"""

CHANGE_PLEK = """
update plek p
set beschikbaarheid = coalesce(c.beschikbaarheid::beschikbaarheid, p.beschikbaarheid),
    bestaat = case when c.anders then daterange(lower(p.bestaat), c.tot) else p.bestaat end,
    bevestigd_op = greatest(p.bevestigd_op, c.bevestigd_op),
    versie = p.versie + case when c.nieuw then 0 else 1 end
from unnest($1::uuid[], $2::text[], $3::boolean[], $4::date[], $5::timestamptz[], $6::boolean[])
    as c (id, beschikbaarheid, anders, tot, bevestigd_op, nieuw)
where p.id = c.id
"""

CONFIRM = """
insert into bevestiging (regio, plek_id, op, bron, beschikbaarheid)
select p.regio, p.id, c.op, 'bestand', p.beschikbaarheid
from unnest($1::uuid[], $2::timestamptz[]) as c (id, op)
join plek p on p.id = c.id
"""

ADD_PERIOD = """
insert into bezetting (regio, vraag_regio, plek_id, soort, periode, stop_reden)
select huidige_regio(), huidige_regio(), n.plek_id, n.soort::bezetting_soort, daterange(n.van, n.tot),
       n.stop_reden::stop_reden
from unnest($1::uuid[], $2::text[], $3::date[], $4::date[], $5::text[]) as n (plek_id, soort, van, tot, stop_reden)
"""


async def write(conn: Connection, decision: Decision, progress: Progress | None = None) -> None:
    """Everything at once, one statement per kind of change: first what makes room, then what takes it.

    The database refuses an overlap that came up in between: constraint bezetting_geen_overlap.
    """
    d, step = decision, 0

    async def run(sql: str, *arguments: object) -> None:
        nonlocal step
        if arguments[0]:
            await conn.execute(sql, *arguments)
        step += 1
        if progress:
            progress("Opslaan", step, 8)

    if len(d.claimed) <= QUEUE_AT_MOST:
        await conn.execute(QUEUE, sorted(d.claimed))
    await run(RELEASE_EXPIRED, list(d.claimed), d.now)
    await run(WITHDRAW, d.withdrawn, d.now)
    await run(END, list(d.ended), *_columns(list(d.ended.values()), 2))
    await run(
        ADD_PLEK,
        [plek.id for plek in d.new],
        [plek.voorziening.aanbieder_id for plek in d.new],
        [plek.voorziening.id for plek in d.new],
        [plek.naam for plek in d.new],
        [plek.beschikbaarheid for plek in d.new],
        d.today,
    )
    changed = list(dict.fromkeys([*d.beschikbaarheid, *d.bestaat_tot, *d.confirmed]))
    new = {plek.id for plek in d.new}
    # Of a day before today the file says no more than the day.
    moments = {id: d.now if day == d.today else noon(day) for id, day in d.confirmed.items()}
    await run(
        CHANGE_PLEK,
        changed,
        [d.beschikbaarheid.get(id) for id in changed],
        [id in d.bestaat_tot for id in changed],
        [d.bestaat_tot.get(id) for id in changed],
        [moments.get(id) for id in changed],
        [id in new for id in changed],
    )
    await run(CONFIRM, list(moments), list(moments.values()))
    await run(PROLONG, list(d.prolonged), *_columns(list(d.prolonged.values()), 2))
    await run(ADD_PERIOD, *_columns([(p.plek_id, p.soort, p.van, p.tot, p.stop_reden) for p in d.periods], 5))


def _columns(rows: list[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[i] for row in rows] for i in range(width)]
