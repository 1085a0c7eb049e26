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
from service.opschaling import routes
from service.plaatsing import opties, plekregels, uitgesloten, verzenden, voorstellen, voorstelstappen
from service.settings import Settings
from service.web import etags, idempotency
from tests.web.conftest import Serve
from tests.web.play import DONE, Env, agree, behind_a_proxy, play

SEED = int(os.environ.get("TEST_SEED") or 1)
"""The same each time, so that what fails here was changed; tests/soak plays what nobody has played before."""


@pytest.fixture
async def env(serve: Serve, settings: Settings, pool: Pool, owner: Connection) -> AsyncIterator[Env]:
    made = Env(asyncio.get_running_loop(), pool, owner)
    made.client = await serve(made.identity, clock=lambda: made.now, settings=behind_a_proxy(settings))
    print(f"TEST_SEED={SEED}")
    yield made
    print(f"{made.steps} steps, {made.accepted} accepted: {made.seen}")


async def test_random_people_get_what_the_model_says(env: Env) -> None:
    """Accepted or refused as the model says, stored as the model has it, each step in the history and in the log."""
    env.strict = True
    await play(env, examples=3, steps=60, number=SEED)


@pytest.mark.parametrize(
    ("said", "status", "right"),
    [
        (DONE, 201, True), (DONE, 400, False), (DONE, 409, False),
        ("409: taken", 409, True), ("409: taken", 400, True), ("400: why", 409, True), ("400: why", 404, True),
        ("409: taken", 201, False), ("409: taken", 500, False),
        ("404: not to be seen", 404, True), ("404: not to be seen", 409, False), ("404: not to be seen", 403, False),
        ("403: rol", 403, True), ("403: rol", 400, False), ("403: rol", 404, False),
    ],
)  # fmt: skip
def test_what_is_wrong_twice_may_be_refused_for_either_but_not_where_that_tells_what_may_not_be_seen(
    said: str, status: int, right: bool
) -> None:
    assert agree(said, status) == right


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
        "create function vergeet() returns trigger language plpgsql as 'begin return null; end';"
        " create trigger aa_vergeet before insert on gebeurtenis for each row when (new.soort = 'ingediend')"
        " execute function vergeet()"
    )


async def a_status_is_forgotten(env: Env, _: pytest.MonkeyPatch) -> None:
    """An optie leaves no trace in the status."""
    await env.owner.execute(
        "create function vergeet() returns trigger language plpgsql as"
        " $$begin new.status := case when new.status = 'optie' then old.status else new.status end; return new; end$$;"
        " create trigger vergeet before update on aanvraag for each row execute function vergeet()"
    )


async def an_expired_optie_stays(env: Env, _: pytest.MonkeyPatch) -> None:
    """Who claims a plek does not end what has expired there."""
    await _empty(env, "ruim_verlopen_opties(plek uuid, nu timestamptz) returns void")


