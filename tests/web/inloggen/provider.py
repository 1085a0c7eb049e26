"""An identity provider on loopback that answers as a test says: rightly, or as somebody hostile would."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc import jws, jwt
from joserfc.jwk import JWKRegistry, RSAKey

Claims = dict[str, Any]


class Provider:
    """Set an attribute to misbehave. `asked` has every path that was asked of it."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.issuer = ""
        self.client_id = "loket"
        self.client_keys: bytes = b""
        """The JWK Set of the loket."""
        self.codes: dict[str, dict[str, str]] = {}
        self.last = ""
        """Subject of who logged in last."""
        self.asked: list[str] = []
        self.tokens_asked: list[dict[str, str]] = []
        self.behave()

    def behave(self) -> None:
        """As a provider should."""
        self.key: RSAKey = new_key("eerste")
        self.published: list[RSAKey] = [self.key]
        self.header: dict[str, Any] = {}
        """Over the header of the ID token."""
        self.claims: Claims = {}
        """Over its claims; None takes one away."""
        self.metadata: dict[str, Any] = {}
        self.sign: Callable[[dict[str, Any], Claims], str] | None = None
        self.userinfo: Claims = {}
        self.answers: dict[str, bytes] = {}
        """Path → what it says instead."""
        self.delay_s: dict[str, float] = {}

    def login(self, url: str, *, subject: str = "jan") -> dict[str, str]:
        """Somebody logs in at the address where the loket sent them: the parameters they come back with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.last = subject
        self.codes[code] = {**asked, "subject": subject}
        return {"code": code, "state": asked["state"]}

    def _discovery(self) -> Any:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/me",
            **self.metadata,
        }

    def _token(self, form: dict[str, str]) -> tuple[int, Any]:
        """Each rule of RFC 6749, 7523 and 7636 that a client must keep."""
        self.tokens_asked.append(form)
        grant = self.codes.pop(form["code"], None)
        challenge = urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        header = jws.extract_compact(form["client_assertion"].encode()).headers()
        keys = msgspec.json.decode(self.client_keys)["keys"]
        key = next(JWKRegistry.import_key(one) for one in keys if one["kid"] == header["kid"])
        proof = jwt.decode(form["client_assertion"], key, algorithms=["PS256", "ES256"]).claims
        right = (proof["iss"], proof["sub"], proof["aud"]) == (self.client_id, self.client_id, self.issuer)
        fresh = proof["exp"] - self.clock().timestamp() <= 60 and len(proof["jti"]) > 20
        if grant is None or grant["code_challenge"] != challenge or not right or not fresh:
            return 400, {"error": "invalid_grant"}
        now = int(self.clock().timestamp())
        claims = {
            "iss": self.issuer,
            "sub": grant["subject"],
            "aud": self.client_id,
            "exp": now + 300,
            "iat": now,
            "nonce": grant["nonce"],
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        signed = {"alg": "PS256", "kid": self.key.kid, **self.header}
        signed = {name: value for name, value in signed.items() if value is not None}
        sign = self.sign or self._sign
        return 200, {"access_token": "toegang", "token_type": "Bearer", "id_token": sign(signed, claims)}

    def _sign(self, header: dict[str, Any], claims: Claims) -> str:
        return jwt.encode(header, claims, self.key, algorithms=[header["alg"]])

    async def answer(self, path: str, body: bytes) -> tuple[int, bytes]:
        self.asked.append(path)
        await asyncio.sleep(self.delay_s.get(path, 0))
        if path in self.answers:
            return 200, self.answers[path]
        if path == "/token":
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            status, found = self._token(form)
            return status, msgspec.json.encode(found)
        found = {
            "/.well-known/openid-configuration": self._discovery(),
            "/jwks": {"keys": [{**key.as_dict(private=False), "use": "sig"} for key in self.published]},
            "/me": self.userinfo or {"sub": self.last},
        }.get(path)
        return (404, b"") if found is None else (200, msgspec.json.encode(found))

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """As small as an HTTP server can be: one request for each connection."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                lengths = [
                    line.split(":")[1] for line in head.split("\r\n") if line.lower().startswith("content-length")
                ]
                body = await reader.readexactly(int(lengths[0])) if lengths else b""
                status, said = await self.answer(head.split(" ")[1].split("?")[0], body)
                writer.write(
                    f"HTTP/1.1 {status} x\r\nContent-Length: {len(said)}\r\nConnection: close\r\n\r\n".encode()
                )
                writer.write(said)
                await writer.drain()
            except (ConnectionError, asyncio.IncompleteReadError):
                pass  # who asked has gone: that is what some tests are about
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self.issuer = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            yield


@functools.cache
def new_key(kid: str) -> RSAKey:
    """The same for the same kid: making one takes a tenth of a second."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


def _parts(header: dict[str, Any], claims: Claims) -> bytes:
    return b".".join(urlsafe_b64encode(msgspec.json.encode(part)).rstrip(b"=") for part in (header, claims))


def _with(parts: bytes, signature: bytes) -> str:
    return f"{parts.decode()}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def unsigned(header: dict[str, Any], claims: Claims) -> str:
    """`alg: none`: two parts and nothing."""
    return _with(_parts({**header, "alg": "none"}, claims), b"")


def signed_with_public_key(key: RSAKey) -> Callable[[dict[str, Any], Claims], str]:
    """HS256 with the published key as the secret: who checks with 'the key' and any algorithm, believes it."""

    def sign(header: dict[str, Any], claims: Claims) -> str:
        parts = _parts({**header, "alg": "HS256"}, claims)
        return _with(parts, hmac.digest(key.as_pem(private=False), parts, "sha256"))

    return sign


def signed_with_anything_in_the_header(key: RSAKey) -> Callable[[dict[str, Any], Claims], str]:
    """RS256 as it should be, without asking whether the header makes sense."""

    def sign(header: dict[str, Any], claims: Claims) -> str:
        parts = _parts({**header, "alg": "RS256"}, claims)
        return _with(parts, key.private_key.sign(parts, padding.PKCS1v15(), hashes.SHA256()))

    return sign
