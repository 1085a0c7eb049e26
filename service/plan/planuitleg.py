"""Why a plan does, or does not, put an aanvraag in a voorziening: its rank and points, the rules in the way, what
forcing it would cost and who would then lose a place."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
import numpy as np
from msgspec import Meta, Struct

from matcher.judge import judge
from matcher.rank import rank
from matcher.reasons import why_not
from service.days import hour_of, today
from service.db import Connection, Wie
from service.errors import Kind, Refusal
from service.fields import AanvraagId
from service.plan.plannen import Verlies
from service.plan.planniveaus import PlanVerlies, verliezen
from service.plan.planregels import Planregel
from service.rang import aanbod, rangschikking
from service.rang.rangschikking import AfgevallenPlek, Context, PassendePlek
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller
from service.rang.vraag import load_aanvraag
from service.rang.weging import load_weging
from service.taal import gettext


class PlanPrijs(Struct, frozen=True, rename="camel", kw_only=True):
    """What forcing costs, tier after tier: the first that differs counts."""

    zin: str
    minstens: Annotated[list[PlanVerlies], Meta(description="Bewezen: het kost niet minder.")]
    hoogstens: Annotated[
        list[PlanVerlies] | None, Meta(description="Van het beste plan ermee dat is gevonden; null: dat is er niet.")
    ]
    exact: bool
    verliezer_ids: Annotated[list[AanvraagId], Meta(description="Aanvragen die dan hun plek in het plan verliezen.")]


class PlanUitleg(Struct, frozen=True, rename="camel", kw_only=True):
    aanvraag_id: AanvraagId
    voorziening_id: UUID
    in_plan: Annotated[bool, Meta(description="Het plan heeft deze aanvraag hier.")]
    rang: Annotated[
        int | None, Meta(description="De hoeveelste in de rangschikking van deze aanvraag; null: past niet.")
    ]
    aantal_voorzieningen: Annotated[int, Meta(description="Waar deze aanvraag past.")]
    plaats: PassendePlek | None
    afgevallen: AfgevallenPlek | None
    prijs: Annotated[
        PlanPrijs | None, Meta(description="Op het peilmoment van het plan; null: niet berekend, of hier kan het niet.")
    ]


PRIJS = """
select minstens, hoogstens, verliezers from plan_prijs where plan_id = $1 and aanvraag_id = $2 and voorziening_id = $3
"""


class Prijs(Struct, frozen=True):
    minstens: list[Verlies]
    hoogstens: list[Verlies] | None
    verliezers: list[AanvraagId]


async def uitleg(
    conn: Connection,
    snapshots: Snapshots,
    travel: Traveller,
    *,
    wie: Wie,
    plan_id: UUID,
    regel: Planregel,
    voorziening_id: UUID,
    now: datetime,
) -> PlanUitleg:
    """Refuses NOT_FOUND (no such voorziening here), and what load_aanvraag refuses."""
    aanvraag, wished = await load_aanvraag(conn, regel.aanvraag_id, now)
    view, _ = await snapshots.get(wie.regio, now)
    columns, _ = await aanbod.without_own(conn, view.aanbod, [regel.aanvraag_id], now)
    unit = np.flatnonzero(columns.profielen.id == str(voorziening_id))
    if not len(unit):
        raise Refusal(Kind.NOT_FOUND, gettext("Deze voorziening bestaat niet (meer), of is niet voor u."))
    weging = await load_weging(conn, aanvraag.urgentie, view.huiselijkheid)
    minutes, _, _ = await travel.minutes(aanvraag, columns)
    places = rank(aanvraag, columns, weging, minutes, hour_of(now), limit=len(columns.profielen.id)).places
    at = next((n for n, fit in enumerate(places) if fit.voorziening == str(voorziening_id)), None)
    out = None
    if at is None:
        judged = judge(aanvraag, columns, minutes)
        v = columns.vensters
        plekken = dict.fromkeys(v.id[np.flatnonzero(v.voorziening == unit[0])].tolist())
        out = min((why_not(judged, plek) for plek in plekken), key=lambda one: len(one.reasons))
    context = Context(
        rol=wie.rol,
        today=today(now),
        wished=wished,
        needed=len(frozenset[str]().union(*(child.ondersteuning for child in aanvraag.jeugdigen))),
        weging=weging,
        names=await rangschikking.names(conn),
        rows=await rangschikking.shown(conn, [places[at].plek if at is not None else out.plek if out else ""]),
    )
    row = await conn.fetchrow(PRIJS, plan_id, regel.aanvraag_id, voorziening_id)
    return PlanUitleg(
        aanvraag_id=regel.aanvraag_id,
        voorziening_id=voorziening_id,
        in_plan=regel.voorziening_id == voorziening_id,
        rang=None if at is None else at + 1,
        aantal_voorzieningen=len(places),
        plaats=None if at is None else rangschikking.passend(places[at], context),
        afgevallen=None if out is None else rangschikking.afgevallen(out, context),
        prijs=None if row is None else prijs(msgspec.convert(row, Prijs)),
    )


def prijs(found: Prijs) -> PlanPrijs:
    least, most = verliezen(found.minstens), verliezen(found.hoogstens)
    exact = found.hoogstens == found.minstens
    said = []
    if found.hoogstens is None:
        said.append(gettext("Er is geen plan gevonden waarin dit kan."))
    elif not most:
        said.append(gettext("Dit kost niets."))
    else:
        loss = f"{most[0].zin[0].lower()}{most[0].zin[1:]}"
        said.append(gettext("Dit kost: %(zin)s", zin=loss) if exact else gettext("Dit kost hooguit: %(zin)s", zin=loss))
    if found.verliezers:
        many = len(found.verliezers)
        said.append(
            gettext("Dan verliest 1 aanvraag een plek.")
            if many == 1
            else gettext("Dan verliezen %(many)s aanvragen een plek.", many=many)
        )
    return PlanPrijs(
        zin=" ".join(said), minstens=least or [], hoogstens=most, exact=exact, verliezer_ids=found.verliezers
    )
