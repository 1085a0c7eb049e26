"""A seed, spoiled in one to three ways, as the bytes of a request."""

from __future__ import annotations

from random import Random
from typing import Any
from urllib.parse import quote
from uuid import UUID

from msgspec import Struct

from tests.fuzz import values
from tests.fuzz.place import Caller
from tests.fuzz.seeds import FORM, Pairs, Seed, rows
from tests.web.examples import World

NAMES = [
    "id", "cursor", "aantal", "overslaan", "van", "tot", "op", "soort", "status", "regio", "q", "zoek", "sorteer",
    "sleutel",
    "versie", "aanvraagId", "plekId", "kinderen.0.kenmerk", "kinderen.99999.kenmerk", "details.soort", "__proto__",
    "stap",
]  # fmt: skip

HEADERS: dict[str, tuple[str, ...]] = {
    "If-Match": ("", "*", "W/*", '""', '"abc"', "abc", '"a","b",*', '"' + "a" * 5_000 + '"', ",,,", "\xff"),
    "If-None-Match": ("*", '"abc"', 'W/"abc"', ",", "\xe9" * 10, "*" * 3_000),
    "Idempotency-Key": ("a", '"a"', "", " ", "a" * 255, "a" * 256, "\xe9", "a b", "' or 1=1", "\x7f", "a" * 9_000),
    "Last-Event-ID": ("0", "-1", "1", "99999999999999999999", "1e9", "NaN", "", "abc", "\xb2", "0x1", "1.5",
    "9" * 5_000, "+1"),
    "Accept": ("", "*", "*/*", "text/html", "application/json;q=0", "a/b;q=NaN", "application/json;q=1e999", ",;=",
    "\xff/*"),
    "Accept-Language": ("", "en", "fy;q=NaN", "nl;q=-1", "*;q=inf", ",,,", "x" * 9_000, "en-\xe9",
    "nl;q=1e400,en;q=0x1"),
    "Accept-Encoding": ("", "gzip", "br;q=NaN", "gzip;q=-1", "*", "identity;q=0,*;q=0", "gzip" * 2_000, "\xff"),
    "Content-Type": (
        "", "application/json", "text/plain", "application/xml", "application/json; charset=utf-16", FORM,
        "multipart/form-data",
        "application/merge-patch+json", "application/json;;;=", "a" * 9_000, "\xe9/\xe9",
        "multipart/form-data; boundary=",
        "application/json; charset=onbekend", "multipart/form-data; boundary=" + "a" * 300,
    ),
    "Content-Encoding": ("gzip", "deflate", "br", "identity", "onbekend"),
    "Cookie": (
        "", "__Host-loket=", "__Host-loket=" + "a" * 9_000, "a=b; " * 1_000, "__Host-loket=\xe9", '__Host-loket="',
        "taal=\xff",
        "taal=xx", "taal=en; taal=fy", "=;=;=", "__Host-loket=a; __Host-loket=b", "taal=../../x", "loket=a",
    ),
    "Authorization": (
        "", "Bearer", "Bearer ", "Bearer \xe9", "Basic YTpi", "bearer " + "a" * 9_000, "Bearer a b", "\xff",
        "Digest x=",
    ),
    "Host": ("", "kwaad.example", "localhost:99999", "[::1", "127.0.0.1:x", "\xe9", "a" * 5_000,
    "127.0.0.1, 127.0.0.1"),
    "Origin": ("null", "https://kwaad.example", "", "http://127.0.0.1", "\xff", "file://"),
    "Sec-Fetch-Site": ("cross-site", "same-site", "", "none", "\xff"),
    "Referer": ("\xff", "javascript:alert(1)", "http://127.0.0.1:1/%ff", "//kwaad.example", "http://[::1", "a" * 9_000),
    "traceparent": (
        "00-00000000000000000000000000000000-0000000000000000-00", "00-" + "f" * 32 + "-" + "f" * 16 + "-ff", "ff-x",
        "",
        "00-" + "1" * 32 + "-" + "1" * 16 + "-01-meer", "\xff", "a" * 5_000,
    ),
    "tracestate": ("a=b", "\xff", "a" * 9_000),
    "X-Forwarded-For": ("1.2.3.4", "::1", "\xff", ",,,", "a" * 9_000, "999.1.1.1"),
    "Range": ("bytes=0-", "bytes=5-1", "bytes=-1", "lines=0-1", "bytes=0-99999999999999999999"),
    "If-Modified-Since": ("Thu, 01 Jan 1970 00:00:00 GMT", "gisteren", "\xff"),
    "User-Agent": ("", "\xff" * 100, "Mozilla/5.0 (" + "X" * 9_000),
    "Expect": ("100-continue", "onzin"),
    "Prefer": ("return=minimal", "\xff"),
    "HX-Request": ("true", "\xff"),
    "X-HTTP-Method-Override": ("DELETE",),
}  # fmt: skip

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "get", "M-SEARCH")

