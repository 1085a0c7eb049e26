"""The database: one pool, and transactions that say who asks.

Every statement of the service runs inside `transaction(pool, wie)`, or is one of `Alone(pool, wie)`. They set region,
organisation, user and role until the transaction ends, on which the row-level security of schema.sql stands; outside
of it every tenant table is empty. Because nothing is ever set outside a transaction, the pool needs no reset on
release.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection, Hashable
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from service.errors import CONSTRAINTS, Kind, Refusal, refusal

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
else:
    Connection = asyncpg.Connection
    Pool = asyncpg.Pool

APP_ROLE = "loket_app"
"""Owns nothing, nosuperuser and nobypassrls: the service runs as this role."""

OWNER_ROLE = "loket_eigenaar"
"""Owns the schema; only migrations and bulk loads run as this role."""

SYSTEM = UUID("00000000-0000-0000-0000-000000000000")
"""The user on whose behalf the service itself reads and works: nobody."""

# The database is away or full, or gave up on us for another: the same may work in a moment. Not InterfaceError: that is
# also a statement that we call wrongly; `transaction` tells apart a connection that is gone.
AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InternalClientError,  # what asyncpg says of a connection that the server ended a moment ago
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.QueryCanceledError,
)

GONE = "the connection ended while nobody asked it anything"

REGIO_FORM = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Rol(StrEnum):
    """As type `rol` in schema.sql."""

    SCHAKELFUNCTIONARIS = "schakelfunctionaris"
    CRISISDIENST = "crisisdienst"
    AANBIEDER = "aanbieder"
    VERWIJZER = "verwijzer"
    CONTRACTBEHEER = "contractbeheer"
    BEHEERDER = "beheerder"


class Wie(Struct, frozen=True):
    """For whom a transaction runs."""

    regio: str
    rol: Rol
    gebruiker: UUID
    """A row of gebruiker, or of koppeling when a machine asks."""
    organisatie: UUID | None = None
    """The aanbieder of rol aanbieder, else the organisatie."""
    namens: UUID | None = None
    """The gebruiker whose vervanger asks."""
    koppeling: UUID | None = None
    """Set when a machine asks."""

    def __post_init__(self) -> None:
        # The value goes into the text of a statement below: a form that cannot hold a quote is all it may have.
        if not REGIO_FORM.fullmatch(self.regio):
            raise ValueError(f"regio {self.regio!r} is not a code of a jeugdregio")


_SEEN_TYPES: dict[datetime, dict[int, list[asyncpg.Record]]] = {}
"""Server, by when it started → oid of a type → what it said of it. A server does not give an oid twice."""

_NOT_ASKED = SimpleNamespace(name="no statement was needed")


class Link(asyncpg.Connection):
    """A connection that knows the types that an earlier one of this process asked about. asyncpg itself asks on each
    new connection about each enum: some 13 times, of 6 ms, until an app that starts has answered."""

    _server: datetime | None = None

    async def recognise(self) -> None:
        """To which server it leads: another one may give the same oid to something else."""
        self._server = await self.fetchval("select pg_postmaster_start_time()")

    # Private names of asyncpg: tests/service/test_db.py tells when they are no longer called.
    async def _introspect_types(self, typeoids: Collection[int], timeout: float | None) -> tuple[Any, Any]:  # noqa: ASYNC109
        seen = _SEEN_TYPES.setdefault(self._server, {}) if self._server else {}
        if seen.keys() >= set(typeoids):
            return [row for oid in typeoids for row in seen[oid]], _NOT_ASKED
        rows, statement = await super()._introspect_types(typeoids, timeout)  # type: ignore[misc]
        seen.update(dict.fromkeys(typeoids, rows))
        return rows, statement

    def _drop_local_type_cache(self) -> None:
        """The database said that a type is no longer what it was."""
        _SEEN_TYPES.clear()
        super()._drop_local_type_cache()  # type: ignore[misc]


async def _ready(conn: asyncpg.Connection[asyncpg.Record]) -> None:
    await set_codecs(conn)
    await cast(Link, conn).recognise()


async def _keep(conn: asyncpg.Connection[asyncpg.Record]) -> None:
    """Instead of asyncpg's reset query at each release: see the module's docstring. Only who was cut off while
    beginning or ending a transaction leaves one open, in which the next would fail or hold up others."""
    if conn.is_in_transaction():
        await conn.execute("rollback")


async def set_codecs(conn: asyncpg.Connection[asyncpg.Record]) -> None:
    """json and jsonb travel as Python values."""
    for name in ("json", "jsonb"):
        await conn.set_type_codec(
            name,
            schema="pg_catalog",
            encoder=lambda value: msgspec.json.encode(value).decode(),
            decoder=msgspec.json.decode,
        )


async def open_pool(
    url: str,
    *,
    size: int = 10,
    least: int = 1,
    role: str | None = None,
    limit_s: float | None = None,
    connect_s: float = 60,
) -> Pool:
    """A pool of at most `size` connections, `least` of them made at once; `role` is taken on at connecting (needs
    membership of it). The database itself ends a statement, or a wait within a transaction, that takes longer than
    `limit_s`."""
    # jit: compiling a statement takes longer than any of ours runs.
    server_settings = {"application_name": "loket", "timezone": "UTC", "random_page_cost": "1.1", "jit": "off"}
    if limit_s is not None:
        limit = f"{limit_s * 1000:.0f}"
        server_settings |= {"statement_timeout": limit, "idle_in_transaction_session_timeout": limit}
    if role is not None:
        server_settings["role"] = role
    return await asyncpg.create_pool(
        url,
        min_size=least,
        max_size=size,
        timeout=connect_s,
        connection_class=Link,
        server_settings=server_settings,
        reset=_keep,
        init=_ready,
        command_timeout=60,
    )


@asynccontextmanager
async def transaction(
    pool: Pool, wie: Wie, *, readonly: bool = False, snapshot: bool = False
) -> AsyncIterator[Connection]:
    """One transaction for `wie`: committed when the block ends, rolled back when it raises. With `snapshot` all its
    statements see one moment.

    One round trip begins and sets. Nothing of the setting survives the transaction. A violated constraint that a
    person can cause becomes the Refusal that errors.CONSTRAINTS gives it.
    """
    mode = ("isolation level repeatable read " if snapshot else "") + ("read only" if readonly else "read write")
    async with pool.acquire() as conn:
        try:
            await conn.execute(begin(wie, mode))
            yield conn
        except BaseException as error:
            if not _gone(conn):
                await conn.execute("rollback")
            elif isinstance(error, asyncpg.InterfaceError):
                raise asyncpg.ConnectionDoesNotExistError(GONE) from error
            if isinstance(error, asyncpg.IntegrityConstraintViolationError) and error.constraint_name in CONSTRAINTS:
                raise refusal(error.constraint_name) from error
            raise
        if _gone(conn):
            raise asyncpg.ConnectionDoesNotExistError(GONE)
        await conn.execute("commit")


def begin(wie: Wie, mode: str) -> str:
    """Begins a transaction, and says for whom until it ends. `mode` is one of PostgreSQL's."""
    namens = f"; set local loket.namens = '{wie.namens}'" if wie.namens else ""
    organisatie = wie.organisatie or ""
    return (
        f"begin {mode}; set local loket.regio = '{wie.regio}'; set local loket.rol = '{wie.rol}'; "
        f"set local loket.gebruiker = '{wie.gebruiker}'; set local loket.organisatie = '{organisatie}'{namens}"
    )


