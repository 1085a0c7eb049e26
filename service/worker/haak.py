"""Taak `haak`: tell the system behind a haak what happened. Once it answered 2xx it knows; until then again, later."""

from __future__ import annotations

from uuid import UUID

from service.bericht import leveringen, uitgaand
from service.db import Connection, transaction
from service.errors import Kind, Refusal
from service.taken import Taak
from service.worker.loop import Again, Handler, Job, Write

MINUTE, HOUR = 60.0, 3600.0

WAITS = (MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR)

GONE = 410
"""The receiver never wants it again."""


async def perform(job: Job) -> Write:
    id, now = UUID(job.taak.gegevens["leveringId"]), job.clock()
    async with transaction(job.pool, job.wie, readonly=True) as conn:
        zending = await leveringen.zending(conn, id, now)
    if zending is None:
        return _nothing
    if not zending.actief:
        raise Refusal(Kind.CONFLICT, "De haak staat uit.")
    body = leveringen.cloud_event(zending, job.settings.haak_bron)
    headers = leveringen.signed(body, zending, now)
    try:
        status = await uitgaand.post(
            zending.url,
            body,
            headers,
            intern=job.settings.haak_intern is True,
            timeout_s=job.settings.haak_timeout_s,
        )
    except uitgaand.Blocked as error:
        raise Refusal(Kind.FORBIDDEN, str(error)) from None
    except uitgaand.Away as error:
        raise Again(str(error)) from None
    if not 200 <= status < 300:
        async with job.writing() as conn:
            await leveringen.antwoordde(conn, id, status)
        why = f"Het systeem antwoordt met status {status}."
        raise Refusal(Kind.CONFLICT, why) if status == GONE else Again(why)

    async def write(conn: Connection) -> None:
        await leveringen.bezorgd(conn, id, status, now)

    return write


async def _nothing(_: Connection) -> None:
    """It is gone, or was delivered already."""


async def failed(conn: Connection, taak: Taak, fout: str) -> None:
    await leveringen.mislukt(conn, UUID(taak.gegevens["leveringId"]), fout)


HANDLER = Handler(perform, failed, WAITS)
