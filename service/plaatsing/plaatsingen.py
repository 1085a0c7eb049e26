"""Plaatsingen: a child comes to live on a plek, stays longer, leaves, or does not come after all.

Each of these is a fact in bezetting (aanbod/bezetting.py), written together with what happened and the status of the
aanvraag that follows (aanvraag/gebeurtenissen.py). A plaatsing is definitief when all is there that the law asks; a
crisis may begin before that.
"""

from __future__ import annotations

from datetime import date, datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

import msgspec

from service.aanbod.bezetting import COLUMNS, Bezetting, EindeReden, claim
from service.aanvraag import gebeurtenissen, termijnen
from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.days import age_on, today
from service.db import Connection
from service.errors import FieldError, Kind, Refusal
from service.fields import refuse
from service.plaatsing import machtigingen, vervolg
from service.plaatsing.vergrendel import vergrendel
from service.regio.werkregels import werkregels
from service.taal import gettext

NEEM_OVER = """
update bezetting
set vrijgegeven_op = $5, versie = versie + 1
where plek_id = $1 and aanvraag_id = $2 and soort = 'optie' and vrijgegeven_op is null
  and periode && daterange($3, $4)
returning id, lower(periode) as van
"""

HIER = "Het kind is op deze plek geplaatst."

OLDEST = 275
"""Months, as constraint bezetting_bewoner_leeftijd."""

LEEFTIJD = "select leeftijd_maanden, leeftijd_peildatum from aanvraag where id = $1 for no key update"

# The group mix must keep counting this child, also when the aanvraag is long closed: age and traits go along.
INSERT_PLAATSING = f"""
insert into bezetting (regio, vraag_regio, plek_id, soort, periode, aanvraag_id, bewoner_maanden, bewoner_kenmerken,
                       begonnen_op, definitief_op, overbrugging)
select p.regio, a.regio, p.id, 'plaatsing', daterange($2, $3), a.id, $5, a.kenmerken, $6, $7, v.zorgvorm = any ($8)
from plek p join voorziening v on v.id = p.voorziening_id, aanvraag a
where p.id = $1 and a.id = $4
returning {COLUMNS}
"""


async def _maanden(conn: Connection, aanvraag_id: UUID, dag: date) -> int:
    """Age on that day, of an aanvraag that nobody else changes until the end of the transaction."""
    child = await conn.fetchrow(LEEFTIJD, aanvraag_id)
    if child is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze aanvraag bestaat niet (meer)."))
    return min(OLDEST, age_on(child["leeftijd_maanden"], child["leeftijd_peildatum"], dag))


async def _neem_over(
    conn: Connection, plek_id: UUID, aanvraag_id: UUID, van: date, tot: date | None, now: datetime
) -> bool:
    """The stay comes in place of what was held for the child itself in its days; False when that was nothing. The first
    optie is the stay from now on, as its own gebeurtenis tells; of any more it is told that they are free."""
    held = sorted(await conn.fetch(NEEM_OVER, plek_id, aanvraag_id, van, tot, now), key=itemgetter("van"))
    for row in held[1:]:
        await gebeurtenissen.record(
            conn,
            aanvraag_id,
            GebeurtenisSoort.OPTIE_VRIJ,
            now=now,
            reden=HIER,
            plek_id=plek_id,
            gegevens={"optie": row["id"]},
        )
    return bool(held)


