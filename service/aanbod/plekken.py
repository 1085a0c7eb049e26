"""Plekken: single beds. What a plek is today follows from three things: whether it exists, what takes it, and
what its provider says of it when it is empty (docs/ARCHITECTURE.md; service/aanbod/bezetting.py takes and frees)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from service.days import today
from service.db import Connection, Reads, Wie, rows_as
from service.errors import FieldError, Kind, Refusal
from service.fields import given, merge, patch_of, refuse
from service.regio import regiokeuzes
from service.regio.werkregels import Werkregels
from service.taal import gettext


class Beschikbaarheid(StrEnum):
    """As type `beschikbaarheid` in schema.sql."""

    BEMENST = "bemenst"
    ONBEMENST = "onbemenst"
    IN_OVERLEG = "in_overleg"


class Bron(StrEnum):
    """As type `bevestiging_bron` in schema.sql."""

    SCHERM = "scherm"
    MAIL = "mail"
    KOPPELING = "koppeling"
    BESTAND = "bestand"


def bron(wie: Wie) -> Bron:
    """With what somebody who asks the service says it."""
    return Bron.SCHERM if wie.koppeling is None else Bron.KOPPELING


class BezettingSoort(StrEnum):
    """As type `bezetting_soort` in schema.sql."""

    OPTIE = "optie"
    PLAATSING = "plaatsing"
    STOP = "stop"


class PlekStatus(StrEnum):
    """Derived, never stored: the `case` in STAND below."""

    OPEN = "open"
    ONBEMENST = "onbemenst"
    IN_OVERLEG = "in_overleg"
    BEZET = "bezet"
    GESTOPT = "gestopt"
    GEPLAND = "gepland"
    VERVALLEN = "vervallen"


ONGEZIEN = (PlekStatus.OPEN, PlekStatus.ONBEMENST, PlekStatus.IN_OVERLEG)
"""Empty: what it is, only the provider knows. What is taken or stopped, the loket knows itself."""


class Zekerheid(StrEnum):
    """How sure it is that a plek is as it says: by when its provider last said so."""

    ZEKER = "zeker"
    TE_BEVESTIGEN = "te_bevestigen"
    ONBEKEND = "onbekend"


PlekNaam = Annotated[str, Meta(min_length=1, max_length=60, pattern="^\\S", examples=["Kamer 1"])]


class NieuwePlek(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    voorziening_id: UUID
    naam: PlekNaam
    beschikbaarheid: Beschikbaarheid = Beschikbaarheid.BEMENST
    bestaat_van: Annotated[date | None, Meta(description="Eerste dag van de plek; leeg: vandaag.")] = None
    bestaat_tot: Annotated[date | None, Meta(description="Eerste dag dat de plek er niet meer is; leeg: blijft.")] = (
        None
    )


class PlekVelden(NieuwePlek, kw_only=True):
    bestaat_van: date


WijzigingPlek = patch_of(PlekVelden, "voorziening_id")


class Plek(Struct, rename="camel", kw_only=True):
    id: UUID
    aanbieder_id: UUID
    voorziening_id: UUID
    naam: str
    zorgvorm: str
    beschikbaarheid: Beschikbaarheid
    bestaat_van: date
    bestaat_tot: date | None
    bevestigd_op: Annotated[
        datetime | None, Meta(description="Wanneer de aanbieder voor het laatst zei dat dit klopt.")
    ]
    status: Annotated[PlekStatus, Meta(description="Wat de plek vandaag is.")]
    bezet_door: BezettingSoort | None
    bezet_tot: Annotated[date | None, Meta(description="Verwachte eerste vrije dag; leeg: onbekend of niet bezet.")]
    einde_verstreken: Annotated[
        bool, Meta(description="De plaatsing had al klaar moeten zijn en is niet beëindigd; de plek telt als bezet.")
    ]
    volgende_bezetting_van: Annotated[date | None, Meta(description="Eerste dag waarop de plek weer bezet raakt.")]
    zekerheid: Annotated[
        Zekerheid, Meta(description="Hoe zeker dit is: `zeker` is kort geleden bevestigd, bij crisis binnen een dag.")
    ] = Zekerheid.ONBEKEND
    versie: int


KANDIDAAT = """
select p.id, p.aanbieder_id, p.voorziening_id, p.naam, v.zorgvorm, p.beschikbaarheid, lower(p.bestaat) as bestaat_van,
       upper(p.bestaat) as bestaat_tot, p.bevestigd_op, p.versie, naamvolgorde(v.naam) as voorziening_naam
