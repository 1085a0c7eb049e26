"""`/aanvragen/{id}`: one aanvraag with its ranked places, what falls out and what would help."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, post
from litestar.params import PathParameter, QueryParameter
from litestar.response import Response

from service.aanvraag import aanvragen, samenplaatsingen, werklijst
from service.aanvraag.aanvragen import Aanvraag, HuidigVerblijf
from service.days import AMSTERDAM, age_on, today
from service.dutch import count, day, days
from service.rang.matches import Page, rank_aanvraag
from service.rang.rangschikking import Rangschikking, names
from service.regio import codes
from service.urgentie import Urgentie
from service.web.pages import feiten, words
from service.web.pages.actie import Formulier, verwerk
from service.web.pages.render import page_at
from service.web.pages.schakel.zinnen import waited
from service.web.pages.visit import Visit, visit

PER_PAGE = 10
FALLEN = 20
"""Places that fall out and are listed at once."""


@page_at("/aanvragen/{aanvraag_id:uuid}", name="paginaAanvraag")
async def aanvraag(
    request: Request[Any, Any, Any],
    aanvraag_id: Annotated[UUID, PathParameter()],
    pagina: Annotated[int, QueryParameter(ge=1, le=1000)] = 1,
    afgevallen: Annotated[int, QueryParameter(ge=1, le=500)] = FALLEN,
) -> Response[str]:
    """The rangschikking as a page: `pagina` of the places that fit, the first `afgevallen` of those that do not."""
    async with visit(request) as v:
        return await _page(v, aanvraag_id, pagina, afgevallen)


@post("/aanvragen/{aanvraag_id:uuid}/opties", name="houdPlek", include_in_schema=False)
async def houd(request: Request[Any, Any, Any], aanvraag_id: Annotated[UUID, PathParameter()]) -> Response[Any]:
    """Holds a plek of the list, or one for each of the brothers and sisters."""

    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await _page(v, aanvraag_id, form=form)

    naar = f"/aanvragen/{aanvraag_id}?gedaan=houdPlek"
    return await verwerk(request, "houdPlek", {}, naar=lambda _: naar, opnieuw=opnieuw, pagina="paginaAanvraag")


async def _page(
    v: Visit, aanvraag_id: UUID, pagina: int = 1, afgevallen: int = FALLEN, *, form: Formulier | None = None
) -> Response[str]:
    vandaag = today(v.now)
    a: Aanvraag = v.toon(await aanvragen.get(v.conn, aanvraag_id))
    ranked = await rank_aanvraag(
        v.conn,
        v.services.snapshots,
        v.services.travel,
        wie=v.wie,
        aanvraag_id=aanvraag_id,
        now=v.now,
        page=Page(PER_PAGE, (pagina - 1) * PER_PAGE),
        fallen_page=Page(afgevallen, 0),
    )
    code_names = await names(v.conn)
    namen = await werklijst.namen(v.conn, aanvraag_id)
    siblings = v.toon(await werklijst.broers_zussen(v.conn, aanvraag_id))
    samen = v.toon(await samenplaatsingen.get(v.conn, a.samenplaatsing_id)) if a.samenplaatsing_id else None
    unranked = [z.naam for z in await codes.zorgvormen(v.conn) if not z.rangschikbaar and z.code in a.zorgvormen]
    pages = max(1, -(-ranked.aantal_voorzieningen // PER_PAGE))
    path = f"/aanvragen/{a.id}"
    return v.page(
        "schakel/aanvraag.html",
        today=vandaag,
        section="aanvragen",
        form=form or Formulier(),
        a=a,
        leeftijd=age_on(a.leeftijd_maanden, a.leeftijd_peildatum, vandaag),
        wacht=waited(a.aangemeld_op, v.now),
        urgenties=words.URGENTIE,
        verblijven=words.HUIDIG_VERBLIJF,
        facts=feiten.facts(a, code_names, vandaag),
        more=feiten.more(a, code_names, namen, vandaag),
        stories=feiten.stories(a),
        siblings=[(s, age_on(s.leeftijd_maanden, s.leeftijd_peildatum, vandaag)) for s in siblings],
        split=(samen.splitsreden and f"Mogen apart: {samen.splitsreden}") if samen else None,
        notices=notices(a, ranked, unranked, vandaag),
        r=ranked,
        first=(pagina - 1) * PER_PAGE + 1,
        page=pagina,
        pages=pages,
        fallen_shown=afgevallen,
        confirmed=lambda moment: confirmed(moment, v.now),
        where=where,
        steps=steps(a, namen.gemeente),
        links={
            "vorige": f"{path}?pagina={pagina - 1}#plekken",
            "volgende": f"{path}?pagina={pagina + 1}#plekken",
            "meer": f"{path}?pagina={pagina}&afgevallen={min(500, afgevallen * 2)}#afgevallen",
        },
    )


def confirmed(moment: datetime | None, now: datetime) -> str:
    """How long ago the provider said that a place is right."""
    if moment is None:
        return "nog nooit"
    hours = max(0, int((now - moment).total_seconds() // 3600))
    if hours < 1:
        return "minder dan een uur geleden"
    return f"{hours} uur geleden" if hours < 48 else f"{days(hours // 24)} geleden"


def where(plaats: str | None, minutes: dict[str, int]) -> str:
    """The place by name, when that is public, and the journey from home."""
    if "thuis" not in minutes:
        return f"{plaats or 'niet openbaar'}, reistijd onbekend"
    if plaats is None and minutes["thuis"] < 15:
        return "niet openbaar, minder dan 15 minuten van thuis"
    journey = f"{count(minutes['thuis'], 'minuut', 'minuten')} van thuis"
    return f"{plaats}, {journey}" if plaats else f"niet openbaar, ongeveer {journey}"


def notices(a: Aanvraag, ranked: Rangschikking, unranked: list[str], vandaag: date) -> list[str]:
    """What the reader must know before believing the list."""
    said = []
    if not ranked.actueel:
        since = f"{ranked.peilmoment.astimezone(AMSTERDAM):%H:%M}"
        said.append(f"Let op: deze plekken zijn van {since}. Of er daarna iets is veranderd, weten we nu niet.")
    if ranked.reistijd_reden is not None:
        said.append(ranked.reistijd_reden)
    if unranked:
        said.append(
            f"{', '.join(unranked)} staat niet in deze lijst. Daarvoor gelden een eigen controlelijst en een eigen"
            " coördinatiepunt."
        )
    if a.uiterlijke_datum < vandaag:
        said.append(f"De uiterlijke datum, {day(a.uiterlijke_datum, vandaag)}, is voorbij. We zoeken vanaf vandaag.")
    return said


def steps(a: Aanvraag, gemeente: str) -> list[str]:
    """What people can do when nothing fits, the nearest first (domain text: opschaling, overbrugging, maatwerk)."""
    crisis = a.urgentie is Urgentie.CRISIS
    home = a.huidig_verblijf is HuidigVerblijf.THUIS
    return [
        *(["Spreek eerst af waar het kind vannacht slaapt, en wie het daar bereikt."] if crisis else []),
        "Vraag aanbieders die bijna passen wat zij nodig hebben om ja te zeggen, zoals personeel van een ander.",
        "Kijk of een tussenvoorziening kan, en spreek af welke hulp kind en gezin krijgen tot er een plek is.",
        "Breng de vraag in bij de doorbraaktafel, "
        + (
            "voordat het kind uit huis gaat."
            if home
            else "en laat het kind waar het kan op de huidige plek tot er een oplossing is."
        ),
        f"Overleg met de gemeente {gemeente} over een aanbieder zonder contract (maatwerk).",
        "Lukt het niet binnen de regio? Vraag dan het bovenregionaal Expertisenetwerk.",
    ]
