"""Vervolgaanvragen: who is in crisis or in closed care needs a place to go on to, and from the first day on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from service.aanbod import bezetting
from service.aanbod.bezetting import EindeReden
from service.aanvraag import uitsluitingen
from service.aanvraag.aanvragen import HuidigVerblijf
from service.aanvraag.termijnen import AlarmSoort, Ernst
from service.aanvraag.uitsluitingen import Uitsluiting, UitsluitingSoort
from service.bericht import alarmen
from service.days import noon
from service.db import Connection, Pool, Wie, transaction
from service.plaatsing import plaatsingen, plaatsingstappen, vervolg
from service.urgentie import Urgentie
from tests import make

END = make.day(28)

CRISIS = {"urgentie": Urgentie.CRISIS, "zorgvormen": ["crisis"], "zorgvorm_reden": "Vannacht", "verwacht_verblijf": 28}


async def stay(
    conn: Connection,
    *,
    zorgvorm: str = "crisis",
    tot: date | None = END,
    gesloten: bool = False,
    **fields: Any,
) -> tuple[UUID, UUID]:
    """A child that came today: its aanvraag and plaatsing."""
    huis = await make.voorziening(conn, zorgvorm=zorgvorm, gesloten=gesloten)
    plek = await make.plek(conn, voorziening_id=huis.id)
    aanvraag = await make.aanvraag(conn, **CRISIS | fields)
    made = await plaatsingen.plaats(conn, plek.id, aanvraag.id, make.TODAY, tot, now=make.NOW)
    return aanvraag.id, made.id


async def vervolg_of(owner: Connection, plaatsing_id: UUID) -> asyncpg.Record | None:
    return await owner.fetchrow(
        "select a.*, k.kenmerk from aanvraag a join aanvraag_kenmerk k on k.aanvraag_id = a.id where vervolg_van = $1",
        plaatsing_id,
    )


async def test_a_crisis_has_its_vervolg_at_once(pool: Pool, owner: Connection, wie: Wie) -> None:
    """In the same transaction; not crisis any more, for who is on a crisisplek until its expected end."""
    async with transaction(pool, wie) as conn:
        aanvraag, plaatsing = await stay(conn, praktisch="Neemt een hond mee", kenmerk="J-2026-1")
    found = await vervolg_of(owner, plaatsing)

    assert found is not None
    assert (found["urgentie"], found["status"], found["huidig_verblijf"]) == ("regulier", "ingediend", "crisisplek")
    assert (found["huidig_verblijf_tot"], found["gewenste_start"]) == (make.day(28), make.day(28))
    assert (found["kenmerk"], found["praktisch"]) == ("J-2026-1/V1", "Neemt een hond mee")
    told = await owner.fetch("select aanvraag_id, soort from gebeurtenis where soort <> 'geplaatst' order by nummer")
    assert [(row["aanvraag_id"], row["soort"]) for row in told] == [
        (aanvraag, "ingediend"),
        (found["id"], "ingediend"),
        (aanvraag, "vervolg"),
    ]


@pytest.mark.parametrize(
    ("zorgvorm", "gesloten", "opens"),
    [
        ("crisis", False, True),
        ("pleegzorg-crisis", False, True),
        ("residentieel", True, True),
        ("jeugdzorgplus", False, True),
        ("gezinshuis", False, False),
    ],
)
async def test_crisis_and_closed_care_open_a_vervolg_and_nothing_else(
    pool: Pool, owner: Connection, wie: Wie, zorgvorm: str, gesloten: bool, opens: bool
) -> None:
    async with transaction(pool, wie) as conn:
        _, plaatsing = await stay(conn, zorgvorm=zorgvorm, gesloten=gesloten)

    assert (await vervolg_of(owner, plaatsing) is not None) is opens


async def test_the_vervolg_asks_for_a_home(pool: Pool, owner: Connection, wie: Wie) -> None:
    """What was asked besides crisis; when there is nothing else, a family: Jeugdwet 2.3 lid 6."""
    async with transaction(pool, wie) as conn:
        _, only = await stay(conn)
        _, also = await stay(conn, zorgvormen=["crisis", "driemilieu", "logeer"])
    first, second = await vervolg_of(owner, only), await vervolg_of(owner, also)

    assert first is not None and second is not None
    assert first["zorgvormen"] == ["gezinshuis", "pleegzorg-hulpverlening", "pleegzorg-opvoeding"]
    assert (first["zorgvorm_reden"], first["verwacht_verblijf"]) == (None, 180)
    assert (second["zorgvormen"], second["zorgvorm_reden"]) == (["driemilieu"], "Vannacht")


async def test_where_the_child_must_not_be_goes_along(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Safety does not end with a crisis."""
    async with transaction(pool, wie) as conn:
        elders = await make.voorziening(conn)
        away = Uitsluiting(soort=UitsluitingSoort.VOORZIENING, voorziening_id=elders.id)
        _, plaatsing = await stay(conn, uitsluitingen=[away])
    found = await vervolg_of(owner, plaatsing)

    assert found is not None
    async with transaction(pool, wie) as conn:
        query = f"select {uitsluitingen.UITSLUITINGEN} as u from aanvraag a where a.id = $1"
        assert [part["voorzieningId"] for part in await conn.fetchval(query, found["id"])] == [str(elders.id)]