from plek p
join voorziening v on v.id = p.voorziening_id
"""

# $1 now, $2 today. bezette_perioden also sees what another region took, without who; enum order makes a stop
# win from a plaatsing and that from an optie. An optie counts only until it expires. Asked once for all candidates.
STAND = """,
stand as (
    select k.id, k.aanbieder_id, k.voorziening_id, k.naam, k.zorgvorm, k.beschikbaarheid, k.bestaat_van, k.bestaat_tot,
           k.bevestigd_op,
           case when k.bestaat_tot <= $2 then 'vervallen'
                when k.bestaat_van > $2 then 'gepland'
                when nu.soort = 'stop' then 'gestopt'
                when nu.soort is not null then 'bezet'
                when k.beschikbaarheid = 'bemenst' then 'open'
                else k.beschikbaarheid::text end as status,
           nu.soort as bezet_door, nullif(nu.tot, 'infinity') as bezet_tot,
           coalesce(nu.einde_verstreken, false) as einde_verstreken, nu.volgende_van as volgende_bezetting_van,
           k.versie, k.voorziening_naam
    from kandidaat k
    left join (
        select b.plek_id,
               max(b.soort) filter (where b.van <= $2) as soort,
               max(coalesce(b.tot, 'infinity')) filter (where b.van <= $2) as tot,
               bool_or(b.soort = 'plaatsing' and b.tot <= $2) as einde_verstreken,
               min(b.van) filter (where b.van > $2) as volgende_van
        from bezette_perioden($2::date, array(select id from kandidaat)) b
        where b.soort <> 'optie' or b.vervalt_op > $1::timestamptz
        group by b.plek_id
    ) nu on nu.plek_id = k.id
)
"""

HOUR = timedelta(hours=1)

# So that `zekerheid` needs no query of its own.
KEUZES = """(select jsonb_object_agg(i.sleutel, i.waarde)::text from instelling i
 where i.regio = huidige_regio()
   and i.sleutel in ('crisis_zorgvormen', 'crisis_zeker_uren', 'zeker_uren', 'onbekend_uren'))"""

# Only the status is not known before bezette_perioden: without it the page is cut first.
PAGE = f"""
with kandidaat as materialized (
    {KANDIDAAT}
    where p.regio = huidige_regio()
      and ($3::uuid is null or p.aanbieder_id = $3)
      and ($4::uuid is null or p.voorziening_id = $4)
      and ($5::text is null or v.zorgvorm = $5)
      and ($7::uuid is null
           or (naamvolgorde(v.naam), p.voorziening_id, p.naam, p.id) >
              (select naamvolgorde(cv.naam), cv.id, c.naam, c.id
               from plek c join voorziening cv on cv.id = c.voorziening_id where c.id = $7))
    order by voorziening_naam, p.voorziening_id, p.naam, p.id
    limit case when $6::text is null then $8::bigint end
){STAND}
select *, {KEUZES} as keuzes
from stand
where $6::text is null or status = $6
order by voorziening_naam, voorziening_id, naam, id
limit $8::bigint
"""


# Nothing asked, and from the first one on: how most begin. As many voorzieningen as rows are nearly always enough.
BEGIN = f"""
with kandidaat as materialized (
    select p.id, p.aanbieder_id, p.voorziening_id, p.naam, v.zorgvorm, p.beschikbaarheid,
           lower(p.bestaat) as bestaat_van, upper(p.bestaat) as bestaat_tot, p.bevestigd_op, p.versie,
           v.voorziening_naam
    from (
        select id, zorgvorm, naamvolgorde(naam) as voorziening_naam
        from voorziening
        where regio = huidige_regio()
        order by naamvolgorde(naam), id
        limit $3::bigint
    ) v
    join plek p on p.voorziening_id = v.id
    order by v.voorziening_naam, p.voorziening_id, p.naam, p.id
    limit $3::bigint
){STAND}
select *,
       case when row_number() over (order by voorziening_naam, voorziening_id, naam, id) = 1 then {KEUZES} end as keuzes
