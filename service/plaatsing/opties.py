"""Opties: a plek held for one aanvraag, or several at once for brothers and sisters, until a moment.

Whoever claims a plek ends its expired opties first (ruim_verlopen_opties), so nothing waits for a worker. What comes
after: optiestappen.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from service import taken
from service.aanbod import bezetting
from service.aanbod.bezetting import RUIM_OPTIES
from service.aanvraag import gebeurtenissen
from service.aanvraag.gebeurtenissen import OPEN, AanvraagStatus, GebeurtenisSoort
from service.aanvraag.stappen import Reden
from service.days import today
from service.db import Connection, Wie, rows_as
from service.errors import FieldError, Kind, Refusal
from service.fields import AanvraagId, herkenbare, refuse
from service.plaatsing import plekregels
from service.plaatsing.plekregels import Plaats
from service.plaatsing.samen import check_whole
from service.plaatsing.vergrendel import vergrendel
from service.rang.travel import Traveller
from service.regio.werkregels import Werkregels, werkregels
from service.taal import gettext
from service.taken import TaakSoort
from service.urgentie import Urgentie

MOST = 8
"""Children in one samenplaatsing, as matcher.problem.MAX_SAMEN."""

Afwijking = Annotated[
    Reden,
    Meta(description="Waarom het toch moet, als een regel nee zegt. Nooit bij veiligheid of machtiging."),
]


class Toewijzing(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """Which plek is for which child."""

    aanvraag_id: AanvraagId
    plek_id: UUID


Plekken = Annotated[
    list[Toewijzing],
    Meta(min_length=1, max_length=MOST, description="Voor broers en zussen allemaal tegelijk: alles of niets."),
]


class NieuweOptie(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    plekken: Plekken
    van: date
    tot: Annotated[date, Meta(description="Eerste dag erna; leeg: zo lang als de aanvraag vraagt.")] | None = None
    afwijking: Afwijking | None = None


class Optie(Struct, rename="camel", kw_only=True):
    id: UUID
    aanvraag_id: AanvraagId
    plek_id: UUID
    voorziening_id: UUID | None
    van: date
    tot: date | None
    vervalt_op: Annotated[datetime, Meta(description="Tot dan houdt het loket de plek vast.")]
    verlengd_op: Annotated[datetime | None, Meta(description="Een optie kan één keer langer, met een reden.")]
    verleng_reden: str | None
    vrijgegeven_op: Annotated[datetime | None, Meta(description="Sindsdien is de plek weer vrij.")]
    voorstel_id: Annotated[UUID | None, Meta(description="Het voorstel dat hierop rust.")]
    versie: int


OPTIES = """
select b.id, b.aanvraag_id, b.plek_id, p.voorziening_id, lower(b.periode) as van, upper(b.periode) as tot, b.vervalt_op,
       b.verlengd_op, b.verleng_reden, b.vrijgegeven_op, b.versie,
       (select v.id from voorstel v where v.optie_id = b.id and is_levend(v.status)) as voorstel_id
from bezetting b left join plek p on p.id = b.plek_id
"""

PAGE = f"""
{OPTIES}
where b.soort = 'optie' and b.vraag_regio = huidige_regio()
  and ($1::boolean is null or $1 = (b.vrijgegeven_op is null and b.vervalt_op > $2))
  and ($3::uuid is null or (b.vervalt_op, b.id) < (select c.vervalt_op, c.id from bezetting c where c.id = $3))
