"""The play of tests/web/test_model.py, for long."""

from __future__ import annotations

import asyncio
import os
import secrets

import pytest

from service.db import Connection, Pool
from service.settings import Settings
from tests.web import conftest
from tests.web.conftest import Serve
from tests.web.play import Env, behind_a_proxy, play

serve, settings = conftest.serve, conftest.settings

pytestmark = pytest.mark.soak

SEED = int(os.environ.get("TEST_SEED") or secrets.randbelow(2**32))
STEPS = int(os.environ.get("TEST_STEPS") or 5000)
MOST = max(2 * STEPS, 5000)

RARE = {"plaatsing begin", "voorstel maak_definitief", "crisis", "houd"}
"""Only a long way leads there."""

MOVES = {
    "houd samen", "uitloop", "overdracht", "neem_terug", "stop terug", "tik klopt", "tik bezet", "bevestig_alles",
    "bewoond", "leeg", "verzoek", "weiger", "route jeugdzorgplus geslaagd",
}  # fmt: skip
"""In a long play all of this is done, too."""

WANTED = RARE if STEPS < 5000 else RARE | MOVES


async def test_thousands_of_steps_of_random_people_are_what_the_model_says(
    serve: Serve,
    settings: Settings,
    pool: Pool,
    owner: Connection,
) -> None:
    """Until there were so many requests and people came far enough; the seed is printed, and plays the same again."""
    env, number = Env(asyncio.get_running_loop(), pool, owner), SEED
    env.client = await serve(env.identity, clock=lambda: env.now, settings=behind_a_proxy(settings))
    print(f"TEST_SEED={SEED}")
    while env.steps < STEPS or (not env.seen.keys() >= WANTED and env.steps < MOST):
        await play(env, examples=5, steps=250, number=number, shrink=False)
        number += 1
    print(f"{env.steps} steps, {env.accepted} accepted, {len(env.other)} refused for another reason: {env.seen}")
    assert len(env.other) * 100 < env.steps, "\n".join(["refused for another reason:", *env.other[:10]])
    assert env.seen.keys() >= WANTED, f"the play does not get as far as {WANTED - env.seen.keys()}"
