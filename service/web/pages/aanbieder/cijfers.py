"""`/eigen-cijfers`: what an aanbieder may learn of itself, as the API counts it (service/cijfers/cijfers.py)."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request
from litestar.params import QueryParameter
from litestar.response import Response
from msgspec import Struct

from service.aanbod import aanbieders
from service.cijfers import cijfers
from service.cijfers.cijfers import Aanbodcijfers, CijferSoort, Telling
from service.days import today
from service.dutch import full
from service.rang.rangschikking import names
from service.taal import gettext, later
from service.web.pages.aanbieder import woorden
from service.web.pages.aanbieder.voorstellen import AFWIJSREDENEN, OUDER_ZEGT_NEE
from service.web.pages.render import page_at
from service.web.pages.visit import visit
from service.web.reading import from_replica

SOORTEN = {
    CijferSoort.VOORSTELLEN: later("Hoe vaak u werd gevraagd"),
    CijferSoort.AFWIJZINGEN: later("Waarom er nee werd gezegd"),
    CijferSoort.GEPASSEERD: later("U stond hoger, en een ander werd gevraagd"),
    CijferSoort.VERBLIJVEN: later("Hoe verblijven eindigden"),
}

DELEN: dict[CijferSoort, dict[str, str]] = {
    CijferSoort.VOORSTELLEN: {"gekozen": later("Het kind kwam bij u"), "niet_gekozen": later("Het kind kwam niet")},
    CijferSoort.AFWIJZINGEN: {
        **{code: zin for code, (zin, _) in AFWIJSREDENEN.items()},
        "ouder_of_jeugdige_zegt_nee": OUDER_ZEGT_NEE[0],
        "later_vanaf": later("Het kan pas later"),
        "anders": later("Iets anders"),
    },
    CijferSoort.GEPASSEERD: {
        "niet_gezegd": later("Niet gezegd waarom"),
        "loopt_al": later("Er liep al een voorstel bij u"),
        "zei_eerder_nee": later("U zei eerder nee voor dit kind"),
        "gaf_geen_antwoord": later("U gaf eerder geen antwoord"),
        "wens_kind_of_ouder": later("Kind of ouders wilden het anders"),
        "wens_verwijzer": later("De verwijzer wilde het anders"),
        "dichter_bij": later("Een ander was dichterbij"),
        "zo_thuis_mogelijk": later("Een ander leek meer op thuis"),
        "samen": later("Broers en zussen konden daar samen"),
        "zei_telefonisch_nee": later("U zei aan de telefoon nee"),
        "andere_reden": later("Iets anders"),
    },
    CijferSoort.VERBLIJVEN: woorden.EINDES,
}


class Staaf(Struct, frozen=True):
    naam: str
    aantal: int | None
    deel: float
    """Of the whole, in per cent."""


class Telblok(Struct, frozen=True):
    id: str
    naam: str
    totaal: int
    staven: list[Staaf]
    klein: str
    """That small numbers are hidden, where they are: of what others did. What it did itself, it knows."""


@page_at("/eigen-cijfers", name="paginaEigenCijfers")
@from_replica
async def eigen(
    request: Request[Any, Any, Any],
    periode: Annotated[str | None, QueryParameter(pattern=r"^[0-9]{4}-[1-4]\Z")] = None,
) -> Response[str]:
    """Of the last period that is over, or the one that is asked for."""
    async with visit(request, kinderen=False) as v:
        supply: Aanbodcijfers = v.toon(await cijfers.aanbodcijfers(v.conn, v.wie, code=periode, now=v.now))
        counted = [
            v.toon(await cijfers.telling(v.conn, v.wie, soort, code=periode, per=None, now=v.now)) for soort in SOORTEN
        ]
        codes = await names(v.conn)
        eigen_ = await aanbieders.get(v.conn, v.wie.organisatie) if v.wie.organisatie else None
        return v.page(
            "aanbieder/cijfers.html",
            w=woorden.van(eigen_ is not None and v.toon(eigen_).pleegzorg),
            today=today(v.now),
            section="cijfers",
            here="/eigen-cijfers",
            van=full(supply.periode.van),
            tot=full(supply.periode.tot),
            uitleg=supply.uitleg,
            aanbod=[(codes.get(("zorgvorm", regel.zorgvorm), regel.zorgvorm), regel) for regel in supply.regels],
            blokken=[blok for telling in counted for blok in blokken(telling, supply.uitleg)],
        )


def blokken(telling: Telling, uitleg: str) -> list[Telblok]:
    """A table with bars per line; what did not happen is left out. `uitleg`: what is said of all figures."""
    return [
        Telblok(
            id=telling.soort,
            naam=gettext(SOORTEN[telling.soort]),
            totaal=regel.totaal,
            staven=[
                Staaf(
                    gettext(DELEN[telling.soort][deel.code]),
                    deel.aantal,
                    round(100 * (deel.aantal or 0) / regel.totaal, 1) if regel.totaal else 0,
                )
                for deel in regel.delen
                if deel.aantal != 0
            ],
            klein=telling.uitleg.removeprefix(uitleg).strip(),
        )
        for regel in telling.regels
    ]
