"""From a gebruiker that is known to a session in the browser."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Request
from litestar.datastructures import Cookie
from litestar.response import Response

from service.db import transaction
from service.inloggen import inlogpogingen, sessies
from service.log import logboek
from service.log.doelen import Doel, Object, Verwerking
from service.web import apparaat, origin
from service.web.identity import cookie_name
from service.web.operation import Services
from service.web.pages.render import see_other

OWN_PATH = re.compile(r"/(?![/\\])[!#-\[\]-~]{0,400}")
"""A path of ours: not `//elsewhere`, no backslash that a browser reads as a slash, nothing invisible."""


def own_path(naar: str | None) -> str:
    """Where to go after a login: only within the loket, else to the start."""
    if naar is None or not OWN_PATH.fullmatch(naar) or naar.startswith(("/inloggen", "/uitloggen", "/demo-inloggen")):
        return "/"
    return naar


def opened(request: Request[Any, Any, Any]) -> Services:
    """The services, after the check that it is not another website that asks."""
    services: Services = request.app.state.services
    origin.check(request.scope, services.settings.adres)
    return services


INLOG = logboek.Handeling("inloggen", logboek.Gebeurtenis.INLOG, Object.SESSIE, Doel.TOEGANG, Verwerking.TOEGANG)


async def begin(
    request: Request[Any, Any, Any], services: Services, gebruiker: UUID, naar: str, *, sid: str | None = None
) -> Response[str]:
    """A new session, always with a new token, and on to `naar`. The one that this browser had, ends."""
    now, settings = services.clock(), services.settings
    name = cookie_name(services.demo_links)
    before = request.cookies.get(name)
    if before:
        await sessies.end(services.pool, before, now=now)
    token, sessie = await sessies.begin(
        services.pool,
        gebruiker=gebruiker,
        now=now,
        until=now + timedelta(minutes=settings.session_max_min),
        idle=timedelta(minutes=settings.session_idle_min),
        sid=sid,
        apparaat=apparaat.in_words(request.headers.get("user-agent")),
    )
    # The browser is given its token only when the line is in the log.
    async with transaction(services.pool, sessie.wie) as conn:
        await logboek.schrijf_los(conn, sessie.wie, INLOG, now=now, spoor=logboek.spoor())
    response = see_other(naar)
    response.set_cookie(cookie(services, name, token))
    return response


def browser_of(request: Request[Any, Any, Any], services: Services) -> str | None:
    """What this browser was given when it began to log in."""
    return request.cookies.get(f"{cookie_name(services.demo_links)}-inlog") or None


def with_browser(services: Services, response: Response[Any], browser: str) -> Response[Any]:
    """For as long as a login under way lasts."""
    name = f"{cookie_name(services.demo_links)}-inlog"
    response.set_cookie(cookie(services, name, browser, max_age=int(inlogpogingen.LASTS.total_seconds())))
    return response


def cookie(services: Services, name: str, value: str, *, max_age: int | None = None) -> Cookie:
    """Sent with every request to us and to nobody else; no script reads it. Without `max_age` it goes with the
    browser."""
    return Cookie(
        key=name, value=value, path="/", httponly=True, secure=not services.demo_links, samesite="lax", max_age=max_age
    )
