"""/v1/plannen/{planId}/gebeurtenissen: server-sent events, over a real connection."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
from litestar import Litestar
from msgspec import Struct, structs

from service import taken
from service.db import Connection, Pool, Wie, transaction
from service.inloggen import sessies
from service.plan import planuitkomst
from service.plan.plannen import Niveau, PlanLimiet
from service.plan.planuitkomst import Uitkomst
from service.settings import Settings
from service.web.v1 import plannen as endpoint
from tests import make
from tests.service import plans
from tests.web.conftest import always, loket

PATIENCE_S = 20


class Live(Struct, frozen=True):
    """The app behind a server, with one connection to the database."""

    app: Litestar
    client: httpx.AsyncClient


@pytest.fixture
async def live(settings: Settings, wie: Wie) -> AsyncIterator[Live]:
    async with serving(loket(structs.replace(settings, pool_size=1), identity=always(wie))) as live:
        yield live


@asynccontextmanager
async def serving(app: Litestar) -> AsyncIterator[Live]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        server = uvicorn.Server(uvicorn.Config(app, http="httptools", lifespan="on", log_config=None, access_log=False))
        running = asyncio.create_task(server.serve([sock]))
        address = f"http://127.0.0.1:{sock.getsockname()[1]}"
        try:
            async with httpx.AsyncClient(base_url=address, timeout=PATIENCE_S) as client:
                yield Live(app, client)
        finally:
            server.should_exit = True
            await running


@pytest.fixture
async def busy(owner: Connection) -> None:
    """A worker is there, so that a plan that waits will go on."""
    await taken.be_present(owner)


class Following:
    """A stream that is read event by event."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def next(self) -> dict[str, Any] | str | None:
        """The next event with its fields, or the text of a comment; None at the end."""
        event: dict[str, Any] = {}
        async with asyncio.timeout(PATIENCE_S):
            async for line in self._lines:
                if not line and "data" in event:
                    return event
                if line.startswith(":"):
                    return line
                if line and not line.startswith("retry"):
                    name, _, value = line.partition(": ")
                    event[name] = json.loads(value) if name == "data" else value
        return None

    async def rest(self) -> list[str]:
        """The names of all events that still come."""
        found = []
        while isinstance(event := await self.next(), dict):
            found.append(event["event"])
        return found


def follow(live: Live, id: UUID, last: int | None = None) -> Any:
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    return live.client.stream("GET", f"/v1/plannen/{id}/gebeurtenissen", headers=headers)


async def begin(pool: Pool, wie: Wie, id: UUID) -> None:
    async with transaction(pool, wie) as conn:
        await planuitkomst.begin(conn, id, now=make.NOW, again=False)


async def progress(pool: Pool, wie: Wie, id: UUID, placed: int) -> None:
    async with transaction(pool, wie) as conn:
        await planuitkomst.progress(conn, id, [Niveau("crisis", placed, placed, 9)], 0.5)


async def end(pool: Pool, wie: Wie, id: UUID) -> None:
    nothing = Uitkomst(peilmoment=make.NOW, niveaus=[], gat=0, rekentijd=1, limiet=PlanLimiet.GEEN, regels=[])
    async with transaction(pool, wie) as conn:
        await planuitkomst.end(conn, id, nothing, now=make.NOW)


async def test_of_a_plan_that_is_done_all_events_come_and_the_stream_ends(live: Live, pool: Pool, wie: Wie) -> None:
    """In order, each with its number; the form is that of the standard."""
    id = (await plans.made(pool, wie)).id

    async with follow(live, id) as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        assert response.headers["Cache-Control"] == "no-store"
        assert await Following(response).rest() == ["wacht", "begonnen", "einde"]


async def test_who_follows_hears_each_step_when_it_happens(live: Live, pool: Pool, wie: Wie, busy: None) -> None:
    """Progress has the aims as the plan itself shows them."""
    id = (await plans.ask(pool, wie)).id
    async with follow(live, id) as response:
        events = Following(response)
        assert (await events.next())["event"] == "wacht"  # type: ignore[index]
        await begin(pool, wie, id)
        assert (await events.next())["event"] == "begonnen"  # type: ignore[index]
        await progress(pool, wie, id, 4)
        told = await events.next()
        assert isinstance(told, dict)
        assert (told["id"], told["event"], told["data"]["niveaus"][0]["waarde"]) == ("3", "voortgang", 4)
        await end(pool, wie, id)
        assert await events.rest() == ["einde"]


