"""What the loket does with one aanvraag, each by a form of its page: hold, propose, take a step, escalate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, post
from litestar.params import PathParameter
from litestar.response import Response

from service.web.pages.actie import Formulier, Gedaan, verwerk
from service.web.pages.schakel.aanvraag import PAGE, show
from service.web.pages.schakel.lijst import Kijk
from service.web.pages.visit import Visit

AANVRAAG = "/aanvragen/{aanvraag_id:uuid}"
Aanvraag = Annotated[UUID, PathParameter()]


async def _doe(
    request: Request[Any, Any, Any],
    aanvraag_id: UUID,
    operation: str,
    ids: dict[str, UUID],
    naar: Callable[[Gedaan], str],
) -> Response[Any]:
    """`naar`: the code of what was done, and what it is about."""

    async def opnieuw(v: Visit, form: Formulier) -> Response[str]:
        return await show(v, aanvraag_id, Kijk(), form)

    def done(gedaan: Gedaan) -> str:
        return f"/aanvragen/{aanvraag_id}?gedaan={naar(gedaan)}"

    return await verwerk(request, operation, ids, naar=done, opnieuw=opnieuw, pagina=PAGE)


@post(f"{AANVRAAG}/opties", name="houdPlek@aanvraag", include_in_schema=False)
async def houd(request: Request[Any, Any, Any], aanvraag_id: Aanvraag) -> Response[Any]:
    """Holds a plek, or one for each of the brothers and sisters."""
    return await _doe(request, aanvraag_id, "houdPlek", {}, lambda done: f"vast&id={done.id}")


@post(f"{AANVRAAG}/opties/{{optie_id:uuid}}/stappen", name="zetOptieStap@aanvraag", include_in_schema=False)
async def optie(request: Request[Any, Any, Any], aanvraag_id: Aanvraag, optie_id: Aanvraag) -> Response[Any]:
    """Lets it go, or makes it longer."""

    def naar(done: Gedaan) -> str:
        return "los" if done.body["vrijgegevenOp"] else "langer"

    return await _doe(request, aanvraag_id, "zetOptieStap", {"optieId": optie_id}, naar)


@post(f"{AANVRAAG}/voorstellen", name="zetVoorstelKlaar@aanvraag", include_in_schema=False)
async def stel_voor(request: Request[Any, Any, Any], aanvraag_id: Aanvraag) -> Response[Any]:
    """Prepares a voorstel, or sends it at once."""

    def naar(done: Gedaan) -> str:
        return ("klaargezet" if done.body[0]["status"] == "concept" else "verstuurd") + f"&id={done.id}"

    return await _doe(request, aanvraag_id, "zetVoorstelKlaar", {}, naar)


@post(f"{AANVRAAG}/voorstellen/{{voorstel_id:uuid}}/stappen", name="zetVoorstelStap@aanvraag", include_in_schema=False)
async def voorstel(request: Request[Any, Any, Any], aanvraag_id: Aanvraag, voorstel_id: Aanvraag) -> Response[Any]:
    """Sends it, writes down what a provider said, makes it definitive, or takes it back."""

    def naar(done: Gedaan) -> str:
        status = done.body[0]["status"]
        return {"verzonden": f"verstuurd&id={voorstel_id}", "ingetrokken": "ingetrokken"}.get(status, "voorstel")

    return await _doe(request, aanvraag_id, "zetVoorstelStap", {"voorstelId": voorstel_id}, naar)


@post(f"{AANVRAAG}/stappen", name="zetAanvraagStap@aanvraag", include_in_schema=False)
async def stap(request: Request[Any, Any, Any], aanvraag_id: Aanvraag) -> Response[Any]:
    """Takes it on, hands it over, changes how urgent it is, or closes it."""
    return await _doe(request, aanvraag_id, "zetAanvraagStap", {"aanvraagId": aanvraag_id}, lambda _: "aanvraag")


@post(f"{AANVRAAG}/opschalingen", name="openOpschaling@aanvraag", include_in_schema=False)
async def schaal_op(request: Request[Any, Any, Any], aanvraag_id: Aanvraag) -> Response[Any]:
    """Opens an opschaling: its file, and the questions to who nearly fits."""
    return await _doe(request, aanvraag_id, "openOpschaling", {"aanvraagId": aanvraag_id}, lambda _: "opschaling")


@post(
    f"{AANVRAAG}/opschalingen/{{opschaling_id:uuid}}/vragen",
    name="stelOpschalingsvraag@aanvraag",
    include_in_schema=False,
)
async def vraag(request: Request[Any, Any, Any], aanvraag_id: Aanvraag, opschaling_id: Aanvraag) -> Response[Any]:
    """Asks one provider more what it needs to be able to say yes."""
    ids = {"opschalingId": opschaling_id}
    return await _doe(request, aanvraag_id, "stelOpschalingsvraag", ids, lambda _: "gevraagd")


@post(f"{AANVRAAG}/routes", name="startRoute@aanvraag", include_in_schema=False)
async def route(request: Request[Any, Any, Any], aanvraag_id: Aanvraag) -> Response[Any]:
    """Starts a way beside a plek."""
    return await _doe(request, aanvraag_id, "startRoute", {"aanvraagId": aanvraag_id}, lambda _: "route")
