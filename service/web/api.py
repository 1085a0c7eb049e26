"""The HTTP API under /v1: from a request to an operation and back, by the NL API design rules.

Litestar routes the pages; here its own answers break those rules too often (a trailing slash, HEAD, 406, 415, one error
at a time), so this is one small ASGI app. The order: is there such a path (404) and method (405), can we answer so
(406), who asks (401, 403), is what they send readable (413, 415) and right (400, 428); then one transaction.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import lru_cache
from typing import Any, cast
from urllib.parse import parse_qsl, unquote
from uuid import UUID

import msgspec
from litestar.connection import ASGIConnection
from litestar.types import HTTPScope, Receive, Send
from msgspec import UNSET, Struct, structs

from service import fields, toegang
from service.db import Alone, Connection, Wie, transaction
from service.errors import FieldError
from service.log import logboek
from service.log.logboek import Spoor
from service.replica import Replica
from service.taal import gettext
from service.web import etags, gezien, idempotency, limiet, origin, performing, problems, reading
from service.web.forms import BODY_S, too_slow
from service.web.gezien import Gezien
from service.web.headers import API_VERSION, accepts, media_type
from service.web.idempotency import Reply
from service.web.identity import Identity
from service.web.operation import IN_SCOPE, Call, Operation, Services, Stream
from service.web.problems import HttpRefusal

PREFIX = "/v1"

UUID_FORM = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Disconnected(Exception):
    """The caller went away before the body was complete: nobody to answer."""


class Routes:
    """Which operations there are, by path."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        by_path: dict[str, dict[str, Operation]] = {}
        for operation in operations:
            methods = by_path.setdefault(operation.path, {})
            if operation.method in methods:
                raise ValueError(f"two operations for {operation.method} {operation.path}")
            methods[operation.method] = operation
        # Fixed segments before parameters: /aanvragen/sjabloon is not the aanvraag with id "sjabloon".
        self._fixed = {path: methods for path, methods in by_path.items() if "{" not in path}
        self._patterns = [
            (re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), methods)
            for path, methods in sorted(by_path.items(), key=lambda item: (item[0].count("{"), item[0]))
            if path not in self._fixed
        ]

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, UUID]]:
        """The operation and the ids in the path. 404, or 405 with Allow."""
        methods, ids = self._at(path)
        operation = methods.get("GET" if method == "HEAD" else method)
        if operation is None:
            allow = ", ".join(sorted(methods | ({"HEAD": None} if "GET" in methods else {})))
            raise HttpRefusal(405, gettext("Hier kan alleen: %(allow)s.", allow=allow), headers={"Allow": allow})
        return operation, ids

    def _at(self, path: str) -> tuple[dict[str, Operation], dict[str, UUID]]:
        if path in self._fixed:
            return self._fixed[path], {}
        for pattern, methods in self._patterns:
            match = pattern.fullmatch(path)
            if match is not None and all(UUID_FORM.fullmatch(part) for part in match.groups()):
                return methods, {name: UUID(part) for name, part in match.groupdict().items()}
        raise HttpRefusal(404, gettext("Dit adres bestaat niet. De adressen staan in /v1/openapi.json."))


