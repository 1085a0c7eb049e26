"""A loop of a worker: now and then it measures what is of the database and not of a process, for Prometheus.

Each worker does, so that the figures are there as long as one is. Counts per region and no smaller: nothing that could
be about one child.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from service.aanbod.plekken import Zekerheid
from service.bus import first_of
from service.days import today
from service.db import AWAY, SYSTEM, Connection, Pool, Rol, Wie, transaction
from service.observe import metrics
from service.regio.werkregels import Werkregels, werkregels
from service.taken import TaakSoort
from service.urgentie import Urgentie

EVERY_S = 30.0

log = logging.getLogger(__name__)

SERVER = "select pg_database_size(current_database()) as bytes, clock_timestamp() as nu"

REGIOS = "select code from jeugdregio order by code"


class Meter:
    """`run` until told to stop; `round` once."""

    def __init__(self, pool: Pool, *, clock: Callable[[], datetime]) -> None:
        self._pool, self._clock = pool, clock

    async def run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                await self.round()
                metrics.ROUND_OK.labels("meter").set_to_current_time()
            except AWAY as error:
                log.warning("meter: the database is away (%s)", type(error).__name__)
            except Exception as error:  # a person must look; it is measured again in a while
                log.error("meter: went wrong", exc_info=error)
            await first_of(stopping, limit_s=EVERY_S)

    async def round(self) -> None:
        before = self._clock()
        row = await self._pool.fetchrow(SERVER)
        assert row is not None
        after = self._clock()
        metrics.DATABASE_BYTES.set(row["bytes"])
        metrics.CLOCK_SKEW.set((row["nu"] - before - (after - before) / 2).total_seconds())
        for regio in await self._pool.fetch(REGIOS):
            wie = Wie(regio["code"], Rol.SCHAKELFUNCTIONARIS, SYSTEM)
            async with transaction(self._pool, wie, readonly=True) as conn:
                await of_region(conn, wie.regio, self._clock())


async def of_region(conn: Connection, regio: str, now: datetime) -> None:
    rules = await werkregels(conn)
    await _taken(conn, regio)
    await _wachtenden(conn, regio, rules, now)
    await _plekken(conn, regio, rules, now)
    row = await conn.fetchrow(REST, now, now - timedelta(hours=24), now - timedelta(days=14))
    assert row is not None
    metrics.OPTIES.labels(regio).set(row["opties"])
    metrics.OPTIES_EXPIRED.labels(regio).set(row["verlopen"])
    metrics.SILENT.labels(regio).set(row["stil"])


OPEN_TAKEN = """
select soort::text as soort, status::text as status, count(*) as aantal,
       extract(epoch from clock_timestamp() - min(niet_voor) filter (where status = 'wacht'))::float8 as oudste
from taak where regio = huidige_regio() and status <> 'klaar'
group by soort, status
"""

STATES = ("wacht", "bezig", "mislukt")


async def _taken(conn: Connection, regio: str) -> None:
    rows = {(row["soort"], row["status"]): row for row in await conn.fetch(OPEN_TAKEN)}
    for soort in TaakSoort:
        for status in STATES:
            row = rows.get((soort, status))
            metrics.TAKEN.labels(regio, soort, status).set(row["aantal"] if row else 0)
        waiting = rows.get((soort, "wacht"))
        # What must wait until later (a mail that is tried again) has not waited yet.
        metrics.TAAK_OLDEST.labels(regio, soort).set(max(0.0, waiting["oudste"]) if waiting else 0)


WACHTENDEN = """
select urgentie::text as urgentie, count(*) as aantal,
       count(*) filter (where aangemeld_op < case urgentie when 'crisis' then $1::timestamptz
                                                      when 'spoed' then $2::timestamptz
                                                      else $3::timestamptz end) as over
from aanvraag where regio = huidige_regio() and is_open(status)
group by urgentie
"""


async def _wachtenden(conn: Connection, regio: str, rules: Werkregels, now: datetime) -> None:
    norms = {each: rules.normen_dagen.voor(each) for each in Urgentie}
    since = {each: None if days is None else now - timedelta(days=days) for each, days in norms.items()}
    order = (Urgentie.CRISIS, Urgentie.SPOED, Urgentie.REGULIER)
    rows = {row["urgentie"]: row for row in await conn.fetch(WACHTENDEN, *(since[each] for each in order))}
    for each in Urgentie:
        row = rows.get(each)
        metrics.WACHTENDEN.labels(regio, each).set(row["aantal"] if row else 0)
        if norms[each] is not None:
            metrics.OVER_NORM.labels(regio, each).set(row["over"] if row else 0)


PLEKKEN = """
select v.zorgvorm, p.bevestigd_op is null or p.bevestigd_op < $2 as onbekend,
       p.bevestigd_op is not null
           and p.bevestigd_op >= case when v.zorgvorm = any ($3) then $4::timestamptz else $5::timestamptz end as zeker,
       count(*) as aantal
from plek p join voorziening v on v.id = p.voorziening_id
where p.regio = huidige_regio() and p.beschikbaarheid = 'bemenst' and p.bestaat @> $1::date
  and not exists (
      select from bezetting b
      where b.plek_id = p.id and b.vrijgegeven_op is null and lower(b.periode) <= $1::date
        and neemt_tot(b.soort, b.periode, b.beeindigd_op) > $1::date
        and (b.vervalt_op is null or b.vervalt_op > $6))
group by v.zorgvorm, onbekend, zeker
"""


async def _plekken(conn: Connection, regio: str, rules: Werkregels, now: datetime) -> None:
    hours = timedelta(hours=1)
    counts = dict.fromkeys(Zekerheid, 0)
    for row in await conn.fetch(
        PLEKKEN,
        today(now),
        now - rules.onbekend_uren * hours,
        list(rules.crisis_zorgvormen),
        now - rules.crisis_zeker_uren * hours,
        now - rules.zeker_uren * hours,
        now,
    ):
        kind = Zekerheid.ONBEKEND if row["onbekend"] else Zekerheid.ZEKER if row["zeker"] else Zekerheid.TE_BEVESTIGEN
        counts[kind] += row["aantal"]
    for kind, count in counts.items():
        metrics.PLEKKEN.labels(regio, kind).set(count)


REST = """
select (select count(*) from bezetting
        where regio = huidige_regio() and soort = 'optie' and vrijgegeven_op is null and vervalt_op > $1) as opties,
       (select count(*) from gebeurtenis
        where regio = huidige_regio() and soort = 'optie_verlopen' and op > $2 and op <= $1) as verlopen,
       (select count(*) from (
            select p.aanbieder_id from bevestiging b join plek p on p.id = b.plek_id
            where b.regio = huidige_regio() and b.bron = 'koppeling' and b.op > $3 and b.op <= $1
            group by p.aanbieder_id having max(b.op) < $2) as stil) as stil
"""
