"""`/opschalingen/{id}`: the file of an opschaling, with its forms; `…/afdruk`: on paper, for the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, post
from litestar.params import PathParameter, QueryParameter
from litestar.response import Response

from service import toegang
from service.aanvraag import aanvragen, werklijst
from service.aanvraag.aanvragen import Aanvraag
from service.days import age_on, today
from service.db import Rol
from service.inloggen import gebruikers
from service.opschaling import opschaaldossier
from service.opschaling.opschaaldossier import OpschalingDossier
from service.rang.rangschikking import names
from service.taal import gettext, later
from service.web.pages import feiten, words
from service.web.pages.actie import Formulier, verwerk
from service.web.pages.dossier import woorden
from service.web.pages.render import page_at
from service.web.pages.schakel import zinnen
from service.web.pages.visit import Visit, visit

PAGINA = "paginaOpschaling"
PATH = "/opschalingen/{opschaling_id:uuid}"
Id = Annotated[UUID, PathParameter()]

GEDAAN = {
    "stap": later("De opschaling is bijgewerkt."),
    "gesloten": later("De opschaling is gesloten. De uitkomst staat erbij."),
    "gevraagd": later("De vraag is gesteld. Het antwoord komt op deze pagina."),
    "antwoord": later("Het antwoord is opgeschreven."),
}

DICHTBIJ = 25
"""Places that are shown at once, the nearest to fitting; the others are folded."""

OP_PAPIER = 60
"""Places on paper: two pages. The rest is counted, and stands on the screen."""


@page_at(PATH, name=PAGINA)
async def opschaling(
    request: Request[Any, Any, Any], opschaling_id: Id, gedaan: Annotated[str, QueryParameter(max_length=20)] = ""
) -> Response[str]:
    async with visit(request) as v:
        return await _page(v, opschaling_id, gedaan=gedaan)


@page_at(f"{PATH}/afdruk", name="paginaOpschalingAfdruk")
async def afdruk(
    request: Request[Any, Any, Any], opschaling_id: Id, alles: Annotated[bool, QueryParameter()] = False
) -> Response[str]:
    """For a table where others sit too; `alles`: for the loket itself."""
    async with visit(request) as v:
        found = await opschaaldossier.read(v.conn, opschaling_id, now=v.now)
        dossier: OpschalingDossier = v.toon(found if alles else opschaaldossier.aan_tafel(found))
        shown = await _shown(v, dossier, rol=v.wie.rol if alles else Rol.AANBIEDER)
        return v.page("dossier/afdruk.html", **shown, alles=alles, meest=OP_PAPIER)


async def _shown(v: Visit, d: OpschalingDossier, *, rol: Rol) -> dict[str, Any]:
    """What screen and paper share. `rol`: as who of those that read it may see the aanvraag."""
    vandaag = today(v.now)
    o = d.opschaling
    a: Aanvraag = toegang.versmal(rol, v.toon(await aanvragen.get(v.conn, o.aanvraag_id)))
    namen = await werklijst.namen(v.conn, a.id)
    code_names = await names(v.conn)
    met = await gebruikers.namen(v.conn, {o.eigenaar_id})
    tried = d.geprobeerd
    pogingen = [
        woorden.poging(lijst, een)
        for lijst in ("voorstellen", "besluiten", "routes", "opschalingen")
        for een in getattr(tried, lijst)
        if een.id != o.id
    ]
    return {
        "today": vandaag,
        "section": "opschalingen",
        "d": d,
        "o": o,
        "a": a,
        "op": woorden.op(v.now),
        "leeftijd": age_on(a.leeftijd_maanden, a.leeftijd_peildatum, vandaag),
        "wacht": zinnen.waited(a.aangemeld_op, v.now),
        "urgentie": words.URGENTIE[a.urgentie],
        "verblijf": words.HUIDIG_VERBLIJF[a.huidig_verblijf],
        "gemeente": namen.gemeente,
        "facts": feiten.facts(a, code_names, vandaag),
        "stories": feiten.stories(a),
        "eigenaar": met.get(o.eigenaar_id, gettext("een collega")),
        "pogingen": pogingen,
        "tafel": gettext(zinnen.TAFEL[o.tafel]),
        "aanleiding": gettext(zinnen.AANLEIDING[o.aanleiding]),
        "nodig": zinnen.NODIG,
        "uitkomsten": woorden.UITKOMST,
        "namen": {one.voorziening_id: one.naam for one in d.plekken if one.naam},
    }


async def _page(v: Visit, id: UUID, *, form: Formulier | None = None, gedaan: str = "") -> Response[str]:
    dossier: OpschalingDossier = v.toon(await opschaaldossier.read(v.conn, id, now=v.now))
    form = form or Formulier()
    collegas = [(str(one.id), one.naam) for one in await gebruikers.collegas(v.conn, limit=200)]
    mij = [(str(v.wie.gebruiker), gettext("uzelf"))] if v.wie.rol is Rol.SCHAKELFUNCTIONARIS else []
    return v.page(
        "dossier/opschaling.html",
        **await _shown(v, dossier, rol=v.wie.rol),
        form=form,
        gedaan=gettext(GEDAAN[gedaan]) if gedaan in GEDAAN else "",
        gevraagd={one.voorziening_id for one in dossier.vragen},
        eigenaren=mij + collegas,
        uitkomstkeuzes=zinnen.keuzes(woorden.UITKOMST),
        nodigkeuzes=zinnen.keuzes(zinnen.NODIG),
        stappen=woorden.STAP,
        dichtbij=DICHTBIJ,
    )


# ── The forms ────────────────────────────────────────────────────────────────────────────────────


async def _doe(
    request: Request[Any, Any, Any], id: UUID, operation: str, ids: dict[str, UUID], naar: Callable[[Any], str]
) -> Response[Any]:
    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await _page(v, id, form=form)

    def done(gedaan: Any) -> str:
        return f"/opschalingen/{id}?gedaan={naar(gedaan)}"

    return await verwerk(request, operation, ids, naar=done, opnieuw=opnieuw, pagina=PAGINA)


@post(f"{PATH}/stappen", name="zetOpschalingStap", include_in_schema=False)
async def stap(request: Request[Any, Any, Any], opschaling_id: Id) -> Response[Any]:
    """Hands it over, gives it another term, or closes it with an outcome."""

    def naar(done: Any) -> str:
        return "gesloten" if done.body["geslotenOp"] else "stap"

    return await _doe(request, opschaling_id, "zetOpschalingStap", {"opschalingId": opschaling_id}, naar)


@post(f"{PATH}/vragen", name="stelOpschalingsvraag@dossier", include_in_schema=False)
async def vraag(request: Request[Any, Any, Any], opschaling_id: Id) -> Response[Any]:
    """Asks one provider more."""
    ids = {"opschalingId": opschaling_id}
    return await _doe(request, opschaling_id, "stelOpschalingsvraag", ids, lambda _: "gevraagd")


@post(f"{PATH}/vragen/{{vraag_id:uuid}}", name="beantwoordOpschalingsvraag@loket", include_in_schema=False)
async def beantwoord(request: Request[Any, Any, Any], opschaling_id: Id, vraag_id: Id) -> Response[Any]:
    """Writes down what a provider said by telephone or at the table."""
    return await _doe(request, opschaling_id, "beantwoordOpschalingsvraag", {"vraagId": vraag_id}, lambda _: "antwoord")
