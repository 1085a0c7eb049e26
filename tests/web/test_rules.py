"""The NL API design rules on the running app, for every operation that there is."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from service.db import Pool, Wie, transaction
from service.web.headers import API_VERSION
from service.web.operation import JSON, Operation
from service.web.problems import HttpRefusal
from service.web.v1 import OPERATIONS
from tests import make
from tests.web.conftest import Serve
from tests.web.serving import in_the_right_rol

PROBLEM = "application/problem+json"

NOBODY = UUID("00000000-0000-4000-8000-00000000dead")


@pytest.fixture
async def api(serve: Serve, wie: Wie) -> httpx.AsyncClient:
    """Who may do it, does it."""
    return await serve(in_the_right_rol(wie))


def address(operation: Operation) -> str:
    """Of the operation, with ids that do not exist."""
    return "/v1" + re.sub(r"\{\w+\}", str(NOBODY), operation.path)


def by_path() -> dict[str, set[str]]:
    """Path → methods that it has, HEAD with every GET."""
    methods: dict[str, set[str]] = {}
    for operation in OPERATIONS:
        found = methods.setdefault(address(operation), set())
        found |= {operation.method} | ({"HEAD"} if operation.method == "GET" else set())
    return methods


async def test_every_answer_has_the_version_and_the_headers_that_protect(api: httpx.AsyncClient) -> None:
    """/core/version-header and /core/transport/security-headers: errors, 404 and 405 included."""
    asked = [(operation.method, address(operation)) for operation in OPERATIONS]
    asked += [("PUT", "/v1/plekken"), ("GET", "/v1/nergens"), ("GET", "/v1"), ("HEAD", "/v1/plekken")]

    for method, url in asked:
        headers = (await api.request(method, url)).headers
        assert headers["API-Version"] == API_VERSION, url
        assert headers["X-Content-Type-Options"] == "nosniff", url
        assert headers["X-Frame-Options"] == "DENY", url
        assert headers["Referrer-Policy"] == "no-referrer", url
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], url
        assert headers["Cache-Control"] == ("public, max-age=300" if "openapi" in url else "no-store"), url
        assert "Strict-Transport-Security" not in headers, "only over https"


async def test_over_https_the_browser_is_told_to_stay_there(api: httpx.AsyncClient) -> None:
    """Strict-Transport-Security means nothing on http."""
    answer = await api.get("https://loket.test/v1/zorgvormen")

    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


async def test_the_version_is_that_of_the_document(api: httpx.AsyncClient) -> None:
    """info.version."""
    answer = await api.get("/v1/openapi.json")

    assert answer.headers["API-Version"] == answer.json()["info"]["version"]


async def test_only_the_document_may_be_read_from_any_website(api: httpx.AsyncClient) -> None:
    """/core/publish-openapi; the data are for their own screens and for servers."""
    assert (await api.get("/v1/openapi.json")).headers["Access-Control-Allow-Origin"] == "*"
    for url in ("/v1/plekken", "/v1/nergens"):
        assert (
            "Access-Control-Allow-Origin" not in (await api.get(url, headers={"Origin": "https://x.example"})).headers
        )


async def test_a_trailing_slash_is_another_address_that_does_not_exist(api: httpx.AsyncClient) -> None:
    """/core/no-trailing-slash: 404, and no redirect."""
    for url in by_path():
        answer = await api.get(f"{url}/")
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, PROBLEM), url


async def test_head_answers_as_get_without_a_body(api: httpx.AsyncClient) -> None:
    """Same status and headers, the length of the body that it leaves out included."""
    for operation in OPERATIONS:
        if operation.method != "GET":
            continue
        get, head = await api.get(address(operation)), await api.head(address(operation))
        assert (head.status_code, head.content) == (get.status_code, b""), operation.path
        for answer in (head, get):
            answer.headers.pop("RateLimit", None)  # one less each time
        assert head.headers == get.headers, operation.path


async def test_a_method_that_is_not_there_is_told_which_are(api: httpx.AsyncClient) -> None:
    """405 with Allow, on every path."""
    for url, methods in by_path().items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - methods:
            answer = await api.request(method, url)
            assert (answer.status_code, answer.headers["Content-Type"]) == (405, PROBLEM), (method, url)
            assert set(answer.headers["Allow"].split(", ")) == methods, (method, url)


async def test_a_path_with_something_else_than_an_id_does_not_exist(api: httpx.AsyncClient) -> None:
    """404, also for what only looks like one, is escaped, or goes round."""
    for tail in ("x", str(NOBODY)[:-1], str(NOBODY).replace("-", ""), "%2e%2e", "..%2Faanbieders", f"{NOBODY}%00", ""):
        assert (await api.get(f"/v1/aanbieders/{tail}")).status_code == 404, tail
    assert (await api.get("/v1//aanbieders")).status_code == 404
    assert (await api.get("/v1x/aanbieders")).status_code == 404


async def test_404_and_405_come_before_the_question_who_asks(
    serve: Callable[..., Awaitable[httpx.AsyncClient]],
) -> None:
    """Whoever is not logged in learns that an address is not there, and nothing of what is."""

    async def nobody(_: object) -> Wie:
        raise HttpRefusal(401, "Log in.")

    api = await serve(nobody)

    assert (await api.get("/v1/nergens")).status_code == 404
    assert (await api.put("/v1/plekken")).status_code == 405
    assert (await api.get("/v1/plekken")).status_code == 401
    assert (await api.get(f"/v1/plekken/{NOBODY}")).status_code == 401


async def test_what_is_not_there_is_a_problem_in_dutch(api: httpx.AsyncClient) -> None:
    """404 for every operation with ids in its path."""
    for operation in OPERATIONS:
        if operation.method != "GET" or "{" not in operation.path:
            continue
        answer = await api.get(address(operation))
        problem = answer.json()
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, PROBLEM), operation.path
        assert problem["title"] == "Dit bestaat niet"
        assert problem["status"] == 404
        assert problem["detail"].startswith(("Deze ", "Dit "))
        assert problem["type"].startswith("urn:")
        assert problem["instance"].startswith("urn:uuid:")


async def test_an_answer_in_another_form_is_not_acceptable(api: httpx.AsyncClient) -> None:
    """406, on every operation; whatever allows the form of the answer is fine."""
    for operation in OPERATIONS:
        answer = await api.request(operation.method, address(operation), headers={"Accept": "text/turtle"})
        assert (answer.status_code, answer.headers["Content-Type"]) == (406, PROBLEM), operation.path
    for accept in ("application/json", "*/*", "application/*", "text/html, */*;q=0.1", ""):
        assert (await api.get("/v1/plekken", headers={"Accept": accept})).status_code == 200, accept
    for accept in ("application/json;q=0, */*", "text/*", "application/xml"):
        assert (await api.get("/v1/plekken", headers={"Accept": accept})).status_code == 406, accept


async def test_a_body_in_another_form_is_refused(api: httpx.AsyncClient) -> None:
    """415: another type, none at all, or characters in another code."""
    for operation in OPERATIONS:
        if operation.body is None:
            continue
        for kind in ({"Content-Type": "text/plain"}, {"Content-Type": "application/json; charset=utf-16"}, {}):
            answer = await api.request(operation.method, address(operation), content=b"{}", headers=kind)
            assert (answer.status_code, answer.headers["Content-Type"]) == (415, PROBLEM), (operation.path, kind)


async def test_a_body_that_is_too_long_is_refused(api: httpx.AsyncClient) -> None:
    """413 above 1 MB, whether the length is told beforehand or not; exactly 1 MB is read."""
    kind = {"Content-Type": "application/json"}

    async def pieces() -> Any:
        for _ in range(11):
            yield b" " * 100_000

    assert (await api.post("/v1/aanbieders", content=b" " * 1_000_001, headers=kind)).status_code == 413
    assert (await api.post("/v1/aanbieders", content=pieces(), headers=kind)).status_code == 413
    assert (await api.post("/v1/aanbieders", content=b" " * 1_000_000, headers=kind)).status_code == 400


async def test_a_body_that_is_no_json_is_invalid_input(api: httpx.AsyncClient) -> None:
    """400, and never a broken server."""
    for body in (
        b"",
        b"{",
        b'{"naam": "x"',
        b"\xff\xfe",
        b'{"naam": "\xff"}',
        b'{"naam": NaN}',
        b'"\\ud800"',
        b"[" * 100_000,
    ):
        answer = await api.post("/v1/aanbieders", content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["detail"]) == (400, "De body is geen geldige JSON."), body[:20]


async def test_all_errors_come_at_once_with_where_and_how_to_mend(api: httpx.AsyncClient) -> None:
    """400, not 422. Form, meaning and query together; `in`, `location`, `code` and `detail` for each."""
    body = {"naam": "", "zorgvorm": "kasteel", "leeftijdVan": 20, "leeftijdTot": 10, "kleur": "rood"}

    answer = await api.post("/v1/voorzieningen?x=1", json=body)

    errors = {(e["in"], *e["location"].values()): e["code"] for e in answer.json()["errors"]}
    assert answer.status_code == 400
    assert errors == {
        ("query", "x"): "onbekend",
        ("body", "/kleur"): "onbekend",
        ("body", "/aanbiederId"): "verplicht",
        ("body", "/locatieId"): "verplicht",
        ("body", "/naam"): "waarde",
        ("body", "/juridischeKaders"): "verplicht",
        ("body", "/perspectieven"): "verplicht",
        ("body", "/leeftijdTot"): "volgorde",
        ("body", "/zorgvorm"): "bestaat_niet",
    }
    assert all(e["detail"] for e in answer.json()["errors"])


async def test_an_unknown_query_key_is_refused_everywhere(api: httpx.AsyncClient) -> None:
    """400 for every operation: a filter that is silently passed over shows too much."""
    for operation in OPERATIONS:
        kind = {"Content-Type": operation.consumes[0], "If-Match": "*"}
        content = b"{}" if operation.consumes[0] == JSON else b""
        answer = await api.request(operation.method, address(operation) + "?nep=1", content=content, headers=kind)
        assert answer.status_code == 400, operation.path
        if operation.consumes[0] == JSON:
            wrong = {e["location"].get("name") for e in answer.json()["errors"] if e["in"] == "query"}
            assert wrong == {"nep"}, operation.path


WRONG = (
    "aantal=0",
    "aantal=201",
    "aantal=x",
    "aantal=",
    "aantal=%ff",
    "aantal=1&aantal=2",
    "status=vrij",
    "aanbiederId=1",
)


async def test_a_wrong_query_value_is_refused(api: httpx.AsyncClient) -> None:
    """Bounds 1 and 200, kinds, and each parameter once."""
    for query in WRONG:
        assert (await api.get(f"/v1/plekken?{query}")).status_code == 400, query
    for query in ("aantal=1", "aantal=200", "status=open"):
        assert (await api.get(f"/v1/plekken?{query}")).status_code == 200, query


async def test_no_filter_tells_anything_of_a_child() -> None:
    """/core/transport/no-sensitive-uris: what stands in a URL stands in logs."""
    names = {
        field
        for operation in OPERATIONS
        if "aanvraag" in operation.path or "aanvragen" in operation.path
        for field in operation.query.__struct_encode_fields__
    }

    assert names == {
        "aantal",
        "cursor",
        "status",
        "urgentie",
        "samenplaatsingId",
        "vanaf",
        "aantalAfgevallen",
        "vanafAfgevallen",
        "voor",
        "voorzieningId",
    } | ({"proef"} if any("invoer" in operation.path for operation in OPERATIONS) else set())


async def test_an_unforeseen_error_reveals_nothing_but_a_number(
    api: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """500 as a problem; the number in `instance` finds the error in the log."""

    async def broken(*_: object) -> None:
        raise RuntimeError("sesame")

    monkeypatch.setattr("service.regio.codes.zorgvormen", broken)

    answer = await api.get("/v1/zorgvormen")

    assert (answer.status_code, answer.headers["Content-Type"]) == (500, PROBLEM)
    assert "sesame" not in answer.text
    trace = answer.json()["instance"].removeprefix("urn:uuid:")
    assert any(trace in record.message and record.exc_info for record in caplog.records)


async def test_without_a_database_the_answer_is_to_try_again(
    api: httpx.AsyncClient, pool: Pool, owner: Any, database: str, superuser: Any
) -> None:
    """503 with Retry-After, and ready again by itself when the database is."""
    await superuser.execute(f"alter database {database} connection limit 0")
    await superuser.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and usename = 'loket_app'", database
    )

    away = await api.get("/v1/zorgvormen")
    not_ready = await api.get("/readyz")
    await superuser.execute(f"alter database {database} connection limit -1")
    back = await api.get("/v1/zorgvormen")

    assert (away.status_code, away.headers["Retry-After"]) == (503, "1")
    assert (not_ready.status_code, "PostgreSQL" in not_ready.text) == (503, True)
    assert back.status_code == 200


def values(found: object) -> list[object]:
    """Every value in an answer, however deep."""
    if isinstance(found, dict):
        return [value for part in found.values() for value in values(part)]
    if isinstance(found, list):
        return [value for part in found for value in values(part)]
    return [found]


async def test_the_secret_postcode_never_comes_back_over_http(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    """Not in the answer to the POST itself, not in a list, not in what is kept for a repetition."""
    async with transaction(pool, wie) as conn:
        aanbieder = await make.aanbieder(conn)
    postcode = "1251 XY"
    body = {"aanbiederId": str(aanbieder.id), "naam": "Huis", "zichtbaarheid": "geheim", "postcode": postcode}

    made = await api.post("/v1/locaties", json=body, headers={"Idempotency-Key": "huis"})
    again = await api.post("/v1/locaties", json=body, headers={"Idempotency-Key": "huis"})

    assert made.status_code == 201
    answers = [made, again, await api.get("/v1/locaties"), await api.get(made.headers["Location"])]
    said = [value for answer in answers for value in values(answer.json())]
    assert made.json()["naam"] in said
    # Not a part of it either; whole values, because the four digits may be anywhere in an id or an instant.
    assert not {postcode, "1251XY", "1251", 1251, "XY"} & set(said)
    assert not any(part in answer.text for answer in answers for part in (postcode, "1251XY"))


async def test_who_asks_for_one_region_sees_no_other(
    api: httpx.AsyncClient, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """Not in a list, and not by its id."""
    async with transaction(pool, wie) as conn:
        own = await make.aanbieder(conn)
    async with transaction(pool, wie_als("schakelfunctionaris", regio="flevoland")) as conn:
        other = await make.aanbieder(conn)

    assert [row["id"] for row in (await api.get("/v1/aanbieders")).json()] == [str(own.id)]
    assert (await api.get(f"/v1/aanbieders/{other.id}")).status_code == 404


async def test_every_message_is_json_that_can_be_read(api: httpx.AsyncClient) -> None:
    """UTF-8, and camelCase names in every answer of the lists."""
    for operation in OPERATIONS:
        if operation.method == "GET" and operation.produces == JSON and "{" not in operation.path:
            assert json.loads((await api.get(address(operation))).content) is not None, operation.path
