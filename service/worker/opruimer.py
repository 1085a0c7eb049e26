"""The third loop of a worker: every hour it forgets what had its term.

Any number of workers may do this: a region is cleared by one at a time. Whoever dies halfway has forgotten a part; the
rest is forgotten an hour later, by any of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from service.bus import first_of
from service.db import AWAY, SYSTEM, Connection, Pool, Rol, Wie, transaction
from service.log import logboek
from service.observe import metrics
from service.privacy import bewaren

EVERY_S = 3600.0

log = logging.getLogger(__name__)

SLOT = "select pg_try_advisory_xact_lock(hashtextextended('bewaren ' || huidige_regio(), 0))"

REGIOS = "select code from jeugdregio order by code"


class Opruimer:
    """`run` until told to stop; `round` once."""

    def __init__(self, pool: Pool, *, clock: Callable[[], datetime]) -> None:
        self._pool, self._clock = pool, clock

    async def run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                await self._round_until(stopping)
                metrics.ROUND_OK.labels("bewaren").set_to_current_time()
            except AWAY as error:
                log.warning("retention: the database is away (%s)", type(error).__name__)
            except Exception as error:  # a person must look; what is not forgotten now is forgotten in an hour
                log.error("retention: went wrong", exc_info=error)
            await first_of(stopping, limit_s=EVERY_S)

    async def _round_until(self, stopping: asyncio.Event) -> None:
        """Cut off at a stop: what was not committed is as it was."""
        work, told = asyncio.ensure_future(self.round()), asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait({work, told}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            work.cancel()
            told.cancel()
            await asyncio.gather(work, told, return_exceptions=True)

    async def round(self) -> dict[str, int]:
        """Everything in every region that had its term by now. How many rows of which kind went."""
        gone: dict[str, int] = {}
        for row in await self._pool.fetch(REGIOS):
            wie = Wie(row["code"], Rol.SCHAKELFUNCTIONARIS, SYSTEM)
            try:
                for kind, count in (await self._clear(wie)).items():
                    gone[kind] = gone.get(kind, 0) + count
            except AWAY:
                raise
            except Exception as error:  # as above; other regions do not wait for it
                log.error("retention: %s went wrong", wie.regio, exc_info=error)
        if any(gone.values()):
            log.info("retention: %s", ", ".join(f"{kind} {count}" for kind, count in gone.items() if count))
        return gone

    async def _clear(self, wie: Wie) -> dict[str, int]:
        """One region: children a part at a time, so that nobody waits long for a row."""
        children, more = 0, True
        while more:
            async with transaction(self._pool, wie) as conn:
                if not await _turn(conn):
                    return {"aanvragen": children}
                terms = await bewaren.termijnen(conn)
                spoor, most = logboek.spoor(), bewaren.BATCH
                count = await bewaren.vergeet(conn, wie, terms, self._clock(), spoor=spoor, most=most)
            children, more = children + count, count == most
        async with transaction(self._pool, wie) as conn:
            if not await _turn(conn):
                return {"aanvragen": children}
            now = self._clock()
            rest = {clear.__name__.removeprefix("ruim_"): await clear(conn, terms, now) for clear in bewaren.OPRUIMEN}
        return {"aanvragen": children} | rest


async def _turn(conn: Connection) -> bool:
    """False while another worker clears this region."""
    mine: bool = await conn.fetchval(SLOT)
    return mine
