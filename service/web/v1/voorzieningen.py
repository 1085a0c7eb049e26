"""/v1/voorzieningen"""

from __future__ import annotations

from uuid import UUID

from service.aanbod import voorzieningen
from service.aanbod.voorzieningen import NieuweVoorziening, Voorziening, WijzigingVoorziening
from service.fields import Code
from service.web import etags, paging
from service.web.operation import Answer, Call, create, created, get, patch

TAG = "voorzieningen"


class Filters(paging.Page, kw_only=True):
    aanbieder_id: UUID | None = None
    locatie_id: UUID | None = None
    zorgvorm: Code | None = None


async def page(call: Call) -> Answer:
    query = call.query
    rows = await voorzieningen.page(
        call.conn,
        aanbieder_id=query.aanbieder_id,
        locatie_id=query.locatie_id,
        zorgvorm=query.zorgvorm,
        after=paging.after(call),
        limit=query.aantal + 1,
    )
    return paging.page(call, rows)


async def add(call: Call) -> Answer:
    voorziening = await voorzieningen.add(call.conn, call.body)
    return created(f"/voorzieningen/{voorziening.id}", voorziening)


async def one(call: Call) -> Answer:
    return Answer(body=await voorzieningen.get(call.conn, call.ids["voorzieningId"]))


async def change(call: Call) -> Answer:
    id = call.ids["voorzieningId"]
    etags.must_match(call, await voorzieningen.get(call.conn, id, lock=True))
    return Answer(body=await voorzieningen.change(call.conn, id, call.body, now=call.now))


OPERATIONS = (
    get(
        "/voorzieningen",
        page,
        id="lijstVoorzieningen",
        tag=TAG,
        summary="Voorzieningen",
        query=Filters,
        answer=list[Voorziening],
        replica=True,
    ),
    create(
        "/voorzieningen",
        add,
        id="voegVoorzieningToe",
        tag=TAG,
        summary="Voeg een voorziening toe",
        body=NieuweVoorziening,
        check=voorzieningen.errors,
        answer=Voorziening,
    ),
    get(
        "/voorzieningen/{voorzieningId}",
        one,
        id="haalVoorziening",
        tag=TAG,
        summary="Eén voorziening",
        answer=Voorziening,
    ),
    patch(
        "/voorzieningen/{voorzieningId}",
        change,
        id="wijzigVoorziening",
        tag=TAG,
        summary="Wijzig een voorziening",
        body=WijzigingVoorziening,
        answer=Voorziening,
    ),
)
