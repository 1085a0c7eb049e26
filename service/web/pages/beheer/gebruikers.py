"""`/beheer/gebruikers`: who may come in, in which rol and for whom; added, changed, put out and back in."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, post
from litestar.params import PathParameter, QueryParameter
from litestar.response import Response

from service.aanbod import aanbieders
from service.days import today
from service.db import Rol
from service.inloggen import gebruikers, identiteitsproviders, organisaties
from service.inloggen.gebruikers import Gebruiker
from service.taal import gettext, later
from service.web import etags
from service.web.pages.actie import Formulier, Gedaan, ingevuld, verwerk
from service.web.pages.render import page_at
from service.web.pages.visit import Visit, visit

MOST = 50
"""On a page."""

ALL = 2_000
"""Organisations to choose from."""

PAGE, EEN = "paginaGebruikers", "paginaGebruiker"

ROLLEN = {
    Rol.SCHAKELFUNCTIONARIS: later("Schakelfunctionaris"),
    Rol.CRISISDIENST: later("Crisisdienst"),
    Rol.AANBIEDER: later("Aanbieder"),
    Rol.VERWIJZER: later("Verwijzer"),
    Rol.CONTRACTBEHEER: later("Contractbeheer"),
    Rol.BEHEERDER: later("Beheerder"),
}

GEDAAN = {
    "nieuw": later("Deze persoon mag inloggen. Bij de eerste keer herkent het loket die aan het e-mailadres."),
    "gewijzigd": later("De wijziging is opgeslagen."),
    "uit": later("Deze persoon komt er meteen niet meer in, en is overal uitgelogd."),
    "aan": later("Deze persoon mag weer inloggen."),
    "organisatie": later("De organisatie is toegevoegd. U kunt haar nu kiezen."),
}


@page_at("/beheer/gebruikers", name=PAGE)
async def lijst(
    request: Request[Any, Any, Any],
    na: Annotated[UUID | None, QueryParameter()] = None,
    rol: Annotated[str, QueryParameter(pattern=rf"^({'|'.join(Rol)})?\Z")] = "",
    zoek: Annotated[str, QueryParameter(max_length=80)] = "",
    gedaan: Annotated[str, QueryParameter(max_length=20)] = "",
) -> Response[str]:
    """`na`: the last of the page before."""
    async with visit(request, kinderen=False) as v:
        return await _lijst(v, na=na, rol=rol, zoek=zoek, gedaan=gedaan)


@page_at("/beheer/gebruikers/{gebruiker_id:uuid}", name=EEN)
async def een(
    request: Request[Any, Any, Any],
    gebruiker_id: Annotated[UUID, PathParameter()],
    gedaan: Annotated[str, QueryParameter(max_length=20)] = "",
) -> Response[str]:
    async with visit(request, kinderen=False) as v:
        return await _een(v, gebruiker_id, gedaan=gedaan)


@post("/beheer/gebruikers", name="voegGebruikerToe", include_in_schema=False)
async def voeg_toe(request: Request[Any, Any, Any]) -> Response[Any]:
    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await _lijst(v, form=form)

    def naar(done: Gedaan) -> str:
        return f"/beheer/gebruikers/{done.id}?gedaan=nieuw"

    return await verwerk(request, "voegGebruikerToe", {}, naar=naar, opnieuw=opnieuw, pagina=PAGE)


@post("/beheer/organisaties", name="voegOrganisatieToe", include_in_schema=False)
async def organisatie(request: Request[Any, Any, Any]) -> Response[Any]:
    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await _lijst(v, nieuw=form)

    naar = "/beheer/gebruikers?gedaan=organisatie#toevoegen"
    return await verwerk(request, "voegOrganisatieToe", {}, naar=lambda _: naar, opnieuw=opnieuw, pagina=PAGE)


@post("/beheer/gebruikers/{gebruiker_id:uuid}", name="wijzigGebruiker", include_in_schema=False)
async def wijzig(request: Request[Any, Any, Any], gebruiker_id: Annotated[UUID, PathParameter()]) -> Response[Any]:
    return await _wijzig(request, gebruiker_id, lambda _: "gewijzigd")


@post("/beheer/gebruikers/{gebruiker_id:uuid}/actief", name="wijzigGebruiker@actief", include_in_schema=False)
async def zet(request: Request[Any, Any, Any], gebruiker_id: Annotated[UUID, PathParameter()]) -> Response[Any]:
    """Out, or back in: one button."""
    return await _wijzig(request, gebruiker_id, lambda done: "aan" if done.body["actief"] else "uit")


async def _wijzig(request: Request[Any, Any, Any], id: UUID, code: Any) -> Response[Any]:
    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await _een(v, id, form=form)

    def naar(done: Gedaan) -> str:
        return f"/beheer/gebruikers/{id}?gedaan={code(done)}"

    return await verwerk(request, "wijzigGebruiker", {"gebruikerId": id}, naar=naar, opnieuw=opnieuw, pagina=EEN)


async def _keuzes(v: Visit) -> dict[str, Any]:
    """What one may choose from."""
    return {
        "rollen": [(str(rol), gettext(zin)) for rol, zin in ROLLEN.items()],
        "organisaties": [(str(one.id), one.naam) for one in v.toon(await organisaties.page(v.conn, limit=ALL))],
        "aanbieders": [(str(one.id), one.naam) for one in v.toon(await aanbieders.page(v.conn, limit=ALL))],
        "plaatsen": [
            (str(one.id), one.naam) for one in v.toon(await identiteitsproviders.plaatsen(v.conn)) if one.actief
        ],
    }


async def _lijst(
    v: Visit,
    *,
    na: UUID | None = None,
    rol: str = "",
    zoek: str = "",
    form: Formulier | None = None,
    nieuw: Formulier | None = None,
    gedaan: str = "",
) -> Response[str]:
    found = await gebruikers.page(
        v.conn, after=na, limit=MOST + 1, rol=Rol(rol) if rol else None, zoek=zoek.strip() or None
    )
    rows: list[Gebruiker] = v.toon(found)
    keuzes = await _keuzes(v)
    vraag = {name: value for name, value in (("rol", rol), ("zoek", zoek.strip())) if value}
    return v.page(
        "beheer/gebruikers.html",
        today=today(v.now),
        section="gebruikers",
        here="/beheer/gebruikers",
        form=form or Formulier(),
        nieuw=nieuw or Formulier(),
        gedaan=gettext(GEDAAN[gedaan]) if gedaan in GEDAAN else "",
        rijen=rows[:MOST],
        bij=dict(keuzes["organisaties"] + keuzes["aanbieders"]),
        rol=rol,
        zoek=zoek,
        eerste=na is None,
        begin="/beheer/gebruikers?" + urlencode(vraag),
        volgende="/beheer/gebruikers?" + urlencode({**vraag, "na": str(rows[MOST - 1].id)}) if len(rows) > MOST else "",
        soorten=[(str(one), gettext(zin)) for one, zin in SOORTEN.items()],
        **keuzes,
    )


SOORTEN = {
    organisaties.OrganisatieSoort.GI: later("gecertificeerde instelling"),
    organisaties.OrganisatieSoort.GEMEENTE: later("gemeente"),
    organisaties.OrganisatieSoort.VEILIG_THUIS: later("Veilig Thuis"),
    organisaties.OrganisatieSoort.LOKET: later("het loket zelf"),
}


async def _een(v: Visit, id: UUID, *, form: Formulier | None = None, gedaan: str = "") -> Response[str]:
    g: Gebruiker = v.toon(await gebruikers.get(v.conn, id))
    keuzes = await _keuzes(v)
    return v.page(
        "beheer/gebruiker.html",
        today=today(v.now),
        section="gebruikers",
        here=f"/beheer/gebruikers/{id}",
        g=g,
        form=form if form and "naam" in form.given else Formulier(ingevuld(g).given, form.fouten if form else []),
        versie=etags.of(etags.encode(g)),
        gedaan=gettext(GEDAAN[gedaan]) if gedaan in GEDAAN else "",
        bij=dict(keuzes["organisaties"] + keuzes["aanbieders"]),
        zelf=g.id == v.wie.gebruiker,
        **keuzes,
    )
