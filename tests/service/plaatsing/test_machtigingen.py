"""A machtiging is used when the child lives where it is for; then it does not lapse for not being used."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from service.aanvraag import aanvragen, termijnen
from service.aanvraag.aanvragen import WijzigingAanvraag
from service.aanvraag.grondslagen import Machtiging, MachtigingSoort
from service.aanvraag.termijnen import AlarmSoort
from service.db import Connection, Pool, Rol, Wie, transaction
from service.plaatsing import gevolgen, plaatsingen
from tests import make
from tests.conftest import OTHER_REGIO, REGIO
from tests.service.plaatsing.test_plaatsingen import ready

OPEN, SPOED, GESLOTEN, VOORWAARDELIJK = (
    MachtigingSoort.OPEN, MachtigingSoort.SPOED, MachtigingSoort.GESLOTEN, MachtigingSoort.VOORWAARDELIJK,
)  # fmt: skip


def machtiging(soort: MachtigingSoort = OPEN, van: int = -10, **fields: Any) -> Machtiging:
    return Machtiging(
        soort=soort, geldig_van=make.day(van), geldig_tot=make.day(300), **{"zorgvormen": ["gezinshuis"], **fields}
    )


async def used(conn: Connection, aanvraag: UUID) -> list[date | None]:
    return [part.ten_uitvoer_op for part in (await aanvragen.get(conn, aanvraag)).machtigingen]


async def promised(conn: Connection, *machtigingen: Machtiging) -> tuple[UUID, UUID]:
    """A definitive plaatsing from today on, and its aanvraag."""
    plek, aanvraag = await ready(conn, machtigingen=list(machtigingen))
    return (await plaatsingen.plaats_definitief(conn, plek, aanvraag, make.TODAY, None, now=make.NOW)).id, aanvraag


async def lapses(conn: Connection, dag: int) -> list[date]:
    found = await termijnen.alarmen(conn, make.NOW + timedelta(days=dag))
    return [alarm.dag for alarm in found if alarm.soort is AlarmSoort.MACHTIGING_ONGEBRUIKT]


async def test_from_the_day_on_which_the_child_came_it_is_used_and_does_not_lapse(pool: Pool, wie: Wie) -> None:
    """Until then it would after three months, and somebody is warned of that; put right, the day follows."""
    async with transaction(pool, wie) as conn:
        stay, aanvraag = await promised(conn, machtiging())
        before = (await used(conn, aanvraag), await lapses(conn, 70))
        stale = (await aanvragen.get(conn, aanvraag)).versie
        await plaatsingen.begin(conn, stay, make.TODAY, now=make.NOW)
        after = (await used(conn, aanvraag), await lapses(conn, 70))
        await plaatsingen.begin(conn, stay, make.day(-1), now=make.NOW)
        put_right = await used(conn, aanvraag)
        versie = (await aanvragen.get(conn, aanvraag)).versie

    assert before == ([None], [date(2026, 5, 20)])
    assert after == ([make.TODAY], [])
    assert put_right == [make.day(-1)]
    assert versie > stale, "who changes the aanvraag as it was, hears that it changed"


@pytest.mark.parametrize(
    ("part", "op"),
    [
        (machtiging(SPOED, -3), make.TODAY),
        (machtiging(SPOED, -14), None),
        (machtiging(SPOED, -13), make.TODAY),
        (machtiging(OPEN, -92), None),
        (machtiging(OPEN, 1), None),
        (machtiging(VOORWAARDELIJK), None),
        (machtiging(zorgvormen=["driemilieu"]), None),
        (machtiging(ten_uitvoer_op=make.day(-4)), make.day(-4)),
    ],
    ids=["spoed", "lapsed", "last day", "three months", "later", "voorwaardelijk", "other zorgvorm", "used before"],
)
async def test_only_one_that_is_for_this_stay_and_counts_that_day(
    pool: Pool, wie: Wie, part: Machtiging, op: date | None
) -> None:
    """One that lapsed unused is not made good by using it; a conditional one is for closed care."""
    async with transaction(pool, wie) as conn:
        stay, aanvraag = await promised(conn, part)
        await plaatsingen.begin(conn, stay, make.TODAY, now=make.NOW)

        assert await used(conn, aanvraag) == [op]


async def test_a_closed_place_uses_a_closed_one_only(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn, zorgvorm="jeugdzorgplus", gesloten=True)
        plek = await make.plek(conn, voorziening_id=huis.id)
        parts = [machtiging(soort, -10 + at, zorgvormen=["jeugdzorgplus"]) for at, soort in enumerate((OPEN, GESLOTEN))]
        kind = await make.aanvraag(conn, machtigingen=parts, zorgvormen=["jeugdzorgplus"], zorgvorm_reden="Rechter")
        await plaatsingen.plaats(conn, plek.id, kind.id, make.day(-2), None, now=make.NOW, telefonisch=True)

        assert await used(conn, kind.id) == [None, make.day(-2)]


async def test_one_that_is_recorded_after_a_crisis_began_counts_from_its_own_first_day(pool: Pool, wie: Wie) -> None:
    """Crisis may start first and complete afterwards: the court follows."""
    async with transaction(pool, wie) as conn:
        kind, plek = await make.aanvraag(conn), await make.plek(conn)
        await make.plaatsing(conn, plek_id=plek.id, aanvraag_id=kind.id, van=make.day(-5))
        parts = [machtiging(SPOED, -4), machtiging(OPEN, -30)]
        wijziging = msgspec.convert({"machtigingen": msgspec.to_builtins(parts)}, WijzigingAanvraag)
        await gevolgen.wacht(conn, kind.id, wijziging, now=make.NOW)
        changed = await gevolgen.wijzig(conn, kind.id, wijziging, now=make.NOW)

    assert [part.ten_uitvoer_op for part in changed.machtigingen] == [make.day(-5), make.day(-4)]


async def test_a_provider_that_says_the_child_came_uses_it_by_the_terms_of_the_childs_region(
    pool: Pool, wie: Wie, owner: Connection
) -> None:
    """It reads no machtiging. Its own region has terms of its own, that do not count here."""
    await owner.executemany(
        "insert into instelling (regio, sleutel, waarde, bron)"
        " values ($1, 'machtiging_ongebruikt_maanden', $2, 'besluit')",
        [(REGIO, 1), (OTHER_REGIO, 9)],
    )
    async with transaction(pool, wie) as conn:
        stay, aanvraag = await promised(conn, machtiging(OPEN, -27), machtiging(OPEN, -29))
        plek = await conn.fetchval("select plek_id from bezetting where id = $1", stay)
        provider = await conn.fetchval("select aanbieder_id from plek where id = $1", plek)
    async with transaction(pool, Wie(wie.regio, Rol.AANBIEDER, UUID(int=77), provider)) as conn:
        await plaatsingen.begin(conn, stay, make.TODAY, now=make.NOW)
    async with transaction(pool, wie) as conn:
        assert await used(conn, aanvraag) == [None, make.TODAY]
