"""A provider, a browser or a stranger that does not keep the rules: refused in Dutch, and nobody is logged in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from joserfc.jwk import RSAKey

from service.db import Connection
from service.inloggen import inlogpogingen, oidc
from tests.web.conftest import Serve
from tests.web.inloggen.conftest import Clock, back, inside, log_in, registered, sent
from tests.web.inloggen.provider import (
    Provider,
    new_key,
    signed_with_anything_in_the_header,
    signed_with_public_key,
    unsigned,
)

pytestmark = pytest.mark.usefixtures("jan")

DAY = 86_400

Change = Callable[[Provider], None]


def claims(**changed: Any) -> Change:
    """Over those of the ID token; numbers are seconds from now."""

    def change(p: Provider) -> None:
        now = int(p.clock().timestamp())
        p.claims = {name: now + value if isinstance(value, int) else value for name, value in changed.items()}

    return change


def with_(**attributes: Any) -> Change:
    def change(p: Provider) -> None:
        for name, value in attributes.items():
            setattr(p, name, value)

    return change


def signed_by_another(p: Provider) -> None:
    """The right key id, another key."""
    p.key = RSAKey.import_key({**new_key("vals").as_dict(private=True), "kid": p.key.kid})


def public_key_as_secret(p: Provider) -> None:
    p.sign = signed_with_public_key(p.key)


def critical_header(p: Provider) -> None:
    p.header = {"crit": ["x"], "x": 1}
    p.sign = signed_with_anything_in_the_header(p.key)


def key_in_header(p: Provider) -> None:
    """A token that brings its own key along."""
    p.key = new_key("meegebracht")
    p.header = {"jwk": p.key.as_dict(private=False), "kid": None}


HOSTILE: dict[str, tuple[Change, str]] = {
    "a nonce of another login": (claims(nonce="anders"), "het hoort bij een andere poging"),
    "no nonce": (claims(nonce=None), "het hoort bij een andere poging"),
    "a nonce that is a list": (claims(nonce=["x"]), "klopt niet"),
    "another issuer": (claims(iss="https://kwaad.example"), "het komt van een ander"),
    "no issuer": (claims(iss=None), "het komt van een ander"),
    "for another program": (claims(aud="ander-programma"), "het is voor een ander programma"),
    "for nobody": (claims(aud=None), "het is voor een ander programma"),
    "for us and another": (claims(aud=["loket", "ander"]), "het is voor een ander programma"),
    "asked by another program": (claims(azp="ander-programma"), "het is voor een ander programma"),
    "expired": (claims(exp=-31), "het is verlopen"),
    "without an end": (claims(exp=None), "het is verlopen"),
    "made in the future": (claims(iat=31), "het is van een moment dat nog moet komen"),
    "not valid yet": (claims(nbf=31), "het is van een moment dat nog moet komen"),
    "about nobody": (claims(sub=None), "er staat niet in wie u bent"),
    "about an empty name": (claims(sub=""), "er staat niet in wie u bent"),
    "about a number": (claims(sub=7), "er staat niet in wie u bent"),
    "about an endless name": (claims(sub="a" * 256), "er staat niet in wie u bent"),
    "a wrong hash of the access token": (claims(at_hash="x"), "klopt niet"),
    "not signed": (with_(sign=unsigned), "de handtekening klopt niet"),
    "signed with the public key as a secret": (public_key_as_secret, "de handtekening klopt niet"),
    "signed by another under a known key id": (signed_by_another, "de handtekening klopt niet"),
    "signed by an unknown key": (with_(key=new_key("onbekend")), "de sleutel ervan is onbekend"),
    "with its own key in the header": (key_in_header, "de handtekening klopt niet"),
    "with a critical header that we do not know": (critical_header, "de handtekening klopt niet"),
    "no token": (with_(answers={"/token": b'{"access_token":"x"}'}), "er staat niet in wie u bent"),
    "nonsense for a token": (with_(answers={"/token": b'{"id_token":"a.b"}'}), "de handtekening klopt niet"),
    "no JSON": (with_(answers={"/token": b"<html>"}), "is nu niet te bereiken"),
    "deep JSON": (with_(answers={"/token": b"[" * 100_000}), "is nu niet te bereiken"),
    "an oversized answer": (with_(answers={"/token": b" " * (oidc.LIMIT + 1)}), "is nu niet te bereiken"),
    "a refusal": (with_(answers={"/token": b'{"error":"invalid_client"}'}), "neemt deze inlogpoging niet aan"),
    "userinfo about another": (with_(userinfo={"sub": "piet", "email": "jan@x.nl"}), "het gaat over iemand anders"),
    "a slow answer": (with_(delay_s={"/token": 30}), "is nu niet te bereiken"),
}  # fmt: skip


async def test_a_token_that_is_not_right_logs_nobody_in(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, owner: Connection
) -> None:
    """OpenID Connect Core 1.0, 3.1.3.7: whichever check fails, there is no session, and Dutch says what to do."""
    let_in = []
    for name, (change, sentence) in HOSTILE.items():
        provider.behave()
        callback = provider.login(await sent(browser, provider_id))
        change(provider)

        answer = await back(browser, callback)

        refused = answer.status_code in (403, 503) and "set-cookie" not in answer.headers and sentence in answer.text
        if not refused or await inside(browser):
            let_in.append(name)
    assert let_in == []
    assert await owner.fetchval("select count(*) from sessie") == 0
    provider.behave()
    assert (await log_in(browser, provider, provider_id)).status_code == 303, "or all were refused for another reason"


@pytest.mark.parametrize("seconds", [-29, 29])
async def test_clocks_may_differ_a_little(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, seconds: int
) -> None:
    """One second more is too much: see above."""
    claims(exp=-29 if seconds < 0 else 300, iat=max(seconds, 0))(provider)

    assert (await log_in(browser, provider, provider_id)).status_code == 303
    assert await inside(browser)


async def test_a_discovery_document_that_is_not_right_starts_nothing(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID
) -> None:
    """Discovery 1.0 section 4.3: its issuer is ours. And no address in it leads where it should not."""
    for metadata, sentence in (
        ({"issuer": "https://kwaad.example"}, "het komt van een ander"),
        ({"token_endpoint": "http://10.0.0.1/token"}, "het verwijst naar een onveilig adres"),
        ({"jwks_uri": "file:///etc/passwd"}, "het verwijst naar een onveilig adres"),
        ({"authorization_endpoint": "https://a@kwaad.example/"}, "het verwijst naar een onveilig adres"),
        ({"end_session_endpoint": "https://x.example/\r\nSet-Cookie: a=b"}, "het verwijst naar een onveilig adres"),
        ({"token_endpoint": None}, "is nu niet te bereiken"),
    ):
        provider.metadata = metadata

        answer = await browser.get("/inloggen/start", params={"provider": str(provider_id)})

        assert answer.status_code in (403, 503)
        assert sentence in answer.text


async def test_a_provider_that_is_slow_endless_or_away_holds_nobody_up(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID
) -> None:
    """Half a second here (LOKET_OIDC_TIMEOUT_S), and never more than 256 kB."""
    for path in ("/.well-known/openid-configuration", "/jwks"):
        for delay, said in ((30.0, b"{}"), (0.0, b'{"x":"' + b"a" * oidc.LIMIT + b'"}'), (0.0, b"")):
            provider.behave()
            provider.delay_s[path], provider.answers[path] = delay, said

            async with asyncio.timeout(10):
                answer = await browser.get("/inloggen/start", params={"provider": str(provider_id)})

            assert answer.status_code == 503
            assert "Jeugdbescherming is nu niet te bereiken. U bent niet ingelogd." in answer.text


async def test_a_code_that_was_used_before_logs_nobody_in(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID
) -> None:
    """Also under a new state: the provider takes a code once."""
    first = provider.login(await sent(browser, provider_id))
    await back(browser, first)
    await browser.post("/uitloggen")
    second = provider.login(await sent(browser, provider_id))

    answer = await back(browser, {**second, "code": first["code"]})

    assert (answer.status_code, "neemt deze inlogpoging niet aan" in answer.text) == (403, True)
    assert not await inside(browser)


async def test_a_state_counts_once(browser: httpx.AsyncClient, provider: Provider, provider_id: UUID) -> None:
    """Even when the first time failed."""
    url = await sent(browser, provider_id)
    await back(browser, {**provider.login(url), "code": "geraden"})

    answer = await back(browser, provider.login(url))

    assert (answer.status_code, "verlopen of al gebruikt" in answer.text) == (403, True)
    assert not await inside(browser)


async def test_without_a_login_under_way_there_is_nothing_to_finish(browser: httpx.AsyncClient) -> None:
    """Login CSRF: somebody sends a link with a code of their own."""
    for params in ({"code": "x"}, {"code": "x", "state": ""}, {"code": "x", "state": "geraden"}, {}):
        answer = await back(browser, params)

        assert answer.status_code in (400, 403)
        assert "Inloggen is niet gelukt" in answer.text


async def test_a_parameter_that_comes_twice_is_refused(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID
) -> None:
    """Which of them counted would depend on who looks."""
    found = provider.login(await sent(browser, provider_id))

    answer = await browser.get(f"/inloggen/terug?code=x&code={found['code']}&state={found['state']}")

    assert answer.status_code == 400
    assert not await inside(browser)


async def test_another_browser_cannot_finish_a_login(
    browser: httpx.AsyncClient, serve: Serve, clock: Clock, provider: Provider, provider_id: UUID
) -> None:
    """Who is sent somebody else's callback, does not work under that name without knowing."""
    callback = provider.login(await sent(browser, provider_id))
    other = await serve(clock=clock)

    answer = await back(other, callback)
    again = await back(browser, callback)

    assert (answer.status_code, "in een andere browser begonnen" in answer.text) == (403, True)
    assert again.status_code == 403, "it is used up"
    assert not await inside(other)


