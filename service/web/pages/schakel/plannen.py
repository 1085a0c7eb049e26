"""`/plannen`: joint plans for all open aanvragen; one is asked for here."""

from __future__ import annotations

from typing import Any

from litestar import Request, post
from litestar.response import Response

from service import toegang
from service.days import today
from service.plan import plannen, planverslag
from service.plan.plannen import RUNNING, PlanStatus
from service.taal import later
from service.web.pages.actie import Formulier, Gedaan, verwerk
from service.web.pages.render import page_at
from service.web.pages.visit import Visit, visit

PAGE = "paginaPlannen"

MOST = 30
"""Plans that are listed, the newest."""

STATUS = {
    PlanStatus.WACHT: later("wacht"),
    PlanStatus.BEZIG: later("wordt gemaakt"),
    PlanStatus.KLAAR: later("klaar"),
    PlanStatus.GESTOPT: later("gestopt"),
    PlanStatus.MISLUKT: later("mislukt"),
}

SECONDEN = (10, 30, 60, 300)
"""To search at most, to choose from."""


@page_at("/plannen", name=PAGE)
async def lijst(request: Request[Any, Any, Any]) -> Response[str]:
    async with visit(request) as v:
        return await show(v, Formulier())


@post("/plannen", name="startPlan@plannen", include_in_schema=False)
async def begin(request: Request[Any, Any, Any]) -> Response[Any]:
    """A plan of what is open now, or one that goes on from another."""
    return await verwerk(request, "startPlan", {}, naar=naar_plan, opnieuw=show, pagina=PAGE)


def naar_plan(gedaan: Gedaan) -> str:
    return f"/plannen/{gedaan.id}"


async def show(v: Visit, form: Formulier) -> Response[str]:
    toegang.mag(v.wie, PAGE)
    dag = today(v.now)
    found = v.toon([planverslag.overzicht(one, dag) for one in await plannen.page(v.conn, limit=MOST)])
    return v.page(
        "schakel/plannen.html",
        today=dag,
        section="plannen",
        here="/plannen",
        form=form,
        plannen=found,
        verder=[one for one in found if one.status is PlanStatus.KLAAR or one.aantal_aanvragen is not None][:5],
        bezig={one.id for one in found if one.status in RUNNING},
        standen=STATUS,
        seconden=SECONDEN,
    )
