"""Beëindigingen: an aanbieder stops, or stops with one voorziening, from a day on; itself or the loket says so.

At once its free places are gone, what was held or proposed beyond that day is let go, and whoever lives there then is
written down. Of each of them the loket of the child decides afterwards: an uitloopovereenkomst, or an aanvraag with
priority for another place. Until then it is an alarm. Up to that day it can be taken back.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from service import dutch
from service.aanbod import plekken
from service.aanbod.bezetting import Bezetting
from service.aanvraag import gebeurtenissen
from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.aanvraag.termijnen import ZINNEN, Alarm, AlarmSoort, Ernst
from service.days import today
from service.db import Connection, Rol, Wie, rows_as
from service.errors import FieldError, Kind, Refusal
from service.fields import AanvraagId, VrijeTekst, herkenbare, refuse
from service.plaatsing import plaatsingen
from service.regio.werkregels import werkregels
from service.taal import gettext


class BeeindigingReden(StrEnum):
    """As type `beeindiging_reden` in schema.sql."""

    FAILLISSEMENT = "faillissement"
    PERSONEEL = "personeel"
    CONTRACT = "contract"
    KWALITEIT = "kwaliteit"
    GEBOUW = "gebouw"
    ANDERS = "anders"


class OverdrachtBesluit(StrEnum):
    """As type `overdracht_besluit` in schema.sql."""

    UITLOOP = "uitloop"
    OVERDRACHT = "overdracht"


class NieuweBeeindiging(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    aanbieder_id: UUID
    voorziening_id: Annotated[UUID | None, Meta(description="Leeg: alles van deze aanbieder.")] = None
    per: Annotated[date, Meta(description="Eerste dag waarop er geen plek meer is.")]
    reden: BeeindigingReden
    toelichting: (
        Annotated[VrijeTekst, Meta(max_length=300, description="Niets over een kind. Verplicht bij anders.")] | None
    ) = None


class Beeindiging(Struct, rename="camel", kw_only=True):
    id: UUID
    aanbieder_id: UUID
    aanbieder: str | None
    voorziening_id: UUID | None
    voorziening: str | None
    per: date
    reden: BeeindigingReden
    toelichting: str | None
    vastgelegd_op: datetime
    door: Annotated[Rol, Meta(description="Wie het vastlegde: het loket, of de aanbieder zelf.")]
    teruggenomen_op: Annotated[datetime | None, Meta(description="De aanbieder stopt toch niet.")]
    plaatsingen: Annotated[int, Meta(description="Zoveel kinderen wonen er nog, voor wie een besluit nodig is of was.")]
    open_besluiten: Annotated[int, Meta(description="Voor zoveel van hen is nog niets besloten.")]


# ── Ending it ────────────────────────────────────────────────────────────────────────────────────

INSERT = """
insert into beeindiging
    (regio, aanbieder_id, voorziening_id, per, reden, toelichting, vastgelegd_op, gebruiker_id, door)
values (huidige_regio(), $1, $2, $3, $4, $5, $6, huidige_gebruiker(), huidige_rol()::rol)
returning id
"""

VAN_EEN_ANDER = "select huidige_rol() = 'aanbieder' and $1 is distinct from huidige_organisatie()"

BEEINDIG = "select beeindig_aanbod($1, $2)"


async def add(conn: Connection, nieuw: NieuweBeeindiging, *, now: datetime) -> Beeindiging:
    """All at once, or nothing: free places, opties, voorstellen and stops beyond that day are no more, and each says so
    to whom it concerns. Refuses INVALID, and CONFLICT when it was ended already."""
    found = herkenbare(nieuw)
    if nieuw.per < today(now):
        found.append(FieldError("/per", "verleden", gettext("Geef vandaag, of een dag die nog komt.")))
    if nieuw.reden is BeeindigingReden.ANDERS and nieuw.toelichting is None:
        found.append(FieldError("/toelichting", "verplicht", gettext("Schrijf bij `anders` wat de reden is.")))
    if await conn.fetchval(VAN_EEN_ANDER, nieuw.aanbieder_id):
        found.append(
            FieldError(
                "/aanbiederId", "bestaat_niet", gettext("U kunt dit alleen van uw eigen organisatie vastleggen.")
            )
        )
    refuse(found)
    id = await conn.fetchval(
        INSERT, nieuw.aanbieder_id, nieuw.voorziening_id, nieuw.per, nieuw.reden, nieuw.toelichting, now
    )
    await conn.execute(BEEINDIG, id, now)
    return await get(conn, id)


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────

FROM = """
select s.id, s.aanbieder_id, a.naam as aanbieder, s.voorziening_id, v.naam as voorziening, s.per, s.reden,
       s.toelichting, s.vastgelegd_op, s.door, s.teruggenomen_op, coalesce(t.plaatsingen, 0) as plaatsingen,
       coalesce(t.open, 0) as open_besluiten
