"""/v1/gebeurtenissen: what happens, live, over a real connection; nothing is missed, and each look is in the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from msgspec import structs

from service.aanvraag import gebeurtenissen
from service.aanvraag.gebeurtenissen import GebeurtenisSoort
from service.bericht import stroom
from service.db import AWAY, Connection, Pool, Wie, transaction
from service.inloggen import sessies
from service.settings import Settings
from service.urgentie import Urgentie
from service.web.v1 import gebeurtenissen as endpoint
from tests import make
from tests.conftest import OTHER_REGIO
from tests.web.conftest import always, loket
from tests.web.v1.test_volg_plan import Following, Live, serving

S = GebeurtenisSoort


@pytest.fixture
async def lasting(settings: Settings) -> Settings:
    """Streams end when the test does."""
    return structs.replace(settings, stroom_s=60, redis_url="unix:///nergens.sock")


@pytest.fixture
async def live(lasting: Settings, wie: Wie) -> AsyncIterator[Live]:
    """Without Valkey: a stream does not need it."""
    async with serving(loket(lasting, identity=always(wie))) as live:
        yield live


def follow(live: Live, last: str | None = None, **query: str) -> Any:
    headers = {} if last is None else {"Last-Event-ID": last}
    return live.client.stream("GET", "/v1/gebeurtenissen", headers=headers, params=query)


async def child(pool: Pool, wie: Wie, **fields: Any) -> UUID:
    async with transaction(pool, wie) as conn:
        return (await make.aanvraag(conn, **fields)).id


async def happens(pool: Pool, wie: Wie, id: UUID, soort: S = S.OPSCHALING, **rest: Any) -> None:
    async with transaction(pool, wie) as conn:
        await gebeurtenissen.record(conn, id, soort, now=make.NOW, **rest)


async def following(response: Any) -> Following:
    """A stream that has begun: its first lines say from where."""
    lines = Following(response)
    async with asyncio.timeout(20):
        async for line in lines._lines:
            if line.startswith("id: "):
                return lines
    raise AssertionError("the stream ended")


async def next_(events: Following) -> dict[str, Any]:
    """The next event; signs of life do not count."""
    while not isinstance(event := await events.next(), dict):
        assert event is not None
    return event


async def test_who_follows_hears_what_happens_from_now_on(live: Live, pool: Pool, wie: Wie) -> None:
    """With what it is about and what became of the aanvraag."""
    id = await child(pool, wie)
    async with follow(live) as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        events = await following(response)
        await happens(pool, wie, id, S.IN_BEHANDELING, naar="in_behandeling")
        event = await next_(events)
    assert event["event"] == "in_behandeling"
    data = event["data"]
    assert (data["aanvraagId"], data["van"], data["naar"]) == (str(id), "ingediend", "in_behandeling")


async def test_who_comes_back_with_the_last_id_misses_nothing_and_gets_nothing_twice(
    live: Live, pool: Pool, wie: Wie
) -> None:
    """Also when nothing had come yet: the beginning of a stream has an id too."""
    id = await child(pool, wie)
    async with follow(live) as response:
        begin = (await anext(response.aiter_text())).split("id: ")[1].strip()
    await happens(pool, wie, id, S.OPSCHALING)
    async with follow(live, begin) as response:
        events = await following(response)
        first = await next_(events)
    for soort in (S.ROUTE, S.ROUTE_STAP):
        await happens(pool, wie, id, soort)

    async with follow(live, first["id"]) as response:
        events = await following(response)
        rest = [await next_(events) for _ in range(2)]
        await happens(pool, wie, id, S.ALARM)
        rest.append(await next_(events))

    assert first["event"] == "opschaling"
    assert [event["event"] for event in rest] == ["route", "route_stap", "alarm"]


async def test_what_commits_late_is_not_missed(
    live: Live, pool: Pool, wie: Wie, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older one is still being written when the younger is there: both come, the older first."""
    monkeypatch.setattr(stroom, "SOON_S", 0.05)
    slow, fast = await child(pool, wie), await child(pool, wie)
    async with follow(live) as response:
        events = await following(response)
        async with transaction(pool, wie) as conn:
            await gebeurtenissen.record(conn, slow, S.ROUTE, now=make.NOW)
            await happens(pool, wie, fast, S.ALARM)
        seen = [(await next_(events))["data"] for _ in range(2)]
    assert [(one["soort"], one["aanvraagId"]) for one in seen] == [("route", str(slow)), ("alarm", str(fast))]


