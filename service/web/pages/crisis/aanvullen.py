"""`/aanvragen/{id}/aanvullen`: in the morning, what nobody knew of a child that was placed by telephone."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, post
from litestar.params import PathParameter
from litestar.response import Response

from service import toegang
from service.aanvraag import aanvragen
from service.aanvraag.aanvragen import Aanvraag
from service.days import age_on, today
from service.db import Rol
from service.taal import later
from service.web import etags
from service.web.pages import words
from service.web.pages.actie import Formulier, verwerk
from service.web.pages.crisis.bord import adres
from service.web.pages.render import page_at
from service.web.pages.verwijzer.nieuw import gemeenten
from service.web.pages.visit import Visit, visit

PAGINA = "paginaAanvullen"
PATH = "/aanvragen/{aanvraag_id:uuid}/aanvullen"
Id = Annotated[UUID, PathParameter()]

NAAM = {
    "gemeente_code": later("verantwoordelijke gemeente"),
    "juridisch_kader": later("juridisch kader"),
    "perspectief": later("perspectief"),
    "pc4": later("postcode van thuis"),
}
"""What may be missing, in the order of the form."""


@page_at(PATH, name=PAGINA)
async def aanvullen(request: Request[Any, Any, Any], aanvraag_id: Id) -> Response[str]:
    async with visit(request) as v:
        return await _page(v, aanvraag_id, Formulier())


@post(PATH, name="wijzigAanvraag@aanvullen", include_in_schema=False)
async def vul_aan(request: Request[Any, Any, Any], aanvraag_id: Id) -> Response[Any]:
    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await _page(v, aanvraag_id, form)

    back = {Rol.VERWIJZER: f"/mijn-aanvragen/{aanvraag_id}?gedaan=gewijzigd"}
    naar = back.get(request.state.wie.rol, adres(gedaan="aangevuld") + "#aanvullen")
    ids = {"aanvraagId": aanvraag_id}
    return await verwerk(request, "wijzigAanvraag", ids, naar=lambda _: naar, opnieuw=opnieuw, pagina=PAGINA)


async def _page(v: Visit, id: UUID, form: Formulier) -> Response[str]:
    vandaag = today(v.now)
    a: Aanvraag = v.toon(await aanvragen.get(v.conn, id))
    shown = [name for name in NAAM if v.wie.rol in toegang.ziet(Aanvraag, name)]
    return v.page(
        "crisis/aanvullen.html",
        today=vandaag,
        section="mijn" if v.wie.rol is Rol.VERWIJZER else "crisis",
        a=a,
        form=form,
        versie=etags.of(etags.encode(a)),
        leeftijd=age_on(a.leeftijd_maanden, a.leeftijd_peildatum, vandaag),
        open=[name for name in shown if name in a.aan_te_vullen],
        anderen=[NAAM[name] for name in a.aan_te_vullen if name not in shown],
        gemeenten=await gemeenten(v.conn),
        words=words,
    )
