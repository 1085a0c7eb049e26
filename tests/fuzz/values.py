"""What somebody puts in a field that should not be there, and what is done to the text around it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any
from urllib.parse import quote_plus

AS_IS = "\x01"
"""A text that begins with it goes into JSON without quotes: what no JSON writer would write."""

DAYS = (
    "0000-00-00", "0001-01-01", "9999-12-31", "2026-02-30", "2025-02-29", "10000-01-01", "-0001-01-01", "1989-12-31",
    "1990-01-01", "2099-12-31", "2100-01-01", "2026-3-2", "26-03-02", "02-03-2026", "2026-W10-1", "20260302",
    "２０２６-03-02", "2026-03-02T00:00:00", "infinity", "-infinity", "today", "",
)  # fmt: skip

MOMENTS = (
    "2026-03-02T09:00:00Z", "2026-03-02T24:00:00Z", "2026-03-29T02:30:00+01:00", "2026-10-25T02:30:00Z",
    "1990-01-01T00:00:00+23:59", "2099-12-31T23:59:59-23:59", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59",
    "2026-03-02T09:00:60Z", "2026-03-02T09:00:00+99:99", "2026-03-02 09:00", "2026-03-02T09:00:00.123456789Z",
    "2026-03-29T02:30", "1990-01-01T00:00", "2099-12-31T23:59",
)  # fmt: skip

NUMBERS = (
    0, -1, 1, 2, 99, 100, 101, 1000, 32_767, 32_768, 2**31 - 1, 2**31, -(2**31) - 1, 2**63 - 1, 2**63, 2**64, 10**30,
    0.5, -0.0, 1e-320, 1.7976931348623157e308, 3.0,
)  # fmt: skip

BARE = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    "01",
    "+1",
    "1.",
    ".5",
    "0x10",
    "1" * 5_000,
    "undefined",
    "'a'",
)
"""Not JSON, and numbers that no computer has."""

TEXTS = (
    "", " ", "\t\n", "a", "Kanarie", "\x00", "a\x00b", "\x1b[31m", "\u202eomgekeerd", "\u200b", "\ufeff", "\ufffe",
    "e\u0301" * 200, "👨‍👩‍👧‍👦" * 50, "İıŞß", "٣٤", "²", "①", "１２３４", "'; drop table aanvraag; --", "%s%n%(x)s",
    "{0}{a.b}",
    "{{7*7}}", "<script>alert(1)</script>", "</textarea>", "=1+1", "../../etc/passwd", "\\", '"', "null", "true", "[]",
    "-", "*", "W/", "123456782", "jan@voorbeeld.nl", "06 12345678", "1211", "1211 AB", "0000", "9999 ZZ",
    "a" * 41, "a" * 121, "a" * 256, "a" * 2_001, "a" * 50_000, "é" * 10_000, "\n" * 3_000, "a " * 5_000,
    "00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
    "urn:uuid:00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}",
)  # fmt: skip

HALVES = ("\\ud800", "\\udfff\\ud800", "a\\udc00b", "\\u0000", "\\ud83d\\ude00")
"""As JSON spells them: halves of characters."""


def scalar(rng: Random) -> Any:
    kind = rng.randrange(8)
    if kind == 0:
        return rng.choice(DAYS)
    if kind == 1:
        return rng.choice(MOMENTS)
    if kind == 2:
        return rng.choice(NUMBERS)
    if kind == 3:
        return rng.choice((None, True, False))
    if kind == 4:
        return AS_IS + rng.choice(BARE)
    if kind == 5:
        return AS_IS + f'"{rng.choice(HALVES)}"'
    return rng.choice(TEXTS)


def anything(rng: Random) -> Any:
    kind = rng.randrange(12)
    if kind == 0:
        return rng.choice(([], {}, [[]], [{}], {"": None}, [None], [[], {}]))
    if kind == 1:
        return [scalar(rng)] * rng.choice((1, 2, 64, 101, 400))
    if kind == 2:
        return {str(scalar(rng)): scalar(rng) for _ in range(rng.choice((1, 3, 120)))}
    if kind == 3:
        deep = rng.choice((3, 50, 900, 2_000))
        open_, close = rng.choice((("[", "]"), ('{"a":', "}")))
        return AS_IS + open_ * deep + "1" + close * deep
    if kind == 4 and rng.random() < 0.1:
        return AS_IS + "[" + "1," * 400_000 + "1]"
    return scalar(rng)


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in it: itself, and all that is in it."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*path, key))


def changed(rng: Random, value: Any, names: list[str]) -> Any:
    """With one thing that is otherwise; `names` is what fields are called elsewhere."""
    value = copy.deepcopy(value)
    path = rng.choice(list(places(value)))
    if not path:
        if isinstance(value, dict) and rng.random() < 0.8:
            return value | {rng.choice((*names, *TEXTS[:20])): anything(rng)}
        return anything(rng)
    above: Any = value
    for key in path[:-1]:
        above = above[key]
    kind = rng.randrange(8)
    if kind == 0:
        del above[path[-1]]
    elif kind == 1:
        above[path[-1]] = [above[path[-1]]]
    elif kind == 2 and isinstance(above[path[-1]], list):
        above[path[-1]] = above[path[-1]] * rng.choice((2, 64, 100, 1_000))
    elif kind == 3 and isinstance(above[path[-1]], str):
        above[path[-1]] = spoiled(rng, above[path[-1]])
    else:
        above[path[-1]] = anything(rng)
    return value


def spoiled(rng: Random, text: str) -> str:
    """Almost the same."""
    at = rng.randrange(len(text) + 1)
    return rng.choice(
        (
            text[:at], text + text, text.upper(), f" {text}", f"{text}\n",
            text[:at] + rng.choice(TEXTS[:20]) + text[at:],
            text[::-1], f"{text[:at]}\x00{text[at:]}", text.replace("-", "\u2010"),
        )
    )  # fmt: skip


def dumped(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return re.sub(r'"\\u0001((?:[^"\\]|\\.)*)"', lambda found: json.loads(f'"{found[1]}"'), text)


def json_bytes(rng: Random, value: Any) -> bytes:
    """Mostly right; now and then what no writer would make of it."""
    raw = dumped(value).encode("utf-8", "surrogatepass")
    if rng.random() < 0.8:
        return raw
    at = rng.randrange(len(raw) + 1)
    ways: list[Callable[[], bytes]] = [
        lambda: raw[:at],
        lambda: raw + b"}",
        lambda: raw + raw,
        lambda: b"",
        lambda: b"\xef\xbb\xbf" + raw,
        lambda: raw.decode("utf-8", "replace").encode("utf-16"),
        lambda: raw[:at] + b"\xff\xfe" + raw[at:],
        lambda: raw[:at] + b"\xed\xa0\x80" + raw[at:],
        lambda: raw[:at] + b"\x00" + raw[at:],
        lambda: raw.replace(b"{", b'{"id":1,"id":"a",', 1),
        lambda: re.sub(rb'("\w+":)([^,{}\[\]]+)', rb"\1\2,\1\2", raw, count=1),
        lambda: b"[" * rng.choice((500, 5_000, 100_000)),
        lambda: b'{"a":' * rng.choice((500, 5_000, 100_000)),
        lambda: b"\x1f\x8b\x08\x00" + raw,
        lambda: raw.replace(b'"', b"'"),
        lambda: raw + b" " * 990_000,
        lambda: b'"' + b"a" * 1_000_001 + b'"',
        lambda: rng.randbytes(rng.randrange(200)),
    ]
    return rng.choice(ways)()


# ── Forms and queries ────────────────────────────────────────────────────────────────────────────


def as_text(value: Any) -> str:
    if isinstance(value, str):
        return value.removeprefix(AS_IS)
    return dumped(value)


def pairs_changed(rng: Random, pairs: list[tuple[str, str]], names: list[str]) -> list[tuple[str, str]]:
    pairs = list(pairs)
    kind = rng.randrange(7) if pairs else 4
    at = rng.randrange(len(pairs)) if pairs else 0
    if kind == 0:
        del pairs[at]
    elif kind == 1:
        pairs.insert(at, pairs[at])
    elif kind == 2:
        pairs[at] = (spoiled(rng, pairs[at][0]), pairs[at][1])
    elif kind == 3:
        pairs[at] = (pairs[at][0], spoiled(rng, pairs[at][1]))
    elif kind == 4:
        pairs.append((rng.choice((*names, *TEXTS[:20])), as_text(anything(rng))))
    elif kind == 5:
        name = pairs[at][0]
        pairs += [(f"{name}.{number}.a", "x") for number in (0, 1, 9_999, 10**9)]
    else:
        pairs[at] = (pairs[at][0], as_text(anything(rng)))
    return pairs


def encoded(rng: Random, pairs: list[tuple[str, str]]) -> str:
    """As a browser does; now and then not."""
    text = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)
    if rng.random() < 0.9:
        return text
    at = rng.randrange(len(text) + 1)
    return rng.choice(
        (
            text[:at], text[:at] + "%" + text[at:], text[:at] + "%zz" + text[at:], text[:at] + "%ff%fe" + text[at:],
            text[:at] + "%ed%a0%80" + text[at:], text[:at] + "%00" + text[at:], text.replace("&", ";"),
            text + "&" * 500,
            "&".join([text] * 60), text.replace("=", "=="), "a=" + "%41" * 8_000,
        )
    )  # fmt: skip


def _quoted(text: str) -> str:
    return quote_plus(text.encode("utf-8", "surrogatepass"))
