"""Routes over HTTP: a verwijzer and the loket take a child along a way that is no plek."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from service.db import Connection, Pool, Wie, transaction
from service.web import openapi
from service.web.v1 import OPERATIONS
from tests import make
from tests.web.conftest import Serve

Als = Callable[..., Wie]

MAATWERK = {"soort": "maatwerk", "aanbiederNaam": "Zorgboerderij", "offerteOp": "2026-03-01"}

OVERLEG = {"op": "2026-03-01", "gemeenteCode": "0402", "met": "consulent", "uitkomst": "positief"}


@pytest.fixture
async def child(pool: Pool, wie: Wie) -> tuple[str, Any]:
    """Path of an aanvraag, and its organisatie."""
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
    return f"/v1/aanvragen/{aanvraag.id}", aanvraag.organisatie_id


async def test_a_quote_goes_from_the_verwijzer_by_overleg_to_an_agreement_of_the_loket(
    serve: Serve, api: httpx.AsyncClient, wie_als: Als, child: tuple[str, Any], owner: Connection
) -> None:
    """What is missing is told by field; each step says what may follow; nothing closes the aanvraag but a person."""
    path, organisatie = child
    gi = await serve(wie_als("verwijzer", organisatie=organisatie))

    made = await gi.post(f"{path}/routes", json={"details": MAATWERK, "reden": "Nergens plek."})
    assert made.status_code == 201, made.text
    where = made.headers["location"]
    assert where == f"/v1/routes/{made.json()['id']}"
    assert made.json()["kan"][0] == "offerte_ontvangen"

    alone = await gi.post(f"{where}/stappen", json={"naar": "akkoord", "details": MAATWERK | {"overleg": OVERLEG}})
    assert alone.status_code == 403
    without = await api.post(f"{where}/stappen", json={"naar": "akkoord"})
    assert without.status_code == 409
    assert [error["location"]["pointer"] for error in without.json()["errors"]] == ["/details/overleg"]
    assert "Wat nu wel kan: ‘Offerte ontvangen’" in without.json()["detail"]
    agreed = await api.post(f"{where}/stappen", json={"naar": "akkoord", "details": MAATWERK | {"overleg": OVERLEG}})
    assert (agreed.status_code, agreed.json()["staat"]) == (200, "akkoord")
    begun = {"naar": "geslaagd", "details": MAATWERK | {"overleg": OVERLEG, "van": "2026-03-09"}}
    done = (await gi.post(f"{where}/stappen", json=begun)).json()
    assert (done["staat"], done["kan"], done["teSluiten"]) == ("geslaagd", [], True)

    assert [route["id"] for route in (await api.get("/v1/routes?teSluiten=true")).json()] == [done["id"]]
    closed = await gi.post(f"{path}/stappen", json={"stap": "trek_in", "reden": "Maatwerk is begonnen."})
    assert closed.status_code == 200, closed.text
    assert (await api.get("/v1/routes?teSluiten=true")).json() == []
    told = await owner.fetch("select soort from gebeurtenis where soort in ('route', 'route_stap', 'ingetrokken')")
    assert sorted(row["soort"] for row in told) == ["ingetrokken", "route", "route_stap", "route_stap"]


@pytest.mark.parametrize(
    ("details", "pointer"),
    [
        ({}, "/details/soort"),
        ({"soort": "optie"}, "/details/soort"),
        ({"soort": "pgb", "vorm": "ambulante_hulp"}, "/details/vorm"),
        ({"soort": "overbrugging"}, "/details/vorm"),
        ({"soort": "maatwerk", "aanbiederNaam": "bel 06-12345678"}, "/details/aanbiederNaam"),
        ({"soort": "maatwerk", "overleg": OVERLEG | {"met": "jan@gemeente.nl"}}, "/details/overleg/met"),
        ({"soort": "netwerkplaatsing", "aanbiederId": "00000000-0000-4000-8000-00000000dead"}, "/details/aanbiederId"),
        ({"soort": "maatwerk", "aanbiederNaam": "Een", "zorgvorm": "kasteel"}, "/details/zorgvorm"),
    ],
)
async def test_what_is_wrong_in_the_details_is_told_at_its_field(
    api: httpx.AsyncClient, child: tuple[str, Any], details: dict[str, Any], pointer: str
) -> None:
    """Each soort has its own details; a text that says who somebody is, is refused in a part of a part too."""
    answer = await api.post(f"{child[0]}/routes", json={"details": details})
    assert answer.status_code == 400
    assert [error["location"]["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_the_same_request_twice_is_one_route(api: httpx.AsyncClient, child: tuple[str, Any]) -> None:
    """By Idempotency-Key, as everything that is made."""
    once = {"Idempotency-Key": "een"}
    body = {"details": MAATWERK}
    first, second = [await api.post(f"{child[0]}/routes", json=body, headers=once) for _ in range(2)]
    assert first.json() == second.json()
    assert len((await api.get(f"{child[0]}/routes")).json()) == 1


def test_the_document_says_which_details_there_are() -> None:
    """By their soort, so that a client can be made of it."""
    schemas = openapi.document(OPERATIONS)["components"]["schemas"]
    details = schemas["NieuweRoute"]["properties"]["details"]
    assert details["discriminator"]["propertyName"] == "soort"
    assert details["discriminator"]["mapping"]["pgb"] == "#/components/schemas/Pgb"
