"""/v1/alarmen: what lapses or is missing, of the aanvragen that who asks may see."""

from __future__ import annotations

from service.aanvraag.termijnen import Alarm
from service.bericht import alarmen
from service.web import paging
from service.web.operation import Answer, Call, get


async def page(call: Call) -> Answer:
    return paging.part(call, await alarmen.alarmen(call.conn, call.now))


OPERATIONS = (
    get(
        "/alarmen",
        page,
        id="lijstAlarmen",
        tag="aanvragen",
        summary="Wat ontbreekt of afloopt, en wie te lang wacht",
        description="Grondslagen, machtigingen en toestemmingen; geen vervolgplek na crisis; normen; bijna 18; en wat"
        " vergeten lijkt. Wat al misging eerst, en dan op dag. De termijnen zijn instellingen van de regio.",
        query=paging.Part,
        answer=list[Alarm],
    ),
)
