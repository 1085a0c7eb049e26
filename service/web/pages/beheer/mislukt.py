"""`/beheer/mislukt`: what people and systems should have been told and were not, with why; each can be done again."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, post
from litestar.params import PathParameter, QueryParameter
from litestar.response import Response

from service.bericht import mislukt as lijst
from service.days import today
from service.taal import gettext, later
from service.web.pages.actie import Formulier, verwerk
from service.web.pages.render import page_at
from service.web.pages.schakel.zinnen import GEBEURTENIS
from service.web.pages.visit import Visit, visit

MOST = 50
"""On a page."""

GEDAAN = {
    "opnieuw": later("Het loket probeert het nu opnieuw. Lukt het weer niet, dan komt het terug in deze lijst."),
}


@page_at("/beheer/mislukt", name="paginaMislukt")
async def mislukt(
    request: Request[Any, Any, Any],
    na: Annotated[UUID | None, QueryParameter()] = None,
    gedaan: Annotated[str, QueryParameter(max_length=20)] = "",
) -> Response[str]:
    """`na`: the last of the page before."""
    async with visit(request, kinderen=False) as v:
        return await _pagina(v, na=na, gedaan=gedaan)


@post("/beheer/mislukt/{mislukt_id:uuid}", name="probeerMislukt", include_in_schema=False)
async def opnieuw(request: Request[Any, Any, Any], mislukt_id: Annotated[UUID, PathParameter()]) -> Response[Any]:
    async def weer(v: Visit, form: Formulier) -> Response[str]:
        return await _pagina(v, form=form)

    naar = "/beheer/mislukt?gedaan=opnieuw"
    ids = {"misluktId": mislukt_id}
    return await verwerk(request, "probeerMislukt", ids, naar=lambda _: naar, opnieuw=weer, pagina="paginaMislukt")


async def _pagina(
    v: Visit, *, na: UUID | None = None, form: Formulier | None = None, gedaan: str = ""
) -> Response[str]:
    rows = v.toon(await lijst.page(v.conn, after=na, limit=MOST + 1))
    return v.page(
        "beheer/mislukt.html",
        today=today(v.now),
        section="mislukt",
        here="/beheer/mislukt",
        form=form or Formulier(),
        gedaan=gettext(GEDAAN[gedaan]) if gedaan in GEDAAN else "",
        rijen=rows[:MOST],
        eerste=na is None,
        volgende=rows[MOST - 1].id if len(rows) > MOST else None,
        over={str(soort): gettext(zin) for soort, zin in GEBEURTENIS.items()},
    )
