"""A process takes on so much and no more: who is in is answered, a few wait, the rest is told at once to come back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from prometheus_client import REGISTRY

from service.settings import Settings
from service.web import admission
from service.web.admission import Full, Gate, admitted
from service.web.measured import measured
from service.web.pages import assets
from service.web.v1 import OPERATIONS

JSON = (b"accept", b"application/json")
HTML = (b"accept", b"text/html,*/*;q=0.8")


def session(name: str) -> tuple[bytes, bytes]:
    return b"cookie", f"taal=nl; __Host-loket={name}".encode()


class Asked:
    """One request, as a server hands it over, and what came back."""

    def __init__(self, app: Any, method: str, path: str, headers: tuple[tuple[bytes, bytes], ...]) -> None:
        self.status, self.headers, self.body = 0, dict[bytes, bytes](), b""
        self.incoming: asyncio.Queue[Any] = asyncio.Queue()
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
            "headers": list(headers), "client": ("127.0.0.1", 40000), "scheme": "http", "state": {},
        }  # fmt: skip
        self.task = asyncio.create_task(app(scope, self.incoming.get, self._send))

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        else:
            self.body += message["body"]

    def brings(self, body: bytes) -> None:
        self.incoming.put_nowait({"type": "http.request", "body": body, "more_body": False})


class Office:
    """An app behind admission, in which each request waits until somebody says that it may begin to answer, and then
    until it may end. POST reads its body first."""

    def __init__(self, *, at_once: int = 2, waiting: int = 2) -> None:
        self.inside: deque[tuple[str, asyncio.Event, asyncio.Event]] = deque()
        """Path, begin, end: of who is in, in the order in which they came in."""
        settings = Settings(limit_at_once=at_once, limit_waiting=waiting)
        self.app = measured(admitted(self._app, settings, OPERATIONS))
        self.asked: list[Asked] = []

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "POST":
            await receive()
        begin, end = asyncio.Event(), asyncio.Event()
        self.inside.append((scope["path"], begin, end))
        await begin.wait()
        if scope["path"] == "/kapot":
            raise ValueError("broken")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await end.wait()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def ask(self, path: str, *headers: tuple[bytes, bytes], method: str = "GET") -> Asked:
        """And everybody has gone as far as they can."""
        self.asked.append(Asked(self.app, method, path, headers))
        await settled()
        return self.asked[-1]

    @property
    def who(self) -> list[str]:
        return [path for path, _, _ in self.inside]

    async def answers(self, *, ends: bool = True) -> asyncio.Event:
        """Whoever is longest in."""
        _, begin, end = self.inside.popleft()
        begin.set()
        if ends:
            end.set()
        await settled()
        return end


async def settled() -> None:
    """Nothing here waits for anything but the loop itself: so many turns are enough."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
async def opened() -> AsyncIterator[type[Office]]:
    """Offices of which everybody has gone at the end."""
    offices: list[Office] = []

    class Opened(Office):
        def __init__(self, *, at_once: int = 2, waiting: int = 2) -> None:
            super().__init__(at_once=at_once, waiting=waiting)
            offices.append(self)

    yield Opened
    tasks = [asked.task for office in offices for asked in office.asked]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def shed(reden: str) -> float:
    return REGISTRY.get_sample_value("loket_requests_shed_total", {"reden": reden}) or 0


def waiting() -> float | None:
    return REGISTRY.get_sample_value("loket_requests_waiting")


async def test_two_are_in_two_wait_in_order_and_the_fifth_is_told_at_once(opened: type[Office]) -> None:
    """503, when to come back, in plain words that nothing was done; and the app never saw it."""
    office, before = opened(), shed("vol")
    asked = [await office.ask(f"/v1/{n}", session(str(n)), JSON) for n in range(5)]

    assert office.who == ["/v1/0", "/v1/1"] and waiting() == 2
    told = asked[4]
    assert told.status == 503 and 1 <= int(told.headers[b"retry-after"]) <= 4
    assert told.headers[b"content-type"] == b"application/problem+json"
    assert "niet uitgevoerd" in msgspec.json.decode(told.body)["detail"]
    assert shed("vol") == before + 1

    for n in range(4):
        assert office.who[0] == f"/v1/{n}"
        await office.answers()
    assert [one.status for one in asked[:4]] == [200] * 4 and waiting() == 0


