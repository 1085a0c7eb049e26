"""Schemathesis asks for what one GI has as another GI, and for what one provider has as another provider.

It takes the ids of rows out of what the first is shown, looks whether the second is shown them too, and if not asks for
each with its id. The same questions to an app with a hole in it show that a hole is found.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest

from service.db import Pool, Rol, Wie
from service.settings import Settings
from tests.conftest import GEBRUIKER, REGIO
from tests.web import examples
from tests.web.examples import World
from tests.web.serving import by_token, served

PEERS = ("eerste", "tweede")

ASKED = {Rol.VERWIJZER: ("aanvragen", "samenplaatsingen"), Rol.AANBIEDER: ("plekken", "locaties", "voorzieningen")}
"""Paths of what belongs to somebody. Of a child placed with a provider its GI knows too: those are no peers."""


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


@pytest.mark.ci
async def test_a_hole_for_one_row_is_found(settings: Settings, worlds: list[World], tmp_path: Path) -> None:
    """Otherwise the test above could be green without having looked."""
    identity = by_token(people(worlds, Rol.VERWIJZER), hole="aanvragen")

    async with served(settings, identity) as address:
        code, told = await ask(address, Rol.VERWIJZER, tmp_path)

    assert code == 1, told
    assert re.search(rf"`{PEERS[1]}` received the .* that `{PEERS[0]}` owns", told), told
