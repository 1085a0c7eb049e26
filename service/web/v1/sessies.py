"""/v1/sessies: where one is logged in oneself, and ending that elsewhere."""

from __future__ import annotations

from datetime import timedelta

from msgspec import structs

from service.inloggen import sessies
from service.inloggen.sessies import Beeindigd, EigenSessie, WijzigingEigenSessie
from service.web import etags
from service.web.operation import Answer, Call, Operation, get, patch

TAG = "sessies"


def idle(call: Call) -> timedelta:
    return timedelta(minutes=call.services.settings.session_idle_min)


async def page(call: Call) -> Answer:
    return Answer(body=await sessies.eigen(call.conn, call.sessie, now=call.now, idle=idle(call)))


async def _one(call: Call) -> EigenSessie:
    return await sessies.een_eigen(call.conn, call.ids["sessieId"], call.sessie, now=call.now, idle=idle(call))


async def one(call: Call) -> Answer:
    return Answer(body=await _one(call))


async def change(call: Call) -> Answer:
    sessie = await _one(call)
    etags.must_match(call, sessie)
    if call.body.actief:
        return Answer(body=sessie)
    await sessies.end_own(call.conn, sessie.id, now=call.now)
    call.services.forget()
    return Answer(body=structs.replace(sessie, actief=False))


async def end_others(call: Call) -> Answer:
    ended = await sessies.end_others(call.conn, call.sessie, now=call.now)
    call.services.forget()
    return Answer(body=ended)


OPERATIONS = (
    get(
        "/sessies",
        page,
        id="lijstSessies",
        tag=TAG,
        summary="Waar u bent ingelogd",
        description="Ook in een andere rol of regio, als u daar met hetzelfde account inlogt.",
        answer=list[EigenSessie],
    ),
    get("/sessies/{sessieId}", one, id="haalSessie", tag=TAG, summary="Eén sessie van uzelf", answer=EigenSessie),
    patch(
        "/sessies/{sessieId}",
        change,
        id="wijzigSessie",
        tag=TAG,
        summary="Beëindig een sessie van uzelf",
        body=WijzigingEigenSessie,
        answer=EigenSessie,
    ),
    Operation(
        method="POST",
        path="/sessies/einde",
        handler=end_others,
        id="eindigAndereSessies",
        tag=TAG,
        summary="Beëindig al uw andere sessies",
        description="De sessie waarmee u dit vraagt, blijft.",
        answer=Beeindigd,
    ),
)
