"""A rangschikking that was made a moment ago is told again, and never when anything that it depends on is otherwise."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from service.db import Alone, Connection, Pool, Wie, open_pool, transaction
from service.errors import Refusal
from service.rang import matches
from service.rang.anders import Anders
from service.rang.kept import Kept
from service.rang.matches import Page, rank_aanvraag, rank_json
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller
from service.taal import TAAL
from service.urgentie import Urgentie
from tests import make
from tests.service.rang.test_snapshot import until

OF_THE_AANVRAAG = {
    "when it begins": "update aanvraag set gewenste_start = gewenste_start + 3 where id = $1",
    "where it lives": "update aanvraag set pc4 = '1251' where id = $1",
    "where that is": "update postcodegebied set lat = lat + 0.1 where $1::uuid is not null and pc4 = '1251'",
    "how it is weighed": "update weging set gewicht = case criterium when 'afstand' then 9 else 1 end"
    " where $1::uuid is not null",
    "a setting": "insert into instelling (regio, sleutel, waarde, bron)"
    " select regio, 'reistijd_horizon_min', '20', 'test' from aanvraag where id = $1",
    "who said no": "insert into besluit (regio, aanvraag_id, voorziening_id, uitkomst, reden, later_vanaf, op)"
    " select regio, $1, (select min(id::text)::uuid from voorziening), 'afgewezen', 'later_vanaf', '2027-01-01', now()"
    " from aanvraag where id = $1",
    "where it must not be": "insert into uitsluiting (regio, aanvraag_id, soort, voorziening_id)"
    " select regio, $1, 'voorziening', (select max(id::text)::uuid from voorziening) from aanvraag where id = $1",
    "a machtiging": "insert into machtiging (regio, aanvraag_id, soort, zorgvormen, geldigheid)"
    " select regio, $1, 'open', array['residentieel'], '[2026-01-01, 2027-01-01)' from aanvraag"
    " where id = $1",
}
"""What is read for each look: the very next one shows it."""

OF_THE_PLACES = {
    "a plek": "update plek set beschikbaarheid = 'onbemenst' where id = (select max(id::text)::uuid from plek)",
    "a confirmation": "update plek set bevestigd_op = bevestigd_op - interval '40 days'",
    "a name": "update voorziening set naam = naam || ' (nieuw)'",
    "a telephone": "update aanbieder set telefoon = '035 555 01 23'",
    "a town": "update locatie set plaats = 'Elders'",
    "a name of a code": "update zorgvorm set naam = naam || ' (nieuw)'",
    "a contract": "insert into contract (regio, aanbieder_id, zorgvorm, soort, geldigheid)"
    " select regio, id, 'gezinshuis', 'open_house', '[2025-01-01,)' from aanbieder",
}
"""What is notified: the first look after it was heard shows it."""


@pytest.fixture
async def snapshots(database_url: str) -> AsyncIterator[Snapshots]:
    """Listening, as in a web process."""
    pool = await open_pool(database_url, size=2)
    found = Snapshots(pool, lambda: asyncpg.connect(database_url))
    task = asyncio.create_task(found.listen())

    async def sure() -> bool:
        return found.sure()

    await until(sure)
    yield found
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await pool.close()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """One for each rangschikking that was worked out, and not told again."""
    found: list[UUID] = []
    real = matches._ranked

    async def ranked(conn: Any, snapshots: Any, travel: Any, asked: Any) -> Any:
        found.append(asked.aanvraag_id)
        return await real(conn, snapshots, travel, asked)

    monkeypatch.setattr(matches, "_ranked", ranked)
    return found


Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def ask(snapshots: Snapshots, pool: Pool, wie: Wie) -> Ask:
    """`await ask(aanvraag_id)`: what the API answers, but for the moment at which it was so."""

    async def of(
        aanvraag_id: UUID,
        as_: Wie = wie,
        now: datetime = make.NOW,
        page: Page = Page(),  # noqa: B008
        of: Snapshots = snapshots,
    ) -> dict[str, Any]:
        body = await rank_json(
            Alone(pool, as_),
            of,
            Traveller(),
            wie=as_,
            aanvraag_id=aanvraag_id,
            now=now,
            page=page,
            fallen_page=Page(),
        )
        answer: dict[str, Any] = msgspec.json.decode(body)
        assert answer.pop("actueel") is True
        del answer["peilmoment"]
        return answer

    return of


@pytest.fixture
async def aanvraag_id(pool: Pool, wie: Wie) -> UUID:
    """A child for whom three places fit."""
    async with transaction(pool, wie) as conn:
        for _ in range(3):
            await make.plek(conn)
        return (await make.aanvraag(conn, urgentie=Urgentie.CRISIS)).id


async def test_asked_again_it_is_not_worked_out_again_and_says_the_same(
    ask: Ask, made: list[UUID], aanvraag_id: UUID, snapshots: Snapshots, pool: Pool, wie: Wie
) -> None:
    """Also to a page, which gets it as Structs."""
    first = await ask(aanvraag_id)
    assert await ask(aanvraag_id) == first
    async with transaction(pool, wie, readonly=True) as conn:
        found = await rank_aanvraag(
            conn,
            snapshots,
            Traveller(),
            wie=wie,
            aanvraag_id=aanvraag_id,
            now=make.NOW,
            page=Page(),
            fallen_page=Page(),
        )
    said = msgspec.to_builtins(found)
    del said["peilmoment"], said["actueel"]
    assert said == first
    assert made == [aanvraag_id]


async def test_whatever_changes_in_what_it_depends_on_shows_in_the_next_answer(
    ask: Ask, made: list[UUID], aanvraag_id: UUID, owner: Connection, pool: Pool, database_url: str
) -> None:
    """Each change by itself; the new answer is the one that a process gives that has kept nothing."""
    before = await ask(aanvraag_id)

    async def shows(what: str) -> None:
        nonlocal before
        answer = await ask(aanvraag_id)
        assert answer != before, f"{what}: the old answer"
        nothing_kept = Snapshots(pool, lambda: asyncpg.connect(database_url))  # that does not listen
        assert answer == await ask(aanvraag_id, of=nothing_kept), f"{what}: not what it is"
        before = answer

    for what, change in OF_THE_PLACES.items():
        await owner.execute(change)

        async def heard() -> bool:
            return await ask(aanvraag_id) != before

        await until(heard, within_s=2)
        await shows(what)
    for what, change in OF_THE_AANVRAAG.items():
        await owner.execute(change, aanvraag_id)
        await shows(what)
    count = len(made)
    assert await ask(aanvraag_id) == before
    assert len(made) == count


async def test_a_brother_who_lives_somewhere_shows_in_the_next_answer(
    ask: Ask, pool: Pool, wie: Wie, owner: Connection
) -> None:
    async with transaction(pool, wie) as conn:
        groep = await make.samenplaatsing(conn)
        family: dict[str, Any] = {"organisatie_id": groep.organisatie_id, "samenplaatsing_id": groep.id}
        een, ander = [(await make.aanvraag(conn, **family)).id for _ in range(2)]
        voorziening = await make.voorziening(conn)
        bed, _, _ = [await make.plek(conn, voorziening_id=voorziening.id) for _ in range(3)]
    together = await ask(een)
    assert len(together["plekken"][0]["samenMet"]) == 1
    async with transaction(pool, wie) as conn:
        await make.plaatsing(conn, plek_id=bed.id, aanvraag_id=ander)
    await owner.execute("update aanvraag set status = 'geplaatst' where id = $1", ander)
    [line] = (await ask(een))["plekken"]
    assert line["samenMet"] == []
    assert "Een broer of zus woont hier al." in line["waarom"]


async def test_who_asks_when_what_page_and_in_which_language_each_has_its_own_answer(
    ask: Ask,
    made: list[UUID],
    aanvraag_id: UUID,
    wie_als: Callable[..., Wie],
    pool: Pool,
    wie: Wie,
    snapshots: Snapshots,
) -> None:
    whole = await ask(aanvraag_id)
    crisis = await ask(aanvraag_id, as_=wie_als("crisisdienst"))
    assert [line["score"] for line in whole["plekken"]] != [line["score"] for line in crisis["plekken"]] == [None] * 3
    assert (await ask(aanvraag_id, page=Page(1)))["plekken"] == whole["plekken"][:1]
    assert len(made) == 3
    await ask(aanvraag_id, now=make.NOW + timedelta(hours=1))
    assert len(made) == 4
    later = await ask(aanvraag_id, now=make.NOW + timedelta(days=2))
    assert later["plekken"][0]["waarom"] != whole["plekken"][0]["waarom"]
    said = TAAL.set("en")
    await ask(aanvraag_id, now=make.NOW + timedelta(days=2))
    TAAL.reset(said)
    assert len(made) == 6
    async with transaction(pool, wie, readonly=True) as conn:
        for anders in (Anders(gewichten={"afstand": 9}), Anders(reistijd=5)):
            await rank_aanvraag(
                conn,
                snapshots,
                Traveller(),
                wie=wie,
                aanvraag_id=aanvraag_id,
                now=make.NOW,
                page=Page(),
                fallen_page=Page(),
                anders=anders,
            )
    assert len(made) == 8


async def test_who_may_not_see_the_aanvraag_is_told_nothing_of_what_was_kept(
    ask: Ask, aanvraag_id: UUID, owner: Connection, wie_als: Callable[..., Wie]
) -> None:
    """Row-level security decides at each look, also when the answer is there already."""
    crisis = wie_als("crisisdienst")
    await ask(aanvraag_id, as_=crisis)
    await owner.execute("update aanvraag set urgentie = 'regulier' where id = $1", aanvraag_id)
    with pytest.raises(Refusal, match="is er niet"):
        await ask(aanvraag_id, as_=crisis)


POLICIES = """
select string_agg(qual, ' ') from pg_policies
where tablename in ('plek', 'voorziening', 'aanbieder', 'locatie', 'zorgvorm') and cmd in ('SELECT', 'ALL')
"""


async def test_which_places_one_sees_depends_on_region_rol_and_organisation_only(owner: Connection) -> None:
    """That is under which rows are kept (matches._who): a policy that asks for more must be added there."""
    asked = set(re.findall(r"(\w+)\(\)", await owner.fetchval(POLICIES)))
    assert asked == {"huidige_regio", "huidige_rol", "huidige_organisatie", "gedeelde_regios"}


def test_what_is_kept_stays_within_its_bytes_and_goes_with_its_view() -> None:
    """The least used goes first; of an older view of the same region nothing stays."""
    kept, old, new, elsewhere = Kept(most=30, most_rows=2), object(), object(), object()
    for digest in (b"a", b"b", b"c"):
        kept.put("hier", old, digest, bytes(10))
    assert kept.get("hier", old, b"a") == bytes(10)
    kept.put("daar", elsewhere, b"d", bytes(10))
    assert (kept.size, kept.get("hier", old, b"b")) == (30, None)
    assert kept.get("hier", old, b"a") is not None
    kept.rows("hier", old, "wie")["plek"] = "rij"
    assert kept.rows("hier", old, "ander") == {}
    assert kept.rows("hier", old, "wie") == {"plek": "rij"}
    assert kept.get("hier", new, b"a") is None
    assert kept.rows("hier", new, "wie") == {}
    assert kept.size == 10
    rows = kept.rows("daar", elsewhere, "wie")
    rows |= dict.fromkeys("abc")
    assert kept.rows("daar", elsewhere, "wie") == {}
