"""/v1/aanvragen. No filter here tells anything of a child: what stands in a URL stands in logs."""

from __future__ import annotations

from uuid import UUID

from service.aanvraag import aanvragen
from service.aanvraag.aanvragen import Aanvraag, AanvraagKort, NieuweAanvraag, WijzigingAanvraag
from service.aanvraag.gebeurtenissen import AanvraagStatus
from service.plaatsing import gevolgen
from service.urgentie import Urgentie
from service.web import etags, paging
from service.web.operation import Answer, Call, create, created, get, patch

TAG = "aanvragen"


class Filters(paging.Page, kw_only=True):
    status: AanvraagStatus | None = None
    urgentie: Urgentie | None = None
    samenplaatsing_id: UUID | None = None


async def page(call: Call) -> Answer:
    query = call.query
    rows = await aanvragen.page(
        call.conn,
        status=None if query.status is None else (query.status,),
        urgentie=query.urgentie,
        samenplaatsing_id=query.samenplaatsing_id,
        after=paging.after(call),
        limit=query.aantal + 1,
    )
    return paging.page(call, rows)


async def add(call: Call) -> Answer:
    aanvraag = await aanvragen.add(call.conn, call.body, now=call.now)
    return created(f"/aanvragen/{aanvraag.id}", aanvraag)


async def one(call: Call) -> Answer:
    return Answer(body=await aanvragen.get(call.conn, call.ids["aanvraagId"]))


async def change(call: Call) -> Answer:
    id = call.ids["aanvraagId"]
    await gevolgen.wacht(call.conn, id, call.body, now=call.now)
    etags.must_match(call, await aanvragen.get(call.conn, id, lock=True))
    return Answer(body=await gevolgen.wijzig(call.conn, id, call.body, now=call.now))


OPERATIONS = (
    get(
        "/aanvragen",
        page,
        id="lijstAanvragen",
        tag=TAG,
        summary="Aanvragen, de dringendste eerst en dan wie het langst wacht",
        description="Kort: wat een kind nodig heeft, zijn verhaal en de papieren staan bij de aanvraag zelf.",
        query=Filters,
        alone=True,
        answer=list[AanvraagKort],
    ),
    create(
        "/aanvragen",
        add,
        id="voegAanvraagToe",
        tag=TAG,
        summary="Dien een aanvraag in",
        description="Nooit een naam, BSN, adres of geboortedatum: gebruik uw eigen kenmerk en de leeftijd in maanden.",
        body=NieuweAanvraag,
        check=aanvragen.errors,
        answer=Aanvraag,
    ),
    get("/aanvragen/{aanvraagId}", one, id="haalAanvraag", tag=TAG, summary="Eén aanvraag", answer=Aanvraag),
    patch(
        "/aanvragen/{aanvraagId}",
        change,
        id="wijzigAanvraag",
        tag=TAG,
        summary="Wijzig een aanvraag",
        description="Een lijst die u noemt, zoals `grondslagen`, komt in de plaats van de hele lijst."
        " Sluit u een plek uit die al is vastgehouden, voorgesteld of afgesproken, dan eindigt dat meteen.",
        body=WijzigingAanvraag,
        answer=Aanvraag,
    ),
)
