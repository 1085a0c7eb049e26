"""`/`: the open aanvragen of the region."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request
from litestar.params import QueryParameter
from litestar.response import Response
from msgspec import Struct

from service.aanvraag import werklijst
from service.aanvraag.werklijst import Regel
from service.days import age_on, today
from service.urgentie import Urgentie
from service.web.pages import words
from service.web.pages.aanvraag import waited
from service.web.pages.render import page_at
from service.web.pages.visit import Visit, visit

PER_PAGE = 50


class Row(Struct, frozen=True):
    """An aanvraag with what depends on now: age in months, and how long it waits, in words."""

    regel: Regel
    leeftijd: int
    wacht: str


@page_at("/", name="paginaAanvragen")
async def aanvragen(
    request: Request[Any, Any, Any],
    urgentie: Annotated[Urgentie | None, QueryParameter()] = None,
    pagina: Annotated[int, QueryParameter(ge=1, le=100_000)] = 1,
) -> Response[str]:
    """One page of the list. A page that lies past the end shows the last one."""
    async with visit(request) as v:
        return await _list(v, urgentie, pagina)


async def _list(v: Visit, urgentie: Urgentie | None, page: int) -> Response[str]:
    day = today(v.now)
    counts = await werklijst.aantallen(v.conn)
    total = counts.get(urgentie, 0) if urgentie else sum(counts.values())
    pages = max(1, -(-total // PER_PAGE))
    page = min(page, pages)
    regels = v.toon(await werklijst.regels(v.conn, urgentie, PER_PAGE, (page - 1) * PER_PAGE))
    rows = [
        Row(
            regel,
            leeftijd=age_on(regel.leeftijd_maanden, regel.leeftijd_peildatum, day),
            wacht=waited(regel.aangemeld_op, v.now),
        )
        for regel in regels
    ]
    return v.page(
        "aanvragen.html",
        today=day,
        section="aanvragen",
        here="/",
        rows=rows,
        counts=counts,
        total=total,
        total_all=sum(counts.values()),
        chosen=urgentie,
        urgenties=words.URGENTIE,
        verblijven=words.HUIDIG_VERBLIJF,
        page=page,
        pages=pages,
        first=(page - 1) * PER_PAGE + 1,
        last=min(page * PER_PAGE, total),
        links={"vorige": address(urgentie, page - 1), "volgende": address(urgentie, page + 1)},
    )


def address(urgentie: Urgentie | None, page: int) -> str:
    """The path of a page of the list. It holds nothing of a child."""
    query = [f"urgentie={urgentie}"] if urgentie else []
    query += [f"pagina={page}"] if page > 1 else []
    return "/" + ("?" + "&".join(query) if query else "")
