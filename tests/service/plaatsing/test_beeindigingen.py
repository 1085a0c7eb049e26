"""An aanbieder stops: what was free is gone at once, who lives there is decided one by one, nothing is half done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from service.aanbod import bezetting, plekken, stops
from service.aanbod.bezetting import EindeReden
from service.aanbod.plekken import Bron, NieuwePlek, PlekStatus, WijzigingPlek
from service.aanvraag import aanvragen, stappen
from service.aanvraag.gebeurtenissen import AanvraagStatus
from service.aanvraag.termijnen import AlarmSoort, Ernst
from service.bericht import alarmen, meldingen
from service.db import SYSTEM, Connection, Pool, Rol, Wie, transaction
from service.errors import Kind, Refusal
from service.plaatsing import beeindigingen, opties, plaatsingen, plaatsingstappen
from service.plaatsing.beeindigingen import (
    Beeindiging,
    BeeindigingReden,
    NieuwBesluit,
    NieuweBeeindiging,
    OverdrachtBesluit,
)
from service.plaatsing.plaatsingstappen import PlaatsingStap, StapPlaatsing
from service.privacy import bewaren
from service.urgentie import Urgentie
from tests import make
from tests.conftest import OTHER_REGIO, REGIO
from tests.service import canary
from tests.service.bericht.test_meldingen import DIENST, person
from tests.service.voorstelling import child, ready, sent

PER = make.day(30)
UITLOOP, OVERDRACHT = OverdrachtBesluit.UITLOOP, OverdrachtBesluit.OVERDRACHT


async def end(conn: Connection, plek: plekken.Plek, *, alles: bool = False, **fields: Any) -> Beeindiging:
    """Its voorziening stops, or its whole aanbieder."""
    nieuw = NieuweBeeindiging(
        **{
            "aanbieder_id": plek.aanbieder_id,
            "voorziening_id": None if alles else plek.voorziening_id,
            "per": PER,
            "reden": BeeindigingReden.FAILLISSEMENT,
            **fields,
        }
    )
    return await beeindigingen.add(conn, nieuw, now=make.NOW)


async def decide(
    conn: Connection, wie: Wie, stopt: Beeindiging, plaatsing: bezetting.Bezetting, tot: date | None = None
) -> beeindigingen.Overdracht:
    """Uitloop until then, or overdracht."""
    nieuw = NieuwBesluit(besluit=UITLOOP if tot else OVERDRACHT, uitloop_tot=tot)
    return await beeindigingen.besluit(conn, stopt.id, plaatsing.id, nieuw, wie=wie, now=make.NOW)


async def refused(awaitable: Any) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        await awaitable
    return refusal.value


async def alone(pool: Pool, wie: Wie, what: Callable[[Connection], Awaitable[Any]]) -> None:
    """In a transaction of its own."""
    async with transaction(pool, wie) as conn:
        await what(conn)


async def status(conn: Connection, id: UUID) -> AanvraagStatus:
    return (await aanvragen.get(conn, id)).status


# ── What is gone at once ─────────────────────────────────────────────────────────────────────────


async def test_free_places_of_a_voorziening_are_there_until_its_day(pool: Pool, wie: Wie) -> None:
    """Of another voorziening of the same aanbieder they stay; of the whole aanbieder all go."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        other = await make.plek(conn, voorziening_id=(await make.voorziening(conn, aanbieder_id=plek.aanbieder_id)).id)
        later = await make.plek(conn, voorziening_id=plek.voorziening_id, bestaat_van=make.day(60))

        made = await end(conn, plek)

        assert (await plekken.get(conn, plek.id, make.NOW)).bestaat_tot == PER
        assert (await plekken.get(conn, plek.id, make.NOW)).status is PlekStatus.OPEN
        planned = await plekken.get(conn, later.id, make.NOW)
        assert (planned.bestaat_van, planned.bestaat_tot) == (make.day(29), PER)
        assert (await plekken.get(conn, other.id, make.NOW)).bestaat_tot is None
        assert (made.plaatsingen, made.open_besluiten, made.per) == (0, 0, PER)

        await end(conn, plek, alles=True, per=make.day(10))
        assert (await plekken.get(conn, other.id, make.NOW)).bestaat_tot == make.day(10)
        assert (await plekken.get(conn, plek.id, make.NOW)).bestaat_tot == make.day(10)


