"""The places of a region as columns in memory, kept fresh by notifications of the database.

schema.sql notifies `loket_aanbod` at every commit that touches supply. One connection listens; what it hears marks
rows as stale, and the next question reloads just those voorzieningen before it is answered. While nobody can be sure
that the connection hears everything (cut, or silent for too long), every question reloads the whole region first;
when that fails too, the answer says how old its data are. So an answer is never silently old.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from msgspec import Struct, field, structs

from matcher.aanbod import Aanbod
from matcher.problem import Codes
from service.collector import without_collector
from service.days import midnight_after
from service.db import SYSTEM, Connection, Pool, Rol, Wie, transaction
from service.errors import Kind, Refusal
from service.rang import aanbod
from service.rang.catalogue import Names
from service.rang.kept import Kept
from service.taal import gettext

CHANNEL = "loket_aanbod"

HEARTBEAT_S = 0.5
SURE_S = 1.5
"""A listening connection that answered this recently has delivered every notification of before that."""

RECONNECT_S = 0.1

MANY = 200
"""From this many stale voorzieningen on, reloading the region is cheaper."""

LOST = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

log = logging.getLogger(__name__)


class Freshness(Struct, frozen=True, rename="camel"):
    """How old the data behind an answer are."""

    peilmoment: datetime
    actueel: bool
    """False: the database could not confirm that nothing changed since peilmoment."""


class View(Struct, frozen=True, eq=False):
    """What one region sees: its own places and those that agreements share. Never changed in place."""

    regios: frozenset[str]
    codes: Codes
    huiselijkheid: dict[str, float]
    """Per zorgvorm, 0 to 1."""
    names: Names
    aanbod: Aanbod
    loaded_at: datetime
    valid_until: datetime
    """When a day begins: then all must be read again although nobody changed it …"""
    expires: dict[UUID, datetime]
    """… and per voorziening where a plek is held, when the first optie expires: then that voorziening."""


class Stale(Struct):
    """What was heard to have changed since the view was read."""

    everything: bool = False
    voorzieningen: set[UUID] = field(default_factory=set)
    plekken: set[UUID] = field(default_factory=set)


class Entry(Struct, eq=False):
    """One region that was asked for."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    view: View | None = None
    stale: Stale = field(default_factory=Stale)


VISIBLE = "select gedeelde_regios() || huidige_regio()"

NAMEN = """
select distinct on (lijst, code) lijst, code, naam
from (select 'zorgvorm' as lijst, code, naam, regio from zorgvorm
      union all
      select lijst, code, naam, regio from kenmerkcode) as elke
order by lijst, code, regio <> huidige_regio()
"""

VOORZIENINGEN_VAN = "select distinct voorziening_id from plek where id = any ($1)"