async def test_after_the_rush_everybody_is_let_in_again(opened: type[Office]) -> None:
    office = opened()
    for n in range(6):
        await office.ask("/v1/x", session(str(n)))
    while office.inside:
        await office.answers()

    late = await office.ask("/v1/x", session("late"))

    await office.answers()
    assert late.status == 200


async def test_who_comes_back_is_spread_over_some_seconds(opened: type[Office]) -> None:
    office = opened(at_once=1, waiting=0)
    await office.ask("/v1/x", session("in"))
    told = [await office.ask("/v1/x", session(str(n))) for n in range(4)]

    assert {int(one.headers[b"retry-after"]) for one in told} == set(admission.RETRY_S)


async def test_a_session_that_has_half_of_all_places_makes_room_for_others(opened: type[Office]) -> None:
    """429 to that one only, and only while others would wait for it."""
    office, before = opened(at_once=2, waiting=4), shed("sessie")
    greedy = [await office.ask("/v1/x", session("greedy")) for _ in range(6)]
    other = await office.ask("/v1/y", session("other"))

    assert [one.status for one in greedy] == [0, 0, 0, 429, 429, 429] and other.status == 0
    assert shed("sessie") == before + 3
    while office.inside:
        await office.answers()
    assert other.status == 200


async def test_sessions_that_wait_come_in_by_turns(opened: type[Office]) -> None:
    """Whoever asks much at once, holds up itself."""
    office = opened(at_once=1, waiting=10)
    for path in ("/v1/0", "/v1/a1", "/v1/a2", "/v1/a3"):
        await office.ask(path, session("a"))
    for path in ("/v1/b1", "/v1/b2"):
        await office.ask(path, session("b"))

    came = []
    while office.inside:
        came += office.who
        await office.answers()
    assert came == ["/v1/0", "/v1/a1", "/v1/b1", "/v1/a2", "/v1/b2", "/v1/a3"]


async def test_who_has_no_session_counts_by_address(opened: type[Office]) -> None:
    office = opened(at_once=2, waiting=4)
    nobody = [await office.ask("/inloggen") for _ in range(4)]
    assert [one.status for one in nobody] == [0, 0, 0, 429]


async def test_the_health_of_the_process_and_files_of_a_page_are_never_refused(opened: type[Office]) -> None:
    office = opened(at_once=1, waiting=0)
    await office.ask("/v1/x")
    paths = ["/livez", "/readyz", "/favicon.ico", assets.url("loket.css")]
    asked = [await office.ask(path) for path in paths]
    refused = await office.ask("/static/made-up.css", session("x"))

    assert office.who[1:] == paths and refused.status == 503
    while office.inside:
        await office.answers()
    assert [one.status for one in asked] == [200] * 4


async def test_a_stream_that_is_open_has_no_place_and_stays_open(opened: type[Office]) -> None:
    """Nor has whoever takes long over its answer."""
    office = opened(at_once=1, waiting=0)
    stream = await office.ask("/v1/gebeurtenissen", session("stream"))
    end = await office.answers(ends=False)
    other = await office.ask("/v1/x", session("other"))
    await office.ask("/v1/x", session("third"))

    await office.answers()
    end.set()
    await settled()
    assert (stream.status, other.status) == (200, 200) and stream.task.done()


