"""Uitgesloten: where a child must not be becomes known when a plek there is held, proposed or promised already.

All of that ends at once, of brothers and sisters too. Where the child lives it stays, because moving it is for people
to decide: the loket is told at once, and it is an alarm as long as it lasts. The rule is that of the matcher
(`rules.veiligheid`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

import numpy as np
from msgspec import Struct

from matcher.geo import distance_km, rd
from matcher.problem import Point
from matcher.rules import COARSE_KM
from service.aanvraag.termijnen import ZINNEN, Alarm, AlarmSoort, Ernst
from service.db import Connection, rows_as
from service.fields import AanvraagId


class Plek(Struct, frozen=True, kw_only=True):
    """A plek that is held, proposed or promised, or lived in since a day; the point is as coarse as for the matcher."""

    aanvraag_id: AanvraagId
    plek_id: UUID
    woont_sinds: date | None
    aanbieder_id: UUID
    voorziening_id: UUID
    lat: float | None
    lon: float | None
    exact: bool


class Buiten(Struct, frozen=True, kw_only=True):
    """An uitsluiting, of which an area has a point."""

    aanvraag_id: AanvraagId
    aanbieder_id: UUID | None
    voorziening_id: UUID | None
    straal_km: float | None
    lat: float | None
    lon: float | None

    def geldt(self, plek: Plek) -> bool:
        """The edge included; a place of which nobody knows where it is, is in every area."""
        if self.aanbieder_id is not None or self.voorziening_id is not None:
            return self.aanbieder_id == plek.aanbieder_id or self.voorziening_id == plek.voorziening_id
        if self.straal_km is None or self.lat is None or self.lon is None or plek.lat is None or plek.lon is None:
            return True
        (x_km, y_km), here = rd(plek.lat, plek.lon), Point(*rd(self.lat, self.lon))
        away = float(distance_km(here, np.array([x_km]), np.array([y_km]))[0])
        return away <= self.straal_km + (0.0 if plek.exact else COARSE_KM)


PLEKKEN_VAN = """
select aanvraag_id, plek_id, woont_sinds, aanbieder_id, voorziening_id, lat, lon, exact from plekken_van($1)
"""

UITSLUITINGEN = """
select u.aanvraag_id, u.aanbieder_id, u.voorziening_id, u.straal_km, p.lat, p.lon
from uitsluiting u left join postcodegebied p on p.pc4 = u.pc4
where u.aanvraag_id = any ($1)
"""


async def _plekken(conn: Connection, ids: Sequence[UUID]) -> Iterable[Plek]:
    """Where these children must not be, of all that is theirs."""
    outside: list[Buiten] = rows_as(await conn.fetch(UITSLUITINGEN, ids), Buiten)
    plekken: list[Plek] = rows_as(await conn.fetch(PLEKKEN_VAN, ids), Plek)
    return [plek for plek in plekken if any(one.aanvraag_id == plek.aanvraag_id and one.geldt(plek) for one in outside)]


VERGRENDEL = "select vergrendel_uitsluiting($1, $2)"


async def wacht(conn: Connection, aanvraag_id: UUID, *, now: datetime) -> None:
    """Our turn on all that other uitsluitingen may end; before the aanvraag itself is locked."""
    await conn.execute(VERGRENDEL, aanvraag_id, now)


SLUIT_UIT = "select sluit_uit($1, $2, $3)"


async def sluit_uit(conn: Connection, aanvraag_id: UUID, *, now: datetime) -> bool:
    """Ends what is held, proposed or promised where this child must not be, as is recorded now; whether there was any.
    After `wacht`."""
    out = sorted({plek.plek_id for plek in await _plekken(conn, [aanvraag_id])})
    if out:
        await conn.execute(SLUIT_UIT, aanvraag_id, out, now)
    return bool(out)


# ── Who lives where it must not be ───────────────────────────────────────────────────────────────

MET_UITSLUITING = """
select a.id, a.nummer from aanvraag a
where a.regio = huidige_regio() and a.afgesloten_op is null and a.geanonimiseerd_op is null
  and exists (select from uitsluiting u where u.aanvraag_id = a.id)
"""


async def alarmen(conn: Connection) -> list[Alarm]:
    """Of every child that lives where it must not be, as far as who asks may see it."""
    nummers = {row["id"]: row["nummer"] for row in await conn.fetch(MET_UITSLUITING)}
    soort = AlarmSoort.UITGESLOTEN
    return [
        Alarm(
            aanvraag_id=plek.aanvraag_id,
            nummer=nummers[plek.aanvraag_id],
            soort=soort,
            dag=plek.woont_sinds,
            ernst=Ernst.VERSTREKEN,
            zin=ZINNEN[soort],
        )
        for plek in await _plekken(conn, list(nummers))
        if plek.woont_sinds is not None
    ]
