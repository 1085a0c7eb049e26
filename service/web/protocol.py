"""HTTP/1.1 as uvicorn speaks it, with limits that it lacks: how long and how large the head of a request may be.

Who opens a connection and says nothing, or sends a header without an end, gets no more of us than this.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.web.headers import SECURITY

HEAD_LIMIT = 32 * 1024
"""Bytes of the first line and the headers together."""

HEAD_S = 10.0
"""From the first byte (of a new connection: from its beginning) to the end of the headers."""

SENTENCES = {
    HTTPStatus.BAD_REQUEST: "Dit is geen geldig HTTP-verzoek.",
    HTTPStatus.REQUEST_TIMEOUT: "Het verzoek kwam niet op tijd helemaal aan.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "De kopregels van het verzoek zijn te lang.",
}


class Protocol(HttpToolsProtocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._in_head, self._head, self._refused = True, 0, False
        self._deadline: asyncio.TimerHandle | None = None
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._in_head = False
        self._watch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._head += len(data) if self._in_head else 0
        super().data_received(data)
        if self._in_head and self._head > HEAD_LIMIT:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        self._watch()

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head, self._head = False, 0
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > HEAD_LIMIT:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._refused:
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(HTTPStatus.BAD_REQUEST)

    def _watch(self) -> None:
        """The clock runs while a head is on its way."""
        waiting = self._in_head and not self._refused
        if waiting and self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_S, self._refuse, HTTPStatus.REQUEST_TIMEOUT)
        elif not waiting and self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer without the app, and end the connection. While an earlier request is being answered: only end it."""
        self._refused = True
        busy = self.cycle is not None and not self.cycle.response_complete
        if not busy and not self.transport.is_closing():
            body = SENTENCES[status].encode()
            headers: dict[bytes, Any] = {
                **SECURITY,
                b"content-type": b"text/plain; charset=utf-8",
                b"content-length": b"%d" % len(body),
                b"connection": b"close",
            }
            lines = [b"HTTP/1.1 %d %s" % (status, status.phrase.encode())]
            lines += [b"%s: %s" % header for header in headers.items()]
            self.transport.write(b"\r\n".join([*lines, b"", body]))
        self.transport.close()
        self._watch()
