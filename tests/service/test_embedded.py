"""The embedded servers: whose data folder it is, who starts them, who uses them."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import redis

from service.embedded import folder as folders
from service.embedded.process import account_for, strays
from service.embedded.servers import SUPERUSER, Endpoints, owned, using
from service.errors import Refusal
from service.settings import Settings
from tests.conftest import ROOT, open_folder


@pytest.fixture
def data(data_folder: Path) -> Path:
    return data_folder


@pytest.fixture(scope="module")
def used() -> Iterator[Path]:
    """A data folder in which the servers ran before, to copy from: making one takes half a second each time."""
    parent = open_folder()
    with owned(Settings(data=parent / "gegevens"), "test") as servers:
        servers.start()
    yield parent / "gegevens"
    shutil.rmtree(parent)


@pytest.fixture
def made(used: Path, data: Path) -> Path:
    """A data folder of before."""
    subprocess.run(["cp", "-a", used, data], check=True)
    return data


def sql(endpoints: Endpoints, statement: str) -> object:
    async def run() -> object:
        conn = await asyncpg.connect(endpoints.database_url(SUPERUSER, "postgres"))
        try:
            return await conn.fetchval(statement)
        finally:
            await conn.close()

    return asyncio.run(run())


def test_both_servers_keep_what_they_were_given(data: Path) -> None:
    """A second start has it; a fresh one has not."""
    with owned(Settings(data=data), "test") as servers:
        endpoints = servers.start()
        sql(endpoints, "create table bewaard as select 7 as getal")
        with redis.Redis.from_url(endpoints.redis_url) as client:
            client.set("bewaard", "7")
    with owned(Settings(data=data), "test") as servers:
        endpoints = servers.start()
        assert sql(endpoints, "select getal from bewaard") == 7
        with redis.Redis.from_url(endpoints.redis_url) as client:
            assert client.get("bewaard") == b"7"
    # The heads of a log that is gone would contradict the new one.
    folders.anker_beside(data).write_text("kop van het oude log\n")
    with owned(Settings(data=data), "test") as servers:
        endpoints = servers.start(fresh=True)
        assert sql(endpoints, "select to_regclass('bewaard')") is None
        with redis.Redis.from_url(endpoints.redis_url) as client:
            assert client.get("bewaard") is None
    assert not folders.anker_beside(data).exists()
    assert strays(data) == []


def test_the_servers_listen_on_sockets_that_only_their_user_can_reach(made: Path) -> None:
    """No port, no other user of this computer."""
    with owned(Settings(data=made), "test") as servers:
        endpoints = servers.start()
        assert sql(endpoints, "show listen_addresses") == ""
        assert stat.S_IMODE(endpoints.sockets.stat().st_mode) == 0o700
        with redis.Redis.from_url(endpoints.redis_url) as client:
            assert client.config_get("port") == {"port": "0"}


def test_a_pid_file_of_before_never_costs_a_stranger_its_life(made: Path) -> None:
    """After a power cut the number in postmaster.pid may be anybody's; the start goes on and leaves it alone."""
    with owned(Settings(data=made), "test") as servers:
        servers.start()
        pid_file = (made / "postgres" / "postmaster.pid").read_text().split("\n")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        (made / "postgres" / "postmaster.pid").write_text("\n".join([str(stranger.pid), *pid_file[1:]]))
        with owned(Settings(data=made), "test") as servers:
            assert sql(servers.start(), "select 1") == 1
        assert stranger.poll() is None
        stranger.kill()


