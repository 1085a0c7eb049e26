"""Which computer asks. What a request says of that itself counts only when our own proxy has written it."""

from __future__ import annotations

import functools
import ipaddress
from typing import TypeAlias

from litestar.types import HTTPScope

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


@functools.cache
def networks(proxies: str | None) -> tuple[Network, ...]:
    """Of the setting LOKET_PROXIES."""
    return tuple(ipaddress.ip_network(part.strip()) for part in proxies.split(",")) if proxies else ()


def address(scope: HTTPScope, proxies: str | None) -> str:
    """The IP address of whoever asks: the peer, or what our proxies wrote in X-Forwarded-For.

    Each proxy adds the address that it was asked from at the end, so the last one that is not ours is true; all before
    it anybody may have made up. `Forwarded` and the other X-Forwarded-… are never read: LOKET_ADRES says where we are.
    """
    client = scope["client"]
    found = client[0] if client else ""
    trusted = networks(proxies)
    said = ",".join(
        value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"x-forwarded-for"
    ).split(",")
    while trusted and said and _within(found, trusted):
        before = said.pop().strip()
        if not _is_address(before):
            break
        found = before
    return found


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _within(text: str, trusted: tuple[Network, ...]) -> bool:
    return _is_address(text) and any(ipaddress.ip_address(text) in network for network in trusted)
