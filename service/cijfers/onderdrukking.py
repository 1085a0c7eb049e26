"""Onderdrukking: counts about children are shown from KLEINST on, and a smaller one cannot be found by subtraction.

A row is a total and its parts. When a part is too small, it is told together with others: all that are too small, and
then parts in a fixed order until together they are enough. The first of that order goes along whatever it counts, so
that of none of them it is known that it was enough by itself. Each hidden number keeps at least KLEINST possible
values, also for who knows how this works: its tests tries all tables. Rows never share a
total, and what is counted in one table is counted in no other: else one would undo the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from uuid import UUID

from msgspec import Struct

KLEINST = 5


class Rij(Struct, frozen=True):
    """None: not told. What is not told of the parts is `samen`, when the total is."""

    totaal: int | None
    delen: dict[str, int | None]
    samen: int | None


def rij(delen: Mapping[str, int], volgorde: Sequence[str], kleinst: int = KLEINST) -> Rij:
    """`volgorde`: every part; the first go along with those that are too small, never chosen by what they count."""
    whole = sum(delen.values())
    if whole < kleinst:
        return Rij(None, dict.fromkeys(delen), None)
    hidden = {name for name, count in delen.items() if count < kleinst}
    if not hidden:
        return Rij(whole, dict(delen), None)
    for at, name in enumerate(volgorde):
        if at > 0 and len(hidden) > 1 and sum(delen[one] for one in hidden) >= kleinst:
            break
        hidden.add(name)
    together = sum(delen[name] for name in hidden)
    return Rij(whole, {name: None if name in hidden else count for name, count in delen.items()}, together)


def cel(aantal: int, kleinst: int = KLEINST) -> int | None:
    """A count that is part of nothing that is told."""
    return aantal if aantal >= kleinst else None


def vijftal(wie: Iterable[UUID], stap: int = KLEINST) -> int:
    """How many these are, up or down to a whole number of fives, for who may ask again and again about slightly other
    groups. Which way is drawn, the nearer the likelier, by who they are: the same group gives the same number, and two
    groups that differ by one child give numbers that say nothing about that child (random rounding with a key per
    cell: Fraser & Wooton, "A proposed method for confidentialising tabular output", UNECE/Eurostat 2005)."""
    ids = sorted(set(wie))
    whole, rest = divmod(len(ids), stap)
    drawn = int.from_bytes(blake2b(b"".join(id.bytes for id in ids), digest_size=8).digest(), "big")
    return stap * (whole + (drawn % stap < rest))