@pytest.mark.parametrize(("later", "status"), [(timedelta(minutes=10), 403), (timedelta(minutes=9, seconds=59), 303)])
async def test_a_login_under_way_lasts_ten_minutes(
    browser: httpx.AsyncClient, clock: Clock, provider: Provider, provider_id: UUID, later: timedelta, status: int
) -> None:
    callback = provider.login(await sent(browser, provider_id))

    clock.now += later

    assert (await back(browser, callback)).status_code == status
    assert timedelta(minutes=10) == inlogpogingen.LASTS


async def test_who_comes_back_from_another_provider_is_refused(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID
) -> None:
    """Mix-up: RFC 9207. The code goes to nobody."""
    for iss in ("https://kwaad.example", "", "http://127.0.0.1"):
        callback = provider.login(await sent(browser, provider_id))

        answer = await back(browser, {**callback, "iss": iss})

        assert (answer.status_code, "het komt van een ander" in answer.text) == (403, True)
    assert provider.tokens_asked == []


async def test_a_provider_that_promises_to_name_itself_must(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID
) -> None:
    """RFC 9207 section 2.4: an absent iss is as bad as a wrong one."""
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    without = await log_in(browser, provider, provider_id)
    callback = provider.login(await sent(browser, provider_id))

    with_iss = await back(browser, {**callback, "iss": provider.issuer})

    assert (without.status_code, with_iss.status_code) == (403, 303)


