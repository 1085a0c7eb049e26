"""Steps of an optie: longer, once and with a reason; let go; over, on time (a taak `termijn`) for who must be told."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from service.aanbod import bezetting
from service.aanbod.bezetting import RUIM_OPTIES
from service.aanvraag import gebeurtenissen
from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.db import Connection
from service.errors import Kind, Refusal
from service.plaatsing.opties import Optie, get, several, wek
from service.plaatsing.samen import check_bundel
from service.plaatsing.vergrendel import vergrendel
from service.regio.werkregels import werkregels
from service.taal import gettext
from service.urgentie import Urgentie

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

URGENTIE = "select urgentie from aanvraag where id = $1"


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
        urgentie = await conn.fetchval(URGENTIE, optie.aanvraag_id)
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


async def termijn(conn: Connection, id: UUID, now: datetime) -> None:
    """What a taak `termijn` does: end it when it is over; when it was made longer, look again then."""
    found = await several(conn, [id])
    if not found or found[0].vrijgegeven_op is not None:
        return
    if found[0].vervalt_op > now:
        await wek(conn, id, found[0].vervalt_op, now=now)
        return
    await vergrendel(conn, now=now, plekken=[found[0].plek_id])
    await conn.execute(RUIM_OPTIES, found[0].plek_id, now)
