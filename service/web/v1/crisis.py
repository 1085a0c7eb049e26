"""/v1/crisisplekken and /v1/crisisplaatsingen: what the crisisdienst needs at night, by telephone."""

from __future__ import annotations

from service.plaatsing import crisis, plaatsingstappen
from service.plaatsing.crisis import Crisisplek, NieuweCrisisplaatsing
from service.plaatsing.plaatsingstappen import Plaatsing
from service.web import paging
from service.web.operation import Answer, Call, create, created, get

TAG = "crisis"


async def free(call: Call) -> Answer:
    return paging.part(call, await crisis.vrije_plekken(call.conn, call.now))


async def place(call: Call) -> Answer:
    made = await crisis.plaats(call.conn, call.services.travel, call.body, wie=call.wie, now=call.now)
    plaatsing = await plaatsingstappen.get(call.conn, call.wie, made.id, call.now)
    return created(f"/plaatsingen/{made.id}", plaatsing)


OPERATIONS = (
    get(
        "/crisisplekken",
        free,
        id="lijstCrisisplekken",
        tag=TAG,
        summary="Crisisplekken die nu vrij zijn, met wie u belt; de zekerste eerst, en daarvan de langst vrije",
        description="`zeker` is false als de plek niet kort geleden is bevestigd: vraag het dan na.",
        query=paging.Part,
        answer=list[Crisisplek],
    ),
    create(
        "/crisisplaatsingen",
        place,
        id="legCrisisplaatsingVast",
        tag=TAG,
        summary="Leg vast dat een kind in crisis per telefoon geplaatst is",
        description="De plek is vanaf dan bezet, met het ja van de aanbieder en het gesprek erbij. Er is meteen een"
        " vervolgaanvraag. Wat de wet nog vraagt, volgt met de stap `definitief`.",
        body=NieuweCrisisplaatsing,
        answer=Plaatsing,
    ),
)
