"""/v1/aanvragen/{aanvraagId}/inzagen: who looked at this child. Asking it is a look too."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from service.aanvraag import aanvragen
from service.log import inzagen
from service.log.inzagen import Inzage
from service.web.operation import Answer, Call, get


class Query(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    aantal: Annotated[int, Meta(ge=1, le=200, description="Hoeveel er hooguit op een bladzijde staan.")] = 50
    voor: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=2**53,
                description="Alleen regels van voor dit nummer. Staat in de Link van de vorige bladzijde.",
            ),
        ]
        | None
    ) = None


async def page(call: Call) -> Answer:
    id, query = call.ids["aanvraagId"], call.query
    await aanvragen.get(call.conn, id)
    rows = await inzagen.inzagen(call.conn, id, voor=query.voor, limit=query.aantal + 1)
    shown = rows[: query.aantal]
    if len(rows) == len(shown):
        return Answer(body=shown)
    link = f'</v1{call.path}?aantal={query.aantal}&voor={shown[-1].nummer}>; rel="next"'
    return Answer(body=shown, headers={"Link": link})


OPERATIONS = (
    get(
        "/aanvragen/{aanvraagId}/inzagen",
        page,
        id="lijstInzagen",
        tag="aanvragen",
        summary="Wie gegevens van dit kind heeft gezien of veranderd, de laatste eerst",
        description="Uit het log. Namen van personen ziet alleen de schakelfunctionaris. Ook dit opvragen komt in het"
        " log.",
        query=Query,
        answer=list[Inzage],
    ),
)
