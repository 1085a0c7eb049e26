"""Schemathesis asks the real server, on loopback with a real database, hundreds of things that people would not."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from litestar.connection import ASGIConnection

from service.db import Connection, Pool, Wie, transaction
from service.settings import Settings
from tests import make
from tests.web.serving import by_token, in_the_right_rol, served

CONFIG = Path(__file__).with_name("schemathesis.toml")

EXAMPLES = os.environ.get("TEST_SCHEMATHESIS_EXAMPLES", "3")
"""Per operation; the order of a thousand to look for trouble."""

PHASES = os.environ.get("TEST_SCHEMATHESIS_PHASES", "examples,fuzzing,stateful")
"""`make ci` adds coverage: every limit of every field, some five thousand questions."""

TOKEN = "de-schakelfunctionaris"
"""As in schemathesis.toml. Without it, or with another one, every operation that is not public must refuse."""


@pytest.fixture
async def address(settings: Settings, pool: Pool, owner: Connection, wie: Wie) -> AsyncIterator[str]:
    """The app behind uvicorn, with one of everything in its database."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        await make.stop(conn, plek_id=plek.id)
        await make.plaatsing(conn, plek_id=(await make.plek(conn)).id)
    await owner.execute(
        "insert into gebruiker (id, regio, naam, rol) values ($1, $2, 'Sam', $3)", wie.gebruiker, wie.regio, wie.rol
    )
    known, fitting = by_token({TOKEN: wie}), in_the_right_rol(wie)

    async def identity(connection: ASGIConnection[Any, Any, Any, Any]) -> Wie:
        await known(connection)
        return await fitting(connection)

    async with served(settings, identity) as address:
        yield address


@pytest.mark.ci
async def test_the_api_does_what_its_document_says(address: str, tmp_path: Path) -> None:
    """All checks of Schemathesis pass, with the same questions every time."""
    program = Path(sys.executable).with_name("schemathesis")
    command = [program, "--config-file", CONFIG, "run", f"{address}/v1/openapi.json", "--checks", "all"]
    options = ["--seed", "2026", "--max-examples", EXAMPLES, "--wait-for-schema", "20", "--no-color", "--no-shrink"]
    options += ["--phases", PHASES]
    running = await asyncio.create_subprocess_exec(
        *map(str, command),
        *options,
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await running.communicate()
    text = output.decode()
    assert running.returncode == 0, text
    assert re.search(r"[1-9]\d* generated", text), text
