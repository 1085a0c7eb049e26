"""Fifty times two hundred people who want the last plek at once, over two web processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from service.db import Connection, Pool
from tests import facts
from tests.service.races import prepared, race_definitief, race_optie, race_voorstel, webs, world

pytestmark = pytest.mark.soak

ROUNDS = int(os.environ.get("TEST_ROUNDS") or 50)


async def test_however_often_two_hundred_want_the_last_plek_one_has_it(
    tmp_path: Path, pool: Pool, owner: Connection, database_url: str, redis_url: str
) -> None:
    """To hold it, to propose it, and to make it definitive."""
    with webs(tmp_path, database_url, redis_url) as running:
        w = await world(pool, owner, running)
        async with w.clients:
            concepts = await prepared(w, [(kind, w.plekken[1]) for kind in w.kinderen])
            for _ in range(ROUNDS):
                await race_optie(w)
                await race_voorstel(w, concepts)
                await race_definitief(w)
                assert await facts.wrong(owner) == []
