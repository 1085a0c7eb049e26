"""`/berichten/{id}`: where the link of a mail leads. What it is about shows only here, after the login."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Request
from litestar.params import PathParameter
from litestar.response import Response

from service import toegang
from service.bericht import berichten
from service.days import today
from service.web.pages.render import page_at
from service.web.pages.visit import visit


@page_at("/berichten/{bericht_id:uuid}", name="paginaBericht")
async def bericht(request: Request[Any, Any, Any], bericht_id: Annotated[UUID, PathParameter()]) -> Response[str]:
    async with visit(request) as v:
        found = v.toon(await berichten.get(v.conn, bericht_id))
        return v.page(
            "bericht.html",
            today=today(v.now),
            section="start",
            bericht=found,
            naar=found.aanvraag_id is not None and toegang.kan(v.wie, "paginaAanvraag"),
            voorstel=found.voorstel_id is not None and toegang.kan(v.wie, "paginaVoorstel"),
        )
