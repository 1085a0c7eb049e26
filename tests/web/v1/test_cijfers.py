"""The waiting list and the figures over HTTP: what each may see of them, and nothing of a child in an address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from service.db import Pool, Wie, transaction
from service.web.v1 import OPERATIONS
from tests import make
from tests.web.conftest import Serve

Als = Callable[..., Wie]

FIGURES = [operation.path for operation in OPERATIONS if operation.path.startswith("/cijfers/")]


async def test_a_verwijzer_reads_the_place_of_its_own_and_not_how_many_there_are(
    serve: Serve, pool: Pool, wie: Wie, wie_als: Als
) -> None:
    async with transaction(pool, wie) as conn:
        van = await make.organisatie(conn)
        before = await make.aanvraag(conn, now=make.NOW - timedelta(days=9))
        own = await make.aanvraag(conn, organisatie_id=van)
    loket, gi = await serve(wie), await serve(wie_als("verwijzer", organisatie=van))

    whole = (await loket.get("/v1/wachtlijst")).json()
    assert [one["nummer"] for one in whole] == [before.nummer, own.nummer]
    assert whole[1]["lijsten"][0] | {"nog": None} == {"zorgvorm": "gezinshuis", "positie": 2, "uit": 2, "nog": None}
    [mine] = (await gi.get("/v1/wachtlijst")).json()
    assert (mine["nummer"], mine["lijsten"][0]["positie"], mine["lijsten"][0]["uit"]) == (own.nummer, 2, None)
    assert mine["lijsten"][0]["nog"] == {
        "dagen": None,
        "laag": None,
        "hoog": None,
        "aantal": None,
        "zin": "Nog niet te zeggen: er zijn te weinig kinderen om het aan te meten.",
    }


async def test_the_next_page_has_nothing_of_a_child_in_its_address(serve: Serve, pool: Pool, wie: Wie) -> None:
    """And it keeps what was asked."""
    async with transaction(pool, wie) as conn:
        van = await make.organisatie(conn)
        for days in range(3):
            await make.aanvraag(conn, organisatie_id=van, now=make.NOW - timedelta(days=days))
    api = await serve(wie)

    first = await api.get("/v1/wachtlijst?aantal=2&vanaf=gewenste_start&zorgvorm=gezinshuis&waar=thuis")
    link = urlsplit(first.headers["link"].partition(">")[0].removeprefix("<"))
    assert parse_qs(link.query) == {
        "aantal": ["2"],
        "vanaf": ["gewenste_start"],
        "zorgvorm": ["gezinshuis"],
        "waar": ["thuis"],
        "overslaan": ["2"],
    }
    second = await api.get(f"{link.path}?{link.query}")
    assert (len(first.json()), len(second.json()), "link" in second.headers) == (2, 1, False)


@pytest.mark.parametrize("path", FIGURES)
async def test_each_figure_says_that_it_is_no_ground_for_a_sanction(serve: Serve, wie_als: Als, path: str) -> None:
    """And over which days it is: whole months that are over."""
    answer = await (await serve(wie_als("contractbeheer"))).get(f"/v1{path}")

    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert "sanctie" in found["uitleg"]
    assert (found["periode"]["van"], found["periode"]["tot"]) == ("2025-07-01", "2026-01-01")


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("periode=2026-1", "periode"),
        ("periode=2025-9", "periode"),
        ("periode=vorig", "periode"),
        ("per=aanbieder", "per"),
    ],
)
async def test_what_would_show_small_numbers_is_refused_with_what_can_be(
    serve: Serve, wie_als: Als, query: str, parameter: str
) -> None:
    """A period that is not over; the same figures divided in another way."""
    answer = await (await serve(wie_als("contractbeheer"))).get(f"/v1/cijfers/afwijzingen?{query}")

    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert parameter in str(error["location"]) and error["detail"]
