"""The status of an aanvraag is what follows from the facts, and each change of it stands in its history."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from service.aanbod import bezetting
from service.aanbod.bezetting import EindeReden
from service.aanvraag import stappen
from service.aanvraag.gebeurtenissen import AanvraagStatus, GebeurtenisSoort, record
from service.days import AMSTERDAM, noon, today
from service.db import Connection, Pool, Wie, transaction
from service.errors import Refusal
from service.plaatsing import plaatsingen, plaatsingstappen
from service.plaatsing.plaatsingstappen import PlaatsingStand
from tests import make
from tests.service import voorstelling
from tests.service.plaatsing.test_plaatsingen import ready

S = AanvraagStatus


class Child:
    """A child for whom a plek is held, with all papers; each act is one step of its life."""

    def __init__(self, conn: Connection, plek: UUID, aanvraag: UUID) -> None:
        self.conn, self.plek, self.aanvraag, self.now = conn, plek, aanvraag, make.NOW
        self.plaatsing = aanvraag

    async def agree(self) -> None:
        made = await plaatsingen.plaats_definitief(
            self.conn, self.plek, self.aanvraag, make.day(3), make.day(90), now=self.now
        )
        self.plaatsing = made.id

    async def place(self, van: date = make.TODAY) -> None:
        made = await plaatsingen.plaats(self.conn, self.plek, self.aanvraag, van, make.day(90), now=self.now)
        self.plaatsing = made.id

    async def come(self) -> None:
        self.now = noon(make.day(4))
        await plaatsingen.begin(self.conn, self.plaatsing, make.day(4), now=self.now)

    async def settle(self) -> None:
        await plaatsingen.maak_definitief(self.conn, self.plaatsing, self.now)

    async def extend(self) -> None:
        await plaatsingen.verleng(self.conn, self.plaatsing, make.day(200), now=self.now)

    async def leave(self) -> None:
        self.now = noon(make.day(30))
        await plaatsingen.beeindig(self.conn, self.plaatsing, make.day(30), EindeReden.DOORSTROOM, now=self.now)

    async def stay_away(self) -> None:
        await plaatsingen.zeg_af(self.conn, self.plaatsing, "Gaat toch niet", now=self.now)

    async def let_go(self) -> None:
        await self.conn.execute(
            "update bezetting set vrijgegeven_op = $2 where aanvraag_id = $1 and soort = 'optie'"
            " and vrijgegeven_op is null", self.aanvraag, self.now
        )  # fmt: skip
        await record(self.conn, self.aanvraag, GebeurtenisSoort.OPTIE_VRIJ, now=self.now)


LIVES: dict[str, list[tuple[str, S]]] = {
    "agreed, came, stayed longer, left": [
        ("agree", S.DEFINITIEF), ("extend", S.DEFINITIEF), ("come", S.GEPLAATST), ("extend", S.GEPLAATST),
        ("leave", S.BEEINDIGD),
    ],
    "began before it was definitive": [("place", S.GEPLAATST), ("settle", S.GEPLAATST), ("leave", S.BEEINDIGD)],
    "began and left before it was definitive": [("place", S.GEPLAATST), ("leave", S.BEEINDIGD)],
    "never came, and tried again": [
        ("agree", S.DEFINITIEF), ("stay_away", S.IN_BEHANDELING), ("place", S.GEPLAATST), ("leave", S.BEEINDIGD),
    ],
    "held and let go": [("let_go", S.IN_BEHANDELING)],
}  # fmt: skip


async def history(conn: Connection, aanvraag: UUID) -> list[asyncpg.Record]:
    return await conn.fetch("select van, naar from gebeurtenis where aanvraag_id = $1 order by nummer", aanvraag)


@pytest.mark.parametrize("life", LIVES)
async def test_the_status_follows_from_the_facts_after_each_step(
    pool: Pool, owner: Connection, wie: Wie, life: str
) -> None:
    """Stored, computed anew and last in the history: three times the same; and the history is a chain."""
    async with transaction(pool, wie) as conn:
        plek, aanvraag = await ready(conn)
        await record(conn, aanvraag, GebeurtenisSoort.OPTIE, now=make.NOW, plek_id=plek)
        child = Child(conn, plek, aanvraag)
        for step, expected in LIVES[life]:
            await getattr(child, step)()
            told = await history(conn, aanvraag)
            stored = await conn.fetchval("select status from aanvraag where id = $1", aanvraag)
            assert (stored, told[-1]["naar"]) == (expected, expected), step
    assert await owner.fetchval("select stand_van($1)", aanvraag) == stored
    assert [row["van"] for row in told[1:]] == [row["naar"] for row in told[:-1]]


async def test_of_several_facts_the_furthest_counts(pool: Pool, owner: Connection, wie: Wie) -> None:
    """An optie elsewhere changes nothing for a child that is placed."""
    async with transaction(pool, wie) as conn:
        plek, aanvraag = await ready(conn)
        other = (await make.plek(conn)).id
        await plaatsingen.plaats(conn, plek, aanvraag, make.TODAY, make.day(9), now=make.NOW)
        until = make.NOW + timedelta(days=1)
        await bezetting.houd(conn, other, aanvraag, make.day(9), None, vervalt_op=until, now=make.NOW)

    assert await owner.fetchval("select stand_van($1)", aanvraag) == "geplaatst"


async def test_of_several_voorstellen_the_furthest_counts(pool: Pool, owner: Connection, wie: Wie) -> None:
    """One provider said yes, another was only asked: the aanvraag is as far as the yes, whichever came last."""
    async with transaction(pool, wie) as conn:
        kind = await voorstelling.child(conn)
        first = await voorstelling.sent(conn, pool, wie, (kind.id, (await make.plek(conn)).id))
        await voorstelling.step(conn, pool, first.id, "akkoord", wie)
        await voorstelling.sent(conn, pool, wie, (kind.id, (await make.plek(conn)).id))

    assert await owner.fetchval("select status = stand_van(id) from aanvraag") is True
    assert await owner.fetchval("select status::text from aanvraag") == "akkoord"


async def test_who_takes_it_up_changes_nothing_of_what_the_facts_say(pool: Pool, wie: Wie) -> None:
    """A plek was held before anybody took the aanvraag in hand: it stays optie, and who has it is known."""
    async with transaction(pool, wie) as conn:
        plek, aanvraag = await ready(conn)
        await record(conn, aanvraag, GebeurtenisSoort.OPTIE, now=make.NOW, plek_id=plek)
        before = await conn.fetchval("select versie from aanvraag where id = $1", aanvraag)
        taken = stappen.NieuweStap(stap=stappen.Stap.NEEM_IN_BEHANDELING)
        after = await stappen.doe(conn, aanvraag, taken, wie=wie, now=make.NOW)
        [*_, told] = await history(conn, aanvraag)

    assert (after.status, told["van"], told["naar"]) == (S.OPTIE, S.OPTIE, S.OPTIE)
    assert after.versie == before + 1


async def test_a_status_that_changes_is_another_version(pool: Pool, wie: Wie) -> None:
    """Who looked at the aanvraag before a plek was held for it, must look again before changing it."""
    async with transaction(pool, wie) as conn:
        plek, aanvraag = await ready(conn)
        version = "select versie from aanvraag where id = $1"
        seen = [await conn.fetchval(version, aanvraag)]
        for soort in (GebeurtenisSoort.OPTIE, GebeurtenisSoort.OPTIE_VERLENGD):
            await record(conn, aanvraag, soort, now=make.NOW, plek_id=plek)
            seen.append(await conn.fetchval(version, aanvraag))

    assert [number - seen[0] for number in seen] == [0, 1, 1]


async def test_a_child_is_on_one_plek_at_a_time(pool: Pool, wie: Wie) -> None:
    """By the database itself: two plaatsingen of one aanvraag do not overlap, on whatever plekken."""
    async with transaction(pool, wie) as conn:
        one, two, aanvraag = await make.plek(conn), await make.plek(conn), await make.aanvraag(conn)
        await plaatsingen.plaats(conn, one.id, aanvraag.id, make.TODAY, make.day(9), now=make.NOW)
        with pytest.raises(asyncpg.ExclusionViolationError, match="bezetting_kind_op_een_plek"):
            await plaatsingen.plaats(conn, two.id, aanvraag.id, make.day(8), None, now=make.NOW)


# ── Time ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 3, 28, 23, 30, tzinfo=ZoneInfo("UTC")), date(2026, 3, 29)),  # still winter: one hour ahead
        (datetime(2026, 3, 29, 22, 30, tzinfo=ZoneInfo("UTC")), date(2026, 3, 30)),  # summer: two hours ahead
        (datetime(2026, 10, 24, 22, 30, tzinfo=ZoneInfo("UTC")), date(2026, 10, 25)),
        (datetime(2026, 10, 25, 22, 30, tzinfo=ZoneInfo("UTC")), date(2026, 10, 25)),
        (datetime(2028, 2, 29, 0, 0, tzinfo=AMSTERDAM), date(2028, 2, 29)),
    ],
)
async def test_a_day_is_a_day_in_the_netherlands(pool: Pool, wie: Wie, moment: datetime, day: date) -> None:
    """Around midnight, when the clock changes and on a leap day: that day may be said, the next not."""
    assert today(moment) == day
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        made = await make.plaatsing(conn, plek_id=plek.id, van=make.day(-20), tot=None)
        with pytest.raises(Refusal):
            await plaatsingen.beeindig(conn, made.id, day + timedelta(days=1), EindeReden.ANDERS, now=moment)
        ended = await plaatsingen.beeindig(conn, made.id, day, EindeReden.ANDERS, now=moment)

    assert ended.beeindigd_op == day


async def test_a_clock_that_jumps_back_undoes_nothing(pool: Pool, wie: Wie) -> None:
    """What has been said to have happened tomorrow cannot end today; said again, on the right day, it can."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        made = await make.plaatsing(conn, plek_id=plek.id, van=make.day(1), tot=make.day(9))
        await plaatsingen.begin(conn, made.id, make.day(1), now=noon(make.day(1)))
        with pytest.raises(Refusal):
            await plaatsingen.beeindig(conn, made.id, make.TODAY, EindeReden.ANDERS, now=make.NOW)
        shown = await plaatsingstappen.get(conn, wie, made.id, make.NOW)
        ended = await plaatsingen.beeindig(conn, made.id, make.day(2), EindeReden.ANDERS, now=noon(make.day(2)))

    assert shown.stand is PlaatsingStand.LOOPT
    assert ended.beeindigd_op == make.day(2)


async def test_a_begin_can_be_put_right(pool: Pool, wie: Wie) -> None:
    """Earlier when the plek was free then; later leaves it free until then."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        await make.plaatsing(conn, plek_id=plek.id, van=make.day(-40), tot=make.day(-10))
        made = await make.plaatsing(conn, plek_id=plek.id, van=make.day(-5), tot=make.day(9))

        earlier = await plaatsingen.begin(conn, made.id, make.day(-10), now=make.NOW)
        later = await plaatsingen.begin(conn, made.id, make.day(-2), now=make.NOW)
        with pytest.raises(asyncpg.ExclusionViolationError):
            await plaatsingen.begin(conn, made.id, make.day(-11), now=make.NOW)

    assert (earlier.van, later.van, later.begonnen_op) == (make.day(-10), make.day(-2), make.day(-2))