PARTS = (
    "..", ".", "", "%00", "%2e%2e", "%2F", "a" * 3_000, "%ff%fe", "%ed%a0%80", "\u0661", "%7B", "nieuw", "0", "-1",
    "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "12345678123456781234567812345678",
    "{00000000-0000-0000-0000-000000000000}", "%0d%0aX: y", ";a=b", "*", "openapi.json", "sjabloon", "stappen",
)  # fmt: skip


class Asked(Struct, kw_only=True):
    seed: str
    caller: Caller
    method: str
    raw: bytes
    spoiled: tuple[str, ...]
    """In which ways."""

    @property
    def head(self) -> bool:
        return self.method == "HEAD"


class Draft(Struct, kw_only=True):
    """What is spoiled: each part apart, until it is written down."""

    method: str
    path: str
    query: Pairs
    headers: dict[str, str]
    json: Any = None
    form: Pairs | None = None
    file: bytes | None = None
    body: bytes = b""


def asked(rng: Random, seed: Seed, caller: Caller, world: World, host: str) -> Asked:
    draft = _draft(rng, seed, world)
    ways: list[str] = []
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        choices = ["header", "path", "query", "query"]
        choices += ["json"] * 6 * (draft.json is not None) + ["form"] * 6 * (draft.form is not None)
        choices += ["method"] * (rng.random() < 0.2)
        way = rng.choice(choices)
        SPOIL[way](rng, draft, world)
        ways.append(way)
    _write_body(rng, draft, seed)
    return Asked(
        seed=seed.name, caller=caller, method=draft.method, raw=written(rng, draft, caller, host), spoiled=tuple(ways)
    )


def _draft(rng: Random, seed: Seed, world: World) -> Draft:
    form = seed.form(world) if seed.form else None
    if form and rng.random() < 0.7:  # of what can be chosen, one
        by_name: dict[str, list[str]] = {}
        for name, value in form:
            by_name.setdefault(name, []).append(value)
        form = [(name, rng.choice(options)) for name, options in by_name.items()]
    query = [(name, values.as_text(value)) for name, value in seed.query(world).items()]
    if len(query) > 2 or any(not value for _, value in query):
        query = [pair for pair in query if pair[1] and rng.random() < 0.9]
    return Draft(
        method=seed.method,
        path=seed.path.format_map(rows(world)),
        query=query,
        headers=dict(seed.headers),
        json=seed.body(world) if seed.body else None,
        form=form,
        file=seed.file(world) if seed.file else None,
    )


def _spoil_header(rng: Random, draft: Draft, world: World) -> None:
    name = rng.choice(list(HEADERS))
    draft.headers[name] = rng.choice(HEADERS[name])


def _spoil_path(rng: Random, draft: Draft, world: World) -> None:
    parts = draft.path.split("/")
    at = rng.randrange(1, len(parts))
    ids = [value for value in rows(world).values() if len(value) == 36]
    if _is_id(parts[at]) and rng.random() < 0.6:
        parts[at] = rng.choice((rng.choice(ids), parts[at].upper(), str(UUID(int=rng.getrandbits(128)))))
    elif rng.random() < 0.7:
        parts[at] = rng.choice(PARTS)
    else:
        parts.insert(at, rng.choice(PARTS))
    draft.path = "/".join(parts)


def _is_id(part: str) -> bool:
    return len(part) == 36 and part.count("-") == 4


def _spoil_query(rng: Random, draft: Draft, world: World) -> None:
    draft.query = values.pairs_changed(rng, draft.query, NAMES)


