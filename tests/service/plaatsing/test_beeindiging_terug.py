"""An aanbieder announces its own stop; until the day itself it is taken back, as far as that can be, and never half."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from service.aanbod import bezetting, plekken
from service.aanbod.plekken import Bron
from service.aanvraag import aanvragen
from service.aanvraag.gebeurtenissen import AanvraagStatus
from service.bericht import meldingen
from service.db import Connection, Pool, Rol, Wie, transaction
from service.errors import Kind, Refusal
from service.plaatsing import beeindigingen, opties, optiestappen
from service.plaatsing.beeindigingen import Beeindiging, BeeindigingStap, BeeindigingStapSoort
from service.rang.travel import Traveller
from tests import make
from tests.conftest import REGIO
from tests.service.bericht.test_meldingen import DIENST, person
from tests.service.plaatsing.test_beeindigingen import PER, decide, end, refused, status
from tests.service.voorstelling import child, sent

TERUG = BeeindigingStap(stap=BeeindigingStapSoort.NEEM_TERUG, reden="Er is toch personeel.")


def provider(aanbieder: UUID) -> Wie:
    return Wie(REGIO, Rol.AANBIEDER, UUID(int=5), aanbieder)


async def back(conn: Connection, wie: Wie, stopt: Beeindiging, now: Any = make.NOW) -> Beeindiging:
    return await beeindigingen.step(conn, stopt.id, TERUG, wie=wie, now=now)


async def bestaat_tot(conn: Connection, plek: plekken.Plek) -> Any:
    return (await plekken.get(conn, plek.id, make.NOW)).bestaat_tot


async def test_an_aanbieder_announces_and_takes_back_its_own_stop(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Of nobody else; each is one gebeurtenis, and the loket and contractbeheer are told."""
    async with transaction(pool, wie) as conn:
        plek, other = await make.plek(conn), await make.plek(conn)
    zorg = provider(plek.aanbieder_id)
    told = [await person(owner, "schakelfunctionaris"), await person(owner, "contractbeheer")]

    async with transaction(pool, zorg) as conn:
        stopt = await end(conn, plek)
        assert (stopt.door, await bestaat_tot(conn, plek)) == (Rol.AANBIEDER, PER)
        assert (await refused(end(conn, other))).kind is Kind.INVALID
        again = await back(conn, zorg, stopt)
        assert (again.teruggenomen_op, await bestaat_tot(conn, plek)) == (make.NOW, None)
        assert "al teruggenomen" in (await refused(back(conn, zorg, stopt))).detail
        # And it may be said once more.
        assert (await end(conn, plek)).id != stopt.id
    happened = await owner.fetch("select id, soort::text, rol::text, reden from gebeurtenis order by nummer")
    assert [tuple(row)[1:] for row in happened] == [
        ("aanbieder_stopt", "aanbieder", None),
        ("aanbieder_gaat_door", "aanbieder", TERUG.reden),
        ("aanbieder_stopt", "aanbieder", None),
    ]
    async with transaction(pool, DIENST) as conn:
        await meldingen.verdeel(conn, happened[1]["id"], now=make.NOW)
    assert {row[0] for row in await owner.fetch("select gebruiker_id from bericht")} == set(told)


