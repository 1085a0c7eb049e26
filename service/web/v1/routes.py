"""/v1/routes: ways beside a plek, for one child each."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from service.aanvraag import aanvragen
from service.opschaling import routes
from service.opschaling.routes import NieuweRoute, Route, RouteStap
from service.opschaling.routesoorten import RouteSoort
from service.web import paging
from service.web.operation import Answer, Call, Operation, create, created, get

TAG = "routes"


class Filters(paging.Page, kw_only=True):
    soort: RouteSoort | None = None
    loopt: Annotated[bool, Meta(description="Nog niet klaar.")] | None = None
    verstreken: Annotated[bool, Meta(description="De termijn is voorbij.")] | None = None
    te_sluiten: Annotated[bool, Meta(description="Geslaagd, en de aanvraag is nog open.")] | None = None


async def page(call: Call) -> Answer:
    query = call.query
    rows = await routes.page(
        call.conn,
        now=call.now,
        soort=query.soort,
        loopt=query.loopt,
        verstreken=query.verstreken,
        te_sluiten=query.te_sluiten,
        after=paging.after(call),
        limit=query.aantal + 1,
    )
    return paging.page(call, rows)


async def of_aanvraag(call: Call) -> Answer:
    id = call.ids["aanvraagId"]
    await aanvragen.get(call.conn, id)
    limit = call.query.aantal + 1
    rows = await routes.page(call.conn, now=call.now, aanvraag_id=id, after=paging.after(call), limit=limit)
    return paging.page(call, rows)


async def start(call: Call) -> Answer:
    route = await routes.start(call.conn, call.ids["aanvraagId"], call.body, now=call.now)
    return created(f"/routes/{route.id}", route)


async def one(call: Call) -> Answer:
    return Answer(body=await routes.get(call.conn, call.ids["routeId"], now=call.now))


async def step(call: Call) -> Answer:
    id = call.ids["routeId"]
    return Answer(body=await routes.step(call.conn, id, call.body, rol=call.wie.rol, now=call.now))


OPERATIONS = (
    get(
        "/routes",
        page,
        id="lijstRoutes",
        tag=TAG,
        summary="Routes naast een plek, wie het eerst begon eerst",
        query=Filters,
        answer=list[Route],
    ),
    get(
        "/aanvragen/{aanvraagId}/routes",
        of_aanvraag,
        id="lijstRoutesVanAanvraag",
        tag=TAG,
        summary="Routes van één aanvraag",
        query=paging.Page,
        answer=list[Route],
    ),
    create(
        "/aanvragen/{aanvraagId}/routes",
        start,
        id="startRoute",
        tag=TAG,
        summary="Begin een route naast een plek",
        description="De aanvraag blijft open: pas als u haar zelf sluit, zoekt het loket geen plek meer.",
        body=NieuweRoute,
        answer=Route,
    ),
    get("/routes/{routeId}", one, id="haalRoute", tag=TAG, summary="Eén route", answer=Route),
    Operation(
        method="POST",
        path="/routes/{routeId}/stappen",
        handler=step,
        id="zetRouteStap",
        tag=TAG,
        summary="Ga verder met een route, vul haar aan of beëindig haar",
        description="`kan` van de route zegt wat hierna kan; een 409 zegt wat daarvoor nog mist. Wat u in `details`"
        " noemt, komt in de plaats van alles wat er stond.",
        body=RouteStap,
        answer=Route,
        refuses=(409,),
    ),
)
