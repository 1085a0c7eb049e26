"""The list of contracten: until an aanbieder has one, its places say "alleen na overleg met de gemeente"."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from service.db import Connection, Pool, Wie, transaction
from service.intake import soorten
from service.intake.preview import Voorbeeld
from tests import make
from tests.service.intake import files

HEADER = ["Aanbieder", "Zorgvorm", "Soort", "Van", "Tot en met", "Maximum wachttijd"]
LINDE = ["De Linde", "Gezinshuis", "open house", "1-1-2026", "31-12-2026", ""]

ROWS = """
select a.naam, c.zorgvorm, c.soort::text, lower(c.geldigheid), upper(c.geldigheid), c.maximum_wachttijd
from contract c join aanbieder a on a.id = c.aanbieder_id order by 4
"""


async def take_in(pool: Pool, wie: Wie, *rows: list[str]) -> Voorbeeld:
    return await take_in_file(pool, wie, files.text([HEADER, *rows]))


async def take_in_file(pool: Pool, wie: Wie, content: bytes) -> Voorbeeld:
    soort = soorten.BEHEERD["contracten"]
    parsed = await soorten.read(soort, content, "contracten.csv")
    shown = await soorten.show(pool, wie, soort, parsed, now=make.NOW)
    if shown.vingerafdruk is None:
        return shown
    return await soorten.take_in(pool, wie, soort, parsed, now=make.NOW, fingerprint=shown.vingerafdruk)


@pytest.fixture
async def linde(pool: Pool, wie: Wie) -> UUID:
    async with transaction(pool, wie) as conn:
        return (await make.aanbieder(conn, naam="De Linde")).id


async def test_a_contract_is_there_from_its_first_day_through_its_last(
    pool: Pool, wie: Wie, owner: Connection, linde: UUID
) -> None:
    """By the names that people write; and the same list once more changes nothing."""
    done = await take_in(pool, wie, LINDE)
    again = await take_in(pool, wie, LINDE)

    assert done.uitgevoerd and done.aantallen["toegevoegd"] == 1
    assert again.wijzigingen == () and again.aantallen["ongewijzigd"] == 1
    assert [tuple(row) for row in await owner.fetch(ROWS)] == [
        ("De Linde", "gezinshuis", "open_house", date(2026, 1, 1), date(2027, 1, 1), None)
    ]


async def test_a_row_with_the_same_first_day_changes_the_contract(
    pool: Pool, wie: Wie, owner: Connection, linde: UUID
) -> None:
    """Such as one that ends earlier, or has no last day any more; one that is not in the file stays."""
    await take_in(pool, wie, LINDE)
    await take_in(pool, wie, ["De Linde", "gezinshuis", "maatwerkovereenkomst", "1-1-2026", "30-6-2026", "14"])
    await take_in(pool, wie, ["De Linde", "gezinshuis", "open house", "1-7-2026", "", ""])

    assert [tuple(row)[2:] for row in await owner.fetch(ROWS)] == [
        ("maatwerkovereenkomst", date(2026, 1, 1), date(2026, 7, 1), 14),
        ("open_house", date(2026, 7, 1), None, None),
    ]


async def test_the_new_one_may_stand_above_the_one_that_makes_room_for_it(
    pool: Pool, wie: Wie, owner: Connection, linde: UUID
) -> None:
    await take_in(pool, wie, LINDE)

    done = await take_in(pool, wie, [*LINDE[:3], "1-7-2026", "", ""], [*LINDE[:3], "1-1-2026", "30-6-2026", ""])

    assert done.uitgevoerd and [row["lower"] for row in await owner.fetch(ROWS)] == [date(2026, 1, 1), date(2026, 7, 1)]


async def test_without_the_column_of_the_last_day_it_stays(
    pool: Pool, wie: Wie, owner: Connection, linde: UUID
) -> None:
    await take_in(pool, wie, LINDE)
    short = files.text([HEADER[:4], ["De Linde", "gezinshuis", "maatwerkovereenkomst", "1-1-2026"]])

    done = await take_in_file(pool, wie, short)

    assert done.uitgevoerd
    assert [tuple(row)[2:5] for row in await owner.fetch(ROWS)] == [
        ("maatwerkovereenkomst", date(2026, 1, 1), date(2027, 1, 1))
    ]


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (["De Lindeboom", *LINDE[1:]], "aanbieder", "kent het loket niet"),
        (["De Linde", "kasteel", *LINDE[2:]], "zorgvorm", "kent de regio niet"),
        ([*LINDE[:3], "1-5-2026", "", ""], "van", "al een contract"),
        ([*LINDE[:3], "1-5-2027", "1-4-2027", ""], "tot en met", "voor de eerste dag"),
        (["", *LINDE[1:]], "aanbieder", "Vul"),
    ],
)
async def test_what_cannot_be_is_told_with_its_row_and_column(
    pool: Pool, wie: Wie, owner: Connection, linde: UUID, row: list[Any], column: str, words: str
) -> None:
    await take_in(pool, wie, LINDE)

    shown = await take_in(pool, wie, row)

    assert [((fout.kolom or "").lower(), words in fout.reden) for fout in shown.fouten] == [(column, True)]
    assert len(await owner.fetch(ROWS)) == 1


async def test_of_two_rows_that_overlap_the_second_is_told(pool: Pool, wie: Wie, linde: UUID) -> None:
    shown = await take_in(pool, wie, LINDE, [*LINDE[:3], "1-3-2026", "1-4-2026", ""])

    assert [fout.rij for fout in shown.fouten] == [3]
