"""Is it somebody at this computer who asks, or a website in that person's browser?

The loket listens on loopback and has no login yet, so whoever can reach it may read and change everything. A website
can make a browser reach it too: by letting its own name point to 127.0.0.1 (DNS rebinding), which shows in the header
Host, or by sending a form to it, which shows in Origin and Sec-Fetch-Site. Programs send neither of those two.
"""

from __future__ import annotations

import re

from litestar.types import HTTPScope

from service.settings import is_loopback
from service.web.problems import HttpRefusal

HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::[0-9]{1,5})?")
"""A name or address, and perhaps a port: any port, because it may be forwarded."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that change nothing (RFC 9110 section 9.2.1)."""


def check(scope: HTTPScope) -> None:
    """Refuses (403) who asks by another name than this computer's own, and a change that another website sends."""
    hosts = _values(scope, b"host")
    match = HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if match is None or not is_loopback(match[1] or match[2]):
        raise HttpRefusal(
            403, "Het loket is alleen te bereiken vanaf deze computer zelf: http://127.0.0.1 of localhost."
        )
    if scope["method"] in SAFE:
        return
    sites, origins = _values(scope, b"sec-fetch-site"), _values(scope, b"origin")
    if any(site not in ("same-origin", "none") for site in sites) or any(
        origin.partition("://")[2] != hosts[0] for origin in origins
    ):
        raise HttpRefusal(403, "Een andere website wil hier iets veranderen. Dat mag niet.")


def _values(scope: HTTPScope, name: bytes) -> list[str]:
    return [value.decode("latin-1").lower() for key, value in scope["headers"] if key.lower() == name]
