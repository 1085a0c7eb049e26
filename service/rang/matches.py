"""From rows to a matching problem and from the matcher's answer back to rows and sentences. Nothing else does."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from matcher.change import changes
from matcher.judge import judge
from matcher.rank import rank
from matcher.reasons import fallen_out
from matcher.solution import RELAXABLE, REVEALING
from service.days import hour_of, today
from service.db import Connection, Wie
from service.errors import Kind, Refusal
from service.rang import aanbod, catalogue
from service.rang.anders import Anders, pas_toe
from service.rang.rangschikking import Context, Rangschikking, compose, shown
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller
from service.rang.vraag import load_aanvraag
from service.rang.weging import load_weging


class Page(Struct, frozen=True):
    """Which part of a list."""

    limit: int = 25
    offset: int = 0


async def rank_aanvraag(
    conn: Connection,
    snapshots: Snapshots,
    travel: Traveller,
    *,
    wie: Wie,
    aanvraag_id: UUID,
    now: datetime,
    page: Page,
    fallen_page: Page,
    anders: Anders | None = None,
) -> Rangschikking:
    """The rangschikking of one aanvraag for who asks: places that fit, places that fall out, smallest changes. With
    `anders` as it would be, and nothing is kept.

    Raises Refusal: NOT_FOUND, CONFLICT (nothing was weighed, or siblings ask for different things), UNAVAILABLE.
    """
    aanvraag, wished = await load_aanvraag(conn, aanvraag_id, now)
    view, fresh = await snapshots.get(wie.regio, now)
    weging = await load_weging(conn, aanvraag.urgentie, view.huiselijkheid)
    if anders is not None:
        aanvraag, weging = pas_toe(aanvraag, weging, anders, view.codes.zorgvormen)
    minutes, source, reason = await travel.minutes(aanvraag, view.aanbod)
    judged = judge(aanvraag, view.aanbod, minutes)
    ranking = rank(
        aanvraag, view.aanbod, weging, minutes, hour_of(now), limit=page.limit, offset=page.offset, judged=judged
    )
    fallen = fallen_out(judged, limit=fallen_page.limit, offset=fallen_page.offset)
    allowed = RELAXABLE if catalogue.sees_all(wie.rol) else RELAXABLE - REVEALING
    smallest = changes(judged, allowed=allowed)
    plekken = [
        *(fit.plek for fit in ranking.places),
        *(out.plek for out in fallen.places),
        *(out.plek for change in (*smallest.one, *smallest.two) for out in change.places),
    ]
    context = Context(
        rol=wie.rol,
        today=today(now),
        wished=wished,
        needed=len(frozenset[str]().union(*(child.ondersteuning for child in aanvraag.jeugdigen))),
        weging=weging,
        names=view.names,
        rows=await shown(conn, plekken),
    )
    return compose(aanvraag_id, ranking, fallen, smallest, c=context, fresh=fresh, travel=(source, reason))


async def rangen(
    conn: Connection, snapshots: Snapshots, travel: Traveller, wie: Wie, aanvraag_id: UUID, now: datetime
) -> dict[UUID, int]:
    """The place of each voorziening that fits, the best is 1; a plek that is held for the aanvraag itself counts as
    free. None of them when no order can be given, as for brothers and sisters who ask for different things."""
    try:
        aanvraag, _ = await load_aanvraag(conn, aanvraag_id, now)
        view, _ = await snapshots.get(wie.regio, now)
        weging = await load_weging(conn, aanvraag.urgentie, view.huiselijkheid)
    except Refusal as refused:
        if refused.kind is Kind.CONFLICT:
            return {}
        raise
    columns, _ = await aanbod.without_own(conn, view.aanbod, [aanvraag_id], now)
    minutes = await travel.minutes(aanvraag, columns)
    ranking = rank(aanvraag, columns, weging, minutes.travel, hour_of(now), limit=len(columns.profielen.code))
    return {UUID(fit.voorziening): at for at, fit in enumerate(ranking.places, 1)}
