"""Nobody does more requests than they may; and whatever happens to Valkey, everybody may do some."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import redis.asyncio
from msgspec import Struct, structs

from service.db import Connection, Wie
from service.embedded import valkey
from service.embedded.binaries import installed, reachable
from service.embedded.process import Child, account_for
from service.settings import Settings
from service.web import limiet
from service.web.limiet import Limiet, Soort
from tests import make
from tests.conftest import open_folder, programs_in_reach
from tests.web.conftest import Serve
from tests.web.machines.machine import ask, bearer, registered
from tests.web.test_identity import Clock, listening


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer that is busy with other tests does not make Valkey late."""
    monkeypatch.setattr(limiet, "PATIENCE_S", 20.0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return structs.replace(settings, limit_person_min=30, limit_address_min=10)


def left(answer: httpx.Response) -> str:
    return answer.headers["RateLimit"]


async def statuses(
    client: httpx.AsyncClient, number: int, path: str = "/v1/zorgvormen", **request: object
) -> list[int]:
    return [(await client.get(path, **request)).status_code for _ in range(number)]  # type: ignore[arg-type]


# ── How many ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_machine_may_do_just_as_many_as_its_koppeling_says(
    serve: Serve, owner: Connection, clock: Clock
) -> None:
    """Five per minute: one less and equal go, one more does not; after twelve seconds there is room for one."""
    client = await serve(clock=clock)
    machine = await registered(owner, per_minuut=5)
    headers = await bearer(client, machine)

    answers = [await client.get("/v1/plekken", headers=headers) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"koppeling";q=5;w=60'}
    assert [left(answer) for answer in answers] == [f'"koppeling";r={r};t=12' for r in (4, 3, 2, 1, 0, 0)]
    last = answers[-1]
    assert last.headers["Retry-After"] == "12" and last.headers["Content-Type"] == "application/problem+json"
    assert last.json()["title"] == "Dit zijn te veel verzoeken" and "Wacht 12 seconden" in last.json()["detail"]
    clock.now += timedelta(seconds=11.999)
    early = await client.get("/v1/plekken", headers=headers)
    assert early.status_code == 429 and early.headers["Retry-After"] == "1" and "1 seconde " in early.text
    clock.now += timedelta(seconds=0.001)
    assert await statuses(client, 2, "/v1/plekken", headers=headers) == [200, 429]
    clock.now += timedelta(seconds=60)
    assert await statuses(client, 6, "/v1/plekken", headers=headers) == [200] * 5 + [429]


async def test_all_processes_count_together_and_each_machine_by_itself(
    serve: Serve, owner: Connection, clock: Clock
) -> None:
    first, second = await serve(clock=clock), await serve(clock=clock)
    machines = [await registered(owner, per_minuut=4) for _ in range(2)]

    # The processes of the tests have no file with keys to share a secret by.
    second._transport.app.state.services.limiet._secret = (  # type: ignore[attr-defined]
        first._transport.app.state.services.limiet._secret  # type: ignore[attr-defined]
    )
    headers, other = [await bearer(first, machine) for machine in machines]

    assert await statuses(first, 2, "/v1/plekken", headers=headers) == [200, 200]
    assert await statuses(second, 3, "/v1/plekken", headers=headers) == [200, 200, 429]
    assert await statuses(first, 1, "/v1/plekken", headers=headers) == [429]
    assert await statuses(first, 1, "/v1/plekken", headers=other) == [200]


async def test_processes_with_the_same_keys_have_the_same_secret(
    settings: Settings, tmp_path: Path, clock: Clock
) -> None:
    """Else each would count by itself for ever."""
    (tmp_path / "a").write_text("een")
    (tmp_path / "b").write_text("ander")
    found = []
    for name in ("a", "a", "b"):
        async with Limiet.opened(structs.replace(settings, oidc_keys=tmp_path / name)) as counter:
            found.append((await counter.count(Soort.ADRES, "10.0.0.1", 10, clock.now)).left)

    assert found == [9, 8, 9]


async def test_a_beheerder_changes_how_many_it_may_do(
    serve: Serve, owner: Connection, wie_als: Callable[..., Wie], clock: Clock
) -> None:
    """From the next request on."""
    client, beheer = await serve(clock=clock), await serve(wie_als("beheerder"), clock=clock)
    machine = await registered(owner, per_minuut=3)
    headers = await bearer(client, machine)
    before = await statuses(client, 4, "/v1/plekken", headers=headers)

    await beheer.patch(f"/v1/koppelingen/{machine.id}", json={"perMinuut": 1000}, headers={"If-Match": "*"})
    async with asyncio.timeout(20):
        while (
            '"koppeling";q=1000'
            not in (await client.get("/v1/zorgvormen", headers=headers)).headers["RateLimit-Policy"]
        ):
            pass
    clock.now += timedelta(minutes=1)

    assert before == [200, 200, 200, 429]
    assert await statuses(client, 10, "/v1/plekken", headers=headers) == [200] * 10


async def test_a_person_has_room_and_gets_a_page_that_says_so(serve: Serve, wie: Wie, clock: Clock) -> None:
    """Pages and the API count together."""
    client = await serve(wie, clock=clock)

    assert await statuses(client, 15) + await statuses(client, 15, "/") == [200] * 30
    page, api = await client.get("/"), await client.get("/v1/zorgvormen")
    assert (page.status_code, api.status_code) == (429, 429)
    assert page.headers["Retry-After"] == "2" and "Dit zijn te veel verzoeken" in page.text
    assert "Wacht 2 seconden" in page.text and left(page) == '"gebruiker";r=0;t=2'


async def test_what_is_public_is_not_counted(serve: Serve, clock: Clock) -> None:
    client = await serve(clock=clock)

    for path in ("/livez", "/v1/openapi.json"):
        answers = [await client.get(path) for _ in range(12)]
        assert all(answer.status_code == 200 and "RateLimit" not in answer.headers for answer in answers)


# ── By address ───────────────────────────────────────────────────────────────────────────────────


async def test_logging_in_is_counted_by_address_for_people_and_machines_together(
    serve: Serve, owner: Connection, clock: Clock
) -> None:
    """A 429 of the token endpoint is a problem, with when to come back."""
    client = await serve(clock=clock)
    machine = await registered(owner)

    people = await statuses(client, 5, "/inloggen")
    machines = [(await ask(client, machine.assertion())).status_code for _ in range(5)]
    refused = [
        await ask(client, machine.assertion()),
        await client.get("/inloggen"),
        await client.get("/inloggen/start"),
    ]

    assert (people, machines) == ([200] * 5, [200] * 5)
    assert [(answer.status_code, answer.headers["Retry-After"]) for answer in refused] == [(429, "6")] * 3
    assert refused[0].headers["Content-Type"] == "application/problem+json"
    assert await statuses(client, 1, "/livez") == [200]


UNKNOWN = [
    {"Authorization": "Bearer geraden"},
    {"Cookie": "__Host-loket=geraden"},
]
"""Tokens that are nobody's, as a machine and as a browser send them."""


@pytest.mark.parametrize("headers", UNKNOWN, ids=["bearer", "cookie"])
async def test_tokens_that_are_nobodys_are_counted_by_address(
    serve: Serve, clock: Clock, headers: dict[str, str]
) -> None:
    """Ten per minute here: 401 with how many are left, and then 429; after six seconds there is room for one."""
    client = await serve(clock=clock)

    answers = [await client.get("/v1/plekken", headers=headers) for _ in range(12)]

    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"onbekend";q=10;w=60'}
    assert [left(answer) for answer in answers[8:]] == [f'"onbekend";r={r};t=6' for r in (1, 0, 0, 0)]
    assert {answer.headers["Retry-After"] for answer in answers[10:]} == {"6"}
    assert answers[11].headers["Content-Type"] == "application/problem+json" and "10 per minuut" in answers[11].text
    clock.now += timedelta(seconds=5.5)
    assert (await client.get("/v1/plekken", headers=headers)).headers["Retry-After"] == "1"
    clock.now += timedelta(seconds=0.5)
    assert await statuses(client, 2, "/v1/plekken", headers=headers) == [401, 429]


async def test_who_showed_too_many_unknown_tokens_is_not_looked_up_any_more(
    serve: Serve, settings: Settings, clock: Clock, owner: Connection, redis_url: str
) -> None:
    """Not even a token that is somebody's: neither the database nor Valkey is asked, until there is room. Another
    address is not held up, nor who was inside already or comes without a token."""
    client = await serve(clock=clock, settings=structs.replace(settings, proxies="127.0.0.1"))
    await listening(client)
    here, there = forwarded("203.0.113.1"), forwarded("203.0.113.2")
    known, new = [await bearer(client, await registered(owner)) for _ in range(2)]
    assert await statuses(client, 1, headers={**known, **here}) == [200]
    assert await statuses(client, 11, headers={**UNKNOWN[0], **here}) == [401] * 10 + [429]

    async with redis.asyncio.from_url(redis_url) as peek, owner.transaction():
        await peek.config_resetstat()
        await owner.execute("lock table sessie in access exclusive mode")  # who would ask, waits
        assert await statuses(client, 3, headers={**UNKNOWN[0], **here}) == [429] * 3
        assert await statuses(client, 1, headers={**new, **here}) == [429]
        assert "cmdstat_evalsha" not in await peek.info("commandstats")

    assert await statuses(client, 1, headers={**new, **there}) == [200]
    assert await statuses(client, 1, headers={**UNKNOWN[0], **there}) == [401]
    assert await statuses(client, 1, headers={**known, **here}) == [200]
    assert await statuses(client, 1, headers=here) == [401]
    clock.now += timedelta(seconds=6)
    other = await bearer(client, await registered(owner))
    assert await statuses(client, 1, headers={**other, **here}) == [200]


async def test_a_session_that_is_over_is_a_token_of_nobody(serve: Serve, owner: Connection, clock: Clock) -> None:
    """And one that is used as what it is not: the token of a machine in a cookie."""
    client = await serve(clock=clock)
    headers = await bearer(client, await registered(owner))
    token = headers["Authorization"].removeprefix("Bearer ")

    wrong_way = await client.get("/v1/plekken", headers={"Cookie": f"__Host-loket={token}"})
    clock.now += timedelta(minutes=16)
    over = await client.get("/v1/plekken", headers=headers)

    assert [(answer.status_code, left(answer)) for answer in (wrong_way, over)] == [
        (401, '"onbekend";r=9;t=6'),
        (401, '"onbekend";r=9;t=6'),
    ]


def test_a_process_forgets_whom_it_refused_when_there_are_too_many(
    counter: Limiet, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has a whole network cannot fill its memory; also back in time nobody is refused for ever."""
    monkeypatch.setattr(limiet, "MOST", 3)
    stand = limiet.Stand(Soort.ONBEKEND, 10, False, 0, 6)
    for n in range(4):
        counter.mark_full(str(n), stand, clock.now)

    assert [counter.full(str(n), clock.now) is not None for n in range(4)] == [False, False, False, True]
    assert counter.full("3", clock.now - timedelta(seconds=1)) is None
    assert counter._full == {}


def forwarded(*addresses: str) -> dict[str, str]:
    return {"X-Forwarded-For": ", ".join(addresses), "Forwarded": f"for={addresses[0]}", "X-Real-IP": addresses[0]}


async def test_an_address_counts_as_a_trusted_proxy_says_and_no_header_says_otherwise(
    serve: Serve, settings: Settings, clock: Clock
) -> None:
    """The tests ask from 127.0.0.1. An IPv6 connection has all addresses of its half."""
    alone = await serve(clock=clock)
    behind = await serve(clock=clock, settings=structs.replace(settings, proxies="127.0.0.0/8, 10.0.0.1"))
    spread = [(await alone.get("/inloggen", headers=forwarded(f"203.0.113.{n}"))).status_code for n in range(11)]
    asked: list[tuple[str, ...]] = [
        *([("203.0.113.1", "198.51.100.7")] * 5),
        *([("203.0.113.2", "198.51.100.7", "10.0.0.1")] * 5),
        ("198.51.100.8",),
        ("198.51.100.7",),
        *([("2001:db8:1:2::1",)] * 5),
        *([("2001:db8:1:2:ffff::9",)] * 5),
        ("2001:db8:1:3::1",),
        ("2001:db8:1:2::2",),
    ]
    found = [(await behind.get("/inloggen", headers=forwarded(*one))).status_code for one in asked]

    assert spread == [200] * 10 + [429], "a header of its own does not help"
    assert found == [200] * 10 + [200, 429] + [200] * 10 + [200, 429]


async def test_valkey_holds_nothing_of_anybody(
    serve: Serve, owner: Connection, redis_url: str, clock: Clock, settings: Settings
) -> None:
    """Names are hashes with a secret, so that not even all addresses can be tried; and they go by themselves."""
    client = await serve(clock=clock)
    machine = await registered(owner, per_minuut=50)
    headers = await bearer(client, machine)
    await statuses(client, 50, headers=headers)

    async with redis.asyncio.from_url(redis_url) as peek:
        keys = await peek.keys("*")
        kept = {key: (await peek.get(key), await peek.pttl(key)) for key in keys}

    assert len(keys) == 2
    for key, (value, expires) in kept.items():
        assert key.startswith(b"limiet:") and len(key) == len(b"limiet:") + 16
        assert 0 < expires <= 60_000 and float(value) > 0
    async with Limiet.opened(settings) as stranger:
        assert (await stranger.count(Soort.ADRES, "127.0.0.1", 10, clock.now)).left == 9


async def test_one_request_is_one_question_to_valkey(serve: Serve, wie: Wie, redis_url: str, clock: Clock) -> None:
    client = await serve(wie, clock=clock)
    await statuses(client, 1)
    async with redis.asyncio.from_url(redis_url) as peek:
        await peek.config_resetstat()
        await statuses(client, 20)
        asked = await peek.info("commandstats")

    # What a script does by itself is counted too.
    assert asked["cmdstat_evalsha"]["calls"] == asked["cmdstat_get"]["calls"] == asked["cmdstat_set"]["calls"] == 20
    assert asked.keys() - {"cmdstat_evalsha", "cmdstat_get", "cmdstat_set"} <= {
        "cmdstat_config|resetstat", "cmdstat_info", "cmdstat_client|setinfo", "cmdstat_hello",
    }  # fmt: skip


async def test_a_person_with_much_room_is_counted_by_portions_and_may_do_no_less_and_no_more(redis_url: str) -> None:
    """Two processes, a fiftieth of the quota at a time: all of it may be done and nothing more. What one holds of its
    portion the other cannot use, until it has come back in a minute."""
    now, secret = make.NOW, b"s" * 32
    async with redis.asyncio.from_url(redis_url) as valkey_client:
        one, two = Limiet(valkey_client, secret), Limiet(valkey_client, secret)

        async def allowed(process: Limiet, times: int, soort: Soort = Soort.GEBRUIKER) -> int:
            return sum([(await process.count(soort, "sam", 500, now)).allowed for _ in range(times)])

        await allowed(one, 1)
        await valkey_client.config_resetstat()
        assert (await allowed(one, 49), await allowed(two, 5)) == (49, 5)
        asked = await valkey_client.info("commandstats")
        assert asked["cmdstat_evalsha"]["calls"] == 5
        assert (await one.count(Soort.GEBRUIKER, "sam", 500, now)).left == 500 - 51 - 10

        assert await allowed(one, 500) == 500 - 51 - 10
        assert await allowed(two, 10) == 5
        now += timedelta(seconds=60)
        assert await allowed(two, 1000) == 500

        # Of a machine and of an address each request is asked.
        await valkey_client.config_resetstat()
        assert await allowed(one, 20, Soort.KOPPELING) == 20
        assert (await valkey_client.info("commandstats"))["cmdstat_evalsha"]["calls"] == 20


# ── The two counters ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def counter(settings: Settings) -> AsyncIterator[Limiet]:
    async with Limiet.opened(settings) as counter:
        yield counter


async def test_valkey_and_a_process_alone_count_the_same(counter: Limiet) -> None:
    """Seeded bursts and pauses, also back in time, for quotas small and large."""
    chance = random.Random(4)
    for quota in (1, 7, 60, 299, 99_999):
        moment, pace, key = make.NOW.timestamp() * 1000, limiet.WINDOW_MS / quota, f"{quota}".encode()
        for _ in range(150):
            if chance.random() < 0.4:
                moment += chance.choice((pace, pace / 2, 30_000, 70_000, -500))
            shared = await counter._shared(key, moment, pace)
            alone = counter._by_itself(key, moment, pace)
            assert shared is not None and shared[0] == alone[0], quota
            assert abs(shared[1] - alone[1]) < 0.01


async def test_no_minute_has_more_than_twice_the_quota(counter: Limiet, clock: Clock) -> None:
    """A full bucket and what leaks away meanwhile; over longer the quota."""
    passed = []
    for _ in range(3000):
        clock.now += timedelta(seconds=0.1)
        if (await counter.count(Soort.ADRES, "x", 30, clock.now)).allowed:
            passed.append(clock.now)
    busiest = max(sum(first <= other < first + timedelta(minutes=1) for other in passed) for first in passed)

    assert len(passed) in (30 + 5 * 30 - 1, 30 + 5 * 30)
    assert busiest <= 60


async def test_a_clock_that_ran_ahead_holds_nobody_up_for_longer_than_a_window(
    counter: Limiet, valkey_client: redis.asyncio.Redis, clock: Clock
) -> None:
    """Others see a full bucket, no more; and Valkey, by its own clock, forgets it after a minute."""
    for _ in range(10):
        await counter.count(Soort.ADRES, "x", 10, clock.now + timedelta(hours=3))

    refused = await counter.count(Soort.ADRES, "x", 10, clock.now)
    (key,) = await valkey_client.keys("*")

    assert (refused.allowed, refused.wait_s) == (False, 6)
    assert 0 < await valkey_client.pttl(key) <= 60_000


def test_a_process_remembers_so_many_and_those_with_least_left_longest(
    counter: Limiet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiet, "MOST", 4)
    for name, times in ((b"a", 3), (b"b", 1), (b"c", 2), (b"d", 1)):
        for _ in range(times):
            counter._by_itself(name, 0.0, 1000.0)
    counter._by_itself(b"e", 0.0, 1000.0)
    full = set(counter._own)
    counter._own[b"f"] = counter._own[b"g"] = 1.0
    counter._by_itself(b"h", 2.0, 1000.0)

    assert full == {b"a", b"c", b"e"}
    assert set(counter._own) == {b"a", b"c", b"e", b"h"}, "whose time is over goes first"


# ── Valkey goes ──────────────────────────────────────────────────────────────────────────────────


class Own(Struct):
    """A Valkey of this test, that may be killed."""

    folder: Path
    program: Path
    child: Child | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.folder / valkey.SOCKET}"

    def start(self) -> None:
        account = account_for(self.folder)
        self.child = valkey.start(self.program, self.folder / "data", self.folder, self.folder / "log", account)

    def send(self, sign: signal.Signals) -> None:
        assert self.child is not None
        os.kill(self.child.process.pid, sign)
        if sign is signal.SIGKILL:
            self.child.process.wait()
            self.child = None


@pytest.fixture
def own() -> Iterator[Own]:
    folder = open_folder()
    binaries = installed() if programs_in_reach() else reachable(installed(), lambda _: False, folder)
    account = account_for(folder / "data")
    account.make_folder(folder / "data")
    account.give(folder)
    found = Own(folder, binaries.valkey)
    found.start()
    yield found
    if found.child is not None:
        found.send(signal.SIGKILL)
    shutil.rmtree(folder)


async def test_valkey_is_killed_in_the_middle_and_comes_back(
    serve: Serve, settings: Settings, wie: Wie, own: Own, clock: Clock, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """Not one request fails. Meanwhile each process counts by itself: the door is not open, and not shut."""
    monkeypatch.setattr(limiet, "RETRY_S", 0.0)
    client = await serve(wie, clock=clock, settings=structs.replace(settings, redis_url=own.url))
    before = await statuses(client, 20)

    own.send(signal.SIGKILL)
    away = await statuses(client, 31)
    own.start()
    clock.now += timedelta(minutes=1)
    back = await statuses(client, 31)
    async with redis.asyncio.from_url(own.url) as peek:
        counted_again = await peek.keys("limiet:*")

    assert before == [200] * 20
    assert away == [200] * 30 + [429]
    assert back == [200] * 30 + [429]
    assert len(counted_again) == 1
    assert "Valkey is away" in caplog.text


async def test_a_valkey_that_hangs_holds_nobody_up(
    serve: Serve, settings: Settings, wie: Wie, own: Own, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked once, and then left alone for a while."""
    monkeypatch.setattr(limiet, "PATIENCE_S", 0.05)
    monkeypatch.setattr(limiet, "RETRY_S", 600.0)
    client = await serve(wie, clock=clock, settings=structs.replace(settings, redis_url=own.url))
    asked: list[bool] = []
    counter = client._transport.app.state.services.limiet  # type: ignore[attr-defined]
    script = counter._script

    async def counted(**arguments: object) -> object:
        asked.append(True)
        return await script(**arguments)

    counter._script = counted
    own.send(signal.SIGSTOP)
    found = await statuses(client, 31)
    own.send(signal.SIGCONT)

    assert found == [200] * 30 + [429]
    assert len(asked) == 1


async def test_a_valkey_that_forgot_the_script_is_told_again(
    serve: Serve, wie: Wie, redis_url: str, clock: Clock
) -> None:
    """After a restart, or SCRIPT FLUSH; and the counters stay."""
    client = await serve(wie, clock=clock)
    await statuses(client, 10)
    async with redis.asyncio.from_url(redis_url) as peek:
        await peek.script_flush()

    assert left(await client.get("/v1/zorgvormen")).startswith('"gebruiker";r=19')


def test_every_operation_says_that_it_may_be_too_much() -> None:
    """In the document, with the headers."""
    from service.web import openapi
    from service.web.v1 import OPERATIONS

    for path, item in openapi.document(OPERATIONS)["paths"].items():
        for operation in item.values():
            if operation["security"]:
                assert {"Retry-After", "RateLimit"} <= operation["responses"]["429"]["headers"].keys(), path
            else:
                assert "429" not in operation["responses"]