class Api:
    """The ASGI app of /v1. Who may do what, and sees what of it, stands in service/toegang."""

    services: Services
    """Set by the lifespan (service/app.py) before the first request."""

    def __init__(self, operations: Sequence[Operation], identity: Identity) -> None:
        self.operations = operations
        self._routes = Routes(operations)
        self.identity = identity
        self._gezien = {operation.id: gezien.compiled(operation) for operation in operations}

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        spoor = logboek.spoor(headers.get("traceparent"))
        reply: Reply
        public = False
        try:
            operation, ids = self._routes.find(scope["method"], _path(scope))
            public = operation.public
            cast(dict[str, Any], scope)[IN_SCOPE] = operation.id
            reply = await self._answer(operation, ids, scope, headers, receive, spoor)
        except Disconnected:
            return
        except Exception as error:  # the one place where every error becomes an answer
            refusal = problems.of_error(error, spoor.id)
            told = {"Content-Type": problems.CONTENT_TYPE, **refusal.headers}
            reply = Reply(refusal.status, told, problems.body_of(refusal, spoor.id))
        await _send(reply, receive, send, public=public, head=scope["method"] == "HEAD")

    async def _answer(
        self,
        operation: Operation,
        ids: dict[str, UUID],
        scope: HTTPScope,
        headers: dict[str, str],
        receive: Receive,
        spoor: Spoor,
    ) -> Reply:
        services = self.services
        if not accepts(headers.get("accept"), operation.produces):
            raise HttpRefusal(
                406,
                gettext(
                    "Het antwoord is hier %(produces)s. Vraag daarom in Accept, of laat het weg.",
                    produces=operation.produces,
                ),
            )
        if operation.public:
            return await self._tell(operation, ids, scope, headers)
        origin.check(scope, services.settings.adres)
        seen = self._gezien[operation.id]
        about = seen.asked(ids, UNSET)
        wie: Wie | None = None
        try:
            # A TimeoutError is told as 503, like everything that is away.
            async with asyncio.timeout(services.settings.request_limit_s):
                asking = await self.identity(ASGIConnection(scope))
                await limiet.of_wie(scope, services, asking)
                wie = asking
                return await self._perform(operation, seen, about, wie, ids, scope, headers, receive, spoor)
        except Disconnected:
            raise
        except Exception as error:
            if wie is None:  # who may not ask anything, has seen nothing
                raise
            status = problems.status_of(error)
            object_id = seen.object_id(wie, ids)
            await gezien.write_refused(
                services, wie, operation.id, about, status=status, spoor=spoor, object_id=object_id
            )
            raise

    async def _perform(
        self,
        operation: Operation,
        seen: Gezien,
        about: list[UUID],
        wie: Wie,
        ids: dict[str, UUID],
        scope: HTTPScope,
        headers: dict[str, str],
        receive: Receive,
        spoor: Spoor,
    ) -> Reply:
        """May they, can it be read, and then all in one transaction with the lines of the log. `about` becomes the
        aanvragen that were asked for."""
        services = self.services
        toegang.mag(wie, operation.id)
        raw = b"" if operation.body is None else await _body(operation, headers, receive)
        query, wrong = _query(operation, scope)
        body, wrong_body = _read(operation, raw, wie)
        wrong += wrong_body
        about[:] = seen.asked(ids, body)
        if operation.method == "PATCH":
            etags.required(headers)
        key = headers.get("idempotency-key") if operation.repeatable else None
        if key is not None:
            idempotency.check(key)

        async def answered(conn: Connection) -> Reply:
            call = Call(
                conn=conn,
                wie=wie,
                now=services.clock(),
                path=_path(scope),
                ids=ids,
                query=query,
                body=body,
                headers=headers,
                services=services,
                sessie=scope.get("state", {}).get("sessie_sleutel"),
                betrokkenen=about,  # a refusal too can tell something of whom a handler has read
            )
            if wrong:
                if operation.check is not None and body is not UNSET:
                    wrong.extend(await operation.check(conn, body))
                fields.refuse(wrong)
            asked = b""
            if key is not None:
                # Who works for another organisation now, does not get what it was answered before.
                mine = f"{wie.rol} {wie.organisatie}"
                asked = idempotency.digest(mine, scope["method"], call.path, scope["query_string"], raw)
            reply = await performing.once(operation, call, seen, about, key=key, asked=asked)
            await gezien.write(
                conn,
                call.wie,
                operation.id,
                reply.betrokkenen,
                services=services,
                spoor=spoor,
                repeated=reply.repeated,
                object_id=seen.object_id(wie, ids, reply.headers.get("Location")),
            )
            return reply

        replica = reading.replica_for(scope, services, wie) if operation.replica and not wrong else None
        if replica is not None and (found := await reading.read(replica, _there(wie, answered))) is not None:
            return found
        async with _asking(operation, seen, services, wie) as conn:
            return await answered(conn)

    async def _tell(
        self, operation: Operation, ids: dict[str, UUID], scope: HTTPScope, headers: dict[str, str]
    ) -> Reply:
        """What anybody may know. Nobody asks, so there is no transaction: its handler can read nothing."""
        query, wrong = _query(operation, scope)
        fields.refuse(wrong)
        nobody: Any = None
        call = Call(
            conn=nobody,
            wie=nobody,
            now=self.services.clock(),
            path=_path(scope),
            ids=ids,
            query=query,
            body=b"",
            headers=headers,
            services=self.services,
        )
        return await performing.perform(operation, call, self._gezien[operation.id], [])


def _there(wie: Wie, answered: Callable[[Connection], Awaitable[Reply]]) -> Callable[[Replica], Awaitable[Reply]]:
    async def on(replica: Replica) -> Reply:
        async with replica.transaction(wie) as (conn, moment):
            reply = await answered(conn)
        return structs.replace(reply, headers={**reply.headers, reading.HEADER: reading.text_of(moment)})

    return on


def _asking(
    operation: Operation, seen: Gezien, services: Services, wie: Wie
) -> AbstractAsyncContextManager[Connection]:
    if operation.alone:
        return nullcontext(cast(Connection, Alone(services.pool, wie)))  # its handler takes db.Reads
    return transaction(services.pool, wie, readonly=operation.method == "GET" and not seen.logs)