async def plaats(
    conn: Connection,
    plek_id: UUID,
    aanvraag_id: UUID,
    van: date,
    tot: date | None,
    *,
    now: datetime,
    telefonisch: bool = False,
) -> Bezetting:
    """A plaatsing from `van` until the expected end `tot` (None: not known yet), before it is definitief: a crisis may
    begin so (`telefonisch`), and who came before. Takes over its own optie; with `van` not after today the child came.

    Refuses CONFLICT when the plek is taken and NOT_FOUND when the aanvraag is not of this region.
    """
    await claim(conn, plek_id, van, tot, now)
    maanden = await _maanden(conn, aanvraag_id, van)
    await _neem_over(conn, plek_id, aanvraag_id, van, tot, now)
    begonnen_op = van if van <= today(now) else None
    # By telephone it is a crisis, wherever that is: it has its vervolgaanvraag.
    bridges = [] if telefonisch else await overbruggend(conn)
    row = await conn.fetchrow(INSERT_PLAATSING, plek_id, van, tot, aanvraag_id, maanden, begonnen_op, None, bridges)
    plaatsing = msgspec.convert(row, Bezetting)
    if begonnen_op is not None:
        await machtigingen.gebruik(conn, aanvraag_id, now=now)
    await _record(conn, plaatsing, GebeurtenisSoort.GEPLAATST, now, telefonisch=telefonisch)
    await vervolg.open(conn, plaatsing.id, now=now, crisis=telefonisch)
    return plaatsing


async def overbruggend(conn: Connection) -> list[str]:
    """The zorgvormen in which a child waits for a place."""
    return list((await werkregels(conn)).overbrugging_zorgvormen)


async def _record(
    conn: Connection, plaatsing: Bezetting, soort: GebeurtenisSoort, now: datetime, **gegevens: Any
) -> None:
    """Nothing for who came before the loket did: there is no aanvraag of which it could be a part."""
    if plaatsing.aanvraag_id is not None:
        days = {"plaatsing": plaatsing.id, "van": plaatsing.van, "tot": plaatsing.tot}
        await gebeurtenissen.record(
            conn, plaatsing.aanvraag_id, soort, now=now, plek_id=plaatsing.plek_id, gegevens=days | gegevens
        )


WAAR = "select plek_id, aanvraag_id from bezetting where id = $1 and soort = 'plaatsing'"

PLAATSING = f"select {COLUMNS} from bezetting where id = $1 and soort = 'plaatsing' for no key update"


async def wacht(conn: Connection, plaatsing_id: UUID, now: datetime) -> None:
    """Our turn on its plek and its aanvraag; always before its row is locked, or two would wait for each other."""
    where = await conn.fetchrow(WAAR, plaatsing_id)
    if where is not None:
        aanvragen = [] if where["aanvraag_id"] is None else [where["aanvraag_id"]]
        await vergrendel(conn, now=now, plekken=[where["plek_id"]], aanvragen=aanvragen)


