"""Demand as the matcher sees it: rows of aanvragen and what stands with them → matcher.problem.Aanvraag.

One aanvraag with its brothers and sisters together (`load_aanvraag`, for a rangschikking), or all open ones child by
child (`load_open`, for a plan).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
from msgspec import Struct, structs

from matcher.geo import rd
from matcher.problem import (
    MAX_MONTHS,
    MAX_SAMEN,
    Aanvraag,
    Area,
    Jeugdige,
    Machtiging,
    Nee,
    Point,
    Urgentie,
)
from service.aanvraag.gebeurtenissen import OPEN as OPEN_STATUS
from service.aanvraag.gebeurtenissen import STATUS, AanvraagStatus
from service.days import age_on, today
from service.db import Connection, Reads
from service.errors import Kind, Refusal
from service.fields import AanvraagId
from service.taal import gettext, later

COLUMNS = """a.id, a.status, a.urgentie, a.samenplaatsing_id, a.leeftijd_maanden, a.leeftijd_peildatum, a.groepssoorten,
       a.pc4, a.school_pc4, a.netwerk_pc4, a.gewenste_start, a.uiterlijke_datum, a.verwacht_verblijf, a.perspectief,
       a.zorgvormen, a.juridisch_kader, a.ondersteuning, a.kenmerken, a.medisch, a.rolstoel, a.onderwijs,
       a.maximale_reistijd, a.aangemeld_op,
       coalesce((select s.mag_splitsen from samenplaatsing s where s.id = a.samenplaatsing_id), false) as mag_splitsen,
       array(select distinct z from machtiging m, unnest(m.zorgvormen) z
             where m.aanvraag_id = a.id and upper(m.geldigheid) > $1::date) as machtiging_zorgvormen,
       exists (select from machtiging m
               where m.aanvraag_id = a.id and upper(m.geldigheid) > $1::date and m.soort = 'gesloten') as gesloten"""

# Everything that a rangschikking of it depends on beside the places, in one statement: each costs a round trip and the
# policies anew. What the region chose is the same in each row; it is worked out once.
AANVRAAG = f"""
select {COLUMNS},
       (select json_object_agg(p.pc4, json_build_array(p.lat::float8, p.lon::float8) order by p.pc4)
        from postcodegebied p where p.pc4 in (a.pc4, a.school_pc4, a.netwerk_pc4)) as punten,
       (select json_agg(json_build_object('aanbieder_id', u.aanbieder_id, 'voorziening_id', u.voorziening_id,
                                          'straal_km', u.straal_km::float8, 'lat', p.lat::float8, 'lon', p.lon::float8)
                        order by u.id)
        from uitsluiting u left join postcodegebied p on p.pc4 = u.pc4 where u.aanvraag_id = a.id) as uitsluitingen,
       (select json_agg(json_build_array(g.voorziening_id, g.reden, g.later_vanaf) order by g.voorziening_id)
        from geldende_afwijzingen(array[a.id], $3::timestamptz) g) as afgewezen,
       case when a.samenplaatsing_id is not null then
           array(select distinct p.voorziening_id
                 from aanvraag z
                 join bezetting b on b.aanvraag_id = z.id and b.soort = 'plaatsing' and b.beeindigd_op is null
                     and b.vrijgegeven_op is null
                 join plek p on p.id = b.plek_id
                 where z.samenplaatsing_id = a.samenplaatsing_id and z.id <> $2 and not is_open(z.status)
                 order by p.voorziening_id) end as broers_zussen,
       huidige_regio() as regio,
       (select json_agg(json_build_array(r.aanbod_regio, r.zorgvorm) order by r.aanbod_regio, r.zorgvorm)
        from regioafspraak r where r.vraag_regio = huidige_regio() and r.geldigheid @> $1::date) as afspraken,
       (select json_object_agg(w.criterium, w.gewicht::float8 order by w.criterium)
        from weging w where w.regio = huidige_regio() and w.urgentie = a.urgentie) as gewichten,
       (select json_object_agg(i.sleutel, i.waarde order by i.sleutel)
        from instelling i where i.regio = huidige_regio() and i.sleutel = any ($4::text[])) as gekozen
from aanvraag a
where a.id = $2
   or a.samenplaatsing_id = (select samenplaatsing_id from aanvraag where id = $2)
      and is_open(a.status)
