"""One PostgreSQL and one Valkey for the whole run, in a temporary folder; one database per test. `make test` runs in
several processes, each with its own two servers, so that no test meets another's.

`database` is an empty copy of schema.sql with two regions in it (see REGIONS); `owner` and `pool` are a connection
as the owner and a pool as the app role, as in production. Nothing here is a fake.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import asyncpg
import pytest
import redis.asyncio
from msgspec import Struct

from service.db import APP_ROLE, OWNER_ROLE, Connection, Pool, Rol, Wie
from service.embedded import postgres, valkey
from service.embedded.binaries import installed, reachable
from service.embedded.folder import may_enter
from service.embedded.guarded import Guard
from service.embedded.process import account_for
from service.migrations import ensure_roles
from tests.databases import Databases

ROOT = Path(__file__).resolve().parents[1]

REGIO = "gooi-en-vechtstreek"
OTHER_REGIO = "flevoland"

GEBRUIKER = UUID("00000000-0000-4000-8000-000000000001")

REGIONS = """
insert into jeugdregio (code, naam) values
    ('gooi-en-vechtstreek', 'Gooi en Vechtstreek'), ('flevoland', 'Flevoland');
insert into gemeente (code, naam, regio) values
    ('0376', 'Blaricum', 'gooi-en-vechtstreek'), ('0317', 'Eemnes', 'gooi-en-vechtstreek'),
    ('1942', 'Gooise Meren', 'gooi-en-vechtstreek'), ('0402', 'Hilversum', 'gooi-en-vechtstreek'),
    ('0406', 'Huizen', 'gooi-en-vechtstreek'), ('0417', 'Laren', 'gooi-en-vechtstreek'),
    ('1696', 'Wijdemeren', 'gooi-en-vechtstreek'), ('0034', 'Almere', 'flevoland'), ('0995', 'Lelystad', 'flevoland');
insert into postcodegebied (pc4, plaats, lat, lon, herkomst) values
    ('1211', 'Hilversum', 52.2261, 5.1742, 'exact'), ('1251', 'Laren', 52.2570, 5.2270, 'exact'),
    ('1261', 'Blaricum', 52.2720, 5.2430, 'exact'), ('1271', 'Huizen', 52.2960, 5.2420, 'exact'),
    ('1315', 'Almere', 52.3740, 5.2180, 'exact'), ('1401', 'Bussum', 52.2770, 5.1620, 'exact'),
    ('8232', 'Lelystad', 52.5080, 5.4750, 'exact');
insert into zorgvorm (regio, code, naam, huiselijkheid, gezinsvorm, rangschikbaar, gebruikelijk_verblijf, bron)
select regio.code, v.code, v.naam, v.huiselijkheid, v.gezinsvorm, v.rangschikbaar, v.verblijf, 'tests'
from jeugdregio as regio, (values
    ('pleegzorg-crisis', 'Pleegzorg, crisis', 1.0, true, true, 28),
    ('pleegzorg-hulpverlening', 'Pleegzorg, hulpverlening', 1.0, true, true, 180),
    ('pleegzorg-opvoeding', 'Pleegzorg, opvoeding', 1.0, true, true, null),
    ('pleegzorg-deeltijd', 'Pleegzorg, deeltijd', 1.0, true, true, null),
    ('gezinshuis', 'Gezinshuis', 0.9, true, true, null),
    ('gezinsgroep', 'Gezinsgroep', 0.7, false, true, 365),
    ('kleinschalig-verblijf', 'Kleinschalig verblijf', 0.6, false, true, 270),
    ('driemilieu', 'Driemilieu', 0.4, false, true, 365),
    ('crisis', 'Crisisopvang', 0.3, false, true, 28),
    ('kamertraining', 'Kamertraining', 0.5, false, true, 365),
    ('logeer', 'Logeeropvang', 0.6, false, true, null),
    ('tussenvoorziening', 'Tussenvoorziening', 0.4, false, true, 90),
    ('residentieel', 'Residentieel verblijf', 0.2, false, true, 270),
    ('lvb-verblijf', 'LVB-verblijf', 0.3, false, true, 365),
    ('ggz-verblijf', 'GGZ-verblijf', 0.2, false, true, 180),
    ('jeugdzorgplus', 'JeugdzorgPlus', 0.0, false, false, 180)
) as v (code, naam, huiselijkheid, gezinsvorm, rangschikbaar, verblijf);
insert into kenmerkcode (regio, lijst, code, naam)
select regio.code, v.lijst, v.code, v.naam
from jeugdregio as regio, (values
    ('ondersteuning', 'nachttoezicht', 'Toezicht in de nacht'),
    ('ondersteuning', 'traumabehandeling', 'Behandeling van trauma'),
    ('kenmerk', 'zware_gedragsproblemen', 'Zware gedragsproblemen'),
    ('kenmerk', 'brandstichting', 'Heeft brand gesticht'),
    ('medisch', 'diabeteszorg', 'Zorg bij diabetes'),
    ('onderwijs', 'regulier', 'Regulier onderwijs'),
    ('onderwijs', 'speciaal', 'Speciaal onderwijs')
) as v (lijst, code, naam);
insert into weging (regio, urgentie, criterium, gewicht, bron)
select regio.code, u, c, 1, 'tests'
from jeugdregio as regio, unnest(enum_range(null::urgentie)) as u, unnest(enum_range(null::criterium)) as c;
"""
"""What every test finds in its database: two regions with their code lists."""


class Cluster(Struct, frozen=True):
    """The running servers. `url(database, role)` is what asyncpg takes."""

    programs: Path
    sockets: Path
    redis_url: str

    def url(self, database: str, role: str) -> str:
        return f"postgresql://{role}@/{database}?host={quote(str(self.sockets), safe='')}"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Both servers, started by the same code as those of the demo; no fsync, because nothing here must survive.

    TEST_PG_BIN: programs of another PostgreSQL, for a second look (`make ci` takes version 15).
    """
    folder = open_folder()
    account = account_for(folder / "postgres")
    binaries = installed() if programs_in_reach() else reachable(installed(), lambda _: False, folder)
    programs = Path(os.environ.get("TEST_PG_BIN", binaries.postgres))
    sockets, kept = folder / "s", folder / "valkey"
    account.make_folder(sockets)
    account.make_folder(kept)
    postgres.create_cluster(programs, folder / "postgres", account)
    log = folder / "log"
    fast = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "200"}
    # Nothing is written but by a test.
    fast |= {"autovacuum": "off", "wal_level": "minimal", "max_wal_senders": "0"}
    # The guard ends them also when this run is killed.
    guard = Guard()
    servers = []
    try:
        servers.append(postgres.start(programs, folder / "postgres", sockets, log, account, options=fast))
        guard.watch(servers[0])
        servers.append(valkey.start(binaries.valkey, kept, sockets, log, account))
        guard.watch(servers[1])
        yield Cluster(programs, sockets, f"unix://{sockets}/{valkey.SOCKET}")
    finally:
        for server in servers:
            server.stop(patience_s=2)
            guard.forget(server)
        guard.close()
        shutil.rmtree(folder)


