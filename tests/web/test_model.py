"""The loket does what the reference model says, whatever people of all rollen ask of it in whatever order.

A few seconds here; tests/soak plays longer. `TEST_SEED=…` plays the same again. And the model is no ornament: it finds
bugs that are planted.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from service.db import Connection, Pool
from service.plaatsing import voorstelstappen
from tests.web.conftest import Serve
from tests.web.play import Env, play

SEED = int(os.environ.get("TEST_SEED") or 1)
"""The same each time, so that what fails here was changed; tests/soak plays what nobody has played before."""


@pytest.fixture
async def env(serve: Serve, pool: Pool, owner: Connection) -> AsyncIterator[Env]:
    made = Env(asyncio.get_running_loop(), pool, owner)
    made.client = await serve(made.identity, clock=lambda: made.now)
    print(f"TEST_SEED={SEED}")
    yield made
    print(f"{made.steps} steps, {made.accepted} accepted: {made.seen}")


async def test_random_people_get_what_the_model_says(env: Env) -> None:
    """Accepted or refused as the model says, stored as the model has it, each step in the history and in the log."""
    await play(env, examples=3, steps=40, number=SEED)


# ── Planted bugs ─────────────────────────────────────────────────────────────────────────────────


async def losers_are_kept(env: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not chosen keeps its plek held."""

    async def nothing(*_: object, **__: object) -> None:
        return

    monkeypatch.setattr(voorstelstappen.stappen, "laat_los", nothing)


async def a_plek_is_given_twice(env: Env, _: pytest.MonkeyPatch) -> None:
    """The database lets periods overlap."""
    await env.owner.execute("alter table bezetting drop constraint bezetting_geen_overlap")


async def a_step_is_not_told(env: Env, _: pytest.MonkeyPatch) -> None:
    """What happened gets lost."""
    await env.owner.execute(
        "create rule vergeet as on insert to gebeurtenis where new.soort = 'optie' do instead nothing"
    )


async def a_status_is_forgotten(env: Env, _: pytest.MonkeyPatch) -> None:
    """An optie leaves no trace in the status."""
    await env.owner.execute(
        "create function vergeet() returns trigger language plpgsql as"
        " $$begin new.status := case when new.status = 'optie' then old.status else new.status end; return new; end$$;"
        " create trigger vergeet before update on aanvraag for each row execute function vergeet()"
    )


BUGS = {
    losers_are_kept: "ingetrokken",
    a_plek_is_given_twice: "the model 409",
    a_step_is_not_told: "were told|goes? on from|ends elsewhere",
    a_status_is_forgotten: "the model says optie|does not go on from",
}
"""With what is said of it."""


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
async def test_a_planted_bug_is_found(
    env: Env, monkeypatch: pytest.MonkeyPatch, bug: Callable[[Env, pytest.MonkeyPatch], Awaitable[None]]
) -> None:
    """Each by the play that finds nothing without it."""
    await bug(env, monkeypatch)
    with pytest.raises(AssertionError, match=BUGS[bug]):
        await play(env, examples=200, steps=40, number=SEED, shrink=False)
