"""From a free plek the other way: which open aanvragen fit it, the most urgent first.

The same rules and the same score as the rangschikking of each, asked of this one plek; travel times are estimated, so
that a whole region is asked at once.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct, structs

from matcher.aanbod import Aanbod
from matcher.geo import Estimate
from matcher.judge import judge
from matcher.problem import Aanvraag, Weging
from matcher.rank import rank
from matcher.reasons import broken, why_not
from matcher.solution import Fit
from service.days import hour_of, today
from service.db import Connection, Wie
from service.errors import Kind, Refusal
from service.fields import AanvraagId
from service.rang import aanbod, rangschikking, vraag
from service.rang.rangschikking import AfgevallenPlek, Context, PassendePlek, Voorkomen
from service.rang.vraag import Familie
from service.rang.weging import load_weging
from service.taal import gettext
from service.urgentie import Urgentie

MOST = 50
"""Children that fit and are told."""

NEAR = 20
"""Children that do not fit and are told: those whom the least stands in the way."""


class Wachtend(Struct, frozen=True, kw_only=True):
    """A child that waits."""

    id: AanvraagId
    nummer: str
    urgentie: Urgentie
    leeftijd_maanden: int
    leeftijd_peildatum: date
    aangemeld_op: datetime
    gewenste_start: date
    samen_met: int
    """Brothers and sisters who must come along."""
    past: PassendePlek | None
    niet: AfgevallenPlek | None


class Kinderen(Struct, frozen=True, kw_only=True):
    """Of one plek."""

    plek: Voorkomen
    passend: list[Wachtend]
    """The most urgent first, then who fits best."""
    aantal_passend: int
    niet: list[Wachtend]
    aantal_niet: int


WIE = """
select id, nummer, urgentie, leeftijd_maanden, leeftijd_peildatum, aangemeld_op, gewenste_start
from aanvraag where id = any ($1)
"""


async def kinderen(conn: Connection, plek_id: UUID, *, wie: Wie, now: datetime) -> Kinderen:
    """Of all open aanvragen that ask for its zorgvorm. Refuses NOT_FOUND, and CONFLICT when it is ranked for nobody."""
    seen = await rangschikking.shown(conn, [str(plek_id)])
    if str(plek_id) not in seen:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze plek bestaat niet (meer)."))
    place = seen[str(plek_id)].voorkomen
    plekken, _ = await aanbod.load_plekken(conn, now, [place.voorziening_id])
    if str(plek_id) not in {plek.id for plek in plekken}:
        raise Refusal(
            Kind.CONFLICT, gettext("Voor deze plek is er geen rangschikking. Wat nu wel kan: een andere plek.")
        )
    codes, huiselijkheid = await aanbod.load_codes(conn)
    alone = Aanbod.build([plek for plek in plekken if plek.id == str(plek_id)], codes)
    together = Aanbod.build(plekken, codes)
    wegingen = {urgentie: await load_weging(conn, urgentie, huiselijkheid) for urgentie in Urgentie}
    names = await rangschikking.names(conn)
    fits: list[tuple[Aanvraag, int]] = []
    fails: list[tuple[int, Aanvraag, int]] = []
    for familie in (await vraag.load_open(conn, now, zorgvorm=place.zorgvorm)).families:
        for asked, samen in _asked(familie, place.zorgvorm):
            wrong = broken(judge(asked, together if samen else alone, Estimate()), str(plek_id))
            if wrong:
                fails.append((wrong, asked, samen))
            else:
                fits.append((asked, samen))
    shown_fits: list[tuple[Aanvraag, int, Fit]] = []
    for urgentie in Urgentie:
        if len(shown_fits) < MOST:
            scored = [
                (asked, samen, _best(asked, together if samen else alone, wegingen[urgentie], now))
                for asked, samen in fits
                if Urgentie(asked.urgentie) is urgentie
            ]
            shown_fits += sorted(scored, key=lambda one: -one[2].score)
    del shown_fits[MOST:]
    fails.sort(key=lambda one: one[0])
    outs = [
        (asked, samen, why_not(judge(asked, together if samen else alone, Estimate()), str(plek_id)))
        for _, asked, samen in fails[:NEAR]
    ]
    ids = [UUID(one[0].id) for one in shown_fits] + [UUID(one[0].id) for one in outs]
    rows = {row["id"]: dict(row) for row in await conn.fetch(WIE, ids)}

    def context(asked: Aanvraag) -> Context:
        return Context(
            rol=wie.rol,
            today=today(now),
            wished=date.fromordinal(asked.gewenste_start),
            needed=len(frozenset[str]().union(*(child.ondersteuning for child in asked.jeugdigen))),
            weging=wegingen[Urgentie(asked.urgentie)],
            names=names,
            rows=seen,
        )

    passend = [
        Wachtend(
            **rows[UUID(asked.id)],
            samen_met=samen,
            past=rangschikking.passend(structs.replace(fit, plek=str(plek_id)), context(asked)),
            niet=None,
        )
        for asked, samen, fit in shown_fits
    ]
    niet = [
        Wachtend(**rows[UUID(asked.id)], samen_met=samen, past=None, niet=rangschikking.afgevallen(out, context(asked)))
        for asked, samen, out in outs
    ]
    return Kinderen(plek=place, passend=passend, aantal_passend=len(fits), niet=niet, aantal_niet=len(fails))


def _asked(familie: Familie, zorgvorm: str) -> list[tuple[Aanvraag, int]]:
    """What is asked of one plek: each child by itself, or with the brothers and sisters who must come along."""
    children = [child for child in familie.kinderen if zorgvorm in child.zorgvormen]
    if len(familie.kinderen) == 1 or familie.mag_splitsen:
        return [(child, 0) for child in children]
    if len(children) < len(familie.kinderen):
        return []
    start = max(child.gewenste_start for child in children)
    whole = structs.replace(
        children[0],
        jeugdigen=tuple(one for child in children for one in child.jeugdigen),
        gewenste_start=start,
        uiterlijke_datum=max(start, min(child.uiterlijke_datum for child in children)),
        verblijf=max(child.verblijf for child in children),
    )
    return [(whole, len(children) - 1)]


def _best(asked: Aanvraag, columns: Aanbod, weging: Weging, now: datetime) -> Fit:
    """How well, of what is known to fit."""
    return rank(asked, columns, weging, Estimate(), hour_of(now), limit=1).places[0]
