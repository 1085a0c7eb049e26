"""Bezetting: two periods on one plek never overlap, whoever asks and however many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest

from service.aanbod import bezetting, plekken
from service.aanbod.bezetting import EindeReden
from service.aanbod.plekken import PlekStatus
from service.aanvraag import aanvragen
from service.aanvraag.gebeurtenissen import AanvraagStatus
from service.db import Connection, Pool, Wie, open_pool, transaction
from service.errors import CONSTRAINTS, Kind, Refusal
from service.plaatsing import plaatsingen
from tests import make

HOUR = timedelta(hours=1)


async def hold(
    conn: Connection, plek_id: UUID, *, van: date = make.TODAY, tot: date | None = None
) -> bezetting.Bezetting:
    aanvraag = await make.aanvraag(conn)
    return await bezetting.houd(conn, plek_id, aanvraag.id, van, tot, vervalt_op=make.NOW + HOUR, now=make.NOW)


async def refusal_of(pool: Pool, wie: Wie, claim: Callable[[Connection], object]) -> Refusal:
    """The refusal of a claim, in a transaction of its own."""
    with pytest.raises(Refusal) as refused:
        async with transaction(pool, wie) as conn:
            await claim(conn)  # type: ignore[misc]
    return refused.value


async def test_of_many_who_want_one_plek_at_once_exactly_one_gets_it(pool: Pool, database_url: str, wie: Wie) -> None:
    """The constraint decides; the others are told in words, not with a database error or a deadlock."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        wanted = [(await make.aanvraag(conn)).id for _ in range(20)]

    async def claim(aanvraag_id: UUID) -> bezetting.Bezetting:
        async with transaction(crowd, wie) as conn:
            vervalt_op = make.NOW + HOUR
            return await bezetting.houd(
                conn, plek.id, aanvraag_id, make.TODAY, None, vervalt_op=vervalt_op, now=make.NOW
            )

    async with await open_pool(database_url, size=20) as crowd:
        outcomes = await asyncio.gather(*map(claim, wanted), return_exceptions=True)

    winners = [outcome for outcome in outcomes if isinstance(outcome, bezetting.Bezetting)]
    losers = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    assert (len(winners), len(losers)) == (1, 19)
    assert {(loser.kind, loser.detail) for loser in losers} == {CONSTRAINTS["bezetting_geen_overlap"][:2]}


async def test_the_database_refuses_an_overlap_that_no_function_made(pool: Pool, wie: Wie) -> None:
    """Whatever the code does: a plain insert that overlaps is refused, one that begins on the last day is not."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        await make.stop(conn, plek_id=plek.id, van=make.TODAY, tot=make.day(10))
    insert = (
        "insert into bezetting (regio, vraag_regio, plek_id, soort, periode, stop_reden) "
        "values (huidige_regio(), huidige_regio(), $1, 'stop', daterange($2, $3), 'anders')"
    )

    refused = await refusal_of(pool, wie, lambda conn: conn.execute(insert, plek.id, make.day(9), make.day(11)))

    assert refused.kind is Kind.CONFLICT
    async with transaction(pool, wie) as conn:
        await conn.execute(insert, plek.id, make.day(10), make.day(11))


async def test_a_claim_first_ends_the_opties_that_have_expired(pool: Pool, wie: Wie) -> None:
    """In its own transaction, so that no job has to come first."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        optie = await hold(conn, plek.id)
        aanvraag = await make.aanvraag(conn)

        later = optie.vervalt_op
        assert later is not None
        taken = await bezetting.houd(conn, plek.id, aanvraag.id, make.TODAY, None, vervalt_op=later + HOUR, now=later)
        vrijgegeven_op = await conn.fetchval("select vrijgegeven_op from bezetting where id = $1", optie.id)

    assert taken.aanvraag_id == aanvraag.id
    assert vrijgegeven_op == later


async def test_an_optie_holds_until_the_second_before_it_expires(pool: Pool, wie: Wie) -> None:
    """One second less is still held."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        await hold(conn, plek.id)
        aanvraag = await make.aanvraag(conn)

    now = make.NOW + HOUR - timedelta(seconds=1)
    refused = await refusal_of(
        pool,
        wie,
        lambda conn: bezetting.houd(conn, plek.id, aanvraag.id, make.TODAY, None, vervalt_op=now + HOUR, now=now),
    )

    assert refused.kind is Kind.CONFLICT


async def test_an_optie_that_is_let_go_takes_nothing(pool: Pool, wie: Wie) -> None:
    """And cannot be let go twice."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        optie = await hold(conn, plek.id)

        await bezetting.geef_vrij(conn, optie.id, now=make.NOW)

        assert (await hold(conn, plek.id)).vrijgegeven_op is None
        with pytest.raises(Refusal):
            await bezetting.geef_vrij(conn, optie.id, now=make.NOW)


async def test_an_optie_must_expire_in_the_future(pool: Pool, wie: Wie) -> None:
    """A hold that is over at once holds nothing."""
    async with transaction(pool, wie) as conn:
        plek, aanvraag = await make.plek(conn), await make.aanvraag(conn)
        with pytest.raises(Refusal) as refused:
            await bezetting.houd(conn, plek.id, aanvraag.id, make.TODAY, None, vervalt_op=make.NOW, now=make.NOW)

    assert [error.pointer for error in refused.value.fields] == ["/vervaltOp"]


