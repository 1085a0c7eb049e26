"""Gebruikers: one person in one role at one organisation. Who has two roles has two, and chooses at login."""

from __future__ import annotations

from uuid import UUID

from msgspec import Struct

from service.db import Connection, Pool, Rol, rows_as


class Keuze(Struct, frozen=True):
    """As whom somebody may go on."""

    id: UUID
    regio: str
    regio_naam: str
    naam: str
    rol: Rol
    organisatie: str | None


KEUZES = "select id, regio, regio_naam, naam, rol::text as rol, organisatie from inlogkeuzes($1, $2, $3)"


async def keuzes(conn: Connection | Pool, provider: UUID, subject: str, email: str | None) -> list[Keuze]:
    """Of whom an identity provider has just named. A gebruiker that waits for this (verified) email is theirs from
    now on."""
    return rows_as(await conn.fetch(KEUZES, provider, subject, email), Keuze)