async def test_what_is_held_or_proposed_beyond_that_day_is_let_go_and_all_are_told(
    pool: Pool, owner: Connection, wie: Wie
) -> None:
    """Opties, concepts and what was sent; what ends before it, stays. A gebeurtenis and its status for each."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        beds = [await make.plek(conn, voorziening_id=plek.voorziening_id) for _ in range(4)]
        held, asked, thought, short = [await child(conn) for _ in range(4)]
        later = make.NOW.replace(day=4)
        await bezetting.houd(conn, beds[0].id, held.id, make.day(1), None, vervalt_op=later, now=make.NOW)
        await bezetting.houd(conn, beds[1].id, short.id, make.day(1), PER, vervalt_op=later, now=make.NOW)
        brief = await sent(conn, pool, wie, (asked.id, beds[2].id))
        (concept,) = await ready(conn, wie, (thought.id, beds[3].id))
    loket = await person(owner, "schakelfunctionaris")
    zorg = await person(owner, "aanbieder", aanbieder_id=plek.aanbieder_id)

    async with transaction(pool, wie) as conn:
        await end(conn, plek)

        left = await conn.fetch("select aanvraag_id from bezetting where soort = 'optie' and vrijgegeven_op is null")
        assert [row[0] for row in left] == [short.id]
        rows = await conn.fetch("select id, status::text from voorstel")
        assert {row[0]: row[1] for row in rows} == {brief.id: "ingetrokken", concept.id: "ingetrokken"}
        assert await status(conn, asked.id) is AanvraagStatus.IN_BEHANDELING
        wrong = await conn.fetch("select id from aanvraag where id <> $1 and status <> 'ingediend'", asked.id)
        assert wrong == []
        happened = await conn.fetch(
            "select id, aanvraag_id, soort::text, reden from gebeurtenis where gegevens ? 'beeindiging' order by nummer"
        )
    assert {(row["aanvraag_id"], row["soort"], row["reden"]) for row in happened} == {
        (held.id, "optie_vrij", "De aanbieder stopt."),
        (asked.id, "voorstel_ingetrokken", "De aanbieder stopt."),
        (thought.id, "voorstel_ingetrokken", "De aanbieder stopt."),
        (None, "aanbieder_stopt", None),
    }
    async with transaction(pool, DIENST) as conn:
        for row in happened:
            await meldingen.verdeel(conn, row["id"], now=make.NOW)
    told = {(row[0], row[1]) for row in await owner.fetch("select gebruiker_id, soort from bericht")}
    assert {
        (loket, "optie_vrij_loket"),
        (loket, "voorstel_ingetrokken_loket"),
        (loket, "aanbieder_stopt_loket"),
        (zorg, "voorstel_ingetrokken_aanbieder"),
        (zorg, "aanbieder_stopt_aanbieder"),
    } <= told


async def test_brothers_and_sisters_are_let_go_together(pool: Pool, wie: Wie) -> None:
    """One of them was proposed elsewhere; it was one proposal."""
    async with transaction(pool, wie) as conn:
        samen = await make.samenplaatsing(conn, mag_splitsen=True, splitsreden="Zij kunnen apart.")
        kinderen = [
            await child(conn, samenplaatsing_id=samen.id, organisatie_id=samen.organisatie_id) for _ in range(2)
        ]
        here, there = await make.plek(conn), await make.plek(conn)
        await ready(conn, wie, (kinderen[0].id, here.id), (kinderen[1].id, there.id), contactplan="Elke zondag.")

        await end(conn, here)

        assert {row[0] for row in await conn.fetch("select status::text from voorstel")} == {"ingetrokken"}


async def test_stops_after_that_day_are_dropped_and_others_end_with_it(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        before = await make.stop(conn, plek_id=plek.id, van=make.day(1), tot=make.day(5))
        over = await make.stop(conn, plek_id=plek.id, van=make.day(20), tot=make.day(40))
        after = await make.stop(conn, plek_id=plek.id, van=make.day(40), tot=make.day(50))

        await end(conn, plek)

        found = {stop.id: stop for stop in await stops.page(conn, plek.id)}
    assert (found[before.id].tot, found[over.id].tot) == (make.day(5), PER)
    assert found[after.id].ingetrokken_op == make.NOW and found[over.id].ingetrokken_op is None


async def test_children_of_another_region_lose_what_was_held_for_them_too(
    pool: Pool, owner: Connection, wie: Wie
) -> None:
    """The status of an aanvraag that we cannot see follows as well."""
    far = Wie(OTHER_REGIO, Rol.SCHAKELFUNCTIONARIS, UUID(int=3))
    await owner.execute(
        "insert into regioafspraak (aanbod_regio, vraag_regio, geldigheid) values ($1, $2, '[2020-01-01,)')",
        REGIO,
        OTHER_REGIO,
    )
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
    async with transaction(pool, far) as conn:
        kind = await make.aanvraag(conn, gemeente_code="0034", pc4="1315")
        later = make.NOW.replace(day=4)
        await bezetting.houd(conn, plek.id, kind.id, make.day(1), None, vervalt_op=later, now=make.NOW)
        await conn.execute("select leg_vast($1, 'optie', $2)", kind.id, make.NOW)

    async with transaction(pool, wie) as conn:
        await end(conn, plek)

    async with transaction(pool, far) as conn:
        assert await status(conn, kind.id) is AanvraagStatus.IN_BEHANDELING


async def test_it_is_ended_once_from_today_on_and_with_a_reason(pool: Pool, wie: Wie) -> None:
    """Nothing of it stays when it is refused."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        wrong = await refused(end(conn, plek, per=make.day(-1), reden=BeeindigingReden.ANDERS))
        assert [field.pointer for field in wrong.fields] == ["/per", "/toelichting"]
    async with transaction(pool, wie) as conn:
        await end(conn, plek, per=make.TODAY)
    with pytest.raises(Refusal, match="al beëindigd"):
        await alone(pool, wie, lambda conn: end(conn, plek))
    async with transaction(pool, wie) as conn:
        other = await make.plek(conn)
    with pytest.raises(Refusal, match="niet bij deze aanbieder"):
        await alone(pool, wie, lambda conn: end(conn, plek, voorziening_id=other.voorziening_id))