order by a.id <> $2, a.leeftijd_maanden desc, a.id
"""

OPEN = f"""
select {COLUMNS}
from aanvraag a
where is_open(a.status) and a.regio = huidige_regio()
  and ($2::uuid[] is null or a.id = any ($2)
       or a.samenplaatsing_id in (select b.samenplaatsing_id from aanvraag b where b.id = any ($2)))
  and ($3::text is null or $3 = any (a.zorgvormen)
       or a.samenplaatsing_id in (select b.samenplaatsing_id from aanvraag b
                                  where is_open(b.status) and b.regio = huidige_regio() and $3 = any (b.zorgvormen)))
order by a.urgentie, a.aangemeld_op, a.id
"""

UITSLUITINGEN = """
select u.aanvraag_id, u.aanbieder_id, u.voorziening_id, u.straal_km, p.lat, p.lon
from uitsluiting u left join postcodegebied p on p.pc4 = u.pc4
where u.aanvraag_id = any ($1)
"""

PUNTEN = "select pc4, lat, lon from postcodegebied where pc4 = any ($1)"

REGIOS = """
select huidige_regio() as regio, null::text as zorgvorm
union all
select aanbod_regio, zorgvorm from regioafspraak where vraag_regio = huidige_regio() and geldigheid @> $1::date
"""

AFGEWEZEN = "select aanvraag_id, voorziening_id, reden, later_vanaf from geldende_afwijzingen($1, $2)"

BROERS_ZUSSEN = """
select distinct a.samenplaatsing_id, p.voorziening_id
from aanvraag a
join bezetting b on b.aanvraag_id = a.id and b.soort = 'plaatsing' and b.beeindigd_op is null
    and b.vrijgegeven_op is null
