"""Pages, compressed for who can read that: the largest, of 150 kB, then are 15 on the line.

A page that shows what is secret and repeats what somebody else put in its address, tells by its compressed length how
alike the two are (BREACH: Gluck, Harris and Prado 2013). So the length says little: the name that a gzip file may have
is of another length each time (Palacios, Fernández-Gil e.a., "Heal the Breach", IEEE Access 2022).
"""

from __future__ import annotations

import secrets
import struct
import zlib
from collections.abc import Iterable
from typing import cast

from litestar.datastructures.headers import MutableScopeHeaders
from litestar.types import ASGIApp, HTTPResponseStartEvent, HTTPScope, Message, Receive, Scope, Send

SMALLEST = 1_000
"""Bytes; what is less fits in a packet as it is."""

NAME = 100
"""Bytes that the name has at most."""

LEVEL = 5


def gzipped(body: bytes) -> bytes:
    """As RFC 1952, with a name in its header."""
    name = b"-" * secrets.randbelow(NAME + 1)
    deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    head = b"\x1f\x8b\x08\x08" + bytes(5) + b"\xff" + name + b"\0"
    return head + deflate.compress(body) + deflate.flush() + struct.pack("<II", zlib.crc32(body), len(body))


def compressed(app: ASGIApp) -> ASGIApp:
    """Middleware: compresses each page that is sent in one piece. Files of the browser are compressed beforehand."""

    async def within(scope: Scope, receive: Receive, send: Send) -> None:
        if not _reads(scope):
            return await app(scope, receive, send)
        head = cast(HTTPScope, scope)["method"] == "HEAD"  # there is no websocket here
        start: HTTPResponseStartEvent | None = None

        async def packed(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_page(message["headers"]):
                start = message
                return
            if message["type"] == "http.response.body" and start is not None:
                headers = MutableScopeHeaders(start)
                if head:
                    del headers["content-length"]  # it would be that of the page as it is
                elif len(message["body"]) >= SMALLEST and not message["more_body"]:
                    message["body"] = gzipped(message["body"])
                    headers["content-encoding"] = "gzip"
                    headers["content-length"] = str(len(message["body"]))
                await send(start)
                start = None
            await send(message)

        return await app(scope, receive, packed)

    return within


def _reads(scope: Scope) -> bool:
    return any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])


def _is_page(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in headers)
