"""Identity providers: where people log in. Only the operator writes them, as owner (`loket inlog`)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Struct

from service.adressen import is_loopback
from service.db import Connection, Pool, rows_as
from service.errors import Kind, Refusal
from service.taal import gettext


class Identiteitsprovider(Struct, frozen=True):
    id: UUID
    naam: str
    issuer: str
    """As the provider calls itself, to the letter."""
    client_id: str
    """As it calls us."""
    acr: list[str]
    """Levels of assurance of which one must be met; empty: any."""
    actief: bool


class Inlogplaats(Struct, rename="camel", kw_only=True):
    """What a beheerder must know of one."""

    id: UUID
    naam: str
    actief: bool


PLAATSEN = "select id, naam, actief from identiteitsprovider order by lower(naam), id"


async def plaatsen(conn: Connection) -> list[Inlogplaats]:
    return rows_as(await conn.fetch(PLAATSEN), Inlogplaats)


VISIBLE = re.compile(r"[!-~]{1,1000}")


def may_be_asked(url: str, issuer: str) -> bool:
    """https; or http on this computer, when the issuer is there too. It goes into a header, so nothing invisible."""
    if not VISIBLE.fullmatch(url):
        return False
    try:
        parts, home = urlsplit(url), urlsplit(issuer)
        host, at_home = parts.hostname or "", home.scheme == "http" and is_loopback(home.hostname or "")
    except ValueError:
        return False
    safe = parts.scheme == "https" or (parts.scheme == "http" and at_home and is_loopback(host))
    return safe and bool(host) and not parts.fragment and parts.username is None


ALL = "select id, naam, issuer, client_id, acr, actief from identiteitsprovider order by lower(naam), id"


async def all(conn: Connection | Pool) -> list[Identiteitsprovider]:
    return rows_as(await conn.fetch(ALL), Identiteitsprovider)


GET = "select id, naam, issuer, client_id, acr, actief from identiteitsprovider where id = $1 and actief"


async def get(conn: Connection | Pool, id: UUID) -> Identiteitsprovider:
    """An active one. Raises NOT_FOUND."""
    rows = rows_as(await conn.fetch(GET, id), Identiteitsprovider)
    if not rows:
        raise Refusal(Kind.NOT_FOUND, gettext("Hier kunt u niet (meer) inloggen. Kies iets anders."))
    provider: Identiteitsprovider = rows[0]
    return provider


VAN_GEBRUIKER = """
select p.id, p.naam, p.issuer, p.client_id, p.acr, p.actief
from gebruiker g join identiteitsprovider p on p.id = g.identiteitsprovider_id
where g.id = huidige_gebruiker() and p.actief
"""


async def of_gebruiker(conn: Connection) -> Identiteitsprovider | None:
    """Where whoever asks logged in; nobody's in the demo."""
    rows = rows_as(await conn.fetch(VAN_GEBRUIKER), Identiteitsprovider)
    return rows[0] if rows else None


async def active(conn: Connection | Pool) -> list[Identiteitsprovider]:
    """Where one may log in now, by name."""
    return [provider for provider in await all(conn) if provider.actief]
