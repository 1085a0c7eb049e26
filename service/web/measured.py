"""Around the whole app: each request is counted, timed and traced, by the name of what was asked and never by its
address, which can be about a child."""

from __future__ import annotations

import asyncio
import re
import time
from functools import cache
from typing import Any, cast
from uuid import uuid4

from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from prometheus_client import Counter, Histogram

from service.observe import metrics, tracing
from service.web import problems
from service.web.api import PREFIX
from service.web.headers import SECURITY
from service.web.operation import IN_SCOPE
from service.web.pages.visit import page_id

UNKNOWN = "onbekend"
"""No such address."""

BROKEN = 500
"""Of an answer that never began."""


def measured(app: ASGIApp) -> ASGIApp:
    async def around(given: Scope, receive: Receive, send: Send) -> None:
        if str(given["type"]) != "http":
            return await app(given, receive, send)
        scope = cast(HTTPScope, given)
        began, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start" and not status:
                status = message["status"]
                _count(scope, status, time.perf_counter() - began)
            await send(message)

        with metrics.IN_PROGRESS.track_inprogress(), tracing.server_span(_header(scope, b"traceparent")) as span:
            if span is not None:
                # What is logged of this request goes on in our span.
                rest = [(name, value) for name, value in scope["headers"] if name.lower() != b"traceparent"]
                scope["headers"] = [*rest, (b"traceparent", tracing.traceparent(span).encode())]
            try:
                return await app(scope, receive, sending)
            except asyncio.CancelledError:
                if status:
                    raise
                await _cut_off(scope, sending)
            finally:
                if span is not None:
                    name = operation_of(scope)
                    span.update_name(name)
                    span.set_attributes(
                        {
                            "http.request.method": str(scope["method"]),
                            "http.route": name,
                            "http.response.status_code": status or BROKEN,
                        }
                    )

    return around


CUT_OFF = "Het loket begint opnieuw, en kwam hier niet meer aan toe. Probeer het zo nog eens."


async def _cut_off(scope: HTTPScope, send: Send) -> None:
    """Of what was not done when the process had to end. Nobody else cancels a request; uvicorn would say that it is our
    fault (500), and that is not something to try again."""
    api = scope["path"].startswith(f"{PREFIX}/")
    body = problems.body_of(problems.HttpRefusal(503, CUT_OFF), uuid4()) if api else CUT_OFF.encode()
    headers = {
        **SECURITY,
        b"content-type": problems.CONTENT_TYPE.encode() if api else b"text/plain; charset=utf-8",
        b"content-length": b"%d" % len(body),
        b"retry-after": b"1",
        b"connection": b"close",
    }
    await send({"type": "http.response.start", "status": 503, "headers": list(headers.items())})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _count(scope: Any, status: int, seconds: float) -> None:
    name = operation_of(scope)
    requests, durations = _of(name, scope["method"] if KNOWN.fullmatch(scope["method"]) else "ander", status)
    requests.inc()
    durations.observe(seconds)


@cache
def _of(name: str, method: str, status: int) -> tuple[Counter, Histogram]:
    """Kept: finding them by their labels takes longer than counting. There are as many as operations have answers."""
    return metrics.REQUESTS.labels(name, method, status), metrics.REQUEST_SECONDS.labels(name)


KNOWN = re.compile("GET|HEAD|POST|PATCH|PUT|DELETE|OPTIONS")
"""A label has few values, whatever somebody sends."""


def operation_of(scope: Any) -> str:
    """The operation of the API, or the page."""
    if IN_SCOPE in scope:
        return str(scope[IN_SCOPE])
    handler = scope.get("route_handler")
    name = page_id(handler) if handler is not None else UNKNOWN
    return UNKNOWN if name == "__call__" else name


def _header(scope: Any, wanted: bytes) -> str | None:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name.lower() == wanted), None)
