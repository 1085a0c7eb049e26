"""/v1/plekken"""

from __future__ import annotations

from uuid import UUID

from service.aanbod import bewoning, plekken
from service.aanbod.bewoning import Bewoning, NieuweBewoning
from service.aanbod.plekken import NieuwePlek, Plek, PlekStatus, WijzigingPlek
from service.fields import Code
from service.web import etags, paging
from service.web.operation import Answer, Call, Operation, create, created, get, patch

TAG = "plekken"


class Filters(paging.Page, kw_only=True):
    aanbieder_id: UUID | None = None
    voorziening_id: UUID | None = None
    zorgvorm: Code | None = None
    status: PlekStatus | None = None


async def page(call: Call) -> Answer:
    query = call.query
    rows = await plekken.page(
        call.conn,
        call.now,
        aanbieder_id=query.aanbieder_id,
        voorziening_id=query.voorziening_id,
        zorgvorm=query.zorgvorm,
        status=query.status,
        after=paging.after(call),
        limit=query.aantal + 1,
    )
    return paging.page(call, rows)


async def add(call: Call) -> Answer:
    plek = await plekken.add(call.conn, call.body, now=call.now, bron=plekken.bron(call.wie))
    return created(f"/plekken/{plek.id}", plek)


async def one(call: Call) -> Answer:
    return Answer(body=await plekken.get(call.conn, call.ids["plekId"], call.now))


async def change(call: Call) -> Answer:
    id = call.ids["plekId"]
    etags.must_match(call, await plekken.get(call.conn, id, call.now, lock=True))
    return Answer(body=await plekken.change(call.conn, id, call.body, now=call.now, bron=plekken.bron(call.wie)))


async def lived_in(call: Call) -> Answer:
    return Answer(body=await bewoning.zeg(call.conn, call.ids["plekId"], call.body, now=call.now))


OPERATIONS = (
    get(
        "/plekken",
        page,
        id="lijstPlekken",
        tag=TAG,
        summary="Plekken",
        query=Filters,
        answer=list[Plek],
        alone=True,
        replica=True,
    ),
    create(
        "/plekken",
        add,
        id="voegPlekToe",
        tag=TAG,
        summary="Publiceer een plek",
        description="Een plek die u publiceert, is daarmee ook bevestigd.",
        body=NieuwePlek,
        check=plekken.errors,
        answer=Plek,
    ),
    get("/plekken/{plekId}", one, id="haalPlek", tag=TAG, summary="Eén plek", answer=Plek),
    patch(
        "/plekken/{plekId}",
        change,
        id="wijzigPlek",
        tag=TAG,
        summary="Wijzig een plek",
        description="Wie de beschikbaarheid noemt, bevestigt de plek daarmee.",
        body=WijzigingPlek,
        answer=Plek,
    ),
    Operation(
        method="POST",
        path="/plekken/{plekId}/bewoning",
        handler=lived_in,
        id="zegBewoning",
        tag=TAG,
        summary="Zeg dat er een kind woont dat niet via het loket kwam, of niet meer",
        description="Houdt het loket de plek vast voor een kind, dan blijft dat zo: `melding` zegt wat u kunt doen. Een"
        " bewoning van vandaag kunt u terugnemen.",
        body=NieuweBewoning,
        answer=Bewoning,
        refuses=(409,),
    ),
)
