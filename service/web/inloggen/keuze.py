"""`/inloggen`: where one may log in."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Request
from litestar.params import QueryParameter
from litestar.response import Response

from service import identiteitsproviders
from service.days import today
from service.web.inloggen.begin import opened, own_path
from service.web.pages.render import page, page_at


@page_at("/inloggen")
async def inloggen(
    request: Request[Any, Any, Any],
    naar: Annotated[str | None, QueryParameter()] = None,
    uit: Annotated[str | None, QueryParameter()] = None,
) -> Response[str]:
    """The identity providers. `naar` is where to go afterwards; `uit` says that somebody just logged out."""
    services = opened(request)
    found = await identiteitsproviders.active(services.pool) if services.settings.adres else []
    after = own_path(naar)
    return page(
        "inloggen.html",
        today=today(services.clock()),
        who="",
        section="",
        is_list=False,
        uit=uit is not None,
        demo=bool(services.demo_links),
        providers=[(p.naam, "/inloggen/start?" + urlencode({"provider": p.id, "naar": after})) for p in found],
    )
