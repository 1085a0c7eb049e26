"""A plan from rows to rows: what is asked, what people chose, what comes of it and what each choice costs."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from service.aanbod import bezetting
from service.aanbod.voorzieningen import Groepssoort
from service.db import Pool, Wie, transaction
from service.plan import plannen, planregels
from service.plan.plannen import PlanLimiet, PlanStatus, Verlies
from tests import make
from tests.service import plans
from tests.service.plans import keuze


class Small(Struct, frozen=True):
    """Two children and two homes; in each a bed. The first child has been waiting for longer."""

    lang: UUID
    kort: UUID
    huis: tuple[UUID, UUID]
    """Voorzieningen …"""
    plek: tuple[UUID, UUID]
    """… and the plek in each."""


async def small(pool: Pool, wie: Wie, homes: int = 2) -> Small:
    async with transaction(pool, wie) as conn:
        organisatie = await make.organisatie(conn)
        lang = await make.aanvraag(conn, organisatie_id=organisatie, now=make.NOW - timedelta(days=30))
        kort = await make.aanvraag(conn, organisatie_id=organisatie)
        beds = [await make.plek(conn) for _ in range(homes)]
    return Small(lang.id, kort.id, tuple(bed.voorziening_id for bed in beds), tuple(bed.id for bed in beds))  # type: ignore[arg-type]


def value(stand: plannen.Stand, tier: str) -> int:
    return next(one.waarde for one in stand.niveaus if one.niveau == tier)


async def test_every_open_aanvraag_has_a_line_and_all_is_proven(pool: Pool, wie: Wie) -> None:
    """Two children, two homes: both are placed, each in another bed."""
    region = await small(pool, wie)

    plan = await plans.made(pool, wie)

    lines = await plans.regels(pool, wie, plan.id)
    assert (plan.status, plan.limiet, plan.gat) == (PlanStatus.KLAAR, PlanLimiet.GEEN, 0)
    assert (plan.aanvragen, plan.geplaatst, value(plan, "regulier")) == (2, 2, 2)
    assert {line.plek_id for line in lines.values()} == set(region.plek)
    assert lines[region.lang].eerste_dag == make.day(1)


async def test_who_waits_longest_gets_the_only_place_and_the_other_reads_why_not(pool: Pool, wie: Wie) -> None:
    region = await small(pool, wie, homes=1)

    lines = await plans.regels(pool, wie, (await plans.made(pool, wie)).id)

    assert lines[region.lang].plek_id == region.plek[0]
    assert (lines[region.kort].plek_id, lines[region.kort].waarom_niet) == (None, "vol")


async def test_without_any_place_that_fits_that_is_the_reason(pool: Pool, wie: Wie) -> None:
    region = await small(pool, wie)
    async with transaction(pool, wie) as conn:
        baby = await make.aanvraag(conn, leeftijd_maanden=3)

    lines = await plans.regels(pool, wie, (await plans.made(pool, wie)).id)

    assert lines[baby.id].waarom_niet == "geen_plek_past"
    assert lines[region.lang].plek_id is not None


async def test_a_fixed_place_is_kept_and_its_price_is_what_the_plan_without_it_has_more(pool: Pool, wie: Wie) -> None:
    """One home; fixed for who came last. That costs thirty days of waiting, and nothing in places."""
    region = await small(pool, wie, homes=1)

    plan = await plans.made(pool, wie, vast=[keuze(region.kort, plek_id=region.plek[0])])

    lines = await plans.regels(pool, wie, plan.id)
    assert (lines[region.kort].plek_id, lines[region.kort].vast) == (region.plek[0], True)
    assert lines[region.lang].waarom_niet == "vol"
    assert plan.keuzes[0].prijs == [Verlies("wachtdagen", 30)]


async def test_a_forbidden_place_goes_to_another(pool: Pool, wie: Wie) -> None:
    region = await small(pool, wie, homes=1)

    plan = await plans.made(pool, wie, verboden=[keuze(region.lang, voorziening_id=region.huis[0])])

    lines = await plans.regels(pool, wie, plan.id)
    assert lines[region.kort].plek_id == region.plek[0]
    assert lines[region.lang].waarom_niet == "geen_plek_past"


async def test_two_fixed_on_one_bed_are_told_as_what_conflicts(pool: Pool, wie: Wie) -> None:
    """The rest of the plan holds, and the rule has a name."""
    region = await small(pool, wie, homes=1)
    both = [keuze(who, plek_id=region.plek[0]) for who in (region.lang, region.kort)]

    plan = await plans.made(pool, wie, vast=both)

    assert [(one.regels, set(one.aanvragen)) for one in plan.conflicten] == [
        (["capaciteit"], {region.lang, region.kort})
    ]


async def test_fixed_where_a_rule_forbids_it_names_the_rule(pool: Pool, wie: Wie) -> None:
    """A girl in a group of boys."""
    region = await small(pool, wie)
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn, groepssoort=Groepssoort.JONGENS)
        await make.plek(conn, voorziening_id=huis.id)

    plan = await plans.made(pool, wie, vast=[keuze(region.kort, voorziening_id=huis.id)])

    assert [(one.regels, one.voorziening) for one in plan.conflicten] == [(["geslacht"], huis.id)]
    assert (await plans.regels(pool, wie, plan.id))[region.kort].waarom_niet == "vast_kan_niet"


async def test_a_bed_held_by_an_optie_is_for_its_holder_only(pool: Pool, wie: Wie) -> None:
    """It counts as free for the child it is held for, and for nobody else."""
    region = await small(pool, wie, homes=1)
    async with transaction(pool, wie) as conn:
        till = make.NOW + timedelta(hours=24)
        await bezetting.houd(conn, region.plek[0], region.kort, make.day(1), None, vervalt_op=till, now=make.NOW)

    lines = await plans.regels(pool, wie, (await plans.made(pool, wie)).id)

    assert lines[region.kort].plek_id == region.plek[0]
    assert lines[region.lang].plek_id is None


async def test_brothers_and_sisters_are_placed_whole_or_not_at_all(pool: Pool, wie: Wie) -> None:
    """Two homes with one bed each at two addresses: together they fit nowhere, and splitting is not allowed."""
    async with transaction(pool, wie) as conn:
        samen = await make.samenplaatsing(conn)
        both = [
            await make.aanvraag(conn, organisatie_id=samen.organisatie_id, samenplaatsing_id=samen.id) for _ in "ab"
        ]
        for _ in "ab":
            await make.plek(conn)

    apart = await plans.regels(pool, wie, (await plans.made(pool, wie)).id)
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn)
        beds = {(await make.plek(conn, voorziening_id=huis.id)).id for _ in "ab"}
    together = await plans.regels(pool, wie, (await plans.made(pool, wie)).id)

    assert {apart[child.id].waarom_niet for child in both} == {"samen_past_niet"}
    assert {together[child.id].plek_id for child in both} == beds


async def test_who_cannot_be_asked_for_is_in_the_plan_with_the_reason(pool: Pool, wie: Wie) -> None:
    """Nobody silently disappears: here brothers and sisters who ask for different things."""
    async with transaction(pool, wie) as conn:
        samen = await make.samenplaatsing(conn)
        both = [
            await make.aanvraag(
                conn,
                organisatie_id=samen.organisatie_id,
                samenplaatsing_id=samen.id,
                zorgvormen=[zorgvorm],
                zorgvorm_reden="Behandeling",
            )
            for zorgvorm in ("gezinshuis", "driemilieu")
        ]
        await make.plek(conn)

    lines = await plans.regels(pool, wie, (await plans.made(pool, wie)).id)

    assert {lines[child.id].waarom_niet for child in both} == {"andere_zorgvorm"}


async def test_the_next_plan_keeps_what_was_fixed_and_forbidden_and_tells_what_changed(pool: Pool, wie: Wie) -> None:
    """Locked in the result, forbidden before it: both stay, with their reasons."""
    region = await small(pool, wie)
    first = await plans.made(pool, wie, verboden=[keuze(region.kort, plek_id=region.plek[0])])
    async with transaction(pool, wie) as conn:
        await planregels.fix(conn, first.id, region.kort, True, "Past bij de school")

    second = await plans.made(pool, wie, vorig_plan_id=first.id)

    assert {(one.soort, one.aanvraag_id, one.plek_id) for one in second.keuzes} == {
        ("vast", region.kort, region.plek[1]),
        ("verboden", region.kort, region.plek[0]),
    }
    lines = await plans.regels(pool, wie, second.id)
    assert (lines[region.kort].vast, lines[region.kort].reden) == (True, "Past bij de school")
    assert not any(line.gewijzigd for line in lines.values())


async def test_a_choice_that_is_added_leaves_those_of_other_beds(pool: Pool, wie: Wie) -> None:
    """Two beds of one voorziening: forbidding the second does not allow the first again; a place that is fixed now
    takes the place of what was forbidden there."""
    region = await small(pool, wie, homes=1)
    (huis,), (bed,) = region.huis, region.plek
    async with transaction(pool, wie) as conn:
        other = (await make.plek(conn, voorziening_id=huis)).id
    first = await plans.made(pool, wie, verboden=[keuze(region.kort, plek_id=bed)])

    second = await plans.made(pool, wie, vorig_plan_id=first.id, verboden=[keuze(region.kort, plek_id=other)])
    fixed = await plans.made(pool, wie, vorig_plan_id=second.id, vast=[keuze(region.kort, plek_id=bed)])
    barred = await plans.made(pool, wie, vorig_plan_id=fixed.id, verboden=[keuze(region.kort, voorziening_id=huis)])

    assert {(one.soort, one.plek_id) for one in second.keuzes} == {("verboden", bed), ("verboden", other)}
    assert {(one.soort, one.plek_id) for one in fixed.keuzes} == {("vast", bed), ("verboden", other)}
    assert {(one.soort, one.plek_id) for one in barred.keuzes} >= {("verboden", None)}
    assert not any(one.soort == "vast" for one in barred.keuzes)


async def test_of_who_is_let_go_nothing_stays(pool: Pool, wie: Wie) -> None:
    region = await small(pool, wie)
    first = await plans.made(pool, wie, vast=[keuze(region.kort, plek_id=region.plek[0])])

    second = await plans.made(pool, wie, vorig_plan_id=first.id, los=[region.kort])

    assert second.keuzes == []


async def test_a_place_that_is_gone_is_told_and_breaks_nothing(pool: Pool, wie: Wie, owner: object) -> None:
    """Fixed in the plan before, and stopped being a place since."""
    region = await small(pool, wie)
    first = await plans.made(pool, wie, vast=[keuze(region.kort, plek_id=region.plek[0])])
    await owner.execute(  # type: ignore[attr-defined]
        "update plek set bestaat = daterange(lower(bestaat), '2026-03-01') where id = $1", region.plek[0]
    )

    second = await plans.made(pool, wie, vorig_plan_id=first.id)

    assert [one.regels for one in second.conflicten] == [["plek_weg"]]
    lines = await plans.regels(pool, wie, second.id)
    assert lines[region.lang].plek_id == region.plek[1]


async def test_a_deleted_aanvraag_takes_its_lines_and_choices_along(pool: Pool, wie: Wie, owner: object) -> None:
    """A plan holds nothing of a child that the aanvraag does not."""
    region = await small(pool, wie)
    plan = await plans.made(pool, wie, vast=[keuze(region.kort, plek_id=region.plek[0])])

    await owner.execute("delete from aanvraag where id = $1", region.kort)  # type: ignore[attr-defined]

    assert set(await plans.regels(pool, wie, plan.id)) == {region.lang}
    assert (await plans.get(pool, wie, plan.id)).keuzes == []
