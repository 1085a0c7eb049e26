"""/v1/samenplaatsingen"""

from __future__ import annotations

from service.aanvraag import samenplaatsingen
from service.aanvraag.samenplaatsingen import NieuweSamenplaatsing, Samenplaatsing, WijzigingSamenplaatsing
from service.web import etags, paging
from service.web.operation import Answer, Call, create, created, get, patch

TAG = "samenplaatsingen"


async def page(call: Call) -> Answer:
    rows = await samenplaatsingen.page(call.conn, after=paging.after(call), limit=call.query.aantal + 1)
    return paging.page(call, rows)


async def add(call: Call) -> Answer:
    samenplaatsing = await samenplaatsingen.add(call.conn, call.body)
    return created(f"/samenplaatsingen/{samenplaatsing.id}", samenplaatsing)


async def one(call: Call) -> Answer:
    return Answer(body=await samenplaatsingen.get(call.conn, call.ids["samenplaatsingId"]))


async def change(call: Call) -> Answer:
    id = call.ids["samenplaatsingId"]
    etags.must_match(call, await samenplaatsingen.get(call.conn, id, lock=True))
    return Answer(body=await samenplaatsingen.change(call.conn, id, call.body))


OPERATIONS = (
    get(
        "/samenplaatsingen",
        page,
        id="lijstSamenplaatsingen",
        tag=TAG,
        summary="Samenplaatsingen",
        query=paging.Page,
        answer=list[Samenplaatsing],
    ),
    create(
        "/samenplaatsingen",
        add,
        id="voegSamenplaatsingToe",
        tag=TAG,
        summary="Begin een samenplaatsing",
        description="Wie erbij hoort, zegt u daarna in de aanvragen zelf, met `samenplaatsingId`.",
        body=NieuweSamenplaatsing,
        check=samenplaatsingen.errors,
        answer=Samenplaatsing,
    ),
    get(
        "/samenplaatsingen/{samenplaatsingId}",
        one,
        id="haalSamenplaatsing",
        tag=TAG,
        summary="Eén samenplaatsing",
        answer=Samenplaatsing,
    ),
    patch(
        "/samenplaatsingen/{samenplaatsingId}",
        change,
        id="wijzigSamenplaatsing",
        tag=TAG,
        summary="Wijzig of splitsen mag",
        body=WijzigingSamenplaatsing,
        answer=Samenplaatsing,
    ),
)
