"""The system of an aanbieder gets a token for a signed assertion, and for nothing less."""

from __future__ import annotations

import asyncio
import hmac
import re
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from msgspec import json, structs

from service.db import Connection, Pool, Rol, Wie, transaction
from service.settings import Settings
from tests import make
from tests.conftest import GEBRUIKER, OTHER_REGIO, REGIO
from tests.web.conftest import Serve
from tests.web.machines.machine import OURS, TYPE, Machine, ask, bearer, key, public, registered, with_key
from tests.web.test_identity import Clock, heard, listening, mark_of

NOW = int(make.NOW.timestamp())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def machine(owner: Connection) -> Machine:
    return await registered(owner)


@pytest.fixture
async def loket(serve: Serve, clock: Clock) -> httpx.AsyncClient:
    """Nobody yet."""
    return await serve(clock=clock)


async def works(client: httpx.AsyncClient, headers: dict[str, str]) -> int:
    return (await client.get("/v1/plekken", headers=headers)).status_code


def error(answer: httpx.Response) -> str:
    """Of a refusal that is as RFC 6749 section 5.2 has it."""
    assert answer.headers["cache-control"] == "no-store" and answer.headers["content-type"] == "application/json"
    assert answer.json().keys() == {"error", "error_description"}
    assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", answer.json()["error_description"])
    assert answer.status_code == (401 if answer.json()["error"] == "invalid_client" else 400)
    return str(answer.json()["error"])


# ── What is right ────────────────────────────────────────────────────────────────────────────────


async def test_a_signed_assertion_gives_a_token_for_fifteen_minutes(
    loket: httpx.AsyncClient, machine: Machine, clock: Clock
) -> None:
    answer = await ask(loket, machine.assertion(), scope="aanbod", client_id=str(machine.id))

    token = answer.json().pop("access_token")
    assert answer.status_code == 200
    assert answer.json() == {"access_token": token, "token_type": "Bearer", "expires_in": 900, "scope": "aanbod"}
    assert answer.headers["cache-control"] == "no-store"
    headers = {"Authorization": f"Bearer {token}"}
    clock.now += timedelta(minutes=15, seconds=-1)
    assert await works(loket, headers) == 200
    clock.now += timedelta(seconds=1)
    assert await works(loket, headers) == 401


@pytest.mark.parametrize(
    ("kty", "size", "alg"),
    [("RSA", 2048, "RS256"), ("RSA", 2048, "PS256"), ("EC", "P-256", "ES256"), ("OKP", "Ed25519", "EdDSA"),
     ("OKP", "Ed25519", "Ed25519")],
)  # fmt: skip
async def test_each_algorithm_that_is_named_works(
    loket: httpx.AsyncClient, owner: Connection, kty: str, size: Any, alg: str
) -> None:
    machine = await registered(owner, private=key("eigen", kty, size))
    metadata = (await loket.get("/.well-known/oauth-authorization-server")).json()

    assert alg in metadata["token_endpoint_auth_signing_alg_values_supported"]
    assert (await ask(loket, machine.assertion(alg=alg))).status_code == 200


