"""From rows to a matching problem and from the matcher's answer back to rows and sentences. Nothing else does."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
from msgspec import Struct

from matcher.change import changes
from matcher.explain import fallen_out
from matcher.geo import rd
from matcher.judge import judge
from matcher.problem import (
    MAX_MONTHS,
    MAX_SAMEN,
    Aanvraag,
    Anker,
    Area,
    Criterium,
    Jeugdige,
    Machtiging,
    Point,
    Urgentie,
    Weging,
)
from matcher.rank import rank
from matcher.solution import RELAXABLE, REVEALING
from service import aanvragen, catalogue
from service.days import age_on, hour_of, today
from service.db import Connection, Wie
from service.errors import Kind, Refusal
from service.rangschikking import Context, Rangschikking, compose, names, shown
from service.snapshot import Snapshots
from service.travel import Traveller

AANVRAAG = """
select a.id, a.status, a.urgentie, a.samenplaatsing_id, a.leeftijd_maanden, a.leeftijd_peildatum, a.groepssoorten,
       a.pc4, a.school_pc4, a.netwerk_pc4, a.gewenste_start, a.uiterlijke_datum, a.verwacht_verblijf, a.perspectief,
       a.zorgvormen, a.juridisch_kader, a.ondersteuning, a.kenmerken, a.medisch, a.rolstoel, a.onderwijs,
       a.maximale_reistijd,
       array(select distinct z from machtiging m, unnest(m.zorgvormen) z
             where m.aanvraag_id = a.id and upper(m.geldigheid) > $2::date) as machtiging_zorgvormen,
       exists (select from machtiging m
               where m.aanvraag_id = a.id and upper(m.geldigheid) > $2::date and m.soort = 'gesloten') as gesloten
from aanvraag a
where a.id = $1
   or a.samenplaatsing_id = (select samenplaatsing_id from aanvraag where id = $1)
      and is_open(a.status)
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


class Page(Struct, frozen=True):
    """Which part of a list."""

    limit: int = 25
    offset: int = 0


async def load_aanvraag(conn: Connection, aanvraag_id: UUID, now: datetime) -> tuple[Aanvraag, date]:
    """The aanvraag with its brothers and sisters as the matcher sees it, and the day on which a start was wished.

    Raises Refusal: NOT_FOUND when it is not there for who asks, CONFLICT when no place is sought or can be.
    """
    vandaag = today(now)
    rows = await conn.fetch(AANVRAAG, aanvraag_id, vandaag)
    if not rows or rows[0]["id"] != aanvraag_id:
        raise Refusal(Kind.NOT_FOUND, "Deze aanvraag is er niet, of u mag haar niet zien.")
    ids = [row["id"] for row in rows]
    own = rows[0]
    if own["status"] not in aanvragen.OPEN:
        raise Refusal(
            Kind.CONFLICT, f"Deze aanvraag is {_closed(own['status'])}. Er wordt geen plek meer voor gezocht."
        )
    pc4s = {
        name: own[column]
        for name, column in (("thuis", "pc4"), ("school", "school_pc4"), ("netwerk", "netwerk_pc4"))
        if own[column] is not None
    }
    points = {row["pc4"]: _point(row["lat"], row["lon"]) for row in await conn.fetch(PUNTEN, list(pc4s.values()))}
    uitsluitingen = await conn.fetch(UITSLUITINGEN, ids)
    regios = await conn.fetch(REGIOS, vandaag)
    brussen = (
        await conn.fetch(BROERS_ZUSSEN, own["samenplaatsing_id"], ids) if own["samenplaatsing_id"] is not None else []
    )
    # A wish that has passed without a place is still a wish: from today on.
    wished: date = max(row["gewenste_start"] for row in rows)
    start = max(vandaag, wished)
    einde = max(start, min(row["uiterlijke_datum"] for row in rows))
    zorgvormen = frozenset.intersection(*(frozenset(row["zorgvormen"]) for row in rows))
    if not zorgvormen:
        raise Refusal(
            Kind.CONFLICT,
            "Deze broers en zussen vragen niet om dezelfde zorgvorm. Samen passen zij dan nergens. "
            "Vraag de verwijzer om ten minste een zorgvorm die voor allemaal past.",
        )
    if len(rows) > MAX_SAMEN:
        raise Refusal(
            Kind.CONFLICT,
            f"In deze samenplaatsing staan {len(rows)} open aanvragen. Het loket zoekt voor hoogstens {MAX_SAMEN} "
            "kinderen samen. Vraag de verwijzer om de samenplaatsing te verdelen.",
        )
    if any(age_on(row["leeftijd_maanden"], row["leeftijd_peildatum"], start) > MAX_MONTHS for row in rows):
        raise Refusal(
            Kind.CONFLICT,
            "De jeugdige is op de eerste dag ouder dan 23 jaar. Jeugdhulp is er dan niet meer. "
            "Controleer de leeftijd en de peildatum van de aanvraag.",
        )
    reistijden = [row["maximale_reistijd"] for row in rows if row["maximale_reistijd"] is not None]
    found = Aanvraag(
        id=str(aanvraag_id),
        urgentie=Urgentie(own["urgentie"]),
        jeugdigen=tuple(_jeugdige(row, start) for row in rows),
        zorgvormen=zorgvormen,
        juridische_kaders=frozenset(row["juridisch_kader"] for row in rows),
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
        uitgesloten_aanbieders=frozenset(str(u["aanbieder_id"]) for u in uitsluitingen if u["aanbieder_id"]),
        uitgesloten_voorzieningen=frozenset(str(u["voorziening_id"]) for u in uitsluitingen if u["voorziening_id"]),
        uitgesloten_gebieden=tuple(
            Area(_point(u["lat"], u["lon"]), u["straal_km"]) for u in uitsluitingen if u["lat"] is not None
        ),
        broers_zussen_bij=frozenset(str(row["voorziening_id"]) for row in brussen),
    )
    return found, wished


