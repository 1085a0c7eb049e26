"""/v1/opschalingsvragen: what a provider needs to be able to say yes. It sees the question, and not the aanvraag."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from service.opschaling import opschalen, opschalingsvragen
from service.opschaling.opschalingsvragen import NieuweOpschalingsvraag, OpschalingAntwoord, Opschalingsvraag
from service.web import paging
from service.web.operation import Answer, Call, Operation, create, created, get

TAG = "opschalingen"


class Filters(paging.Page, kw_only=True):
    loopt: Annotated[bool, Meta(description="Een antwoord kan nog.")] | None = None
    beantwoord: bool | None = None


def _about(call: Call, *vragen: Opschalingsvraag) -> None:
    """In the log, also where the answer does not say whom it is about."""
    call.betrokkenen.extend(vraag.aanvraag_id for vraag in vragen if vraag.aanvraag_id is not None)


async def page(call: Call) -> Answer:
    query = call.query
    rows = await opschalingsvragen.page(
        call.conn,
        loopt=query.loopt,
        beantwoord=query.beantwoord,
        after=paging.after(call),
        limit=query.aantal + 1,
    )
    _about(call, *rows[: query.aantal])
    return paging.page(call, rows)


async def one(call: Call) -> Answer:
    vraag = await opschalingsvragen.get(call.conn, call.ids["vraagId"])
    _about(call, vraag)
    return Answer(body=vraag)


async def ask(call: Call) -> Answer:
    vraag = await opschalen.ask(call.conn, call.ids["opschalingId"], call.body.voorziening_id, now=call.now)
    return created(f"/opschalingsvragen/{vraag.id}", vraag)


async def answer(call: Call) -> Answer:
    vraag = await opschalingsvragen.antwoord(call.conn, call.ids["vraagId"], call.body, call.wie, now=call.now)
    _about(call, vraag)
    return Answer(body=vraag)


OPERATIONS = (
    get(
        "/opschalingsvragen",
        page,
        id="lijstOpschalingsvragen",
        tag=TAG,
        summary="Vragen aan aanbieders: wat heeft u nodig om wel te kunnen? De laatste eerst",
        query=Filters,
        answer=list[Opschalingsvraag],
    ),
    create(
        "/opschalingen/{opschalingId}/vragen",
        ask,
        id="stelOpschalingsvraag",
        tag=TAG,
        summary="Vraag nog een aanbieder wat hij nodig heeft",
        body=NieuweOpschalingsvraag,
        answer=Opschalingsvraag,
    ),
    get(
        "/opschalingsvragen/{vraagId}",
        one,
        id="haalOpschalingsvraag",
        tag=TAG,
        summary="Eén vraag aan een aanbieder",
        answer=Opschalingsvraag,
    ),
    Operation(
        method="POST",
        path="/opschalingsvragen/{vraagId}/antwoorden",
        handler=answer,
        id="beantwoordOpschalingsvraag",
        tag=TAG,
        summary="Zeg wat u nodig heeft om wel te kunnen",
        description="Het laatste antwoord telt, tot de opschaling sluit. Het loket kan opschrijven wat het hoorde.",
        body=OpschalingAntwoord,
        answer=Opschalingsvraag,
        refuses=(409,),
    ),
)
