"""Bezetting: what takes a plek — an optie, a plaatsing or a stop — and for which days.

The database decides: `bezetting_geen_overlap` refuses two periods on one plek, whatever this code does. Claims on
one plek queue up behind an advisory lock, because two inserts that wait for each other's row would be a deadlock.
A period includes its first day (`van`) and excludes its last (`tot`). Who claims several plekken at once does so
in the order of their ids.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from service import termijnen
from service.days import age_on, today
from service.db import Connection, rows_as
from service.errors import FieldError, Kind, Refusal
from service.fields import AanvraagId, refuse
from service.plekken import QUEUE, BezettingSoort


class StopReden(StrEnum):
    """As type `stop_reden` in schema.sql."""

    PERSONEEL = "personeel"
    VERBOUWING = "verbouwing"
    OVERMACHT = "overmacht"
    RUST_IN_DE_GROEP = "rust_in_de_groep"
    ANDERS = "anders"


class EindeReden(StrEnum):
    """As type `einde_reden` in schema.sql."""

    VOLGENS_PLAN = "volgens_plan"
    TERUG_NAAR_HUIS = "terug_naar_huis"
    DOORSTROOM = "doorstroom"
    VOORTIJDIG = "voortijdig"
    ACHTTIEN = "achttien"
    VERHUISD = "verhuisd"
    ANDERS = "anders"


class Bezetting(Struct, kw_only=True):
    """An optie or a plaatsing. Never an answer of the API as it is: it names the aanvraag."""

    id: UUID
    plek_id: UUID
    soort: BezettingSoort
    van: date
    tot: date | None
    aanvraag_id: AanvraagId | None
    vervalt_op: datetime | None
    vrijgegeven_op: datetime | None
    beeindigd_op: date | None
    einde_reden: EindeReden | None
    versie: int


COLUMNS = """id, plek_id, soort, lower(periode) as van, upper(periode) as tot, aanvraag_id, vervalt_op,
    vrijgegeven_op, beeindigd_op, einde_reden, versie"""

# Runs as owner: an optie of another region on a shared plek is not ours to see, but expired it holds nothing.
RUIM_OPTIES = "select ruim_verlopen_opties($1, $2)"

PLEK_BESTAAT = "select bestaat @> daterange($2, $3) from plek where id = $1"


async def _claim(conn: Connection, plek_id: UUID, van: date, tot: date | None, now: datetime) -> None:
    """Wait for our turn on the plek and end its expired opties. Refuses INVALID, NOT_FOUND and CONFLICT."""
    if tot is not None and tot <= van:
        refuse([FieldError("/tot", "volgorde", "Geef een dag die na de begindag ligt.")])
    await conn.execute(QUEUE, plek_id)
    exists = await conn.fetchval(PLEK_BESTAAT, plek_id, van, tot)
    if exists is None:
        raise Refusal(Kind.NOT_FOUND, "Deze plek bestaat niet (meer).")
    if not exists:
        raise Refusal(Kind.CONFLICT, "Deze plek bestaat niet in die hele periode. Kies een kortere of andere periode.")
    await conn.execute(RUIM_OPTIES, plek_id, now)


# ── Optie ────────────────────────────────────────────────────────────────────────────────────────

INSERT_OPTIE = f"""
insert into bezetting (regio, vraag_regio, plek_id, soort, periode, aanvraag_id, vervalt_op)
select p.regio, huidige_regio(), p.id, 'optie', daterange($2, $3), $4, $5
from plek p
where p.id = $1
returning {COLUMNS}
"""


async def houd(
    conn: Connection,
    plek_id: UUID,
    aanvraag_id: UUID,
    van: date,
    tot: date | None,
    *,
    vervalt_op: datetime,
    now: datetime,
) -> Bezetting:
    """An optie: hold the plek for one aanvraag until `vervalt_op`. Refuses CONFLICT when the plek is taken."""
    if vervalt_op <= now:
        refuse([FieldError("/vervaltOp", "verstreken", "Geef een tijdstip dat nog komt.")])
    await _claim(conn, plek_id, van, tot, now)
    return msgspec.convert(await conn.fetchrow(INSERT_OPTIE, plek_id, van, tot, aanvraag_id, vervalt_op), Bezetting)


GEEF_VRIJ = f"""
update bezetting
set vrijgegeven_op = $2, versie = versie + 1
where id = $1 and soort = 'optie' and vrijgegeven_op is null
returning {COLUMNS}
"""


async def geef_vrij(conn: Connection, optie_id: UUID, *, now: datetime) -> Bezetting:
    """Let go of an optie before it expires. Refuses NOT_FOUND when there is none that holds."""
    row = await conn.fetchrow(GEEF_VRIJ, optie_id, now)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "Deze optie bestaat niet of is al vrijgegeven.")
    return msgspec.convert(row, Bezetting)


# ── Plaatsing ────────────────────────────────────────────────────────────────────────────────────

GEEF_EIGEN_OPTIE_VRIJ = """
update bezetting
set vrijgegeven_op = $3, versie = versie + 1
where plek_id = $1 and aanvraag_id = $2 and soort = 'optie' and vrijgegeven_op is null
"""

OLDEST = 275
"""Months, as constraint bezetting_bewoner_leeftijd."""

LEEFTIJD = "select leeftijd_maanden, leeftijd_peildatum from aanvraag where id = $1 for no key update"

# The group mix must keep counting this child, also when the aanvraag is long closed: age and traits go along.
INSERT_PLAATSING = f"""
insert into bezetting (regio, vraag_regio, plek_id, soort, periode, aanvraag_id, bewoner_maanden, bewoner_kenmerken)
select p.regio, a.regio, p.id, 'plaatsing', daterange($2, $3), a.id, $5, a.kenmerken
from plek p, aanvraag a
where p.id = $1 and a.id = $4
returning {COLUMNS}
"""

AANVRAAG_GEPLAATST = "update aanvraag set status = 'geplaatst', versie = versie + 1 where id = $1"


async def plaats(
    conn: Connection, plek_id: UUID, aanvraag_id: UUID, van: date, tot: date | None, *, now: datetime
) -> Bezetting:
    """A plaatsing from `van` until the expected end `tot` (None: not known yet); takes over its own optie.

    Refuses CONFLICT when the plek is taken and NOT_FOUND when the aanvraag is not of this region.
    """
    await _claim(conn, plek_id, van, tot, now)
    await conn.execute(GEEF_EIGEN_OPTIE_VRIJ, plek_id, aanvraag_id, now)
    child = await conn.fetchrow(LEEFTIJD, aanvraag_id)
    if child is None:
        raise Refusal(Kind.NOT_FOUND, "Deze aanvraag bestaat niet (meer).")
    maanden = min(OLDEST, age_on(child["leeftijd_maanden"], child["leeftijd_peildatum"], van))
    row = await conn.fetchrow(INSERT_PLAATSING, plek_id, van, tot, aanvraag_id, maanden)
    await conn.execute(AANVRAAG_GEPLAATST, aanvraag_id)
    return msgspec.convert(row, Bezetting)


PLAATSING = f"select {COLUMNS} from bezetting where id = $1 and soort = 'plaatsing' for no key update"


async def _lopende(conn: Connection, plaatsing_id: UUID) -> Bezetting:
    row = await conn.fetchrow(PLAATSING, plaatsing_id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "Deze plaatsing bestaat niet (meer).")
    plaatsing = msgspec.convert(row, Bezetting)
    if plaatsing.beeindigd_op is not None:
        raise Refusal(Kind.CONFLICT, "Deze plaatsing is al beëindigd.")
    return plaatsing


ZET_TOT = f"""
update bezetting set periode = daterange(lower(periode), $2), versie = versie + 1 where id = $1 returning {COLUMNS}
"""


async def verleng(conn: Connection, plaatsing_id: UUID, tot: date | None, *, now: datetime) -> Bezetting:
    """Another expected end. Longer is a claim: refuses CONFLICT when the plek has been promised from then on."""
    plaatsing = await _lopende(conn, plaatsing_id)
    await _claim(conn, plaatsing.plek_id, plaatsing.van, tot, now)
    return msgspec.convert(await conn.fetchrow(ZET_TOT, plaatsing_id, tot), Bezetting)


BEEINDIG = f"""
update bezetting
set periode = daterange(lower(periode), $2), beeindigd_op = $2, einde_reden = $3, versie = versie + 1
where id = $1
returning {COLUMNS}
"""

AANVRAAG_BEEINDIGD = """
update aanvraag set status = 'beeindigd', versie = versie + 1 where id = $1 and status = 'geplaatst'
"""


async def beeindig(conn: Connection, plaatsing_id: UUID, op: date, reden: EindeReden, *, now: datetime) -> Bezetting:
    """The child left on `op`, the first day on which the plek is free. Refuses INVALID when `op` has yet to come."""
    plaatsing = await _lopende(conn, plaatsing_id)
    if op > today(now):
        refuse([FieldError("/op", "toekomst", "Geef een dag die al is geweest, of verander het verwachte einde.")])
    await _claim(conn, plaatsing.plek_id, plaatsing.van, op, now)
    row = await conn.fetchrow(BEEINDIG, plaatsing_id, op, reden)
    await conn.execute(AANVRAAG_BEEINDIGD, plaatsing.aanvraag_id)
    return msgspec.convert(row, Bezetting)


DEFINITIEF = """
select v.zorgvorm, v.gesloten, b.definitief_op,
       (select d.uitkomst from besluit d where d.aanvraag_id = b.aanvraag_id and d.voorziening_id = v.id
        order by d.op desc, d.id desc limit 1) as besluit