async def test_a_plaatsing_takes_over_its_own_optie_and_places_the_aanvraag(pool: Pool, wie: Wie) -> None:
    """The hold was for this child; the age goes along for the group mix."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        aanvraag = await make.aanvraag(conn, leeftijd_maanden=120, leeftijd_peildatum=make.TODAY)
        await bezetting.houd(conn, plek.id, aanvraag.id, make.TODAY, None, vervalt_op=make.NOW + HOUR, now=make.NOW)

        plaatsing = await plaatsingen.plaats(conn, plek.id, aanvraag.id, date(2026, 5, 3), None, now=make.NOW)

        maanden = await conn.fetchval("select bewoner_maanden from bezetting where id = $1", plaatsing.id)
        status = (await aanvragen.get(conn, aanvraag.id)).status

    assert maanden == 122
    assert status is AanvraagStatus.GEPLAATST


@pytest.mark.parametrize(
    ("leeftijd", "van", "maanden"),
    [
        (120, date(2026, 2, 28), 120),
        (120, date(2026, 3, 1), 121),
        (120, date(2026, 1, 15), 120),
        (275, date(2026, 6, 1), 275),
    ],
)
async def test_the_age_that_goes_along_with_a_plaatsing_is_that_of_its_first_day(
    pool: Pool, wie: Wie, leeftijd: int, van: date, maanden: int
) -> None:
    """As days.age_on: of 31 January the next month is full on 1 March, before it nobody is younger; at most 275."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        aanvraag = await make.aanvraag(conn, leeftijd_maanden=leeftijd, leeftijd_peildatum=date(2026, 1, 31))

        plaatsing = await plaatsingen.plaats(conn, plek.id, aanvraag.id, van, None, now=make.NOW)

        assert await conn.fetchval("select bewoner_maanden from bezetting where id = $1", plaatsing.id) == maanden


async def test_a_plaatsing_does_not_take_over_the_optie_of_another(pool: Pool, wie: Wie) -> None:
    """Holds bind."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        await hold(conn, plek.id)

    refused = await refusal_of(pool, wie, lambda conn: make.plaatsing(conn, plek_id=plek.id, van=make.TODAY))

    assert refused.kind is Kind.CONFLICT


async def test_extending_is_a_claim_that_can_conflict(pool: Pool, wie: Wie) -> None:
    """Until the day before the next one comes is fine; a day more is not."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        plaatsing = await make.plaatsing(conn, plek_id=plek.id, tot=make.day(30))
        await make.plaatsing(conn, plek_id=plek.id, van=make.day(40), tot=make.day(60))

        longer = await plaatsingen.verleng(conn, plaatsing.id, make.day(40), now=make.NOW)

    refused = await refusal_of(
        pool, wie, lambda conn: plaatsingen.verleng(conn, plaatsing.id, make.day(41), now=make.NOW)
    )

    assert longer.tot == make.day(40)
    assert refused.kind is Kind.CONFLICT


async def test_ending_frees_the_plek_from_that_day_on(pool: Pool, wie: Wie) -> None:
    """With the reason, and only once."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        aanvraag = await make.aanvraag(conn)
        plaatsing = await make.plaatsing(conn, plek_id=plek.id, aanvraag_id=aanvraag.id)

        ended = await plaatsingen.beeindig(conn, plaatsing.id, make.TODAY, EindeReden.TERUG_NAAR_HUIS, now=make.NOW)

        assert (ended.tot, ended.beeindigd_op, ended.einde_reden) == (
            make.TODAY,
            make.TODAY,
            EindeReden.TERUG_NAAR_HUIS,
        )
        assert (await plekken.get(conn, plek.id, make.NOW)).status is PlekStatus.OPEN
        assert (await aanvragen.get(conn, aanvraag.id)).status is AanvraagStatus.BEEINDIGD
        with pytest.raises(Refusal) as refused:
            await plaatsingen.beeindig(conn, plaatsing.id, make.TODAY, EindeReden.ANDERS, now=make.NOW)

    assert refused.value.kind is Kind.CONFLICT


@pytest.mark.parametrize(("op", "pointer"), [(make.day(1), "/op"), (make.day(-29), "/tot")])
async def test_an_end_lies_after_the_start_and_not_in_the_future(pool: Pool, wie: Wie, op: date, pointer: str) -> None:
    """The plaatsing began on make.day(-29)."""
    async with transaction(pool, wie) as conn:
        plaatsing = await make.plaatsing(conn, plek_id=(await make.plek(conn)).id, van=make.day(-29))

        with pytest.raises(Refusal) as refused:
            await plaatsingen.beeindig(conn, plaatsing.id, op, EindeReden.ANDERS, now=make.NOW)

    assert [error.pointer for error in refused.value.fields] == [pointer]


async def test_a_claim_outside_the_life_of_the_plek_is_refused(pool: Pool, wie: Wie) -> None:
    """Nobody stays in a bed that will be gone."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn, bestaat_tot=make.day(10))
        with pytest.raises(Refusal) as refused:
            await make.plaatsing(conn, plek_id=plek.id, van=make.TODAY, tot=make.day(11))

        await make.plaatsing(conn, plek_id=plek.id, van=make.TODAY, tot=make.day(10))

    assert refused.value.kind is Kind.CONFLICT


async def test_an_expired_optie_of_another_region_is_ended_too(
    pool: Pool, owner: Connection, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """On a shared plek the row of the other region cannot be seen, but it must not hold for ever."""
    elders = wie_als("schakelfunctionaris", regio="flevoland")
    await owner.execute(
        "insert into regioafspraak (aanbod_regio, vraag_regio, geldigheid) values ($1, 'flevoland', '[2026-01-01,)')",
        wie.regio,
    )
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        await hold(conn, plek.id)

    async with transaction(pool, elders) as conn:
        aanvraag = await make.aanvraag(conn)
        later = make.NOW + HOUR
        taken = await bezetting.houd(conn, plek.id, aanvraag.id, make.TODAY, None, vervalt_op=later + HOUR, now=later)

    assert taken.aanvraag_id == aanvraag.id
