"""`/`: the work list. What is urgent, what is due today and whose move it is."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Request
from litestar.exceptions import ValidationException
from litestar.response import Response
from msgspec import Meta, Struct, ValidationError, convert, structs

from service.aanvraag import werkblad
from service.aanvraag.werkblad import Beurt, Filter, Rij, Volgorde
from service.days import age_on, today
from service.regio.werkregels import werkregels
from service.urgentie import Urgentie
from service.web.pages import words
from service.web.pages.render import page_at
from service.web.pages.schakel import zinnen
from service.web.pages.visit import Visit, visit

PER_PAGE = 50


class Vraag(Struct, frozen=True, kw_only=True):
    """What is asked of the list; an empty field of the form is no filter. Nothing of it is about a child."""

    urgentie: Urgentie | None = None
    beurt: Beurt | None = None
    vandaag: bool = False
    eigen: bool = False
    zorgvorm: Annotated[str, Meta(max_length=60)] | None = None
    gemeente: Annotated[str, Meta(pattern="^[0-9]{4}$")] | None = None
    volgorde: Volgorde = Volgorde.URGENTIE
    pagina: Annotated[int, Meta(ge=1, le=100_000)] = 1

    def filters(self) -> bool:
        """Whether it leaves something out."""
        return structs.replace(self, volgorde=Volgorde.URGENTIE, pagina=1) != Vraag()

    def adres(self, **other: Any) -> str:
        """The path of the list that differs from this one in `other`."""
        asked = structs.asdict(structs.replace(self, **other))
        query = {
            name: str(value).lower() if value is True else str(value)
            for name, value in asked.items()
            if value != structs.asdict(Vraag())[name]
        }
        return "/" + (f"?{urlencode(query)}" if query else "")


def asked(request: Request[Any, Any, Any]) -> Vraag:
    """400 for what the list does not know."""
    try:
        return convert({key: value for key, value in request.query_params.items() if value}, Vraag, strict=False)
    except ValidationError as error:
        raise ValidationException(str(error)) from None


class Row(Struct, frozen=True):
    """An aanvraag with what depends on now, in words."""

    rij: Rij
    leeftijd: int
    wacht: str
    norm: tuple[str, bool] | None
    stap: str


@page_at("/", name="paginaAanvragen")
async def aanvragen(request: Request[Any, Any, Any]) -> Response[str]:
    """One page of the list. A page that lies past the end shows the last one."""
    vraag = asked(request)
    async with visit(request) as v:
        return await _list(v, vraag)


async def _list(v: Visit, vraag: Vraag) -> Response[str]:
    day = today(v.now)
    normen = (await werkregels(v.conn)).normen_dagen
    ik = v.wie.namens or v.wie.gebruiker
    keuze = Filter(
        urgentie=vraag.urgentie,
        beurt=vraag.beurt,
        vandaag=vraag.vandaag,
        behandelaar=ik if vraag.eigen else None,
        zorgvorm=vraag.zorgvorm,
        gemeente=vraag.gemeente,
        volgorde=vraag.volgorde,
    )

    async def read(pagina: int) -> werkblad.Werkblad:
        vanaf = (pagina - 1) * PER_PAGE
        return await werkblad.werkblad(v.conn, keuze, normen, ik=ik, now=v.now, aantal=PER_PAGE, vanaf=vanaf)

    blad = await read(vraag.pagina)
    total = blad.tellingen.gekozen
    pages = max(1, -(-total // PER_PAGE))
    if vraag.pagina > pages:
        vraag = structs.replace(vraag, pagina=pages)
        blad = await read(pages)
    rows = [
        Row(
            rij,
            leeftijd=age_on(rij.leeftijd_maanden, rij.leeftijd_peildatum, day),
            wacht=zinnen.waited(rij.aangemeld_op, v.now),
            norm=zinnen.norm(rij, day),
            stap=zinnen.stap(rij.status, rij.beurt),
        )
        for rij in v.toon(blad.rijen)
    ]
    first = (vraag.pagina - 1) * PER_PAGE + 1
    return v.page(
        "schakel/aanvragen.html",
        today=day,
        section="aanvragen",
        here="/",
        rows=rows,
        t=blad.tellingen,
        vraag=vraag,
        urgenties=words.URGENTIE,
        verblijven=words.HUIDIG_VERBLIJF,
        zinnen=zinnen,
        pages=pages,
        first=first,
        last=first + len(rows) - 1,
    )
