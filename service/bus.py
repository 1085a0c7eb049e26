"""Notifications of the database for a whole process: one connection listens, and wakes who waits for a key.

A notification says only that something happened; who is woken reads what. So a lost one does no harm: everybody is
also woken when the connection was made anew, and nobody should wait without a limit.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterator

import asyncpg

from service.db import AWAY, Connection

HEARTBEAT_S = 5.0
RECONNECT_S = 0.5

LOST = (*AWAY, asyncpg.PostgresError, asyncpg.InterfaceError)
"""Also a refusal, such as of a database that is being put back: who listens must not die of it."""

SURE_S = 2 * HEARTBEAT_S + 1
"""A connection that answered this recently has, as far as anybody can know, delivered every notification."""

log = logging.getLogger(__name__)


class Bus:
    """`connect` opens the connection of its own; `opened` is done with it each time, before anybody is woken."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[asyncpg.Connection[asyncpg.Record]]],
        *channels: str,
        opened: Callable[[Connection], Awaitable[None]] | None = None,
    ) -> None:
        self._connect, self._channels, self._opened = connect, channels, opened
        self._waiting: dict[tuple[str, str], set[asyncio.Event]] = {}
        self._listening: asyncpg.Connection[asyncpg.Record] | None = None
        self._answered_at = float("-inf")
        self._heard_so_far = dict.fromkeys(channels, 0)

    def mark(self, channel: str) -> int | None:
        """A number that grows with whatever is, or may have been, notified on `channel`: what was read while it was
        the same, still holds. None while nobody can be sure that everything is heard."""
        conn = self._listening
        if conn is None or conn.is_closed() or time.monotonic() - self._answered_at > SURE_S:
            return None
        return self._heard_so_far[channel]

    async def run(self) -> None:
        """Listens for ever; connects again when the connection is lost. Run it as a task."""
        while True:
            try:
                await self._once()
            except LOST as error:
                log.warning("bus: the listening connection is lost (%s), connecting again", type(error).__name__)
            await asyncio.sleep(RECONNECT_S)

    async def _once(self) -> None:
        conn = await self._connect()
        try:
            for channel in self._channels:
                await conn.add_listener(channel, self._heard)
            if self._opened is not None:
                await self._opened(conn)
            for channel in self._channels:
                self._heard_so_far[channel] += 1
            self._answered_at = time.monotonic()
            self._listening = conn
            for events in self._waiting.values():
                for event in events:
                    event.set()
            while True:
                asked_at = time.monotonic()
                await conn.fetchval("select 1", timeout=HEARTBEAT_S)
                self._answered_at = asked_at
                await asyncio.sleep(HEARTBEAT_S)
        finally:
            self._listening = None
            with contextlib.suppress(*LOST):
                await conn.close(timeout=1)

    def _heard(self, _conn: object, _pid: int, channel: str, payload: object) -> None:
        self._heard_so_far[channel] += 1
        for event in self._waiting.get((channel, str(payload).partition(" ")[0]), ()):
            event.set()

    @contextlib.contextmanager
    def heard(self, channel: str, key: str = "") -> Iterator[asyncio.Event]:
        """An event that is set by each notification on `channel` whose first word is `key`."""
        event = asyncio.Event()
        events = self._waiting.setdefault((channel, key), set())
        events.add(event)
        try:
            yield event
        finally:
            events.discard(event)
            if not events:
                self._waiting.pop((channel, key), None)


async def first_of(*events: asyncio.Event, limit_s: float) -> bool:
    """Until one of the events is set, or so long; whether one is."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
    return any(event.is_set() for event in events)
