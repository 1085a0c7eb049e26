"""Taak `dagronde`: what is looked at once a day per region, in the morning. Each part stands alone; twice on one day is
as once, and so is a day that is done late."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeAlias

from service import taken
from service.bericht import alarmen, berichten, versheid
from service.bus import first_of
from service.days import AMSTERDAM, today
from service.db import AWAY, SYSTEM, Connection, Pool, Rol, Wie, transaction
from service.observe import metrics
from service.opschaling import opschalingen, routes
from service.taken import Taak, TaakSoort
from service.worker.loop import PATIENT, Handler, Job, Write

VANAF = 7
"""Hour in the Netherlands at which a day begins for people: nobody's telephone rings for a daily mail at midnight."""

EVERY_S = 600.0

log = logging.getLogger(__name__)

Ronde: TypeAlias = Callable[[Connection, datetime], Awaitable[object]]


async def overzichten(conn: Connection, now: datetime) -> int:
    return await berichten.bundel(conn, today(now), now)


RONDES: tuple[Ronde, ...] = (
    alarmen.alarmronde,
    opschalingen.alarmronde_opschalingen,
    routes.alarmronde_routes,
    versheid.versheidsronde,
    overzichten,
)
"""In this order: what is found goes before the mails that tell of it."""


async def perform(job: Job) -> Write:
    """Each part in a transaction of its own: what goes wrong in one keeps nobody else from being told."""
    wrong: list[Exception] = []
    for ronde in RONDES:
        try:
            async with job.writing() as conn:
                await ronde(conn, job.clock())
        except (taken.Lost, *AWAY):
            raise
        except Exception as error:
            wrong.append(error)
    if wrong:
        raise ExceptionGroup("dagronde", wrong)
    return _nothing


async def _nothing(_: Connection) -> None:
    """All of it is written already."""


async def failed(_conn: Connection, _taak: Taak, _fout: str) -> None:
    """Tomorrow's looks at the same."""


HANDLER = Handler(perform, failed, PATIENT)


# ── Asking for it ────────────────────────────────────────────────────────────────────────────────

REGIOS = "select code from jeugdregio order by code"


class Wekker:
    """A loop of a worker: in the morning it asks for the round of the day, in each region, once however many ask."""

    def __init__(self, pool: Pool, *, clock: Callable[[], datetime]) -> None:
        self._pool, self._clock = pool, clock

    async def run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                await self.round()
                metrics.ROUND_OK.labels("dagronde").set_to_current_time()
            except AWAY as error:
                log.warning("daily round: the database is away (%s)", type(error).__name__)
            except Exception as error:  # a person must look; it is asked for again in a while
                log.error("daily round: went wrong", exc_info=error)
            await first_of(stopping, limit_s=EVERY_S)

    async def round(self) -> None:
        now = self._clock()
        if now.astimezone(AMSTERDAM).hour < VANAF:
            return
        for row in await self._pool.fetch(REGIOS):
            async with transaction(self._pool, Wie(row["code"], Rol.SCHAKELFUNCTIONARIS, SYSTEM)) as conn:
                await taken.enqueue(conn, TaakSoort.DAGRONDE, str(today(now)), {})
