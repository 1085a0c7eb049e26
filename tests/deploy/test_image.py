"""The steps of the image, as plain commands in a fresh folder: what comes of them works on servers of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import httpx
import pytest

from service.migrations import on_disk
from tests.conftest import ROOT, Cluster

pytestmark = pytest.mark.deploy

WAIT_S = 60
"""A process that is not ready by then never will be."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a build gets: the files that git knows, and of those only what .dockerignore lets through."""
    folder = tmp_path_factory.mktemp("bron")
    kept = [
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    ]
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z", *kept],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    return folder


def steps(source: Path, *arguments: str | Path) -> None:
    done = subprocess.run(
        ["sh", "deploy/image/steps.sh", *arguments],
        cwd=source,
        env={name: value for name, value in os.environ.items() if not name.startswith(("VIRTUAL_ENV", "PYTHON"))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def installed(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The venv that the image has at /opt/loket."""
    folder = tmp_path_factory.mktemp("image")
    steps(source, "wheel", folder / "wheel")
    (wheel,) = (folder / "wheel").glob("*.whl")
    steps(source, "install", folder / "loket", wheel)
    return folder / "loket"


def test_the_image_holds_what_runs_and_no_more(installed: Path) -> None:
    """No installer, no tests, nothing to build with; the migrations and the files for the browser are there."""
    (packages,) = (installed / "lib").glob("python3*/site-packages")
    there = {path.name for path in packages.iterdir()}
    assert {"service", "matcher", "litestar", "ortools", "pyrage"} <= there
    assert not there & {"pip", "setuptools", "pytest", "mypy", "hatchling", "tests", "deploy"}
    assert len(list((packages / "service" / "_migrations").glob("*.sql"))) == len(on_disk())
    assert (packages / "service" / "web" / "static" / "dist" / "manifest.json").is_file()
    megabytes = sum(path.stat().st_size for path in installed.rglob("*") if path.is_file()) / 1e6
    print(f"the venv of the image: {megabytes:.0f} MB")
    assert megabytes < 700


@pytest.fixture
async def environment(
    cluster: Cluster, superuser: asyncpg.Connection, redis_url: str, tmp_path: Path
) -> dict[str, str]:
    """A database as rollen.sh leaves it, on the first start of PostgreSQL; and the settings of compose."""
    name = f"image_{uuid4().hex[:8]}"
    await superuser.execute(f"create database {name}")
    sockets = quote(str(cluster.sockets), safe="")
    made = ran(
        ["sh", ROOT / "deploy" / "compose" / "rollen.sh"],
        {
            "PATH": f"{cluster.programs}:/usr/bin:/bin",
            "PGHOST": str(cluster.sockets),
            "POSTGRES_USER": "postgres",
            "POSTGRES_DB": name,
            "APP_WACHTWOORD": "geheim'1",
            "EIGENAAR_WACHTWOORD": "geheim2",
        },
        tmp_path,
    )
    # The roles are the cluster's, and other tests may have made them.
    assert made.returncode == 0 or "already exists" in made.stderr, made.stderr
    if made.returncode:
        await superuser.execute(f"alter database {name} owner to loket_eigenaar")
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LOKET_ADRES": "https://loket.example",
        "LOKET_DATABASE_URL": f"postgresql://loket_app@/{name}?host={sockets}",
        "LOKET_DATABASE_OWNER_URL": f"postgresql://loket_eigenaar@/{name}?host={sockets}",
        "LOKET_REDIS_URL": redis_url,
        "LOKET_LOG_ANKER": str(tmp_path / "anker"),
        "LOKET_OIDC_KEYS": str(tmp_path / "oidc.json"),
        "LOKET_LOG_VORM": "json",
    }


def ran(command: list[str | Path], environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)


def free_port() -> str:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return str(sock.getsockname()[1])


@contextmanager
def running(loket: Path, command: str, environment: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([loket, command], env=environment, cwd=folder, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        assert process.wait(timeout=10) == 0


async def answered(url: str, process: subprocess.Popen[bytes]) -> httpx.Response:
    """The first answer of 200."""
    async with asyncio.timeout(WAIT_S), httpx.AsyncClient() as client:
        while True:
            assert process.poll() is None, "it ended"
            try:
                answer = await client.get(url)
                if answer.status_code == 200:
                    return answer
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)


GEMEENTEN = "gemeentecode,naam,jeugdregio\n0402,Hilversum,Gooi en Vechtstreek\n"

FIRST_TIME = (
    ("regio", "begin", "Gooi en Vechtstreek"),
    ("import", "gemeenten", "gemeenten.csv", "--ja"),
    ("inlog", "sleutel"),
    ("inlog", "voeg-toe", "Gemeente Hilversum", "--issuer", "https://login.example", "--client-id", "loket"),
    ("gebruiker", "voeg-toe", "Anja Kok", "--rol", "beheerder", "--bij", "Gemeente Hilversum",
     "--email", "a.kok@loket.example"),
)  # fmt: skip
"""As docs/uitrollen.md has them: without a region nothing becomes ready."""


def first_time(loket: Path, environment: dict[str, str], folder: Path) -> None:
    (folder / "gemeenten.csv").write_text(GEMEENTEN, encoding="utf-8")
    written = (ROOT / "docs" / "uitrollen.md").read_text(encoding="utf-8")
    for arguments in FIRST_TIME:
        asked = " ".join(f"'{one}'" if " " in one else one for one in arguments).replace(
            "gemeenten.csv", "/l/gemeenten.csv"
        )
        assert asked in written, asked
        done = ran([loket, *arguments], environment, folder)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    assert "LOKET_REGIO=gooi-en-vechtstreek" in ran([loket, *FIRST_TIME[0]], environment, folder).stdout


async def test_it_migrates_serves_and_works(installed: Path, environment: dict[str, str], tmp_path: Path) -> None:
    """In a folder of its own, with only that venv: what the clone has besides, it does not need."""
    loket = installed / "bin" / "loket"
    migrated = ran([loket, "migrate"], environment, tmp_path)
    assert migrated.returncode == 0, migrated.stderr
    first_time(loket, environment, tmp_path)
    service = {name: value for name, value in environment.items() if name != "LOKET_DATABASE_OWNER_URL"}
    web = service | {"LOKET_PORT": free_port(), "LOKET_METRICS_PORT": free_port()}
    worker = service | {"LOKET_METRICS_PORT": free_port()}

    with (
        running(loket, "serve", web, tmp_path) as serving,
        running(loket, "worker", worker, tmp_path) as working,
    ):
        ready = await answered(f"http://127.0.0.1:{web['LOKET_PORT']}/readyz", serving)
        lives = await answered(f"http://127.0.0.1:{worker['LOKET_METRICS_PORT']}/livez", working)
        served = await answered(f"http://127.0.0.1:{web['LOKET_METRICS_PORT']}/metrics", serving)
        measured = ""
        async with asyncio.timeout(WAIT_S):
            while "loket_regio_wachtenden{" not in measured:
                measured = (await answered(f"http://127.0.0.1:{worker['LOKET_METRICS_PORT']}/metrics", working)).text

    assert ready.text.startswith("Het loket is klaar.")
    assert lives.text == "Het proces leeft.\n"
    assert 'operation="readyz"' in served.text
    assert 'loket_ronde_gelukt_timestamp{ronde="zegel"}' in measured
