"""OpenID Connect: how an identity provider tells us who somebody is (code flow, PKCE, private_key_jwt).

Nothing that comes over the line is believed before it was checked, and nothing may be long or slow. Authlib builds what
we send and checks the claims, joserfc checks the signature. What is wrong is said in Dutch; what exactly, in the log.

OpenID Connect Core 1.0 section 3.1.3.7 (ID token), RFC 7636 (PKCE), RFC 7523 (private_key_jwt), RFC 9207 (iss).
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import httpx
import msgspec
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7523.assertion import private_key_jwt_sign
from authlib.oauth2.rfc7523.client import ASSERTION_TYPE
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError
from joserfc.jwk import JWKRegistry, Key, RSAKey
from msgspec import Struct

from service.errors import Kind, Refusal
from service.inloggen import oidcsleutels
from service.inloggen.identiteitsproviders import Identiteitsprovider, may_be_asked
from service.settings import Settings
from service.taal import gettext

ALGORITHMS = {"PS256": "RSA", "RS256": "RSA", "ES256": "EC"}
"""With which an ID token may be signed, and the type of key: no `none`, and nothing that shares a secret."""

LEEWAY_S = 30
"""Clocks may differ so much."""

LIMIT = 256_000
"""Bytes in any answer of a provider."""

MOST_KEYS = 40

FRESH = timedelta(hours=1)
"""Discovery document and keys are fetched again after this."""

REFETCH = timedelta(seconds=30)
"""For an unknown key they are fetched sooner, but not more often than this: anybody can make up a key id."""

log = logging.getLogger(__name__)


class Metadata(Struct, frozen=True):
    """The part of a discovery document (OpenID Connect Discovery 1.0) that we use."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    authorization_response_iss_parameter_supported: bool = False


class Known(Struct, frozen=True):
    """What was fetched of a provider, and when."""

    metadata: Metadata
    keys: tuple[Key, ...]
    fetched_at: datetime


