"""loket worker: does what was put in the queue, until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import asyncpg
import typer

from service import migrations, taken
from service.bus import Bus
from service.commands import check as safety
from service.commands import connect, listen
from service.commands.serve import check
from service.db import APP_ROLE, Connection
from service.errors import Kind, Refusal
from service.failures import log_to_stderr
from service.observe import endpoint, metrics, tracing
from service.plan import plannen
from service.settings import Settings
from service.worker.anker import Anker
from service.worker.dagronde import Wekker
from service.worker.handlers import handlers
from service.worker.loop import Beside, Worker
from service.worker.meter import Meter
from service.worker.opruimer import Opruimer
from service.worker.zegel import Zegel

LIMIT_S = 3.5
"""After a stop is asked we go, whatever still runs; what is not given back by then comes back when its lease ends."""


def worker(
    ouder: int | None = typer.Option(None, hidden=True, help="Stop zodra dit proces weg is (voor loket demo)."),
) -> None:
    """Voert taken uit die op de achtergrond moeten, zoals het maken van een plan.

    U kunt er zoveel starten als u wilt, ook op andere computers: elke taak wordt één keer gedaan. Stopt er een
    halverwege, dan neemt een ander de taak over. Ctrl-C stopt; wat nog bezig is, gaat terug in de wachtrij.

    Voorbeelden:

      loket worker
      LOKET_DATABASE_URL=postgresql://… LOKET_REDIS_URL=redis://… loket worker
    """
    stop = listen.Stop()
    if ouder is not None:
        stop.with_parent(ouder)
    settings = Settings.from_environ(os.environ)
    log_to_stderr(settings.log_vorm, metrics.Counting())
    with connect.connected("worker", settings) as data:
        data.on_loss(lambda name: stop.because(f"{name} is gestopt"))
        if not settings.embedded and ouder is None:
            asyncio.run(safety.say_at_start(data.settings))
        asyncio.run(main(data.settings, quiet=ouder is not None))
    if stop.reason is not None and ouder is None:
        raise Refusal(Kind.UNAVAILABLE, f"{stop.reason}, daarom is de worker ook gestopt.")


async def main(settings: Settings, *, quiet: bool) -> None:
    """Until SIGINT, SIGTERM or SIGHUP."""
    await check(settings)
    async with endpoint.told(settings), tracing.traced(settings, "loket-worker"), opened(settings) as worker:

        def stop() -> None:
            worker.stop()
            limit = threading.Timer(LIMIT_S, os._exit, (1,))
            limit.daemon = True
            limit.start()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop)
        if settings.log_anker is None:
            connect.say("Let op: LOKET_LOG_ANKER is leeg. Een afgekapt log is zo niet te ontdekken.")
        if settings.smtp_host is None and not quiet:
            connect.say("Let op: LOKET_SMTP_HOST is leeg. Mails blijven wachten tot er een mailserver is.")
        if not quiet:
            connect.say("Klaar. De worker wacht op taken. Stop met Ctrl-C.")
        await worker.run()


async def present(conn: Connection) -> None:
    """For who asks whether any worker is there, and of which version."""
    await taken.be_present(conn)
    await migrations.be_known(conn)


@asynccontextmanager
async def opened(
    settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> AsyncIterator[Worker]:
    """A worker with its connections, seen by others as one that is there; not yet running."""
    url = settings.database_url
    heard_as = {"role": APP_ROLE, "application_name": "loket-worker"}
    bus = Bus(
        lambda: asyncpg.connect(url, server_settings=heard_as),
        taken.CHANNEL,
        plannen.CHANNEL,
        opened=present,
    )
    async with connect.service_pool(settings) as pool:
        listening = asyncio.create_task(bus.run())
        try:
            anker = None if settings.log_anker is None else Anker(settings.log_anker)
            beside: list[Beside] = [Zegel(pool, anker, clock=clock)]
            beside += [Opruimer(pool, clock=clock), Wekker(pool, clock=clock)]
            if settings.metrics_port:
                beside.append(Meter(pool, clock=clock))
            with metrics.POOLS.watched("worker", pool):
                yield Worker(settings, pool, bus, handlers(settings), clock=clock, beside=beside)
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
