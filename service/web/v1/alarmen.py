"""/v1/alarmen: what lapses or is missing, of the aanvragen that who asks may see."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from service import termijnen
from service.termijnen import Alarm
from service.web.operation import Answer, Call, get


class Query(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    aantal: Annotated[int, Meta(ge=1, le=200, description="Hoeveel er hooguit op een bladzijde staan.")] = 50
    overslaan: Annotated[
        int, Meta(ge=0, le=1_000_000, description="Zoveel overslaan. Staat in de Link van de vorige bladzijde.")
    ] = 0


async def page(call: Call) -> Answer:
    """An alarm is no row, so a page is a part of the list as it is now."""
    query, alarmen = call.query, await termijnen.alarmen(call.conn, call.now)
    until = query.overslaan + query.aantal
    shown = alarmen[query.overslaan : until]
    if until >= len(alarmen):
        return Answer(body=shown)
    link = f'</v1{call.path}?aantal={query.aantal}&overslaan={until}>; rel="next"'
    return Answer(body=shown, headers={"Link": link})


OPERATIONS = (
    get(
        "/alarmen",
        page,
        id="lijstAlarmen",
        tag="aanvragen",
        summary="Grondslagen, machtigingen en toestemmingen die ontbreken of aflopen, en aanvragen die vergeten lijken",
        description="Wat al misging eerst, en dan op dag. De termijnen zijn instellingen van de regio.",
        query=Query,
        answer=list[Alarm],
    ),
)
