"""`/crisis/plekken/{id}/geplaatst`: what was agreed by telephone, written down; the rest may follow tomorrow."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, post
from litestar.params import PathParameter, QueryParameter
from litestar.response import Response

from service.days import AMSTERDAM, age_on, today
from service.errors import Kind, Refusal
from service.inloggen import organisaties
from service.plaatsing import crisisbord
from service.taal import gettext
from service.web.pages.actie import Formulier, verwerk
from service.web.pages.crisis.bord import adres
from service.web.pages.render import page_at
from service.web.pages.verwijzer.nieuw import GESLACHT
from service.web.pages.visit import Visit, visit


@page_at("/crisis/plekken/{plek_id:uuid}/geplaatst", name="paginaCrisisplaatsing")
async def geplaatst(
    request: Request[Any, Any, Any],
    plek_id: Annotated[UUID, PathParameter()],
    aanvraag: Annotated[UUID | None, QueryParameter()] = None,
) -> Response[str]:
    async with visit(request) as v:
        return await _page(v, plek_id, Formulier({"aanvraagId": [str(aanvraag)]} if aanvraag else {}))


@post("/crisis/plekken/{plek_id:uuid}/geplaatst", name="legCrisisplaatsingVast", include_in_schema=False)
async def leg_vast(request: Request[Any, Any, Any], plek_id: Annotated[UUID, PathParameter()]) -> Response[Any]:
    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await _page(v, plek_id, form)

    naar = adres(gedaan="geplaatst") + "#aanvullen"
    return await verwerk(
        request,
        "legCrisisplaatsingVast",
        {},
        naar=lambda _: naar,
        opnieuw=opnieuw,
        pagina="paginaCrisisplaatsing",
        vast={"plekId": str(plek_id)},
    )


async def _page(v: Visit, plek_id: UUID, form: Formulier) -> Response[str]:
    """Two forms: for a child of which there is an aanvraag, and for one of which there is none.

    Of a plek that is free, or held by who asks."""
    vandaag = today(v.now)
    plek = await crisisbord.plek(v.conn, plek_id)
    if plek is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze crisisplek bestaat niet (meer)."))
    kinderen = await crisisbord.kinderen(v.conn)
    new = form.waarde("formulier") == "nieuw"
    nu = v.now.astimezone(AMSTERDAM).strftime("%Y-%m-%dT%H:%M")
    known = Formulier({"gebeldOp": [nu], **form.given, "formulier": ["bekend"]}, form.fouten)
    return v.page(
        "crisis/geplaatst.html",
        today=vandaag,
        section="crisis",
        form=form,
        bekend=Formulier() if new else known,
        nieuw=form if new else Formulier(),
        open=new or not form.waarde("aanvraagId"),
        nu=nu,
        plek=plek,
        verwijzers=[(str(one.id), one.naam) for one in await organisaties.verwijzers(v.conn)],
        geslachten=[(str(code), gettext(naam)) for code, naam in GESLACHT.items()],
        ik=await crisisbord.beller(v.conn),
        kinderen=[(kind, age_on(kind.leeftijd_maanden, kind.leeftijd_peildatum, vandaag)) for kind in kinderen],
    )
