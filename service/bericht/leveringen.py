"""Leveringen: a gebeurtenis told to a haak, as a CloudEvent that we signed, at least once and with one id on each try.

The event is that of the NL GOV profile for CloudEvents (structured JSON), the signature that of Standard Webhooks:
HMAC-SHA256 over `id.timestamp.body`. docs/koppelen.md tells receivers how to check it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from service import taken
from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.bericht.berichten import Bezorging
from service.db import Connection, rows_as
from service.errors import Kind, Refusal
from service.taal import Teksten, gettext, later
from service.taken import TaakSoort

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"

TYPE = "nl.eenloket.{soort}"


class Levering(Struct, rename="camel", kw_only=True):
    id: UUID
    haak_id: UUID
    gebeurtenis_id: Annotated[UUID, Meta(description="Het `id` van het CloudEvent, en van `webhook-id`.")]
    soort: GebeurtenisSoort
    op: Annotated[datetime, Meta(description="Wanneer het is gebeurd.")]
    status: Bezorging
    antwoord: Annotated[int, Meta(description="HTTP-status van de laatste keer.")] | None
    fout: str | None
    klaar_op: datetime | None


STAND = Teksten(
    {
        Bezorging.WACHT: later("wacht al op een poging"),
        Bezorging.BEZORGD: later("is al aangekomen"),
        Bezorging.MISLUKT: later("is mislukt"),
    }
)

COLUMNS = "id, haak_id, gebeurtenis_id, soort::text as soort, op, status::text as status, antwoord, fout, klaar_op"

PAGE = f"""
select {COLUMNS} from levering
where regio = huidige_regio() and ($1::bezorging is null or status = $1) and ($2::uuid is null or haak_id = $2)
  and ($3::uuid is null or (op, id) < (select c.op, c.id from levering c where c.id = $3))
order by op desc, id desc
limit $4
"""


async def page(
    conn: Connection,
    *,
    status: Bezorging | None = None,
    haak: UUID | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Levering]:
    """The last first."""
    return rows_as(await conn.fetch(PAGE, status, haak, after, limit), Levering)


GET = f"select {COLUMNS} from levering where id = $1"


async def get(conn: Connection, id: UUID) -> Levering:
    """Refuses NOT_FOUND."""
    row = await conn.fetchrow(GET, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze levering bestaat niet (meer)."))
    return msgspec.convert(row, Levering)


OPNIEUW = """
update levering set status = 'wacht', fout = null, klaar_op = null, ronde = ronde + 1
where id = $1 and status = 'mislukt'
returning ronde
"""


async def opnieuw(conn: Connection, id: UUID) -> Levering:
    """Off the list of what failed, and sent again with the same id. Refuses NOT_FOUND and CONFLICT."""
    ronde = await conn.fetchval(OPNIEUW, id)
    found = await get(conn, id)
    if ronde is None:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Deze levering %(status)s. Opnieuw proberen kan alleen met een levering die is mislukt.",
                status=STAND[found.status],
            ),
        )
    await taken.enqueue(conn, TaakSoort.HAAK, f"{id} {ronde}", {"leveringId": str(id)})
    return found


# ── Sending, by a worker ─────────────────────────────────────────────────────────────────────────


class Zending(Struct, frozen=True, kw_only=True):
    """What must go out, and where to."""

    id: UUID
    gebeurtenis_id: UUID
    soort: str
    onderwerp: UUID
    op: datetime
    url: str
    actief: bool
    geheimen: list[str]


ZENDING = """
select l.id, l.gebeurtenis_id, l.soort::text as soort, l.onderwerp, l.op, h.url, h.actief, h.geheimen
from levering l cross join lateral haak_post(l.id, $2) h
where l.id = $1 and l.status = 'wacht'
"""


async def zending(conn: Connection, id: UUID, now: datetime) -> Zending | None:
    """None when it is gone, or was delivered already."""
    row = await conn.fetchrow(ZENDING, id, now)
    return None if row is None else msgspec.convert(row, Zending)


def cloud_event(zending: Zending, bron: str) -> bytes:
    """The same bytes on each try. `bron`: LOKET_HAAK_BRON."""
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": str(zending.gebeurtenis_id),
            "source": bron,
            "type": TYPE.format(soort=zending.soort),
            "time": zending.op.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "subject": str(zending.onderwerp),
            "datacontenttype": "application/json",
            "data": {"soort": zending.soort, "onderwerp": str(zending.onderwerp)},
        }
    )


def signed(body: bytes, zending: Zending, now: datetime) -> dict[str, str]:
    """The headers of a request: a signature for each secret that holds, the newest first."""
    id, moment = str(zending.gebeurtenis_id), str(int(now.timestamp()))
    content = f"{id}.{moment}.".encode() + body
    signatures = [
        base64.b64encode(hmac.digest(base64.b64decode(geheim.removeprefix("whsec_")), content, hashlib.sha256)).decode()
        for geheim in zending.geheimen
    ]
    return {
        "Content-Type": CONTENT_TYPE,
        "User-Agent": "een-loket",
        "webhook-id": id,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


ANTWOORDDE = "update levering set antwoord = $2 where id = $1"


async def antwoordde(conn: Connection, id: UUID, status: int) -> None:
    """What came back of a try that did not do."""
    await conn.execute(ANTWOORDDE, id, status)


BEZORGD = """
update levering set status = 'bezorgd', antwoord = $2, fout = null, klaar_op = $3 where id = $1 and status = 'wacht'
"""


async def bezorgd(conn: Connection, id: UUID, status: int, now: datetime) -> None:
    await conn.execute(BEZORGD, id, status, now)


MISLUKT = "update levering set status = 'mislukt', fout = $2, klaar_op = now() where id = $1 and status = 'wacht'"


async def mislukt(conn: Connection, id: UUID, fout: str) -> None:
    await conn.execute(MISLUKT, id, fout)


WIS = """
with weg as (delete from levering where regio = huidige_regio() and klaar_op < $1 returning 1) select count(*) from weg
"""


async def wis(conn: Connection, before: datetime) -> int:
    """What was delivered or given up before. How many."""
    found: int = await conn.fetchval(WIS, before)
    return found
