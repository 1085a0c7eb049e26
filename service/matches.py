"""From rows to a matching problem and from the matcher's answer back to rows and sentences. Nothing else does."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import asyncpg
from msgspec import Struct

from matcher.geo import rd
from matcher.problem import Aanvraag, Area, Jeugdige, Machtiging, Point, Urgentie
from service.days import today
from service.db import Connection
from service.errors import Kind, Refusal

AANVRAAG = """
select a.id, a.urgentie, a.samenplaatsing_id, a.leeftijd_maanden, a.leeftijd_peildatum, a.groepssoorten, a.pc4,
       a.school_pc4, a.netwerk_pc4, a.gewenste_start, a.uiterlijke_datum, a.verwacht_verblijf, a.perspectief, a.zorgvormen,
       a.juridisch_kader, a.ondersteuning, a.kenmerken, a.medisch, a.rolstoel, a.onderwijs, a.maximale_reistijd,
       m.soort as machtiging_soort, m.zorgvormen as machtiging_zorgvormen
from aanvraag a
left join lateral (
    select m.soort, m.zorgvormen from machtiging m
    where m.aanvraag_id = a.id and m.geldigheid @> greatest(a.gewenste_start, $2::date)
    order by upper(m.geldigheid) desc limit 1
) m on true
where a.id = $1
   or a.samenplaatsing_id = (select samenplaatsing_id from aanvraag where id = $1)
      and a.status in ('ingediend', 'in_behandeling', 'opgeschaald')
order by a.id <> $1, a.leeftijd_maanden desc, a.id
"""

UITSLUITINGEN = """
select u.aanbieder_id, u.voorziening_id, u.straal_km, p.lat, p.lon
from uitsluiting u left join postcodegebied p on p.pc4 = u.pc4
where u.aanvraag_id = any ($1)
"""

PUNTEN = "select pc4, lat, lon from postcodegebied where pc4 = any ($1)"

REGIOS = """
select huidige_regio() as regio, null::text as zorgvorm
union all
select aanbod_regio, zorgvorm from regioafspraak where vraag_regio = huidige_regio() and geldigheid @> $1::date
"""

BROERS_ZUSSEN = """
select distinct p.voorziening_id
from aanvraag a
join bezetting b on b.aanvraag_id = a.id and b.soort = 'plaatsing' and b.beeindigd_op is null
join plek p on p.id = b.plek_id
where a.samenplaatsing_id = $1 and not a.id = any ($2)
"""


class Case(Struct, frozen=True):
    """One aanvraag as the matcher sees it, and the postcodes that travel starts from."""

    aanvraag: Aanvraag
    pc4s: dict[str, str]
    """`thuis`, `school` and `netwerk`, as far as known."""


def age_on(maanden: int, peildatum: date, day: date) -> int:
    """Age in whole months on `day`, of a child that was `maanden` old on `peildatum`."""
    months = (
        (day.year - peildatum.year) * 12
        + day.month
        - peildatum.month
        - (day.day < peildatum.day)
    )
    return maanden + max(0, months)


async def load_case(conn: Connection, aanvraag_id: UUID, now: datetime) -> Case:
    """The aanvraag with its brothers and sisters; raises Refusal (NOT_FOUND) when it is not there for who asks."""
    vandaag = today(now)
    rows = await conn.fetch(AANVRAAG, aanvraag_id, vandaag)
    if not rows or rows[0]["id"] != aanvraag_id:
        raise Refusal(
            Kind.NOT_FOUND, "Deze aanvraag is er niet, of u mag haar niet zien."
        )
    ids = [row["id"] for row in rows]
    own = rows[0]
    pc4s = {
        name: own[column]
        for name, column in (
            ("thuis", "pc4"),
            ("school", "school_pc4"),
            ("netwerk", "netwerk_pc4"),
        )
        if own[column] is not None
    }
    points = {
        row["pc4"]: _point(row["lat"], row["lon"])
        for row in await conn.fetch(PUNTEN, list(pc4s.values()))
    }
    uitsluitingen = await conn.fetch(UITSLUITINGEN, ids)
    regios = await conn.fetch(REGIOS, vandaag)
    brussen = (
        await conn.fetch(BROERS_ZUSSEN, own["samenplaatsing_id"], ids)
        if own["samenplaatsing_id"] is not None
        else []
    )
    # A wish that has passed without a place is still a wish: from today on.
    start = max(vandaag, max(row["gewenste_start"] for row in rows))
    einde = max(start, min(row["uiterlijke_datum"] for row in rows))
    reistijden = [
        row["maximale_reistijd"] for row in rows if row["maximale_reistijd"] is not None
    ]
    aanvraag = Aanvraag(
        id=str(aanvraag_id),
        urgentie=Urgentie(own["urgentie"]),
        jeugdigen=tuple(_jeugdige(row, start) for row in rows),
        zorgvormen=frozenset.intersection(
            *(frozenset(row["zorgvormen"]) for row in rows)
        )
        or frozenset(own["zorgvormen"]),
        juridisch_kader=own["juridisch_kader"],
        perspectief=own["perspectief"],
        gewenste_start=start.toordinal(),
        uiterlijke_datum=einde.toordinal(),
        verblijf=max(row["verwacht_verblijf"] for row in rows),
        regios=frozenset((row["regio"], row["zorgvorm"]) for row in regios),
        machtiging=_machtiging(rows),
        thuis=points.get(pc4s["thuis"]),
        school=points.get(pc4s.get("school", "")),
        netwerk=points.get(pc4s.get("netwerk", "")),
        maximale_reistijd=min(reistijden, default=None),
        uitgesloten_aanbieders=frozenset(
            str(u["aanbieder_id"]) for u in uitsluitingen if u["aanbieder_id"]
        ),
        uitgesloten_voorzieningen=frozenset(
            str(u["voorziening_id"]) for u in uitsluitingen if u["voorziening_id"]
        ),
        uitgesloten_gebieden=tuple(
            Area(_point(u["lat"], u["lon"]), u["straal_km"])
            for u in uitsluitingen
            if u["lat"] is not None
        ),
        broers_zussen_bij=frozenset(str(row["voorziening_id"]) for row in brussen),
    )
    return Case(aanvraag, pc4s)


def _jeugdige(row: asyncpg.Record, start: date) -> Jeugdige:
    return Jeugdige(
        leeftijd_maanden=age_on(
            row["leeftijd_maanden"], row["leeftijd_peildatum"], start
        ),
        groepssoorten=frozenset(row["groepssoorten"]),
        ondersteuning=frozenset(row["ondersteuning"]),
        kenmerken=frozenset(row["kenmerken"]),
        medisch=frozenset(row["medisch"]),
        rolstoel=row["rolstoel"],
        onderwijs=row["onderwijs"],
    )


def _machtiging(rows: list[asyncpg.Record]) -> Machtiging | None:
    """What every authorisation in the samenplaatsing allows; None when no child has one."""
    present = [row for row in rows if row["machtiging_soort"] is not None]
    if not present:
        return None
    return Machtiging(
        zorgvormen=frozenset.intersection(
            *(frozenset(row["machtiging_zorgvormen"]) for row in present)
        ),
        gesloten=len(present) == len(rows)
        and all(row["machtiging_soort"] == "gesloten" for row in present),
    )


def _point(lat: float, lon: float) -> Point:
    x_km, y_km = rd(lat, lon)
    return Point(float(x_km), float(y_km))