from beeindiging s
left join aanbieder a on a.id = s.aanbieder_id
left join voorziening v on v.id = s.voorziening_id
left join lateral beeindiging_stand(array[s.id]) t on true
"""

PAGE = f"""
{FROM}
where $1::uuid is null or (s.vastgelegd_op, s.id) < (select c.vastgelegd_op, c.id from beeindiging c where c.id = $1)
order by s.vastgelegd_op desc, s.id desc
limit $2
"""


async def page(conn: Connection, *, after: UUID | None = None, limit: int = 50) -> list[Beeindiging]:
    """The last first."""
    return rows_as(await conn.fetch(PAGE, after, limit), Beeindiging)


GET = f"{FROM} where s.id = $1"


async def get(conn: Connection, id: UUID) -> Beeindiging:
    """Refuses NOT_FOUND."""
    row = await conn.fetchrow(GET, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze beëindiging bestaat niet, of niet voor u."))
    return msgspec.convert(row, Beeindiging)


# ── Taking it back ───────────────────────────────────────────────────────────────────────────────


class BeeindigingStapSoort(StrEnum):
    NEEM_TERUG = "neem_terug"


class BeeindigingStap(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    stap: BeeindigingStapSoort
    reden: Annotated[VrijeTekst, Meta(max_length=300, description="Waarom het toch niet stopt. Niets over een kind.")]


NEEM_TERUG = "select neem_beeindiging_terug($1, $2, $3)"


async def step(conn: Connection, id: UUID, stap: BeeindigingStap, *, wie: Wie, now: datetime) -> Beeindiging:
    """Until the end of the day itself: plekken and stops are as before, and who lives there need not go. What was let
    go stays so. Refuses NOT_FOUND, INVALID, FORBIDDEN, and CONFLICT with what is in the way. Nothing half."""
    refuse(herkenbare(stap))
    stopt = await get(conn, id)
    if wie.rol is Rol.AANBIEDER and stopt.door is not Rol.AANBIEDER:
        raise Refusal(Kind.FORBIDDEN, gettext("Het loket heeft dit vastgelegd. Vraag het loket om het terug te nemen."))
    if stopt.per < today(now):
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "De dag waarop het stopt (%(isoformat)s) is voorbij. Wat nu wel kan: overleggen met het loket.",
                isoformat=stopt.per.isoformat(),
            ),
        )
    weg = None if stopt.teruggenomen_op is not None else await conn.fetchval(NEEM_TERUG, id, now, stap.reden)
    if weg is None:
        raise Refusal(Kind.CONFLICT, gettext("Dit is al teruggenomen. Wat nu wel kan: het opnieuw beëindigen."))
    if weg:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Voor wie hier woont, is al verder gezocht: %(lijst)s. Wat nu wel kan: het loket trekt eerst in"
                " wat voor die aanvragen is gedaan.",
                lijst=dutch.listing(sorted(weg), "en"),
            ),
        )
    return await get(conn, id)


# ── Who can take over ────────────────────────────────────────────────────────────────────────────


class Overname(Struct, rename="camel", kw_only=True):
    """Of one other aanbieder, how many places there are of a zorgvorm that ends. Nothing of a child."""

    aanbieder_id: UUID
    aanbieder: str
    zorgvorm: str
    open: Annotated[int, Meta(description="Vrij en bemenst, vandaag.")]
    in_overleg: Annotated[int, Meta(description="Vrij na overleg.")]
    onbemenst: Annotated[int, Meta(description="Vrij als er personeel bij komt.")]
    langst_bevestigd_op: Annotated[
        datetime | None, Meta(description="De oudste bevestiging van deze plekken; leeg: er is er een nooit bevestigd.")
    ]


OVERNAME = f"""
with kandidaat as materialized (
    {plekken.KANDIDAAT}
    join beeindiging s on s.id = $3
    where p.regio = huidige_regio() and p.aanbieder_id <> s.aanbieder_id and p.bestaat @> s.per
      and v.zorgvorm in (
          select e.zorgvorm from voorziening e
          where e.aanbieder_id = s.aanbieder_id and (s.voorziening_id is null or e.id = s.voorziening_id))
){plekken.STAND}
select s.aanbieder_id, a.naam as aanbieder, s.zorgvorm, count(*) filter (where s.status = 'open') as open,
       count(*) filter (where s.status = 'in_overleg') as in_overleg,
       count(*) filter (where s.status = 'onbemenst') as onbemenst,
       case when bool_and(s.bevestigd_op is not null) then min(s.bevestigd_op) end as langst_bevestigd_op
