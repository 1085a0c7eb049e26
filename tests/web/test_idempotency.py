"""Idempotency-Key: sent twice, done once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from service.db import Connection, Pool, Wie, transaction
from service.web import idempotency
from tests import make
from tests.web.conftest import Serve

KEY = {"Idempotency-Key": "7a1c0f52"}


async def count(owner: Connection, table: str) -> int:
    rows: int = await owner.fetchval(f"select count(*) from {table}")
    return rows


async def test_the_same_request_gets_the_same_answer_and_does_nothing_again(
    api: httpx.AsyncClient, owner: Connection
) -> None:
    """Status, headers and body; only the limit has counted both."""
    first = await api.post("/v1/aanbieders", json={"naam": "De Linde"}, headers=KEY)
    again = await api.post("/v1/aanbieders", json={"naam": "De Linde"}, headers=KEY)

    assert first.status_code == 201
    assert (again.status_code, again.content) == (201, first.content)
    assert {**again.headers, "ratelimit": ""} == {**first.headers, "ratelimit": ""}
    assert await count(owner, "aanbieder") == 1


async def test_another_body_or_address_with_the_same_key_is_a_mistake(
    api: httpx.AsyncClient, owner: Connection
) -> None:
    """422, and nothing is made."""
    await api.post("/v1/aanbieders", json={"naam": "De Linde"}, headers=KEY)

    assert (await api.post("/v1/aanbieders", json={"naam": "De Eik"}, headers=KEY)).status_code == 422
    assert (await api.post("/v1/samenplaatsingen", json={"naam": "De Linde"}, headers=KEY)).status_code in (400, 422)
    assert await count(owner, "aanbieder") == 1


async def test_while_the_first_one_runs_the_second_is_told_to_wait(
    api: httpx.AsyncClient, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """409; when the first is done, the second gets its answer."""
    inside, go_on = asyncio.Event(), asyncio.Event()
    from service.aanbod import aanbieders

    original = aanbieders.add

    async def slow(*args: Any) -> Any:
        inside.set()
        await go_on.wait()
        return await original(*args)

    monkeypatch.setattr(aanbieders, "add", slow)
    first = asyncio.create_task(api.post("/v1/aanbieders", json={"naam": "De Linde"}, headers=KEY))
    await inside.wait()

    busy = await api.post("/v1/aanbieders", json={"naam": "De Linde"}, headers=KEY)
    go_on.set()
    done = await first
    after = await api.post("/v1/aanbieders", json={"naam": "De Linde"}, headers=KEY)

    assert (busy.status_code, done.status_code) == (409, 201)
    assert (after.status_code, after.content) == (201, done.content)
    assert await count(owner, "aanbieder") == 1


async def test_a_crash_leaves_neither_the_row_nor_the_answer(
    api: httpx.AsyncClient, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are of one transaction; the same key then does the work."""
    with monkeypatch.context() as broken:
        broken.setattr(
            idempotency, "KEEP", "select 1 / 0, $1::text, $2::bytea, $3::int, $4::jsonb, $5::bytea, $6::uuid[]"
        )
        assert (await api.post("/v1/aanbieders", json={"naam": "De Linde"}, headers=KEY)).status_code == 500
    assert (await count(owner, "aanbieder"), await count(owner, "herhaling")) == (0, 0)

    assert (await api.post("/v1/aanbieders", json={"naam": "De Linde"}, headers=KEY)).status_code == 201
    assert (await count(owner, "aanbieder"), await count(owner, "herhaling")) == (1, 1)


async def test_after_a_refusal_the_same_key_may_be_tried_again(api: httpx.AsyncClient) -> None:
    """Nothing has happened, so there is nothing to repeat."""
    refused = await api.post("/v1/aanbieders", json={"naam": ""}, headers=KEY)

    assert refused.status_code == 400
    assert (await api.post("/v1/aanbieders", json={"naam": "De Linde"}, headers=KEY)).status_code == 201


async def test_a_key_is_of_one_user(serve: Serve, wie: Wie, wie_als: Callable[..., Wie], owner: Connection) -> None:
    """Whoever guesses the key of another gets no answer that was meant for them."""
    from uuid import uuid4

    mine, theirs = await serve(wie), await serve(wie_als("schakelfunctionaris", gebruiker=uuid4()))

    first = await mine.post("/v1/aanbieders", json={"naam": "De Linde"}, headers=KEY)
    second = await theirs.post("/v1/aanbieders", json={"naam": "De Linde"}, headers=KEY)

    assert (first.status_code, second.status_code) == (201, 409)


async def test_who_works_for_another_organisation_now_gets_no_answer_of_before(
    serve: Serve, wie_als: Callable[..., Wie], pool: Pool, wie: Wie
) -> None:
    """The child in it is not theirs any more."""
    async with transaction(pool, wie) as conn:
        noord, zuid = await make.organisatie(conn, naam="GI Noord"), await make.organisatie(conn, naam="GI Zuid")
    before, after = [await serve(wie_als("verwijzer", organisatie=of)) for of in (noord, zuid)]
    body = {"organisatieId": str(noord)}

    first = await before.post("/v1/samenplaatsingen", json=body, headers=KEY)
    again = await after.post("/v1/samenplaatsingen", json=body, headers=KEY)

    assert (first.status_code, again.status_code) == (201, 422)
    assert first.json()["id"] not in again.text


@pytest.mark.parametrize(("key", "status"), [("x" * 255, 201), ("x" * 256, 400), ("", 400), ("a b", 400)])
async def test_a_key_is_short_and_visible(api: httpx.AsyncClient, key: str, status: int) -> None:
    """1 to 255 visible ASCII characters."""
    answer = await api.post("/v1/aanbieders", json={"naam": "De Linde"}, headers={"Idempotency-Key": key})

    assert answer.status_code == status


async def test_without_a_key_every_request_is_a_new_one(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """The key is not required."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)

    answers = [await api.post(f"/v1/plekken/{plek.id}/bevestigingen", json={}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] != answers[1].json()["id"]


async def test_a_step_that_is_sent_twice_is_taken_once(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """Who heard nothing back, asks again and hears what came of it; without a key the second is a 409."""
    async with transaction(pool, wie) as conn:
        id = (await make.aanvraag(conn)).id
    step = {"stap": "trek_in", "reden": "Het kind gaat naar oma."}

    first, again = [await api.post(f"/v1/aanvragen/{id}/stappen", json=step, headers=KEY) for _ in range(2)]
    without = await api.post(f"/v1/aanvragen/{id}/stappen", json=step)

    assert (first.status_code, again.content) == (200, first.content)
    assert without.status_code == 409
