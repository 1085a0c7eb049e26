"""`/plekken`: the plekken of an aanbieder, what each is now and how sure that is. When one calls, the loket may too."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, post
from litestar.params import PathParameter, QueryParameter
from litestar.response import Response
from msgspec import Struct

from service.aanbod import aanbieders, voorzieningen
from service.aanbod import plekken as aanbod
from service.aanbod.aanbieders import Aanbieder
from service.aanbod.plekken import ONGEZIEN, Beschikbaarheid, Plek, PlekStatus, Zekerheid
from service.days import today
from service.db import Rol
from service.errors import Refusal
from service.rang.rangschikking import names
from service.regio.werkregels import werkregels
from service.taal import gettext, later
from service.web import forms
from service.web.pages.aanbieder import woorden
from service.web.pages.actie import Formulier, Gedaan, verwerk
from service.web.pages.render import page_at
from service.web.pages.schakel.aanvraag import confirmed
from service.web.pages.visit import Visit, visit

MOST = 1000
"""Plekken of one aanbieder on a page; the largest of the region has some hundreds."""

GEDAAN = {
    "alles": later("Bedankt. Het loket weet nu weer wat er vrij is."),
    "klopt": later("Bedankt. Deze plek is bevestigd."),
    "gezegd": later("Het loket weet het nu."),
    "bezet": later("Deze plek staat nu als bezet."),
    "vrij": later("Deze plek is weer vrij."),
    "tegengesproken": later(
        "Deze plek is vastgehouden of afgesproken voor een kind, en dat blijft zo. Het loket heeft gehoord dat het"
        " volgens u niet kan, en neemt contact op. Ligt er een voorstel bij u? Antwoord dan daar."
    ),
    "nieuw": later("De plek staat erbij."),
    "einde": later("De plek stopt op die dag."),
    "blijft": later("De plek blijft bestaan."),
    "stop": later("De stop staat erbij. Zo lang vraagt het loket u niets voor deze plek."),
    "stop_anders": later("De stop is veranderd."),
}


class Rij(Struct, frozen=True):
    """A plek with what depends on now, in words."""

    plek: Plek
    stand: str
    kleur: str
    bevestigd: str
    onzeker: str
    leeg: bool
    onbekend_kind: bool
    """Somebody lives there, perhaps not by the loket: its own page knows."""


class Groep(Struct, frozen=True):
    """One voorziening and its plekken."""

    naam: str
    zorgvorm: str
    crisis: bool
    rijen: list[Rij]


@page_at("/plekken", name="paginaPlekken")
async def plekken(
    request: Request[Any, Any, Any],
    aanbieder: Annotated[UUID | None, QueryParameter()] = None,
    gedaan: Annotated[str, QueryParameter(max_length=20)] = "",
    plek: Annotated[UUID | None, QueryParameter()] = None,
    was: Annotated[str, QueryParameter(max_length=20)] = "",
) -> Response[str]:
    """`plek` and `was`: of what was just said, to take it back."""
    async with visit(request) as v:
        return await pagina(v, aanbieder, gedaan=gedaan, terug=(plek, was) if plek else None)


@post("/aanbieders/{aanbieder_id:uuid}/bevestigingen", name="bevestigAlles", include_in_schema=False)
async def alles(request: Request[Any, Any, Any], aanbieder_id: Annotated[UUID, PathParameter()]) -> Response[Any]:
    """All that is empty is as it was when the page was shown: one tap."""

    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await pagina(v, aanbieder_id, form=form)

    ids = {"aanbiederId": aanbieder_id}
    naar = f"/plekken?aanbieder={aanbieder_id}&gedaan=alles"
    return await verwerk(request, "bevestigAlles", ids, naar=lambda _: naar, opnieuw=opnieuw, pagina="paginaPlekken")


@post("/plekken/{plek_id:uuid}/bevestigingen", name="bevestigPlek", include_in_schema=False)
async def bevestig(request: Request[Any, Any, Any], plek_id: Annotated[UUID, PathParameter()]) -> Response[Any]:
    """As it was, or what it is instead."""
    anders = await sent_field(request, "beschikbaarheid")
    was = await sent_field(request, "was") if anders else ""
    naar = f"/plekken?gedaan={'gezegd' if anders else 'klopt'}"
    naar += f"&plek={plek_id}&was={was}" if was in {*Beschikbaarheid} else ""
    return await verwerk(
        request,
        "bevestigPlek",
        {"plekId": plek_id},
        naar=lambda _: naar,
        opnieuw=_bij(plek_id),
        pagina="paginaPlekken",
    )


@post("/plekken/{plek_id:uuid}/bewoning", name="zegBewoning", include_in_schema=False)
async def bewoning(request: Request[Any, Any, Any], plek_id: Annotated[UUID, PathParameter()]) -> Response[Any]:
    """A child that the loket did not place came, or left."""

    def naar(done: Gedaan) -> str:
        if done.body["melding"]:
            return "/plekken?gedaan=tegengesproken"
        bezet = done.body["plek"]["status"] == PlekStatus.BEZET
        return f"/plekken?gedaan=bezet&plek={plek_id}&was=leeg" if bezet else "/plekken?gedaan=vrij"

    ids = {"plekId": plek_id}
    return await verwerk(request, "zegBewoning", ids, naar=naar, opnieuw=_bij(plek_id), pagina="paginaPlekken")


@post("/plekken", name="voegPlekToe", include_in_schema=False)
async def voeg_toe(request: Request[Any, Any, Any]) -> Response[Any]:
    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await pagina(v, None, form=form)

    naar = "/plekken?gedaan=nieuw"
    return await verwerk(request, "voegPlekToe", {}, naar=lambda _: naar, opnieuw=opnieuw, pagina="paginaPlekken")


def _bij(plek_id: UUID) -> Any:
    """The plekken of the aanbieder of this one."""

    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        plek = await aanbod.get(v.conn, plek_id, v.now)
        return await pagina(v, plek.aanbieder_id, form=form)

    return opnieuw


async def sent_field(request: Request[Any, Any, Any], name: str) -> str:
    """A field of the form; empty when it cannot be read, which `verwerk` will tell."""
    try:
        return (await forms.fields(request)).get(name, [""])[-1]
    except Refusal:
        return ""


async def pagina(
    v: Visit,
    aanbieder_id: UUID | None,
    *,
    form: Formulier | None = None,
    gedaan: str = "",
    terug: tuple[UUID, str] | None = None,
) -> Response[str]:
    """The plekken of one aanbieder. The loket chooses which."""
    dag = today(v.now)
    id = v.wie.organisatie if v.wie.rol is Rol.AANBIEDER else aanbieder_id
    if id is None:
        kiezen: list[Aanbieder] = v.toon(await aanbieders.page(v.conn, limit=MOST))
        return v.page("aanbieder/kies.html", today=dag, section="plekken", form=form or Formulier(), aanbieders=kiezen)
    van: Aanbieder = v.toon(await aanbieders.get(v.conn, id))
    w = woorden.van(van.pleegzorg)
    groups = await groepen(v, van, w)
    empty = [rij for groep in groups for rij in groep.rijen if rij.leeg]
    return v.page(
        "aanbieder/plekken.html",
        today=dag,
        section="plekken",
        here="/plekken",
        form=form or Formulier(),
        gedaan=gettext(w.gedaan.get(gedaan, GEDAAN[gedaan])) if gedaan in GEDAAN else "",
        terug=terug,
        aanbieder=van,
        eigen=v.wie.rol is Rol.AANBIEDER,
        w=w,
        groepen=groups,
        leeg=len(empty),
        onzeker=sum(bool(rij.onzeker) for rij in empty),
        nu=v.now.isoformat(),
        beschikbaar=[(value, gettext(w.knop[value])) for value in Beschikbaarheid],
        huizen=[(one.id, one.naam) for one in await voorzieningen.page(v.conn, aanbieder_id=id, limit=MOST)],
    )


async def groepen(v: Visit, van: Aanbieder, w: woorden.Woorden) -> list[Groep]:
    """Per voorziening; crisis first, then what is not sure any more, then by name."""
    rules = await werkregels(v.conn)
    codes = await names(v.conn)
    namen = {one.id: one.naam for one in await voorzieningen.page(v.conn, aanbieder_id=van.id, limit=MOST)}
    found: dict[UUID, list[Plek]] = {}
    for plek in v.toon(await aanbod.page(v.conn, v.now, aanbieder_id=van.id, limit=MOST)):
        if plek.status is not PlekStatus.VERVALLEN:
            found.setdefault(plek.voorziening_id, []).append(plek)
    made = []
    for id, plekken in found.items():
        zorgvorm = plekken[0].zorgvorm
        rijen = [_rij(v, plek, w) for plek in plekken]
        rijen.sort(key=lambda rij: (not rij.onzeker, not rij.leeg))
        crisis = zorgvorm in rules.crisis_zorgvormen
        made.append(Groep(namen[id], codes.get(("zorgvorm", zorgvorm), zorgvorm), crisis, rijen))
    return sorted(made, key=lambda groep: (not groep.crisis, not any(rij.onzeker for rij in groep.rijen)))


def _rij(v: Visit, plek: Plek, w: woorden.Woorden) -> Rij:
    leeg = plek.status in ONGEZIEN
    return Rij(
        plek,
        stand=woorden.stand(plek, w),
        kleur=woorden.KLEUR[plek.status],
        bevestigd=confirmed(plek.bevestigd_op, v.now),
        onzeker=gettext(woorden.ZEKERHEID[plek.zekerheid]) if leeg and plek.zekerheid is not Zekerheid.ZEKER else "",
        leeg=leeg,
        onbekend_kind=plek.status is PlekStatus.BEZET,
    )
