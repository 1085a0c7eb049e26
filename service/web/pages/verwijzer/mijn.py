"""`/mijn-aanvragen`: the aanvragen of the own organisatie, what they wait for, whose move it is, what is missing."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Request
from litestar.params import QueryParameter
from litestar.response import Response
from msgspec import Struct

from service.aanvraag import aanvragen, concepten, werkblad
from service.aanvraag.aanvragen import AanvraagKort
from service.aanvraag.gebeurtenissen import OPEN, AanvraagStatus
from service.aanvraag.termijnen import Alarm
from service.aanvraag.werkblad import Filter, Rij
from service.bericht import alarmen
from service.cijfers import wachtlijst
from service.cijfers.wachtlijst import Wachtende
from service.days import age_on, today
from service.regio import codes
from service.regio.werkregels import werkregels
from service.taal import later
from service.web.pages import words
from service.web.pages.render import page_at
from service.web.pages.schakel.zinnen import waited
from service.web.pages.verwijzer import zinnen
from service.web.pages.visit import Visit, visit

PER_PAGE = 50
KLAAR = tuple(status for status in AanvraagStatus if status not in OPEN)
LAATSTE = 20
"""Closed ones that are shown at once."""

GEDAAN = {
    "bewaard": later("Wat u invulde is bewaard. Alleen u ziet het. U kunt hieronder verdergaan."),
    "ingetrokken": later("De aanvraag is ingetrokken."),
    "gewist": later("Wat u had ingevuld, is weg."),
}


class Row(Struct, frozen=True):
    """An open aanvraag, with what depends on now."""

    rij: Rij
    leeftijd: int
    wacht: str
    alarmen: list[Alarm]
    wachtend: Wachtende | None


@page_at("/mijn-aanvragen", name="paginaMijnAanvragen")
async def mijn(
    request: Request[Any, Any, Any],
    pagina: Annotated[int, QueryParameter(ge=1, le=100_000)] = 1,
    gedaan: Annotated[str, QueryParameter(max_length=40)] = "",
) -> Response[str]:
    async with visit(request) as v:
        return await _list(v, pagina, gedaan)


async def _list(v: Visit, pagina: int, gedaan: str) -> Response[str]:
    day = today(v.now)
    normen = (await werkregels(v.conn)).normen_dagen

    async def read(pagina: int) -> werkblad.Werkblad:
        vanaf = (pagina - 1) * PER_PAGE
        return await werkblad.werkblad(
            v.conn, Filter(), normen, ik=v.wie.gebruiker, now=v.now, aantal=PER_PAGE, vanaf=vanaf
        )

    blad = await read(pagina)
    pages = max(1, -(-blad.tellingen.alle // PER_PAGE))
    if pagina > pages:
        pagina = pages
        blad = await read(pages)
    told: dict[UUID, list[Alarm]] = {}
    for alarm in v.toon(await alarmen.alarmen(v.conn, v.now)):
        told.setdefault(alarm.aanvraag_id, []).append(alarm)
    waiting = {one.aanvraag_id: one for one in v.toon(await wachtlijst.wachtlijst(v.conn, v.wie.rol, now=v.now))}
    rows = [
        Row(
            rij,
            leeftijd=age_on(rij.leeftijd_maanden, rij.leeftijd_peildatum, day),
            wacht=waited(rij.aangemeld_op, v.now),
            alarmen=told.get(rij.id, []),
            wachtend=waiting.get(rij.id),
        )
        for rij in v.toon(blad.rijen)
    ]
    concept = await concepten.eigen(v.conn)
    klaar: list[AanvraagKort] = v.toon(await aanvragen.page(v.conn, status=KLAAR, limit=LAATSTE))
    return v.page(
        "verwijzer/mijn.html",
        today=day,
        section="mijn",
        here="/mijn-aanvragen",
        rows=rows,
        klaar=klaar,
        concept=concept,
        told=told,
        zinnen=zinnen,
        urgenties=words.URGENTIE,
        verblijven=words.HUIDIG_VERBLIJF,
        zorgvormen={one.code: one.naam for one in await codes.zorgvormen(v.conn)},
        alle=blad.tellingen.alle,
        pagina=pagina,
        pages=pages,
        gedaan=GEDAAN.get(gedaan, ""),
    )
