"""Fifty times two hundred people who want the last plek at once, over two web processes."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path
from statistics import median

import pytest

from service.db import Connection, Pool
from tests import facts
from tests.service.races import CLIENTS, prepared, race_definitief, race_optie, race_voorstel, webs, world

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
            races = {
                "optie": partial(race_optie, w),
                "voorstel": partial(race_voorstel, w, concepts),
                "definitief": partial(race_definitief, w),
            }
            took: dict[str, list[float]] = {name: [] for name in races}
            for _ in range(ROUNDS):
                for name, race in races.items():
                    begun = time.perf_counter()
                    await race()
                    took[name].append(time.perf_counter() - begun)
                assert await facts.wrong(owner) == []
    for name, seconds in took.items():
        print(f"{name}: {len(seconds)} times {CLIENTS} at once, {median(seconds):.1f} s ({max(seconds):.1f} s at most)")
