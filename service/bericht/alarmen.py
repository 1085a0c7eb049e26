"""Alarmen: what lapses or is missing (aanvraag/termijnen.py), and who waits too long: after crisis, past the norm, or
near the age of eighteen. Each is told once, as a gebeurtenis, by the daily round."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from service.aanvraag import gebeurtenissen, termijnen
from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.aanvraag.termijnen import ZINNEN, Alarm, AlarmSoort, Ernst, Found
from service.days import months_after, today
from service.db import Connection, rows_as
from service.fields import AanvraagId
from service.plaatsing import beeindigingen, uitgesloten
from service.regio.werkregels import Werkregels, werkregels
from service.urgentie import Urgentie

VOLWASSEN = 18 * 12


class Wacht(Struct, frozen=True, kw_only=True):
    """An aanvraag that is not closed, with how long it has waited."""

    id: AanvraagId
    nummer: str
    urgentie: Urgentie
    open: bool
    leeftijd_maanden: int
    leeftijd_peildatum: date
    aangemeld: date
    woont_sinds: date | None
    """In crisis or closed care, of which this is the vervolg: since the first of such stays without a day between,
    because moving to another is the same crisis. Of who must leave another home: since that was filed."""
    plan_voor_daarna: bool
    """A route for after eighteen, with a term of its own."""


WACHT = """
select a.id, a.nummer, a.urgentie, is_open(a.status) as open, a.leeftijd_maanden, a.leeftijd_peildatum,
       (a.aangemeld_op at time zone 'Europe/Amsterdam')::date as aangemeld,
       case when b.begonnen_op is not null then coalesce(
           crisis_sinds(b.id, $1, $2), (a.aangemeld_op at time zone 'Europe/Amsterdam')::date) end as woont_sinds,
       exists (select from route r where r.aanvraag_id = a.id and r.soort = 'achttien_plus'
               and r.staat not in ('niet_geslaagd', 'gestopt')) as plan_voor_daarna
