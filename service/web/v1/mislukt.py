"""/v1/mislukt: what people and systems should have been told and were not."""

from __future__ import annotations

from service.bericht import mislukt
from service.bericht.berichten import Poging
from service.bericht.mislukt import Mislukt
from service.web import paging
from service.web.operation import Answer, Call, Operation, get

TAG = "berichten"


async def page(call: Call) -> Answer:
    return paging.page(call, await mislukt.page(call.conn, after=paging.after(call), limit=call.query.aantal + 1))


async def again(call: Call) -> Answer:
    return Answer(body=await mislukt.opnieuw(call.conn, call.ids["misluktId"]))


OPERATIONS = (
    get(
        "/mislukt",
        page,
        id="lijstMislukt",
        tag=TAG,
        summary="Wat mensen en systemen hadden moeten horen en niet hoorden, het laatste eerst",
        description="Mails, leveringen aan haken, en wat het loket zelf opgaf. Met de reden, en niets over een kind.",
        query=paging.Page,
        answer=list[Mislukt],
    ),
    Operation(
        method="POST",
        path="/mislukt/{misluktId}/pogingen",
        handler=again,
        id="probeerMislukt",
        tag=TAG,
        summary="Probeer het opnieuw",
        description="Wie het al weet, hoort het niet nog eens.",
        answer=Poging,
        refuses=(409,),
    ),
)