def test_what_a_killed_owner_and_a_killed_guard_left_is_ended_by_the_next_start(made: Path) -> None:
    """Nobody could tell the servers; the next owner finds them by the folder they work in."""
    script = (
        "import sys, time; from pathlib import Path\n"
        "from service.embedded.servers import owned; from service.settings import Settings\n"
        "with owned(Settings(data=Path(sys.argv[1])), 'test') as servers:\n"
        "    servers.start(); print(servers._guard.pid, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, made], cwd=ROOT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        guard = int(owner.stdout.readline())
        os.kill(guard, signal.SIGSTOP)
        owner.kill()
        os.kill(guard, signal.SIGKILL)
    left = strays(made)
    assert left
    with owned(Settings(data=made), "test") as servers:
        assert sql(servers.start(), "select 1") == 1
        assert not set(left) & set(strays(made))


def test_who_is_done_first_waits_for_the_others_before_it_stops_the_servers(made: Path) -> None:
    """Two commands at once: the first one started the servers, the second one still needs them."""
    said: list[str] = []
    second_may_end, first_waits = threading.Event(), threading.Event()

    def tell(line: str) -> None:
        said.append(line)
        first_waits.set()

    def first() -> None:
        with using(Settings(data=made), "eerste", lambda _: None, tell):
            started.set()
            second_connected.wait(30)
        stopped.set()

    started, second_connected, stopped = threading.Event(), threading.Event(), threading.Event()
    thread = threading.Thread(target=first)
    thread.start()
    assert started.wait(30)
    with using(Settings(data=made), "tweede", lambda _: None, tell) as (endpoints, _):
        second_connected.set()
        assert first_waits.wait(30)
        assert sql(endpoints, "select 1") == 1
        assert not stopped.is_set()
        second_may_end.set()
    thread.join(30)
    assert stopped.is_set()
    assert len(said) == 1
    assert strays(made) == []


def test_a_folder_with_other_things_in_it_is_refused_and_left_alone(data: Path) -> None:
    """LOKET_DATA=~ must never be an accident."""
    data.mkdir()
    (data / "vakantie.jpg").write_bytes(b"foto")
    with pytest.raises(Refusal, match="niet leeg en niet door het loket gemaakt"), owned(Settings(data=data), "test"):
        pass
    assert [path.name for path in data.iterdir()] == ["vakantie.jpg"]


def test_a_file_instead_of_a_folder_is_refused(data: Path) -> None:
    data.write_text("")
    with pytest.raises(Refusal, match="is een bestand"), owned(Settings(data=data), "test"):
        pass


@pytest.mark.parametrize(("missing", "mended"), [("PG_VERSION", "FRESH=1"), ("global/pg_control", "FRESH=1")])
def test_a_half_made_database_is_refused_with_how_to_mend_it(made: Path, missing: str, mended: str) -> None:
    """And not repaired by guessing: it may be all that is left of someone's work."""
    (made / "postgres" / missing).unlink()
    with owned(Settings(data=made), "test") as servers, pytest.raises(Refusal) as refusal:
        servers.start()
    assert f"postgres/{missing} ontbreekt" in refusal.value.detail
    assert mended in refusal.value.detail


def test_a_start_that_was_killed_halfway_leaves_nothing_that_counts(data: Path) -> None:
    """initdb works in a folder of another name until it is done."""
    folders.prepare(data)
    (data / "postgres.nieuw-x").mkdir()
    (data / "postgres.nieuw-x" / "PG_VERSION").write_text("18\n")
    with owned(Settings(data=data), "test") as servers:
        assert sql(servers.start(), "select 1") == 1
    assert not (data / "postgres.nieuw-x").exists()


def test_data_of_another_postgresql_are_refused(made: Path) -> None:
    (made / "postgres" / "PG_VERSION").write_text("15\n")
    with owned(Settings(data=made), "test") as servers, pytest.raises(Refusal, match="van PostgreSQL 15 en"):
        servers.start()


def test_a_path_too_long_for_a_socket_gets_a_short_socket_folder(data: Path) -> None:
    """A socket's path has at most 107 bytes."""
    deep = data / ("een_lange_naam_" * 6)
    deep.parent.mkdir()
    with owned(Settings(data=deep), "test") as servers:
        endpoints = servers.start()
        assert len(os.fsencode(endpoints.sockets)) < 60
        assert sql(endpoints, "select 1") == 1
    shutil.rmtree(endpoints.sockets)


def test_a_short_socket_folder_of_someone_else_is_refused(data: Path) -> None:
    """In /tmp anybody can make a folder or a link of that name first."""
    deep = data / ("een_lange_naam_" * 6)
    deep.parent.mkdir()
    folders.prepare(deep)
    account = account_for(deep / "postgres")
    short = folders.socket_folder(deep, account)
    short.rmdir()
    short.symlink_to("/tmp")  # nosec B108
    try:
        with pytest.raises(Refusal, match="van iemand anders"):
            folders.socket_folder(deep, account)
    finally:
        short.unlink()


def test_without_the_right_to_write_one_sentence_says_so(data: Path) -> None:
    """As an ordinary user; root, who may write anywhere, lays its rights down first."""
    data.mkdir(mode=0o555)
    script = (
        "import os, sys; from pathlib import Path\n"
        "from service.embedded import folder; from service.errors import Refusal\n"
        "if os.geteuid() == 0:\n"
        "    os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try:\n"
        "    folder.prepare(Path(sys.argv[1]))\n"
        "except Refusal as refusal:\n"
        "    print(refusal.detail)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, data], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == (
        f"U mag niet schrijven in de gegevensmap {data}. Geef met LOKET_DATA een map op waarin dat wel kan.\n"
    )


def test_a_folder_that_only_its_owner_may_enter(data: Path) -> None:
    """An ordinary user is that owner. As root PostgreSQL runs as somebody else, so root is told where to go."""
    data.mkdir(mode=0o700)
    inner = data / "binnen"
    if os.geteuid() == 0:
        with pytest.raises(Refusal, match="LOKET_DATA"), owned(Settings(data=inner), "test"):
            pass
    else:
        with owned(Settings(data=inner), "test") as servers:
            assert sql(servers.start(), "select 1") == 1


def test_the_log_is_for_its_owner_and_holds_no_row(data: Path) -> None:
    """What PostgreSQL would say of a row that it refuses, is about a child."""
    with owned(Settings(data=data), "test") as servers:
        endpoints = servers.start()
        sql(endpoints, "create table kind as select ''::text as verhaal")
        sql(endpoints, "alter table kind add constraint kort check (length(verhaal) < 5)")
        with pytest.raises(asyncpg.CheckViolationError):
            sql(endpoints, "insert into kind select 'ge' || 'heim'")

    log = (data / "log" / "postgres.log").read_text()
    assert "kort" in log
    assert "geheim" not in log
    assert (data / "log").stat().st_mode & 0o077 == 0
