"""From a free plek the other way: which open aanvragen fit it, the most urgent first.

The same rules and the same score as the rangschikking of each, asked of this one plek; travel times are estimated, so
that a whole region is asked at once. Whom a plek does not suit, it mostly does not by what stands in a column or two:
those are not composed to be judged, so that thousands may wait (`least`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from heapq import nsmallest
from typing import NamedTuple
from uuid import UUID

import asyncpg
from msgspec import Struct, structs

from matcher.aanbod import Aanbod
from matcher.geo import Estimate
from matcher.judge import Judged, judge
from matcher.problem import Aanvraag, Plek, Weging
from matcher.rank import rank
from matcher.reasons import broken, why_not
from matcher.solution import Fit
from service.days import age_on, hour_of, today
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

LOOKED_AT = 200
"""Of who may fit, those of whom all rules are asked: the most urgent, then who waits longest."""

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
    loopt: bool
    """A voorstel to this voorziening runs, or stands ready: another one is refused."""
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
    niet_bekeken: int
    """Who may fit, and come after LOOKED_AT others."""


WIE = """
select a.id, a.nummer, a.urgentie, a.leeftijd_maanden, a.leeftijd_peildatum, a.aangemeld_op, a.gewenste_start,
       exists (select from voorstel v where v.aanvraag_id = a.id and v.voorziening_id = $2
               and (v.status = 'concept' or is_levend(v.status))) as loopt
from aanvraag a where a.id = any ($1)
"""


VRAGENDEN = """
select a.id, a.samenplaatsing_id, coalesce(s.mag_splitsen, false) as mag_splitsen, a.zorgvormen, a.leeftijd_maanden,
       a.leeftijd_peildatum, a.groepssoorten, a.juridisch_kader, a.kenmerken, a.medisch, a.rolstoel, a.gewenste_start,
       a.uiterlijke_datum, a.verwacht_verblijf
from aanvraag a left join samenplaatsing s on s.id = a.samenplaatsing_id
where is_open(a.status) and a.regio = huidige_regio()
  and ($1 = any (a.zorgvormen)
       or a.samenplaatsing_id in (select b.samenplaatsing_id from aanvraag b
                                  where is_open(b.status) and b.regio = huidige_regio() and $1 = any (b.zorgvormen)))
order by a.urgentie, a.aangemeld_op, a.id
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
    names, travel = await rangschikking.names(conn), Estimate()
    own = next(plek for plek in plekken if plek.id == str(plek_id))
    rows = await conn.fetch(VRAGENDEN, place.zorgvorm)
    free = list(zip(alone.vensters.vrij_van.tolist(), alone.vensters.vrij_tot.tolist(), strict=True))
    units = [(least(unit, own, free, today(now)), unit) for unit in _units(rows, place.zorgvorm, today(now))]
    may = [unit for none, unit in units if not none]
    near = nsmallest(2 * NEAR, (one for one in units if one[0]), key=lambda one: one[0])
    chosen = {unit.rows[0]["id"] for unit in (*may[:LOOKED_AT], *(unit for _, unit in near))}
    fits: list[tuple[Aanvraag, int, Judged]] = []
    fails: list[tuple[int, Aanvraag, int, Judged]] = []
    for familie in (await vraag.load_open(conn, now, list(chosen))).families:
        for asked, samen in _asked(familie, place.zorgvorm):
            if UUID(asked.id) not in chosen:
                continue
            judged = judge(asked, together if samen else alone, travel)
            wrong = broken(judged, str(plek_id))
            if wrong:
                fails.append((wrong, asked, samen, judged))
            else:
                fits.append((asked, samen, judged))
    shown_fits: list[tuple[Aanvraag, int, Fit]] = []
    for urgentie in Urgentie:
        if len(shown_fits) < MOST:
            scored = [
                (asked, samen, _best(judged, wegingen[urgentie], now))
                for asked, samen, judged in fits
                if Urgentie(asked.urgentie) is urgentie
            ]
            shown_fits += sorted(scored, key=lambda one: -one[2].score)
    del shown_fits[MOST:]
    fails.sort(key=lambda one: one[0])
    outs = [(asked, samen, why_not(judged, str(plek_id))) for _, asked, samen, judged in fails[:NEAR]]
    ids = [UUID(one[0].id) for one in shown_fits] + [UUID(one[0].id) for one in outs]
    who = {row["id"]: dict(row) for row in await conn.fetch(WIE, ids, place.voorziening_id)}

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
            **who[UUID(asked.id)],
            samen_met=samen,
            past=rangschikking.passend(structs.replace(fit, plek=str(plek_id)), context(asked)),
            niet=None,
        )
        for asked, samen, fit in shown_fits
    ]
    niet = [
        Wachtend(**who[UUID(asked.id)], samen_met=samen, past=None, niet=rangschikking.afgevallen(out, context(asked)))
        for asked, samen, out in outs
    ]
    beyond = max(0, len(may) - LOOKED_AT)
    return Kinderen(
        plek=place,
        passend=passend,
        aantal_passend=len(fits),
        niet=niet,
        aantal_niet=len(units) - len(fits) - beyond,
        niet_bekeken=beyond,
    )


