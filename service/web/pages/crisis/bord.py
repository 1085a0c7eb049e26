"""`/crisis`: which crisis places are free now, whom to call, and what is held or must still be written down."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, post
from litestar.exceptions import ValidationException
from litestar.params import PathParameter
from litestar.response import Response
from msgspec import Meta, Struct, ValidationError, convert, structs

from service.aanbod.plekken import Beschikbaarheid
from service.aanbod.voorzieningen import Groepssoort
from service.days import age_on, today
from service.dutch import count, days
from service.errors import Refusal
from service.fields import AanvraagId
from service.plaatsing import crisis, crisisbord, plekregels
from service.plaatsing.crisis import Crisisplek
from service.plaatsing.crisisbord import Kind, Waar
from service.plaatsing.plekregels import Bezwaar
from service.regio import codes
from service.taal import gettext, later
from service.web.pages.actie import Formulier, Gedaan, verwerk
from service.web.pages.kaart import Kaart, Punt
from service.web.pages.render import page_at
from service.web.pages.visit import Visit, visit

GEDAAN = {
    "vast": later("De plek is vastgehouden. Bel nu de aanbieder."),
    "los": later("De plek is weer vrij."),
    "geplaatst": later("De plaatsing is vastgelegd. Wat nog mist, staat hieronder. Dat kan morgen."),
    "aangevuld": later("Aangevuld. Wat nog mist, staat hieronder."),
    "definitief": later("De plaatsing is definitief."),
}
"""What was just done, by its code in the address."""

NEEMT = {
    Groepssoort.GEMENGD: later("iedereen"),
    Groepssoort.MEISJES: later("alleen meisjes"),
    Groepssoort.JONGENS: later("alleen jongens"),
}
"""Whom a place takes."""

LOS = "Toch niet nodig."
"""Why a hold ends with the button."""


class Vraag(Struct, frozen=True, kw_only=True):
    """What is asked of the list. A chosen child says its age and groups itself."""

    leeftijd: Annotated[int, Meta(ge=0, le=22)] | None = None
    """In years."""
    groep: Groepssoort | None = None
    """In which kind of group the child fits besides a mixed one."""
    aanvraag: AanvraagId | None = None
    gedaan: Annotated[str, Meta(max_length=20)] | None = None
    optie: UUID | None = None
    """That was just made: it can be undone."""


def adres(**asked: Any) -> str:
    """`/crisis?…`, with what is not empty."""
    query = {name: str(value) for name, value in asked.items() if value}
    return "/crisis" + (f"?{urlencode(query)}" if query else "")


def asked(request: Request[Any, Any, Any]) -> Vraag:
    """400 for what the list does not know."""
    try:
        return convert({key: value for key, value in request.query_params.items() if value}, Vraag, strict=False)
    except ValidationError as error:
        raise ValidationException(str(error)) from None


class Kaartje(Struct, frozen=True):
    """A free place, in words."""

    plek: Crisisplek
    zorgvorm: str
    neemt: str
    leeftijd: str
    waar: str
    zeker: str
    overleg: bool
    bezwaar: Bezwaar | None
    """Why it is not for the child that was chosen, which its age and group do not tell."""


class Kindkeuze(Struct, frozen=True):
    kind: Kind
    leeftijd: int
    """In months, today."""


@page_at("/crisis", name="paginaCrisis")
async def bord(request: Request[Any, Any, Any]) -> Response[str]:
    vraag = asked(request)
    async with visit(request) as v:
        return await _page(v, vraag, Formulier())


@post("/crisis/opties", name="houdPlek@crisis", include_in_schema=False)
async def houd(request: Request[Any, Any, Any]) -> Response[Any]:
    """Holds a plek, from today on."""

    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await _page(v, _vraag_van(form.waarde("plekken.0.aanvraagId")), form)

    def naar(done: Gedaan) -> str:
        return adres(gedaan="vast", optie=done.id, aanvraag=done.body[0]["aanvraagId"])

    return await verwerk(request, "houdPlek", {}, naar=naar, opnieuw=opnieuw, pagina="paginaCrisis")


@post("/crisis/opties/{optie_id:uuid}/stappen", name="zetOptieStap@crisis", include_in_schema=False)
async def laat_los(request: Request[Any, Any, Any], optie_id: Annotated[UUID, PathParameter()]) -> Response[Any]:
    """Lets go of what is held."""

    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await _page(v, Vraag(), form)

    ids = {"optieId": optie_id}
    naar = adres(gedaan="los")
    return await verwerk(request, "zetOptieStap", ids, naar=lambda _: naar, opnieuw=opnieuw, pagina="paginaCrisis")


@post("/crisis/plaatsingen/{plaatsing_id:uuid}/stappen", name="zetPlaatsingStap@crisis", include_in_schema=False)
async def maak_definitief(
    request: Request[Any, Any, Any], plaatsing_id: Annotated[UUID, PathParameter()]
) -> Response[Any]:
    """All is there that the law asks."""

    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await _page(v, Vraag(), form)

    ids = {"plaatsingId": plaatsing_id}
    naar = adres(gedaan="definitief")
    return await verwerk(request, "zetPlaatsingStap", ids, naar=lambda _: naar, opnieuw=opnieuw, pagina="paginaCrisis")


def _vraag_van(kind: str) -> Vraag:
    """Whatever was sent is only shown again when it is an id."""
    try:
        return convert({"aanvraag": kind}, Vraag, strict=False)
    except ValidationError:
        return Vraag()


async def _page(v: Visit, vraag: Vraag, form: Formulier) -> Response[str]:
    vandaag = today(v.now)
    kinderen = [
        Kindkeuze(kind, age_on(kind.leeftijd_maanden, kind.leeftijd_peildatum, vandaag))
        for kind in await crisisbord.kinderen(v.conn)
    ]
    gekozen = kinderen[0] if len(kinderen) == 1 else None
    gekozen = next((one for one in kinderen if one.kind.id == vraag.aanvraag), gekozen)
    alle = v.toon(await crisis.vrije_plekken(v.conn, v.now))
    past = [plek for plek in alle if takes(plek, vraag, gekozen if vraag.aanvraag else None)]
    tegen = await _bezwaren(v, gekozen, past) if vraag.aanvraag else {}
    past.sort(key=lambda plek: plek.id in tegen)
    waar = await crisisbord.waar(v.conn, list({plek.voorziening_id for plek in past}))
    namen = {zorgvorm.code: zorgvorm.naam for zorgvorm in await codes.zorgvormen(v.conn)}
    return v.page(
        "crisis/bord.html",
        today=vandaag,
        section="crisis",
        here="/crisis",
        form=form,
        vraag=structs.asdict(vraag),
        gezocht=vraag.leeftijd is not None or vraag.groep is not None,
        adres=adres,
        gedaan=gettext(GEDAAN[vraag.gedaan]) if vraag.gedaan in GEDAAN else "",
        kinderen=kinderen,
        gekozen=gekozen,
        plekken=[in_words(plek, waar.get(plek.voorziening_id), namen, vandaag, tegen.get(plek.id)) for plek in past],
        alle=len(alle),
        toch=again(form, gekozen, [plek for plek in alle if plek.id not in tegen or not tegen[plek.id].nooit]),
        **await v.kaart(on_map(past, waar)),
        vastgehouden=await crisisbord.vastgehouden(v.conn, v.now),
        onaf=await crisisbord.aan_te_vullen(v.conn, v.now),
        los=LOS,
    )


async def _bezwaren(v: Visit, gekozen: Kindkeuze | None, plekken: list[Crisisplek]) -> dict[UUID, Bezwaar]:
    """As holding would say it: better before the tap than after it. Only of a child that was asked for: it tells what
    that child needs. None when it cannot be told: holding says it then, and the beds and numbers must stand here."""
    if gekozen is None or not plekken:
        return {}
    ids = [plek.id for plek in plekken]
    try:
        return await plekregels.bezwaren(
            v.conn, v.services.travel, gekozen.kind.id, ids, van=today(v.now), wie=v.wie, now=v.now
        )
    except Refusal:
        return {}


def again(form: Formulier, gekozen: Kindkeuze | None, free: list[Crisisplek]) -> Crisisplek | None:
    """The place that a rule kept from being held, when it is still free: with a reason it may be. None, too, for what
    was sent of another child or place, which is not shown back."""
    if not form.fouten or gekozen is None or form.waarde("plekken.0.aanvraagId") != str(gekozen.kind.id):
        return None
    return next((plek for plek in free if str(plek.id) == form.waarde("plekken.0.plekId")), None)


def takes(plek: Crisisplek, vraag: Vraag, gekozen: Kindkeuze | None) -> bool:
    """Whether a place is for such a child: its age, and the kind of group."""
    if gekozen is not None:
        fits = plek.groepssoort in gekozen.kind.groepssoorten
        return fits and plek.leeftijd_van <= gekozen.leeftijd < plek.leeftijd_tot
    if vraag.groep is not None and plek.groepssoort not in (Groepssoort.GEMENGD, vraag.groep):
        return False
    # Of a year one knows no month: it is in when any month of it is.
    year = vraag.leeftijd
    return year is None or (plek.leeftijd_van < (year + 1) * 12 and plek.leeftijd_tot > year * 12)


def in_words(
    plek: Crisisplek, waar: Waar | None, zorgvormen: dict[str, str], vandaag: date, bezwaar: Bezwaar | None = None
) -> Kaartje:
    return Kaartje(
        plek=plek,
        zorgvorm=zorgvormen.get(plek.zorgvorm, plek.zorgvorm),
        neemt=gettext(NEEMT[plek.groepssoort]),
        leeftijd=ages(plek.leeftijd_van, plek.leeftijd_tot),
        waar=(waar.plaats or gettext("plaats onbekend")) if waar and openbaar(waar) else gettext("niet openbaar"),
        zeker=sure(plek),
        overleg=plek.beschikbaarheid is Beschikbaarheid.IN_OVERLEG,
        bezwaar=bezwaar,
    )


def ages(van: int, tot: int) -> str:
    """`4 tot en met 11 jaar`, of bounds in months of which the second is the first one out."""
    low, high = van // 12, (tot - 1) // 12
    if low == high:
        return gettext("%(jaar)s jaar") % {"jaar": low}
    return gettext("%(van)s tot en met %(tot)s jaar") % {"van": low, "tot": high}


def sure(plek: Crisisplek) -> str:
    """How long ago the provider said that it is free."""
    uren = plek.bevestigd_uren
    if uren is None:
        return gettext("nog nooit bevestigd")
    if uren < 1:
        return gettext("minder dan een uur geleden bevestigd")
    ago = gettext("%(uren)s uur") % {"uren": uren} if uren < 48 else days(uren // 24)
    return gettext("%(tijd)s geleden bevestigd") % {"tijd": ago}


def openbaar(waar: Waar) -> bool:
    return waar.zichtbaarheid == "openbaar"


def on_map(plekken: list[Crisisplek], waar: dict[UUID, Waar]) -> Kaart:
    """One point per voorziening, and only of the public ones."""
    punten: dict[UUID, Punt] = {}
    for plek in plekken:
        there = waar.get(plek.voorziening_id)
        if there is None or not openbaar(there) or there.lat is None or there.lon is None:
            continue
        free = sum(other.voorziening_id == plek.voorziening_id for other in plekken)
        uitleg = f"{there.plaats or ''}, {count(free, gettext('plek vrij'), gettext('plekken vrij'))}".lstrip(", ")
        punt = Punt(plek.voorziening, uitleg, there.lat, there.lon, f"#p-{plek.id}")
        punten.setdefault(plek.voorziening_id, punt)
    buiten = sum(plek.voorziening_id not in punten for plek in plekken)
    return Kaart(list(punten.values()), buiten)
