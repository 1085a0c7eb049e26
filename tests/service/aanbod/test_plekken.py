"""Plekken: what a plek is today follows from whether it exists, what takes it and what its provider says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from service.aanbod import bezetting, plekken
from service.aanbod.bezetting import EindeReden
from service.aanbod.plekken import Beschikbaarheid, BezettingSoort, Bron, NieuwePlek, PlekStatus, WijzigingPlek
from service.db import Connection, Pool, Wie, transaction
from service.errors import Kind, Refusal
from service.plaatsing import plaatsingen
from tests import make


async def status_of(conn: Connection, plek: plekken.Plek) -> PlekStatus:
    return (await plekken.get(conn, plek.id, make.NOW)).status


@pytest.mark.parametrize(
    ("beschikbaarheid", "status"),
    [
        (Beschikbaarheid.BEMENST, PlekStatus.OPEN),
        (Beschikbaarheid.ONBEMENST, PlekStatus.ONBEMENST),
        (Beschikbaarheid.IN_OVERLEG, PlekStatus.IN_OVERLEG),
    ],
)
async def test_an_empty_plek_is_what_its_provider_says(
    pool: Pool, wie: Wie, beschikbaarheid: Beschikbaarheid, status: PlekStatus
) -> None:
    """Empty is not the same as available."""
    async with transaction(pool, wie) as conn:
        assert (await make.plek(conn, beschikbaarheid=beschikbaarheid)).status is status


@pytest.mark.parametrize(
    ("van", "tot", "status"),
    [
        (make.day(0), None, PlekStatus.OPEN),
        (make.day(1), None, PlekStatus.GEPLAND),
        (make.day(-9), make.day(1), PlekStatus.OPEN),
        (make.day(-9), make.day(0), PlekStatus.VERVALLEN),
    ],
)
async def test_a_plek_exists_from_its_first_day_until_the_day_it_is_gone(
    pool: Pool, wie: Wie, van: date, tot: date | None, status: PlekStatus
) -> None:
    """The first day counts, the last one does not."""
    async with transaction(pool, wie) as conn:
        assert (await make.plek(conn, bestaat_van=van, bestaat_tot=tot)).status is status


async def test_a_plaatsing_takes_the_plek_until_its_expected_end(pool: Pool, wie: Wie) -> None:
    """With by what and until when."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        await make.plaatsing(conn, plek_id=plek.id, van=make.TODAY, tot=make.day(60))

        taken = await plekken.get(conn, plek.id, make.NOW)

    assert (taken.status, taken.bezet_door, taken.bezet_tot) == (
        PlekStatus.BEZET,
        BezettingSoort.PLAATSING,
        make.day(60),
    )
    assert not taken.einde_verstreken


async def test_a_plaatsing_past_its_expected_end_still_takes_the_plek_until_somebody_ends_it(
    pool: Pool, wie: Wie
) -> None:
    """The child may still be there: nobody said otherwise."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        plaatsing = await make.plaatsing(conn, plek_id=plek.id, van=make.day(-30), tot=make.TODAY)
        overdue = await plekken.get(conn, plek.id, make.NOW)

        await plaatsingen.beeindig(conn, plaatsing.id, make.TODAY, EindeReden.VOLGENS_PLAN, now=make.NOW)

        assert (overdue.status, overdue.einde_verstreken) == (PlekStatus.BEZET, True)
        assert await status_of(conn, plek) is PlekStatus.OPEN


async def test_an_optie_counts_only_until_it_expires(pool: Pool, wie: Wie) -> None:
    """Nobody has to clean up for it: every read looks at the clock."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        aanvraag = await make.aanvraag(conn)
        vervalt_op = make.NOW + timedelta(hours=4)
        await bezetting.houd(conn, plek.id, aanvraag.id, make.TODAY, None, vervalt_op=vervalt_op, now=make.NOW)

        before = await plekken.get(conn, plek.id, vervalt_op - timedelta(seconds=1))
        after = await plekken.get(conn, plek.id, vervalt_op)

    assert (before.status, before.bezet_door, before.bezet_tot) == (PlekStatus.BEZET, BezettingSoort.OPTIE, None)
    assert after.status is PlekStatus.OPEN


async def test_a_stop_is_told_as_a_stop(pool: Pool, wie: Wie) -> None:
    """From its first day on; before that the plek is open, with the day on which it will not be."""
    async with transaction(pool, wie) as conn:
        now, later = await make.plek(conn), await make.plek(conn)
        await make.stop(conn, plek_id=now.id, van=make.TODAY)
        await make.stop(conn, plek_id=later.id, van=make.day(1))

        assert await status_of(conn, now) is PlekStatus.GESTOPT
        planned = await plekken.get(conn, later.id, make.NOW)

    assert (planned.status, planned.volgende_bezetting_van) == (PlekStatus.OPEN, make.day(1))


