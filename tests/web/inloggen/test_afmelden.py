"""Who is logged out at the identity provider, is out here at once; and no token that is not right puts anybody out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from msgspec import structs

from service.db import Connection
from service.inloggen.afmeldingen import EVENT, LONGEST
from service.settings import Settings
from tests import make
from tests.conftest import OTHER_REGIO
from tests.web.conftest import Serve
from tests.web.inloggen.conftest import Clock, inside, log_in, registered, sent
from tests.web.inloggen.provider import Provider, new_key, signed_with_public_key, unsigned
from tests.web.inloggen.test_inloggen import secret_in
from tests.web.test_identity import cookie, status

Claims = dict[str, Any]


def claims(provider: Provider, **changed: Any) -> Claims:
    """Of a right logout_token; None takes one away, a number in a moment is seconds from now."""
    now = int(provider.clock().timestamp())
    found = {
        "iss": provider.issuer,
        "aud": provider.client_id,
        "iat": 0,
        "exp": 120,
        "jti": str(uuid4()),
        "events": {EVENT: {}},
        "sub": "jan",
        "sid": "sessie-1",
        **changed,
    }
    found |= {name: now + found[name] for name in ("iat", "exp") if isinstance(found[name], int)}
    return {name: value for name, value in found.items() if value is not None}


def token(provider: Provider, said: Claims, **header: Any) -> str:
    made = {"alg": "PS256", "typ": "logout+jwt", "kid": provider.key.kid, **header}
    return jwt.encode(made, said, provider.key, algorithms=[made["alg"]])


async def tell(browser: httpx.AsyncClient, provider_id: UUID, logout_token: str) -> httpx.Response:
    """As the provider does: no cookie, no browser."""
    return await browser.post(
        f"/inloggen/afmelden/{provider_id}", data={"logout_token": logout_token}, headers={"Cookie": ""}
    )


@pytest.fixture
async def ingelogd(browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, jan: UUID) -> httpx.AsyncClient:
    """The browser of Jan, with session sessie-1 at the provider."""
    provider.claims = {"sid": "sessie-1"}
    await log_in(browser, provider, provider_id)
    assert await inside(browser)
    return browser


# ── Right ones ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("who", "out"),
    [
        ({"sub": None}, [True, False, False, False]),
        ({"sid": None}, [True, True, True, False]),
        ({}, [True, False, True, False]),
        ({"sid": "sessie-9"}, [False, False, True, False]),
        ({"sub": "marie", "sid": None}, [False, False, False, False]),
        ({"sub": "marie"}, [False, False, False, False]),
    ],
    ids=[
        "this session",
        "this person",
        "this session of this person",
        "an unknown session",
        "a stranger",
        "not theirs",
    ],
)
async def test_a_token_ends_the_sessions_that_it_names_and_no_others(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, jan: UUID, owner: Connection, who: Claims,
    out: list[bool],
) -> None:  # fmt: skip
    """Jan twice, Jan of before the provider told its sid, and Piet. A session without sid may be the one that is meant,
    so the person decides."""
    await make.gebruiker(owner, identiteitsprovider_id=provider_id, subject="piet")
    tokens = []
    for subject, sid in (("jan", "sessie-1"), ("jan", "sessie-2"), ("jan", None), ("piet", "sessie-3")):
        browser.cookies.clear()
        provider.claims = {"sid": sid}
        await log_in(browser, provider, provider_id, subject=subject)
        tokens.append(browser.cookies["__Host-loket"])
    browser.cookies.clear()

    answer = await tell(browser, provider_id, token(provider, claims(provider, **who)))

    assert (answer.status_code, answer.headers["Cache-Control"], answer.content) == (200, "no-store", b"")
    assert [await status(browser, cookie(one)) == 401 for one in tokens] == out


async def test_it_is_in_the_log_of_each_region_where_they_worked(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, owner: Connection
) -> None:
    """One line for each gebruiker, of who it was; also with several roles."""
    hier = await make.gebruiker(owner, identiteitsprovider_id=provider_id, subject="jan")
    daar = await make.gebruiker(
        owner, identiteitsprovider_id=provider_id, subject="jan", regio=OTHER_REGIO, rol="beheerder"
    )
    for chosen in (hier, daar, daar):
        browser.cookies.clear()
        page = await log_in(browser, provider, provider_id)
        await browser.post("/inloggen/keuze", data={"poging": secret_in(page), "gebruiker": str(chosen)})

    answer = await tell(browser, provider_id, token(provider, claims(provider)))

    assert answer.status_code == 200, answer.text
    lines = await owner.fetch(
        "select regio, gebruiker_id, rol::text, gebeurtenis::text, resultaat::text from logregel"
        " where handeling = 'inlog_afmelden' order by regio"
    )
    assert [tuple(line) for line in lines] == [
        (OTHER_REGIO, daar, "beheerder", "uitlog", "gelukt"),
        ("gooi-en-vechtstreek", hier, "schakelfunctionaris", "uitlog", "gelukt"),
    ]
    assert await owner.fetchval("select count(*) from sessie where beeindigd_op is null") == 0


async def test_who_was_still_choosing_a_role_is_out_as_well(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, jan: UUID, owner: Connection
) -> None:
    """Else the choice would open what was just closed."""
    await make.gebruiker(owner, identiteitsprovider_id=provider_id, subject="jan", rol="beheerder")
    provider.claims = {"sid": "sessie-1"}
    page = await log_in(browser, provider, provider_id)

    await tell(browser, provider_id, token(provider, claims(provider, sub=None)))

    answer = await browser.post("/inloggen/keuze", data={"poging": secret_in(page), "gebruiker": str(jan)})
    assert answer.status_code == 403
    assert not await inside(browser)


@pytest.mark.parametrize(
    ("said", "typ"),
    [
        ({}, "application/logout+jwt"),
        ({}, "Logout+JWT"),
        ({"aud": ["loket"]}, "logout+jwt"),
        ({"iat": 30}, "logout+jwt"),
        ({"iat": -299, "exp": -29}, "logout+jwt"),
    ],
)
async def test_what_providers_may_do_differently_is_taken(
    ingelogd: httpx.AsyncClient, provider: Provider, provider_id: UUID, said: Claims, typ: str
) -> None:
    """Clocks may differ half a minute."""
    answer = await tell(ingelogd, provider_id, token(provider, claims(provider, **said), typ=typ))

    assert answer.status_code == 200, answer.text
    assert not await inside(ingelogd)


async def test_a_new_key_of_the_provider_is_fetched(
    ingelogd: httpx.AsyncClient, provider: Provider, provider_id: UUID, clock: Clock
) -> None:
    """Rotation: a session outlives the key with which it began."""
    provider.key = new_key("tweede")
    provider.published = [provider.key]
    clock.now += LONGEST / 2

    assert (await tell(ingelogd, provider_id, token(provider, claims(provider)))).status_code == 200
    assert not await inside(ingelogd)


# ── Forged ones ──────────────────────────────────────────────────────────────────────────────────


def said(**changed: Any) -> Callable[[Provider], str]:
    return lambda p: token(p, claims(p, **changed))


def signed_by_another(p: Provider) -> str:
    """The right key id, another key."""
    key = RSAKey.import_key({**new_key("vals").as_dict(private=True), "kid": p.key.kid})
    return jwt.encode({"alg": "PS256", "typ": "logout+jwt", "kid": p.key.kid}, claims(p), key, algorithms=["PS256"])


def untyped(p: Provider) -> str:
    return jwt.encode({"alg": "PS256", "kid": p.key.kid}, claims(p), p.key, algorithms=["PS256"])


def public_key_as_secret(p: Provider) -> str:
    return signed_with_public_key(p.key)({"kid": p.key.kid}, claims(p))


def deep(p: Provider) -> str:
    """A header of which reading takes all the stack."""
    return f"{'W1tb' * 4_000}.e30.AA"


FORGED: dict[str, tuple[Callable[[Provider], str], str]] = {
    "another issuer": (said(iss="https://kwaad.example"), "iss"),
    "no issuer": (said(iss=None), "iss"),
    "for another program": (said(aud="ander-programma"), "aud"),
    "for us and another": (said(aud=["loket", "ander"]), "aud"),
    "for nobody": (said(aud=None), "aud"),
    "made in the future": (said(iat=31), "iat"),
    "too old": (said(iat=-300), "verlopen"),
    "without a moment": (said(iat=None), "iat"),
    "a moment that is a text": (said(iat="nu"), "iat"),
    "expired": (said(exp=-30), "verlopen"),
    "no number": (said(jti=None), "jti"),
    "an empty number": (said(jti=""), "jti"),
    "an endless number": (said(jti="a" * 1001), "jti"),
    "no events": (said(events=None), "events"),
    "another event": (said(events={"http://schemas.openid.net/event/iets": {}}), "events"),
    "an event that is no object": (said(events={EVENT: True}), "events"),
    "events that are a list": (said(events=[EVENT]), "events"),
    "about nobody": (said(sub=None, sid=None), "sub of sid"),
    "about an empty name": (said(sub="", sid=""), "sub of sid"),
    "about a number": (said(sub=7), "logout_token"),
    "with a NUL": (said(sub="jan\0"), "sub, sid of jti"),
    "with a nonce": (said(nonce="n"), "nonce"),
    "with an empty nonce": (lambda p: token(p, claims(p) | {"nonce": None}), "nonce"),
    "an ID token": (lambda p: token(p, claims(p, events=None, nonce="n"), typ="JWT"), "typ"),
    "without an end": (said(exp=None), "exp"),
    "a kind that is not said": (untyped, "typ"),
    "any JWT": (lambda p: token(p, claims(p), typ="JWT"), "typ"),
    "an access token": (lambda p: token(p, claims(p), typ="at+jwt"), "typ"),
    "not signed": (lambda p: unsigned({"kid": p.key.kid}, claims(p)), "handtekening"),
    "signed with the public key as a secret": (public_key_as_secret, "handtekening"),
    "signed by another under a known key id": (signed_by_another, "handtekening"),
    "signed by an unknown key": (lambda p: token(p, claims(p), kid="onbekend"), "handtekening"),
    "another algorithm": (lambda p: token(p, claims(p), alg="RS512"), "handtekening"),
    "nonsense": (lambda p: "a.b.c", "handtekening"),
    "deep": (deep, "handtekening"),
    "no ASCII": (lambda p: "é.é.é", "formulier"),
    "nothing": (lambda p: "", "logout_token"),
}


async def test_a_token_that_is_not_right_puts_nobody_out(
    ingelogd: httpx.AsyncClient, provider: Provider, provider_id: UUID, owner: Connection
) -> None:
    """Back-Channel Logout 1.0, 2.6 and 2.8: 400 with what is wrong, whichever check fails; no session ends and no
    number is used up."""
    wrong = []
    for name, (forge, why) in FORGED.items():
        body = {"logout_token": forge(provider)}
        if name == "no ASCII":
            answer = await ingelogd.post(
                f"/inloggen/afmelden/{provider_id}",
                content=f"logout_token={body['logout_token']}".encode(),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )
        else:
            answer = await tell(ingelogd, provider_id, body["logout_token"])
        error = answer.json()
        if (answer.status_code, error["error"]) != (400, "invalid_request") or why not in error["error_description"]:
            wrong.append((name, answer.status_code, answer.text))
        assert answer.headers["Cache-Control"] == "no-store" and error["error_description"].isascii()
    assert wrong == []
    assert await inside(ingelogd)
    assert await owner.fetchval("select count(*) from gebruikte_verklaring") == 0
    assert (await tell(ingelogd, provider_id, token(provider, claims(provider)))).status_code == 200, "or all fail"
    assert not await inside(ingelogd)


async def test_a_token_counts_once(
    ingelogd: httpx.AsyncClient, provider: Provider, provider_id: UUID, clock: Clock
) -> None:
    """Who kept one does not put somebody out who has logged in again; until it is too old anyway."""
    kept = token(provider, claims(provider))
    first = await tell(ingelogd, provider_id, kept)
    await log_in(ingelogd, provider, provider_id)

    again = await tell(ingelogd, provider_id, kept)
    clock.now += LONGEST
    late = await tell(ingelogd, provider_id, kept)

    assert [answer.status_code for answer in (first, again, late)] == [200, 400, 400]
    assert "al gebruikt" in again.text and "verlopen" in late.text
    assert await inside(ingelogd)


async def test_what_fails_halfway_ends_nothing_and_may_be_sent_again(
    ingelogd: httpx.AsyncClient, provider: Provider, provider_id: UUID, owner: Connection
) -> None:
    """The number, the end and the line are one transaction."""
    await owner.execute("alter table logregel add constraint dicht check (handeling <> 'inlog_afmelden')")
    made = token(provider, claims(provider))
    failed = await tell(ingelogd, provider_id, made)
    assert failed.status_code == 500 and await inside(ingelogd)
    await owner.execute("alter table logregel drop constraint dicht")

    assert (await tell(ingelogd, provider_id, made)).status_code == 200
    assert not await inside(ingelogd)


async def test_a_provider_ends_only_what_began_with_it(
    ingelogd: httpx.AsyncClient, provider: Provider, clock: Clock, owner: Connection
) -> None:
    """Its token at the address of another, and another's `jan` with the same sid."""
    other = Provider(clock)
    async with other.listening():
        other.key = new_key("ander")
        other.published = [other.key]
        elsewhere = await registered(owner, other, "Ander")
        await make.gebruiker(owner, identiteitsprovider_id=elsewhere, subject="jan")

        theirs = await tell(ingelogd, elsewhere, token(other, claims(other)))
        crossed = await tell(ingelogd, elsewhere, token(provider, claims(provider)))

    assert (theirs.status_code, crossed.status_code) == (200, 400)
    assert await inside(ingelogd)


