"""The loops of a worker: claim a taak, do it, write what came of it.

Lanes keep what is slow from what is quick: a plan of minutes holds up no notice, and a mail server that does not answer
no term. A worker may be killed at any moment: the lease then ends, and another begins again. What came of a taak is
written in the transaction that finishes it, which fails for whoever no longer has the lease.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Protocol, TypeAlias

from msgspec import Struct

from service import taken
from service.bus import Bus, first_of
from service.db import AWAY, SYSTEM, Connection, Pool, Rol, Wie, transaction
from service.errors import Refusal
from service.observe import metrics, tracing
from service.settings import Settings
from service.taken import Claim, Taak, TaakSoort

POLL_S = 5.0
"""Without being woken a worker looks this often: for a lease that ended, and for what was to wait."""

LONGEST = 500
"""Characters of what went wrong, as the rows hold."""

WAITS = (2.0, 8.0, 32.0, 128.0)
"""Seconds before the second try and those after it; then a person must look."""

PATIENT = (*WAITS, 600.0, *[3600.0] * 24)
"""Of what must not be lost, whatever happens to the computer for a day: who must be told, and terms."""

LANES: tuple[tuple[TaakSoort, ...], ...] = (
    (TaakSoort.PLAN,),
    (TaakSoort.MELDING, TaakSoort.TERMIJN, TaakSoort.DAGRONDE),
    (TaakSoort.MAIL, TaakSoort.HAAK),
)
"""A plan takes all of a processor; then what is done here in a moment; then what waits for somebody else's computer.
One at a time in the first, LOKET_WORKER_SNEL in each of the others."""

log = logging.getLogger(__name__)


class Job(Struct, kw_only=True, eq=False):
    """A taak that is being done, with all that its handler may use."""

    taak: Taak
    wie: Wie
    """The region itself."""
    settings: Settings
    clock: Callable[[], datetime]
    pool: Pool
    bus: Bus
    held: Claim
    lease_s: float

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Connection]:
        """A transaction that is only kept when the taak was still ours. Raises taken.Lost."""
        async with transaction(self.pool, self.wie) as conn:
            await taken.renew(conn, self.held, self.lease_s)
            yield conn


Write: TypeAlias = Callable[[Connection], Awaitable[None]]


class Handler(Struct, frozen=True):
    """How one soort is done. Twice the same must give the same as once."""

    perform: Callable[[Job], Awaitable[Write]]
    """Gives what is to be written when it is finished. A Refusal: never to be done, and its sentence says why."""
    failed: Callable[[Connection, Taak, str], Awaitable[None]]
    """What is to be written when it will never be done."""
    waits: tuple[float, ...] = WAITS

    @property
    def most(self) -> int:
        """Tries."""
        return len(self.waits) + 1


class Again(Exception):
    """Raised by a handler for what nobody here can mend, such as a mail server that is away. Says why, in Dutch."""


class Beside(Protocol):
    """A loop that goes on beside the queue, until told to stop."""

    async def run(self, stopping: asyncio.Event) -> None: ...


class Worker:
    """So many taken at a time as its lanes are wide, until `stop`."""

    def __init__(
        self,
        settings: Settings,
        pool: Pool,
        bus: Bus,
        handlers: Mapping[TaakSoort, Handler],
        *,
        clock: Callable[[], datetime],
        beside: Sequence[Beside] = (),
    ) -> None:
        self._settings, self._pool, self._bus, self._clock = settings, pool, bus, clock
        self._beside = beside
        self._handlers = handlers
        self._lease_s = settings.worker_lease_s
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Claim nothing more, and give back at once what is being done."""
        self._stopping.set()

    async def run(self) -> None:
        beside = [asyncio.create_task(loop.run(self._stopping)) for loop in self._beside]
        try:
            async with asyncio.TaskGroup() as lanes:
                for soorten in LANES:
                    ours = [soort for soort in soorten if soort in self._handlers]
                    if ours:
                        wide = 1 if TaakSoort.PLAN in ours else self._settings.worker_snel
                        lanes.create_task(self._lane(ours, wide))
        finally:
            self._stopping.set()
            await asyncio.gather(*beside)

    async def _lane(self, soorten: list[TaakSoort], wide: int) -> None:
        """Claims as long as there is work and fewer than `wide` are being done."""
        doing: set[asyncio.Task[None]] = set()
        free = asyncio.Event()

        def ended(task: asyncio.Task[None]) -> None:
            doing.discard(task)
            free.set()

        with self._bus.heard(taken.CHANNEL) as woken:
            while not self._stopping.is_set():
                woken.clear()
                free.clear()
                if len(doing) < wide and (held := await self._claim(soorten)) is not None:
                    task = asyncio.create_task(self._safely(held))
                    doing.add(task)
                    task.add_done_callback(ended)
                else:
                    await first_of(woken, free, self._stopping, limit_s=min(POLL_S, self._lease_s / 3))
        await asyncio.gather(*doing)

    async def _claim(self, soorten: list[TaakSoort]) -> Claim | None:
        try:
            return await taken.claim(self._pool, soorten, self._lease_s)
        except AWAY as error:
            log.warning("worker: the database is away (%s)", type(error).__name__)
        except Exception as error:  # a person must look; it is asked again in a while
            log.error("worker: nothing can be claimed", exc_info=error)
        return None

    async def _safely(self, held: Claim) -> None:
        try:
            await self._do(held)
        except (taken.Lost, *AWAY) as error:
            # What was claimed comes back when its lease ends.
            log.warning("worker: the database is away, or the lease is gone (%s)", type(error).__name__)
        except Exception as error:  # as above; a person must look, and the worker goes on with the rest
            log.error("worker: what went wrong cannot be written", exc_info=error)

    async def _do(self, held: Claim) -> None:
        wie = Wie(held.regio, Rol.SCHAKELFUNCTIONARIS, SYSTEM)
        handler = self._handlers[held.soort]
        began, ended = time.perf_counter(), "weg"
        with tracing.work_span(held.soort):
            try:
                ended = await self._done(held, wie, handler)
            finally:
                metrics.TAAK_SECONDS.labels(held.soort, ended).observe(time.perf_counter() - began)

    async def _done(self, held: Claim, wie: Wie, handler: Handler) -> str:
        """How it ended: klaar, mislukt, later, or weg when another has it."""
        try:
            async with transaction(self._pool, wie, readonly=True) as conn:
                taak = await taken.read(conn, held)
            if taak.pogingen > handler.most:
                # Whoever had it before was killed each time, so nobody could write what was wrong.
                await self._failed(held, wie, taak, "Dit is te vaak halverwege afgebroken. Vraag de beheerder ernaar.")
                return "mislukt"
            write = await self._perform(handler, held, wie, taak)
            async with transaction(self._pool, wie) as conn:
                await taken.finish(conn, held)
                await write(conn)
            return "klaar"
        except (taken.Lost, *AWAY, _Stopped) as gone:
            log.info("worker: %s %s is for another (%s)", held.soort, held.id, type(gone).__name__)
            if isinstance(gone, _Stopped):
                async with transaction(self._pool, wie) as conn:
                    await taken.give_back(conn, held)
            return "weg"
        except Refusal as refusal:
            await self._failed(held, wie, taak, refusal.detail)
            return "mislukt"
        except Again as again:
            log.warning("worker: %s %s did not work, try %d: %s", held.soort, held.id, taak.pogingen, again)
            return await self._later(handler, held, wie, taak, str(again))
        except Exception as error:  # whatever a handler does wrong must not end the worker
            log.error("worker: %s %s went wrong", held.soort, held.id, exc_info=error)
            return await self._later(handler, held, wie, taak, f"Er ging iets mis ({type(error).__name__}).")

    async def _later(self, handler: Handler, held: Claim, wie: Wie, taak: Taak, fout: str) -> str:
        """Again after a wait, or never when this was the last try. How it ended, as `_done`."""
        if taak.pogingen >= handler.most:
            await self._failed(held, wie, taak, f"{fout} Dat is na {handler.most} keer nog zo.")
            return "mislukt"
        async with transaction(self._pool, wie) as conn:
            await taken.later(conn, held, fout[:LONGEST], handler.waits[taak.pogingen - 1])
        return "later"

    async def _perform(self, handler: Handler, held: Claim, wie: Wie, taak: Taak) -> Write:
        """What the handler gives; cut off when the lease is gone (Lost) or the worker must stop (_Stopped)."""
        job = Job(
            taak=taak,
            wie=wie,
            settings=self._settings,
            clock=self._clock,
            pool=self._pool,
            bus=self._bus,
            held=held,
            lease_s=self._lease_s,
        )
        ended = asyncio.Event()
        work = asyncio.ensure_future(handler.perform(job))
        beat = asyncio.create_task(self._beat(job, ended))
        told = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({work, beat, told}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            if beat.done():
                beat.result()
            raise _Stopped
        finally:
            # The beat ends by itself: cut off in its statement, it would be an error in the log of the database.
            ended.set()
            for task in (work, told):
                task.cancel()
            await asyncio.gather(work, beat, told, return_exceptions=True)

    async def _beat(self, job: Job, ended: asyncio.Event) -> None:
        """Keeps the lease until `ended`; raises Lost, or what is wrong with the database when the lease is over."""
        kept = asyncio.get_running_loop().time()
        while not await first_of(ended, limit_s=self._lease_s / 3):
            now = asyncio.get_running_loop().time()
            try:
                async with job.writing():
                    kept = now
            except AWAY:
                if now - kept >= self._lease_s:
                    raise

    async def _failed(self, held: Claim, wie: Wie, taak: Taak, fout: str) -> None:
        if len(fout) > LONGEST:
            fout = f"{fout[: LONGEST - 1]}…"
        try:
            async with transaction(self._pool, wie) as conn:
                await taken.fail(conn, held, fout)
                await self._handlers[held.soort].failed(conn, taak, fout)
        except taken.Lost:
            log.info("worker: %s %s is for another", held.soort, held.id)


class _Stopped(Exception):
    """The worker must stop."""
