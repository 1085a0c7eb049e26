"""What every answer has, and what a request cannot do, whatever it asks for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote
from uuid import UUID

import httpx
import pytest
from msgspec import structs

from service import toegang
from service.aanbod import aanbieders
from service.app import FORM_LIMIT
from service.db import Connection, Pool, Wie, transaction
from service.failures import Formatter
from service.settings import Settings
from service.web import api as api_module
from service.web import forms
from service.web.headers import SECURITY
from service.web.problems import CONTENT_TYPE
from service.web.v1 import OPERATIONS
from tests import make
from tests.web.conftest import Serve
from tests.web.test_identity import cookie, token_for

ID = "00000000-0000-4000-8000-000000000000"
NIEUW = {"naam": "Jeugdhulp Zonder Omweg"}
PAGE_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

PAGES = ["/", f"/aanvragen/{ID}", "/bestaat-niet", "/inloggen", "/inloggen/terug", "/livez", "/readyz", "/favicon.ico"]


def requests() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation and page, right and wrong: every way to a refusal that there is."""
    for operation in OPERATIONS:
        path = "/v1" + "/".join(ID if part.startswith("{") else part for part in operation.path.split("/"))
        yield operation.method, path, {}
        yield operation.method, path, {"headers": {"Accept": "image/png"}}
        yield operation.method, path + "?onzin=1", {}
        yield operation.method, path, {"headers": {"Host": "kwaad.example"}}
        yield "TRACE", path, {}
        if operation.body is not None:
            yield operation.method, path, {"content": b"{", "headers": {"Content-Type": "application/json"}}
            yield operation.method, path, {"json": {"onzin": "x"}, "headers": {"If-Match": "*"}}
            yield operation.method, path, {"content": b"x", "headers": {"Content-Type": "text/plain"}}
    for page in [*PAGES, "/v1", "/v1/", "/v1/bestaat-niet", "/v1/aanvragen/"]:
        for method in ("GET", "HEAD", "POST", "OPTIONS", "TRACE"):
            yield method, page, {}


@pytest.mark.parametrize("who", ["loket", "niemand"])
async def test_every_answer_whatever_was_asked_has_the_headers_that_keep_it_safe(
    serve: Serve, wie: Wie, who: str
) -> None:
    """NL API design rules and ASVS V3.4: no sniffing, no frame, no referrer, no cache, nothing loaded from elsewhere.
    A page may load its own style; nothing may keep what is about a person."""
    client = await serve(wie if who == "loket" else None)
    statuses = set()
    for method, path, request in requests():
        answer = await client.request(method, path, **request)
        statuses.add(answer.status_code)
        where = method, path, request, answer.status_code
        headers = answer.headers
        assert [name for name in SECURITY if name.decode() not in headers] == [], where
        assert headers["x-content-type-options"] == "nosniff", where
        assert headers["x-robots-tag"] == "noindex, nofollow", where
        assert headers["referrer-policy"] in ("no-referrer", "same-origin"), where
        html = headers.get("content-type", "").startswith("text/html")
        assert headers["content-security-policy"] == (
            PAGE_CSP if html else "default-src 'none'; frame-ancestors 'none'"
        )
        public = path.startswith(("/favicon", "/v1/openapi.json", "/inloggen/sleutels.json")) and answer.is_success
        assert public or headers["cache-control"] == "no-store", where
        assert "server" not in headers and "x-powered-by" not in headers, where
        assert path.startswith("/v1/openapi.json") or "access-control-allow-origin" not in headers, where
        assert "traceback" not in answer.text.lower() and 'file "' not in answer.text.lower(), where
    assert statuses >= ({400, 403, 404, 405, 406, 415} if who == "loket" else {200, 303, 401, 404, 405})


async def test_behind_our_https_address_browsers_never_come_back_over_http(serve: Serve, settings: Settings) -> None:
    """Also on a refusal. Without an address of ours there is no https, so nothing is promised."""
    away = await serve(None, settings=structs.replace(settings, adres="https://loket.example"))
    here = await serve(None)

    for path in ("/inloggen", "/v1/aanvragen", "/bestaat-niet", "/livez"):
        told = (await away.get(path)).headers["strict-transport-security"]
        assert told == "max-age=31536000; includeSubDomains"
        assert "strict-transport-security" not in (await here.get(path)).headers