async def lopende(conn: Connection, plaatsing_id: UUID, now: datetime) -> Bezetting:
    """A plaatsing that was not ended, and that nobody else changes until the end of the transaction."""
    await wacht(conn, plaatsing_id, now)
    row = await conn.fetchrow(PLAATSING, plaatsing_id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze plaatsing bestaat niet (meer)."))
    plaatsing = msgspec.convert(row, Bezetting)
    if plaatsing.beeindigd_op is not None:
        raise Refusal(Kind.CONFLICT, gettext("Deze plaatsing is al beëindigd. Wat nu wel kan: een nieuwe aanvraag."))
    if plaatsing.vrijgegeven_op is not None:
        raise Refusal(Kind.CONFLICT, gettext("Deze plaatsing ging niet door. Wat nu wel kan: een nieuwe plaatsing."))
    return plaatsing


ZET_BEGIN = f"""
update bezetting set periode = daterange($2, upper(periode)), begonnen_op = $2, versie = versie + 1
where id = $1
returning {COLUMNS}
"""


async def begin(conn: Connection, plaatsing_id: UUID, op: date, *, now: datetime) -> Bezetting:
    """The child came on `op`, which may be another day than was planned; a second time that day is put right. Refuses
    INVALID when that has yet to come, and CONFLICT when the plek was taken then."""
    plaatsing = await lopende(conn, plaatsing_id, now)
    if op > today(now):
        refuse([FieldError("/op", "toekomst", gettext("Geef een dag die al is geweest: waarop het kind echt kwam."))])
    if plaatsing.tot is not None and op >= plaatsing.tot:
        refuse(
            [
                FieldError(
                    "/op", "volgorde", gettext("Geef een dag voor het verwachte einde, of verander eerst dat einde.")
                )
            ]
        )
    await claim(conn, plaatsing.plek_id, op, plaatsing.tot, now)
    begun = msgspec.convert(await conn.fetchrow(ZET_BEGIN, plaatsing_id, op), Bezetting)
    if begun.aanvraag_id is not None and begun.begonnen_op != plaatsing.begonnen_op:
        await machtigingen.gebruik(conn, begun.aanvraag_id, now=now, was=plaatsing.begonnen_op)
    await _record(conn, begun, GebeurtenisSoort.BEGONNEN, now)
    return begun


ZET_TOT = f"""
update bezetting set periode = daterange(lower(periode), $2), versie = versie + 1 where id = $1 returning {COLUMNS}
"""


async def verleng(conn: Connection, plaatsing_id: UUID, tot: date | None, *, now: datetime) -> Bezetting:
    """Another expected end. Longer is a claim: refuses CONFLICT when the plek has been promised from then on."""
    plaatsing = await lopende(conn, plaatsing_id, now)
    await claim(conn, plaatsing.plek_id, plaatsing.van, tot, now)
    longer = msgspec.convert(await conn.fetchrow(ZET_TOT, plaatsing_id, tot), Bezetting)
    await _record(conn, longer, GebeurtenisSoort.VERLENGD, now, was=plaatsing.tot)
    await vervolg.volg(conn, plaatsing_id)
    return longer


BEEINDIG = f"""
update bezetting
set periode = daterange(lower(periode), $2), beeindigd_op = $2, einde_reden = $3, versie = versie + 1,
    begonnen_op = coalesce(begonnen_op, lower(periode))
where id = $1
returning {COLUMNS}
"""


async def beeindig(conn: Connection, plaatsing_id: UUID, op: date, reden: EindeReden, *, now: datetime) -> Bezetting:
    """The child left on `op`, the first day on which the plek is free. Refuses INVALID when `op` has yet to come."""
    plaatsing = await lopende(conn, plaatsing_id, now)
    if op > today(now):
        refuse(
            [FieldError("/op", "toekomst", gettext("Geef een dag die al is geweest, of verander het verwachte einde."))]
        )
    await claim(conn, plaatsing.plek_id, plaatsing.van, op, now)
    ended = msgspec.convert(await conn.fetchrow(BEEINDIG, plaatsing_id, op, reden), Bezetting)
    await _record(conn, ended, GebeurtenisSoort.BEEINDIGD, now, einde=reden)
    await vervolg.volg(conn, plaatsing_id)
    return ended


NIET_DOOR = f"update bezetting set vrijgegeven_op = $2, versie = versie + 1 where id = $1 returning {COLUMNS}"

VOORSTEL_NIET_DOOR = """
update voorstel set status = 'ingetrokken', versie = versie + 1
where aanvraag_id = $1 and plek_id = $2 and status = 'definitief'
"""


async def zeg_af(conn: Connection, plaatsing_id: UUID, reden: str, *, now: datetime) -> Bezetting:
    """The child never came: the plek is free at once and the search goes on. Refuses CONFLICT when it did come."""
    plaatsing = await lopende(conn, plaatsing_id, now)
    if plaatsing.begonnen_op is not None or plaatsing.aanvraag_id is None:
        raise Refusal(Kind.CONFLICT, gettext("Het kind is er al. Wat nu wel kan: beëindig de plaatsing, met de dag."))
    await claim(conn, plaatsing.plek_id, plaatsing.van, plaatsing.tot, now)
    undone = msgspec.convert(await conn.fetchrow(NIET_DOOR, plaatsing_id, now), Bezetting)
    await conn.execute(VOORSTEL_NIET_DOOR, plaatsing.aanvraag_id, plaatsing.plek_id)
    await vervolg.trek_in(conn, plaatsing_id, now=now)
    await gebeurtenissen.record(
        conn,
        plaatsing.aanvraag_id,
        GebeurtenisSoort.AFGEZEGD,
        now=now,
        reden=reden,
        plek_id=plaatsing.plek_id,
        gegevens={"plaatsing": plaatsing_id},
    )
    return undone


# ── Definitief ───────────────────────────────────────────────────────────────────────────────────

VOORZIENING = """
select v.zorgvorm, v.gesloten,
       (select d.uitkomst from besluit d where d.aanvraag_id = $2 and d.voorziening_id = v.id
        order by d.op desc, d.id desc limit 1) as besluit
from plek p join voorziening v on v.id = p.voorziening_id
where p.id = $1
"""


async def _check_definitief(conn: Connection, plek_id: UUID, aanvraag_id: UUID, dag: date) -> None:
    """CONFLICT with everything that is missing on that day: grondslag, machtiging where the juridisch kader asks one,
    the provider's yes, and the toestemming of each who must give it."""
    row = await conn.fetchrow(VOORZIENING, plek_id, aanvraag_id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, gettext("Deze plek bestaat niet (meer)."))
    missing = await termijnen.mist_voor_definitief(conn, aanvraag_id, dag, row["zorgvorm"], gesloten=row["gesloten"])
    if row["besluit"] != "geaccepteerd":
        missing.append(("/besluit", gettext("De aanbieder heeft nog geen ja gezegd.")))
    if missing:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Deze plaatsing kan nog niet definitief worden. %(lijst)s Wat nu wel kan: leg vast wat nog mist.",
                lijst=" ".join(says for _, says in missing),
            ),
            tuple(FieldError(pointer, "ontbreekt", says) for pointer, says in missing),
        )