from stand s
join aanbieder a on a.id = s.aanbieder_id
where s.status in ('open', 'in_overleg', 'onbemenst')
group by s.aanbieder_id, a.naam, s.zorgvorm
order by s.zorgvorm, open desc, a.naam, s.aanbieder_id
"""


async def overname(conn: Connection, id: UUID, *, now: datetime) -> list[Overname]:
    """Free places of others today, that are still there on that day, of the zorgvormen that end. Refuses NOT_FOUND."""
    await get(conn, id)
    return rows_as(await conn.fetch(OVERNAME, now, today(now), id), Overname)


# ── Who lives there: decided one by one ──────────────────────────────────────────────────────────


class Overdracht(Struct, rename="camel", kw_only=True):
    """A plaatsing that goes on beyond the day, and what was decided of it."""

    id: Annotated[UUID, Meta(description="De plaatsing.")]
    plek: str | None
    voorziening: str | None
    zorgvorm: str | None
    aanvraag_id: AanvraagId | None
    nummer: str | None
    van: date
    tot: Annotated[date | None, Meta(description="Verwacht einde van het verblijf.")]
    begonnen: bool
    geeindigd: Annotated[bool, Meta(description="Het kind woont er niet meer: er is niets te besluiten.")]
    besluit: OverdrachtBesluit | None
    uitloop_tot: date | None
    overdracht_id: Annotated[AanvraagId | None, Meta(description="De aanvraag om een andere plek.")]
    besloten_op: datetime | None


OVERDRACHT = """
select b.id, p.naam as plek, v.naam as voorziening, v.zorgvorm, u.aanvraag_id, a.nummer, lower(b.periode) as van,
       upper(b.periode) as tot, b.begonnen_op is not null or b.aanvraag_id is null as begonnen,
       b.beeindigd_op is not null or b.vrijgegeven_op is not null as geeindigd,
       u.besluit, u.uitloop_tot, u.overdracht_id, u.besloten_op