# ── Who asks for it ──────────────────────────────────────────────────────────────────────────────


class Unit(NamedTuple):
    """Who ask for one plek together: a child, or a samenplaatsing."""

    rows: Sequence[asyncpg.Record]
    """Of VRAGENDEN, the eldest first."""
    start: date
    """First day on which all of the samenplaatsing could begin: ages are those of then."""


def _units(rows: Sequence[asyncpg.Record], zorgvorm: str, vandaag: date) -> Iterator[Unit]:
    """As `vraag.load_open` and `_asked` make them."""
    together: dict[UUID, list[asyncpg.Record]] = {}
    for row in rows:
        together.setdefault(row["samenplaatsing_id"] or row["id"], []).append(row)
    for members in together.values():
        members.sort(key=lambda row: (-row["leeftijd_maanden"], row["id"]))
        start = vraag.start_of(members, vandaag)
        wrong = vraag.wrong_with(members, start)
        apart = len(members) == 1 or members[0]["mag_splitsen"]
        if wrong is not None and not (wrong == "andere_zorgvorm" and apart):
            continue
        if apart:
            yield from (Unit([row], start) for row in members if zorgvorm in row["zorgvormen"])
        elif all(zorgvorm in row["zorgvormen"] for row in members):
            yield Unit(members, start)


def least(unit: Unit, plek: Plek, free: Sequence[tuple[int, int]], vandaag: date) -> int:
    """How many rules this plek fails by what stands in columns: never more than `matcher.reasons.broken` says. 0: all
    rules must be asked. `free`: periods in days, as if no stop were there."""
    rows = unit.rows
    ages = [age_on(row["leeftijd_maanden"], row["leeftijd_peildatum"], unit.start) for row in rows]
    fails = (
        not all(plek.leeftijd_van <= age <= plek.leeftijd_tot for age in ages),
        any(plek.groepssoort not in row["groepssoorten"] for row in rows),
        any(row["juridisch_kader"] not in plek.juridische_kaders for row in rows),
        any(row["rolstoel"] for row in rows) and not plek.rolstoeltoegankelijk,
        not all(plek.medisch.issuperset(row["medisch"]) for row in rows),
        not all(plek.contra_indicaties.isdisjoint(row["kenmerken"]) for row in rows),
        not _held(rows, free, vandaag),
    )
    return sum(fails)


def _held(rows: Sequence[asyncpg.Record], free: Sequence[tuple[int, int]], vandaag: date) -> bool:
    """Whether some day between the first and the last leaves the whole stay in a free period."""
    first = vraag.start_of(rows, vandaag).toordinal()
    last = max(first, min(row["uiterlijke_datum"].toordinal() for row in rows))
    stay = max(row["verwacht_verblijf"] for row in rows)
    return any(max(van, first) <= min(tot - stay, last) for van, tot in free)


def _asked(familie: Familie, zorgvorm: str) -> list[tuple[Aanvraag, int]]:
    """What is asked of one plek: each child by itself, or with the brothers and sisters who must come along."""
    if familie.samen is not None:
        return [(familie.samen, len(familie.kinderen) - 1)] if zorgvorm in familie.samen.zorgvormen else []
    return [(child, 0) for child in familie.kinderen if zorgvorm in child.zorgvormen]


def _best(judged: Judged, weging: Weging, now: datetime) -> Fit:
    """How well, of what is known to fit."""
    q = judged.q
    return rank(q.aanvraag, q.aanbod, weging, q.travel, hour_of(now), limit=1, judged=judged).places[0]
