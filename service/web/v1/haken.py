"""/v1/haken: which systems are told what happens, and /v1/leveringen: whether that worked."""

from __future__ import annotations

from uuid import UUID

from service.bericht import haken, leveringen
from service.bericht.berichten import Bezorging
from service.bericht.haken import Haak, HaakGeheim, NieuweHaak, WijzigingHaak
from service.bericht.leveringen import Levering
from service.web import etags, paging
from service.web.operation import Answer, Call, Operation, create, created, get, patch

TAG = "haken"


def _intern(call: Call) -> bool:
    return call.services.settings.haak_intern is True


async def page(call: Call) -> Answer:
    return paging.page(call, await haken.page(call.conn, after=paging.after(call), limit=call.query.aantal + 1))


async def add(call: Call) -> Answer:
    haak = await haken.add(call.conn, call.body, wie=call.wie, intern=_intern(call))
    return created(f"/haken/{haak.id}", haak)


async def one(call: Call) -> Answer:
    return Answer(body=await haken.get(call.conn, call.ids["haakId"]))


async def change(call: Call) -> Answer:
    id = call.ids["haakId"]
    etags.must_match(call, await haken.get(call.conn, id, lock=True))
    return Answer(body=await haken.change(call.conn, id, call.body, intern=_intern(call)))


async def secret(call: Call) -> Answer:
    return Answer(body=await haken.nieuw_geheim(call.conn, call.ids["haakId"], now=call.now))


class Filters(paging.Page, kw_only=True):
    status: Bezorging | None = None
    haak_id: UUID | None = None


async def deliveries(call: Call) -> Answer:
    query = call.query
    rows = await leveringen.page(
        call.conn, status=query.status, haak=query.haak_id, after=paging.after(call), limit=query.aantal + 1
    )
    return paging.page(call, rows)


async def delivery(call: Call) -> Answer:
    return Answer(body=await leveringen.get(call.conn, call.ids["leveringId"]))


async def again(call: Call) -> Answer:
    return Answer(body=await leveringen.opnieuw(call.conn, call.ids["leveringId"]))


OPERATIONS = (
    get("/haken", page, id="lijstHaken", tag=TAG, summary="Haken", query=paging.Page, answer=list[Haak]),
    create(
        "/haken",
        add,
        id="voegHaakToe",
        tag=TAG,
        summary="Laat het loket een systeem vertellen wat er gebeurt",
        description="Geef aanbiederId of organisatieId; een koppeling doet dit voor de eigen aanbieder. Vraag daarna"
        " het geheim: daarmee controleert het systeem of een gebeurtenis van het loket komt.",
        body=NieuweHaak,
        answer=Haak,
    ),
    get("/haken/{haakId}", one, id="haalHaak", tag=TAG, summary="Eén haak", answer=Haak),
    patch(
        "/haken/{haakId}",
        change,
        id="wijzigHaak",
        tag=TAG,
        summary="Wijzig een haak, of zet haar uit",
        description="Wat nog niet was geleverd en bij een haak hoort die uit staat, gaat naar de mislukte leveringen.",
        body=WijzigingHaak,
        answer=Haak,
    ),
    Operation(
        method="POST",
        path="/haken/{haakId}/geheimen",
        handler=secret,
        id="maakHaakgeheim",
        tag=TAG,
        summary="Maak een nieuw geheim, en bekijk het één keer",
        description="Het vorige geheim ondertekent nog een dag mee, zodat u rustig kunt wisselen.",
        answer=HaakGeheim,
    ),
    get(
        "/leveringen",
        deliveries,
        id="lijstLeveringen",
        tag=TAG,
        summary="Wat er naar haken ging of nog moet, het laatste eerst",
        description="Met status=mislukt: wat niet aankwam, ook niet na herhaald proberen.",
        query=Filters,
        answer=list[Levering],
    ),
    get("/leveringen/{leveringId}", delivery, id="haalLevering", tag=TAG, summary="Eén levering", answer=Levering),
    Operation(
        method="POST",
        path="/leveringen/{leveringId}/pogingen",
        handler=again,
        id="leverOpnieuw",
        tag=TAG,
        summary="Probeer een mislukte levering opnieuw",
        description="Met hetzelfde id: een systeem dat ids bewaart, ziet de gebeurtenis één keer.",
        answer=Levering,
        refuses=(409,),
    ),
)
