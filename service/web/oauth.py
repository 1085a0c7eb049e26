"""`/oauth/token`: the system of an aanbieder proves itself and gets an access token, a session of its koppeling.

RFC 6749 section 4.4 (client credentials) and 5.2 (errors), RFC 7523 (the assertion), RFC 8414 (where all this is said).
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Request, get, post
from litestar.exceptions import ClientException, InternalServerException
from litestar.response import Response

from service.db import transaction
from service.errors import Refusal
from service.inloggen import sessies, verklaringen
from service.inloggen.verklaringen import Ongeldig
from service.log import logboek
from service.log.doelen import Doel, Object, Verwerking
from service.log.logboek import Resultaat, Spoor
from service.web import forms, inlogfouten, limiet, origin, problems
from service.web.headers import media_type
from service.web.inlogfouten import Inlog
from service.web.operation import Services

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM = "application/x-www-form-urlencoded"
SCOPE = "aanbod"
BEARER = "Bearer"
LIMIT = 20_000
"""Bytes in the form."""

INLOG = logboek.Handeling(
    "oauth_inwisselen", logboek.Gebeurtenis.INLOG, Object.SESSIE, Doel.TOEGANG, Verwerking.TOEGANG
)

log = logging.getLogger(__name__)


class Fout(Exception):
    """A refusal as RFC 6749 section 5.2 has it; `description` in ASCII without quotes."""

    def __init__(self, error: str, description: str, status: int = 400, headers: dict[str, str] | None = None) -> None:
        super().__init__(description)
        self.error, self.status, self.headers = error, status, headers or {}


def issuer(request: Request[Any, Any, Any], services: Services) -> str:
    """Who we are. Without LOKET_ADRES only this computer itself can ask, by any of its names (origin.check)."""
    return services.settings.adres or f"http://{request.headers['host']}"


@get("/.well-known/oauth-authorization-server", include_in_schema=False)
async def oauth_beschrijving(request: Request[Any, Any, Any]) -> Response[bytes]:
    services: Services = request.app.state.services
    origin.check(request.scope, services.settings.adres)
    us = issuer(request, services)
    metadata = {
        "issuer": us,
        "token_endpoint": f"{us}/oauth/token",
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": [SCOPE],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(verklaringen.ALGORITHMS),
        "ui_locales_supported": ["nl"],
    }
    headers = {"Cache-Control": "public, max-age=300"}
    return Response(msgspec.json.encode(metadata), media_type="application/json", headers=headers)


@post("/oauth/token", include_in_schema=False, status_code=200, request_max_body_size=LIMIT)
async def oauth_inwisselen(request: Request[Any, Any, Any]) -> Response[bytes]:
    services: Services = request.app.state.services
    spoor = logboek.spoor(request.headers.get("traceparent"))
    try:
        origin.check(request.scope, services.settings.adres)
        await limiet.of_address(request.scope, services)
        return _answer(200, await _token(request, services, spoor))
    except Fout as fout:
        log.warning("%s: oauth: %s: %s", spoor.id, fout.error, fout)
        return _answer(fout.status, {"error": fout.error, "error_description": str(fout)}, fout.headers)
    except Exception as error:
        refusal = problems.of_error(error, spoor.id)
        headers = {"Content-Type": problems.CONTENT_TYPE, **refusal.headers}
        return Response(problems.body_of(refusal, spoor.id), status_code=refusal.status, headers=headers)


async def _token(request: Request[Any, Any, Any], services: Services, spoor: Spoor) -> dict[str, Any]:
    form = await _form(request)
    if form.get("grant_type") != "client_credentials":
        kind = "unsupported_grant_type" if "grant_type" in form else "invalid_request"
        raise Fout(kind, "grant_type moet client_credentials zijn.")
    if not set(form.get("scope", SCOPE).split()) <= {SCOPE}:
        raise Fout("invalid_scope", f"scope kan alleen {SCOPE} zijn, of ontbreken.")
    assertion = form.get("client_assertion")
    if assertion is None or form.get("client_assertion_type") != ASSERTION_TYPE or "client_secret" in form:
        why = "Bewijs wie u bent met een ondertekend JWT: client_assertion, met client_assertion_type " + ASSERTION_TYPE
        raise _not_known(request, f"{why}.")
    if "authorization" in request.headers:
        raise Fout("invalid_request", "Bewijs op een manier wie u bent: laat de kopregel Authorization weg.")
    us, now = issuer(request, services), services.clock()
    try:
        ours = (f"{us}/oauth/token", us)
        verklaring = await verklaringen.check(services.pool, assertion, ours=ours, now=now)
        if form.get("client_id", str(verklaring.wie.koppeling)) != str(verklaring.wie.koppeling):
            raise Ongeldig("client_id is een ander dan iss en sub.", verklaring.wie)
        until = min(now + timedelta(minutes=services.settings.machine_token_min), verklaring.sleutel_tot)
        async with transaction(services.pool, verklaring.wie) as conn:
            await verklaringen.use(conn, verklaring, now=now)
            try:
                token, _ = await sessies.begin(
                    conn, koppeling=verklaring.wie.koppeling, now=now, until=until, idle=timedelta(), sid=verklaring.kid
                )
            except Refusal as away:  # disabled since the check
                raise Ongeldig(verklaringen.UNKNOWN, verklaring.wie) from away
            await logboek.schrijf_los(conn, verklaring.wie, INLOG, now=now, spoor=spoor)
    except Ongeldig as wrong:
        if wrong.wie is not None:
            async with transaction(services.pool, wrong.wie) as conn:
                await logboek.schrijf_los(conn, wrong.wie, INLOG, now=now, spoor=spoor, resultaat=Resultaat.GEWEIGERD)
        else:
            await inlogfouten.write(services, Inlog(koppeling=wrong.beweerd), Resultaat.GEWEIGERD, spoor)
        raise _not_known(request, str(wrong)) from wrong
    lasts = int((until - now).total_seconds())
    return {"access_token": token, "token_type": BEARER, "expires_in": lasts, "scope": SCOPE}


async def _form(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The parameters that have a value; who they are of never stands in an address (RFC 6749 section 2.3.1)."""
    if media_type(request.headers.get("content-type")) != FORM or request.url.query:
        raise Fout("invalid_request", f"Stuur de gegevens als {FORM} in de body, niet in het adres.")
    try:
        raw = await forms.body(request)
        pairs = parse_qsl(raw.decode("ascii"), errors="strict", max_num_fields=20)
    except ClientException:
        raise Fout("invalid_request", f"Stuur hooguit {LIMIT} bytes.", 413) from None
    except (ValueError, InternalServerException):  # the latter: gone away halfway
        raise Fout("invalid_request", "De body is niet te lezen.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise Fout("invalid_request", "Stuur elk gegeven een keer.")
    return form


def _not_known(request: Request[Any, Any, Any], why: str) -> Fout:
    """401; with a challenge for who tried the header Authorization."""
    tried = request.headers.get("authorization", "").partition(" ")[0]
    headers = (
        {"WWW-Authenticate": f'{"Basic" if tried.lower() == "basic" else "Bearer"} realm="loket"'} if tried else {}
    )
    return Fout("invalid_client", why, 401, headers)


def _answer(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> Response[bytes]:
    fixed = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    return Response(
        msgspec.json.encode(body), status_code=status, media_type="application/json", headers=fixed | (headers or {})
    )
