"""/v1/wachtlijst: who waits, where and how long; how many wait; and what may be expected."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from service.cijfers import wachtlijst
from service.cijfers.wachtlijst import Wachtende, Wachtplaats, Wachttelling, Wachttijd, WachtVanaf
from service.fields import Code
from service.urgentie import Urgentie
from service.web import paging
from service.web.operation import Answer, Call, get

TAG = "wachtlijst"

Vanaf = Annotated[WachtVanaf, Meta(description="Vanaf welke datum het wachten telt.")]


class Filters(paging.Part, kw_only=True):
    vanaf: Vanaf = WachtVanaf.AANMELDING
    zorgvorm: Annotated[Code, Meta(description="Wie op deze zorgvorm wacht, in die volgorde.")] | None = None
    urgentie: Urgentie | None = None
    waar: Wachtplaats | None = None


class Begin(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    vanaf: Vanaf = WachtVanaf.AANMELDING


async def page(call: Call) -> Answer:
    query = call.query
    found = await wachtlijst.wachtlijst(
        call.conn,
        call.wie.rol,
        vanaf=query.vanaf,
        zorgvorm=query.zorgvorm,
        urgentie=query.urgentie,
        waar=query.waar,
        now=call.now,
    )
    return paging.part(call, found)


async def counts(call: Call) -> Answer:
    return Answer(body=await wachtlijst.tellingen(call.conn, call.wie.rol))


async def expected(call: Call) -> Answer:
    return Answer(body=await wachtlijst.wachttijden(call.conn, call.wie.rol, call.query.vanaf, call.now))


OPERATIONS = (
    get(
        "/wachtlijst",
        page,
        id="toonWachtlijst",
        tag=TAG,
        summary="Wie wacht, waar, hoe lang al, op welke plaats in de lijst, en hoe lang nog",
        description="Eén lijst van de regio per zorgvorm: eerst op urgentie, dan wie het langst wacht vanaf `vanaf`."
        " Een verwijzer ziet de eigen aanvragen, met hun plaats tussen alle. Wat een kind nog kan verwachten, is"
        " gemeten aan wie eerder even lang wachtte; is dat te weinig, dan staat er dat het nog niet te zeggen is.",
        query=Filters,
        answer=list[Wachtende],
    ),
    get(
        "/wachtlijst/tellingen",
        counts,
        id="telWachtlijst",
        tag=TAG,
        summary="Hoeveel kinderen wachten, per zorgvorm, urgentie en waar zij wachten",
        description="Een aanvraag voor meer zorgvormen telt in elke mee. Wie geen kinderen mag zien, ziet alleen"
        " aantallen vanaf 5, en geen totalen.",
        answer=list[Wachttelling],
        replica=True,
    ),
    get(
        "/wachtlijst/wachttijden",
        expected,
        id="toonWachttijden",
        tag=TAG,
        summary="Hoe lang het wachten duurt, per zorgvorm die gevraagd is en urgentie",
        description="Mediaan met een interval van 95 %, ook gemeten aan wie nog wacht (Kaplan-Meier).",
        query=Begin,
        answer=list[Wachttijd],
        replica=True,
    ),
)
