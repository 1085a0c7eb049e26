"""Identity providers: where people log in. Only the operator writes them, as owner (`loket inlog`)."""

from __future__ import annotations

from uuid import UUID

from msgspec import Struct

from service.db import Connection, Pool, rows_as


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


ALL = "select id, naam, issuer, client_id, acr, actief from identiteitsprovider order by lower(naam), id"


async def all(conn: Connection | Pool) -> list[Identiteitsprovider]:
    return rows_as(await conn.fetch(ALL), Identiteitsprovider)


async def active(conn: Connection | Pool) -> list[Identiteitsprovider]:
    """Where one may log in now, by name."""
    return [provider for provider in await all(conn) if provider.actief]
