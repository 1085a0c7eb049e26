"""/v1/versheid: how long ago each plek was confirmed; /v1/cijfers/versheid: whether what was confirmed was there."""

from __future__ import annotations

from uuid import UUID

from service.bericht import versheid
from service.bericht.versheid import Plekversheid
from service.cijfers import reflex
from service.cijfers.reflex import Versheidscijfers
from service.web import paging
from service.web.operation import Answer, Call, get
from service.web.v1.cijfers import Over

TAG = "plekken"


class Filters(paging.Part, kw_only=True):
    aanbieder_id: UUID | None = None


async def age(call: Call) -> Answer:
    return paging.part(call, await versheid.versheid(call.conn, call.now, aanbieder_id=call.query.aanbieder_id))


async def figures(call: Call) -> Answer:
    return Answer(body=await reflex.cijfers(call.conn, call.wie.rol, code=call.query.periode, now=call.now))


OPERATIONS = (
    get(
        "/versheid",
        age,
        id="lijstVersheid",
        tag=TAG,
        summary="Hoe lang geleden elke plek is bevestigd, de langst geleden eerst",
        description="`zeker`: kort geleden bevestigd, bij crisis binnen een dag. Ook een koppeling of een bestand"
        " bevestigt een plek.",
        query=Filters,
        answer=list[Plekversheid],
    ),
    get(
        "/cijfers/versheid",
        figures,
        id="haalVersheidscijfers",
        tag="cijfers",
        summary="Per aanbieder: was een plek er ook, die net als vrij was bevestigd?",
        description="Om van te leren en niet om te straffen. Een te klein getal staat er niet.",
        query=Over,
        answer=Versheidscijfers,
        replica=True,
    ),
)
