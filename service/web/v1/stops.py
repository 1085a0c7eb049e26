"""/v1/plekken/{plekId}/stops: a plek that cannot be used for a while."""

from __future__ import annotations

from service.aanbod import plekken, stops
from service.aanbod.stops import NieuweStop, Stop, WijzigingStop
from service.web import etags, paging
from service.web.operation import Answer, Call, create, created, get, patch

TAG = "plekken"


async def page(call: Call) -> Answer:
    plek_id = call.ids["plekId"]
    await plekken.get(call.conn, plek_id, call.now)
    rows = await stops.page(call.conn, plek_id, after=paging.after(call), limit=call.query.aantal + 1)
    return paging.page(call, rows)


async def add(call: Call) -> Answer:
    plek_id = call.ids["plekId"]
    stop = await stops.add(call.conn, plek_id, call.body, now=call.now)
    return created(f"/plekken/{plek_id}/stops/{stop.id}", stop)


async def one(call: Call) -> Answer:
    return Answer(body=await stops.get(call.conn, call.ids["plekId"], call.ids["stopId"]))


async def change(call: Call) -> Answer:
    plek_id, id = call.ids["plekId"], call.ids["stopId"]
    etags.must_match(call, await stops.get(call.conn, plek_id, id, lock=True))
    return Answer(body=await stops.change(call.conn, plek_id, id, call.body, now=call.now))


OPERATIONS = (
    get(
        "/plekken/{plekId}/stops",
        page,
        id="lijstStops",
        tag=TAG,
        summary="Stops van een plek, de laatste eerst",
        query=paging.Page,
        answer=list[Stop],
    ),
    create(
        "/plekken/{plekId}/stops",
        add,
        id="stopPlek",
        tag=TAG,
        summary="Stop een plek tijdelijk",
        description="Met een reden en een verwacht einde. Kan niet in een periode waarin de plek al bezet is.",
        body=NieuweStop,
        answer=Stop,
    ),
    get("/plekken/{plekId}/stops/{stopId}", one, id="haalStop", tag=TAG, summary="Eén stop", answer=Stop),
    patch(
        "/plekken/{plekId}/stops/{stopId}",
        change,
        id="wijzigStop",
        tag=TAG,
        summary="Verander het verwachte einde, of beëindig de stop nu",
        body=WijzigingStop,
        answer=Stop,
    ),
)
