"""Without a login only this computer may ask; a website in somebody's browser is not this computer."""

from __future__ import annotations

import httpx
import pytest

NIEUW = {"naam": "Jeugdhulp Zonder Omweg"}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "LOCALHOST:9000", "[::1]:8000", "127.8.8.8"])
async def test_this_computer_may_ask_by_each_of_its_own_names(api: httpx.AsyncClient, host: str) -> None:
    """Any port: a port may be forwarded, and a website cannot take a loopback name."""
    answers = [await api.get(path, headers={"Host": host}) for path in ("/v1/aanvragen", "/")]

    assert [answer.status_code for answer in answers] == [200, 200]


@pytest.mark.parametrize(
    "host",
    [
        "kwaad.example",
        "127.0.0.1.kwaad.example",
        "kwaad.example:8000",
        "10.0.0.5",
        "localhost@kwaad.example",
        "::1",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/v1/aanvragen", "/", "/aanvragen/00000000-0000-4000-8000-000000000000"])
async def test_a_website_whose_name_points_to_this_computer_reads_nothing(
    api: httpx.AsyncClient, path: str, host: str
) -> None:
    """DNS rebinding: the browser believes that it is the website's own server, and sends the website's name."""
    answer = await api.get(path, headers={"Host": host})

    assert answer.status_code == 403
    assert "127.0.0.1" in answer.text


async def test_a_request_with_two_names_is_refused(api: httpx.AsyncClient) -> None:
    """Which of them counted would depend on who looks."""
    answer = await api.get("/v1/plekken", headers=[("Host", "localhost"), ("Host", "kwaad.example")])

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://kwaad.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:3000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://127.0.0.1", "Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_another_website_changes_nothing(api: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """Also another program's website on this same computer, by another port."""
    answer = await api.post("/v1/aanbieders", json=NIEUW, headers={"Host": "127.0.0.1", **headers})

    assert answer.status_code == 403
    assert (await api.get("/v1/aanbieders")).json() == []


async def test_another_website_sends_no_file(api: httpx.AsyncClient) -> None:
    """A form with a file is a request that a browser sends without asking first."""
    form = {"bestand": ("lijst.csv", b"naam\nJeugdhulp\n")}
    answer = await api.post("/v1/invoer/aanbieders?proef=true", files=form, headers={"Origin": "https://kwaad.example"})

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "http://localhost:8000"}, {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-origin"}],
)
async def test_programs_and_our_own_pages_may_change(api: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """A program sends no Origin; our own pages send ours."""
    answer = await api.post("/v1/aanbieders", json=NIEUW, headers={"Host": "localhost:8000", **headers})

    assert answer.status_code == 201


async def test_a_link_on_another_website_may_be_followed(api: httpx.AsyncClient) -> None:
    """Reading is not changing, and the other website cannot see what we answer."""
    answer = await api.get("/", headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


async def test_the_document_is_for_everybody(api: httpx.AsyncClient) -> None:
    """NL API design rules: public, always; it holds nothing of anybody."""
    answer = await api.get("/v1/openapi.json", headers={"Host": "loket.example", "Origin": "https://elders.example"})

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