def programs_in_reach() -> bool:
    """As root the servers run as another user; in a clone that only root may enter they need a copy."""
    account = account_for(ROOT / ".loket")
    return not account.drop or may_enter(account, installed().postgres / "postgres")


def open_folder() -> Path:
    """A temporary folder that any user may enter, for the data of servers.

    In memory when there is some: making a database from the template takes 9 ms there and 50 on a disk. Not when
    programs are copied to it, because nothing may be run from there on many systems.
    """
    shared = Path("/dev/shm")
    roomy = os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > 2**30
    folder = Path(tempfile.mkdtemp(prefix="loket-test-", dir=shared if roomy and programs_in_reach() else None))
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
async def superuser(cluster: Cluster) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the maintenance database, to make and drop the databases of the tests."""
    conn = await asyncpg.connect(cluster.url("postgres", "postgres"))
    yield conn
    await conn.close()


@pytest.fixture(scope="session")
async def template(cluster: Cluster, superuser: asyncpg.Connection) -> str:
    """Database with schema.sql applied by the owner role, and REGIONS in it."""
    await ensure_roles(superuser)
    await superuser.execute(f"create database tmpl owner {OWNER_ROLE}")
    conn = await asyncpg.connect(cluster.url("tmpl", OWNER_ROLE))
    async with conn.transaction():
        await conn.execute((ROOT / "schema.sql").read_text(encoding="utf-8"))
        await conn.execute(REGIONS)
    await conn.close()
    return "tmpl"


@pytest.fixture(scope="session")
async def databases(cluster: Cluster, superuser: asyncpg.Connection, template: str) -> AsyncIterator[Databases]:
    made = Databases(superuser, cluster.url, template)
    yield made
    await made.drop()


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[str]:
    """Name of a database of this test alone, as the template is."""
    yield await databases.take()
    await databases.give_back()


@pytest.fixture
def database_url(cluster: Cluster, database: str) -> str:
    """For the app role."""
    return cluster.url(database, APP_ROLE)


@pytest.fixture
def owner_url(cluster: Cluster, database: str) -> str:
    return cluster.url(database, OWNER_ROLE)


@pytest.fixture
async def owner(databases: Databases, database: str) -> Connection:
    """A connection as the owner role, on which row-level security does not hold: to arrange and to look."""
    return await databases.owner()


@pytest.fixture
async def pool(databases: Databases, database: str) -> Pool:
    """As the service has it: the app role, through service.db."""
    return await databases.pool()


@pytest.fixture
def wie() -> Wie:
    """The schakelfunctionaris of Gooi en Vechtstreek."""
    return Wie(REGIO, Rol.SCHAKELFUNCTIONARIS, GEBRUIKER)


@pytest.fixture
def wie_als() -> Callable[..., Wie]:
    """`wie_als("aanbieder", organisatie=id, regio="flevoland")`: somebody else."""

    def als(rol: str, *, organisatie: UUID | None = None, regio: str = REGIO, gebruiker: UUID = GEBRUIKER) -> Wie:
        return Wie(regio, Rol(rol), gebruiker, organisatie)

    return als


@pytest.fixture(scope="session")
async def flusher(cluster: Cluster) -> AsyncIterator[redis.asyncio.Redis]:
    client = redis.asyncio.from_url(cluster.redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def redis_url(cluster: Cluster, flusher: redis.asyncio.Redis) -> str:
    """An empty Valkey."""
    await flusher.flushall()
    return cluster.redis_url


@pytest.fixture
async def valkey_client(redis_url: str) -> AsyncIterator[redis.asyncio.Redis]:
    client = redis.asyncio.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def data_folder() -> Iterator[Path]:
    """For embedded servers: does not exist yet, and lies in a folder that any user may enter (pytest's are closed)."""
    parent = open_folder()
    yield parent / "gegevens"
    shutil.rmtree(parent)
