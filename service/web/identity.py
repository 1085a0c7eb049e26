"""Who asks: the session behind the cookie of a browser, or behind the access token of a machine.

A process keeps the sessions it found for a short while, and forgets them as soon as the database tells that one ended
or that a gebruiker or koppeling changed. While it cannot be sure that it hears that, it keeps nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias, cast
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.types import HTTPScope
from msgspec import Struct, structs

from service.db import Wie
from service.inloggen import sessies
from service.inloggen.sessies import Sessie
from service.web import limiet
from service.web.operation import Services
from service.web.problems import HttpRefusal

Identity: TypeAlias = Callable[[ASGIConnection[Any, Any, Any, Any]], Awaitable[Wie]]
"""Refuses with status 401 (problems.HttpRefusal) when it is nobody."""

KEEP = timedelta(seconds=30)

MOST = 20_000
"""Sessions kept; then all are forgotten, which costs one query each."""


class Kept(Struct, frozen=True):
    sessie: Sessie
    read_at: datetime
    mark: int
    """Of the bus, before it was read."""

    def counts(self, now: datetime, idle: timedelta) -> bool:
        used = self.sessie.koppeling_id is not None or now - self.sessie.gezien_op < idle
        return timedelta() <= now - self.read_at < KEEP and now < self.sessie.verloopt_op and used


class Sessions:
    """The Identity of the service. What it found stands in `connection.state`: `sessie`, and the digest of its token
    as `sessie_sleutel`."""

    def __init__(self) -> None:
        self._kept: dict[bytes, Kept] = {}

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any]) -> Wie:
        services: Services = connection.app.state.services
        token, from_machine = token_of(connection, services)
        if token is None:
            raise nobody("Log eerst in.", had_token=False)
        scope = cast(HTTPScope, connection.scope)
        sessie = await self._find(scope, services, token)
        # A cookie is a person and a bearer token a machine: one stolen is of no use as the other.
        if sessie is None or from_machine != (sessie.koppeling_id is not None):
            await limiet.of_unknown(scope, services)
            raise nobody("Uw sessie is voorbij. Log opnieuw in.", had_token=True)
        connection.scope.setdefault("state", {}).update(sessie=sessie, sessie_sleutel=sessies.digest(token))
        return sessie.wie

    def forget(self) -> None:
        """All are read again. The database tells it too, but who changed one may be back before that is heard."""
        self._kept.clear()

    async def _find(self, scope: HTTPScope, services: Services, token: str) -> Sessie | None:
        now, idle = services.clock(), timedelta(minutes=services.settings.session_idle_min)
        mark, key = services.bus.mark(sessies.CHANNEL), sessies.digest(token)
        kept = self._kept.get(key)
        if kept is None:
            limiet.before_unknown(scope, services)
        if kept is None or kept.mark != mark or not kept.counts(now, idle):
            self._kept.pop(key, None)
            sessie = await sessies.find(services.pool, token, now=now, idle=idle)
            if sessie is None:
                return None
            kept = Kept(sessie, now, mark or 0)
        if kept.sessie.koppeling_id is None and now - kept.sessie.gezien_op >= sessies.SEEN_EVERY:
            await sessies.seen(services.pool, token, now=now)
            kept = structs.replace(kept, sessie=structs.replace(kept.sessie, gezien_op=now))
        if mark is not None:
            if len(self._kept) >= MOST:
                self._kept.clear()
            self._kept[key] = kept
        return kept.sessie


def token_of(connection: ASGIConnection[Any, Any, Any, Any], services: Services) -> tuple[str | None, bool]:
    """The token that came along, and whether it came as a machine sends it."""
    headers = connection.scope["headers"]
    scheme, _, token = _first(headers, b"authorization").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip() or None, True
    # As it was set: nothing in a token is quoted.
    wanted = cookie_name(services.demo_links)
    for part in _first(headers, b"cookie").split(";"):
        name, _, value = part.partition("=")
        if name.strip() == wanted:
            return value.strip() or None, False
    return None, False


def _first(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> str:
    """Names are in lower case, as ASGI has them."""
    for name, value in headers:
        if name == wanted:
            return value.decode("latin-1")
    return ""


def cookie_name(demo_links: Mapping[str, UUID]) -> str:
    """Of the session. A browser takes the prefix over https only, which the demo on this computer has not."""
    return "loket" if demo_links else "__Host-loket"


def nobody(detail: str, *, had_token: bool) -> HttpRefusal:
    """401 with what RFC 6750 section 3 asks: no error code when there was no token at all."""
    challenge = 'Bearer realm="loket"' + (', error="invalid_token"' if had_token else "")
    return HttpRefusal(401, detail, headers={"WWW-Authenticate": challenge})
