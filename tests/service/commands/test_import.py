"""`loket import` as people and scripts call it: what it prints, what it asks and how it ends."""

from __future__ import annotations

import asyncio
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from service.db import Connection, Pool, Wie, transaction
from tests import make
from tests.service.intake import files

LOKET = Path(sys.executable).with_name("loket")

GOOD = files.text(
    [["voorziening", "plek", "status", "opmerking"], ["De Linde", 1, "vrij", "x"], ["De Linde", 2, "bezet", ""]]
)
BAD = files.text([["voorziening", "plek", "status"], ["De Linde", "=1+1", "\x1b[31mvrij"]])


@pytest.fixture
async def environ(pool: Pool, wie: Wie, database_url: str, redis_url: str) -> dict[str, str]:
    """The variables of a loket that has voorziening De Linde."""
    async with transaction(pool, wie) as conn:
        await make.voorziening(conn, naam="De Linde")
    return {
        **os.environ, "LOKET_DATABASE_URL": database_url, "LOKET_REDIS_URL": redis_url, "COLUMNS": "200",
        "PYTHONWARNINGS": "error",
    }  # fmt: skip


async def run(environ: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [str(LOKET), "import", *map(str, arguments)]
    return await asyncio.to_thread(
        subprocess.run, command, env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )


async def test_without_a_terminal_a_preview_is_all_and_the_exit_code_says_so(
    environ: dict[str, str], owner: Connection, tmp_path: Path
) -> None:
    path = tmp_path / "lijst.csv"
    path.write_bytes(GOOD)

    shown = await run(environ, "capaciteit", path)
    done = await run(environ, "capaciteit", path, "--ja")
    again = await run(environ, "capaciteit", path, "--ja", "--json")

    assert (shown.returncode, done.returncode, again.returncode) == (4, 0, 0), shown.stderr + done.stderr + again.stderr
    assert "De Linde, plek 1" in shown.stdout and "--ja" in shown.stdout and "onbekend: opmerking" in shown.stdout
    assert "Ingelezen: 2 nieuw." in done.stdout
    assert msgspec.json.decode(again.stdout)["wijzigingen"] == []
    assert shown.stderr == done.stderr == again.stderr == ""
    assert await owner.fetchval("select count(*) from plek") == 2


async def test_faults_end_with_code_1_and_can_be_had_as_a_list(environ: dict[str, str], tmp_path: Path) -> None:
    """Nothing that stands in a file reaches the terminal as a command, nor a spreadsheet as a formula."""
    path, faults = tmp_path / "lijst.csv", tmp_path / "fouten.csv"
    path.write_bytes(BAD)

    done = await run(environ, "capaciteit", path, "--ja", "--fouten", faults)

    assert done.returncode == 1
    assert "2 fouten. Er is niets ingelezen." in done.stdout
    assert "\x1b" not in done.stdout
    assert ";'=1+1;" in faults.read_text(encoding="utf-8-sig")


async def test_calling_it_wrongly_ends_with_code_2_and_one_sentence(environ: dict[str, str], tmp_path: Path) -> None:
    missing, folder = await asyncio.gather(
        run(environ, "capaciteit", tmp_path / "weg.csv"), run(environ, "capaciteit", tmp_path)
    )

    assert (missing.returncode, folder.returncode) == (2, 2)
    assert "weg.csv bestaat niet" in missing.stderr and "is een map" in folder.stderr
    assert "Traceback" not in missing.stderr + folder.stderr


@pytest.mark.parametrize(("answer", "code", "plekken"), [(b"j\n", 0, 2), (b"\n", 4, 0)])
async def test_on_a_terminal_it_asks_first(
    environ: dict[str, str], owner: Connection, tmp_path: Path, answer: bytes, code: int, plekken: int
) -> None:
    path = tmp_path / "lijst.csv"
    path.write_bytes(GOOD)

    def talk() -> tuple[int, bytes]:
        person, terminal = pty.openpty()
        command = [str(LOKET), "import", "capaciteit", str(path)]
        process = subprocess.Popen(command, env=environ, stdin=terminal, stdout=terminal, stderr=terminal)
        os.close(terminal)
        seen = b""
        try:
            while piece := os.read(person, 65536):
                seen += piece
                if seen.endswith(b"[j/N] "):
                    os.write(person, answer)
        except OSError:
            pass  # how Linux says that the other side closed
        finally:
            os.close(person)
        return process.wait(), seen

    ended, seen = await asyncio.to_thread(talk)

    assert ended == code, seen.decode()
    assert await owner.fetchval("select count(*) from plek") == plekken


async def test_a_template_can_be_made_and_what_cannot_be_written_is_said(
    environ: dict[str, Any], tmp_path: Path
) -> None:
    made, nowhere = await asyncio.gather(
        run(environ, "sjabloon", "capaciteit", "--uit", tmp_path / "c.xlsx"),
        run(environ, "sjabloon", "capaciteit", "--uit", tmp_path / "weg" / "c.xlsx"),
    )

    assert made.returncode == 0 and (tmp_path / "c.xlsx").read_bytes()[:2] == b"PK"
    assert nowhere.returncode == 1 and "niet te schrijven" in nowhere.stderr
