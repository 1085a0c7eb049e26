"""`/beheer/koppelingen`: systems of aanbieders that may use the API, and the keys by which they prove themselves."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, post
from litestar.params import PathParameter, QueryParameter
from litestar.response import Response

from service.aanbod import aanbieders
from service.days import today
from service.inloggen import koppelingen
from service.taal import gettext, later
from service.web import etags, forms
from service.web.pages.actie import Formulier, Gedaan, ingevuld, verwerk
from service.web.pages.beheer.gebruikers import ALL
from service.web.pages.render import page_at
from service.web.pages.visit import Visit, visit

PAGE, EEN = "paginaKoppelingen", "paginaKoppeling"

MOST = 50
KEYS = 20
"""On a page."""

GEDAAN = {
    "nieuw": later(
        "De koppeling is er. Voeg nu de publieke sleutel van het systeem toe: zonder sleutel kan zij niets."
    ),
    "gewijzigd": later("De wijziging is opgeslagen."),
    "uit": later("Dit systeem komt er meteen niet meer in."),
    "aan": later("Dit systeem mag er weer in."),
    "sleutel": later("De sleutel geldt vanaf nu."),
    "einde": later("De sleutel geldt niet meer. Wat ermee begonnen was, is ook gestopt."),
}

Id = Annotated[UUID, PathParameter()]


@page_at("/beheer/koppelingen", name=PAGE)
async def lijst(request: Request[Any, Any, Any], na: Annotated[UUID | None, QueryParameter()] = None) -> Response[str]:
    """`na`: the last of the page before."""
    async with visit(request, kinderen=False) as v:
        return await _lijst(v, na=na)


@page_at("/beheer/koppelingen/{koppeling_id:uuid}", name=EEN)
async def een(
    request: Request[Any, Any, Any],
    koppeling_id: Id,
    gedaan: Annotated[str, QueryParameter(max_length=20)] = "",
) -> Response[str]:
    async with visit(request, kinderen=False) as v:
        return await _een(v, koppeling_id, gedaan=gedaan)


@post("/beheer/koppelingen", name="voegKoppelingToe", include_in_schema=False)
async def voeg_toe(request: Request[Any, Any, Any]) -> Response[Any]:
    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await _lijst(v, form=form)

    def naar(done: Gedaan) -> str:
        return f"/beheer/koppelingen/{done.id}?gedaan=nieuw"

    return await verwerk(request, "voegKoppelingToe", {}, naar=naar, opnieuw=opnieuw, pagina=PAGE)


@post("/beheer/koppelingen/{koppeling_id:uuid}", name="wijzigKoppeling", include_in_schema=False)
async def wijzig(request: Request[Any, Any, Any], koppeling_id: Id) -> Response[Any]:
    def naar(done: Gedaan) -> str:
        return "gewijzigd"

    return await _doe(request, koppeling_id, "wijzigKoppeling", {}, naar)


@post("/beheer/koppelingen/{koppeling_id:uuid}/actief", name="wijzigKoppeling@actief", include_in_schema=False)
async def zet(request: Request[Any, Any, Any], koppeling_id: Id) -> Response[Any]:
    """Out, or back in: one button."""

    def naar(done: Gedaan) -> str:
        return "aan" if done.body["actief"] else "uit"

    return await _doe(request, koppeling_id, "wijzigKoppeling", {}, naar)


@post("/beheer/koppelingen/{koppeling_id:uuid}/sleutels", name="voegSleutelToe", include_in_schema=False)
async def sleutel(request: Request[Any, Any, Any], koppeling_id: Id) -> Response[Any]:
    """The key is pasted as the system gave it: JSON."""
    pasted = (await forms.fields(request)).get("jwk", [""])[-1]
    vast: dict[str, Any] = {}
    if pasted:
        try:
            vast["jwk"] = msgspec.json.decode(pasted)
        except msgspec.DecodeError:
            vast["jwk"] = pasted  # which is refused, with what it should be
    return await _doe(request, koppeling_id, "voegSleutelToe", {}, lambda _: "sleutel", vast=vast)


@post(
    "/beheer/koppelingen/{koppeling_id:uuid}/sleutels/{sleutel_id:uuid}", name="wijzigSleutel", include_in_schema=False
)
async def einde(request: Request[Any, Any, Any], koppeling_id: Id, sleutel_id: Id) -> Response[Any]:
    return await _doe(request, koppeling_id, "wijzigSleutel", {"sleutelId": sleutel_id}, lambda _: "einde")


async def _doe(
    request: Request[Any, Any, Any],
    id: UUID,
    operation: str,
    ids: dict[str, UUID],
    code: Any,
    *,
    vast: dict[str, Any] | None = None,
) -> Response[Any]:
    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await _een(v, id, form=form)

    def naar(done: Gedaan) -> str:
        return f"/beheer/koppelingen/{id}?gedaan={code(done)}"

    ids = {"koppelingId": id, **ids}
    return await verwerk(request, operation, ids, naar=naar, opnieuw=opnieuw, pagina=EEN, vast=vast)


async def _lijst(v: Visit, *, na: UUID | None = None, form: Formulier | None = None) -> Response[str]:
    rows = v.toon(await koppelingen.page(v.conn, after=na, limit=MOST + 1))
    bij = [(str(one.id), one.naam) for one in v.toon(await aanbieders.page(v.conn, limit=ALL))]
    return v.page(
        "beheer/koppelingen.html",
        today=today(v.now),
        section="gebruikers",
        here="/beheer/koppelingen",
        form=form or Formulier({"perMinuut": ["300"]}),
        rijen=rows[:MOST],
        bij=dict(bij),
        aanbieders=bij,
        eerste=na is None,
        volgende=rows[MOST - 1].id if len(rows) > MOST else None,
    )


def _fouten(form: Formulier | None) -> list[tuple[str, str]]:
    """What is wrong inside the key, is wrong with the field in which it was pasted."""
    fouten = form.fouten if form else []
    return [("jwk" if naam.startswith("jwk.") else naam, zin) for naam, zin in fouten]


async def _een(v: Visit, id: UUID, *, form: Formulier | None = None, gedaan: str = "") -> Response[str]:
    k = v.toon(await koppelingen.get(v.conn, id))
    sleutels = v.toon(await koppelingen.sleutels(v.conn, id, limit=KEYS))
    aanbieder = v.toon(await aanbieders.get(v.conn, k.aanbieder_id))
    return v.page(
        "beheer/koppeling.html",
        today=today(v.now),
        section="gebruikers",
        here=f"/beheer/koppelingen/{id}",
        k=k,
        aanbieder=aanbieder.naam,
        form=form if form and "naam" in form.given else Formulier(ingevuld(k).given, _fouten(form)),
        versie=etags.of(etags.encode(k)),
        sleutels=[(one, etags.of(etags.encode(one)), one.geldig_tot > v.now) for one in sleutels],
        nu=v.now.isoformat(),
        gedaan=gettext(GEDAAN[gedaan]) if gedaan in GEDAAN else "",
    )