join plek p on p.id = b.plek_id
where a.samenplaatsing_id = any ($1) and not a.id = any ($2)
"""

ANKERS = (("thuis", "pc4"), ("school", "school_pc4"), ("netwerk", "netwerk_pc4"))
"""Name in the matcher, and column."""


class Around(Struct, frozen=True, eq=False):
    """What stands with a number of aanvragen, read once for all of them."""

    vandaag: date
    points: dict[str, Point]
    """Per pc4 that is known."""
    uitsluitingen: Mapping[UUID, Sequence[Any]]
    """Per aanvraag."""
    regios: frozenset[tuple[str, str | None]]
    afgewezen: dict[UUID, dict[str, Nee]]
    """Per aanvraag the voorzieningen that said no, as far as that still holds."""
    broers_zussen: Mapping[UUID | None, frozenset[str]]
    """Per samenplaatsing the voorzieningen where some of them live already."""


async def _around(conn: Connection, rows: Sequence[asyncpg.Record], now: datetime) -> Around:
    vandaag = today(now)
    ids = [row["id"] for row in rows]
    pc4s = {row[column] for row in rows for _, column in ANKERS if row[column] is not None}
    samen = {row["samenplaatsing_id"] for row in rows if row["samenplaatsing_id"] is not None}
    uitsluitingen: dict[UUID, list[asyncpg.Record]] = {}
    for row in await conn.fetch(UITSLUITINGEN, ids):
        uitsluitingen.setdefault(row["aanvraag_id"], []).append(row)
    afgewezen: dict[UUID, dict[str, Nee]] = {}
    for row in await conn.fetch(AFGEWEZEN, ids, now):
        vanaf = None if row["later_vanaf"] is None else row["later_vanaf"].toordinal()
        afgewezen.setdefault(row["aanvraag_id"], {})[str(row["voorziening_id"])] = Nee(row["reden"], vanaf)
    living: dict[UUID, set[str]] = {}
    for row in await conn.fetch(BROERS_ZUSSEN, list(samen), ids) if samen else ():
        living.setdefault(row["samenplaatsing_id"], set()).add(str(row["voorziening_id"]))
    return Around(
        vandaag=vandaag,
        points={row["pc4"]: _point(row["lat"], row["lon"]) for row in await conn.fetch(PUNTEN, list(pc4s))},
        uitsluitingen=uitsluitingen,
        regios=frozenset((row["regio"], row["zorgvorm"]) for row in await conn.fetch(REGIOS, vandaag)),
        afgewezen=afgewezen,
        broers_zussen={samenplaatsing: frozenset(there) for samenplaatsing, there in living.items()},
    )


def _point(lat: float, lon: float) -> Point:
    x_km, y_km = rd(lat, lon)
    return Point(float(x_km), float(y_km))


def start_of(rows: Sequence[asyncpg.Record], vandaag: date) -> date:
    """The first day on which all of them could begin. A wish that has passed without a place is still a wish."""
    wish: date = max(row["gewenste_start"] for row in rows)
    return max(vandaag, wish)


def wrong_with(rows: Sequence[asyncpg.Record], start: date) -> str | None:
    """A code of WRONG: why these, asked together, can be asked of no place at all."""
    if not frozenset.intersection(*(frozenset(row["zorgvormen"]) for row in rows)):
        return "andere_zorgvorm"
    if len(rows) > MAX_SAMEN:
        return "te_veel_samen"
    if any(age_on(row["leeftijd_maanden"], row["leeftijd_peildatum"], start) > MAX_MONTHS for row in rows):
        return "te_oud"
    return None


WRONG = {
    "andere_zorgvorm": later(
        "Deze broers en zussen vragen niet om dezelfde zorgvorm. Samen passen zij dan nergens. "
        "Vraag de verwijzer om ten minste een zorgvorm die voor allemaal past."
    ),
    "te_veel_samen": later(
        "In deze samenplaatsing staan te veel open aanvragen. Het loket zoekt voor hooguit %(hoogstens)s kinderen"
        " samen. Vraag de verwijzer om de samenplaatsing te verdelen."
    ),
    "te_oud": later(
        "Het kind is op de eerste dag ouder dan 23 jaar. Jeugdhulp is er dan niet meer. "
        "Controleer de leeftijd en de peildatum van de aanvraag."
    ),
}


def says(wrong: str) -> str:
    """A code of WRONG as a sentence."""
    return gettext(WRONG[wrong], hoogstens=MAX_SAMEN)


def aanvraag_of(rows: Sequence[asyncpg.Record], start: date, around: Around) -> Aanvraag:
    """These together, the first one's anchors and perspectief; ages are those on `start`."""
    own = rows[0]
    wish = start_of(rows, around.vandaag)
    points = {name: around.points.get(own[column]) for name, column in ANKERS}
    uitsluitingen = [u for row in rows for u in around.uitsluitingen.get(row["id"], ())]
    reistijden = [row["maximale_reistijd"] for row in rows if row["maximale_reistijd"] is not None]
    return Aanvraag(
        id=str(own["id"]),
        urgentie=Urgentie(own["urgentie"]),
        jeugdigen=tuple(_jeugdige(row, start) for row in rows),
        zorgvormen=frozenset.intersection(*(frozenset(row["zorgvormen"]) for row in rows)),
        juridische_kaders=frozenset(row["juridisch_kader"] for row in rows),
        perspectief=own["perspectief"],
        gewenste_start=wish.toordinal(),
        uiterlijke_datum=max(wish, min(row["uiterlijke_datum"] for row in rows)).toordinal(),
        verblijf=max(row["verwacht_verblijf"] for row in rows),
        regios=around.regios,
        machtiging=_machtiging(rows),
        **points,
        maximale_reistijd=min(reistijden, default=None),
        uitgesloten_aanbieders=frozenset(str(u["aanbieder_id"]) for u in uitsluitingen if u["aanbieder_id"]),
        uitgesloten_voorzieningen=frozenset(str(u["voorziening_id"]) for u in uitsluitingen if u["voorziening_id"]),
        uitgesloten_gebieden=tuple(
            Area(_point(u["lat"], u["lon"]), u["straal_km"]) for u in uitsluitingen if u["lat"] is not None
        ),
        afgewezen_bij={
            voorziening: no for row in rows for voorziening, no in around.afgewezen.get(row["id"], {}).items()
        },
        broers_zussen_bij=around.broers_zussen.get(own["samenplaatsing_id"], frozenset()),
    )


def _jeugdige(row: asyncpg.Record, start: date) -> Jeugdige:
    return Jeugdige(
        leeftijd_maanden=age_on(row["leeftijd_maanden"], row["leeftijd_peildatum"], start),
        groepssoorten=frozenset(row["groepssoorten"]),
        ondersteuning=frozenset(row["ondersteuning"]),
        kenmerken=frozenset(row["kenmerken"]),
        medisch=frozenset(row["medisch"]),
        rolstoel=row["rolstoel"],
        onderwijs=row["onderwijs"],
    )


