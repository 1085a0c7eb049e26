"""Stops: a plek is closed for a while, ends early or later, and never under somebody who has it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import uuid4

import pytest

from service.aanbod import plekken, stops
from service.aanbod.plekken import PlekStatus
from service.aanbod.stops import WijzigingStop
from service.db import Connection, Pool, Wie, transaction
from service.errors import Kind, Refusal
from tests import make
from tests.service.aanbod.test_bezetting import refusal_of


async def test_a_plek_that_does_not_exist_is_not_found(pool: Pool, wie: Wie) -> None:
    """Also for a stop."""
    async with transaction(pool, wie) as conn:
        with pytest.raises(Refusal) as refused:
            await make.stop(conn, plek_id=uuid4())

    assert refused.value.kind is Kind.NOT_FOUND


async def test_a_stop_ends_early_today(pool: Pool, wie: Wie) -> None:
    """And then it is over: it cannot end again."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        stop = await make.stop(conn, plek_id=plek.id, van=make.day(-1), tot=make.day(9))

        ended = await stops.change(conn, plek.id, stop.id, WijzigingStop(beeindigd=True), now=make.NOW)

        assert (ended.tot, ended.ingetrokken_op) == (make.TODAY, None)
        assert (await plekken.get(conn, plek.id, make.NOW)).status is PlekStatus.OPEN
        with pytest.raises(Refusal, match="Wat nu wel kan: een nieuwe stop"):
            await stops.change(conn, plek.id, stop.id, WijzigingStop(beeindigd=True), now=make.NOW)


@pytest.mark.parametrize("van", [make.TODAY, make.day(5)])
async def test_a_stop_that_has_not_lasted_a_day_does_not_go_on(pool: Pool, wie: Wie, van: date) -> None:
    """It is withdrawn: the period would be empty."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        stop = await make.stop(conn, plek_id=plek.id, van=van, tot=make.day(9))

        ended = await stops.change(conn, plek.id, stop.id, WijzigingStop(beeindigd=True), now=make.NOW)

        assert ended.ingetrokken_op == make.NOW
        assert (await make.plaatsing(conn, plek_id=plek.id, van=van, tot=make.day(9))).tot == make.day(9)


async def test_the_expected_end_of_a_stop_can_move_as_far_as_the_plek_is_free(pool: Pool, wie: Wie) -> None:
    """Longer is a claim."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        stop = await make.stop(conn, plek_id=plek.id, tot=make.day(9))
        await make.plaatsing(conn, plek_id=plek.id, van=make.day(20), tot=make.day(30))

        moved = await stops.change(conn, plek.id, stop.id, WijzigingStop(tot=make.day(20)), now=make.NOW)

    refused = await refusal_of(
        pool,
        wie,
        lambda conn: stops.change(conn, plek.id, stop.id, WijzigingStop(tot=make.day(21)), now=make.NOW),
    )

    assert moved.tot == make.day(20)
    assert refused.kind is Kind.CONFLICT


async def test_only_its_own_region_stops_a_plek(
    pool: Pool, owner: Connection, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """A shared plek can be seen and taken, but what its provider says of it is for its own region."""
    elders = wie_als("schakelfunctionaris", regio="flevoland")
    await owner.execute(
        "insert into regioafspraak (aanbod_regio, vraag_regio, geldigheid) values ($1, 'flevoland', '[2026-01-01,)')",
        wie.regio,
    )
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)

    refused = await refusal_of(pool, elders, lambda conn: make.stop(conn, plek_id=plek.id))

    assert refused.kind is Kind.NOT_FOUND


async def test_of_a_plek_of_another_region_nobody_hears_what_stands_in_the_way(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie], owner: Connection
) -> None:
    """It may be used, and only its own region stops it: also while somebody has it."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        await make.plaatsing(conn, plek_id=plek.id, van=make.TODAY, tot=make.day(9))
    await owner.execute(
        "insert into regioafspraak (aanbod_regio, vraag_regio, geldigheid) values ($1, 'flevoland', '[2026-01-01,)')",
        wie.regio,
    )

    async with transaction(pool, wie_als("schakelfunctionaris", regio="flevoland")) as conn:
        seen = await plekken.get(conn, plek.id, make.NOW)
        with pytest.raises(Refusal) as refused:
            await make.stop(conn, plek_id=plek.id, van=make.TODAY, tot=make.day(5))

    assert seen.status is PlekStatus.BEZET
    assert refused.value.kind is Kind.NOT_FOUND and "in uw regio" in refused.value.detail