async def test_where_to_ask_stands_at_the_well_known_address(loket: httpx.AsyncClient) -> None:
    """RFC 8414."""
    metadata = (await loket.get("/.well-known/oauth-authorization-server")).json()

    assert metadata["issuer"] == OURS and metadata["token_endpoint"] == f"{OURS}/oauth/token"
    assert metadata["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]


async def test_with_an_address_that_is_the_audience_whatever_the_request_says(
    serve: Serve, settings: Settings, machine: Machine
) -> None:
    client = await serve(settings=structs.replace(settings, adres="https://loket.example"))

    for audience, status in (("https://loket.example", 200), ("https://loket.example/oauth/token", 200), (OURS, 401)):
        assert (await ask(client, machine.assertion(aud=audience))).status_code == status, audience


async def test_who_gets_in_stands_in_the_log_and_who_is_refused_too(
    loket: httpx.AsyncClient, machine: Machine, owner: Connection
) -> None:
    """Who could not sign is nobody that says to be this koppeling; of an unknown koppeling there is no region."""
    await ask(loket, machine.assertion())
    await ask(loket, machine.assertion(aud="https://elders.example"))
    await ask(loket, machine.assertion(signed_by=key("vals")))
    await ask(loket, machine.assertion(iss=(new := str(uuid4())), sub=new))

    lines = await owner.fetch(
        "select regio, gebeurtenis::text, resultaat::text, koppeling_id, organisatie_id, gebruiker_id, object,"
        " object_id, handeling from logregel order by id"
    )
    signed = (machine.id, machine.aanbieder, machine.id, "sessie", None, "oauth_inwisselen")
    assert [tuple(line) for line in lines] == [
        (REGIO, "inlog", "gelukt", *signed),
        (REGIO, "inlog", "geweigerd", *signed),
        (REGIO, "inlog", "geweigerd", None, None, None, "koppeling", machine.id, "oauth_inwisselen"),
    ]


async def test_a_disabled_koppeling_that_tries_is_in_the_log(
    loket: httpx.AsyncClient, machine: Machine, owner: Connection
) -> None:
    await owner.execute("update koppeling set actief = false where id = $1", machine.id)

    await ask(loket, machine.assertion())

    lines = await owner.fetch("select resultaat::text, object_id, gebruiker_id from logregel")
    assert [tuple(line) for line in lines] == [("geweigerd", machine.id, None)]


# ── What is not ──────────────────────────────────────────────────────────────────────────────────


WRONG: list[dict[str, Any]] = [
    {"aud": "https://elders.example/oauth/token"},
    {"aud": [f"{OURS}/oauth/token", "https://elders.example"]},
    {"aud": []},
    {"aud": None},
    {"aud": f"{OURS}/oauth/token/"},
    {"exp": NOW - 30},
    {"exp": NOW + 301},
    {"exp": NOW + 10**30},
    {"exp": str(NOW + 60)},
    {"exp": None},
    {"iat": NOW + 31},
    {"nbf": NOW + 31},
    {"jti": None},
    {"jti": ""},
    {"jti": "x" * 201},
    {"jti": 7},
    {"sub": "ander"},
    {"iss": None},
    {"iss": "x", "sub": "x"},
    {"iss": 1, "sub": 1},
]


async def test_wrong_claims_are_refused(loket: httpx.AsyncClient, machine: Machine) -> None:
    for claims in WRONG:
        assert error(await ask(loket, machine.assertion(**claims))) == "invalid_client", claims


RIGHT: list[dict[str, Any]] = [
    {"exp": NOW - 29},
    {"exp": NOW + 300},
    {"iat": NOW + 30},
    {"nbf": NOW + 30},
    {"iat": None},
    {"aud": [OURS]},
    {"jti": "x" * 200},
]


async def test_at_the_boundary_claims_are_right(loket: httpx.AsyncClient, machine: Machine) -> None:
    """Clocks may differ by half a minute; five minutes is the longest life of an assertion."""
    for claims in RIGHT:
        assert (await ask(loket, machine.assertion(**claims))).status_code == 200, claims


async def test_an_assertion_is_good_once(loket: httpx.AsyncClient, machine: Machine, clock: Clock) -> None:
    """Also when it comes twice at the same moment, and until it has expired."""
    assertion = machine.assertion(exp=NOW + 300)
    answers = await asyncio.gather(*(ask(loket, assertion) for _ in range(5)))
    clock.now += timedelta(seconds=329)

    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401]
    again = await ask(loket, assertion)
    assert error(again) == "invalid_client" and "al gebruikt" in again.text


async def test_the_same_jti_of_another_machine_is_another(
    loket: httpx.AsyncClient, machine: Machine, owner: Connection
) -> None:
    other = await registered(owner)

    assert [(await ask(loket, m.assertion(jti="een"))).status_code for m in (machine, other)] == [200, 200]


async def test_used_assertions_are_forgotten_when_nobody_would_take_them(
    loket: httpx.AsyncClient, machine: Machine, clock: Clock, owner: Connection
) -> None:
    await ask(loket, machine.assertion())
    clock.now += timedelta(minutes=2)
    await ask(loket, machine.assertion(clock.now))

    assert await owner.fetchval("select count(*) from gebruikte_verklaring") == 1


def unsigned(head: dict[str, Any], claims: dict[str, Any]) -> str:
    parts = (urlsafe_b64encode(json.encode(part)).decode().rstrip("=") for part in (head, claims))
    return ".".join((*parts, ""))


async def test_no_signature_or_a_shared_secret_is_refused(
    loket: httpx.AsyncClient, owner: Connection, machine: Machine
) -> None:
    """`none`, and the old trick: HS256 with the public key as the secret."""
    for name in ("none", "None", ""):
        assert error(await ask(loket, unsigned({"alg": name, "kid": "k1"}, machine.claims()))) == "invalid_client"
    rsa = key("eigen", "RSA", 2048)
    other = await registered(owner, private=rsa)
    head = unsigned({"alg": "HS256", "kid": rsa.kid}, other.claims()).rstrip(".")
    for secret in (rsa.as_pem(private=False), json.encode(public(rsa))):
        mac = urlsafe_b64encode(hmac.digest(secret, head.encode(), "sha256")).decode().rstrip("=")
        forged = f"{head}.{mac}"
        assert error(await ask(loket, forged)) == "invalid_client"


