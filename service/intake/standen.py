"""Plekken as a capacity list sees them: what stands now, and which plek a name means."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct, field

from service.days import today
from service.db import Connection, rows_as
from service.intake.cells import day_text, key


class Status(StrEnum):
    """What a provider writes in its list; the value is how it is shown."""

    VRIJ = "vrij"
    BEZET = "bezet"
    IN_OVERLEG = "in overleg"
    ONBEMENST = "niet bemenst"
    GESTOPT = "gestopt"


BESCHIKBAARHEID = {Status.VRIJ: "bemenst", Status.IN_OVERLEG: "in_overleg", Status.ONBEMENST: "onbemenst"}
EMPTY = {beschikbaarheid: status for status, beschikbaarheid in BESCHIKBAARHEID.items()}


class Period(Struct):
    """What takes a plek."""

    id: UUID
    plek_id: UUID
    soort: str
    van: date
    tot: date | None
    met_aanvraag: bool
    stop_reden: str | None


class Stand(Struct):
    """A plek as the loket knows it."""

    id: UUID
    voorziening_id: UUID
    naam: str
    beschikbaarheid: str
    bestaat_van: date
    bestaat_tot: date | None
    bevestigd: date | None
    now: Period | None = None
    later: list[Period] = field(default_factory=list)
    """In order of their first day."""

    def last_day(self, today: date) -> date:
        """When it ended, if it is gone now: it existed one day at least, so one of today lasts until tomorrow."""
        return max(today, self.bestaat_van + timedelta(days=1))

    def gone(self, today: date) -> bool:
        return self.bestaat_tot is not None and self.bestaat_tot <= self.last_day(today)


def describe(beschikbaarheid: str, period: Period | None) -> str:
    """vrij, bezet tot 1-7-2027, gestopt tot 1-9-2027 (verbouwing), …"""
    if period is None or period.soort == "optie":
        held = f", optie tot {day_text(period.tot)}" if period and period.tot else ", optie" if period else ""
        return EMPTY[beschikbaarheid].value + held
    until = f" tot {day_text(period.tot)}" if period.tot else ""
    reason = f" ({period.stop_reden.replace('_', ' ')})" if period.stop_reden else ""
    return f"{'gestopt' if period.soort == 'stop' else 'bezet'}{until}{reason}"


# ── Names ───────────────────────────────────────────────────────────────────────────────────────────


def plek_key(name: str) -> str:
    """Plek 3, bed 3, 03 and 3 are the same plek."""
    short = re.sub(r"^(plek|plaats|bed|nummer|nr)(?=[^a-z])", "", name.strip().casefold())
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", key(short)) or key(name)


def called(naam: str) -> str:
    """plek 3, and Plek 3 when that is how it is called already."""
    return naam if key(naam).startswith(("plek", "bed", "kamer")) else f"plek {naam}"


def find(known: list[Stand], wanted: list[str]) -> list[Stand | None]:
    """The plek for each name: as written, or else however spelled when only one fits."""
    exact = {stand.naam.strip().casefold(): stand for stand in known}
    loose: dict[str, list[Stand]] = {}
    for stand in known:
        loose.setdefault(plek_key(stand.naam), []).append(stand)
    found = []
    for name in wanted:
        close = loose.get(plek_key(name), [])
        found.append(exact.get(name.strip().casefold()) or (close[0] if len(close) == 1 else None))
    return found


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """2 before 10."""
    return tuple((int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name) if part)


def new_names(known: list[Stand], count: int) -> list[str]:
    """Numbers that no plek of the voorziening has or had, after the highest."""
    numbers = [int(match[0]) for stand in known for match in re.finditer(r"[0-9]{1,6}", stand.naam)]
    first = max(numbers, default=0) + 1
    return [str(first + i) for i in range(count)]


# ── Rows ────────────────────────────────────────────────────────────────────────────────────────────

STANDEN = """
select id, voorziening_id, naam, beschikbaarheid::text, lower(bestaat) as bestaat_van, upper(bestaat) as bestaat_tot,
       (bevestigd_op at time zone 'Europe/Amsterdam')::date as bevestigd
from plek
where voorziening_id = any ($1::uuid[])
order by id
"""

STANDEN_LOCKED = f"{STANDEN} for no key update"

# A plaatsing past its expected end takes its plek until somebody says that the child left; an expired optie does not.
PERIODS = """
select b.id, b.plek_id, b.soort::text, lower(b.periode) as van, upper(b.periode) as tot,
       b.aanvraag_id is not null as met_aanvraag, b.stop_reden::text
from bezetting b
join plek p on p.id = b.plek_id
where p.voorziening_id = any ($1::uuid[]) and b.vrijgegeven_op is null
  and (b.vervalt_op is null or b.vervalt_op > $2)
  and (upper_inf(b.periode) or upper(b.periode) > $3 or (b.soort = 'plaatsing' and b.beeindigd_op is null))
order by lower(b.periode)
"""


async def load(
    conn: Connection, voorzieningen: list[object], now: datetime, *, lock: bool
) -> dict[object, list[Stand]]:
    """Per voorziening its plekken, also those that are gone, with what takes them from today on."""
    day = today(now)
    rows = await conn.fetch(STANDEN_LOCKED if lock else STANDEN, voorzieningen)
    stands: list[Stand] = rows_as(rows, Stand)
    by_id = {stand.id: stand for stand in stands}
    periods: list[Period] = rows_as(await conn.fetch(PERIODS, voorzieningen, now, day), Period)
    for period in periods:
        stand = by_id[period.plek_id]
        if period.van > day:
            stand.later.append(period)
        elif stand.now is None or stand.now.tot is None or (period.tot or date.max) > stand.now.tot:
            stand.now = period
    found: dict[object, list[Stand]] = {}
    for stand in stands:
        found.setdefault(stand.voorziening_id, []).append(stand)
    return found
