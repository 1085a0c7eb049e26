"""/v1/aanvragen/{aanvraagId}/rangschikking: the places for one aanvraag, with a reason for every yes and every no."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from service.rang.matches import Page, rank_json
from service.rang.rangschikking import Rangschikking
from service.web.operation import Answer, Call, get

Offset = Annotated[int, Meta(ge=0, le=100_000)]


class Query(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    aantal: Annotated[int, Meta(ge=0, le=200, description="Hoeveel plekken die passen.")] = 25
    vanaf: Annotated[Offset, Meta(description="Hoeveel plekken die passen u overslaat.")] = 0
    aantal_afgevallen: Annotated[int, Meta(ge=0, le=200, description="Hoeveel plekken die afvallen.")] = 20
    vanaf_afgevallen: Annotated[Offset, Meta(description="Hoeveel plekken die afvallen u overslaat.")] = 0


def stands_in_the_path(_: Answer) -> tuple[UUID, ...]:
    """It shows the aanvraag that was asked for, and no other."""
    return ()


async def show(call: Call) -> Answer:
    query: Query = call.query
    body = await rank_json(
        call.conn,
        call.services.snapshots,
        call.services.travel,
        wie=call.wie,
        aanvraag_id=call.ids["aanvraagId"],
        now=call.now,
        page=Page(query.aantal, query.vanaf),
        fallen_page=Page(query.aantal_afgevallen, query.vanaf_afgevallen),
    )
    return Answer(body=body)


OPERATIONS = (
    get(
        "/aanvragen/{aanvraagId}/rangschikking",
        show,
        id="toonRangschikking",
        tag="aanvragen",
        summary="De plekken voor een aanvraag, op volgorde en met redenen",
        description="Plekken die passen, plekken die afvallen met alle redenen, en de kleinste wijzigingen die helpen. "
        "De score is alleen om te sorteren. `actueel` is false als niet zeker is dat de gegevens van nu zijn.",
        query=Query,
        answer=Rangschikking,
        betrokkenen=stands_in_the_path,
        alone=True,
        refuses=(409, 503),
    ),
)