async def test_a_code_is_given_to_the_provider_of_this_login_only(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, owner: Connection, clock: Clock
) -> None:
    """Two providers: one that is hostile and passes another's code on learns nothing and opens nothing."""
    evil = Provider(clock)
    evil.client_keys = provider.client_keys
    async with evil.listening():
        evil_id = await registered(owner, evil, "Kwaad")
        good = provider.login(await sent(browser, provider_id))
        bad = evil.login(await sent(browser, evil_id))

        answer = await back(browser, {"code": good["code"], "state": bad["state"]})

    assert answer.status_code == 403
    assert provider.tokens_asked == [], "the code was offered where the state began"
    assert not await inside(browser)


@pytest.mark.parametrize(
    ("given", "status"), [(None, 403), ("laag", 403), (["hoog"], 403), ("hoog", 303), ("hoger", 303)]
)
async def test_who_did_not_log_in_strongly_enough_is_refused(
    browser: httpx.AsyncClient, provider: Provider, owner: Connection, provider_id: UUID, given: Any, status: int
) -> None:
    """One of the levels that the operator asks of this provider; they are asked for, and looked at."""
    await owner.execute("update identiteitsprovider set acr = '{hoog,hoger}'")
    url = await sent(browser, provider_id)
    provider.claims = {"acr": given}

    answer = await back(browser, provider.login(url))

    assert "acr_values=hoog+hoger" in url or "acr_values=hoog%20hoger" in url
    assert answer.status_code == status
    if status == 403:
        assert "niet sterk genoeg ingelogd" in answer.text
    assert await inside(browser) == (status == 303)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("access_denied", "U bent gestopt met inloggen, of u mag hier niet inloggen."),
        ("temporarily_unavailable", "Probeer het later opnieuw."),
        ("<script>alert(1)</script>", "Jeugdbescherming laat het loket niet inloggen."),
    ],
)
async def test_what_the_provider_says_went_wrong_is_told_in_plain_dutch(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, error: str, sentence: str
) -> None:
    """Never its own words: anybody can make a link with other words in it."""
    state = provider.login(await sent(browser, provider_id))["state"]

    answer = await back(browser, {"state": state, "error": error, "error_description": "Bel 0900-KWAAD"})

    assert answer.status_code == 403
    assert sentence in answer.text
    assert "KWAAD" not in answer.text and "<script>" not in answer.text


