"""Supply as the matcher sees it: rows of plek, voorziening and what takes them → matcher.problem.Plek.

Holds no secret columns: points of secret and confidential locaties come coarse from reispunten(), residents come
as ages and traits without aanvraag, and what is shown is fetched by id under row-level security (matches.py).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from matcher.aanbod import Aanbod
from matcher.geo import rd
from matcher.problem import FOREVER, Codes, Group, Plek, Point
from service.days import age_on, hour_of, today
from service.db import Connection

# The profile apart from the beds: beside each of these it would be read, carried and made as often as there are beds.
PROFIELEN = """
select v.id, v.locatie_id, v.aanbieder_id, v.regio, v.zorgvorm, v.leeftijd_van, v.leeftijd_tot,
       v.groepssoort, v.juridische_kaders, v.perspectieven, v.gesloten, v.ondersteuning, v.contra_indicaties, v.medisch,
       v.rolstoeltoegankelijk, v.onderwijs, v.maximaal_verblijf, v.opname_vanaf, v.leeftijdsverschil_max, v.groepsmix,
       exists (select from contract c where c.aanbieder_id = v.aanbieder_id and c.zorgvorm = v.zorgvorm
               and c.geldigheid @> $1::date) as contract
from voorziening v
join zorgvorm z on z.regio = v.regio and z.code = v.zorgvorm
where (z.rangschikbaar or $3) and ($2::uuid[] is null or v.id = any ($2))
"""

PLEKKEN = """
select p.id, p.voorziening_id, p.beschikbaarheid, p.bevestigd_op,
       lower(p.bestaat) as bestaat_van, upper(p.bestaat) as bestaat_tot
from plek p
where (upper_inf(p.bestaat) or upper(p.bestaat) > $1)
  and ($2::uuid[] is null or p.voorziening_id = any ($2))
