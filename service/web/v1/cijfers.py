"""/v1/cijfers: figures to learn from, apart from sanctions, without anything of a child."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from service.cijfers import cijfers, gemeenten
from service.cijfers.cijfers import Aanbodcijfers, CijferSoort, Per, Telling, Wachttijdcijfers
from service.cijfers.gemeenten import Buitenregio, Gemeentecijfers
from service.fields import Gemeentecode
from service.web.operation import Answer, Call, Operation, get

TAG = "cijfers"

Welke = Annotated[
    str,
    Meta(pattern="^[0-9]{4}-[1-4]$", description="Zoals 2026-1: een periode die voorbij is. Leeg: de laatste."),
]


class Over(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    periode: Welke | None = None


Bij = Annotated[
    Gemeentecode,
    Meta(description="Verantwoordelijke gemeente van het kind. Alleen de schakelfunctionaris kiest er een."),
]


class OverAanbod(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    periode: Welke | None = None
    gemeente: (
        Annotated[Gemeentecode, Meta(description="Waar de plek is. Alleen wie een openbaar adres heeft.")] | None
    ) = None


class OverPer(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    periode: Welke | None = None
    per: Annotated[Per, Meta(description="Alleen de schakelfunctionaris kiest dit zelf.")] | None = None
    gemeente: Bij | None = None


async def supply(call: Call) -> Answer:
    query = call.query
    found = await cijfers.aanbodcijfers(call.conn, call.wie, code=query.periode, gemeente=query.gemeente, now=call.now)
    return Answer(body=found)


async def per_gemeente(call: Call) -> Answer:
    found = await gemeenten.gemeentecijfers(call.conn, call.wie, code=call.query.periode, now=call.now)
    return Answer(body=found)


async def outside(call: Call) -> Answer:
    found = await gemeenten.buitenregio(call.conn, call.wie, code=call.query.periode, now=call.now)
    return Answer(body=found)


async def waits(call: Call) -> Answer:
    found = await cijfers.wachttijdcijfers(call.conn, call.wie, code=call.query.periode, now=call.now)
    return Answer(body=found)


def counted(soort: CijferSoort, summary: str, description: str) -> Operation:
    async def handler(call: Call) -> Answer:
        query = call.query
        found = await cijfers.telling(
            call.conn, call.wie, soort, code=query.periode, per=query.per, gemeente=query.gemeente, now=call.now
        )
        return Answer(body=found)

    return get(
        f"/cijfers/{soort}",
        handler,
        id=f"tel{soort.capitalize()}",
        tag=TAG,
        summary=summary,
        description=description,
        query=OverPer,
        answer=Telling,
        replica=True,
    )


OPERATIONS = (
    get(
        "/cijfers/aanbod",
        supply,
        id="toonAanbodcijfers",
        tag=TAG,
        summary="Wat er echt open was en hoe lang het duurde, naast wat is afgesproken",
        description="Per aanbieder en zorgvorm, op een gemiddelde dag van de periode.",
        query=OverAanbod,
        answer=Aanbodcijfers,
        replica=True,
    ),
    counted(
        CijferSoort.VOORSTELLEN,
        "Hoe vaak een aanbieder werd gevraagd, en hoe vaak gekozen",
        "Van de voorstellen die in de periode zijn verstuurd.",
    ),
    counted(
        CijferSoort.GEPASSEERD,
        "Hoe vaak een aanbieder hoger stond en niet werd gevraagd, en waarom",
        "Eén keer per voorstel aan een andere aanbieder. Wat het loket zelf weet, staat er vanzelf bij.",
    ),
    counted(CijferSoort.AFWIJZINGEN, "Waarom er nee werd gezegd", "Naar de dag van de afwijzing."),
    counted(CijferSoort.VERBLIJVEN, "Hoe verblijven eindigden", "Van wie in de periode wegging."),
    counted(
        CijferSoort.SAMENPLAATSINGEN,
        "Hoe vaak broers en zussen samen bleven",
        "Van wie in de periode allemaal een plek hadden: op één locatie, of niet.",
    ),
    get(
        "/cijfers/wachttijden",
        waits,
        id="toonWachttijdcijfers",
        tag=TAG,
        summary="Dagen van aanvraag tot plaatsing",
        description="Van wie in de periode ergens kwam wonen: mediaan vanaf aanmelding, grondslag en gewenste start.",
        query=Over,
        answer=Wachttijdcijfers,
        replica=True,
    ),
    get(
        "/cijfers/gemeenten",
        per_gemeente,
        id="toonGemeentecijfers",
        tag=TAG,
        summary="Totalen per verantwoordelijke gemeente",
        description="Van wat elders per aanbieder of zorgvorm staat. Wat klein is, staat er niet, en wat een klein"
        " getal zou verraden ook niet.",
        query=Over,
        answer=Gemeentecijfers,
        replica=True,
    ),
    get(
        "/cijfers/buiten-regio",
        outside,
        id="toonBuitenregio",
        tag=TAG,
        summary="Hoeveel kinderen buiten de regio gingen wonen",
        description="Van wie in de periode ergens kwam wonen, op een plek van de regio of van een andere.",
        query=Over,
        answer=Buitenregio,
        replica=True,
    ),
)
