"""`/inloggen`: to the identity provider and back."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from litestar import Request, get
from litestar.params import QueryParameter
from litestar.response import Response

from service.days import today
from service.errors import Kind, Refusal
from service.inloggen import gebruikers, identiteitsproviders, inlogpogingen, oidcsleutels
from service.inloggen.inlogpogingen import Inlogpoging
from service.inloggen.sessies import digest, new_token
from service.log import logboek
from service.taal import gettext
from service.web.inlogfouten import Inlog, in_log
from service.web.inloggen.begin import begin, browser_of, opened, own_path, with_browser
from service.web.inloggen.keuze import ask
from service.web.inloggen.mislukt import failed
from service.web.operation import Services
from service.web.pages.render import page, page_at, see_other


@page_at("/inloggen")
async def inloggen(
    request: Request[Any, Any, Any],
    naar: Annotated[str | None, QueryParameter()] = None,
    uit: Annotated[str | None, QueryParameter()] = None,
) -> Response[str]:
    """The identity providers. `naar` is where to go afterwards; `uit` says that somebody just logged out."""
    services = opened(request)
    found = await identiteitsproviders.active(services.pool) if services.oidc.possible else []
    after = own_path(naar)
    return page(
        "inloggen.html",
        today=today(services.clock()),
        who="",
        section="",
        uit=uit is not None,
        demo=bool(services.demo_links),
        providers=[(p.naam, "/inloggen/start?" + urlencode({"provider": p.id, "naar": after})) for p in found],
    )


# A link and not a form: the rule form-action 'self' of our pages would stop the way to the provider.
@get("/inloggen/start", include_in_schema=False)
async def inlog_start(
    request: Request[Any, Any, Any],
    provider: Annotated[UUID, QueryParameter()],
    naar: Annotated[str | None, QueryParameter()] = None,
) -> Response[Any]:
    """Remembers the login under way, bound to this browser, and sends it to the provider."""
    services = opened(request)
    now, state, nonce, verifier = services.clock(), new_token(), new_token(), new_token()
    browser = browser_of(request, services) or new_token()
    try:
        if not services.oidc.possible:
            raise Refusal(Kind.NOT_FOUND, gettext("Inloggen is hier nog niet ingesteld."))
        at = await identiteitsproviders.get(services.pool, provider)
        there = await services.oidc.start(at, state=state, nonce=nonce, verifier=verifier, now=now)
    except Refusal as refusal:
        return failed(services, refusal)
    poging = Inlogpoging(
        identiteitsprovider_id=at.id,
        nonce=nonce,
        verificateur=verifier,
        browser=digest(browser),
        naar=own_path(naar),
        begonnen_op=now,
    )
    await inlogpogingen.add(services.pool, state, poging)
    return with_browser(services, see_other(there), browser)


DECLINED = {
    "access_denied": "U bent gestopt met inloggen, of u mag hier niet inloggen.",
    "login_required": "U bent niet ingelogd bij uw organisatie.",
    "interaction_required": "U moet bij uw organisatie nog iets doen voordat u kunt inloggen.",
    "temporarily_unavailable": "Inloggen bij uw organisatie lukt nu niet. Probeer het later opnieuw.",
    "server_error": "Bij uw organisatie ging iets mis. Probeer het later opnieuw.",
}
"""Errors of RFC 6749 section 4.1.2.1 and OpenID Connect Core section 3.1.2.6; others say that the set-up is wrong."""


@get("/inloggen/terug", include_in_schema=False)
async def inlog_terug(request: Request[Any, Any, Any]) -> Response[Any]:
    """Back from the provider: a session, a choice of gebruiker, or a sentence that says why not."""
    services = opened(request)
    try:
        async with in_log(services, logboek.spoor(request.headers.get("traceparent"))) as inlog:
            return await _arrive(request, services, inlog)
    except Refusal as refusal:
        return failed(services, refusal)


def _given(request: Request[Any, Any, Any]) -> dict[str, str]:
    """What the provider sends along. Refuses INVALID."""
    try:
        pairs = parse_qsl(request.url.query, keep_blank_values=True, max_num_fields=20)
    except ValueError:
        pairs = []
    given = dict(pairs)
    if len(given) != len(pairs) or "state" not in given:
        raise Refusal(Kind.INVALID, gettext("Dit adres klopt niet. Begin opnieuw met inloggen."))
    return given


async def _arrive(request: Request[Any, Any, Any], services: Services, inlog: Inlog) -> Response[Any]:
    now = services.clock()
    given = _given(request)
    poging = await inlogpogingen.take(services.pool, given["state"])
    inlog.provider = poging.identiteitsprovider_id
    poging.check(browser_of(request, services), now)
    provider = await identiteitsproviders.get(services.pool, poging.identiteitsprovider_id)
    if not poging.verificateur:
        raise inlogpogingen.gone()
    if "code" not in given:
        await services.oidc.check_sender(provider, given.get("iss"), now)
        unknown = f"{provider.naam} laat het loket niet inloggen. Vertel dit uw beheerder."
        raise Refusal(Kind.FORBIDDEN, DECLINED.get(given.get("error", ""), unknown))
    iemand = await services.oidc.finish(
        provider,
        code=given["code"],
        iss=given.get("iss"),
        nonce=poging.nonce,
        verifier=poging.verificateur,
        now=now,
    )
    inlog.subject = iemand.subject
    found = await gebruikers.keuzes(services.pool, provider.id, iemand.subject, iemand.email)
    if not found:
        raise Refusal(
            Kind.FORBIDDEN,
            gettext(
                "%(naam)s kent u, maar het loket nog niet. Vraag de beheerder van uw regio om u toe te voegen.",
                naam=provider.naam,
            ),
        )
    if len(found) == 1:
        return await begin(request, services, found[0].id, poging.naar, sid=iemand.sid)
    return await ask(request, services, poging, iemand, found)


@get("/inloggen/sleutels.json", include_in_schema=False)
async def inlog_sleutels(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Our public keys, for the providers: jwks_uri of this client."""
    services = opened(request)
    headers = {"Cache-Control": "public, max-age=300"}
    return Response(oidcsleutels.published(services.oidc.keys), media_type="application/jwk-set+json", headers=headers)
