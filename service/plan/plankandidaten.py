"""Where else the child of one line of a plan could go: its best places as they are now, what each would cost this plan
and who would then lose a place, and whom the plan has there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from matcher.proposal.family import shared
from matcher.rank import rank
from service.days import hour_of, today
from service.db import Connection, Wie
from service.fields import AanvraagId
from service.plan import planuitleg
from service.plan.planregels import Planregel
from service.plan.planuitleg import PlanPrijs, Prijs
from service.plan.planwaarom import ORDER, needed
from service.rang import aanbod, rangschikking, vraag
from service.rang.rangschikking import Context, PassendePlek
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller
from service.rang.weging import load_weging

MOST = 12
"""Places to choose from."""


class Bewoner(Struct, frozen=True):
    """Whom the plan puts somewhere."""

    aanvraag_id: AanvraagId
    nummer: str
    voorziening_id: UUID


class Kandidaat(Struct, frozen=True, kw_only=True):
    rang: int
    plaats: PassendePlek
    in_plan: bool
    """The plan has the child here."""
    prijs: PlanPrijs | None
    """None: not computed."""
    verboden: str | None
    """Why a person forbids it, for this plan or the next."""
    daar: list[Bewoner]
    """Others whom the plan has here."""


PRIJZEN = """
select voorziening_id, minstens, hoogstens, verliezers
from plan_prijs where plan_id = $1 and aanvraag_id = $2 and voorziening_id = any ($3)
"""

VERBODEN = """
select voorziening_id, min(reden) as reden
from plan_keuze where plan_id = $1 and aanvraag_id = $2 and soort = 'verboden' and plek_id is null
group by voorziening_id
"""

BEWONERS = """
select r.aanvraag_id, a.nummer, k.voorziening_id
from plan_regel r join plek k on k.id = r.plek_id join aanvraag a on a.id = r.aanvraag_id
where r.plan_id = $1 and k.voorziening_id = any ($2) and r.aanvraag_id <> $3
order by a.nummer
"""


async def kandidaten(
    conn: Connection,
    snapshots: Snapshots,
    travel: Traveller,
    *,
    wie: Wie,
    plan_id: UUID,
    regel: Planregel,
    now: datetime,
) -> list[Kandidaat]:
    """The best first; none when the aanvraag is closed, or cannot be asked for (any more). Refuses as load_aanvraag."""
    families = (await vraag.load_open(conn, now, [regel.aanvraag_id])).families
    if not families:
        return []
    if len(families[0].kinderen) > 1 and not families[0].mag_splitsen:
        child, _ = await vraag.load_aanvraag(conn, regel.aanvraag_id, now)  # only where all of them can be
    else:
        alone = shared(families[0].kinderen, mag_splitsen=families[0].mag_splitsen)
        child = next(one for one in alone if one.id == str(regel.aanvraag_id))
    view, _ = await snapshots.get(wie.regio, now)
    own = [UUID(one.id) for one in families[0].kinderen]
    columns, _ = await aanbod.without_own(conn, view.aanbod, own, now)
    urgentie = min((one.urgentie for one in families[0].kinderen), key=ORDER.index)
    weging = await load_weging(conn, urgentie, view.huiselijkheid)
    minutes = (await travel.minutes(child, columns)).travel
    places = rank(child, columns, weging, minutes, hour_of(now), limit=MOST).places
    context = Context(
        rol=wie.rol,
        today=today(now),
        wished=date.fromordinal(child.gewenste_start),
        needed=needed(child),
        weging=weging,
        names=await rangschikking.names(conn),
        rows=await rangschikking.shown(conn, [fit.plek for fit in places]),
    )
    units = [UUID(fit.voorziening) for fit in places]
    prices = {
        row["voorziening_id"]: planuitleg.prijs(msgspec.convert(row, Prijs))
        for row in await conn.fetch(PRIJZEN, plan_id, regel.aanvraag_id, units)
    }
    forbidden = {row["voorziening_id"]: row["reden"] for row in await conn.fetch(VERBODEN, plan_id, regel.aanvraag_id)}
    there = [Bewoner(**row) for row in await conn.fetch(BEWONERS, plan_id, units, regel.aanvraag_id)]
    return [
        Kandidaat(
            rang=at,
            plaats=plaats,
            in_plan=regel.voorziening_id == unit,
            prijs=prices.get(unit),
            verboden=forbidden.get(unit),
            daar=[one for one in there if one.voorziening_id == unit],
        )
        for at, (fit, unit) in enumerate(zip(places, units, strict=True), 1)
        if (plaats := rangschikking.passend(fit, context))
    ]


NUMMERS = "select id, nummer from aanvraag where id = any ($1)"


async def nummers(conn: Connection, ids: Iterable[UUID]) -> dict[UUID, str]:
    """By what aanvragen are called that would lose their place, as far as they may be seen."""
    return {row["id"]: row["nummer"] for row in await conn.fetch(NUMMERS, list(ids))}
