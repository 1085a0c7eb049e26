"""What would place an aanvraag that a plan leaves out: within the plan, at whose cost; or if a rule gives way."""

from __future__ import annotations

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
select p.voorziening_id, v.naam, p.minstens, p.hoogstens, p.verliezers
from plan_prijs p join voorziening v on v.id = p.voorziening_id
where p.plan_id = $1 and p.aanvraag_id = $2 and p.hoogstens is not null
order by p.voorziening_id
"""

OPENINGEN = "select openingen from plan_regel where plan_id = $1 and aanvraag_id = $2"


async def uitweg(conn: Connection, *, wie: Wie, plan_id: UUID, regel: Planregel) -> PlanUitweg:
    """As computed with the plan, at its peilmoment. Of an aanvraag that has a plek: nothing."""
    if regel.plek_id is not None:
        said = gettext("Deze aanvraag heeft in dit plan een plek.")
        return PlanUitweg(aanvraag_id=regel.aanvraag_id, zin=said, binnen_plan=None, wijzigingen=[])
    way = await _cheapest(conn, plan_id, regel.aanvraag_id)
    stored = await conn.fetchval(OPENINGEN, plan_id, regel.aanvraag_id)
    changes = None if stored is None else await _changes(conn, wie, stored)
    return PlanUitweg(
        aanvraag_id=regel.aanvraag_id, zin=_said(regel, way, changes), binnen_plan=way, wijzigingen=changes
    )


async def _cheapest(conn: Connection, plan_id: UUID, aanvraag_id: UUID) -> PlanWeg | None:
    rows = await conn.fetch(PRIJZEN, plan_id, aanvraag_id)
    if not rows:
        return None
    found = [msgspec.convert({**row, "prijs": dict(row)}, _Way) for row in rows]
    best = min(found, key=lambda one: _cost(one.prijs.hoogstens or []))
    return PlanWeg(voorziening_id=best.voorziening_id, voorziening=best.naam, prijs=planuitleg.prijs(best.prijs))


class _Way(Struct, frozen=True):
    voorziening_id: UUID
    naam: str
    prijs: Prijs


def _cost(loss: list[Verlies]) -> list[int]:
    """To compare by, tier after tier."""
    lost = {one.niveau: one.verlies for one in loss}
    return [lost.get(tier, 0) for tier in Tier]


async def _changes(conn: Connection, wie: Wie, stored: list[dict[str, object]]) -> list[KleinsteWijziging]:
    allowed = RELAXABLE if catalogue.sees_all(wie.rol) else RELAXABLE - REVEALING
    found = [one for one in msgspec.convert(stored, list[Change]) if allowed.issuperset(one.rules)]
    names = await rangschikking.names(conn)
    rows = await rangschikking.shown(conn, [out.plek for one in found for out in one.places])
    return [rangschikking.wijziging(one, names, rows) for one in found]


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
