"""`/vragen`: what the loket asks an aanbieder where a child nearly fits: what do you need to be able to say yes?"""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, post
from litestar.params import PathParameter, QueryParameter
from litestar.response import Response

from service import toegang
from service.days import today
from service.opschaling import opschalingsvragen
from service.opschaling.opschalingsvragen import Opschalingsvraag
from service.rang.catalogue import RULES
from service.taal import gettext, later
from service.web.pages.aanbieder import woorden
from service.web.pages.actie import Formulier, ingevuld, verwerk
from service.web.pages.render import page_at
from service.web.pages.visit import Visit, visit

VraagId = Annotated[UUID, PathParameter()]

MOST, PAST = 200, 10

NODIG = {
    "kan_toch": later("Niets: het kan toch"),
    "extra_personeel": later("Extra personeel, bijvoorbeeld van een ander"),
    "deskundigheid": later("Iemand met de juiste kennis erbij"),
    "aanpassing": later("Een aanpassing in huis"),
    "ander_tarief": later("Een ander tarief"),
    "andere_groep": later("Een andere groep of plek bij ons"),
    "later": later("Meer tijd: het kan later"),
    "meer_weten": later("Meer weten over de vraag"),
    "kan_niet": later("Het kan niet, ook niet met hulp"),
    "anders": later("Iets anders"),
}
"""As type `opschaling_nodig` in schema.sql."""

BEDANKT = later("Dank u wel. Het loket kijkt of het dat kan regelen. U kunt uw antwoord nog veranderen.")


@page_at("/vragen", name="paginaVragen")
async def lijst(request: Request[Any, Any, Any]) -> Response[str]:
    async with visit(request) as v:
        open_ = await opschalingsvragen.page(v.conn, loopt=True, limit=MOST)
        past = await opschalingsvragen.page(v.conn, loopt=False, limit=PAST)
        over(v, *open_, *past)
        shown: list[Opschalingsvraag] = v.toon(open_)
        return v.page(
            "aanbieder/vragen.html",
            today=today(v.now),
            section="vragen",
            here="/vragen",
            wacht=sorted((one for one in shown if one.nodig is None), key=lambda one: one.antwoord_voor),
            beantwoord=[one for one in shown if one.nodig is not None],
            voorbij=v.toon(past),
            nodig={code: gettext(zin) for code, zin in NODIG.items()},
            regels=regels,
        )


def over(v: Visit, *vragen: Opschalingsvraag) -> None:
    """In the log, although the page does not say whom it is about."""
    v.gezien += [one.aanvraag_id for one in vragen if one.aanvraag_id is not None]


def regels(vraag: Opschalingsvraag) -> list[str]:
    """What is in the way, by name; the catalogue has words for each rule."""
    return [name for rule, name in RULES.items() if rule in vraag.regels]


@page_at("/vragen/{vraag_id:uuid}", name="paginaVraag")
async def een(
    request: Request[Any, Any, Any], vraag_id: VraagId, gedaan: Annotated[str, QueryParameter(max_length=20)] = ""
) -> Response[str]:
    async with visit(request) as v:
        return await _pagina(v, vraag_id, gedaan=gedaan)


@post("/vragen/{vraag_id:uuid}/antwoorden", name="beantwoordOpschalingsvraag", include_in_schema=False)
async def antwoord(request: Request[Any, Any, Any], vraag_id: VraagId) -> Response[Any]:
    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await _pagina(v, vraag_id, form=form)

    naar, ids = f"/vragen/{vraag_id}?gedaan=antwoord", {"vraagId": vraag_id}
    return await verwerk(
        request, "beantwoordOpschalingsvraag", ids, naar=lambda _: naar, opnieuw=opnieuw, pagina="paginaVraag"
    )


async def _pagina(v: Visit, id: UUID, *, form: Formulier | None = None, gedaan: str = "") -> Response[str]:
    toegang.mag(v.wie, "paginaVraag")
    found = await opschalingsvragen.get(v.conn, id)
    over(v, found)
    vraag: Opschalingsvraag = v.toon(found)
    return v.page(
        "aanbieder/vraag.html",
        today=today(v.now),
        section="vragen",
        form=form or ingevuld(vraag),
        gedaan=gettext(BEDANKT) if gedaan == "antwoord" else "",
        vraag=vraag,
        regels=regels(vraag),
        nodig=woorden.keuzes(NODIG),
        antwoord=gettext(NODIG[vraag.nodig]) if vraag.nodig else "",
    )