async def test_the_day_is_that_of_the_netherlands(pool: Pool, wie: Wie) -> None:
    """At 23:30 UTC on 1 March it is 2 March here."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        await make.stop(conn, plek_id=plek.id, van=make.TODAY)
        midnight_here = make.NOW.replace(day=1, hour=23, minute=0)

        before = await plekken.get(conn, plek.id, midnight_here - timedelta(seconds=1))
        after = await plekken.get(conn, plek.id, midnight_here)

    assert (before.status, after.status) == (PlekStatus.OPEN, PlekStatus.GESTOPT)


async def test_confirming_says_when_by_which_way_and_what(pool: Pool, wie: Wie) -> None:
    """ "Klopt nog" keeps the beschikbaarheid; another one replaces it. The history stays."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn, now=make.NOW)
        hour = timedelta(hours=1)
        await plekken.bevestig(conn, plek.id, None, now=make.NOW + hour, bron=Bron.MAIL)
        await plekken.bevestig(conn, plek.id, Beschikbaarheid.ONBEMENST, now=make.NOW + 2 * hour, bron=Bron.BESTAND)

        changed = await plekken.get(conn, plek.id, make.NOW + 2 * hour)
        history = await plekken.bevestigingen(conn, plek.id)

    assert (changed.bevestigd_op, changed.status) == (make.NOW + 2 * hour, PlekStatus.ONBEMENST)
    assert [(row.bron, row.beschikbaarheid) for row in history] == [
        (Bron.BESTAND, Beschikbaarheid.ONBEMENST),
        (Bron.MAIL, Beschikbaarheid.BEMENST),
        (Bron.SCHERM, Beschikbaarheid.BEMENST),
    ]


async def test_a_confirmation_that_comes_in_late_does_not_make_the_plek_older(pool: Pool, wie: Wie) -> None:
    """A file of yesterday after a click of today."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn, now=make.NOW)

        await plekken.bevestig(conn, plek.id, None, now=make.NOW - timedelta(days=1), bron=Bron.BESTAND)

        assert (await plekken.get(conn, plek.id, make.NOW)).bevestigd_op == make.NOW


async def test_a_change_that_says_the_beschikbaarheid_confirms_and_another_does_not(pool: Pool, wie: Wie) -> None:
    """A new name says nothing of the bed."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn, now=make.NOW)
        later = make.NOW + timedelta(hours=1)

        renamed = await plekken.change(conn, plek.id, WijzigingPlek(naam="Zolder"), now=later, bron=Bron.KOPPELING)
        said = await plekken.change(
            conn, plek.id, WijzigingPlek(beschikbaarheid=Beschikbaarheid.BEMENST), now=later, bron=Bron.KOPPELING
        )

    assert (renamed.naam, renamed.bevestigd_op) == ("Zolder", make.NOW)
    assert said.bevestigd_op == later


async def test_a_plek_without_first_day_begins_today(pool: Pool, wie: Wie) -> None:
    """Publishing is meant for now."""
    async with transaction(pool, wie) as conn:
        voorziening = await make.voorziening(conn)
        nieuw = NieuwePlek(voorziening_id=voorziening.id, naam="Kamer 1")

        made = await plekken.add(conn, nieuw, now=make.NOW, bron=Bron.SCHERM)

    assert (made.bestaat_van, made.bevestigd_op, made.aanbieder_id) == (make.TODAY, make.NOW, voorziening.aanbieder_id)


@pytest.mark.parametrize(("tot", "wrong"), [(make.day(-1), True), (make.day(0), True), (make.day(1), False)])
async def test_a_plek_exists_for_at_least_a_day(pool: Pool, wie: Wie, tot: date, wrong: bool) -> None:
    """The day it is gone comes after the first."""
    async with transaction(pool, wie) as conn:
        voorziening = await make.voorziening(conn)
        nieuw = NieuwePlek(voorziening_id=voorziening.id, naam="x", bestaat_van=make.TODAY, bestaat_tot=tot)

        assert [error.pointer for error in await plekken.errors(conn, nieuw)] == ["/bestaatTot"] * wrong


