"""The keys with which the loket proves itself to identity providers (private_key_jwt): a file with a JWK Set.

The first key signs; all are published, so that a provider knows the next one before it is used. Changing keys: add one,
wait until every provider has fetched it, use it, and later remove the old one (`loket inlog sleutel`).
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from service.errors import Kind, Refusal
from service.failures import waarom

SIGNS_WITH = {"RSA": "PS256", "EC": "ES256"}
"""Algorithm per type of key, unless the key names its own."""

RSA_BITS = 3072


def read(path: Path) -> list[Key]:
    """The keys, the first signs. Refusal when the file cannot be read, is open to everybody, or is no JWK Set."""
    try:
        if path.stat().st_mode & stat.S_IRWXO:
            raise Refusal(Kind.FORBIDDEN, f"Iedereen op deze computer kan bij {path}. Voer uit: chmod o= {path}")
        data = msgspec.json.decode(path.read_bytes(), type=dict[str, list[dict[str, Any]]])
        keys = [JWKRegistry.import_key(one) for one in data["keys"]]
    except OSError as error:
        raise Refusal(Kind.UNAVAILABLE, f"Het bestand {path} is niet te lezen: {waarom(error)}.") from error
    except (msgspec.MsgspecError, KeyError, ValueError, JoseError) as error:
        raise Refusal(Kind.INVALID, f"In {path} moet een JWK Set staan. Maak die met loket inlog sleutel.") from error
    if not keys or any(key.key_type not in SIGNS_WITH or not key.is_private or not key.kid for key in keys):
        raise Refusal(Kind.INVALID, f"In {path} moeten geheime RSA- of EC-sleutels met een kid staan.")
    return keys


def published(keys: list[Key]) -> bytes:
    """The public halves, as JSON."""
    half = [{**key.as_dict(private=False), "use": "sig", "alg": algorithm(key)} for key in keys]
    return msgspec.json.encode({"keys": half})


def algorithm(key: Key) -> str:
    return str(key.alg or SIGNS_WITH[key.key_type])


def new() -> Key:
    """An RSA key, named by its thumbprint."""
    key = JWKRegistry.generate_key("RSA", RSA_BITS, {"use": "sig", "alg": SIGNS_WITH["RSA"]})
    key.ensure_kid()
    return key


def write(path: Path, keys: list[Key]) -> None:
    """At once or not at all, and for the owner of the file only. Refusal when it cannot be written."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode({"keys": [key.as_dict(private=True) for key in keys]}))
        Path(name).replace(path)
    except OSError as error:
        raise Refusal(Kind.INVALID, f"{path} is niet te schrijven: {waarom(error)}.") from error