async def test_there_is_no_new_plek_after_that_day(pool: Pool, wie: Wie) -> None:
    """Neither a new one nor a longer one, nor a child that stays longer there."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        await end(conn, plek)
        assert (await make.plek(conn, voorziening_id=plek.voorziening_id, bestaat_tot=PER)).bestaat_tot == PER
        kind = await make.aanvraag(conn)
        taken = plaatsingen.plaats(conn, plek.id, kind.id, make.day(1), make.day(31), now=make.NOW)
        assert (await refused(taken)).kind is Kind.CONFLICT
    for longer in (make.day(31), None):
        nieuw = NieuwePlek(voorziening_id=plek.voorziening_id, naam="Nog een", bestaat_tot=longer)
        for change in (
            lambda conn, nieuw=nieuw: plekken.add(conn, nieuw, now=make.NOW, bron=plekken.Bron.SCHERM),
            lambda conn, longer=longer: plekken.change(
                conn, plek.id, WijzigingPlek(bestaat_tot=longer), now=make.NOW, bron=plekken.Bron.SCHERM
            ),
        ):
            with pytest.raises(Refusal, match="stopt met deze voorziening"):
                await alone(pool, wie, change)


# ── Who lives there ──────────────────────────────────────────────────────────────────────────────


async def home(conn: Connection, tot: date | None = None, **fields: Any) -> tuple[plekken.Plek, bezetting.Bezetting]:
    """Somebody who lives there until that day, or nobody knows when."""
    plek = await make.plek(conn, **fields)
    return plek, await make.plaatsing(conn, plek_id=plek.id, tot=tot)


async def test_who_goes_on_beyond_that_day_is_to_be_decided_and_keeps_its_plek(pool: Pool, wie: Wie) -> None:
    """Who leaves before is not; who should have left, is. The plek is there as long as the child is."""
    async with transaction(pool, wie) as conn:
        plek, on = await home(conn, make.day(60))
        _, open_end = await home(conn, voorziening_id=plek.voorziening_id)
        _, before = await home(conn, PER, voorziening_id=plek.voorziening_id)
        _, overdue = await home(conn, make.day(-1), voorziening_id=plek.voorziening_id)

        made = await end(conn, plek)

        found = {one.id: one for one in await beeindigingen.overdrachten(conn, made.id)}
        assert set(found) == {on.id, open_end.id, overdue.id} and before.id not in found
        assert (made.plaatsingen, made.open_besluiten) == (3, 3)
        ends = [(await plekken.get(conn, one.plek_id, make.NOW)).bestaat_tot for one in (on, open_end, before, overdue)]
        assert ends == [make.day(60), None, PER, PER]


async def test_undecided_is_an_alarm_until_it_is_decided(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Near, and from that day on too late; told once each by the daily round. No alarm for who has left."""
    async with transaction(pool, wie) as conn:
        plek, stay = await home(conn, make.day(60))
        _, gone = await home(conn, make.day(60), voorziening_id=plek.voorziening_id)
        made = await end(conn, plek)
        await plaatsingen.beeindig(conn, gone.id, make.TODAY, EindeReden.VERHUISD, now=make.NOW)

        async def found(days: int) -> list[tuple[UUID, date, Ernst]]:
            all_ = await alarmen.alarmen(conn, make.NOW + (make.day(days) - make.TODAY))
            return [(one.aanvraag_id, one.dag, one.ernst) for one in all_ if one.soort is AlarmSoort.AANBIEDER_STOPT]

        assert await found(29) == [(stay.aanvraag_id, PER, Ernst.NADERT)]
        assert await found(30) == [(stay.aanvraag_id, PER, Ernst.VERSTREKEN)]
        for days in (0, 1, 30):
            await alarmen.alarmronde(conn, make.NOW + (make.day(days) - make.TODAY))
        assert (
            await conn.fetchval("select count(*) from gebeurtenis where gegevens ->> 'alarm' = 'aanbieder_stopt'") == 2
        )

        await decide(conn, wie, made, stay, make.day(90))
        assert await found(30) == []


