"""A login under way: what we remember while somebody is at the identity provider. Used once, for ten minutes."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from service.db import Connection, Pool
from service.errors import Kind, Refusal
from service.inloggen.sessies import digest
from service.taal import gettext

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

    def check(self, browser: str | None, now: datetime) -> None:
        """Refusal (FORBIDDEN) when it is too old or another browser began it."""
        if not timedelta() <= now - self.begonnen_op < LASTS:
            raise gone()
        if browser is None or digest(browser) != self.browser:
            raise Refusal(
                Kind.FORBIDDEN, gettext("Deze inlogpoging is in een andere browser begonnen. Begin opnieuw in deze.")
            )


def gone() -> Refusal:
    return Refusal(Kind.FORBIDDEN, gettext("Deze inlogpoging is verlopen of al gebruikt. Begin opnieuw."))


ADD = "select bewaar_inlogpoging($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"


async def add(conn: Connection | Pool, secret: str, poging: Inlogpoging) -> None:
    """Found again by `secret`; what is too old goes."""
    await conn.execute(ADD, digest(secret), *msgspec.structs.astuple(poging), poging.begonnen_op - LASTS)


TAKE = """
select identiteitsprovider_id, nonce, verificateur, browser, naar, begonnen_op, subject, idp_sessie
from neem_inlogpoging($1)
"""


async def take(conn: Connection | Pool, secret: str) -> Inlogpoging:
    """The login under way, to `check`; whatever comes of it, never again. Refusal (FORBIDDEN) when there is none."""
    row = await conn.fetchrow(TAKE, digest(secret))
    if row is None:
        raise gone()
    return msgspec.convert(dict(row), Inlogpoging)
