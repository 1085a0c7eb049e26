"""The demo region in a database, and `loket worker` as a real process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import uuid4

import asyncpg
import pytest

from service.days import today
from service.db import OWNER_ROLE, set_codecs
from service.demo import load
from service.geo.postcodes import load_postcodes
from tests.conftest import ROOT, Cluster

LEASE_S = 1.5


@pytest.fixture(scope="session")
async def demo_template(cluster: Cluster, superuser: asyncpg.Connection, template: str) -> str:
    """Database with the demo region as it is today, and nothing else."""
    await superuser.execute(f"create database tmpl_demo template {template} strategy file_copy owner {OWNER_ROLE}")
    conn = await asyncpg.connect(cluster.url("tmpl_demo", OWNER_ROLE))
    await set_codecs(conn)
    await conn.execute("truncate jeugdregio, postcodegebied cascade")
    await load_postcodes(conn)
    await load(conn, today=today(datetime.now(UTC)))
    await conn.close()
    return "tmpl_demo"


@pytest.fixture
async def region(cluster: Cluster, superuser: asyncpg.Connection, demo_template: str) -> AsyncIterator[str]:
    """Name of a database of this test alone, with the demo region."""
    name = f"t_{uuid4().hex}"
    await superuser.execute(f"create database {name} template {demo_template} strategy file_copy owner {OWNER_ROLE}")
    yield name
    await superuser.execute(f"drop database {name} with (force)")


@asynccontextmanager
async def held_up(conn: asyncpg.Connection) -> AsyncIterator[None]:
    """Whoever computes a plan waits for a table while the block runs, so that the plan is surely not done."""
    async with conn.transaction():
        await conn.execute("lock table kenmerkcode in access exclusive mode")
        yield


Start: TypeAlias = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def worker(cluster: Cluster, region: str) -> Iterator[Start]:
    """`worker()` starts a `loket worker` on the region; at the end all are asked to stop."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOKET_")}
    told = {
        "LOKET_DATABASE_URL": cluster.url(region, "loket_app"),
        "LOKET_REDIS_URL": cluster.redis_url,
        "LOKET_WORKER_LEASE_S": str(LEASE_S),
    }
    command = [sys.executable, "-m", "service.cli", "worker"]
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(command, cwd=ROOT, env=kept | told, start_new_session=True))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in started:
        process.wait(15)
