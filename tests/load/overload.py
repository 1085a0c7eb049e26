"""Four times as much as one web process can do: it says so at once to whom it cannot serve, serves the others soon,
and is itself again when it is over (issue 7; service/web/admission.py).

First what it can: so many clients that ask again as soon as they have an answer. Then arrivals that come when they
come, whether earlier ones were answered or not, each timed from the moment at which it was asked; how much later than
it should that was, because who asks shares the processors, is told apart (`overload_client_late_p99_ms`). Half of what
it can before and after, four times in between; and then one session that asks two hundred things at once beside others.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import cycle
from time import perf_counter

from msgspec import Struct, field

from service.web.pages import assets
from tests.bench.bench_floor import LISTS
from tests.bench.entry import Entry
from tests.load.figures import CLIENTS, least, most, own_rankings, rankings, stream
from tests.load.ground import Ground, Web, ground, serving
from tests.load.wire import Cut, Run, Wire, closed, get, wire
from tests.load.wire import run as with_loop

TIMES = 4

CALM, MEASURED, STORM_S, CALM_S = 0.5, 2_000, 10.0, 4.0
"""Part of what it can; requests by which that is measured; how long."""

MOST_OPEN = 4_000
"""Connections; who comes then could not even say what they want."""

P99_MS, RECOVERY_S, GOODPUT = 1_000.0, 2.0, 0.5
"""At most, at most, and at least: as part of what it can when it is not overloaded."""

GREEDY, PAUSE_S = 200, 0.5
"""Requests of one session at once, and how long it waits after a refusal."""

NEVER_REFUSED = ("/livez", "/readyz", assets.url("loket.css"))

PROBE_S = 0.1

STREAMS = 20


class Storm(Struct):
    """What came of many arrivals."""

    statuses: Counter[int] = field(default_factory=Counter)
    served: list[tuple[float, float]] = field(default_factory=list)
    """When it came (seconds from the beginning) and how long it waited, of each 200."""
    refused: list[tuple[float, float]] = field(default_factory=list)
    """The same of each 503 and 429."""
    wrong: list[str] = field(default_factory=list)
    """What is neither."""
    late: list[float] = field(default_factory=list)
    """How much later than it should each was asked, in seconds."""
    sending_s: float = 0.0
    """How long it took to ask them all."""

    def run(self, seconds: float) -> Run:
        return Run(seconds, self.statuses, sorted(took for _, took in self.served))

    @property
    def told(self) -> Run:
        """The refusals."""
        return Run(1, self.statuses, sorted(took for _, took in self.refused))


def run() -> list[Entry]:
    on = ground()
    try:
        with serving(on) as [web]:
            return with_loop(_overload(on, web))
    finally:
        on.close()


def mix(on: Ground) -> list[bytes]:
    """Of twenty requests fourteen lists, three with log, two rankings, and one ranking of all the country."""
    plekken, aanvragen = (path for path, _ in LISTS.values())
    own, everywhere, tokens = cycle(own_rankings(on)), cycle(rankings(on, on.people)), cycle(on.people)
    found = []
    for at in range(400):
        match at % 20:
            case 3 | 13:
                found.append(next(own))
            case 8:
                found.append(next(everywhere))
            case 5 | 10 | 15:
                found.append(get(aanvragen, next(tokens)))
            case _:
                found.append(get(plekken, next(tokens)))
    return found


async def _overload(on: Ground, web: Web) -> list[Entry]:
    requests = mix(on)
    await closed([web.port], requests, clients=CLIENTS, number=MEASURED // 2, limit_s=CALM_S)  # warms up
    able = await closed([web.port], requests, clients=CLIENTS, number=MEASURED, limit_s=2 * CALM_S)
    assert able.statuses.keys() <= {200, 503}, able.statuses
    before = await arrivals(web.port, requests, CALM * able.per_second, CALM_S)
    assert before.served and not before.wrong, (before.statuses, before.wrong[:3])

    streams = [await stream(web.port, token) for token in on.people[:STREAMS]]
    probes = asyncio.create_task(_probe(web.port))
    during = await arrivals(web.port, requests, TIMES * able.per_second, STORM_S)
    probes.cancel()
    after = await arrivals(web.port, requests, CALM * able.per_second, CALM_S)
    probed = await probes
    assert not during.wrong and not after.wrong, (during.wrong + after.wrong)[:5]
    assert during.refused, "nobody was refused: that was no overload"
    assert not any(reader.at_eof() for reader, _ in streams), "a live stream was ended"
    for _, writer in streams:
        writer.close()

    usual = before.run(CALM_S).at(0.99)
    served = during.run(during.sending_s)
    # The last that was refused or slow, after it was over.
    late = [came + took for came, took in after.refused]
    late += [came + took for came, took in after.served if took * 1000 > 2 * max(usual, 50.0)]
    number = during.statuses.total()
    return [
        Entry("overload_able", able.per_second, "per s"),
        Entry("overload_asked", number / during.sending_s, "per s"),
        Entry("overload_client_late_p99_ms", sorted(during.late)[int(0.99 * len(during.late))] * 1000, "ms"),
        Entry("overload_usual_p99_ms", usual, "ms"),
        Entry("overload_usual_refused", len(before.refused), "requests"),
        most("overload_p99_ms", served.at(0.99), "ms", P99_MS),
        least("overload_goodput", served.per_second / able.per_second, "×", GOODPUT),
        Entry("overload_refused_share", len(during.refused) / number, "of 1"),
        Entry("overload_refused_p99_ms", during.told.at(0.99), "ms"),
        Entry("overload_health_p99_ms", probed.at(0.99), "ms"),
        most("overload_recovery_s", max(late, default=0.0), "s", RECOVERY_S),
        *await _greedy(on, web, requests, able.per_second),
    ]


async def arrivals(port: int, requests: Sequence[bytes], rate: float, seconds: float) -> Storm:
    """So many per second, at even distances, however long answers take; until all were answered."""
    storm, idle, opened, under_way = Storm(), list[Wire](), 0, set[asyncio.Task[None]]()
    begin = perf_counter()

    async def one(request: bytes, came: float) -> None:
        nonlocal opened
        asked, answer = perf_counter(), None
        storm.late.append(asked - begin - came)
        while answer is None:
            used = bool(idle)
            if not used and opened >= MOST_OPEN:
                storm.wrong.append(f"more than {MOST_OPEN} connections")
                return
            opened += not used
            line = None
            try:
                line = idle.pop() if used else await wire(port)
                answer = await line.ask(request)
            except (Cut, OSError) as error:
                opened -= 1
                # One that nobody used for five seconds may be closed just then: whoever asks, asks again.
                if not used or line is None or line.began:
                    storm.wrong.append(repr(error))
                    return
        took = perf_counter() - asked
        came = asked - begin
        storm.statuses[answer.status] += 1
        if answer.status == 200:
            storm.served.append((came, took))
        elif answer.status in (429, 503) and b"\r\nretry-after:" in answer.head:
            storm.refused.append((came, took))
        else:
            storm.wrong.append(answer.head.decode())
        assert line is not None
        idle.append(line)

    for at in range(int(rate * seconds)):
        came = at / rate
        while (ahead := came - (perf_counter() - begin)) > 0:  # noqa: ASYNC110
            await asyncio.sleep(ahead)
        task = asyncio.create_task(one(requests[at % len(requests)], came))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        if at % 10 == 0:
            await asyncio.sleep(0)  # who is late lets answers come in as well
    storm.sending_s = perf_counter() - begin
    while under_way:
        await asyncio.wait(under_way)
    for line in idle:
        line.transport.close()
    return storm


async def _probe(port: int) -> Run:
    """What must always be answered, until cancelled."""
    line, times = await wire(port), list[float]()
    begin = perf_counter()
    try:
        for path in cycle(NEVER_REFUSED):
            asked = perf_counter()
            answer = await line.ask(get(path))
            assert answer.status == 200, (path, answer)
            times.append(perf_counter() - asked)
            await asyncio.sleep(PROBE_S)
    except asyncio.CancelledError:
        line.transport.close()
    return Run(perf_counter() - begin, Counter({200: len(times)}), sorted(times))


async def _greedy(on: Ground, web: Web, requests: Sequence[bytes], able: float) -> list[Entry]:
    """One session asks much at once; what that is to the others, who ask a quarter of what it can."""
    answers, over = Counter[int](), False
    token = on.people[0]
    asked = rankings(on, [token])

    async def wants(line: Wire, at: int) -> None:
        while not over:
            answer = await line.ask(asked[at % len(asked)])
            answers[answer.status] += 1
            if answer.status != 200:
                await asyncio.sleep(PAUSE_S)

    wanting = [asyncio.create_task(wants(await wire(web.port), at)) for at in range(GREEDY)]
    others = [request for request in requests if token.encode() not in request]
    storm = await arrivals(web.port, others, able / 4, CALM_S)
    over = True
    await asyncio.gather(*wanting)
    assert not storm.wrong and answers.keys() <= {200, 429, 503}, (storm.wrong[:5], answers)
    return [
        Entry("greedy_refused_share", answers[429] / answers.total(), "of 1"),
        most("greedy_others_p99_ms", storm.run(CALM_S).at(0.99), "ms", P99_MS),
        Entry("greedy_others_refused_share", len(storm.refused) / storm.statuses.total(), "of 1"),
    ]