@pytest.mark.parametrize("rol", ["schakelfunctionaris", "aanbieder"])
async def test_a_transaction_number_with_a_digit_more_comes_after_those_with_less(
    lasting: Settings, pool: Pool, owner: Connection, wie: Wie, wie_als: Callable[..., Wie], rol: str
) -> None:
    """The order is that of numbers and not of letters: 9 before 10. Nothing comes twice and nothing is passed over."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
    id = await child(pool, wie)
    for _ in range(2):
        await happens(pool, wie, id, S.OPSCHALING_VRAAG, plek_id=plek.id)
    await owner.execute("update gebeurtenis set transactie = (7 + nummer)::text::xid8")
    once = structs.replace(lasting, stroom_s=0)
    who = wie if rol == "schakelfunctionaris" else wie_als(rol, organisatie=plek.aanbieder_id)
    async with serving(loket(once, identity=always(who))) as live, follow(live, "0,0") as response:
        events, heard = Following(response), []
        while isinstance(event := await events.next(), dict):
            heard.append(event["id"].partition(",")[0])
    assert heard == (["8", "9", "10"] if rol == "schakelfunctionaris" else ["9", "10"])


async def test_each_rol_hears_what_it_may_see_and_no_more(
    lasting: Settings, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """A verwijzer of its own organisatie, an aanbieder what is about it and not of whom, the crisisdienst crises."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
    spoed = await child(pool, wie, urgentie=Urgentie.SPOED)
    crisis = await child(pool, wie, urgentie=Urgentie.CRISIS)
    async with transaction(pool, wie) as conn:
        gi = await conn.fetchval("select organisatie_id from aanvraag where id = $1", spoed)
    people = {
        "verwijzer": wie_als("verwijzer", organisatie=gi),
        "aanbieder": wie_als("aanbieder", organisatie=plek.aanbieder_id),
        "crisisdienst": wie_als("crisisdienst"),
        "ver": wie_als("schakelfunctionaris", regio="flevoland"),
    }
    heard: dict[str, list[tuple[str, str | None, str | None]]] = {}
    once = structs.replace(lasting, stroom_s=0)
    begin = "0,0"
    await happens(pool, wie, spoed, S.OPSCHALING_VRAAG, plek_id=plek.id)
    await happens(pool, wie, spoed, S.OPTIE, plek_id=plek.id)
    await happens(pool, wie, crisis, S.ALARM)
    for name, who in people.items():
        async with serving(loket(once, identity=always(who))) as live, follow(live, begin) as response:
            events, found = Following(response), []
            while isinstance(event := await events.next(), dict):
                data = event["data"]
                found.append((data["soort"], data["aanvraagId"], data["plekId"]))
            heard[name] = found
    plek_id = str(plek.id)
    assert heard == {
        "verwijzer": [
            ("ingediend", str(spoed), None),
            ("opschaling_vraag", str(spoed), None),
            ("optie", str(spoed), None),
        ],
        "aanbieder": [("opschaling_vraag", None, plek_id)],
        "crisisdienst": [("ingediend", str(crisis), None), ("alarm", str(crisis), None)],
        "ver": [],
    }


