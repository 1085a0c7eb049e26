"""Berichten: one mail to one person, that says what happened in a sentence, with a link and nothing of a child."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from service import taken
from service.bericht.meldingen import IJW, ZINNEN
from service.db import Connection
from service.errors import Kind, Refusal
from service.fields import AanvraagId
from service.taal import gettext
from service.taken import TaakSoort


class Bezorging(StrEnum):
    """As type `bezorging` in schema.sql."""

    WACHT = "wacht"
    BEZORGD = "bezorgd"
    MISLUKT = "mislukt"


OVERZICHT = "dagoverzicht"
"""Soort of the mail that tells once a day what happened."""


class Bericht(Struct, rename="camel", kw_only=True):
    id: UUID
    soort: str
    zin: Annotated[str, Meta(description="Wat er is gebeurd.")]
    op: datetime
    status: Bezorging
    fout: Annotated[str, Meta(description="Waarom de mail niet aankwam.")] | None
    gebruiker_id: Annotated[UUID, Meta(description="Voor wie het is.")]
    aanvraag_id: AanvraagId | None
    voorstel_id: UUID | None


class Poging(Struct, rename="camel", kw_only=True):
    """A failed one that goes again."""

    id: UUID
    status: Bezorging


COLUMNS = """b.id, b.soort, b.gegevens, b.op, b.status::text as status, b.fout, b.gebruiker_id,
    g.aanvraag_id, g.voorstel_id"""

# What a bericht is about, is read as the gebeurtenis may be read: by who may not see that, not at all.
FROM = "from bericht b left join gebeurtenis g on g.id = b.gebeurtenis_id"

PAGE = f"""
select {COLUMNS}
{FROM}
where b.soort <> '{OVERZICHT}' and ($1::bezorging is null or b.status = $1)
  and ($2::uuid is null or (b.op, b.id) < (select c.op, c.id from bericht c where c.id = $2))
order by b.op desc, b.id desc
limit $3
"""


async def page(
    conn: Connection, *, status: Bezorging | None = None, after: UUID | None = None, limit: int = 50
) -> list[Bericht]:
    """The last first: one's own, and for the beheerder those of others that failed."""
    return [_bericht(row) for row in await conn.fetch(PAGE, status, after, limit)]


GET = f"select {COLUMNS} {FROM} where b.id = $1 and (not $2 or b.gebruiker_id = huidige_gebruiker())"


async def get(conn: Connection, id: UUID, *, eigen: bool = True) -> Bericht:
    """`eigen`: only one's own; else for the beheerder also one of another that failed. Refuses NOT_FOUND."""
    row = await conn.fetchrow(GET, id, eigen)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Dit bericht bestaat niet (meer), of is niet voor u."))
    return _bericht(row)


def _bericht(row: Any) -> Bericht:
    return Bericht(
        id=row["id"],
        soort=row["soort"],
        zin=zin(row["soort"], row["gegevens"]),
        op=row["op"],
        status=Bezorging(row["status"]),
        fout=row["fout"],
        gebruiker_id=row["gebruiker_id"],
        aanvraag_id=row["aanvraag_id"],
        voorstel_id=row["voorstel_id"],
    )


def zin(soort: str, gegevens: dict[str, Any]) -> str:
    """What a bericht says."""
    if soort == OVERZICHT:
        return gettext("Dit is er gebeurd sinds het vorige overzicht.")
    return gettext(ZINNEN[soort]) + (gettext(IJW[soort], **gegevens) if soort in IJW and gegevens else "")


PROBEER = "select probeer_bericht($1)"


async def opnieuw(conn: Connection, id: UUID) -> None:
    """A beheerder has a failed one sent again, with the same id. Refuses NOT_FOUND for what it cannot see, and CONFLICT
    for what another had sent again a moment ago."""
    await get(conn, id, eigen=False)
    if not await conn.fetchval(PROBEER, id):
        raise Refusal(
            Kind.CONFLICT,
            gettext("Deze mail staat niet (meer) bij de mislukte mails. Opnieuw versturen kan alleen daarmee."),
        )


# ── Sending, by a worker ─────────────────────────────────────────────────────────────────────────