def _gone(conn: Connection) -> bool:
    """asyncpg takes a connection that ended away from who has it, who then cannot even ask whether it is closed."""
    try:
        return conn.is_closed()
    except asyncpg.InterfaceError:
        return True


class Insert(Struct, frozen=True):
    """Rows of a query that are put into a table."""

    into: str
    """`insert into`, the table and its columns."""
    query: str

    @property
    def statement(self) -> str:
        return self.into + self.query


@cache
def _says_who(query: str, parameters: int) -> str:
    """The query, with who asks in the five parameters after its own. Beside one row there is only one way to join, so
    its order stays. Nothing of it can be read before that row is there, because it asks for it; were it otherwise, the
    policies would show nothing. `query` is a constant of ours; all else that is spelled here is a number."""
    regio, rol, gebruiker, organisatie, namens = (f"${parameters + i}" for i in range(1, 6))
    return f"""
select q.*
from (select concat(set_config('loket.regio', {regio}, true), set_config('loket.rol', {rol}, true),
                    set_config('loket.gebruiker', {gebruiker}, true),
                    set_config('loket.organisatie', {organisatie}, true),
                    set_config('loket.namens', {namens}, true)) as gezegd
      offset 0) wie
cross join lateral (select x.* from ({query}) x where wie.gezegd is not null offset 0) q
"""  # nosec B608


