"""The loket at https://loket.example, an identity provider on loopback, and a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from joserfc.jwk import ECKey
from msgspec import Struct, structs

from service.db import Connection
from service.inloggen import oidcsleutels
from service.settings import Settings
from tests import make
from tests.web.conftest import Serve
from tests.web.inloggen.provider import Provider


class Clock(Struct):
    """Time that a test moves."""

    now: datetime = make.NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """Our own keys: of a curve, because those are made fast."""
    path = tmp_path / "oidc.json"
    oidcsleutels.write(path, [ECKey.generate_key("P-256", {"kid": "van-ons"})])
    return path


@pytest.fixture
def settings(settings: Settings, keys: Path) -> Settings:
    return structs.replace(settings, adres="https://loket.example", oidc_keys=keys, oidc_timeout_s=0.5)


@pytest.fixture
async def provider(clock: Clock, keys: Path) -> AsyncIterator[Provider]:
    found = Provider(clock)
    found.client_keys = oidcsleutels.published(oidcsleutels.read(keys))
    async with found.listening():
        yield found


PROVIDER = "insert into identiteitsprovider (naam, issuer, client_id, acr) values ($1, $2, $3, $4) returning id"


async def registered(
    owner: Connection, provider: Provider, naam: str = "Jeugdbescherming", acr: list[str] | None = None
) -> UUID:
    """Id of the provider as the operator has it."""
    id: UUID = await owner.fetchval(PROVIDER, naam, provider.issuer, provider.client_id, acr or [])
    return id


@pytest.fixture
async def provider_id(owner: Connection, provider: Provider) -> UUID:
    return await registered(owner, provider)


@pytest.fixture
async def jan(owner: Connection, provider_id: UUID) -> UUID:
    """Somebody whom the provider knows as `jan`."""
    return await make.gebruiker(owner, identiteitsprovider_id=provider_id, subject="jan", naam="Jan de Vries")


@pytest.fixture
async def browser(serve: Serve, clock: Clock) -> httpx.AsyncClient:
    """Nobody yet."""
    return await serve(clock=clock)


async def sent(browser: httpx.AsyncClient, provider_id: UUID, naar: str = "/") -> str:
    """Where the loket sends who wants to log in at this provider."""
    answer = await browser.get("/inloggen/start", params={"provider": str(provider_id), "naar": naar})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


async def back(browser: httpx.AsyncClient, params: dict[str, str]) -> httpx.Response:
    return await browser.get("/inloggen/terug", params=params)


async def log_in(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, *, subject: str = "jan", naar: str = "/"
) -> httpx.Response:
    """The whole way, to the answer of the loket."""
    return await back(browser, provider.login(await sent(browser, provider_id, naar), subject=subject))


async def inside(browser: httpx.AsyncClient) -> bool:
    return (await browser.get("/v1/aanvragen")).status_code == 200


def path_of(response: httpx.Response) -> str:
    return urlsplit(response.headers["Location"]).path
