"""/v1/opschalingsverzoeken: a verwijzer asks that more people look at an aanvraag."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from service.aanvraag import aanvragen
from service.opschaling import opschalingsverzoeken
from service.opschaling.opschalingsverzoeken import NieuwOpschalingsverzoek, Opschalingsverzoek, Weigering
from service.web import paging
from service.web.operation import Answer, Call, Operation, create, created, get

TAG = "opschalingen"


class Filters(paging.Page, kw_only=True):
    loopt: Annotated[bool, Meta(description="Nog niet beantwoord.")] | None = None


async def page(call: Call) -> Answer:
    query = call.query
    rows = await opschalingsverzoeken.page(
        call.conn, loopt=query.loopt, after=paging.after(call), limit=query.aantal + 1
    )
    return paging.page(call, rows)


async def of_aanvraag(call: Call) -> Answer:
    id = call.ids["aanvraagId"]
    await aanvragen.get(call.conn, id)
    limit = call.query.aantal + 1
    rows = await opschalingsverzoeken.page(call.conn, aanvraag_id=id, after=paging.after(call), limit=limit)
    return paging.page(call, rows)


async def ask(call: Call) -> Answer:
    verzoek = await opschalingsverzoeken.vraag(call.conn, call.ids["aanvraagId"], call.body, now=call.now)
    return created(f"/opschalingsverzoeken/{verzoek.id}", verzoek)


async def one(call: Call) -> Answer:
    return Answer(body=await opschalingsverzoeken.get(call.conn, call.ids["verzoekId"]))


async def refuse(call: Call) -> Answer:
    id = call.ids["verzoekId"]
    return Answer(body=await opschalingsverzoeken.weiger(call.conn, id, call.body, call.wie, now=call.now))


OPERATIONS = (
    get(
        "/opschalingsverzoeken",
        page,
        id="lijstOpschalingsverzoeken",
        tag=TAG,
        summary="Verzoeken van verwijzers om op te schalen, wie het eerst vroeg eerst",
        query=Filters,
        answer=list[Opschalingsverzoek],
    ),
    get(
        "/aanvragen/{aanvraagId}/opschalingsverzoeken",
        of_aanvraag,
        id="lijstOpschalingsverzoekenVanAanvraag",
        tag=TAG,
        summary="Verzoeken om deze aanvraag op te schalen, en wat het loket antwoordde",
        query=paging.Page,
        answer=list[Opschalingsverzoek],
    ),
    create(
        "/aanvragen/{aanvraagId}/opschalingsverzoeken",
        ask,
        id="vraagOpschaling",
        tag=TAG,
        summary="Vraag het loket om op te schalen",
        description="Er staat er één tegelijk open: tot het loket een opschaling opent, of nee zegt met een reden.",
        body=NieuwOpschalingsverzoek,
        answer=Opschalingsverzoek,
    ),
    get(
        "/opschalingsverzoeken/{verzoekId}",
        one,
        id="haalOpschalingsverzoek",
        tag=TAG,
        summary="Eén verzoek om op te schalen",
        answer=Opschalingsverzoek,
    ),
    Operation(
        method="POST",
        path="/opschalingsverzoeken/{verzoekId}/weigeringen",
        handler=refuse,
        id="weigerOpschaling",
        tag=TAG,
        summary="Zeg nee op een verzoek om op te schalen, met de reden",
        description="Ja zeggen is een opschaling openen.",
        body=Weigering,
        answer=Opschalingsverzoek,
        refuses=(409,),
    ),
)