async def a_yes_holds_no_longer(_: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the yes of the provider the plek is held as long as before it."""
    monkeypatch.setattr(
        voorstelstappen, "ZET", voorstelstappen.ZET.replace("greatest(antwoord_voor, $3)", "antwoord_voor")
    )


async def the_group_is_not_looked_at(_: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who claims a plek, does not read who lives there."""
    monkeypatch.setattr(plekregels, "GROEP", f"{plekregels.GROEP} where false")


async def brothers_and_sisters_are_split(_: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks whether they may."""

    async def whole(*_: object) -> bool:
        return True

    for module in (opties, voorstellen, verzenden, voorstelstappen):
        monkeypatch.setattr(module, "check_whole", whole)


async def who_stops_keeps_its_plekken(env: Env, _: pytest.MonkeyPatch) -> None:
    """A plek of an aanbieder that stops can be held after its day."""
    await _empty(env, "kort_plek_in(plek uuid) returns void")


async def nobody_hears_that_a_plek_is_taken(env: Env, _: pytest.MonkeyPatch) -> None:
    """A provider says so of a plek that is held, and the loket of that child is not told."""
    await env.owner.execute(
        "create function vergeet() returns trigger language plpgsql as 'begin return null; end';"
        " create trigger aa_vergeet before insert on gebeurtenis for each row"
        " when (new.gegevens ->> 'alarm' = 'plek_bezet') execute function vergeet()"
    )


async def everybody_sees_every_voorstel(env: Env, _: pytest.MonkeyPatch) -> None:
    """The second net has a hole: rows of other aanbieders and of another region are read."""
    await env.owner.execute("create policy lek on voorstel for select using (true)")


async def safety_is_forgotten(_: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a child must not be, is not read."""
    monkeypatch.setattr(uitgesloten, "UITSLUITINGEN", f"{uitgesloten.UITSLUITINGEN} and false")


async def nobody_is_warned(_: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    """A term of a route that passed is no alarm."""
    monkeypatch.setattr(routes, "VERSTREKEN", routes.VERSTREKEN.replace("termijn < $1", "termijn < $1 and false"))


async def a_key_is_not_kept(_: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent again, is done again."""
    monkeypatch.setattr(idempotency, "KEPT", f"{idempotency.KEPT} and false")
    monkeypatch.setattr(idempotency, "KEEP", idempotency.KEEP + " on conflict do nothing")


async def a_key_opens_any_door(_: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another request with the same key gets the answer of the first."""
    monkeypatch.setattr(idempotency, "digest", lambda *_: b"")


async def an_old_version_is_good(_: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes last, wins."""
    monkeypatch.setattr(etags, "must_match", lambda *_: None)


async def _empty(env: Env, signature: str) -> None:
    await env.owner.execute(
        f"create or replace function {signature} language plpgsql volatile security definer"
        " set search_path = public, pg_temp as 'begin return; end'"
    )


BUGS = {
    a_step_is_not_told: "goes? on from|ends elsewhere",
    a_status_is_forgotten: "the model says optie|does not go on from",
}
"""With what is said of it."""

MORE = {
    an_expired_optie_stays: "the model done|_verlopen|_vervallen|stored|at one time",
    a_yes_holds_no_longer: "stored",
    everybody_sees_every_voorstel: "the model 40",
    the_group_is_not_looked_at: "the model 409: rules: groepsmix",
    brothers_and_sisters_are_split: "the model 409: (not all of them|apart)",
    who_stops_keeps_its_plekken: "plek .* the model|the model 409: (rules: it is gone|taken)",
    nobody_hears_that_a_plek_is_taken: "child .*plek_bezet",
    safety_is_forgotten: "uitgesloten|sluit_uit|sluit_niet_uit",
    nobody_is_warned: "the round of the day",
    an_old_version_is_good: "the model 412",
    a_key_opens_any_door: "the model 422",
    a_key_is_not_kept: "done twice",
    losers_are_kept: "voorstel_ingetrokken|optie_vrij|stored .*False",
    a_plek_is_given_twice: "the model 409|at one time",
}


async def find(
    env: Env, monkeypatch: pytest.MonkeyPatch, bug: Callable[..., Awaitable[None]], says: str, steps: int
) -> None:
    await bug(env, monkeypatch)
    with pytest.raises(AssertionError, match=says):
        await play(env, examples=40, steps=steps, number=SEED, shrink=False)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
async def test_a_planted_bug_is_found(
    env: Env, monkeypatch: pytest.MonkeyPatch, bug: Callable[[Env, pytest.MonkeyPatch], Awaitable[None]]
) -> None:
    """Each by the play that finds nothing without it."""
    await find(env, monkeypatch, bug, BUGS[bug], steps=60)


@pytest.mark.soak
@pytest.mark.parametrize("bug", MORE, ids=lambda bug: bug.__name__)
async def test_any_planted_bug_is_found(
    env: Env, monkeypatch: pytest.MonkeyPatch, bug: Callable[[Env, pytest.MonkeyPatch], Awaitable[None]]
) -> None:
    """Also those that take longer to find."""
    await find(env, monkeypatch, bug, MORE[bug], steps=250)
