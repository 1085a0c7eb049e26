"""`/inloggen/keuze`: who has several roles or regions, says as whom to go on."""

from __future__ import annotations

from typing import Any

from litestar import Request, post
from litestar.response import Response

from service.days import today
from service.errors import Kind, Refusal
from service.inloggen import gebruikers, inlogpogingen
from service.inloggen.gebruikers import Keuze
from service.inloggen.inlogpogingen import Inlogpoging
from service.inloggen.oidc import Iemand
from service.inloggen.sessies import digest, new_token
from service.log import logboek
from service.taal import gettext
from service.web import forms
from service.web.inlogfouten import Inlog, in_log
from service.web.inloggen.begin import begin, browser_of, opened, with_browser
from service.web.inloggen.mislukt import failed
from service.web.operation import Services
from service.web.pages.render import page


async def ask(
    request: Request[Any, Any, Any], services: Services, before: Inlogpoging, iemand: Iemand, found: list[Keuze]
) -> Response[str]:
    """The page with the choices. Who it is stays with us, under a new secret and for this browser only."""
    browser, secret = browser_of(request, services) or new_token(), new_token()
    poging = Inlogpoging(
        identiteitsprovider_id=before.identiteitsprovider_id,
        browser=digest(browser),
        naar=before.naar,
        begonnen_op=services.clock(),
        subject=iemand.subject,
        idp_sessie=iemand.sid,
    )
    await inlogpogingen.add(services.pool, secret, poging)
    response = page(
        "keuze.html",
        today=today(services.clock()),
        who="",
        section="",
        secret=secret,
        keuzes=found,
    )
    return with_browser(services, response, browser)


@post("/inloggen/keuze", include_in_schema=False)
async def inlog_keuze(request: Request[Any, Any, Any]) -> Response[Any]:
    """A session for the gebruiker that was chosen, if it is one of the choices."""
    services = opened(request)
    try:
        async with in_log(services, logboek.spoor(request.headers.get("traceparent"))) as inlog:
            return await _choose(request, services, inlog)
    except Refusal as refusal:
        return failed(services, refusal)


async def _choose(request: Request[Any, Any, Any], services: Services, inlog: Inlog) -> Response[Any]:
    form = await forms.read(request)
    poging = await inlogpogingen.take(services.pool, form.get("poging", ""))
    inlog.provider = poging.identiteitsprovider_id
    poging.check(browser_of(request, services), services.clock())
    inlog.subject = poging.subject
    if poging.subject is None:
        raise inlogpogingen.gone()
    found = await gebruikers.keuzes(services.pool, poging.identiteitsprovider_id, poging.subject, None)
    chosen = {str(keuze.id): keuze.id for keuze in found}.get(form.get("gebruiker", ""))
    if chosen is None:
        raise Refusal(Kind.FORBIDDEN, gettext("Dit kunt u niet kiezen. Begin opnieuw."))
    return await begin(request, services, chosen, poging.naar, sid=poging.idp_sessie)
