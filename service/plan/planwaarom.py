"""Of lines of a plan, why each child is where the plan has it: the sentences of its rangschikking about that one
voorziening, as the places are now; or what stands in the way since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID

import numpy as np
from msgspec import structs

from matcher.aanbod import Aanbod, Bools
from matcher.judge import judge
from matcher.problem import Aanvraag
from matcher.proposal.family import shared
from matcher.rank import rank
from matcher.reasons import why_not
from service.days import hour_of, today
from service.db import Connection, Wie
from service.plan.planregels import Planregel
from service.rang import aanbod, rangschikking, vraag
from service.rang.rangschikking import AfgevallenPlek, Context, PassendePlek
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller
from service.rang.weging import load_weging
from service.urgentie import Urgentie

ORDER = [str(one) for one in Urgentie]

Waarom: TypeAlias = PassendePlek | AfgevallenPlek


async def waarom(
    conn: Connection, snapshots: Snapshots, travel: Traveller, *, wie: Wie, regels: Sequence[Planregel], now: datetime
) -> dict[UUID, Waarom]:
    """Per aanvraag with a plek; without those that are closed meanwhile, and plekken that are gone. Each child is
    asked alone: brothers and sisters with what they must share. Only their own voorzieningen are asked."""
    lines = {one.aanvraag_id: one for one in regels if one.voorziening_id is not None and one.is_open}
    if not lines:
        return {}
    view, _ = await snapshots.get(wie.regio, now)
    few = _only(view.aanbod, [str(one.voorziening_id) for one in lines.values()])
    few, _ = await aanbod.without_own(conn, few, list(lines), now)
    names = await rangschikking.names(conn)
    rows = await rangschikking.shown(conn, [str(one.plek_id) for one in lines.values()])
    wegingen = {str(one): await load_weging(conn, one, view.huiselijkheid) for one in Urgentie}
    found: dict[UUID, Waarom] = {}
    for familie in (await vraag.load_open(conn, now, list(lines))).families:
        weging = wegingen[min((child.urgentie for child in familie.kinderen), key=ORDER.index)]
        for child in shared(familie.kinderen, mag_splitsen=familie.mag_splitsen):
            line = lines.get(UUID(child.id))
            if line is None or str(line.plek_id) not in rows:
                continue
            here = _only(few, [str(line.voorziening_id)])
            context = Context(
                rol=wie.rol,
                today=today(now),
                wished=date.fromordinal(child.gewenste_start),
                needed=needed(child),
                weging=weging,
                names=names,
                rows=rows,
            )
            if str(line.plek_id) not in set(here.vensters.id):
                continue
            minutes = (await travel.minutes(child, here)).travel
            judged = judge(child, here, minutes)
            out = why_not(judged, str(line.plek_id))
            if out.reasons:
                said: Waarom | None = rangschikking.afgevallen(out, context)
            else:
                fit = rank(child, here, weging, minutes, hour_of(now), limit=1, judged=judged).places[0]
                assert line.eerste_dag is not None
                fit = structs.replace(fit, plek=str(line.plek_id), start=line.eerste_dag.toordinal())
                said = rangschikking.passend(fit, context)
            if said is not None:
                found[line.aanvraag_id] = said
    return found


def needed(child: Aanvraag) -> int:
    """Codes of support that are needed."""
    return len(frozenset[str]().union(*(one.ondersteuning for one in child.jeugdigen)))


def _only(columns: Aanbod, voorzieningen: Sequence[str]) -> Aanbod:
    units: Bools = np.isin(columns.profielen.code, [columns.voorzieningen.get(id, -1) for id in voorzieningen])
    return columns.part(units[columns.vensters.voorziening])
