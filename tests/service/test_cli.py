"""`loket`: help that teaches, one sentence when something is wrong, exit codes that a script can use."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import msgspec
import pytest
from msgspec import Struct

from service.cli import main
from service.commands import psql
from service.db import OWNER_ROLE, check_app_role, open_pool
from service.errors import Refusal
from service.migrations import on_disk
from tests.conftest import Cluster
from tests.service.running import environment, loket


class Ended(Struct):
    """How a command ended."""

    code: int
    out: str
    err: str


Call = Callable[..., Ended]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], data_folder: Path) -> Iterator[Call]:
    """`call("demo", "--help", LOKET_PORT="1")`: the entry point in this process, for commands that start nothing."""
    signals = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}

    def run(*arguments: str, **variables: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["loket", *arguments])
        for name, value in ({"LOKET_DATA": str(data_folder)} | variables).items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Ended(int(ended.value.code or 0), captured.out, captured.err)

    yield run
    for number, handler in signals.items():
        signal.signal(number, handler)


def run(data: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The program as a user starts it."""
    return subprocess.run(
        loket(*arguments),
        env=environment(data) | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", ["demo", "serve", "worker", "plan", "migrate", "psql", "instellingen"])
def test_help_of_every_command_is_dutch_and_shows_examples(call: Call, data_folder: Path, command: str) -> None:
    """And starts nothing."""
    done = call(command, "--help")
    assert done.code == 0
    assert f"Gebruik: loket {command}" in done.out
    assert "Voorbeelden:" in done.out
    assert "Show this" not in done.out
    assert not data_folder.exists()


def test_help_names_the_exit_codes(call: Call) -> None:
    said = " ".join(call("--help").out.split())
    assert "Afsluitcodes: 0 gelukt; 1 geweigerd" in said and "4 alleen een voorbeeld getoond" in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["dmeo"], "De opdracht 'dmeo' bestaat niet.\nUitleg: loket --help\n"),
        (["plan", "26-00004"], "Dit is te veel: 26-00004.\nUitleg: loket plan --help\n"),
        (["demo", "--prot", "1"], "De optie --prot bestaat niet. Bedoelt u --port?\nUitleg: loket demo --help\n"),
        (["demo", "--port", "x"], "De waarde van --port kan niet: geef een heel getal.\nUitleg: loket demo --help\n"),
        (
            ["plan", "--seconden", "0"],
            "De waarde van --seconden kan niet: geef minstens 1.\nUitleg: loket plan --help\n",
        ),
        (
            ["rank", "--aantal", "201"],
            "De waarde van --aantal kan niet: geef hooguit 200.\nUitleg: loket rank --help\n",
        ),
        (
            ["demo", "--omvang", "stad"],
            "De waarde van --omvang kan niet: kies regio, provincie, land.\nUitleg: loket demo --help\n",
        ),
        (["log"], "Zeg ook welke opdracht u wilt.\nUitleg: loket log --help\n"),
        (["demo", "--port", "70000"], "LOKET_PORT is '70000', maar moet een heel getal van 0 tot en met 65535 zijn.\n"),
    ],
)
def test_wrong_usage_is_code_2_and_says_what_and_where_help_is(call: Call, arguments: list[str], sentence: str) -> None:
    done = call(*arguments)
    assert (done.code, done.err) == (2, sentence)


def test_a_wrong_setting_is_code_2_and_names_the_variable(call: Call) -> None:
    done = call("instellingen", LOKET_POORT="8001")
    assert (done.code, done.err) == (2, "LOKET_POORT bestaat niet. Bedoelt u LOKET_PORT?\n")


def test_a_database_that_is_not_there_is_code_3(call: Call) -> None:
    """One sentence, without the password of the address."""
    url = "postgresql://loket_app:geheim@127.0.0.1:1/loket"
    done = call("migrate", LOKET_DATABASE_URL=url, LOKET_REDIS_URL="redis://127.0.0.1:1/0")
    assert done.code == 3
    assert done.err.startswith("De database is niet bereikbaar")
    assert done.err.count("\n") == 1
    assert "geheim" not in done.err


