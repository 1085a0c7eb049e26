"""What counts how much for a region: weights of criteria per urgentie, and the scales on which they are measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct

from matcher.problem import Anker, Criterium, Weging
from service.db import Connection
from service.errors import Kind, Refusal
from service.regio import regiokeuzes
from service.taal import gettext, later

Score = Annotated[float, Meta(ge=0, le=100)]
Uren = Annotated[int, Meta(ge=0, le=8760)]
Deel = Annotated[float, Meta(ge=0, le=100)]

OWN = "Keuze van het loket; de regio beslist"


def _is(says: str, **form: Any) -> Any:
    return Meta(description=says, extra={"bron": OWN}, **form)


class Banden(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    goed: Score = 75.0
    past: Score = 50.0


class Ankers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    thuis: Deel = 0.5
    school: Deel = 0.3
    netwerk: Deel = 0.2


class Versgrens(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    vers: Uren = 72
    oud: Uren = 672


class Schalen(Struct, frozen=True, kw_only=True):
    """On which the criteria are measured. A region says otherwise with a row of `instelling` of the same name."""

    banden: Annotated[
        Banden, _is(later("Vanaf deze score is een plek goed, en vanaf die andere past zij. Daaronder past zij deels."))
    ] = Banden()
    reistijd_horizon_min: Annotated[
        float, _is(later("Bij zoveel minuten reizen of meer levert afstand geen punten op."), ge=1, le=600)
    ] = 60.0
    ankers: Annotated[
        Ankers, _is(later("Hoe zwaar de reis naar huis, naar school en naar het netwerk meetelt voor afstand."))
    ] = Ankers()
    leeftijdshorizon_maanden: Annotated[
        float,
        _is(later("Bij zoveel maanden verschil in leeftijd met de groep levert groepsmix niets op."), ge=1, le=240),
    ] = 60.0
    bevestiging_uren: Annotated[
        Versgrens,
        _is(
            later("Zoveel uur na een bevestiging telt een plek nog als vers, en vanaf het andere aantal als onbekend.")
        ),
    ] = Versgrens()


WEGING = "select criterium, gewicht from weging where regio = huidige_regio() and urgentie = $1"


async def load_weging(conn: Connection, urgentie: str, huiselijkheid: dict[str, float]) -> Weging:
    """Weights and scales of the region; for a scale that it did not set, the default.

    Raises Refusal (CONFLICT) when the region has no weights: an order that nobody chose is not shown.
    """
    rows = await conn.fetch(WEGING, urgentie)
    gewichten = {row["criterium"]: row["gewicht"] for row in rows}
    op = await regiokeuzes.load(conn, Schalen) if gewichten else Schalen()
    return weging_of(urgentie, gewichten, op, huiselijkheid)


def weging_of(urgentie: str, gewichten: Mapping[str, float], op: Schalen, huiselijkheid: dict[str, float]) -> Weging:
    """As `load_weging`, of what was read: the weight of each criterium that the region weighs, and its scales."""
    if not gewichten:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Uw regio heeft voor %(urgentie)s nog niet bepaald wat hoe zwaar telt. Vraag de beheerder dit in"
                " te vullen.",
                urgentie=urgentie,
            ),
        )
    return Weging(
        gewichten={Criterium(code): float(gewicht) for code, gewicht in gewichten.items()},
        huiselijkheid=huiselijkheid,
        goed=op.banden.goed,
        past=op.banden.past,
        reishorizon_min=op.reistijd_horizon_min,
        ankers={anker: getattr(op.ankers, anker) for anker in Anker},
        leeftijdshorizon_maanden=op.leeftijdshorizon_maanden,
        vers_uur=op.bevestiging_uren.vers,
        oud_uur=op.bevestiging_uren.oud,
    )


async def aandelen(conn: Connection, urgentie: str) -> dict[str, int]:
    """How heavy each criterium counts for the region, in whole percents; empty when it chose nothing."""
    found = {row["criterium"]: row["gewicht"] for row in await conn.fetch(WEGING, urgentie)}
    whole = sum(found.values())
    return {str(one): round(100 * found.get(one, 0) / whole) for one in Criterium} if whole else {}
