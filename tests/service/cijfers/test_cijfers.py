"""Figures to learn from: counted by hand, over months that are over, and without anything of a child."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.aanbod import plekken, stops
from service.aanbod.bezetting import EindeReden
from service.aanbod.plekken import Beschikbaarheid, Bron
from service.cijfers import cijfers
from service.cijfers.cijfers import CijferSoort, Per, Telling, periode
from service.days import noon
from service.db import Connection, Pool, Rol, Wie, transaction
from service.errors import Kind, Refusal
from service.plaatsing import plaatsingen
from service.plaatsing.voorstelkeuzes import KeuzeReden
from service.urgentie import Urgentie
from tests import make
from tests.conftest import OTHER_REGIO
from tests.service.voorstelling import child, rangen, ready, step

Als = Callable[..., Wie]

TWEEDE_HELFT = "2025-2"
"""The last that is over at make.NOW, 2 March 2026: 184 days."""

OCTOBER = datetime.combine(date(2025, 10, 8), datetime.min.time(), make.NOW.tzinfo)


# ── Over which months ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("code", "maanden", "van", "tot"),
    [
        (None, 6, date(2025, 7, 1), date(2026, 1, 1)),
        ("2025-1", 6, date(2025, 1, 1), date(2025, 7, 1)),
        (None, 12, date(2025, 1, 1), date(2026, 1, 1)),
        (None, 3, date(2025, 10, 1), date(2026, 1, 1)),
        ("2024-4", 3, date(2024, 10, 1), date(2025, 1, 1)),
    ],
)
def test_a_period_is_a_part_of_a_year(code: str | None, maanden: int, van: date, tot: date) -> None:
    """Without a code the last that is over."""
    found = periode(code, maanden, make.TODAY)

    assert (found.van, found.tot) == (van, tot)
    assert periode(found.code, maanden, make.TODAY) == found


@pytest.mark.parametrize("code", ["2026-1", "2026-2", "2025-3", "2025-4", "2027-1", "1999-1"])
def test_a_period_that_is_not_over_or_not_there_is_refused(code: str) -> None:
    """One that holds today would show what happened since yesterday."""
    with pytest.raises(Refusal) as refused:
        periode(code, 6, make.TODAY)
    assert "2025-2" in refused.value.fields[0].detail


@given(st.dates(date(2024, 1, 1), date(2027, 12, 31)), st.sampled_from([3, 6, 12]))
def test_periods_never_overlap_and_never_hold_today(dag: date, maanden: int) -> None:
    """So that no difference of two of them is a shorter one."""
    found = []
    for year in range(2023, 2029):
        for part in range(1, 5):
            try:
                found.append(periode(f"{year}-{part}", maanden, dag))
            except Refusal:
                continue
    assert all(one.tot <= dag for one in found)
    assert all(one.tot <= two.van for one, two in pairwise(found))
    assert periode(None, maanden, dag) == found[-1]


# ── What was really open ─────────────────────────────────────────────────────────────────────────


async def test_what_was_really_open_is_counted_day_by_day(pool: Pool, wie: Wie, wie_als: Als) -> None:
    """Of 184 days: 10 nobody had said anything, 20 nobody was there to work, 10 stopped, 50 lived in; open is what was
    staffed or lived in, and not stopped: 144. One child, announced 1 September, wished from 11 September, came on
    1 November: 51 days, where 30 were agreed."""
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn)
        first = noon(date(2025, 7, 11))
        plek = await make.plek(conn, voorziening_id=huis.id, bestaat_van=date(2025, 7, 1), now=first)
        for at, says in ((date(2025, 9, 1), Beschikbaarheid.ONBEMENST), (date(2025, 9, 21), Beschikbaarheid.BEMENST)):
            await plekken.bevestig(conn, plek.id, says, now=noon(at), bron=Bron.SCHERM)
        rest = stops.NieuweStop(reden=stops.StopReden.PERSONEEL, van=date(2025, 10, 1), tot=date(2025, 10, 11))
        await stops.add(conn, plek.id, rest, now=noon(date(2025, 9, 30)))
        wished = {"gewenste_start": date(2025, 9, 11), "uiterlijke_datum": date(2025, 12, 1)}
        kind = await make.aanvraag(conn, now=noon(date(2025, 9, 1)), **wished)
        came, left = date(2025, 11, 1), date(2025, 12, 21)
        stay = await plaatsingen.plaats(conn, plek.id, kind.id, came, left, now=noon(came))
        await plaatsingen.beeindig(conn, stay.id, left, EindeReden.VOLGENS_PLAN, now=noon(left))
        await conn.execute(
            "insert into contract (regio, aanbieder_id, zorgvorm, soort, geldigheid, minimum_capaciteit,"
            " maximum_wachttijd) values (huidige_regio(), $1, 'gezinshuis', 'open_house', '[2025-01-01,)', 2, 30)",
            huis.aanbieder_id,
        )

    async def asked(who: Wie) -> list[cijfers.Aanbodcijfer]:
        async with transaction(pool, who, readonly=True) as conn:
            return (await cijfers.aanbodcijfers(conn, who, code=TWEEDE_HELFT, now=make.NOW)).regels

    [found] = await asked(wie)
    parts = (found.bestaat, found.open, found.bezet, found.gestopt, found.onbemenst, found.onbekend)
    assert parts == tuple(round(days / 184, 2) for days in (184, 144, 50, 10, 20, 10))
    assert (found.minimum_capaciteit, found.onder_afspraak) == (2, round(2 - 144 / 184, 2))
    assert (found.begonnen, found.wachtdagen, found.maximum_wachttijd, found.boven_afspraak) == (1, 51, 30, 21)
    assert await asked(wie_als("aanbieder", organisatie=huis.aanbieder_id)) == [found]
    # One child is too few to tell of: contractbeheer sees the plekken, and nothing of who came.
    [coarse] = await asked(wie_als("contractbeheer"))
    assert (coarse.open, coarse.begonnen, coarse.wachtdagen, coarse.boven_afspraak) == (found.open, None, None, None)
    assert await asked(wie_als("aanbieder", organisatie=plek.id)) == []


async def test_where_nothing_was_agreed_nothing_is_said_of_it(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        await make.plek(conn, now=noon(date(2025, 7, 1)))
        [found] = (await cijfers.aanbodcijfers(conn, wie, code=TWEEDE_HELFT, now=make.NOW)).regels

    assert (found.minimum_capaciteit, found.onder_afspraak) == (None, None)
    assert (found.maximum_wachttijd, found.boven_afspraak) == (None, None)
    assert (found.open, found.begonnen, found.wachtdagen) == (1.0, 0, None)


# ── How often ────────────────────────────────────────────────────────────────────────────────────

VOORSTEL = """
insert into voorstel (regio, aanbod_regio, aanvraag_id, aanbieder_id, voorziening_id, plek_id, status, van,
                      verzonden_op, antwoord_voor, klaar_op)
