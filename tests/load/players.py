"""The play of tests/web against processes that are restarted all the while, by the clock of the computer.

Each player has a region of its own, so the reference model (tests/model.py) knows all that is there, and compares it
after each request. What gets no answer is asked again with its Idempotency-Key: it must then have happened once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, cast
from uuid import UUID, uuid4

from service.db import Connection
from service.taken import TaakSoort
from tests import model
from tests.load.client import Answer, Front
from tests.load.pair import Lasting, Pair
from tests.service.races import log_in
from tests.web.asks import Ask
from tests.web.play import DONE, Env, Play, outcome

STEPS = 200
"""In one region, of which more is to be compared with each; then it begins in another."""

RULES = ("ask", "go_on", "go_on_again", "whatever")
"""Of those of the play: all but what makes the clock jump, and who comes last of two (a PATCH has no key, so who got no
answer does not know whether it came last)."""

APART = 1000
"""Regions that one player may have."""

# Or what the worker finds in the morning is not in the model. The worker may have seen the region before: what it does
# now is about nobody yet.
DONE_TODAY = """
insert into taak (regio, soort, sleutel, status, klaar_op)
values ($1, $2, (now() at time zone 'Europe/Amsterdam')::date::text, 'klaar', now())
on conflict on constraint taak_een_per_sleutel
do update set status = 'klaar', klaar_op = now() where taak.status = 'wacht'
"""

# By what was stored: when the web process looked at its clock.
MOMENT = """
select coalesce(
    (select max(op) from gebeurtenis where regio = any ($1) and op >= $2),
    (select max(bevestigd_op) from plek where id = any ($3::uuid[]) and bevestigd_op >= $2))
"""


@dataclass
class LiveEnv(Env):
    front: Front = field(kw_only=True)
    pair: Pair = field(kw_only=True)
    calm: asyncio.Lock = field(kw_only=True)
    """Held while something is away: a region is not made then, because that goes past the loket."""
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    sent: dict[str, list[tuple[str, Answer | None]]] = field(default_factory=dict)
    """How often what the play sent was sent, by the trace that the play gave it."""

    async def request(
        self, method: str, path: str, *, headers: dict[str, str], json: Any = None, data: Any = None
    ) -> Answer:
        """As an httpx.AsyncClient would, for tests/web/play.py."""
        assert data is None, "a form has no key"
        told = dict(headers)
        _, trace, *_ = told.pop("traceparent").split("-")
        answer = await self.front.ask(method, path, headers=told | self.cookies[told.pop("x-wie")], body=json)
        self.sent[trace] = self.front.tries
        return answer


class Live(Play):
    env: LiveEnv  # type: ignore[misc]

    async def _open(self) -> None:
        async with self.env.calm:
            self.env.pool = self.env.pair.pool
            await super()._open()
            await self.env.owner.executemany(DONE_TODAY, [(code, TaakSoort.DAGRONDE) for code in self.codes.values()])

    async def _person(self, rol: str, org: str | None, regio: str = model.HIER) -> model.Wie:
        wie = await super()._person(rol, org, regio)
        self.env.cookies[wie.id] = await log_in(self.env.pool, UUID(wie.id))
        return wie

    async def _send(self, ask: Ask) -> tuple[int, Any, str]:
        if ask.method == "POST":
            ask.headers.setdefault("idempotency-key", str(uuid4()))
        self.env.sent.clear()
        begun, said = datetime.now(UTC), outcome(ask)
        status, answer, given = await super()._send(ask)
        tries = self.env.sent[given]
        trace, _ = tries[-1]
        if status >= 400 and said == DONE and ask.method == "PATCH" and len(tries) > 1:
            # Done by who did not answer any more: what is stored must show it.
            status, answer, trace = 200, {}, tries[0][0]
        if status < 300:
            codes, plekken = list(self.codes.values()), self.world.plekken
            self._at(await self.env.owner.fetchval(MOMENT, codes, begun, plekken) or datetime.now(UTC))
        return status, answer, trace

    def _jump(self, by: timedelta) -> None:
        """It goes by itself."""
        self._at(datetime.now(UTC))

    def _at(self, moment: datetime) -> None:
        self.env.now = self.loket.now = moment


def play(env: LiveEnv, number: int, over: Callable[[], bool]) -> None:
    """In a thread, until it is over."""
    r = Random(number)
    while not over():
        machine = cast(Live, type("Played", (Live,), {"env": env})())
        machine.open(begin=datetime.now(UTC), number=r.getrandbits(32))
        for _ in range(STEPS):
            if over():
                return
            getattr(machine, r.choice(RULES))(number=r.getrandbits(32))


def player(number: int, pair: Pair, front: Front, calm: asyncio.Lock) -> LiveEnv:
    owner = cast(Connection, Lasting(pair))
    env = LiveEnv(asyncio.get_running_loop(), pair.pool, owner, front=front, pair=pair, calm=calm)
    env.worlds, env.client = number * APART, cast(Any, env)
    return env