async def test_uitloop_lets_a_child_stay_and_its_plek_exist_until_then(pool: Pool, wie: Wie) -> None:
    """Longer or shorter than was expected; not before the day itself. When the child goes earlier, so does the plek."""
    async with transaction(pool, wie) as conn:
        plek, stay = await home(conn, make.day(60))
        made = await end(conn, plek)

        for until in (make.day(200), make.day(90)):
            decided = await decide(conn, wie, made, stay, until)
            assert (decided.besluit, decided.uitloop_tot, decided.tot) == (UITLOOP, until, until)
            assert (await plekken.get(conn, plek.id, make.NOW)).bestaat_tot == until
        assert (await beeindigingen.get(conn, made.id)).open_besluiten == 0
        assert (await refused(decide(conn, wie, made, stay, PER))).kind is Kind.INVALID
        longer = await refused(plaatsingen.verleng(conn, stay.id, make.day(91), now=make.NOW))
        assert longer.kind is Kind.CONFLICT

        later = make.NOW + (make.day(40) - make.TODAY)
        await plaatsingen.beeindig(conn, stay.id, make.day(40), EindeReden.DOORSTROOM, now=later)
        assert (await plekken.get(conn, plek.id, later)).bestaat_tot == make.day(40)
        assert (await plekken.get(conn, plek.id, later)).status is PlekStatus.VERVALLEN


