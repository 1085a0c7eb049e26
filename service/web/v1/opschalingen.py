"""/v1/opschalingen: more people look at an aanvraag; /v1/opschaaladviezen: for which they should."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from service.aanvraag import aanvragen
from service.opschaling import opschaaladvies, opschaaldossier, opschalen, opschalingen
from service.opschaling.opschaaladvies import Opschaaladvies
from service.opschaling.opschaaldossier import OpschalingDossier
from service.opschaling.opschalingen import NieuweOpschaling, Opschaling, OpschalingStap
from service.web import paging
from service.web.operation import Answer, Call, Operation, create, created, get

TAG = "opschalingen"


class Filters(paging.Page, kw_only=True):
    loopt: Annotated[bool, Meta(description="Nog niet gesloten.")] | None = None
    verstreken: Annotated[bool, Meta(description="De termijn is voorbij.")] | None = None
    te_sluiten: Annotated[bool, Meta(description="De aanvraag zoekt geen plek meer.")] | None = None


async def page(call: Call) -> Answer:
    query = call.query
    rows = await opschalingen.page(
        call.conn,
        now=call.now,
        loopt=query.loopt,
        verstreken=query.verstreken,
        te_sluiten=query.te_sluiten,
        after=paging.after(call),
        limit=query.aantal + 1,
    )
    return paging.page(call, rows)


async def of_aanvraag(call: Call) -> Answer:
    id = call.ids["aanvraagId"]
    await aanvragen.get(call.conn, id)
    limit = call.query.aantal + 1
    rows = await opschalingen.page(call.conn, now=call.now, aanvraag_id=id, after=paging.after(call), limit=limit)
    return paging.page(call, rows)


async def open_(call: Call) -> Answer:
    services, id = call.services, call.ids["aanvraagId"]
    opschaling = await opschalen.open(
        call.conn, services.snapshots, services.travel, id, call.body, wie=call.wie, now=call.now
    )
    return created(f"/opschalingen/{opschaling.id}", opschaling)


async def one(call: Call) -> Answer:
    return Answer(body=await opschalingen.get(call.conn, call.ids["opschalingId"], now=call.now))


async def dossier(call: Call) -> Answer:
    return Answer(body=await opschaaldossier.read(call.conn, call.ids["opschalingId"], now=call.now))


async def step(call: Call) -> Answer:
    return Answer(body=await opschalingen.step(call.conn, call.ids["opschalingId"], call.body, now=call.now))


async def advies(call: Call) -> Answer:
    services = call.services
    found = await opschaaladvies.adviezen(call.conn, services.snapshots, services.travel, wie=call.wie, now=call.now)
    return paging.part(call, found)


OPERATIONS = (
    get(
        "/opschalingen",
        page,
        id="lijstOpschalingen",
        tag=TAG,
        summary="Opschalingen, wie het eerst geopend is eerst",
        query=Filters,
        answer=list[Opschaling],
    ),
    get(
        "/aanvragen/{aanvraagId}/opschalingen",
        of_aanvraag,
        id="lijstOpschalingenVanAanvraag",
        tag=TAG,
        summary="Opschalingen van één aanvraag",
        query=paging.Page,
        answer=list[Opschaling],
    ),
    create(
        "/aanvragen/{aanvraagId}/opschalingen",
        open_,
        id="openOpschaling",
        tag=TAG,
        summary="Schaal op: maak het dossier en vraag aanbieders wat zij nodig hebben",
        description="In één keer: wat er is geprobeerd, waarom elke plek afvalt, de kleinste wijzigingen, en aan wie"
        " bijna past de vraag wat hij nodig heeft om wel te kunnen.",
        body=NieuweOpschaling,
        answer=Opschaling,
        refuses=(503,),
    ),
    get("/opschalingen/{opschalingId}", one, id="haalOpschaling", tag=TAG, summary="Eén opschaling", answer=Opschaling),
    get(
        "/opschalingen/{opschalingId}/dossier",
        dossier,
        id="haalOpschalingDossier",
        tag=TAG,
        summary="Alles wat op tafel ligt, met de antwoorden van aanbieders tot nu toe",
        answer=OpschalingDossier,
    ),
    Operation(
        method="POST",
        path="/opschalingen/{opschalingId}/stappen",
        handler=step,
        id="zetOpschalingStap",
        tag=TAG,
        summary="Draag een opschaling over, verleng haar of sluit haar met een uitkomst",
        body=OpschalingStap,
        answer=Opschaling,
        refuses=(409,),
    ),
    get(
        "/opschaaladviezen",
        advies,
        id="lijstOpschaaladviezen",
        tag=TAG,
        summary="Aanvragen waarvoor opschalen nu helpt: geen plek past, of de norm verstrijkt",
        description="Advies: een mens beslist. De dringendste eerst.",
        query=paging.Part,
        answer=list[Opschaaladvies],
        refuses=(503,),
    ),
)