async def test_with_addresses_of_existing_servers_none_is_started(
    data_folder: Path, cluster: Cluster, superuser: asyncpg.Connection
) -> None:
    """The same program on servers of somebody else: roles and schema are made there, and nothing here."""
    name = f"c_{uuid4().hex}"
    await superuser.execute(f"create database {name}")
    urls = {"LOKET_DATABASE_URL": cluster.url(name, "postgres"), "LOKET_REDIS_URL": cluster.redis_url}
    names = [migration.name for migration in on_disk()]
    try:
        before = run(data_folder, "migrate", "--controleer", "--json", **urls)
        done = run(data_folder, "migrate", "--json", **urls)
        after = run(data_folder, "migrate", "--controleer", "--json", **urls)
        postcodes = run(
            data_folder, "psql", "--eigenaar", "--", "-Atc", "select count(*) > 4000 from postcodegebied", **urls
        )
        assert (before.returncode, msgspec.json.decode(before.stdout)) == (1, {"teDoen": names})
        assert (done.returncode, msgspec.json.decode(done.stdout)) == (0, {"toegepast": names})
        assert (after.returncode, msgspec.json.decode(after.stdout)) == (0, {"teDoen": []})
        assert postcodes.stdout == "t\n", "without postcodes there is no travel time"
        assert not data_folder.exists()  # noqa: ASYNC240  a look at one folder
    finally:
        await superuser.execute(f"drop database {name} with (force)")


def test_data_of_another_schema_are_refused_with_the_way_out(data_folder: Path) -> None:
    """The demo keeps its data; when a newer program cannot use them, it says how to begin again."""
    spoil = "update loket_migraties.toegepast set checksum = sha256('') where nummer = 1"
    assert run(data_folder, "psql", "--eigenaar", "--", "-c", spoil).returncode == 0
    done = run(data_folder, "rank")
    assert done.returncode == 1
    assert done.stderr.endswith("Of begin opnieuw met make demo FRESH=1; uw wijzigingen in de demo zijn dan weg.\n")


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        (
            "postgresql://loket:ge%3Aheim@db:5433/loket?sslmode=require",
            "postgresql://loket@db:5433/loket?sslmode=require",
        ),
        ("postgresql://db/loket?user=loket&password=ge%3Aheim", "postgresql://db/loket?user=loket"),
        ("postgresql://loket@db/loket", "postgresql://loket@db/loket"),
    ],
)
def test_the_password_of_the_database_is_not_an_argument_of_psql(url: str, bare: str) -> None:
    """Everybody on the computer sees arguments. psql reads it from a file that only we can read, and that is gone
    afterwards."""
    with psql.without_password(url) as (shown, environ):
        kept = [Path(path) for path in environ.values()]
        assert shown == bare
        assert [path.stat().st_mode & 0o077 for path in kept] == [0] * len(kept)
        assert [path.read_text() for path in kept] == (["*:*:*:*:ge\\:heim\n"] if bare != url else [])
    assert not any(path.exists() for path in kept)


def test_psql_looks_as_the_service_does(data_folder: Path) -> None:
    """As the app role and for one region, so that what it shows is what the service may see."""
    done = run(data_folder, "psql", "--", "-XAtc", "select current_user, huidige_regio()", LOKET_REGIO="flevoland")
    assert (done.returncode, done.stdout) == (0, "loket_app|flevoland\n")


@pytest.mark.parametrize("role", ["postgres", OWNER_ROLE])
async def test_the_service_refuses_to_work_as_who_sees_every_region(cluster: Cluster, database: str, role: str) -> None:
    """A superuser and an owner pass row-level security by."""
    pool = await open_pool(cluster.url(database, role), size=1)
    try:
        with pytest.raises(Refusal, match=f"mag niet werken als {role}"):
            await check_app_role(pool)
    finally:
        await pool.close()


def test_settings_as_json_do_not_show_an_address(call: Call) -> None:
    """An address may hold a password."""
    urls = {"LOKET_DATABASE_URL": "postgresql://a:geheim@b/c", "LOKET_REDIS_URL": "redis://:geheim@b/0"}
    done = call("instellingen", "--json", **urls)
    values = msgspec.json.decode(done.out)
    assert (values["database_url"], values["port"], values["osrm_url"]) == ("(gezet)", 8000, None)
    assert "geheim" not in done.out


def test_a_full_disk_is_told_in_a_sentence(data_folder: Path) -> None:
    """Also when it is only found at the last line that is written."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            loket("instellingen"),
            env=environment(data_folder),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "Er is geen ruimte meer op de schijf.\n")


def test_a_folder_with_an_endless_name_is_told_in_a_sentence(data_folder: Path) -> None:
    """255 bytes is what a file system takes."""
    done = run(data_folder / ("a" * 256), "psql")
    assert done.returncode == 1
    assert done.stderr.startswith("De naam van een map of bestand is te lang: ")
    assert len(done.stderr.splitlines()) == 1
