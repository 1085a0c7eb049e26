"""What it costs when nothing fails, at the size of the country: lists and rankings beside the floor, how soon 32 people
at once have their ranking, memory, and how soon a web process is there and gone.

Beside the floor stands what 32 clients get per second of one web process, by turns; who asks is tests/load/wire.py, on
the same processors. And CPU time, of the web process and both servers together, in which the client is not (`…_cpu`):
that is what a machine can do that has many web processes.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Sequence
from itertools import cycle, islice

from litestar.routes import HTTPRoute

from service.app import create_app
from service.settings import Settings
from service.web.operation import JSON
from service.web.v1 import OPERATIONS
from tests.bench.bench_access import Servers
from tests.bench.bench_floor import FLOOR, LISTS, _web
from tests.bench.entry import Entry
from tests.load.ground import Ground, Web, ground, ready, serving, start
from tests.load.wire import Cut, Wire, closed, get, wire
from tests.load.wire import run as with_loop

CLIENTS = 32

ROUNDS, REQUESTS = 4, 640
"""Of each: so many turns of so many requests. What can be asked only once, is asked once per aanvraag."""

RANK_VS_FLOOR, RANK_P99_MS, RSS_MB, COLD_S, DRAIN_S = 0.25, 100.0, 300.0, 3.0, 5.0
"""Issue 7."""

RANKINGS, LIMIT_S = 3_000, 8.0
"""As many as that, or for so long: on a computer that has much else to do, the first would take all day."""

STARTS = 3

STREAMS, BUSY = 50, 16
"""While it is stopped: live streams, and clients that ask rankings."""


def run() -> list[Entry]:
    on = ground()
    entries = said(with_loop(_beside_the_floor(on)))
    with serving(on, 2) as webs:
        entries += said(with_loop(_at_once(on, [web.port for web in webs])))
        entries += said(with_loop(_memory(on, webs[0])))
    return [*entries, *said(with_loop(_starts(on))), *said(with_loop(_drain(on)))]


def said(entries: list[Entry]) -> list[Entry]:
    """Told at once: what comes after it may fail."""
    for entry in entries:
        print(f"   {entry.name} {entry.value:,.3f} {entry.unit} {entry.against}", flush=True)
    return entries


def least(name: str, value: float, unit: str, limit: float) -> Entry:
    return Entry(name, value, unit, f"at least {limit:g}", value / limit)


def most(name: str, value: float, unit: str, limit: float) -> Entry:
    return Entry(name, value, unit, f"at most {limit:g}", limit / value if value else None)


def rankings(on: Ground, tokens: Sequence[str], number: int = 200, query: str = "") -> list[bytes]:
    """Of different aanvragen, by different people."""
    pairs = zip(cycle(on.aanvragen[:number]), cycle(tokens), strict=False)
    return [get(f"/v1/aanvragen/{id}/rangschikking{query}", token) for id, token in islice(pairs, number)]


def never_asked(on: Ground, turn: int) -> dict[str, list[bytes]]:
    """The same rankings, each once, from another one of those that fell out on: as much work, and a process has no
    such answer."""
    query = f"?vanafAfgevallen={turn + 1}"
    return {
        "rank_country_new_vs_floor": rankings(on, on.people, len(on.aanvragen), query),
        "rank_own_new_vs_floor": own_rankings(on, query),
    }


def own_rankings(on: Ground, query: str = "") -> list[bytes]:
    """Of each other region, which uses its own places and those of its agreements."""
    return [get(f"/v1/aanvragen/{id}/rangschikking{query}", token) for token, id in on.elsewhere]


# ── Beside the floor ─────────────────────────────────────────────────────────────────────────────


async def _beside_the_floor(on: Ground) -> list[Entry]:
    with _web(on.servers, on.database, on.gebruiker) as (pid, port, _):
        there = Servers(on.servers.sockets, [pid, *on.servers.pids])
        asked = {FLOOR: ([get(FLOOR)], 0.0)}
        asked |= {name: ([get(path, token) for token in on.people], part) for name, (path, part) in LISTS.items()}
        asked["rank_country_vs_floor"] = (rankings(on, on.people), RANK_VS_FLOOR)
        asked["rank_own_vs_floor"] = (own_rankings(on), RANK_VS_FLOOR)
        asked |= {name: (requests, RANK_VS_FLOOR) for name, requests in never_asked(on, 0).items()}
        spent, walls = dict.fromkeys(asked, 0.0), dict.fromkeys(asked, 0.0)
        for turn in range(ROUNDS + 1):
            new = never_asked(on, turn)
            for name, (requests, _) in asked.items():
                number = len(new[name]) if name in new else REQUESTS
                before = there.cpu()
                done = await closed([port], new.get(name, requests), clients=CLIENTS, number=number)
                assert done.statuses.keys() == {200}, (name, done.statuses)
                if turn:  # the first warms up
                    spent[name] += (there.cpu() - before) / ROUNDS / number
                    walls[name] += done.seconds / ROUNDS / number
    entries = [Entry("floor_per_s", 1 / walls[FLOOR], "per s"), Entry("floor_cpu_ms", spent[FLOOR] * 1000, "ms")]
    for name, (_, part) in list(asked.items())[1:]:
        entries.append(least(name, walls[FLOOR] / walls[name], "×", part))
        entries.append(least(f"{name}_cpu", spent[FLOOR] / spent[name], "×", part))
    return entries


# ── Many at once ─────────────────────────────────────────────────────────────────────────────────


async def _at_once(on: Ground, ports: list[int]) -> list[Entry]:
    """32 clients, two web processes on two cores."""
    entries, refused = [], 0
    firsts = [(await closed([port], rankings(on, on.people)[:1], clients=1, number=1)).seconds for port in ports]
    entries.append(Entry("rank_country_first_s", max(firsts), "s"))
    # A process reads the places of a region when somebody asks for it: told here, and not among those of later.
    own = own_rankings(on)
    reading = [await closed([port], own, clients=1, number=len(own)) for port in ports]
    entries.append(Entry("rank_own_first_most_ms", max(done.at(1.0) for done in reading), "ms"))
    for name, requests, limit in (
        ("rank_country", rankings(on, on.people), RANK_P99_MS),
        ("rank_own", own, RANK_P99_MS),
        ("rank_country_new", [one for turn in range(40) for one in next(iter(never_asked(on, turn).values()))], None),
        ("list", [get(LISTS["list_vs_floor"][0], token) for token in on.people], None),
        ("log_list", [get(LISTS["log_list_vs_floor"][0], token) for token in on.people], None),
    ):
        # Warms up, from the other end: what was never asked, is not asked again.
        await closed(ports, requests[::-1], clients=CLIENTS, number=RANKINGS // 5, limit_s=LIMIT_S / 3)
        done = await closed(ports, requests, clients=CLIENTS, number=RANKINGS, limit_s=LIMIT_S)
        # On a computer that has much else to do, some wait too long for their turn and are told so.
        assert done.statuses.keys() <= {200, 503}, (name, done.statuses)
        refused += done.statuses[503]
        p99 = f"{name}_p99_ms"
        entries.append(Entry(f"{name}_per_s", done.per_second, "per s"))
        entries.append(Entry(f"{name}_p50_ms", done.at(0.5), "ms"))
        entries.append(Entry(p99, done.at(0.99), "ms") if limit is None else most(p99, done.at(0.99), "ms", limit))
    return [*entries, Entry("at_once_refused", refused, "requests")]


# ── Memory ───────────────────────────────────────────────────────────────────────────────────────


def every_list() -> list[str]:
    """Each list, screen and figure that needs no id to be asked for."""
    of_api = [f"/v1{op.path}" for op in OPERATIONS if op.method == "GET" and op.produces == JSON and "{" not in op.path]
    routes = [route for route in create_app(Settings()).routes if isinstance(route, HTTPRoute)]
    pages = [route.path for route in routes if "GET" in route.methods and "{" not in route.path]
    return of_api + pages


async def _memory(on: Ground, web: Web) -> list[Entry]:
    """After it has served all lists and screens to every rol, and rankings in every region."""
    paths, served = every_list(), 0
    line = await wire(web.port)
    for token in on.rollen.values():
        for path in paths:
            answer = await line.ask(get(path, token, accept="*/*"))
            assert answer.status < 500, (path, answer.status)
            served += answer.status == 200
            if b"\r\nconnection: close" in answer.head:
                line = await wire(web.port)
    line.transport.close()
    done = await closed([web.port], own_rankings(on), clients=4, number=2 * len(on.elsewhere))
    assert done.statuses.keys() == {200}, done.statuses
    return [most("web_rss_mb", web.rss_mb(), "MB", RSS_MB), Entry("web_rss_mb:lists", served, "answers 200")]


# ── Coming and going ─────────────────────────────────────────────────────────────────────────────


async def _starts(on: Ground) -> list[Entry]:
    """From the start of the process until /readyz answers 200: the slowest. And the CPU time of it, in which what else
    the computer does is not."""
    slowest = cpu = 0.0
    for _ in range(STARTS):
        web = start(on)
        slowest, cpu = max(slowest, await ready(web)), max(cpu, web.cpu_s())
        web.process.terminate()
        await asyncio.to_thread(web.process.wait, 10)
    return [most("cold_start_s", slowest, "s", COLD_S), Entry("cold_start_cpu_s", cpu, "s")]


async def _drain(on: Ground) -> list[Entry]:
    """SIGTERM with live streams open and rankings under way. Whoever had asked before it, has a whole answer."""
    web = start(on)
    await ready(web)
    await closed([web.port], rankings(on, on.people), clients=BUSY, number=BUSY)
    streams = [await stream(web.port, token) for token, _ in zip(cycle(on.people), range(STREAMS), strict=False)]
    told = float("inf")
    answered, cut, late = 0, 0, 0

    async def asks(line: Wire, requests: Sequence[bytes]) -> None:
        nonlocal answered, cut, late
        for request in cycle(requests):
            asked = time.monotonic()
            try:
                answer = await line.ask(request)
            except Cut:
                # After the signal it may refuse what it has not begun: whoever asks then, asks another process.
                late += asked >= told and not line.began
                cut += asked < told or line.began
                return
            assert answer.status == 200, answer
            answered += 1
            if b"\r\nconnection: close" in answer.head:
                return

    asking = [asyncio.create_task(asks(await wire(web.port), rankings(on, on.people)[at:])) for at in range(BUSY)]
    while answered < 5 * BUSY:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    told = time.monotonic()
    web.process.send_signal(signal.SIGTERM)
    code = await asyncio.to_thread(web.process.wait, 30)
    took = time.monotonic() - told
    await asyncio.gather(*asking)
    ended = [await stream.read() for stream, _ in streams]
    for _, writer in streams:
        writer.close()
    assert code == 0, f"it ended with {code}: something was still running"
    assert cut == 0, f"{cut} of {answered + cut} requests had no whole answer"
    assert all(part.endswith(b"0\r\n\r\n") for part in ended), "a stream was cut off within its last part"
    return [most("drain_s", took, "s", DRAIN_S), Entry("drain_late", late, "not begun")]


async def stream(port: int, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open: its first part has come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(get("/v1/gebeurtenissen", token, accept="text/event-stream"))
    await reader.readuntil(b"retry: ")
    return reader, writer
