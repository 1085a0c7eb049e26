"""Crisis by telephone: whom to call, and a plaatsing that is written down once the provider said yes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec import structs

from service.aanbod import bezetting, plekken
from service.aanbod.bezetting import EindeReden
from service.aanbod.plekken import Beschikbaarheid
from service.aanvraag import aanvragen, stappen
from service.aanvraag.gebeurtenissen import AanvraagStatus
from service.aanvraag.uitsluitingen import Uitsluiting, UitsluitingSoort
from service.db import Connection, Pool, Wie, transaction
from service.errors import Kind, Refusal
from service.plaatsing import crisis, plaatsingstappen
from service.plaatsing.crisis import NieuweCrisisplaatsing
from service.plaatsing.plaatsingstappen import PlaatsingStand, PlaatsingStap, StapPlaatsing
from service.rang.travel import Traveller
from service.urgentie import Urgentie
from tests import make

TRAVEL = Traveller()

CALLED = make.NOW - timedelta(hours=3)

YESTERDAY = make.NOW - timedelta(days=1)


async def bed(conn: Connection, *, now: datetime = make.NOW, **fields: Any) -> plekken.Plek:
    """A plek of a crisis group."""
    huis = await make.voorziening(conn, **{"zorgvorm": "crisis", **fields})
    return await make.plek(conn, voorziening_id=huis.id, now=now)


def call(aanvraag_id: UUID, plek_id: UUID, **fields: Any) -> NieuweCrisisplaatsing:
    values = {"gebeld_op": CALLED, "met": "Groepsleider", **fields}
    return NieuweCrisisplaatsing(aanvraag_id=aanvraag_id, plek_id=plek_id, **values)


async def in_crisis(conn: Connection, **fields: Any) -> aanvragen.Aanvraag:
    return await make.aanvraag(conn, urgentie=Urgentie.CRISIS, **fields)


# ── Whom to call ─────────────────────────────────────────────────────────────────────────────────


async def test_free_crisis_places_come_with_whom_to_call_and_the_surest_first(pool: Pool, wie: Wie) -> None:
    """The number of the voorziening, else of the aanbieder; sure is what was confirmed within 24 hours."""
    hour = timedelta(hours=1)
    async with transaction(pool, wie) as conn:
        aanbieder = await make.aanbieder(conn, telefoon="035 111 11 11")
        old = await bed(conn, now=make.NOW - 24 * hour - timedelta(seconds=1), aanbieder_id=aanbieder.id)
        fresh = await bed(conn, now=make.NOW - 24 * hour, bellen_naam="Wacht", bellen_telefoon="035 222 22 22")

        found = await crisis.vrije_plekken(conn, make.NOW)

    assert [(one.id, one.zeker, one.bellen_naam, one.bellen_telefoon) for one in found] == [
        (fresh.id, True, "Wacht", "035 222 22 22"),
        (old.id, False, None, "035 111 11 11"),
    ]


async def test_of_what_is_as_sure_what_is_free_longest_stands_first(pool: Pool, wie: Wie) -> None:
    """A place that another child has from Thursday on may be too short: whoever is in a hurry takes the first."""
    async with transaction(pool, wie) as conn:
        soon, later, always = [await bed(conn, now=make.NOW - timedelta(minutes=at)) for at in range(3)]
        await make.plaatsing(conn, plek_id=soon.id, van=make.day(4), tot=None)
        await make.plaatsing(conn, plek_id=later.id, van=make.day(9), tot=None)

        found = await crisis.vrije_plekken(conn, make.NOW)

    assert [one.id for one in found] == [always.id, later.id, soon.id]


async def test_what_is_taken_held_closed_or_no_crisis_place_is_not_in_the_list(pool: Pool, wie: Wie) -> None:
    """But what is held until a moment ago, is; and when a plek is taken later, that day stands with it."""
    async with transaction(pool, wie) as conn:
        await make.plek(conn)
        taken, held, closed, empty = [await bed(conn) for _ in range(4)]
        await make.plaatsing(conn, plek_id=taken.id)
        expires = make.NOW + timedelta(hours=1)
        child = await in_crisis(conn)
        await bezetting.houd(conn, held.id, child.id, make.TODAY, None, vervalt_op=expires, now=make.NOW)
        await make.stop(conn, plek_id=closed.id)
        await plekken.bevestig(conn, empty.id, Beschikbaarheid.ONBEMENST, now=make.NOW, bron=plekken.Bron.SCHERM)
        later = await bed(conn)
        await make.plaatsing(conn, plek_id=later.id, van=make.day(9), tot=None)

        now = {one.id: one.vrij_tot for one in await crisis.vrije_plekken(conn, make.NOW)}
        after = {one.id for one in await crisis.vrije_plekken(conn, expires)}

    assert now == {later.id: make.day(9)}
    assert after == {later.id, held.id}


async def test_a_crisis_place_of_another_region_is_in_the_list_when_it_was_agreed(
    pool: Pool, owner: Connection, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """For that zorgvorm only."""
    async with transaction(pool, wie) as conn:
        agreed = await bed(conn)
        await bed(conn, zorgvorm="pleegzorg-crisis")
    await owner.execute(
        "insert into regioafspraak (aanbod_regio, vraag_regio, zorgvorm, geldigheid)"
        " values ($1, 'flevoland', 'crisis', '[2026-01-01,)')",
        wie.regio,
    )
    async with transaction(pool, wie_als("crisisdienst", regio="flevoland")) as conn:
        assert [one.id for one in await crisis.vrije_plekken(conn, make.NOW)] == [agreed.id]


# ── Written down afterwards ──────────────────────────────────────────────────────────────────────


async def test_what_was_agreed_by_telephone_is_written_down_and_the_plek_is_taken(
    pool: Pool, owner: Connection, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """By whom, with whom and when; the yes is a besluit, and the child is there from that day on."""
    who = wie_als("crisisdienst")
    async with transaction(pool, wie) as conn:
        plek, aanvraag = await bed(conn), await in_crisis(conn)
    async with transaction(pool, who) as conn:
        made = await crisis.plaats(conn, TRAVEL, call(aanvraag.id, plek.id), wie=who, now=make.NOW)
        shown = await plaatsingstappen.get(conn, who, made.id, make.NOW)
        status = (await aanvragen.get(conn, aanvraag.id)).status

    assert (shown.begonnen_op, shown.tot, status) == (make.TODAY, make.day(28), AanvraagStatus.GEPLAATST)
    assert shown.gesprek is not None
    assert (shown.gesprek.gebeld_op, shown.gesprek.met, shown.gesprek.door) == (CALLED, "Groepsleider", who.gebruiker)
    assert await owner.fetchval("select uitkomst from besluit where aanvraag_id = $1", aanvraag.id) == "geaccepteerd"
    assert "nog niet definitief" in " ".join(shown.let_op)
    assert shown.vervolg_id is None  # not for the crisisdienst


async def test_a_child_that_nobody_knew_is_filed_and_placed_at_once(
    pool: Pool, owner: Connection, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """In one transaction: what is wrong with either, and nothing is there."""
    who = wie_als("crisisdienst")
    async with transaction(pool, wie) as conn:
        plek, organisatie = (await bed(conn)).id, await make.organisatie(conn)
        fields = make.vraag(organisatie_id=organisatie, urgentie=Urgentie.CRISIS)
    new = NieuweCrisisplaatsing(
        aanvraag=aanvragen.NieuweAanvraag(**fields), plek_id=plek, gebeld_op=CALLED, met="Groepsleider"
    )
    async with transaction(pool, who) as conn:
        made = await crisis.plaats(conn, TRAVEL, new, wie=who, now=make.NOW)
    assert made.aanvraag_id is not None
    assert await owner.fetchval("select status from aanvraag where id = $1", made.aanvraag_id) == "geplaatst"

    twice = await refusal(pool, who, new)
    late = aanvragen.NieuweAanvraag(**fields | {"kenmerk": "J-9", "uiterlijke_datum": make.day(-9)})
    wrong = await refusal(pool, who, structs.replace(new, aanvraag=late))
    none = await refusal(pool, who, structs.replace(new, aanvraag=None))

    assert twice.kind is Kind.CONFLICT
    assert [error.pointer for error in wrong.fields] == ["/aanvraag/uiterlijkeDatum"]
    assert [error.pointer for error in none.fields] == ["/aanvraagId"]
    assert await owner.fetchval("select count(*) from aanvraag where vervolg_van is null") == 1


async def test_a_crisis_becomes_definitive_afterwards(pool: Pool, wie: Wie, wie_als: Callable[..., Wie]) -> None:
    """Until then the answer says what is missing."""
    who = wie_als("crisisdienst")
    async with transaction(pool, wie) as conn:
        plek, aanvraag = await bed(conn), await in_crisis(conn)
        made = await crisis.plaats(conn, TRAVEL, call(aanvraag.id, plek.id), wie=wie, now=make.NOW)
    stap = StapPlaatsing(stap=PlaatsingStap.DEFINITIEF)
    with pytest.raises(Refusal) as refused:
        async with transaction(pool, who) as conn:
            await plaatsingstappen.zet(conn, who, made.id, stap, now=make.NOW)

    assert {error.pointer for error in refused.value.fields} == {"/grondslagen", "/machtigingen", "/toestemmingen"}


async def test_the_crisisdienst_that_ends_a_crisis_gets_its_answer(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """Although it may not read the aanvraag any more once that is closed."""
    who = wie_als("crisisdienst")
    async with transaction(pool, who) as conn:
        plek, aanvraag = await _there(pool, wie)
        made = await crisis.plaats(conn, TRAVEL, call(aanvraag, plek, gebeld_op=YESTERDAY), wie=who, now=make.NOW)
        stap = StapPlaatsing(stap=PlaatsingStap.BEEINDIG, op=make.TODAY, einde=EindeReden.TERUG_NAAR_HUIS)
        ended = await plaatsingstappen.zet(conn, who, made.id, stap, now=make.NOW)
        with pytest.raises(Refusal):
            await plaatsingstappen.get(conn, who, made.id, make.NOW)

    assert (ended.stand, ended.tot, ended.kan) == (PlaatsingStand.BEEINDIGD, make.TODAY, [])


async def _there(pool: Pool, wie: Wie) -> tuple[UUID, UUID]:
    async with transaction(pool, wie) as conn:
        return (await bed(conn)).id, (await in_crisis(conn)).id


@pytest.mark.parametrize(
    ("fields", "pointers"),
    [
        ({"gebeld_op": make.NOW + timedelta(seconds=1)}, {"/gebeldOp"}),
        ({"van": make.day(1)}, {"/van"}),
        ({"van": make.day(-1)}, {"/van"}),
        ({"tot": make.TODAY}, {"/tot"}),
        ({"gebeld_op": make.NOW, "van": make.TODAY, "tot": make.day(1)}, set()),
    ],
)
async def test_a_call_is_written_down_after_it_was_made(
    pool: Pool, wie: Wie, fields: dict[str, Any], pointers: set[str]
) -> None:
    """Not before, and for a child that is there or comes today."""
    async with transaction(pool, wie) as conn:
        plek, aanvraag = await bed(conn), await in_crisis(conn)
        found: set[str] = set()
        try:
            await crisis.plaats(conn, TRAVEL, call(aanvraag.id, plek.id, **fields), wie=wie, now=make.NOW)
        except Refusal as refused:
            found = {error.pointer for error in refused.fields}

    assert found == pointers


async def test_a_call_just_after_midnight_is_of_the_day_that_began(pool: Pool, wie: Wie) -> None:
    """In the Netherlands, where it is two hours later in summer: 22:30 UTC of 29 March is the 30th."""
    called = datetime(2026, 3, 29, 22, 30, tzinfo=UTC)
    async with transaction(pool, wie) as conn:
        plek, aanvraag = await bed(conn), await in_crisis(conn)
        made = await crisis.plaats(conn, TRAVEL, call(aanvraag.id, plek.id, gebeld_op=called), wie=wie, now=called)

    assert made.begonnen_op is not None and made.begonnen_op.isoformat() == "2026-03-30"


async def refusal(pool: Pool, wie: Wie, nieuw: NieuweCrisisplaatsing) -> Refusal:
    with pytest.raises(Refusal) as refused:
        async with transaction(pool, wie) as conn:
            await crisis.plaats(conn, TRAVEL, nieuw, wie=wie, now=make.NOW)
    return refused.value


async def test_without_a_last_day_it_ends_when_somebody_else_comes(pool: Pool, wie: Wie) -> None:
    """A plek that is free for ten days is taken for ten, and not refused because a crisis usually lasts longer."""
    async with transaction(pool, wie) as conn:
        plek, aanvraag, other = await bed(conn), await in_crisis(conn), await in_crisis(conn)
        await bezetting.houd(
            conn, plek.id, other.id, make.day(10), None, vervalt_op=make.NOW + timedelta(days=2), now=make.NOW
        )
        made = await crisis.plaats(conn, TRAVEL, call(aanvraag.id, plek.id), wie=wie, now=make.NOW)

    assert made.tot == make.day(10)


@pytest.mark.parametrize("rol", ["schakelfunctionaris", "crisisdienst"])
async def test_what_was_held_for_the_child_itself_does_not_make_its_stay_shorter(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie], rol: str
) -> None:
    """Its own optie on this plek, for later, is let go: it comes tonight."""
    async with transaction(pool, wie) as conn:
        plek, child = await bed(conn), await in_crisis(conn)
        until = make.NOW + timedelta(hours=1)
        await bezetting.houd(conn, plek.id, child.id, make.day(8), make.day(20), vervalt_op=until, now=make.NOW)
    caller = wie_als(rol)
    async with transaction(pool, caller) as conn:
        made = await crisis.plaats(conn, TRAVEL, call(child.id, plek.id), wie=caller, now=make.NOW)

    assert made.tot == make.day(28)


async def test_a_plek_that_somebody_else_has_is_refused(pool: Pool, wie: Wie) -> None:
    """Held for another is enough."""
    async with transaction(pool, wie) as conn:
        plek, aanvraag, other = await bed(conn), await in_crisis(conn), await in_crisis(conn)
        until = make.NOW + timedelta(hours=1)
        await bezetting.houd(conn, plek.id, other.id, make.TODAY, None, vervalt_op=until, now=make.NOW)

    assert (await refusal(pool, wie, call(aanvraag.id, plek.id))).kind is Kind.CONFLICT


async def test_a_plek_that_is_there_no_more_is_refused_and_no_failure(pool: Pool, wie: Wie) -> None:
    """Its aanbieder stopped: the matcher does not know it any more, and says so before anything of it is asked."""
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn, zorgvorm="crisis")
        gone = await make.plek(conn, voorziening_id=huis.id, bestaat_tot=make.TODAY)
        child = await in_crisis(conn)

    refused = await refusal(pool, wie, call(child.id, gone.id))

    assert refused.kind is Kind.CONFLICT
    assert "Wat nu wel kan: kies een andere plek." in refused.detail


async def test_only_a_child_in_crisis_begins_by_telephone(pool: Pool, wie: Wie) -> None:
    """And it says what else is possible."""
    async with transaction(pool, wie) as conn:
        plek, aanvraag = await bed(conn), await make.aanvraag(conn)

    refused = await refusal(pool, wie, call(aanvraag.id, plek.id))

    assert refused.kind is Kind.CONFLICT and "Wat nu wel kan" in refused.detail


async def test_a_child_that_has_a_place_gets_no_second_one(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        one, two, aanvraag = await bed(conn), await bed(conn), await in_crisis(conn)
        await crisis.plaats(conn, TRAVEL, call(aanvraag.id, one.id), wie=wie, now=make.NOW)

    refused = await refusal(pool, wie, call(aanvraag.id, two.id))

    assert refused.kind is Kind.CONFLICT and "Dit kind heeft al een plaatsing" in refused.detail


async def test_what_was_withdrawn_does_not_begin_by_telephone(pool: Pool, wie: Wie) -> None:
    """Also not when the plek is free and the provider said yes."""
    async with transaction(pool, wie) as conn:
        plek, aanvraag = await bed(conn), await in_crisis(conn)
        await stappen.sluit(conn, aanvraag.id, AanvraagStatus.INGETROKKEN, "Het kind gaat naar oma.", now=make.NOW)
    refused = await refusal(pool, wie, call(aanvraag.id, plek.id))

    assert refused.kind is Kind.CONFLICT and "Deze aanvraag is ingetrokken" in refused.detail


async def test_never_where_the_child_must_not_be(pool: Pool, wie: Wie, wie_als: Callable[..., Wie]) -> None:
    """Also in a crisis; why is not said."""
    async with transaction(pool, wie) as conn:
        plek = await bed(conn)
        away = Uitsluiting(soort=UitsluitingSoort.VOORZIENING, voorziening_id=plek.voorziening_id)
        aanvraag = await in_crisis(conn, uitsluitingen=[away])

    refused = await refusal(pool, wie_als("crisisdienst"), call(aanvraag.id, plek.id))

    assert refused.kind is Kind.CONFLICT and "uitgesloten" not in refused.detail


async def test_closed_care_needs_its_machtiging_first(pool: Pool, wie: Wie) -> None:
    """All other rules the provider knows of itself: this child is too old for the profile."""
    async with transaction(pool, wie) as conn:
        closed, opened = await bed(conn, gesloten=True), await bed(conn, leeftijd_tot=100)
        aanvraag = await in_crisis(conn)

    refused = await refusal(pool, wie, call(aanvraag.id, closed.id))
    async with transaction(pool, wie) as conn:
        await crisis.plaats(conn, TRAVEL, call(aanvraag.id, opened.id), wie=wie, now=make.NOW)

    assert refused.kind is Kind.CONFLICT and "machtiging" in refused.detail


async def test_of_all_that_was_held_for_the_child_on_this_plek_each_is_told(pool: Pool, wie: Wie) -> None:
    """It comes in place of one; of the others is told that they are free, also of one in the days of the stay."""
    async with transaction(pool, wie) as conn:
        plek, child = await bed(conn), await in_crisis(conn)
        until = make.NOW + timedelta(hours=1)
        for van, tot in ((make.TODAY, make.day(3)), (make.day(5), make.day(9)), (make.day(90), None)):
            await bezetting.houd(conn, plek.id, child.id, van, tot, vervalt_op=until, now=make.NOW)
        await crisis.plaats(conn, TRAVEL, call(child.id, plek.id), wie=wie, now=make.NOW)
        told = [row["soort"] for row in await conn.fetch("select soort from gebeurtenis order by nummer")]

    assert told.count("optie_vrij") == 2 and told.count("geplaatst") == 1


async def test_what_was_held_for_the_child_elsewhere_is_free_again(pool: Pool, wie: Wie) -> None:
    """In the same transaction, and written down."""
    async with transaction(pool, wie) as conn:
        plek, elsewhere, aanvraag = await bed(conn), await bed(conn), await in_crisis(conn)
        until = make.NOW + timedelta(days=1)
        await bezetting.houd(conn, elsewhere.id, aanvraag.id, make.TODAY, None, vervalt_op=until, now=make.NOW)
        await crisis.plaats(conn, TRAVEL, call(aanvraag.id, plek.id), wie=wie, now=make.NOW)
        free = [one.id for one in await crisis.vrije_plekken(conn, make.NOW)]
        last = await conn.fetchrow("select soort, plek_id, naar from gebeurtenis order by nummer desc limit 1")

    assert free == [elsewhere.id]
    assert last is not None and tuple(last) == ("optie_vrij", elsewhere.id, "geplaatst")


async def test_a_name_in_what_is_written_down_is_refused(pool: Pool, wie: Wie) -> None:
    """A function or a first name is enough."""
    async with transaction(pool, wie) as conn:
        plek, aanvraag = await bed(conn), await in_crisis(conn)

    refused = await refusal(pool, wie, call(aanvraag.id, plek.id, met="BSN 123456782"))

    assert [error.pointer for error in refused.fields] == ["/met"]
