"""From rows to a matching problem and from the matcher's answer back to rows and sentences. Nothing else does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from matcher.change import changes
from matcher.judge import judge
from matcher.rank import rank
from matcher.reasons import fallen_out
from matcher.solution import RELAXABLE, REVEALING
from service.days import hour_of, today
from service.db import Connection, Reads, Rol, Wie
from service.errors import Kind, Refusal
from service.fields import AanvraagId
from service.rang import aanbod, catalogue
from service.rang.anders import Anders, pas_toe
from service.rang.rangschikking import (
    Context,
    Rangschikking,
    Shown,
    compose,
    shown,
    with_freshness,
    without_freshness,
)
from service.rang.snapshot import Freshness, Snapshots, View
from service.rang.travel import Traveller
from service.rang.vraag import asked_of, load_aanvraag, read_aanvraag
from service.rang.weging import Schalen, load_weging, weging_of
from service.regio import regiokeuzes
from service.taal import TAAL


class Page(Struct, frozen=True):
    """Which part of a list."""

    limit: int = 25
    offset: int = 0


async def rank_aanvraag(
    conn: Reads,
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
    `anders` as it would be.

    Raises Refusal: NOT_FOUND, CONFLICT (nothing was weighed, or siblings ask for different things), UNAVAILABLE.
    """
    asked = await _read(conn, snapshots, travel, wie, aanvraag_id, now, page, fallen_page, anders)
    if asked.known is not None:
        return msgspec.json.decode(with_freshness(asked.known, asked.fresh), type=Rangschikking)
    return (await _ranked(conn, snapshots, travel, asked))[0]


async def rank_json(
    conn: Reads,
    snapshots: Snapshots,
    travel: Traveller,
    *,
    wie: Wie,
    aanvraag_id: UUID,
    now: datetime,
    page: Page,
    fallen_page: Page,
) -> bytes:
    """As `rank_aanvraag`, as JSON."""
    asked = await _read(conn, snapshots, travel, wie, aanvraag_id, now, page, fallen_page, None)
    if asked.known is not None:
        return with_freshness(asked.known, asked.fresh)
    found, answer = await _ranked(conn, snapshots, travel, asked)
    return with_freshness(answer, Freshness(found.peilmoment, found.actueel))


class Asked(Struct, frozen=True, eq=False):
    """All that a rangschikking is made of."""

    rows: Sequence[asyncpg.Record]
    """Of vraag.read_aanvraag: read for this look, as who asks may see them."""
    view: View
    fresh: Freshness
    wie: Wie
    aanvraag_id: AanvraagId
    now: datetime
    """`_hour` of it."""
    page: Page
    fallen_page: Page
    anders: Anders | None
    digest: bytes | None
    """Of all of these but the view, and of the language. None: it also depends on what a route service says now."""
    known: bytes | None
    """What was made of the same before."""


async def _read(
    conn: Reads,
    snapshots: Snapshots,
    travel: Traveller,
    wie: Wie,
    aanvraag_id: UUID,
    now: datetime,
    page: Page,
    fallen_page: Page,
    anders: Anders | None,
) -> Asked:
    rows = await read_aanvraag(conn, aanvraag_id, now, Schalen.__struct_fields__)
    view, fresh = await snapshots.get(wie.regio, now)
    hour = _hour(now)
    digest = known = None
    if travel.fixed:
        asked = (_who(wie), TAAL.get(), hour, page, fallen_page, anders, [tuple(row) for row in rows])
        digest = blake2b(msgspec.msgpack.encode(asked, enc_hook=str), digest_size=16).digest()
        known = snapshots.kept.get(wie.regio, view, digest)
    return Asked(rows, view, fresh, wie, aanvraag_id, hour, page, fallen_page, anders, digest, known)


def _hour(now: datetime) -> datetime:
    """Confirmations are counted in hours: within one, all else the same, the answer is the same."""
    return now.replace(minute=0, second=0, microsecond=0)


def _who(wie: Wie) -> tuple[str, Rol, UUID | None]:
    """On these of who asks it depends which rows of places are seen, and on no more (policies of supply)."""
    return wie.regio, wie.rol, wie.organisatie


async def _shown(conn: Reads, rows: dict[str, Shown], plekken: list[str]) -> dict[str, Shown]:
    """`rows`, and what is not yet among them."""
    new = [plek for plek in dict.fromkeys(plekken) if plek not in rows]
    if new:
        rows |= await shown(conn, new)
    return rows


async def _ranked(conn: Reads, snapshots: Snapshots, travel: Traveller, asked: Asked) -> tuple[Rangschikking, bytes]:
    """And as JSON without its freshness, which is kept for who asks the same."""
    view, now, own = asked.view, asked.now, asked.rows[0]
    aanvraag, wished = asked_of(asked.rows, now)
    weging = weging_of(
        aanvraag.urgentie, own["gewichten"] or {}, regiokeuzes.of(Schalen, own["gekozen"] or {}), view.huiselijkheid
    )
    if asked.anders is not None:
        aanvraag, weging = pas_toe(aanvraag, weging, asked.anders, view.codes.zorgvormen)
    minutes, source, reason = await travel.minutes(aanvraag, view.aanbod)
    judged = judge(aanvraag, view.aanbod, minutes)
    page, fallen_page = asked.page, asked.fallen_page
    ranking = rank(
        aanvraag, view.aanbod, weging, minutes, hour_of(now), limit=page.limit, offset=page.offset, judged=judged
    )
    fallen = fallen_out(judged, limit=fallen_page.limit, offset=fallen_page.offset)
    allowed = RELAXABLE if catalogue.sees_all(asked.wie.rol) else RELAXABLE - REVEALING
    smallest = changes(judged, allowed=allowed)
    plekken = [
        *(fit.plek for fit in ranking.places),
        *(out.plek for out in fallen.places),
        *(out.plek for change in (*smallest.one, *smallest.two) for out in change.places),
    ]
    context = Context(
        rol=asked.wie.rol,
        today=today(now),
        wished=wished,
        needed=len(frozenset[str]().union(*(child.ondersteuning for child in aanvraag.jeugdigen))),
        weging=weging,
        names=view.names,
        rows=await _shown(conn, snapshots.kept.rows(asked.wie.regio, view, _who(asked.wie)), plekken),
    )
    found = compose(asked.aanvraag_id, ranking, fallen, smallest, c=context, fresh=asked.fresh, travel=(source, reason))
    answer = without_freshness(found)
    if asked.digest is not None and found.actueel:
        snapshots.kept.put(asked.wie.regio, view, asked.digest, answer)
    return found, answer


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
    ranking = rank(aanvraag, columns, weging, minutes.travel, hour_of(_hour(now)), limit=len(columns.profielen.code))
    return {UUID(fit.voorziening): at for at, fit in enumerate(ranking.places, 1)}
