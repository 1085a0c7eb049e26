"""How much one process takes on: so many requests at once, a few more that wait their turn, and whoever comes then is
told at once to come back, so that those who are inside are answered soon, however many there are outside.

A process has one core and LOKET_POOL_SIZE connections; what it takes on beyond those only waits, inside it. 503 with
Retry-After says that nothing was done. A session that has half of all places while others wait is told 429. Who looks
after the process, and what a browser keeps anyway, always gets in. A place is had until the answer begins: a live
stream that is open, and whoever takes its answer slowly, have none; nor does a caller whose body is still to come.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter, deque
from collections.abc import Iterable
from itertools import cycle
from typing import Any, cast
from uuid import uuid4

from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from service.observe import metrics
from service.settings import Settings
from service.taal import TAAL, gettext, later
from service.web import client, problems
from service.web.api import PREFIX
from service.web.headers import API_VERSION, SECURITY
from service.web.operation import EVENTS, IN_SCOPE, Operation
from service.web.pages import assets
from service.web.pages.taalkeuze import gekozen
from service.web.problems import HttpRefusal

ALWAYS = ("/livez", "/readyz", "/favicon.ico")
"""And the files that a page loads."""

PATIENCE_S = 2.0
"""Who waited so long for a turn is told to come back: the one who asked has perhaps gone already."""

STREAMS_AT_ONCE, STREAMS_WAITING, STREAMS_PATIENCE_S = 4, 2_000, 20.0
"""Of live streams that begin. After a restart all come at once, and a browser that is refused one does not come back by
itself: these wait, apart, where they hold up nobody."""

RETRY_S = (1, 2, 3, 4)
"""In turn, so that they do not all come back at once."""

SHED = "geweigerd"
"""The operation of what was not let in: nobody looked what it was."""

TOKEN = re.compile(rb"(?:^|[;\s])(?:__Host-)?loket=([^;\s]+)")

VOL = later("Het is nu te druk. Uw verzoek is niet uitgevoerd. Probeer het over een paar seconden opnieuw.")
VEEL = later(
    "U vraagt te veel tegelijk. Dit verzoek is niet uitgevoerd. Wacht tot de vorige verzoeken zijn beantwoord."
)

PAGE = """<!doctype html>
<html lang="{taal}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body><main><h1>{title}</h1><p>{detail}</p></main></body>
</html>
"""
"""Made of nothing else: what a page of ours needs, is what there is too little of."""


class Full(Exception):
    """No place. `status` is 429 for whom has too many."""

    def __init__(self, status: int, reden: str) -> None:
        self.status, self.reden = status, reden


class Gate:
    """Places in a process, and those who wait for one: callers by turns, each in the order in which it came."""

    def __init__(self, at_once: int, waiting: int, patience_s: float = PATIENCE_S) -> None:
        self._at_once, self._most, self._patience_s = at_once, waiting, patience_s
        self._busy = self._waiting = 0
        self._firsts: deque[asyncio.Future[None]] = deque()
        """They had a place before."""
        self._turns: dict[bytes, deque[asyncio.Future[None]]] = {}
        """Per caller; whose turn is next, stands first."""
        self._of: Counter[bytes] = Counter()
        """Caller → requests under way and waiting."""

    async def enter(self, who: bytes) -> Place:
        """Full at once when there is neither a place nor room to wait, or after PATIENCE_S."""
        if self._busy < self._at_once:
            self._busy += 1
        else:
            if self._of[who] >= max(1, (self._at_once + self._most) // 2):
                raise Full(429, "sessie")
            if self._waiting >= self._most:
                raise Full(503, "vol")
            self._of[who] += 1
            try:
                async with asyncio.timeout(self._patience_s):
                    await self._turn(self._turns.setdefault(who, deque()))
            except TimeoutError:
                raise Full(503, "lang") from None
            finally:
                self.forget(who)
        self._of[who] += 1
        return Place(self, who)

    async def again(self) -> None:
        """A place for who had one, before all others."""
        if self._busy < self._at_once:
            self._busy += 1
        else:
            await self._turn(self._firsts)

    async def _turn(self, queue: deque[asyncio.Future[None]]) -> None:
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        self._waiting += 1
        metrics.WAITING.inc()
        try:
            await turn
        except BaseException:
            if not turn.cancelled():  # it was given in the same moment
                self.free()
            raise
        finally:
            self._waiting -= 1
            metrics.WAITING.dec()

    def free(self) -> None:
        """A place goes to the next who still waits."""
        while self._firsts or self._turns:
            if self._firsts:
                turn = self._firsts.popleft()
            else:
                who = next(iter(self._turns))
                queue = self._turns.pop(who)
                turn = queue.popleft()
                if queue:
                    self._turns[who] = queue  # behind the others
            if not turn.done():
                turn.set_result(None)
                return
        self._busy -= 1

    def forget(self, who: bytes) -> None:
        """One request less."""
        self._of[who] -= 1
        if not self._of[who]:
            del self._of[who]


class Place:
    """Of one request."""

    def __init__(self, gate: Gate, who: bytes) -> None:
        self._gate, self._who = gate, who
        self._held, self._left = True, False

    def leave(self) -> None:
        """For good; again, it does nothing."""
        if self._left:
            return
        self._left = True
        if self._held:
            self._gate.free()
        self._gate.forget(self._who)

    async def beside(self, receive: Receive) -> Any:
        """What the caller sends next. While that is not there, another has the place."""
        if self._left or not self._held:
            return await receive()
        self._held = False
        self._gate.free()
        message = await receive()
        if not self._left:
            await self._gate.again()
            self._back()
        return message

    def _back(self) -> None:
        """With a place again; or, when the answer began in the meantime, without need of it."""
        if self._left:
            self._gate.free()
        else:
            self._held = True


def admitted(app: ASGIApp, settings: Settings, operations: Iterable[Operation]) -> ASGIApp:
    """Middleware around all of the app; `operations` tells which of the API are live streams."""
    usual = Gate(settings.limit_at_once, settings.limit_waiting)
    streams = Gate(STREAMS_AT_ONCE, STREAMS_WAITING, STREAMS_PATIENCE_S)
    paths = [PREFIX + op.path for op in operations if op.produces == EVENTS]
    live = re.compile("|".join(re.sub(r"\{\w+\}", "[^/]+", path) for path in paths))
    always = frozenset((*ALWAYS, *map(assets.url, assets.manifest())))
    retry = cycle(RETRY_S)

    async def within(given: Scope, receive: Receive, send: Send) -> None:
        if str(given["type"]) != "http":
            return await app(given, receive, send)
        scope = cast(HTTPScope, given)
        path = scope["path"]
        if path in always:
            return await app(scope, receive, send)
        gate = streams if scope["method"] == "GET" and live.fullmatch(path) else usual
        try:
            place = await gate.enter(caller(scope, settings.proxies))
        except Full as full:
            metrics.SHED.labels(full.reden).inc()
            cast(dict[str, Any], scope)[IN_SCOPE] = SHED
            return await _refuse(scope, send, full, next(retry))

        async def receiving() -> Any:
            return await place.beside(receive)

        async def sending(message: Message) -> None:
            place.leave()
            await send(message)

        try:
            await app(scope, receiving, sending)
        finally:
            place.leave()

    return within


def caller(scope: HTTPScope, proxies: str | None) -> bytes:
    """The session or the machine, as far as it says so itself; else its address."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return value
        if name == b"cookie" and (token := TOKEN.search(value)):
            return token[1]
    return client.address(scope, proxies).encode()


async def _refuse(scope: HTTPScope, send: Send, full: Full, retry_s: int) -> None:
    TAAL.set(gekozen(scope))
    refusal = HttpRefusal(full.status, gettext(VEEL if full.status == 429 else VOL))
    accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    if b"text/html" in accept and not scope["path"].startswith(f"{PREFIX}/"):
        kind = "text/html; charset=utf-8"
        body = PAGE.format(taal=TAAL.get(), title=problems.TITLES[full.status], detail=refusal.detail).encode()
    else:
        kind, body = problems.CONTENT_TYPE, problems.body_of(refusal, uuid4())
    headers = {
        **SECURITY,
        b"content-type": kind.encode(),
        b"content-length": b"%d" % len(body),
        b"retry-after": b"%d" % retry_s,
        b"api-version": API_VERSION.encode(),
    }
    await send({"type": "http.response.start", "status": full.status, "headers": list(headers.items())})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body, "more_body": False})