async def _send(reply: Reply, receive: Receive, send: Send, *, public: bool, head: bool) -> None:
    headers = {"API-Version": API_VERSION, **reply.headers}
    if reply.status != 304 and reply.stream is None:
        headers["Content-Length"] = str(len(reply.body))
    if public:
        headers["Access-Control-Allow-Origin"] = "*"
    raw = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    if reply.stream is not None and not head:
        await _stream(reply.stream, receive, send)
    await send({"type": "http.response.body", "body": b"" if head else reply.body, "more_body": False})


async def _stream(stream: Stream, receive: Receive, send: Send) -> None:
    """Part by part, until the stream ends or the caller has gone away."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    leaving = asyncio.create_task(gone())
    coming: asyncio.Task[bytes] | None = None
    try:
        while True:
            coming = asyncio.create_task(_next(stream))
            await asyncio.wait({leaving, coming}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done() or not (part := coming.result()):
                return
            await send({"type": "http.response.body", "body": part, "more_body": True})
    finally:
        for task in (leaving, coming):
            if task is not None:
                task.cancel()
        await asyncio.gather(leaving, *([coming] if coming else ()), return_exceptions=True)
        await stream.aclose()


async def _next(stream: Stream) -> bytes:
    """Nothing at the end."""
    return await anext(stream, b"")


# ── Reading the request ──────────────────────────────────────────────────────────────────────────


def _path(scope: HTTPScope) -> str:
    """As sent, so that neither Litestar nor a server has tidied it; an escaped slash stays part of its segment."""
    raw = scope["raw_path"].partition(b"?")[0].decode("latin-1").removeprefix(PREFIX)
    if "%" not in raw:
        return raw
    return "/".join(unquote(segment).replace("/", "%2F") for segment in raw.split("/"))


def _headers(scope: HTTPScope) -> dict[str, str]:
    """By name in lower case; one that comes more often is a list with commas (RFC 9110 section 5.2)."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


async def _body(operation: Operation, headers: Mapping[str, str], receive: Receive) -> bytes:
    """The whole body. 415 and 413 before it is read, 413 as soon as it proves too long, 408 when it does not come."""
    if media_type(headers.get("content-type")) not in operation.consumes:
        kinds = " of ".join(operation.consumes)
        raise HttpRefusal(415, gettext("Stuur hier %(kinds)s in UTF-8, en zeg dat in Content-Type.", kinds=kinds))
    too_long = HttpRefusal(413, gettext("Stuur hooguit %(limit)s MB.", limit=operation.limit // 1_000_000))
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length) > operation.limit:
        raise too_long
    read = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise Disconnected
                read += message["body"]
                if len(read) > operation.limit:
                    raise too_long
                if not message["more_body"]:
                    return bytes(read)
    except TimeoutError:
        raise too_slow() from None


USUAL_QUERY = 200
"""Bytes of what is worth remembering."""


def _query(operation: Operation, scope: HTTPScope) -> tuple[Any, list[FieldError]]:
    raw = scope["query_string"]
    query = _right_query(operation.query, raw) if len(raw) <= USUAL_QUERY else None
    return (query, []) if query is not None else _parsed_query(operation.query, raw)


@lru_cache(maxsize=1024)
def _right_query(shape: type[Struct], raw: bytes) -> Struct | None:
    """Most ask the same again and again. None: something is wrong with it, and that is told in a language."""
    try:
        query, wrong = _parsed_query(shape, raw)
    except HttpRefusal:
        return None
    return None if wrong else query


def _parsed_query(shape: type[Struct], raw: bytes) -> tuple[Struct, list[FieldError]]:
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        raise HttpRefusal(400, gettext("Het deel van het adres na het vraagteken is niet te lezen.")) from None
    names = [name for name, _ in pairs]
    twice = [
        FieldError(name, "dubbel", gettext("Noem deze parameter één keer."), "query")
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    query, wrong = fields.read(shape, dict(pairs), lax=True, source="query")
    return query, twice + wrong


def _read(operation: Operation, raw: bytes, wie: Wie) -> tuple[Any, list[FieldError]]:
    if operation.body is None or operation.body is bytes:
        return raw, []
    shape = cast(type[Struct], operation.body)
    try:
        data = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise HttpRefusal(400, gettext("De body is geen geldige JSON.")) from None
    wrong: list[FieldError] = []
    if operation.method == "PATCH" and isinstance(data, dict):
        data, wrong = toegang.zonder_verborgen(wie.rol, operation.answer, data)
    body, errors = fields.read(shape, data)
    return body, wrong + errors