def _machtiging(rows: Sequence[asyncpg.Record]) -> Machtiging | None:
    """What is allowed for every child of the samenplaatsing; None when no child has a machtiging.

    Of one child all machtigingen count that have not ended: one that begins later, or that is to be extended before
    the start, still says which stays the court has in mind.
    """
    present = [row for row in rows if row["machtiging_zorgvormen"]]
    if not present:
        return None
    return Machtiging(
        zorgvormen=frozenset.intersection(*(frozenset(row["machtiging_zorgvormen"]) for row in present)),
        gesloten=len(present) == len(rows) and all(row["gesloten"] for row in present),
    )


async def load_aanvraag(conn: Reads, aanvraag_id: UUID, now: datetime) -> tuple[Aanvraag, date]:
    """The aanvraag with its brothers and sisters as the matcher sees it, and the day on which a start was wished.

    Raises Refusal: NOT_FOUND when it is not there for who asks, CONFLICT when no place is sought or can be.
    """
    return asked_of(await read_aanvraag(conn, aanvraag_id, now), now)


async def read_aanvraag(
    conn: Reads, aanvraag_id: UUID, now: datetime, keuzes: Sequence[str] = ()
) -> list[asyncpg.Record]:
    """Its row, those of its brothers and sisters, and with them all that they depend on; of the region the weights for
    its urgentie (`gewichten`) and the settings `keuzes` (`gekozen`). Refuses NOT_FOUND."""
    rows = await conn.fetch(AANVRAAG, today(now), aanvraag_id, now, list(keuzes))
    if not rows or rows[0]["id"] != aanvraag_id:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze aanvraag is er niet, of u mag haar niet zien."))
    return rows


def asked_of(rows: Sequence[asyncpg.Record], now: datetime) -> tuple[Aanvraag, date]:
    """As `load_aanvraag`, of the rows of `read_aanvraag`. Refuses CONFLICT."""
    if rows[0]["status"] not in OPEN_STATUS:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Deze aanvraag is %(closed)s. Er wordt geen plek meer voor gezocht.",
                closed=gettext(STATUS[AanvraagStatus(rows[0]["status"])]),
            ),
        )
    vandaag = today(now)
    start = start_of(rows, vandaag)
    wrong = wrong_with(rows, start)
    if wrong is not None:
        raise Refusal(Kind.CONFLICT, says(wrong))
    return aanvraag_of(rows, start, _around_these(rows, vandaag)), max(row["gewenste_start"] for row in rows)


def _around_these(rows: Sequence[asyncpg.Record], vandaag: date) -> Around:
    """Of rows of AANVRAAG, in which it stands."""
    own = rows[0]
    return Around(
        vandaag=vandaag,
        points={pc4: _point(*at) for pc4, at in (own["punten"] or {}).items()},
        uitsluitingen={row["id"]: row["uitsluitingen"] or [] for row in rows},
        regios=frozenset([(own["regio"], None), *((regio, zorgvorm) for regio, zorgvorm in own["afspraken"] or ())]),
        afgewezen={row["id"]: dict(_nee(*one) for one in row["afgewezen"] or ()) for row in rows},
        broers_zussen={own["samenplaatsing_id"]: frozenset(map(str, own["broers_zussen"] or ()))},
    )


def _nee(voorziening: str, reden: str, vanaf: str | None) -> tuple[str, Nee]:
    return voorziening, Nee(reden, None if vanaf is None else date.fromisoformat(vanaf).toordinal())


async def load_each(conn: Connection, ids: list[UUID], now: datetime) -> dict[UUID, Aanvraag]:
    """Each of these as `load_aanvraag` reads it, in a few queries; without those that it refuses."""
    vandaag, asked = today(now), set(ids)
    rows = await conn.fetch(OPEN, vandaag, ids, None)
    around = await _around(conn, rows, now)
    together: dict[UUID, list[asyncpg.Record]] = {}
    for row in rows:
        together.setdefault(row["samenplaatsing_id"] or row["id"], []).append(row)
    found = {}
    for own in rows:
        if (id := own["id"]) not in asked:
            continue
        others = [row for row in together[own["samenplaatsing_id"] or id] if row["id"] != id]
        members = [own, *sorted(others, key=lambda row: (-row["leeftijd_maanden"], row["id"]))]
        start = start_of(members, vandaag)
        if wrong_with(members, start) is None:
            found[id] = aanvraag_of(members, start, around)
    return found


