"""/v1/plekken/{plekId}/bevestigingen and /v1/aanbieders/{aanbiederId}/bevestigingen: "klopt nog"."""

from __future__ import annotations

from service.aanbod import aanbieders, plekken
from service.aanbod.plekken import AllesKlopt, Bevestiging, NieuweBevestiging
from service.web import paging
from service.web.operation import Answer, Call, Operation, create, created, get

TAG = "plekken"


async def page(call: Call) -> Answer:
    plek_id = call.ids["plekId"]
    await plekken.get(call.conn, plek_id, call.now)
    rows = await plekken.bevestigingen(call.conn, plek_id, after=paging.after(call), limit=call.query.aantal + 1)
    return paging.page(call, rows)


async def add(call: Call) -> Answer:
    plek_id = call.ids["plekId"]
    bevestiging = await plekken.bevestig(
        call.conn, plek_id, call.body.beschikbaarheid, now=call.now, bron=plekken.bron(call.wie)
    )
    return created(f"/plekken/{plek_id}/bevestigingen/{bevestiging.id}", bevestiging)


async def one(call: Call) -> Answer:
    return Answer(body=await plekken.bevestiging(call.conn, call.ids["plekId"], call.ids["bevestigingId"]))


async def everything(call: Call) -> Answer:
    id = call.ids["aanbiederId"]
    await aanbieders.get(call.conn, id)
    done = await plekken.bevestig_alles(call.conn, id, call.body, now=call.now, bron=plekken.bron(call.wie))
    return Answer(body=done)


OPERATIONS = (
    Operation(
        method="POST",
        path="/aanbieders/{aanbiederId}/bevestigingen",
        handler=everything,
        id="bevestigAlles",
        tag=TAG,
        summary="Zeg dat alle lege plekken van een aanbieder nog kloppen",
        description="Alles of niets. Het antwoord heeft de bevestigingen: van plekken die leeg zijn, en waarover"
        " niemand iets zei sinds u ze zag.",
        body=AllesKlopt,
        answer=list[Bevestiging],
    ),
    get(
        "/plekken/{plekId}/bevestigingen",
        page,
        id="lijstBevestigingen",
        tag=TAG,
        summary="Bevestigingen van een plek, de laatste eerst",
        query=paging.Page,
        answer=list[Bevestiging],
    ),
    create(
        "/plekken/{plekId}/bevestigingen",
        add,
        id="bevestigPlek",
        tag=TAG,
        summary="Zeg dat een plek nog klopt",
        description="Met `beschikbaarheid` zegt u wat de plek nu is; zonder blijft dat zoals het was.",
        body=NieuweBevestiging,
        answer=Bevestiging,
    ),
    get(
        "/plekken/{plekId}/bevestigingen/{bevestigingId}",
        one,
        id="haalBevestiging",
        tag=TAG,
        summary="Eén bevestiging",
        answer=Bevestiging,
    ),
)
