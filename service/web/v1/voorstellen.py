"""/v1/voorstellen: matches put to providers, and what comes of each."""

from __future__ import annotations

from uuid import UUID

from service.aanvraag import aanvragen
from service.plaatsing import voorstellen, voorstelstappen
from service.plaatsing.vergrendel import vergrendel
from service.plaatsing.voorstellen import NieuweVoorstellen, NieuwVoorstel, Voorstel, VoorstelStap, VoorstelStatus
from service.plaatsing.voorstelstap import NieuweVoorstelStap
from service.plan import plannen
from service.web import paging
from service.web.operation import Answer, Call, Operation, create, created, get

TAG = "voorstellen"


class Filters(paging.Page, kw_only=True):
    status: VoorstelStatus | None = None


async def page(call: Call) -> Answer:
    query = call.query
    rows = await voorstellen.page(
        call.conn, call.wie.rol, status=query.status, after=paging.after(call), limit=query.aantal + 1
    )
    return paging.page(call, rows)


async def of_aanvraag(call: Call) -> Answer:
    id = call.ids["aanvraagId"]
    await aanvragen.get(call.conn, id)
    rows = await voorstellen.page(
        call.conn, call.wie.rol, aanvraag_id=id, after=paging.after(call), limit=call.query.aantal + 1
    )
    return paging.page(call, rows)


async def add(call: Call) -> Answer:
    """With `verzend` both steps are one change: refused to be sent, nothing was prepared."""
    nieuw: NieuwVoorstel = call.body
    if nieuw.verzend:
        await vergrendel(
            call.conn,
            now=call.now,
            plekken=[one.plek_id for one in nieuw.plekken],
            aanvragen=[one.aanvraag_id for one in nieuw.plekken],
        )
    made = await voorstellen.bereid_voor(call.conn, nieuw, rol=call.wie.rol, now=call.now)
    if nieuw.verzend:
        made = await _step(call, made[0].id, NieuweVoorstelStap(stap=VoorstelStap.VERZEND))
    return created(f"/voorstellen/{made[0].id}", made)


async def of_plan(call: Call) -> Answer:
    id = call.ids["planId"]
    await plannen.get(call.conn, id)
    made = await voorstellen.uit_plan(call.conn, id, call.body, rol=call.wie.rol, now=call.now)
    return created(f"/voorstellen/{made[0].id}", made)


async def one(call: Call) -> Answer:
    return Answer(body=await voorstellen.get(call.conn, call.ids["voorstelId"], call.wie.rol))


async def step(call: Call) -> Answer:
    return Answer(body=await _step(call, call.ids["voorstelId"], call.body))


async def _step(call: Call, id: UUID, nieuw: NieuweVoorstelStap) -> list[Voorstel]:
    services = call.services
    return await voorstelstappen.doe(
        call.conn, services.snapshots, services.travel, id, nieuw, wie=call.wie, now=call.now
    )


OPERATIONS = (
    get(
        "/voorstellen",
        page,
        id="lijstVoorstellen",
        tag=TAG,
        summary="Voorstellen, het nieuwste eerst",
        description="Een aanbieder ziet wat aan hem is gestuurd, met in `vraag` wat hij van het kind mag weten: eerst"
        " genoeg om te oordelen, meer na interesse, niets meer als het voorstel klaar is.",
        query=Filters,
        answer=list[Voorstel],
    ),
    create(
        "/voorstellen",
        add,
        id="zetVoorstelKlaar",
        tag=TAG,
        summary="Zet een voorstel klaar, of verstuur het meteen",
        description="Zonder `verzend` ziet alleen het loket het. Voor broers en zussen allemaal tegelijk: zij krijgen"
        " één bundel, met één antwoord.",
        body=NieuwVoorstel,
        answer=list[Voorstel],
    ),
    create(
        "/plannen/{planId}/voorstellen",
        of_plan,
        id="zetPlanVoorstellenKlaar",
        tag=TAG,
        summary="Zet voorstellen klaar voor gekozen regels van een plan",
        description="Alles of niets. Bekijk elk voorstel voordat u het verstuurt. Broers en zussen gaan mee.",
        body=NieuweVoorstellen,
        answer=list[Voorstel],
    ),
    get("/voorstellen/{voorstelId}", one, id="haalVoorstel", tag=TAG, summary="Eén voorstel", answer=Voorstel),
    Operation(
        method="POST",
        path="/voorstellen/{voorstelId}/stappen",
        handler=step,
        id="zetVoorstelStap",
        tag=TAG,
        summary="Verstuur, antwoord, leg vast, maak definitief of trek in",
        description="`kan` van het voorstel zegt welke stappen nu kunnen. Een bundel zet elke stap samen; het antwoord"
        " heeft al die voorstellen.",
        body=NieuweVoorstelStap,
        answer=list[Voorstel],
        refuses=(409,),
    ),
    get(
        "/aanvragen/{aanvraagId}/voorstellen",
        of_aanvraag,
        id="lijstVoorstellenVanAanvraag",
        tag=TAG,
        summary="Voorstellen voor één aanvraag",
        query=paging.Page,
        answer=list[Voorstel],
    ),
)