class Post(Struct, frozen=True, kw_only=True):
    """What must go out."""

    id: UUID
    soort: str
    gegevens: dict[str, Any]
    pad: str
    op: datetime
    ronde: int
    """More than 1: a person wants it sent, however old it is."""
    adres: str | None
    """None: its gebruiker may not come in any more."""


POST = """
select id, soort, gegevens, coalesce(pad, '/berichten/' || id) as pad, op, ronde, mailadres(id) as adres
from bericht where id = $1 and status = 'wacht'
"""


async def post(conn: Connection, id: UUID) -> Post | None:
    """None when it is gone, or was sent already."""
    row = await conn.fetchrow(POST, id)
    return None if row is None else msgspec.convert(row, Post)


IN_OVERZICHT = "select soort, gegevens from bericht where overzicht_id = $1 order by op, id"


async def regels(conn: Connection, id: UUID) -> list[tuple[str, int]]:
    """What a daily mail tells: each sentence once, and how often; the most often first."""
    counted = Counter(zin(row["soort"], row["gegevens"]) for row in await conn.fetch(IN_OVERZICHT, id))
    return counted.most_common()


BEZORGD = """
update bericht set status = 'bezorgd', klaar_op = $2, fout = null
where (id = $1 or overzicht_id = $1) and status = 'wacht'
"""


async def bezorgd(conn: Connection, id: UUID, now: datetime) -> None:
    """Taken by the mail server; of a daily mail also what it tells."""
    await conn.execute(BEZORGD, id, now)


MISLUKT = """
update bericht set status = 'mislukt', klaar_op = now(), fout = $2
where (id = $1 or overzicht_id = $1) and status = 'wacht'
"""


async def mislukt(conn: Connection, id: UUID, fout: str) -> None:
    await conn.execute(MISLUKT, id, fout)


# ── Once a day ───────────────────────────────────────────────────────────────────────────────────

BUNDEL = f"""
with wachten as (
    select gebruiker_id, array_agg(id) as ids from bericht
    where regio = huidige_regio() and wijze = 'dagelijks' and overzicht_id is null and status = 'wacht'
    group by gebruiker_id),
nieuw as (
    insert into bericht (regio, gebruiker_id, sleutel, soort, pad, wijze, op)
    select huidige_regio(), gebruiker_id, $1, '{OVERZICHT}', '/start', 'direct', $2 from wachten
    on conflict do nothing
    returning id, gebruiker_id),
erin as (
    update bericht b set overzicht_id = n.id
    from nieuw n join wachten w using (gebruiker_id)
    where b.id = any (w.ids))
select id from nieuw
"""


async def bundel(conn: Connection, dag: date, now: datetime) -> int:
    """One mail per person with what waits to be told once a day; on one day once. How many mails."""
    rows = await conn.fetch(BUNDEL, f"{OVERZICHT} {dag}", now)
    for row in rows:
        await taken.enqueue(conn, TaakSoort.MAIL, f"{row['id']} 1", {"berichtId": str(row["id"])})
    return len(rows)


SCHRIJF = """
insert into bericht (regio, gebruiker_id, sleutel, soort, pad, gegevens, wijze, op)
values (huidige_regio(), $1, $2, $3, $4, $5, 'direct', $6)
on conflict do nothing
returning id
"""


async def schrijf(
    conn: Connection,
    gebruiker: UUID,
    sleutel: str,
    soort: str,
    *,
    now: datetime,
    pad: str | None = None,
    gegevens: dict[str, Any] | None = None,
) -> UUID | None:
    """A mail that comes from no gebeurtenis, such as the question whether a plek is still free; for the service itself.
    `soort` is in ZINNEN, `pad` where its link leads. None when this `sleutel` was told before."""
    id: UUID | None = await conn.fetchval(SCHRIJF, gebruiker, sleutel, soort, pad, gegevens or {}, now)
    if id is not None:
        await taken.enqueue(conn, TaakSoort.MAIL, f"{id} 1", {"berichtId": str(id)})
    return id


WIS = """
with weg as (delete from bericht where regio = huidige_regio() and klaar_op < $1 returning 1) select count(*) from weg
"""


async def wis(conn: Connection, before: datetime) -> int:
    """What was told or given up before. How many."""
    found: int = await conn.fetchval(WIS, before)
    return found
