"""`/aanvragen/{id}/routes`: ways beside a plek for one child: begin one, go on, write down what is known, end it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, post
from litestar.params import PathParameter, QueryParameter
from litestar.response import Response
from msgspec import Struct

from service.aanvraag import aanvragen
from service.aanvraag.aanvragen import Aanvraag
from service.aanvraag.gebeurtenissen import OPEN
from service.days import age_on, today
from service.db import Rol
from service.opschaling import routes as aggregaat
from service.opschaling.routes import Route
from service.opschaling.routesoorten import VERLOOP, Gevolg, RouteSoort, soort_van
from service.taal import gettext, later
from service.web.pages import words
from service.web.pages.actie import Formulier, verwerk
from service.web.pages.dossier import routevelden, woorden
from service.web.pages.dossier.routevelden import Veld
from service.web.pages.render import page_at
from service.web.pages.schakel import zinnen
from service.web.pages.visit import Visit, visit

PAGINA = "paginaRoutes"
PATH = "/aanvragen/{aanvraag_id:uuid}/routes"
Id = Annotated[UUID, PathParameter()]

GEDAAN = {
    "begonnen": later("De weg is begonnen."),
    "verder": later("Bijgewerkt."),
    "klaar": later("Deze weg is klaar."),
}


class Weg(Struct, frozen=True):
    """A route with its steps and its form."""

    route: Route
    naam: str
    lijn: list[tuple[str, str]]
    """Each state in words, and whether it was, is or will be: done, now, todo."""
    velden: list[Veld]
    nodig: list[tuple[str, list[str]]]
    verder: list[tuple[str, str]]
    """States that may follow."""


class Begin(Struct, frozen=True):
    """A way that may begin."""

    soort: RouteSoort
    naam: str
    waarom: str
    velden: list[Veld]


@page_at(PATH, name=PAGINA)
async def routes(
    request: Request[Any, Any, Any], aanvraag_id: Id, gedaan: Annotated[str, QueryParameter(max_length=20)] = ""
) -> Response[str]:
    async with visit(request) as v:
        return await _page(v, aanvraag_id, gedaan=gedaan)


async def _page(v: Visit, id: UUID, *, form: Formulier | None = None, gedaan: str = "") -> Response[str]:
    vandaag = today(v.now)
    a: Aanvraag = v.toon(await aanvragen.get(v.conn, id))
    found: list[Route] = v.toon(await aggregaat.page(v.conn, now=v.now, aanvraag_id=id))
    choices = await routevelden.keuzes(v)
    loket = v.wie.rol is Rol.SCHAKELFUNCTIONARIS
    return v.page(
        "dossier/routes.html",
        today=vandaag,
        section="aanvragen" if loket else "mijn",
        a=a,
        pad=f"/aanvragen/{id}/routes",
        terug=f"/aanvragen/{id}" if loket else f"/mijn-aanvragen/{id}",
        voor=a.kenmerk or a.nummer,
        leeftijd=age_on(a.leeftijd_maanden, a.leeftijd_peildatum, vandaag),
        urgenties=words.URGENTIE,
        form=form or Formulier(),
        gedaan=gettext(GEDAAN[gedaan]) if gedaan in GEDAAN else "",
        lopend=[_weg(one, choices) for one in found if one.klaar_op is None],
        klaar=[_weg(one, choices) for one in found if one.klaar_op is not None],
        begin=[
            Begin(soort, gettext(zinnen.ROUTE[soort]), gettext(uitleg), routevelden.begin(soort, choices))
            for soort, uitleg in woorden.WAAROM_ROUTE.items()
            if a.status in OPEN or VERLOOP[soort].ook_geplaatst
        ],
    )


def _weg(route: Route, choices: routevelden.Keuzes) -> Weg:
    soort = soort_van(route.details)
    order = list(VERLOOP[soort].staten)
    at = order.index(route.staat) if route.staat in order else len(order)
    sluit = VERLOOP[soort].gevolg is Gevolg.SLUITEN
    einde = gettext(", en er is geen plek meer nodig") if sluit else gettext(", en het zoeken gaat door")
    lijn = [
        (gettext(woorden.STAAT[staat]), "now" if nr == at else "done" if nr < at else "todo")
        for nr, staat in enumerate(order)
    ]
    if route.staat not in order:
        lijn = [(gettext(woorden.STAAT[route.staat]), "now")]
    return Weg(
        route,
        gettext(zinnen.ROUTE[soort]),
        [(text + einde if nr == len(order) - 1 else text, how) for nr, (text, how) in enumerate(lijn)],
        routevelden.velden(route.details, choices),
        routevelden.nodig(route.details, route.staat),
        [(str(staat), gettext(woorden.STAAT[staat])) for staat in route.kan],
    )


# ── The forms ────────────────────────────────────────────────────────────────────────────────────


async def _doe(
    request: Request[Any, Any, Any], aanvraag_id: UUID, operation: str, ids: dict[str, UUID], naar: Callable[[Any], str]
) -> Response[Any]:
    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await _page(v, aanvraag_id, form=form)

    def done(gedaan: Any) -> str:
        return f"/aanvragen/{aanvraag_id}/routes?gedaan={naar(gedaan)}#route-{gedaan.body['id']}"

    return await verwerk(request, operation, ids, naar=done, opnieuw=opnieuw, pagina=PAGINA)


@post(PATH + "/nieuw", name="startRoute@routes", include_in_schema=False)
async def begin(request: Request[Any, Any, Any], aanvraag_id: Id) -> Response[Any]:
    return await _doe(request, aanvraag_id, "startRoute", {"aanvraagId": aanvraag_id}, lambda _: "begonnen")


@post(PATH + "/{route_id:uuid}/stappen", name="zetRouteStap", include_in_schema=False)
async def ga_verder(request: Request[Any, Any, Any], aanvraag_id: Id, route_id: Id) -> Response[Any]:
    """To another state, or only what became known."""

    def naar(done: Any) -> str:
        return "klaar" if done.body["klaarOp"] else "verder"

    return await _doe(request, aanvraag_id, "zetRouteStap", {"routeId": route_id}, naar)
