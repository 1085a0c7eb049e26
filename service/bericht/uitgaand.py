"""A POST to an address that somebody else chose: never to our own network, and never somewhere else than was looked at.

The name is resolved once, every address of it must be public, and the connection goes to one of those (so a name that
changes between looking and connecting gains nothing); TLS still checks the name. No redirect is followed, no proxy of
the environment is used, and of the answer only the status is read.
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import socket
import ssl
from urllib.parse import urlsplit

import httpx

from service.adressen import is_name_or_address
from service.taal import gettext

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

NAT64 = ipaddress.ip_network("64:ff9b::/32")
"""What an IPv6 network makes of IPv4 addresses, private ones too."""


class Blocked(Exception):
    """It may not go there. Says why, in Dutch."""


class Away(Exception):
    """Nobody answers there now. Says why, in Dutch."""


def wrong(url: str, *, intern: bool) -> str | None:
    """What is wrong with an address, in Dutch. `intern`: to our own network and without https is allowed."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return gettext("Dit is geen adres. Geef een adres als https://systeem.example/loket.")
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return gettext("In een adres staan alleen gewone letters, cijfers en leestekens.")
    if parts.scheme != "https" and not (intern and parts.scheme == "http"):
        return gettext("Het adres moet met https:// beginnen.")
    if parts.username is not None or parts.password is not None:
        return gettext("Zet geen naam of wachtwoord in het adres.")
    if "#" in url:
        return gettext("Laat weg wat na # staat.")
    if not is_name_or_address(host) or port == 0:
        return gettext("Dit is geen adres. Geef een adres als https://systeem.example/loket.")
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        local = host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or "." not in host
        return gettext("Dit adres is alleen binnen een netwerk te bereiken.") if local and not intern else None
    return None if intern or is_public(literal) else gettext("Dit adres hoort bij een intern netwerk.")


def is_public(address: Address) -> bool:
    """Whether an address is one of the internet. An IPv6 address that wraps an IPv4 one never is: it may hide any."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = (address.ipv4_mapped, address.sixtofour, address.teredo)
        if any(one is not None for one in wrapped) or address in NAT64:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


async def resolve(host: str, port: int, *, intern: bool) -> str:
    """An address to connect to. Raises Blocked when any of its addresses is not public, Away when there is none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Away(gettext("De naam in het adres is niet te vinden.")) from None
    addresses = [ipaddress.ip_address(str(info[4][0]).partition("%")[0]) for info in found]
    if not addresses:
        raise Away(gettext("De naam in het adres is niet te vinden."))
    if not intern and not all(is_public(address) for address in addresses):
        raise Blocked(gettext("Dit adres hoort bij een intern netwerk."))
    return str(addresses[0])


@functools.cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


async def post(url: str, body: bytes, headers: dict[str, str], *, intern: bool, timeout_s: float) -> int:
    """The status of the answer. Raises Blocked, and Away when there is no answer in time."""
    why = wrong(url, intern=intern)
    if why is not None:
        raise Blocked(why)
    asked = httpx.URL(url)
    port = asked.port or (443 if asked.scheme == "https" else 80)
    try:
        async with asyncio.timeout(timeout_s):
            pinned = asked.copy_with(host=await resolve(asked.host, port, intern=intern))
            async with httpx.AsyncClient(verify=_trusted(), trust_env=False, timeout=timeout_s) as client:
                request = client.build_request(
                    "POST",
                    pinned,
                    content=body,
                    headers={**headers, "Host": asked.netloc.decode("ascii"), "Accept-Encoding": "identity"},
                    # The name that the certificate must have.
                    extensions={"sni_hostname": asked.host, **_limits(timeout_s)},
                )
                answer = await client.send(request, stream=True, follow_redirects=False)
                await answer.aclose()
                return answer.status_code
    except TimeoutError:
        raise Away(
            gettext("Er kwam binnen %(timeout_s)s seconden geen antwoord.", timeout_s=f"{timeout_s:g}")
        ) from None
    except (httpx.HTTPError, OSError) as error:
        raise Away(gettext("De verbinding lukt niet (%(name)s).", name=type(error).__name__)) from None


def _limits(timeout_s: float) -> dict[str, dict[str, float]]:
    """As httpx.AsyncClient sets them; `extensions` of a request take their place."""
    return {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), timeout_s)}