async def test_who_comes_back_gets_what_was_missed_and_nothing_twice(
    live: Live, pool: Pool, wie: Wie, busy: None
) -> None:
    """Last-Event-ID."""
    id = (await plans.ask(pool, wie)).id
    async with follow(live, id) as response:
        first = await Following(response).next()
    assert isinstance(first, dict)
    await begin(pool, wie, id)
    await progress(pool, wie, id, 1)
    await progress(pool, wie, id, 2)

    async with follow(live, id, int(first["id"])) as response:
        events = Following(response)
        missed = [await events.next() for _ in range(3)]
        await end(pool, wie, id)
        assert await events.rest() == ["einde"]

    assert [event["id"] for event in missed if isinstance(event, dict)] == ["2", "3", "4"]
    async with follow(live, id, 5) as response:
        assert await Following(response).rest() == []


async def test_while_nothing_happens_a_sign_of_life_comes(
    live: Live, pool: Pool, wie: Wie, busy: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "HEARTBEAT_S", 0.05)
    id = (await plans.ask(pool, wie)).id
    async with follow(live, id) as response:
        events = Following(response)
        await events.next()
        assert [await events.next() for _ in range(2)] == [": nog bezig", ": nog bezig"]


async def test_waiting_streams_hold_no_connection_to_the_database(live: Live, pool: Pool, wie: Wie, busy: None) -> None:
    """Three wait, on a pool of one; somebody else is answered."""
    id = (await plans.ask(pool, wie)).id
    async with follow(live, id) as one, follow(live, id) as two, follow(live, id) as three:
        for response in (one, two, three):
            assert isinstance(await Following(response).next(), dict)
        assert (await live.client.get(f"/v1/plannen/{id}")).status_code == 200


async def test_without_a_worker_the_stream_ends_and_the_caller_comes_back_later(
    live: Live, pool: Pool, wie: Wie
) -> None:
    """Nothing will happen, so nothing is held open."""
    id = (await plans.ask(pool, wie)).id
    async with follow(live, id) as response:
        text = (await response.aread()).decode()
    assert text.startswith("retry: 3000\n\n")
    assert text.count("event:") == 1


async def test_head_tells_the_form_and_streams_nothing(live: Live, pool: Pool, wie: Wie, busy: None) -> None:
    id = (await plans.ask(pool, wie)).id
    answer = await live.client.head(f"/v1/plannen/{id}/gebeurtenissen")
    assert (answer.status_code, answer.headers["Content-Type"], answer.content) == (200, "text/event-stream", b"")


async def test_a_server_that_must_stop_ends_its_streams(live: Live, pool: Pool, wie: Wie, busy: None) -> None:
    """So that it need not wait for who follows."""
    id = (await plans.ask(pool, wie)).id
    async with follow(live, id) as response:
        events = Following(response)
        await events.next()
        live.app.state.services.stopping.set()
        assert await events.rest() == []


@pytest.mark.parametrize("last", ["x", "-1", "1e3", "9" * 10])
async def test_a_number_that_is_none_is_refused(live: Live, pool: Pool, wie: Wie, last: str) -> None:
    id = (await plans.ask(pool, wie)).id
    answer = await live.client.get(f"/v1/plannen/{id}/gebeurtenissen", headers={"Last-Event-ID": last})
    assert (answer.status_code, answer.json()["errors"][0]["in"]) == (400, "header")


async def test_who_is_logged_out_follows_no_longer(
    settings: Settings, pool: Pool, owner: Connection, wie: Wie, busy: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream lasts for as long as its session, and looking on does not lengthen that."""
    monkeypatch.setattr(endpoint, "HEARTBEAT_S", 0.05)
    now, gebruiker = datetime.now(UTC), await make.gebruiker(owner)
    until, idle = now + timedelta(hours=1), timedelta(minutes=30)
    token, _ = await sessies.begin(pool, gebruiker=gebruiker, now=now, until=until, idle=idle)
    id = (await plans.ask(pool, wie)).id

    async with serving(loket(settings)) as live:
        live.client.headers["Cookie"] = f"__Host-loket={token}"
        async with follow(live, id) as response:
            following = Following(response)
            first = [await following.next() for _ in range(3)]
            await sessies.end(pool, token, now=now)
            while (last := await following.next()) is not None:
                assert isinstance(last, str), "only that it still goes on"

    assert first[0]["event"] == "wacht" and first[1:] == [": nog bezig"] * 2  # type: ignore[index]
    assert await owner.fetchval("select gezien_op from sessie") == now