async def test_what_the_loket_recorded_only_the_loket_takes_back_and_the_loket_anything(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        plek, other = await make.plek(conn), await make.plek(conn)
        by_loket = await end(conn, plek)
    async with transaction(pool, provider(other.aanbieder_id)) as conn:
        by_zorg = await end(conn, other)

    async with transaction(pool, provider(plek.aanbieder_id)) as conn:
        assert (await refused(back(conn, provider(plek.aanbieder_id), by_loket))).kind is Kind.FORBIDDEN
        assert (await refused(back(conn, provider(plek.aanbieder_id), by_zorg))).kind is Kind.NOT_FOUND
    async with transaction(pool, wie) as conn:
        for stopt in (by_loket, by_zorg):
            assert (await back(conn, wie, stopt)).teruggenomen_op == make.NOW


@pytest.mark.parametrize(("day", "kan"), [(29, True), (30, True), (31, False)])
async def test_until_the_day_itself(pool: Pool, wie: Wie, day: int, kan: bool) -> None:
    """One less, the day, one more."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        stopt = await end(conn, plek)
        now = make.NOW + timedelta(days=day)
        if kan:
            assert (await back(conn, wie, stopt, now)).teruggenomen_op == now
        else:
            assert "is voorbij" in (await refused(back(conn, wie, stopt, now))).detail


async def test_plekken_and_stops_are_as_they_were(pool: Pool, wie: Wie) -> None:
    """Also what would begin or be closed after the day; what was made shorter meanwhile, stays so."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        later, ends, shortened = [
            await make.plek(conn, voorziening_id=plek.voorziening_id, **more)
            for more in ({"bestaat_van": make.day(60)}, {"bestaat_tot": make.day(90)}, {})
        ]
        over = await make.stop(conn, plek_id=plek.id, van=make.day(10), tot=make.day(40))
        after = await make.stop(conn, plek_id=plek.id, van=make.day(50), tot=make.day(55))
        stopt = await end(conn, plek)
        await plekken.change(
            conn, shortened.id, plekken.WijzigingPlek(bestaat_tot=make.day(20)), now=make.NOW, bron=Bron.SCHERM
        )

        await back(conn, wie, stopt)

        found = {
            one.id: one for one in [await plekken.get(conn, p.id, make.NOW) for p in (plek, later, ends, shortened)]
        }
        assert {id: (one.bestaat_van, one.bestaat_tot) for id, one in found.items()} == {
            plek.id: (plek.bestaat_van, None),
            later.id: (make.day(60), None),
            ends.id: (ends.bestaat_van, make.day(90)),
            shortened.id: (shortened.bestaat_van, make.day(20)),
        }
        left = await conn.fetch("select id, lower(periode), upper(periode), vrijgegeven_op from bezetting order by 2")
        assert [tuple(row) for row in left] == [
            (over.id, make.day(10), make.day(40), None),
            (after.id, make.day(50), make.day(55), None),
        ]


async def test_another_stop_that_stands_still_counts(pool: Pool, wie: Wie) -> None:
    """A voorziening and then its aanbieder: in whatever order they are taken back, the end is as at the beginning."""
    async with transaction(pool, wie) as conn:
        for order in ((0, 1), (1, 0)):
            plek = await make.plek(conn)
            stay = await make.plaatsing(
                conn, plek_id=(await make.plek(conn, voorziening_id=plek.voorziening_id)).id, tot=make.day(60)
            )
            both = [await end(conn, plek), await end(conn, plek, alles=True, per=make.day(10))]

            await back(conn, wie, both[order[0]])
            other = both[order[1]]
            assert await bestaat_tot(conn, plek) == other.per
            assert [one.id for one in await beeindigingen.overdrachten(conn, other.id)] == [stay.id]
            await back(conn, wie, other)
            assert await bestaat_tot(conn, plek) is None
            assert await beeindigingen.overdrachten(conn, other.id) == []


