"""The chain of seals over the log: per region each line gets a number, the hash of its own bytes, and a hash over that
and the one before. Which bytes, docs/toegang.md says exactly; how PostgreSQL writes a value does not matter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from msgspec import Struct

from service.db import Connection, Pool, rows_as

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

START = bytes(32)
"""The hash before the first."""

BATCH = 2000
"""Lines sealed in one transaction."""

VELDEN = """r.id, r.regio, r.moment, r.gebeurtenis, r.resultaat, r.gebruiker_id, r.namens_id, r.koppeling_id, r.rol,
    r.organisatie_id, r.object, r.betrokkene, r.handeling, r.doel, r.verwerking, r.trace_id, r.span_id,
    r.ouder_span_id, r.object_id"""
"""What of a line is sealed, in this order. The last came later: a line without it has the bytes that it always had."""


def canonical(kind: bytes, values: Sequence[Any]) -> bytes:
    """`kind`, and then each value as UTF-8 text after its length in four bytes; null is length ffffffff and no text.

    Numbers in decimals, moments as microseconds since 1970 in UTC, uuids in lower case with dashes.
    """
    parts = [kind]
    for value in values:
        if value is None:
            parts.append(b"\xff\xff\xff\xff")
            continue
        text = str((value - EPOCH) // MICROSECOND if isinstance(value, datetime) else value).encode()
        parts.append(len(text).to_bytes(4, "big") + text)
    return b"".join(parts)


def hash_of_line(values: Sequence[Any]) -> bytes:
    """`values` as VELDEN."""
    *first, object_id = values
    return sha256(canonical(b"logregel 1", first) if object_id is None else canonical(b"logregel 2", values)).digest()


def hash_of_seal(before: bytes, regio: str, volgnummer: int, verzegeld_op: datetime, regel_hash: bytes) -> bytes:
    return sha256(canonical(b"logketen 1", (regio, volgnummer, verzegeld_op)) + regel_hash + before).digest()


class Kop(Struct, frozen=True):
    """The last seal of a region."""

    regio: str
    volgnummer: int
    hash: bytes


# ── Sealing ──────────────────────────────────────────────────────────────────────────────────────

OPEN = """
select vaste_grens()::text as tot,
       array(select t.regio from te_verzegelen($1::text::xid8) t order by 1) as regios
"""


async def waiting(pool: Pool, vanaf: str | None) -> tuple[list[str], str]:
    """Regions with committed lines that wait for a seal, of transactions from `vanaf` on (None: all); and from where to
    look next time, when these are done. Every transaction before that had ended and keeps its number, also when the
    database crashes, so nothing can still come of it."""
    row = await pool.fetchrow(OPEN, vanaf)
    assert row is not None
    return row["regios"], row["tot"]


SLOT = "select pg_try_advisory_xact_lock(hashtextextended('logketen ' || huidige_regio(), 0))"

LAATSTE = "select volgnummer, hash, verzegeld_op from logkoppen() where regio = huidige_regio()"

# LIMIT makes it look each line up by its index, also when the statistics of a table that grows fast are behind; so does
# MATERIALIZED, which keeps it from reading all lines in the order of their ids to find the few new ones.
NIEUW = f"""
with recent as materialized (
    select * from logregel
    where transactie >= $3::text::xid8 and transactie < pg_snapshot_xmax(pg_current_snapshot()))
select {VELDEN} from recent r
left join lateral (select true as zegel from logketen k where k.regel_id = r.id limit 1) k on true
where r.regio = huidige_regio() and r.id > $1 and k.zegel is null
order by r.id limit $2
"""

ALLES = f"""
select {VELDEN} from logregel r
left join lateral (select true as zegel from logketen k where k.regel_id = r.id limit 1) k on true
where r.regio = huidige_regio() and r.id > $1 and k.zegel is null
order by r.id limit $2
"""

VERZEGEL = """
insert into logketen (regio, volgnummer, regel_id, regel_hash, hash, verzegeld_op)
select huidige_regio(), z.volgnummer, z.regel_id, z.regel_hash, z.hash, $5
from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[]) as z (volgnummer, regel_id, regel_hash, hash)
"""


class Verzegeld(Struct, frozen=True):
    """What one transaction sealed."""

    aantal: int
    laatste: int
    """Id of the last line."""


async def seal(
    conn: Connection, regio: str, vanaf: str | None, now: datetime, *, na: int = 0, most: int = BATCH
) -> Verzegeld | None:
    """Seals up to `most` lines of the region of the transaction, by id from after `na` on. None while another does."""
    if not await conn.fetchval(SLOT):
        return None
    last = await conn.fetchrow(LAATSTE)
    number, head, op = (0, START, now) if last is None else (last["volgnummer"], last["hash"], last["verzegeld_op"])
    op = max(op, now)
    sealed: list[tuple[int, int, bytes, bytes]] = []
    rows = conn.fetch(ALLES, na, most) if vanaf is None else conn.fetch(NIEUW, na, most, vanaf)
    for row in await rows:
        number += 1
        line = hash_of_line(tuple(row))
        head = hash_of_seal(head, regio, number, op, line)
        sealed.append((number, row["id"], line, head))
    if sealed:
        await conn.execute(VERZEGEL, *map(list, zip(*sealed, strict=True)), op)
    return Verzegeld(len(sealed), sealed[-1][1] if sealed else na)


KOPPEN = "select regio, volgnummer, hash from logkoppen() order by regio"


async def heads(pool: Pool) -> list[Kop]:
    """Of every region that has a chain."""
    return rows_as(await pool.fetch(KOPPEN), Kop)
