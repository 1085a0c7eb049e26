"""Figures per gemeente: the same counts divided once more, and no number that is hidden can be computed from both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import product
from uuid import UUID

import pytest

from service.cijfers import cijfers, gemeenten, onderdrukking
from service.cijfers.gemeenten import ELDERS, verdeel
from service.days import noon
from service.db import Connection, Pool, Wie, transaction
from service.errors import Refusal
from service.plaatsing import plaatsingen
from tests import make
from tests.conftest import OTHER_REGIO

Als = Callable[..., Wie]

Cel = tuple[str, str, str]


def told(world: dict[Cel, int], codes: str, places: tuple[str, ...], kleinst: int) -> str:
    """All that contractbeheer sees of one kind of count: a row per line (zorgvorm or aanbieder) with its parts by code,
    and the totals per gemeente."""
    lines: dict[str, dict[str, int]] = {}
    cells: dict[tuple[object, str], int] = {}
    for (line, code, gemeente), count in world.items():
        parts = lines.setdefault(line, dict.fromkeys(codes, 0))
        parts[code] += count
        cells[line, gemeente] = cells.get((line, gemeente), 0) + count
    rows = {line: onderdrukking.rij(parts, codes, kleinst) for line, parts in lines.items()}
    return repr(({line: row for line, row in rows.items() if row.totaal}, verdeel(cells, places, kleinst)))


def worlds(cells: int, most: int) -> Iterator[tuple[int, ...]]:
    """Every way to have at most so many children in so many cells."""
    if not cells:
        yield ()
        return
    for first in range(most + 1):
        for rest in worlds(cells - 1, most - first):
            yield (first, *rest)


@pytest.mark.parametrize(
    ("lines", "codes", "places", "most", "kleinst"),
    [
        ("x", "ab", ("g", ELDERS), 18, 4),
        ("xy", "a", ("g", ELDERS), 22, 5),
        ("x", "a", ("g", "h", ELDERS), 20, 5),
        ("xy", "a", ("g", "h", ELDERS), 11, 3),
        ("xy", "ab", ("g", ELDERS), 9, 2),
    ],
)
def test_no_hidden_number_can_be_computed_from_all_filters_together(
    lines: str, codes: str, places: tuple[str, ...], most: int, kleinst: int
) -> None:
    """The attack: every world of at most so many children, and all that is told of it, with each filter that there is.
    Among the worlds that look the same, what is hidden keeps at least `kleinst` values, or none that is small: each
    part of a line, and each gemeente. How many of a line come from a gemeente stands nowhere, and is never fixed on a
    small number either. So nothing can be computed, also not by who knows how this works."""
    cells = list(product(lines, codes, places))
    same: dict[str, list[tuple[int, ...]]] = defaultdict(list)
    for counts in worlds(len(cells), most):
        same[told(dict(zip(cells, counts, strict=True)), codes, places, kleinst)].append(counts)
    edges = [[at for at, cell in enumerate(cells) if cell[:2] == (line, code)] for line in lines for code in codes] + [
        [at for at, cell in enumerate(cells) if cell[2] == place] for place in places
    ]
    looked = 0
    for answer, alike in same.items():
        # With more children than fit in this test, there are more worlds that look the same.
        if min(map(sum, alike)) + (kleinst - 1) * len(lines) > most:
            continue
        looked += 1
        for edge in edges:
            values = {sum(counts[at] for at in edge) for counts in alike}
            assert min(values) >= kleinst or len(values) >= kleinst, (answer, edge, values)
        for at, cell in enumerate(cells):
            values = {counts[at] for counts in alike}
            assert len(values) > 1 or values.isdisjoint(range(1, kleinst)), (answer, cell, values)
    assert looked > 10


def test_lines_that_are_not_told_are_not_counted_per_gemeente() -> None:
    """Else the sum over gemeenten less the lines that are told would be the one that is not."""
    assert verdeel({("x", "g"): 9, ("x", "h"): 6, ("y", "g"): 3}, ["g", "h", ELDERS]) == {
        "g": None,
        "h": 6,
        ELDERS: None,
    }


def test_a_gemeente_that_is_not_of_the_region_is_elsewhere() -> None:
    assert verdeel({("x", "g"): 7, ("x", "z"): 6, ("x", ELDERS): 1}, ["g", ELDERS]) == {"g": 7, ELDERS: 7}


# ── Of what stands in the database ───────────────────────────────────────────────────────────────


async def lives(conn: Connection, plek: UUID, begin: int, **fields: object) -> None:
    """A child that was announced 30 days before it came."""
    child = await make.aanvraag(conn, now=noon(make.day(begin - 30)), **fields)
    await plaatsingen.plaats(conn, plek, child.id, make.day(begin), make.day(begin + 5), now=noon(make.day(begin)))


async def test_each_gemeente_counts_its_own_children(pool: Pool, wie: Wie, wie_als: Als) -> None:
    """Six of Hilversum and two of elsewhere came in the half year that is over; the loket reads both, contractbeheer
    neither: from one of them and the whole, the other would follow."""
    async with transaction(pool, wie) as conn:
        plek = (await make.plek(conn)).id
        for at in range(8):
            await lives(conn, plek, -100 - 8 * at, gemeente_code="0402" if at < 6 else "0406")
    seen = {}
    for who in (wie, wie_als("contractbeheer")):
        async with transaction(pool, who, readonly=True) as conn:
            found = await gemeenten.gemeentecijfers(conn, who, code=None, now=make.NOW)
            seen[who.rol] = {one.gemeente: (one.geplaatst, one.vanaf_aanmelding) for one in found.regels}
    assert seen[wie.rol]["Hilversum"] == (6, 30)
    assert sum(count or 0 for count, _ in seen[wie.rol].values()) == 8
    assert all(count is None or count >= 5 for count, _ in seen[wie_als("contractbeheer").rol].values())


async def test_who_went_outside_the_region_is_counted(pool: Pool, wie: Wie, wie_als: Als, owner: Connection) -> None:
    """Under an agreement; of eight one, which only the loket reads."""
    far = Wie(OTHER_REGIO, wie.rol, wie.gebruiker)
    async with transaction(pool, far) as conn:
        away = (await make.plek(conn)).id
    await owner.execute(
        "insert into regioafspraak (aanbod_regio, vraag_regio, geldigheid) values ($1, $2, '[2020-01-01,)')",
        OTHER_REGIO,
        wie.regio,
    )
    async with transaction(pool, wie) as conn:
        plek = (await make.plek(conn)).id
        for at in range(8):
            await lives(conn, plek if at else away, -100 - 8 * at)
    found = {}
    for who in (wie, wie_als("contractbeheer")):
        async with transaction(pool, who, readonly=True) as conn:
            one = await gemeenten.buitenregio(conn, who, code=None, now=make.NOW)
            found[who.rol] = (one.geplaatst, one.binnen, one.buiten)
    assert found == {wie.rol: (8, 7, 1), wie_als("contractbeheer").rol: (8, None, None)}


async def test_only_the_loket_chooses_a_gemeente_for_what_is_told_in_parts(pool: Pool, wie: Wie, wie_als: Als) -> None:
    soort = cijfers.CijferSoort.AFWIJZINGEN
    async with transaction(pool, wie, readonly=True) as conn:
        assert (
            await cijfers.telling(conn, wie, soort, code=None, per=None, gemeente="0402", now=make.NOW)
        ).regels == []
        assert await gemeenten.wachttijden(conn, wie, "0402", code=None, now=make.NOW) == []
    other = wie_als("contractbeheer")
    async with transaction(pool, other, readonly=True) as conn:
        with pytest.raises(Refusal):
            await cijfers.telling(conn, other, soort, code=None, per=None, gemeente="0402", now=make.NOW)


async def test_places_of_one_gemeente_are_those_with_a_public_address(pool: Pool, wie: Wie) -> None:
    """Else a filter would say where a secret place is."""
    async with transaction(pool, wie) as conn:
        public = await make.locatie(conn, gemeente_code="0402")
        secret = await make.locatie(conn, zichtbaarheid="geheim")
        for locatie in (public, secret):
            huis = await make.voorziening(conn, locatie_id=locatie.id)
            await make.plek(conn, voorziening_id=huis.id)
    async with transaction(pool, wie, readonly=True) as conn:
        whole = await cijfers.aanbodcijfers(conn, wie, code=None, now=make.NOW)
        part = await cijfers.aanbodcijfers(conn, wie, code=None, gemeente="0402", now=make.NOW)
    assert (len(whole.regels), [one.bestaat for one in part.regels]) == (2, [1.0])
