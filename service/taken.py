"""Taken: work that is done later by `loket worker`, put in the transaction of the change that asks for it.

A worker claims a taak on a lease and says now and then that it goes on (`renew`). Its result is written in the
transaction that finishes the taak (`finish`), which fails when the lease went to another: so each taak is done at least
once, and its result stands exactly once. The clock of leases is that of the database.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from service.db import Connection, Pool

CHANNEL = "loket_taak"
"""Notified when there is something to claim."""

PRESENCE = 4_201_969
"""Number of the advisory lock that every worker shares as long as it lives, so that one can see whether any does."""


class TaakSoort(StrEnum):
    """As type `taak_soort` in schema.sql."""

    PLAN = "plan"
    MELDING = "melding"
    MAIL = "mail"
    HAAK = "haak"
    TERMIJN = "termijn"
    DAGRONDE = "dagronde"


class TaakStatus(StrEnum):
    """As type `taak_status` in schema.sql."""

    WACHT = "wacht"
    BEZIG = "bezig"
    KLAAR = "klaar"
    MISLUKT = "mislukt"


class Claim(Struct, frozen=True):
    """A taak that a worker has: what it is about is read as the region itself."""

    id: UUID
    regio: str
    soort: TaakSoort
    claim: UUID


class Taak(Struct, frozen=True):
    id: UUID
    soort: TaakSoort
    sleutel: str
    gegevens: dict[str, Any]
    pogingen: int
    """This one included."""


class Lost(Exception):
    """The lease went to another worker: whatever was done in this transaction may not be kept."""


# No constraint is named: that asks to read the row, and who asks for work need not see the work of others.
ENQUEUE = """
insert into taak (regio, soort, sleutel, gegevens, niet_voor)
values (huidige_regio(), $1, $2, $3, coalesce($4, now()))
on conflict do nothing
"""


async def enqueue(
    conn: Connection,
    soort: TaakSoort,
    sleutel: str,
    gegevens: dict[str, Any],
    *,
    niet_voor: datetime | None = None,
) -> None:
    """In the caller's transaction. Once per `sleutel`: asking again does nothing. `gegevens` are ids, never more.

    Nobody claims it before `niet_voor`, by the clock of the database: a handler that counts by a moment asks its own.
    """
    await conn.execute(ENQUEUE, soort, sleutel, gegevens, niet_voor)


CLAIM = "select id, regio, soort, claim from neem_taak($1, $2)"


async def claim(pool: Pool, soorten: list[TaakSoort], lease_s: float) -> Claim | None:
    """The longest waiting taak of any region, or one whose worker is silent; None when there is nothing to do."""
    row = await pool.fetchrow(CLAIM, soorten, timedelta(seconds=lease_s))
    return None if row is None else msgspec.convert(row, Claim)


READ = "select id, soort, sleutel, gegevens, pogingen from taak where id = $1 and claim = $2"


async def read(conn: Connection, held: Claim) -> Taak:
    """Raises Lost."""
    row = await conn.fetchrow(READ, held.id, held.claim)
    if row is None:
        raise Lost
    return msgspec.convert(row, Taak)


RENEW = "update taak set claim_tot = clock_timestamp() + $3::interval where id = $1 and claim = $2 returning true"


async def renew(conn: Connection, held: Claim, lease_s: float) -> None:
    """Going on. What else this transaction writes, is written while the taak is surely ours. Raises Lost."""
    if not await conn.fetchval(RENEW, held.id, held.claim, timedelta(seconds=lease_s)):
        raise Lost


FINISH = """
update taak set status = 'klaar', klaar_op = now(), fout = null, claim = null, claim_tot = null
where id = $1 and claim = $2
returning true
"""


async def finish(conn: Connection, held: Claim) -> None:
    """Done, together with what the same transaction writes. Raises Lost."""
    if not await conn.fetchval(FINISH, held.id, held.claim):
        raise Lost


LATER = """
update taak
set status = 'wacht', niet_voor = clock_timestamp() + $3::interval, fout = $4, claim = null, claim_tot = null
where id = $1 and claim = $2
returning true
"""


async def later(conn: Connection, held: Claim, fout: str, wait_s: float) -> None:
    """It went wrong: again in `wait_s` seconds. Raises Lost."""
    if not await conn.fetchval(LATER, held.id, held.claim, timedelta(seconds=wait_s), fout):
        raise Lost


GIVE_BACK = """
update taak set status = 'wacht', pogingen = pogingen - 1, claim = null, claim_tot = null
where id = $1 and claim = $2
returning true
"""


async def give_back(conn: Connection, held: Claim) -> None:
    """Not done, and nothing wrong: for another worker, at once. Raises Lost."""
    if not await conn.fetchval(GIVE_BACK, held.id, held.claim):
        raise Lost


FAIL = """
update taak set status = 'mislukt', klaar_op = now(), fout = $3, claim = null, claim_tot = null
where id = $1 and claim = $2
returning true
"""


async def fail(conn: Connection, held: Claim, fout: str) -> None:
    """Never to be done; `fout` says why, to people. Raises Lost."""
    if not await conn.fetchval(FAIL, held.id, held.claim, fout):
        raise Lost


PRESENT = "select pg_advisory_lock_shared($1)"


async def be_present(conn: Connection) -> None:
    """From now on `workers` sees one more, until this connection ends, however it ends."""
    await conn.execute(PRESENT, PRESENCE)


ANYBODY = """
select exists (
    select from pg_locks
    where locktype = 'advisory' and classid = 0 and objid = $1::bigint::oid and objsubid = 1 and granted
      and database = (select oid from pg_database where datname = current_database()))
"""


async def anybody(conn: Connection) -> bool:
    """Whether any worker is there now."""
    return bool(await conn.fetchval(ANYBODY, PRESENCE))
