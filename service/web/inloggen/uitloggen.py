"""`/uitloggen`: the session ends, here and at the identity provider."""

from __future__ import annotations

from typing import Any

from litestar import Request, post
from litestar.response import Response

from service import sessies
from service.web.identity import cookie_name
from service.web.inloggen.begin import cookie, opened
from service.web.pages.render import see_other


@post("/uitloggen", include_in_schema=False)
async def uitloggen(request: Request[Any, Any, Any]) -> Response[None]:
    """Also without a session: who presses the button twice is out all the same."""
    services = opened(request)
    name = cookie_name(services.demo_links)
    token = request.cookies.get(name)
    if token:
        await sessies.end(services.pool, token, now=services.clock())
    response = see_other("/inloggen?uit=1")
    response.set_cookie(cookie(services, name, "", max_age=0))
    return response
