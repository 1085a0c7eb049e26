"""One request for a page: who asks, may they, since when is now, its transaction and its lines in the log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import ASGIRouteHandler, BaseRouteHandler
from litestar.response import Response
from litestar.types import HTTPScope
from msgspec import Struct, field

from service import toegang
from service.db import Connection, Wie, transaction
from service.errors import Kind, Refusal
from service.inloggen.sessies import Sessie
from service.log import betrokkenen, logboek
from service.regio import grenzen
from service.replica import Replica
from service.taal import gettext, later
from service.web import forms, gezien, limiet, origin, problems, reading
from service.web.forms import Given
from service.web.identity import Identity
from service.web.operation import Services
from service.web.pages import render, words
from service.web.pages.kaart import Kaart

LIJST = "paginaAanvragen"
"""The page at `/`; who may not see it, begins at `/start`."""


MENU = (
    ("aanvragen", "/", later("Werklijst"), LIJST),
    ("plannen", "/plannen", later("Plannen"), "paginaPlannen"),
    ("crisis", "/crisis", later("Crisis"), "paginaCrisis"),
    ("opschalingen", "/opschalingen", later("Opschalingen"), "paginaOpschalingen"),
    ("mijn", "/mijn-aanvragen", later("Mijn aanvragen"), "paginaMijnAanvragen"),
    ("plekken", "/plekken", later("Plekken"), "paginaPlekken"),
    ("cijfers", "/cijfers", later("Cijfers"), "paginaCijfers"),
    ("wachtlijst", "/wachtlijst", later("Wachtlijst"), "paginaWachtlijst"),
    ("vrij", "/plekken/vrij", later("Vrije plekken"), "paginaVrijePlekken"),
    ("mislukt", "/beheer/mislukt", later("Niet aangekomen"), "paginaMislukt"),
    ("gebruikers", "/beheer/gebruikers", later("Gebruikers"), "paginaGebruikers"),
    ("instellingen", "/beheer/instellingen", later("Instellingen"), "paginaInstellingen"),
    ("voorstellen", "/voorstellen", later("Voorstellen"), "paginaVoorstellen"),
    ("plaatsingen", "/plaatsingen", later("Plaatsingen"), "paginaPlaatsingen"),
    ("vragen", "/vragen", later("Vragen"), "paginaVragen"),
    ("cijfers", "/eigen-cijfers", later("Cijfers"), "paginaEigenCijfers"),
    ("start", "/start", later("Start"), "paginaStart"),
    ("rondleiding", "/rondleiding", later("Rondleiding"), "paginaRondleiding"),
)
"""Section, path, text and the page that it is, shown to who may see that: the most used first, because of many the rest
folds. A page says where it stands: `section`."""


def menu(wie: Wie, *, demo: bool = False) -> list[tuple[str, str, str]]:
    """What stands at the top of each page: section, path and text."""
    return [
        (section, path, gettext(text))
        for section, path, text, page in MENU
        if toegang.kan(wie, page) and (demo or path != "/rondleiding")
    ]


class Visit(Struct, kw_only=True, eq=False):
    conn: Connection
    wie: Wie
    now: datetime
    services: Services
    who: str
    """Role and region, for the top of the page."""
    namens: str
    """Of the colleague for whom the session acts; empty: for itself."""
    key: bytes | None
    """Digest of the session."""

    def toon(self, found: Any) -> Any:
        """A Struct of the service, or a list of them, with only the fields that this rol may see."""
        return toegang.versmal(self.wie.rol, found)

    stand: datetime | None = None
    """Until when the page surely has everything, when it is read on a replica; else it has."""
    gezien: list[UUID] = field(default_factory=list)
    """Aanvragen that the page shows."""
    object_id: UUID | None = None
    """Of a change that is about no child: for the log, which gebruiker or session was changed."""
    ended: bool = False
    stil: bool = False
    """It answers a form, so it cannot be asked again by its address: parts that are live stay as they are."""

    async def kaart(self, kaart: Kaart) -> dict[str, Any]:
        """Values for templates/kaart.html."""
        settings = self.services.settings
        return {
            "kaart": kaart,
            "grenzen": await grenzen.grenzen(self.conn) if kaart.punten else [],
            "tegels": settings.kaart_tegels or "",
            "bron": settings.kaart_bron or "",
        }

    def menu(self) -> list[tuple[str, str, str]]:
        return menu(self.wie, demo=bool(self.services.demo_links))

    def page(self, template: str, **values: Any) -> Response[str]:
        """The page; who is shown in it will be in the log. Only within the visit, whose transaction writes that."""
        if self.ended:
            raise RuntimeError(f"{template}: the visit is over, and what this page shows would not be logged")
        self.gezien += betrokkenen.found(values.values())
        if not toegang.kan(self.wie, "volgGebeurtenissen"):
            values.setdefault("gebeurtenissen", "")  # such a page is not live: there is nothing that it may hear
        own: dict[str, Any] = {
            "who": self.who,
            "namens": self.namens,
            "menu": self.menu(),
            "stil": self.stil,
            "gelezen_op": self.stand,
        }
        response = render.html(template, **own, **values)
        if self.stand is not None:
            response.headers[reading.HEADER] = reading.text_of(self.stand)
        return response


def page_id(handler: BaseRouteHandler) -> str:
    """As it is called in service/toegang. After an @: on which page, for forms that do the same."""
    return (handler.name or handler.fn.__name__).partition("@")[0]


LOGIN = frozenset(
    {"inloggen", "demo_inloggen", "inlog_start", "inlog_terug", "inlog_keuze", "paginaBevestigen", "bevestigPerMail"}
)
"""Pages by which somebody gets in, or answers with a secret from a mail: counted by internet address. So is
/oauth/token, which answers for itself."""


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Litestar asks this before each of its handlers: no page is shown to who may not see it. /v1 asks for itself."""
    scope = cast(HTTPScope, connection.scope)
    if not isinstance(handler, ASGIRouteHandler) and page_id(handler) in LOGIN:
        await limiet.of_address(scope, connection.app.state.services)
    if isinstance(handler, ASGIRouteHandler):
        return
    if page_id(handler) in toegang.OPENBAAR:
        origin.check_address(scope)
        return
    if scope["method"] == "OPTIONS":  # Litestar answers it by itself: which methods there are
        return
    services: Services = connection.app.state.services
    identity: Identity = connection.app.state.identity
    origin.check(scope, services.settings.adres)
    origin.check_address(scope)
    connection.state.spoor = spoor = logboek.spoor(connection.headers.get("traceparent"))
    try:
        connection.state.wie = wie = await identity(connection)
    except problems.HttpRefusal:
        connection.state.ingevuld = await _filled_in(connection)
        raise
    await limiet.of_wie(scope, services, wie)
    try:
        if wie.koppeling is not None:
            raise Refusal(Kind.FORBIDDEN, gettext("Een koppeling werkt met de API. De schermen zijn voor mensen."))
        toegang.mag(wie, page_id(handler))
    except Refusal:
        about = _asked(connection)
        await gezien.write_refused(services, wie, page_id(handler), about, status=403, spoor=spoor)
        raise


