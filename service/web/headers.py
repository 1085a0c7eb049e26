"""Headers that every answer has, and what the headers of a request ask."""

from __future__ import annotations

from collections.abc import Iterable

from litestar.types import Message, Scope

API_VERSION = "1.0.0"
"""Equal to info.version of the OpenAPI document; raise it with CHANGELOG.md."""

SECURITY = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"x-robots-tag": b"noindex, nofollow",
}
"""NL API design rules, /core/transport/security-headers; what the answer itself says wins."""


async def secure(message: Message, scope: Scope) -> None:
    """Litestar `before_send`: give each answer, of whatever part of the app, the headers it lacks."""
    if message["type"] != "http.response.start":
        return
    headers = list(message["headers"])
    present = {name.lower() for name, _ in headers}
    limiet: dict[str, str] = scope.get("state", {}).get("limiet", {})
    headers += [(name.lower().encode(), value.encode()) for name, value in limiet.items()]
    headers += [(name, value) for name, value in SECURITY.items() if name not in present]
    services = getattr(scope["litestar_app"].state, "services", None)
    if scope["scheme"] == "https" or (services is not None and services.settings.adres):  # https ends at a proxy
        headers.append((b"strict-transport-security", b"max-age=31536000; includeSubDomains"))
    message["headers"] = headers


def accepts(accept: str | None, offered: str) -> bool:
    """Whether a header Accept lets `offered` pass (RFC 9110 section 12.5.1: the most specific range decides)."""
    if accept is None or not accept.strip():
        return True
    kind, _, _ = offered.partition("/")
    best, quality = -1, 0.0
    for part in accept.split(","):
        pieces = [piece.strip() for piece in part.split(";")]
        rank = {"*/*": 0, f"{kind}/*": 1, offered: 2}.get(pieces[0].lower(), -1)
        if rank > best:
            best, quality = rank, _quality(pieces[1:])
    return best >= 0 and quality > 0


def _quality(parameters: Iterable[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def media_type(content_type: str | None) -> str | None:
    """The media type of a header Content-Type; None when absent, or when its characters are not UTF-8."""
    if content_type is None:
        return None
    kind, *parameters = (piece.strip().lower() for piece in content_type.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "charset" and value.strip('"') not in ("utf-8", "utf8", "us-ascii"):
            return None
    return kind
