"""What goes on at a loket besides: people of all rollen who look, children who go all the way, and several people who
want the same plek. Each as many as one asks for; each until it is over."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple, cast
from uuid import UUID, uuid4

import asyncpg

from service.db import AWAY, Connection, Pool, Rol, Wie, transaction
from service.demo.gebruikers import one_per_role
from tests import make
from tests.load.client import Answer, Front, Tally
from tests.load.pair import Lasting, Pair
from tests.service.races import log_in
from tests.service.voorstelling import papers
from tests.soak.flow import OF_TIME, People, Step, life
from tests.web.play import REGIO

THINK_S = 0.1
"""Between two looks of one person: more than the computer can do is the subject of overload.py."""

LOOKED_AFTER = 10
"""Of so many lists one is compared with the database."""

# ── Who looks ────────────────────────────────────────────────────────────────────────────────────

RANKING = "rangschikking"

LOOKS = {
    Rol.SCHAKELFUNCTIONARIS: (
        "/", "/v1/plekken?aantal=20", "/v1/aanvragen?aantal=20", "/v1/voorstellen?aantal=20", RANKING, RANKING,
    ),
    Rol.CRISISDIENST: ("/crisis", "/v1/crisisplekken", "/v1/aanvragen?aantal=20", RANKING),
    Rol.AANBIEDER: ("/plekken", "/v1/plekken?aantal=20", "/v1/voorstellen?aantal=20", "/v1/plaatsingen?aantal=20"),
    Rol.VERWIJZER: ("/mijn-aanvragen", "/v1/aanvragen?aantal=20", "/v1/voorstellen?aantal=20"),
    Rol.CONTRACTBEHEER: ("/cijfers", "/v1/plekken?aantal=20", "/v1/cijfers/aanbod", "/v1/cijfers/wachttijden"),
    Rol.BEHEERDER: ("/beheer/gebruikers", "/v1/gebruikers?aantal=20"),
}  # fmt: skip
"""The first screen of each rol, and what it reads over the API."""


class Visitor(NamedTuple):
    wie: Wie
    headers: dict[str, str]
    kinderen: list[UUID]
    """Who look for a place, as far as it may rank for them."""


VISIBLE = """
select array(select id from aanvraag where regio = $1 and status in ('ingediend', 'in_behandeling')
    and (not $2 or urgentie = 'crisis') order by id limit 200)