select p.regio, p.regio, a.id, p.aanbieder_id, p.voorziening_id, p.id, $3::voorstel_status, $4::timestamptz::date,
       $4, $4, $4
from plek p, aanvraag a where p.id = $1 and a.id = $2
"""

BESLUIT = """
insert into besluit (regio, aanvraag_id, voorziening_id, uitkomst, reden, op)
select a.regio, a.id, p.voorziening_id, 'afgewezen', $3::afwijsreden, $4 from plek p, aanvraag a
where p.id = $1 and a.id = $2
"""


async def many(pool: Pool, wie: Wie, owner: Connection, sql: str, wat: dict[str, int], **place: Any) -> UUID:
    """So many rows of each kind about one new voorziening; its aanbieder."""
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn, **place)
        plek = (await make.plek(conn, voorziening_id=huis.id)).id
        van = await make.organisatie(conn)
        kinderen = [(await make.aanvraag(conn, organisatie_id=van)).id for _ in range(sum(wat.values()))]
    for kind, code in zip(kinderen, [code for code, times in wat.items() for _ in range(times)], strict=True):
        await owner.execute(sql, plek, kind, code, OCTOBER)
    return huis.aanbieder_id


async def counted(pool: Pool, who: Wie, soort: CijferSoort, *, per: Per | None = None) -> Telling:
    async with transaction(pool, who, readonly=True) as conn:
        return await cijfers.telling(conn, who, soort, code=TWEEDE_HELFT, per=per, now=make.NOW)


def told(telling: Telling) -> dict[Any, tuple[int, dict[str, int | None]]]:
    """Per aanbieder or zorgvorm: the total, and the parts that are not 0."""
    return {
        line.aanbieder_id or line.zorgvorm: (line.totaal, {p.code: p.aantal for p in line.delen if p.aantal != 0})
        for line in telling.regels
    }


async def test_how_often_each_was_asked_and_chosen(pool: Pool, wie: Wie, owner: Connection, wie_als: Als) -> None:
    """One with 7 and 5; one with 6 and 2, of which the 2 would be 8 less 6; one of 4 in all."""
    enough = await many(pool, wie, owner, VOORSTEL, {"definitief": 5, "afgewezen": 7})
    some = await many(pool, wie, owner, VOORSTEL, {"definitief": 2, "ingetrokken": 6})
    few = await many(pool, wie, owner, VOORSTEL, {"definitief": 4})

    assert told(await counted(pool, wie, CijferSoort.VOORSTELLEN)) == {
        enough: (12, {"niet_gekozen": 7, "gekozen": 5}),
        some: (8, {"niet_gekozen": 6, "gekozen": 2}),
        few: (4, {"gekozen": 4}),
    }
    assert told(await counted(pool, wie_als("contractbeheer"), CijferSoort.VOORSTELLEN)) == {
        enough: (12, {"niet_gekozen": 7, "gekozen": 5}),
        some: (8, {"niet_gekozen": None, "gekozen": None}),
    }
    own = await counted(pool, wie_als("aanbieder", organisatie=few), CijferSoort.VOORSTELLEN)
    assert told(own) == {few: (4, {"gekozen": 4})}
    assert "sanctie" in own.uitleg


async def test_declines_are_counted_by_reason(pool: Pool, wie: Wie, owner: Connection, wie_als: Als) -> None:
    """Per zorgvorm for contractbeheer: 6 no staff, 9 group mix and 1 distance, with which the first goes along; there
    was none of that, so one more goes along, until there are five. An aanbieder knows its own noes."""
    house = await many(pool, wie, owner, BESLUIT, {"geen_personeel": 6, "groepsmix": 9, "afstand": 1})
    crisis = await many(pool, wie, owner, BESLUIT, {"geen_personeel": 2}, zorgvorm="crisis")

    exact = (16, {"geen_personeel": 6, "groepsmix": 9, "afstand": 1})
    assert told(await counted(pool, wie, CijferSoort.AFWIJZINGEN)) == {
        "gezinshuis": exact,
        "crisis": (2, {"geen_personeel": 2}),
    }
    assert told(await counted(pool, wie, CijferSoort.AFWIJZINGEN, per=Per.AANBIEDER))[house] == exact
    assert told(await counted(pool, wie_als("aanbieder", organisatie=crisis), CijferSoort.AFWIJZINGEN)) == {
        crisis: (2, {"geen_personeel": 2})
    }
    [line] = (await counted(pool, wie_als("contractbeheer"), CijferSoort.AFWIJZINGEN)).regels
    shown = {part.code: part.aantal for part in line.delen if part.aantal is not None}
    assert (line.zorgvorm, line.totaal) == ("gezinshuis", 16)
    assert all(count >= 5 for count in shown.values()) and "afstand" not in shown
    assert line.samen == 16 - sum(shown.values()) and line.samen >= 5


@pytest.mark.parametrize("rol", ["contractbeheer", "aanbieder"])
@pytest.mark.parametrize("soort", list(CijferSoort))
async def test_each_figure_is_divided_in_one_way(
    pool: Pool, wie_als: Als, owner: Connection, rol: str, soort: CijferSoort
) -> None:
    """The same counted twice would show by subtraction what either hides."""
    van = await make.aanbieder_als_eigenaar(owner)
    who = wie_als(rol, organisatie=van if rol == "aanbieder" else None)
    one = (await counted(pool, who, soort)).per
    for other in set(Per) - {one}:
        with pytest.raises(Refusal) as refused:
            await counted(pool, who, soort, per=other)
        assert refused.value.kind is Kind.INVALID


async def test_how_stays_ended(pool: Pool, wie: Wie, wie_als: Als) -> None:
    """Six as planned, one broken off, in the half year; one after it does not count. Also who was made anonymous."""
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn)
        van = await make.organisatie(conn)
        ends = [(EindeReden.VOLGENS_PLAN, date(2025, 8, 1))] * 6 + [(EindeReden.VOORTIJDIG, date(2025, 12, 31))]
        for reden, op in [*ends, (EindeReden.VOORTIJDIG, date(2026, 1, 1))]:
            plek = await make.plek(conn, voorziening_id=huis.id, bestaat_van=date(2025, 1, 1))
            kind = await make.aanvraag(conn, organisatie_id=van)
            stay = await plaatsingen.plaats(conn, plek.id, kind.id, date(2025, 3, 1), op, now=noon(date(2025, 3, 1)))
            await plaatsingen.beeindig(conn, stay.id, op, reden, now=noon(op))

    assert told(await counted(pool, wie, CijferSoort.VERBLIJVEN)) == {
        "gezinshuis": (7, {"volgens_plan": 6, "voortijdig": 1})
    }
    [line] = (await counted(pool, wie_als("contractbeheer"), CijferSoort.VERBLIJVEN)).regels
    assert (line.totaal, line.samen) == (7, 7)
    assert {part.aantal for part in line.delen} == {None}


async def test_brothers_and_sisters_together_or_not(pool: Pool, wie: Wie, wie_als: Als) -> None:
    """By the day on which the last of them came: two at one locatie are whole, also in two of its voorzieningen. Who
    still waits for one of them, is not counted yet."""

    async def family(*locaties: UUID | None) -> None:
        samen = await make.samenplaatsing(conn)
        for locatie in locaties:
            kind = await make.aanvraag(conn, samenplaatsing_id=samen.id, organisatie_id=samen.organisatie_id)
            if locatie is not None:
                huis = await make.voorziening(conn, locatie_id=locatie)
                plek = await make.plek(conn, voorziening_id=huis.id, bestaat_van=date(2025, 1, 1))
                await plaatsingen.plaats(conn, plek.id, kind.id, date(2025, 9, 1), None, now=make.NOW)

    async with transaction(pool, wie) as conn:
        one, two = (await make.locatie(conn)).id, (await make.locatie(conn)).id
        await family(one, one)
        await family(one, two)
        await family(one, None)
        await family(one)

    assert told(await counted(pool, wie, CijferSoort.SAMENPLAATSINGEN)) == {None: (2, {"heel": 1, "gesplitst": 1})}
    assert told(await counted(pool, wie_als("contractbeheer"), CijferSoort.SAMENPLAATSINGEN)) == {}


async def test_days_from_aanvraag_to_plaatsing(pool: Pool, wie: Wie, wie_als: Als) -> None:
    """Medians of 10, 20, 30, 40 and 50 days; contractbeheer sees nothing of the one crisis."""

    async def came(days: int, **fields: Any) -> None:
        plek = await make.plek(conn, voorziening_id=huis.id, bestaat_van=date(2025, 1, 1))
        op = date(2025, 8, 1) + timedelta(days=days)
        wished = {"gewenste_start": date(2025, 8, 11), "uiterlijke_datum": date(2025, 12, 1)}
        kind = await make.aanvraag(conn, now=noon(date(2025, 8, 1)), organisatie_id=van, **wished | fields)
        await plaatsingen.plaats(conn, plek.id, kind.id, op, None, now=make.NOW)

    async with transaction(pool, wie) as conn:
        huis, van = await make.voorziening(conn), await make.organisatie(conn)
        for days in (10, 20, 30, 40, 50):
            await came(days)
        await came(1, urgentie=Urgentie.CRISIS)

    async def asked(who: Wie) -> list[tuple[Any, ...]]:
        async with transaction(pool, who, readonly=True) as conn:
            found = (await cijfers.wachttijdcijfers(conn, who, code=TWEEDE_HELFT, now=make.NOW)).regels
        return [
            (one.urgentie, one.aantal, one.vanaf_aanmelding, one.vanaf_grondslag, one.vanaf_gewenste_start)
            for one in found
        ]

    regulier = ("regulier", 5, 30, None, 20)
    assert await asked(wie) == [("crisis", 1, 1, None, 0), regulier]
    assert await asked(wie_als("contractbeheer")) == [regulier]
    assert await asked(wie_als("verwijzer", organisatie=van)) == []


# ── Who was passed over ──────────────────────────────────────────────────────────────────────────

KEUZES = "select voorziening_id, rang, reden from voorstel_keuze where voorstel_id = $1 order by rang"


async def test_who_stood_higher_is_written_down_when_it_is_sent_with_why_not(
    pool: Pool, wie: Wie, owner: Connection
) -> None:
    """Of four places the last is asked: the first was asked already, the second said no before, of the third the loket
    says why. Asked itself, one is not passed over."""
    async with transaction(pool, wie) as conn:
        kind = await child(conn)
        plekken_ = {(plek := await make.plek(conn)).voorziening_id: plek.id for _ in range(4)}
    async with transaction(pool, wie) as conn:
        found = await rangen(conn, pool, wie, kind.id, make.NOW)
    first, second, third, last = sorted(found, key=lambda id: found[id])
    async with transaction(pool, wie) as conn:
        [one] = await ready(conn, wie, (kind.id, plekken_[first]))
        await step(conn, pool, one.id, "verzend", wie)
        await conn.execute(
            "insert into besluit (regio, aanvraag_id, voorziening_id, uitkomst, reden, toelichting, op)"
            " values (huidige_regio(), $1, $2, 'afgewezen', 'anders', 'Die week niet', $3)",
            kind.id, second, make.NOW,
        )  # fmt: skip
    async with transaction(pool, wie) as conn:
        [two] = await ready(conn, wie, (kind.id, plekken_[last]))
        await step(conn, pool, two.id, "verzend", wie, keuzereden=KeuzeReden.DICHTER_BIJ)

    assert await owner.fetch(KEUZES, one.id) == []
    # What is held for the child itself counts as free, so the first still stands first.
    assert [tuple(row) for row in await owner.fetch(KEUZES, two.id)] == [
        (first, 1, "loopt_al"),
        (second, 2, "zei_eerder_nee"),
        (third, 3, "dichter_bij"),
    ]


async def test_when_a_rule_is_set_aside_all_that_fits_was_passed_over(pool: Pool, wie: Wie, owner: Connection) -> None:
    """A place for other ages is not in the rangschikking: all of that stood above it. Not said, counts as not said."""
    async with transaction(pool, wie) as conn:
        kind = await child(conn)
        fits = await make.plek(conn)
        other = await make.voorziening(conn, leeftijd_van=0, leeftijd_tot=60)
        plek = await make.plek(conn, voorziening_id=other.id)
    async with transaction(pool, wie) as conn:
        [one] = await ready(conn, wie, (kind.id, plek.id), afwijking="Haar zusje woont hier.")
        await step(conn, pool, one.id, "verzend", wie)

    assert [tuple(row) for row in await owner.fetch(KEUZES, one.id)] == [(fits.voorziening_id, 1, "niet_gezegd")]


@pytest.mark.parametrize(
    ("stap", "fields", "pointer"),
    [
        ("verzend", {"keuzereden": KeuzeReden.LOOPT_AL}, "/keuzereden"),
        ("verzend", {"keuzereden": KeuzeReden.ANDERE_REDEN}, "/reden"),
        ("trek_in", {"keuzereden": KeuzeReden.SAMEN, "reden": "x"}, "/keuzereden"),
    ],
)
async def test_what_the_loket_knows_itself_nobody_says(
    pool: Pool, wie: Wie, stap: str, fields: dict[str, Any], pointer: str
) -> None:
    async with transaction(pool, wie) as conn:
        plek, kind = await make.plek(conn), await child(conn)
        [one] = await ready(conn, wie, (kind.id, plek.id))
        with pytest.raises(Refusal) as refused:
            await step(conn, pool, one.id, stap, wie, **fields)
    assert [error.pointer for error in refused.value.fields] == [pointer]


KEUZE = """
insert into voorstel_keuze (voorstel_id, regio, aanvraag_id, aanbieder_id, voorziening_id, rang, reden)
select v.id, v.regio, v.aanvraag_id, z.aanbieder_id, z.id, $2, $3 from voorstel v, voorziening z where z.id = $1
"""


async def test_who_was_passed_over_and_why_is_told_without_small_numbers(
    pool: Pool, wie: Wie, owner: Connection, wie_als: Als
) -> None:
    """Six voorstellen, each with two voorzieningen of one other aanbieder above it: six times, by the highest. A
    second voorziening of who was asked itself does not count. The passed one is told the same as contractbeheer."""
    asked = await many(pool, wie, owner, VOORSTEL, {"afgewezen": 6})
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn)
        other = await make.voorziening(conn, aanbieder_id=huis.aanbieder_id)
        own = await make.voorziening(conn, aanbieder_id=asked)
        small = await make.voorziening(conn)
    for rang, (voorziening, reden) in enumerate([(huis, "niet_gezegd"), (other, "samen"), (own, "samen")], 1):
        await owner.execute(KEUZE, voorziening.id, rang, reden)
    await owner.execute(
        KEUZE.replace("where z.id = $1", "where z.id = $1 order by v.id limit 3"), small.id, 4, "wens_kind_of_ouder"
    )

    exact = {
        huis.aanbieder_id: (6, {"niet_gezegd": 6}),
        small.aanbieder_id: (3, {"wens_kind_of_ouder": 3}),
    }
    assert told(await counted(pool, wie, CijferSoort.GEPASSEERD)) == exact
    hidden = await counted(pool, wie_als("contractbeheer"), CijferSoort.GEPASSEERD)
    assert [(line.aanbieder_id, line.totaal, line.samen) for line in hidden.regels] == [(huis.aanbieder_id, 6, 6)]
    for aanbieder, seen in ((huis.aanbieder_id, 1), (small.aanbieder_id, 0), (asked, 0)):
        theirs = await counted(pool, wie_als("aanbieder", organisatie=aanbieder), CijferSoort.GEPASSEERD)
        assert len(theirs.regels) == seen


@pytest.mark.parametrize("rol", [Rol.VERWIJZER, Rol.CRISISDIENST, Rol.BEHEERDER])
async def test_nobody_else_gets_any_figure(pool: Pool, wie: Wie, owner: Connection, wie_als: Als, rol: Rol) -> None:
    """Whatever asks the database: it gives none, nor to another region."""
    await many(pool, wie, owner, VOORSTEL, {"definitief": 6})
    for who in (wie_als(rol, organisatie=UUID(int=5)), wie_als("schakelfunctionaris", regio=OTHER_REGIO)):
        async with transaction(pool, who, readonly=True) as conn:
            days = date(2020, 1, 1), date(2030, 1, 1)
            assert await conn.fetch("select * from cijfer_tellingen('voorstellen', $1, $2)", *days) == []
            assert await conn.fetch("select * from cijfer_aanbod($1, $2)", *days) == []
            assert await conn.fetch("select * from cijfer_wachttijden($1, $2)", *days) == []
