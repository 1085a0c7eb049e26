"""What would place an aanvraag that a plan leaves out: within the plan, at whose cost; or if a rule gives way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from matcher.check import Tier
from matcher.solution import RELAXABLE, REVEALING, Change
from service.db import Connection, Wie
from service.fields import AanvraagId
from service.plan import planuitleg
from service.plan.plannen import Verlies
from service.plan.planregels import Planregel
from service.plan.planuitleg import PlanPrijs, Prijs
from service.rang import catalogue, rangschikking
from service.rang.rangschikking import KleinsteWijziging
from service.taal import gettext


class PlanWeg(Struct, frozen=True, rename="camel", kw_only=True):
    """A place that the plan gives to others."""

    voorziening_id: UUID
    voorziening: str
    prijs: PlanPrijs


class PlanUitweg(Struct, frozen=True, rename="camel", kw_only=True):
    aanvraag_id: AanvraagId
    zin: str
    binnen_plan: Annotated[
        PlanWeg | None,
        Meta(description="De plaats die het minst kost. Bij samenplaatsingen: van wat in de tijd is bekeken."),
    ]
    wijzigingen: Annotated[
        list[KleinsteWijziging] | None,
        Meta(
            description="De kleinste wijzigingen waarmee een plek past die het plan vrij laat; null: er was geen tijd"
            " om te zoeken."
        ),
    ]


PRIJZEN = """
select p.aanvraag_id, p.voorziening_id, v.naam, p.minstens, p.hoogstens, p.verliezers
from plan_prijs p join voorziening v on v.id = p.voorziening_id
where p.plan_id = $1 and p.aanvraag_id = any ($2) and p.hoogstens is not null
order by p.aanvraag_id, p.voorziening_id
"""

OPENINGEN = "select aanvraag_id, openingen from plan_regel where plan_id = $1 and aanvraag_id = any ($2)"


async def uitweg(conn: Connection, *, wie: Wie, plan_id: UUID, regel: Planregel) -> PlanUitweg:
    """As computed with the plan, at its peilmoment. Of an aanvraag that has a plek: nothing."""
    return (await uitwegen(conn, wie=wie, plan_id=plan_id, regels=[regel]))[regel.aanvraag_id]


async def uitwegen(conn: Connection, *, wie: Wie, plan_id: UUID, regels: Sequence[Planregel]) -> dict[UUID, PlanUitweg]:
    """Of several lines at once."""
    left = [one.aanvraag_id for one in regels if one.plek_id is None]
    ways = await wegen(conn, plan_id, left)
    rows = await conn.fetch(OPENINGEN, plan_id, left) if left else []
    changes = await _changes(conn, wie, {row["aanvraag_id"]: row["openingen"] for row in rows})
    found = {}
    for one in regels:
        id, way, small = one.aanvraag_id, ways.get(one.aanvraag_id), changes.get(one.aanvraag_id)
        if one.plek_id is not None:
            said, way, small = gettext("Deze aanvraag heeft in dit plan een plek."), None, []
        else:
            said = _said(one, way, small)
        found[id] = PlanUitweg(aanvraag_id=id, zin=said, binnen_plan=way, wijzigingen=small)
    return found


async def wegen(conn: Connection, plan_id: UUID, aanvragen: Sequence[UUID]) -> dict[UUID, PlanWeg]:
    """Per aanvraag the other place that costs this plan the least, as far as prices were computed."""
    rows = await conn.fetch(PRIJZEN, plan_id, aanvragen) if aanvragen else []
    best: dict[UUID, _Way] = {}
    for row in rows:
        one = msgspec.convert({**row, "prijs": dict(row)}, _Way)
        least = best.get(one.aanvraag_id)
        if least is None or _cost(one.prijs.hoogstens or []) < _cost(least.prijs.hoogstens or []):
            best[one.aanvraag_id] = one
    return {
        id: PlanWeg(voorziening_id=one.voorziening_id, voorziening=one.naam, prijs=planuitleg.prijs(one.prijs))
        for id, one in best.items()
    }


class _Way(Struct, frozen=True):
    aanvraag_id: AanvraagId
    voorziening_id: UUID
    naam: str
    prijs: Prijs


def _cost(loss: list[Verlies]) -> list[int]:
    """To compare by, tier after tier."""
    lost = {one.niveau: one.verlies for one in loss}
    return [lost.get(tier, 0) for tier in Tier]


async def _changes(
    conn: Connection, wie: Wie, stored: dict[UUID, list[dict[str, object]] | None]
) -> dict[UUID, list[KleinsteWijziging]]:
    """Per aanvraag that there was time for."""
    looked = {id: msgspec.convert(changes, list[Change]) for id, changes in stored.items() if changes is not None}
    if not looked:
        return {}
    allowed = RELAXABLE if catalogue.sees_all(wie.rol) else RELAXABLE - REVEALING
    found = {id: [one for one in changes if allowed.issuperset(one.rules)] for id, changes in looked.items()}
    names = await rangschikking.names(conn)
    rows = await rangschikking.shown(
        conn, [out.plek for changes in found.values() for one in changes for out in one.places]
    )
    return {id: [rangschikking.wijziging(one, names, rows) for one in changes] for id, changes in found.items()}


def _said(regel: Planregel, way: PlanWeg | None, changes: list[KleinsteWijziging] | None) -> str:
    said = []
    if way is not None:
        said.append(
            gettext(
                "Binnen dit plan kost een plek bij %(voorziening)s het minst. %(zin)s",
                voorziening=way.voorziening,
                zin=way.prijs.zin,
            )
        )
    elif regel.waarom_niet == "geen_plek_past":
        said.append(gettext("Binnen dit plan past geen enkele plek."))
    elif regel.waarom_niet == "samen_past_niet":
        said.append(gettext("Binnen dit plan passen deze broers en zussen nergens samen."))
    else:
        said.append(gettext("Binnen dit plan is geen plek gevonden die anders verdeeld kan worden."))
    if changes is None:
        said.append(gettext("Naar kleine wijzigingen is niet gezocht: de tijd was op."))
    elif not changes:
        said.append(gettext("Er is geen kleine wijziging gevonden waarmee een vrije plek past."))
    else:
        said.append(
            gettext("Het plan laat plekken vrij die passen als er iets verandert. %(advies)s", advies=changes[0].advies)
        )
    return " ".join(said)
