"""/v1/organisaties: whose people are verwijzers."""

from __future__ import annotations

from service.inloggen import organisaties
from service.inloggen.organisaties import NieuweOrganisatie, Organisatie
from service.web import paging
from service.web.operation import Answer, Call, create, created, get

TAG = "organisaties"


async def page(call: Call) -> Answer:
    return paging.page(call, await organisaties.page(call.conn, after=paging.after(call), limit=call.query.aantal + 1))


async def add(call: Call) -> Answer:
    organisatie = await organisaties.add(call.conn, call.body)
    return created(f"/organisaties/{organisatie.id}", organisatie)


async def one(call: Call) -> Answer:
    return Answer(body=await organisaties.get(call.conn, call.ids["organisatieId"]))


OPERATIONS = (
    get(
        "/organisaties",
        page,
        id="lijstOrganisaties",
        tag=TAG,
        summary="Organisaties",
        query=paging.Page,
        answer=list[Organisatie],
    ),
    create(
        "/organisaties",
        add,
        id="voegOrganisatieToe",
        tag=TAG,
        summary="Voeg een organisatie toe",
        description="Een aanbieder voegt u toe bij de aanbieders.",
        body=NieuweOrganisatie,
        answer=Organisatie,
    ),
    get(
        "/organisaties/{organisatieId}",
        one,
        id="haalOrganisatie",
        tag=TAG,
        summary="Eén organisatie",
        answer=Organisatie,
    ),
)
