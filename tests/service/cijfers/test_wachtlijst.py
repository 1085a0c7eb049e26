"""The waiting list: who waits where and how long, which place that is, and what may be expected, if one can know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from service.aanbod.bezetting import EindeReden
from service.aanvraag import stappen
from service.aanvraag.aanvragen import HuidigVerblijf
from service.aanvraag.grondslagen import Grondslag, GrondslagSoort, GrondslagStatus
from service.aanvraag.stappen import NieuweStap, Stap
from service.cijfers import wachtlijst
from service.cijfers.overleving import Duur
from service.cijfers.wachtlijst import NormStand, Verwachting, Wachtende, WachtVanaf, verwachting
from service.days import noon
from service.db import SYSTEM, Connection, Pool, Rol, Wie, transaction
from service.plaatsing import plaatsingen
from service.urgentie import Urgentie
from tests import make
from tests.conftest import OTHER_REGIO
from tests.service.voorstelling import child, sent, step

Als = Callable[..., Wie]


async def waits(conn: Connection, dagen: int, **fields: Any) -> UUID:
    """Who was announced so many days ago and still looks for a place."""
    return (await make.aanvraag(conn, now=noon(make.day(-dagen)), **fields)).id


async def listed(pool: Pool, wie: Wie, **asked: Any) -> list[Wachtende]:
    async with transaction(pool, wie, readonly=True) as conn:
        return await wachtlijst.wachtlijst(conn, wie.rol, now=make.NOW, **asked)


def places(found: list[Wachtende], zorgvorm: str = "gezinshuis") -> dict[UUID, tuple[int, int | None]]:
    return {
        one.aanvraag_id: (place.positie, place.uit)
        for one in found
        for place in one.lijsten
        if place.zorgvorm == zorgvorm
    }


# ── Where one stands ─────────────────────────────────────────────────────────────────────────────


async def test_first_the_most_urgent_and_then_who_waits_longest(pool: Pool, wie: Wie) -> None:
    """Per zorgvorm that is asked; who asks for two stands in two lists; who waits as long stands as high."""
    async with transaction(pool, wie) as conn:
        long = await waits(conn, 90)
        both = await waits(conn, 30, zorgvormen=["gezinshuis", "driemilieu"], zorgvorm_reden="School")
        twin = await waits(conn, 30)
        last = await waits(conn, 10)
        spoed = await waits(conn, 1, urgentie=Urgentie.SPOED, urgentie_reden="Thuis gaat het niet")
    found = await listed(pool, wie)

    assert places(found) == {spoed: (1, 5), long: (2, 5), both: (3, 5), twin: (3, 5), last: (5, 5)}
    assert places(found, "driemilieu") == {both: (1, 1)}
    assert [one.aanvraag_id for one in found][:2] == [spoed, long] and found[-1].aanvraag_id == last
    only = await listed(pool, wie, zorgvorm="driemilieu")
    assert [one.aanvraag_id for one in only] == [both]
    assert len(await listed(pool, wie, urgentie=Urgentie.SPOED)) == 1


async def test_the_days_are_counted_from_each_of_its_dates(pool: Pool, wie: Wie) -> None:
    """Aanmelding 50 days ago, grondslag 20 days ago (another was refused before), wished 5 days ago."""
    grounds = [
        Grondslag(soort=GrondslagSoort.BESLUIT_GEMEENTE, status=GrondslagStatus.AFGEWEZEN, datum=make.day(-40)),
        Grondslag(soort=GrondslagSoort.BESLUIT_GEMEENTE, status=GrondslagStatus.VERLEEND, datum=make.day(-20)),
    ]
    async with transaction(pool, wie) as conn:
        await waits(conn, 50, gewenste_start=make.day(-5), uiterlijke_datum=make.day(20), grondslagen=grounds)
        await waits(conn, 40, gewenste_start=make.day(5))
    first, second = await listed(pool, wie)

    assert (first.aanmelding, first.grondslag, first.gewenste_start) == (make.day(-50), make.day(-20), make.day(-5))
    assert (first.dagen_sinds_aanmelding, first.dagen_sinds_grondslag, first.dagen_sinds_gewenste_start) == (50, 20, 5)
    assert (second.dagen_sinds_grondslag, second.dagen_sinds_gewenste_start) == (None, 0)


@pytest.mark.parametrize(
    ("vanaf", "order"), [("aanmelding", [0, 1, 2]), ("grondslag", [1, 0, 2]), ("gewenste_start", [2, 1, 0])]
)
async def test_who_waits_longest_depends_on_the_date_that_one_counts_from(
    pool: Pool, wie: Wie, vanaf: str, order: list[int]
) -> None:
    """Who has no grondslag yet comes last when that is what counts."""

    def ground(dagen: int) -> dict[str, Any]:
        verleend = {"soort": GrondslagSoort.BESLUIT_GEMEENTE, "status": GrondslagStatus.VERLEEND}
        return {"grondslagen": [Grondslag(datum=make.day(-dagen), **verleend)]}

    async with transaction(pool, wie) as conn:
        ids = [
            await waits(conn, 30, gewenste_start=make.day(9), **ground(5)),
            await waits(conn, 20, gewenste_start=make.day(6), **ground(15)),
            await waits(conn, 10, gewenste_start=make.day(3)),
        ]
    found = await listed(pool, wie, vanaf=WachtVanaf(vanaf))

    assert [ids.index(one.aanvraag_id) for one in found] == order
    assert [places(found)[ids[at]][0] for at in order] == [1, 2, 3]


@pytest.mark.parametrize(
    ("verblijf", "waar"),
    [
        (HuidigVerblijf.THUIS, "thuis"),
        (HuidigVerblijf.NETWERK, "thuis"),
        (HuidigVerblijf.CRISISPLEK, "crisis"),
        (HuidigVerblijf.OVERBRUGGING, "overbrugging"),
        (HuidigVerblijf.RESIDENTIEEL, "elders"),
    ],
)
async def test_where_a_child_waits_is_what_was_said(pool: Pool, wie: Wie, verblijf: HuidigVerblijf, waar: str) -> None:
    async with transaction(pool, wie) as conn:
        await waits(conn, 1, huidig_verblijf=verblijf)

    assert [one.waar for one in await listed(pool, wie)] == [waar]
    assert len(await listed(pool, wie, waar=wachtlijst.Wachtplaats(waar))) == 1


@pytest.mark.parametrize(
    ("soort", "staat", "waar"),
    [
        ("overbrugging", "loopt", "overbrugging"),
        ("tussenvoorziening", "loopt", "overbrugging"),
        ("overbrugging", "toegezegd", "thuis"),
        ("netwerkplaatsing", "onderzoek", "thuis"),
    ],
)
async def test_a_route_that_runs_is_where_it_waits(
    pool: Pool, wie: Wie, owner: Connection, soort: str, staat: str, waar: str
) -> None:
    """Help that was promised has not begun."""
    async with transaction(pool, wie) as conn:
        id = await waits(conn, 1)
    await owner.execute(
        "insert into route (regio, aanvraag_id, soort, staat, details, termijn, begonnen_op)"
        " values ($1, $2, $3, $4, $5, $6, $7)",
        wie.regio, id, soort, staat, {"soort": soort}, make.day(30), make.NOW,
    )  # fmt: skip

    assert [one.waar for one in await listed(pool, wie)] == [waar]


async def test_what_follows_on_a_crisis_waits_in_crisis(pool: Pool, wie: Wie) -> None:
    """Its vervolgaanvraag; the crisis itself has a place and waits no more."""
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn, zorgvorm="crisis")
        plek = await make.plek(conn, voorziening_id=huis.id)
        crisis = {"urgentie": Urgentie.CRISIS, "zorgvormen": ["crisis"], "zorgvorm_reden": "Vannacht"}
        kind = await make.aanvraag(conn, **crisis)
        await make.plaatsing(conn, plek_id=plek.id, aanvraag_id=kind.id, van=make.day(-3), tot=make.day(25))
    found = await listed(pool, wie)

    assert [(one.waar, one.aanvraag_id == kind.id) for one in found] == [("crisis", False)]


async def test_who_has_a_place_and_has_yet_to_come_there_is_seen_and_stands_in_no_list(
    pool: Pool, wie: Wie, wie_als: Als, owner: Connection
) -> None:
    """It waits until it really comes, the fourth date; but who comes after it in the list, has nobody before it."""
    async with transaction(pool, wie) as conn:
        kind, plek = await child(conn, now=noon(make.day(-90))), await make.plek(conn)
        later = await waits(conn, 10)
        asked = await sent(conn, pool, wie, (kind.id, plek.id))
        await step(conn, pool, asked.id, "akkoord", wie)
        await step(conn, pool, asked.id, "maak_definitief", wie, reden="Zij kennen elkaar.")
        counted = await wachtlijst.tellingen(conn, wie.rol)
    found = await listed(pool, wie)
    own = await listed(pool, wie_als("verwijzer", organisatie=kind.organisatie_id), zorgvorm="gezinshuis")

    assert [(one.aanvraag_id, one.geplaatst_per, len(one.lijsten)) for one in found] == [
        (later, None, 1), (kind.id, make.day(1), 0)
    ]  # fmt: skip
    assert [(one.aanvraag_id, one.geplaatst_per, one.dagen_sinds_aanmelding) for one in own] == [
        (kind.id, make.day(1), 90)
    ]
    assert places(found) == {later: (1, 1)}
    assert [(row.zorgvorm, row.aantal) for row in counted] == [("gezinshuis", 1)]
    async with transaction(pool, wie) as conn:
        [row] = await conn.fetch("select id from bezetting where soort = 'plaatsing'")
        await plaatsingen.begin(conn, row["id"], make.day(1), now=make.NOW + timedelta(days=1))
    assert [one.aanvraag_id for one in await listed(pool, wie)] == [later]


@pytest.mark.parametrize(("norm", "stand"), [(91, NormStand.BINNEN), (90, NormStand.VERSTREKEN)])
async def test_a_place_that_comes_after_the_norm_is_late(
    pool: Pool, wie: Wie, owner: Connection, norm: int, stand: NormStand
) -> None:
    """Announced 90 days ago, and there tomorrow."""
    await owner.execute(
        "insert into instelling (regio, sleutel, waarde, bron) values ($1, 'normen_dagen', $2, 'besluit')",
        wie.regio, {"regulier": norm},
    )  # fmt: skip
    async with transaction(pool, wie) as conn:
        kind, plek = await child(conn, now=noon(make.day(-90))), await make.plek(conn)
        asked = await sent(conn, pool, wie, (kind.id, plek.id))
        await step(conn, pool, asked.id, "akkoord", wie)
        await step(conn, pool, asked.id, "maak_definitief", wie, reden="Zij kennen elkaar.")

    assert [one.norm for one in await listed(pool, wie)] == [stand]


@pytest.mark.parametrize(
    ("dagen", "norm"),
    [(45, NormStand.BINNEN), (46, NormStand.NADERT), (60, NormStand.NADERT), (61, NormStand.VERSTREKEN)],
)
async def test_the_norm_is_that_of_the_region(pool: Pool, wie: Wie, owner: Connection, dagen: int, norm: str) -> None:
    """60 days for regulier, told 14 days before; for spoed nothing was agreed."""
    await owner.execute(
        "insert into instelling (regio, sleutel, waarde, bron) values ($1, 'normen_dagen', $2, 'tests')",
        wie.regio,
        {"regulier": 60},
    )
    async with transaction(pool, wie) as conn:
        await waits(conn, dagen)
        await waits(conn, 300, urgentie=Urgentie.SPOED, urgentie_reden="Thuis gaat het niet")
    spoed, regulier = await listed(pool, wie)

    assert (regulier.norm, regulier.norm_dag) == (norm, make.day(60 - dagen))
    assert (spoed.norm, spoed.norm_dag) == (NormStand.GEEN_NORM, None)


# ── Who may know it ──────────────────────────────────────────────────────────────────────────────


async def test_a_verwijzer_sees_its_own_with_their_place_among_all(pool: Pool, wie: Wie, wie_als: Als) -> None:
    """And of the others nothing; the other regions and rollen see no child at all."""
    async with transaction(pool, wie) as conn:
        mine, theirs = await make.organisatie(conn), await make.organisatie(conn)
        await waits(conn, 50, organisatie_id=theirs)
        own = await waits(conn, 20, organisatie_id=mine)
    found = await listed(pool, wie_als("verwijzer", organisatie=mine))

    assert [(one.aanvraag_id, one.lijsten[0].positie) for one in found] == [(own, 2)]
    for other in ("contractbeheer", "beheerder", "crisisdienst"):
        assert await listed(pool, wie_als(other)) == []
    assert await listed(pool, wie_als("aanbieder", organisatie=mine)) == []
    assert await listed(pool, wie_als("schakelfunctionaris", regio=OTHER_REGIO)) == []


async def test_contractbeheer_sees_counts_from_five_on_and_no_sums(pool: Pool, wie: Wie, wie_als: Als) -> None:
    """That there are some, is not told either. The loket sees all of them."""
    async with transaction(pool, wie) as conn:
        van = await make.organisatie(conn)
        for at in range(5):
            await waits(conn, at, organisatie_id=van)
        for at in range(4):
            group = {"zorgvormen": ["gezinsgroep"], "zorgvorm_reden": "School"}
            await waits(conn, at, organisatie_id=van, huidig_verblijf=HuidigVerblijf.NETWERK, **group)

    async def counts(who: Wie) -> list[tuple[str, str, str, int]]:
        async with transaction(pool, who, readonly=True) as conn:
            found = await wachtlijst.tellingen(conn, who.rol)
            return [(one.zorgvorm, one.urgentie, one.waar, one.aantal) for one in found]

    shown = ("gezinshuis", "regulier", "thuis", 5)
    assert await counts(wie) == [("gezinsgroep", "regulier", "thuis", 4), shown]
    assert await counts(wie_als("contractbeheer")) == [shown]
    assert await counts(wie_als("verwijzer", organisatie=van)) == []


# ── What may be expected ─────────────────────────────────────────────────────────────────────────

SINDS = 365
"""Days ago that those were announced who have a place by now."""


async def history(pool: Pool, wie: Wie, text: str, **fields: Any) -> list[UUID]:
    """`3 9+`: one that got a place after three days, one that has waited for nine and still does."""
    made = []
    async with transaction(pool, wie) as conn:
        van, huis = await make.organisatie(conn), await make.voorziening(conn)
        for part in text.split():
            days = int(part.rstrip("+"))
            ago = days if part.endswith("+") else SINDS
            own = {"gewenste_start": make.day(2 - ago), "uiterlijke_datum": make.day(40), "organisatie_id": van}
            made.append(await waits(conn, ago, **own | fields))
            if not part.endswith("+"):
                plek = await make.plek(conn, voorziening_id=huis.id, bestaat_van=make.day(-800))
                day = make.day(days - SINDS)
                await plaatsingen.plaats(conn, plek.id, made[-1], day, day + timedelta(days=2), now=make.NOW)
    return made


async def expected(pool: Pool, wie: Wie, vanaf: str = "aanmelding") -> dict[tuple[str, str], Verwachting]:
    async with transaction(pool, wie, readonly=True) as conn:
        found = await wachtlijst.wachttijden(conn, wie.rol, WachtVanaf(vanaf), make.NOW)
    return {(one.zorgvorm, one.urgentie): one.verwachting for one in found}


TIEN = "10 20 30 40 50 60 70 80+ 90+ 100+"
"""After 50 days 5/10 is left: the median. Seven came, three still wait."""


async def test_what_may_be_expected_is_measured_also_of_who_still_waits(pool: Pool, wie: Wie, wie_als: Als) -> None:
    """Without the three who still wait it would be 40. Everybody who may ask is told of how many it is."""
    await history(pool, wie, TIEN)
    for who in (wie, wie_als("contractbeheer")):
        found = (await expected(pool, who))["gezinshuis", "regulier"]

        assert (found.dagen, found.aantal) == (50, 10)
        assert found.laag == 10 and found.hoog is None
        assert found.zin == (
            "De helft heeft binnen 50 dagen een plek. Waarschijnlijk duurt het minstens 10 dagen."
            " Gemeten aan 10 kinderen."
        )


@pytest.mark.parametrize(("vanaf", "dagen"), [("aanmelding", 50), ("gewenste_start", 48)])
async def test_it_is_measured_from_the_date_that_is_asked(pool: Pool, wie: Wie, vanaf: str, dagen: int) -> None:
    """All wished to come two days after they were announced."""
    await history(pool, wie, TIEN)

    assert (await expected(pool, wie, vanaf))["gezinshuis", "regulier"].dagen == dagen
    assert await expected(pool, wie, "grondslag") == {}


async def test_of_too_few_nothing_is_said(pool: Pool, wie: Wie, wie_als: Als) -> None:
    """Nine is too few, also to tell others than the loket that there are any."""
    await history(pool, wie, TIEN.removesuffix(" 100+"))
    found = (await expected(pool, wie))["gezinshuis", "regulier"]

    assert (found.dagen, found.laag, found.hoog, found.aantal) == (None, None, None, 9)
    assert found.zin.startswith("Nog niet te zeggen")
    assert await expected(pool, wie_als("contractbeheer")) == {}


async def test_a_verwijzer_is_not_told_of_how_few_something_is_known(pool: Pool, wie: Wie, wie_als: Als) -> None:
    """The loket is; what may be expected, is said to neither."""
    await history(pool, wie, "10 20 30")
    async with transaction(pool, wie) as conn:
        own = await make.aanvraag(conn)
    told = []
    for asks in (wie, wie_als("verwijzer", organisatie=own.organisatie_id)):
        async with transaction(pool, asks, readonly=True) as conn:
            found = await wachtlijst.wachtlijst(conn, asks.rol, now=make.NOW)
        told += [
            (place.nog.dagen, place.nog.aantal) for one in found if one.aanvraag_id == own.id for place in one.lijsten
        ]

    assert told == [(None, 4), (None, None)]


async def test_when_half_has_no_place_yet_it_is_not_invented(pool: Pool, wie: Wie) -> None:
    await history(pool, wie, "10 20 30 80+ 80+ 80+ 90+ 90+ 90+ 90+")
    found = (await expected(pool, wie))["gezinshuis", "regulier"]

    assert (found.dagen, found.aantal) == (None, 10)
    assert found.zin.startswith("Nog niet te zeggen: de helft heeft nog geen plek.")


async def test_who_waited_before_the_time_that_is_looked_at_does_not_count(pool: Pool, wie: Wie) -> None:
    """730 days; not by when the place came: of who was announced then, long waits would be missing."""
    await history(pool, wie, TIEN)
    async with transaction(pool, wie, readonly=True) as conn:
        before = await wachtlijst.wachttijden(conn, wie.rol, WachtVanaf.AANMELDING, make.NOW + timedelta(days=366))
    assert [one.verwachting.aantal for one in before] == [3]


async def test_each_is_counted_with_who_asked_the_same(pool: Pool, wie: Wie) -> None:
    """Per zorgvorm that was asked and urgentie; who asked for two counts in both, wherever it came."""
    both = {"zorgvormen": ["gezinshuis", "driemilieu"], "zorgvorm_reden": "School"}
    await history(pool, wie, "5 5+", **both)
    await history(pool, wie, "5", urgentie=Urgentie.SPOED, urgentie_reden="Thuis gaat het niet")

    assert {key: one.aantal for key, one in (await expected(pool, wie)).items()} == {
        ("driemilieu", "regulier"): 2,
        ("gezinshuis", "spoed"): 1,
        ("gezinshuis", "regulier"): 2,
    }


async def test_who_waited_long_is_told_what_those_found_who_did_too(pool: Pool, wie: Wie, wie_als: Als) -> None:
    """After 25 days: of who waited at least 25 (30 … 120+) half had a place at 70 days, so 45 to go. Not the 50 of who
    begins. A verwijzer is told the same of its own."""
    longer = "10 20 30 40 50 60 70 80 90 100 110+ 120+"
    await history(pool, wie, longer)
    async with transaction(pool, wie) as conn:
        van = await make.organisatie(conn)
        kind = await waits(conn, 25, organisatie_id=van)
    for who in (wie, wie_als("verwijzer", organisatie=van)):
        [own] = [one for one in await listed(pool, who) if one.aanvraag_id == kind]
        # 25+ itself is there too, and leaves at once: 10 others, of which 5 are left after 70 days.
        assert (own.lijsten[0].nog.dagen, own.lijsten[0].nog.aantal) == (45, 11)


async def test_a_child_of_which_everything_else_was_forgotten_still_counts(
    pool: Pool, wie: Wie, owner: Connection
) -> None:
    """The days stay, in aanvraag.uitkomst: of who came and of who was withdrawn. Seven came after 10 … 70 days, three
    were withdrawn after 80, 90 and 100 without a place."""
    made = await history(pool, wie, TIEN)
    async with transaction(pool, wie) as conn:
        for id in made[:7]:
            [row] = await conn.fetch("select id, upper(periode) as op from bezetting where aanvraag_id = $1", id)
            await plaatsingen.beeindig(conn, row["id"], row["op"], EindeReden.VOLGENS_PLAN, now=make.NOW)
        gone = NieuweStap(stap=Stap.TREK_IN, reden="Niet meer nodig")
        for id in made[7:]:
            await stappen.doe(conn, id, gone, wie=wie, now=make.NOW)
    before = (await expected(pool, wie))["gezinshuis", "regulier"]
    async with transaction(pool, Wie(wie.regio, Rol.SCHAKELFUNCTIONARIS, SYSTEM)) as conn:
        for id in made:
            await conn.execute("select anonimiseer($1, $2, 'termijn', null)", id, make.NOW)
    after = (await expected(pool, wie))["gezinshuis", "regulier"]

    assert await owner.fetchval("select count(*) from aanvraag where geanonimiseerd_op is not null") == 10
    assert before == after and (after.dagen, after.aantal) == (50, 10)


@pytest.mark.parametrize("aantal", [9, 10])
def test_the_least_number_is_a_setting(aantal: int) -> None:
    found = verwachting([Duur(3, True)] * aantal, minstens=10, klein=False)

    assert (found.dagen, found.aantal) == ((3, 10) if aantal == 10 else (None, None))
    assert verwachting([Duur(3, True)] * aantal, minstens=9, klein=False).dagen == 3
