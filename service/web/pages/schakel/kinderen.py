"""`/plekken/{id}/kinderen`: from a free plek the other way, which children fit it."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Request
from litestar.params import PathParameter
from litestar.response import Response

from service import toegang
from service.days import age_on, today
from service.rang import kinderen as bij_plek
from service.web.pages import words
from service.web.pages.render import page_at
from service.web.pages.schakel import zinnen
from service.web.pages.schakel.aanvraag import confirmed, where
from service.web.pages.visit import visit


@page_at("/plekken/{plek_id:uuid}/kinderen", name="paginaKinderen")
async def kinderen(request: Request[Any, Any, Any], plek_id: Annotated[UUID, PathParameter()]) -> Response[str]:
    async with visit(request) as v:
        found = v.toon(await bij_plek.kinderen(v.conn, plek_id, wie=v.wie, now=v.now))
        day = today(v.now)
        return v.page(
            "schakel/kinderen.html",
            today=day,
            section="aanvragen",
            gevonden=found,
            leeftijd=lambda kind: age_on(kind.leeftijd_maanden, kind.leeftijd_peildatum, day),
            wacht=lambda kind: zinnen.waited(kind.aangemeld_op, v.now),
            urgenties=words.URGENTIE,
            confirmed=lambda moment: confirmed(moment, v.now),
            where=where,
            mag=toegang.kan(v.wie, "zetVoorstelKlaar"),
        )