from stand
order by voorziening_naam, voorziening_id, naam, id
"""


def zekerheid(zorgvorm: str, bevestigd_op: datetime | None, rules: Werkregels, now: datetime) -> Zekerheid:
    """At the last moment of its term a confirmation still counts."""
    if bevestigd_op is None or (ago := now - bevestigd_op) > HOUR * rules.onbekend_uren:
        return Zekerheid.ONBEKEND
    return Zekerheid.ZEKER if ago <= HOUR * rules.zeker_voor(zorgvorm) else Zekerheid.TE_BEVESTIGEN


@lru_cache(maxsize=64)
def _rules(keuzes: str | None) -> Werkregels:
    """Of KEUZES, which a region seldom changes. Kept by what it says, whichever region it is of."""
    return regiokeuzes.of(Werkregels, {} if keuzes is None else msgspec.json.decode(keuzes))


def _plekken(rows: Sequence[Any], now: datetime) -> list[Plek]:
    found: list[Plek] = rows_as(list(rows), Plek)
    if found:
        rules = _rules(rows[0]["keuzes"])
        for plek in found:
            plek.zekerheid = zekerheid(plek.zorgvorm, plek.bevestigd_op, rules, now)
    return found


async def page(
    conn: Reads,
    now: datetime,
    *,
    aanbieder_id: UUID | None = None,
    voorziening_id: UUID | None = None,
    zorgvorm: str | None = None,
    status: PlekStatus | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Plek]:
    """Plekken of the region by voorziening and name, as they are at `now`, from the one after `after`."""
    asked = (aanbieder_id, voorziening_id, zorgvorm, status, after)
    rows = await conn.fetch(BEGIN, now, today(now), limit) if asked == (None,) * 5 else []
    if len(rows) < limit:
        rows = await conn.fetch(PAGE, now, today(now), *asked, limit)
    return _plekken(rows, now)


ONE = f"{STAND} select *, {KEUZES} as keuzes from stand"

GET = f"with kandidaat as materialized ({KANDIDAAT} where p.id = $3){ONE}"

LOCK = f"with kandidaat as materialized ({KANDIDAAT} where p.id = $3 for no key update of p){ONE}"


async def get(conn: Connection, id: UUID, now: datetime, *, lock: bool = False) -> Plek:
    """One plek at `now`; `lock` keeps others from changing it until the transaction ends, after our turn among who
    claim it. Refuses NOT_FOUND."""
    if lock:
        await conn.execute(QUEUE, id)
    row = await conn.fetchrow(LOCK if lock else GET, now, today(now), id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze plek bestaat niet (meer)."))
    return _plekken([row], now)[0]


VOORZIENING_BEKEND = "select exists (select from voorziening where id = $1 and regio = huidige_regio())"


async def errors(conn: Connection, nieuw: NieuwePlek) -> list[FieldError]:
    """What is wrong with a plek beyond the form of its fields."""
    found = []
    if given(nieuw.voorziening_id) and not await conn.fetchval(VOORZIENING_BEKEND, nieuw.voorziening_id):
        found.append(
            FieldError("/voorzieningId", "bestaat_niet", gettext("Deze voorziening bestaat niet in uw regio."))
        )
    if given(nieuw.bestaat_van, nieuw.bestaat_tot) and nieuw.bestaat_tot <= nieuw.bestaat_van:  # type: ignore[operator]
        found.append(FieldError("/bestaatTot", "volgorde", gettext("Geef een dag die na bestaatVan ligt.")))
    return found


INSERT = """
insert into plek (regio, aanbieder_id, voorziening_id, naam, beschikbaarheid, bestaat)
select v.regio, v.aanbieder_id, v.id, $2, $3, daterange($4, $5)
from voorziening v
where v.id = $1
returning id
"""


async def add(conn: Connection, nieuw: NieuwePlek, *, now: datetime, bron: Bron) -> Plek:
    """Publish a plek; that also confirms it. Refuses INVALID (see `errors`) and CONFLICT on a name that is taken."""
    nieuw = msgspec.structs.replace(nieuw, bestaat_van=nieuw.bestaat_van or today(now))
    refuse(await errors(conn, nieuw))
    id = await conn.fetchval(
        INSERT, nieuw.voorziening_id, nieuw.naam, nieuw.beschikbaarheid, nieuw.bestaat_van, nieuw.bestaat_tot
    )
    await bevestig(conn, id, None, now=now, bron=bron)
    return await get(conn, id, now)


# The same lock as a claim takes (aanbod/bezetting.py): a plek does not end under somebody who is just getting it.
QUEUE = "select pg_advisory_xact_lock(hashtextextended('bezetting ' || $1::uuid::text, 0))"

STEEKT_UIT = """
select exists (
    select from bezette_perioden($2::date, array[$1::uuid]) b
    where (b.soort = 'plaatsing' or (b.soort = 'optie' and b.vervalt_op > $3))
      and not daterange($4, $5) @> daterange(b.van, b.tot))