ZET_DEFINITIEF = f"update bezetting set definitief_op = $2, versie = versie + 1 where id = $1 returning {COLUMNS}"


async def maak_definitief(conn: Connection, plaatsing_id: UUID, now: datetime) -> Bezetting:
    """What began before, or begins later, rests on all that the law asks. A second time does nothing.

    Refuses NOT_FOUND, and CONFLICT with everything that is missing.
    """
    plaatsing = await lopende(conn, plaatsing_id, now)
    if plaatsing.aanvraag_id is None:
        raise Refusal(Kind.CONFLICT, gettext("Deze plaatsing is niet door het loket gedaan: er is geen aanvraag bij."))
    if plaatsing.definitief_op is not None:
        return plaatsing
    await _check_definitief(conn, plaatsing.plek_id, plaatsing.aanvraag_id, max(today(now), plaatsing.van))
    made = msgspec.convert(await conn.fetchrow(ZET_DEFINITIEF, plaatsing_id, now), Bezetting)
    await _record(conn, made, GebeurtenisSoort.DEFINITIEF, now)
    return made


async def plaats_definitief(
    conn: Connection,
    plek_id: UUID,
    aanvraag_id: UUID,
    van: date,
    tot: date | None,
    *,
    now: datetime,
    voorstel_id: UUID | None = None,
) -> Bezetting:
    """The optie that this aanvraag holds on the plek becomes a definitive plaatsing from `van` on, today or later; that
    the child came is said afterwards (`begin`). Change the voorstel before: the status follows from all facts.

    Refuses CONFLICT when the optie is no more, when the plek is taken outside of it, or with all that is missing.
    """
    await claim(conn, plek_id, van, tot, now)
    maanden = await _maanden(conn, aanvraag_id, van)
    await _check_definitief(conn, plek_id, aanvraag_id, max(today(now), van))
    if not await _neem_over(conn, plek_id, aanvraag_id, van, tot, now):
        raise Refusal(
            Kind.CONFLICT,
            gettext("Deze plek wordt niet (meer) voor deze aanvraag vastgehouden. Wat nu wel kan: houd haar vast."),
        )
    bridges = await overbruggend(conn)
    row = await conn.fetchrow(INSERT_PLAATSING, plek_id, van, tot, aanvraag_id, maanden, None, now, bridges)
    plaatsing = msgspec.convert(row, Bezetting)
    await gebeurtenissen.record(
        conn,
        aanvraag_id,
        GebeurtenisSoort.DEFINITIEF,
        now=now,
        voorstel_id=voorstel_id,
        plek_id=plek_id,
        gegevens={"plaatsing": plaatsing.id, "van": van, "tot": tot},
    )
    await vervolg.open(conn, plaatsing.id, now=now)
    return plaatsing
