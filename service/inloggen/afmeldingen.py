"""An identity provider tells that somebody is logged out there: then so it is here.

OpenID Connect Back-Channel Logout 1.0, whose sections are named below.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from service.db import Connection, Pool, Rol, Wie, speak_for
from service.log import logboek
from service.log.doelen import Doel, Object, Verwerking
from service.log.logboek import Gebeurtenis, Spoor

EVENT = "http://schemas.openid.net/event/backchannel-logout"

TYPES = ("logout+jwt", "application/logout+jwt")
"""Header `typ`, in lower case (section 2.4): a token of another kind, or that does not say its kind, is none."""

LONGEST = timedelta(minutes=5)
"""From `iat` on a token is taken. Used ones are remembered as long."""

LEEWAY = timedelta(seconds=30)
"""Clocks may differ so much."""

LIMIT = 1_000
"""Characters in a sub, a sid or a jti."""


class Ongeldig(Exception):
    """The token is refused; the message says why, in ASCII as RFC 6749 section 5.2 asks."""


class Afmelding(Struct, frozen=True):
    """Who is out. A `sid` alone: that session; a `sub` alone: all of that person."""

    provider: UUID
    sub: str | None
    sid: str | None
    jti: str
    tot: datetime
    """After this nobody would take it any more."""


class _Claims(Struct):
    iss: str
    aud: str | list[str]
    iat: int | float
    jti: str
    exp: int | float
    events: dict[str, Any]
    sub: str | None = None
    sid: str | None = None


def read(
    header: Mapping[str, Any],
    claims: Mapping[str, Any],
    *,
    provider: UUID,
    issuer: str,
    client_id: str,
    now: datetime,
) -> Afmelding:
    """What a token says whose signature is right, by sections 2.4 and 2.6. Raises Ongeldig."""
    typ = header.get("typ")
    if not isinstance(typ, str) or typ.lower() not in TYPES:
        raise Ongeldig("typ moet logout+jwt zijn.")
    if "nonce" in claims:
        raise Ongeldig("Er mag geen nonce in staan: dit is geen logout_token.")
    try:
        said = msgspec.convert(dict(claims), _Claims)
    except msgspec.ValidationError:
        raise Ongeldig("In een logout_token staan iss, aud, iat, exp, jti en events.") from None
    if not isinstance(said.events.get(EVENT), dict):
        raise Ongeldig(f"events moet {EVENT} hebben, met een object.")
    if said.iss != issuer:
        raise Ongeldig("iss is een ander.")
    if said.aud not in (client_id, [client_id]):
        raise Ongeldig("aud is een ander dan het loket.")
    moment = now.timestamp()
    if said.iat > moment + LEEWAY.total_seconds():
        raise Ongeldig("Het token is van een moment dat nog moet komen (iat).")
    if moment - said.iat >= LONGEST.total_seconds() or moment >= said.exp + LEEWAY.total_seconds():
        raise Ongeldig("Het token is verlopen (iat of exp).")
    if not (said.sub or said.sid):
        raise Ongeldig("Er staat geen sub of sid in.")
    if any(len(text) > LIMIT or "\0" in text for text in (said.sub or "", said.sid or "", said.jti)) or not said.jti:
        raise Ongeldig("sub, sid of jti is leeg of te lang.")
    until = datetime.fromtimestamp(said.iat, now.tzinfo) + LONGEST
    return Afmelding(provider, said.sub or None, said.sid or None, said.jti, until)


UITLOG = logboek.Handeling("inlog_afmelden", Gebeurtenis.UITLOG, Object.SESSIE, Doel.TOEGANG, Verwerking.TOEGANG)

GEBRUIK = "select gebruik_verklaring($1, $2, $3, $4)"

MELD_AF = "select regio, rol::text as rol, gebruiker_id, organisatie_id from meld_af($1, $2, $3, $4)"


async def voer_uit(pool: Pool, afmelding: Afmelding, *, now: datetime, spoor: Spoor) -> int:
    """Ends the sessions, with a line in the log for each gebruiker, all or nothing; of how many gebruikers. Raises
    Ongeldig for a token that was used before."""
    async with pool.acquire() as conn, conn.transaction():
        return await _voer_uit(conn, afmelding, now, spoor)


async def _voer_uit(conn: Connection, afmelding: Afmelding, now: datetime, spoor: Spoor) -> int:
    # Of any length, and it may name somebody.
    nummer = hashlib.sha256(afmelding.jti.encode()).hexdigest()
    if not await conn.fetchval(GEBRUIK, str(afmelding.provider), nummer, afmelding.tot, now):
        raise Ongeldig("Dit token is al gebruikt (jti).")
    uit = await conn.fetch(MELD_AF, afmelding.provider, afmelding.sub, afmelding.sid, now)
    for row in uit:
        wie = Wie(row["regio"], Rol(row["rol"]), row["gebruiker_id"], row["organisatie_id"])
        await speak_for(conn, wie)
        await logboek.schrijf_los(conn, wie, UITLOG, now=now, spoor=spoor)
    return len(uit)
