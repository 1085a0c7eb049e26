"""/v1/berichten and /v1/meldkeuzes: what somebody was told, and how they want to be told."""

from __future__ import annotations

from service.bericht import berichten, meldkeuzes
from service.bericht.berichten import Bericht, Bezorging, Poging
from service.bericht.meldkeuzes import Meldkeuzes
from service.fields import merge, patch_of
from service.web import etags, paging
from service.web.operation import Answer, Call, Operation, get, patch

TAG = "berichten"

WijzigingMeldkeuzes = patch_of(Meldkeuzes)


class Filters(paging.Page, kw_only=True):
    status: Bezorging | None = None


async def keuzes(call: Call) -> Answer:
    return Answer(body=await meldkeuzes.eigen(call.conn))


async def kies(call: Call) -> Answer:
    now = await meldkeuzes.eigen(call.conn)
    etags.must_match(call, now)
    return Answer(body=await meldkeuzes.kies(call.conn, merge(now, call.body, Meldkeuzes)))


async def page(call: Call) -> Answer:
    query = call.query
    rows = await berichten.page(call.conn, status=query.status, after=paging.after(call), limit=query.aantal + 1)
    return paging.page(call, rows)


async def again(call: Call) -> Answer:
    """From then on it is no more for the beheerder to see."""
    id = call.ids["berichtId"]
    await berichten.opnieuw(call.conn, id)
    return Answer(body=Poging(id=id, status=Bezorging.WACHT))


OPERATIONS = (
    get(
        "/meldkeuzes",
        keuzes,
        id="haalMeldkeuzes",
        tag=TAG,
        summary="Welke mails u krijgt, per urgentie",
        answer=Meldkeuzes,
    ),
    patch(
        "/meldkeuzes",
        kies,
        id="wijzigMeldkeuzes",
        tag=TAG,
        summary="Kies welke mails u krijgt: meteen, één keer per dag, of niet",
        body=WijzigingMeldkeuzes,
        answer=Meldkeuzes,
    ),
    get(
        "/berichten",
        page,
        id="lijstBerichten",
        tag=TAG,
        summary="Berichten aan u, het laatste eerst",
        description="Een beheerder ziet ook de mails aan anderen die niet aankwamen, zonder over wie ze gaan.",
        query=Filters,
        answer=list[Bericht],
    ),
    Operation(
        method="POST",
        path="/berichten/{berichtId}/pogingen",
        handler=again,
        id="verstuurBerichtOpnieuw",
        tag=TAG,
        summary="Verstuur een mislukte mail opnieuw",
        answer=Poging,
        refuses=(409,),
    ),
)
