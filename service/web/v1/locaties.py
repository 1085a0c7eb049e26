"""/v1/locaties"""

from __future__ import annotations

from uuid import UUID

from service.aanbod import locaties
from service.aanbod.locaties import Locatie, NieuweLocatie, WijzigingLocatie
from service.web import etags, paging
from service.web.operation import Answer, Call, create, created, get, patch

TAG = "locaties"


class Filters(paging.Page, kw_only=True):
    aanbieder_id: UUID | None = None


async def page(call: Call) -> Answer:
    query = call.query
    rows = await locaties.page(
        call.conn, aanbieder_id=query.aanbieder_id, after=paging.after(call), limit=query.aantal + 1
    )
    return paging.page(call, rows)


async def add(call: Call) -> Answer:
    locatie = await locaties.add(call.conn, call.body)
    return created(f"/locaties/{locatie.id}", locatie)


async def one(call: Call) -> Answer:
    return Answer(body=await locaties.get(call.conn, call.ids["locatieId"]))


async def change(call: Call) -> Answer:
    id = call.ids["locatieId"]
    etags.must_match(call, await locaties.get(call.conn, id, lock=True))
    return Answer(body=await locaties.change(call.conn, id, call.body))


OPERATIONS = (
    get(
        "/locaties",
        page,
        id="lijstLocaties",
        tag=TAG,
        summary="Locaties",
        query=Filters,
        answer=list[Locatie],
        replica=True,
    ),
    create(
        "/locaties",
        add,
        id="voegLocatieToe",
        tag=TAG,
        summary="Voeg een locatie toe",
        body=NieuweLocatie,
        check=locaties.errors,
        answer=Locatie,
    ),
    get("/locaties/{locatieId}", one, id="haalLocatie", tag=TAG, summary="Eén locatie", answer=Locatie),
    patch(
        "/locaties/{locatieId}",
        change,
        id="wijzigLocatie",
        tag=TAG,
        summary="Wijzig een locatie",
        description="Een locatie die vertrouwelijk of geheim wordt, verliest hier plaats en gemeente.",
        body=WijzigingLocatie,
        answer=Locatie,
    ),
)
