"""The work list as the loket works with it: of each open aanvraag whose move it is, what is due today, and how long it
waits against the norm of the region. One page of it is one statement (werklijst.py has the plain list)."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec
from msgspec import Struct

from service.aanvraag import aanvragen
from service.aanvraag.gebeurtenissen import AanvraagStatus
from service.days import midnight_after, today
from service.db import Connection
from service.fields import AanvraagId
from service.regio.werkregels import PerUrgentie
from service.urgentie import Urgentie


class Beurt(StrEnum):
    """Whose move it is, by status and facts."""

    LOKET = "loket"
    AANBIEDER = "aanbieder"
    VERWIJZER = "verwijzer"


class Vandaag(StrEnum):
    """What is due today, or should have been done before."""

    OPTIE = "optie"
    """An optie without voorstel lapses."""
    ANTWOORD = "antwoord"
    """The provider's time to answer is over today."""
    AKKOORD = "akkoord"
    """What was agreed is held no longer than today: toestemming, kennismaking, definitief."""
    KENNISMAKING = "kennismaking"
    NORM = "norm"
    UITERLIJK = "uiterlijk"
    VERBLIJF = "verblijf"
    """Where the child is now, it can stay until today."""
    OPSCHALING = "opschaling"
    ROUTE = "route"
    ALARM = "alarm"
    """The daily round said something lapses or is missing."""


class Volgorde(StrEnum):
    URGENTIE = "urgentie"
    WACHT = "wacht"
    TERMIJN = "termijn"
    UITERLIJK = "uiterlijk"


class Rij(Struct, frozen=True, kw_only=True):
    """One open aanvraag."""

    id: AanvraagId
    nummer: str
    kenmerk: str | None
    """None for who may not know it."""
    organisatie: str
    gemeente: str
    status: AanvraagStatus
    urgentie: Urgentie
    leeftijd_maanden: int
    leeftijd_peildatum: date
    huidig_verblijf: str
    huidig_verblijf_tot: date | None
    gewenste_start: date
    uiterlijke_datum: date
    zorgvormen: list[str]
    """Names, in the order in which the verwijzer gave them."""
    aangemeld_op: datetime
    norm_dag: date | None
    """The last day on which there should be a place; None: no norm was agreed."""
    samen_met: int
    """How many brothers and sisters are asked for together with this child."""
    mag_splitsen: bool
    behandelaar: str | None
    beurt: Beurt
    kennismaking_op: date | None
    termijn: datetime | None
    """The first moment at which something lapses by itself."""
    vandaag: list[Vandaag]


class Tellingen(Struct, frozen=True, kw_only=True):
    """Of all open aanvragen that who asks may see, before any filter; what there is none of, is absent."""

    alle: int
    gekozen: int
    """That pass the filters."""
    vandaag: int
    eigen: int
    """Of which who asks is behandelaar."""
    urgentie: dict[str, int]
    beurt: dict[str, int]
    zorgvorm: dict[str, str]
    """Code → name, of those that are asked."""
    gemeente: dict[str, str]


class Werkblad(Struct, frozen=True, kw_only=True):
    tellingen: Tellingen
    rijen: list[Rij]


class Filter(Struct, frozen=True, kw_only=True):
    urgentie: Urgentie | None = None
    beurt: Beurt | None = None
    vandaag: bool = False
    behandelaar: UUID | None = None
    zorgvorm: str | None = None
    gemeente: str | None = None
    volgorde: Volgorde = Volgorde.URGENTIE


def beurt(status: AanvraagStatus, antwoord_voor: datetime | None, kennismaking_op: date | None, now: datetime) -> Beurt:
    """Of one aanvraag, as `beurt` in WERKBLAD. `antwoord_voor`: the first moment until which a provider may answer."""
    if status is AanvraagStatus.VOORSTEL and antwoord_voor is not None and antwoord_voor > now:
        return Beurt.AANBIEDER
    if status is AanvraagStatus.AKKOORD:
        return Beurt.VERWIJZER
    meets = status is AanvraagStatus.KENNISMAKING and kennismaking_op is not None and kennismaking_op >= today(now)
    return Beurt.AANBIEDER if status is AanvraagStatus.TOESTEMMING or meets else Beurt.LOKET


