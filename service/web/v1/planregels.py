"""/v1/plannen/{planId}/regels: where a plan puts each aanvraag, and what a person makes of it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct

from service.errors import FieldError
from service.fields import refuse
from service.plan import plannen, planregels, planuitleg, planuitweg, planverslag, planwijziging
from service.plan.planregels import Planregel, Welke, WijzigingPlanregel
from service.plan.planuitleg import PlanUitleg
from service.plan.planuitweg import PlanUitweg
from service.plan.planverslag import Regel
from service.taal import gettext
from service.web import etags, paging
from service.web.operation import Answer, Call, get, patch
from service.web.v1.plannen import TAG


class Waar(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    voorziening_id: Annotated[UUID | None, Meta(description="Leeg: waar het plan deze aanvraag heeft.")] = None


class Filters(paging.Page, kw_only=True):
    geplaatst: Annotated[bool | None, Meta(description="Alleen met een plek, of alleen zonder.")] = None
    gewijzigd: Annotated[
        bool | None, Meta(description="Alleen wat anders is dan in het vorige plan, of juist niet.")
    ] = None


async def page(call: Call) -> Answer:
    id, query = call.ids["planId"], call.query
    await plannen.get(call.conn, id)
    rows = await planregels.regels(
        call.conn,
        id,
        Welke(geplaatst=query.geplaatst, gewijzigd=query.gewijzigd),
        after=paging.after(call),
        limit=query.aantal + 1,
    )
    return paging.page(call, [planverslag.regel(row) for row in rows])


async def one(call: Call) -> Answer:
    return Answer(body=planverslag.regel(await _regel(call)))


async def explain(call: Call) -> Answer:
    regel = await _regel(call)
    where = call.query.voorziening_id or regel.voorziening_id
    if where is None:
        wrong = "Het plan heeft deze aanvraag nergens. Noem een voorziening, of vraag de uitweg."
        refuse([FieldError("voorzieningId", "verplicht", wrong, "query")])
    assert where is not None
    body = await planuitleg.uitleg(
        call.conn,
        call.services.snapshots,
        call.services.travel,
        wie=call.wie,
        plan_id=call.ids["planId"],
        regel=regel,
        voorziening_id=where,
        now=call.now,
    )
    return Answer(body=body)


async def way_out(call: Call) -> Answer:
    regel = await _regel(call)
    return Answer(body=await planuitweg.uitweg(call.conn, wie=call.wie, plan_id=call.ids["planId"], regel=regel))


async def change(call: Call) -> Answer:
    body: WijzigingPlanregel = call.body
    elsewhere = body.plek_id is not UNSET or body.voorziening_id is not UNSET
    if elsewhere:
        # Before the line, and for all lines: who moves another one at the same time must read where this one went.
        await plannen.get(call.conn, call.ids["planId"], lock=True)
    before = await _regel(call, lock=True)
    etags.must_match(call, planverslag.regel(before))
    refuse(_errors(body, before))
    if elsewhere:
        assert body.reden is not UNSET
        call.betrokkenen += await planwijziging.move(
            call.conn,
            call.services.snapshots,
            call.services.travel,
            wie=call.wie,
            plan_id=call.ids["planId"],
            regel=before,
            plek_id=body.plek_id if isinstance(body.plek_id, UUID) else None,
            voorziening_id=body.voorziening_id if isinstance(body.voorziening_id, UUID) else None,
            reden=body.reden,
            now=call.now,
        )
        await planregels.allow(call.conn, call.ids["planId"], await _regel(call))
    elif body.vast is not UNSET or body.verboden is not UNSET:
        await _decide(call, before, body)
    return Answer(body=planverslag.regel(await _regel(call)))


async def _decide(call: Call, before: Planregel, body: WijzigingPlanregel) -> None:
    """Fixed here or forbidden here: the last that was said of the two holds."""
    plan_id, reden = call.ids["planId"], body.reden if isinstance(body.reden, str) else None
    if body.verboden is True:
        assert reden is not None
        await planregels.forbid(call.conn, plan_id, before, reden)
        return
    if body.verboden is False or body.vast is True:
        await planregels.allow(call.conn, plan_id, before)
    if body.vast is not UNSET:
        await planregels.fix(call.conn, plan_id, before.aanvraag_id, body.vast, reden)


def _errors(body: WijzigingPlanregel, before: Planregel) -> list[FieldError]:
    found = []
    elsewhere = body.plek_id is not UNSET or body.voorziening_id is not UNSET
    decided = elsewhere or body.vast is True or body.verboden is True
    if body.plek_id is not UNSET and body.voorziening_id is not UNSET:
        found.append(FieldError("/plekId", "een_van_beide", gettext("Geef plekId of voorzieningId, niet beide.")))
    if elsewhere and body.vast is False:
        found.append(FieldError("/vast", "past_niet", gettext("Wat u zelf verandert, staat vast. Laat dit weg.")))
    if body.verboden is not UNSET and (elsewhere or body.vast is not UNSET):
        found.append(
            FieldError("/verboden", "past_niet", gettext("Zet een regel vast, verbied hem of verander hem: één ervan."))
        )
    if decided and body.reden is UNSET:
        found.append(FieldError("/reden", "verplicht", gettext("Schrijf waarom.")))
    if not decided and body.reden is not UNSET:
        found.append(
            FieldError("/reden", "past_niet", gettext("Een reden hoort bij vastzetten, verbieden of veranderen."))
        )
    if not elsewhere and before.plek_id is None:
        nowhere = gettext("Deze aanvraag heeft in dit plan geen plek. Geef er een.")
        found += [
            FieldError(f"/{name}", "geen_plek", nowhere) for name in ("vast", "verboden") if getattr(body, name) is True
        ]
    return found


async def _regel(call: Call, *, lock: bool = False) -> Planregel:
    return await planregels.regel(call.conn, call.ids["planId"], call.ids["aanvraagId"], lock=lock)


OPERATIONS = (
    get(
        "/plannen/{planId}/regels",
        page,
        id="lijstPlanregels",
        tag=TAG,
        summary="De regels van een plan: per aanvraag waar, of waarom niet",
        description="De dringendste aanvraag eerst en dan wie het langst wacht.",
        query=Filters,
        answer=list[Regel],
    ),
    get(
        "/plannen/{planId}/regels/{aanvraagId}",
        one,
        id="haalPlanregel",
        tag=TAG,
        summary="Eén regel van een plan",
        answer=Regel,
    ),
    patch(
        "/plannen/{planId}/regels/{aanvraagId}",
        change,
        id="wijzigPlanregel",
        tag=TAG,
        summary="Zet een regel vast, verbied hem, laat hem los, of verander hem met de hand",
        description="Een verandering moet aan alle regels voldoen en de plek mag in dit plan niet voor een ander zijn."
        " Broers en zussen die niet gesplitst mogen worden, gaan samen mee. Maak daarna een nieuw plan met vorigPlanId:"
        " dan schuift de rest.",
        body=WijzigingPlanregel,
        answer=Regel,
        refuses=(503,),
    ),
    get(
        "/plannen/{planId}/regels/{aanvraagId}/uitleg",
        explain,
        id="legPlanregelUit",
        tag=TAG,
        summary="Waarom wel of niet daar, wat afdwingen kost en wie dan een plek verliest",
        description="De rang en de punten zijn van nu, de prijs is van het peilmoment van het plan.",
        query=Waar,
        answer=PlanUitleg,
        refuses=(409, 503),
    ),
    get(
        "/plannen/{planId}/regels/{aanvraagId}/uitweg",
        way_out,
        id="haalUitweg",
        tag=TAG,
        summary="Wat een aanvraag zonder plek toch een plek zou geven",
        description="Binnen het plan: wat dat minstens kost en wie dan een plek verliest. Daarbuiten: de kleinste"
        " wijzigingen waarmee een plek past die het plan vrij laat. Van het peilmoment van het plan, zo ver als de tijd"
        " reikte.",
        answer=PlanUitweg,
    ),
)
