"""Samen: brothers and sisters who are asked for together go together, or apart only when that may, near, and with a
plan for contact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import combinations
from typing import Protocol
from uuid import UUID

import asyncpg
import numpy as np

from matcher.geo import Estimate, rd
from matcher.problem import Anker, Point
from service.db import Connection
from service.errors import FieldError, Kind, Refusal
from service.fields import refuse
from service.taal import gettext


class Toegewezen(Protocol):
    @property
    def aanvraag_id(self) -> UUID: ...
    @property
    def plek_id(self) -> UUID: ...


# As owner: who may not see a brother or sister, does not part them either.
SAMEN_MET = "select samenplaatsing_id, mag_splitsen, ontbreken from samen_met($1)"

WAAR = """
select p.id, v.id as voorziening_id, v.locatie_id from plek p join voorziening v on v.id = p.voorziening_id
where p.id = any ($1)
"""

ELDERS = "select locatie_id from samen_elders($1, $2)"


WONEN = "select locatie_id from samen_wonen($1)"


async def check_whole(conn: Connection, plekken: Sequence[Toegewezen]) -> bool:
    """Whether these children go together: all who are asked for together, in one voorziening or else at one locatie,
    where who has a place already lives too.

    Apart may be only when the samenplaatsing says so. Refuses INVALID when they are no brothers and sisters, and
    CONFLICT when they may not be apart.
    """
    rows = await conn.fetch(SAMEN_MET, [one.aanvraag_id for one in plekken])
    of = {row["samenplaatsing_id"] for row in rows}
    if len(plekken) > 1 and (len(of) > 1 or None in of):
        refuse(
            [FieldError("/plekken", "samen", gettext("Deze aanvragen zijn niet van één samenplaatsing. Doe ze los."))]
        )
    split = all(row["mag_splitsen"] for row in rows)
    missing = max((row["ontbreken"] for row in rows), default=0)
    if missing and not split:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Dit kind hoort bij broers en zussen die samen een plek zoeken; er %(miss)s. Wat nu wel kan:"
                " noem hen allemaal, elk met een plek, of laat de verwijzer vastleggen dat zij apart mogen.",
                miss=_miss(missing),
            ),
        )
    places = await conn.fetch(WAAR, [one.plek_id for one in plekken])
    live = await conn.fetch(WONEN, [one.aanvraag_id for one in plekken])
    together = len({row["locatie_id"] for row in (*places, *live)}) <= 1
    if not together and not split and live:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Een broer of zus heeft al een plek op een andere locatie, en zij mogen niet apart. Wat nu wel kan: een"
                " plek daar, of laat de verwijzer vastleggen dat zij apart mogen."
            ),
        )
    if not together and not split:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Deze broers en zussen mogen niet apart. Wat nu wel kan: plekken in één voorziening, of op één locatie."
            ),
        )
    return together and not missing


def _miss(count: int) -> str:
    return gettext("mist er een") if count == 1 else gettext("missen er %(count)s", count=count)


BUNDEL_IS_HEEL = "select bundel_is_heel($1)"


async def check_bundel(conn: Connection, voorstel_id: UUID) -> None:
    """Half a bundle takes no step. Refuses CONFLICT when who asks may not see all of it."""
    if not await conn.fetchval(BUNDEL_IS_HEEL, voorstel_id):
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Bij dit voorstel hoort dat van een broer of zus die niet meer in crisis is. Wat nu wel kan: vraag de"
                " schakelfunctionaris om deze stap."
            ),
        )


async def check_apart(
    conn: Connection, plekken: Sequence[Toegewezen], contactplan: str | None, *, minuten: int, now: datetime
) -> None:
    """What must be there when they are not whole (`check_whole`): near each other, and a plan for contact. Refuses
    INVALID and CONFLICT."""
    if contactplan is None:
        wrong = gettext("Deze broers en zussen komen apart te wonen. Schrijf hoe zij elkaar blijven zien.")
        refuse([FieldError("/contactplan", "verplicht", wrong)])
    here = {row["locatie_id"] for row in await conn.fetch(WAAR, [one.plek_id for one in plekken])}
    others = await conn.fetch(ELDERS, [one.aanvraag_id for one in plekken], now)
    there = {row["locatie_id"] for row in others}
    points = await _points(conn, here | there)
    pairs = [*combinations(sorted(here), 2), *((one, two) for one in here for two in there if one != two)]
    far = max((_minutes(points.get(one), points.get(two)) for one, two in pairs), default=0.0)
    if far > minuten:
        raise Refusal(
            Kind.CONFLICT,
            gettext(
                "Deze plekken liggen te ver van elkaar: meer dan %(minuten)s minuten reizen. Wat nu wel kan:"
                " plekken die dichter bij elkaar liggen.",
                minuten=minuten,
            ),
        )


PUNTEN = "select locatie_id, lat, lon from reispunten($1)"


async def _points(conn: Connection, locaties: set[UUID]) -> dict[UUID, Point]:
    return {row["locatie_id"]: _point(row) for row in await conn.fetch(PUNTEN, list(locaties))}


def _point(row: asyncpg.Record) -> Point:
    x_km, y_km = rd(row["lat"], row["lon"])
    return Point(float(x_km), float(y_km))


def _minutes(one: Point | None, two: Point | None) -> float:
    """Without an end nobody can say that it is near."""
    if one is None or two is None:
        return float("inf")
    return float(
        Estimate().minutes(Anker.THUIS, one, np.zeros(1, np.int32), np.array([two.x_km]), np.array([two.y_km]))[0]
    )
