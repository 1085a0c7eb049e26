"""`/bevestigen/{token}`: where the link of a mail leads that asks a provider whether its plekken are still so.

Without login: who has the link of the last days, answers for these plekken of this aanbieder and nothing else. GET only
shows, because what scans mail opens every link in it; a tap is a POST.
"""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import parse_qsl
from uuid import UUID

from litestar import Request, post
from litestar.exceptions import InternalServerException
from litestar.params import PathParameter
from litestar.response import Response

from service.aanbod.plekken import ONGEZIEN
from service.bericht import versheid
from service.bericht.versheid import Antwoord, Verzoek
from service.days import today
from service.db import transaction
from service.errors import Kind, Refusal
from service.regio.werkregels import werkregels
from service.taal import gettext
from service.web import forms, origin
from service.web.operation import Services
from service.web.pages.render import page, page_at, see_other

Token = Annotated[str, PathParameter(max_length=100)]


async def _opened(request: Request[Any, Any, Any], token: str) -> tuple[Services, Verzoek]:
    """Refuses another website, and a link that does not work any more."""
    services: Services = request.app.state.services
    origin.check(request.scope, services.settings.adres)
    return services, await versheid.open_link(services.pool, token, services.clock())


async def _shown(services: Services, verzoek: Verzoek, token: str, *, melding: str | None = None) -> Response[str]:
    """`melding`: why what was said could not be, and what can be done."""
    now = services.clock()
    async with transaction(services.pool, verzoek.wie, readonly=True) as conn:
        plekken = await versheid.gevraagd(conn, verzoek, now)
        telefoon = (await werkregels(conn)).loket_telefoon
    return page(
        "bevestigen.html",
        status=200 if melding is None else 409,
        today=today(now),
        who="",
        section="",
        token=token,
        plekken=plekken,
        leeg=ONGEZIEN,
        klaar=melding is None and all(plek.beantwoord for plek in plekken),
        geldig_tot=verzoek.geldig_tot,
        melding=melding,
        telefoon=telefoon,
    )


@page_at("/bevestigen/{token:str}", name="paginaBevestigen")
async def bevestigen(request: Request[Any, Any, Any], token: Token) -> Response[str]:
    services, verzoek = await _opened(request, token)
    return await _shown(services, verzoek, token)


@post("/bevestigen/{token:str}", name="bevestigPerMail", include_in_schema=False)
async def bevestigd(request: Request[Any, Any, Any], token: Token) -> Response[str]:
    """One tap; twice is as once. What cannot be said of a plek is told on the same page."""
    services, verzoek = await _opened(request, token)
    what, plek_id = await _form(request)
    async with transaction(services.pool, verzoek.wie) as conn:
        melding = await versheid.antwoord(conn, verzoek, what, plek_id=plek_id, now=services.clock())
    if melding is not None:
        return await _shown(services, verzoek, token, melding=melding)
    return see_other(f"/bevestigen/{token}")


async def _form(request: Request[Any, Any, Any]) -> tuple[Antwoord, UUID | None]:
    """As the page sends it."""
    try:
        raw = await forms.body(request)
        form = dict(parse_qsl(raw.decode("ascii"), errors="strict", max_num_fields=5))
        return Antwoord(form["antwoord"]), UUID(form["plek"]) if "plek" in form else None
    except (KeyError, ValueError, InternalServerException):  # the latter: gone away halfway
        raise Refusal(
            Kind.INVALID, gettext("Dit antwoord kent het loket niet. Open de link in de mail opnieuw.")
        ) from None