"""

UPDATE = "update plek set naam = $2, bestaat = daterange($3, $4), versie = versie + 1 where id = $1"


async def change(conn: Connection, id: UUID, wijziging: Struct, *, now: datetime, bron: Bron) -> Plek:
    """Apply a WijzigingPlek; saying the beschikbaarheid confirms the plek. Refuses NOT_FOUND, INVALID, CONFLICT."""
    current = await get(conn, id, now, lock=True)
    nieuw = merge(current, wijziging, PlekVelden)
    refuse(await errors(conn, nieuw))
    moved = (nieuw.bestaat_van, nieuw.bestaat_tot) != (current.bestaat_van, current.bestaat_tot)
    if moved and await conn.fetchval(STEEKT_UIT, id, today(now), now, nieuw.bestaat_van, nieuw.bestaat_tot):
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Deze plek is bezet of beloofd op dagen waarop hij er dan niet is. Kies andere dagen, of maak de plek"
                " eerst vrij."
            ),
        )
    await conn.execute(UPDATE, id, nieuw.naam, nieuw.bestaat_van, nieuw.bestaat_tot)
    changes: Any = wijziging
    if given(changes.beschikbaarheid):
        await bevestig(conn, id, changes.beschikbaarheid, now=now, bron=bron)
    return await get(conn, id, now)


# ── Bevestigingen: "klopt nog" ───────────────────────────────────────────────────────────────────


class NieuweBevestiging(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    beschikbaarheid: Annotated[Beschikbaarheid | None, Meta(description="Leeg: zoals het er stond.")] = None


class Bevestiging(Struct, rename="camel", kw_only=True):
    id: UUID
    plek_id: UUID
    op: datetime
    bron: Bron
    beschikbaarheid: Beschikbaarheid


BEVESTIG = """
with bevestigd as (
    update plek
    set beschikbaarheid = coalesce($2, beschikbaarheid), bevestigd_op = greatest(bevestigd_op, $3), versie = versie + 1
    where id = $1
    returning id, regio, beschikbaarheid
)
insert into bevestiging (regio, plek_id, op, bron, beschikbaarheid)
select regio, id, $3, $4, beschikbaarheid
from bevestigd
returning id, plek_id, op, bron, beschikbaarheid
"""


async def bevestig(
    conn: Connection, plek_id: UUID, beschikbaarheid: Beschikbaarheid | None, *, now: datetime, bron: Bron
) -> Bevestiging:
    """The provider says that the plek is right, or what it is now. Refuses NOT_FOUND."""
    row = await conn.fetchrow(BEVESTIG, plek_id, beschikbaarheid, now, bron)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze plek bestaat niet (meer)."))
    return msgspec.convert(row, Bevestiging)


class AllesKlopt(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    gezien_op: Annotated[
        datetime, Meta(description="Wanneer u de plekken zag: wat daarna is gezegd, blijft zoals het is.")
    ]


# A plek that somebody spoke of after it was seen, is not what was seen.
BEVESTIG_ALLES = f"""
with kandidaat as materialized (
    {KANDIDAAT}
    where p.aanbieder_id = $3 and p.regio = huidige_regio()
      and (p.bevestigd_op is null or p.bevestigd_op < least($4::timestamptz, $1))
    order by p.id
    for no key update of p
){STAND},
bevestigd as (
    update plek p
    set bevestigd_op = $1, versie = p.versie + 1
    from stand s
    where p.id = s.id and s.status = any ($5)
    returning p.id, p.regio, p.beschikbaarheid
)
insert into bevestiging (regio, plek_id, op, bron, beschikbaarheid)
select regio, id, $1, $6, beschikbaarheid
from bevestigd
returning id, plek_id, op, bron, beschikbaarheid
"""


async def bevestig_alles(
    conn: Connection, aanbieder_id: UUID, klopt: AllesKlopt, *, now: datetime, bron: Bron
) -> list[Bevestiging]:
    """All plekken of the aanbieder that are empty now are as they were when they were seen. Those it confirmed."""
    rows = await conn.fetch(BEVESTIG_ALLES, now, today(now), aanbieder_id, klopt.gezien_op, list(ONGEZIEN), bron)
    return rows_as(rows, Bevestiging)


BEVESTIGINGEN = """
select id, plek_id, op, bron, beschikbaarheid
from bevestiging
where plek_id = $1
  and ($2::uuid is null or (op, id) < (select c.op, c.id from bevestiging c where c.id = $2))
order by op desc, id desc
limit $3
"""


async def bevestigingen(
    conn: Connection, plek_id: UUID, *, after: UUID | None = None, limit: int = 50
) -> list[Bevestiging]:
    """Confirmations of a plek, the last one first."""
    return rows_as(await conn.fetch(BEVESTIGINGEN, plek_id, after, limit), Bevestiging)


BEVESTIGING = "select id, plek_id, op, bron, beschikbaarheid from bevestiging where plek_id = $1 and id = $2"


async def bevestiging(conn: Connection, plek_id: UUID, id: UUID) -> Bevestiging:
    """One confirmation of a plek. Refuses NOT_FOUND."""
    row = await conn.fetchrow(BEVESTIGING, plek_id, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze bevestiging bestaat niet."))
    return msgspec.convert(row, Bevestiging)