class Iemand(Struct, frozen=True):
    """Who somebody is, as the provider says."""

    subject: str
    email: str | None
    """Only when the provider has verified it."""
    sid: str | None


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that httpx trusts by itself; reading them takes 20 ms."""
    return httpx.create_ssl_context(trust_env=False)


class Oidc:
    """As which program we log people in, and what is known of the providers."""

    def __init__(self, settings: Settings, client: httpx.AsyncClient) -> None:
        self._adres, self._keys, self._patience_s = settings.adres, settings.oidc_keys, settings.oidc_timeout_s
        self._client = client
        self._known: dict[UUID, Known] = {}
        if self._keys is not None:
            oidcsleutels.read(self._keys)

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: Settings) -> AsyncIterator[Oidc]:
        """Refuses when the file with keys is not right."""
        async with httpx.AsyncClient(verify=_trusted(), trust_env=False, follow_redirects=False) as client:
            yield cls(settings, client)

    @property
    def keys(self) -> list[Key]:
        """Read each time, so that a new key needs no restart."""
        return oidcsleutels.read(self._keys) if self._keys else []

    @property
    def possible(self) -> bool:
        return self._adres is not None and self._keys is not None

    @property
    def callback(self) -> str:
        return f"{self._adres}/inloggen/terug"

    async def start(
        self, provider: Identiteitsprovider, *, state: str, nonce: str, verifier: str, now: datetime
    ) -> str:
        """Where the browser must go to log in."""
        known = await self._provider(provider, now)
        acr = {"acr_values": " ".join(provider.acr)} if provider.acr else {}
        uri: str = prepare_grant_uri(
            known.metadata.authorization_endpoint,
            provider.client_id,
            "code",
            redirect_uri=self.callback,
            scope="openid email",
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
            **acr,
        )
        return uri

    async def finish(
        self, provider: Identiteitsprovider, *, code: str, iss: str | None, nonce: str, verifier: str, now: datetime
    ) -> Iemand:
        """Who logged in. Refusal (FORBIDDEN) when what the provider sent is not right, (UNAVAILABLE) when it is not
        there."""
        known = await self._provider(provider, now)
        await self.check_sender(provider, iss, now)
        token = await self._redeem(provider, known.metadata, code, verifier, now)
        id_token, access_token = token.get("id_token"), token.get("access_token")
        if not isinstance(id_token, str):
            raise _wrong(provider, "er staat niet in wie u bent", "no id_token")
        claims = await self._claims(provider, id_token, nonce, access_token, now)
        if provider.acr and claims.get("acr") not in provider.acr:
            log.warning("oidc: %s: acr %r is too low", provider.id, claims.get("acr"))
            raise Refusal(
                Kind.FORBIDDEN,
                gettext(
                    "U bent bij %(naam)s niet sterk genoeg ingelogd. Log in met een tweede stap, zoals een code op"
                    " uw telefoon.",
                    naam=provider.naam,
                ),
            )
        sid = claims.get("sid")
        return Iemand(
            claims["sub"],
            await self._email(provider, known.metadata, claims, access_token),
            sid if isinstance(sid, str) and len(sid) <= 255 else None,
        )

    async def check_sender(self, provider: Identiteitsprovider, iss: str | None, now: datetime) -> None:
        """RFC 9207: the browser comes back from the provider that we sent it to, and from no other."""
        known = await self._provider(provider, now)
        asked = known.metadata.authorization_response_iss_parameter_supported
        if iss != provider.issuer and (iss is not None or asked):
            raise _wrong(provider, "het komt van een ander", f"iss in the callback is {iss!r}")

    async def logout(self, provider: Identiteitsprovider, now: datetime) -> str | None:
        """Where the browser must go to log out there as well; None when that cannot be."""
        try:
            end = (await self._provider(provider, now)).metadata.end_session_endpoint
        except Refusal:
            return None
        back = {"client_id": provider.client_id, "post_logout_redirect_uri": f"{self._adres}/inloggen"}
        return None if end is None else f"{end}{'&' if urlsplit(end).query else '?'}{urlencode(back)}"

    # ── The provider's documents ─────────────────────────────────────────────────────────────────

    async def _provider(self, provider: Identiteitsprovider, now: datetime, *, older: timedelta = FRESH) -> Known:
        """Fetched now, unless it was less than `older` ago."""
        known = self._known.get(provider.id)
        if (
            known is None
            or known.metadata.issuer != provider.issuer
            or not timedelta() <= now - known.fetched_at < older
        ):
            address = f"{provider.issuer.removesuffix('/')}/.well-known/openid-configuration"
            metadata = self._read(provider, await self._fetch(provider, "GET", address), Metadata)
            if metadata.issuer != provider.issuer:
                raise _wrong(provider, "het komt van een ander", f"discovery says issuer {metadata.issuer!r}")
            for url in (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri,
                        metadata.userinfo_endpoint, metadata.end_session_endpoint):  # fmt: skip
                if url is not None and not may_be_asked(url, provider.issuer):
                    raise _wrong(provider, "het verwijst naar een onveilig adres", f"discovery names {url!r}")
            keys = self._read(provider, await self._fetch(provider, "GET", metadata.jwks_uri), dict[str, Any])
            known = self._known[provider.id] = Known(metadata, signing_keys(keys.get("keys")), now)
        return known

    async def _key(self, provider: Identiteitsprovider, header: dict[str, Any], now: datetime) -> Key:
        """The one with which a token is said to be signed."""
        kind, kid = ALGORITHMS[header["alg"]], header.get("kid")
        for older in (FRESH, REFETCH):
            keys = (await self._provider(provider, now, older=older)).keys
            found = [key for key in keys if key.key_type == kind and (kid is None or key.kid == kid)]
            if len(found) == 1:
                return found[0]
        raise _wrong(provider, "de sleutel ervan is onbekend", f"no key {kid!r}")

    # ── Tokens ───────────────────────────────────────────────────────────────────────────────────

    async def _redeem(
        self, provider: Identiteitsprovider, metadata: Metadata, code: str, verifier: str, now: datetime
    ) -> dict[str, Any]:
        key = self.keys[0]
        assertion = private_key_jwt_sign(
            key,
            provider.client_id,
            provider.issuer,  # the audience: a token endpoint could be another's (RFC 7523bis)
            alg=oidcsleutels.algorithm(key),
            header={"kid": key.kid},
            issued_at=int(now.timestamp()),
            expires_in=60,
        )
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.callback,
            "client_id": provider.client_id,
            "code_verifier": verifier,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        answer = await self._fetch(provider, "POST", metadata.token_endpoint, data=form, may_refuse=True)
        token: dict[str, Any] = self._read(provider, answer, dict[str, Any])
        if "error" in token:
            log.warning("oidc: %s does not take the code: %.100r", provider.id, token["error"])
            raise Refusal(
                Kind.FORBIDDEN,
                gettext(
                    "%(naam)s neemt deze inlogpoging niet aan. Misschien duurde het te lang. Log opnieuw in.",
                    naam=provider.naam,
                ),
            )
        return token

    async def signed(self, provider: Identiteitsprovider, token: str, now: datetime) -> jwt.Token:
        """A token with the signature of the provider; nothing of what it says is checked. Refusal as `finish`."""
        try:
            header = dict(jws.extract_compact(token.encode()).headers())
            if header.get("alg") not in ALGORITHMS:
                raise _wrong(provider, "de handtekening klopt niet", f"alg is {header.get('alg')!r}")
            return jwt.decode(token, await self._key(provider, header, now), algorithms=list(ALGORITHMS))
        except (JoseError, ValueError, UnicodeError, RecursionError) as error:
            raise _wrong(provider, "de handtekening klopt niet", str(error)) from error

    async def _claims(
        self, provider: Identiteitsprovider, token: str, nonce: str, access_token: object, now: datetime
    ) -> dict[str, Any]:
        """Of an ID token that is right in every way."""
        signed = await self.signed(provider, token, now)
        try:
            must = {"iss": provider.issuer, "aud": provider.client_id, "nonce": nonce}
            claims = CodeIDToken(
                signed.claims,
                signed.header,
                {name: {"essential": True, "value": value} for name, value in must.items()},
                {
                    "client_id": provider.client_id,
                    "nonce": nonce,
                    "access_token": access_token if isinstance(access_token, str) else None,
                },
            )
            claims.validate(now=int(now.timestamp()), leeway=LEEWAY_S)
        except ExpiredTokenError as error:
            raise _wrong(provider, MEANT["exp"], str(error)) from error
        except ClaimError as error:
            raise _wrong(provider, MEANT.get(error.claim, "er ontbreekt iets"), str(error)) from error
        except (JoseError, ValueError) as error:
            raise _wrong(provider, "er staat iets in dat niet klopt", str(error)) from error
        sub = claims["sub"]
        if not isinstance(claims["nonce"], str) or not hmac.compare_digest(claims["nonce"].encode(), nonce.encode()):
            raise _wrong(provider, MEANT["nonce"], "nonce")
        if claims["aud"] not in (provider.client_id, [provider.client_id]):
            raise _wrong(provider, MEANT["aud"], "it has more audiences than us")
        if not 1 <= len(sub) <= 255:
            raise _wrong(provider, MEANT["sub"], "sub is empty or too long")
        return dict(claims)

    async def _email(
        self, provider: Identiteitsprovider, metadata: Metadata, claims: dict[str, Any], access_token: object
    ) -> str | None:
        """Of the ID token, else of the userinfo endpoint: many providers give it there only."""
        if "email" not in claims and metadata.userinfo_endpoint is not None and isinstance(access_token, str):
            bearer = {"Authorization": f"Bearer {access_token}"}
            answer = await self._fetch(provider, "GET", metadata.userinfo_endpoint, headers=bearer)
            told = self._read(provider, answer, dict[str, Any])
            if told.get("sub") != claims["sub"]:
                raise _wrong(provider, "het gaat over iemand anders", "userinfo has another sub")
            claims = told
        email = claims.get("email")
        return email.lower() if claims.get("email_verified") is True and isinstance(email, str) else None

    # ── The line ─────────────────────────────────────────────────────────────────────────────────

    def _read(self, provider: Identiteitsprovider, body: bytes, shape: type[Any]) -> Any:
        try:
            return msgspec.json.decode(body, type=shape)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise _away(provider, f"not what it should be: {error}") from error

    async def _fetch(
        self,
        provider: Identiteitsprovider,
        method: str,
        url: str,
        *,
        data: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        may_refuse: bool = False,
    ) -> bytes:
        """The body of an answer that comes soon and is not long. `may_refuse`: 400 and 401 also say something."""
        asked = {"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})}
        allowed = (200, 400, 401) if may_refuse else (200,)
        body = bytearray()
        try:
            async with (
                asyncio.timeout(self._patience_s),
                self._client.stream(method, url, data=data, headers=asked, timeout=self._patience_s) as response,
            ):
                if response.status_code not in allowed or "content-encoding" in response.headers:
                    raise _away(provider, f"{urlsplit(url).path} gave {response.status_code}")
                async for part in response.aiter_raw():
                    body += part
                    if len(body) > LIMIT:
                        raise _away(provider, f"{urlsplit(url).path} gave more than {LIMIT} bytes")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            raise _away(provider, f"{urlsplit(url).path}: {type(error).__name__}") from error
        return bytes(body)


def signing_keys(given: object) -> tuple[Key, ...]:
    """The keys of a JWK Set with which a token may be signed; others are passed by (RFC 7517 section 5)."""
    found = []
    for one in given[:MOST_KEYS] if isinstance(given, list) else []:
        if not isinstance(one, dict) or one.get("kty") not in ALGORITHMS.values() or one.get("use", "sig") != "sig":
            continue
        try:
            key = JWKRegistry.import_key(one)
        except (JoseError, ValueError, TypeError):
            continue
        weak = isinstance(key, RSAKey) and key.public_key.key_size < 2048
        if not key.is_private and not weak:
            found.append(key)
    return tuple(found)


MEANT = {
    "iss": "het komt van een ander",
    "aud": "het is voor een ander programma",
    "azp": "het is voor een ander programma",
    "nonce": "het hoort bij een andere poging",
    "exp": "het is verlopen",
    "iat": "het is van een moment dat nog moet komen",
    "nbf": "het is van een moment dat nog moet komen",
    "sub": "er staat niet in wie u bent",
}
"""What is wrong when a claim is."""


def _wrong(provider: Identiteitsprovider, why: str, detail: str) -> Refusal:
    log.warning("oidc: %s: %.200s", provider.id, detail)
    return Refusal(
        Kind.FORBIDDEN,
        gettext(
            "Het antwoord van %(naam)s klopt niet: %(why)s. U bent niet ingelogd. Begin opnieuw. Gebeurt het"
            " nog een keer? Vertel het uw beheerder.",
            naam=provider.naam,
            why=why,
        ),
    )


def _away(provider: Identiteitsprovider, detail: str) -> Refusal:
    log.warning("oidc: %s: %.200s", provider.id, detail)
    return Refusal(
        Kind.UNAVAILABLE,
        gettext(
            "%(naam)s is nu niet te bereiken. U bent niet ingelogd. Probeer het later opnieuw.", naam=provider.naam
        ),
    )
