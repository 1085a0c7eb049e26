"""Sessions: a random token that only the browser or the machine has, of which the database keeps the SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from service.db import Connection, Pool, Rol, Wie, rows_as
from service.errors import Kind, Refusal
from service.taal import gettext

CHANNEL = "loket_sessie"
"""Notified when sessions end, or the people or machines they are of change."""

SEEN_EVERY = timedelta(minutes=1)
"""How precisely `gezien_op` is kept."""


class Sessie(Struct, frozen=True):
    """A session that counts now, with whose it is."""

    regio: str
    rol: Rol
    gebruiker_id: UUID
    """A row of gebruiker, or of koppeling when `koppeling_id` is set."""
    organisatie_id: UUID | None
    koppeling_id: UUID | None
    naam: str
    per_minuut: int | None
    """Requests that a machine may do."""
    gezien_op: datetime
    verloopt_op: datetime
    namens_id: UUID | None = None
    """The colleague for whom its owner acts now."""
    namens: str | None = None
    """How that one is called."""

    @property
    def wie(self) -> Wie:
        return Wie(
            self.regio, self.rol, self.gebruiker_id, self.organisatie_id, self.namens_id, koppeling=self.koppeling_id
        )


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What is kept of a secret. A token has so much chance in it that no salt is needed."""
    return hashlib.sha256(token.encode()).digest()


BEGIN = "select begin_sessie($1, $2, $3, $4, $5, $6, $7)"


async def begin(
    conn: Connection | Pool,
    *,
    gebruiker: UUID | None = None,
    koppeling: UUID | None = None,
    now: datetime,
    until: datetime,
    idle: timedelta,
    sid: str | None = None,
    apparaat: str | None = None,
) -> tuple[str, Sessie]:
    """A new token and its session: of a gebruiker, or of a koppeling (a machine). `sid` is the identity provider's,
    `apparaat` what its owner will recognise it by.

    Refusal (FORBIDDEN) when whose it is may not come in (any more).
    """
    token = new_token()
    await conn.execute(BEGIN, digest(token), gebruiker, koppeling, now, until, sid, apparaat)
    sessie = await find(conn, token, now=now, idle=idle)
    if sessie is None:
        raise Refusal(Kind.FORBIDDEN, gettext("Uw toegang tot het loket is uitgezet. Vraag uw beheerder waarom."))
    return token, sessie


FIND = """
select regio, rol::text as rol, gebruiker_id, organisatie_id, koppeling_id, naam, per_minuut, gezien_op, verloopt_op,
       namens_id, namens
from zoek_sessie($1, $2, $3)
"""


async def find(conn: Connection | Pool, token: str, *, now: datetime, idle: timedelta) -> Sessie | None:
    """The session of a token; None when it is nobody's, ended, too old, or unused for longer than `idle`."""
    return await by_digest(conn, digest(token), now=now, idle=idle)


async def by_digest(conn: Connection | Pool, key: bytes, *, now: datetime, idle: timedelta) -> Sessie | None:
    """As `find`, for whoever keeps no token: a stream that must end with its session."""
    row = await conn.fetchrow(FIND, key, now, idle)
    return None if row is None else msgspec.convert(dict(row), Sessie)


SEEN = "select zie_sessie($1, $2)"


async def seen(conn: Connection | Pool, token: str, *, now: datetime) -> None:
    await conn.execute(SEEN, digest(token), now)


END = "select eindig_sessie($1, $2)"


async def end(conn: Connection | Pool, token: str, *, now: datetime) -> None:
    """At once, everywhere: every process that keeps sessions in memory hears it."""
    await conn.execute(END, digest(token), now)


NAMENS = "select neem_waar($1, $2, $3)"


async def act_for(conn: Connection | Pool, key: bytes, colleague: UUID | None, *, now: datetime) -> None:
    """From now on the log has of the session with this digest that it acts for a colleague; None: for itself again.

    Refusal (FORBIDDEN) when the colleague has not, or no longer, named its owner as vervanger.
    """
    if not await conn.fetchval(NAMENS, key, colleague, now):
        raise Refusal(Kind.FORBIDDEN, gettext("U bent geen vervanger van deze collega, of niet meer."))


# ── One's own ────────────────────────────────────────────────────────────────────────────────────


class EigenSessie(Struct, rename="camel", kw_only=True):
    """A place where who asks is logged in, in any rol or region."""

    id: UUID
    apparaat: Annotated[str | None, Meta(examples=["Firefox op Windows"])]
    rol: Rol
    regio: Annotated[str, Meta(description="Naam van de regio.")]
    begonnen_op: datetime
    gezien_op: Annotated[datetime, Meta(description="Laatst gebruikt, op de minuut.")]
    deze: Annotated[bool, Meta(description="Of u hiermee nu werkt.")]
    actief: bool


class WijzigingEigenSessie(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    actief: Annotated[bool, Meta(description="Onwaar: wie deze sessie heeft, is meteen uit het loket.")]


class Beeindigd(Struct, rename="camel", kw_only=True):
    aantal: Annotated[int, Meta(description="Zoveel sessies zijn beëindigd.")]


EIGEN = """
select id, apparaat, rol::text as rol, regio, begonnen_op, gezien_op, deze, true as actief
from mijn_sessies($1, $2, $3)
"""


async def eigen(conn: Connection, key: bytes | None, *, now: datetime, idle: timedelta) -> list[EigenSessie]:
    """Those that still count: the one with digest `key` first, then the last used."""
    return rows_as(await conn.fetch(EIGEN, key, now, idle), EigenSessie)


async def een_eigen(conn: Connection, id: UUID, key: bytes | None, *, now: datetime, idle: timedelta) -> EigenSessie:
    """Refuses NOT_FOUND."""
    found = [sessie for sessie in await eigen(conn, key, now=now, idle=idle) if sessie.id == id]
    if not found:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze sessie bestaat niet (meer)."))
    return found[0]


END_OWN = "select eindig_mijn_sessies($1, $2, $3)"


async def end_own(conn: Connection, id: UUID, *, now: datetime) -> None:
    """One of who asks, at once."""
    await conn.execute(END_OWN, id, None, now)


async def end_others(conn: Connection, key: bytes | None, *, now: datetime) -> Beeindigd:
    """All of who asks but the one with digest `key`."""
    return Beeindigd(aantal=await conn.fetchval(END_OWN, None, key, now))
