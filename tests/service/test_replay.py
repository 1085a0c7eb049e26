"""loket replay: some weeks of the demo region, from its rows to the table."""

from __future__ import annotations

from datetime import date
from io import StringIO

import numpy as np
from rich.console import Console

from matcher.replay import Worth
from service.commands.replay import NAMEN, show
from service.replay import compare, demo_stream

TODAY = date(2026, 3, 2)


def test_some_weeks_of_the_demo_region_are_compared_and_printed() -> None:
    """Every policy has a line, none is above the proven bound, and hindsight is not below one of them."""
    found = compare(demo_stream(seed=3, today=TODAY, days=30, per_day=2.0), Worth(), seed=3)
    values = [one.value for one in found.beleid.values()]
    assert list(found.beleid) == list(NAMEN)
    assert max(values) == found.beleid["achteraf"].value <= found.grens + 1e-6
    out = StringIO()
    show(found, Console(file=out, width=140))
    assert all(name in out.getvalue() for name in NAMEN.values())


def test_the_same_seed_gives_the_same_stream() -> None:
    """Children in order of arrival, who can go somewhere, and no more beds taken than there are."""
    one, two = (demo_stream(seed=3, today=TODAY, days=30) for _ in range(2))
    assert np.array_equal(one.pairs.value, two.pairs.value) and np.array_equal(one.arrival, two.arrival)
    assert (np.diff(one.arrival) >= 0).all() and len(one.pairs.request) > one.pairs.requests