# ── Another website (CSRF) ───────────────────────────────────────────────────────────────────────

CROSS = [
    {"Origin": "https://kwaad.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.fixture
async def cookies(pool: Pool, owner: Connection) -> dict[str, str]:
    """A browser in which a schakelfunctionaris is logged in."""
    return cookie(await token_for(pool, await make.gebruiker(owner)))


@pytest.mark.parametrize("site", CROSS)
async def test_a_change_that_another_website_sends_with_a_good_cookie_is_refused(
    serve: Serve, cookies: dict[str, str], site: dict[str, str]
) -> None:
    """JSON, the form of a file, a form of ours, and a body that a browser sends without asking first."""
    client = await serve(None)
    own = {**cookies, "Origin": "http://127.0.0.1"}
    form = {"bestand": ("lijst.csv", b"naam\nJeugdhulp\n")}
    plain = {"Content-Type": "text/plain"}

    refused = [
        await client.post("/v1/aanbieders", json=NIEUW, headers={**cookies, **site}),
        await client.post("/v1/aanbieders", content=b'{"naam": "x"}', headers={**cookies, **site, **plain}),
        await client.post("/v1/invoer/aanbieders?proef=true", files=form, headers={**cookies, **site}),
        await client.post("/uitloggen", headers={**cookies, **site}),
        await client.post("/inloggen/keuze", data={"poging": "x", "gebruiker": ID}, headers={**cookies, **site}),
    ]

    assert [answer.status_code for answer in refused] == [403] * 5
    assert (await client.post("/v1/aanbieders", json=NIEUW, headers=own)).status_code == 201
    assert len((await client.get("/v1/aanbieders", headers=cookies)).json()) == 1


async def test_reading_changes_nothing(
    serve: Serve, cookies: dict[str, str], owner: Connection, pool: Pool, wie: Wie
) -> None:
    """So a picture on another website that asks for an address of ours does no harm, whatever the address."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
    client = await serve(None)
    tables = [
        "aanbieder",
        "locatie",
        "voorziening",
        "plek",
        "bezetting",
        "aanvraag",
        "samenplaatsing",
        "plan",
        "sessie",
        "herhaling",
    ]
    hashed = " || ".join(
        f"(select coalesce(md5(string_agg(x::text, '' order by x::text)), '') from {t} x)" for t in tables
    )
    await client.get("/v1/plekken", headers=cookies)  # the first time in a minute, a session is marked as in use
    before = await owner.fetchval(f"select {hashed}")
    for operation in OPERATIONS:
        if operation.method == "GET":
            path = operation.path.replace("{plekId}", str(plek.id))
            path = "/".join(ID if part.startswith("{") else part for part in path.split("/"))
            await client.get(f"/v1{path}", headers={**cookies, "Sec-Fetch-Site": "cross-site"})

    assert await owner.fetchval(f"select {hashed}") == before


@pytest.mark.parametrize(
    "headers",
    [{"X-HTTP-Method-Override": "POST"}, {"X-HTTP-Method": "POST"}, {"X-Method-Override": "POST"}],
)
async def test_a_method_is_what_the_request_line_says(api: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """An override would turn a link into a change."""
    answer = await api.request("GET", "/v1/aanbieders?_method=POST", json=NIEUW, headers=headers)
    also = await api.request("GET", "/v1/aanbieders", json=NIEUW, headers=headers)

    assert answer.status_code == 400 and also.status_code == 200
    assert also.json() == []


# ── Who asks, and for what ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-Host": "127.0.0.1"},
        {"X-Forwarded-Proto": "https"},
        {"Forwarded": "for=127.0.0.1;host=127.0.0.1;proto=https"},
        {"X-Original-URL": "/v1/livez"},
        {"X-Rewrite-URL": "/livez"},
        {"X-Real-IP": "127.0.0.1"},
        {"X-User": "beheerder"},
        {"X-Remote-User": "beheerder"},
    ],
)
async def test_headers_that_only_a_proxy_may_set_open_nothing(serve: Serve, headers: dict[str, str]) -> None:
    """Neither who asks, nor by which name, nor what."""
    client = await serve(None)

    assert (await client.get("/v1/aanvragen", headers=headers)).status_code == 401
    assert (await client.get("/v1/aanvragen", headers={**headers, "Host": "kwaad.example"})).status_code == 403
    assert "strict-transport-security" not in (await client.get("/livez", headers=headers)).headers


@pytest.mark.parametrize(
    "path",
    [
        "/%76%31/aanvragen",
        "//v1/aanvragen",
        "/v1//aanvragen",
        "/v1/aanvragen/",
        "/v1/./aanvragen",
        "/v1/x/../aanvragen",
        "/v1/%2e%2e/v1/aanvragen",
        "/v1/aanvragen%2f",
        "/v1/aanvragen%00",
        "/v1/aanvragen;a=b",
        "/V1/aanvragen",
        "/v1/openapi.json/../aanvragen",
        "/assets/../v1/aanvragen",
        "/assets/%2e%2e/%2e%2e/settings.py",
        "/assets/..%2f..%2fsettings.py",
        "/livez/../v1/aanvragen",
    ],
)
async def test_an_address_has_one_form_and_another_one_leads_nowhere(
    api: httpx.AsyncClient, pool: Pool, wie: Wie, path: str
) -> None:
    """So what a proxy lets through by its path is what we answer."""
    async with transaction(pool, wie) as conn:
        asked = await make.aanvraag(conn)
    answer = await as_sent(api, path)

    assert answer.status_code == 404
    assert asked.nummer not in answer.text and "import" not in answer.text


async def as_sent(client: httpx.AsyncClient, path: str) -> httpx.Response:
    """As the server hands it over; httpx itself would tidy the path before it is sent."""
    app = client._transport.app  # type: ignore[attr-defined]

    async def untidied(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "path": unquote(path), "raw_path": path.encode()}, receive, send)

    transport = httpx.ASGITransport(app=untidied, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as sender:
        return await sender.get("/")


# ── Too much, too long ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("told", [True, False])
async def test_a_body_of_more_than_a_megabyte_is_refused(api: httpx.AsyncClient, told: bool) -> None:
    """Before it is read when its length is told; else as soon as it proves too long."""
    size = 1_000_001

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(0, size, 100_000):
            yield b" " * 100_000

    content: Any = b" " * size if told else parts()
    answer = await api.post("/v1/aanbieders", content=content, headers={"Content-Type": "application/json"})

    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/inloggen/keuze", "/uitloggen"])
async def test_a_form_of_ours_is_small(serve: Serve, path: str) -> None:
    client = await serve(None)
    form = {"poging": "a" * FORM_LIMIT, "gebruiker": ID}

    answer = await client.post(path, data=form)

    assert answer.status_code in (303, 413)  # 303: it is not even read
    assert path == "/uitloggen" or answer.status_code == 413


async def test_a_body_that_drips_is_given_up(api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_module, "BODY_S", 0.01)

    async def drip() -> AsyncIterator[bytes]:
        yield b'{"naam": '
        await asyncio.Event().wait()

    answer = await api.post("/v1/aanbieders", content=drip(), headers={"Content-Type": "application/json"})

    assert answer.status_code == 408
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("path", ["/vervanging", "/oauth/token", "/taal"])
async def test_a_form_that_drips_is_given_up_and_the_loket_is_not_called_away(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """It would say 503 after the limit of a request, as if it were ours."""
    monkeypatch.setattr(forms, "BODY_S", 0.01)

    async def drip() -> AsyncIterator[bytes]:
        yield b"a="
        await asyncio.Event().wait()

    answer = await api.post(path, content=drip(), headers={"Content-Type": forms.FORM})

    assert answer.status_code == 408 and answer.headers["connection"] == "close"
    assert "kwam niet op tijd helemaal aan" in answer.text


@pytest.mark.parametrize(
    ("rol", "path"),
    [
        ("contractbeheer", "/cijfers/verblijven/csv?periode=2025-2%0A"),
        ("contractbeheer", "/cijfers?gemeente=0402%0A"),
        ("aanbieder", "/eigen-cijfers?periode=2025-2%0A"),
        ("beheerder", "/beheer/gebruikers?rol=verwijzer%0A"),
    ],
)
async def test_a_line_end_after_what_would_be_right_is_refused(
    serve: Serve, wie_als: Callable[..., Wie], pool: Pool, wie: Wie, rol: str, path: str
) -> None:
    """It stood in the name of the file, so in a header of the answer."""
    async with transaction(pool, wie) as conn:
        aanbieder = (await make.aanbieder(conn)).id
    client = await serve(wie_als(rol, organisatie=aanbieder if rol == "aanbieder" else None))

    assert (await client.get(path.removesuffix("%0A"))).status_code == 200
    assert (await client.get(path)).status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1, 127.0.0.1", "a b", "é"])
async def test_who_calls_the_loket_by_no_name_at_all_hears_so_from_the_api_as_a_problem(
    api: httpx.AsyncClient, host: str
) -> None:
    """Litestar looks at it before the API does, and would answer a program with a page."""
    answer = await api.get("/v1/plekken", headers={"Host": host.encode("latin-1")})

    assert (answer.status_code, answer.headers["content-type"]) == (400, CONTENT_TYPE)
    assert [(error["in"], error["location"]) for error in answer.json()["errors"]] == [("header", {"name": "Host"})]


@pytest.mark.parametrize(("port", "status"), [(65_535, 200), (65_536, 403), (99_999, 403)])
async def test_a_port_that_cannot_be_is_refused(api: httpx.AsyncClient, port: int, status: int) -> None:
    """Here, and not by what needs the whole address later on: that would be an error of ours."""
    host = {"Host": f"localhost:{port}"}

    assert (await api.get("/v1/plekken", headers=host)).status_code == status
    assert (await api.get("/plekken/vrij?gemeente=x&zorgvorm=" + "a" * 99, headers=host)).status_code < 500
    assert (await api.get("/cijfers?vanaf=anders", headers=host)).status_code in (400, 403)


@pytest.mark.parametrize("host", ["127.0.0.1:x", "localhost:65536", "[::1", "a:b:c"])
@pytest.mark.parametrize("path", ["/inloggen/start", "/inloggen/terug", "/inloggen", "/uitloggen", "/aanvragen/x"])
async def test_a_name_that_cannot_be_taken_apart_is_no_error_of_ours(serve: Serve, path: str, host: str) -> None:
    """Also where anybody may ask: what says there that something is missing, says the whole address."""
    client = await serve(None)

    answer = await client.get(path, headers={"Host": host})

    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize(
    "path",
    ["/plekken/vrij?zorgvorm=cri%00sis", "/inloggen/terug?code=a&state=%00", "/beheer/gebruikers?zoek=%00", "/%00"],
)
async def test_an_address_with_a_nul_is_refused_before_the_database_has_it(
    serve: Serve, wie_als: Callable[..., Wie], path: str
) -> None:
    """PostgreSQL has no text with it."""
    for rol in ("schakelfunctionaris", "beheerder"):
        assert (await (await serve(wie_als(rol))).get(path)).status_code in (400, 403, 404), rol


async def test_who_comes_back_from_the_login_with_too_much_hears_to_begin_again(serve: Serve) -> None:
    answer = await (await serve(None)).get("/inloggen/terug?state=a&" + "&".join(f"a{n}=x" for n in range(40)))

    assert answer.status_code == 400 and "Begin opnieuw met inloggen." in answer.text


@pytest.mark.parametrize("referer", ["http://[::1", "http://[vreemd]/", "//", "http://127.0.0.1:x/", "\xff"])
async def test_whatever_a_browser_says_that_it_came_from_a_language_can_be_chosen(
    api: httpx.AsyncClient, referer: str
) -> None:
    answer = await api.post("/taal", data={"taal": "nl"}, headers={"Referer": referer.encode("latin-1")})

    assert answer.status_code == 303 and answer.headers["location"].startswith("/")


@pytest.mark.parametrize(
    "cookie", ["a/b=c; loket-taal=en", "loket-taal", 'loket-taal="', "loket-taal=\xff", "=loket-taal"]
)
async def test_a_cookie_of_another_website_on_this_computer_is_no_reason_to_break_down(
    api: httpx.AsyncClient, cookie: str
) -> None:
    """Every page looks in it for a language."""
    answer = await api.get("/start", headers={"Cookie": cookie.encode("latin-1")})

    assert answer.status_code == 200


@asynccontextmanager
async def held(owner: Connection, table: str) -> AsyncIterator[None]:
    """While the block runs, who asks for the table must wait."""
    async with owner.transaction():
        await owner.execute(f"lock table {table} in access exclusive mode")
        yield


@pytest.mark.parametrize("path", ["/v1/aanbieders", "/"])
async def test_a_request_that_takes_too_long_is_given_up_and_holds_nothing(
    serve: Serve, wie: Wie, settings: Settings, owner: Connection, path: str
) -> None:
    """503, and its connection with the database can be used by the next one."""
    client = await serve(wie, settings=structs.replace(settings, request_limit_s=0.2, pool_size=1))
    async with held(owner, "aanbieder, aanvraag"):
        late = await client.get(path)
    after = await client.get(path)

    assert late.status_code == 503 and after.status_code == 200
    assert await owner.fetchval("select count(*) from pg_stat_activity where state = 'idle in transaction'") == 0


async def test_the_database_gives_up_by_itself_too(serve: Serve, wie: Wie, settings: Settings) -> None:
    """Also when the process that asked is gone."""
    client = await serve(wie, settings=structs.replace(settings, request_limit_s=2))
    pool = client._transport.app.state.services.pool  # type: ignore[attr-defined]
    async with transaction(pool, wie) as conn:
        limits = [await conn.fetchval(f"show {name}") for name in LIMITS]

    assert limits == ["2s", "2s"]


LIMITS = ("statement_timeout", "idle_in_transaction_session_timeout")


# ── Errors ───────────────────────────────────────────────────────────────────────────────────────


async def test_an_unforeseen_error_is_a_number_for_who_asked_and_a_place_for_who_repairs(
    api: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The number is the same; what the error says is in neither."""
    secret = "postgresql://loket:geheim@db"
    with patch.object(aanbieders, "page", side_effect=ZeroDivisionError(secret)), caplog.at_level(logging.ERROR):
        answer = await api.get("/v1/aanbieders")

    number = answer.json()["instance"].removeprefix("urn:uuid:")
    logged = Formatter().format(caplog.records[-1].__class__(**_again(caplog.records[-1])))
    assert answer.status_code == 500
    assert set(answer.json()) == {"type", "title", "status", "detail", "instance", "errors"}
    assert "geheim" not in answer.text and "ZeroDivisionError" not in answer.text
    assert str(UUID(number)) in logged and "builtins.ZeroDivisionError" in logged
    assert "geheim" not in logged


def _again(record: logging.LogRecord) -> dict[str, Any]:
    """The record as it was made: pytest's own handler has kept its text in it."""
    return {
        "name": record.name,
        "level": record.levelno,
        "pathname": record.pathname,
        "lineno": record.lineno,
        "msg": record.msg,
        "args": record.args,
        "exc_info": record.exc_info,
    }


async def test_no_variable_of_the_environment_makes_errors_talk(
    serve: Serve, wie: Wie, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Litestar shows its stack and the source when LITESTAR_DEBUG is set."""
    monkeypatch.setenv("LITESTAR_DEBUG", "1")
    monkeypatch.setenv("LITESTAR_PDB", "1")
    client = await serve(wie)

    with patch("service.aanvraag.werkblad.werkblad", side_effect=ZeroDivisionError("geheim")):
        answer = await client.get("/", headers={"Accept": "application/json"})

    assert answer.status_code == 500
    assert "geheim" not in answer.text and "ZeroDivisionError" not in answer.text


def test_what_needs_no_login_is_named() -> None:
    """A new page that anybody may see is a decision, made here too."""
    assert {operation.id for operation in OPERATIONS if operation.public} == {"haalBeschrijving"}
    assert {name for name in toegang.OPENBAAR if not name.startswith(("inlog", "uitlog", "demo_", "oauth"))} == {
        "haalBeschrijving",
        "livez",
        "readyz",
        "asset",
        "favicon",
        "paginaBevestigen",
        "bevestigPerMail",
        "kies_taal",
    }


@pytest.mark.parametrize("path", ["/inloggen/keuze", "/oauth/token"])
async def test_who_goes_away_halfway_a_form_is_no_error_of_ours(
    api: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """Nobody need log in for it, and a person must look at each line about what was unforeseen."""
    messages = [{"type": "http.request", "body": b"a=1", "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/x-www-form-urlencoded")]
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
    }
    scope |= {"path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers}
    scope |= {"server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1), "state": {}}
    await api._transport.app(scope, receive, send)  # type: ignore[attr-defined]

    assert sent[0]["status"] == 400
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
