"""A login under way: what we remember while somebody is at the identity provider. Used once, for ten minutes."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from service.db import Connection, Pool
from service.errors import Kind, Refusal
from service.sessies import digest

LASTS = timedelta(minutes=10)


class Inlogpoging(Struct, frozen=True, kw_only=True):
    identiteitsprovider_id: UUID
    nonce: str = ""
    verificateur: str = ""
    """PKCE code_verifier."""
    browser: bytes
    """Digest of a cookie of the browser that began."""
    naar: str
    begonnen_op: datetime
    subject: str | None = None
    """Who it is, when only the choice of a gebruiker remains."""
    idp_sessie: str | None = None


ADD = """
insert into inlogpoging
    (hash, identiteitsprovider_id, nonce, verificateur, browser, naar, begonnen_op, subject, idp_sessie)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

CLEAN = "delete from inlogpoging where begonnen_op < $1"


async def add(conn: Connection | Pool, secret: str, poging: Inlogpoging) -> None:
    """Found again by `secret`; what is too old goes."""
    await conn.execute(CLEAN, poging.begonnen_op - LASTS)
    await conn.execute(ADD, digest(secret), *msgspec.structs.astuple(poging))


TAKE = """
delete from inlogpoging where hash = $1
returning identiteitsprovider_id, nonce, verificateur, browser, naar, begonnen_op, subject, idp_sessie
"""


async def take(conn: Connection | Pool, secret: str, browser: str | None, *, now: datetime) -> Inlogpoging:
    """The login under way; whatever comes of it, never again. Refusal (FORBIDDEN) when there is none, it is too old
    or another browser began it."""
    row = await conn.fetchrow(TAKE, digest(secret))
    poging = None if row is None else msgspec.convert(dict(row), Inlogpoging)
    if poging is None or not timedelta() <= now - poging.begonnen_op < LASTS:
        raise Refusal(Kind.FORBIDDEN, "Deze inlogpoging is verlopen of al gebruikt. Begin opnieuw.")
    if browser is None or digest(browser) != poging.browser:
        raise Refusal(Kind.FORBIDDEN, "Deze inlogpoging is in een andere browser begonnen. Begin opnieuw in deze.")
    return poging
