"""A log says where something failed and of what kind it was, and nothing of what it was about."""

from __future__ import annotations

import io
import logging
from uuid import UUID

import asyncpg
import msgspec
import pytest
from prometheus_client import REGISTRY

from service.db import Connection
from service.failures import Formatter, JsonFormatter, told
from service.observe.metrics import Counting
from service.settings import Settings
from service.worker.child import Opdracht
from tests import make

SECRET = "Kanarie-7f3a"

TRACE = UUID("4bf92f35-77b3-4da6-a3ce-929d0e0e4736")


def logged(message: str, *args: object, error: BaseException | None = None) -> str:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(Formatter())
    log = logging.Logger("proef")
    log.addHandler(handler)
    log.error(message, *args, exc_info=error)
    return out.getvalue()


def caught(value: str) -> ValueError:
    """An error that repeats its value, caused by another one that does."""
    try:
        try:
            int(value)
        except ValueError as error:
            raise ValueError(f"wrong: {value}") from error
    except ValueError as error:
        return error
    raise AssertionError


def test_an_error_tells_where_and_what_kind_but_not_what_it_says() -> None:
    said = logged("unforeseen", error=caught(SECRET))

    assert SECRET not in said
    assert said.count("builtins.ValueError") == 2
    assert f"{__file__}:" in said and " in caught\n" in said


async def test_of_a_refusal_by_the_database_the_names_are_told_and_not_the_row(owner: Connection) -> None:
    """PostgreSQL puts the whole row in the detail of a check that fails."""
    with pytest.raises(asyncpg.PostgresError) as refused:
        await owner.execute("insert into gemeente (code, naam, regio) values ('0376', $1, 'flevoland')", SECRET)

    said = logged("unforeseen", error=refused.value)

    assert SECRET not in said and "0376" not in said
    assert "asyncpg.exceptions.UniqueViolationError 23505 gemeente gemeente_pk" in said


def test_errors_of_a_group_are_told_one_by_one() -> None:
    said = told(ExceptionGroup(SECRET, [caught(SECRET), KeyError(SECRET)]))

    assert SECRET not in said
    assert "builtins.KeyError" in said and "builtins.ValueError" in said


def test_errors_that_cause_each_other_are_told_once() -> None:
    first, second = ValueError(SECRET), ValueError(SECRET)
    first.__cause__, second.__cause__ = second, first

    assert told(first).count("ValueError") == 2


def test_what_somebody_sent_cannot_begin_a_line_of_its_own() -> None:
    """Log injection: a made-up line, or a code that a terminal obeys."""
    said = logged("oidc: %s", "fout\n2026-01-01T00:00:00.000Z ERROR alles is goed\x1b[2J\u2028x")

    assert said.count("\n") == 1
    assert "\x1b" not in said and "\u2028" not in said


def test_the_time_in_a_line_is_utc() -> None:
    assert logged("x").split()[0].endswith("Z")


def test_settings_and_what_the_solver_is_told_do_not_show_a_password() -> None:
    settings = Settings(database_url=f"postgresql://loket:{SECRET}@db/loket", redis_url=f"redis://:{SECRET}@v/0")
    fields = ("osrm_url", "osrm_timeout_s", "detour_factor", "speed_kmh")
    opdracht = Opdracht(
        database_url=f"postgresql://loket:{SECRET}@db/loket",
        regio="flevoland",
        plan_id=UUID(int=1),
        nu=make.NOW,
        **{name: getattr(settings, name) for name in fields},
    )

    for shown in (repr(settings), str(settings), f"{[settings]}", repr(opdracht)):
        assert SECRET not in shown
    assert "database_url='(niet getoond)'" in repr(settings) and "database_owner_url=None" in repr(settings)


def test_as_json_a_line_is_one_object_with_the_trace_apart() -> None:
    """For a system that keeps logs; the same holds for what may stand in it."""
    record = logging.LogRecord("proef", logging.ERROR, __file__, 1, "%s: unforeseen\n", (TRACE,), None)
    error = caught(SECRET)
    record.exc_info = (type(error), error, error.__traceback__)

    line = JsonFormatter().format(record)

    assert "\n" not in line and SECRET not in line
    made = msgspec.json.decode(line)
    assert (made["level"], made["logger"], made["message"]) == ("ERROR", "proef", "unforeseen\n")
    assert made["trace"] == TRACE.hex and made["error"].endswith("builtins.ValueError")
    assert made["time"].endswith("Z")


def test_what_is_logged_is_counted_by_level() -> None:
    """An alarm can then say that somebody must look."""
    before = REGISTRY.get_sample_value("loket_logged_total", {"level": "error", "logger": "proef"}) or 0

    Counting().handle(logging.LogRecord("proef", logging.ERROR, __file__, 1, "x", (), None))

    assert REGISTRY.get_sample_value("loket_logged_total", {"level": "error", "logger": "proef"}) == before + 1
