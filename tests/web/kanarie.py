"""Two children with a word of their own in every field, the processes that serve them, and every place to look for the
words. The first waits for a place; the second, whose words begin with `crisis`, is in crisis, held for and placed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import psutil
import redis.asyncio
from msgspec import Struct, field

from service.aanbod.voorzieningen import Groepssoort
from service.db import APP_ROLE, Connection, Pool, Rol, Wie, transaction
from service.inloggen import sessies
from tests import make
from tests.conftest import OTHER_REGIO, REGIO, ROOT, Cluster
from tests.search import stands
from tests.service.post import Mailserver, Receiver, mailserver, receiver
from tests.service.running import loket

PASSWORD = "ZqWachtwoordKanarie"
"""Of the database, as in production in a variable of the environment; the servers of the tests take any."""

OF_A_CHILD = (
    "kenmerk", "urgentieReden", "zorgvormReden", "eerderGeprobeerd", "meningJeugdige", "praktisch", "toestemming",
    "splitsreden",
)  # fmt: skip

WORDS = {
    name: f"Zq{name}Kanarie"
    for name in (
        *OF_A_CHILD, "locatie", "fout", "bestand", "route", "opschaling", "antwoord", "voorstel", "afwijking",
    )
}  # fmt: skip
"""Field → what stands in it. No other text has it."""

CODES = {"pc4": "8232", "schoolPc4": "1315", "netwerkPc4": "1401", "gebied": "1251"}
"""Postcodes, which are looked for as a whole number only."""

CRISIS_WORDS = {f"crisis {name}": f"Zq{name}Nood" for name in OF_A_CHILD}

CRISIS_CODES = dict(zip((f"crisis {name}" for name in CODES), ("9991", "9992", "9993", "9994"), strict=True))
"""Of nowhere: nobody else has them."""

NOWHERE = """
insert into postcodegebied (pc4, plaats, lat, lon, herkomst)
select pc4, 'Nergens', 52.25, 5.2, 'exact' from unnest($1::text[]) pc4
"""

ADRES = "1271 ZQ"
"""Of a secret locatie: for its own aanbieder only."""

LOKET_EN_VERWIJZER = {"loket", "verwijzer"}

SEES: dict[str, set[str]] = {
    **dict.fromkeys(WORDS, LOKET_EN_VERWIJZER),
    **dict.fromkeys(CODES, LOKET_EN_VERWIJZER),
    **dict.fromkeys(("nummer", "id"), LOKET_EN_VERWIJZER),
    "kenmerk": {"verwijzer"},
    "bestand": {"verwijzer"},
    "antwoord": {"loket", "aanbieder"},
    # What is written for the aanbieder; and why it is asked although a rule says no.
    "voorstel": {"loket", "verwijzer", "aanbieder"},
    "afwijking": {"loket"},
    "fout": set(),
    # Where the secret house is its own aanbieder knows; that there is one, all who look for places.
    "adres": {"aanbieder", "machine"},
    "locatie": {"loket", "crisisdienst", "aanbieder", "contractbeheer", "machine"},
}
"""Who may be shown what: the domain text says so ("Who sees why"), for a child that is not in crisis and not placed."""

SEES |= {f"crisis {name}": LOKET_EN_VERWIJZER for name in (*OF_A_CHILD, *CODES, "id", "nummer")}
SEES |= {
    f"crisis {name}": LOKET_EN_VERWIJZER | {"crisisdienst"}
    for name in ("id", "nummer", "urgentieReden", "zorgvormReden", "praktisch", "toestemming", "gebied")
}
SEES["crisis kenmerk"] = {"verwijzer"}

WHERE_PLACED = {
    f"crisis {name}"
    for name in (
        "id", "nummer", "kenmerk", "zorgvormReden", "eerderGeprobeerd", "meningJeugdige", "praktisch", "toestemming",
    )
}  # fmt: skip
"""What the aanbieder sees besides, from the moment that the second child is placed there."""


class Kanarie(Struct, kw_only=True, eq=False):
    """What the steps of a run share."""

    client: httpx.AsyncClient
    cookies: dict[str, dict[str, str]]
    """Who → the headers with which they are logged in; `niemand` has none."""
    people: dict[str, Wie]
    known: dict[str, str]
    """Names for in a path: {aanvraag}, {plan}, …"""
    words: dict[str, str]
    """Everything to look for, by name; `id` and `nummer` come when the aanvraag is there."""
    processes: list[psutil.Process]
    folder: Path
    """The processes keep temporary files here, and nowhere else."""
    knows: dict[str, set[str]] = field(default_factory=dict)
    """Who → what it may be shown besides, since something was proposed to it."""
    said: list[str] = field(default_factory=list)
    """What the processes and commands wrote."""
    watched: set[str] = field(default_factory=set)
    """Arguments and environments of processes, and statements of the database, that were seen meanwhile."""
    told: list[str] = field(default_factory=list)
    """Payloads of notifications."""
    mails: Mailserver
    """What was mailed, to whom."""
    hooks: Receiver
    """What other systems were told."""
    placed: bool = False
    """The second child, at the aanbieder."""
    leaks: list[str] = field(default_factory=list)
    """Who was shown what too much, and where."""

    def found_in(self, texts: Iterable[str]) -> set[str]:
        """Names of the words that stand in these."""
        whole = "\n".join(texts)
        return {name for name, word in self.words.items() if stands(word, whole)}

    def too_much(self, who: str, texts: Iterable[str]) -> set[str]:
        """What stands in these and `who` may not see."""
        also = WHERE_PLACED if self.placed and who == "aanbieder" else set()
        found = self.found_in(texts) - self.knows.get(who, set()) - also
        return {name for name in found if who not in SEES.get(name, set())}


def aanvraag(known: dict[str, str], **more: Any) -> dict[str, Any]:
    """As the verwijzer sends it: every field is filled."""
    return _aanvraag(known, WORDS, CODES) | {"samenplaatsingId": known.get("samenplaatsing")} | more


def crisis(known: dict[str, str]) -> dict[str, Any]:
    """As the crisisdienst sends it, with the words of the second child."""
    words, codes = [
        {name.removeprefix("crisis "): word for name, word in table.items()} for table in (CRISIS_WORDS, CRISIS_CODES)
    ]
    samen = {"samenplaatsingId": known["crisis_samenplaatsing"]}
    return _aanvraag(known, words, codes) | samen | {"urgentie": "crisis", "zorgvormen": ["gezinshuis", "crisis"]}


def _aanvraag(known: dict[str, str], words: dict[str, str], codes: dict[str, str]) -> dict[str, Any]:
    today = datetime.now(UTC).date()
    return {
        "organisatieId": known["organisatie"],
        "kenmerk": words["kenmerk"],
        "urgentie": "regulier",
        "urgentieReden": words["urgentieReden"],
        "leeftijdMaanden": 120,
        "leeftijdPeildatum": today.isoformat(),
        "geslacht": "meisje",
        "groepssoorten": [Groepssoort.GEMENGD],
        "pc4": codes["pc4"],
        "gemeenteCode": "0402",
        "huidigVerblijf": "thuis",
        "gewensteStart": today.isoformat(),
        "uiterlijkeDatum": (today + timedelta(days=30)).isoformat(),
        "verwachtVerblijf": 100,
        "perspectief": "onduidelijk",
        "zorgvormen": ["gezinshuis", "driemilieu"],
        "zorgvormReden": words["zorgvormReden"],
        "juridischKader": "ots",
        "kenmerken": ["zware_gedragsproblemen"],
        "onderwijs": "regulier",
        "schoolPc4": codes["schoolPc4"],
        "netwerkPc4": codes["netwerkPc4"],
        "eerderGeprobeerd": words["eerderGeprobeerd"],
        "meningJeugdige": words["meningJeugdige"],
        "praktisch": words["praktisch"],
        "toestemmingen": [
            {"persoon": "ouder_1", "status": "niet_vereist", "reden": words["toestemming"], "datum": today.isoformat()}
        ],
        "uitsluitingen": [{"soort": "gebied", "pc4": codes["gebied"], "straalKm": 1}],
    }


# ── Who is there ─────────────────────────────────────────────────────────────────────────────────


KOPPELING = "insert into koppeling (regio, aanbieder_id, naam, per_minuut) values ($1, $2, 'ECD', 100) returning id"


async def everybody(owner: Connection, pool: Pool) -> tuple[dict[str, Wie], dict[str, dict[str, str]], dict[str, str]]:
    """People of every rol, of two organisaties, two aanbieders and two regions, logged in; the system of an aanbieder;
    nobody. And what there is to choose from: an open house and a secret one."""
    await owner.execute(NOWHERE, list(CRISIS_CODES.values()))
    loket_ = Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, UUID(int=1))
    now = datetime.now(UTC)
    async with transaction(pool, loket_) as conn:
        own, other = (await make.aanbieder(conn)).id, (await make.aanbieder(conn)).id
        huis = await make.voorziening(conn, aanbieder_id=own)
        geheim = await make.locatie(
            conn, aanbieder_id=own, naam=WORDS["locatie"], zichtbaarheid="geheim", postcode=ADRES
        )
        pleeg = await make.voorziening(conn, locatie_id=geheim.id)
        plek = await make.plek(conn, voorziening_id=huis.id, now=now)
        await make.plek(conn, voorziening_id=pleeg.id, now=now)
        mine, theirs = await make.organisatie(conn), await make.organisatie(conn)
    known = {
        "organisatie": str(mine),
        "locatie": str(geheim.id),
        "plek": str(plek.id),
        "voorziening": str(pleeg.id),
        "aanbieder": str(own),
    }
    roles: dict[str, tuple[str, dict[str, Any]]] = {
        "loket": ("schakelfunctionaris", {}),
        "verwijzer": ("verwijzer", {"organisatie_id": mine}),
        "andere verwijzer": ("verwijzer", {"organisatie_id": theirs}),
        "aanbieder": ("aanbieder", {"aanbieder_id": own}),
        "andere aanbieder": ("aanbieder", {"aanbieder_id": other}),
        "crisisdienst": ("crisisdienst", {}),
        "contractbeheer": ("contractbeheer", {}),
        "beheerder": ("beheerder", {}),
        "andere regio": ("schakelfunctionaris", {"regio": OTHER_REGIO}),
    }
    people, cookies = {}, {"niemand": {}}
    span = {"now": now, "until": now + timedelta(hours=10), "idle": timedelta(minutes=30)}
    for name, (rol, rest) in roles.items():
        token, sessie = await sessies.begin(pool, gebruiker=await make.gebruiker(owner, rol=rol, **rest), **span)
        people[name], cookies[name] = sessie.wie, {"Cookie": f"__Host-loket={token}"}
    koppeling = await owner.fetchval(KOPPELING, REGIO, own)
    token, sessie = await sessies.begin(pool, koppeling=koppeling, **span)
    people["machine"], cookies["machine"] = sessie.wie, {"Authorization": f"Bearer {token}"}
    return people, cookies, known


FOLLOWS = """
with mensen as (update gebruiker set email = rol || '@test.example' where id = any ($1) returning id, regio),
keuzes as (
    insert into meldkeuze (gebruiker_id, regio, urgentie, wijze)
    select m.id, m.regio, u, 'direct' from mensen m, unnest(enum_range(null::urgentie)) u),
