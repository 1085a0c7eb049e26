"""ETags: nobody overwrites what they have not seen."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest

from service.db import Pool, Wie, transaction
from tests import make
from tests.web.conftest import Serve


async def test_what_you_have_is_not_sent_again(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """304 with If-None-Match, weak, among others or *; 200 once it has changed."""
    async with transaction(pool, wie) as conn:
        url = f"/v1/aanbieders/{(await make.aanbieder(conn)).id}"
    etag = (await api.get(url)).headers["ETag"]

    for header in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        answer = await api.get(url, headers={"If-None-Match": header})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", etag), header
    await api.patch(url, json={"naam": "Anders"}, headers={"If-Match": etag})
    assert (await api.get(url, headers={"If-None-Match": etag})).status_code == 200


@pytest.mark.parametrize("kind", ["application/json", "application/merge-patch+json"])
async def test_a_change_made_against_what_is_there_succeeds(
    api: httpx.AsyncClient, pool: Pool, wie: Wie, kind: str
) -> None:
    """And answers with the ETag that GET gives from then on."""
    async with transaction(pool, wie) as conn:
        url = f"/v1/aanbieders/{(await make.aanbieder(conn)).id}"
    etag = (await api.get(url)).headers["ETag"]

    changed = await api.patch(url, content=b'{"naam":"Anders"}', headers={"If-Match": etag, "Content-Type": kind})

    assert (changed.status_code, changed.json()["naam"]) == (200, "Anders")
    assert changed.headers["ETag"] == (await api.get(url)).headers["ETag"] != etag


async def test_a_change_must_say_what_it_was_made_against(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """428 without If-Match, 412 when it is not what is there now; nothing changes."""
    async with transaction(pool, wie) as conn:
        url = f"/v1/aanbieders/{(await make.aanbieder(conn, naam='Eerst')).id}"
    stale = (await api.get(url)).headers["ETag"]
    await api.patch(url, json={"naam": "Daarna"}, headers={"If-Match": stale})

    assert (await api.patch(url, json={"naam": "Laatst"})).status_code == 428
    assert (await api.patch(url, json={"naam": "Laatst"}, headers={"If-Match": stale})).status_code == 412
    assert (await api.patch(url, json={"naam": "Laatst"}, headers={"If-Match": f"W/{stale}"})).status_code == 412
    assert (await api.get(url)).json()["naam"] == "Daarna"


async def test_of_two_changes_at_once_one_is_told_to_look_again(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """The row is locked between comparing and changing."""
    async with transaction(pool, wie) as conn:
        url = f"/v1/aanbieders/{(await make.aanbieder(conn)).id}"
    etag = (await api.get(url)).headers["ETag"]

    answers = await asyncio.gather(
        *(api.patch(url, json={"naam": f"Naam {i}"}, headers={"If-Match": etag}) for i in range(5))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]


async def test_a_plek_that_changed_by_itself_must_be_looked_at_again(serve: Serve, pool: Pool, wie: Wie) -> None:
    """At midnight a stop begins: the version is the same, what one decides on is not."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        await make.stop(conn, plek_id=plek.id, van=make.day(1))
    now = [make.NOW]
    api = await serve(wie, clock=lambda: now[0])
    before = await api.get(f"/v1/plekken/{plek.id}")

    now[0] += timedelta(days=1)
    answer = await api.patch(f"/v1/plekken/{plek.id}", json={"naam": "x"}, headers={"If-Match": before.headers["ETag"]})

    assert (before.json()["status"], answer.status_code) == ("open", 412)


async def test_a_list_has_an_etag_too(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """Asking every minute whether something changed costs no bytes."""
    etag = (await api.get("/v1/aanbieders")).headers["ETag"]
    unchanged = await api.get("/v1/aanbieders", headers={"If-None-Match": etag})
    async with transaction(pool, wie) as conn:
        await make.aanbieder(conn)

    assert unchanged.status_code == 304
    assert (await api.get("/v1/aanbieders", headers={"If-None-Match": etag})).status_code == 200
