"""The loop of a worker: what it does with a taak that goes well, goes wrong, is lost, or must be given back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import asyncpg
import pytest
from prometheus_client import REGISTRY

from service import taken
from service.bus import Bus
from service.db import Connection, Pool, Wie, transaction
from service.errors import Kind, Refusal
from service.settings import Settings
from service.taken import Taak, TaakSoort
from service.worker.loop import WAITS, Again, Handler, Job, Worker, Write
from tests import make
from tests.conftest import Cluster

LEASE_S = 0.6

MOST = len(WAITS) + 1

MARK = "insert into weging (regio, urgentie, criterium, gewicht, bron) values (huidige_regio(), 'crisis', $1, 9, 'x')\
 on conflict (regio, urgentie, criterium) do update set versie = weging.versie + 1"


async def mark(conn: Connection) -> None:
    """Something that can be counted: what came of a taak."""
    async with make.as_rol(conn, "beheerder"):
        await conn.execute(MARK, "afstand")


async def marks(owner: Connection) -> int:
    count: int = await owner.fetchval(
        "select versie - 1 from weging"
        " where regio = 'gooi-en-vechtstreek' and urgentie = 'crisis' and criterium = 'afstand'"
    )
    return count


async def done(_: Job) -> Write:
    return mark


class Told:
    """What the handler was told when a taak will never be done."""

    def __init__(self) -> None:
        self.fouten: list[str] = []

    async def __call__(self, conn: Connection, taak: Taak, fout: str) -> None:
        self.fouten.append(fout)


@asynccontextmanager
async def working(
    pool: Pool,
    url: str,
    perform: Callable[[Job], Awaitable[Write]],
    failed: Told | None = None,
    *,
    soorten: Iterable[TaakSoort] = (TaakSoort.PLAN,),
    snel: int = 2,
) -> AsyncIterator[Worker]:
    """A worker that runs while the block does."""
    bus = Bus(lambda: asyncpg.connect(url), taken.CHANNEL, opened=taken.be_present)
    handlers = dict.fromkeys(soorten, Handler(perform, failed or Told()))
    settings = Settings(worker_lease_s=LEASE_S, worker_snel=snel)
    worker = Worker(settings, pool, bus, handlers, clock=lambda: make.NOW)
    listening, running = asyncio.create_task(bus.run()), asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await running
        listening.cancel()


async def enqueue(pool: Pool, wie: Wie, soort: TaakSoort = TaakSoort.PLAN) -> None:
    async with transaction(pool, wie) as conn:
        await taken.enqueue(conn, soort, "a", {})


async def until(owner: Connection, condition: str) -> None:
    """The taak is so."""
    async with asyncio.timeout(20):
        while not await owner.fetchval(f"select exists (select from taak where {condition})"):
            await owner.execute("select pg_sleep(0.01)")


async def test_a_taak_that_is_put_in_the_queue_is_done_at_once(
    pool: Pool, wie: Wie, owner: Connection, database_url: str
) -> None:
    """Woken by the commit; the result and the end of the taak are one transaction."""
    async with working(pool, database_url, done):
        await enqueue(pool, wie)
        await until(owner, "status = 'klaar'")
    assert await marks(owner) == 1


async def test_what_goes_wrong_is_tried_again_later_with_the_reason_beside_it(
    pool: Pool, wie: Wie, owner: Connection, database_url: str
) -> None:
    tries = 0

    async def twice(_: Job) -> Write:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise RuntimeError("sesame")
        return mark

    async with working(pool, database_url, twice):
        await enqueue(pool, wie)
        await until(owner, "status = 'wacht' and pogingen = 1 and niet_voor > now() + interval '1 second'")
        assert await owner.fetchval("select fout from taak") == "Er ging iets mis (RuntimeError)."
        await owner.execute("update taak set niet_voor = now()")
        await until(owner, "status = 'klaar'")
    assert (tries, await marks(owner)) == (2, 1)


async def test_what_keeps_going_wrong_is_told_to_people(
    pool: Pool, wie: Wie, owner: Connection, database_url: str
) -> None:
    """After the last try, and not before."""
    told = Told()

    async def broken(_: Job) -> Write:
        raise RuntimeError

    await enqueue(pool, wie)
    await owner.execute("update taak set pogingen = $1", MOST - 1)
    async with working(pool, database_url, broken, told):
        await until(owner, "status = 'mislukt'")
    assert told.fouten == [f"Er ging iets mis (RuntimeError). Dat is na {MOST} keer nog zo."]


async def test_a_taak_whose_workers_are_killed_each_time_is_given_up(
    pool: Pool, wie: Wie, owner: Connection, database_url: str
) -> None:
    """Such as one that takes all memory: nobody lived to write what was wrong."""
    told = Told()
    await enqueue(pool, wie)
    await owner.execute("update taak set pogingen = $1", MOST)
    async with working(pool, database_url, done, told):
        await until(owner, "status = 'mislukt'")
    assert len(told.fouten) == 1
    assert await marks(owner) == 0


async def test_a_refusal_is_not_tried_again(pool: Pool, wie: Wie, owner: Connection, database_url: str) -> None:
    """Its sentence is the reason."""
    told = Told()

    async def refused(_: Job) -> Write:
        raise Refusal(Kind.CONFLICT, "Uw regio heeft nog geen weging.")

    async with working(pool, database_url, refused, told):
        await enqueue(pool, wie)
        await until(owner, "status = 'mislukt'")
    assert told.fouten == ["Uw regio heeft nog geen weging."]
    assert await owner.fetchval("select pogingen from taak") == 1


async def test_a_long_sentence_of_a_refusal_is_cut_off(
    pool: Pool, wie: Wie, owner: Connection, database_url: str
) -> None:
    """To what a row can hold: no sentence may end the worker."""
    told = Told()

    async def refused(_: Job) -> Write:
        raise Refusal(Kind.CONFLICT, "Dit kan niet. " * 100)

    async with working(pool, database_url, refused, told):
        await enqueue(pool, wie)
        await until(owner, "status = 'mislukt'")
    assert (len(told.fouten[0]), told.fouten[0][-1]) == (500, "…")


async def test_a_taak_that_cannot_even_fail_does_not_end_the_worker(
    pool: Pool, wie: Wie, owner: Connection, database_url: str
) -> None:
    """A mistake in what is written of a failure: the worker goes on with the next."""

    class Broken(Told):
        async def __call__(self, conn: Connection, taak: Taak, fout: str) -> None:
            raise KeyError

    async def refused(job: Job) -> Write:
        if job.taak.sleutel == "a":
            raise Refusal(Kind.CONFLICT, "Dit kan niet.")
        return mark

    async with working(pool, database_url, refused, Broken()):
        await enqueue(pool, wie)
        await until(owner, "pogingen > 0")
        async with transaction(pool, wie) as conn:
            await taken.enqueue(conn, TaakSoort.PLAN, "b", {})
        await until(owner, "sleutel = 'b' and status = 'klaar'")
    assert await owner.fetchval("select status from taak where sleutel = 'a'") != "klaar"


async def test_who_loses_the_lease_is_cut_off_and_writes_nothing(
    pool: Pool, wie: Wie, owner: Connection, database_url: str
) -> None:
    """Another has it: its own result is the only one."""
    begun, cut_off = asyncio.Event(), asyncio.Event()

    async def slow(_: Job) -> Write:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cut_off.set()
            raise
        return mark

    async with working(pool, database_url, slow):
        await enqueue(pool, wie)
        async with asyncio.timeout(20):
            await begun.wait()
        await owner.execute("update taak set claim = gen_random_uuid(), claim_tot = now() + interval '1 minute'")
        async with asyncio.timeout(20):
            await cut_off.wait()
    assert await marks(owner) == 0
    assert await owner.fetchval("select status from taak") == "bezig"


async def test_a_long_taak_keeps_its_lease(pool: Pool, wie: Wie, owner: Connection, database_url: str) -> None:
    """Three leases long, with a second worker that waits for it."""
    performed = 0

    async def long(job: Job) -> Write:
        nonlocal performed
        performed += 1
        async with job.pool.acquire() as conn:
            await conn.execute("select pg_sleep($1)", 3 * LEASE_S)
        return mark

    async with working(pool, database_url, long), working(pool, database_url, long):
        await enqueue(pool, wie)
        await until(owner, "status = 'klaar'")
    assert (performed, await marks(owner)) == (1, 1)


async def test_a_taak_that_ends_while_its_lease_is_kept_leaves_no_error_with_the_database(
    pool: Pool, wie: Wie, owner: Connection, database_url: str, cluster: Cluster
) -> None:
    """The beat that is on its way then, comes home: a statement that is cut off stands in the log of the server."""
    log, go = cluster.sockets.parent / "log", asyncio.Event()
    begin = log.stat().st_size

    async def waits(_: Job) -> Write:
        await go.wait()
        return mark

    async with working(pool, database_url, waits):
        await enqueue(pool, wie)
        await until(owner, "status = 'bezig'")
        async with owner.transaction():
            await owner.execute("select from taak for update")
            async with asyncio.timeout(20):
                while not await owner.fetchval(WAITS_FOR_US):
                    await owner.execute("select pg_sleep(0.01)")
            go.set()
            for _ in range(3):
                await owner.execute("select 1")
        await until(owner, "status = 'klaar'")
    assert await marks(owner) == 1
    with log.open(errors="replace") as lines:
        lines.seek(begin)
        assert "canceling statement" not in lines.read()


WAITS_FOR_US = """
select exists (select from pg_locks where not granted and transactionid = pg_current_xact_id()::xid)
"""


async def test_a_worker_that_must_stop_gives_its_taak_back(
    pool: Pool, wie: Wie, owner: Connection, database_url: str
) -> None:
    """At once for another, and as if it had not been tried."""

    async def never(_: Job) -> Write:
        await asyncio.Event().wait()
        return mark

    async with working(pool, database_url, never) as worker:
        await enqueue(pool, wie)
        await until(owner, "status = 'bezig'")
        worker.stop()
        await until(owner, "status = 'wacht' and pogingen = 0")
    async with working(pool, database_url, done):
        await until(owner, "status = 'klaar'")
    assert await marks(owner) == 1


# ── Lanes ────────────────────────────────────────────────────────────────────────────────────────


async def test_a_plan_that_takes_long_holds_up_no_notice_and_a_mail_no_term(
    pool: Pool, wie: Wie, owner: Connection, database_url: str
) -> None:
    """Both stand still; what comes after them is done meanwhile."""
    still = {TaakSoort.PLAN, TaakSoort.MAIL}

    async def stuck(job: Job) -> Write:
        if job.taak.soort in still:
            await asyncio.Event().wait()
        return mark

    soorten = (TaakSoort.PLAN, TaakSoort.MAIL, TaakSoort.MELDING, TaakSoort.TERMIJN)
    async with working(pool, database_url, stuck, soorten=soorten, snel=1):
        for soort in soorten:
            await enqueue(pool, wie, soort)
        await until(owner, "soort = 'melding' and status = 'klaar'")
        await until(owner, "soort = 'termijn' and status = 'klaar'")
        assert {row["soort"] for row in await owner.fetch("select soort from taak where status = 'bezig'")} == still
    assert await marks(owner) == 2


async def test_short_work_is_done_as_many_at_once_as_the_setting_says(
    pool: Pool, wie: Wie, owner: Connection, database_url: str
) -> None:
    """LOKET_WORKER_SNEL: the fourth waits until one of three has ended, however often the worker is woken meanwhile."""
    go = asyncio.Event()

    async def slow(job: Job) -> Write:
        if job.taak.soort is TaakSoort.MELDING:
            await go.wait()
        return mark

    busy = "select count(*) from taak where soort = 'melding' and status = 'bezig'"
    async with transaction(pool, wie) as conn:
        for number in range(5):
            await taken.enqueue(conn, TaakSoort.MELDING, str(number), {})
    async with working(pool, database_url, slow, soorten=[TaakSoort.MELDING, TaakSoort.MAIL], snel=3):
        await until(owner, "soort = 'melding' and status = 'bezig' having count(*) >= 3")
        for number in range(3):
            async with transaction(pool, wie) as conn:
                await taken.enqueue(conn, TaakSoort.MAIL, str(number), {})
            await until(owner, f"soort = 'mail' and sleutel = '{number}' and status = 'klaar'")
            assert await owner.fetchval(busy) == 3
        go.set()
        await until(owner, "soort = 'melding' and status = 'klaar' having count(*) = 5")


async def test_what_no_handler_does_waits(pool: Pool, wie: Wie, owner: Connection, database_url: str) -> None:
    """Such as mails when no mail server is set."""
    await enqueue(pool, wie, TaakSoort.MAIL)
    async with working(pool, database_url, done, soorten=[TaakSoort.HAAK]):
        await enqueue(pool, wie, TaakSoort.HAAK)
        await until(owner, "soort = 'haak' and status = 'klaar'")
    assert await owner.fetchval("select status = 'wacht' and pogingen = 0 from taak where soort = 'mail'")


async def test_what_somebody_else_cannot_do_now_waits_as_long_as_its_handler_says(
    pool: Pool, wie: Wie, owner: Connection, database_url: str
) -> None:
    """And only the last of its tries is told to people."""
    told = Told()

    async def away(_: Job) -> Write:
        raise Again("De mailserver antwoordt niet.")

    bus = Bus(lambda: asyncpg.connect(database_url), taken.CHANNEL, opened=taken.be_present)
    worker = Worker(
        Settings(worker_lease_s=LEASE_S),
        pool,
        bus,
        {TaakSoort.MAIL: Handler(away, told, (3600.0,))},
        clock=lambda: make.NOW,
    )
    running = asyncio.create_task(worker.run())
    await enqueue(pool, wie, TaakSoort.MAIL)
    await until(owner, "status = 'wacht' and niet_voor > now() + interval '59 minutes' and fout like 'De mail%'")
    assert told.fouten == []
    await owner.execute("update taak set niet_voor = now()")
    await until(owner, "status = 'mislukt'")
    worker.stop()
    await running
    assert told.fouten == ["De mailserver antwoordt niet. Dat is na 2 keer nog zo."]


# ── Figures ──────────────────────────────────────────────────────────────────────────────────────


async def refuses(_: Job) -> Write:
    raise Refusal(Kind.CONFLICT, "Dit kan niet.")


async def away(_: Job) -> Write:
    raise Again("De mailserver is weg.")


@pytest.mark.parametrize(
    ("perform", "status", "uitkomst"),
    [(done, "klaar", "klaar"), (refuses, "mislukt", "mislukt"), (away, "wacht", "later")],
)
async def test_how_a_taak_ends_is_counted(
    pool: Pool,
    wie: Wie,
    owner: Connection,
    database_url: str,
    perform: Callable[[Job], Awaitable[Write]],
    status: str,
    uitkomst: str,
) -> None:
    """So an alarm can tell a mail server that is away from one mail that cannot be."""

    def counted() -> float:
        labels = {"soort": "plan", "uitkomst": uitkomst}
        return REGISTRY.get_sample_value("loket_taak_seconds_count", labels) or 0

    before = counted()
    async with working(pool, database_url, perform):
        await enqueue(pool, wie)
        await until(owner, f"status = '{status}' and pogingen = 1")
    assert counted() == before + 1
