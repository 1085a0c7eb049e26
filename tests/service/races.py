"""Many people who want one thing at once: the real program in several processes, on one database."""

from __future__ import annotations

import asyncio
import secrets
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from service.db import Connection, Pool, Rol, Wie, transaction
from service.inloggen import sessies
from service.plaatsing import voorstellen
from service.plaatsing.opties import Toewijzing
from service.plaatsing.voorstellen import NieuwVoorstel
from tests import make
from tests.conftest import REGIO, ROOT
from tests.service.running import READY_S, environment, loket
from tests.service.voorstelling import papers

CLIENTS = 200


@dataclass
class Web:
    """A `loket serve` that answers."""

    process: subprocess.Popen[str]
    address: str

    def kill(self) -> None:
        """As the system does when memory is out: at once, and it notices nothing."""
        self.process.send_signal(signal.SIGKILL)
        self.ended()

    def ended(self) -> None:
        self.process.wait(timeout=10)
        if self.process.stdout is not None:
            self.process.stdout.close()


def start_web(data: Path, database_url: str, redis_url: str, *, port: int = 0) -> Web:
    variables = {
        "LOKET_DATABASE_URL": database_url,
        "LOKET_REDIS_URL": redis_url,
        "LOKET_PORT": str(port),
        "LOKET_LIMIT_PERSON_MIN": "100000",
        "LOKET_LIMIT_ADDRESS_MIN": "100000",
        "LOKET_LIMIT_AT_ONCE": "1000",
        # Two hundred at once on a computer that has much else to do: that is not what is tested.
        "LOKET_REQUEST_LIMIT_S": "600",
    }
    process = subprocess.Popen(
        loket("serve"), cwd=ROOT, env=environment(data) | variables, stdout=subprocess.PIPE, text=True
    )
    watchdog = threading.Timer(READY_S, process.kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("http://"):
                return Web(process, line.strip().rstrip("/"))
    finally:
        watchdog.cancel()
    raise AssertionError("loket serve ended before it was ready")


@contextmanager
def webs(data: Path, database_url: str, redis_url: str, *, number: int = 2) -> Iterator[list[Web]]:
    started: list[Web] = []
    try:
        started.extend(start_web(data, database_url, redis_url) for _ in range(number))
        yield started
    finally:
        for web in started:
            web.kill()


async def log_in(pool: Pool, gebruiker: UUID) -> dict[str, str]:
    """Headers of somebody who is logged in for as long as a test takes."""
    now = datetime.now(UTC)
    token, _ = await sessies.begin(
        pool, gebruiker=gebruiker, now=now, until=now + timedelta(hours=2), idle=timedelta(hours=2)
    )
    return {"Cookie": f"__Host-loket={token}"}


@dataclass
class World:
    """Children who want the same plek, and who asks for them."""

    pool: Pool
    clients: httpx.AsyncClient
    addresses: list[str]
    people: list[dict[str, str]]
    """Headers of each who is logged in."""
    wie: Wie
    plekken: list[UUID]
    kinderen: list[UUID]
    """In crisis, with all papers."""
    kind: UUID
    """One more, for whom several aanbieders say yes."""

    async def all_at_once(self, requests: Sequence[tuple[str, dict[str, Any]]]) -> list[httpx.Response]:
        """Each by a client of its own, over the processes in turn."""

        async def one(at: int, path: str, body: dict[str, Any]) -> httpx.Response:
            return await self.clients.post(
                f"{self.addresses[at % len(self.addresses)]}/v1{path}",
                json=body,
                headers=self.people[at % len(self.people)],
            )

        return await asyncio.gather(*(one(at, path, body) for at, (path, body) in enumerate(requests)))

    async def step(self, path: str, **body: Any) -> Any:
        response = await self.clients.post(f"{self.addresses[0]}/v1{path}", json=body, headers=self.people[0])
        assert response.status_code < 300, response.text
        return response.json()


async def world(pool: Pool, owner: Connection, running: Sequence[Web], *, children: int = CLIENTS) -> World:
    gebruiker = await make.gebruiker(owner)
    wie, today = Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, gebruiker), datetime.now(UTC).date()
    async with transaction(pool, wie) as conn:
        # Three houses for the same children, each with one plek.
        plekken = [(await make.plek(conn, now=datetime.now(UTC))).id for _ in range(3)]
        org = await make.organisatie(conn)
        kinderen = [
            (
                await make.aanvraag(
                    conn, organisatie_id=org, urgentie="crisis", gewenste_start=today, now=datetime.now(UTC),
                    uiterlijke_datum=today + timedelta(days=60), **papers(),
                )
            ).id
            for _ in range(children + 1)
        ]  # fmt: skip
    # A connection each: uvicorn ends one that was idle, just when it is used again.
    limits = httpx.Limits(max_connections=CLIENTS, max_keepalive_connections=0)
    clients = httpx.AsyncClient(limits=limits, timeout=600)
    # So many that nobody asks too much.
    people = [await log_in(pool, await make.gebruiker(owner)) for _ in range(40)]
    return World(pool, clients, [web.address for web in running], people, wie, plekken, kinderen[1:], kinderen[0])


