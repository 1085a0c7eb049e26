"""In which language somebody is answered: what they chose at the foot of a page, else Dutch.

Not what the browser says (Accept-Language): many who read Dutch have an English browser at work, and a Dutch authority
answers in Dutch unless somebody asks otherwise (Awb 2:6). The choice is a cookie, so it holds before the login too.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult, urlsplit

from litestar import Request, post
from litestar.datastructures import Cookie
from litestar.response import Response
from litestar.types import ASGIApp, Receive, Scope, Send

from service.taal import NEDERLANDS, TAAL, talen
from service.web import forms, origin
from service.web.operation import Services
from service.web.pages.render import see_other

COOKIE = "loket-taal"

GIVEN = re.compile(rf'(?:^|[;\s]){COOKIE}="?([a-z]+)')
"""In a header Cookie, beside whatever other websites on this computer put there; what Python reads them with, stops at
a name that it does not like."""

YEAR_S = 365 * 24 * 3600

OWN_PATH = re.compile(r"/(?!/)")
"""Of ours: not `//elsewhere`."""


def spoken(app: ASGIApp) -> ASGIApp:
    """Middleware: from here on texts are in the language of who asks."""

    async def within(scope: Scope, receive: Receive, send: Send) -> None:
        TAAL.set(gekozen(scope))
        await app(scope, receive, send)

    return within


def gekozen(scope: Scope) -> str:
    """Of the languages that there are."""
    for name, value in scope["headers"]:
        if name == b"cookie" and (given := GIVEN.search(value.decode("latin-1"))) and given[1] in talen():
            return given[1]
    return NEDERLANDS


def _came_from(request: Request[Any, Any, Any]) -> SplitResult:
    try:
        return urlsplit(request.headers.get("referer", ""))
    except ValueError:  # no address at all
        return urlsplit("")


@post("/taal", include_in_schema=False)
async def kies_taal(request: Request[Any, Any, Any]) -> Response[str]:
    """And back to the page where it was chosen. What is no language, is Dutch."""
    services: Services = request.app.state.services
    origin.check(request.scope, services.settings.adres)
    taal = (await forms.read(request)).get("taal", NEDERLANDS)
    there = _came_from(request)
    ours = there.netloc == request.headers.get("host") and OWN_PATH.match(there.path)
    response = see_other(there.path + (f"?{there.query}" if there.query else "") if ours else "/")
    response.set_cookie(
        Cookie(
            key=COOKIE,
            value=taal if taal in talen() else NEDERLANDS,
            path="/",
            httponly=True,
            secure=services.settings.adres is not None,
            samesite="lax",
            max_age=YEAR_S,
        )
    )
    return response
