"""Taak `plan`: compute a plan in a process of its own, tell how far it is, and store what came of it."""

from __future__ import annotations

import asyncio
from uuid import UUID

from service.db import AWAY, Connection, transaction
from service.errors import Kind, Refusal
from service.observe import metrics
from service.plan import plannen, planuitkomst
from service.plan.plannen import PlanStatus
from service.plan.planuitkomst import Uitkomst
from service.taken import Taak
from service.worker.child import Geweigerd, Klaar, Message, Voortgang, opdracht_of
from service.worker.loop import Handler, Job, Write
from service.worker.solving import Broken, Solving, solving

STOP_S = 3.0
"""A process that was asked to stop and is in the middle of something long is ended after this."""

LOOK_S = 10.0
"""Whether a person stopped the plan is also looked at without being told."""

SPARE_S = 120.0
"""Above twice the seconds of the plan: for reading, building and starting. Then something is wrong."""


async def perform(job: Job) -> Write:
    id = UUID(job.taak.gegevens["planId"])
    async with job.writing() as conn:
        begun = await planuitkomst.begin(conn, id, now=job.clock(), again=job.taak.pogingen > 1)
    if not begun:
        return _without(job, id)
    stand = await _stand(job, id)
    opdracht = opdracht_of(job.settings, job.wie.regio, id, job.clock())
    with job.bus.heard(plannen.CHANNEL, str(id)) as told:
        try:
            async with solving(opdracht) as process, asyncio.timeout(2 * stand.seconden + SPARE_S):
                found = await _followed(job, id, process, told)
        except TimeoutError as error:
            raise Broken("het rekenproces is niet op tijd klaar") from error
    if found is None:
        return _without(job, id)

    metrics.SOLVER_SECONDS.observe(found.rekentijd)
    metrics.SOLVER_GAP.labels(job.wie.regio).set(found.gat)

    async def write(conn: Connection) -> None:
        await planuitkomst.end(conn, id, found, now=job.clock())

    return write


async def _stand(job: Job, id: UUID) -> plannen.Stand:
    async with transaction(job.pool, job.wie, readonly=True) as conn:
        return await plannen.get(conn, id)


async def _followed(job: Job, id: UUID, process: Solving, told: asyncio.Event) -> Uitkomst | None:
    """Until the process has a result; None when it was stopped before it had any. Raises Broken, Refusal, Lost."""
    loop = asyncio.get_running_loop()
    end: float | None = None  # when who was asked to stop must have
    next_: asyncio.Task[Message] = asyncio.create_task(process.message())
    try:
        while True:
            hearing = asyncio.create_task(told.wait())
            limit = LOOK_S if end is None else max(0.0, end - loop.time())
            await asyncio.wait({next_, hearing}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            hearing.cancel()
            if next_.done():
                message = next_.result()
                if isinstance(message, Klaar):
                    return message.uitkomst
                if isinstance(message, Geweigerd):
                    raise Refusal(Kind.CONFLICT, message.detail)
                await _tell(job, id, message)
                next_ = asyncio.create_task(process.message())
            elif end is not None:
                if loop.time() >= end:
                    return None
                told.clear()
            else:
                told.clear()
                if await _stopped(job, id):
                    process.stop()
                    end = loop.time() + STOP_S
    finally:
        next_.cancel()


async def _stopped(job: Job, id: UUID) -> bool:
    try:
        return (await _stand(job, id)).status is PlanStatus.GESTOPT
    except AWAY:
        return False  # looked at again


async def _tell(job: Job, id: UUID, message: Voortgang) -> None:
    try:
        async with job.writing() as conn:
            await planuitkomst.progress(conn, id, message.niveaus, message.rekentijd)
    except AWAY:
        return  # the result tells it all; meanwhile the database may come back


def _without(job: Job, id: UUID) -> Write:
    async def write(conn: Connection) -> None:
        await planuitkomst.end_without(conn, id, now=job.clock())

    return write


async def failed(conn: Connection, taak: Taak, fout: str) -> None:
    await planuitkomst.fail(conn, UUID(taak.gegevens["planId"]), fout)


HANDLER = Handler(perform, failed)
