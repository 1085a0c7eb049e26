"""`/opschalingen`: what verwijzers ask, which opschalingen and routes run: the nearest term first."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, post
from litestar.params import PathParameter, QueryParameter
from litestar.response import Response

from service.days import today
from service.inloggen import gebruikers
from service.opschaling import opschalingen as aggregaat
from service.opschaling import opschalingsverzoeken
from service.opschaling import routes as wegen
from service.opschaling.opschalingen import Opschaling
from service.opschaling.opschalingsverzoeken import Opschalingsverzoek
from service.opschaling.routes import Route
from service.opschaling.routesoorten import soort_van
from service.taal import gettext, later
from service.web.pages.actie import Formulier, verwerk
from service.web.pages.dossier import woorden
from service.web.pages.render import page_at
from service.web.pages.schakel import zinnen
from service.web.pages.visit import Visit, visit

PAGINA = "paginaOpschalingen"
MOST = 200
"""Of each list; more run at once in no region."""

LAATST = 20
"""Closed ones."""

GEDAAN = {"nee": later("De verwijzer leest uw antwoord bij de aanvraag.")}


@page_at("/opschalingen", name=PAGINA)
async def opschalingen(
    request: Request[Any, Any, Any], gedaan: Annotated[str, QueryParameter(max_length=20)] = ""
) -> Response[str]:
    async with visit(request) as v:
        return await _page(v, gedaan=gedaan)


async def _page(v: Visit, *, form: Formulier | None = None, gedaan: str = "") -> Response[str]:
    asked: list[Opschalingsverzoek] = v.toon(await opschalingsverzoeken.page(v.conn, loopt=True, limit=MOST))
    running: list[Opschaling] = v.toon(await aggregaat.page(v.conn, now=v.now, loopt=True, limit=MOST))
    over: list[Opschaling] = v.toon(await aggregaat.page(v.conn, now=v.now, loopt=False, limit=MOST))
    ways: list[Route] = v.toon(await wegen.page(v.conn, now=v.now, loopt=True, limit=MOST))
    done: list[Route] = v.toon(await wegen.page(v.conn, now=v.now, te_sluiten=True, limit=MOST))
    ended = {one.id: one.gesloten_op for one in over if one.gesloten_op is not None}
    return v.page(
        "dossier/opschalingen.html",
        today=today(v.now),
        section="opschalingen",
        here="/opschalingen",
        form=form or Formulier(),
        gedaan=gettext(GEDAAN[gedaan]) if gedaan in GEDAAN else "",
        gevraagd=asked,
        lopend=sorted(running, key=lambda one: (one.termijn, one.geopend_op)),
        klaar=sorted((one for one in over if one.id in ended), key=lambda one: ended[one.id], reverse=True)[:LAATST],
        wegen=sorted(ways, key=lambda one: (one.termijn, one.begonnen_op)),
        te_sluiten=done,
        eigenaren=await gebruikers.namen(v.conn, {one.eigenaar_id for one in running}),
        aanleidingen=zinnen.AANLEIDING,
        tafels=zinnen.TAFEL,
        soorten=zinnen.ROUTE,
        staten=woorden.STAAT,
        uitkomsten=woorden.UITKOMST,
        soort_van=soort_van,
    )


@post("/opschalingsverzoeken/{verzoek_id:uuid}/weigeringen", name="weigerOpschaling", include_in_schema=False)
async def weiger(request: Request[Any, Any, Any], verzoek_id: Annotated[UUID, PathParameter()]) -> Response[Any]:
    """Says no to a verwijzer, and why."""

    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await _page(v, form=form)

    ids, naar = {"verzoekId": verzoek_id}, "/opschalingen?gedaan=nee"
    return await verwerk(request, "weigerOpschaling", ids, naar=lambda _: naar, opnieuw=opnieuw, pagina=PAGINA)