class Snapshots:
    """One view per region that was asked for, and the connection that hears what changed."""

    def __init__(self, pool: Pool, connect: Callable[[], Awaitable[asyncpg.Connection[asyncpg.Record]]]) -> None:
        self._pool = pool
        self._connect = connect
        self._entries: dict[str, Entry] = {}
        self.kept = Kept()
        self.sure_at = float("-inf")
        """Monotonic time before which everything was heard."""

    async def listen(self) -> None:
        """Listens for ever; connects again when the connection is lost. Run it as a task beside the server."""
        while True:
            try:
                await self._listen_once()
            except LOST as error:
                log.warning("snapshot: the listening connection is lost (%s), connecting again", type(error).__name__)
            await asyncio.sleep(RECONNECT_S)

    async def _listen_once(self) -> None:
        conn = await self._connect()
        try:
            await conn.add_listener(CHANNEL, self._heard)
            # Whatever happened before this moment was perhaps not heard.
            for entry in self._entries.values():
                entry.stale.everything = True
            while True:
                asked_at = time.monotonic()
                await conn.fetchval("select 1", timeout=1)
                self.sure_at = asked_at
                await asyncio.sleep(HEARTBEAT_S)
        finally:
            self.sure_at = float("-inf")
            with contextlib.suppress(*LOST):
                await conn.close(timeout=1)

    def _heard(self, _conn: object, _pid: int, _channel: str, payload: object) -> None:
        regio, what, key = str(payload).split(" ")
        for name, entry in self._entries.items():
            # Which regions a view will hold is not known before it is read: then all may matter.
            if entry.view is not None and regio != name and regio not in entry.view.regios:
                continue
            if what == "voorziening":
                entry.stale.voorzieningen.add(UUID(key))
            elif what == "plek":
                entry.stale.plekken.add(UUID(key))
            else:
                entry.stale.everything = True

    def sure(self) -> bool:
        """Whether everything that happened until a moment ago was heard."""
        return time.monotonic() - self.sure_at < SURE_S

    async def get(self, regio: str, now: datetime) -> tuple[View, Freshness]:
        """The view of a region, as fresh as can be had, and how fresh that is.

        Raises Refusal (UNAVAILABLE) when there is no view yet and the database cannot be read.
        """
        entry = self._entries.setdefault(regio, Entry())
        async with entry.lock:
            heard_until = now - timedelta(seconds=time.monotonic() - self.sure_at) if self.sure() else None
            try:
                view = await self._refreshed(regio, entry, now, heard=heard_until is not None)
            except LOST as error:
                log.warning("snapshot: cannot read the places of %s (%s)", regio, type(error).__name__)
                if entry.view is None:
                    raise Refusal(
                        Kind.UNAVAILABLE,
                        gettext("De plekken zijn nu niet te lezen. Probeer het over een minuut opnieuw."),
                    ) from error
                return entry.view, Freshness(peilmoment=entry.view.loaded_at, actueel=False)
        return view, Freshness(peilmoment=max(view.loaded_at, heard_until or view.loaded_at), actueel=True)

    async def _refreshed(self, regio: str, entry: Entry, now: datetime, *, heard: bool) -> View:
        view, stale = entry.view, entry.stale
        if view is not None and heard and not stale.everything and now < view.valid_until:
            stale.voorzieningen |= {id for id, until in view.expires.items() if until <= now}
            if not stale.voorzieningen and not stale.plekken:
                return view
        else:
            stale.everything = True
        # Emptied before reading, so that what is heard while reading makes the new view stale again.
        entry.stale = Stale()
        try:
            async with transaction(self._pool, _reader(regio), readonly=True) as conn:
                few = None if stale.everything else await _changed(conn, stale)
                if view is None or few is None or len(few) > MANY:
                    view = await _read_all(conn, now)
                else:
                    plekken, expires = await aanbod.load_plekken(conn, now, list(few))
                    view = structs.replace(
                        view,
                        aanbod=view.aanbod.replace({str(key) for key in few}, plekken),
                        loaded_at=now,
                        expires={id: until for id, until in view.expires.items() if id not in few} | expires,
                    )
        except BaseException:
            entry.stale.everything = True
            raise
        entry.view = view
        return view


async def load_names(conn: Connection) -> Names:
    """Names of all visible codes, which are the same for every rol; of the own region where two regions name one."""
    return {(row["lijst"], row["code"]): row["naam"] for row in await conn.fetch(NAMEN)}


async def _changed(conn: Connection, stale: Stale) -> set[UUID]:
    rows = await conn.fetch(VOORZIENINGEN_VAN, list(stale.plekken))
    return stale.voorzieningen | {row["voorziening_id"] for row in rows}


async def _read_all(conn: Connection, now: datetime) -> View:
    regios = frozenset(await conn.fetchval(VISIBLE))
    codes, huiselijkheid = await aanbod.load_codes(conn)
    names = await load_names(conn)
    with without_collector():
        columns, expires = await aanbod.load_columns(conn, now, codes)
    return View(
        regios=regios,
        codes=codes,
        huiselijkheid=huiselijkheid,
        names=names,
        aanbod=columns,
        loaded_at=now,
        valid_until=midnight_after(now),
        expires=expires,
    )


def _reader(regio: str) -> Wie:
    return Wie(regio=regio, rol=Rol.SCHAKELFUNCTIONARIS, gebruiker=SYSTEM)