async def test_streams_that_begin_wait_apart_and_hold_up_nobody(
    opened: type[Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a restart all come at once; a browser that is refused one does not come back."""
    monkeypatch.setattr(admission, "STREAMS_AT_ONCE", 1)
    office = opened(at_once=1, waiting=0)
    streams = [await office.ask("/v1/gebeurtenissen", session(str(n))) for n in range(50)]
    usual = await office.ask("/v1/x", session("usual"))

    assert office.who == ["/v1/gebeurtenissen", "/v1/x"]
    while office.inside:
        await office.answers()
    assert usual.status == 200 and {stream.status for stream in streams} == {200}


async def test_who_still_has_to_send_something_keeps_nobody_out(opened: type[Office]) -> None:
    """A body that comes slowly costs no place; when it is there, the first that is free is its."""
    office = opened(at_once=1, waiting=1)
    slow = await office.ask("/v1/slow", session("slow"), method="POST")
    quick = await office.ask("/v1/quick", session("quick"))
    later = await office.ask("/v1/later", session("later"))
    assert office.who == ["/v1/quick"]

    slow.brings(b"{}")
    await settled()
    await office.answers()
    assert office.who == ["/v1/slow"]
    await office.answers()
    await office.answers()
    assert {slow.status, quick.status, later.status} == {200} and waiting() == 0


async def test_what_breaks_or_goes_away_gives_its_place_back(opened: type[Office]) -> None:
    """Also who waits."""
    office = opened(at_once=1, waiting=2)
    broken = await office.ask("/kapot", session("a"))
    waits = await office.ask("/v1/waits", session("b"))
    inside = await office.ask("/v1/inside", session("c"))
    waits.task.cancel()
    await settled()
    office.inside[0][1].set()
    with pytest.raises(ValueError, match="broken"):
        await broken.task
    inside.task.cancel()
    await settled()
    slow = await office.ask("/v1/slow", session("d"), method="POST")
    slow.task.cancel()
    await settled()
    office.inside.clear()

    last = await office.ask("/v1/last", session("e"))
    assert office.who == ["/v1/last"] and waiting() == 0
    await office.answers()
    assert last.status == 200


async def test_a_turn_that_comes_in_the_moment_in_which_somebody_goes_is_for_the_next() -> None:
    gate = Gate(1, 1)
    place = await gate.enter(b"in")
    goes = asyncio.create_task(gate.enter(b"goes"))
    await settled()
    place.leave()
    goes.cancel()
    await settled()

    assert goes.cancelled()
    assert await gate.enter(b"next")


async def test_who_has_waited_long_enough_is_told_too() -> None:
    gate = Gate(1, 1, patience_s=0)
    place = await gate.enter(b"in")
    with pytest.raises(Full) as told:
        await gate.enter(b"waits")

    assert (told.value.status, told.value.reden) == (503, "lang") and waiting() == 0
    place.leave()
    place.leave()  # twice is once
    await gate.enter(b"next")
    with pytest.raises(Full):
        await gate.enter(b"one more")


async def test_a_browser_gets_a_page(opened: type[Office]) -> None:
    office = opened(at_once=1, waiting=0)
    await office.ask("/")
    told = await office.ask("/aanvragen/1", HTML)
    asked = await office.ask("/v1/aanvragen", HTML)
    head = await office.ask("/v1/aanvragen", method="HEAD")

    assert told.headers[b"content-type"] == b"text/html; charset=utf-8"
    assert b'lang="nl"' in told.body and "niet uitgevoerd" in told.body.decode()
    assert asked.headers[b"content-type"] == b"application/problem+json"
    assert head.body == b"" and int(head.headers[b"content-length"]) > 0


async def test_what_was_not_let_in_is_counted_as_such(opened: type[Office]) -> None:
    """Not under an operation: nobody looked which it was."""
    labels = {"operation": "geweigerd", "method": "GET", "status": "503"}
    before = REGISTRY.get_sample_value("loket_requests_total", labels) or 0
    office = opened(at_once=1, waiting=0)
    await office.ask("/v1/x", session("a"))
    await office.ask("/v1/x", session("b"))

    assert REGISTRY.get_sample_value("loket_requests_total", labels) == before + 1
