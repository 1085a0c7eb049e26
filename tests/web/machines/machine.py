"""The system of an aanbieder: has keys, signs assertions rightly or wrongly, and asks for a token."""

from __future__ import annotations

import warnings
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import httpx
from joserfc import jws
from joserfc.jwk import JWKRegistry, Key
from msgspec import Struct, field, json

from service.db import Connection
from tests import make
from tests.conftest import REGIO

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
OURS = "http://127.0.0.1"
"""Address of the loket in the tests without LOKET_ADRES."""


@cache
def key(kid: str = "k1", kty: str = "EC", size: str | int = "P-256") -> Key:
    """The same each time: making one is slow."""
    with warnings.catch_warnings(action="ignore"):  # also one that is too weak
        return JWKRegistry.generate_key(kty, size, {"kid": kid})


def public(private: Key) -> dict[str, Any]:
    return dict(private.as_dict(private=False))


class Machine(Struct, kw_only=True):
    id: UUID
    aanbieder: UUID
    regio: str = REGIO
    key: Key = field(default_factory=key)

    def claims(self, now: datetime = make.NOW, **other: Any) -> dict[str, Any]:
        """Right ones, with others over them; None takes one away."""
        right = {
            "iss": str(self.id),
            "sub": str(self.id),
            "aud": f"{OURS}/oauth/token",
            "exp": int(now.timestamp()) + 60,
            "iat": int(now.timestamp()),
            "jti": str(uuid4()),
        }
        return {name: value for name, value in (right | other).items() if value is not None}

    def assertion(self, now: datetime = make.NOW, *, signed_by: Key | None = None, alg: str = "ES256",
                  header: dict[str, Any] | None = None, **claims: Any) -> str:  # fmt: skip
        signer = signed_by or self.key
        head = {"alg": alg, "kid": self.key.kid, **(header or {})}
        head = {name: value for name, value in head.items() if value is not None}
        with warnings.catch_warnings(action="ignore"):
            return jws.serialize_compact(head, json.encode(self.claims(now, **claims)), signer, algorithms=[alg])


async def registered(owner: Connection, *, regio: str = REGIO, private: Key | None = None, **fields: Any) -> Machine:
    """A koppeling with one key that is valid for a year."""
    aanbieder = fields.pop("aanbieder", None) or await make.aanbieder_als_eigenaar(owner, regio=regio)
    fields = {"naam": f"ECD {uuid4().hex[:6]}", "per_minuut": 300, **fields}
    id: UUID = await owner.fetchval(
        "insert into koppeling (regio, aanbieder_id, naam, per_minuut) values ($1, $2, $3, $4) returning id",
        regio, aanbieder, fields["naam"], fields["per_minuut"],
    )  # fmt: skip
    machine = Machine(id=id, aanbieder=aanbieder, regio=regio, key=private or key())
    await with_key(owner, machine, machine.key)
    return machine


async def with_key(owner: Connection, machine: Machine, private: Key, days: int = 365) -> None:
    await owner.execute(
        "insert into koppelingsleutel (regio, koppeling_id, kid, jwk, geldig_van, geldig_tot)"
        " values ($1, $2, $3, $4, $5, $6)",
        machine.regio, machine.id, private.kid, public(private), make.NOW, make.NOW + timedelta(days=days),
    )  # fmt: skip


async def ask(client: httpx.AsyncClient, assertion: str, **other: Any) -> httpx.Response:
    """The token request; None takes a parameter away."""
    form = {
        "grant_type": "client_credentials", "client_assertion_type": TYPE, "client_assertion": assertion, **other,
    }  # fmt: skip
    return await client.post("/oauth/token", data={name: value for name, value in form.items() if value is not None})


async def bearer(client: httpx.AsyncClient, machine: Machine, now: datetime = make.NOW) -> dict[str, str]:
    """The header of a machine that has just got its token."""
    answer = await ask(client, machine.assertion(now))
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}
