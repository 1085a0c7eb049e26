"""Small counts are hidden, and nobody can compute them: not by subtraction, and not by knowing how this works."""

from __future__ import annotations

from collections import defaultdict
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.cijfers.onderdrukking import KLEINST, Rij, cel, rij

CODES = "abcdefgh"


@pytest.mark.parametrize(
    ("delen", "totaal", "getoond", "samen"),
    [
        # All enough: all shown.
        ((5, 6, 7), 18, (5, 6, 7), None),
        # 3 alone would be 18 - 15: the first goes along, whatever it counts.
        ((9, 3, 6), 18, (None, None, 6), 12),
        # The first itself is small: the next goes along too.
        ((3, 9, 6), 18, (None, None, 6), 12),
        # Together still less than five: one more.
        ((1, 2, 6, 7), 16, (None, None, None, 7), 9),
        # Less than five in all: nothing, not even that.
        ((1, 3, 0), None, (None, None, None), None),
        ((5, 0), 5, (None, None), 5),
        ((0, 0, 0), None, (None, None, None), None),
    ],
)
def test_what_is_shown(
    delen: tuple[int, ...], totaal: int | None, getoond: tuple[int | None, ...], samen: int | None
) -> None:
    names = CODES[: len(delen)]
    assert rij(dict(zip(names, delen, strict=True)), names) == Rij(
        totaal, dict(zip(names, getoond, strict=True)), samen
    )


def test_a_count_that_is_part_of_nothing_is_shown_from_five_on() -> None:
    assert (cel(4), cel(5), cel(0)) == (None, 5, None)


@pytest.mark.parametrize(("parts", "most"), [(2, 20), (3, 20), (4, 18)])
def test_no_hidden_number_can_be_computed_also_not_by_who_knows_how_it_works(parts: int, most: int) -> None:
    """All tables up to a total, and for each answer all tables that would give it: a part that is too small to be
    shown keeps at least five possible values. This is more than subtraction: it is everything one can know."""
    names = CODES[:parts]
    worlds: dict[str, list[tuple[int, ...]]] = defaultdict(list)
    for counts in product(range(most + 1), repeat=parts):
        if sum(counts) <= most:
            worlds[repr(rij(dict(zip(names, counts, strict=True)), names))].append(counts)
    assert len(worlds) > 20
    for answer, tables in worlds.items():
        for at in range(parts):
            possible = {table[at] for table in tables}
            if any(count < KLEINST for count in possible):
                assert len(possible) >= KLEINST, (answer, names[at], possible)


def test_without_going_along_it_could_be_undone() -> None:
    """The test above finds it: hiding only what is small shows a single one as the total minus the rest."""
    shown = {name: count for name, count in {"a": 9, "b": 3, "c": 6}.items() if count >= KLEINST}
    assert 18 - sum(shown.values()) == 3


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8))
def test_nothing_small_is_shown_and_what_is_shown_is_true(counts: list[int]) -> None:
    """The shown parts and those that are hidden together make the total; no number that is shown is below five; never
    is a single part hidden."""
    parts = dict(zip(CODES, counts, strict=False))
    found = rij(parts, list(parts))

    shown = {name: count for name, count in found.delen.items() if count is not None}
    assert all(parts[name] == count >= KLEINST for name, count in shown.items())
    if found.totaal is None:
        assert sum(counts) < KLEINST and not shown and found.samen is None
    else:
        assert found.totaal == sum(counts) == sum(shown.values()) + (found.samen or 0)
        assert found.samen is None or found.samen >= KLEINST
        assert len(parts) - len(shown) != 1 or len(parts) == 1


def test_who_may_know_all_gets_all() -> None:
    assert rij({"a": 0, "b": 2}, "ab", kleinst=0) == Rij(2, {"a": 0, "b": 2}, None)