EEN = f"select {COLUMNS} from aanvraag a where a.id = any ($2)"


async def load_for(
    conn: Connection, now: datetime, days: Mapping[UUID, tuple[date, date | None]]
) -> dict[UUID, Aanvraag]:
    """Each of these by itself, to begin on the first of these days and no other, and to stay until the second (None:
    as long as it asks). Refuses NOT_FOUND when one is not there for who asks, CONFLICT when it is too old by then."""
    rows = await conn.fetch(EEN, today(now), list(days))
    if len(rows) < len(days):
        raise Refusal(Kind.NOT_FOUND, gettext("Deze aanvraag is er niet, of u mag haar niet zien."))
    around = await _around(conn, rows, now)
    found = {}
    for row in rows:
        van, tot = days[row["id"]]
        if age_on(row["leeftijd_maanden"], row["leeftijd_peildatum"], van) > MAX_MONTHS:
            raise Refusal(Kind.CONFLICT, says("te_oud"))
        found[row["id"]] = structs.replace(
            aanvraag_of([row], van, around),
            gewenste_start=van.toordinal(),
            uiterlijke_datum=van.toordinal(),
            verblijf=row["verwacht_verblijf"] if tot is None else (tot - van).days,
        )
    return found


# ── All open aanvragen at once ───────────────────────────────────────────────────────────────────


class Familie(Struct, frozen=True, eq=False):
    """What is asked together: one child, or a samenplaatsing."""

    id: UUID
    """Of the samenplaatsing, or of the only aanvraag."""
    kinderen: tuple[Aanvraag, ...]
    """Each child by itself; its age is that on the latest of the days that they wish."""
    wachtdagen: tuple[int, ...]
    mag_splitsen: bool
    samen: Aanvraag | None = None
    """All of them as one, where they may not be split: what holds for one of them holds for that."""


class Vraag(Struct, frozen=True, eq=False):
    """The demand of a region."""

    families: tuple[Familie, ...]
    """The most urgent first, then who waits longest."""
    buiten: dict[AanvraagId, str]
    """Aanvragen that no place can be asked for, with a code of WRONG."""


async def load_open(
    conn: Connection, now: datetime, alleen: list[UUID] | None = None, *, zorgvorm: str | None = None
) -> Vraag:
    """Every open aanvraag of the region, in a few queries; or those of `alleen`, or those that ask for `zorgvorm`, with
    their brothers and sisters."""
    vandaag = today(now)
    rows = await conn.fetch(OPEN, vandaag, alleen, zorgvorm)
    around = await _around(conn, rows, now)
    together: dict[UUID, list[asyncpg.Record]] = {}
    for row in rows:
        together.setdefault(row["samenplaatsing_id"] or row["id"], []).append(row)
    families: list[Familie] = []
    buiten: dict[UUID, str] = {}
    for id, members in together.items():
        members.sort(key=lambda row: (-row["leeftijd_maanden"], row["id"]))
        start = start_of(members, vandaag)
        wrong = wrong_with(members, start)
        if wrong is not None and not (wrong == "andere_zorgvorm" and members[0]["mag_splitsen"]):
            buiten |= {row["id"]: wrong for row in members}
            continue
        families.append(
            Familie(
                id=id,
                kinderen=tuple(aanvraag_of([row], start, around) for row in members),
                wachtdagen=tuple(waited(row["aangemeld_op"], vandaag) for row in members),
                mag_splitsen=members[0]["mag_splitsen"],
                samen=None if len(members) == 1 or members[0]["mag_splitsen"] else aanvraag_of(members, start, around),
            )
        )
    return Vraag(tuple(families), buiten)


def waited(aangemeld_op: datetime, vandaag: date) -> int:
    """Days since the aanvraag came; of one that came long ago no more than 10,000 (matcher.pairs.MAX_WACHTDAGEN)."""
    return min(10_000, max(0, (vandaag - today(aangemeld_op)).days))
