"""The second loop of a worker: every second it seals what was logged, and writes the heads outside the database.

Any number of workers may do this: a region is sealed by one at a time. Whoever dies halfway leaves lines without a seal
or a head that is in no file yet, and the next round, of any of them, finds both.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from service.bus import first_of
from service.db import AWAY, SYSTEM, Pool, Rol, Wie, transaction
from service.log import logketen
from service.observe import metrics
from service.worker.anker import Anker

EVERY_S = 1.0

LAST_S = 1.0
"""For the round after a stop was asked."""

log = logging.getLogger(__name__)


class Zegel:
    """`run` until told to stop; `round` once."""

    def __init__(self, pool: Pool, anker: Anker | None, *, clock: Callable[[], datetime]) -> None:
        self._pool, self._anker, self._clock = pool, anker, clock
        self._vanaf: str | None = None
        """Transactions before this one were all looked at. At the start nothing was."""
        self._compared = False
        """With the file, as it was before this worker sealed anything."""

    async def run(self, stopping: asyncio.Event) -> None:
        """The last round is after the stop, so that nothing waits when no worker is left."""
        ended = False
        while not ended:
            ended = stopping.is_set()
            try:
                async with asyncio.timeout(LAST_S if ended else None):
                    await self.round()
                metrics.ROUND_OK.labels("zegel").set_to_current_time()
            except TimeoutError:
                log.warning("seal: no time for the last lines")
            except AWAY as error:
                log.warning("seal: the database is away (%s)", type(error).__name__)
            except Exception as error:  # a person must look; what is not sealed now is sealed later
                log.error("seal: went wrong", exc_info=error)
            if not ended:
                await first_of(stopping, limit_s=EVERY_S)

    async def round(self) -> int:
        """Everything that is committed by now and waits. How many lines."""
        if not self._compared:
            await self._anchor()
            self._compared = True
        regios, further = await logketen.waiting(self._pool, self._vanaf)
        done, all_ours = 0, True
        for regio in regios:
            count = await self._seal(regio)
            done, all_ours = done + (count or 0), all_ours and count is not None
        if all_ours:
            self._vanaf = further
        await self._anchor()
        return done

    async def _anchor(self) -> None:
        """Also heads that another sealed, and died before it wrote them."""
        if self._anker is not None:
            heads = await logketen.heads(self._pool)
            monotonic = asyncio.get_running_loop().time()
            await asyncio.to_thread(self._anker.add, heads, now=self._clock(), monotonic=monotonic)

    async def _seal(self, regio: str) -> int | None:
        """All that waits in a region. None when another is at it: it may die, so we look there again."""
        wie = Wie(regio, Rol.SCHAKELFUNCTIONARIS, SYSTEM)
        done, last = 0, 0
        while True:
            async with transaction(self._pool, wie) as conn:
                sealed = await logketen.seal(conn, regio, self._vanaf, self._clock(), na=last, most=logketen.BATCH)
            if sealed is None:
                return None
            done, last = done + sealed.aantal, sealed.laatste
            if sealed.aantal < logketen.BATCH:
                return done
