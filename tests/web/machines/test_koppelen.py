"""docs/koppelen.md: a provider that does what it says, is connected."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.db import Connection, Pool, Wie, transaction
from service.inloggen import koppelingen
from service.settings import Settings
from service.web.identity import Sessions
from tests import make
from tests.conftest import ROOT
from tests.web.serving import served

EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "koppelen.md").read_text(encoding="utf-8"), re.DOTALL)


async def run(code: str, folder: Path, **environ: str) -> str:
    """What it prints, as a program of its own."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        cwd=folder,
        env=environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await running.communicate()
    assert running.returncode == 0, errors.decode()
    return output.decode()


async def test_the_examples_connect_a_system_to_the_loket(
    settings: Settings, pool: Pool, owner: Connection, wie: Wie, wie_als: Callable[..., Wie], tmp_path: Path
) -> None:
    """The first makes a key; the beheerder adds its public half; the second gets in and confirms all plekken."""
    make_key, use, _ = EXAMPLES  # the third reads what we send: tests/service/bericht/test_haken.py
    now = datetime.now(UTC)
    async with transaction(pool, wie) as conn:
        aanbieder = (await make.aanbieder(conn)).id
        huis = await make.voorziening(conn, aanbieder_id=aanbieder)
        plekken = [await make.plek(conn, voorziening_id=huis.id, naam=f"Kamer {n}") for n in range(3)]
        await make.plek(conn, naam="Van een ander")

    public = json.loads(await run(make_key, tmp_path))
    async with transaction(pool, wie_als("beheerder")) as conn:
        nieuw = koppelingen.NieuweKoppeling(aanbieder_id=aanbieder, naam="ECD")
        koppeling = await koppelingen.add(conn, nieuw)
        sleutel = koppelingen.NieuweSleutel(jwk=koppelingen.Jwk(**public))
        await koppelingen.add_sleutel(conn, koppeling.id, sleutel, now=now)
    async with served(settings, Sessions()) as address:
        said = await run(use, tmp_path, LOKET=address, KOPPELING=str(koppeling.id))

    assert sorted(said.splitlines()) == [f"Bevestigd: Kamer {n}" for n in range(3)]
    confirmed = await owner.fetch("select plek_id, bron::text from bevestiging where op >= $1", now)
    assert {(row["plek_id"], row["bron"]) for row in confirmed} == {(plek.id, "koppeling") for plek in plekken}
    assert (tmp_path / "sleutel.json").stat().st_mode & 0o077 == 0
    assert "d" not in public


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_is_short(code: str) -> None:
    """Who reads it, wants to copy it."""
    assert len(code.splitlines()) <= 60
