"""/v1/aanbieders"""

from __future__ import annotations

from service.aanbod import aanbieders
from service.aanbod.aanbieders import Aanbieder, NieuweAanbieder, WijzigingAanbieder
from service.web import etags, paging
from service.web.operation import Answer, Call, create, created, get, patch

TAG = "aanbieders"


async def page(call: Call) -> Answer:
    return paging.page(call, await aanbieders.page(call.conn, after=paging.after(call), limit=call.query.aantal + 1))


async def add(call: Call) -> Answer:
    aanbieder = await aanbieders.add(call.conn, call.body)
    return created(f"/aanbieders/{aanbieder.id}", aanbieder)


async def one(call: Call) -> Answer:
    return Answer(body=await aanbieders.get(call.conn, call.ids["aanbiederId"]))


async def change(call: Call) -> Answer:
    id = call.ids["aanbiederId"]
    etags.must_match(call, await aanbieders.get(call.conn, id, lock=True))
    return Answer(body=await aanbieders.change(call.conn, id, call.body))


OPERATIONS = (
    get(
        "/aanbieders",
        page,
        id="lijstAanbieders",
        tag=TAG,
        summary="Aanbieders",
        query=paging.Page,
        answer=list[Aanbieder],
        replica=True,
    ),
    create(
        "/aanbieders",
        add,
        id="voegAanbiederToe",
        tag=TAG,
        summary="Voeg een aanbieder toe",
        body=NieuweAanbieder,
        answer=Aanbieder,
    ),
    get("/aanbieders/{aanbiederId}", one, id="haalAanbieder", tag=TAG, summary="Eén aanbieder", answer=Aanbieder),
    patch(
        "/aanbieders/{aanbiederId}",
        change,
        id="wijzigAanbieder",
        tag=TAG,
        summary="Wijzig een aanbieder",
        body=WijzigingAanbieder,
        answer=Aanbieder,
    ),
)
