"""What login, limits, row-level security, fields and the log cost: CPU time per request, beside the same endpoint bare.

Both are asked by turns, in this process without a socket (so without what HTTP itself costs, which would make the ratio
look better), and the CPU of this process and of both servers counts, so that other work on the computer does not. The
bare endpoint is made here and nowhere else: the same handler and the same encoding, with a role above the policies, no
transaction, no session, no limit, no narrowing and no log.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import asyncpg
import msgspec
import psutil
from litestar import Litestar, asgi
from litestar.types import HTTPScope, Receive
from msgspec import Struct

from service.app import create_app
from service.days import today
from service.db import APP_ROLE, OWNER_ROLE, Pool, Rol, Wie, set_codecs, transaction
from service.demo import Size, load
from service.embedded import postgres, valkey
from service.embedded.binaries import installed
from service.embedded.process import account_for
from service.inloggen import sessies
from service.log import logcontrole, logketen
from service.log.logboek import Spoor
from service.settings import Settings
from service.web import api, etags, limiet
from service.web.api import PREFIX, Api
from service.web.headers import secure
from service.web.idempotency import Reply
from service.web.operation import Call, Operation
from service.web.v1 import OPERATIONS
from tests import make
from tests.bench.entry import Entry
from tests.web.conftest import running

SCHEMA = Path(__file__).resolve().parents[2] / "schema.sql"

REGIO = "gooi-en-vechtstreek"

ROUNDS, REQUESTS = 30, 20
"""Of each: so many turns of so many requests."""

USUAL, QUOTA = limiet.PORTIONS, 500_000

PLEKKEN_LIMIT, AANVRAGEN_LIMIT = 1.4, 2.2
"""Issue 4."""


class Bare(Api):
    """The API without all that this bench measures; for reading only."""

    pool: Pool
    wie: Wie

    async def _answer(
        self, operation: Operation, ids: dict[str, UUID], scope: HTTPScope, receive: Receive, spoor: Spoor
    ) -> Reply:
        headers = api._headers(scope)
        query, _ = api._query(operation, scope)
        async with self.pool.acquire() as conn:
            call = Call(
                conn=conn,
                wie=self.wie,
                now=self.services.clock(),
                path=api._path(scope),
                ids=ids,
                query=query,
                body=b"",
                headers=headers,
                services=self.services,
            )
            answer = await operation.handler(call)
        encoded = etags.encode(answer.body)
        told = {"Content-Type": operation.produces, **answer.headers, "ETag": etags.of(encoded)}
        return Reply(operation.status, told, encoded)


class Servers(Struct, frozen=True):
    sockets: Path
    pids: list[int]

    def url(self, database: str, role: str) -> str:
        return f"postgresql://{role}@/{database}?host={quote(str(self.sockets), safe='')}"

    def cpu(self) -> float:
        """Seconds of the servers, with those of their processes that are there."""
        spent = 0.0
        for pid in self.pids:
            server = psutil.Process(pid)
            for one in [server, *server.children()]:
                times = one.cpu_times()
                spent += times.user + times.system
        return spent


def run() -> list[Entry]:
    with running_servers() as servers:
        entries: list[Entry] = []
        for size, name in ((Size.REGION, "_region"), (Size.COUNTRY, "")):
            entries += asyncio.run(_size(servers, size, name))
        return entries


@contextmanager
def running_servers() -> Iterator[Servers]:
    """PostgreSQL with our roles, and Valkey."""
    folder = Path(tempfile.mkdtemp(prefix="loket-bench-"))
    folder.chmod(0o755)
    account, binaries, sockets = account_for(folder / "postgres"), installed(), folder / "s"
    account.make_folder(sockets)
    account.make_folder(folder / "valkey")
    postgres.create_cluster(binaries.postgres, folder / "postgres", account)
    server = postgres.start(binaries.postgres, folder / "postgres", sockets, folder / "log", account)
    memory = valkey.start(binaries.valkey, folder / "valkey", sockets, folder / "log", account)
    try:
        servers = Servers(sockets, [server.process.pid, memory.process.pid])
        asyncio.run(_prepare(servers))
        yield servers
    finally:
        memory.stop(patience_s=5)
        server.stop(patience_s=5)
        shutil.rmtree(folder)


async def _prepare(servers: Servers) -> None:
    superuser = await asyncpg.connect(servers.url("postgres", "postgres"))
    for role in (OWNER_ROLE, APP_ROLE):
        await superuser.execute(f"create role {role} login nosuperuser nobypassrls")
    await superuser.close()


async def loaded(servers: Servers, size: Size) -> UUID:
    """A database with the demo, called after its size; a schakelfunctionaris of REGIO in it."""
    superuser = await asyncpg.connect(servers.url("postgres", "postgres"))
    await superuser.execute(f"create database {size.value} owner {OWNER_ROLE}")
    await superuser.close()
    owner = await asyncpg.connect(servers.url(size.value, OWNER_ROLE))
    await set_codecs(owner)
    await owner.execute(SCHEMA.read_text(encoding="utf-8"))
    await load(owner, today=today(datetime.now(UTC)), size=size)
    gebruiker = await make.gebruiker(owner, regio=REGIO)
    await owner.execute("analyze")
    await owner.close()
    return gebruiker


async def _size(servers: Servers, size: Size, name: str) -> list[Entry]:
    gebruiker = await loaded(servers, size)
    async with _apps(servers, size.value, gebruiker) as (full, bare, headers, pool):
        entries = []
        for path, limit, of in (
            ("plekken", PLEKKEN_LIMIT, "list_vs_open"),
            ("aanvragen", AANVRAGEN_LIMIT, "log_vs_open"),
        ):
            mine, theirs, same = await _by_turns(servers, full, bare, f"{PREFIX}/{path}", headers)
            assert same, f"{path}: the bare endpoint answers something else"
            title = f"{path}{name}_{of}"
            entries += [
                Entry(title, mine / theirs, "×", f"limit {limit}", limit / (mine / theirs)),
                Entry(f"{path}{name}_list_cpu_ms", mine * 1000, "ms", "bare", theirs / mine),
            ]
        if not name:
            entries.append(Entry("log_verify_lines_s", await _verify(pool), "lines/s"))
        return entries


def roomy(servers: Servers, database: str) -> Settings:
    """Room for all requests of a bench, and yet as many questions to Valkey as one with the usual quota makes."""
    redis_url = f"unix://{servers.sockets}/{valkey.SOCKET}"
    settings = Settings(database_url=servers.url(database, APP_ROLE), redis_url=redis_url, limit_person_min=QUOTA)
    limiet.PORTIONS = QUOTA // (Settings().limit_person_min // USUAL)
    return settings


@asynccontextmanager
async def _apps(
    servers: Servers, database: str, gebruiker: UUID
) -> AsyncIterator[tuple[Litestar, Litestar, list[tuple[bytes, bytes]], Pool]]:
    """The app as it is, with somebody logged in; and the bare one."""
    settings = roomy(servers, database)
    full = create_app(settings)
    wie = Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, gebruiker)
    who = {"regio": REGIO, "rol": wie.rol.value, "gebruiker": str(gebruiker), "organisatie": ""}
    known = {f"loket.{key}": value for key, value in who.items()}
    async with running(full):
        now = datetime.now(UTC)
        pool = full.state.services.pool
        token, _ = await sessies.begin(
            pool, gebruiker=gebruiker, now=now, until=now + timedelta(hours=1), idle=timedelta(minutes=30)
        )
        above = await asyncpg.create_pool(
            servers.url(database, "postgres"),
            min_size=1,
            init=set_codecs,
            reset=_nothing,
            server_settings=known | {"timezone": "UTC"},
        )
        bare_api = Bare(OPERATIONS, identity=_nobody)
        bare_api.services, bare_api.pool, bare_api.wie = full.state.services, above, wie
        bare = Litestar(
            [asgi(PREFIX, is_mount=True, copy_scope=False)(bare_api.__call__)],
            before_send=[secure],
            openapi_config=None,
        )
        yield full, bare, [(b"host", b"127.0.0.1"), (b"cookie", f"__Host-loket={token}".encode())], pool
        await above.close()


async def _nothing(_: object) -> None:
    """The pool of the service does no more (service.db)."""


async def _nobody(_: object) -> Wie:
    raise AssertionError("the bare endpoint asks nobody who they are")


async def _by_turns(
    servers: Servers, full: Litestar, bare: Litestar, path: str, headers: list[tuple[bytes, bytes]]
) -> tuple[float, float, bool]:
    """CPU seconds per request of each, and whether both answer the same."""
    mine = theirs = 0.0
    same = _ids(await _ask(full, path, headers)) == _ids(await _ask(bare, path, headers))
    for turn in range(ROUNDS + 2):
        for app in (full, bare):
            there, here = servers.cpu(), time.process_time()
            for _ in range(REQUESTS):
                await _ask(app, path, headers)
            spent = time.process_time() - here
            spent += servers.cpu() - there
            if turn >= 2:  # the first two warm up
                mine, theirs = (mine + spent, theirs) if app is full else (mine, theirs + spent)
    return mine / (ROUNDS * REQUESTS), theirs / (ROUNDS * REQUESTS), same


def _ids(body: bytes) -> list[str]:
    found = [row["id"] for row in msgspec.json.decode(body)]
    assert len(found) > 20
    return found


async def _ask(app: Litestar, path: str, headers: list[tuple[bytes, bytes]]) -> bytes:
    """One request as a server hands it over; the body of the answer."""
    path, _, query = path.partition("?")
    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    parts: list[bytes] = []
    status = 0

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message["body"])

    await app(scope, receive, send)
    body = b"".join(parts)
    assert status == 200, (status, body[:300])
    return body


async def _verify(pool: Pool) -> float:
    """Lines of the log per second of CPU of this process, of those that the requests before have left."""
    wie = Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, UUID(int=0))
    while True:
        async with transaction(pool, wie) as conn:
            sealed = await logketen.seal(conn, REGIO, None, datetime.now(UTC))
        if sealed is None or sealed.aantal == 0:
            break
    async with transaction(pool, wie, readonly=True, snapshot=True) as conn:
        begin = time.process_time()
        uitslag = await logcontrole.check_chain(conn, REGIO)
        spent = time.process_time() - begin
    assert uitslag.regels > 1000 and not uitslag.bevindingen, uitslag
    return uitslag.regels / spent
