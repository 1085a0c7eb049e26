"""Plans in tests: asked for, and made by what the worker's own process runs, without the process."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any
from uuid import UUID

from service import taken
from service.db import Pool, Wie, transaction
from service.plan import plankeuzes, plannen, planregels, planuitkomst
from service.plan.plankeuzes import NieuweKeuze, NieuwPlan
from service.plan.plannen import Stand
from service.plan.planregels import Planregel
from service.rang.travel import Traveller
from service.settings import Settings
from service.taken import TaakSoort
from service.worker import outcome, problem
from tests import make


def keuze(aanvraag_id: UUID, **where: UUID) -> NieuweKeuze:
    return NieuweKeuze(aanvraag_id=aanvraag_id, reden="Omdat het zo is afgesproken", **where)


async def ask(pool: Pool, wie: Wie, *, now: datetime = make.NOW, **fields: Any) -> Stand:
    """In the queue."""
    async with transaction(pool, wie) as conn:
        return await plankeuzes.start(conn, NieuwPlan(**fields), wie=wie, now=now)


async def made(pool: Pool, wie: Wie, *, now: datetime = make.NOW, **fields: Any) -> Stand:
    """Asked for and done, as a worker does it."""
    id = (await ask(pool, wie, now=now, **fields)).id
    held = await taken.claim(pool, [TaakSoort.PLAN], 60)
    assert held is not None
    async with transaction(pool, wie) as conn:
        await planuitkomst.begin(conn, id, now=now, again=False)
    async with Traveller.opened(Settings()) as travel, transaction(pool, wie, readonly=True) as conn:
        found = await problem.load(conn, id, travel, now)
    uitkomst = outcome.solved(found, clock=time.perf_counter, stop=lambda: False, report=lambda seconds, levels: None)
    async with transaction(pool, wie) as conn:
        await taken.finish(conn, held)
        await planuitkomst.end(conn, id, uitkomst, now=now)
    return await get(pool, wie, id)


async def get(pool: Pool, wie: Wie, id: UUID) -> Stand:
    async with transaction(pool, wie, readonly=True) as conn:
        return await plannen.get(conn, id)


async def regels(pool: Pool, wie: Wie, id: UUID) -> dict[UUID, Planregel]:
    """Per aanvraag."""
    async with transaction(pool, wie, readonly=True) as conn:
        return {regel.aanvraag_id: regel for regel in await planregels.regels(conn, id, limit=1000)}
