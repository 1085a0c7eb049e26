"""ETags: a change is refused when it was made against something that has changed since (RFC 9110 section 13).

An ETag is the hash of the body as this rol sees it. It changes with `versie`, and also when what a plek is today
changes by itself, such as at midnight: who decides on what is no longer so, must look again.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import msgspec

from service import toegang
from service.errors import Kind, Refusal
from service.taal import gettext
from service.web.operation import Call
from service.web.problems import HttpRefusal


def encode(body: Any) -> bytes:
    """JSON of an answer."""
    return msgspec.json.encode(body)


def of(encoded: bytes) -> str:
    return f'"{sha256(encoded).hexdigest()[:24]}"'


def _listed(header: str) -> Iterator[str]:
    return (tag.strip() for tag in header.split(","))


def unchanged(if_none_match: str | None, etag: str) -> bool:
    """Whether the caller has this already: weak comparison."""
    if if_none_match is None:
        return False
    return any(tag == "*" or tag.removeprefix("W/") == etag for tag in _listed(if_none_match))


def must_match(call: Call, current: Any) -> None:
    """Refuse a change (412) that was not made against `current`, which the caller of this has locked.

    That If-Match is there at all (428) the dispatcher has seen to.
    """
    etag = of(encode(toegang.versmal(call.wie.rol, current)))
    if not any(tag in ("*", etag) for tag in _listed(call.headers["if-match"])):
        raise Refusal(
            Kind.STALE,
            gettext("Iemand heeft dit intussen veranderd. Haal het opnieuw op en doe uw wijziging dan nog eens."),
        )


def required(headers: dict[str, str]) -> None:
    """Refuse (428) a change that does not say what it was made against."""
    if "if-match" not in headers:
        raise HttpRefusal(428, gettext("Stuur de kopregel If-Match mee, met de ETag van wat u hebt opgehaald."))
