"""The log: who saw or changed what of whom, when and why, by NEN 7513 and the standard Logboek Dataverwerkingen.

A line is written in the transaction that changed or read, so there is never one without the other; of what was read
alone (db.Alone) just after it, and nobody is answered without. Which children a line is about
is found by type (service/log/betrokkenen.py). Nobody changes a line afterwards (service/log/logketen.py).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from msgspec import Struct

from service.db import Alone, Connection, Insert, Pool, Wie
from service.log.doelen import Doel, Object, Verwerking


class Gebeurtenis(StrEnum):
    """As type `log_gebeurtenis` in schema.sql."""

    LEES = "lees"
    MAAK = "maak"
    WIJZIG = "wijzig"
    VERWIJDER = "verwijder"
    UITVOER = "uitvoer"
    INLOG = "inlog"
    UITLOG = "uitlog"
    SLEUTEL = "sleutel"


class Resultaat(StrEnum):
    """As type `log_resultaat` in schema.sql."""

    GELUKT = "gelukt"
    GEWEIGERD = "geweigerd"
    MISLUKT = "mislukt"


class Handeling(Struct, frozen=True):
    """What somebody did, as the log names it: one per operation, page and command."""

    naam: str
    """Such as haalAanvraag."""
    gebeurtenis: Gebeurtenis
    object: Object
    doel: Doel | Literal["geen"]
    """geen: refused, so there was none."""
    verwerking: Verwerking
    """processing_activity_id of Logboek Dataverwerkingen."""


# ── Trace Context (W3C) ──────────────────────────────────────────────────────────────────────────

TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")


class Spoor(Struct, frozen=True):
    """One operation of ours, in the trace of whoever called us."""

    trace_id: str
    span_id: str
    ouder_span_id: str | None = None
    """The operation of the caller."""

    @property
    def id(self) -> UUID:
        """The trace as the `instance` of a problem shows it."""
        return UUID(self.trace_id)


def spoor(traceparent: str | None = None) -> Spoor:
    """A new span, in the trace that `traceparent` names; when it is absent or not valid, in a new trace."""
    match = TRACEPARENT.fullmatch(traceparent or "")
    if match is not None:
        version, trace, parent, more = match.groups()
        valid = version != "ff" and (version != "00" or more is None) and int(trace, 16) and int(parent, 16)
        if valid:
            return Spoor(trace, secrets.token_hex(8), parent)
    both = secrets.token_hex(24)
    return Spoor(both[:32], both[32:])


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────

# Of an aanvraag that is not there, or not any more, the line has no betrokkene: that somebody asked is kept.
SCHRIJF = Insert(
    into="""
insert into logregel (regio, moment, gebeurtenis, resultaat, gebruiker_id, namens_id, koppeling_id, rol, organisatie_id,
                      object, betrokkene, handeling, doel, verwerking, trace_id, span_id, ouder_span_id)
""",
    query="""
select $2::text, $3::timestamptz, $4::log_gebeurtenis, $5::log_resultaat, $6::uuid, $7::uuid, $8::uuid, $9::rol,
       $10::uuid, $11::text, b.pseudoniem, $12::text, $13::text, $14::text, $15::text, $16::text, $17::text
from unnest($1::uuid[]) as gezien (id) left join pseudoniemen($1) b on b.aanvraag_id = gezien.id
""",
)


async def schrijf(
    conn: Connection | Alone,
    wie: Wie,
    handeling: Handeling,
    aanvragen: Sequence[UUID],
    *,
    now: datetime,
    spoor: Spoor,
    resultaat: Resultaat = Resultaat.GELUKT,
) -> None:
    """One line per aanvraag (each named once), in one statement. `conn` is in a transaction of `wie`, or asks alone for
    `wie`."""
    if not aanvragen:
        return
    await _put(conn, SCHRIJF, aanvragen, *_line(wie, handeling, now, spoor, resultaat))


async def _put(conn: Connection | Alone, insert: Insert, *args: object) -> None:
    if isinstance(conn, Alone):
        await conn.insert(insert, *args)
    else:
        statement = insert.statement
        await conn.execute(statement, *args)


SCHRIJF_LOS = Insert(
    into="""
insert into logregel (regio, moment, gebeurtenis, resultaat, gebruiker_id, namens_id, koppeling_id, rol, organisatie_id,
                      object, handeling, doel, verwerking, trace_id, span_id, ouder_span_id, object_id)
""",
    query="""
select $1::text, $2::timestamptz, $3::log_gebeurtenis, $4::log_resultaat, $5::uuid, $6::uuid, $7::uuid, $8::rol,
       $9::uuid, $10::text, $11::text, $12::text, $13::text, $14::text, $15::text, $16::text, $17::uuid
""",
)


async def schrijf_los(
    conn: Connection | Alone,
    wie: Wie,
    handeling: Handeling,
    *,
    now: datetime,
    spoor: Spoor,
    resultaat: Resultaat = Resultaat.GELUKT,
    object_id: UUID | None = None,
) -> None:
    """A line that is about no child: a login, a key, the log itself. `object_id`: which gebruiker, koppeling or other
    object was changed."""
    await _put(conn, SCHRIJF_LOS, *_line(wie, handeling, now, spoor, resultaat), object_id)


MISLUKT = "select schrijf_mislukte_inlog($1, $2, $3, $4, $5, $6, $7, $8)"


async def schrijf_mislukte_inlog(
    conn: Connection | Pool,
    *,
    resultaat: Resultaat,
    now: datetime,
    spoor: Spoor,
    provider: UUID | None = None,
    subject: str | None = None,
    koppeling: UUID | None = None,
) -> int:
    """Somebody could not log in at `provider`, or said to be `koppeling`: a line for each region whose it is. How many.

    Nobody's line: whoever it was, the log has only when the provider has proved it (`subject`).
    """
    lines: int = await conn.fetchval(
        MISLUKT, provider, subject, koppeling, resultaat, now, spoor.trace_id, spoor.span_id, spoor.ouder_span_id
    )
    return lines


def _line(
    wie: Wie, handeling: Handeling, now: datetime, spoor: Spoor, resultaat: Resultaat
) -> tuple[str | datetime | UUID | None, ...]:
    return (
        wie.regio,
        now,
        handeling.gebeurtenis,
        resultaat,
        wie.gebruiker,
        wie.namens,
        wie.koppeling,
        wie.rol,
        wie.organisatie,
        handeling.object,
        handeling.naam,
        handeling.doel,
        handeling.verwerking,
        spoor.trace_id,
        spoor.span_id,
        spoor.ouder_span_id,
    )