async def test_only_the_own_key_by_its_own_name_opens(
    loket: httpx.AsyncClient, machine: Machine, owner: Connection
) -> None:
    """A foreign key, an unknown kid, the key of another koppeling, one that comes along: all told the same."""
    other = await registered(owner, private=key("k2"))
    stranger = key("vals")
    assertions = [
        machine.assertion(signed_by=stranger),
        machine.assertion(header={"kid": "onbekend"}),
        machine.assertion(signed_by=other.key, header={"kid": "k2"}),
        machine.assertion(iss=str(other.id), sub=str(other.id)),
        machine.assertion(signed_by=stranger, header={"jwk": public(stranger)}),
        machine.assertion(iss=(new := str(uuid4())), sub=new),
        machine.assertion()[:-4] + "AAAA",
        machine.assertion(header={"kid": "k1\0"}),
    ]
    answers = [await ask(loket, assertion) for assertion in assertions]

    assert {error(answer) for answer in answers} == {"invalid_client"}
    assert len({answer.json()["error_description"] for answer in answers}) == 1
    assert await owner.fetchval("select count(*) from sessie") == 0


async def test_a_key_is_only_good_for_its_own_kind_of_signature(loket: httpx.AsyncClient, owner: Connection) -> None:
    """One that says PS256 does not take RS256, so a weaker way is not chosen by who sends."""
    private = key("ps", "RSA", 2048)
    machine = await registered(owner, private=private)
    await owner.execute(
        'update koppelingsleutel set jwk = jwk || \'{"alg": "PS256"}\' where koppeling_id = $1', machine.id
    )

    answers = [(await ask(loket, machine.assertion(alg=alg))).status_code for alg in ("RS256", "PS256")]

    assert answers == [401, 200]


async def test_a_strange_header_is_refused(loket: httpx.AsyncClient, machine: Machine) -> None:
    """A key without its name, and what we would have to understand (RFC 7515 section 4.1.11)."""
    for header in ({"kid": None}, {"kid": 1}, {"crit": ["exp"], "exp": 1}):
        head = {name: value for name, value in {"alg": "ES256", "kid": "k1", **header}.items() if value is not None}
        assert error(await ask(loket, unsigned(head, machine.claims()) + "AAAA")) == "invalid_client", header


async def test_what_is_no_jwt_is_refused(loket: httpx.AsyncClient) -> None:
    for text in (
        "x",
        "a.b.c",
        "..",
        "é",
        "eyJhbGciOiJFUzI1NiJ9.e30.AAAA",
        "a" * 8_001,
        "W10.W10.AAAA",
        "bnVsbA.bnVsbA.",
    ):
        assert error(await ask(loket, text)) == "invalid_client", text


OTHER_FORMS: list[tuple[dict[str, Any], str]] = [
    ({"grant_type": "password"}, "unsupported_grant_type"),
    ({"grant_type": None}, "invalid_request"),
    ({"scope": "aanbod aanvragen"}, "invalid_scope"),
    ({"client_assertion": None}, "invalid_client"),
    ({"client_assertion": ""}, "invalid_client"),
    ({"client_assertion_type": "jwt"}, "invalid_client"),
    ({"client_secret": "geheim"}, "invalid_client"),
    ({"client_id": str(uuid4())}, "invalid_client"),
    ({"grant_type": ["client_credentials", "client_credentials"]}, "invalid_request"),
]


async def test_another_form_is_refused(loket: httpx.AsyncClient, machine: Machine) -> None:
    for other, expected in OTHER_FORMS:
        assert error(await ask(loket, machine.assertion(), **other)) == expected, other


async def test_the_form_stands_in_the_body_as_a_form_and_is_short(loket: httpx.AsyncClient, machine: Machine) -> None:
    form = {"grant_type": "client_credentials", "client_assertion_type": TYPE}
    as_json = await loket.post("/oauth/token", json=form | {"client_assertion": machine.assertion()})
    in_address = await loket.post(
        "/oauth/token", params={"client_assertion": machine.assertion()}, data=form | {"client_assertion": "x"}
    )
    long = await loket.post("/oauth/token", data=form | {"client_assertion": "x" * 30_000})

    assert error(as_json) == error(in_address) == "invalid_request"
    assert long.status_code == 413 and long.json()["error"] == "invalid_request"
    assert (await loket.get("/oauth/token")).status_code == 405


