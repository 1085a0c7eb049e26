"""`/demo-inloggen/…`: a link of `loket demo`. Where service/demologin.py does not allow them, there are none."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, get
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter
from litestar.response import Response

from service.web.inloggen.begin import begin, opened


@get("/demo-inloggen/{token:str}", include_in_schema=False)
async def demo_inloggen(request: Request[Any, Any, Any], token: Annotated[str, PathParameter()]) -> Response[None]:
    """An ordinary session for the gebruiker of the link."""
    services = opened(request)
    gebruiker = services.demo_links.get(token)
    if gebruiker is None:
        raise NotFoundException
    return await begin(request, services, gebruiker, "/")
