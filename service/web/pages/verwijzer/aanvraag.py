"""`/mijn-aanvragen/{id}`: one aanvraag as its verwijzer follows it: where it is, what to agree with, which papers are
there, and what to change, ask or withdraw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, post
from litestar.params import PathParameter, QueryParameter
from litestar.response import Response

from service.aanvraag import aanvragen, gebeurtenissen, stappen, werklijst
from service.aanvraag.aanvragen import Aanvraag
from service.aanvraag.gebeurtenissen import OPEN
from service.bericht import alarmen
from service.cijfers import wachtlijst
from service.days import age_on, today
from service.log import inzagen
from service.opschaling import opschalingsverzoeken
from service.plaatsing import voorstellen
from service.plaatsing.voorstellen import LEVEND, VoorstelStatus
from service.rang.rangschikking import names
from service.regio import codes
from service.regio.werkregels import werkregels
from service.taal import gettext, later
from service.web import etags
from service.web.pages import feiten, words
from service.web.pages.actie import Formulier, ingevuld, verwerk
from service.web.pages.render import page_at
from service.web.pages.schakel.zinnen import GEBEURTENIS, waited
from service.web.pages.verwijzer import zinnen
from service.web.pages.visit import Visit, visit

PAGINA = "paginaMijnAanvraag"
PATH = "/mijn-aanvragen/{aanvraag_id:uuid}"
Id = Annotated[UUID, PathParameter()]

GEDAAN = {
    "ingediend": later("De aanvraag is ingediend. Het loket gaat ermee aan de slag; u ziet hier hoe het ervoor staat."),
    "voorstel": later("Uw antwoord is vastgelegd. Het loket en de aanbieder zien het meteen."),
    "papieren": later("Vastgelegd."),
    "gewijzigd": later("De aanvraag is gewijzigd. Het loket zoekt met de nieuwe gegevens."),
    "urgentie": later("De urgentie is veranderd, met uw reden erbij."),
    "opschaling": later("Het loket weet dat u vraagt om op te schalen. U ziet hier het antwoord."),
    "ingetrokken": later("De aanvraag is ingetrokken. Wat voor dit kind was vastgehouden, is weer vrij."),
}
"""What was just done."""

MOST = 100
"""Lines of the log and of what happened that are shown."""

CRITERIA = {
    "acute_onveiligheid": later("Het kind is nu niet veilig"),
    "geen_slaapplek": later("Het kind heeft vannacht geen slaapplek"),
    "spoedmachtiging": later("Er is een spoedmachtiging"),
    "verblijf_eindigt": later("Waar het kind nu is, kan het niet blijven"),
    "machtiging_verloopt": later("De machtiging verloopt"),
    "thuis_onhoudbaar": later("Thuis gaat het niet langer"),
}
"""Of the codes that the loket knows; a region that has its own, sees its code."""


@page_at(PATH, name=PAGINA)
async def aanvraag(
    request: Request[Any, Any, Any],
    aanvraag_id: Id,
    gedaan: Annotated[str, QueryParameter(max_length=40)] = "",
) -> Response[str]:
    async with visit(request) as v:
        return await _page(v, aanvraag_id, gedaan=gedaan)


async def _page(
    v: Visit, aanvraag_id: UUID, *, form: Formulier | None = None, welk: str = "", gedaan: str = ""
) -> Response[str]:
    """`form`: what was refused, of form `welk`."""
    vandaag = today(v.now)
    a: Aanvraag = v.toon(await aanvragen.get(v.conn, aanvraag_id))
    namen = await werklijst.namen(v.conn, aanvraag_id)
    siblings = v.toon(await werklijst.broers_zussen(v.conn, aanvraag_id))
    history = v.toon(await gebeurtenissen.page(v.conn, aanvraag_id, limit=MOST))
    told = [one for one in v.toon(await alarmen.alarmen(v.conn, v.now)) if one.aanvraag_id == aanvraag_id]
    waiting = v.toon(await wachtlijst.wachtlijst(v.conn, v.wie.rol, now=v.now))
    found = v.toon(await voorstellen.page(v.conn, v.wie.rol, aanvraag_id=aanvraag_id))
    looked = v.toon(await inzagen.inzagen(v.conn, aanvraag_id, limit=MOST))
    asked = v.toon(await opschalingsverzoeken.page(v.conn, aanvraag_id=aanvraag_id))
    criteria = (await werkregels(v.conn)).urgentie_criteria
    shown = ingevuld(a)
    other = Formulier()

    def of(name: str, begin: Formulier = other) -> Formulier:
        return form if form is not None and name == welk else begin

    return v.page(
        "verwijzer/aanvraag.html",
        today=vandaag,
        section="mijn",
        a=a,
        form=form or other,
        of=of,
        shown=shown,
        versie=etags.of(etags.encode(a)),
        leeftijd=age_on(a.leeftijd_maanden, a.leeftijd_peildatum, vandaag),
        wacht=waited(a.aangemeld_op, v.now),
        open=a.status in OPEN,
        kan=stappen.kan(a.status, v.wie.rol),
        lijn=zinnen.lijn(a.status, history),
        siblings=[(s, age_on(s.leeftijd_maanden, s.leeftijd_peildatum, vandaag)) for s in siblings],
        alarmen=told,
        wachtend=next((one for one in waiting if one.aanvraag_id == aanvraag_id), None),
        voorstellen=[one for one in found if one.status in LEVEND],
        voorbij=[one for one in found if one.status not in LEVEND and one.status is not VoorstelStatus.CONCEPT],
        history=history,
        looked=looked,
        asked=asked,
        loopt=any(one.loopt for one in asked),
        zinnen=zinnen,
        words=words,
        gebeurtenis=GEBEURTENIS,
        criteria=[(code, gettext(CRITERIA.get(code, code))) for code in (*criteria.crisis, *criteria.spoed)],
        urgenties=words.URGENTIE,
        verblijven=words.HUIDIG_VERBLIJF,
        zorgvormen=[(z.code, z.naam) for z in await codes.zorgvormen(v.conn)],
        facts=feiten.facts(a, await names(v.conn), vandaag),
        more=feiten.more(a, await names(v.conn), namen, vandaag),
        stories=feiten.stories(a),
        gedaan=GEDAAN.get(gedaan, ""),
    )


async def _doe(
    request: Request[Any, Any, Any], operation: str, ids: dict[str, UUID], aanvraag_id: UUID, code: str, **rest: Any
) -> Response[Any]:
    """One form of the page, and back to the page."""

    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await _page(v, aanvraag_id, form=form, welk=code)

    naar: Callable[[Any], str] = lambda _: f"/mijn-aanvragen/{aanvraag_id}?gedaan={code}"  # noqa: E731
    return await verwerk(request, operation, ids, naar=naar, opnieuw=opnieuw, pagina=PAGINA, **rest)


@post(f"{PATH}/stappen", name="zetAanvraagStap@verwijzer", include_in_schema=False)
async def trek_in(request: Request[Any, Any, Any], aanvraag_id: Id) -> Response[Any]:
    return await _doe(request, "zetAanvraagStap", {"aanvraagId": aanvraag_id}, aanvraag_id, "ingetrokken")


@post(f"{PATH}/urgentie", name="zetAanvraagStap@urgentie", include_in_schema=False)
async def urgentie(request: Request[Any, Any, Any], aanvraag_id: Id) -> Response[Any]:
    return await _doe(request, "zetAanvraagStap", {"aanvraagId": aanvraag_id}, aanvraag_id, "urgentie")


@post(f"{PATH}/papieren", name="wijzigAanvraag@papieren", include_in_schema=False)
async def papieren(request: Request[Any, Any, Any], aanvraag_id: Id) -> Response[Any]:
    """Grondslagen, machtigingen and toestemmingen: the whole list of each."""
    return await _doe(request, "wijzigAanvraag", {"aanvraagId": aanvraag_id}, aanvraag_id, "papieren")


@post(f"{PATH}/gegevens", name="wijzigAanvraag@gegevens", include_in_schema=False)
async def gegevens(request: Request[Any, Any, Any], aanvraag_id: Id) -> Response[Any]:
    return await _doe(request, "wijzigAanvraag", {"aanvraagId": aanvraag_id}, aanvraag_id, "gewijzigd")


@post(f"{PATH}/opschaling", name="vraagOpschaling@verwijzer", include_in_schema=False)
async def opschaling(request: Request[Any, Any, Any], aanvraag_id: Id) -> Response[Any]:
    return await _doe(request, "vraagOpschaling", {"aanvraagId": aanvraag_id}, aanvraag_id, "opschaling")


@post(
    "/mijn-aanvragen/{aanvraag_id:uuid}/voorstellen/{voorstel_id:uuid}",
    name="zetVoorstelStap@verwijzer",
    include_in_schema=False,
)
async def antwoord(
    request: Request[Any, Any, Any], aanvraag_id: Id, voorstel_id: Annotated[UUID, PathParameter()]
) -> Response[Any]:
    """Toestemming, kennismaking, or that a parent or the jeugdige says no."""
    return await _doe(request, "zetVoorstelStap", {"voorstelId": voorstel_id}, aanvraag_id, "voorstel")


route_handlers = [aanvraag, trek_in, urgentie, papieren, gegevens, opschaling, antwoord]
