"""`/uitloggen`: the session ends, here and at the identity provider."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Request, post
from litestar.response import Response

from service.days import today
from service.db import transaction
from service.inloggen import identiteitsproviders, sessies
from service.log import logboek
from service.log.doelen import Doel, Object, Verwerking
from service.web.identity import cookie_name
from service.web.inloggen.begin import cookie, opened
from service.web.operation import Services
from service.web.pages.render import page, see_other

UITLOG = logboek.Handeling("uitloggen", logboek.Gebeurtenis.UITLOG, Object.SESSIE, Doel.TOEGANG, Verwerking.TOEGANG)


@post("/uitloggen", include_in_schema=False)
async def uitloggen(request: Request[Any, Any, Any]) -> Response[Any]:
    """Also without a session: who presses the button twice is out all the same."""
    services = opened(request)
    name = cookie_name(services.demo_links)
    token = request.cookies.get(name)
    response = await _ended(services, token) if token else see_other("/inloggen?uit=1")
    response.set_cookie(cookie(services, name, "", max_age=0))
    return response


async def _ended(services: Services, token: str) -> Response[Any]:
    """The session ends and that is in the log, in one transaction; then on to the provider, when it has a way out."""
    now = services.clock()
    sessie = await sessies.find(
        services.pool, token, now=now, idle=timedelta(minutes=services.settings.session_idle_min)
    )
    if sessie is None or sessie.koppeling_id is not None:
        return see_other("/inloggen?uit=1")
    async with transaction(services.pool, sessie.wie) as conn:
        provider = await identiteitsproviders.of_gebruiker(conn)
        await sessies.end(conn, token, now=now)
        await logboek.schrijf_los(conn, sessie.wie, UITLOG, now=now, spoor=logboek.spoor())
    services.forget()
    there = await services.oidc.logout(provider, now) if provider and services.oidc.possible else None
    if provider is None or there is None:
        return see_other("/inloggen?uit=1")
    # A page that goes on by itself: after a form, our own rule form-action 'self' stops a redirect to elsewhere.
    response = page(
        "uitgelogd.html",
        today=today(now),
        who="",
        section="",
        naam=provider.naam,
        there=there,
    )
    response.headers["Refresh"] = f"0; url={there}"
    return response
