"""HTTP/1.1 as uvicorn speaks it, with limits that it lacks: how long and how large the head of a request may be, what
comes beside a body, and how long somebody may keep us waiting who has its answer or does not take it.

Who opens a connection and says nothing, or sends a header without an end, gets no more of us than this.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from service.web.headers import SECURITY

HEAD_LIMIT = 32 * 1024
"""Bytes of the first line and the headers together."""

HEAD_S = 10.0
"""From the first byte (of a new connection: from its beginning) to the end of the headers."""

LINGER_S = 10.0
"""For the rest of a body after the answer to it."""

STUCK_S = 30.0
"""Without one byte of the answer taken."""

SENTENCES = {
    HTTPStatus.BAD_REQUEST: "Dit is geen geldig HTTP-verzoek.",
    HTTPStatus.REQUEST_TIMEOUT: "Het verzoek kwam niet op tijd helemaal aan.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "De kopregels van het verzoek zijn te lang.",
}


class Protocol(HttpToolsProtocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._in_head, self._head, self._refused = True, 0, False
        self._in_body, self._beside = False, 0
        self._cycles: list[RequestResponseCycle] = []
        self._deadline: asyncio.TimerHandle | None = None
        self._stuck: asyncio.TimerHandle | None = None
        self._last = False
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._in_head = self._in_body = False
        self._watch()
        self._taken()
        super().connection_lost(exc)
        # uvicorn tells only the last of those that came one behind another, not the one that is being answered.
        for cycle in self._cycles:
            if not cycle.response_complete:
                cycle.disconnected = True
            cycle.message_event.set()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if self._in_head:
            self._head += len(data)
        else:
            self._beside += len(data)
        super().data_received(data)
        if (self._in_head and self._head > HEAD_LIMIT) or self._beside > HEAD_LIMIT:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        self._watch()

    def on_message_begin(self) -> None:
        self._in_head, self._beside = True, 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """After a body too (trailers). Those count for nothing: the app has looked at its headers by then."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head, self._head = False, 0
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > HEAD_LIMIT:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return
        self._in_body = True
        super().on_headers_complete()
        if self.cycle is not None:
            self._cycles = [cycle for cycle in (*self._cycles, self.cycle) if not cycle.response_complete]
        if self._last:
            self.say_goodbye()

    def say_goodbye(self) -> None:
        """The answer that is being made, or else the next, is the last on this connection, and says so."""
        self._last = True
        if self.cycle is not None and not self.cycle.response_started:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self._beside = 0
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body, self._beside = False, 0
        if not self._refused:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._look(None)

    def resume_writing(self) -> None:
        self._taken()
        super().resume_writing()

    def _look(self, before: int | None) -> None:
        """Every so often, while more waits to be sent than should: is anything of it taken?"""
        left = self.transport.get_write_buffer_size()
        if before is not None and left >= before:
            self.transport.abort()
        else:
            self._stuck = self.loop.call_later(STUCK_S, self._look, left)

    def _taken(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def send_400_response(self, msg: str) -> None:
        self._refuse(HTTPStatus.BAD_REQUEST)

    def _watch(self) -> None:
        """The clock runs while a head is on its way, and while a body goes on that nobody waits for any more."""
        answered = self._in_body and self.cycle is not None and self.cycle.response_complete
        waiting = (self._in_head or answered) and not self._refused
        if waiting and self._deadline is None:
            limit_s = LINGER_S if answered else HEAD_S
            self._deadline = self.loop.call_later(limit_s, self._refuse, HTTPStatus.REQUEST_TIMEOUT)
        elif not waiting and self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        # uvicorn stops its clock for an idle connection at each byte, and starts it only after an answer: the rest of a
        # body that nobody waited for, or an empty line, would keep one for ever.
        answered = self.cycle is not None and self.cycle.response_complete
        idle = answered and not self._in_head and not self._in_body and not self.transport.is_closing()
        if idle and self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer without the app, and end the connection. While a request is being answered, or was: only end it."""
        self._refused = True
        busy = self.cycle is not None and not self.cycle.response_complete
        if not busy and not self._in_body and not self.transport.is_closing():
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
