"""`/demo-inloggen/…`: a link of `loket demo`. Where inloggen/demologin.py does not allow them, there are none."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, get
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter
from litestar.response import Response

from service.errors import Kind, Refusal
from service.taal import gettext, later
from service.web.inloggen.begin import begin, cookie, opened
from service.web.inloggen.mislukt import failed

YEAR_S = 365 * 24 * 3600

OLD = later(
    "Deze link werkt niet. Elke keer dat de demo start, komen er nieuwe links. Open een link uit het venster waarin de"
    " demo nu draait."
)


@get("/demo-inloggen/{token:str}", include_in_schema=False)
async def demo_inloggen(request: Request[Any, Any, Any], token: Annotated[str, PathParameter()]) -> Response[Any]:
    """An ordinary session for the gebruiker of the link; the first time with what there is to see."""
    services = opened(request)
    if not services.demo_links:
        raise NotFoundException
    gebruiker = services.demo_links.get(token)
    if gebruiker is None:
        return failed(services, Refusal(Kind.NOT_FOUND, gettext(OLD)))
    seen = f"loket-rondleiding-{gebruiker}"
    response = await begin(request, services, gebruiker, "/" if seen in request.cookies else "/rondleiding")
    response.set_cookie(cookie(services, seen, "1", max_age=YEAR_S))
    return response
