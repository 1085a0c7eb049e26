"""Dossier: everything that is held about one child, table by table, with what each is for, and who looked."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct, structs

from service.db import Connection, rows_as
from service.errors import Kind, Refusal
from service.log import inzagen
from service.log.inzagen import Inzage

WAARVOOR = {
    "aanvraag": "Wat er voor het kind nodig is, om daar een plek bij te zoeken.",
    "aanvraag_kenmerk": "Hoe de verwijzer het kind noemt in de eigen administratie.",
    "samenplaatsing": "Broers en zussen die samen een plek zoeken.",
    "grondslag": "Op welk besluit het verblijf rust.",
    "machtiging": "Wat de kinderrechter heeft toegestaan.",
    "toestemming": "Wie het met het verblijf eens is, of waarom dat niet nodig is.",
    "uitsluiting": "Waar het kind voor de veiligheid niet mag zijn.",
    "besluit": "Wat aanbieders op de vraag om een plek hebben geantwoord.",
    "voorstel": "Welke plekken er voor het kind aan aanbieders zijn voorgesteld, en wat er daarna gebeurde.",
    "voorstel_keuze": "Welke plekken bij een voorstel hoger stonden, en waarom die niet werden gevraagd.",
    "gebeurtenis": "Wat er met de aanvraag gebeurde: wanneer, door wie en waarom.",
    "vervolg": "Onder welk nummer er voor het kind nog een plek werd gezocht, voor of na een verblijf in crisis.",
    "beeindiging_plaatsing": "Wat er is besloten toen de aanbieder stopte bij wie het kind woonde.",
    "telefoongesprek": "Met wie er bij crisis is gebeld om een plek.",
    "bezetting": "Op welke plek het kind woont of woonde, of welke er voor het kind werd vastgehouden.",
    "route": "Welke andere weg dan een plek er voor het kind is geprobeerd, zoals wonen bij familie of hulp thuis.",
    "opschaling": "Wie er extra meekijken om een plek te vinden, en wat daaruit kwam.",
    "opschalingsverzoek": "Of de verwijzer vroeg dat er meer mensen meekijken, en wat het loket antwoordde.",
    "opschaling_dossier": "Waarom er op dat moment geen plek paste, en wat er zou helpen.",
    "opschaling_vraag": "Wat een aanbieder nodig heeft om het kind wel te kunnen opnemen.",
    "bericht": "Mails die zeggen dat er iets is gebeurd, zonder wat dat over het kind is.",
    "levering": "Dat het systeem van een aanbieder of verwijzer hoorde dat er iets is gebeurd.",
    "plan": "Voorstellen voor alle kinderen die wachten, waarin het kind wordt genoemd.",
    "plan_keuze": "Wat iemand vooraf over een plek voor het kind besliste.",
    "plan_regel": "Waar een voorstel het kind een plek geeft, of waarom niet.",
    "plan_prijs": "Wat een andere plek voor het kind zou betekenen.",
    "herhaling": "Antwoorden die kort bewaard worden, zodat een verzoek dat twee keer komt maar één keer telt.",
    "taak": "Werk op de achtergrond dat over het kind gaat.",
    "betrokkene": "De schuilnaam van het kind in het log.",
    "wissing": "Dat gegevens van het kind zijn verwijderd, wanneer en waarom.",
}
"""Table → why it holds something of a child."""


class Tabel(Struct, frozen=True):
    naam: str
    waarvoor: str
    rijen: list[dict[str, Any]]


class Dossier(Struct, rename="camel", frozen=True, kw_only=True):
    nummer: str
    opgemaakt_op: datetime
    tabellen: list[Tabel]
    inzagen: list[Inzage]
    """The last first; without names of persons."""


ROWS = "select tabel, rijen from dossier($1)"

PAGE = 500


async def gather(conn: Connection, id: UUID, now: datetime) -> Dossier:
    """In a transaction of the service itself. Refuses NOT_FOUND."""
    rows: list[Any] = rows_as(await conn.fetch(ROWS, id), Rijen)
    if not rows:
        raise Refusal(Kind.NOT_FOUND, "Deze aanvraag bestaat niet (meer).")
    return Dossier(
        nummer=rows[0].rijen[0]["nummer"],
        opgemaakt_op=now,
        tabellen=[Tabel(row.tabel, WAARVOOR[row.tabel], row.rijen) for row in rows],
        inzagen=[structs.replace(inzage, persoon=None, namens=None) for inzage in await all_inzagen(conn, id)],
    )


class Rijen(Struct, frozen=True):
    tabel: str
    rijen: list[dict[str, Any]]


async def all_inzagen(conn: Connection, id: UUID) -> list[Inzage]:
    """Every line of the log about this child, the last first."""
    rows: list[Inzage] = []
    while True:
        more = await inzagen.inzagen(conn, id, voor=rows[-1].nummer if rows else None, limit=PAGE)
        rows += more
        if len(more) < PAGE:
            return rows
