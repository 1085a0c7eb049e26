"""Opties: a plek held for one aanvraag, or several at once for brothers and sisters, until a moment.

Whoever claims a plek ends its expired opties first (ruim_verlopen_opties), so nothing waits for a worker. A taak
`termijn` does the same on time, for whoever must be told.
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
from service.plaatsing.samen import check_bundel, check_whole
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


async def get(conn: Connection, id: UUID) -> Optie:
    """Refuses NOT_FOUND."""
    found: list[Optie] = rows_as(await conn.fetch(GET, [id]), Optie)
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
    return rows_as(await conn.fetch(GET, list(made.values())), Optie)


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
                    status=row.status,
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


# ── Longer, or let go ────────────────────────────────────────────────────────────────────────────

SAMEN_OP = """
select b.id, b.plek_id, b.aanvraag_id, v.id as voorstel_id
from bezetting b
left join voorstel v on v.optie_id = b.id and is_levend(v.status)
where b.id = $1 or v.bundel_id = (select w.bundel_id from voorstel w where w.optie_id = $1 and is_levend(w.status))
"""
# One bundle of voorstellen ends at one moment.

VERLENG = """
update bezetting
set vervalt_op = $2, verlengd_op = $3, verleng_reden = $4, versie = versie + 1
where id = $1
"""

# More time to answer is a term of its own, with a reminder.
VOORSTEL_MEE = """
update voorstel
set antwoord_voor = $2, versie = versie + 1,
    herinnerd_op = case when status in ('verzonden', 'interesse') then null else herinnerd_op end
where id = $1 and is_levend(status)
returning case when status in ('verzonden', 'interesse') then aanbieder_id end
"""


async def verleng(conn: Connection, id: UUID, reden: str, *, now: datetime) -> Optie:
    """Once more as long as a new one, from when it would have ended; its voorstel waits as long. Refuses NOT_FOUND,
    and CONFLICT when it holds no more, or was made longer before."""
    together = await conn.fetch(SAMEN_OP, id)
    await vergrendel(
        conn,
        now=now,
        plekken=[row["plek_id"] for row in together],
        aanvragen=[row["aanvraag_id"] for row in together],
        voorstellen=[row["voorstel_id"] for row in together if row["voorstel_id"]],
    )
    for row in together:
        if row["voorstel_id"]:
            await check_bundel(conn, row["voorstel_id"])
    rules, woken = await werkregels(conn), set[UUID]()
    for row in sorted(together, key=lambda row: row["aanvraag_id"]):
        optie = await _levend(conn, row["id"], now)
        if optie.verlengd_op is not None:
            raise Refusal(
                Kind.CONFLICT,
                gettext(
                    "Deze optie is al eens verlengd. Wat nu wel kan: doe een voorstel, laat haar los, of houd een"
                    " andere"
                    " plek vast."
                ),
            )
        urgentie = (await conn.fetch(KINDEREN, [optie.aanvraag_id], now))[0]["urgentie"]
        until = optie.vervalt_op + timedelta(hours=rules.optie_uren.voor(Urgentie(urgentie)))
        await conn.execute(VERLENG, optie.id, until, now, reden)
        if row["voorstel_id"]:
            asked = await conn.fetchval(VOORSTEL_MEE, row["voorstel_id"], until)
            if asked is not None and asked not in woken:
                woken.add(asked)
                early = timedelta(hours=rules.herinnering_uren.voor(Urgentie(urgentie)))
                await wek(conn, row["voorstel_id"], until - early, now=now, soort="voorstel")
        await gebeurtenissen.record(
            conn,
            optie.aanvraag_id,
            GebeurtenisSoort.OPTIE_VERLENGD,
            now=now,
            reden=reden,
            plek_id=optie.plek_id,
            gegevens={"optie": optie.id, "vervaltOp": until},
        )
    return await get(conn, id)


async def _levend(conn: Connection, id: UUID, now: datetime) -> Optie:
    optie = await get(conn, id)
    if optie.vrijgegeven_op is not None or optie.vervalt_op <= now:
        raise Refusal(
            Kind.CONFLICT,
            gettext("Deze optie geldt niet meer: de plek is weer vrij. Wat nu wel kan: houd haar opnieuw vast."),
        )
    return optie


async def laat_los(conn: Connection, id: UUID, reden: str, *, now: datetime) -> Optie:
    """The plek is free again. Refuses NOT_FOUND, and CONFLICT when it holds no more or a voorstel rests on it."""
    optie = await get(conn, id)
    await vergrendel(conn, now=now, plekken=[optie.plek_id], aanvragen=[optie.aanvraag_id])
    optie = await _levend(conn, id, now)
    if optie.voorstel_id is not None:
        raise Refusal(
            Kind.CONFLICT,
            gettext("Op deze optie rust een voorstel. Wat nu wel kan: trek het voorstel in, dan is zij ook vrij."),
        )
    await bezetting.geef_vrij(conn, id, now=now)
    await gebeurtenissen.record(
        conn,
        optie.aanvraag_id,
        GebeurtenisSoort.OPTIE_VRIJ,
        now=now,
        reden=reden,
        plek_id=optie.plek_id,
        gegevens={"optie": id},
    )
    return await get(conn, id)


# ── When it is over ──────────────────────────────────────────────────────────────────────────────


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


async def termijn(conn: Connection, id: UUID, now: datetime) -> None:
    """What a taak `termijn` does: end it when it is over; when it was made longer, look again then."""
    found: list[Optie] = rows_as(await conn.fetch(GET, [id]), Optie)
    if not found or found[0].vrijgegeven_op is not None:
        return
    if found[0].vervalt_op > now:
        await wek(conn, id, found[0].vervalt_op, now=now)
        return
    await vergrendel(conn, now=now, plekken=[found[0].plek_id])
    await conn.execute(RUIM_OPTIES, found[0].plek_id, now)