from aanvraag a
left join bezetting b on b.id = a.vervolg_van and b.beeindigd_op is null and b.vrijgegeven_op is null
where a.regio = huidige_regio() and a.afgesloten_op is null and a.geanonimiseerd_op is null
"""


# The day is the first one too late.
VERSTREKEN = """
select x.aanvraag_id, a.nummer, x.soort, x.termijn + 1 as dag
from (
    select aanvraag_id, 'route_termijn' as soort, termijn from route where klaar_op is null
    union all
    select aanvraag_id, 'opschaling_termijn', termijn from opschaling where gesloten_op is null
) as x
join aanvraag a on a.id = x.aanvraag_id
where x.termijn < $1 and a.regio = huidige_regio() and a.geanonimiseerd_op is null
"""


# What a provider says from its mail (service/bericht/versheid.py), until the plek is confirmed or held no more. First
# what was said: that is rare, and the planner would as soon begin with all that takes a plek anywhere.
TEGENGESPROKEN = """
with gezegd as materialized (
    select g.aanvraag_id, a.nummer, g.op, (g.gegevens ->> 'bezetting')::uuid as bezetting,
           (g.gegevens ->> 'dag')::date as dag
    from gebeurtenis g
    join aanvraag a on a.id = g.aanvraag_id and a.regio = huidige_regio() and a.afgesloten_op is null
    where g.soort = 'alarm' and g.gegevens ->> 'alarm' = 'plek_bezet'
)
select distinct on (b.id) g.aanvraag_id, g.nummer, 'plek_bezet' as soort, g.dag
from gezegd g
join bezetting b on b.id = g.bezetting and b.vrijgegeven_op is null and b.begonnen_op is null
where not exists (select from bevestiging c where c.plek_id = b.plek_id and c.op > g.op)
order by b.id, g.op desc
"""


async def alarmen(conn: Connection, now: datetime) -> list[Alarm]:
    """Of every aanvraag that who asks may see: what lapsed first, and then by day."""
    rules, dag = await werkregels(conn), today(now)
    wachtenden: list[Wacht] = rows_as(
        await conn.fetch(WACHT, list(rules.crisis_zorgvormen), list(rules.gesloten_zorgvormen)), Wacht
    )
    found = [
        Alarm(aanvraag_id=one.id, nummer=one.nummer, soort=soort, dag=when, ernst=ernst, zin=ZINNEN[soort])
        for one in wachtenden
        for soort, when, ernst in _of(one, rules, dag)
    ]
    found += await termijnen.alarmen(conn, now)
    found += await beeindigingen.alarmen(conn, now)
    found += await uitgesloten.alarmen(conn)
    for row in [*await conn.fetch(VERSTREKEN, dag), *await conn.fetch(TEGENGESPROKEN)]:
        soort = AlarmSoort(row["soort"])
        found.append(
            Alarm(
                aanvraag_id=row["aanvraag_id"],
                nummer=row["nummer"],
                soort=soort,
                dag=row["dag"],
                ernst=Ernst.VERSTREKEN,
                zin=ZINNEN[soort],
            )
        )
    return sorted(found, key=lambda alarm: (alarm.ernst is Ernst.NADERT, alarm.dag, alarm.nummer, alarm.soort))


def _of(one: Wacht, rules: Werkregels, dag: date) -> Iterator[Found]:
    days = sorted(rules.alarm_crisis_dagen)
    if one.open and one.woont_sinds is not None:
        # Of several days that have come only the last.
        reached = [n for n in days if one.woont_sinds + timedelta(days=n) <= dag]
        if reached:
            ernst = Ernst.VERSTREKEN if reached[-1] == days[-1] else Ernst.NADERT
            yield AlarmSoort.VERVOLG_ZONDER_PLEK, one.woont_sinds + timedelta(days=reached[-1]), ernst
    norm = rules.normen_dagen.voor(one.urgentie)
    if one.open and norm is not None:
        last = one.aangemeld + timedelta(days=norm)
        if last < dag:
            yield AlarmSoort.NORM, last, Ernst.VERSTREKEN
        elif last - timedelta(days=rules.norm_vooraf_dagen.voor(one.urgentie) or 0) <= dag:
            yield AlarmSoort.NORM, last, Ernst.NADERT
    if one.plan_voor_daarna or one.leeftijd_maanden >= VOLWASSEN:
        return
    # The birth date is not known: on this day at the earliest.
    birthday = months_after(one.leeftijd_peildatum, max(0, VOLWASSEN - 1 - one.leeftijd_maanden)) + timedelta(days=1)
    if months_after(birthday, -rules.achttien_vooraf_maanden) <= dag:
        yield AlarmSoort.ACHTTIEN, birthday, Ernst.VERSTREKEN if birthday <= dag else Ernst.NADERT


# ── The daily round ──────────────────────────────────────────────────────────────────────────────

TO_DO = frozenset({AlarmSoort.GRONDSLAG_ONTBREEKT, AlarmSoort.TOESTEMMING_ONTBREEKT})
"""Every new aanvraag has these: they are in the list, and told only when a child lives somewhere without."""

ELSEWHERE = frozenset({AlarmSoort.ROUTE_TERMIJN, AlarmSoort.OPSCHALING_TERMIJN, AlarmSoort.PLEK_BEZET})
"""Told by rounds of their own, once per term (service/opschaling/routes.py, service/opschaling/opschalingen.py), or at
once (service/bericht/versheid.py)."""

LOCK = "select from aanvraag where id = any ($1) order by id for no key update"

GEMELD = """
select aanvraag_id, gegevens ->> 'alarm' as soort, gegevens ->> 'dag' as dag, gegevens ->> 'ernst' as ernst
from gebeurtenis where aanvraag_id = any ($1) and soort = 'alarm'
"""


async def alarmronde(conn: Connection, now: datetime) -> int:
    """Writes a gebeurtenis for each alarm of the region that was not told before; how many. Again, it does nothing."""
    found = [
        alarm
        for alarm in await alarmen(conn, now)
        if alarm.soort not in ELSEWHERE and (alarm.ernst is Ernst.VERSTREKEN or alarm.soort not in TO_DO)
    ]
    ids: list[UUID] = sorted({alarm.aanvraag_id for alarm in found})
    await conn.execute(LOCK, ids)
    told = {tuple(row) for row in await conn.fetch(GEMELD, ids)}
    new = [alarm for alarm in found if (alarm.aanvraag_id, *_said(alarm).values()) not in told]
    for alarm in sorted(new, key=lambda alarm: alarm.aanvraag_id):
        await gebeurtenissen.record(conn, alarm.aanvraag_id, GebeurtenisSoort.ALARM, now=now, gegevens=_said(alarm))
    return len(new)


def _said(alarm: Alarm) -> dict[str, Any]:
    return {"alarm": str(alarm.soort), "dag": alarm.dag.isoformat(), "ernst": str(alarm.ernst)}
