"""`/aanvragen/{id}/uittreksel`: one sheet for the dossier of the GI or the provider. The loket is not the dossier."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Request
from litestar.params import PathParameter
from litestar.response import Response

from service import toegang
from service.aanvraag import aanvragen, gebeurtenissen, werklijst
from service.aanvraag.aanvragen import Aanvraag
from service.aanvraag.gebeurtenissen import AanvraagGebeurtenis
from service.days import age_on, today
from service.db import Rol
from service.opschaling import routes
from service.opschaling.routes import Route
from service.opschaling.routesoorten import soort_van
from service.plaatsing import plaatsingstappen
from service.plaatsing.plaatsingstappen import Plaatsing
from service.rang.rangschikking import names
from service.taal import gettext
from service.web.pages import feiten, words
from service.web.pages.dossier import woorden
from service.web.pages.render import page_at
from service.web.pages.schakel import zinnen
from service.web.pages.visit import Visit, visit

LANG = 120
"""Signs of a fact. What is written in sentences stands there whole: it is bounded already."""

LAATST = 8
"""Gebeurtenissen; the rest is counted."""

TERUG = {
    Rol.SCHAKELFUNCTIONARIS: "/aanvragen/{id}",
    Rol.VERWIJZER: "/mijn-aanvragen/{id}",
    Rol.AANBIEDER: "/plaatsingen",
}
"""Where who may see it came from."""

WEGEN = 4
VERBLIJVEN = 3


@page_at("/aanvragen/{aanvraag_id:uuid}/uittreksel", name="paginaUittreksel")
async def uittreksel(request: Request[Any, Any, Any], aanvraag_id: Annotated[UUID, PathParameter()]) -> Response[str]:
    async with visit(request) as v:
        vandaag = today(v.now)
        a: Aanvraag = v.toon(await aanvragen.get(v.conn, aanvraag_id))
        namen = await werklijst.namen(v.conn, aanvraag_id)
        code_names = await names(v.conn)
        facts = [*feiten.facts(a, code_names, vandaag), *feiten.more(a, code_names, namen, vandaag)]
        history = await _history(v, aanvraag_id)
        stays: list[Plaatsing] = v.toon(await plaatsingstappen.page(v.conn, v.wie, v.now, aanvraag_id=aanvraag_id))
        ways = await _routes(v, aanvraag_id)
        return v.page(
            "dossier/uittreksel.html",
            today=vandaag,
            a=a,
            op=woorden.op(v.now),
            terug=TERUG[v.wie.rol].format(id=a.id),
            voor=a.kenmerk or a.nummer,
            leeftijd=age_on(a.leeftijd_maanden, a.leeftijd_peildatum, vandaag),
            wacht=zinnen.waited(a.aangemeld_op, v.now),
            urgentie=words.URGENTIE[a.urgentie],
            verblijf=words.HUIDIG_VERBLIJF[a.huidig_verblijf],
            stand=gettext(zinnen.STATUS[a.status]),
            facts=[(term, kort(text)) for term, text in facts],
            stories=feiten.stories(a),
            verblijven=stays[:VERBLIJVEN],
            wegen=ways,
            gebeurd=history[:LAATST],
            eerder=max(0, len(history) - LAATST),
            woorden=zinnen.GEBEURTENIS,
            kort=kort,
        )


def kort(text: str, most: int = LANG) -> str:
    """At most so many signs, cut between words; a cut shows."""
    return text if len(text) <= most else text[: most - 2].rsplit(" ", 1)[0] + " …"


async def _history(v: Visit, id: UUID) -> list[AanvraagGebeurtenis]:
    """The last first; nothing for who may not know it."""
    if not toegang.kan(v.wie, "lijstGebeurtenissen"):
        return []
    found: list[AanvraagGebeurtenis] = v.toon(await gebeurtenissen.page(v.conn, id, limit=200))
    return found


async def _routes(v: Visit, id: UUID) -> list[tuple[str, str]]:
    if not toegang.kan(v.wie, "lijstRoutesVanAanvraag"):
        return []
    found: list[Route] = v.toon(await routes.page(v.conn, now=v.now, aanvraag_id=id))
    return [
        (gettext(zinnen.ROUTE[soort_van(one.details)]), gettext(woorden.STAAT[one.staat])) for one in found[-WEGEN:]
    ]
