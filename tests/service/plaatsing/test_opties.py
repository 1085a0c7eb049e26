"""Opties: a plek is held for one aanvraag until a moment; the rules are asked again; all or none for siblings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from service.aanbod import bezetting, plekken
from service.aanvraag import gebeurtenissen, grondslagen, stappen
from service.aanvraag.gebeurtenissen import AanvraagStatus
from service.db import Connection, Pool, Wie, transaction
from service.errors import Kind, Refusal
from service.plaatsing import opties, optiestappen, voorstellen
from service.plaatsing.opties import NieuweOptie, Optie, Toewijzing
from service.rang.travel import Traveller
from service.urgentie import Urgentie
from tests import make
from tests.service.voorstelling import child, ready, sent

HOUR = timedelta(hours=1)


async def houd(
    conn: Connection, wie: Wie, *pairs: tuple[UUID, UUID], now: datetime = make.NOW, **fields: Any
) -> list[Optie]:
    """Hold for (aanvraag, plek), from tomorrow on."""
    nieuw = NieuweOptie(
        plekken=[Toewijzing(aanvraag_id=aanvraag, plek_id=plek) for aanvraag, plek in pairs],
        **{"van": make.day(1), **fields},
    )
    return await opties.houd(conn, Traveller(), nieuw, wie=wie, now=now)


async def soorten(conn: Connection, aanvraag: UUID) -> list[str]:
    return [row.soort for row in reversed(await gebeurtenissen.page(conn, aanvraag))]


@pytest.mark.parametrize(("urgentie", "uren"), [("crisis", 4), ("spoed", 24), ("regulier", 72)])
async def test_an_optie_holds_as_long_as_the_urgentie_says(pool: Pool, wie: Wie, urgentie: str, uren: int) -> None:
    """And for as many days as the aanvraag asks, when nobody says until when."""
    async with transaction(pool, wie) as conn:
        plek, child = await make.plek(conn), await make.aanvraag(conn, urgentie=Urgentie(urgentie))
        [held] = await houd(conn, wie, (child.id, plek.id))

        assert held.vervalt_op == make.NOW + uren * HOUR
        assert (held.van, held.tot) == (make.day(1), make.day(181))
        assert await soorten(conn, child.id) == ["ingediend", "optie"]


async def test_a_region_says_itself_how_long(pool: Pool, wie: Wie, owner: Connection) -> None:
    await owner.execute(
        "insert into instelling (regio, sleutel, waarde, bron) values ($1, 'optie_uren', $2, 'besluit')",
        wie.regio,
        {"crisis": 1, "spoed": 2, "regulier": 3},
    )
    async with transaction(pool, wie) as conn:
        [held] = await houd(conn, wie, ((await make.aanvraag(conn)).id, (await make.plek(conn)).id))

    assert held.vervalt_op == make.NOW + 3 * HOUR


async def test_what_is_held_nobody_else_can_have_until_it_expires(pool: Pool, wie: Wie) -> None:
    """Then whoever claims next ends it, in its own transaction: no worker is needed. The first hears of it."""
    async with transaction(pool, wie) as conn:
        plek, one, two = await make.plek(conn), await make.aanvraag(conn), await make.aanvraag(conn)
        await houd(conn, wie, (one.id, plek.id))
    with pytest.raises(Refusal) as refused:
        async with transaction(pool, wie) as conn:
            await houd(conn, wie, (two.id, plek.id), now=make.NOW + 71 * HOUR, van=make.day(4))
    async with transaction(pool, wie) as conn:
        await houd(conn, wie, (two.id, plek.id), now=make.NOW + 72 * HOUR, van=make.day(4))

        assert await soorten(conn, one.id) == ["ingediend", "optie", "optie_verlopen"]
        assert (await opties.page(conn, make.NOW + 72 * HOUR, geldt=True))[0].aanvraag_id == two.id
    assert refused.value.kind is Kind.CONFLICT


async def test_of_many_who_want_the_last_plek_at_once_one_has_it(pool: Pool, wie: Wie) -> None:
    """All others hear no, and nobody waits for ever for a plek of another."""
    async with transaction(pool, wie) as conn:
        plek, other = (await make.plek(conn)).id, (await make.plek(conn)).id
        children = [(await make.aanvraag(conn)).id for _ in range(8)]

    async def try_(kind: UUID, bed: UUID) -> Kind | None:
        try:
            async with transaction(pool, wie) as conn:
                await houd(conn, wie, (kind, bed))
        except Refusal as refused:
            return refused.kind
        return None

    async with asyncio.timeout(60):
        done = await asyncio.gather(*(try_(kind, bed) for kind in children for bed in (plek, other)))

    assert sorted(str(kind) for kind in done) == [*["Kind.CONFLICT"] * 14, "None", "None"]


# ── Longer, or let go ────────────────────────────────────────────────────────────────────────────


async def test_an_optie_is_made_longer_once_with_a_reason(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        child = await make.aanvraag(conn)
        [held] = await houd(conn, wie, (child.id, (await make.plek(conn)).id))
        longer = await optiestappen.verleng(conn, held.id, "Ouders bellen morgen terug.", now=make.NOW + HOUR)
        with pytest.raises(Refusal, match="Wat nu wel kan: doe een voorstel, laat haar los"):
            await optiestappen.verleng(conn, held.id, "Nog een keer.", now=make.NOW + 2 * HOUR)

        assert (longer.vervalt_op, longer.verleng_reden) == (make.NOW + 144 * HOUR, "Ouders bellen morgen terug.")
        assert await soorten(conn, child.id) == ["ingediend", "optie", "optie_verlengd"]


async def test_a_voorstel_waits_as_long_as_its_optie_also_of_brothers_and_sisters(pool: Pool, wie: Wie) -> None:
    """Made longer, all of a bundle end at one moment; on an optie with a voorstel nobody lets go. When it is over there
    is nothing to make longer, from that very moment on."""
    async with transaction(pool, wie) as conn:
        family = await make.samenplaatsing(conn)
        of = {"samenplaatsing_id": family.id, "organisatie_id": family.organisatie_id}
        house = await make.voorziening(conn)
        pairs = [((await child(conn, **of)).id, (await make.plek(conn, voorziening_id=house.id)).id) for _ in range(2)]
        await sent(conn, pool, wie, *pairs)
        held = await opties.page(conn, make.NOW)
        for late in (0, 1):
            with pytest.raises(Refusal, match="Deze optie geldt niet meer"):
                await optiestappen.verleng(conn, held[0].id, "Nog even.", now=held[0].vervalt_op + late * HOUR)
        with pytest.raises(Refusal, match="rust een voorstel"):
            await optiestappen.laat_los(conn, held[0].id, "Past toch niet.", now=make.NOW)
        await optiestappen.verleng(conn, held[0].id, "Ouders bellen morgen terug.", now=make.NOW + HOUR)
        longer = {optie.vervalt_op for optie in await opties.page(conn, make.NOW)}
        waits = {voorstel.antwoord_voor for voorstel in await voorstellen.page(conn, wie.rol)}

    assert len(held) == 2
    assert longer == waits == {held[0].vervalt_op + 72 * HOUR}


async def test_for_an_aanvraag_that_is_closed_no_plek_is_held(pool: Pool, wie: Wie) -> None:
    """Nor for one that has its place: nobody looks for another."""
    async with transaction(pool, wie) as conn:
        gone, placed = await make.aanvraag(conn), await make.aanvraag(conn)
        await stappen.sluit(conn, gone.id, gebeurtenissen.AanvraagStatus.INGETROKKEN, "Blijft thuis.", now=make.NOW)
        await make.plaatsing(conn, plek_id=(await make.plek(conn)).id, aanvraag_id=placed.id)
        plek = await make.plek(conn)
        for kind, is_ in ((gone, "ingetrokken"), (placed, "geplaatst")):
            with pytest.raises(Refusal, match=f"Deze aanvraag is {is_}.*Wat nu wel kan: een nieuwe aanvraag"):
                await houd(conn, wie, (kind.id, plek.id))
            with pytest.raises(Refusal, match=f"Deze aanvraag is {is_}"):
                await ready(conn, wie, (kind.id, plek.id))


async def test_a_reason_is_written_down_only_when_a_rule_was_set_aside(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        kind = await make.aanvraag(conn)
        await houd(conn, wie, (kind.id, (await make.plek(conn)).id), afwijking="Voor de zekerheid.")
        last = (await gebeurtenissen.page(conn, kind.id))[0]

    assert (last.reden, "afwijkingVan" in last.gegevens) == (None, False)


async def test_an_optie_that_is_let_go_is_free_at_once(pool: Pool, wie: Wie) -> None:
    """A second time there is nothing to let go."""
    async with transaction(pool, wie) as conn:
        plek, child, next_ = await make.plek(conn), await make.aanvraag(conn), await make.aanvraag(conn)
        [held] = await houd(conn, wie, (child.id, plek.id))
        gone = await optiestappen.laat_los(conn, held.id, "Past toch niet.", now=make.NOW)
        await houd(conn, wie, (next_.id, plek.id))
        with pytest.raises(Refusal, match="geldt niet meer"):
            await optiestappen.laat_los(conn, held.id, "Past toch niet.", now=make.NOW)

        assert gone.vrijgegeven_op == make.NOW
        assert await soorten(conn, child.id) == ["ingediend", "optie", "optie_vrij"]


async def test_a_worker_ends_it_on_time_and_waits_when_it_was_made_longer(
    pool: Pool, wie: Wie, owner: Connection
) -> None:
    """So that it is told without anybody claiming the plek; twice the same does no more."""
    async with transaction(pool, wie) as conn:
        child = await make.aanvraag(conn)
        [held] = await houd(conn, wie, (child.id, (await make.plek(conn)).id))
        await optiestappen.verleng(conn, held.id, "Ouders bellen morgen terug.", now=make.NOW)
        await optiestappen.termijn(conn, held.id, make.NOW + 72 * HOUR)
        still = await soorten(conn, child.id)
        for _ in range(2):
            await optiestappen.termijn(conn, held.id, make.NOW + 144 * HOUR)
        over = await soorten(conn, child.id)

    assert still == ["ingediend", "optie", "optie_verlengd"]
    assert over == [*still, "optie_verlopen"]
    due = "select gegevens ->> 'id' = $1 and niet_voor > now() from taak where soort = 'termijn'"
    assert [row[0] for row in await owner.fetch(due, str(held.id))] == [True, True]


async def test_for_one_aanvraag_the_loket_holds_a_few_plekken_at_most(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        child = await make.aanvraag(conn)
        for _ in range(3):
            await houd(conn, wie, (child.id, (await make.plek(conn)).id))
        with pytest.raises(Refusal, match=r"houdt het loket al 3 plekken vast.*Wat nu wel kan"):
            await houd(conn, wie, (child.id, (await make.plek(conn)).id))


# ── The rules, asked again ───────────────────────────────────────────────────────────────────────


async def test_a_rule_says_no_and_a_person_may_deviate_with_a_reason(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """The reason, and from which rule, stand in the history; for the loket only, because it may tell of others."""
    async with transaction(pool, wie) as conn:
        old = await make.aanvraag(conn, leeftijd_maanden=16 * 12)
        plek = await make.plek(conn)
        with pytest.raises(
            Refusal, match=r"Is voor kinderen van .* of schrijf bij afwijking waarom het toch moet"
        ) as no:
            await houd(conn, wie, (old.id, plek.id))
        await houd(conn, wie, (old.id, plek.id), afwijking="Net 16; de aanbieder wil het kind graag.")
        last = (await gebeurtenissen.page(conn, old.id))[0]
    async with transaction(pool, wie_als("verwijzer", organisatie=old.organisatie_id)) as conn:
        told = (await gebeurtenissen.page(conn, old.id))[0]

    assert no.value.kind is Kind.CONFLICT
    assert (told.id, told.reden, "afwijkingVan" in told.gegevens) == (last.id, None, False)
    assert (last.reden, last.gegevens["afwijkingVan"]) == ("Net 16; de aanbieder wil het kind graag.", "leeftijd")


@pytest.mark.parametrize("why", ["veiligheid", "machtiging", "contra_indicatie"])
async def test_no_reason_opens_what_protects_the_child_or_is_the_law(pool: Pool, wie: Wie, why: str) -> None:
    """The answer does not even offer it."""
    async with transaction(pool, wie) as conn:
        house = await make.voorziening(conn, contra_indicaties=["brandstichting"])
        plek = await make.plek(conn, voorziening_id=house.id)
        fields: dict[str, Any] = {
            "veiligheid": {"uitsluitingen": [make.uitgesloten(house.id)]},
            "machtiging": {
                "machtigingen": [
                    grondslagen.Machtiging(
                        soort=grondslagen.MachtigingSoort.OPEN,
                        zorgvormen=["pleegzorg-opvoeding"],
                        geldig_van=make.TODAY,
                        geldig_tot=make.day(90),
                    )
                ]
            },
            "contra_indicatie": {"kenmerken": ["brandstichting"]},
        }[why]
        child = await make.aanvraag(conn, **fields)
        with pytest.raises(Refusal, match=r"Wat nu wel kan: kies een andere plek\.$"):
            await houd(conn, wie, (child.id, plek.id), afwijking="Het moet echt.")


async def test_the_group_is_who_will_live_there_and_for_whom_a_plek_is_held(pool: Pool, wie: Wie) -> None:
    """Two holds that each fit do not fit together; one that expired is no part of the group."""
    async with transaction(pool, wie) as conn:
        house = await make.voorziening(conn, groepsmix={"zware_gedragsproblemen": 1})
        one, two = [await make.plek(conn, voorziening_id=house.id) for _ in range(2)]
        heavy, other = [await make.aanvraag(conn, kenmerken=["zware_gedragsproblemen"]) for _ in range(2)]
        await houd(conn, wie, (heavy.id, one.id))
        with pytest.raises(Refusal, match="In de groep is geen ruimte meer"):
            await houd(conn, wie, (other.id, two.id))
        await houd(conn, wie, (other.id, two.id), now=make.NOW + 72 * HOUR, van=make.day(4))


async def test_brothers_and_sisters_count_together_in_the_group(pool: Pool, wie: Wie) -> None:
    """There is room for one like them: each alone fits, the two do not."""
    async with transaction(pool, wie) as conn:
        house = await make.voorziening(conn, groepsmix={"zware_gedragsproblemen": 1})
        samen = await make.samenplaatsing(conn)
        of = {"samenplaatsing_id": samen.id, "organisatie_id": samen.organisatie_id}
        pairs = [
            (
                (await make.aanvraag(conn, kenmerken=["zware_gedragsproblemen"], **of)).id,
                (await make.plek(conn, voorziening_id=house.id)).id,
            )
            for _ in range(2)
        ]
        with pytest.raises(Refusal, match="In de groep is geen ruimte meer"):
            await houd(conn, wie, *pairs)


async def test_a_child_does_not_stand_in_its_own_way(pool: Pool, wie: Wie) -> None:
    """Its plek is held, and then proposed: in the group it counts once."""
    async with transaction(pool, wie) as conn:
        house = await make.voorziening(conn, groepsmix={"zware_gedragsproblemen": 1})
        plek, kind = (
            await make.plek(conn, voorziening_id=house.id),
            await child(conn, kenmerken=["zware_gedragsproblemen"]),
        )
        [held] = await houd(conn, wie, (kind.id, plek.id))
        voorstel = await sent(conn, pool, wie, (kind.id, plek.id))

        assert (await opties.get(conn, held.id)).voorstel_id == voorstel.id


async def test_ages_may_not_come_too_far_apart_also_with_who_comes_later(pool: Pool, wie: Wie) -> None:
    """Who leaves before counts no more."""
    async with transaction(pool, wie) as conn:
        house = await make.voorziening(conn, leeftijdsverschil_max=24)
        one, two, three = [await make.plek(conn, voorziening_id=house.id) for _ in range(3)]
        baby, teen = await make.aanvraag(conn, leeftijd_maanden=80), await make.aanvraag(conn, leeftijd_maanden=150)
        leaves = await make.aanvraag(conn, leeftijd_maanden=150)
        await make.plaatsing(conn, plek_id=three.id, aanvraag_id=leaves.id, tot=make.day(5))
        await houd(conn, wie, (baby.id, one.id), van=make.day(10))
        with pytest.raises(Refusal, match="Het verschil in leeftijd"):
            await houd(conn, wie, (teen.id, two.id), van=make.day(12))


async def test_the_crisisdienst_hears_no_reason_that_reveals_a_child_and_cannot_deviate_from_it(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    crisis = wie_als("crisisdienst")
    async with transaction(pool, wie) as conn:
        house = await make.voorziening(conn, groepsmix={"brandstichting": 1})
        one, two = [await make.plek(conn, voorziening_id=house.id) for _ in range(2)]
        await make.plaatsing(
            conn, plek_id=one.id, aanvraag_id=(await make.aanvraag(conn, kenmerken=["brandstichting"])).id
        )
        child = await make.aanvraag(conn, urgentie=Urgentie.CRISIS, kenmerken=["brandstichting"])
        free = await make.plek(conn)
    async with transaction(pool, crisis) as conn:
        with pytest.raises(Refusal) as refused:
            await houd(conn, crisis, (child.id, two.id), afwijking="Het moet vannacht.")
        await houd(conn, crisis, (child.id, free.id))

    assert refused.value.detail == "Dit kan niet. Niet beschikbaar. Wat nu wel kan: kies een andere plek."


async def test_a_plek_without_staff_or_that_is_not_free_all_days_is_refused(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        child = await make.aanvraag(conn)
        empty = await make.plek(conn, beschikbaarheid=plekken.Beschikbaarheid.ONBEMENST)
        taken = await make.plek(conn)
        await make.plaatsing(conn, plek_id=taken.id)
        with pytest.raises(Refusal, match="geen personeel"):
            await houd(conn, wie, (child.id, empty.id))
        with pytest.raises(Refusal, match="Is vrij vanaf"):
            await houd(conn, wie, (child.id, taken.id))


async def test_who_asks_for_a_day_after_the_last_one_hears_that_the_day_is_wrong_and_not_the_plek(
    pool: Pool, wie: Wie
) -> None:
    """The plek is free; what can be done is another day, or another last day in the aanvraag."""
    async with transaction(pool, wie) as conn:
        child, plek = await make.aanvraag(conn), await make.plek(conn)
        with pytest.raises(Refusal) as refused:
            await houd(conn, wie, (child.id, plek.id), van=make.day(36))

    assert refused.value.detail == (
        "Dit kan niet. U vraagt om te beginnen op di 7 apr. Dat is 7 dagen na de uiterlijke datum van de aanvraag. Wat"
        " nu wel kan: vraag een eerdere dag, of verander de uiterlijke datum van de aanvraag, of schrijf bij afwijking"
        " waarom het toch moet."
    )


async def test_the_last_day_itself_is_not_too_late(pool: Pool, wie: Wie) -> None:
    """Of the aanvraag: on it one may begin, a day later one may not."""
    async with transaction(pool, wie) as conn:
        child, plek = await make.aanvraag(conn, uiterlijke_datum=make.day(29)), await make.plek(conn)
        with pytest.raises(Refusal, match="1 dag na de uiterlijke datum"):
            await houd(conn, wie, (child.id, plek.id), van=make.day(30))
        [held] = await houd(conn, wie, (child.id, plek.id), van=make.day(29))

    assert held.van == make.day(29)


# ── Brothers and sisters ─────────────────────────────────────────────────────────────────────────


async def family(conn: Connection, size: int, **fields: Any) -> list[UUID]:
    samen = await make.samenplaatsing(conn, **fields)
    return [
        (await make.aanvraag(conn, samenplaatsing_id=samen.id, organisatie_id=samen.organisatie_id)).id
        for _ in range(size)
    ]


async def test_brothers_and_sisters_are_held_together_or_not_at_all(pool: Pool, wie: Wie) -> None:
    """One plek that is taken, and none is held."""
    async with transaction(pool, wie) as conn:
        house = await make.voorziening(conn)
        one, two, taken = [await make.plek(conn, voorziening_id=house.id) for _ in range(3)]
        a, b = await family(conn, 2)
        await make.plaatsing(conn, plek_id=taken.id)
    with pytest.raises(Refusal):
        async with transaction(pool, wie) as conn:
            await houd(conn, wie, (a, one.id), (b, taken.id))
    async with transaction(pool, wie) as conn:
        assert await opties.page(conn, make.NOW) == []
        held = await houd(conn, wie, (a, two.id), (b, one.id))

    assert {(row.aanvraag_id, row.plek_id) for row in held} == {(a, two.id), (b, one.id)}


async def test_a_child_with_brothers_is_not_held_alone_unless_they_may_be_apart(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        a, _ = await family(conn, 2)
        c, _ = await family(conn, 2, mag_splitsen=True, splitsreden="Zij bedreigen elkaar.")
        with pytest.raises(Refusal, match=r"er mist er een. Wat nu wel kan: noem hen allemaal"):
            await houd(conn, wie, (a, (await make.plek(conn)).id))
        await houd(conn, wie, (c, (await make.plek(conn)).id))


async def test_the_crisisdienst_does_not_part_a_child_from_brothers_whom_it_may_not_see(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """They are not in crisis, and ask for a place together all the same."""
    crisis = wie_als("crisisdienst")
    async with transaction(pool, wie) as conn:
        a, b = await family(conn, 2)
        await conn.execute("update aanvraag set urgentie = 'crisis' where id = $1", a)
        plek = await make.plek(conn)
    async with transaction(pool, crisis) as conn:
        with pytest.raises(Refusal, match="er mist er een"):
            await houd(conn, crisis, (a, plek.id))
        with pytest.raises(Refusal, match="er mist er een"):
            await ready(conn, crisis, (a, plek.id))
    async with transaction(pool, wie) as conn:
        await stappen.sluit(conn, b, AanvraagStatus.INGETROKKEN, "Naar huis.", now=make.NOW)
    async with transaction(pool, crisis) as conn:
        await houd(conn, crisis, (a, plek.id))


async def test_together_is_one_voorziening_or_else_one_locatie(pool: Pool, wie: Wie) -> None:
    """Their own traits count together for the group."""
    async with transaction(pool, wie) as conn:
        place = await make.locatie(conn)
        near = [
            (await make.plek(conn, voorziening_id=(await make.voorziening(conn, locatie_id=place.id)).id)).id
            for _ in range(2)
        ]
        a, b = await family(conn, 2)
        with pytest.raises(Refusal, match="mogen niet apart"):
            await houd(conn, wie, (a, near[0]), (b, (await make.plek(conn)).id))
        await houd(conn, wie, (a, near[0]), (b, near[1]))


async def test_who_is_no_family_is_not_held_together(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        a, b = (await make.aanvraag(conn)).id, (await make.aanvraag(conn)).id
        with pytest.raises(Refusal) as refused:
            await houd(conn, wie, (a, (await make.plek(conn)).id), (b, (await make.plek(conn)).id))

    assert [error.pointer for error in refused.value.fields] == ["/plekken"]


# ── Another region ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("zorgvorm", "allowed"), [(None, True), ("gezinshuis", True), ("crisis", False)])
async def test_a_claim_keeps_to_the_zorgvorm_of_the_agreement(
    pool: Pool, wie: Wie, owner: Connection, wie_als: Callable[..., Wie], zorgvorm: str | None, allowed: bool
) -> None:
    """Row-level security opens the whole other region; the database holds every claim to what was agreed."""
    far = wie_als("schakelfunctionaris", regio="flevoland")
    await owner.execute(
        "insert into regioafspraak (aanbod_regio, vraag_regio, zorgvorm, geldigheid)"
        " values ('flevoland', $1, $2, '[2020-01-01,)')",
        wie.regio,
        zorgvorm,
    )
    async with transaction(pool, far) as conn:
        plek = await make.plek(conn)
    async with transaction(pool, wie) as conn:
        child = (await make.aanvraag(conn)).id

    async def claim() -> None:
        async with transaction(pool, wie) as conn:
            await bezetting.houd(
                conn, plek.id, child, make.day(1), make.day(9), vervalt_op=make.NOW + HOUR, now=make.NOW
            )

    if allowed:
        await claim()
    else:
        with pytest.raises(Refusal, match="geen afspraak"):
            await claim()
