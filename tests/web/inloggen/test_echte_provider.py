"""The login with a provider that others wrote: npm oidc-provider, which demands PKCE and private_key_jwt. In `make ci`.

Its login and consent pages are filled in over HTTP, as a browser would.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import httpx
import pytest
from joserfc.jwk import RSAKey

from service.db import Connection
from service.inloggen import oidcsleutels
from service.web.identity import KEEP
from tests import make
from tests.conftest import OTHER_REGIO, ROOT
from tests.web.conftest import Serve
from tests.web.inloggen.conftest import Clock, inside, sent
from tests.web.inloggen.test_inloggen import secret_in

pytestmark = pytest.mark.node

CI = ROOT / "tests" / "ci"

PROVIDER = "insert into identiteitsprovider (naam, issuer, client_id) values ($1, $2, 'loket') returning id"

Start = Callable[..., Awaitable[str]]


@pytest.fixture(scope="session")
async def installed() -> None:
    npm = await asyncio.create_subprocess_exec(
        "npm", "ci", "--ignore-scripts", cwd=CI, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    told, _ = await npm.communicate()
    assert npm.returncode == 0, told.decode()


@pytest.fixture
def clock() -> Clock:
    """That of the provider as well, so it begins at the real time."""
    return Clock(datetime.now(UTC))


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "oidc.json"
    oidcsleutels.write(path, [RSAKey.generate_key(2048, {"kid": "van-ons"})])
    return path


class Relay:
    """A socket by which the provider reaches the loket, which has none in these tests; `told` has the answers."""

    def __init__(self) -> None:
        self.url = ""
        self.to: Callable[[bytes], Awaitable[httpx.Response]] | None = None
        self.told: list[int] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        body = await reader.readexactly(int(re.findall(r"content-length: (\d+)", head)[0]))
        assert "content-type: application/x-www-form-urlencoded" in head
        status = (await self.to(body)).status_code if self.to else 503
        self.told.append(status)
        writer.write(f"HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    found = Relay()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/afmelden"
    async with server:
        yield found


@pytest.fixture
async def start(installed: None, keys: Path, relay: Relay) -> AsyncIterator[Start]:
    """`await start(accounts)`: a running provider; its issuer."""
    async with AsyncExitStack() as stack:

        async def run(accounts: dict[str, dict[str, object]]) -> str:
            asked = {
                "jwks": json.loads(oidcsleutels.published(oidcsleutels.read(keys))),
                "redirect": "https://loket.example/inloggen/terug",
                "logout": "https://loket.example/inloggen",
                "backchannel": relay.url,
                "accounts": accounts,
            }
            node = await asyncio.create_subprocess_exec(
                "node",
                "provider.mjs",
                json.dumps(asked),
                cwd=CI,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            assert node.stdin is not None and node.stdout is not None
            stack.push_async_callback(node.wait)
            stack.callback(node.stdin.close)
            async for line in node.stdout:
                if line.startswith(b"listening on "):
                    return line.decode().removeprefix("listening on ").strip()
            raise AssertionError("the provider ended before it was ready")

        yield run


@pytest.fixture
async def person() -> AsyncIterator[httpx.AsyncClient]:
    """The browser at the provider, with its cookies there."""
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


async def at_provider(person: httpx.AsyncClient, url: str, login: str) -> str:
    """Through its pages (login, consent) until it sends the browser back to us: that address. Whether a password was
    asked is in `person.asked`."""
    answer = await person.get(url)
    for _ in range(10):
        if answer.is_redirect:
            there = urljoin(str(answer.url), answer.headers["Location"])
            if there.startswith("https://loket.example/"):
                return there
            answer = await person.get(there)
            continue
        form = re.search(r'<form[^>]* action="([^"]+)"', answer.text)
        prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
        assert form is not None and prompt is not None, answer.text
        fields = {"prompt": prompt[1]} | ({"login": login, "password": "x"} if prompt[1] == "login" else {})
        answer = await person.post(urljoin(str(answer.url), html.unescape(form[1])), data=fields)
    raise AssertionError("the provider keeps asking")


async def whole_way(
    browser: httpx.AsyncClient, person: httpx.AsyncClient, provider_id: UUID, login: str = "jan", naar: str = "/"
) -> httpx.Response:
    back = await at_provider(person, await sent(browser, provider_id, naar), login)
    return await browser.get(back)


async def logs_out(person: httpx.AsyncClient, url: str) -> httpx.Response:
    """Presses the button of the provider."""
    page = await person.get(url)
    form = re.search(r'<form[^>]* action="([^"]+)".*?name="xsrf" value="([^"]+)"', page.text, re.DOTALL)
    assert form is not None, page.text
    return await person.post(html.unescape(form[1]), data={"xsrf": form[2], "logout": "yes"})


JAN: dict[str, dict[str, object]] = {"jan": {"email": "jan@gi.example", "email_verified": True}}


async def test_somebody_logs_in_works_and_logs_out_there_too(
    browser: httpx.AsyncClient, person: httpx.AsyncClient, start: Start, owner: Connection
) -> None:
    """The first login recognises them by their verified address. After logging out the provider asks again."""
    issuer = await start(JAN)
    provider_id = await owner.fetchval(PROVIDER, "Echt", issuer)
    jan = await make.gebruiker(owner, identiteitsprovider_id=provider_id, email="jan@gi.example")

    entered = await whole_way(browser, person, provider_id, naar="/?urgentie=spoed")
    working = await inside(browser)
    left = await browser.post("/uitloggen")

    assert (entered.status_code, entered.headers.get("Location")) == (303, "/?urgentie=spoed"), entered.text
    assert working
    assert await owner.fetchval("select subject from gebruiker where id = $1", jan) == "jan"
    assert not await inside(browser)
    there = left.headers["Refresh"].removeprefix("0; url=")
    assert there.startswith(f"{issuer}/session/end?client_id=loket")
    done = await logs_out(person, there)
    assert done.headers["Location"] == "https://loket.example/inloggen"
    again = await person.get(await sent(browser, provider_id))
    assert urlsplit(again.headers["Location"]).path.startswith("/interaction/"), "there is no session left there"


async def test_who_is_disabled_is_out_within_a_minute(
    browser: httpx.AsyncClient, person: httpx.AsyncClient, start: Start, owner: Connection, clock: Clock
) -> None:
    """And does not come back in, though the provider still knows them."""
    provider_id = await owner.fetchval(PROVIDER, "Echt", await start(JAN))
    await make.gebruiker(owner, identiteitsprovider_id=provider_id, subject="jan")
    await whole_way(browser, person, provider_id)
    before = await inside(browser)

    await owner.execute("update gebruiker set actief = false")
    clock.now += KEEP

    assert before
    assert timedelta(minutes=1) > KEEP
    assert not await inside(browser)
    assert (await whole_way(browser, person, provider_id)).status_code == 403


async def test_two_providers_two_regions_and_somebody_with_two_roles(
    serve: Serve, clock: Clock, person: httpx.AsyncClient, start: Start, owner: Connection
) -> None:
    """`jan` of the one is not `jan` of the other. Who has two roles chooses."""
    hier = await owner.fetchval(PROVIDER, "Gooi", await start(JAN))
    daar = await owner.fetchval(PROVIDER, "Flevoland", await start(JAN))
    await make.gebruiker(owner, identiteitsprovider_id=hier, subject="jan")
    rollen = [
        await make.gebruiker(owner, identiteitsprovider_id=daar, subject="jan", regio=OTHER_REGIO, rol=rol)
        for rol in ("beheerder", "schakelfunctionaris")
    ]
    one, other = await serve(clock=clock), await serve(clock=clock)

    first = await whole_way(one, person, hier)
    page = await whole_way(other, person, daar)
    second = await other.post("/inloggen/keuze", data={"poging": secret_in(page), "gebruiker": str(rollen[1])})

    assert (first.status_code, page.status_code, second.status_code) == (303, 200, 303)
    who = await owner.fetch(
        "select s.regio, g.rol::text from sessie s join gebruiker g on g.id = s.gebruiker_id order by 1"
    )
    assert [tuple(row) for row in who] == [
        (OTHER_REGIO, "schakelfunctionaris"),
        ("gooi-en-vechtstreek", "schakelfunctionaris"),
    ]
    assert "Flevoland" in (await other.get("/")).text


async def test_with_another_key_the_provider_does_not_believe_that_we_are_the_loket(
    browser: httpx.AsyncClient, person: httpx.AsyncClient, start: Start, owner: Connection, keys: Path
) -> None:
    """private_key_jwt is really asked; who stole a code has nothing without our key."""
    provider_id = await owner.fetchval(PROVIDER, "Echt", await start(JAN))
    await make.gebruiker(owner, identiteitsprovider_id=provider_id, subject="jan")
    oidcsleutels.write(keys, [RSAKey.generate_key(2048, {"kid": "van-ons"})])

    answer = await whole_way(browser, person, provider_id)

    assert (answer.status_code, "neemt deze inlogpoging niet aan" in answer.text) == (403, True)


async def test_who_stops_at_the_provider_is_told_so(
    browser: httpx.AsyncClient, person: httpx.AsyncClient, start: Start, owner: Connection
) -> None:
    """With the iss that the provider puts beside its error (RFC 9207)."""
    issuer = await start(JAN)
    provider_id = await owner.fetchval(PROVIDER, "Echt", issuer)
    step = await person.get(await sent(browser, provider_id))
    stopped = await person.get(f"{issuer}{urlsplit(step.headers['Location']).path}/abort")
    while not stopped.headers["Location"].startswith("https://loket.example/"):
        stopped = await person.get(urljoin(str(stopped.url), stopped.headers["Location"]))

    answer = await browser.get(stopped.headers["Location"])

    assert "iss=" in stopped.headers["Location"]
    assert "U bent gestopt met inloggen" in answer.text


async def test_who_logs_out_at_the_provider_is_out_of_the_loket_at_once(
    serve: Serve, clock: Clock, start: Start, relay: Relay, owner: Connection
) -> None:
    """OpenID Connect Back-Channel Logout 1.0: on this computer, not where the same person is logged in elsewhere. What
    the provider sent does not work again."""
    issuer = await start(JAN)
    provider_id = await owner.fetchval(PROVIDER, "Echt", issuer)
    await make.gebruiker(owner, identiteitsprovider_id=provider_id, subject="jan")
    browsers = [await serve(clock=clock) for _ in range(2)]
    sent_: list[bytes] = []

    async def tell(body: bytes) -> httpx.Response:
        sent_.append(body)
        return await browsers[1].post(
            f"/inloggen/afmelden/{provider_id}",
            content=body,
            headers={"Content-Type": "application/x-www-form-urlencoded", "Cookie": ""},
        )

    relay.to = tell
    async with (
        httpx.AsyncClient(trust_env=False) as here,
        httpx.AsyncClient(trust_env=False) as elsewhere,
    ):
        for browser, person in zip(browsers, (here, elsewhere), strict=True):
            assert (await whole_way(browser, person, provider_id)).status_code == 303
        sids = await owner.fetch("select distinct idp_sessie from sessie where idp_sessie is not null")

        await logs_out(here, f"{issuer}/session/end?client_id=loket")

    assert (len(sids), relay.told) == (2, [200])
    assert await owner.fetchval("select count(*) from sessie where beeindigd_op is not null") == 1
    assert [await inside(browser) for browser in browsers] == [False, True]
    assert (await tell(sent_[0])).status_code == 400