async def test_who_leaves_before_that_day_leaves_a_plek_until_it(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        plek, stay = await home(conn)
        await end(conn, plek)
        await plaatsingen.beeindig(conn, stay.id, make.TODAY, EindeReden.VERHUISD, now=make.NOW)
        assert (await plekken.get(conn, plek.id, make.NOW)).bestaat_tot == PER


async def test_overdracht_opens_an_aanvraag_with_priority_for_the_same_child(pool: Pool, wie: Wie) -> None:
    """For what it lives in now, for that day at the latest; once, however often it is decided."""
    async with transaction(pool, wie) as conn:
        kind = await make.aanvraag(conn, zorgvormen=["pleegzorg-opvoeding"])
        plek = await make.plek(conn)
        stay = await make.plaatsing(conn, plek_id=plek.id, aanvraag_id=kind.id, tot=make.day(60))
        made = await end(conn, plek)

        decided = await decide(conn, wie, made, stay)
        again = await decide(conn, wie, made, stay)

        assert decided.overdracht_id is not None and decided.overdracht_id == again.overdracht_id
        nieuw = await aanvragen.get(conn, decided.overdracht_id)
        assert (nieuw.urgentie, nieuw.urgentie_reden) == (Urgentie.SPOED, "De aanbieder stopt.")
        assert (nieuw.gewenste_start, nieuw.uiterlijke_datum, nieuw.huidig_verblijf_tot) == (PER, PER, PER)
        assert nieuw.zorgvormen == ["gezinshuis", "pleegzorg-opvoeding"]
        assert (nieuw.huidig_verblijf, nieuw.status) == ("gezinshuis", AanvraagStatus.INGEDIEND)
        assert await status(conn, kind.id) is AanvraagStatus.GEPLAATST
        said = await conn.fetch("select soort::text from gebeurtenis where aanvraag_id = $1 order by nummer", nieuw.id)
        assert [row[0] for row in said] == ["ingediend", "urgentie"]
        told = await conn.fetchval(
            "select gegevens from gebeurtenis where aanvraag_id = $1 and soort = 'overdracht' limit 1", kind.id
        )
        assert told["overdracht"] == str(nieuw.id)


async def test_the_search_after_crisis_becomes_the_overdracht(pool: Pool, wie: Wie) -> None:
    """There is one already since its first day: it gets priority, and stays what it asked."""
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn, zorgvorm="crisis")
        plek = await make.plek(conn, voorziening_id=huis.id)
        kind = await make.aanvraag(
            conn, zorgvormen=["crisis", "gezinshuis"], zorgvorm_reden="Er is haast.", urgentie=Urgentie.CRISIS
        )
        stay = await make.plaatsing(conn, plek_id=plek.id, aanvraag_id=kind.id, tot=make.day(60))
        vervolg = await conn.fetchval("select id from aanvraag where vervolg_van = $1", stay.id)
        made = await end(conn, plek)

        decided = await decide(conn, wie, made, stay)

        assert decided.overdracht_id == vervolg
        nieuw = await aanvragen.get(conn, vervolg)
        assert (nieuw.urgentie, nieuw.zorgvormen, nieuw.gewenste_start) == (Urgentie.SPOED, ["gezinshuis"], PER)


async def test_who_has_a_place_to_go_on_to_already_needs_no_other(pool: Pool, wie: Wie) -> None:
    """What was found after the crisis is the overdracht; it gets no priority over others that it does not need."""
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn, zorgvorm="crisis")
        plek = await make.plek(conn, voorziening_id=huis.id)
        kind = await make.aanvraag(
            conn, zorgvormen=["crisis", "gezinshuis"], zorgvorm_reden="Er is haast.", urgentie=Urgentie.CRISIS
        )
        stay = await make.plaatsing(conn, plek_id=plek.id, aanvraag_id=kind.id, tot=make.day(60))
        vervolg = await conn.fetchval("select id from aanvraag where vervolg_van = $1", stay.id)
        await plaatsingen.plaats(conn, (await make.plek(conn)).id, vervolg, make.day(20), None, now=make.NOW)
        before = await aanvragen.get(conn, vervolg)
        made = await end(conn, plek)

        decided = await decide(conn, wie, made, stay)

        assert decided.overdracht_id == vervolg
        assert await aanvragen.get(conn, vervolg) == before
        assert await conn.fetchval("select count(*) from aanvraag") == 2


async def test_the_days_of_a_crisis_count_from_its_begin_and_of_another_home_from_the_overdracht(
    pool: Pool, wie: Wie
) -> None:
    """Who lived somewhere for years is in no crisis: its 14, 21 and 28 days begin when another place is needed."""
    async with transaction(pool, wie) as conn:
        crisis = await make.plek(conn, voorziening_id=(await make.voorziening(conn, zorgvorm="crisis")).id)
        tonight = await make.aanvraag(conn, zorgvormen=["crisis"], zorgvorm_reden="Er is haast.")
        begun = await make.plaatsing(
            conn, plek_id=crisis.id, aanvraag_id=tonight.id, van=make.day(-6), tot=make.day(60)
        )
        plek, years = await home(conn)
        found = []
        for bed, stay in ((crisis, begun), (plek, years)):
            made = await end(conn, bed)
            found.append((await decide(conn, wie, made, stay)).overdracht_id)
        days = {}
        for dag in (7, 8, 13, 14):
            for alarm in await alarmen.alarmen(conn, make.NOW + timedelta(days=dag)):
                if alarm.soort is AlarmSoort.VERVOLG_ZONDER_PLEK:
                    days.setdefault(alarm.aanvraag_id, alarm.dag)

    assert days == {found[0]: make.day(8), found[1]: make.day(14)}


