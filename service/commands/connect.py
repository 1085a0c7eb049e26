"""To the data: those of existing servers when the settings give URLs, else the embedded ones, running or not."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeAlias, TypeVar

import asyncpg
import msgspec
from msgspec import Struct

from service import migrations
from service.db import APP_ROLE, OWNER_ROLE, Connection, Pool, check_app_role, open_pool, set_codecs
from service.embedded.folder import anker_beside
from service.embedded.servers import SUPERUSER, Endpoints, using
from service.errors import Kind, Refusal
from service.geo.postcodes import load_postcodes
from service.settings import Settings

T = TypeVar("T")


class Connected(Struct, frozen=True):
    """`settings` has all URLs filled in. `on_loss` calls back, from a thread, when the servers are gone."""

    settings: Settings
    on_loss: Callable[[Callable[[str], None]], None]


@contextmanager
def connected(command: str, settings: Settings | None = None) -> Iterator[Connected]:
    """While the block runs, the servers do. `command` is the name that others see when they must wait for it."""
    settings = settings or Settings.from_environ(os.environ)
    if not settings.embedded:
        yield Connected(with_owner(settings), lambda _: None)
        return
    with using(settings, command, prepare, say) as (endpoints, on_loss):
        yield Connected(with_endpoints(settings, endpoints), on_loss)


def say(line: str) -> None:
    """For a person: never on standard output, where data go."""
    print(line, file=sys.stderr, flush=True)


def with_owner(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, database_owner_url=settings.database_owner_url or settings.database_url)


def with_endpoints(settings: Settings, endpoints: Endpoints) -> Settings:
    return msgspec.structs.replace(
        settings,
        database_url=endpoints.database_url(APP_ROLE),
        database_owner_url=endpoints.database_url(OWNER_ROLE),
        redis_url=endpoints.redis_url,
        log_anker=settings.log_anker or anker_beside(endpoints.folder),
    )


def prepare(endpoints: Endpoints) -> None:
    """After the embedded servers started: roles, database and schema, as far as they are not there yet."""
    asyncio.run(_prepare(endpoints))


async def _prepare(endpoints: Endpoints) -> None:
    superuser = await asyncpg.connect(endpoints.database_url(SUPERUSER, "postgres"))
    try:
        await migrations.ensure_roles(superuser)
        if not await superuser.fetchval("select exists (select from pg_database where datname = 'loket')"):
            await superuser.execute(f"create database loket owner {OWNER_ROLE}")
    finally:
        await superuser.close()
    owner = await asyncpg.connect(endpoints.database_url(OWNER_ROLE))
    try:
        await migrations.migrate(owner)
        await load_postcodes(owner)
    except Refusal as refusal:
        advice = " Of begin opnieuw met make demo FRESH=1; uw wijzigingen in de demo zijn dan weg."
        raise Refusal(refusal.kind, refusal.detail + advice) from refusal
    finally:
        await owner.close()


@asynccontextmanager
async def service_pool(settings: Settings) -> AsyncIterator[Pool]:
    """Connections as the app role, checked to be no more than that. For settings with URLs: see `connected`."""
    assert settings.database_url is not None
    try:
        pool = await open_pool(settings.database_url, size=settings.pool_size, role=APP_ROLE)
    except (asyncpg.InvalidParameterValueError, asyncpg.InsufficientPrivilegeError) as error:
        raise Refusal(
            Kind.FORBIDDEN,
            f"De gebruiker van LOKET_DATABASE_URL kan niet als {APP_ROLE} werken: {error}. Voer loket migrate uit, of"
            f" laat een beheerder die gebruiker lid maken (grant {APP_ROLE} to …).",
        ) from error
    try:
        await check_app_role(pool)
        yield pool
    finally:
        await pool.close()


@asynccontextmanager
async def owner_connection(settings: Settings) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """One connection as the owner of the schema, to load or to migrate with."""
    assert settings.database_owner_url is not None
    conn = await asyncpg.connect(settings.database_owner_url, server_settings={"timezone": "UTC"})
    try:
        await set_codecs(conn)
        yield conn
    finally:
        await conn.close()


OwnerWork: TypeAlias = Callable[[Connection], Awaitable[None]]


async def with_owner_connection(settings: Settings, work: OwnerWork) -> None:
    async with owner_connection(settings) as owner:
        await work(owner)


def run(command: str, work: Callable[[Settings, Pool], Awaitable[T]], settings: Settings | None = None) -> T:
    """A whole command: connect, do the work with a pool of the app role, leave nothing running."""
    with connected(command, settings) as data:

        async def main() -> T:
            async with service_pool(data.settings) as pool:
                return await work(data.settings, pool)

        return asyncio.run(main())
