"""`loket check`: each thing that is not safe is named, with how to mend it; what is safe is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import msgspec
import pytest

from service.commands.check import everything, of_settings
from service.db import APP_ROLE, OWNER_ROLE, Connection
from service.instellingen import begin
from service.settings import Settings
from tests.conftest import Cluster

SAFE = Settings(
    database_url="postgresql://loket_app@db.example/loket?sslmode=verify-full&sslrootcert=/etc/ca.pem",
    database_owner_url="postgresql://loket_eigenaar@db.example/loket?sslmode=verify-full&sslrootcert=/etc/ca.pem",
    redis_url="rediss://:geheim@valkey.example/0",
    host="0.0.0.0",  # nosec B104
    adres="https://loket.example",
    proxies="10.0.0.5",
    log_anker=Path("/var/log/loket/anker"),
)


def test_of_a_safe_setup_nothing_is_said() -> None:
    """A list that always has something in it is not read."""
    assert list(of_settings(SAFE)) == []


@pytest.mark.parametrize(
    ("changed", "ernstig", "words"),
    [
        ({"database_url": "postgresql://loket_app@db.example/loket"}, True, "LOKET_DATABASE_URL gaat naar een andere"),
        ({"database_url": "postgresql://a@db.example/loket?sslmode=require"}, True, "sslmode=verify-full"),
        ({"database_url": "postgresql:///loket?host=db.example"}, True, "sslmode=verify-full"),
        ({"database_owner_url": "postgresql://e@db.example/loket"}, True, "LOKET_DATABASE_OWNER_URL"),
        ({"redis_url": "redis://:geheim@valkey.example/0"}, False, "rediss://"),
        ({"redis_url": "rediss://valkey.example/0"}, True, "geen wachtwoord"),
        ({"haak_intern": True}, True, "LOKET_HAAK_INTERN"),
        ({"proxies": "10.0.0.5, 0.0.0.0/0"}, True, "LOKET_PROXIES gelooft 0.0.0.0/0"),
        ({"proxies": None}, False, "LOKET_PROXIES is leeg"),
        ({"adres": None}, False, "LOKET_ADRES is leeg"),
        ({"osrm_url": "http://osrm.example:5000"}, False, "LOKET_OSRM_URL"),
        ({"otlp_url": "http://collector.example:4318"}, False, "LOKET_OTLP_URL"),
        ({"metrics_port": 9100, "metrics_host": "0.0.0.0"}, False, "LOKET_METRICS_PORT"),  # nosec B104
        ({"log_anker": None}, False, "LOKET_LOG_ANKER"),
        ({"kaart_tegels": "https://tegels.example/{z}/{x}/{y}.png"}, False, "LOKET_KAART_TEGELS"),
    ],
)
def test_what_is_not_safe_in_the_settings_is_named(changed: dict[str, object], ernstig: bool, words: str) -> None:
    found = list(of_settings(msgspec.structs.replace(SAFE, **changed)))

    assert [(one.ernstig, words in one.zin) for one in found] == [(ernstig, True)]


@pytest.mark.parametrize(
    "url", ["postgresql:///loket?host=/run/pg", "postgresql://loket_app@127.0.0.1/loket", "postgresql://a@[::1]/loket"]
)
def test_a_database_on_this_computer_needs_no_certificate(url: str) -> None:
    assert list(of_settings(msgspec.structs.replace(SAFE, database_url=url))) == []


@pytest.mark.parametrize(("mode", "said"), [(0o600, 0), (0o640, 1), (0o604, 1)])
def test_a_key_that_others_can_read_is_named(tmp_path: Path, mode: int, said: int) -> None:
    key = tmp_path / "oidc.json"
    key.write_text("{}")
    key.chmod(mode)

    assert len(list(of_settings(msgspec.structs.replace(SAFE, oidc_keys=key)))) == said


@pytest.fixture
def here(cluster: Cluster, database: str, redis_url: str) -> Settings:
    """The servers of these tests: no fsync, no archive, as a demo never is."""
    return msgspec.structs.replace(
        SAFE,
        database_url=cluster.url(database, APP_ROLE),
        database_owner_url=cluster.url(database, OWNER_ROLE),
        redis_url=redis_url,
    )


async def told(settings: Settings, ahead: timedelta = timedelta(0)) -> list[str]:
    return [one.zin for one in await everything(settings, lambda: datetime.now(UTC) + ahead)]


async def test_a_database_that_may_lose_data_is_named(here: Settings) -> None:
    """fsync and full_page_writes are really off here."""
    found = await told(here)

    for name in ("fsync", "full_page_writes"):
        assert any(f"De database heeft {name} uit" in zin for zin in found), name
    assert not any("log_error_verbosity" in zin for zin in found)


async def test_a_database_that_writes_values_into_its_log_is_named(
    here: Settings, owner: Connection, cluster: Cluster
) -> None:
    """A parameter is what somebody typed about a child."""
    name = await owner.fetchval("select current_database()")
    assert not any("met hun waarden" in zin for zin in await told(here))
    conn = await asyncpg.connect(cluster.url(name, "postgres"))
    try:
        await conn.execute(f"alter database {name} set log_min_duration_statement = '1s'")
        assert any("met hun waarden" in zin for zin in await told(here))
        await conn.execute(f"alter database {name} set log_parameter_max_length = 0")
        assert not any("met hun waarden" in zin for zin in await told(here))
    finally:
        await conn.close()


async def test_a_login_that_can_pass_the_policies_by_is_named(here: Settings, cluster: Cluster, database: str) -> None:
    """It takes the role of the service on, and can leave it again."""
    url = cluster.url(database, "postgres")

    found = await told(msgspec.structs.replace(here, database_url=url))

    assert any("logt in als postgres, en die kan de regels van de database uitzetten" in zin for zin in found)
    assert not any("logt in als" in zin for zin in await told(here))


@pytest.mark.parametrize(("ahead", "word"), [(90, "achter"), (-90, "voor")])
async def test_a_clock_that_is_off_is_named(here: Settings, ahead: int, word: str) -> None:
    """Of the database and of Valkey, against ours."""
    found = await told(here, timedelta(seconds=ahead))

    clocks = [zin for zin in found if zin.startswith("De klok van")]
    assert [zin.split(" loopt")[0] for zin in clocks] == ["De klok van de database", "De klok van Valkey"]
    assert all(f"{word} op die van deze computer" in zin for zin in clocks)
    assert not any(zin.startswith("De klok") for zin in await told(here))


async def test_a_region_in_which_nobody_can_file_anything_is_named(here: Settings, owner: Connection) -> None:
    """Until it has what `loket regio begin` gives."""
    await owner.execute("delete from zorgvorm where regio = $1", here.regio)
    before = await told(here)

    await begin.begin(owner, here.regio)

    assert [zin for zin in before if "heeft geen zorgvormen" in zin and "loket regio begin" in zin]
    assert not [zin for zin in await told(here) if "zorgvormen" in zin]


async def test_what_is_not_there_is_named_and_ends_nothing(here: Settings) -> None:
    """One list of all that is wrong."""
    wrong = msgspec.structs.replace(
        here, regio="utrecht", redis_url="unix:///nergens.sock", database_owner_url="postgresql:///x?host=/nergens"
    )

    found = await told(wrong)

    assert any("kent de regio utrecht niet" in zin for zin in found)
    assert any(zin.startswith("Valkey antwoordt niet") for zin in found)
    assert any("LOKET_DATABASE_OWNER_URL werkt niet" in zin for zin in found)
    assert any("Er draait geen loket worker" in zin for zin in found)