from beeindiging_plaatsing u
join bezetting b on b.id = u.bezetting_id
left join plek p on p.id = b.plek_id
left join voorziening v on v.id = p.voorziening_id
left join aanvraag a on a.id = u.aanvraag_id
where u.beeindiging_id = $1
"""

OVERDRACHTEN = f"{OVERDRACHT} order by u.besluit is not null, geeindigd, van, b.id"


async def overdrachten(conn: Connection, id: UUID) -> list[Overdracht]:
    """Of all who lived there beyond that day, the undecided first. Refuses NOT_FOUND."""
    await get(conn, id)
    return rows_as(await conn.fetch(OVERDRACHTEN, id), Overdracht)


class NieuwBesluit(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    besluit: OverdrachtBesluit
    uitloop_tot: Annotated[
        date | None, Meta(description="Bij uitloop: eerste dag waarop het kind er niet meer woont.")
    ] = None


WAAR = """
select s.per, u.vraag_regio, u.aanvraag_id
from beeindiging_plaatsing u join beeindiging s on s.id = u.beeindiging_id
where u.beeindiging_id = $1 and u.bezetting_id = $2
"""

BESLUIT = """
update beeindiging_plaatsing
set besluit = $2, uitloop_tot = $3, overdracht_id = $4, besloten_op = $5, besloten_door = huidige_gebruiker()
where bezetting_id = $1
"""

EEN = f"{OVERDRACHT} and u.bezetting_id = $2"


async def besluit(
    conn: Connection, id: UUID, plaatsing_id: UUID, nieuw: NieuwBesluit, *, wie: Wie, now: datetime
) -> Overdracht:
    """Where this child lives from then on; it may be decided otherwise later. Refuses NOT_FOUND, INVALID, and CONFLICT
    with what is possible now."""
    where = await conn.fetchrow(WAAR, id, plaatsing_id)
    if where is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze plaatsing hoort niet bij deze beëindiging, of is niet voor u."))
    if where["vraag_regio"] != wie.regio:
        raise Refusal(
            Kind.CONFLICT, gettext("Dit kind is van een andere regio. Wat nu wel kan: het loket van die regio besluit.")
        )
    if (nieuw.besluit is OverdrachtBesluit.UITLOOP) != (nieuw.uitloop_tot is not None):
        refuse([FieldError("/uitloopTot", "past_niet", gettext("Geef bij uitloop de laatste dag, en anders niet."))])
    plaatsing = await plaatsingen.lopende(conn, plaatsing_id, now)
    # Now that it is our turn on the plek: who took it back meanwhile, had that turn before us.
    if await conn.fetchrow(WAAR, id, plaatsing_id) is None:
        raise Refusal(
            Kind.CONFLICT, gettext("De aanbieder stopt toch niet. Wat nu wel kan: niets, het kind kan blijven.")
        )
    if nieuw.uitloop_tot is not None:
        await _uitloop(conn, plaatsing, where["per"], nieuw.uitloop_tot, now)
    else:
        await _overdracht(conn, plaatsing, where["per"], now)
    return msgspec.convert(await conn.fetchrow(EEN, id, plaatsing_id), Overdracht)


GUN_UITLOOP = "select gun_uitloop($1, $2)"


async def _uitloop(conn: Connection, plaatsing: Bezetting, per: date, tot: date, now: datetime) -> None:
    """The plek exists until then, for this child only."""
    if tot <= max(per, today(now), plaatsing.van):
        refuse([FieldError("/uitloopTot", "volgorde", gettext("Geef een dag na de dag waarop de aanbieder stopt."))])
    if plaatsing.begonnen_op is None and plaatsing.aanvraag_id is not None and plaatsing.van >= per:
        raise Refusal(
            Kind.CONFLICT, gettext("Dit kind zou pas komen als de aanbieder al is gestopt. Wat nu wel kan: overdracht.")
        )
    await conn.execute(BESLUIT, plaatsing.id, OverdrachtBesluit.UITLOOP, tot, None, now)
    await conn.execute(GUN_UITLOOP, plaatsing.id, tot)
    if plaatsing.tot != tot:
        await plaatsingen.verleng(conn, plaatsing.id, tot, now=now)


OPEN_OVERDRACHT = "select open_overdracht($1, $2, $3, $4)"


async def _overdracht(conn: Connection, plaatsing: Bezetting, per: date, now: datetime) -> None:
    """Another place is sought, with priority; for who has not come yet, the plaatsing does not go on."""
    if plaatsing.aanvraag_id is None:
        raise Refusal(
            Kind.CONFLICT,
            gettext("Het loket kent dit kind niet. Wat nu wel kan: uitloop, of een nieuwe aanvraag door de verwijzer."),
        )
    if plaatsing.begonnen_op is None and plaatsing.van >= per:
        other = plaatsing.aanvraag_id
        await plaatsingen.zeg_af(conn, plaatsing.id, "De aanbieder stopt.", now=now)
    elif plaatsing.overbrugging:
        other = plaatsing.aanvraag_id  # its own search never ended
    else:
        rules = await werkregels(conn)
        terms = [rules.vervolg_verblijf_dagen, rules.vervolg_speling_dagen]
        other = await conn.fetchval(OPEN_OVERDRACHT, plaatsing.id, now, list(rules.crisis_zorgvormen), terms)
    await conn.execute(BESLUIT, plaatsing.id, OverdrachtBesluit.OVERDRACHT, None, other, now)
    gegevens: dict[str, Any] = {"plaatsing": plaatsing.id, "overdracht": other, "per": per}
    await gebeurtenissen.record(
        conn, plaatsing.aanvraag_id, GebeurtenisSoort.OVERDRACHT, now=now, plek_id=plaatsing.plek_id, gegevens=gegevens
    )


# ── Alarms ───────────────────────────────────────────────────────────────────────────────────────

ONBESLOTEN = """
select u.aanvraag_id, a.nummer, s.per
from beeindiging_plaatsing u
join beeindiging s on s.id = u.beeindiging_id
join bezetting b on b.id = u.bezetting_id and b.beeindigd_op is null and b.vrijgegeven_op is null
join aanvraag a on a.id = u.aanvraag_id
where u.besluit is null and u.vraag_regio = huidige_regio()
order by s.per, u.bezetting_id
"""


async def alarmen(conn: Connection, now: datetime) -> list[Alarm]:
    """Of every child for whom nothing was decided yet, as far as who asks may see it."""
    dag, soort = today(now), AlarmSoort.AANBIEDER_STOPT
    return [
        Alarm(
            aanvraag_id=row["aanvraag_id"],
            nummer=row["nummer"],
            soort=soort,
            dag=row["per"],
            ernst=Ernst.VERSTREKEN if row["per"] <= dag else Ernst.NADERT,
            zin=ZINNEN[soort],
        )
        for row in await conn.fetch(ONBESLOTEN)
    ]
