"""`/start`: who you are here and what you can do, for every rol. Nothing of a child."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request
from litestar.response import Response
from msgspec import Struct

from service.days import today
from service.db import Connection
from service.taal import Teksten, later
from service.web.pages.render import page_at
from service.web.pages.visit import visit

DOEN = Teksten(
    {
        "/": later("Zien wie een plek zoekt en wat vandaag moet. Een plek kiezen, vasthouden en voorstellen."),
        "/crisis": later("Zien welke crisisplekken nu vrij zijn, bellen en vasthouden. Vastleggen dat een kind er is."),
        "/mijn-aanvragen": later("Een plek vragen voor een kind, volgen hoe het gaat, papieren vastleggen."),
        "/plekken/vrij": later("Zien welke plekken nu vrij zijn, ook op de kaart, en welke kinderen er passen."),
        "/plekken": later("Zeggen wat er vrij is, en of dat nog klopt."),
        "/voorstellen": later("Ja of nee zeggen als het loket u vraagt voor een kind."),
        "/plaatsingen": later("Zien wie er komt en wie er woont. Zeggen dat een kind kwam of wegging."),
        "/vragen": later("Zeggen wat u nodig hebt om een kind wél te kunnen opnemen."),
        "/eigen-cijfers": later("Zien hoe vaak u werd gevraagd, en hoe uw plekken bezet waren."),
        "/cijfers": later("Zien of er genoeg plekken zijn, hoe lang kinderen wachten en waarom er nee wordt gezegd."),
        "/plannen": later("Een voorstel laten maken voor alle aanvragen tegelijk, en er regel voor regel naar kijken."),
        "/wachtlijst": later("Zien wie op welke zorgvorm wacht, en hoe lang het nog kan duren."),
        "/opschalingen": later("Zien wat er op tafel ligt, tot wanneer, en wat eruit kwam."),
        "/beheer/instellingen": later("Zien wat de regio heeft afgesproken, en wat er verandert als dat anders wordt."),
        "/beheer/gebruikers": later("Zien wie er in het loket mag. Mensen toevoegen, wijzigen en uitzetten."),
        "/beheer/koppelingen": later("Zien welke systemen van aanbieders in het loket mogen, en hun sleutels."),
        "/beheer/mislukt": later("Zien welke mails en berichten niet aankwamen, en het opnieuw proberen."),
        "/rondleiding": later("Stap voor stap zien wat u in de demo kunt proberen."),
    }
)
"""Path of a screen of the menu → what somebody does there."""


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
            schermen=[(path, text, DOEN.get(path, "")) for _, path, text in v.menu() if path != "/start"],
        )
