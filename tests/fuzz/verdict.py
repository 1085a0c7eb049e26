"""What may come of anything that is sent, and what may not; what was wrong is kept whole, to send it again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
from msgspec import Struct, field

from service.web.problems import CONTENT_TYPE, Problem
from tests.fuzz.wire import HANG_S, Answer, Talk

BUSY = "Er worden al bestanden ingelezen."
"""The only reason to answer 503 while everything is there (docs/koppelen.md)."""

BESIDE = (
    "/oauth/",
    "/.well-known/",
    "/livez",
    "/readyz",
    "/inloggen/afmelden/",
    "/static/",
    "/inloggen/sleutels.json",
    "/favicon",
)
"""What answers neither as the API nor as a page."""

GROWTH, ROOM_MB = 1.10, 40.0
"""Memory after the last tenth, against that after the second: by then most of what is kept for good is there. The room
is for the largest lists, two at a time; who loses half a kB per request in a whole run, does not stay within."""


class Failure(Struct, kw_only=True):
    """One request or list, as it can be sent again. What belongs to its run stands in it by name: `{plek}`."""

    seed: int
    number: int
    kind: str
    """`request`, `noise`, `sheet`, `reader`."""
    name: str
    why: str
    caller: str = "niemand"
    pieces: list[bytes] = field(default_factory=list)
    soort: str = ""
    answer: bytes = b""


def of_answer(answer: Answer, path: str, method: str) -> str | None:
    """Why this may not be the answer to a request that can be read; None when it may."""
    if answer.status < 0 or answer.seconds > HANG_S:
        return "hangs: no answer within the limit of a request"
    if answer.status == 0:
        return "the connection ended without an answer"
    if answer.status >= 500:
        if answer.status == 503 and BUSY.encode() in answer.body:
            return None
        return f"status {answer.status}"
    if answer.status < 400 or method == "HEAD" or path.startswith(BESIDE) or answer.kind == "text/plain":
        return None
    if answer.kind == CONTENT_TYPE or path.startswith("/v1/"):
        return _of_problem(answer)
    return None if answer.kind == "text/html" else f"a refusal that is no page, but {answer.kind or 'nothing'}"


def _of_problem(answer: Answer) -> str | None:
    if answer.kind != CONTENT_TYPE:
        return f"a refusal that is no problem, but {answer.kind or 'nothing'}"
    try:
        problem = msgspec.json.decode(answer.body, type=Problem)
    except msgspec.DecodeError as error:
        return f"a problem that cannot be read: {error}"
    if problem.status != answer.status or not problem.title or not problem.detail:
        return "a problem that does not say what is wrong"
    if not all(error.detail and error.code for error in problem.errors):
        return "a problem with an error that does not say how to mend it"
    return None


def of_talk(talk: Talk) -> str | None:
    """Of bytes that need not be a request: any answer will do, and none."""
    if talk.hangs:
        return "hangs: the connection is kept open, and nothing is said"
    wrong = [status for status in talk.statuses if status >= 500]
    return f"status {wrong[0]}" if wrong and BUSY.encode() not in talk.said else None


def of_memory(tenths: list[float]) -> str | None:
    """`tenths`: MB at the beginning, and after each tenth of the run."""
    bound = tenths[2] * GROWTH + ROOM_MB
    return None if tenths[-1] <= bound else f"memory grows: {tenths[-1]:.0f} MB at the end, and {bound:.0f} is the most"


def of_log(text: str) -> list[str]:
    """What the web process complained of that is a bug of ours."""
    lines = text.splitlines()
    return [line for line in lines if "unforeseen" in line or "Exception in" in line or "never retrieved" in line]


class Report(Struct):
    """Of a whole run."""

    seed: int
    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    """Kind → status → how often; 0 is no answer."""
    reads: Counter[str] = field(default_factory=Counter)
    slowest: dict[str, tuple[float, str]] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def count(self, kind: str, statuses: list[int]) -> None:
        self.statuses.setdefault(kind, Counter()).update(statuses or [0])

    def took(self, kind: str, seconds: float, name: str) -> None:
        if seconds > self.slowest.get(kind, (0.0, ""))[0]:
            self.slowest[kind] = seconds, name

    def fail(self, failure: Failure, names: dict[str, str], out: Path) -> None:
        """Kept whole, with the rows of this run by their names."""
        self.failures.append(failure)
        kept = msgspec.structs.replace(failure, pieces=[by_name(piece, names) for piece in failure.pieces])
        (out / f"{failure.number}-{failure.kind}.json").write_bytes(msgspec.json.encode(kept))


def by_name(raw: bytes, names: dict[str, str]) -> bytes:
    for name, value in names.items():
        raw = raw.replace(value.encode(), b"\x02" + name.encode() + b"\x03")
    return raw


def by_value(raw: bytes, names: dict[str, str]) -> bytes:
    for name, value in names.items():
        raw = raw.replace(b"\x02" + name.encode() + b"\x03", value.encode())
    return raw
