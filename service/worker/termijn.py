"""Taak `termijn`: something whose moment has come, such as the end of an optie. `gegevens` say what and of which row.

The clock that counts is that of the worker, not that of the queue: what is asked too early says so and waits on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from service.db import Connection
from service.errors import Kind, Refusal
from service.plaatsing import optiestappen, verzenden
from service.taken import Taak
from service.worker.loop import PATIENT, Handler, Job, Write

Termijn: TypeAlias = Callable[[Connection, UUID, datetime], Awaitable[object]]
"""What happens to the row with this id at its moment: twice is as once, and too early or too late it is nothing."""

TERMIJNEN: Mapping[str, Termijn] = {"optie": optiestappen.termijn, "voorstel": verzenden.herinner}
"""`gegevens["soort"]` → what is done, with `gegevens["id"]`."""


async def perform(job: Job) -> Write:
    what, id, now = TERMIJNEN.get(job.taak.gegevens["soort"]), UUID(job.taak.gegevens["id"]), job.clock()
    if what is None:
        raise Refusal(Kind.CONFLICT, "Deze termijn kent het loket niet (meer).")

    async def write(conn: Connection) -> None:
        await what(conn, id, now)

    return write


async def failed(_conn: Connection, _taak: Taak, _fout: str) -> None:
    """The taak itself says so."""


HANDLER = Handler(perform, failed, PATIENT)
