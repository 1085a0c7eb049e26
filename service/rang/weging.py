"""What counts how much for a region: weights of criteria per urgentie, and the scales on which they are measured."""

from __future__ import annotations

from typing import Any

from matcher.problem import Anker, Criterium, Weging
from service.db import Connection
from service.errors import Kind, Refusal
from service.taal import gettext

WEGING = "select criterium, gewicht from weging where regio = huidige_regio() and urgentie = $1"

INSTELLINGEN = """
select sleutel, waarde from instelling
where regio = huidige_regio()
  and sleutel in ('banden', 'reistijd_horizon_min', 'ankers', 'leeftijdshorizon_maanden', 'bevestiging_uren')
"""


async def load_weging(conn: Connection, urgentie: str, huiselijkheid: dict[str, float]) -> Weging:
    """Weights and scales of the region; for a scale that it did not set, the default of matcher.problem.Weging.

    Raises Refusal (CONFLICT) when the region has no weights: an order that nobody chose is not shown.
    """
    gewichten = {Criterium(row["criterium"]): row["gewicht"] for row in await conn.fetch(WEGING, urgentie)}
    if not gewichten:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Uw regio heeft voor %(urgentie)s nog niet bepaald wat hoe zwaar telt. Vraag de beheerder dit in"
                " te vullen.",
                urgentie=urgentie,
            ),
        )
    found = {row["sleutel"]: row["waarde"] for row in await conn.fetch(INSTELLINGEN)}
    scales: dict[str, Any] = {}
    if "banden" in found:
        scales |= {"goed": found["banden"]["goed"], "past": found["banden"]["past"]}
    if "reistijd_horizon_min" in found:
        scales["reishorizon_min"] = found["reistijd_horizon_min"]
    if "leeftijdshorizon_maanden" in found:
        scales["leeftijdshorizon_maanden"] = found["leeftijdshorizon_maanden"]
    if "ankers" in found:
        scales["ankers"] = {Anker(anker): share for anker, share in found["ankers"].items()}
    if "bevestiging_uren" in found:
        scales |= {"vers_uur": found["bevestiging_uren"]["vers"], "oud_uur": found["bevestiging_uren"]["oud"]}
    return Weging(gewichten=gewichten, huiselijkheid=huiselijkheid, **scales)


async def aandelen(conn: Connection, urgentie: str) -> dict[str, int]:
    """How heavy each criterium counts for the region, in whole percents; empty when it chose nothing."""
    found = {row["criterium"]: row["gewicht"] for row in await conn.fetch(WEGING, urgentie)}
    whole = sum(found.values())
    return {str(one): round(100 * found.get(one, 0) / whole) for one in Criterium} if whole else {}
