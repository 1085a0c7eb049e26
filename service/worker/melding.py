"""Taak `melding`: who must be told of a gebeurtenis, is written down; its key is the id of the gebeurtenis."""

from __future__ import annotations

from uuid import UUID

from service.bericht import meldingen
from service.db import Connection
from service.taken import Taak
from service.worker.loop import PATIENT, Handler, Job, Write


async def perform(job: Job) -> Write:
    id, now = UUID(job.taak.sleutel), job.clock()

    async def write(conn: Connection) -> None:
        await meldingen.verdeel(conn, id, now=now)

    return write


async def failed(_conn: Connection, _taak: Taak, _fout: str) -> None:
    """The taak itself says so."""


HANDLER = Handler(perform, failed, PATIENT)