order by b.vervalt_op desc, b.id desc
limit $4
"""


async def page(
    conn: Connection, now: datetime, *, geldt: bool | None = None, after: UUID | None = None, limit: int = 50
) -> list[Optie]:
    """Opties for children of the region, what holds longest first; `geldt`: only what holds now, or not."""
    return rows_as(await conn.fetch(PAGE, geldt, now, after, limit), Optie)


VAN_AANVRAAG = f"""
{OPTIES}
where b.soort = 'optie' and b.aanvraag_id = $1 and b.vrijgegeven_op is null and b.vervalt_op > $2
order by b.vervalt_op, b.id
"""


async def van_aanvraag(conn: Connection, aanvraag_id: UUID, now: datetime) -> list[Optie]:
    """That hold now for one aanvraag, the first to lapse first."""
    return rows_as(await conn.fetch(VAN_AANVRAAG, aanvraag_id, now), Optie)


GET = f"{OPTIES} where b.soort = 'optie' and b.vraag_regio = huidige_regio() and b.id = any ($1) order by b.plek_id"


async def several(conn: Connection, ids: Sequence[UUID]) -> list[Optie]:
    """In the order of their plekken; those that are there."""
    return rows_as(await conn.fetch(GET, list(ids)), Optie)


async def get(conn: Connection, id: UUID) -> Optie:
    """Refuses NOT_FOUND."""
    found = await several(conn, [id])
    if not found:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze optie bestaat niet (meer)."))
    return found[0]


# ── Holding ──────────────────────────────────────────────────────────────────────────────────────


class Vrager(Struct, frozen=True):
    """What a hold must know of an aanvraag."""

    id: AanvraagId
    status: AanvraagStatus
    urgentie: Urgentie
    verblijf: int
    samenplaatsing_id: UUID | None
    opties: int
    """That hold now."""


KINDEREN = """
select a.id, a.status, a.urgentie, a.verwacht_verblijf as verblijf, a.samenplaatsing_id,
       (select count(*) from bezetting b
        where b.aanvraag_id = a.id and b.soort = 'optie' and b.vrijgegeven_op is null and b.vervalt_op > $2) as opties
from aanvraag a where a.id = any ($1)
"""


def errors(plekken: Sequence[Toewijzing], van: date, tot: date | None, now: datetime) -> list[FieldError]:
    """What is wrong with who goes where and when, before anybody looks at a plek."""
    found = []
    for name in ("aanvraag_id", "plek_id"):
        seen: set[UUID] = set()
        for at, one in enumerate(plekken):
            if getattr(one, name) in seen:
                wrong = gettext("Noem elk kind en elke plek één keer.")
                found.append(FieldError(f"/plekken/{at}/{name.removesuffix('_id')}Id", "dubbel", wrong))
            seen.add(getattr(one, name))
    if van < today(now):
        found.append(FieldError("/van", "verleden", gettext("Geef vandaag, of een dag die nog komt.")))
    if tot is not None and tot <= van:
        found.append(FieldError("/tot", "volgorde", gettext("Geef een dag die na de begindag ligt.")))
    return found


async def houd(conn: Connection, travel: Traveller, nieuw: NieuweOptie, *, wie: Wie, now: datetime) -> list[Optie]:
    """Hold each plek for its child, or none. Refuses INVALID, NOT_FOUND, and CONFLICT: with why not and what can be."""
    refuse([*errors(nieuw.plekken, nieuw.van, nieuw.tot, now), *herkenbare(nieuw)])
    await check_vrij(conn, nieuw.plekken, nieuw.van, nieuw.tot, now)
    await vergrendel(
        conn,
        now=now,
        plekken=[one.plek_id for one in nieuw.plekken],
        aanvragen=[one.aanvraag_id for one in nieuw.plekken],
    )
    rules = await werkregels(conn)
    kinderen = await kinderen_van(conn, nieuw.plekken, now)
    await check_whole(conn, nieuw.plekken)
    plaatsen = [
        Plaats(aanvraag_id=one.aanvraag_id, plek_id=one.plek_id, van=nieuw.van, tot=nieuw.tot) for one in nieuw.plekken
    ]
    await ruim(conn, nieuw.plekken, now)
    wijkt_af = await plekregels.keur(conn, travel, plaatsen, wie=wie, afwijking=nieuw.afwijking, now=now)
    made = {}
    for one in sorted(plaatsen, key=lambda one: one.plek_id):
        kind = kinderen[one.aanvraag_id]
        vervalt_op = now + timedelta(hours=rules.optie_uren.voor(kind.urgentie))
        made[one.aanvraag_id] = await neem(
            conn, one, kind, vervalt_op, rules, afwijking=nieuw.afwijking, wijkt_af=wijkt_af, now=now
        )
    return await several(conn, list(made.values()))


BEZET = """
select exists (
    select from bezette_perioden($1, $2) b
    where b.soort = 'optie' and b.vervalt_op > $3 and daterange(b.van, b.tot) && daterange($4, $5))
