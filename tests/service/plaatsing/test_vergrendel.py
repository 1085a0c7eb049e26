"""Vergrendel: who decides on something waits for who is deciding on it, and then decides on what is true by then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import pytest

from service.db import Connection, Pool, Wie, transaction
from service.errors import Refusal
from service.plaatsing import opties, voorstellen
from service.plaatsing.opties import NieuweOptie, Optie, Toewijzing
from service.plaatsing.vergrendel import vergrendel
from service.plaatsing.voorstelstap import Afwijsreden
from service.rang.travel import Traveller
from tests import make
from tests.service.voorstelling import child, ready, sent, step

Act: TypeAlias = Callable[[Connection], Awaitable[Any]]

WAITS = "select exists (select from pg_locks where not granted)"


async def houd(conn: Connection, wie: Wie, aanvraag: UUID, plek: UUID) -> list[Optie]:
    nieuw = NieuweOptie(plekken=[Toewijzing(aanvraag_id=aanvraag, plek_id=plek)], van=make.day(1))
    return await opties.houd(conn, Traveller(), nieuw, wie=wie, now=make.NOW)


async def comes_too_late(pool: Pool, wie: Wie, owner: Connection, first: Act, second: Act) -> str:
    """`second` begins while `first` is done and not yet committed, and is refused; with what it hears."""

    async def alone() -> None:
        async with transaction(pool, wie) as conn:
            await second(conn)

    async with transaction(pool, wie) as conn:
        await first(conn)
        late = asyncio.create_task(alone())
        while not late.done() and not await owner.fetchval(WAITS):  # noqa: ASYNC110
            await asyncio.sleep(0)
    with pytest.raises(Refusal) as refused:
        await late
    return refused.value.detail


async def test_two_who_do_not_fit_together_do_not_both_get_in_at_once(pool: Pool, wie: Wie, owner: Connection) -> None:
    """On different plekken of one voorziening: the rule of the group is asked one after the other."""
    async with transaction(pool, wie) as conn:
        house = await make.voorziening(conn, groepsmix={"zware_gedragsproblemen": 1})
        one, two = [(await make.plek(conn, voorziening_id=house.id)).id for _ in range(2)]
        heavy, other = [(await make.aanvraag(conn, kenmerken=["zware_gedragsproblemen"])).id for _ in range(2)]
    told = await comes_too_late(
        pool, wie, owner, lambda conn: houd(conn, wie, heavy, one), lambda conn: houd(conn, wie, other, two)
    )

    assert "In de groep is geen ruimte meer" in told


async def test_at_once_there_are_not_more_opties_than_one_after_the_other(
    pool: Pool, wie: Wie, owner: Connection
) -> None:
    """The third and the fourth of one aanvraag, in different voorzieningen."""
    async with transaction(pool, wie) as conn:
        kind = (await make.aanvraag(conn)).id
        plekken = [(await make.plek(conn)).id for _ in range(4)]
        for plek in plekken[:2]:
            await houd(conn, wie, kind, plek)
    told = await comes_too_late(
        pool, wie, owner, lambda conn: houd(conn, wie, kind, plekken[2]), lambda conn: houd(conn, wie, kind, plekken[3])
    )

    assert "houdt het loket al 3 plekken vast" in told


async def test_at_once_no_more_aanbieders_are_asked_than_one_after_the_other(
    pool: Pool, wie: Wie, owner: Connection
) -> None:
    async with transaction(pool, wie) as conn:
        kind = (await child(conn)).id
        for _ in range(2):
            await sent(conn, pool, wie, (kind, (await make.plek(conn)).id))
        three, four = [(await ready(conn, wie, (kind, (await make.plek(conn)).id)))[0].id for _ in range(2)]
    told = await comes_too_late(
        pool,
        wie,
        owner,
        lambda conn: step(conn, pool, three, "verzend", wie),
        lambda conn: step(conn, pool, four, "verzend", wie),
    )

    assert "ligt al bij 3 aanbieders" in told


async def test_a_yes_that_comes_at_once_with_a_no_hears_of_it(pool: Pool, wie: Wie, owner: Connection) -> None:
    """Whoever comes second decides on what the first left."""
    async with transaction(pool, wie) as conn:
        voorstel = await sent(conn, pool, wie, ((await child(conn)).id, (await make.plek(conn)).id))
    told = await comes_too_late(
        pool,
        wie,
        owner,
        lambda conn: step(conn, pool, voorstel.id, "wijs_af", wie, afwijsreden=Afwijsreden.AFSTAND),
        lambda conn: step(conn, pool, voorstel.id, "akkoord", wie),
    )

    assert "De status van het voorstel is: afgewezen" in told
    async with transaction(pool, wie) as conn:
        assert (await voorstellen.get(conn, voorstel.id, wie.rol)).status == "afgewezen"


async def test_it_takes_all_that_hangs_on_what_is_named(pool: Pool, wie: Wie, owner: Connection) -> None:
    """Of a plek its voorziening and the aanvragen whose expired opties are in the way; of a voorstel its aanvraag."""
    late = make.NOW + timedelta(days=9)
    async with transaction(pool, wie) as conn:
        plek, named, held = await make.plek(conn), await make.aanvraag(conn), await make.aanvraag(conn)
        await houd(conn, wie, held.id, plek.id)
        asked = await child(conn)
        [concept] = await ready(conn, wie, (asked.id, (await make.plek(conn)).id))
        free = await make.aanvraag(conn)

    async def taken(table: str, id: UUID) -> bool:
        try:
            await owner.execute(f"select from {table} where id = $1 for no key update nowait", id)
        except asyncpg.LockNotAvailableError:
            return True
        return False

    async with transaction(pool, wie) as conn:
        await vergrendel(conn, now=late, plekken=[plek.id], aanvragen=[named.id], voorstellen=[concept.id])
        assert not await owner.fetchval(
            "select pg_try_advisory_lock(hashtextextended('bezetting ' || $1::uuid, 0))", plek.id
        )
        assert await taken("voorziening", plek.voorziening_id) and await taken("voorstel", concept.id)
        kinds = {"named": named, "held": held, "asked": asked, "free": free}
        assert {name for name, kind in kinds.items() if await taken("aanvraag", kind.id)} == {"named", "held", "asked"}