haken as (
    insert into haak (regio, aanbieder_id, organisatie_id, url)
    values ('gooi-en-vechtstreek', $2, null, $4), ('gooi-en-vechtstreek', null, $3, $4)
    returning id, regio)
insert into haak_geheim (haak_id, regio, geheim) select id, regio, 'whsec_WnFIYWFrR2VoZWltS2FuYXJpZQ==' from haken
"""


async def follow_all(owner: Connection, people: dict[str, Wie], known: dict[str, str], url: str) -> None:
    """Everybody is mailed at once, and the systems of the aanbieder and the verwijzer are told."""
    ids = [wie.gebruiker for wie in people.values() if wie.koppeling is None]
    await owner.execute(FOLLOWS, ids, UUID(known["aanbieder"]), UUID(known["organisatie"]), url)


UNDONE = "select exists (select from taak where status in ('wacht', 'bezig') and soort in ('melding', 'mail', 'haak'))"


async def all_told(owner: Connection) -> None:
    """Until the worker has told everybody everything."""
    async with asyncio.timeout(60):
        while await owner.fetchval(UNDONE):
            await owner.execute("select pg_sleep(0.05)")


def in_mails(box: Mailserver) -> list[str]:
    """Each letter as it came, and what a reader makes of it."""
    parts = [part.get_content() for mail in box.mails for part in mail.walk() if not part.is_multipart()]
    return [
        *(f"{to}\n{letter.decode()}" for to, letter in box.raw),
        *parts,
        *(str(mail["Subject"]) for mail in box.mails),
    ]


def in_hooks(there: Receiver) -> list[str]:
    return [f"{one.path}\n{one.headers}\n{one.body.decode()}" for one in there.requests]


def token_of(headers: dict[str, str]) -> str:
    """Of a cookie or a bearer token."""
    (header,) = headers.values()
    return re.split("[= ]", header, maxsplit=1)[1]


# ── The processes ────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def process(said: list[str], environ: dict[str, str], *command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A command that runs as long as the block; what it writes goes to `said`, line by line."""
    running = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )

    async def hear() -> None:
        assert running.stdout is not None
        async for line in running.stdout:
            said.append(line.decode())  # noqa: PERF401  each at once: others look meanwhile

    hearing = asyncio.create_task(hear())
    try:
        yield running
    finally:
        if running.returncode is None:
            running.terminate()
        await running.wait()
        await hearing