def _spoil_json(rng: Random, draft: Draft, world: World) -> None:
    draft.json = values.changed(rng, draft.json, NAMES)


def _spoil_form(rng: Random, draft: Draft, world: World) -> None:
    draft.form = values.pairs_changed(rng, draft.form or [], NAMES)


def _spoil_method(rng: Random, draft: Draft, world: World) -> None:
    draft.method = rng.choice(METHODS)


SPOIL = {
    "header": _spoil_header,
    "path": _spoil_path,
    "query": _spoil_query,
    "json": _spoil_json,
    "form": _spoil_form,
    "method": _spoil_method,
}


def _write_body(rng: Random, draft: Draft, seed: Seed) -> None:
    if draft.json is not None:
        draft.body = values.json_bytes(rng, draft.json)
        draft.headers.setdefault("Content-Type", rng.choice(seed.kinds))
    elif draft.form is not None:
        draft.body = values.encoded(rng, draft.form).encode("latin-1", "replace")
        draft.headers.setdefault("Content-Type", FORM)
    elif draft.file is not None:
        kind, draft.body = multipart(rng, draft.file, {})
        draft.headers.setdefault("Content-Type", kind)
    elif rng.random() < 0.05:
        draft.body = rng.choice((b"{}", b"null", b"a=b", rng.randbytes(50)))


def multipart(rng: Random, file: bytes, fields: dict[str, str]) -> tuple[str, bytes]:
    """Content-Type and body of a form with a file; one in five is not right."""
    edge = "grens"
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
    head = 'Content-Disposition: form-data; name="bestand"; filename="lijst.xlsx"\r\nContent-Type: application/zip'
    way = rng.randrange(60)
    named = {
        0: 'form-data; name="bestand"; filename="' + "a" * 3_000 + '"',
        1: 'form-data; name="bestand"; filename="\x00\x1b"',
        2: "form-data; name=bestand; filename*=UTF-8''%ff%fe", 3: "form-data; filename=a", 4: "attachment",
        5: 'form-data; name="\u00e9\ud800"; filename="a"',
        6: 'form-data; name="bestand"; name="blad"; filename="../../a"',
    }  # fmt: skip
    if way in named:
        head = f"Content-Disposition: {named[way]}"
    parts.append(head.encode("utf-8", "surrogatepass") + b"\r\n\r\n" + file)
    if way == 7:
        parts *= 2
    if way == 8:
        parts += [b'Content-Disposition: form-data; name="blad"\r\n\r\n\xff\xfe'] * 30
    body = b"".join(b"--grens\r\n" + part + b"\r\n" for part in parts) + b"--grens--\r\n"
    at = rng.randrange(len(body))
    body = {
        9: body[:at], 10: body[: -len("--grens--\r\n")], 11: b"", 12: body.replace(b"\r\n", b"\n"),
        13: b"voorop" + body,
        14: body + b"achteraan", 15: body.replace(b"Content-Disposition", b"X", 1), 16: b"--grens--\r\n",
        17: body.replace(b": ", b":" + b"a" * 5_000, 1), 18: body[:at] + rng.randbytes(5) + body[at:],
    }.get(way, body)  # fmt: skip
    return {
        19: "multipart/form-data", 20: "multipart/form-data; boundary=anders", 21: 'multipart/form-data; boundary=""',
        22: "multipart/form-data; boundary=\xe9\xe9", 23: "multipart/form-data; charset=utf-16; boundary=grens",
        24: "multipart/form-data; boundary=" + "a" * 500, 25: 'multipart/form-data; boundary="grens',
    }.get(way, f"multipart/form-data; boundary={edge}"), body  # fmt: skip


def written(rng: Random, draft: Draft, caller: Caller, host: str) -> bytes:
    path = "/".join(quote(part, safe="%:;=@!$&'()*+,-._~") for part in draft.path.split("/")) or "/"
    query = values.encoded(rng, draft.query)
    target = (path if path.startswith("/") else f"/{path}") + (f"?{query}" if query else "")
    headers = {"Host": host, **dict(caller.headers), **draft.headers}
    if draft.body or draft.method in ("POST", "PATCH", "PUT"):
        headers["Content-Length"] = str(len(draft.body))
    lines = [f"{draft.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + draft.body
