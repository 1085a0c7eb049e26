"""Who asks. Until there is a login everybody is the schakelfunctionaris of the one region of the settings, and
the service listens on loopback only (settings.host)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from uuid import NAMESPACE_URL, uuid5

from litestar.connection import ASGIConnection

from service.db import Rol, Wie
from service.settings import Settings

Identity: TypeAlias = Callable[[ASGIConnection[Any, Any, Any, Any]], Awaitable[Wie]]
"""Refuses with status 401 (problems.HttpRefusal) when it is nobody."""

NOBODY_YET = uuid5(NAMESPACE_URL, "urn:een-loket:gebruiker:zonder-inlog")


def without_login(settings: Settings) -> Identity:
    """The same Wie for every request."""
    wie = Wie(settings.regio, Rol.SCHAKELFUNCTIONARIS, NOBODY_YET)

    async def identity(_: ASGIConnection[Any, Any, Any, Any]) -> Wie:
        return wie

    return identity