async def test_brothers_and_sisters_stay_together_in_what_follows(pool: Pool, owner: Connection, wie: Wie) -> None:
    """In a samenplaatsing of their own: one who still looks for a bed tonight does not wait for them."""
    async with transaction(pool, wie) as conn:
        samen = await make.samenplaatsing(conn)
        family = {"samenplaatsing_id": samen.id, "organisatie_id": samen.organisatie_id}
        _, one = await stay(conn, **family)
        _, two = await stay(conn, **family)
    first, second = await vervolg_of(owner, one), await vervolg_of(owner, two)

    assert first is not None and second is not None
    assert first["samenplaatsing_id"] == second["samenplaatsing_id"] not in (None, samen.id)


async def test_a_vervolg_is_made_once(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Also when two ask at the same moment."""
    async with transaction(pool, wie) as conn:
        _, plaatsing = await stay(conn, zorgvorm="gezinshuis")

    async def ask() -> UUID | None:
        async with transaction(pool, wie) as conn:
            return await vervolg.open(conn, plaatsing, now=make.NOW, crisis=True)

    made = await asyncio.gather(*(ask() for _ in range(5)))

    assert sorted(id is not None for id in made) == [False, False, False, False, True]
    assert await owner.fetchval("select count(*) from aanvraag where vervolg_van = $1", plaatsing) == 1


async def test_the_kenmerk_of_a_second_crisis_is_another(pool: Pool, owner: Connection, wie: Wie) -> None:
    """A kenmerk is unique for its organisatie, however long it is."""
    long = "J" * 40
    async with transaction(pool, wie) as conn:
        organisatie = await make.organisatie(conn)
        _, one = await stay(conn, kenmerk=long, organisatie_id=organisatie)
        _, two = await stay(conn, kenmerk=f"{long[:39]}X", organisatie_id=organisatie)
    first, second = await vervolg_of(owner, one), await vervolg_of(owner, two)

    assert first is not None and second is not None
    assert (first["kenmerk"], second["kenmerk"]) == (f"{'J' * 34}/V1", f"{'J' * 34}/V2")


async def test_the_crisisdienst_opens_it_without_seeing_it(
    pool: Pool, owner: Connection, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """The vervolg is no crisis, and its kenmerk is the verwijzer's."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn, voorziening_id=(await make.voorziening(conn, zorgvorm="crisis")).id)
        aanvraag = await make.aanvraag(conn, **CRISIS)
    async with transaction(pool, wie_als("crisisdienst")) as conn:
        made = await plaatsingen.plaats(conn, plek.id, aanvraag.id, make.TODAY, None, now=make.NOW, telefonisch=True)
        seen = await conn.fetchval("select count(*) from aanvraag where vervolg_van is not null")
    found = await vervolg_of(owner, made.id)

    assert found is not None
    assert seen == 0
    assert found["gewenste_start"] == make.day(28)  # the usual stay, because no end was known


async def test_what_did_not_go_on_needs_no_vervolg(pool: Pool, owner: Connection, wie: Wie) -> None:
    """The search for a place to go on to ends, with why."""
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn, zorgvorm="crisis")
        plek, aanvraag = await make.plek(conn, voorziening_id=huis.id), await make.aanvraag(conn, **CRISIS)
        made = await plaatsingen.plaats(conn, plek.id, aanvraag.id, make.day(1), None, now=make.NOW)
        await plaatsingen.zeg_af(conn, made.id, "Oma vangt het kind op", now=make.NOW)
    found = await vervolg_of(owner, made.id)

    assert found is not None
    assert found["status"] == "ingetrokken"


