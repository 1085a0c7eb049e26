"""What may be the name or address of a computer, of the loket or of a service that it uses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urlsplit

HOST_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*", re.IGNORECASE)


@lru_cache(maxsize=100)
def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_name_or_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return HOST_NAME.fullmatch(host) is not None
    return True


def is_public_address(text: str) -> bool:
    """`https://name[:port]` and nothing after it: what a browser sends as Origin."""
    parts = urlsplit(text)
    port = "" if parts.port in (None, 443) else f":{parts.port}"
    return (
        parts.scheme == "https"
        and HOST_NAME.fullmatch(parts.hostname or "") is not None
        and text == f"https://{parts.hostname}{port}"
    )


def are_networks(text: str) -> bool:
    for part in text.split(","):
        ipaddress.ip_network(part.strip())
    return True


def has_scheme(*schemes: str) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        parts = urlsplit(text)
        # Several hosts with commas are for asyncpg to read. Of one host, a port that cannot be raises ValueError.
        if "," not in parts.netloc and parts.port == 0:
            return False
        return parts.scheme in schemes and bool(parts.netloc or parts.path.strip("/"))

    return check
