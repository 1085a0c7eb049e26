"""/v1/plaatsingen: where children live, lived or will live, and what changes that."""

from __future__ import annotations

from service.aanvraag import aanvragen
from service.plaatsing import plaatsingstappen
from service.plaatsing.plaatsingstappen import Plaatsing, StapPlaatsing
from service.web import paging
from service.web.operation import Answer, Call, Operation, get

TAG = "plaatsingen"


class Filters(paging.Page, kw_only=True):
    loopt: bool | None = None


async def page(call: Call) -> Answer:
    query = call.query
    rows = await plaatsingstappen.page(
        call.conn, call.wie, call.now, loopt=query.loopt, after=paging.after(call), limit=query.aantal + 1
    )
    return paging.page(call, rows)


async def of_aanvraag(call: Call) -> Answer:
    id = call.ids["aanvraagId"]
    await aanvragen.get(call.conn, id)
    rows = await plaatsingstappen.page(
        call.conn, call.wie, call.now, aanvraag_id=id, after=paging.after(call), limit=call.query.aantal + 1
    )
    return paging.page(call, rows)


async def one(call: Call) -> Answer:
    return Answer(body=await plaatsingstappen.get(call.conn, call.wie, call.ids["plaatsingId"], call.now))


async def step(call: Call) -> Answer:
    id = call.ids["plaatsingId"]
    return Answer(body=await plaatsingstappen.zet(call.conn, call.wie, id, call.body, now=call.now))


OPERATIONS = (
    get(
        "/plaatsingen",
        page,
        id="lijstPlaatsingen",
        tag=TAG,
        summary="Plaatsingen, wie het laatst begon eerst",
        description="`loopt=true`: afgesproken of begonnen, en niet beëindigd of afgezegd.",
        query=Filters,
        answer=list[Plaatsing],
    ),
    get(
        "/aanvragen/{aanvraagId}/plaatsingen",
        of_aanvraag,
        id="lijstPlaatsingenVanAanvraag",
        tag=TAG,
        summary="Plaatsingen van één aanvraag",
        query=paging.Page,
        answer=list[Plaatsing],
    ),
    get("/plaatsingen/{plaatsingId}", one, id="haalPlaatsing", tag=TAG, summary="Eén plaatsing", answer=Plaatsing),
    Operation(
        method="POST",
        path="/plaatsingen/{plaatsingId}/stappen",
        handler=step,
        id="zetPlaatsingStap",
        tag=TAG,
        summary="Begin, verleng, beëindig, maak definitief of zeg af",
        description="`kan` van de plaatsing zegt welke stappen nu kunnen. Een aanbieder doet dit voor eigen plekken.",
        body=StapPlaatsing,
        answer=Plaatsing,
        refuses=(409,),
    ),
)