from bezetting b join plek p on p.id = b.plek_id join voorziening v on v.id = p.voorziening_id
where b.id = $1
"""

ZET_DEFINITIEF = f"update bezetting set definitief_op = $2, versie = versie + 1 where id = $1 returning {COLUMNS}"


async def maak_definitief(conn: Connection, plaatsing_id: UUID, now: datetime) -> Bezetting:
    """What began before, or begins later, rests on all that the law asks. A second time does nothing.

    Refuses NOT_FOUND, and CONFLICT with everything that is missing: grondslag, machtiging where the juridisch kader
    asks one, the provider's yes, and the toestemming of each who must give it.
    """
    plaatsing = await _lopende(conn, plaatsing_id)
    if plaatsing.aanvraag_id is None:
        raise Refusal(Kind.CONFLICT, "Deze plaatsing is niet door het loket gedaan: er is geen aanvraag bij.")
    row = await conn.fetchrow(DEFINITIEF, plaatsing_id)
    assert row is not None
    if row["definitief_op"] is not None:
        return plaatsing
    dag = max(today(now), plaatsing.van)
    missing = await termijnen.mist_voor_definitief(
        conn, plaatsing.aanvraag_id, dag, row["zorgvorm"], gesloten=row["gesloten"]
    )
    if row["besluit"] != "geaccepteerd":
        missing.append(("/besluit", "De aanbieder heeft nog geen ja gezegd."))
    if missing:
        raise Refusal(
            Kind.CONFLICT,
            f"Deze plaatsing kan nog niet definitief worden. {' '.join(says for _, says in missing)}",
            tuple(FieldError(pointer, "ontbreekt", says) for pointer, says in missing),
        )
    return msgspec.convert(await conn.fetchrow(ZET_DEFINITIEF, plaatsing_id, now), Bezetting)


# ── Stop ─────────────────────────────────────────────────────────────────────────────────────────


class NieuweStop(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    reden: StopReden
    van: date
    tot: Annotated[date, Meta(description="Verwachte eerste dag dat de plek weer open is.")]


class WijzigingStop(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    tot: Annotated[date | UnsetType, Meta(description="Nieuw verwacht einde.")] = UNSET
    beeindigd: Annotated[
        bool, Meta(description="De stop eindigt vandaag; een stop die nog niet begon, gaat niet door.")
    ] = False


class Stop(Struct, rename="camel", kw_only=True):
    id: UUID
    plek_id: UUID
    reden: StopReden
    van: date
    tot: date
    ingetrokken_op: datetime | None
    versie: int


STOP_COLUMNS = """id, plek_id, stop_reden as reden, lower(periode) as van, upper(periode) as tot,
    vrijgegeven_op as ingetrokken_op, versie"""

INSERT_STOP = f"""
insert into bezetting (regio, vraag_regio, plek_id, soort, periode, stop_reden)
select p.regio, p.regio, p.id, 'stop', daterange($2, $3), $4
from plek p
where p.id = $1 and p.regio = huidige_regio()
returning {STOP_COLUMNS}
"""


async def stop(conn: Connection, plek_id: UUID, nieuw: NieuweStop, *, now: datetime) -> Stop:
    """The plek cannot be used for a while. Refuses INVALID, NOT_FOUND, and CONFLICT when somebody has the plek then."""
    await _claim(conn, plek_id, nieuw.van, nieuw.tot, now)
    row = await conn.fetchrow(INSERT_STOP, plek_id, nieuw.van, nieuw.tot, nieuw.reden)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "Deze plek bestaat niet in uw regio.")
    return msgspec.convert(row, Stop)


STOPS = f"""
select {STOP_COLUMNS}
from bezetting
where plek_id = $1 and soort = 'stop'
  and ($2::uuid is null or (lower(periode), id) < (select lower(c.periode), c.id from bezetting c where c.id = $2))
