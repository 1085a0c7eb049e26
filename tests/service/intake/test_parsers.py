"""One cell → one value or a reason; never anything else."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.intake import cells, parsers
from service.intake.cells import Fault, Parser, Wrong
from service.intake.soorten import SOORTEN

EVERY_PARSER = {
    column.parse.__qualname__.replace(".<locals>.parse", ""): column.parse
    for soort in SOORTEN.values()
    for column in soort.table.columns
} | {"text": parsers.text(40), "decimal": parsers.decimal}

RAW = st.one_of(
    st.text(max_size=40),
    # Nearly right is where parsers break.
    st.from_regex(r"[0-9 .,/:TZ-]{1,24}", fullmatch=True),
    st.from_regex(r"[+=@-]?[0-9]{1,6}[.,]?[0-9]{0,3} ?(jaar|mnd|mrt|dagen|ja|x)?", fullmatch=True),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.just(Fault("#N/A", cells.FAULT_REASON)),
)


@pytest.mark.parametrize("parse", EVERY_PARSER.values(), ids=list(EVERY_PARSER))
@given(value=RAW)
@example(value="٣-٤-٢٠٢٦")
@example(value="9" * 5000)
@example(value=float("nan"))
@example(value=10**400)
@example(value="\x00")
@example(value="²")
@example(value="a:²")
@settings(max_examples=100, deadline=None, derandomize=True, database=None)
def test_any_cell_gives_a_value_or_a_reason_to_mend_it(parse: Parser, value: Any) -> None:
    """Whatever a file holds, no parser raises anything but Wrong, and what it says is a sentence."""
    said = "."
    try:
        parse(value)
    except Wrong as wrong:
        said = wrong.reason
    assert said.endswith(".")
    assert len(cells.shown(value)) <= cells.SHOWN


DAYS = st.dates(date(parsers.FIRST_YEAR, 1, 1), date(parsers.LAST_YEAR, 12, 31))


@given(day=DAYS)
@settings(max_examples=100, deadline=None, derandomize=True, database=None)
def test_a_day_comes_back_from_every_way_to_write_it(day: date) -> None:
    month = parsers.MONTHS[day.month - 1]
    for written in [
        day,
        datetime.combine(day, time(13, 30)),
        (day - parsers.EXCEL_DAY_0).days,
        str((day - parsers.EXCEL_DAY_0).days),
        float((day - parsers.EXCEL_DAY_0).days),
        f"{day.day}-{day.month}-{day.year}",
        f"{day:%d/%m/%Y}",
        f"{day:%d.%m.%Y}",
        f" {day.day}\u00a0{month} {day.year} ",
        f"{day.day} {month[:3]} {day.year}",
        f"{day.day}-{month[:3]}-{day.year}",
        f"ma {day.day} {month} {day.year}",
        day.isoformat(),
        f"{day.isoformat()}T00:00:00",
    ]:
        assert parsers.day(written) == day, written


@pytest.mark.parametrize(
    "written", ["12 mrt 2026", "12 mrt. 2026", "12-03-26", "12/3/26", "12 MAART 2026", "12-3-2026 10:15"]
)
def test_a_day_is_read_as_people_write_it(written: str) -> None:
    assert parsers.day(written) == date(2026, 3, 12)


@pytest.mark.parametrize(
    "written",
    [
        "31-2-2026",
        "3/13/2026",
        "12-3",
        "maart 2026",
        "12-3-1999",
        "12-3-2101",
        "36525",
        "73416",
        "0",
        "morgen",
        "12 mardi 2026",
        "20260312",
    ],
)
def test_what_is_no_day_gets_a_reason_with_an_example(written: str) -> None:
    """36525 is 31-12-1999 and 73416 1-1-2101: one day out on either side."""
    with pytest.raises(Wrong, match="12-3-2026"):
        parsers.day(written)


@given(number=st.decimals(-999_999_999, 999_999_999, places=2))
@settings(max_examples=100, deadline=None, derandomize=True, database=None)
def test_a_decimal_comes_back_from_dutch_notation(number: Any) -> None:
    for grouping in ("", ".", " "):
        written = f"{number:,.2f}".replace(",", "G").replace(".", ",").replace("G", grouping)

        assert parsers.decimal(written) == float(number), written


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1.234,5", 1234.5),
        ("1.234", 1234),
        ("1234.5", 1234.5),
        ("1.5", 1.5),
        ("12,0", 12),
        (12.0, 12),
        ("-3", -3),
        ("1'234", 1234),
    ],
)
def test_a_number_is_read_as_a_dutch_spreadsheet_writes_it(written: Any, number: float) -> None:
    assert parsers.decimal(written) == number


@pytest.mark.parametrize("written", ["12,0", "12.0", 12.0, "12", " 12\u00a0", 12])
def test_a_whole_number_that_became_a_float_is_whole_again(written: Any) -> None:
    assert parsers.integer(0, 20)(written) == 12


@pytest.mark.parametrize(
    ("written", "fine"), [(0, True), (20, True), (-1, False), (21, False), ("12,5", False), ("1e5", False)]
)
def test_a_number_has_bounds(written: Any, fine: bool) -> None:
    if fine:
        assert parsers.integer(0, 20)(written) == written
    else:
        with pytest.raises(Wrong):
            parsers.integer(0, 20)(written)


@pytest.mark.parametrize("written", ["ja", "Ja ", "JA", "x", "X", "true", "WAAR", "1", 1, 1.0, True, "✓"])
def test_yes_has_many_spellings(written: Any) -> None:
    assert parsers.boolean(written) is True


@pytest.mark.parametrize("written", ["nee", "N", "false", "Onwaar", "0", 0, 0.0, False, "-"])
def test_no_has_many_spellings(written: Any) -> None:
    assert parsers.boolean(written) is False


@pytest.mark.parametrize("written", ["1211 AB", "1211ab", "1211  Ab", "1211\u00a0AB", " 1211AB "])
def test_a_postcode_is_found_however_spaced(written: str) -> None:
    assert parsers.postcode(written) == "1211 AB"
    assert parsers.pc4(written) == "1211"


@pytest.mark.parametrize("written", ["0211 AB", "1211", "1211 A", "12112 AB", "1211 12"])
def test_a_postcode_that_cannot_be_is_wrong(written: str) -> None:
    with pytest.raises(Wrong):
        parsers.postcode(written)


@pytest.mark.parametrize(
    ("written", "code"),
    [(123456, "00123456"), ("00123456", "00123456"), (123456.0, "00123456"), ("41-000123", "41000123")],
)
def test_an_agb_code_gets_its_zeros_back(written: Any, code: str) -> None:
    assert parsers.agb(written) == code


@pytest.mark.parametrize(
    ("written", "code"),
    [(402, "0402"), (402.0, "0402"), ("0402", "0402"), ("GM0402", "0402"), ("Hilversum", "Hilversum")],
)
def test_a_gemeente_is_a_code_with_its_zeros_back_or_a_name(written: Any, code: str) -> None:
    assert parsers.gemeente(written) == code


@pytest.mark.parametrize(
    ("written", "phone"),
    [(612345678, "0612345678"), ("035-1234567", "035-1234567"), ("+31 35 123 45 67", "+31 35 123 45 67")],
)
def test_a_telephone_number_gets_its_zero_back(written: Any, phone: str) -> None:
    assert parsers.phone(written) == phone


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        (6, 72, 83),
        ("6 jaar", 72, 83),
        ("18 maanden", 18, 18),
        ("6,5", 78, 78),
        ("t/m 12 jaar", 144, 155),
        (0, 0, 11),
        ("17", 204, 215),
    ],
)
def test_an_age_in_years_is_a_range_of_months(written: Any, first: int, last: int) -> None:
    """From 12 starts at 144 months; up to and including 12 ends the month before the thirteenth birthday."""
    assert (parsers.months_from(written), parsers.months_through(written)) == (first, last)


@pytest.mark.parametrize(
    ("written", "days"), [(28, 28), ("28 dagen", 28), ("6 weken", 42), ("6 maanden", 180), ("1 jaar", 365)]
)
def test_a_stay_is_counted_in_days(written: Any, days: int) -> None:
    assert parsers.days(written) == days


@pytest.mark.parametrize("written", ["#N/A", "#VERW!", "#waarde!", "#DEEL/0!", Fault("#REF!", cells.FAULT_REASON)])
def test_a_cell_that_the_spreadsheet_calls_wrong_is_wrong(written: Any) -> None:
    with pytest.raises(Wrong, match="foutmelding"):
        parsers.text(20)(written)


def test_a_formula_as_text_is_not_taken_for_a_name() -> None:
    with pytest.raises(Wrong, match="formule"):
        parsers.text(40)("=HYPERLINK(1)")


def test_a_wrong_choice_names_the_nearest_and_all_that_there_are() -> None:
    with pytest.raises(Wrong, match=r"Bedoelt u bezet\? Kies uit: vrij, bezet\."):
        parsers.choice({"vrij": 1, "bezet": 2, "vol": 2})("bzet")