def _closed(status: str) -> str:
    return {"beeindigd": "beëindigd"}.get(status, status)


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


def _machtiging(rows: list[asyncpg.Record]) -> Machtiging | None:
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


def _point(lat: float, lon: float) -> Point:
    x_km, y_km = rd(lat, lon)
    return Point(float(x_km), float(y_km))


WEGING = "select criterium, gewicht from weging where regio = huidige_regio() and urgentie = $1"

INSTELLINGEN = """
select sleutel, waarde from instelling
where regio = huidige_regio()
  and sleutel in ('banden', 'reistijd_horizon_min', 'ankers', 'leeftijdshorizon_maanden', 'bevestiging_uren')
"""


async def load_weging(conn: Connection, urgentie: str, huiselijkheid: dict[str, float]) -> Weging:
    """Weights and scales of the region; for a scale that it did not set, the default of matcher.problem.Weging.

    Raises Refusal (CONFLICT) when the region has no weights: an order that nobody chose is not shown.
    """
    gewichten = {Criterium(row["criterium"]): row["gewicht"] for row in await conn.fetch(WEGING, urgentie)}
    if not gewichten:
        raise Refusal(
            Kind.CONFLICT,
            f"Uw regio heeft voor {urgentie} nog niet bepaald wat hoe zwaar telt. Vraag de beheerder dit in te vullen.",
        )
    found = {row["sleutel"]: row["waarde"] for row in await conn.fetch(INSTELLINGEN)}
    scales: dict[str, Any] = {}
    if "banden" in found:
        scales |= {"goed": found["banden"]["goed"], "past": found["banden"]["past"]}
    if "reistijd_horizon_min" in found:
        scales["reishorizon_min"] = found["reistijd_horizon_min"]
    if "leeftijdshorizon_maanden" in found:
        scales["leeftijdshorizon_maanden"] = found["leeftijdshorizon_maanden"]
    if "ankers" in found:
        scales["ankers"] = {Anker(anker): share for anker, share in found["ankers"].items()}
    if "bevestiging_uren" in found:
        scales |= {"vers_uur": found["bevestiging_uren"]["vers"], "oud_uur": found["bevestiging_uren"]["oud"]}
    return Weging(gewichten=gewichten, huiselijkheid=huiselijkheid, **scales)


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
) -> Rangschikking:
    """The rangschikking of one aanvraag for who asks: places that fit, places that fall out, smallest changes.

    Raises Refusal: NOT_FOUND, CONFLICT (nothing was weighed, or siblings ask for different things), UNAVAILABLE.
    """
    aanvraag, wished = await load_aanvraag(conn, aanvraag_id, now)
    view, fresh = await snapshots.get(wie.regio, now)
    weging = await load_weging(conn, aanvraag.urgentie, view.huiselijkheid)
    minutes, source, reason = await travel.minutes(aanvraag, view.aanbod)
    ranking = rank(aanvraag, view.aanbod, weging, minutes, hour_of(now), limit=page.limit, offset=page.offset)
    judged = judge(aanvraag, view.aanbod, minutes)
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
        names=await names(conn),
        rows=await shown(conn, plekken),
    )
    return compose(aanvraag_id, ranking, fallen, smallest, c=context, fresh=fresh, travel=(source, reason))