async def _filled_in(connection: ASGIConnection[Any, Any, Any, Any]) -> Given:
    """What somebody sends who is no longer logged in: errors.py gives it back, it may be the work of half an hour."""
    if not isinstance(connection, Request) or connection.method != "POST":
        return {}
    try:
        return await forms.fields(connection)
    except Refusal:
        return {}


def _asked(connection: ASGIConnection[Any, Any, Any, Any]) -> list[UUID]:
    """The aanvraag in the path."""
    id = connection.path_params.get("aanvraag_id")
    return [id] if isinstance(id, UUID) else []


HARD_SPACE = "\N{NO-BREAK SPACE}"

REGIO = "select naam from jeugdregio where code = huidige_regio()"


@asynccontextmanager
async def _asking(
    request: Request[Any, Any, Any], services: Services, wie: Wie, *, readonly: bool
) -> AsyncIterator[tuple[Connection, datetime | None]]:
    """The transaction; on a replica, and of which moment, where reading.from_replica says so."""
    replica: Replica | None = request.scope["state"].get(reading.IN_STATE)
    if replica is None:
        async with transaction(services.pool, wie, readonly=readonly) as conn:
            yield conn, None
    else:
        async with replica.transaction(wie) as there:
            yield there


@asynccontextmanager
async def visit(
    request: Request[Any, Any, Any], *, kinderen: bool = True, instead: str | None = None
) -> AsyncIterator[Visit]:
    """A transaction for whoever asks, as `guard` has found: read-only for a page that never shows anything of a child,
    else with the lines of the log. service/app.py puts `services` in the state. `instead`: the page that is shown where
    a form could not be carried out."""
    services: Services = request.app.state.services
    wie: Wie = request.state.wie
    id, about, spoor = instead or page_id(request.route_handler), _asked(request), request.state.spoor
    state = request.scope["state"]
    sessie: Sessie | None = state.get("sessie")
    try:
        async with _asking(request, services, wie, readonly=not kinderen) as (conn, stand):
            regio = await conn.fetchval(REGIO) or wie.regio
            visit = Visit(
                conn=conn,
                wie=wie,
                now=services.clock(),
                services=services,
                who=f"{words.ROL[wie.rol].capitalize()}, {regio.replace(' ', HARD_SPACE)}",
                namens=(sessie.namens if sessie else None) or "",
                key=state.get("sessie_sleutel"),
                stand=stand,
            )
            yield visit
            visit.ended = True
            about += visit.gezien
            await gezien.write(conn, visit.wie, id, about, services=services, spoor=spoor, object_id=visit.object_id)
    except Exception as error:
        await gezien.write_refused(services, wie, id, about, status=problems.status_of(error), spoor=spoor)
        raise
