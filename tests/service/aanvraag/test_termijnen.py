"""What lapses when, and who is warned in time: each rule on the days on both sides of its boundary."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from service.aanbod.voorzieningen import JuridischKader
from service.aanvraag import termijnen
from service.aanvraag.grondslagen import (
    Grondslag,
    GrondslagSoort,
    GrondslagStatus,
    Machtiging,
    MachtigingSoort,
    Toestemming,
    ToestemmingPersoon,
    ToestemmingStatus,
)
from service.aanvraag.termijnen import Termijnen
from service.days import AMSTERDAM, months_after
from service.db import Connection, Pool, Rol, Wie, transaction
from service.errors import Kind, Refusal
from service.plaatsing import plaatsingen
from tests import make
from tests.conftest import REGIO

P, S = ToestemmingPersoon, ToestemmingStatus
DEFAULT = Termijnen()


def at(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=AMSTERDAM)


def grondslag(datum: date = date(2026, 1, 1), tot: date | None = None, status: str = "verleend") -> Grondslag:
    return Grondslag(
        soort=GrondslagSoort.UITSPRAAK_RECHTER, status=GrondslagStatus(status), datum=datum, geldig_tot=tot
    )


def machtiging(
    van: date = date(2026, 1, 1),
    tot: date = date(2027, 1, 1),
    soort: str = "open",
    gebruikt: date | None = None,
    zorgvormen: tuple[str, ...] = ("gezinshuis",),
) -> Machtiging:
    return Machtiging(
        soort=MachtigingSoort(soort),
        zorgvormen=list(zorgvormen),
        geldig_van=van,
        geldig_tot=tot,
        ten_uitvoer_op=gebruikt,
    )


def toestemming(persoon: str = "ouder_1", status: str = "gegeven") -> Toestemming:
    reden = "De rechter beslist." if status == "niet_vereist" else None
    return Toestemming(persoon=P(persoon), status=S(status), reden=reden, datum=date(2026, 1, 2))


# ── Months as the law counts them ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 1, 15), 3, date(2026, 4, 15)),
        (date(2025, 11, 30), 3, date(2026, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 1, 31), 3, date(2026, 4, 30)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 10, 1), 3, date(2027, 1, 1)),
    ],
)
def test_a_month_ends_on_the_day_with_the_same_number_or_on_its_last(day: date, months: int, then: date) -> None:
    assert months_after(day, months) == then


# ── What is valid on a day ───────────────────────────────────────────────────────────────────────


def test_a_grondslag_counts_when_it_is_granted_up_to_and_including_its_last_day() -> None:
    parts = [grondslag(date(2026, 1, 5), date(2026, 2, 5))]
    days = (date(2026, 1, 4), date(2026, 1, 5), date(2026, 2, 5), date(2026, 2, 6))
    assert [termijnen.grondslag_geldt(parts, day) for day in days] == [False, True, True, False]
    for status in ("aangevraagd", "afgewezen", "vervallen"):
        assert not termijnen.grondslag_geldt([grondslag(status=status)], date(2026, 2, 1))


@pytest.mark.parametrize(
    ("part", "first_without"),
    [
        (machtiging(date(2025, 11, 30)), date(2026, 2, 28)),
        (machtiging(date(2025, 11, 30), gebruikt=date(2025, 12, 1)), date(2027, 1, 1)),
        (machtiging(date(2026, 1, 1), soort="spoed"), date(2026, 1, 15)),
        (machtiging(date(2026, 1, 1), soort="spoed", gebruikt=date(2026, 1, 1)), date(2026, 1, 15)),
        (machtiging(date(2026, 1, 1), soort="gesloten"), date(2026, 4, 1)),
        (machtiging(date(2026, 1, 1), soort="voorwaardelijk"), date(2027, 1, 1)),
        (machtiging(date(2026, 1, 1), date(2026, 2, 1)), date(2026, 2, 1)),
    ],
)
def test_a_machtiging_counts_until_it_ends_or_lapses(part: Machtiging, first_without: date) -> None:
    """Unused for three months (1:265c BW); a spoedmachtiging two weeks, unless the court gave another."""
    for day, valid in ((first_without - timedelta(days=1), True), (first_without, False)):
        closed = part.soort is MachtigingSoort.GESLOTEN
        assert termijnen.machtiging_geldt([part], day, "gezinshuis", gesloten=closed, termijnen=DEFAULT) is valid


def test_a_machtiging_counts_for_what_it_names() -> None:
    day = date(2026, 1, 10)
    assert not termijnen.machtiging_geldt([machtiging()], day, "residentieel", gesloten=False, termijnen=DEFAULT)
    assert not termijnen.machtiging_geldt([machtiging()], day, "gezinshuis", gesloten=True, termijnen=DEFAULT)


@pytest.mark.parametrize(
    ("maanden", "given", "missing"),
    [
        (143, {"ouder_1": "gegeven"}, 0),
        (143, {"ouder_1": "gegeven", "ouder_2": "gevraagd"}, 1),
        (143, {"ouder_1": "niet_vereist", "jeugdige": "geweigerd"}, 0),
        (143, {}, 1),
        (144, {"ouder_1": "gegeven"}, 1),
        (144, {"ouder_1": "gegeven", "jeugdige": "gegeven"}, 0),
        (144, {"voogd": "niet_vereist", "jeugdige": "niet_vereist"}, 0),
        (144, {"ouder_1": "gegeven", "jeugdige": "geweigerd"}, 1),
        (144, {}, 2),
        (191, {"jeugdige": "gegeven"}, 1),
        (192, {"jeugdige": "gegeven"}, 0),
        (192, {"ouder_1": "geweigerd", "jeugdige": "gegeven"}, 0),
        (192, {"ouder_1": "gegeven"}, 1),
    ],
)
async def test_who_must_agree_depends_on_the_age(pool: Pool, maanden: int, given: dict[str, str], missing: int) -> None:
    """Parents or guardian; from 12 on the jeugdige too; from 16 on the jeugdige alone. The database says the same."""
    parts = [toestemming(persoon, status) for persoon, status in given.items()]
    assert len(termijnen.toestemming_mist(parts, maanden)) == missing
    id, _ = await placed(pool, leeftijd_maanden=maanden, toestemmingen=parts, grondslagen=[grondslag()], yes=True)
    assert await forced(pool, id) is (missing == 0)


# ── Definitief ───────────────────────────────────────────────────────────────────────────────────

YESTERDAY = make.day(-1)

LOKET = Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, UUID(int=7))


async def placed(pool: Pool, *, yes: bool = True, van: date = YESTERDAY, **fields: Any) -> tuple[Any, Any]:
    """Ids of a plaatsing that began yesterday, and of its aanvraag."""
    async with transaction(pool, LOKET) as conn:
        plek = await make.plek(conn)
        aanvraag = await make.aanvraag(conn, **fields)
        if yes:
            await answer(conn, aanvraag.id, plek.voorziening_id)
        plaatsing = await make.plaatsing(conn, plek_id=plek.id, aanvraag_id=aanvraag.id, van=van, tot=make.day(300))
    return plaatsing.id, aanvraag.id


async def answer(conn: Connection, aanvraag: Any, voorziening: Any, reden: str | None = None, hours: int = 0) -> None:
    await conn.execute(
        "insert into besluit (regio, aanvraag_id, voorziening_id, uitkomst, reden, op)"
        " values (huidige_regio(), $1, $2, $3, $4, $5)",
        aanvraag, voorziening, "afgewezen" if reden else "geaccepteerd", reden, make.NOW + timedelta(hours=hours),
    )  # fmt: skip


async def forced(pool: Pool, plaatsing: Any) -> bool:
    """Whether the database itself lets it be definitive, whatever the code asks."""
    try:
        async with transaction(pool, LOKET) as conn:
            await conn.execute("update bezetting set definitief_op = $2 where id = $1", plaatsing, make.NOW)
    except Refusal as refusal:
        return not (refusal.kind is Kind.CONFLICT and "pas definitief met een grondslag" in refusal.detail)
    return True


async def definitief(pool: Pool, plaatsing: Any, now: datetime = make.NOW) -> list[str]:
    """What is told to be missing; nothing: it is definitive."""
    try:
        async with transaction(pool, LOKET) as conn:
            await plaatsingen.maak_definitief(conn, plaatsing, now)
    except Refusal as refusal:
        return [field.pointer for field in refusal.fields]
    return []


COMPLETE: dict[str, Any] = {
    "grondslagen": [grondslag()],
    "machtigingen": [machtiging()],
    "toestemmingen": [toestemming()],
}


async def test_a_plaatsing_is_definitive_when_all_is_there(pool: Pool, owner: Connection) -> None:
    """And stays so: a second time does nothing."""
    id, _ = await placed(pool, **COMPLETE)
    assert await definitief(pool, id) == []
    assert await definitief(pool, id, make.NOW + timedelta(days=1)) == []
    assert await owner.fetchval("select definitief_op from bezetting where id = $1", id) == make.NOW


@pytest.mark.parametrize("part", [*COMPLETE, "yes"])
async def test_each_part_alone_is_missed(pool: Pool, part: str) -> None:
    id, _ = await placed(pool, **(COMPLETE | {part: False if part == "yes" else []}))
    assert await definitief(pool, id) == ["/besluit" if part == "yes" else f"/{part}"]
    assert await forced(pool, id) is (part == "machtigingen")


async def test_everything_that_is_missing_is_told_at_once(pool: Pool) -> None:
    id, _ = await placed(pool, yes=False, leeftijd_maanden=150, grondslagen=[grondslag(status="aangevraagd")])
    pointers = ["/grondslagen", "/machtigingen", "/toestemmingen", "/toestemmingen", "/besluit"]
    assert await definitief(pool, id) == pointers
    assert not await forced(pool, id)


@pytest.mark.parametrize("kader", list(JuridischKader))
async def test_vrijwillig_and_voogdij_need_no_machtiging(pool: Pool, kader: JuridischKader) -> None:
    id, _ = await placed(pool, **COMPLETE | {"machtigingen": [], "juridisch_kader": kader})
    free = kader in (JuridischKader.VRIJWILLIG, JuridischKader.VOOGDIJ)
    assert await definitief(pool, id) == ([] if free else ["/machtigingen"])


async def test_a_yes_that_was_taken_back_is_no_yes(pool: Pool) -> None:
    """The last answer of the voorziening counts; a yes of another voorziening does not."""
    id, aanvraag = await placed(pool, **COMPLETE)
    async with transaction(pool, LOKET) as conn:
        voorziening = await conn.fetchval(
            "select p.voorziening_id from bezetting b join plek p on p.id = b.plek_id where b.id = $1", id
        )
        await answer(conn, aanvraag, voorziening, "geen_personeel", hours=1)
        await answer(conn, aanvraag, (await make.voorziening(conn)).id, hours=2)
    assert await definitief(pool, id) == ["/besluit"]
    assert not await forced(pool, id)


async def test_what_begins_later_rests_on_what_is_valid_then(pool: Pool) -> None:
    """The grondslag may begin with the stay, and may not end before it."""
    van = make.day(30)
    for tot, missing in ((van, []), (van - timedelta(days=1), ["/grondslagen"])):
        parts = {"machtigingen": [machtiging(make.TODAY)], "grondslagen": [grondslag(make.day(-9), tot)]}
        id, _ = await placed(pool, van=van, **COMPLETE | parts)
        assert await definitief(pool, id) == missing
        assert await forced(pool, id) is (not missing)


async def test_closed_care_needs_its_machtiging_in_whatever_kader(pool: Pool) -> None:
    """Also when parents ask for it themselves: nobody is locked up without the kinderrechter."""
    async with transaction(pool, LOKET) as conn:
        aanvraag = await make.aanvraag(conn, **COMPLETE | {"juridisch_kader": JuridischKader.VRIJWILLIG})
        asked = [
            await termijnen.mist_voor_definitief(conn, aanvraag.id, make.TODAY, "gezinshuis", gesloten=gesloten)
            for gesloten in (False, True)
        ]
    assert [[pointer for pointer, _ in missing] for missing in asked] == [[], ["/machtigingen"]]


async def test_what_began_before_rests_on_what_is_valid_now(pool: Pool) -> None:
    """A machtiging that held when the child came and ends today, is none for what becomes definitive today."""
    for tot, missing in ((make.day(1), []), (make.TODAY, ["/machtigingen"])):
        used = machtiging(make.day(-30), tot, gebruikt=make.day(-9))
        id, _ = await placed(pool, van=make.day(-9), **COMPLETE | {"machtigingen": [used]})
        assert await definitief(pool, id) == missing


# ── Alarms ───────────────────────────────────────────────────────────────────────────────────────


async def told(pool: Pool, day: date, wie: Wie = LOKET) -> list[tuple[str, date, str]]:
    async with transaction(pool, wie, readonly=True) as conn:
        return [(alarm.soort, alarm.dag, alarm.ernst) for alarm in await termijnen.alarmen(conn, at(day))]


async def waiting(pool: Pool, **fields: Any) -> None:
    """An aanvraag whose child should move far from now, so that only what is asked about is told."""
    far = date(2027, 9, 1)
    async with transaction(pool, LOKET) as conn:
        await make.aanvraag(conn, **{"gewenste_start": far, "uiterlijke_datum": far} | fields)


async def test_a_machtiging_that_is_not_used_is_told_before_it_lapses(pool: Pool) -> None:
    """Given on 30 November: it lapses on 28 February, and 28 days before that the alarm goes."""
    await waiting(pool, machtigingen=[machtiging(date(2025, 11, 30))])
    lapses = date(2026, 2, 28)
    assert await told(pool, lapses - timedelta(days=29)) == []
    assert await told(pool, lapses - timedelta(days=28)) == [("machtiging_ongebruikt", lapses, "nadert")]
    assert await told(pool, lapses - timedelta(days=1)) == [("machtiging_ongebruikt", lapses, "nadert")]
    assert await told(pool, lapses) == [("machtiging_ongebruikt", lapses, "verstreken")]


async def test_a_machtiging_that_is_used_or_followed_by_another_is_not_told(pool: Pool) -> None:
    await waiting(pool, machtigingen=[machtiging(date(2025, 11, 30), gebruikt=date(2025, 12, 1))])
    await waiting(pool, machtigingen=[machtiging(date(2025, 11, 30)), machtiging(date(2026, 2, 20))])
    await waiting(pool, machtigingen=[machtiging(date(2025, 11, 30), date(2026, 2, 1))])
    assert await told(pool, date(2026, 3, 1)) == []


async def test_a_spoedmachtiging_is_told_until_the_court_has_heard(pool: Pool) -> None:
    """Two weeks (Rv 800 lid 3); the machtiging that follows ends the alarm."""
    spoed = machtiging(date(2026, 3, 2), soort="spoed")
    await waiting(pool, machtigingen=[spoed])
    await waiting(pool, machtigingen=[spoed, machtiging(date(2026, 3, 10))])
    assert await told(pool, date(2026, 3, 15)) == [("spoed_zonder_zitting", date(2026, 3, 16), "nadert")]
    assert await told(pool, date(2026, 3, 16)) == [("spoed_zonder_zitting", date(2026, 3, 16), "verstreken")]


async def test_a_region_decides_how_long_before(pool: Pool, owner: Connection) -> None:
    await owner.execute("insert into instelling values ($1, 'alarm_vooraf_dagen', '5', 'Besluit', 1)", REGIO)
    await owner.execute("insert into instelling values ($1, 'spoedmachtiging_dagen', '10', 'Besluit', 1)", REGIO)
    await waiting(pool, machtigingen=[machtiging(date(2026, 3, 2), soort="spoed")])
    assert await told(pool, date(2026, 3, 6)) == []
    assert await told(pool, date(2026, 3, 7)) == [("spoed_zonder_zitting", date(2026, 3, 12), "nadert")]


USED = machtiging(date(2026, 1, 1), date(2026, 6, 1), gebruikt=date(2026, 1, 1))


async def test_during_a_stay_the_end_of_the_machtiging_is_told(pool: Pool) -> None:
    """28 days before; afterwards that there is none. One that follows at once moves the day."""
    await placed(pool, **COMPLETE | {"machtigingen": [USED]})
    ends = date(2026, 6, 1)
    assert await told(pool, ends - timedelta(days=29)) == []
    assert await told(pool, ends - timedelta(days=28)) == [("machtiging_einde", ends, "nadert")]
    assert await told(pool, ends) == [("machtiging_ontbreekt", ends, "verstreken")]


async def test_a_machtiging_that_follows_at_once_moves_the_end(pool: Pool) -> None:
    next_ = machtiging(date(2026, 6, 1), date(2026, 7, 1), gebruikt=date(2026, 6, 1))
    await placed(pool, **COMPLETE | {"machtigingen": [USED, next_]})
    assert await told(pool, date(2026, 6, 2)) == []
    assert await told(pool, date(2026, 6, 3)) == [("machtiging_einde", date(2026, 7, 1), "nadert")]


async def test_a_stay_that_ends_before_the_machtiging_does_is_not_told(pool: Pool) -> None:
    """The machtiging is until the day on which the child leaves."""
    id, _ = await placed(pool, **COMPLETE | {"machtigingen": [USED]})
    async with transaction(pool, LOKET) as conn:
        await plaatsingen.verleng(conn, id, date(2026, 6, 1), now=make.NOW)
    assert await told(pool, date(2026, 5, 20)) == []


async def test_a_grondslag_that_is_not_there_or_ends_is_told(pool: Pool) -> None:
    """Its last day counts; the day after it there is none."""
    await placed(pool, **COMPLETE | {"juridisch_kader": JuridischKader.VRIJWILLIG, "machtigingen": [],
                                     "grondslagen": [grondslag(tot=date(2026, 5, 31))]})  # fmt: skip
    first_without = date(2026, 6, 1)
    assert await told(pool, first_without - timedelta(days=29)) == []
    assert await told(pool, first_without - timedelta(days=28)) == [("grondslag_einde", first_without, "nadert")]
    assert await told(pool, first_without - timedelta(days=1)) == [("grondslag_einde", first_without, "nadert")]
    assert await told(pool, first_without) == [("grondslag_ontbreekt", first_without, "verstreken")]


async def test_what_a_coming_stay_does_not_rest_on_yet_is_told_before_it_begins(pool: Pool) -> None:
    """Needed before a plaatsing is definitive, not before searching: so it is near, and never too late."""
    start = date(2026, 5, 1)
    await waiting(pool, gewenste_start=start, uiterlijke_datum=date(2026, 9, 1))
    assert await told(pool, start - timedelta(days=29)) == []
    for day in (start - timedelta(days=28), start + timedelta(days=30)):
        assert {(soort, ernst) for soort, _, ernst in await told(pool, day)} == {
            ("grondslag_ontbreekt", "nadert"), ("toestemming_ontbreekt", "nadert"),
        }  # fmt: skip


async def test_toestemming_that_is_refused_or_asked_is_told_apart(pool: Pool) -> None:
    """And one that is not needed, with its reason, counts."""
    for parts in (
        [toestemming("ouder_1", "geweigerd"), toestemming("ouder_2", "gegeven")],
        [toestemming("ouder_1", "gevraagd")],
        [toestemming("ouder_1", "niet_vereist")],
    ):
        await placed(pool, **COMPLETE | {"toestemmingen": parts, "machtigingen": [USED]})
    assert await told(pool, make.TODAY) == [
        ("toestemming_geweigerd", date(2026, 1, 2), "verstreken"),
        ("toestemming_ontbreekt", make.day(-1), "verstreken"),
    ]


async def test_an_open_aanvraag_that_everybody_forgot_is_told(pool: Pool) -> None:
    """It is never removed, however old; 180 days after its uiterlijke datum somebody must look."""
    last = date(2026, 3, 1)
    await waiting(pool, gewenste_start=last, uiterlijke_datum=last, **COMPLETE | {"machtigingen": [USED]})
    over = last + timedelta(days=180)
    assert await told(pool, over - timedelta(days=1)) == []
    assert await told(pool, over) == [("vergeten", over, "verstreken")]


async def test_a_verwijzer_is_told_of_its_own_children_and_others_of_none(pool: Pool) -> None:
    async with transaction(pool, LOKET) as conn:
        own, other = await make.organisatie(conn), await make.organisatie(conn)
    await waiting(pool, organisatie_id=own, machtigingen=[machtiging(date(2025, 11, 30))])
    seen = {
        name: len(await told(pool, date(2026, 3, 1), Wie(REGIO, Rol(rol), UUID(int=8), organisatie)))
        for name, rol, organisatie in (
            ("eigen", "verwijzer", own), ("ander", "verwijzer", other), ("inkoop", "contractbeheer", None),
        )
    }  # fmt: skip
    assert seen == {"eigen": 1, "ander": 0, "inkoop": 0}
