"""Schemathesis asks for what one GI has as another GI, and for what one provider has as another provider.

It takes the ids of rows out of what the first is shown, looks whether the second is shown them too, and if not asks for
each with its id. The same questions to an app with a hole in it show that a hole is found.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from litestar.connection import ASGIConnection

from service.app import create_app
from service.db import Pool, Rol, Wie
from service.settings import Settings
from service.web.identity import Identity, nobody
from tests.conftest import GEBRUIKER, REGIO
from tests.web import examples
from tests.web.examples import World

PEERS = ("eerste", "tweede")

ASKED = {Rol.VERWIJZER: ("aanvragen", "samenplaatsingen"), Rol.AANBIEDER: ("plekken", "locaties", "voorzieningen")}
"""Paths of what belongs to somebody. Of a child placed with a provider its GI knows too: those are no peers."""


@asynccontextmanager
async def served(settings: Settings, identity: Identity) -> AsyncIterator[str]:
    """The app behind uvicorn."""
    # Named as TCP, or asyncio leaves Nagle's algorithm on and every answer waits 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as sock:
        sock.bind(("127.0.0.1", 0))
        app = create_app(settings, identity=identity)
        config = uvicorn.Config(app, http="httptools", lifespan="on", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([sock]))
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        server.should_exit = True
        await serving


def by_token(people: Mapping[str, Wie], *, hole: str | None = None) -> Identity:
    """Who has which token. With a hole, whoever asks for one row below this path is let through as the loket."""

    async def identity(connection: ASGIConnection[Any, Any, Any, Any]) -> Wie:
        _, _, token = connection.headers.get("authorization", "").partition(" ")
        if token not in people:
            raise nobody("Log eerst in.", had_token=bool(token))
        wie = people[token]
        path = connection.scope["raw_path"].decode()
        if hole is not None and re.fullmatch(f"/v1/{hole}/[0-9a-f-]+", path):
            return Wie(wie.regio, Rol.SCHAKELFUNCTIONARIS, wie.gebruiker)
        return wie

    return identity


async def ask(address: str, rol: Rol, folder: Path) -> tuple[int | None, str]:
    """Status and output of Schemathesis with this one check."""
    people = [{"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {name}"}]} for name in PEERS]
    (folder / "people.json").write_text(json.dumps({"auth": people}), encoding="utf-8")
    (folder / "config.toml").write_text(
        f'[auth.wfc]\npath = "{folder}/people.json"\npeers = {list(PEERS)}\n', encoding="utf-8"
    )
    program = Path(sys.executable).with_name("schemathesis")
    command = [program, "--config-file", folder / "config.toml", "run", f"{address}/v1/openapi.json"]
    options = ["--checks", "object_level_authorization", "--phases", "fuzzing,stateful"]
    options += ["--exclude-method", "POST", "--exclude-method", "PATCH"]
    options += ["--include-path-regex", f"^/({'|'.join(ASKED[rol])})(/[^/]+)?$"]
    options += ["--seed", "2026", "--max-examples", "10", "--wait-for-schema", "20", "--no-color", "--no-shrink"]
    running = await asyncio.create_subprocess_exec(
        *map(str, command),
        *options,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await running.communicate()
    return running.returncode, output.decode()


@pytest.fixture
async def worlds(pool: Pool) -> list[World]:
    return [await examples.world(pool, REGIO, name) for name in PEERS]


def people(worlds: list[World], rol: Rol) -> dict[str, Wie]:
    return {
        name: Wie(REGIO, rol, GEBRUIKER, world.aanbieder if rol is Rol.AANBIEDER else world.organisatie)
        for name, world in zip(PEERS, worlds, strict=True)
    }


@pytest.mark.parametrize("rol", list(ASKED))
async def test_what_one_has_another_like_it_is_not_shown(
    settings: Settings, worlds: list[World], rol: Rol, tmp_path: Path
) -> None:
    async with served(settings, by_token(people(worlds, rol))) as address:
        code, told = await ask(address, rol, tmp_path)

    assert code == 0, told
    assert "will not run" not in told, told


async def test_a_hole_for_one_row_is_found(settings: Settings, worlds: list[World], tmp_path: Path) -> None:
    """Otherwise the test above could be green without having looked."""
    identity = by_token(people(worlds, Rol.VERWIJZER), hole="aanvragen")

    async with served(settings, identity) as address:
        code, told = await ask(address, Rol.VERWIJZER, tmp_path)

    assert code == 1, told
    assert re.search(rf"`{PEERS[1]}` received the .* that `{PEERS[0]}` owns", told), told
