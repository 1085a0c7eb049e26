"""/v1/beeindigingen: an aanbieder stops, or one voorziening; who lives there, and who can take over."""

from __future__ import annotations

from service.plaatsing import beeindigingen
from service.plaatsing.beeindigingen import (
    Beeindiging,
    BeeindigingStap,
    NieuwBesluit,
    NieuweBeeindiging,
    Overdracht,
    Overname,
)
from service.web import paging
from service.web.operation import Answer, Call, Operation, create, created, get

TAG = "beeindigingen"


async def page(call: Call) -> Answer:
    rows = await beeindigingen.page(call.conn, after=paging.after(call), limit=call.query.aantal + 1)
    return paging.page(call, rows)


async def add(call: Call) -> Answer:
    made = await beeindigingen.add(call.conn, call.body, now=call.now)
    return created(f"/beeindigingen/{made.id}", made)


async def one(call: Call) -> Answer:
    return Answer(body=await beeindigingen.get(call.conn, call.ids["beeindigingId"]))


async def step(call: Call) -> Answer:
    id = call.ids["beeindigingId"]
    return Answer(body=await beeindigingen.step(call.conn, id, call.body, wie=call.wie, now=call.now))


async def overname(call: Call) -> Answer:
    return paging.part(call, await beeindigingen.overname(call.conn, call.ids["beeindigingId"], now=call.now))


async def overdrachten(call: Call) -> Answer:
    return paging.part(call, await beeindigingen.overdrachten(call.conn, call.ids["beeindigingId"]))


async def besluit(call: Call) -> Answer:
    found = await beeindigingen.besluit(
        call.conn, call.ids["beeindigingId"], call.ids["plaatsingId"], call.body, wie=call.wie, now=call.now
    )
    return Answer(body=found)


OPERATIONS = (
    get(
        "/beeindigingen",
        page,
        id="lijstBeeindigingen",
        tag=TAG,
        summary="Aanbieders en voorzieningen die stoppen of stopten, de laatste eerst",
        query=paging.Page,
        answer=list[Beeindiging],
    ),
    create(
        "/beeindigingen",
        add,
        id="beeindigAanbod",
        tag=TAG,
        summary="Leg vast dat een aanbieder of een voorziening stopt",
        description="In één keer: vrije plekken verdwijnen vanaf die dag, opties en voorstellen tot daarna vervallen,"
        " en wie er dan nog woont staat in de overdrachten. Per kind volgt daarna een besluit. Een aanbieder kan dit"
        " van zichzelf vastleggen.",
        body=NieuweBeeindiging,
        answer=Beeindiging,
    ),
    get(
        "/beeindigingen/{beeindigingId}",
        one,
        id="haalBeeindiging",
        tag=TAG,
        summary="Eén beëindiging",
        answer=Beeindiging,
    ),
    Operation(
        method="POST",
        path="/beeindigingen/{beeindigingId}/stappen",
        handler=step,
        id="zetBeeindigingStap",
        tag=TAG,
        summary="Neem een beëindiging terug: het stopt toch niet",
        description="Tot en met de dag zelf, door het loket of de aanbieder die het zelf vastlegde. Plekken komen"
        " terug; opties en voorstellen die vervielen niet. Een aanvraag voor overdracht wordt ingetrokken, als er nog"
        " niets voor is gedaan.",
        body=BeeindigingStap,
        answer=Beeindiging,
        refuses=(409,),
    ),
    get(
        "/beeindigingen/{beeindigingId}/overname",
        overname,
        id="lijstOvername",
        tag=TAG,
        summary="Wie kan overnemen: vrije plekken bij andere aanbieders, per zorgvorm",
        description="Uit het aanbod van vandaag. Alleen aantallen, en niets over een kind.",
        query=paging.Part,
        answer=list[Overname],
        replica=True,
    ),
    get(
        "/beeindigingen/{beeindigingId}/overdrachten",
        overdrachten,
        id="lijstOverdrachten",
        tag=TAG,
        summary="Wie er dan nog woont, en wat daarover is besloten; wat open is eerst",
        query=paging.Part,
        answer=list[Overdracht],
    ),
    Operation(
        method="POST",
        path="/beeindigingen/{beeindigingId}/overdrachten/{plaatsingId}/besluiten",
        handler=besluit,
        id="besluitOverdracht",
        tag=TAG,
        summary="Besluit voor één kind: uitloop tot een dag, of een andere plek met voorrang",
        body=NieuwBesluit,
        answer=Overdracht,
        refuses=(409,),
    ),
)