async def test_who_shows_plekken_hears_that_one_changed_and_not_which(
    live: Live, pool: Pool, wie: Wie, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only who asks for it; and of many changes within two seconds once more, afterwards."""
    monkeypatch.setattr(endpoint, "AANBOD_S", 0.3)
    id = await child(pool, wie)
    async with follow(live, aanbod="true") as asked, follow(live) as silent:
        hears, not_asked = await following(asked), await following(silent)
        for _ in range(20):
            async with transaction(pool, wie) as conn:
                await make.plek(conn)
        first, second = await next_(hears), await next_(hears)
        await happens(pool, wie, id, S.ALARM)
        assert [first, second] == [{"event": "aanbod", "data": {}}] * 2
        assert (await next_(hears))["event"] == "alarm"
        assert (await next_(not_asked))["event"] == "alarm"


@pytest.mark.parametrize("rol", ["aanbieder", "verwijzer"])
async def test_who_sees_no_plekken_of_others_does_not_hear_that_one_changed(
    lasting: Settings, pool: Pool, wie: Wie, wie_als: Callable[..., Wie], monkeypatch: pytest.MonkeyPatch, rol: str
) -> None:
    """How busy another aanbieder is, is nobody's business."""
    monkeypatch.setattr(endpoint, "HEARTBEAT_S", 0.3)
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
    gi = await child(pool, wie)
    async with transaction(pool, wie) as conn:
        organisatie = await conn.fetchval("select organisatie_id from aanvraag where id = $1", gi)
    who = wie_als(rol, organisatie=plek.aanbieder_id if rol == "aanbieder" else organisatie)
    async with serving(loket(lasting, identity=always(who))) as live, follow(live, aanbod="true") as response:
        events = await following(response)
        async with transaction(pool, wie) as conn:
            await make.plek(conn)
        assert await events.next() == ": niets nieuws"


@pytest.mark.parametrize("rol", ["schakelfunctionaris", "crisisdienst", "verwijzer", "aanbieder"])
async def test_each_rol_is_woken_by_what_is_for_it(
    lasting: Settings, pool: Pool, wie: Wie, wie_als: Callable[..., Wie], rol: str
) -> None:
    """At once, and not by the next sign of life; an aanbieder also when the child is of another region."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
    id = await child(pool, wie, urgentie=Urgentie.CRISIS)
    async with transaction(pool, wie) as conn:
        gi = await conn.fetchval("select organisatie_id from aanvraag where id = $1", id)
    who = {"verwijzer": {"organisatie": gi}, "aanbieder": {"organisatie": plek.aanbieder_id, "regio": OTHER_REGIO}}
    async with serving(loket(lasting, identity=always(wie_als(rol, **who.get(rol, {}))))) as live:
        async with follow(live) as response:
            events = await following(response)
            await happens(pool, wie, id, S.OPSCHALING_VRAAG, plek_id=plek.id)
            event = await events.next()
    assert isinstance(event, dict) and event["event"] == "opschaling_vraag"


async def test_a_line_in_the_log_for_each_child_that_was_shown(
    live: Live, pool: Pool, wie: Wie, owner: Connection
) -> None:
    """With the words of the table, and none for who only waits."""
    one, two = await child(pool, wie), await child(pool, wie)
    lines = "select count(*) from logregel where handeling = 'volgGebeurtenissen'"
    async with follow(live) as response:
        events = await following(response)
        assert await owner.fetchval(lines) == 0
        async with transaction(pool, wie) as conn:
            for id in (one, one, two):
                await gebeurtenissen.record(conn, id, S.ALARM, now=make.NOW)
        for _ in range(3):
            await next_(events)
    rows = await owner.fetch(
        "select b.aanvraag_id, l.doel from logregel l join betrokkene b on b.pseudoniem = l.betrokkene"
        " where handeling = 'volgGebeurtenissen'"
    )
    assert {(row["aanvraag_id"], row["doel"]) for row in rows} == {(one, "plek_zoeken"), (two, "plek_zoeken")}
    assert len(rows) == 2


async def test_a_stream_that_lasted_long_ends_and_says_when_to_come_back(
    lasting: Settings, wie: Wie, pool: Pool
) -> None:
    """LOKET_STROOM_S: proxies end what lasts longer, in the middle of a line."""
    once = structs.replace(lasting, stroom_s=0)
    async with serving(loket(once, identity=always(wie))) as live, follow(live) as response:
        text = (await response.aread()).decode()
    assert text.startswith("retry: 3000\nid: ") and "data" not in text


async def test_a_stream_lasts_longer_than_a_request_may(lasting: Settings, wie: Wie) -> None:
    """LOKET_REQUEST_LIMIT_S is for what is answered at once: a stream ends by itself, and not cut off by an error."""
    longer = structs.replace(lasting, stroom_s=1.5, request_limit_s=1.0)
    async with serving(loket(longer, identity=always(wie))) as live, follow(live) as response:
        text = (await response.aread()).decode()
    assert text.endswith(": niets nieuws\n\n")


async def test_who_works_elsewhere_now_hears_no_more_of_before(
    lasting: Settings, pool: Pool, owner: Connection, wie: Wie, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session goes on and the stream does not: who comes back, hears what is for the new organisatie."""
    monkeypatch.setattr(endpoint, "HEARTBEAT_S", 0.05)
    id, now = await child(pool, wie), datetime.now(UTC)
    async with transaction(pool, wie) as conn:
        before = await conn.fetchval("select organisatie_id from aanvraag where id = $1", id)
        after = await conn.fetchval("select organisatie_id from aanvraag where id = $1", await child(pool, wie))
    gebruiker = await make.gebruiker(owner, rol="verwijzer", organisatie_id=before)
    token, _ = await sessies.begin(
        pool, gebruiker=gebruiker, now=now, until=now + timedelta(hours=1), idle=timedelta(minutes=30)
    )
    async with serving(loket(lasting)) as live:
        live.client.headers["Cookie"] = f"__Host-loket={token}"
        async with follow(live) as response:
            events = await following(response)
            await happens(pool, wie, id, S.ROUTE)
            heard = await next_(events)
            await owner.execute("update gebruiker set organisatie_id = $2 where id = $1", gebruiker, after)
            await happens(pool, wie, id, S.ALARM)
            while (event := await events.next()) is not None:
                assert isinstance(event, str), "only that it still goes on"

    assert after != before
    assert heard["event"] == "route"


async def test_a_sign_of_life_comes_while_nothing_happens(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "HEARTBEAT_S", 0.05)
    async with follow(live) as response:
        events = await following(response)
        assert [await events.next() for _ in range(2)] == [": niets nieuws"] * 2


async def test_a_database_that_goes_away_costs_nobody_an_event(
    live: Live, pool: Pool, wie: Wie, superuser: asyncpg.Connection, database: str
) -> None:
    """The stream goes on by itself, or it ends and the next one begins where it was."""
    id = await child(pool, wie)
    async with follow(live) as response:
        events = await following(response)
        await happens(pool, wie, id, S.ROUTE)
        last = (await next_(events))["id"]
        await superuser.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = $1 and application_name like 'loket%'",
            database,
        )
        async with asyncio.timeout(20):
            while True:
                try:
                    await happens(pool, wie, id, S.ALARM)
                    break
                except AWAY:
                    continue
        while isinstance(event := await events.next(), str):
            pass
    if event is None:
        async with follow(live, last) as response:
            event = await next_(await following(response))
    assert isinstance(event, dict) and event["event"] == "alarm"


@pytest.mark.parametrize("last", ["x", "1", "1,", ",1", "-1,2", "1,2,3", "9" * 20 + ",1"])
async def test_an_id_that_is_not_ours_is_refused(live: Live, last: str) -> None:
    answer = await live.client.get("/v1/gebeurtenissen", headers={"Last-Event-ID": last})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["location"] == {"name": "Last-Event-ID"}