"""

WHO = "select coalesce(organisatie_id, aanbieder_id) from gebruiker where id = $1"


async def visitors(pair: Pair, regios: Sequence[str]) -> list[Visitor]:
    """Somebody in every rol of each region."""
    found = []
    for regio in regios:
        for one in await one_per_role(pair.owner, regio):
            rol, org = Rol(one.rol), await pair.owner.fetchval(WHO, one.id)
            kinderen: list[UUID] = []
            if RANKING in LOOKS[rol]:
                kinderen = await pair.owner.fetchval(VISIBLE, regio, rol is Rol.CRISISDIENST)
            found.append(Visitor(Wie(regio, rol, one.id, org), await log_in(pair.pool, one.id), kinderen))
    return found


# What a list shows that it may not: an aanvraag of elsewhere, or of another organisatie.
ELSEWHERE = """
select id::text from aanvraag
where id = any ($1::uuid[]) and (regio <> $2 or ($3::uuid is not null and organisatie_id <> $3))
"""


async def look(
    several: Sequence[Visitor], front: Front, tally: Tally, owner: Any, r: Random, over: Callable[[], bool]
) -> None:
    """Asks for what they may see, one thing after another."""
    looked = 0
    while not over():
        one = r.choice(several)
        path = r.choice(LOOKS[one.wie.rol])
        if path == RANKING:
            if not one.kinderen:
                continue
            path = f"/v1/aanvragen/{r.choice(one.kinderen)}/rangschikking?aantal=20"
        answer = await front.ask("GET", path, headers=one.headers)
        looked += 1
        await asyncio.sleep(THINK_S * 2 * r.random())
        if answer.status_code != 200:
            tally.wrong.append(f"{one.wie.rol} {path}: {answer.status_code} {answer.text[:300]}")
        elif path.startswith("/v1/aanvragen?") and looked % LOOKED_AFTER == 0:
            shown = [row["id"] for row in answer.json()]
            of = one.wie.organisatie if one.wie.rol is Rol.VERWIJZER else None
            if elsewhere := await owner.fetch(ELSEWHERE, shown, one.wie.regio, of):
                tally.wrong.append(f"{one.wie} was shown {elsewhere}")


# ── A child that goes all the way ────────────────────────────────────────────────────────────────

LEFT = """
select soort::text from gebeurtenis where regio = $1 and nummer > $2 and soort <> all ($3::gebeurtenis_soort[])
order by nummer
"""

LAST = "select coalesce(max(nummer), 0) from gebeurtenis where regio = $1"

BY_TIME = sorted(one.removeprefix("gebeurtenis ") for one in OF_TIME)


class At:
    """Where the database is now, for tests/soak/flow.py."""

    def __init__(self, pair: Pair) -> None:
        self._pair, self.owner = pair, cast(Connection, Lasting(pair))

    @property
    def pool(self) -> Pool:
        return self._pair.pool


async def region(owner: Any, code: str) -> str:
    """A new one with the code lists of another."""
    await owner.execute(REGIO, code)
    return code


async def step_done(step: Step, p: People, front: Front) -> Answer:
    headers = p.headers[step.wie] | {"idempotency-key": step.key}
    return await front.ask("POST", f"/v1{step.path}", headers=headers, body=step.body)


async def live(at: At, p: People, front: Front, tally: Tally, over: Callable[[], bool], calm: asyncio.Lock) -> None:
    """Children one after another, in a region where nobody else does anything. Each step leaves exactly the
    gebeurtenissen that it leaves, however often it was sent."""
    while not over():
        try:
            await _one_life(at, p, front, tally, over)
        except (*AWAY, asyncpg.InterfaceError):
            # Between two steps it makes plekken, which does not go by the loket: then others live on.
            async with calm:
                continue


async def _one_life(at: At, p: People, front: Front, tally: Tally, over: Callable[[], bool]) -> None:
    async for step in life(at, p):
        before = await at.owner.fetchval(LAST, p.regio)
        answer = await step_done(step, p, front)
        left = tuple(row["soort"] for row in await at.owner.fetch(LEFT, p.regio, before, BY_TIME))
        if answer.status_code >= 300 or left != step.leaves:
            tally.wrong.append(f"{step}: {answer.status_code} {answer.text[:300]}, and left {left}")
            return
        if step.keep is not None:
            step.keep(answer.json())
        if over():
            return


# ── Who wants the same plek ──────────────────────────────────────────────────────────────────────

PLEKKEN, KINDEREN = 2, 12


class Race:
    """Several hold a plek for one child, and let it go. `won`: how often each plek was given."""

    def __init__(self, regio: str, people: list[dict[str, str]], plekken: list[UUID], kinderen: list[UUID]) -> None:
        self.regio, self.people, self.plekken, self.kinderen = regio, people, plekken, kinderen
        self.won: Counter[UUID] = Counter()
        self._holder: dict[UUID, str] = {}

    async def run(self, front: Front, tally: Tally, r: Random, over: Callable[[], bool]) -> None:
        van = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
        while not over():
            plek, kind, headers = r.choice(self.plekken), r.choice(self.kinderen), r.choice(self.people)
            body = {"plekken": [{"aanvraagId": str(kind), "plekId": str(plek)}], "van": van}
            answer = await front.ask("POST", "/v1/opties", headers=headers | _key(), body=body)
            if answer.status_code == 409:
                continue
            if answer.status_code != 201:
                tally.wrong.append(f"optie: {answer.status_code} {answer.text[:300]}")
                continue
            [optie] = answer.json()
            if plek in self._holder:
                tally.wrong.append(f"plek {plek} was promised by {self._holder[plek]} and by {optie['id']} at once")
            self._holder[plek] = optie["id"]
            self.won[plek] += 1
            seen = await front.ask("GET", f"/v1/opties/{optie['id']}", headers=headers)
            # Before it is asked: from the moment that it is let go somebody else may have it.
            del self._holder[plek]
            path, gone = f"/v1/opties/{optie['id']}/stappen", {"stap": "laat_los", "reden": "De volgende."}
            done = await front.ask("POST", path, headers=headers | _key(), body=gone)
            for answer in (seen, done):
                if answer.status_code != 200:
                    tally.wrong.append(f"optie {optie['id']}: {answer.status_code} {answer.text[:300]}")


def _key() -> dict[str, str]:
    return {"idempotency-key": str(uuid4())}


async def race(pair: Pair, regio: str) -> Race:
    people = [await log_in(pair.pool, await make.gebruiker(pair.owner, regio=regio)) for _ in range(4)]
    wie = Wie(regio, Rol.SCHAKELFUNCTIONARIS, await make.gebruiker(pair.owner, regio=regio))
    now = datetime.now(UTC)
    async with transaction(pair.pool, wie) as conn:
        plekken = [(await make.plek(conn, now=now)).id for _ in range(PLEKKEN)]
        org = await make.organisatie(conn)
        kinderen = [
            (
                await make.aanvraag(
                    conn, organisatie_id=org, urgentie="crisis", gewenste_start=now.date(), now=now,
                    uiterlijke_datum=now.date() + timedelta(days=60), **papers(),
                )
            ).id
            for _ in range(KINDEREN)
        ]  # fmt: skip
    return Race(regio, people, plekken, kinderen)
