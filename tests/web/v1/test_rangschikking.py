"""The rangschikking over HTTP: what it says, and that two processes say the same."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest

from service.db import Connection, Pool, Wie, transaction
from service.inloggen import sessies
from tests import make
from tests.conftest import ROOT
from tests.service.running import loket


async def test_the_contributions_add_up_to_the_number_that_sorts(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """Every rank can be explained from its numbers."""
    async with transaction(pool, wie) as conn:
        await make.plek(conn)
        ver = await make.locatie(conn, postcode="8232 AB")
        await make.plek(conn, voorziening_id=(await make.voorziening(conn, locatie_id=ver.id)).id)
        aanvraag = await make.aanvraag(conn)
    answer = (await api.get(f"/v1/aanvragen/{aanvraag.id}/rangschikking")).json()
    lines = answer["plekken"]
    assert len(lines) == 2
    assert [line["score"] for line in lines] == [sum(part["punten"] for part in line["bijdragen"]) for line in lines]
    assert lines[0]["score"] > lines[1]["score"]
    assert answer["actueel"] is True


async def test_pages_of_the_places_follow_each_other(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        for _ in range(3):
            await make.plek(conn)
        aanvraag = await make.aanvraag(conn)

    async def ids(query: str) -> list[str]:
        answer = (await api.get(f"/v1/aanvragen/{aanvraag.id}/rangschikking{query}")).json()
        return [line["plek"]["plekId"] for line in answer["plekken"]]

    assert await ids("?aantal=2") + await ids("?aantal=2&vanaf=2") == await ids("")
    assert await ids("?vanaf=3") == []


@pytest.mark.parametrize("query", ["aantal=-1", "aantal=201", "vanaf=x", "pc4=1211"])
async def test_a_wrong_question_is_told_what_is_wrong(api: httpx.AsyncClient, pool: Pool, wie: Wie, query: str) -> None:
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
    answer = await api.get(f"/v1/aanvragen/{aanvraag.id}/rangschikking?{query}")
    assert answer.status_code == 400
    assert [error["location"]["name"] for error in answer.json()["errors"]] == [query.partition("=")[0]]


@asynccontextmanager
async def process(url: str, redis_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """`loket serve` as a process of its own, on a free port."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LOKET_")}
    running = await asyncio.create_subprocess_exec(
        *loket("serve", "--port", "0"),
        cwd=ROOT,
        env=environ | {"LOKET_DATABASE_URL": url, "LOKET_REDIS_URL": redis_url},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert running.stdout is not None
        async with asyncio.timeout(30):
            async for line in running.stdout:
                if line.startswith(b"http"):
                    break
        async with httpx.AsyncClient(base_url=line.decode().strip()) as client:
            yield client
    finally:
        running.terminate()
        await running.wait()


CUT = """
select count(pg_terminate_backend(pid)) from pg_stat_activity
where datname = $1 and application_name = 'loket-snapshot'
"""


async def test_a_change_through_one_process_shows_in_the_other_also_after_its_listening_was_cut(
    database_url: str,
    redis_url: str,
    pool: Pool,
    wie: Wie,
    owner: Connection,
    superuser: asyncpg.Connection[asyncpg.Record],
    database: str,
) -> None:
    """Within two seconds of the answer to the change, over HTTP, with real processes and the real clock."""
    now = datetime.now(UTC)
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn, now=now)
        start = (now + timedelta(days=2)).date()
        aanvraag = await make.aanvraag(
            conn, now=now, gewenste_start=start, uiterlijke_datum=start, leeftijd_peildatum=now.date()
        )

    token, _ = await sessies.begin(
        pool,
        gebruiker=await make.gebruiker(owner),
        now=now,
        until=now + timedelta(hours=1),
        idle=timedelta(hours=1),
    )

    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(process(database_url, redis_url))
        two = await stack.enter_async_context(process(database_url, redis_url))
        for client in (one, two):
            client.headers["Cookie"] = f"__Host-loket={token}"

        async def fitting() -> int:
            answer = (await two.get(f"/v1/aanvragen/{aanvraag.id}/rangschikking")).json()
            assert answer["actueel"] is True
            return int(answer["aantalPassend"])

        async def say(beschikbaarheid: str) -> None:
            current = await one.get(f"/v1/plekken/{plek.id}")
            changed = await one.patch(
                f"/v1/plekken/{plek.id}",
                json={"beschikbaarheid": beschikbaarheid},
                headers={"If-Match": current.headers["ETag"]},
            )
            assert changed.status_code == 200

        assert await fitting() == 1
        await say("onbemenst")
        await within(2, fitting, 0)
        assert await superuser.fetchval(CUT, database) == 2
        await say("bemenst")
        await within(2, fitting, 1)


async def within(seconds: float, ask: Callable[[], Awaitable[int]], expected: int) -> None:
    async with asyncio.timeout(seconds):
        while await ask() != expected:  # each question is a request: nothing to wait on
            pass
