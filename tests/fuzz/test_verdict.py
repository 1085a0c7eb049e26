"""What the fuzzer calls wrong: it must be able to fail."""

from __future__ import annotations

from pathlib import Path
from random import Random

import msgspec
import pytest

from service.web.problems import CONTENT_TYPE
from tests.fuzz import sheets, values, verdict
from tests.fuzz.reader import List, read
from tests.fuzz.verdict import Failure, Report
from tests.fuzz.wire import HANG_S, Answer, Talk

PAGE = {"content-type": "text/html; charset=utf-8"}

GOOD = b'{"type":"x","title":"t","status":400,"detail":"d","instance":"i","errors":[]}'


def problem(body: bytes = GOOD, status: int = 400) -> Answer:
    return Answer(status=status, headers={"content-type": CONTENT_TYPE}, body=body)


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        (Answer(status=500, headers=PAGE), "/"),
        (Answer(status=503, headers=PAGE), "/"),
        (Answer(status=0), "/"),
        (Answer(status=-1), "/"),
        (Answer(status=200, seconds=HANG_S + 1), "/"),
        (Answer(status=404, headers={"content-type": "application/json"}), "/"),
        (Answer(status=400, headers=PAGE), "/v1/plekken"),
        (problem(b"{}"), "/v1/plekken"),
        (problem(GOOD.replace(b'"d"', b'""')), "/v1/plekken"),
        (problem(status=409), "/v1/plekken"),
        (problem(GOOD.replace(b"[]", b'[{"in":"body","location":{},"code":"c","detail":""}]')), "/v1/plekken"),
    ],
)
def test_an_answer_that_may_not_be_is_wrong(answer: Answer, path: str) -> None:
    assert verdict.of_answer(answer, path, "GET")


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        (Answer(status=200), "/"),
        (Answer(status=404, headers=PAGE), "/"),
        (problem(), "/v1/plekken"),
        (problem(GOOD.replace(b'"d"', verdict.BUSY.join(('"', '"')).encode()), 503), "/v1/invoer/capaciteit"),
    ],
)
def test_a_refusal_that_says_what_is_wrong_is_right(answer: Answer, path: str) -> None:
    assert verdict.of_answer(answer, path, "GET") is None


def test_of_bytes_that_are_no_request_only_an_error_of_ours_or_silence_is_wrong() -> None:
    assert verdict.of_talk(Talk([200, 500], b""))
    assert verdict.of_talk(Talk([], b"", hangs=True))
    assert verdict.of_talk(Talk([], b"")) is None
    assert verdict.of_talk(Talk([400], b"")) is None


def test_memory_is_flat_when_it_ends_about_where_it_was_after_the_second_tenth() -> None:
    """Until then it fills what it keeps for good."""
    begin = [100.0, 150.0, 200.0, 210.0, 210.0, 210.0, 210.0, 210.0, 210.0, 210.0]
    most = 200.0 * verdict.GROWTH + verdict.ROOM_MB

    assert verdict.of_memory([*begin, most]) is None
    assert verdict.of_memory([*begin, most + 1])


def test_what_failed_is_kept_as_it_can_be_sent_again_in_another_run(tmp_path: Path) -> None:
    """Rows, address and login of that run stand in it by name."""
    there, elsewhere = {"plek": "a" * 36, "login Cookie": "geheim"}, {"plek": "b" * 36, "login Cookie": "anders"}
    raw = b"GET /v1/plekken/" + b"a" * 36 + b" HTTP/1.1\r\nCookie: geheim\r\n\r\n\xff\x00"
    report = Report(1)

    report.fail(Failure(seed=1, number=5, kind="request", name="x", why="y", pieces=[raw]), there, tmp_path)

    kept = msgspec.json.decode((tmp_path / "5-request.json").read_bytes(), type=Failure)
    assert b"geheim" not in kept.pieces[0]
    assert verdict.by_value(kept.pieces[0], elsewhere) == raw.replace(b"a" * 36, b"b" * 36).replace(
        b"geheim", b"anders"
    )


def test_the_same_seed_makes_the_same() -> None:
    def made(seed: int) -> list[object]:
        rng = Random(seed)
        spoiled = [values.changed(rng, {"a": [1, {"b": "c"}], "d": None}, ["e"]) for _ in range(50)]
        return [spoiled, [sheets.sheet(rng, None).way for _ in range(20)]]

    assert made(1) == made(1) != made(2)


def test_a_reader_that_breaks_down_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    one = List("capaciteit", b"Voorziening;Plek;Status\nDe Linde;1;vrij\n")
    assert read(one).outcome == "gelezen" and not read(one).bug
    assert read(List("capaciteit", b"%PDF-1.7")).outcome == "geweigerd"

    monkeypatch.setattr("service.intake.reading.decode", lambda _: 1 / 0)

    assert read(one).bug and "ZeroDivisionError" in read(one).said
