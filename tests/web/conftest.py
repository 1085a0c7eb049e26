"""The whole app over HTTP, without a socket: httpx straight into ASGI, with its lifespan, on a real database."""

from __future__ import annotations

import asyncio
import copy
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from service.app import Loket, create_app, utc_now
from service.db import Wie
from service.settings import Settings
from service.web.identity import Identity
from tests import make

Serve: TypeAlias = Callable[..., Awaitable[httpx.AsyncClient]]


@asynccontextmanager
async def running(app: Litestar) -> AsyncIterator[None]:
    """The lifespan of the app. In a task of its own, because it must end in the task that began it."""
    started, stop = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            started.set()
            await stop.wait()

    living = asyncio.create_task(live())
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait({living, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if living.done():
        waiting.cancel()
        await living
    yield
    stop.set()
    await living


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    # A stream ends when all was told, or a test that asks for it would wait (v1/test_stroom.py has one that lasts).
    # How many requests one may do is for tests/web/test_limiet.py: elsewhere time often stands still.
    return Settings(
        database_url=database_url,
        redis_url=redis_url,
        pool_size=5,
        stroom_s=0,
        limit_person_min=100_000,
        limit_address_min=100_000,
    )


def always(wie: Wie) -> Identity:
    """Who asks, without a login."""

    async def identity(_: object) -> Wie:
        return wie

    return identity


@functools.cache
def routes() -> Loket:
    """Made once, because that takes longer than most tests."""
    return create_app(Settings())


def loket(
    settings: Settings,
    *,
    identity: Identity | None = None,
    clock: Callable[[], datetime] = utc_now,
    demo_links: Mapping[str, UUID] | None = None,
) -> Loket:
    """As `create_app`, with the routes of one that was made before and nothing else of it."""
    app = copy.copy(routes())
    app.asgi_router, app.event_emitter = copy.copy(app.asgi_router), copy.copy(app.event_emitter)
    app.asgi_router.app = app
    app.begin(settings, identity, clock, demo_links or {})
    return app


@pytest.fixture
async def serve(settings: Settings) -> AsyncIterator[Serve]:
    """`await serve(wie)`: a client of the app at make.NOW, where whoever asks is `wie`.

    `wie` may be an Identity too. None: the real login, so nobody until a cookie or a token says otherwise;
    `demo_links` as create_app's.
    """
    async with AsyncExitStack() as stack:

        async def start(
            wie: Wie | Identity | None = None,
            *,
            clock: Callable[[], datetime] = lambda: make.NOW,
            demo_links: Mapping[str, UUID] | None = None,
            settings: Settings = settings,
        ) -> httpx.AsyncClient:
            identity = always(wie) if isinstance(wie, Wie) else wie
            app = loket(settings, identity=identity, clock=clock, demo_links=demo_links)
            await stack.enter_async_context(running(app))
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
            return await stack.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url=settings.adres or "http://127.0.0.1")
            )

        yield start


@pytest.fixture
async def api(serve: Serve, wie: Wie) -> httpx.AsyncClient:
    """The app for the schakelfunctionaris of Gooi en Vechtstreek."""
    return await serve(wie)