async def test_a_page_can_be_of_one_status(pool: Pool, wie: Wie) -> None:
    """As it is at the moment that is asked for."""
    async with transaction(pool, wie) as conn:
        free, taken = await make.plek(conn), await make.plek(conn)
        await make.plaatsing(conn, plek_id=taken.id)

        async def ids(status: PlekStatus) -> list[object]:
            return [plek.id for plek in await plekken.page(conn, make.NOW, status=status)]

        assert await ids(PlekStatus.OPEN) == [free.id]
        assert await ids(PlekStatus.BEZET) == [taken.id]
        assert await ids(PlekStatus.GESTOPT) == []


async def test_pages_of_plekken_follow_each_other_without_gaps(pool: Pool, wie: Wie) -> None:
    """By voorziening and then by name."""
    async with transaction(pool, wie) as conn:
        b = await make.voorziening(conn, naam="B")
        a = await make.voorziening(conn, naam="a")
        for voorziening, naam in ((b, "1"), (a, "2"), (a, "1"), (b, "0")):
            await make.plek(conn, voorziening_id=voorziening.id, naam=naam)

        first = await plekken.page(conn, make.NOW, limit=3)
        rest = await plekken.page(conn, make.NOW, after=first[-1].id)

    assert [(plek.voorziening_id, plek.naam) for plek in [*first, *rest]] == [
        (a.id, "1"),
        (a.id, "2"),
        (b.id, "0"),
        (b.id, "1"),
    ]


async def test_a_plek_shared_by_agreement_shows_what_takes_it_to_the_other_region_too(
    pool: Pool, owner: Connection, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """Without who: the rows of bezetting stay closed, but a bed that is taken is not offered twice."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        await make.plaatsing(conn, plek_id=plek.id)
    await owner.execute(
        "insert into regioafspraak (aanbod_regio, vraag_regio, geldigheid) values ($1, 'flevoland', '[2026-01-01,)')",
        wie.regio,
    )

    async with transaction(pool, wie_als("schakelfunctionaris", regio="flevoland")) as conn:
        assert await status_of(conn, plek) is PlekStatus.BEZET
        assert await conn.fetchval("select count(*) from bezetting") == 0


async def test_a_plek_does_not_end_under_who_has_it(pool: Pool, wie: Wie) -> None:
    """Neither before the end of a plaatsing nor after its start; on its last day is right."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        await make.plaatsing(conn, plek_id=plek.id, van=make.TODAY, tot=make.day(10))

    async def change(**days: date) -> None:
        async with transaction(pool, wie) as conn:
            await plekken.change(conn, plek.id, WijzigingPlek(**days), now=make.NOW, bron=Bron.SCHERM)

    for days in ({"bestaat_tot": make.day(9)}, {"bestaat_van": make.day(1)}):
        with pytest.raises(Refusal, match="bezet of beloofd") as refused:
            await change(**days)
        assert refused.value.kind is Kind.CONFLICT
    await change(bestaat_tot=make.day(10))


async def test_an_aanbieder_lists_its_own_plekken_and_what_takes_them(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """Not those of another, also when it asks for them; a verwijzer lists none."""
    async with transaction(pool, wie) as conn:
        own, other = await make.plek(conn), await make.plek(conn)
        await make.plaatsing(conn, plek_id=own.id)

    async with transaction(pool, wie_als("aanbieder", organisatie=own.aanbieder_id)) as conn:
        listed = await plekken.page(conn, make.NOW)
        asked = await plekken.page(conn, make.NOW, aanbieder_id=other.aanbieder_id)
    async with transaction(pool, wie_als("verwijzer")) as conn:
        none = await plekken.page(conn, make.NOW)

    assert [(plek.id, plek.status) for plek in listed] == [(own.id, PlekStatus.BEZET)]
    assert asked == none == []


async def test_the_first_page_is_full_also_when_voorzieningen_have_no_plekken(pool: Pool, wie: Wie) -> None:
    """It is read from as many voorzieningen as there are rows on it; when that is too few, from all of them."""
    async with transaction(pool, wie) as conn:
        for letter in "abc":
            await make.voorziening(conn, naam=f"{letter} zonder plek")
        full = await make.voorziening(conn, naam="é met plekken")
        names = ["1", "2", "3"]
        for name in names:
            await make.plek(conn, voorziening_id=full.id, naam=name)
        later = await make.voorziening(conn, naam="F later")
        await make.plek(conn, voorziening_id=later.id, naam="4")
        for many in (1, 2, 4):
            found = await plekken.page(conn, make.NOW, limit=many)
            assert [plek.naam for plek in found] == [*names, "4"][:many]
        emptied = await plekken.page(conn, make.NOW, zorgvorm="gezinshuis", limit=4)
        assert emptied == await plekken.page(conn, make.NOW, limit=4)
