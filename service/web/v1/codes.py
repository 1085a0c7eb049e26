"""/v1/zorgvormen and /v1/kenmerkcodes: the code lists of the region, to read. They are short: no pages."""

from __future__ import annotations

from msgspec import Struct

from service.regio import codes
from service.regio.codes import Kenmerkcode, Lijst, Zorgvorm
from service.web.operation import Answer, Call, get

TAG = "codes"


class Filters(Struct, forbid_unknown_fields=True):
    lijst: Lijst | None = None


async def zorgvormen(call: Call) -> Answer:
    return Answer(body=await codes.zorgvormen(call.conn))


async def kenmerkcodes(call: Call) -> Answer:
    return Answer(body=await codes.kenmerkcodes(call.conn, call.query.lijst))


OPERATIONS = (
    get(
        "/zorgvormen",
        zorgvormen,
        id="lijstZorgvormen",
        tag=TAG,
        summary="Zorgvormen",
        answer=list[Zorgvorm],
        replica=True,
    ),
    get(
        "/kenmerkcodes",
        kenmerkcodes,
        id="lijstKenmerkcodes",
        tag=TAG,
        summary="Codes van ondersteuning, kenmerken, medische zorg en onderwijs",
        query=Filters,
        answer=list[Kenmerkcode],
        replica=True,
    ),
)