DUE = {
    Vandaag.OPTIE: "vervalt_op < $2::timestamptz",
    Vandaag.ANTWOORD: "antwoord_voor < $2::timestamptz",
    Vandaag.AKKOORD: "houdt_tot < $2::timestamptz",
    Vandaag.KENNISMAKING: "kennismaking_op = $3::date",
    Vandaag.NORM: "norm_dag = $3::date",
    Vandaag.UITERLIJK: "uiterlijke_datum = $3::date",
    Vandaag.VERBLIJF: "huidig_verblijf_tot = $3::date",
    Vandaag.OPSCHALING: "opschaling_termijn <= $3::date",
    Vandaag.ROUTE: "route",
    Vandaag.ALARM: "alarm",
}
"""When each is due, in columns of `feit`."""

# Of all open aanvragen only what they are counted, filtered and sorted by; what else a row shows, only of those shown.
# optie, voorstel: only of who has one, as its status says.
# `$2` is the end of today, `$3` its day; `$9` until `$11` the norm per urgentie in days.
WERKBLAD = f"""
with kind as materialized (
    select a.id, a.status, a.urgentie, a.aangemeld_op, a.uiterlijke_datum, a.huidig_verblijf_tot, a.zorgvormen,
           a.gemeente_code, a.behandelaar_id, (a.aangemeld_op at time zone 'Europe/Amsterdam')::date
               + case a.urgentie when 'crisis' then $9::int when 'spoed' then $10::int else $11::int end as norm_dag
    from aanvraag a
    where is_open(a.status) and a.regio = huidige_regio()
), voorstel_van as (
    select v.aanvraag_id, min(v.antwoord_voor) filter (where v.status in ('verzonden', 'interesse')) as antwoord_voor,
           min(v.antwoord_voor) filter (where v.status not in ('verzonden', 'interesse')) as houdt_tot,
           max(v.kennismaking_op) as kennismaking_op
    from kind k join voorstel v on v.aanvraag_id = k.id
    where k.status in ('voorstel', 'akkoord', 'toestemming', 'kennismaking') and is_levend(v.status)
    group by v.aanvraag_id
), optie_van as (
    select b.aanvraag_id, min(b.vervalt_op) as vervalt_op
    from kind k join bezetting b on b.aanvraag_id = k.id
    where k.status in ('optie', 'voorstel', 'akkoord', 'toestemming', 'kennismaking') and b.soort = 'optie'
      and b.vrijgegeven_op is null and b.vervalt_op > $1::timestamptz
      and not exists (select from voorstel v where v.optie_id = b.id and is_levend(v.status))
    group by b.aanvraag_id
), opschaling_van as (
    select aanvraag_id, min(termijn) as termijn from opschaling where gesloten_op is null group by aanvraag_id
), route_van as (
    select distinct aanvraag_id from route where klaar_op is null and termijn <= $3::date
), alarm_van as (
    select distinct aanvraag_id from gebeurtenis
    where soort = 'alarm' and regio = huidige_regio()
      and op >= $3::date::timestamp at time zone 'Europe/Amsterdam' and op < $2::timestamptz
), bekend as (
    select k.*, v.antwoord_voor, v.houdt_tot, v.kennismaking_op, o.vervalt_op, p.termijn as opschaling_termijn,
           r.aanvraag_id is not null as route, l.aanvraag_id is not null as alarm,
           least(o.vervalt_op, v.antwoord_voor, v.houdt_tot) as termijn,
           case when k.status = 'voorstel' and v.antwoord_voor > $1::timestamptz then 'aanbieder'
                when k.status = 'akkoord' then 'verwijzer'
                when k.status = 'toestemming' then 'aanbieder'
                when k.status = 'kennismaking' and v.kennismaking_op >= $3::date then 'aanbieder'
                else 'loket' end as beurt
    from kind k
    left join voorstel_van v on v.aanvraag_id = k.id
    left join optie_van o on o.aanvraag_id = k.id
    left join opschaling_van p on p.aanvraag_id = k.id
    left join route_van r on r.aanvraag_id = k.id
    left join alarm_van l on l.aanvraag_id = k.id
), feit as materialized (
    select *, ({" or ".join(DUE.values())}) is true as moet from bekend
), groep as materialized (
    select urgentie, beurt, gemeente_code, count(*) as alle, count(*) filter (where moet) as moet,
           count(*) filter (where behandelaar_id = $16::uuid) as eigen
    from feit
    group by urgentie, beurt, gemeente_code
), gekozen as not materialized (
    select * from feit
    where ($4::urgentie is null or urgentie = $4) and ($5::text is null or beurt = $5) and (not $6::boolean or moet)
      and ($7::uuid is null or behandelaar_id = $7) and ($8::text is null or $8 = any (zorgvormen))
      and ($12::text is null or gemeente_code = $12)
), blad as (
    select *, case $13::text when 'wacht' then aangemeld_op
                             when 'termijn' then coalesce(termijn, 'infinity')
                             when 'uiterlijk' then uiterlijke_datum::timestamp at time zone 'UTC' end as eerst
    from gekozen
    order by eerst, urgentie, aangemeld_op, id
    limit $14 offset $15
), rij as (
    select row_number() over (order by f.eerst, f.urgentie, f.aangemeld_op, f.id) as nr,
           a.id, a.nummer, {aanvragen.KENMERK} as kenmerk, o.naam as organisatie, m.naam as gemeente, a.status,
           a.urgentie, a.leeftijd_maanden, a.leeftijd_peildatum, a.huidig_verblijf, a.huidig_verblijf_tot,
           a.gewenste_start, a.uiterlijke_datum, a.aangemeld_op, f.norm_dag, f.beurt, f.kennismaking_op, f.termijn,
           f.vandaag, e.naam as behandelaar, coalesce(s.mag_splitsen, false) as mag_splitsen,
           array(select z.naam from unnest(a.zorgvormen) with ordinality as gevraagd (code, volg)
                 join zorgvorm z on z.regio = a.regio and z.code = gevraagd.code order by gevraagd.volg) as zorgvormen,
           (select count(*)::int from aanvraag b where b.samenplaatsing_id = a.samenplaatsing_id and b.id <> a.id
            and is_open(b.status)) as samen_met
    from (select *, array_remove(array[{", ".join(f"case when {due} then '{code}' end" for code, due in DUE.items())}],
                                 null) as vandaag
          from blad) as f
    join aanvraag a on a.id = f.id
    join organisatie o on o.id = a.organisatie_id
    join gemeente m on m.code = a.gemeente_code
    left join samenplaatsing s on s.id = a.samenplaatsing_id
    left join gebruiker e on e.id = a.behandelaar_id
)
select (select coalesce(jsonb_agg(to_jsonb(r) - 'nr' order by r.nr), '[]') from rij r) as rijen,
       jsonb_build_object(
           'alle', (select coalesce(sum(alle), 0) from groep),
           'gekozen', (select count(*) from gekozen),
           'vandaag', (select coalesce(sum(moet), 0) from groep),
           'eigen', (select coalesce(sum(eigen), 0) from groep),
           'urgentie', (select coalesce(jsonb_object_agg(urgentie, n), '{{}}')
                        from (select urgentie, sum(alle) as n from groep group by urgentie) as u),
           'beurt', (select coalesce(jsonb_object_agg(beurt, n), '{{}}')
                     from (select beurt, sum(alle) as n from groep group by beurt) as b),
           'zorgvorm', (select coalesce(jsonb_object_agg(z.code, z.naam), '{{}}') from zorgvorm z
                        where z.regio = huidige_regio()
                          and exists (select from feit f where z.code = any (f.zorgvormen))),
           'gemeente', (select coalesce(jsonb_object_agg(g.code, g.naam), '{{}}') from gemeente g
                        where g.code in (select gemeente_code from groep))) as tellingen
"""


async def werkblad(
    conn: Connection, keuze: Filter, normen: PerUrgentie, *, ik: UUID, now: datetime, aantal: int, vanaf: int
) -> Werkblad:
    """`aantal` rows from position `vanaf` on, with what all are counted by. `ik`: whose own aanvragen are counted."""
    row = await conn.fetchrow(
        WERKBLAD,
        now,
        midnight_after(now),
        today(now),
        keuze.urgentie,
        keuze.beurt,
        keuze.vandaag,
        keuze.behandelaar,
        keuze.zorgvorm,
        normen.crisis,
        normen.spoed,
        normen.regulier,
        keuze.gemeente,
        keuze.volgorde,
        aantal,
        vanaf,
        ik,
    )
    assert row is not None
    return msgspec.convert(dict(row), Werkblad)
