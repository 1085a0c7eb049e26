"""LOKET_METRICS_PORT: figures for Prometheus, and whether the process hangs; nothing else, and not by default."""

from __future__ import annotations

import socket

import httpx
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.errors import Refusal
from service.observe import endpoint
from service.settings import Settings


@pytest.fixture
def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


async def test_by_default_nothing_listens() -> None:
    async with endpoint.told(Settings()) as port:
        assert port is None


async def test_figures_and_whether_it_lives_and_nothing_else(free_port: int) -> None:
    async with (
        endpoint.told(Settings(metrics_port=free_port)),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{free_port}") as client,
    ):
        figures, lives, other = [await client.get(path) for path in ("/metrics", "/livez", "/v1/aanvragen")]

    names = {family.name for family in text_string_to_metric_families(figures.text)}
    assert {"loket_requests_in_progress", "loket_pool_connections", "process_resident_memory_bytes"} <= names
    assert (lives.status_code, lives.text, other.status_code) == (200, "Het proces leeft.\n", 404)
    with socket.socket() as sock:
        assert sock.connect_ex(("127.0.0.1", free_port)) != 0


async def test_a_process_whose_event_loop_hangs_says_so(free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread answers: who hangs cannot say that it does. Here every loop is too late."""
    monkeypatch.setattr(endpoint, "HANGS_S", -1)
    async with endpoint.told(Settings(metrics_port=free_port)), httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{free_port}/livez")

    assert (answer.status_code, answer.text) == (503, "Het proces hangt.\n")


async def test_a_port_that_is_taken_is_refused_by_name(free_port: int) -> None:
    settings = Settings(metrics_port=free_port)
    async with endpoint.told(settings):
        with pytest.raises(Refusal, match=f"LOKET_METRICS_PORT {free_port} kan niet"):
            async with endpoint.told(msgspec.structs.replace(settings)):
                pass
