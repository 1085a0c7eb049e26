"""How long something takes when it is not over for everybody: numbers that were published, and a plain reference."""

from __future__ import annotations

import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf

from service.cijfers.overleving import Duur, daarna, kromme, mediaan

# Weeks of remission of children with leukaemia, with 6-MP and with a placebo (Freireich et al., Blood 21, 1963); the
# set on which this is taught. `+`: still in remission.
SIX_MP = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"


def durations(text: str) -> list[Duur]:
    return [Duur(int(part.rstrip("+")), not part.endswith("+")) for part in text.split()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # As SAS LIFETEST and R survfit(conf.type = "log-log") print them.
        (SIX_MP, (21, 9, 23, 13, None)),
        (PLACEBO, (21, 21, 8, 4, 11)),
    ],
)
def test_the_median_and_its_interval_are_those_that_were_published(text: str, expected: tuple[int | None, ...]) -> None:
    found = mediaan(durations(text))

    assert (found.aantal, found.gezien, found.dagen, found.laag, found.hoog) == expected


def test_each_step_is_counted_by_hand() -> None:
    """Of five one ends on day 2 (4/5 left), one leaves on day 3, one ends on day 4 (2 of 3: 8/15), both on day 7."""
    steps = list(kromme(durations("2 3+ 4 7 7")))

    assert [step.dagen for step in steps] == [2, 4, 7]
    assert [step.deel for step in steps] == pytest.approx([4 / 5, 8 / 15, 0])


def test_who_leaves_on_the_day_on_which_another_ends_was_there_on_that_day() -> None:
    """Two are there on day 5: half is left."""
    assert mediaan(durations("5 5+")).dagen == 5


def test_when_more_than_half_still_waits_nobody_knows_the_median() -> None:
    found = mediaan(durations("3 9+ 9+ 9+"))

    assert (found.aantal, found.gezien, found.dagen, found.hoog) == (4, 1, None, None)


def test_of_nobody_nothing_is_known() -> None:
    assert mediaan([]).aantal == 0 and mediaan([]).dagen is None


def test_when_all_have_ended_the_upper_bound_is_not_invented() -> None:
    """Of two who waited one and two days: half is there after one, and how late at most two cannot tell."""
    found = mediaan(durations("1 2"))
    assert (found.dagen, found.hoog) == (1, None)


def test_who_waited_so_long_may_expect_what_is_left_of_those_who_did_too() -> None:
    """Of 2, 4, 7+ and 9: after four days the last three are left, with 0, 3+ and 5 to go."""
    assert daarna(durations("2 4 7+ 9"), 4) == durations("0 3+ 5")


Durations = st.lists(st.builds(Duur, st.integers(0, 30), st.booleans()), min_size=1, max_size=40)


def plain(duren: list[Duur], day: int) -> Fraction:
    """The part that is left after a day, as Kaplan and Meier write it: a product over the days, in whole fractions."""
    left = Fraction(1)
    for moment in range(day + 1):
        there = sum(duur.dagen >= moment for duur in duren)
        ended = sum(duur.dagen == moment and duur.voorbij for duur in duren)
        if there:
            left *= 1 - Fraction(ended, there)
    return left


@given(Durations)
def test_it_equals_a_plain_reference(duren: list[Duur]) -> None:
    for step in kromme(duren):
        assert step.deel == pytest.approx(float(plain(duren, step.dagen)), abs=1e-9)
    half = [day for day in range(31) if plain(duren, day) <= Fraction(1, 2)]
    assert mediaan(duren).dagen == (half[0] if half else None)


@given(Durations.filter(lambda duren: any(duur.voorbij for duur in duren)))
def test_its_bands_are_those_of_scipy(duren: list[Duur]) -> None:
    """Where nobody is left, scipy says that it knows no band: there the upper one stays where it was, and the lower is
    nothing."""
    known = [duur.dagen for duur in duren if duur.voorbij]
    still = [duur.dagen for duur in duren if not duur.voorbij]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        bands = ecdf(CensoredData(uncensored=known, right=still)).sf.confidence_interval(method="log-log")
        low = [float(bands.low.evaluate(step.dagen)) for step in kromme(duren)]
        high = [float(bands.high.evaluate(step.dagen)) for step in kromme(duren)]
    for step, laag, hoog in zip(kromme(duren), low, high, strict=True):
        if step.deel > 0:
            assert (step.laag, step.hoog) == pytest.approx((laag, hoog), abs=1e-9)
        else:
            assert step.laag == 0