async def test_a_stranger_whom_the_provider_knows_is_not_let_in(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID
) -> None:
    """An account at the organisation is not yet a place in the loket."""
    answer = await log_in(browser, provider, provider_id, subject="vreemde")

    assert (answer.status_code, "kent u, maar het loket nog niet" in answer.text) == (403, True)
    assert not await inside(browser)


async def test_a_first_login_is_recognised_by_a_verified_address_only(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, owner: Connection
) -> None:
    """Else whoever types somebody's address at the provider would be that person."""
    email = "nieuw@gi.example"
    unsure: list[dict[str, Any]] = [
        {"email": email},
        {"email": email, "email_verified": False},
        {"email": email, "email_verified": "true"},
        {"email": [email], "email_verified": True},
        {},
    ]
    await owner.execute("update gebruiker set subject = null, email = $1", email)
    for told in unsure:
        provider.userinfo = {"sub": "nieuwe", **told}
        assert (await log_in(browser, provider, provider_id, subject="nieuwe")).status_code == 403
        assert await owner.fetchval("select subject from gebruiker") is None

    provider.userinfo = {"sub": "nieuwe", "email": email.upper(), "email_verified": True}

    assert (await log_in(browser, provider, provider_id, subject="nieuwe")).status_code == 303
    assert await owner.fetchval("select subject from gebruiker") == "nieuwe"


async def test_an_address_at_one_provider_is_nobody_at_another(
    browser: httpx.AsyncClient, provider: Provider, owner: Connection, clock: Clock
) -> None:
    """Nor is a subject: each provider hands out its own."""
    await owner.execute("update gebruiker set email = 'jan@gi.example'")
    other = Provider(clock)
    other.client_keys = provider.client_keys
    other.userinfo = {"sub": "jan", "email": "jan@gi.example", "email_verified": True}
    async with other.listening():
        answer = await log_in(browser, other, await registered(owner, other, "Andere"))

    assert (answer.status_code, "kent u, maar het loket nog niet" in answer.text) == (403, True)


async def test_a_provider_that_is_disabled_lets_nobody_in(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, owner: Connection
) -> None:
    """Also not who was on the way."""
    callback = provider.login(await sent(browser, provider_id))
    await owner.execute("update identiteitsprovider set actief = false")

    answers = [await back(browser, callback), await browser.get(f"/inloggen/start?provider={provider_id}")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert "Jeugdbescherming" not in (await browser.get("/inloggen")).text


async def test_an_unknown_key_is_looked_for_once_and_not_by_everybody(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, clock: Clock
) -> None:
    """Rotation: a new key works at once. A made-up one does not make us ask the provider again and again."""
    await log_in(browser, provider, provider_id)
    first = provider.asked.count("/jwks")
    provider.key = new_key("tweede")
    provider.published = [new_key("eerste"), provider.key]
    clock.now += oidc.REFETCH

    rotated = await log_in(browser, provider, provider_id)
    after_rotation = provider.asked.count("/jwks")
    provider.key = new_key("onbekend")
    strangers = [(await log_in(browser, provider, provider_id)).status_code for _ in range(3)]

    assert (first, rotated.status_code, after_rotation) == (1, 303, 2)
    assert (strangers, provider.asked.count("/jwks")) == ([403, 403, 403], 2)


async def test_a_key_that_the_provider_withdrew_counts_no_longer_than_an_hour(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, clock: Clock
) -> None:
    """Whoever stole it is out."""
    await log_in(browser, provider, provider_id)
    provider.published = [new_key("tweede")]
    clock.now += timedelta(hours=1)

    assert (await log_in(browser, provider, provider_id)).status_code == 403
