"""`/start`: who you are here and what you can do, for every rol. Nothing of a child."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request
from litestar.response import Response
from msgspec import Struct

from service import toegang
from service.days import today
from service.db import Connection, Wie
from service.web.pages.render import page_at
from service.web.pages.visit import visit

KAN = (
    ("Aanvragen doen en bijwerken", "voegAanvraagToe"),
    ("Aanvragen bekijken", "lijstAanvragen"),
    ("Zien welke papieren van een aanvraag ontbreken of verlopen", "lijstAlarmen"),
    ("Zien wie er naar een aanvraag keek", "lijstInzagen"),
    ("Een voorstel maken voor alle aanvragen tegelijk", "startPlan"),
    ("Plekken bekijken", "lijstPlekken"),
    ("Plekken bijwerken", "wijzigPlek"),
    ("Bevestigen dat een plek nog klopt", "bevestigPlek"),
    ("Een lijst met plekken inlezen", "leesInCapaciteit"),
    ("Aanbieders toevoegen", "voegAanbiederToe"),
    ("Regelen wie er in het loket mag", "voegGebruikerToe"),
    ("Regelen welke systemen van aanbieders in het loket mogen", "voegKoppelingToe"),
    ("Volgen wat er gebeurt", "volgGebeurtenissen"),
    ("Lezen welke berichten u kreeg", "lijstBerichten"),
    ("Kiezen welke mails u krijgt: meteen, één keer per dag, of niet", "wijzigMeldkeuzes"),
    ("Regelen welke systemen horen wat er gebeurt", "voegHaakToe"),
    ("Een vervanger kiezen voor als u er niet bent", "wijzigVervanging"),
)
"""What somebody can do, and the operation that does it: shown to who may do that, with over what."""

ZELF = {"wijzigVervanging", "wijzigMeldkeuzes", "lijstBerichten"}
"""Over oneself: the sentence says so already."""


class Ik(Struct, frozen=True):
    """Who is logged in."""

    naam: str
    waar: str | None
    """Aanbieder or organisatie."""
    regio: str
    namens: str | None
    """The colleague for whom this one acts."""


IK = """
select g.naam, coalesce(a.naam, o.naam) as waar, r.naam as regio, n.naam as namens
from gebruiker g
join jeugdregio r on r.code = g.regio
left join aanbieder a on a.id = g.aanbieder_id
left join organisatie o on o.id = g.organisatie_id
left join gebruiker n on n.id = $1
where g.id = huidige_gebruiker()
"""


async def ik(conn: Connection, namens: UUID | None) -> Ik | None:
    """None for who is no gebruiker."""
    row = await conn.fetchrow(IK, namens)
    return None if row is None else msgspec.convert(row, Ik)


def kan(wie: Wie) -> list[tuple[str, str | None]]:
    """What they can do, in words, and over what when that is not all of the region."""
    found: list[tuple[str, str | None]] = []
    for zin, id in KAN:
        line = toegang.handeling(id)
        grond = None if line is None else line.grond(wie)
        if grond is not None:
            found.append((zin, grond.rijen if grond.eigen and id not in ZELF else None))
    return found


@page_at("/start", name="paginaStart")
async def start(request: Request[Any, Any, Any]) -> Response[str]:
    async with visit(request, kinderen=False) as v:
        return v.page(
            "start.html",
            today=today(v.now),
            section="start",
            here="/start",
            ik=await ik(v.conn, v.wie.namens),
            rol=v.wie.rol,
            kan=kan(v.wie),
        )
