"""`/aanvragen/nieuw`: an aanvraag in a few minutes, for a child or for brothers and sisters in one go. What is filled
in is kept for who fills it in: every few seconds by a script, and by each button but the last."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, post
from litestar.params import QueryParameter
from litestar.response import Response

from service.aanvraag import concepten
from service.aanvraag.aanvragen import Geslacht
from service.aanvraag.concepten import Concept
from service.days import today
from service.db import Connection
from service.errors import FieldError, Kind, Refusal
from service.regio import codes
from service.regio.codes import Lijst
from service.regio.werkregels import werkregels
from service.taal import gettext, later
from service.web import forms
from service.web.forms import Given
from service.web.pages import words
from service.web.pages.actie import SLEUTEL, Formulier, doe, geweigerd, verwerk
from service.web.pages.render import page_at, see_other
from service.web.pages.verwijzer.aanvraag import CRITERIA
from service.web.pages.visit import Visit, visit

PAGINA = "paginaNieuweAanvraag"
PATH = "/aanvragen/nieuw"
MOST = 8
"""Children at once, as Indiening takes."""

AANTAL = "aantal"
"""Hidden field: how many children the form shows."""

VANZELF = "loket-vanzelf"
"""Header of loket.js, which saves every few seconds and goes nowhere."""

GESLACHT = {
    Geslacht.MEISJE: later("meisje"),
    Geslacht.JONGEN: later("jongen"),
    Geslacht.NON_BINAIR: later("non-binair"),
    Geslacht.ANDERS: later("anders"),
    Geslacht.ONBEKEND: later("weet ik niet"),
}

GEDAAN = {
    "kind": later("Er is een kind bij. Wat u al had ingevuld, staat er nog."),
    "weg": later("Het laatste kind is weg uit het formulier."),
}

GEMEENTEN = "select code, naam from gemeente order by regio <> huidige_regio(), naam"


async def gemeenten(conn: Connection) -> list[tuple[str, str]]:
    """Code and name, those of the own region first."""
    return [(row["code"], row["naam"]) for row in await conn.fetch(GEMEENTEN)]


@page_at(PATH, name=PAGINA)
async def nieuw(
    request: Request[Any, Any, Any], gedaan: Annotated[str, QueryParameter(max_length=40)] = ""
) -> Response[str]:
    async with visit(request) as v:
        concept = await concepten.eigen(v.conn)
        return await _page(v, Formulier(given(concept)), concept=concept, gedaan=gedaan)


def given(concept: Concept | None) -> Given:
    """A concept as the fields of the form."""
    found: Given = {}
    for veld in concept.velden if concept else ():
        found.setdefault(veld.naam, []).append(veld.waarde)
    return found


def children(form: Formulier) -> int:
    """How many the form shows: at least one, at most MOST."""
    said = form.waarde(AANTAL)
    return max(1, min(MOST, int(said) if said.isdecimal() and len(said) < 3 else form.rijen("kinderen")))


async def _page(v: Visit, form: Formulier, *, concept: Concept | None = None, gedaan: str = "") -> Response[str]:
    criteria = (await werkregels(v.conn)).urgentie_criteria
    lijsten = {lijst: [(c.code, c.naam) for c in await codes.kenmerkcodes(v.conn, lijst)] for lijst in Lijst}
    zorgvormen = await codes.zorgvormen(v.conn)
    return v.page(
        "verwijzer/nieuw.html",
        today=today(v.now),
        section="mijn",
        form=form,
        aantal=children(form),
        most=MOST,
        concept=concept,
        gemeenten=await gemeenten(v.conn),
        geslachten=[(code, gettext(naam)) for code, naam in GESLACHT.items()],
        gezin=[(z.code, z.naam) for z in zorgvormen if z.gezinsvorm],
        anders=[(z.code, z.naam) for z in zorgvormen if not z.gezinsvorm],
        lijsten=lijsten,
        words=words,
        criteria={
            name: [gettext(CRITERIA.get(code, code)) for code in getattr(criteria, name)]
            for name in ("crisis", "spoed")
        },
        gedaan=GEDAAN.get(gedaan, ""),
    )


@post(PATH, name="dienIn", include_in_schema=False)
async def dien_in(request: Request[Any, Any, Any]) -> Response[Any]:
    return await verwerk(
        request,
        "dienIn",
        {},
        naar=lambda done: f"/mijn-aanvragen/{done.id}?gedaan=ingediend",
        opnieuw=_page,
        pagina=PAGINA,
    )


@post(f"{PATH}/concept", name="bewaarConcept", include_in_schema=False)
async def bewaar(request: Request[Any, Any, Any]) -> Response[Any]:
    return await _keep(request, 0, "/mijn-aanvragen?gedaan=bewaard")


@post(f"{PATH}/kind", name="bewaarConcept@kind", include_in_schema=False)
async def kind(request: Request[Any, Any, Any]) -> Response[Any]:
    """The same form with one child more."""
    return await _keep(request, 1, f"{PATH}?gedaan=kind")


@post(f"{PATH}/zonder", name="bewaarConcept@zonder", include_in_schema=False)
async def zonder(request: Request[Any, Any, Any]) -> Response[Any]:
    """Without its last child."""
    return await _keep(request, -1, f"{PATH}?gedaan=weg")


@post(f"{PATH}/wis", name="bewaarConcept@wis", include_in_schema=False)
async def wis(request: Request[Any, Any, Any]) -> Response[Any]:
    async with visit(request) as v:
        await doe(v, "bewaarConcept", {}, {"velden": []})
    return see_other("/mijn-aanvragen?gedaan=gewist")


async def _keep(request: Request[Any, Any, Any], more: int, naar: str) -> Response[Any]:
    """What was filled in, whatever is wrong with it but what says who a child is; `more` children than it has."""
    fields = {name: values for name, values in (await forms.fields(request)).items() if name != SLEUTEL}
    number = children(Formulier(fields)) + more
    gone = f"kinderen.{number}."
    fields = {name: values for name, values in fields.items() if more >= 0 or not name.startswith(gone)}
    fields[AANTAL] = [str(max(1, min(MOST, number)))]
    pairs = [(name, value) for name, values in fields.items() for value in values if value]
    if all(name == AANTAL or value == "false" for name, value in pairs) and not more:
        pairs = []  # nothing was filled in
    try:
        async with visit(request) as v:
            velden = [{"naam": name, "waarde": value} for name, value in pairs]
            await doe(v, "bewaarConcept", {}, {"velden": velden})
    except Refusal as refusal:
        if refusal.kind is not Kind.INVALID:
            raise
        wrong = Refusal(refusal.kind, refusal.detail, tuple(_at(error, pairs) for error in refusal.fields))
        async with visit(request, instead=PAGINA) as v:
            response = await _page(v, geweigerd(fields, wrong))
        response.status_code = 400
        return response
    if request.headers.get(VANZELF):
        return Response("", status_code=204, media_type="text/plain", headers={"Cache-Control": "no-store"})
    return see_other(naar)


def _at(error: FieldError, pairs: list[tuple[str, str]]) -> FieldError:
    """`/velden/3/waarde` by the name of the field."""
    part = error.pointer.split("/")[2:3]
    number = int(part[0]) if part and part[0].isdecimal() else -1
    name = pairs[number][0] if 0 <= number < len(pairs) else ""
    return FieldError("/" + name.replace(".", "/"), error.code, error.detail)


route_handlers = [nieuw, dien_in, bewaar, kind, zonder, wis]