async def test_what_was_let_go_stays_free_and_who_held_it_is_told(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Per aanvraag, to the loket only; the plek can be asked for again."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        bed = await make.plek(conn, voorziening_id=plek.voorziening_id)
        held, asked = await child(conn), await child(conn)
        later = make.NOW + timedelta(days=2)
        await bezetting.houd(conn, plek.id, held.id, make.day(1), None, vervalt_op=later, now=make.NOW)
        await sent(conn, pool, wie, (asked.id, bed.id))
        stopt = await end(conn, plek)

        await back(conn, wie, stopt)

        assert await conn.fetchval("select count(*) from bezetting where vrijgegeven_op is null") == 0
        rows = await conn.fetch("select aanvraag_id, aanbieder_id from gebeurtenis where soort = 'plek_blijft'")
        assert {tuple(row) for row in rows} == {(held.id, None), (asked.id, None)}
        again = opties.NieuweOptie(
            plekken=[opties.Toewijzing(aanvraag_id=held.id, plek_id=plek.id)], van=make.day(1), tot=None
        )
        assert len(await opties.houd(conn, Traveller(), again, wie=wie, now=make.NOW)) == 1


async def test_an_aanvraag_for_another_place_is_withdrawn_when_nothing_was_done(
    pool: Pool, owner: Connection, wie: Wie
) -> None:
    """With the reason; who may stay until a day, may stay longer again."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        bed = await make.plek(conn, voorziening_id=plek.voorziening_id)
        moves = await make.plaatsing(conn, plek_id=plek.id, tot=make.day(60))
        stays = await make.plaatsing(conn, plek_id=bed.id, tot=make.day(60))
    async with transaction(pool, wie) as conn:
        stopt = await end(conn, plek)
        overdracht = (await decide(conn, wie, stopt, moves)).overdracht_id
        assert overdracht is not None
        await decide(conn, wie, stopt, stays, make.day(50))

    async with transaction(pool, wie) as conn:
        await back(conn, wie, stopt)

        assert await status(conn, overdracht) is AanvraagStatus.INGETROKKEN
        told = "select reden from gebeurtenis where aanvraag_id = $1 and soort = 'ingetrokken'"
        assert await conn.fetchval(told, overdracht) == "De aanbieder stopt toch niet."
        rows = await conn.fetch("select aanvraag_id from gebeurtenis where soort = 'overdracht_vervalt'")
        assert [row[0] for row in rows] == [moves.aanvraag_id]
        assert {await bestaat_tot(conn, plek), await bestaat_tot(conn, bed)} == {None}
        assert await beeindigingen.alarmen(conn, make.NOW) == []


async def test_it_is_refused_when_more_was_done_for_a_child_and_nothing_changes(pool: Pool, wie: Wie) -> None:
    """It names the plek, and not the child; nothing of it is kept."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn, naam="Kamer 7")
        stay = await make.plaatsing(conn, plek_id=plek.id, tot=make.day(60))
        elsewhere = await make.plek(conn)
    async with transaction(pool, wie) as conn:
        stopt = await end(conn, plek)
        overdracht = (await decide(conn, wie, stopt, stay)).overdracht_id
        assert overdracht is not None
        later = make.NOW + timedelta(days=2)
        held = await bezetting.houd(conn, elsewhere.id, overdracht, make.day(1), None, vervalt_op=later, now=make.NOW)
        await conn.execute("select leg_vast($1, 'optie', $2)", overdracht, make.NOW)

    with pytest.raises(Refusal) as refusal:
        async with transaction(pool, wie) as conn:
            await back(conn, wie, stopt)
    assert refusal.value.kind is Kind.CONFLICT
    assert "Kamer 7" in refusal.value.detail
    async with transaction(pool, wie) as conn:
        assert (await beeindigingen.get(conn, stopt.id)).teruggenomen_op is None
        assert await conn.fetchval("select count(*) from gebeurtenis where soort = 'overdracht_vervalt'") == 0
        await optiestappen.laat_los(conn, held.id, "Niet nodig.", now=make.NOW)
        assert (await back(conn, wie, stopt)).teruggenomen_op == make.NOW


async def test_who_lives_in_crisis_still_needs_where_to_go_on_to(pool: Pool, wie: Wie) -> None:
    """Its vervolgaanvraag was there before the stop, and stays; with the priority that it got."""
    async with transaction(pool, wie) as conn:
        nacht = await make.voorziening(conn, zorgvorm="crisis")
        plek = await make.plek(conn, voorziening_id=nacht.id)
        kind = await child(conn, zorgvormen=["crisis", "gezinshuis"], zorgvorm_reden="Vannacht.")
        stay = await make.plaatsing(conn, plek_id=plek.id, aanvraag_id=kind.id, tot=make.day(40))
    async with transaction(pool, wie) as conn:
        stopt = await end(conn, plek, per=make.day(10))
        vervolg = (await decide(conn, wie, stopt, stay)).overdracht_id
        assert vervolg is not None

    async with transaction(pool, wie) as conn:
        await back(conn, wie, stopt)

        found = await aanvragen.get(conn, vervolg)
        assert (found.status, found.urgentie) == (AanvraagStatus.INGEDIEND, "spoed")
