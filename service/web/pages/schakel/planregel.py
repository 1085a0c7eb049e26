"""`/plannen/{id}/regels/{aanvraag}`: one pair of a plan, to look at: why, what it costs, where else; to accept, fix,
forbid or change by hand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, post
from litestar.response import Response
from msgspec import structs

from service import toegang
from service.days import today
from service.errors import Kind, Refusal
from service.plan import plankandidaten, plannen, planregels
from service.plan.planniveaus import verliezen
from service.rang.catalogue import CRITERIA
from service.taal import later
from service.web import forms
from service.web.pages import words
from service.web.pages.actie import Formulier, Gedaan, verwerk
from service.web.pages.render import page_at
from service.web.pages.schakel import zinnen
from service.web.pages.schakel.aanvraag import confirmed, where
from service.web.pages.schakel.plan import GEDAAN as BORD_GEDAAN
from service.web.pages.schakel.plan import TOON, WELKE, Kijk, PlanId, asked, rijen, waarom_niet, wat
from service.web.pages.schakel.plannen import naar_plan
from service.web.pages.visit import Visit, visit

PAGE = "paginaPlanregel"
PATH = "/plannen/{plan_id:uuid}/regels/{aanvraag_id:uuid}"

GEDAAN = BORD_GEDAAN | {
    "klaargezet": later("Het voorstel staat klaar. De aanbieder ziet het pas als u het verstuurt."),
    "verstuurd": later("Het voorstel is verstuurd. De aanbieder heeft bericht gekregen."),
    "ingetrokken": later("Het voorstel is ingetrokken."),
    "voorstel": later("Dat is vastgelegd bij het voorstel."),
    "veranderd": later(
        "U hebt de plek veranderd. Hieronder staat wat dat dit plan kost. Reken opnieuw om de rest te laten schuiven."
    ),
}


@page_at(PATH, name=PAGE)
async def regel(request: Request[Any, Any, Any], plan_id: PlanId, aanvraag_id: PlanId) -> Response[str]:
    kijk = asked(request)
    async with visit(request) as v:
        return await show(v, plan_id, aanvraag_id, kijk)


@post(PATH, name="wijzigPlanregel@planregel", include_in_schema=False)
async def wijzig(request: Request[Any, Any, Any], plan_id: PlanId, aanvraag_id: PlanId) -> Response[Any]:
    """Fixes or forbids it, takes that back, or puts the child elsewhere."""
    given = await forms.fields(request)
    moved = any(given.get(name, [""])[-1] for name in ("plekId", "voorzieningId"))
    return await _doe(
        request, plan_id, aanvraag_id, "wijzigPlanregel", {}, lambda done: "veranderd" if moved else wat(done)
    )


@post(f"{PATH}/voorstellen", name="zetPlanVoorstellenKlaar@planregel", include_in_schema=False)
async def zet_klaar(request: Request[Any, Any, Any], plan_id: PlanId, aanvraag_id: PlanId) -> Response[Any]:
    """A concept, of brothers and sisters together."""
    vast = {"aanvraagIds": [str(aanvraag_id)]}
    return await _doe(request, plan_id, aanvraag_id, "zetPlanVoorstellenKlaar", {}, lambda _: "klaargezet", vast=vast)


@post(f"{PATH}/voorstellen/{{voorstel_id:uuid}}/stappen", name="zetVoorstelStap@planregel", include_in_schema=False)
async def voorstel(
    request: Request[Any, Any, Any], plan_id: PlanId, aanvraag_id: PlanId, voorstel_id: PlanId
) -> Response[Any]:
    """Sends it after the look at it, or takes it back."""

    def naar(done: Gedaan) -> str:
        return {"verzonden": "verstuurd", "ingetrokken": "ingetrokken"}.get(done.body[0]["status"], "voorstel")

    return await _doe(request, plan_id, aanvraag_id, "zetVoorstelStap", {"voorstelId": voorstel_id}, naar)


@post(f"{PATH}/opnieuw", name="startPlan@planregel", include_in_schema=False)
async def opnieuw(request: Request[Any, Any, Any], plan_id: PlanId, aanvraag_id: PlanId) -> Response[Any]:
    """A new plan that goes on from this one, with the child where somebody chose."""
    given = await forms.fields(request)
    chosen = {
        "aanvraagId": str(aanvraag_id),
        "voorzieningId": given.get("voorzieningId", [""])[-1],
        "reden": given.get("reden", [""])[-1],
    }
    vast = {"vorigPlanId": str(plan_id), "vast": [{name: value for name, value in chosen.items() if value}]}

    async def again(v: Visit, form: Formulier) -> Response[str]:
        named = [(name.removeprefix("vast.0."), zin) for name, zin in form.fouten]
        return await show(v, plan_id, aanvraag_id, Kijk(), structs.replace(form, fouten=named))

    return await verwerk(request, "startPlan", {}, naar=naar_plan, opnieuw=again, pagina=PAGE, vast=vast)


async def _doe(
    request: Request[Any, Any, Any],
    plan_id: UUID,
    aanvraag_id: UUID,
    id: str,
    ids: dict[str, UUID],
    naar: Any,
    *,
    vast: dict[str, Any] | None = None,
) -> Response[Any]:
    async def again(v: Visit, form: Formulier) -> Response[str]:
        return await show(v, plan_id, aanvraag_id, Kijk(), form)

    def done(gedaan: Gedaan) -> str:
        return f"/plannen/{plan_id}/regels/{aanvraag_id}?gedaan={naar(gedaan)}"

    all_ = {"planId": plan_id, "aanvraagId": aanvraag_id} | ids
    needed = {name: value for name, value in all_.items() if id != "zetVoorstelStap" or name == "voorstelId"}
    return await verwerk(request, id, needed, naar=done, opnieuw=again, pagina=PAGE, vast=vast)


async def show(v: Visit, plan_id: UUID, aanvraag_id: UUID, kijk: Kijk, form: Formulier | None = None) -> Response[str]:
    toegang.mag(v.wie, PAGE)
    dag, services = today(v.now), v.services
    stand = await plannen.get(v.conn, plan_id)
    line = await planregels.regel(v.conn, plan_id, aanvraag_id)
    row = (await rijen(v, plan_id, [line]))[0]
    try:
        found = await plankandidaten.kandidaten(
            v.conn, services.snapshots, services.travel, wie=v.wie, plan_id=plan_id, regel=line, now=v.now
        )
    except Refusal as refusal:
        if refusal.kind is not Kind.CONFLICT:
            raise
        found = []
    buren = await planregels.buren(v.conn, plan_id, aanvraag_id, WELKE[kijk.toon])
    lost = {id for one in found if one.prijs for id in one.prijs.verliezer_ids}
    lost |= set(row.anders.prijs.verliezer_ids) if row.anders else set()
    if row.uitweg and row.uitweg.binnen_plan:
        lost |= set(row.uitweg.binnen_plan.prijs.verliezer_ids)
    return v.page(
        "schakel/planregel.html",
        today=dag,
        section="plannen",
        form=form or Formulier(),
        p=structs.replace(stand, keuzes=[], conflicten=[]),  # of others, whom this page does not name
        row=row,
        r=line,
        waarom_niet=waarom_niet(line),
        kost=verliezen(line.prijs),
        kandidaten=found,
        nummers=await plankandidaten.nummers(v.conn, lost),
        buren=buren,
        kijk=kijk,
        toon=TOON,
        gedaan=GEDAAN,
        mag={
            id: toegang.kan(v.wie, id) for id in ("zetPlanVoorstellenKlaar", "wijzigPlanregel", "startPlan", "houdPlek")
        },
        urgenties=words.URGENTIE,
        voorstelwoorden=zinnen.VOORSTEL,
        criteria_namen=CRITERIA,
        confirmed=lambda moment: confirmed(moment, v.now),
        where=where,
    )
