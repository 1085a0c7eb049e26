"""The loket does what the reference model says, whatever people of all rollen ask of it in whatever order.

`make soak` plays longer. TEST_SEED=… plays the same again.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator

import pytest

from service.db import Connection, Pool
from tests.web.conftest import Serve
from tests.web.play import Env, play

SEED = int(os.environ.get("TEST_SEED") or secrets.randbelow(2**32))


@pytest.fixture
async def env(serve: Serve, pool: Pool, owner: Connection) -> AsyncIterator[Env]:
    made = Env(asyncio.get_running_loop(), None, pool, owner)  # type: ignore[arg-type]
    made.client = await serve(made.identity, clock=lambda: made.now)
    print(f"TEST_SEED={SEED}")
    yield made
    print(f"{made.steps} steps, {made.accepted} accepted: {made.seen}")


async def test_random_people_get_what_the_model_says(env: Env) -> None:
    """Accepted or refused as the model says, stored as the model has it, each step in the history and in the log."""
    await play(env, examples=int(os.environ.get("TEST_EXAMPLES") or 6), steps=50, number=SEED, shrink=not os.environ.get("NS"))