async def test_who_tries_the_header_authorization_is_told_of_it(loket: httpx.AsyncClient, machine: Machine) -> None:
    """RFC 6749 section 5.2: 401 with the same scheme; and two ways at once are never right."""
    form = {"grant_type": "client_credentials"}
    basic = await loket.post("/oauth/token", data=form, auth=(str(machine.id), "geheim"))
    both = await loket.post(
        "/oauth/token",
        data=form | {"client_assertion_type": TYPE, "client_assertion": machine.assertion()},
        auth=("a", "b"),
    )

    assert basic.status_code == 401 and basic.headers["www-authenticate"].startswith("Basic ")
    assert error(both) == "invalid_request"


async def test_another_website_cannot_ask(loket: httpx.AsyncClient) -> None:
    answer = await loket.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, headers={"Origin": "https://kwaad.example"}
    )
    assert answer.status_code == 403


# ── Afterwards ───────────────────────────────────────────────────────────────────────────────────


async def test_a_disabled_koppeling_is_out_at_once_and_does_not_come_back_by_itself(
    loket: httpx.AsyncClient, machine: Machine, owner: Connection
) -> None:
    await listening(loket)
    headers = await bearer(loket, machine)
    before, mark = await works(loket, headers), mark_of(loket)

    await owner.execute("update koppeling set actief = false where id = $1", machine.id)
    await heard(loket, mark)
    out, refused = await works(loket, headers), await ask(loket, machine.assertion())
    await owner.execute("update koppeling set actief = true where id = $1", machine.id)

    assert (before, out, error(refused)) == (200, 401, "invalid_client")
    assert await works(loket, headers) == 401
    assert await works(loket, await bearer(loket, machine)) == 200


async def test_a_token_does_not_outlive_its_key(
    loket: httpx.AsyncClient, machine: Machine, owner: Connection, clock: Clock
) -> None:
    """Neither its planned end nor one that comes sooner; that of another key stays."""
    await listening(loket)
    second = structs.replace(machine, key=key("k2"))
    await with_key(owner, second, second.key)
    await owner.execute("update koppelingsleutel set geldig_tot = $1 where kid = 'k1'", make.NOW + timedelta(minutes=5))
    answer = await ask(loket, machine.assertion())
    old = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    new = await bearer(loket, second)
    before = [await works(loket, headers) for headers in (old, new)]
    mark = mark_of(loket)

    await owner.execute("update koppelingsleutel set geldig_tot = $1 where kid = 'k1'", make.NOW)
    await heard(loket, mark)

    assert answer.json()["expires_in"] == 300 and before == [200, 200]
    assert [await works(loket, headers) for headers in (old, new)] == [401, 200]
    assert error(await ask(loket, machine.assertion())) == "invalid_client"


async def test_a_machine_sees_what_is_of_its_own_aanbieder_and_no_more(
    loket: httpx.AsyncClient, owner: Connection, pool: Pool
) -> None:
    """Through the policies of the database: the same question of two machines."""
    plekken = {}
    for regio in (REGIO, REGIO, OTHER_REGIO):
        async with transaction(pool, Wie(regio, Rol.SCHAKELFUNCTIONARIS, GEBRUIKER)) as conn:
            aanbieder = (await make.aanbieder(conn)).id
            huis = await make.voorziening(conn, aanbieder_id=aanbieder)
            plek = (await make.plek(conn, voorziening_id=huis.id)).id
        machine = await registered(owner, regio=regio, aanbieder=aanbieder)
        plekken[plek] = await bearer(loket, machine)

    for plek, headers in plekken.items():
        seen = (await loket.get("/v1/plekken", headers=headers)).json()
        assert [row["id"] for row in seen] == [str(plek)]
        for other in plekken:
            expected = 200 if other == plek else 404
            assert (await loket.get(f"/v1/plekken/{other}", headers=headers)).status_code == expected
            stop = {"reden": "verbouwing", "van": make.day(40).isoformat(), "tot": make.day(50).isoformat()}
            wrote = await loket.post(f"/v1/plekken/{other}/stops", json=stop, headers=headers)
            assert wrote.status_code == (201 if other == plek else 404)


async def test_a_machine_sees_no_aanvraag(loket: httpx.AsyncClient, machine: Machine) -> None:
    """Not even of a child that lives with its aanbieder."""
    headers = await bearer(loket, machine)

    for path in ("/v1/aanvragen", "/v1/plannen", "/v1/samenplaatsingen"):
        assert (await loket.get(path, headers=headers)).status_code == 403
