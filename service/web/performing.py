"""An operation carried out, in the transaction of whoever asks: /v1, or a form of a page that does the same
(pages/actie.py)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from service import toegang
from service.web import etags, idempotency
from service.web.gezien import Gezien
from service.web.idempotency import Reply
from service.web.operation import EVENTS, Call, Operation


async def once(
    operation: Operation,
    call: Call,
    seen: Gezien,
    about: list[UUID],
    *,
    key: str | None,
    asked: bytes,
    wait: bool = False,
) -> Reply:
    """As `perform`; with a `key` it is done once, and `asked` is what makes two requests the same. `wait` for one that
    still runs, where nobody can be told to come back."""
    if key is None:
        return await perform(operation, call, seen, about)
    return await idempotency.once(call.conn, key, asked, lambda: perform(operation, call, seen, about), wait=wait)


async def perform(operation: Operation, call: Call, seen: Gezien, about: list[UUID]) -> Reply:
    """`about`: the aanvragen that were asked for."""
    answer = await operation.handler(call)
    body = answer.body if operation.produces == EVENTS else _narrowed(operation, call, answer.body)
    betrokkenen = tuple(dict.fromkeys((*about, *call.betrokkenen, *seen.shown(answer, body))))
    if operation.produces == EVENTS:
        headers = {"Content-Type": EVENTS, **answer.headers}
        return Reply(operation.status, headers, b"", body, betrokkenen=betrokkenen)
    encoded = body if isinstance(body, bytes) else etags.encode(body)
    headers = {"Content-Type": operation.produces, **answer.headers}
    if operation.has_etag or operation.creates:
        headers["ETag"] = etags.of(encoded)
    known = call.headers.get("if-none-match") if operation.method == "GET" else None
    if operation.has_etag and etags.unchanged(known, headers["ETag"]):
        # Who has it already looks at it again.
        return Reply(304, {"ETag": headers["ETag"]}, b"", betrokkenen=betrokkenen)
    return Reply(operation.status, headers, encoded, betrokkenen=betrokkenen)


def _narrowed(operation: Operation, call: Call, body: Any) -> Any:
    """What goes out: only the fields that this rol may see."""
    if not isinstance(body, bytes):
        return body if operation.public else toegang.versmal(call.wie.rol, body)
    if not operation.public and operation.answer is not None and toegang.verbergt(call.wie.rol, operation.answer):
        raise TypeError(f"{operation.id} answers bytes, in which nothing can be hidden from {call.wie.rol}")
    return body
