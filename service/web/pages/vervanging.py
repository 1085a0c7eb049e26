"""`/vervanging`: who acts for you while you are away, and for whom you may act.

A form is the same handeling as the operation of the API that does it, so one line of service/toegang is for both.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, post
from litestar.response import Response
from msgspec import structs

from service import fields
from service.days import today
from service.errors import FieldError, Kind, Refusal
from service.inloggen import gebruikers, sessies
from service.inloggen.gebruikers import WijzigingVervanging
from service.taal import gettext
from service.web import forms
from service.web.forms import Given
from service.web.pages.actie import Formulier, geweigerd, ingevuld
from service.web.pages.render import page_at, see_other
from service.web.pages.visit import Visit, visit

PAGE = "paginaVervanging"

MOST = 1_000
"""Colleagues to choose from."""

FIELDS = ("vervangerId", "vervangenVan", "vervangenTot")
"""A form without them says: nobody."""


NEEDED = ("vervangerId", "vervangenTot")
"""Of the form with which somebody is named: left empty there, it was forgotten."""


@page_at("/vervanging", name=PAGE)
async def vervanging(request: Request[Any, Any, Any]) -> Response[str]:
    async with visit(request, kinderen=False) as v:
        return await _page(v)


@post("/vervanging", name="wijzigVervanging", include_in_schema=False)
async def vervang(request: Request[Any, Any, Any]) -> Response[Any]:
    """Names a vervanger; without one: nobody any more."""
    given: Given = {}
    try:
        given = await forms.fields(request)
        async with visit(request) as v:
            data = dict.fromkeys(FIELDS) | forms.nested(WijzigingVervanging, given)
            asked, wrong = fields.read(WijzigingVervanging, data)
            fields.refuse(wrong + [_empty(name) for name in NEEDED if name in given and data[name] is None])
            v.object_id = v.wie.gebruiker
            await gebruikers.wijs_vervanger_aan(
                v.conn, asked.vervanger_id, asked.vervangen_tot, van=asked.vervangen_van, today=today(v.now)
            )
    except Refusal as refusal:
        return await _refused(request, refusal, given)
    return see_other("/vervanging")


@post("/vervanging/namens", name="wijzigWaarneming", include_in_schema=False)
async def neem_waar(request: Request[Any, Any, Any]) -> Response[Any]:
    """From now on for a colleague; without one: for oneself again."""
    try:
        collega = (await forms.read(request)).get("namensId")
        async with visit(request) as v:
            if v.key is None:
                raise Refusal(Kind.CONFLICT, gettext("Dit kan alleen als u bent ingelogd met een browser."))
            namens = _id(collega) if collega else None
            await sessies.act_for(v.conn, v.key, namens, now=v.now)
            v.wie = structs.replace(v.wie, namens=namens or v.wie.namens)
        v.services.forget()
    except Refusal as refusal:
        return await _refused(request, refusal)
    return see_other("/vervanging")


def _empty(name: str) -> FieldError:
    return FieldError(f"/{name}", "verplicht", gettext("Dit veld is verplicht. Vul het in."))


def _id(text: str) -> UUID:
    try:
        return msgspec.convert(text, UUID)
    except msgspec.ValidationError:
        raise Refusal(Kind.INVALID, gettext("Kies een collega uit de lijst.")) from None


async def _refused(request: Request[Any, Any, Any], refusal: Refusal, given: Given | None = None) -> Response[str]:
    """The page again, with what is wrong, how to mend it, and what was filled in."""
    async with visit(request, kinderen=False, instead=PAGE) as v:
        return await _page(v, refusal, given)


async def _page(v: Visit, refusal: Refusal | None = None, given: Given | None = None) -> Response[str]:
    vandaag = today(v.now)
    collegas = await gebruikers.collegas(v.conn, limit=MOST)
    eigen = await gebruikers.vervanging(v.conn)
    voorbij = eigen.vervangen_tot is not None and eigen.vervangen_tot <= vandaag
    stored = Formulier() if voorbij else ingevuld(eigen)
    return v.page(
        "vervanging.html",
        today=vandaag,
        status=400 if refusal else 200,
        section="start",
        form=geweigerd(given or stored.given, refusal) if refusal else stored,
        eigen=eigen,
        voorbij=voorbij,
        vervanger=next((collega.naam for collega in collegas if collega.id == eigen.vervanger_id), None),
        collegas=[(collega.id, collega.naam) for collega in collegas],
        afwezigen=await gebruikers.afwezigen(v.conn, today=vandaag),
        namens_id=v.wie.namens,
    )
