"""Each request is counted, timed and traced by the name of what was asked: no address, id or value is in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from prometheus_client import REGISTRY, generate_latest

from service.db import Connection, Wie
from service.observe import tracing
from service.settings import Settings
from service.web.measured import measured
from tests.service.observe.test_tracing import CALLER, Collector, collector  # noqa: F401  # a fixture
from tests.web.conftest import always, loket, running

ID = UUID("3f2b0000-0000-4000-8000-0000000000aa")


@pytest.fixture
async def api(settings: Settings, wie: Wie) -> AsyncIterator[httpx.AsyncClient]:
    """As `loket serve` has it: measured is around all of the app."""
    app = loket(settings, identity=always(wie))
    async with running(app):
        transport = httpx.ASGITransport(app=measured(app), raise_app_exceptions=False)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield client


def count(operation: str, method: str, status: int) -> float:
    labels = {"operation": operation, "method": method, "status": str(status)}
    return REGISTRY.get_sample_value("loket_requests_total", labels) or 0


@pytest.mark.parametrize(
    ("method", "path", "operation", "status"),
    [
        ("GET", "/v1/plekken", "lijstPlekken", 200),
        ("GET", f"/v1/aanvragen/{ID}", "haalAanvraag", 404),
        ("GET", f"/aanvragen/{ID}", "paginaAanvraag", 404),
        ("GET", "/livez", "livez", 200),
        ("GET", "/v1/bestaat-niet", "onbekend", 404),
        ("GET", f"/{ID}", "onbekend", 404),
        ("POST", "/livez", "onbekend", 405),
    ],
)
async def test_an_answer_is_counted_under_its_operation(
    api: httpx.AsyncClient, method: str, path: str, operation: str, status: int
) -> None:
    before = count(operation, method, status)
    seconds = REGISTRY.get_sample_value("loket_request_seconds_count", {"operation": operation}) or 0

    answer = await api.request(method, path)

    assert answer.status_code == status
    assert count(operation, method, status) == before + 1
    assert REGISTRY.get_sample_value("loket_request_seconds_count", {"operation": operation}) == seconds + 1
    assert REGISTRY.get_sample_value("loket_requests_in_progress") == 0


async def test_no_figure_holds_an_address(api: httpx.AsyncClient) -> None:
    """An id in a label is kept for years, and each makes a series of its own."""
    await api.get(f"/v1/aanvragen/{ID}?zoek=Jan")
    await api.request("KIJK", f"/aanvragen/{ID}")

    figures = generate_latest(REGISTRY).decode()
    assert str(ID) not in figures and "Jan" not in figures and "KIJK" not in figures


async def test_pools_are_counted(api: httpx.AsyncClient, settings: Settings) -> None:
    def connections(state: str) -> float | None:
        return REGISTRY.get_sample_value("loket_pool_connections", {"pool": "verzoeken", "state": state})

    assert connections("max") == settings.pool_size
    assert connections("used") == 0
    idle = connections("idle")
    assert idle is not None and 1 <= idle <= settings.pool_size


async def test_whether_the_places_in_memory_are_sure_is_told(api: httpx.AsyncClient) -> None:
    """As soon as the process hears of every change."""
    async with asyncio.timeout(30):
        while REGISTRY.get_sample_value("loket_plekken_actueel") != 1:
            await api.get("/readyz")  # asks the database, so others get their turn


async def test_the_log_of_who_saw_what_is_in_the_trace_of_the_request(
    api: httpx.AsyncClient,
    owner: Connection,
    collector: Collector,  # noqa: F811
) -> None:
    """Caller → request → line in the log: one trace."""
    async with tracing.traced(Settings(otlp_url=collector.url), "loket-web"):
        await api.get(f"/v1/aanvragen/{ID}", headers={"traceparent": CALLER})

    (span,) = collector.spans
    row = await owner.fetchrow("select trace_id, ouder_span_id from logregel order by id desc limit 1")
    assert row is not None
    assert (row["trace_id"], row["ouder_span_id"]) == (span.trace_id.hex(), span.span_id.hex())
    assert {each.key for each in span.attributes} == {
        "http.request.method",
        "http.route",
        "http.response.status_code",
    }
    assert span.name == "haalAanvraag"
    assert str(ID).encode() not in span.SerializeToString()


@pytest.mark.parametrize(("path", "kind"), [("/v1/plekken", "application/problem+json"), ("/", "text/plain")])
async def test_who_is_cut_off_because_we_must_end_hears_that_it_can_be_asked_again(path: str, kind: str) -> None:
    """Nothing of it was done: a 503 with when to come back, and not that something is broken."""

    async def cut_off(*_: object) -> None:
        raise asyncio.CancelledError

    transport = httpx.ASGITransport(app=measured(cut_off))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.get(path)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.headers["Content-Type"].startswith(kind)
    assert "Probeer het zo nog eens" in answer.text
