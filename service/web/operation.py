"""One operation of the API: what it is called, what it takes, what it answers. The dispatcher (api.py), the OpenAPI
document (openapi.py) and the tests all read these same lines, so that the document cannot say anything else than
what happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import redis.asyncio
from msgspec import Struct, field

from service.bericht.stroom import Oudste
from service.bus import Bus
from service.db import Connection, Pool, Wie
from service.errors import FieldError
from service.inloggen.oidc import Oidc
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller
from service.replica import Replica
from service.settings import Settings
from service.web.limiet import Limiet

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
EVENTS = "text/event-stream"

IN_SCOPE = "loket.operation"
"""Key of the ASGI scope under which the id of the operation stands, once it is known."""

JSON_LIMIT = 1_000_000
"""Bytes in a JSON body."""


class Services(Struct, kw_only=True, eq=False):
    """What lives as long as the process; opened and closed by the lifespan of service/app.py."""

    settings: Settings
    clock: Callable[[], datetime]
    pool: Pool
    snapshots: Snapshots
    travel: Traveller
    redis: redis.asyncio.Redis
    bus: Bus
    oudste: Oudste
    oidc: Oidc
    limiet: Limiet
    replica: Replica | None = None
    """To read on, where LOKET_DATABASE_REPLICA_URL says so (web/reading.py)."""
    demo_links: Mapping[str, UUID] = field(default_factory=dict)
    """Token of a link → gebruiker, in the demo on this computer only (service/inloggen/demologin.py)."""
    forget: Callable[[], None] = lambda: None
    """This process reads sessions again, for whoever changes or ends one: others hear it from the database."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process must end: whoever streams ends its stream."""


Stream: TypeAlias = AsyncGenerator[bytes, None]
"""A body that is not there yet. It runs after the transaction of the request, and takes its own."""


class Call(Struct, kw_only=True, eq=False):
    """One request, read and checked, in its transaction (read-only for GET)."""

    conn: Connection
    wie: Wie
    now: datetime
    path: str
    """As asked, under `/v1`: `/plekken/3f2b…`."""
    ids: Mapping[str, UUID]
    """Parameters in the path, by name."""
    query: Any
    """Of type `Operation.query`."""
    body: Any
    """Of type `Operation.body`; bytes where that is `bytes`."""
    headers: Mapping[str, str]
    """Names in lower case."""
    services: Services
    sessie: bytes | None = None
    """Digest of the token that was sent: a stream ends with its session. None where a test says who asks."""
    betrokkenen: list[UUID] = field(default_factory=list)
    """For the log: aanvragen that the handler reads for a person or changes, and that are not in the answer."""


class Answer(Struct, kw_only=True, eq=False):
    """What a handler gives back. `body` becomes JSON; bytes and a Stream go out as they are."""

    body: Any
    headers: dict[str, str] = field(default_factory=dict)


def nobody(_: Answer) -> tuple[UUID, ...]:
    """`Operation.betrokkenen` of an answer that is about no child."""
    return ()


Handler: TypeAlias = Callable[[Call], Awaitable[Answer]]


class NoQuery(Struct, forbid_unknown_fields=True):
    """No query parameters: any key is refused."""


class Operation(Struct, frozen=True, kw_only=True):
    method: str
    path: str
    """Under `/v1`. A parameter is the id of a row: `/plekken/{plekId}`."""
    handler: Handler
    id: str
    """operationId, in camelCase."""
    tag: str
    summary: str
    description: str = ""
    query: type[Struct] = NoQuery
    body: type[Struct] | type[bytes] | None = None
    check: Callable[[Connection, Any], Awaitable[list[FieldError]]] | None = None
    """The rules that no schema can say; run also when the form is wrong, so that all errors come at once."""
    answer: Any = None
    """Type of the answer's body."""
    status: int = 200
    creates: bool = False
    """A POST that makes a row: 201 and Location."""
    consumes: tuple[str, ...] = (JSON,)
    form: Mapping[str, Any] | None = None
    """JSON schema of the fields of a form, for the document; the handler reads the bytes itself."""
    limit: int = JSON_LIMIT
    """Bytes in the body."""
    produces: str = JSON
    betrokkenen: Callable[[Answer], Iterable[UUID]] | None = None
    """Of an answer in which they cannot be found by type, such as bytes and a Stream: which aanvragen it shows. Without
    it the app does not start (web/gezien.py)."""
    refuses: tuple[int, ...] = ()
    """Statuses besides those that follow from the rest (openapi.statuses)."""
    alone: bool = False
    """A GET that is asked often: each statement of its handler is a transaction by itself (db.Alone), and `conn` has
    no more than `fetch`."""
    replica: bool = False
    """A GET that may be answered from a replica, as old as LOKET_REPLICA_S: see web/reading.py."""
    public: bool = False
    """Without login, readable from any website, and may be kept by a cache: the OpenAPI document."""

    @property
    def repeatable(self) -> bool:
        """Whether an Idempotency-Key makes it safe to repeat: what makes a row, and each step of one."""
        return self.method == "POST" and self.body is not None and self.consumes == (JSON,)

    @property
    def has_etag(self) -> bool:
        return self.method in ("GET", "PATCH") and self.produces == JSON


def get(path: str, handler: Handler, **rest: Any) -> Operation:
    return Operation(method="GET", path=path, handler=handler, **rest)


def create(path: str, handler: Handler, **rest: Any) -> Operation:
    return Operation(method="POST", path=path, handler=handler, status=201, creates=True, **rest)


def patch(path: str, handler: Handler, **rest: Any) -> Operation:
    return Operation(method="PATCH", path=path, handler=handler, consumes=(JSON, MERGE_PATCH), **rest)


def created(path: str, body: Any) -> Answer:
    """201 with Location; `path` is under `/v1`."""
    return Answer(body=body, headers={"Location": f"/v1{path}"})