order by lower(periode) desc, id desc
limit $3
"""


async def stops(conn: Connection, plek_id: UUID, *, after: UUID | None = None, limit: int = 50) -> list[Stop]:
    """Stops of a plek, the last one first."""
    return rows_as(await conn.fetch(STOPS, plek_id, after, limit), Stop)


GET_STOP = f"select {STOP_COLUMNS} from bezetting where plek_id = $1 and id = $2 and soort = 'stop'"

LOCK_STOP = f"{GET_STOP} for no key update"


async def get_stop(conn: Connection, plek_id: UUID, id: UUID, *, lock: bool = False) -> Stop:
    """One stop of a plek. Refuses NOT_FOUND."""
    row = await conn.fetchrow(LOCK_STOP if lock else GET_STOP, plek_id, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "Deze stop bestaat niet.")
    return msgspec.convert(row, Stop)


ZET_STOP_TOT = f"""
update bezetting set periode = daterange(lower(periode), $2), versie = versie + 1 where id = $1 returning {STOP_COLUMNS}
"""

TREK_STOP_IN = f"""
update bezetting set vrijgegeven_op = $2, versie = versie + 1 where id = $1 returning {STOP_COLUMNS}
"""


async def change_stop(conn: Connection, plek_id: UUID, id: UUID, wijziging: WijzigingStop, *, now: datetime) -> Stop:
    """Another expected end, or end it now. Refuses NOT_FOUND, INVALID and CONFLICT."""
    current = await get_stop(conn, plek_id, id, lock=True)
    if wijziging.beeindigd and wijziging.tot is not UNSET:
        refuse([FieldError("/beeindigd", "dubbel", "Geef een nieuw einde óf beëindig de stop nu.")])
    if current.ingetrokken_op is not None or (wijziging.beeindigd and current.tot <= today(now)):
        raise Refusal(Kind.CONFLICT, "Deze stop is al voorbij of ging niet door.")
    if wijziging.beeindigd and current.van >= today(now):
        return msgspec.convert(await conn.fetchrow(TREK_STOP_IN, id, now), Stop)
    tot = today(now) if wijziging.beeindigd else wijziging.tot
    if tot is UNSET:
        return current
    await _claim(conn, plek_id, current.van, tot, now)
    return msgspec.convert(await conn.fetchrow(ZET_STOP_TOT, id, tot), Stop)
