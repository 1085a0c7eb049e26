"""The process in which a plan is computed: `python -m service.worker.child`, started by solving.py.

On standard input one line with the Opdracht, then any line means "stop"; on standard output one message per line. It
reads the database itself, so that nothing of a child goes through a file, an argument or the worker's own memory. When
the worker is gone, however it went, standard input ends and so does this process.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
from msgspec import Struct

from service.db import APP_ROLE, SYSTEM, Rol, Wie, open_pool, transaction
from service.errors import Refusal
from service.failures import told
from service.log import logboek
from service.log.doelen import Doel, Object, Verwerking
from service.log.logboek import Gebeurtenis, Handeling
from service.plan.plannen import Niveau
from service.plan.planuitkomst import Uitkomst
from service.settings import Settings

# The worker imports this module for the forms of the messages; the solver is only for the process itself.
if TYPE_CHECKING:
    from service.worker.problem import Problem

ORPHAN, BROKEN = 3, 4
"""Exit codes: the worker is gone; something unforeseen, told on standard error."""

NICE = 5
"""Whoever asks something of the service on this computer comes first."""


class Opdracht(Struct, frozen=True):
    """What to compute, and where the data are."""

    database_url: str
    regio: str
    plan_id: UUID
    nu: datetime
    osrm_url: str | None
    osrm_timeout_s: float
    detour_factor: float
    speed_kmh: float

    def __repr__(self) -> str:
        """Without the address, which may hold a password."""
        return f"Opdracht(regio={self.regio!r}, plan_id={self.plan_id!r})"


class Voortgang(Struct, frozen=True, tag=True):
    rekentijd: float
    niveaus: list[Niveau]


class Klaar(Struct, frozen=True, tag=True):
    uitkomst: Uitkomst


class Geweigerd(Struct, frozen=True, tag=True):
    """A Refusal: trying again would not help."""

    detail: str


Message = Voortgang | Klaar | Geweigerd


def opdracht_of(settings: Settings, regio: str, plan_id: UUID, nu: datetime) -> Opdracht:
    assert settings.database_url is not None
    return Opdracht(
        database_url=settings.database_url,
        regio=regio,
        plan_id=plan_id,
        nu=nu,
        osrm_url=settings.osrm_url,
        osrm_timeout_s=settings.osrm_timeout_s,
        detour_factor=settings.detour_factor,
        speed_kmh=settings.speed_kmh,
    )


MAAK_PLAN = Handeling("maakPlan", Gebeurtenis.LEES, Object.PLAN, Doel.PLEK_ZOEKEN, Verwerking.BEMIDDELEN)


async def load(opdracht: Opdracht) -> Problem:
    """Read in one transaction that sees one moment, with a line in the log for each child."""
    from service.rang.travel import Traveller  # noqa: PLC0415
    from service.worker import problem  # noqa: PLC0415

    settings = Settings(
        osrm_url=opdracht.osrm_url,
        osrm_timeout_s=opdracht.osrm_timeout_s,
        detour_factor=opdracht.detour_factor,
        speed_kmh=opdracht.speed_kmh,
    )
    wie = Wie(opdracht.regio, Rol.SCHAKELFUNCTIONARIS, SYSTEM)
    pool = await open_pool(opdracht.database_url, size=1, role=APP_ROLE)
    try:
        async with Traveller.opened(settings) as travel, transaction(pool, wie, snapshot=True) as conn:
            found = await problem.load(conn, opdracht.plan_id, travel, opdracht.nu)
            gelezen = [UUID(child.id) for asked in found.asked for child in asked.kinderen] + list(found.buiten)
            await logboek.schrijf(conn, wie, MAAK_PLAN, gelezen, now=opdracht.nu, spoor=logboek.spoor())
            return found
    finally:
        await pool.close()


def main() -> None:
    # Messages and errors keep these two to themselves: SCIP prints on both, past Python, and means nothing by it.
    out, sys.stderr = os.fdopen(os.dup(1), "wb", buffering=0), os.fdopen(os.dup(2), "w", buffering=1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.nice(NICE)
    opdracht = msgspec.json.decode(_line(), type=Opdracht)
    stop = threading.Event()
    threading.Thread(target=_watch, args=(stop,), daemon=True).start()

    def send(message: Message) -> None:
        out.write(msgspec.json.encode(message) + b"\n")

    from service.worker import outcome  # noqa: PLC0415

    try:
        found = asyncio.run(load(opdracht))
        uitkomst = outcome.solved(
            found,
            clock=time.perf_counter,
            stop=stop.is_set,
            report=lambda seconds, niveaus: send(Voortgang(seconds, niveaus)),
        )
        send(Klaar(uitkomst))
    except Refusal as refusal:
        send(Geweigerd(refusal.detail))


def _line() -> bytes:
    """Read byte by byte: what comes after it is for _watch, and a buffered reader would hold up the end."""
    line = bytearray()
    while not line.endswith(b"\n"):
        part = os.read(0, 65536)
        if not part:
            os._exit(ORPHAN)
        line += part
    return bytes(line)


def _watch(stop: threading.Event) -> None:
    while os.read(0, 1):
        stop.set()
    os._exit(ORPHAN)


if __name__ == "__main__":
    try:
        main()
    except BaseException as error:
        print(told(error), file=sys.stderr)
        os._exit(BROKEN)
    # Without the clean-up of the interpreter, which could wait for the thread that reads.
    os._exit(0)
