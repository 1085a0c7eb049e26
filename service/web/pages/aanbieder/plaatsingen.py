"""`/plaatsingen`: who comes and who lives on the plekken of an aanbieder; `/plaatsingen/{id}`: one, and its steps."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, post
from litestar.params import PathParameter, QueryParameter
from litestar.response import Response

from service import toegang
from service.days import today
from service.plaatsing import plaatsingstappen
from service.plaatsing.plaatsingstappen import Plaatsing, PlaatsingStand
from service.taal import gettext, later
from service.web.pages.aanbieder import woorden
from service.web.pages.aanbieder.plekken import sent_field
from service.web.pages.actie import Formulier, verwerk
from service.web.pages.render import page_at
from service.web.pages.visit import Visit, visit

PlaatsingId = Annotated[UUID, PathParameter()]

MOST, PAST = 500, 10

STAND = {
    PlaatsingStand.AFGESPROKEN: later("Het kind moet nog komen"),
    PlaatsingStand.LOOPT: later("Het kind woont hier"),
    PlaatsingStand.BEEINDIGD: later("Het verblijf is beëindigd"),
    PlaatsingStand.AFGEZEGD: later("Ging niet door"),
}

GEDAAN = {
    "begin": later("De eerste dag staat vast. Stuur zelf uw startbericht; hieronder staat uiterlijk wanneer."),
    "verleng": later("De verwachte einddag is veranderd."),
    "beeindig": later("Het verblijf is beëindigd. Stuur zelf uw stopbericht; hieronder staat uiterlijk wanneer."),
    "zeg_af": later("De plaatsing gaat niet door. De plek is weer vrij, en het loket zoekt verder."),
}


@page_at("/plaatsingen", name="paginaPlaatsingen")
async def lijst(request: Request[Any, Any, Any]) -> Response[str]:
    async with visit(request) as v:
        dag = today(v.now)
        living: list[Plaatsing] = v.toon(await plaatsingstappen.page(v.conn, v.wie, v.now, loopt=True, limit=MOST))
        past: list[Plaatsing] = v.toon(await plaatsingstappen.page(v.conn, v.wie, v.now, loopt=False, limit=PAST))
        return v.page(
            "aanbieder/plaatsingen.html",
            today=dag,
            section="plaatsingen",
            here="/plaatsingen",
            komt=[one for one in living if one.stand is PlaatsingStand.AFGESPROKEN][::-1],
            woont=[one for one in living if one.stand is PlaatsingStand.LOOPT],
            voorbij=past,
            berichten=[one for one in (*living, *past) if _bericht(one, dag)],
            standen={stand: gettext(zin) for stand, zin in STAND.items()},
        )


def _bericht(plaatsing: Plaatsing, dag: date) -> bool:
    """Whether the days for a start- or stopbericht still count. The loket does not see whether it was sent."""
    return any(last is not None and last >= dag for last in (plaatsing.startbericht_voor, plaatsing.stopbericht_voor))


@page_at("/plaatsingen/{plaatsing_id:uuid}", name="paginaPlaatsing")
async def een(
    request: Request[Any, Any, Any],
    plaatsing_id: PlaatsingId,
    gedaan: Annotated[str, QueryParameter(max_length=20)] = "",
) -> Response[str]:
    async with visit(request) as v:
        return await _pagina(v, plaatsing_id, gedaan=gedaan)


@post("/plaatsingen/{plaatsing_id:uuid}/stappen", name="zetPlaatsingStap@plaatsing", include_in_schema=False)
async def stap(request: Request[Any, Any, Any], plaatsing_id: PlaatsingId) -> Response[Any]:
    """The child came, stays longer, left, or does not come."""

    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await _pagina(v, plaatsing_id, form=form)

    sent = await sent_field(request, "stap")
    naar = f"/plaatsingen/{plaatsing_id}" + (f"?gedaan={sent}" if sent in GEDAAN else "")
    ids = {"plaatsingId": plaatsing_id}
    return await verwerk(
        request, "zetPlaatsingStap", ids, naar=lambda _: naar, opnieuw=opnieuw, pagina="paginaPlaatsing"
    )


async def _pagina(v: Visit, id: UUID, *, form: Formulier | None = None, gedaan: str = "") -> Response[str]:
    toegang.mag(v.wie, "paginaPlaatsing")
    dag = today(v.now)
    plaatsing: Plaatsing = v.toon(await plaatsingstappen.get(v.conn, v.wie, id, v.now))
    return v.page(
        "aanbieder/plaatsing.html",
        today=dag,
        section="plaatsingen",
        form=form or Formulier({"op": [dag.isoformat()]}),
        gestuurd=form.waarde("stap") if form else "",
        gedaan=gettext(GEDAAN[gedaan]) if gedaan in GEDAAN else "",
        p=plaatsing,
        stand=gettext(STAND[plaatsing.stand]),
        eindes=woorden.keuzes(woorden.EINDES),
        einde=gettext(woorden.EINDES[plaatsing.einde_reden]) if plaatsing.einde_reden else "",
    )
