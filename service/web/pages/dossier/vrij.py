"""`/plekken/vrij`: which plekken are free, or will be; with a map, and from each to the children that fit it."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Request
from litestar.exceptions import ValidationException
from litestar.response import Response
from msgspec import Meta, Struct, ValidationError, convert, structs

from service import toegang
from service.aanbod import vrij as aanbod
from service.aanbod.locaties import Zichtbaarheid
from service.aanbod.plekken import Beschikbaarheid
from service.aanbod.vrij import Vrij
from service.days import today
from service.dutch import count, day
from service.regio import codes
from service.taal import gettext, later
from service.web.pages.crisis.bord import ages
from service.web.pages.kaart import Kaart, Punt
from service.web.pages.render import page_at
from service.web.pages.schakel.aanvraag import confirmed
from service.web.pages.visit import visit

PER_PAGE = 50

BINNEN = {
    0: later("Vandaag"),
    7: later("Binnen een week"),
    28: later("Binnen vier weken"),
    91: later("Binnen drie maanden"),
}


class Vraag(Struct, frozen=True, kw_only=True):
    """What is asked of the list; it stands in the address."""

    zorgvorm: Annotated[str, Meta(max_length=60)] | None = None
    gemeente: Annotated[str, Meta(pattern="^[0-9]{4}$")] | None = None
    binnen: Annotated[int, Meta(ge=0, le=365)] = 0
    pagina: Annotated[int, Meta(ge=1, le=1000)] = 1

    def adres(self, **other: Any) -> str:
        asked = structs.asdict(structs.replace(self, **other))
        query = urlencode({name: value for name, value in asked.items() if value != structs.asdict(Vraag())[name]})
        return "/plekken/vrij" + (f"?{query}" if query else "")


def asked(request: Request[Any, Any, Any]) -> Vraag:
    """400 for what the list does not know."""
    try:
        return convert({key: value for key, value in request.query_params.items() if value}, Vraag, strict=False)
    except ValidationError as error:
        raise ValidationException(str(error)) from None


@page_at("/plekken/vrij", name="paginaVrijePlekken")
async def vrij(request: Request[Any, Any, Any]) -> Response[str]:
    vraag = asked(request)
    async with visit(request) as v:
        found = await aanbod.vrij(
            v.conn,
            v.now,
            zorgvorm=vraag.zorgvorm,
            gemeente=vraag.gemeente,
            binnen_dagen=vraag.binnen,
            limit=PER_PAGE,
            offset=(vraag.pagina - 1) * PER_PAGE,
        )
        alle = found[0].hoeveel if found else 0
        vandaag = today(v.now)
        return v.page(
            "dossier/vrij.html",
            today=vandaag,
            section="vrij",
            here="/plekken/vrij",
            vraag=vraag,
            plekken=found,
            alle=alle,
            pages=max(1, -(-alle // PER_PAGE)),
            binnen=[(dagen, gettext(naam)) for dagen, naam in BINNEN.items()],
            zorgvormen=[(one.code, one.naam) for one in await codes.zorgvormen(v.conn)],
            gemeenten=await aanbod.gemeenten(v.conn),
            ages=ages,
            confirmed=lambda moment: confirmed(moment, v.now),
            overleg=Beschikbaarheid.IN_OVERLEG,
            openbaar=Zichtbaarheid.OPENBAAR,
            kinderen=toegang.kan(v.wie, "paginaKinderen"),
            **await v.kaart(on_map(found, vandaag)),
        )


def on_map(plekken: list[Vrij], vandaag: Any) -> Kaart:
    """One point per voorziening, and only of the public ones."""
    punten: dict[Any, Punt] = {}
    for plek in plekken:
        if plek.zichtbaarheid is not Zichtbaarheid.OPENBAAR or plek.lat is None or plek.lon is None:
            continue
        free = sum(other.voorziening_id == plek.voorziening_id for other in plekken)
        many = count(free, gettext("plek vrij"), gettext("plekken vrij"))
        uitleg = f"{plek.plaats or ''}, {many}, {gettext('vanaf')} {day(plek.vrij_per, vandaag)}".lstrip(", ")
        punten.setdefault(plek.voorziening_id, Punt(plek.voorziening, uitleg, plek.lat, plek.lon, f"#p-{plek.id}"))
    return Kaart(list(punten.values()), sum(plek.voorziening_id not in punten for plek in plekken))