@asynccontextmanager
async def flying(
    cluster: Cluster, database: str, redis_url: str, owner: Connection, pool: Pool, folder: Path, *, spoilt: str = ""
) -> AsyncIterator[Kanarie]:
    """`loket serve` and `loket worker` as in production, with everybody logged in, and all that can be seen of them
    meanwhile written down. `spoilt`: Python that breaks something of the former first."""
    people, cookies, known = await everybody(owner, pool)
    async with mailserver() as mails, receiver() as hooks:
        await follow_all(owner, people, known, hooks.url)
        async with _flying(
            cluster, database, redis_url, folder, (people, cookies, known), mails, hooks, spoilt
        ) as kanarie:
            yield kanarie


@asynccontextmanager
async def _flying(
    cluster: Cluster,
    database: str,
    redis_url: str,
    folder: Path,
    everybody: tuple[dict[str, Wie], dict[str, dict[str, str]], dict[str, str]],
    mails: Mailserver,
    hooks: Receiver,
    spoilt: str,
) -> AsyncIterator[Kanarie]:
    people, cookies, known = everybody
    url = cluster.url(database, APP_ROLE).replace(f"{APP_ROLE}@", f"{APP_ROLE}:{PASSWORD}@")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOKET_")}
    environ = kept | {
        "LOKET_DATABASE_URL": url,
        "LOKET_REDIS_URL": redis_url,
        "LOKET_PORT": "0",
        "LOKET_LOG_ANKER": str(folder / "anker"),
        "TMPDIR": str(folder),
        "LOKET_SMTP_HOST": "127.0.0.1",
        "LOKET_SMTP_PORT": str(mails.port),
        "LOKET_SMTP_TLS": "geen",
        "LOKET_SMTP_VAN": "loket@loket.example",
        "LOKET_HAAK_INTERN": "ja",
        "LOKET_STROOM_S": "0",
    }
    said: list[str] = []
    serving = [sys.executable, "-c", SPOILT.format(spoilt)] if spoilt else loket("serve")
    async with process(said, environ, *serving) as serve, process(said, environ, *loket("worker")) as worker:
        address = await _address(said, serve)
        async with httpx.AsyncClient(base_url=address, timeout=60) as client:
            kanarie = Kanarie(
                client=client,
                cookies=cookies,
                people=people,
                known=known,
                words={**WORDS, **CODES, **CRISIS_WORDS, **CRISIS_CODES, "adres": ADRES, "wachtwoord": PASSWORD},
                processes=[psutil.Process(serve.pid), psutil.Process(worker.pid)],
                folder=folder,
                said=said,
                mails=mails,
                hooks=hooks,
            )
            kanarie.words |= {f"sessie van {who}": token_of(head) for who, head in cookies.items() if head}
            async with seen(kanarie, cluster, database):
                yield kanarie


