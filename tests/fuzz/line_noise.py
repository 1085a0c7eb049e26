"""Bytes that are hardly HTTP, or not at all: what stands before the app must stand them too."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

Pieces = list[bytes]
"""Sent one after another."""

GOOD = b"GET /livez HTTP/1.1\r\nHost: %(host)s\r\n\r\n"

HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(64)
"""The beginning of TLS."""


def noise(rng: Random, host: str, real: bytes) -> Pieces:
    """`real` is a request of asking.py, to break off, to repeat and to put things into."""
    pieces = rng.choice(WAYS)(rng, real)
    return [piece.replace(b"%(host)s", host.encode()) for piece in pieces]


def _split(real: bytes) -> tuple[bytes, bytes]:
    head, _, body = real.partition(b"\r\n\r\n")
    return head, body


def _random(rng: Random, real: bytes) -> Pieces:
    return [rng.randbytes(rng.choice((1, 10, 100, 1_000, 40_000)))]


def _first_line(rng: Random, real: bytes) -> Pieces:
    line = rng.choice(
        (
            b"", b" ", b"GET", b"GET /", b"GET  / HTTP/1.1", b"GET / HTTP/9.9", b"GET / HTTP/1.0", b"GET / HTTP/0.9",
            b"GET / HTTP/1.1.1", b"GET / http/1.1", b"GET / HTTP/1.", b"GET\t/\tHTTP/1.1", b"/ GET HTTP/1.1",
            b"PRI * HTTP/2.0",
            b"CONNECT 127.0.0.1:22 HTTP/1.1", b"GET http://kwaad.example/ HTTP/1.1", b"GET * HTTP/1.1",
            b"OPTIONS * HTTP/1.1",
            b"GET http://[::1/ HTTP/1.1", b"GET //kwaad.example/ HTTP/1.1", b"GET /\x00 HTTP/1.1",
            b"GET /\xff\xfe HTTP/1.1",
            b"GET /%00 HTTP/1.1", b"GET /%ff HTTP/1.1", b"GET /%zz HTTP/1.1", b"GET /a b HTTP/1.1",
            b"GET /#deel HTTP/1.1",
            b"GET ? HTTP/1.1", b"GET /?" + b"a" * 60_000 + b" HTTP/1.1", b"GET /" + b"a/" * 12_000 + b" HTTP/1.1",
            b"GET /" + b"%41" * 9_000 + b" HTTP/1.1", b"G" * 50_000 + b" / HTTP/1.1", b"SOURCE / ICE/1.0",
            b"GET /v1/../ HTTP/1.1",
            b"GET /static/..%2f..%2fschema.sql HTTP/1.1", b"GET /v1//plekken HTTP/1.1", b"HTTP/1.1 200 OK",
        )
    )  # fmt: skip
    return [line + b"\r\nHost: %(host)s\r\n\r\n"]


def _header(rng: Random, real: bytes) -> Pieces:
    head, body = _split(real)
    bad = rng.choice(
        (
            b"zonder dubbele punt", b": leeg", b"X : spatie", b" X: vouw", b"X:\x00", b"X: a\rb", b"X: a\nY: b",
            b"X\xff: a", b"X:" * 9,
            b"X: " + b"a" * 33_000, b"\r\n".join([b"X: a"] * 5_000), b"X: a\r\n\tb", b"Host: een\r\nHost: twee",
            b"\x7f: a", b"X: \x7f",
            b"Connection: keep-alive, close, upgrade",
            b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: a",
            b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAA", b"Expect: 100-continue",
            b"TE: trailers",
            b"Content-Length: -1", b"Content-Length: 99999999999999999999999", b"Content-Length: 0x10",
            b"Content-Length: +5",
            b"Content-Length: 5, 5", b"Content-Length: 5\r\nContent-Length: 6", b"Content-Length: " + b"1" * 5_000,
            b"Content-Length: \xb2", b"Transfer-Encoding: chunked\r\nContent-Length: 5", b"Transfer-Encoding: identity",
            b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked, chunked",
            b"Transfer-Encoding: \x0bchunked",
            b"Transfer-Encoding : chunked", b"transfer-encoding: CHUNKED", b"Keep-Alive: timeout=-1, max=a",
        )
    )  # fmt: skip
    lines = head.split(b"\r\n")
    lines.insert(rng.randrange(1, len(lines) + 1), bad)
    return [b"\r\n".join(lines) + b"\r\n\r\n" + body]


def _line_ends(rng: Random, real: bytes) -> Pieces:
    return [real.replace(b"\r\n", rng.choice((b"\n", b"\r", b"\n\r", b"\r\r\n", b"\x0b", b"\x00\r\n")))]


def _chunks(rng: Random, real: bytes) -> Pieces:
    head, body = _split(real)
    head = b"\r\n".join(line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length"))
    whole = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
    chunks = rng.choice(
        (
            whole + b"0\r\n\r\n", whole + b"0\r\nX: naloop\r\n\r\n", b"-1\r\n\r\n", b"xyz\r\n",
            b"ffffffffffffffffff\r\n", b"5\r\nab\r\n0\r\n\r\n",
            b"2\r\nabcdef\r\n0\r\n\r\n", b"5;" + b"a" * 40_000 + b"\r\n", b"0\r\n" + b"X: a\r\n" * 9_000 + b"\r\n",
            b"\r\n\r\n", b"0x5\r\nabcde\r\n",
            b"".join(b"1\r\n%c\r\n" % byte for byte in body[:2_000]) + b"0\r\n\r\n",
            b"00000000000000000000005\r\nabcde\r\n0\r\n\r\n",
            b"1\n{\n0\n\n", b"7fffffffffffffff\r\n{", whole,
        )
    )  # fmt: skip
    return [head + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks]


def _half(rng: Random, real: bytes) -> Pieces:
    return [real[: rng.randrange(1, len(real) + 1)]]


def _longer(rng: Random, real: bytes) -> Pieces:
    """More, or less, than was said."""
    head, body = _split(real)
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    length = rng.choice((len(body) + 1, len(body) + 10_000, max(len(body) - 1, 0), 0, 9_000_000_000))
    return [b"\r\n".join([*lines, b"Content-Length: %d" % length, b"", b""]) + body]


def _pieces(rng: Random, real: bytes) -> Pieces:
    size = rng.choice((1, 2, 7, 100))
    return [real[at : at + size] for at in range(0, min(len(real), 400 * size), size)] + [real[400 * size :]]


def _pipeline(rng: Random, real: bytes) -> Pieces:
    other = rng.choice((GOOD, real, b"\r\n\r\n", b"onzin\r\n\r\n", HELLO, GOOD[:20], b"\x00"))
    return [b"".join(rng.choice((GOOD, real, other)) for _ in range(rng.choice((2, 5, 40))))]


def _other(rng: Random, real: bytes) -> Pieces:
    return [
        rng.choice(
            (
                HELLO, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), b"SSH-2.0-OpenSSH_9.6\r\n",
                b"EHLO test\r\nMAIL FROM:<a@b>\r\n", b"\r\n" * 2_000,
                b"*1\r\n$4\r\nPING\r\n", b"\x00\x00\x00\x08\x04\xd2\x16\x2f", b"<?xml version='1.0'?><a/>", b"",
                b"\n", b"\x80", b" " * 40_000,
                b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + GOOD, b"\r\n\r\n" + GOOD, b"{}", b"QUIT\r\n", b"\x05\x01\x00",
                b"GET / \r\n\r\n",
            )
        )
    ]  # fmt: skip


def _flipped(rng: Random, real: bytes) -> Pieces:
    raw = bytearray(real)
    for _ in range(rng.choice((1, 2, 5, 20))):
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    return [bytes(raw)]


WAYS: list[Callable[[Random, bytes], Pieces]] = [
    _random, _first_line, _first_line, _header, _header, _header, _line_ends, _chunks, _chunks, _half, _longer,
    _pieces, _pipeline,
    _other, _flipped, _flipped, _flipped,
]  # fmt: skip
