"""/v1/koppelingen: the systems of aanbieders, and the keys by which they prove themselves."""

from __future__ import annotations

from service.inloggen import koppelingen
from service.inloggen.koppelingen import (
    Koppeling,
    NieuweKoppeling,
    NieuweSleutel,
    Sleutel,
    WijzigingKoppeling,
    WijzigingSleutel,
)
from service.web import etags, paging
from service.web.operation import Answer, Call, create, created, get, patch

TAG = "koppelingen"


async def page(call: Call) -> Answer:
    return paging.page(call, await koppelingen.page(call.conn, after=paging.after(call), limit=call.query.aantal + 1))


async def add(call: Call) -> Answer:
    koppeling = await koppelingen.add(call.conn, call.body)
    return created(f"/koppelingen/{koppeling.id}", koppeling)


async def one(call: Call) -> Answer:
    return Answer(body=await koppelingen.get(call.conn, call.ids["koppelingId"]))


async def change(call: Call) -> Answer:
    id = call.ids["koppelingId"]
    etags.must_match(call, await koppelingen.get(call.conn, id, lock=True))
    return Answer(body=await koppelingen.change(call.conn, id, call.body))


async def sleutels(call: Call) -> Answer:
    id = call.ids["koppelingId"]
    await koppelingen.get(call.conn, id)
    rows = await koppelingen.sleutels(call.conn, id, after=paging.after(call), limit=call.query.aantal + 1)
    return paging.page(call, rows)


async def add_sleutel(call: Call) -> Answer:
    id = call.ids["koppelingId"]
    sleutel = await koppelingen.add_sleutel(call.conn, id, call.body, now=call.now)
    return created(f"/koppelingen/{id}/sleutels/{sleutel.id}", sleutel)


async def sleutel(call: Call) -> Answer:
    return Answer(body=await koppelingen.get_sleutel(call.conn, call.ids["koppelingId"], call.ids["sleutelId"]))


async def end_sleutel(call: Call) -> Answer:
    koppeling, id = call.ids["koppelingId"], call.ids["sleutelId"]
    etags.must_match(call, await koppelingen.get_sleutel(call.conn, koppeling, id, lock=True))
    ended = await koppelingen.end_sleutel(
        call.conn, koppeling, id, call.body.geldig_tot, now=call.now, by_itself=call.wie.koppeling is not None
    )
    return Answer(body=ended)


OPERATIONS = (
    get(
        "/koppelingen",
        page,
        id="lijstKoppelingen",
        tag=TAG,
        summary="Koppelingen",
        query=paging.Page,
        answer=list[Koppeling],
    ),
    create(
        "/koppelingen",
        add,
        id="voegKoppelingToe",
        tag=TAG,
        summary="Laat een systeem van een aanbieder toe",
        description="Het kan pas iets als het ook een sleutel heeft.",
        body=NieuweKoppeling,
        answer=Koppeling,
    ),
    get("/koppelingen/{koppelingId}", one, id="haalKoppeling", tag=TAG, summary="Eén koppeling", answer=Koppeling),
    patch(
        "/koppelingen/{koppelingId}",
        change,
        id="wijzigKoppeling",
        tag=TAG,
        summary="Wijzig een koppeling, of zet haar uit",
        body=WijzigingKoppeling,
        answer=Koppeling,
    ),
    get(
        "/koppelingen/{koppelingId}/sleutels",
        sleutels,
        id="lijstSleutels",
        tag=TAG,
        summary="Sleutels van een koppeling, de laatste eerst",
        query=paging.Page,
        answer=list[Sleutel],
    ),
    create(
        "/koppelingen/{koppelingId}/sleutels",
        add_sleutel,
        id="voegSleutelToe",
        tag=TAG,
        summary="Voeg een publieke sleutel toe",
        description="Hij geldt meteen. Er gelden er hooguit twee tegelijk, zodat een systeem van sleutel kan wisselen"
        " zonder stil te staan. Dat kan het systeem zelf.",
        body=NieuweSleutel,
        check=koppelingen.check_sleutel,
        answer=Sleutel,
    ),
    get(
        "/koppelingen/{koppelingId}/sleutels/{sleutelId}",
        sleutel,
        id="haalSleutel",
        tag=TAG,
        summary="Eén sleutel",
        answer=Sleutel,
    ),
    patch(
        "/koppelingen/{koppelingId}/sleutels/{sleutelId}",
        end_sleutel,
        id="wijzigSleutel",
        tag=TAG,
        summary="Beëindig een sleutel",
        description="Wat met de sleutel begonnen is, eindigt dan ook.",
        body=WijzigingSleutel,
        answer=Sleutel,
    ),
)