async def test_a_provider_that_is_unknown_or_disabled_ends_nothing(
    ingelogd: httpx.AsyncClient, provider: Provider, provider_id: UUID, owner: Connection
) -> None:
    unknown = await tell(ingelogd, uuid4(), token(provider, claims(provider)))
    await owner.execute("update identiteitsprovider set actief = false")
    disabled = await tell(ingelogd, provider_id, token(provider, claims(provider)))

    assert [(answer.status_code, "kent deze provider niet" in answer.text) for answer in (unknown, disabled)] == [
        (400, True)
    ] * 2
    assert await inside(ingelogd)


async def test_a_provider_whose_keys_cannot_be_fetched_may_try_again(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, jan: UUID
) -> None:
    """503: the token may be right."""
    made = token(provider, claims(provider))
    provider.answers["/jwks"] = b"<html>"
    away = await tell(browser, provider_id, made)
    provider.behave()

    assert (away.status_code, (await tell(browser, provider_id, made)).status_code) == (503, 200)


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", None])
async def test_only_the_form_of_the_standard_is_read(
    ingelogd: httpx.AsyncClient, provider: Provider, provider_id: UUID, kind: str | None
) -> None:
    headers = {"Content-Type": kind} if kind else {}
    body = f"logout_token={token(provider, claims(provider))}".encode()

    answer = await ingelogd.post(f"/inloggen/afmelden/{provider_id}", content=body, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert await inside(ingelogd)


async def test_a_form_of_more_than_20_kb_is_not_read(ingelogd: httpx.AsyncClient, provider_id: UUID) -> None:
    assert (await tell(ingelogd, provider_id, "a" * 20_001)).status_code == 413


async def test_wrong_tokens_are_limited_by_address_and_right_ones_are_not(
    serve: Serve, settings: Settings, clock: Clock, provider: Provider, provider_id: UUID, jan: UUID
) -> None:
    """A provider that says goodbye to everybody at five o'clock is heard; who makes up tokens is not."""
    client = await serve(clock=clock, settings=structs.replace(settings, limit_address_min=10))
    right = [(await tell(client, provider_id, token(provider, claims(provider)))).status_code for _ in range(25)]
    wrong = [(await tell(client, provider_id, "a.b.c")) for _ in range(11)]
    closed = await tell(client, provider_id, token(provider, claims(provider)))

    assert right == [200] * 25
    assert [answer.status_code for answer in wrong] == [400] * 10 + [429]
    assert (closed.status_code, closed.headers["Retry-After"]) == (429, "6")
    assert wrong[0].headers["RateLimit-Policy"] == '"onbekend";q=10;w=60'


async def test_a_login_remembers_the_sid_also_when_there_is_a_choice(
    browser: httpx.AsyncClient, provider: Provider, provider_id: UUID, jan: UUID, owner: Connection
) -> None:
    await make.gebruiker(owner, identiteitsprovider_id=provider_id, subject="jan", rol="beheerder")
    provider.claims = {"sid": "sessie-1"}
    page = await log_in(browser, provider, provider_id)
    await browser.post("/inloggen/keuze", data={"poging": secret_in(page), "gebruiker": str(jan)})
    assert await inside(browser)

    await tell(browser, provider_id, token(provider, claims(provider, sub=None)))

    assert not await inside(browser)
    assert (await sent(browser, provider_id)).startswith(provider.issuer)
