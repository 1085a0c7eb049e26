"""What a message or a file of the loket shows of a cell."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from service.intake import cells


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1"])
def test_text_that_would_run_in_a_spreadsheet_gets_a_quote_before_it(value: str) -> None:
    assert cells.safe_to_open(value) == "'" + value


@pytest.mark.parametrize("value", ["De Linde", "1-2", 12, None, date(2026, 3, 12)])
def test_other_values_stay_as_they_are(value: Any) -> None:
    assert cells.safe_to_open(value) == value


def test_what_an_error_repeats_is_short_and_has_no_control_characters() -> None:
    assert cells.shown("a\x1b[31mb\x07c") == "a[31mbc"
    assert cells.shown("x" * 100) == "x" * 59 + "…"
    assert cells.shown(timedelta(days=1)) == "1 day, 0:00:00"


def test_a_value_as_long_as_fits_is_shown_whole() -> None:
    assert cells.shown("x" * 60) == "x" * 60
    assert cells.shown("x" * 61) == "x" * 59 + "…"
