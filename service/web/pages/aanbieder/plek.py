"""`/plekken/{id}`: one plek of an aanbieder: what it is, its stops, whether it ends, and who lives there."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, post
from litestar.params import PathParameter, QueryParameter
from litestar.response import Response
from msgspec import Struct

from service.aanbod import aanbieders, plekken, stops, voorzieningen
from service.aanbod.plekken import ONGEZIEN, Beschikbaarheid, Plek
from service.aanbod.stops import Stop
from service.days import today
from service.plaatsing import plaatsingstappen
from service.taal import gettext
from service.web import etags
from service.web.pages.aanbieder import woorden
from service.web.pages.aanbieder.plekken import GEDAAN, sent_field
from service.web.pages.actie import Formulier, verwerk
from service.web.pages.render import page_at
from service.web.pages.schakel.aanvraag import confirmed
from service.web.pages.visit import Visit, visit

PlekId = Annotated[UUID, PathParameter()]


class Gestopt(Struct, frozen=True):
    stop: Stop
    reden: str
    versie: str


@page_at("/plekken/{plek_id:uuid}", name="paginaPlek")
async def plek(
    request: Request[Any, Any, Any], plek_id: PlekId, gedaan: Annotated[str, QueryParameter(max_length=20)] = ""
) -> Response[str]:
    async with visit(request) as v:
        return await _pagina(v, plek_id, gedaan=gedaan)


@post("/plekken/{plek_id:uuid}", name="wijzigPlek", include_in_schema=False)
async def wijzig(request: Request[Any, Any, Any], plek_id: PlekId) -> Response[Any]:
    """It ends on a day, or stays after all."""
    einde = await sent_field(request, "bestaatTot")
    naar = f"/plekken/{plek_id}?gedaan={'einde' if einde else 'blijft'}"
    return await _form(request, "wijzigPlek", {"plekId": plek_id}, naar)


@post("/plekken/{plek_id:uuid}/stops", name="stopPlek", include_in_schema=False)
async def stop(request: Request[Any, Any, Any], plek_id: PlekId) -> Response[Any]:
    return await _form(request, "stopPlek", {"plekId": plek_id}, f"/plekken/{plek_id}?gedaan=stop")


@post("/plekken/{plek_id:uuid}/stops/{stop_id:uuid}", name="wijzigStop", include_in_schema=False)
async def verander_stop(
    request: Request[Any, Any, Any], plek_id: PlekId, stop_id: Annotated[UUID, PathParameter()]
) -> Response[Any]:
    """Another end, or over now."""
    ids = {"plekId": plek_id, "stopId": stop_id}
    return await _form(request, "wijzigStop", ids, f"/plekken/{plek_id}?gedaan=stop_anders")


async def _form(request: Request[Any, Any, Any], id: str, ids: dict[str, UUID], naar: str) -> Response[Any]:
    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await _pagina(v, ids["plekId"], form=form)

    return await verwerk(request, id, ids, naar=lambda _: naar, opnieuw=opnieuw, pagina="paginaPlek")


async def _pagina(v: Visit, id: UUID, *, form: Formulier | None = None, gedaan: str = "") -> Response[str]:
    dag = today(v.now)
    plek: Plek = v.toon(await plekken.get(v.conn, id, v.now))
    van = v.toon(await aanbieders.get(v.conn, plek.aanbieder_id))
    huis = v.toon(await voorzieningen.get(v.conn, plek.voorziening_id))
    w = woorden.van(van.pleegzorg)
    return v.page(
        "aanbieder/plek.html",
        today=dag,
        section="plekken",
        form=form or Formulier({"van": [dag.isoformat()]}),
        gedaan=gettext(w.gedaan.get(gedaan, GEDAAN[gedaan])) if gedaan in GEDAAN else "",
        plek=plek,
        versie=etags.of(etags.encode(plek)),
        aanbieder=van,
        huis=huis,
        w=w,
        stand=woorden.stand(plek, w),
        kleur=woorden.KLEUR[plek.status],
        leeg=plek.status in ONGEZIEN,
        bevestigd=confirmed(plek.bevestigd_op, v.now),
        onzeker=gettext(woorden.ZEKERHEID[plek.zekerheid]),
        beschikbaar=[(value, gettext(w.knop[value])) for value in Beschikbaarheid],
        stops=[
            Gestopt(one, gettext(woorden.REDENEN[one.reden]), etags.of(etags.encode(v.toon(one))))
            for one in await stops.page(v.conn, id)
            if one.ingetrokken_op is None and one.tot > dag
        ],
        redenen=woorden.keuzes(woorden.REDENEN),
        eindes=woorden.keuzes(woorden.EINDES),
        plaatsingen=v.toon(await plaatsingstappen.page(v.conn, v.wie, v.now, plek_id=id, loopt=True)),
    )