SPOILT = "import runpy, sys\n{}\nsys.argv = ['loket', 'serve']\nrunpy.run_module('service.cli', run_name='__main__')"


async def _address(said: list[str], serve: asyncio.subprocess.Process) -> str:
    async with asyncio.timeout(60):
        while True:
            for line in said:
                if line.startswith("http://"):
                    return line.strip()
            assert serve.returncode is None, said
            await asyncio.sleep(0.01)


@asynccontextmanager
async def seen(kanarie: Kanarie, cluster: Cluster, database: str) -> AsyncIterator[None]:
    """Whatever shows while the block runs goes to `told` and `watched`."""
    async with _listening(kanarie, cluster.url(database, "loket_eigenaar")):
        watching = asyncio.create_task(_watch(kanarie, cluster.url("postgres", "postgres")))
        yield
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


@asynccontextmanager
async def _listening(kanarie: Kanarie, url: str) -> AsyncIterator[None]:
    """Every channel that the schema notifies on."""
    channels = set(re.findall(r"pg_notify\('(\w+)'", (ROOT / "schema.sql").read_text(encoding="utf-8")))
    conn = await asyncpg.connect(url)
    for channel in channels:
        await conn.add_listener(channel, lambda _c, _p, name, payload: kanarie.told.append(f"{name} {payload}"))
    yield
    await conn.fetchval("select 1")  # what was on its way has come
    await conn.close()


