"""What a browser gets when a page cannot be shown: a page in the same voice, with what to do. It reveals nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from litestar import Request
from litestar.exceptions import HTTPException
from litestar.response import Response

from service.days import today
from service.errors import FieldError
from service.inloggen.sessies import Sessie
from service.log.logboek import Spoor
from service.taal import TAAL, gettext, later
from service.web import problems
from service.web.forms import Given
from service.web.headers import API_VERSION
from service.web.pages import words
from service.web.pages.render import page, see_other, to_login
from service.web.pages.taalkeuze import gekozen
from service.web.pages.visit import menu

TEXTS = {
    400: (
        later("Dit adres klopt niet"),
        [later("Er ontbreekt iets in het adres, of er staat iets in wat het loket niet kent.")],
    ),
    403: (later("Dit mag u niet bekijken"), [later("Uw rol geeft geen toegang tot deze pagina.")]),
    404: (
        later("Deze pagina is er niet"),
        [later("Misschien klopt het adres niet. Of de aanvraag is gesloten, of niet voor u.")],
    ),
    405: (later("Dit kan hier niet"), [later("Wat u vraagt, kan niet op dit adres. Ga verder vanaf de startpagina.")]),
    409: (later("Dit kan nu niet"), [""]),
    429: (later("Dit zijn te veel verzoeken"), [""]),
    500: (
        later("Er ging iets mis"),
        [
            later("Dat ligt niet aan u. Er is niets gewijzigd."),
            later("Probeer het opnieuw. Blijft het misgaan, geef dan het nummer hieronder door aan uw beheerder."),
        ],
    ),
    503: (
        later("Het loket kan er nu niet bij"),
        [later("De gegevens zijn even niet bereikbaar. Probeer het over een minuut opnieuw.")],
    ),
}
"""Status → title and sentences; any other from 500 on reads as 500."""

HIDDEN = {"sleutel", "versie"}
"""Fields in which nobody filled in anything: a form of only these is as quickly found again."""

REFUSED = (later("Dit verzoek kan het loket niet uitvoeren"), [later("Er klopt iets niet aan wat er is gestuurd.")])
"""For any other refusal."""


def error_page(
    status: int, now: datetime, trace: UUID, detail: str | None = None, *, sessie: Sessie | None = None
) -> Response[str]:
    """The page of one status. `detail` is the sentence of a refusal; `trace` is under what a failure is in the log;
    `sessie` is of who is logged in, and so can log out here."""
    status = status if status in TEXTS or status < 500 else 500
    title, sentences = TEXTS.get(status, REFUSED)
    said = [gettext(sentence) for sentence in sentences]
    said = [detail, *said[1:]] if detail else said
    return page(
        "fout.html",
        today=today(now),
        status=status,
        section="",
        who=f"{words.ROL[sessie.rol].capitalize()}, {sessie.naam}" if sessie else "",
        namens=(sessie.namens if sessie else None) or "",
        menu=menu(sessie.wie) if sessie else [],
        title=gettext(title),
        sentences=said,
        trace=trace if status >= 500 else None,
    )


def signed_out(request: Request[Any, Any, Any], given: Given) -> Response[str]:
    """A form of somebody who is no longer logged in, with all that was filled in: to send again after a login in
    another tab. Nothing of it is kept here, and nothing of ours is shown."""
    now = datetime.now(UTC)
    return page("verlopen.html", today=today(now), status=401, who="", pad=request.url.path, given=given)


def _problem(error: Exception, trace: UUID) -> Response[bytes]:
    """Litestar looks at Host before anybody else does."""
    wrong = FieldError("Host", "waarde", gettext("Geef één naam of adres, en misschien een poort."), "header")
    host = problems.HttpRefusal(400, gettext("De kopregel Host klopt niet."), (wrong,))
    ours = not isinstance(error, HTTPException) or error.status_code >= 500
    refusal = problems.of_error(error, trace) if ours else host
    headers = {"Content-Type": problems.CONTENT_TYPE, "API-Version": API_VERSION, **refusal.headers}
    return Response(problems.body_of(refusal, trace), status_code=refusal.status, headers=headers)


def on_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Litestar's exception handler for everything outside /v1: any exception as a page."""
    TAAL.set(gekozen(request.scope))  # where there is no page, no middleware went before
    spoor: Spoor | None = request.scope.get("state", {}).get("spoor")
    trace = spoor.id if spoor else uuid4()
    sessie: Sessie | None = request.scope.get("state", {}).get("sessie")
    if request.scope["raw_path"].startswith(b"/v1/"):  # refused before the API had it
        return _problem(error, trace)
    if isinstance(error, HTTPException) and error.status_code < 500:
        return error_page(error.status_code, datetime.now(UTC), trace, sessie=sessie)
    refusal = problems.of_error(error, trace)
    if refusal.status == 401:
        given: Given = request.scope.get("state", {}).get("ingevuld", {})
        return signed_out(request, given) if given.keys() - HIDDEN else to_login(request)
    if refusal.status == 403 and request.scope["path"] == "/" and "wie" in request.scope["state"]:
        return see_other(
            next((path for _, path, _ in menu(request.scope["state"]["wie"])), "/start")
        )  # known, but the list is not for this rol
    detail = refusal.detail if refusal.status < 500 else None
    response = error_page(refusal.status, datetime.now(UTC), trace, detail, sessie=sessie)
    response.headers.update(refusal.headers)
    return response
