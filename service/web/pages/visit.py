"""One request for a page: who asks, since when is now, and the transaction it runs in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from litestar import Request
from msgspec import Struct

from service.db import Connection, Wie, transaction
from service.web import origin
from service.web.identity import Identity
from service.web.operation import Services


class Visit(Struct, frozen=True, kw_only=True, eq=False):
    conn: Connection
    wie: Wie
    now: datetime
    services: Services
    who: str
    """Role and region, for the top of the page."""


REGIO = "select naam from jeugdregio where code = huidige_regio()"


@asynccontextmanager
async def visit(request: Request[Any, Any, Any]) -> AsyncIterator[Visit]:
    """A read-only transaction for whoever asks. service/app.py puts `services` and `identity` in the state."""
    services: Services = request.app.state.services
    identity: Identity = request.app.state.identity
    origin.check(request.scope)
    wie = await identity(request)
    async with transaction(services.pool, wie, readonly=True) as conn:
        regio = await conn.fetchval(REGIO) or wie.regio
        yield Visit(
            conn=conn,
            wie=wie,
            now=services.clock(),
            services=services,
            who=f"{wie.rol.capitalize()}, {regio}",
        )