async def _watch(kanarie: Kanarie, url: str) -> None:
    """Looks again and again, as somebody with an account on the computer or a right to monitor could."""
    conn = await asyncpg.connect(url)
    try:
        while True:
            kanarie.watched |= set(seen_of(kanarie.processes))
            kanarie.watched |= {row[0] for row in await conn.fetch("select query from pg_stat_activity")}
            await asyncio.sleep(0.02)
    finally:
        await conn.close()


def below(process: psutil.Process) -> list[psutil.Process]:
    """What it started, and what that started. Asked of the kernel where that tells: psutil reads every process of the
    computer each time."""
    lists = list(Path(f"/proc/{process.pid}/task").glob("*/children"))
    if not lists:
        with contextlib.suppress(psutil.NoSuchProcess):
            return process.children(recursive=True)
    found = []
    for file in lists:
        with contextlib.suppress(OSError, psutil.NoSuchProcess):  # a thread or a process that is gone meanwhile
            for pid in file.read_text().split():
                child = psutil.Process(int(pid))
                found += [child, *below(child)]
    return found


def seen_of(processes: Iterable[psutil.Process]) -> Iterator[str]:
    """Arguments of each process and of those that it started; of the latter also the environment, which their
    parent gave them."""
    gone = contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied)
    for process in processes:
        own: list[str] = []
        with gone:
            own = process.cmdline()
            yield " ".join(own)
        for child in below(process):
            with gone:  # of one that ended and that nobody waited for nothing can be read: the others are looked at
                if (arguments := child.cmdline()) != own:  # else it is still a copy of its parent, about to begin
                    yield " ".join([*arguments, *(f"{name}={value}" for name, value in child.environ().items())])


async def command(kanarie: Kanarie, *arguments: str) -> str:
    """What a command of the loket writes, run as the service itself is."""
    environ = kanarie.processes[0].environ()
    done = await asyncio.create_subprocess_exec(
        *loket(*arguments), cwd=ROOT, env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await done.communicate()
    return out.decode()


# ── Where to look afterwards ─────────────────────────────────────────────────────────────────────


async def in_valkey(client: redis.asyncio.Redis) -> list[str]:
    """Every key, and every value of every kind."""
    texts: list[str] = []
    async for key in client.scan_iter():
        kind = (await client.type(key)).decode()
        read = {
            "string": client.get,
            "list": lambda key: client.lrange(key, 0, -1),
            "set": client.smembers,
            "zset": lambda key: client.zrange(key, 0, -1, withscores=True),
            "hash": client.hgetall,
            "stream": client.xrange,
        }[kind]
        texts += [str(key), str(await read(key))]
    return texts


def in_files(folder: Path) -> list[str]:
    """Names and contents."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [f"{path.name}\n{path.read_bytes().decode('latin-1')}" for path in files]


PUBLIC = {"postcodegebied", "gemeente", "productcategorie"}
"""Tables of postcodes and the like, that everybody knows."""


@asynccontextmanager
async def restored(cluster: Cluster, superuser: Connection, database: str) -> AsyncIterator[str]:
    """A new database from a dump of this one."""
    name = f"{database}_terug"
    source, dump = cluster.url(database, "postgres"), cluster.programs / "pg_dump"
    made = await asyncio.to_thread(subprocess.run, [dump, source], capture_output=True, check=True)
    await superuser.execute(f"create database {name} owner loket_eigenaar")
    await superuser.execute("create role kanarie_ander login")
    psql = [cluster.programs / "psql", "-qX", "-v", "ON_ERROR_STOP=1", cluster.url(name, "postgres")]
    try:
        await asyncio.to_thread(subprocess.run, psql, input=made.stdout, capture_output=True, check=True)
        yield name
    finally:
        await superuser.execute(f"drop database {name} with (force)")
        await superuser.execute("drop role kanarie_ander")