"""

ELKE_VOORZIENING = "select id from voorziening"

PART = 2_000
"""Voorzieningen, of some three plekken each."""

PERIODEN = "select * from bezette_perioden($1, $2)"

PUNTEN = "select locatie_id, lat, lon, exact from reispunten($1)"


def windows_of(
    van: date,
    tot: date | None,
    taken: Iterable[tuple[date, date | None]],
    opname_vanaf: date | None,
) -> tuple[tuple[int, int], ...]:
    """Periods within [van, tot) that nothing takes, as day numbers; None is without end."""
    start = max(van, opname_vanaf or van).toordinal()
    end = tot.toordinal() if tot else FOREVER
    windows = []
    for first, last in sorted((first.toordinal(), last.toordinal() if last else FOREVER) for first, last in taken):
        if start < min(first, end):
            windows.append((start, min(first, end)))
        start = max(start, last)
    if start < end:
        windows.append((start, end))
    return tuple(windows)


def group_of(residents: Iterable[asyncpg.Record], groepsmix: dict[str, int], vandaag: date) -> Group:
    """The children who live in a voorziening today; ages have grown since they came."""
    ages, traits, size, unknown = [], Counter[str](), 0, 0
    for resident in residents:
        size += 1
        if resident["bewoner_maanden"] is None:
            unknown += 1
            continue
        ages.append(age_on(resident["bewoner_maanden"], resident["van"], vandaag))
        traits.update(resident["bewoner_kenmerken"])
    room = {code: limit - traits[code] for code, limit in groepsmix.items()}
    return Group(
        size=size,
        youngest=min(ages, default=0),
        oldest=max(ages, default=0),
        full=tuple(sorted(code for code, left in room.items() if left <= 0)),
        room={code: left for code, left in room.items() if left > 0},
        unknown=unknown,
    )


def _profiel(row: asyncpg.Record, group: Group, point: tuple[Point, bool] | None) -> dict[str, Any]:
    """What each Plek of a voorziening has."""
    return {
        "voorziening": str(row["id"]),
        "locatie": str(row["locatie_id"]),
        "aanbieder": str(row["aanbieder_id"]),
        "regio": row["regio"],
        "zorgvorm": row["zorgvorm"],
        "leeftijd_van": row["leeftijd_van"],
        "leeftijd_tot": row["leeftijd_tot"],
        "groepssoort": row["groepssoort"],
        "juridische_kaders": frozenset(row["juridische_kaders"]),
        "perspectieven": frozenset(row["perspectieven"]),
        "gesloten": row["gesloten"],
        "ondersteuning": frozenset(row["ondersteuning"]),
        "contra_indicaties": frozenset(row["contra_indicaties"]),
        "medisch": frozenset(row["medisch"]),
        "rolstoeltoegankelijk": row["rolstoeltoegankelijk"],
        "onderwijs": frozenset(row["onderwijs"]),
        "maximaal_verblijf": row["maximaal_verblijf"],
        "point": point[0] if point else None,
        "exact": point[1] if point else False,
        "group": group,
        "leeftijdsverschil_max": row["leeftijdsverschil_max"],
        "contract": row["contract"],
    }


def _plek(
    row: asyncpg.Record,
    taken: list[asyncpg.Record],
    profiel: dict[str, Any],
    opname_vanaf: date | None,
    vandaag: date,
) -> Plek:
    # Past its expected end and nobody said that the child left: taken, until someone does.
    overdue = any(b["soort"] == "plaatsing" and b["tot"] is not None and b["tot"] <= vandaag for b in taken)
    periods = [(b["van"], None if overdue else b["tot"]) for b in taken]
    stops = sorted((b["van"], b["tot"]) for b in taken if b["soort"] == "stop")
    bevestigd: datetime | None = row["bevestigd_op"]
    return Plek(
        id=str(row["id"]),
        windows=windows_of(max(row["bestaat_van"], vandaag), row["bestaat_tot"], periods, opname_vanaf),
        stop=(stops[0][0].toordinal(), stops[0][1].toordinal()) if stops and not overdue else None,
        bemenst=row["beschikbaarheid"] != "onbemenst",
        in_overleg=row["beschikbaarheid"] == "in_overleg",
        bevestigd_uur=hour_of(bevestigd) if bevestigd else None,
        **profiel,
    )


Points = dict[UUID, tuple[Point, bool]]
"""Per locatie where it is, and whether exactly there."""


async def load_plekken(
    conn: Connection,
    now: datetime,
    alleen: list[UUID] | None = None,
    *,
    zonder: frozenset[tuple[UUID, date]] = frozenset(),
    elke_zorgvorm: bool = False,
    points: Points | None = None,
) -> tuple[list[Plek], dict[UUID, datetime]]:
    """All visible plekken (or those of the voorzieningen `alleen`), and per voorziening that has one, when the first
    optie in it expires. Of the others this holds all day.

    `zonder` are opties, by plek and first day, that take nothing here; `elke_zorgvorm` also those that are not ranked;
    `points` for who has read them already.
    """
    vandaag = today(now)
    profielen = await conn.fetch(PROFIELEN, vandaag, alleen, elke_zorgvorm)
    rows = await conn.fetch(PLEKKEN, vandaag, alleen)
    few = alleen is not None
    perioden = await conn.fetch(PERIODEN, vandaag, [row["id"] for row in rows] if few else None)
    if points is None:
        points = await load_points(conn, list({row["locatie_id"] for row in profielen}) if few else None)
    if zonder:
        perioden = [p for p in perioden if p["vervalt_op"] is None or (p["plek_id"], p["van"]) not in zonder]
    return await asyncio.to_thread(_assemble, profielen, rows, perioden, points, now)


async def load_points(conn: Connection, alleen: list[UUID] | None = None) -> Points:
    """Of all locaties where a child could go, or of these."""
    return points_of(await conn.fetch(PUNTEN, alleen))


def points_of(punten: Iterable[asyncpg.Record]) -> Points:
    return {
        punt["locatie_id"]: (Point(*map(float, rd(punt["lat"], punt["lon"]))), bool(punt["exact"])) for punt in punten
    }


async def load_columns(conn: Connection, now: datetime, codes: Codes) -> tuple[Aanbod, dict[UUID, datetime]]:
    """As `load_plekken` of all, as columns. Part by part: rows and Structs of a whole country would take ten times the
    memory of its columns, which a process does not give back."""
    ids = [row["id"] for row in await conn.fetch(ELKE_VOORZIENING)]
    points = await load_points(conn)
    columns, expires = Aanbod.build((), codes), dict[UUID, datetime]()
    for at in range(0, len(ids), PART):
        plekken, some = await load_plekken(conn, now, ids[at : at + PART], points=points)
        columns = await asyncio.to_thread(columns.replace, set(), plekken)
        expires |= some
    return columns, expires


def _assemble(
    profielen: list[asyncpg.Record],
    rows: list[asyncpg.Record],
    perioden: list[asyncpg.Record],
    points: Points,
    now: datetime,
) -> tuple[list[Plek], dict[UUID, datetime]]:
    vandaag = today(now)
    taken: dict[UUID, list[asyncpg.Record]] = {}
    expires: dict[UUID, datetime] = {}
    for periode in perioden:
        plek, vervalt_op = periode["plek_id"], periode["vervalt_op"]
        if vervalt_op is not None:
            if vervalt_op <= now:
                continue
            expires[plek] = min(vervalt_op, expires.get(plek, vervalt_op))
        taken.setdefault(plek, []).append(periode)
    # Of a plek whose voorziening is not there, it is not ranked or was read a moment too early: then it is read again.
    units: dict[UUID, list[asyncpg.Record]] = {row["id"]: [] for row in profielen}
    for row in rows:
        if (beds := units.get(row["voorziening_id"])) is not None:
            beds.append(row)
    plekken = []
    for unit in profielen:
        beds = units[unit["id"]]
        living = (
            b for bed in beds for b in taken.get(bed["id"], ()) if b["soort"] == "plaatsing" and b["van"] <= vandaag
        )
        profiel = _profiel(unit, group_of(living, unit["groepsmix"], vandaag), points.get(unit["locatie_id"]))
        opname_vanaf = unit["opname_vanaf"]
        plekken += [_plek(bed, taken.get(bed["id"], []), profiel, opname_vanaf, vandaag) for bed in beds]
    first: dict[UUID, datetime] = {}
    for row in rows if expires else ():
        if row["voorziening_id"] in units and (until := expires.get(row["id"])) is not None:
            first[row["voorziening_id"]] = min(until, first.get(row["voorziening_id"], until))
    return plekken, first


OPTIES = """
select aanvraag_id, plek_id, lower(periode) as van
from bezetting
where soort = 'optie' and vrijgegeven_op is null and vervalt_op > $2 and aanvraag_id = any ($1)
order by van, id
"""


async def load_opties(conn: Connection, aanvragen: list[UUID], now: datetime) -> dict[UUID, tuple[UUID, date]]:
    """Per plek that is held for one of these, the first of them, and from which day on."""
    opties: dict[UUID, tuple[UUID, date]] = {}
    for row in await conn.fetch(OPTIES, aanvragen, now):
        opties.setdefault(row["plek_id"], (row["aanvraag_id"], row["van"]))
    return opties


VOORZIENINGEN = "select distinct voorziening_id from plek where id = any ($1)"


async def without_own(
    conn: Connection, columns: Aanbod, aanvragen: list[UUID], now: datetime
) -> tuple[Aanbod, dict[str, str]]:
    """Places as these aanvragen see them: a bed that is held for one of them is free. And per such plek for whom."""
    opties = await load_opties(conn, aanvragen, now)
    if not opties:
        return columns, {}
    of = [row["voorziening_id"] for row in await conn.fetch(VOORZIENINGEN, list(opties))]
    free = frozenset((plek, van) for plek, (_, van) in opties.items())
    plekken, _ = await load_plekken(conn, now, of, zonder=free)
    columns = columns.replace({str(id) for id in of}, plekken)
    return columns, {str(plek): str(who) for plek, (who, _) in opties.items()}


CODES = """
select 'zorgvorm' as lijst, z.code, max(z.huiselijkheid) as huiselijkheid from zorgvorm z group by z.code
union all
select distinct k.lijst, k.code, null::real from kenmerkcode k
order by 1, 2
"""


async def load_codes(conn: Connection) -> tuple[Codes, dict[str, float]]:
    """The code lists of every visible region together, and how home-like each zorgvorm is."""
    lists: dict[str, list[str]] = {}
    huiselijkheid: dict[str, float] = {}
    for row in await conn.fetch(CODES):
        lists.setdefault(row["lijst"], []).append(row["code"])
        if row["huiselijkheid"] is not None:
            huiselijkheid[row["code"]] = row["huiselijkheid"]
    codes = Codes(
        zorgvormen=tuple(lists.get("zorgvorm", ())),
        ondersteuning=tuple(lists.get("ondersteuning", ())),
        kenmerken=tuple(lists.get("kenmerk", ())),
        medisch=tuple(lists.get("medisch", ())),
        onderwijs=tuple(lists.get("onderwijs", ())),
    )
    return codes, huiselijkheid
