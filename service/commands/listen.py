"""Serve the app until told to stop: signals, a lost server, a lost parent."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, cast
from uuid import UUID

import uvicorn
import uvloop

from service import collector
from service.errors import Kind, Refusal
from service.failures import log_to_stderr, waarom
from service.settings import Settings

if TYPE_CHECKING:
    from service.web.protocol import Protocol

ANSWER_S = 1.5
"""After a stop is asked: for requests that are being answered."""

LINGER_S = 0.5
"""Before that, for who still has a connection: its next answer says that it was the last. Closed at once, a request
that is on its way just then would be lost, and nobody knows whether it was done."""

LIMIT_S = 3.5
"""Then we go, whatever still runs; the guard ends the servers. Five seconds is what was promised."""


def bind(settings: Settings) -> socket.socket:
    """Listening on host and port of the settings; done first, because a taken port must break nothing."""
    host = "127.0.0.1" if settings.host == "localhost" else settings.host
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, settings.port))
        sock.listen(2048)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            other = 8001 if settings.port == 8000 else 8000
            why = f"is al in gebruik door een ander programma. Kies een andere poort, zoals make demo PORT={other}."
        elif error.errno == errno.EACCES:
            why = "mag u niet gebruiken. Kies een poort vanaf 1024."
        else:
            why = f"kan niet op adres {host}: {waarom(error)}. Kies een ander adres met LOKET_HOST."
        raise Refusal(Kind.UNAVAILABLE, f"Poort {settings.port} {why}") from error
    return sock


class Link(NamedTuple):
    """With which one logs in without a password (service/inloggen/demologin.py)."""

    token: str
    gebruiker: UUID
    text: str
    """Who that is."""


def address(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


class Stop:
    """Why we stop. Every cause becomes a SIGTERM to ourselves, so that there is one way out."""

    reason: str | None = None

    def because(self, reason: str) -> None:
        self.reason = self.reason or reason
        os.kill(os.getpid(), signal.SIGTERM)

    def with_parent(self, pid: int) -> None:
        """Stop as soon as process `pid`, which started us, is gone: make that is killed cannot tell us so."""

        def watch() -> None:
            while os.getppid() == pid:
                time.sleep(0.2)
            self.because("Het programma make is gestopt")

        threading.Thread(target=watch, daemon=True, name="wacht-make").start()


class Server(uvicorn.Server):
    """uvicorn that tells when it is ready, leaves the signals to us, and says goodbye; for `Protocol` only."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        collector.settle()
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            cast("Protocol", connection).say_goodbye()
        until = time.monotonic() + LINGER_S
        while self.server_state.connections and time.monotonic() < until:  # noqa: ASYNC110  as uvicorn does
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)


def serve(settings: Settings, sock: socket.socket, demo_links: Sequence[Link] = ()) -> None:
    """Say when it is ready and where, and which links log in; until SIGINT, SIGTERM or SIGHUP.

    Then what is being answered is finished, and the app's lifespan ends.
    """
    # Loads the solver and more: not for `loket --help`.
    from service.app import create_app  # noqa: PLC0415
    from service.observe import endpoint, metrics, tracing  # noqa: PLC0415
    from service.web.admission import admitted  # noqa: PLC0415
    from service.web.measured import measured  # noqa: PLC0415
    from service.web.protocol import Protocol  # noqa: PLC0415
    from service.web.v1 import OPERATIONS  # noqa: PLC0415

    log_to_stderr(settings.log_vorm, metrics.Counting())
    app = create_app(settings, demo_links={link.token: link.gebruiker for link in demo_links})
    config = uvicorn.Config(
        measured(admitted(app, settings, OPERATIONS)),
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=ANSWER_S,  # type: ignore[arg-type]  # asyncio takes fractions of a second
    )

    def announce() -> None:
        if not demo_links and (settings.adres is None or settings.oidc_keys is None):
            hint = "Zet LOKET_ADRES en LOKET_OIDC_KEYS, en zie loket inlog --help."
            print(f"Let op: niemand kan inloggen. {hint}", file=sys.stderr)
        print("Klaar. Het loket draait. Stop met Ctrl-C.")
        if demo_links:
            print("Log in met een van deze links. Ze werken alleen op deze computer, tot u stopt.")
        for link in demo_links:
            print(f"  {link.text}\n    {address(sock)}demo-inloggen/{link.token}")
        print(settings.adres or address(sock), flush=True)

    server = Server(config, announce)

    def stop() -> None:
        server.should_exit = True
        if hasattr(app.state, "services"):
            app.state.services.stopping.set()
        limit = threading.Timer(LIMIT_S, os._exit, (1,))
        limit.daemon = True
        limit.start()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop)
        async with endpoint.told(settings), tracing.traced(settings, "loket-web"):
            await server.serve(sockets=[sock])

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
