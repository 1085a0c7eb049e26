"""Is it somebody who means the loket that asks, or a website in that person's browser?

A website can make a browser reach us: by letting its own name point to our address (DNS rebinding), which shows in the
header Host, or by sending a form to us, which shows in Origin and Sec-Fetch-Site. Programs send neither of those two.
"""

from __future__ import annotations

import re

from litestar.types import HTTPScope

from service.adressen import is_loopback
from service.taal import gettext
from service.web.problems import HttpRefusal

HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::([0-9]{1,5}))?")
"""A name or address, and perhaps a port: any port, because it may be forwarded."""

NAME = re.compile(r"(?:\[[0-9a-f:.]*\]|[^:\[\]]*)(?::([0-9]{1,5})?)?")
"""Whatever could be one: who looks at it, must find where the port begins."""

MOST = 65_535
"""Of ports. What takes an address apart, breaks down on a higher one."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that change nothing (RFC 9110 section 9.2.1)."""


def check(scope: HTTPScope, adres: str | None) -> None:
    """Refuses (403) who asks by another name than ours, and a change that another website sends.

    adres: `https://name[:port]`, the only way in; None: every name of this computer itself is.
    """
    hosts = _values(scope, b"host")
    if adres is None:
        match = HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        if match is None or not is_loopback(match[1] or match[2]) or int(match[3] or 0) > MOST:
            raise HttpRefusal(
                403, gettext("Het loket is alleen te bereiken vanaf deze computer zelf: http://127.0.0.1 of localhost.")
            )
    elif [f"https://{host.removesuffix(':443')}" for host in hosts] != [adres]:
        raise HttpRefusal(403, gettext("Het loket is alleen te bereiken op %(adres)s.", adres=adres))
    if scope["method"] in SAFE:
        return
    sites, origins = _values(scope, b"sec-fetch-site"), _values(scope, b"origin")
    ours = (adres,) if adres else (f"http://{hosts[0]}", f"https://{hosts[0]}")
    if any(site not in ("same-origin", "none") for site in sites) or any(origin not in ours for origin in origins):
        raise HttpRefusal(403, gettext("Een andere website wil hier iets veranderen. Dat mag niet."))


def check_address(scope: HTTPScope) -> None:
    """Refuses (400) an address that cannot be taken apart or looked up, also where anybody may ask by any name."""
    for host in _values(scope, b"host"):
        match = NAME.fullmatch(host)
        if match is None or int(match[1] or 0) > MOST:
            raise HttpRefusal(400, gettext("De kopregel Host klopt niet."))
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:  # PostgreSQL has no text with it
        raise HttpRefusal(400, gettext("Er staat een teken in het adres dat er niet in mag."))


def _values(scope: HTTPScope, name: bytes) -> list[str]:
    return [value.decode("latin-1").lower() for key, value in scope["headers"] if key.lower() == name]