def judge(answers: Sequence[httpx.Response], won: int) -> httpx.Response:
    """Exactly one has it; all others hear clearly what they can do instead. The one that won."""
    counted = Counter(answer.status_code for answer in answers)
    assert counted == {won: 1, 409: len(answers) - 1}, (counted, {a.text for a in answers if a.status_code >= 500})
    for answer in answers:
        if answer.status_code == 409:
            detail = answer.json()["detail"]
            assert "Wat nu wel kan: " in detail or "Er kan nu niets" in detail, detail
    return next(answer for answer in answers if answer.status_code == won)


async def race_optie(w: World) -> None:
    """Everybody wants to hold the last plek for another child."""
    van = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
    answers = await w.all_at_once(
        [
            ("/opties", {"plekken": [{"aanvraagId": str(kind), "plekId": str(w.plekken[0])}], "van": van})
            for kind in w.kinderen
        ]
    )
    [optie] = judge(answers, 201).json()
    await w.step(f"/opties/{optie['id']}/stappen", stap="laat_los", reden="De volgende ronde.")


async def prepared(w: World, pairs: Sequence[tuple[UUID, UUID]]) -> list[UUID]:
    """Concepts, in one transaction."""
    van = datetime.now(UTC).date() + timedelta(days=1)
    made = []
    async with transaction(w.pool, w.wie) as conn:
        for kind, plek in pairs:
            nieuw = NieuwVoorstel(plekken=[Toewijzing(aanvraag_id=kind, plek_id=plek)], van=van)
            made += await voorstellen.bereid_voor(conn, nieuw, rol=w.wie.rol, now=datetime.now(UTC))
    return [one.id for one in made]


async def race_voorstel(w: World, concepts: list[UUID]) -> None:
    """Each has a voorstel ready for the same plek, and sends it. `concepts` stays as long as it was."""
    answers = await w.all_at_once([(f"/voorstellen/{id}/stappen", {"stap": "verzend"}) for id in concepts])
    [sent] = judge(answers, 200).json()
    await w.step(f"/voorstellen/{sent['id']}/stappen", stap="trek_in", reden="De volgende ronde.")
    concepts.remove(UUID(sent["id"]))
    concepts += await prepared(w, [(UUID(sent["aanvraagId"]), UUID(sent["plekId"]))])


async def race_definitief(w: World) -> None:
    """Three aanbieders said yes for one child, and everybody makes one of them definitive. Afterwards the child does
    not come, so that the plekken are free for the next."""
    concepts = await prepared(w, [(w.kind, plek) for plek in w.plekken])
    for id in concepts:
        await w.step(f"/voorstellen/{id}/stappen", stap="verzend")
        await w.step(f"/voorstellen/{id}/stappen", stap="akkoord")
    answers = await w.all_at_once(
        [(f"/voorstellen/{concepts[at % 3]}/stappen", {"stap": "maak_definitief"}) for at in range(CLIENTS)]
    )
    [made] = judge(answers, 200).json()
    async with transaction(w.pool, w.wie) as conn:
        after = {row.id: row.status for row in await voorstellen.several(conn, concepts, w.wie.rol)}
        rows = await conn.fetch(
            "select id, soort from bezetting where aanvraag_id = $1 and vrijgegeven_op is null", w.kind
        )
    assert sorted(after.values()) == ["definitief", "ingetrokken", "ingetrokken"]
    assert (after[UUID(made["id"])], [row["soort"] for row in rows]) == ("definitief", ["plaatsing"])
    await w.step(f"/plaatsingen/{rows[0]['id']}/stappen", stap="zeg_af", reden=f"Ronde {secrets.token_hex(2)}.")