class Alone:
    """Statements for `wie`, each a transaction by itself that also says who asks: one round trip where `transaction`
    takes three. For what is asked most. Nothing of the setting survives the statement."""

    def __init__(self, pool: Pool, wie: Wie) -> None:
        self._pool = pool
        self._wie = (wie.regio, wie.rol, str(wie.gebruiker), str(wie.organisatie or ""), str(wie.namens or ""))

    async def fetch(self, query: str, *args: object) -> list[asyncpg.Record]:
        """The rows of a query that begins with `select` or `with`, and changes nothing."""
        return await self._do(_says_who(query, len(args)), args)

    async def insert(self, insert: Insert, *args: object) -> None:
        await self._do(insert.into + _says_who(insert.query, len(args)), args)

    async def _do(self, statement: str, args: tuple[object, ...]) -> list[asyncpg.Record]:
        async with self._pool.acquire() as conn:
            try:
                return await conn.fetch(statement, *args, *self._wie)
            except asyncpg.InterfaceError as error:
                if _gone(conn):
                    raise asyncpg.ConnectionDoesNotExistError(GONE) from error
                raise


Reads: TypeAlias = Connection | Alone
"""What a query can be asked of."""


SPEAK_FOR = """
select set_config('loket.regio', $1, true), set_config('loket.rol', $2, true),
       set_config('loket.gebruiker', $3, true), set_config('loket.organisatie', $4, true)
"""


async def speak_for(conn: Connection, wie: Wie) -> None:
    """From here to the end of its transaction `conn` is for `wie`: for what befalls several people at once."""
    await conn.execute(SPEAK_FOR, wie.regio, wie.rol, str(wie.gebruiker), str(wie.organisatie or ""))


ABOVE_THE_POLICIES = """
select current_user as naam, r.rolsuper or r.rolbypassrls as alles,
       (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relowner = r.oid and n.nspname = 'public') as bezit
from pg_roles r where r.rolname = current_user
"""


async def check_app_role(pool: Pool) -> None:
    """Refusal when the service would pass row-level security by: a superuser, bypassrls or an owner of tables."""
    row = await pool.fetchrow(ABOVE_THE_POLICIES)
    assert row is not None
    if row["alles"] or row["bezit"]:
        raise Refusal(
            Kind.FORBIDDEN,
            f"De dienst mag niet werken als {row['naam']}: die gebruiker ziet de gegevens van alle regio's. Laat"
            f" LOKET_DATABASE_URL naar {APP_ROLE} wijzen, of naar een gebruiker die daar lid van is"
            f" (grant {APP_ROLE} to …).",
        )


@cache
def _called(shape: type[Any], columns: tuple[str, ...]) -> list[str]:
    """As the Struct calls them when it is decoded."""
    called = dict(zip(shape.__struct_fields__, shape.__struct_encode_fields__, strict=True))
    return [called.get(name, name) for name in columns]


def rows_as(rows: list[asyncpg.Record], shape: type[Any]) -> list[Any]:
    """Rows as Structs: types and missing columns are checked (tests/schema compares the names as well)."""
    if not rows:
        return []
    # Of dicts msgspec makes Structs four times as fast as of Records. All rows have the columns of the first.
    names = _called(cast(Hashable, shape), tuple(rows[0].keys()))
    values = [dict(zip(names, row)) for row in rows]  # noqa: B905
    return msgspec.convert(values, list[shape], strict=False)  # type: ignore[valid-type]
