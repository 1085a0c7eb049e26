"""`make demo`: ready with one line, and nothing left running however it ends."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from service.db import OWNER_ROLE
from service.embedded.servers import using
from service.settings import Settings
from tests.conftest import open_folder
from tests.service.running import Running, demo, environment, loket, refused

MAKE = ["make", "demo", "PORT=0"]


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """The data folder of one demo, filled by the first test that starts it."""
    parent = open_folder()
    yield parent / "gegevens"
    shutil.rmtree(parent)


async def write(running: Running, mark: str) -> None:
    """What a user changed."""
    url = f"postgresql://{OWNER_ROLE}@/loket?host={running.data / 's'}"
    conn = await asyncpg.connect(url)
    await conn.execute("update jeugdregio set naam = $1 where code = 'gooi-en-vechtstreek'", mark)
    await conn.close()


def kept(data: Path) -> str:
    """The same, by a start of the servers alone."""

    async def read(url: str) -> str:
        conn = await asyncpg.connect(url)
        naam: str = await conn.fetchval("select naam from jeugdregio where code = 'gooi-en-vechtstreek'")
        await conn.close()
        return naam

    with using(Settings(data=data), "test", lambda _: None, print) as (endpoints, _):
        return asyncio.run(read(endpoints.database_url(OWNER_ROLE)))


def shows_the_list(running: Running) -> bool:
    """To who logs in with the link of the schakelfunctionaris."""
    with httpx.Client(base_url=running.address) as client:
        client.get(running.links["schakelfunctionaris"])
        return "Open aanvragen</h1>" in client.get("/").text


def test_make_demo_says_when_it_is_ready_and_where(data: Path) -> None:
    """The address stands alone on its line, and answers; so do the links to log in above it."""
    with demo(data, MAKE) as running:
        assert running.address.startswith("http://127.0.0.1:")
        assert shows_the_list(running)


def test_the_processes_of_the_demo_know_no_more_than_they_need(data: Path) -> None:
    """The worker works as the service does: how one becomes owner of the data is not in its environment, and where it
    seals the log is. The servers get no setting of ours, and no address is an argument."""
    with demo(data) as running:
        worker = running.one("worker").environ()
        servers = [running.one(kind).environ() for kind in ("postgres", "valkey")]
        arguments = [part for process in running.tree for part in process.cmdline()]

    assert "LOKET_DATABASE_OWNER_URL" not in worker
    assert "loket_app@" in worker["LOKET_DATABASE_URL"] and worker["LOKET_LOG_ANKER"]
    assert [name for environ in servers for name in environ if name.startswith("LOKET_DATABASE")] == []
    assert [part for part in arguments if "postgresql://" in part or "/demo-inloggen/" in part] == []


@pytest.mark.ci
def test_make_demo_fresh_starts_over(data: Path) -> None:
    """What a user changed is gone; the region is there again."""
    with demo(data, MAKE) as running:
        asyncio.run(write(running, "gewijzigd"))
    with demo(data, [*MAKE, "FRESH=1"]):
        pass
    assert kept(data) == "Gooi en Vechtstreek"


@pytest.mark.ci
@pytest.mark.parametrize("kind", ["make", "program", "worker", "guard", "postgres", "postgres-child", "valkey"])
def test_killing_any_process_leaves_nothing_running_and_keeps_the_data(data: Path, kind: str) -> None:
    """kill -9 cannot be caught: five seconds later everything is gone, and the next start has what was written."""
    with demo(data, MAKE) as running:
        asyncio.run(write(running, f"voor {kind}"))
        running.one(kind).send_signal(signal.SIGKILL)
        assert running.gone_within(5)
    assert kept(data) == f"voor {kind}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.ci)])
def test_asked_to_stop_the_demo_leaves_nothing_running(data: Path, number: signal.Signals) -> None:
    """Ctrl-C and a closed terminal reach every process of the terminal; a stop of the system one."""
    with demo(data) as running:
        if number is signal.SIGTERM:
            running.process.send_signal(number)
        else:
            os.killpg(running.process.pid, number)
        assert running.gone_within(5)
        assert running.process.wait(5) == 0


def test_a_request_that_never_ends_does_not_hold_up_the_stop(data: Path) -> None:
    """A client that sends half a request and then nothing."""
    with demo(data) as running, socket.create_connection(("127.0.0.1", httpx.URL(running.address).port)) as half:
        half.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        running.process.send_signal(signal.SIGTERM)
        assert running.gone_within(5)


def test_a_second_demo_on_the_same_data_is_refused_and_the_first_goes_on(data: Path) -> None:
    with demo(data) as running:
        code, message = refused(loket("demo", "--port", "0"), data)
        assert (code, message.count("\n")) == (1, 1)
        assert f"De demo draait al op de gegevens in {data} (proces {running.process.pid})." in message
        assert shows_the_list(running)


def test_a_command_uses_the_servers_of_a_running_demo(data: Path) -> None:
    """And does not stop them when it is done."""
    with demo(data) as running:
        asyncio.run(write(running, "uit de demo"))
        done = subprocess.run(
            loket("psql", "--", "-Atc", "select naam from jeugdregio where code = 'gooi-en-vechtstreek'"),
            env=environment(data),
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == "uit de demo\n"
        assert shows_the_list(running)


def test_a_taken_port_is_told_before_anything_starts(data_folder: Path) -> None:
    """Nothing is made but the empty data folder."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, message = refused(loket("demo", "--port", str(port)), data_folder)
    assert (code, message) == (
        3,
        f"Poort {port} is al in gebruik door een ander programma. Kies een andere poort, zoals make demo PORT=8000.\n",
    )
    assert not (data_folder / "postgres").exists()