"""


async def check_vrij(
    conn: Connection, plekken: Sequence[Toewijzing], van: date, tot: date | None, now: datetime
) -> None:
    """Who comes too late hears so at once, and does not wait for its turn to hear it. Refuses CONFLICT."""
    ids = [one.plek_id for one in plekken]
    if await conn.fetchval(BEZET, today(now), ids, now, van, tot or van + timedelta(days=1)):
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Deze plek wordt in die periode al vastgehouden. Wat nu wel kan: kies een andere plek of een andere"
                " periode."
            ),
        )


PLEKKEN = "select id from plek where id = any ($1)"


async def kinderen_van(conn: Connection, plekken: Sequence[Toewijzing], now: datetime) -> dict[UUID, Vrager]:
    """By id, all of them open. Refuses INVALID for who or what is not there for who asks, and CONFLICT."""
    rows: list[Vrager] = rows_as(await conn.fetch(KINDEREN, [one.aanvraag_id for one in plekken], now), Vrager)
    there = {row["id"] for row in await conn.fetch(PLEKKEN, [one.plek_id for one in plekken])}
    known, missing = {row.id for row in rows}, []
    for at, one in enumerate(plekken):
        if one.aanvraag_id not in known:
            wrong = gettext("Deze aanvraag is er niet, of u mag haar niet zien.")
            missing.append(FieldError(f"/plekken/{at}/aanvraagId", "bestaat_niet", wrong))
        if one.plek_id not in there:
            missing.append(
                FieldError(f"/plekken/{at}/plekId", "bestaat_niet", gettext("Deze plek is er niet, of niet voor u."))
            )
    refuse(missing)
    for row in rows:
        if row.status not in OPEN:
            raise Refusal(
                Kind.CONFLICT,
                gettext(
                    "Deze aanvraag is %(status)s. Er wordt geen plek meer voor gezocht. Wat nu wel kan: een nieuwe"
                    " aanvraag.",
                    status=gettext(gebeurtenissen.STATUS[row.status]),
                ),
            )
    return {row.id: row for row in rows}


async def ruim(conn: Connection, plekken: Sequence[Toewijzing], now: datetime) -> None:
    """What has expired on these, holds them no more."""
    for one in sorted(plekken, key=lambda one: one.plek_id):
        await conn.execute(RUIM_OPTIES, one.plek_id, now)


async def neem(
    conn: Connection,
    plaats: Plaats,
    kind: Vrager,
    vervalt_op: datetime,
    rules: Werkregels,
    *,
    afwijking: str | None,
    wijkt_af: Sequence[str],
    now: datetime,
) -> UUID:
    """The optie, on a plek that is locked and of which the rules were asked. Refuses CONFLICT when there are enough."""
    if kind.opties >= rules.opties_hoogstens:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Voor deze aanvraag houdt het loket al %(opties)s plekken vast, en meer mag niet. Wat nu wel"
                " kan: laat eerst een andere optie los.",
                opties=kind.opties,
            ),
        )
    tot = plaats.tot or plaats.van + timedelta(days=kind.verblijf)
    optie = await bezetting.houd(
        conn, plaats.plek_id, plaats.aanvraag_id, plaats.van, tot, vervalt_op=vervalt_op, now=now
    )
    await gebeurtenissen.record(
        conn,
        plaats.aanvraag_id,
        GebeurtenisSoort.OPTIE,
        now=now,
        reden=afwijking if wijkt_af else None,
        plek_id=plaats.plek_id,
        gegevens={"optie": optie.id, "vervaltOp": vervalt_op, "afwijkingVan": ", ".join(wijkt_af) or None},
    )
    await wek(conn, optie.id, vervalt_op, now=now)
    return optie.id


async def wek(conn: Connection, id: UUID, op: datetime, *, now: datetime, soort: str = "optie") -> None:
    """A worker looks at it then (service/worker/termijn.py). Counted from now, because the clock of the database, by
    which workers wait, may be another."""
    moment: datetime = await conn.fetchval("select clock_timestamp()") + (op - now)
    await taken.enqueue(
        conn,
        TaakSoort.TERMIJN,
        f"{soort} {id} {moment:%Y%m%dT%H%M%S%f}",
        {"soort": soort, "id": str(id)},
        niet_voor=moment,
    )
