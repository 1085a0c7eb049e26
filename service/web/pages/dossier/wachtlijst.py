"""`/wachtlijst`: who waits for a place in the region, where, at which place in the list, and for how long still. A
verwijzer sees its own, with their place among all; contractbeheer only how many, without small numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Request
from litestar.exceptions import ValidationException
from litestar.response import Response
from msgspec import Meta, Struct, ValidationError, convert, structs

from service import toegang
from service.cijfers import wachtlijst as lijst
from service.cijfers.wachtlijst import Wachtende, Wachtplaats, Wachttelling, Wachttijd, WachtVanaf
from service.days import today
from service.db import Rol
from service.dutch import days
from service.regio import codes
from service.taal import gettext
from service.urgentie import Urgentie
from service.web.pages import words
from service.web.pages.dossier import woorden
from service.web.pages.render import page_at
from service.web.pages.schakel import zinnen
from service.web.pages.visit import Visit, visit

PER_PAGE = 50


class Vraag(Struct, frozen=True, kw_only=True):
    """What is asked of the list; it stands in the address."""

    zorgvorm: Annotated[str, Meta(max_length=60)] | None = None
    urgentie: Urgentie | None = None
    waar: Wachtplaats | None = None
    vanaf: WachtVanaf = WachtVanaf.AANMELDING
    pagina: Annotated[int, Meta(ge=1, le=1000)] = 1

    def wil(self, one: Wachttelling) -> bool:
        asked = ((self.zorgvorm, one.zorgvorm), (self.urgentie, one.urgentie), (self.waar, one.waar))
        return all(want in (None, has) for want, has in asked)

    def adres(self, **other: Any) -> str:
        asked = structs.asdict(structs.replace(self, **other))
        query = urlencode({name: value for name, value in asked.items() if value != structs.asdict(Vraag())[name]})
        return "/wachtlijst" + (f"?{query}" if query else "")


def asked(request: Request[Any, Any, Any]) -> Vraag:
    """400 for what the list does not know."""
    try:
        return convert({key: value for key, value in request.query_params.items() if value}, Vraag, strict=False)
    except ValidationError as error:
        raise ValidationException(str(error)) from None


@page_at("/wachtlijst", name="paginaWachtlijst")
async def wachtlijst(request: Request[Any, Any, Any]) -> Response[str]:
    vraag = asked(request)
    async with visit(request) as v:
        found = await _wie(v, vraag) if toegang.kan(v.wie, "toonWachtlijst") else []
        first = (vraag.pagina - 1) * PER_PAGE
        counted: list[Wachttelling] = []
        if toegang.kan(v.wie, "telWachtlijst"):
            counted = v.toon(await lijst.tellingen(v.conn, v.wie.rol))
        expected: list[Wachttijd] = v.toon(await lijst.wachttijden(v.conn, v.wie.rol, vraag.vanaf, v.now))
        loket = v.wie.rol is Rol.SCHAKELFUNCTIONARIS
        return v.page(
            "dossier/wachtlijst.html",
            today=today(v.now),
            section="wachtlijst",
            here="/wachtlijst",
            vraag=vraag,
            rijen=v.toon(found[first : first + PER_PAGE]),
            alle=len(found),
            pages=max(1, -(-len(found) // PER_PAGE)),
            pad="/aanvragen/" if loket else "/mijn-aanvragen/",
            loket=loket,
            telt=v.wie.rol is Rol.CONTRACTBEHEER,
            geteld=[one for one in counted if vraag.wil(one)],
            tabel=per_zorgvorm(counted),
            verwacht=expected,
            namen={one.code: one.naam for one in await codes.zorgvormen(v.conn)},
            urgenties=words.URGENTIE,
            waar=[(code, gettext(naam)) for code, naam in woorden.WAAR.items()],
            waarwoorden=woorden.WAAR,
            vanaf=zinnen.keuzes(woorden.VANAF),
            vanafwoord=gettext(woorden.VANAF[vraag.vanaf]),
            dagen=lambda one: days_since(one, vraag.vanaf),
        )


async def _wie(v: Visit, vraag: Vraag) -> list[Wachtende]:
    return await lijst.wachtlijst(
        v.conn,
        v.wie.rol,
        vanaf=vraag.vanaf,
        zorgvorm=vraag.zorgvorm,
        urgentie=vraag.urgentie,
        waar=vraag.waar,
        now=v.now,
    )


def days_since(one: Wachtende, vanaf: WachtVanaf) -> str:
    """How long it waits, from the date that was asked."""
    count = {
        WachtVanaf.AANMELDING: one.dagen_sinds_aanmelding,
        WachtVanaf.GRONDSLAG: one.dagen_sinds_grondslag,
        WachtVanaf.GEWENSTE_START: one.dagen_sinds_gewenste_start,
    }[vanaf]
    return gettext("geen grondslag") if count is None else days(count)


def per_zorgvorm(counted: Iterable[Wachttelling]) -> dict[str, dict[Wachtplaats, int]]:
    """Zorgvorm → where → how many, whatever the urgentie."""
    found: dict[str, dict[Wachtplaats, int]] = {}
    for one in counted:
        row = found.setdefault(one.zorgvorm, dict.fromkeys(Wachtplaats, 0))
        row[one.waar] += one.aantal
    return found
