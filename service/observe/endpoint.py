"""LOKET_METRICS_PORT: /metrics for Prometheus, and /livez for whoever restarts a process that hangs.

In a thread of its own, so that it answers also when the event loop does not; and then says so.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from service.errors import Kind, Refusal
from service.failures import waarom
from service.settings import Settings

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

BEAT_S = 1.0

HANGS_S = 15.0
"""An event loop that did nothing for so long, hangs."""


class Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Threaded6(Threaded):
    address_family = socket.AF_INET6


class Quiet(WSGIRequestHandler):
    timeout = 10
    """Seconds that somebody may keep a thread of ours waiting."""

    def log_message(self, format: str, *args: object) -> None:
        """Who asks for figures is no news."""


def application(alive: Callable[[], bool]) -> WSGIApplication:
    figures = make_wsgi_app()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            answer: Iterable[bytes] = figures(environ, start_response)
            return answer
        status, text = {
            "/livez": ("200 OK", "Het proces leeft.\n") if alive() else ("503 Hangs", "Het proces hangt.\n"),
        }.get(path, ("404 Not Found", "Hier zijn alleen /metrics en /livez.\n"))
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [text.encode()]

    return app


@asynccontextmanager
async def told(settings: Settings) -> AsyncIterator[int | None]:
    """The port while the block runs; None when LOKET_METRICS_PORT is 0. Refusal (UNAVAILABLE) when it is taken."""
    if not settings.metrics_port:
        yield None
        return
    beat = time.monotonic()

    async def beats() -> None:
        nonlocal beat
        while True:
            beat = time.monotonic()
            await asyncio.sleep(BEAT_S)

    app = application(lambda: time.monotonic() - beat < HANGS_S)
    kind = Threaded6 if ":" in settings.metrics_host else Threaded
    try:
        server = make_server(settings.metrics_host, settings.metrics_port, app, kind, Quiet)
    except OSError as error:
        raise Refusal(
            Kind.UNAVAILABLE, f"LOKET_METRICS_PORT {settings.metrics_port} kan niet: {waarom(error)}. Kies een andere."
        ) from error
    thread = threading.Thread(target=server.serve_forever, daemon=True, name="meetwaarden")
    thread.start()
    beating = asyncio.create_task(beats())
    try:
        yield server.server_port
    finally:
        beating.cancel()
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        thread.join()
