"""`/inloggen/afmelden/{id}`: an identity provider tells us, without a browser, that somebody is logged out there.

OpenID Connect Back-Channel Logout 1.0. Who shows what is not right is counted by address, like who shows a token
that is nobody's; a provider that says goodbye to everybody at the end of a day is not.
"""

from __future__ import annotations

import logging
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, post
from litestar.params import PathParameter
from litestar.response import Response

from service.errors import Kind, Refusal
from service.inloggen import afmeldingen, identiteitsproviders
from service.inloggen.afmeldingen import Ongeldig
from service.log import logboek
from service.log.logboek import Spoor
from service.web import forms, limiet
from service.web.inloggen.begin import opened
from service.web.operation import Services

LIMIT = 20_000
"""Bytes in the form."""

log = logging.getLogger(__name__)


@post("/inloggen/afmelden/{provider_id:uuid}", include_in_schema=False, request_max_body_size=LIMIT)
async def inlog_afmelden(
    request: Request[Any, Any, Any], provider_id: Annotated[UUID, PathParameter()]
) -> Response[bytes]:
    services, spoor = opened(request), logboek.spoor(request.headers.get("traceparent"))
    limiet.before_unknown(request.scope, services)
    try:
        await _told(request, services, provider_id, spoor)
    except Ongeldig as wrong:
        log.warning("%s: logout_token of %s: %s", spoor.id, provider_id, wrong)
        await limiet.of_unknown(request.scope, services)
        return _answer(400, {"error": "invalid_request", "error_description": str(wrong)})
    return _answer(200)


async def _told(request: Request[Any, Any, Any], services: Services, provider_id: UUID, spoor: Spoor) -> None:
    now = services.clock()
    try:
        token = (await forms.read(request)).get("logout_token")
        if token is None:
            raise Ongeldig(f"Stuur logout_token, als {forms.FORM}.")
        provider = await identiteitsproviders.get(services.pool, provider_id)
        signed = await services.oidc.signed(provider, token, now)
    except Refusal as refusal:
        if refusal.kind is Kind.UNAVAILABLE:  # its keys cannot be fetched: the same token may be right in a moment
            raise
        why = {
            Kind.INVALID: "Het formulier is niet te lezen.",
            Kind.NOT_FOUND: "Het loket kent deze provider niet (meer).",
        }.get(refusal.kind, "De handtekening klopt niet.")
        raise Ongeldig(why) from refusal
    afmelding = afmeldingen.read(
        signed.header,
        signed.claims,
        provider=provider.id,
        issuer=provider.issuer,
        client_id=provider.client_id,
        now=now,
    )
    out = await afmeldingen.voer_uit(services.pool, afmelding, now=now, spoor=spoor)
    services.forget()
    log.info("%s: logout_token of %s: %s out", spoor.id, provider_id, out)


def _answer(status: int, body: dict[str, str] | None = None) -> Response[bytes]:
    """Section 2.8."""
    said = b"" if body is None else msgspec.json.encode(body)
    return Response(said, status_code=status, media_type="application/json", headers={"Cache-Control": "no-store"})
