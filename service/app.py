"""The web process: `create_app(settings)` wires everything that answers HTTP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import redis.asyncio
from litestar import Litestar, asgi
from litestar.datastructures import State
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from service import toegang
from service.bericht import stroom
from service.bus import Bus
from service.db import APP_ROLE, check_app_role, open_pool
from service.errors import Kind, Refusal
from service.inloggen import oidcsleutels, sessies
from service.inloggen.oidc import Oidc
from service.migrations import be_known
from service.observe import metrics
from service.plan import plannen
from service.rang import snapshot
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller
from service.replica import PATIENCE_S, Replica
from service.settings import Settings
from service.taal import TAAL
from service.web import health, inloggen, oauth, pages
from service.web.api import PREFIX, Api
from service.web.compressed import compressed
from service.web.headers import secure
from service.web.identity import Identity, Sessions
from service.web.limiet import Limiet
from service.web.operation import Services
from service.web.pages.taalkeuze import gekozen, spoken
from service.web.pages.visit import guard, page_id
from service.web.reading import wrote
from service.web.v1 import OPERATIONS


def utc_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def open_services(
    settings: Settings, clock: Callable[[], datetime], demo_links: Mapping[str, UUID]
) -> AsyncIterator[Services]:
    """Pool, snapshot and Valkey, while the block runs. Refuses a database role that sees all regions."""
    url, redis_url = settings.database_url, settings.redis_url
    if url is None or redis_url is None:
        raise Refusal(Kind.INVALID, "Zonder LOKET_DATABASE_URL en LOKET_REDIS_URL kan de dienst niet beginnen.")
    async with AsyncExitStack() as stack:
        limit_s = settings.request_limit_s
        pool = await stack.enter_async_context(
            await open_pool(url, size=settings.pool_size, role=APP_ROLE, limit_s=limit_s)
        )
        await check_app_role(pool)
        stack.enter_context(metrics.POOLS.watched("verzoeken", pool))
        valkey = redis.asyncio.from_url(redis_url)
        stack.push_async_callback(valkey.aclose)
        replica = await stack.enter_async_context(_replica(settings, url, clock))
        oidc = await stack.enter_async_context(Oidc.opened(settings))
        limiet = await stack.enter_async_context(Limiet.opened(settings))
        travel = await stack.enter_async_context(Traveller.opened(settings))
        # Its own connections: a question that waits for the snapshot holds one of the pool already.
        reading = await stack.enter_async_context(await open_pool(url, size=2, role=APP_ROLE))
        stack.enter_context(metrics.POOLS.watched("plekken", reading))
        heard_as = {"role": APP_ROLE, "application_name": "loket-snapshot"}
        snapshots = Snapshots(reading, lambda: asyncpg.connect(url, server_settings=heard_as))
        metrics.PLACES_SURE.set_function(lambda: float(snapshots.sure()))
        followed_as = {"role": APP_ROLE, "application_name": "loket-bus"}
        channels = (plannen.CHANNEL, sessies.CHANNEL, stroom.CHANNEL, snapshot.CHANNEL)
        bus = Bus(lambda: asyncpg.connect(url, server_settings=followed_as), *channels, opened=be_known)
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
                oudste=stroom.Oudste(pool),
                replica=replica,
                oidc=oidc,
                limiet=limiet,
                demo_links=demo_links,
            )
        finally:
            for task in listening:
                task.cancel()
            await asyncio.gather(*listening, return_exceptions=True)


@asynccontextmanager
async def _replica(settings: Settings, url: str, clock: Callable[[], datetime]) -> AsyncIterator[Replica | None]:
    """Followed while the block runs; None without LOKET_DATABASE_REPLICA_URL. That it is away stops nobody."""
    there = settings.database_replica_url
    if there is None:
        yield None
        return
    pool = await open_pool(
        there,
        size=settings.pool_size,
        least=0,
        role=APP_ROLE,
        limit_s=settings.request_limit_s,
        connect_s=PATIENCE_S,
    )
    as_app = {"role": APP_ROLE, "application_name": "loket-replica"}
    replica = Replica(
        pool,
        primary=lambda: asyncpg.connect(url, server_settings=as_app),
        replica=lambda: asyncpg.connect(there, server_settings=as_app),
        most_s=settings.replica_s,
        clock=clock,
    )
    following = asyncio.create_task(replica.run())
    metrics.REPLICA_AGE.set_function(replica.age_s)
    try:
        with metrics.POOLS.watched("replica", pool):
            yield replica
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        pool.terminate()


FORM_LIMIT = 64 * 1024
"""Bytes that a page may be sent; the API has limits of its own."""

UNDER = f"{PREFIX}/".encode()
"""As sent, so that neither Litestar nor a server has tidied it."""


def limited(app: ASGIApp) -> ASGIApp:
    """Middleware: 503 (a TimeoutError) for a page that takes longer than LOKET_REQUEST_LIMIT_S. The API, which has
    answers that go on for long, sees to that itself."""

    async def within(scope: Scope, receive: Receive, send: Send) -> None:
        async with asyncio.timeout(scope["litestar_app"].state.services.settings.request_limit_s):
            return await app(scope, receive, send)

    return within


class Loket(Litestar):
    """Litestar for the pages. The API has routes, errors and limits of its own: what is asked of it goes past those of
    Litestar, which would take a tenth of the time of a list (docs/schaal.md)."""

    api: Api
    opening: Callable[[], AbstractAsyncContextManager[Services]]
    """What it needs while it lives."""

    def begin(
        self,
        settings: Settings,
        identity: Identity | None,
        clock: Callable[[], datetime],
        demo_links: Mapping[str, UUID],
    ) -> None:
        """Before it lives: all that differs between one loket and another with the same routes."""
        self.state = State()
        self.api = Api(OPERATIONS, identity or Sessions())
        self.opening = partial(open_services, settings, clock, demo_links)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["raw_path"].startswith(UNDER) or not _named(scope["headers"]):
            await super().__call__(scope, receive, send)
            return
        scope["app"] = scope["litestar_app"] = self
        TAAL.set(gekozen(scope))

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":  # ours look at nothing else
                for hook in self.before_send:
                    await hook(message, scope)
            await send(message)

        await self.api(scope, receive, sending)


ORDINARY = re.compile(rb"[0-9A-Za-z.:\[\]-]+")
"""Characters of a name or address with its port. Who calls us by anything else, Litestar answers (pages/errors.py)."""


def _named(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return all(ORDINARY.fullmatch(value) for name, value in headers if name == b"host")


async def under(scope: HTTPScope, receive: Receive, send: Send) -> None:
    """The API, for who calls us by a name that is none: Litestar looked at that first."""
    app = scope["litestar_app"]
    assert isinstance(app, Loket)
    await app.api(scope, receive, send)


@asynccontextmanager
async def living(app: Litestar) -> AsyncIterator[None]:
    assert isinstance(app, Loket)
    async with app.opening() as services:
        who = app.api.identity
        if isinstance(who, Sessions):
            services.forget = who.forget
        app.api.services = app.state.services = services
        app.state.identity = who
        yield


def create_app(
    settings: Settings,
    *,
    identity: Identity | None = None,
    clock: Callable[[], datetime] = utc_now,
    demo_links: Mapping[str, UUID] | None = None,
) -> Loket:
    """The ASGI app. `identity` says who asks, by session when not given; `clock` what time it is; `demo_links` log in
    without more, as service/inloggen/demologin.py allows.

    Refuses when the files for the browser were not built, or the keys for logging in cannot be read: better now than on
    every page. ValueError when nobody has
    said who may do something (service/toegang).
    """
    pages.manifest()
    if settings.oidc_keys is not None:
        oidcsleutels.read(settings.oidc_keys)
    app = Loket(
        [
            asgi(PREFIX, is_mount=True, copy_scope=False)(under),
            health.livez,
            health.readyz,
            *inloggen.route_handlers,
            oauth.oauth_inwisselen,
            oauth.oauth_beschrijving,
            *pages.route_handlers,
        ],
        lifespan=[living],
        middleware=[spoken, limited, compressed],
        request_max_body_size=FORM_LIMIT,
        # Never by a variable of the environment, as Litestar would have it.
        debug=False,
        pdb_on_exception=False,
        guards=[guard],
        before_send=[secure, wrote],
        exception_handlers={Exception: pages.on_error},
        openapi_config=None,
        logging_config=None,
    )
    app.begin(settings, identity, clock, demo_links or {})
    toegang.check([*pages_of(app), *(toegang.Vraag(op.id, op.answer, op.method == "PATCH") for op in OPERATIONS)])
    return app


def pages_of(app: Litestar, method: str | None = None) -> list[toegang.Vraag]:
    """Every page and form, or those of one method, by the name that it has in service/toegang. Litestar itself answers
    OPTIONS."""
    handlers = {
        handler
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler, _ in route.route_handler_map.values()
    }
    asked = [handler for handler in handlers if "OPTIONS" not in handler.http_methods]
    return [toegang.Vraag(page_id(handler)) for handler in asked if method is None or method in handler.http_methods]
