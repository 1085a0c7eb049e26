"""The whole app over HTTP, without a socket: httpx straight into ASGI, with its lifespan, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import TypeAlias

import httpx
import pytest
from litestar import Litestar

from service.app import create_app
from service.db import Wie
from service.settings import Settings
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
    return Settings(database_url=database_url, redis_url=redis_url, pool_size=5)


@pytest.fixture
async def serve(settings: Settings) -> AsyncIterator[Serve]:
    """`await serve(wie)`: a client of the app at make.NOW, where whoever asks is `wie` (None: no login, as now)."""
    async with AsyncExitStack() as stack:

        async def start(
            wie: Wie | None = None, *, clock: Callable[[], datetime] = lambda: make.NOW
        ) -> httpx.AsyncClient:
            async def identity(_: object) -> Wie:
                assert wie is not None
                return wie

            app = create_app(settings, identity=None if wie is None else identity, clock=clock)
            await stack.enter_async_context(running(app))
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
            return await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1"))

        yield start


@pytest.fixture
async def api(serve: Serve) -> httpx.AsyncClient:
    """The app as it is now: without login."""
    return await serve()
