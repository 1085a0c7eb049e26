"""/v1/instellingen: what the region chose, changed with why, tried out first, and set back."""

from __future__ import annotations

from service.instellingen import keuzes, proef, terugzetten, wijzigingen
from service.instellingen.keuzes import Deel, Instellingen
from service.instellingen.proef import Instellingproef
from service.instellingen.terugzetten import Terugzetting
from service.instellingen.wijzigingen import Instellingwijziging, WijzigingInstellingen
from service.web import etags, paging
from service.web.operation import Answer, Call, Operation, get, patch

TAG = "instellingen"


async def show(call: Call) -> Answer:
    return Answer(body=await keuzes.load(call.conn))


async def change(call: Call) -> Answer:
    await keuzes.alleen(call.conn)
    etags.must_match(call, await keuzes.load(call.conn))
    return Answer(body=await wijzigingen.wijzig(call.conn, call.body, wie=call.wie, now=call.now))


async def try_out(call: Call) -> Answer:
    services = call.services
    return Answer(body=await proef.beproef(services.pool, services.snapshots, call.wie, call.body, call.now))


async def changes(call: Call) -> Answer:
    return paging.page(call, await wijzigingen.page(call.conn, after=paging.after(call), limit=call.query.aantal + 1))


async def back(call: Call) -> Answer:
    id = call.ids["instellingwijzigingId"]
    return Answer(body=await terugzetten.zet_terug(call.conn, id, call.body.waarom, wie=call.wie, now=call.now))


OPERATIONS = (
    get(
        "/instellingen",
        show,
        id="toonInstellingen",
        tag=TAG,
        summary="Gewichten, normen en termijnen van de regio, elk met zijn bron",
        answer=Instellingen,
    ),
    patch(
        "/instellingen",
        change,
        id="wijzigInstellingen",
        tag=TAG,
        summary="Verander instellingen van de regio, met de reden",
        description="Wat u weglaat, blijft. Wie wat wanneer en waarom veranderde, staat bij de wijzigingen.",
        body=WijzigingInstellingen,
        check=keuzes.check,
        answer=Instellingen,
    ),
    Operation(
        method="POST",
        path="/instellingen/proef",
        handler=try_out,
        id="beproefInstellingen",
        tag=TAG,
        summary="Wat andere instellingen vandaag zouden doen",
        description="Er verandert niets. Hoeveel aanvragen een andere plek bovenaan krijgen, welke termijnen dan"
        " naderen of voorbij zijn, en hoe zeker plekken dan zijn. Wie geen kinderen mag zien, krijgt vijftallen.",
        body=Deel,
        check=keuzes.check,
        answer=Instellingproef,
        refuses=(503,),
    ),
    get(
        "/instellingwijzigingen",
        changes,
        id="lijstInstellingwijzigingen",
        tag=TAG,
        summary="Wie welke instellingen veranderde, wanneer en waarom; de laatste eerst",
        query=paging.Page,
        answer=list[Instellingwijziging],
    ),
    Operation(
        method="POST",
        path="/instellingwijzigingen/{instellingwijzigingId}/terugzettingen",
        handler=back,
        id="zetInstellingenTerug",
        tag=TAG,
        summary="Zet een wijziging terug",
        description="Kan niet als een van die instellingen daarna nog eens is veranderd.",
        body=Terugzetting,
        answer=Instellingen,
        refuses=(409,),
    ),
)
