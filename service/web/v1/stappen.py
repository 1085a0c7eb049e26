"""/v1/aanvragen/{aanvraagId}/stappen: what a person decides about an aanvraag; and what happened to it."""

from __future__ import annotations

from service.aanvraag import aanvragen, gebeurtenissen, stappen
from service.aanvraag.aanvragen import Aanvraag
from service.aanvraag.gebeurtenissen import AanvraagGebeurtenis
from service.aanvraag.stappen import NieuweStap
from service.web import paging
from service.web.operation import Answer, Call, Operation, get

TAG = "aanvragen"


async def step(call: Call) -> Answer:
    return Answer(body=await stappen.doe(call.conn, call.ids["aanvraagId"], call.body, wie=call.wie, now=call.now))


async def history(call: Call) -> Answer:
    id = call.ids["aanvraagId"]
    await aanvragen.get(call.conn, id)
    return paging.page(
        call, await gebeurtenissen.page(call.conn, id, after=paging.after(call), limit=call.query.aantal + 1)
    )


OPERATIONS = (
    Operation(
        method="POST",
        path="/aanvragen/{aanvraagId}/stappen",
        handler=step,
        id="zetAanvraagStap",
        tag=TAG,
        summary="Neem in behandeling, draag over, verander de urgentie, wijs af of trek in",
        description="Met een reden. Wie afwijst of intrekt, geeft ook alle opties en voorstellen van de aanvraag vrij."
        " Kan een stap nu niet, dan zegt het antwoord welke wel.",
        body=NieuweStap,
        answer=Aanvraag,
        refuses=(409,),
    ),
    get(
        "/aanvragen/{aanvraagId}/gebeurtenissen",
        history,
        id="lijstGebeurtenissen",
        tag=TAG,
        summary="Wat er met een aanvraag is gebeurd, het laatste eerst",
        query=paging.Page,
        answer=list[AanvraagGebeurtenis],
    ),
)
