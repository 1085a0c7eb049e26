"""The document: public, complete, and of what really happens."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from service.web import openapi
from service.web.v1 import OPERATIONS


@pytest.fixture
async def document(api: httpx.AsyncClient) -> dict[str, Any]:
    """As it is served."""
    document: dict[str, Any] = (await api.get("/v1/openapi.json")).json()
    return document


def described(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(method, path): op for path, item in document["paths"].items() for method, op in item.items()}


async def test_every_operation_is_in_the_document_once(document: dict[str, Any]) -> None:
    """With an operationId of its own and a tag that is explained."""
    operations = described(document)
    ids = [operation["operationId"] for operation in operations.values()]

    assert operations.keys() == {(operation.method.lower(), operation.path) for operation in OPERATIONS}
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[a-z][a-zA-Z]+", id) for id in ids)
    assert {tag for op in operations.values() for tag in op["tags"]} == {tag["name"] for tag in document["tags"]}


async def test_the_document_is_openapi_3_1_below_v1(document: dict[str, Any]) -> None:
    """Paths are relative to the server: /v1 stands there and nowhere else."""
    assert document["openapi"].startswith("3.1.")
    assert document["servers"][0]["url"] == "/v1"
    assert not any("v1" in path for path in document["paths"])
    assert {"name", "email", "url"} <= document["info"]["contact"].keys()


async def test_every_error_is_a_problem(document: dict[str, Any]) -> None:
    """Never application/json, and always with the version."""
    for where, operation in described(document).items():
        for status, response in operation["responses"].items():
            assert "API-Version" in response["headers"], where
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], (where, status)


async def test_statuses_follow_from_what_an_operation_takes(document: dict[str, Any]) -> None:
    """A spot check of each kind, by hand."""
    operations = described(document)

    def statuses(method: str, path: str) -> set[int]:
        return {int(status) for status in operations[method, path]["responses"]}

    assert statuses("get", "/plekken") == {200, 304, 400, 401, 403, 406, 429, 500, 503}
    assert statuses("get", "/plekken/{plekId}") == {200, 304, 400, 401, 403, 404, 406, 429, 500, 503}
    assert statuses("post", "/plekken") == {201, 400, 401, 403, 406, 409, 413, 415, 422, 429, 500, 503}
    changes = {200, 400, 401, 403, 404, 406, 409, 412, 413, 415, 428, 429, 500, 503}
    assert statuses("patch", "/plekken/{plekId}") == changes


async def test_the_document_says_who_may_do_it_and_how_they_prove_who_they_are(document: dict[str, Any]) -> None:
    """From the table of service/toegang: people have a session, and a machine only where it may come."""
    operations = described(document)
    schemes = document["components"]["securitySchemes"]

    assert operations["get", "/plannen"]["x-rollen"] == ["schakelfunctionaris"]
    assert operations["get", "/plannen"]["security"] == [{"sessie": []}]
    assert operations["post", "/plekken"]["security"] == [{"sessie": []}, {"koppeling": ["aanbod"]}]
    assert operations["get", "/openapi.json"]["security"] == []
    assert {name for op in operations.values() for need in op["security"] for name in need} == schemes.keys()


async def test_the_document_says_who_sees_a_field_that_not_everybody_sees(document: dict[str, Any]) -> None:
    aanvraag = document["components"]["schemas"]["Aanvraag"]["properties"]

    assert set(aanvraag["kenmerk"]["x-zichtbaar-voor"]) == {"verwijzer", "aanbieder"}
    assert set(aanvraag["pc4"]["x-zichtbaar-voor"]) == {"verwijzer", "schakelfunctionaris"}
    assert "x-zichtbaar-voor" not in document["components"]["schemas"]["Plek"]["properties"]["status"]


async def test_what_one_was_shown_in_place_of_a_hidden_field_may_come_back(document: dict[str, Any]) -> None:
    """Only in a change, and only where somebody who may make it does not see the field."""
    schemas = document["components"]["schemas"]
    change, new = schemas["WijzigingAanvraagVelden"]["properties"], schemas["NieuweAanvraag"]["properties"]

    assert {"type": "null"} in change["kenmerk"]["anyOf"] and {"type": "null"} in change["pc4"]["anyOf"]
    assert "anyOf" not in change["leeftijdMaanden"] and "anyOf" not in new["kenmerk"]


async def test_what_was_made_links_to_its_own_address(document: dict[str, Any]) -> None:
    """With its id, and for a change with its ETag."""
    links = described(document)["post", "/plekken/{plekId}/stops"]["responses"]["201"]["links"]

    assert links["wijzigStop"]["parameters"] == {
        "plekId": "$request.path.plekId",
        "stopId": "$response.body#/id",
        "If-Match": "$response.header.ETag",
    }


async def test_every_schema_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    """Two Structs of one name would get the names of their modules (nlgov:schema-camel-case)."""
    assert [name for name in document["components"]["schemas"] if not re.fullmatch("[A-Z][a-zA-Z]+", name)] == []


async def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    """A dangling $ref would make the document useless."""
    for reference in re.findall(r"'\$ref': '#/([^']+)'", str(document)):
        target: Any = document
        for part in reference.split("/"):
            target = target[part]
        assert target


def test_only_what_an_operation_answers_is_required_of_an_answer() -> None:
    """An answer always has all its fields; as input the same field may have a default."""
    schemas = openapi.document(OPERATIONS)["components"]["schemas"]

    assert set(schemas["Voorziening"]["required"]) == set(schemas["Voorziening"]["properties"])
    assert "groepsmix" not in schemas["NieuweVoorziening"]["required"]
    assert schemas["WijzigingVoorziening"]["required"] == []
