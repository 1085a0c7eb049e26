"""`loket worker` as it runs: killed, stopped, several of them; each plan is made once."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import psutil
import pytest

from service.days import today
from service.db import APP_ROLE, Pool, Wie, open_pool, set_codecs, transaction
from service.demo import load
from service.plan import plannen
from service.plan.plannen import PlanStatus
from tests.conftest import Cluster
from tests.service import plans
from tests.service.running import lives
from tests.service.worker.conftest import Start, held_up


@pytest.fixture
async def pool(cluster: Cluster, region: str) -> AsyncIterator[Pool]:
    """On the demo region."""
    opened = await open_pool(cluster.url(region, APP_ROLE), size=5)
    yield opened
    await opened.close()


@pytest.fixture
async def looking(cluster: Cluster, region: str) -> AsyncIterator[asyncpg.Connection]:
    conn = await asyncpg.connect(cluster.url(region, "loket_eigenaar"))
    yield conn
    await conn.close()


async def ask(pool: Pool, wie: Wie) -> UUID:
    return (await plans.ask(pool, wie, now=datetime.now(UTC))).id


async def until(looking: asyncpg.Connection, condition: str) -> None:
    async with asyncio.timeout(60):
        while not await looking.fetchval(f"select {condition}"):
            await looking.execute("select pg_sleep(0.01)")


async def steps(looking: asyncpg.Connection, id: UUID) -> Counter[str]:
    """How often each happened, but for progress, which comes as often as there is any."""
    rows = await looking.fetch("select stap from plan_gebeurtenis where plan_id = $1 and stap <> 'voortgang'", id)
    return Counter(row["stap"] for row in rows)


def solver_of(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


async def solving(looking: asyncpg.Connection, pid: int) -> list[psutil.Process]:
    """The process in which the worker computes, once there is one."""
    await until(looking, "exists (select from plan where status = 'bezig')")
    async with asyncio.timeout(20):
        while not (found := solver_of(pid)):
            await looking.execute("select pg_sleep(0.01)")
    return found


async def test_a_worker_killed_in_the_middle_of_a_plan_is_followed_by_another_and_one_result_stands(
    pool: Pool, wie: Wie, looking: asyncpg.Connection, worker: Start
) -> None:
    """kill -9 cannot be caught: its own process ends with it, and after the lease another begins again."""
    id = await ask(pool, wie)
    async with held_up(looking):
        first = worker()
        orphans = await solving(looking, first.pid)
        first.send_signal(signal.SIGKILL)
        first.wait(10)
        psutil.wait_procs(orphans, timeout=10)
        assert not any(lives(process) for process in orphans)
    worker()
    await until(looking, "exists (select from plan where status = 'klaar')")

    assert await steps(looking, id) == {"wacht": 1, "begonnen": 1, "opnieuw": 1, "einde": 1}
    assert await looking.fetchval("select pogingen from taak where soort = 'plan'") == 2
    open_ = await looking.fetchval("select count(*) from aanvraag where is_open(status)")
    assert await looking.fetchval("select count(*) from plan_regel") == open_


async def test_when_only_the_computing_process_is_killed_the_worker_tries_again(
    pool: Pool, wie: Wie, looking: asyncpg.Connection, worker: Start
) -> None:
    """As when memory runs out."""
    await ask(pool, wie)
    async with held_up(looking):
        for process in await solving(looking, worker().pid):
            process.send_signal(signal.SIGKILL)
        await until(looking, "exists (select from taak where soort = 'plan' and status = 'wacht' and fout is not null)")
    await looking.execute("update taak set niet_voor = now()")
    await until(looking, "exists (select from plan where status = 'klaar')")


async def test_a_worker_that_is_asked_to_stop_gives_the_plan_back_and_leaves_nothing(
    pool: Pool, wie: Wie, looking: asyncpg.Connection, worker: Start
) -> None:
    """Within five seconds, and with the exit code of success."""
    await ask(pool, wie)
    async with held_up(looking):
        process = worker()
        orphans = await solving(looking, process.pid)

        process.send_signal(signal.SIGTERM)

        assert await asyncio.to_thread(process.wait, 5) == 0
    assert not any(lives(orphan) for orphan in orphans)
    assert await looking.fetchval("select (status, pogingen) = ('wacht', 0) from taak where soort = 'plan'")


async def test_two_workers_share_the_plans_and_none_is_made_twice(
    pool: Pool, wie: Wie, looking: asyncpg.Connection, worker: Start
) -> None:
    ids = [await ask(pool, wie) for _ in range(2)]
    worker()
    worker()
    await until(looking, "not exists (select from plan where status <> 'klaar')")
    for id in ids:
        assert await steps(looking, id) == {"wacht": 1, "begonnen": 1, "einde": 1}


async def test_plans_of_several_regions_are_made_at_once_by_several_workers_and_one_killed_costs_none(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie], looking: asyncpg.Connection, worker: Start
) -> None:
    """Each region's plan is a taak of its own on a lease: whoever is free takes one, also that of who was killed. What
    comes of it is of that region only."""
    await set_codecs(looking)
    await load(looking, today=today(datetime.now(UTC)), regio="omgeving-almere", aanvragen=20, plekken=100)
    plannen_ = [await ask(pool, who) for who in (wie, wie_als("schakelfunctionaris", regio="omgeving-almere"))]
    async with held_up(looking):
        first, second = worker(), worker()
        await until(looking, "2 = (select count(distinct regio) from plan where status = 'bezig')")
        first.send_signal(signal.SIGKILL)
        first.wait(10)
    await until(looking, "not exists (select from plan where status <> 'klaar')")

    assert second.poll() is None
    told = [await steps(looking, id) for id in plannen_]
    assert [each["einde"] for each in told] == [1, 1] and sum(each["opnieuw"] for each in told) == 1
    rows = await looking.fetch(
        "select p.regio, count(*) as regels, bool_and(a.regio = p.regio) as eigen,"
        " (select count(*) from aanvraag o where o.regio = p.regio and is_open(o.status)) as open"
        " from plan p join plan_regel r on r.plan_id = p.id join aanvraag a on a.id = r.aanvraag_id group by p.regio"
    )
    assert len(rows) == 2 and all(row["eigen"] and row["regels"] == row["open"] for row in rows)


async def test_a_plan_that_a_person_stops_ends_without_waiting_for_its_time(
    pool: Pool, wie: Wie, looking: asyncpg.Connection, worker: Start
) -> None:
    """Also when nothing was found by then; the worker goes on with the next."""
    id = await ask(pool, wie)
    async with held_up(looking):
        process = worker()
        await solving(looking, process.pid)
        async with transaction(pool, wie) as conn:
            await plannen.stop(conn, id, now=datetime.now(UTC))
        await until(looking, "exists (select from plan where klaar_op is not null)")
    other = await ask(pool, wie)
    await until(looking, f"exists (select from plan where id = '{other}' and status = 'klaar')")

    assert (await plans.get(pool, wie, id)).status is PlanStatus.GESTOPT
    assert (await steps(looking, id))["einde"] == 1


async def test_what_the_region_must_mend_first_is_told_and_not_tried_again(
    pool: Pool, wie: Wie, looking: asyncpg.Connection, worker: Start
) -> None:
    """The sentence comes from the process that computes, through the worker, to who looks at the plan."""
    await looking.execute("delete from weging")
    id = await ask(pool, wie)
    worker()
    await until(looking, "exists (select from plan where status = 'mislukt')")

    assert "nog niet bepaald wat hoe zwaar telt" in str((await plans.get(pool, wie, id)).fout)
    assert await looking.fetchval("select (status, pogingen) = ('mislukt', 1) from taak where soort = 'plan'")
