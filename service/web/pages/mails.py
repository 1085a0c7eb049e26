"""`/mails`: which mails somebody wants, per urgentie. Each mail has a link to it."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, post
from litestar.params import QueryParameter
from litestar.response import Response

from service.bericht import meldkeuzes
from service.bericht.meldkeuzes import Wijze
from service.days import today
from service.taal import Teksten, gettext, later
from service.web import etags
from service.web.pages import words
from service.web.pages.actie import Formulier, ingevuld, verwerk
from service.web.pages.render import page_at
from service.web.pages.visit import Visit, visit

PAGE = "paginaMails"

WIJZE = Teksten(
    {
        Wijze.DIRECT: later("Meteen een mail"),
        Wijze.DAGELIJKS: later("Eén mail per dag"),
        Wijze.UIT: later("Geen mail"),
    }
)


@page_at("/mails", name=PAGE)
async def mails(
    request: Request[Any, Any, Any], gedaan: Annotated[str, QueryParameter(max_length=20)] = ""
) -> Response[str]:
    async with visit(request, kinderen=False) as v:
        return await _page(v, gedaan=gedaan)


@post("/mails", name="wijzigMeldkeuzes", include_in_schema=False)
async def kies_mails(request: Request[Any, Any, Any]) -> Response[Any]:
    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await _page(v, form)

    naar = "/mails?gedaan=gekozen"
    return await verwerk(request, "wijzigMeldkeuzes", {}, naar=lambda _: naar, opnieuw=opnieuw, pagina=PAGE)


async def _page(v: Visit, form: Formulier | None = None, *, gedaan: str = "") -> Response[str]:
    chosen = await meldkeuzes.eigen(v.conn)
    return v.page(
        "mails.html",
        today=today(v.now),
        section="start",
        here="/mails",
        form=form or ingevuld(chosen),
        versie=etags.of(etags.encode(chosen)),
        urgenties=list(words.URGENTIE.items()),
        wijzen=list(WIJZE.items()),
        gedaan=gettext("Uw keuze is bewaard. Zij geldt vanaf de volgende mail.") if gedaan == "gekozen" else "",
    )
