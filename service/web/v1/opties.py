"""/v1/opties: plekken that are held for an aanvraag."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from service.aanvraag.stappen import Reden
from service.plaatsing import opties, optiestappen
from service.plaatsing.opties import NieuweOptie, Optie
from service.web import paging
from service.web.operation import Answer, Call, Operation, create, created, get

TAG = "opties"


class Filters(paging.Page, kw_only=True):
    geldt: Annotated[bool | None, Meta(description="Alleen wat nu geldt, of juist niet meer.")] = None


class OptieStap(StrEnum):
    VERLENG = "verleng"
    LAAT_LOS = "laat_los"


class NieuweOptieStap(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    stap: OptieStap
    reden: Reden


async def page(call: Call) -> Answer:
    query = call.query
    rows = await opties.page(call.conn, call.now, geldt=query.geldt, after=paging.after(call), limit=query.aantal + 1)
    return paging.page(call, rows)


async def hold(call: Call) -> Answer:
    held = await opties.houd(call.conn, call.services.travel, call.body, wie=call.wie, now=call.now)
    return created(f"/opties/{held[0].id}", held)


async def one(call: Call) -> Answer:
    return Answer(body=await opties.get(call.conn, call.ids["optieId"]))


async def step(call: Call) -> Answer:
    does = optiestappen.verleng if call.body.stap is OptieStap.VERLENG else optiestappen.laat_los
    return Answer(body=await does(call.conn, call.ids["optieId"], call.body.reden, now=call.now))


OPERATIONS = (
    get(
        "/opties",
        page,
        id="lijstOpties",
        tag=TAG,
        summary="Vastgehouden plekken, wat het langst geldt eerst",
        query=Filters,
        answer=list[Optie],
    ),
    create(
        "/opties",
        hold,
        id="houdPlek",
        tag=TAG,
        summary="Houd een plek vast voor een aanvraag",
        description="Voor broers en zussen alle plekken tegelijk: alles of niets. De regels worden opnieuw gevraagd;"
        " wie ervan afwijkt, schrijft waarom. De optie vervalt vanzelf.",
        body=NieuweOptie,
        answer=list[Optie],
    ),
    get("/opties/{optieId}", one, id="haalOptie", tag=TAG, summary="Eén optie", answer=Optie),
    Operation(
        method="POST",
        path="/opties/{optieId}/stappen",
        handler=step,
        id="zetOptieStap",
        tag=TAG,
        summary="Verleng een optie één keer, of laat haar los",
        body=NieuweOptieStap,
        answer=Optie,
        refuses=(409,),
    ),
)