async def test_where_the_child_waits_follows_its_stay(
    pool: Pool, owner: Connection, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """A provider that says so does not see the vervolg; what was wished stays as it was."""
    async with transaction(pool, wie) as conn:
        _, plaatsing = await stay(conn)
        aanbieder = await conn.fetchval(
            "select p.aanbieder_id from bezetting b join plek p on p.id = b.plek_id where b.id = $1", plaatsing
        )
    provider = wie_als("aanbieder", organisatie=aanbieder)
    seen = []
    async with transaction(pool, provider) as conn:
        await plaatsingen.verleng(conn, plaatsing, make.day(40), now=make.NOW)
    seen.append(await vervolg_of(owner, plaatsing))
    async with transaction(pool, provider) as conn:
        later = noon(make.day(9))
        await plaatsingen.beeindig(conn, plaatsing, make.day(9), EindeReden.TERUG_NAAR_HUIS, now=later)
    seen.append(await vervolg_of(owner, plaatsing))

    assert [(row["huidig_verblijf"], row["huidig_verblijf_tot"], row["gewenste_start"]) for row in seen if row] == [
        ("crisisplek", make.day(40), make.day(28)),
        ("thuis", None, make.day(28)),
    ]


async def test_the_stay_before_is_to_be_ended_until_it_is(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Before the child comes and when it is there, each in its own words; never for what was called off."""
    async with transaction(pool, wie) as conn:
        _, crisis = await stay(conn)
    waits = await vervolg_of(owner, crisis)
    assert waits is not None
    day = noon(make.day(14))

    async def says(conn: Connection, plaatsing: UUID) -> list[str]:
        shown = await plaatsingstappen.get(conn, wie, plaatsing, day)
        return [line for line in shown.let_op if "van daarvoor" in line]

    async with transaction(pool, wie) as conn:
        plekken = [await make.plek(conn) for _ in range(2)]
        off = await plaatsingen.plaats(conn, plekken[0].id, waits["id"], make.day(14), None, now=make.NOW)
        await plaatsingen.zeg_af(conn, off.id, "Toch niet", now=make.NOW)
        home = await plaatsingen.plaats(conn, plekken[1].id, waits["id"], make.day(14), None, now=make.NOW)
        coming = await says(conn, home.id)
        await plaatsingen.begin(conn, home.id, make.day(14), now=day)
        there = await says(conn, home.id)
        await plaatsingen.beeindig(conn, crisis, make.day(14), EindeReden.DOORSTROOM, now=day)

        assert coming == ["Het kind woont nog op de plek van daarvoor. Beëindig die plaatsing als het kind hier komt."]
        assert there == [
            "Het kind woont hier, maar de plaatsing van daarvoor loopt nog. Beëindig die, met de dag waarop het daar"
            " wegging."
        ]
        assert await says(conn, off.id) == await says(conn, home.id) == []


# ── Alarms ───────────────────────────────────────────────────────────────────────────────────────


async def heard(conn: Connection, day: date, soort: AlarmSoort) -> list[tuple[date, Ernst]]:
    return [(one.dag, one.ernst) for one in await alarmen.alarmen(conn, noon(day)) if one.soort is soort]


@pytest.mark.parametrize(
    ("after", "reached"),
    [
        (13, []),
        (14, [(14, Ernst.NADERT)]),
        (20, [(14, Ernst.NADERT)]),
        (21, [(21, Ernst.NADERT)]),
        (28, [(28, Ernst.VERSTREKEN)]),
        (60, [(28, Ernst.VERSTREKEN)]),
    ],
)
async def test_without_a_place_to_go_on_to_there_is_an_alarm_on_days_14_21_and_28(
    pool: Pool, wie: Wie, after: int, reached: list[tuple[int, Ernst]]
) -> None:
    """Of the day the child came. Equal, a day less, and long after."""
    async with transaction(pool, wie) as conn:
        await stay(conn)
        found = await heard(conn, make.day(after), AlarmSoort.VERVOLG_ZONDER_PLEK)

    assert found == [(make.day(n), ernst) for n, ernst in reached]


async def test_with_a_place_to_go_on_to_there_is_no_alarm(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Nor when the child left."""
    async with transaction(pool, wie) as conn:
        _, placed = await stay(conn)
        _, left = await stay(conn)
    found = await vervolg_of(owner, placed)
    assert found is not None
    async with transaction(pool, wie) as conn:
        home = await make.plek(conn)
        await plaatsingen.plaats(conn, home.id, found["id"], make.day(14), None, now=noon(make.day(14)))
        await plaatsingen.beeindig(
            conn, left, make.day(14), bezetting.EindeReden.TERUG_NAAR_HUIS, now=noon(make.day(14))
        )

        assert await heard(conn, make.day(28), AlarmSoort.VERVOLG_ZONDER_PLEK) == []


async def moved(conn: Connection, aanvraag: UUID, op: int, uit: UUID, *, weg: int) -> None:
    """The search after stay `uit` led to another crisis plek from day `op`; on day `weg` the child left the first."""
    huis = await make.voorziening(conn, zorgvorm="crisis")
    plek = await make.plek(conn, voorziening_id=huis.id)
    await plaatsingen.beeindig(
        conn, uit, make.day(weg), bezetting.EindeReden.VERHUISD, now=noon(make.day(max(op, weg)))
    )
    await plaatsingen.plaats(conn, plek.id, aanvraag, make.day(op), make.day(60), now=noon(make.day(op)))


@pytest.mark.parametrize(("weg", "since"), [(10, 0), (11, 0), (9, 10)], ids=["seamless", "a day of both", "been home"])
async def test_a_child_that_is_moved_to_another_crisis_plek_is_still_in_that_crisis(
    pool: Pool, wie: Wie, weg: int, since: int
) -> None:
    """28 days are of the crisis and not of the bed: a move begins no new count, a day elsewhere does."""
    async with transaction(pool, wie) as conn:
        _, first = await stay(conn)
        id = await conn.fetchval("select id from aanvraag where vervolg_van = $1", first)
        await moved(conn, id, 10, first, weg=weg)
        found = await heard(conn, make.day(24), AlarmSoort.VERVOLG_ZONDER_PLEK)

    assert found == [(make.day(since + (21 if since == 0 else 14)), Ernst.NADERT)]


async def sets(owner: Connection, wie: Wie, sleutel: str, waarde: Any) -> None:
    await owner.execute(
        "insert into instelling (regio, sleutel, waarde, bron) values ($1, $2, $3, 'test')", wie.regio, sleutel, waarde
    )


async def test_the_region_says_on_which_days(pool: Pool, owner: Connection, wie: Wie) -> None:
    await sets(owner, wie, "alarm_crisis_dagen", [3])
    async with transaction(pool, wie) as conn:
        await stay(conn)
        found = await heard(conn, make.day(3), AlarmSoort.VERVOLG_ZONDER_PLEK)

    assert found == [(make.day(3), Ernst.VERSTREKEN)]


@pytest.mark.parametrize(
    ("after", "ernst"), [(55, None), (56, Ernst.NADERT), (70, Ernst.NADERT), (71, Ernst.VERSTREKEN)]
)
async def test_a_norm_has_an_alarm_before_and_after_it_is_broken(
    pool: Pool, owner: Connection, wie: Wie, after: int, ernst: Ernst | None
) -> None:
    """Two weeks before; on the day itself there is still time. Of who has a place nobody hears."""
    await sets(owner, wie, "normen_dagen", {"regulier": 70})
    async with transaction(pool, wie) as conn:
        await make.aanvraag(conn)
        await make.plaatsing(conn, plek_id=(await make.plek(conn)).id)
        found = await heard(conn, make.day(after), AlarmSoort.NORM)

    assert found == ([] if ernst is None else [(make.day(70), ernst)])


async def test_without_a_norm_nobody_is_late(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Norms may be empty: none is invented."""
    await sets(owner, wie, "normen_dagen", {"crisis": 1})
    async with transaction(pool, wie) as conn:
        await make.aanvraag(conn)

        assert await heard(conn, make.day(1000), AlarmSoort.NORM) == []


@pytest.mark.parametrize(
    ("day", "ernst"),
    [
        (date(2027, 3, 2), None),
        (date(2027, 3, 3), Ernst.NADERT),
        (date(2028, 3, 2), Ernst.NADERT),
        (date(2028, 3, 3), Ernst.VERSTREKEN),
    ],
)
async def test_a_year_before_eighteen_there_must_be_a_plan(
    pool: Pool, wie: Wie, day: date, ernst: Ernst | None
) -> None:
    """By the first day on which it may be: of the age only whole months are known."""
    async with transaction(pool, wie) as conn:
        await make.aanvraag(conn, leeftijd_maanden=16 * 12 - 1, leeftijd_peildatum=make.TODAY)
        found = await heard(conn, day, AlarmSoort.ACHTTIEN)

    assert found == ([] if ernst is None else [(date(2028, 3, 3), ernst)])


async def test_with_a_plan_for_after_eighteen_that_has_its_own_term(pool: Pool, owner: Connection, wie: Wie) -> None:
    """A route: service/opschaling/routes.py warns when its term passes. One that was stopped, is no plan."""
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn, leeftijd_maanden=17 * 12)
        before = await heard(conn, make.TODAY, AlarmSoort.ACHTTIEN)
    await owner.execute(
        "insert into route (regio, aanvraag_id, soort, staat, details, termijn, begonnen_op)"
        " values ($1, $2, 'achttien_plus', 'vooruitkijken', $3, $4, $5)",
        wie.regio, aanvraag.id, {"soort": "achttien_plus"}, make.day(30), make.NOW,
    )  # fmt: skip
    async with transaction(pool, wie) as conn:
        assert len(before) == 1
        assert await heard(conn, make.TODAY, AlarmSoort.ACHTTIEN) == []
    await owner.execute("update route set staat = 'gestopt', klaar_op = $1, reden = 'Andere gemeente.'", make.NOW)
    async with transaction(pool, wie) as conn:
        assert await heard(conn, make.TODAY, AlarmSoort.ACHTTIEN) == before


# ── The daily round ──────────────────────────────────────────────────────────────────────────────


async def test_the_daily_round_tells_each_alarm_once(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Days and codes, nothing of the child; the next threshold is another alarm."""
    async with transaction(pool, wie) as conn:
        await stay(conn)
    counts = []
    for day in (13, 14, 14, 15, 21):
        async with transaction(pool, wie) as conn:
            counts.append(await alarmen.alarmronde(conn, noon(make.day(day))))
    told = await owner.fetch("select gegevens from gebeurtenis where soort = 'alarm' order by nummer")
    mine = [row["gegevens"] for row in told if row["gegevens"]["alarm"] == "vervolg_zonder_plek"]

    assert (counts[2], counts[3]) == (0, 0)
    assert mine == [
        {"alarm": "vervolg_zonder_plek", "dag": make.day(n).isoformat(), "ernst": "nadert"} for n in (14, 21)
    ]


WAITS = "select exists (select from pg_locks where not granted)"


async def test_two_daily_rounds_at_once_tell_it_once(pool: Pool, owner: Connection, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        await stay(conn)

    async def go() -> int:
        async with transaction(pool, wie) as conn:
            return await alarmen.alarmronde(conn, noon(make.day(14)))

    async with transaction(pool, wie) as conn:
        first = await alarmen.alarmronde(conn, noon(make.day(14)))
        rounds = asyncio.gather(*(go() for _ in range(2)))
        while not rounds.done() and not await owner.fetchval(WAITS):  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert (first > 0, await rounds) == (True, [0, 0])

    alarm = "soort = 'alarm' and gegevens ->> 'alarm' = 'vervolg_zonder_plek'"
    assert await owner.fetchval(f"select count(*) from gebeurtenis where {alarm}") == 1


async def test_a_clock_that_jumps_back_tells_nothing_twice(pool: Pool, owner: Connection, wie: Wie) -> None:
    """And forward over two thresholds: the last one."""
    async with transaction(pool, wie) as conn:
        await stay(conn)
    for day in (30, 14, 30):
        async with transaction(pool, wie) as conn:
            await alarmen.alarmronde(conn, noon(make.day(day)))

    days = await owner.fetch(
        "select gegevens ->> 'dag' as dag from gebeurtenis where gegevens ->> 'alarm' = 'vervolg_zonder_plek'"
        " order by nummer"
    )
    assert [row["dag"] for row in days] == [make.day(28).isoformat(), make.day(14).isoformat()]


async def test_a_home_of_closed_care_is_residential(pool: Pool, owner: Connection, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        _, plaatsing = await stay(conn, zorgvorm="jeugdzorgplus", gesloten=True)
    found = await vervolg_of(owner, plaatsing)

    assert found is not None and found["huidig_verblijf"] == HuidigVerblijf.RESIDENTIEEL
    assert found["aangemeld_op"] - make.NOW == timedelta(0)