@pytest.mark.parametrize("van", [PER, make.day(40)])
async def test_who_has_not_come_yet_looks_further(pool: Pool, wie: Wie, van: date) -> None:
    """A plaatsing that would begin on that day or after it cannot be an uitloop; it does not go on, and its own search
    does."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        stay = await make.plaatsing(conn, plek_id=plek.id, van=van, tot=make.day(90))
        assert stay.aanvraag_id is not None
        made = await end(conn, plek)
        assert (await refused(decide(conn, wie, made, stay, make.day(90)))).kind is Kind.CONFLICT

        decided = await decide(conn, wie, made, stay)

        assert (decided.overdracht_id, decided.geeindigd) == (stay.aanvraag_id, True)
        assert await status(conn, stay.aanvraag_id) is AanvraagStatus.IN_BEHANDELING
        assert (await plekken.get(conn, plek.id, make.NOW)).bestaat_tot == PER


async def test_of_a_child_that_the_loket_does_not_know_only_an_uitloop_can_be_decided(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        await conn.execute(
            "insert into bezetting (regio, vraag_regio, plek_id, soort, periode)"
            " values (huidige_regio(), huidige_regio(), $1, 'plaatsing', daterange($2, null))",
            plek.id,
            make.TODAY,
        )
        made = await end(conn, plek)
        (one,) = await beeindigingen.overdrachten(conn, made.id)
        stay = await plaatsingen.lopende(conn, one.id, make.NOW)
        assert (await refused(decide(conn, wie, made, stay))).kind is Kind.CONFLICT
        assert (await decide(conn, wie, made, stay, make.day(90))).besluit is UITLOOP


async def test_an_earlier_end_takes_an_uitloop_back(pool: Pool, wie: Wie) -> None:
    """The aanbieder goes bankrupt: what was agreed with it is to be decided again; a search that began goes on."""
    async with transaction(pool, wie) as conn:
        plek, stays = await home(conn, make.day(60))
        _, goes = await home(conn, make.day(60), voorziening_id=plek.voorziening_id)
        first = await end(conn, plek)
        await decide(conn, wie, first, stays, make.day(90))
        searching = await decide(conn, wie, first, goes)

        second = await end(conn, plek, alles=True, per=make.day(3))

        found = {one.id: one for one in await beeindigingen.overdrachten(conn, second.id)}
        assert found[stays.id].besluit is None
        assert (found[goes.id].besluit, found[goes.id].overdracht_id) == (OVERDRACHT, searching.overdracht_id)
        assert await beeindigingen.overdrachten(conn, first.id) == []


async def test_nothing_leads_back_to_a_search_that_is_anonymous(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Neither the one that was given up nor the one in its place: both stand in the history of the child before."""
    async with transaction(pool, wie) as conn:
        plek, stay = await home(conn, make.day(60))
        made = await end(conn, plek)
        first = (await decide(conn, wie, made, stay)).overdracht_id
        assert first is not None
        await stappen.sluit(conn, first, AanvraagStatus.INGETROKKEN, "Toch niet.", now=make.NOW)
        second = (await decide(conn, wie, made, stay)).overdracht_id
        assert second is not None and second != first
        await stappen.sluit(conn, second, AanvraagStatus.INGETROKKEN, "Toch niet.", now=make.NOW)
    for one in (first, second):
        assert ("gebeurtenis", str(one)) in await canary.found(owner, (str(one),))
        await owner.execute("update aanvraag set afgesloten_op = $2 where id = $1", one, make.TODAY)
        async with transaction(pool, wie) as conn:
            await bewaren.wis(conn, one, "Verzoek van de jeugdige", make.NOW)

        assert ("gebeurtenis", str(one)) not in await canary.found(owner, (str(one),))


