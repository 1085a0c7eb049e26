"""The web process: `create_app(settings)` wires everything that answers HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import asyncpg
import redis.asyncio
from litestar import Litestar, asgi

from service import plannen
from service.bus import Bus
from service.db import APP_ROLE, check_app_role, open_pool
from service.errors import Kind, Refusal
from service.settings import Settings
from service.snapshot import Snapshots
from service.travel import Traveller
from service.web import health, pages
from service.web.api import PREFIX, Api
from service.web.headers import secure
from service.web.identity import Identity, without_login
from service.web.operation import Services
from service.web.v1 import OPERATIONS


def utc_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def open_services(settings: Settings, clock: Callable[[], datetime]) -> AsyncIterator[Services]:
    """Pool, snapshot and Valkey, while the block runs. Refuses a database role that sees all regions."""
    url, redis_url = settings.database_url, settings.redis_url
    if url is None or redis_url is None:
        raise Refusal(Kind.INVALID, "Zonder LOKET_DATABASE_URL en LOKET_REDIS_URL kan de dienst niet beginnen.")
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(await open_pool(url, size=settings.pool_size, role=APP_ROLE))
        await check_app_role(pool)
        valkey = redis.asyncio.from_url(redis_url)
        stack.push_async_callback(valkey.aclose)
        travel = await stack.enter_async_context(Traveller.opened(settings))
        # Its own connections: a question that waits for the snapshot holds one of the pool already.
        reading = await stack.enter_async_context(await open_pool(url, size=2, role=APP_ROLE))
        heard_as = {"role": APP_ROLE, "application_name": "loket-snapshot"}
        snapshots = Snapshots(reading, lambda: asyncpg.connect(url, server_settings=heard_as))
        followed_as = {"role": APP_ROLE, "application_name": "loket-bus"}
        bus = Bus(lambda: asyncpg.connect(url, server_settings=followed_as), plannen.CHANNEL)
        listening = [asyncio.create_task(snapshots.listen()), asyncio.create_task(bus.run())]
        try:
            yield Services(
                settings=settings,
                clock=clock,
                pool=pool,
                snapshots=snapshots,
                travel=travel,
                redis=valkey,
                bus=bus,
            )
        finally:
            for task in listening:
                task.cancel()
            await asyncio.gather(*listening, return_exceptions=True)


def create_app(
    settings: Settings, *, identity: Identity | None = None, clock: Callable[[], datetime] = utc_now
) -> Litestar:
    """The ASGI app. `identity` says who asks (web/identity.py); `clock` what time it is.

    Refuses when the files for the browser were not built: better now than on every page.
    """
    pages.manifest()
    who = identity or without_login(settings)
    api = Api(OPERATIONS, who)

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with open_services(settings, clock) as services:
            api.services = app.state.services = services
            app.state.identity = who
            yield

    return Litestar(
        [
            asgi(PREFIX, is_mount=True, copy_scope=False)(api.__call__),
            health.livez,
            health.readyz,
            *pages.route_handlers,
        ],
        lifespan=[lifespan],
        before_send=[secure],
        exception_handlers={Exception: pages.on_error},
        openapi_config=None,
        logging_config=None,
    )
