"""Pages: a cursor that tells nothing, and a Link to what comes next."""

from __future__ import annotations

import re
from uuid import uuid4

import httpx
import pytest

from service.db import Pool, Wie, transaction
from service.web.paging import cursor_of
from tests import make


async def fill(pool: Pool, wie: Wie, number: int) -> None:
    async with transaction(pool, wie) as conn:
        for i in range(number):
            await make.aanbieder(conn, naam=f"Aanbieder {i}")


def link(answer: httpx.Response, relation: str) -> str | None:
    found = re.search(rf'<([^>]+)>; rel="{relation}"', answer.headers.get("Link", ""))
    return found and found[1]


async def test_following_next_gives_every_row_once(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """Five rows by two: three pages, the last without next."""
    await fill(pool, wie, 5)
    url: str | None = "/v1/aanbieders?aantal=2"
    pages = []
    while url:
        answer = await api.get(url)
        pages.append([row["naam"] for row in answer.json()])
        url = link(answer, "next")

    assert pages == [["Aanbieder 0", "Aanbieder 1"], ["Aanbieder 2", "Aanbieder 3"], ["Aanbieder 4"]]


@pytest.mark.parametrize(("number", "more"), [(1, False), (2, False), (3, True)])
async def test_there_is_a_next_page_only_when_something_stands_on_it(
    api: httpx.AsyncClient, pool: Pool, wie: Wie, number: int, more: bool
) -> None:
    """A full last page is the last one."""
    await fill(pool, wie, number)

    assert (link(await api.get("/v1/aanbieders?aantal=2"), "next") is not None) is more


async def test_the_links_keep_the_filters_and_lead_back_to_the_first_page(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """rel=first from the second page on."""
    async with transaction(pool, wie) as conn:
        voorziening = await make.voorziening(conn)
        for _ in range(2):
            await make.plek(conn, voorziening_id=voorziening.id)
        await make.plek(conn)
    asked = f"/v1/plekken?aantal=1&voorzieningId={voorziening.id}"

    first = await api.get(asked)
    second = await api.get(link(first, "next") or "")

    assert link(first, "first") is None
    assert link(second, "first") == asked
    assert link(second, "next") is None
    assert {row["voorzieningId"] for row in [*first.json(), *second.json()]} == {str(voorziening.id)}


async def test_a_cursor_that_this_list_did_not_give_is_refused(api: httpx.AsyncClient) -> None:
    """400, also for one of another list or one that was changed."""
    for cursor in ("x", "AAAA", "!!!!", "A" * 27, cursor_of("/plekken", uuid4()), "\x00", "é"):
        answer = await api.get("/v1/aanbieders", params={"cursor": cursor})
        assert answer.status_code == 400, cursor
        assert answer.json()["errors"][0]["location"] == {"name": "cursor"}


async def test_a_cursor_holds_nothing_but_an_id(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """Not the kenmerk, age or urgency by which the list is sorted."""
    async with transaction(pool, wie) as conn:
        made = [await make.aanvraag(conn) for _ in range(2)]

    following = link(await api.get("/v1/aanvragen?aantal=1"), "next")

    ids = {cursor_of("/aanvragen", aanvraag.id) for aanvraag in made}
    assert following is not None
    assert following.removeprefix("/v1/aanvragen?aantal=1&cursor=") in ids
