"""Samenplaatsingen: siblings stay together unless it is recorded why not."""

from __future__ import annotations

from uuid import uuid4

import pytest

from service.aanvraag import samenplaatsingen
from service.aanvraag.samenplaatsingen import NieuweSamenplaatsing, WijzigingSamenplaatsing
from service.db import Pool, Wie, transaction
from service.errors import Refusal
from tests import make


@pytest.mark.parametrize(
    ("mag", "reden", "pointers"),
    [
        (False, None, []),
        (True, "dreiging tussen hen", []),
        (True, None, ["/splitsreden"]),
        (False, "x", ["/splitsreden"]),
    ],
)
async def test_splitting_is_allowed_with_a_reason_and_only_then(
    pool: Pool, wie: Wie, mag: bool, reden: str | None, pointers: list[str]
) -> None:
    """A contra-indication, or leave for this split."""
    async with transaction(pool, wie) as conn:
        nieuw = NieuweSamenplaatsing(organisatie_id=await make.organisatie(conn), mag_splitsen=mag, splitsreden=reden)

        assert [error.pointer for error in await samenplaatsingen.errors(conn, nieuw)] == pointers


async def test_it_shows_who_belong_to_it(pool: Pool, wie: Wie) -> None:
    """The aanvragen that name it."""
    async with transaction(pool, wie) as conn:
        samen = await make.samenplaatsing(conn)
        siblings = [
            await make.aanvraag(conn, samenplaatsing_id=samen.id, organisatie_id=samen.organisatie_id) for _ in range(2)
        ]

        assert (await samenplaatsingen.get(conn, samen.id)).aanvraag_ids == sorted(a.id for a in siblings)


async def test_leave_to_split_can_be_given_and_taken_back(pool: Pool, wie: Wie) -> None:
    """Taking it back empties the reason too."""
    async with transaction(pool, wie) as conn:
        samen = await make.samenplaatsing(conn)

        given = await samenplaatsingen.change(
            conn, samen.id, WijzigingSamenplaatsing(mag_splitsen=True, splitsreden="akkoord")
        )
        with pytest.raises(Refusal):
            await samenplaatsingen.change(conn, samen.id, WijzigingSamenplaatsing(mag_splitsen=False))
        back = await samenplaatsingen.change(
            conn, samen.id, WijzigingSamenplaatsing(mag_splitsen=False, splitsreden=None)
        )

    assert (given.mag_splitsen, back.mag_splitsen, back.splitsreden) == (True, False, None)


async def test_an_unknown_organisatie_is_told(pool: Pool, wie: Wie) -> None:
    """Before the foreign key would."""
    async with transaction(pool, wie) as conn:
        found = await samenplaatsingen.errors(conn, NieuweSamenplaatsing(organisatie_id=uuid4()))

    assert [error.pointer for error in found] == ["/organisatieId"]


async def test_pages_come_in_the_order_in_which_they_were_made(pool: Pool, wie: Wie) -> None:
    """Each in a transaction of its own, so that each has its own moment."""
    made = []
    for _ in range(3):
        async with transaction(pool, wie) as conn:
            made.append((await make.samenplaatsing(conn)).id)

    async with transaction(pool, wie) as conn:
        first = await samenplaatsingen.page(conn, limit=2)
        rest = await samenplaatsingen.page(conn, after=first[-1].id)

    assert [row.id for row in [*first, *rest]] == made
