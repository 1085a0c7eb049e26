"""How a machine proves which koppeling it is: a JWT signed with its own key, used once (RFC 7523, private_key_jwt).

What is wrong is told in words that help who writes the machine's program; but whether a koppeling or key exists, only
its own signature unlocks.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey
from msgspec import Struct

from service.db import Connection, Pool, Rol, Wie

ALGORITHMS = {"PS256": "RSA", "RS256": "RSA", "ES256": "EC", "Ed25519": "OKP", "EdDSA": "OKP"}
"""With which a machine may sign, and the type of key: no `none`, and nothing that shares a secret. Ed25519 is the newer
name of EdDSA with that curve (RFC 9864)."""

RSA_BITS = 2048
"""At least (NIST SP 800-131A)."""

LONGEST = timedelta(minutes=5)
"""From now until `exp`."""

LEEWAY = timedelta(seconds=30)
"""Clocks may differ so much; not for `exp` in the future, which the machine chooses itself."""

LIMIT = 8_000
"""Characters in an assertion."""


class Ongeldig(Exception):
    """The assertion is refused; the message says why, in ASCII as RFC 6749 section 5.2 asks. `wie` is set once the
    signature was right; `beweerd` is the koppeling that it says to be, when nothing proves so."""

    def __init__(self, why: str, wie: Wie | None = None, *, beweerd: UUID | None = None) -> None:
        super().__init__(why)
        self.wie, self.beweerd = wie, beweerd


class Verklaring(Struct, frozen=True):
    """An assertion that is right in every way, but perhaps not for the first time."""

    wie: Wie
    kid: str
    sleutel_tot: datetime
    """Until when the key is valid."""
    jti: str
    verloopt_op: datetime
    """After this nobody would take it any more."""


class _Header(Struct):
    alg: str
    kid: str
    crit: Any = None


class _Claims(Struct):
    iss: str
    sub: str
    aud: str | list[str]
    exp: int | float
    jti: str
    iat: int | float | None = None
    nbf: int | float | None = None


ZOEK = "select regio, aanbieder_id, kid, jwk, geldig_tot from zoek_koppeling($1, $2)"

UNKNOWN = "De handtekening klopt niet, of het loket kent deze koppeling of sleutel niet (meer)."


async def check(conn: Connection | Pool, token: str, *, ours: Sequence[str], now: datetime) -> Verklaring:
    """Raises Ongeldig. `ours`: the audiences that are us."""
    header, claims = _read(token)
    if header.alg not in ALGORITHMS:
        raise Ongeldig(f"alg moet een van deze zijn: {', '.join(ALGORITHMS)}.")
    if header.crit is not None:
        raise Ongeldig("Het loket kent geen crit.")
    if claims.iss != claims.sub:
        raise Ongeldig("iss en sub moeten allebei het id van de koppeling zijn.")
    try:
        koppeling = UUID(claims.iss)
    except ValueError:
        raise Ongeldig("iss en sub moeten het id van de koppeling zijn.") from None
    rows = await conn.fetch(ZOEK, koppeling, now)
    row = next((row for row in rows if row["kid"] == header.kid), None)
    if row is None or not _signed(token, row["jwk"], header.alg):
        raise Ongeldig(UNKNOWN, beweerd=koppeling)
    wie = Wie(row["regio"], Rol.AANBIEDER, koppeling, row["aanbieder_id"], koppeling=koppeling)
    wrong = _wrong(claims, ours, now)
    if wrong:
        raise Ongeldig(wrong, wie)
    until = datetime.fromtimestamp(claims.exp, now.tzinfo) + LEEWAY
    return Verklaring(wie, header.kid, row["geldig_tot"], claims.jti, until)


def _read(token: str) -> tuple[_Header, _Claims]:
    """Not believed yet."""
    try:
        if len(token) > LIMIT:
            raise ValueError
        compact = jws.extract_compact(token.encode("ascii"))
        header = msgspec.convert(compact.headers(), _Header)
        claims = msgspec.json.decode(compact.payload, type=_Claims)
    except msgspec.ValidationError:
        raise Ongeldig("De verklaring heeft alg en kid in de kop, en iss, sub, aud, exp en jti in de inhoud.") from None
    except (JoseError, ValueError, UnicodeError, RecursionError):
        raise Ongeldig("De verklaring is geen ondertekend JWT.") from None
    return header, claims


def _signed(token: str, jwk: dict[str, Any], alg: str) -> bool:
    try:
        key = public_key(jwk)
        if key.key_type != ALGORITHMS[alg] or jwk.get("alg", alg) != alg:
            return False
        with warnings.catch_warnings(action="ignore"):  # EdDSA is an old name, and no weaker for it
            jws.deserialize_compact(token.encode("ascii"), key, algorithms=[alg])
    except (JoseError, ValueError):
        return False
    return True


def public_key(jwk: dict[str, Any]) -> Key:
    """Of a JWK. ValueError, in Dutch, when it is not one that may sign for a machine."""
    kind = jwk.get("kty")
    if kind not in ALGORITHMS.values():
        raise ValueError("Kies een sleutel van het soort RSA, EC (P-256) of OKP (Ed25519).")
    if jwk.get("use", "sig") != "sig" or ("alg" in jwk and ALGORITHMS.get(jwk["alg"]) != kind):
        raise ValueError("De sleutel moet zijn om mee te ondertekenen (use: sig), en alg moet erbij horen.")
    try:
        with warnings.catch_warnings(action="ignore"):  # we refuse instead
            key = JWKRegistry.import_key(jwk)
            key.get_op_key("verify")  # only now it is looked at
        weak = isinstance(key, RSAKey) and key.public_key.key_size < RSA_BITS
        curve = key.curve_name if isinstance(key, ECKey | OKPKey) else None
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ValueError("Dit is geen geldige publieke sleutel (JWK).") from error
    if weak:
        raise ValueError(f"Een RSA-sleutel moet minstens {RSA_BITS} bits hebben.")
    if curve not in (None, "P-256", "Ed25519"):
        raise ValueError("Kies voor EC de kromme P-256, en voor OKP de kromme Ed25519.")
    return key


def _wrong(claims: _Claims, ours: Sequence[str], now: datetime) -> str | None:
    """What is, of an assertion whose signature is right."""
    moment = now.timestamp()
    audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    if not audiences or not set(audiences) <= set(ours):
        return f"aud moet {ours[0]} zijn, en niets anders."
    if moment - LEEWAY.total_seconds() >= claims.exp:
        return "De verklaring is verlopen (exp)."
    if claims.exp > moment + LONGEST.total_seconds():
        return "De verklaring mag hooguit 5 minuten geldig zijn (exp)."
    if any(at is not None and at > moment + LEEWAY.total_seconds() for at in (claims.nbf, claims.iat)):
        return "De verklaring is van een moment dat nog moet komen (nbf of iat)."
    if not 1 <= len(claims.jti) <= 200 or "\0" in claims.jti:
        return "jti moet 1 tot en met 200 tekens lang zijn."
    return None


GEBRUIK = "select gebruik_verklaring($1, $2, $3, $4)"


async def use(conn: Connection, verklaring: Verklaring, *, now: datetime) -> None:
    """Raises Ongeldig when it was used before. Stays so when the transaction commits."""
    uitgever = str(verklaring.wie.koppeling)
    if not await conn.fetchval(GEBRUIK, uitgever, verklaring.jti, verklaring.verloopt_op, now):
        raise Ongeldig(
            "Deze verklaring is al gebruikt. Maak er voor elk verzoek een, met een nieuwe jti.", verklaring.wie
        )