async def test_the_loket_of_the_child_decides(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Of another region, whose child lives on our plek: it sees the beeindiging, and its plek exists until then."""
    far = Wie(OTHER_REGIO, Rol.SCHAKELFUNCTIONARIS, UUID(int=3))
    await owner.execute(
        "insert into regioafspraak (aanbod_regio, vraag_regio, geldigheid) values ($1, $2, '[2020-01-01,)')",
        REGIO,
        OTHER_REGIO,
    )
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
    async with transaction(pool, far) as conn:
        kind = await make.aanvraag(conn, gemeente_code="0034", pc4="1315")
        stay = await make.plaatsing(conn, plek_id=plek.id, aanvraag_id=kind.id, tot=make.day(60))
    async with transaction(pool, wie) as conn:
        made = await end(conn, plek)
        assert (await refused(decide(conn, wie, made, stay))).kind is Kind.CONFLICT
    async with transaction(pool, far) as conn:
        assert [one.soort for one in await alarmen.alarmen(conn, make.NOW)].count(AlarmSoort.AANBIEDER_STOPT) == 1
        await decide(conn, far, made, stay, make.day(90))
    async with transaction(pool, wie) as conn:
        assert (await plekken.get(conn, plek.id, make.NOW)).bestaat_tot == make.day(90)


# ── Who can take over ────────────────────────────────────────────────────────────────────────────


async def test_contractbeheer_sees_who_can_take_over_and_no_child(pool: Pool, wie: Wie, owner: Connection) -> None:
    """Free places of others today, of the zorgvormen that end, as counts; how many live there, and not who."""
    async with transaction(pool, wie) as conn:
        plek, _ = await home(conn, make.day(60))
        other = await make.voorziening(conn)
        for said in (
            plekken.Beschikbaarheid.BEMENST,
            plekken.Beschikbaarheid.BEMENST,
            plekken.Beschikbaarheid.ONBEMENST,
        ):
            await make.plek(conn, voorziening_id=other.id, beschikbaarheid=said)
        await home(conn, make.day(60), voorziening_id=other.id)
        await make.plek(conn, voorziening_id=other.id, bestaat_tot=PER)
        await make.plek(conn, voorziening_id=(await make.voorziening(conn, zorgvorm="driemilieu")).id)
        made = await end(conn, plek)

    async with transaction(pool, Wie(REGIO, Rol.CONTRACTBEHEER, UUID(int=4))) as conn:
        (found,) = await beeindigingen.overname(conn, made.id, now=make.NOW)
        seen = await beeindigingen.get(conn, made.id)
        who = await beeindigingen.overdrachten(conn, made.id)

    assert (found.aanbieder_id, found.zorgvorm) == (other.aanbieder_id, "gezinshuis")
    assert (found.open, found.in_overleg, found.onbemenst) == (2, 0, 1)
    assert (seen.plaatsingen, seen.open_besluiten, who) == (1, 1, [])


async def test_who_claims_meanwhile_comes_too_late(pool: Pool, wie: Wie) -> None:
    """A claim waits for its turn on the plek, and then finds that it is not there any more in those days."""
    async with transaction(pool, wie) as conn:
        plek, kind = await make.plek(conn), await make.aanvraag(conn)

    async def claim() -> None:
        later = make.NOW.replace(day=4)
        async with transaction(pool, wie) as conn:
            await bezetting.houd(conn, plek.id, kind.id, make.day(1), None, vervalt_op=later, now=make.NOW)

    async with transaction(pool, wie) as conn:
        await end(conn, plek)
        claiming = asyncio.create_task(claim())
        await until_waiting(conn)
    with pytest.raises(Refusal, match="bestaat niet in die hele periode"):
        await claiming


async def test_who_changes_a_plek_or_a_stop_waits_for_the_plek_first(pool: Pool, wie: Wie) -> None:
    """As whoever ends it does: with a row in hand they would wait for each other."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        nieuw = stops.NieuweStop(reden=stops.StopReden.PERSONEEL, van=make.day(2), tot=make.day(60))
        stop = await stops.add(conn, plek.id, nieuw, now=make.NOW)

    async def longer(conn: Connection) -> None:
        await stops.get(conn, plek.id, stop.id, lock=True)
        await stops.change(conn, plek.id, stop.id, stops.WijzigingStop(tot=make.day(20)), now=make.NOW)

    async def named(conn: Connection) -> None:
        await plekken.get(conn, plek.id, make.NOW, lock=True)
        await plekken.change(conn, plek.id, WijzigingPlek(bestaat_tot=make.day(25)), now=make.NOW, bron=Bron.SCHERM)

    async with transaction(pool, wie) as conn:
        await conn.execute(plekken.QUEUE, plek.id)
        waiting = [asyncio.create_task(alone(pool, wie, what)) for what in (longer, named)]
        async with asyncio.timeout(20):
            while await conn.fetchval(WAITING) < len(waiting):
                await conn.execute("select pg_sleep(0.01)")
        await end(conn, plek)
    await asyncio.gather(*waiting)

    async with transaction(pool, wie) as conn:
        assert (await stops.get(conn, plek.id, stop.id)).tot == make.day(20)
        assert (await plekken.get(conn, plek.id, make.NOW)).bestaat_tot == make.day(25)


WAITING = "select count(*) from pg_locks where locktype = 'advisory' and not granted"

WAITS = "select exists (select from pg_locks where locktype = 'advisory' and not granted)"


async def until_waiting(conn: Connection) -> None:
    """Until somebody waits for a plek."""
    async with asyncio.timeout(20):
        while not await conn.fetchval(WAITS):
            await conn.execute("select pg_sleep(0.01)")


async def test_nothing_stays_when_it_goes_wrong_halfway(pool: Pool, owner: Connection, wie: Wie) -> None:
    """The database breaks off at the last thing that is written."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        kind = await make.aanvraag(conn)
        later = make.NOW.replace(day=4)
        await bezetting.houd(conn, plek.id, kind.id, make.day(1), None, vervalt_op=later, now=make.NOW)
    await owner.execute(
        "create function kapot() returns trigger language plpgsql as $$ begin raise exception 'kapot'; end $$;"
        "create trigger kapot before insert on gebeurtenis for each row when (new.soort = 'aanbieder_stopt')"
        " execute function kapot()"
    )
    with pytest.raises(asyncpg.RaiseError, match="kapot"):
        await alone(pool, wie, lambda conn: end(conn, plek))
    async with transaction(pool, wie) as conn:
        assert await beeindigingen.page(conn) == []
        assert len(await opties.page(conn, make.NOW)) == 1
        assert (await plekken.get(conn, plek.id, make.NOW)).bestaat_tot is None


WRITES = "select leg_aanbod_vast($1, $2::text::gebeurtenis_soort, $3, null, '{}')"


async def test_only_the_loket_and_an_aanbieder_itself_write_down_what_happens_to_it(pool: Pool, wie: Wie) -> None:
    """And nothing but that: what happens to a child is for leg_vast."""
    async with transaction(pool, wie) as conn:
        aanbieder = await make.aanbieder(conn)
    wrong = [
        (Wie(REGIO, Rol.CONTRACTBEHEER, UUID(int=4)), "aanbieder_stopt"),
        (Wie(REGIO, Rol.AANBIEDER, UUID(int=4), UUID(int=4)), "aanbieder_stopt"),
        (Wie(REGIO, Rol.AANBIEDER, UUID(int=4), aanbieder.id), "bevestiging_gevraagd"),
        (Wie(OTHER_REGIO, Rol.SCHAKELFUNCTIONARIS, SYSTEM), "aanbieder_stopt"),
        (wie, "definitief"),
    ]
    for who, soort in wrong:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no aanbieder of which"):
            await alone(pool, who, lambda conn, soort=soort: conn.fetchval(WRITES, aanbieder.id, soort, make.NOW))


async def test_a_step_and_a_decision_at_once_wait_for_each_other_in_one_order(
    pool: Pool, owner: Connection, wie: Wie
) -> None:
    """Who takes a step of a plaatsing does not hold its row while it waits for the plek: that would be a deadlock."""
    async with transaction(pool, wie) as conn:
        plek, kind = await make.plek(conn), await child(conn)
        stay = await plaatsingen.plaats(conn, plek.id, kind.id, make.TODAY, make.day(60), now=make.NOW)
    longer = StapPlaatsing(stap=PlaatsingStap.VERLENG, tot=make.day(90))

    async with transaction(pool, wie) as conn:
        await plaatsingen.wacht(conn, stay.id, make.NOW)
        step = asyncio.create_task(
            alone(pool, wie, lambda other: plaatsingstappen.zet(other, wie, stay.id, longer, now=make.NOW))
        )
        while not await owner.fetchval("select exists (select from pg_locks where not granted)"):
            assert not step.done()
        await plaatsingen.verleng(conn, stay.id, make.day(70), now=make.NOW)
    await step

    async with transaction(pool, wie) as conn:
        assert (await plaatsingstappen.get(conn, wie, stay.id, make.NOW)).tot == make.day(90)
