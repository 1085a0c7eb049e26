"""Reading from a replica of the database (LOKET_DATABASE_REPLICA_URL) that is at most LOKET_REPLICA_S seconds old.

How old it is, is said by positions in the WAL and not by clocks. Once a second the process asks the primary how far it
is; a replica that has replayed as much as the primary had at some moment, shows at least all that was committed then.
So one that follows a primary on which nothing happens does not look old, and one that hears nothing any more, that is
paused, promoted or behind another primary does not look new. Each transaction asks anew: behind one address there may
be several replicas, one further than the other.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg
from msgspec import Struct

from service.db import AWAY, Connection, Pool, Wie, begin, check_app_role
from service.errors import Refusal

EVERY_S = 1.0

PATIENCE_S = 1.0
"""A replica that does not say within this where it is, is of no use."""

LOST = (*AWAY, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

log = logging.getLogger(__name__)


class Behind(Exception):
    """This replica may not answer now: too old, promoted, away, or of another primary."""


class Mark(Struct, frozen=True):
    """How far the primary was, and when that was asked."""

    at: float
    """By the monotonic clock of this process, before it was asked."""
    moment: datetime
    systeem: int
    tijdlijn: int
    lsn: int


# Where a primary has flushed to: who was told that something was saved, has it below this.
PRIMARY = """
select systeem.system_identifier as systeem,
       ('x' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8))::bit(32)::integer as tijdlijn,
       (pg_current_wal_flush_lsn() - '0/0')::bigint as lsn
from pg_control_system() systeem
"""

# The timeline as of its last restartpoint: after a failover that may come minutes later, and until then it does not
# count. One that went on along the timeline of who was the primary before, never gets there.
THERE = """
select pg_is_in_recovery() as volgt, systeem.system_identifier as systeem,
       greatest(punt.timeline_id, herstel.min_recovery_end_timeline) as tijdlijn,
       (pg_last_wal_replay_lsn() - '0/0')::bigint as lsn
from pg_control_system() systeem, pg_control_checkpoint() punt, pg_control_recovery() herstel
"""


class Replica:
    """`pool` leads to one replica or several; `primary` and `replica` open a connection of their own to either."""

    def __init__(
        self,
        pool: Pool,
        *,
        primary: Callable[[], Awaitable[Connection]],
        replica: Callable[[], Awaitable[Connection]],
        most_s: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._pool, self._primary, self._replica = pool, primary, replica
        self.most_s, self._clock = most_s, clock
        self._marks: deque[Mark] = deque()
        self._covered: Mark | None = None
        """The last one that a replica was seen to have, while it may be used."""
        self._checked = False

    async def run(self) -> None:
        """Follows primary and replica for ever. Run it as a task."""
        await asyncio.gather(self._always(self._primary, self._mark), self._always(self._replica, self._look))

    def age_s(self) -> float:
        """How old the replica is at most; infinity while it is of no use."""
        covered = self._covered
        age = math.inf if covered is None else time.monotonic() - covered.at
        return age if age <= self.most_s else math.inf

    def marks(self) -> int:
        """How many moments of the primary are known; none: nothing can be read."""
        return len(self._marks)

    @asynccontextmanager
    async def transaction(self, wie: Wie) -> AsyncIterator[tuple[Connection, datetime]]:
        """One to read in, for `wie`, and the moment of which it surely has everything. Raises Behind, before anything
        can be read.

        Its connection is ended, not tidied, when something goes wrong: a server that hangs would hold up who tidies.
        """
        async with self._pool.acquire() as conn:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await conn.execute(begin(wie, "read only"))
                    mark = self._mark_of(await conn.fetchrow(THERE))
                yield conn, mark.moment
                await conn.execute("commit")
            except Refusal:
                await conn.execute("rollback")
                raise
            except BaseException as error:
                conn.terminate()
                if isinstance(error, LOST):
                    self._out_of_use(error)
                raise

    async def _always(
        self, connect: Callable[[], Awaitable[Connection]], ask: Callable[[Connection], Awaitable[None]]
    ) -> None:
        """Asks every EVERY_S, on one connection as long as it lives."""
        while True:
            conn = None
            try:
                async with asyncio.timeout(PATIENCE_S):
                    conn = await connect()
                while True:
                    async with asyncio.timeout(PATIENCE_S):
                        await ask(conn)
                    await asyncio.sleep(EVERY_S)
            except (Behind, *LOST) as error:
                if ask == self._look:
                    self._out_of_use(error)
            finally:
                if conn is not None:
                    conn.terminate()
            await asyncio.sleep(EVERY_S)

    async def _mark(self, conn: Connection) -> None:
        at, moment = time.monotonic(), self._clock()
        row = await conn.fetchrow(PRIMARY)
        assert row is not None
        mark = Mark(at, moment, row["systeem"], row["tijdlijn"], row["lsn"])
        last = self._marks[-1] if self._marks else mark
        if (last.systeem, last.tijdlijn) != (mark.systeem, mark.tijdlijn):
            self._marks.clear()  # positions of before a failover say nothing of those after it
        self._marks.append(mark)
        while self._marks[0].at < at - self.most_s:
            self._marks.popleft()

    async def _look(self, conn: Connection) -> None:
        """Whether it may be used."""
        if not self._checked:
            await self._check_role()
        mark = self._mark_of(await conn.fetchrow(THERE))
        if self._covered is None:
            log.info("replica: in use")
        self._covered = mark

    async def _check_role(self) -> None:
        try:
            await check_app_role(self._pool)
        except Refusal as refusal:
            raise Behind(refusal.detail) from refusal
        self._checked = True

    def _out_of_use(self, error: Exception) -> None:
        if self._covered is not None:
            log.warning("replica: not used, everything is read on the primary (%s: %s)", type(error).__name__, error)
        self._covered = None

    def _mark_of(self, there: asyncpg.Record | None) -> Mark:
        """The last mark that a replica has surely passed. Raises Behind."""
        assert there is not None
        if not there["volgt"]:
            raise Behind("it is no replica (any more)")
        oldest = time.monotonic() - self.most_s
        for mark in reversed(self._marks):
            if mark.at < oldest:
                break
            if (mark.systeem, mark.tijdlijn) != (there["systeem"], there["tijdlijn"]):
                raise Behind("it follows another primary")
            if mark.lsn <= there["lsn"]:
                return mark
        raise Behind(f"it is more than {self.most_s:g} seconds behind")
