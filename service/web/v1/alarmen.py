"""/v1/alarmen: what lapses or is missing, of the aanvragen that who asks may see."""

from __future__ import annotations

from service import termijnen
from service.termijnen import Alarm
from service.web import paging
from service.web.operation import Answer, Call, get


async def page(call: Call) -> Answer:
    return paging.part(call, await termijnen.alarmen(call.conn, call.now))


OPERATIONS = (
    get(
        "/alarmen",
        page,
        id="lijstAlarmen",
        tag="aanvragen",
        summary="Grondslagen, machtigingen en toestemmingen die ontbreken of aflopen, en aanvragen die vergeten lijken",
        description="Wat al misging eerst, en dan op dag. De termijnen zijn instellingen van de regio.",
        query=paging.Part,
        answer=list[Alarm],
    ),
)
