"""loket demo: everything on this computer, with a fictional region in it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import StrEnum

import asyncpg
import typer

from service import migrations
from service.commands import connect, listen
from service.days import today
from service.db import APP_ROLE, Connection, open_pool
from service.demo import Scarcity, Size, is_loaded, leef, load
from service.demo.gebruikers import one_per_role
from service.embedded.process import Child
from service.embedded.servers import owned
from service.errors import Kind, Refusal
from service.inloggen.demologin import allowed
from service.inloggen.sessies import new_token
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller
from service.settings import ROOT, Settings


class Omvang(StrEnum):
    """How much the demo has: regio 60 aanvragen and 400 plekken, provincie 600 and 4,000, land 6,000 and 40,000."""

    REGIO = "regio"
    PROVINCIE = "provincie"
    LAND = "land"


SIZES = {Omvang.REGIO: Size.REGION, Omvang.PROVINCIE: Size.PROVINCE, Omvang.LAND: Size.COUNTRY}


def demo(
    port: int | None = typer.Option(None, help="Poort van het scherm. Standaard LOKET_PORT, anders 8000."),
    opnieuw: bool = typer.Option(False, "--opnieuw", help="Wis eerst de gegevens van de vorige keer."),
    omvang: Omvang = typer.Option(Omvang.REGIO, help="Hoeveel er de eerste keer wordt gemaakt."),
    schaarste: Scarcity = typer.Option(Scarcity.KRAP, help="Hoe schaars de vrije plekken dan zijn."),
    ouder: int | None = typer.Option(None, hidden=True, help="Stop zodra dit proces weg is (voor make)."),
) -> None:
    """Start het loket met een verzonnen regio, om te bekijken en uit te proberen.

    De eerste keer maakt dit een database en vult die. Een volgende keer staan uw wijzigingen er nog.
    Ctrl-C stopt alles. De gegevens staan in .loket/ (of in LOKET_DATA).

    Voorbeelden:

      loket demo
      loket demo --port 8001
      loket demo --opnieuw
      loket demo --opnieuw --omvang land --schaarste ruim
    """
    stop = listen.Stop()
    if ouder is not None:
        stop.with_parent(ouder)
    settings = Settings.from_environ(os.environ)
    if port is not None:
        settings = Settings.from_environ(os.environ | {"LOKET_PORT": str(port)})
    may_link(settings, settings.host)
    with started(settings, stop, fresh=opnieuw) as (ready, sock):
        may = may_link(settings, sock.getsockname()[0])
        asyncio.run(fill(ready, omvang, schaarste))
        links = asyncio.run(demo_links(ready)) if may else []
        with worker_beside(ready, stop):
            listen.serve(ready, sock, links)
    if stop.reason is not None:
        raise Refusal(
            Kind.UNAVAILABLE,
            f"{stop.reason}, daarom is de demo ook gestopt. De gegevens zijn bewaard. Start opnieuw met make demo.",
        )


def may_link(settings: Settings, bound_to: str) -> bool:
    """Whether one may log in with a link, or refuses; `settings` are those from before the servers were started."""
    return allowed(settings.demo_login, embedded=settings.embedded, bound_to=bound_to, adres=settings.adres)


async def demo_links(settings: Settings) -> list[listen.Link]:
    """A link for each role; new ones at every start."""
    async with connect.owner_connection(settings) as owner:
        return [
            listen.Link(new_token(), one.id, f"{one.rol}: {one.naam}" + (f", {one.waar}" if one.waar else ""))
            for one in await one_per_role(owner, settings.regio)
        ]


@contextmanager
def started(settings: Settings, stop: listen.Stop, *, fresh: bool) -> Iterator[tuple[Settings, socket.socket]]:
    """Servers with the schema, and the port taken before anything else happens."""
    if not settings.embedded:
        if fresh:
            raise Refusal(
                Kind.FORBIDDEN,
                "Opnieuw beginnen kan alleen met de meegeleverde database. Maak uw eigen database zelf leeg.",
            )
        with listen.bind(settings) as sock:
            yield connect.with_owner(settings), sock
        return
    with owned(settings, "demo") as servers, listen.bind(settings) as sock:
        if settings.data is None and servers.folder.name != ".loket":
            connect.say(f"De gegevens staan in {servers.folder}, want PostgreSQL mag niet in de map van het loket.")
        endpoints = servers.start(fresh=fresh)
        servers.on_loss(lambda name: stop.because(f"{name} is onverwacht gestopt"))
        connect.prepare(endpoints)
        servers.announce()
        yield connect.with_endpoints(settings, endpoints), sock


WORKER_STOP_S = 2.0
"""For giving back what it is doing; everything must be gone after five seconds."""


NOT_FOR_THE_WORKER = {"LOKET_DATABASE_OWNER_URL", "LOKET_OIDC_KEYS"}


@contextmanager
def worker_beside(settings: Settings, stop: listen.Stop) -> Iterator[None]:
    """A `loket worker` on the same data. It shares the fate of the demo, as the servers do: it stops when we are gone,
    however we went, and when it ends without being asked, so do we."""
    own = {
        "LOKET_DATABASE_URL": settings.database_url,
        "LOKET_REDIS_URL": settings.redis_url,
        "LOKET_LOG_ANKER": settings.log_anker and str(settings.log_anker),
    }
    command = [sys.executable, "-m", "service.cli", "worker", "--ouder", str(os.getpid())]
    # It works as the app role, so how one becomes owner is not for it; nor how one logs in.
    kept = {name: value for name, value in os.environ.items() if name not in NOT_FOR_THE_WORKER}
    environment = kept | {name: value for name, value in own.items() if value is not None}
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True)
    child = Child("De worker", process, (signal.SIGTERM, signal.SIGKILL))
    asked = threading.Event()

    def wait() -> None:
        # WNOWAIT: the exit status stays for child.stop().
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        if not asked.is_set():
            stop.because("De worker is onverwacht gestopt")

    threading.Thread(target=wait, daemon=True, name="wacht-worker").start()
    try:
        yield
    finally:
        asked.set()
        child.stop(WORKER_STOP_S)


async def fill(settings: Settings, omvang: Omvang, schaarste: Scarcity) -> None:
    """The schema when the servers are not ours, and the demo region when nobody has given this region anything yet."""
    async with connect.owner_connection(settings) as owner:
        await migrations.migrate(owner)
        if not await is_loaded(owner, settings.regio):
            connect.say("De eerste keer wordt een verzonnen regio gemaakt. Dat duurt even.")
            dag = today(datetime.now(UTC))
            await load(owner, today=dag, size=SIZES[omvang], scarcity=schaarste, regio=settings.regio)
            await live(settings, owner, dag)


async def live(settings: Settings, owner: Connection, dag: date) -> None:
    """What goes on in the region just now, done by who works there."""
    url = settings.database_url
    assert url is not None
    async with (
        connect.service_pool(settings) as pool,
        await open_pool(url, size=2, role=APP_ROLE) as reading,
        Traveller.opened(settings) as travel,
    ):
        snapshots = Snapshots(reading, lambda: asyncpg.connect(url, server_settings={"role": APP_ROLE}))
        listening = asyncio.create_task(snapshots.listen())
        try:
            await leef(owner, pool, snapshots, travel, settings.regio, dag)
        finally:
            listening.cancel()
